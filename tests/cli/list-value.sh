# A value in place of a list's name: the message says how to look for it. Names of files get no such hint.
try replay -q -l evil.example capture.pcap
try replay -q -l evil.example -l names.txt capture.pcap >alerts
try replay -q -l 192.0.2.1 capture.pcap
try replay -q -l http://evil.example/a capture.pcap
try replay -q -l "evil.example;x" capture.pcap
try replay -q -l nowhere.csv capture.pcap
try replay -q -l lists/nowhere capture.pcap
try replay -q -l nowhere capture.pcap
echo evil.example | vedette replay -q -l - capture.pcap | wc -l
