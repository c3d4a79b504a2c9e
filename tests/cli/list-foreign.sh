# A list in a format that is not read: one note says which.
printf '{\n "type": "bundle",\n "objects": []\n}\n' >stix.json
printf '$TTL 60\n@ IN SOA ns.example. root.example. (1 2 3 4 5)\nevil.example CNAME .\n' >rpz.zone
try replay -l stix.json capture.pcap
try replay -l rpz.zone -l names.txt capture.pcap >alerts
try lists check stix.json rpz.zone
