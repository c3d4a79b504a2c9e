try replay -q -l names.txt -o nowhere/alerts.json capture.pcap
try fields -q -o . capture.pcap
try compile -q -l names.txt -o nowhere/x.vdb
