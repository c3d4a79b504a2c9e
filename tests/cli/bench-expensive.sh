# A pattern that can't begin with a literal is the most expensive of all; a regex that is a name is told.
cat > patterns.yaml <<'EOF'
indicators:
  - {regex: 'evil-one\.example', fields: [dns.query]}
  - {regex: '[a-z0-9.-]*[aeiou][a-z]{2,9}[0-9].*(a|b|c)[a-z.-]{5,}[x-z]', fields: [dns.query, dns.answer, http.host, tls.sni, quic.sni]}
  - {regex: 'evil-two\.example', fields: [dns.query]}
  - {regex: '(^|\.)evil-three\.example$', fields: [dns.query]}
  - {regex: '^https?://evil\.example/gate\.php', fields: [http.url]}
EOF
vedette bench --seconds 10 --json names.txt patterns.yaml > out.json
python3 - <<'EOF'
import json
p = json.load(open("out.json"))["patterns"]
print(p["all"], p["tried"], p["most_expensive"][0]["value"], p["most_expensive"][0]["place"])
for plain in p["plain"]:
    print(plain["value"], plain["as_type"], plain["as_match"], plain["as_value"], plain["is_same"])
EOF
