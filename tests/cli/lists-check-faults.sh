# Twenty faults in four lists (bulletproof.example is listed twice, and marked in two ways), twenty findings: one each.
cat >partner.txt <<'END'
# TLP:GREEN
evil.example
bad..example
evil.example
c2.evil.example
co.uk
10.1.2.3
198.0.0.0/7
hxxp://host name.example/
d41d8cd98f00b204e9800998ecf8427e
.xyz
bulletproof.example
END
cat >other.yaml <<'END'
name: other
tlp: amber
indicators:
  - bulletproof.example
  - value: old.example
    valid_until: 2020-01-01
  - value: soon.example
    valid_from: 2100-01-01
  - regex: '(a'
  - regex: '.*'
  - regex: 'x.{1,700}y.{1,700}z'
  - value: odd.example
    confidance: 40
  - value: marked.example
    tlp: purple
END
printf '<!DOCTYPE html>\n<html>\n<body>503 Service Unavailable</body>\n</html>\n' >page.txt
: >empty.txt
vedette lists check partner.txt other.yaml page.txt empty.txt
