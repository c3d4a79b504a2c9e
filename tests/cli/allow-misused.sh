# Allow-lists alone are nothing to look for; a compiled db has its own; one that is not there costs the exit status, not the alerts.
echo www.evil.example >good.txt
try replay --allow good.txt capture.pcap
try compile -l names.txt -o lists.vdb
try replay --db lists.vdb --allow good.txt capture.pcap
try replay -q -l names.txt --allow nowhere.txt capture.pcap >/dev/null
try replay -q -l names.txt --allow good.example capture.pcap >/dev/null
try replay -q -l names.txt --allow good.txt,match=sideways capture.pcap
try replay -q -l names.txt --allow good.txt -o good.txt capture.pcap
try fields --allow good.txt capture.pcap
try lists check --allow
# When all is allowed, this is said.
try replay -l names.txt --allow names.txt capture.pcap
