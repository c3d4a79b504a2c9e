# MISP warninglists are for the allow side; what they are for may be nothing that traffic shows.
cat >sites.json <<'END'
{"description": "Well-known sites", "list": ["good.example", ".tree.example", "COM", "bad..example"],
 "matching_attributes": ["domain", "hostname"], "name": "Sites", "type": "string", "version": 3}
END
cat >phones.json <<'END'
{"description": "Phones", "list": ["/555[0-9]+/"], "matching_attributes": ["phone-number"],
 "name": "Phones", "type": "regex", "version": 1}
END
echo '{"name": "Half", "list": ["evil.example"], "matching_attributes": ["domain"]}' >half.json
try lists check sites.json
try lists check phones.json
try lists check half.json,format=warninglist
