# A list in a format that is not read: one note says which.
printf '{\n "type": "bundle",\n "objects": []\n}\n' >stix.json
try replay -l stix.json capture.pcap
try replay -l stix.json -l names.txt capture.pcap >alerts
try lists check stix.json
