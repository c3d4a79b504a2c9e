# From one edition of a list to the next: what came, went and changed, and which alerts that means for a capture.
cat >old.yaml <<'END'
name: partner
tlp: green
indicators:
  - evil.example
  - gone.example
  - {value: doubted.example, confidence: 80, tags: [c2]}
  - {value: cut.example, valid_until: 2026-01-01}
allow:
  - good.evil.example
END
cat >new.yaml <<'END'
name: partner
tlp: green
indicators:
  - {value: doubted.example, confidence: 30, tlp: amber, tags: [c2, old]}
  - evil.example
  - {value: cut.example, valid_until: 2027-01-01}
  - 198.51.100.80
allow:
  - www.evil.example
END
try lists diff old.yaml old.yaml
try lists diff old.yaml new.yaml
try lists diff old.yaml new.yaml -r capture.pcap
try lists diff new.yaml names.txt -r capture.pcap
try lists diff --json old.yaml new.yaml -r capture.pcap
try lists diff old.yaml
try lists diff old.yaml nowhere.yaml
try lists diff old.yaml new.yaml -r nowhere.pcap
try lists diff old.yaml - -r capture.pcap </dev/null
