# Formats that are not read are named once, not line by line.
printf '<?xml version="1.0"?>\n<stix:STIX_Package version="1.2">\n <indicator>evil.example</indicator>\n</stix:STIX_Package>\n' >stix1.xml
printf '{\n "when": "today",\n "what": ["nothing"]\n}\n' >note.json
try replay -l stix1.xml capture.pcap
try replay -l note.json -l names.txt capture.pcap
try lists check stix1.xml note.json
