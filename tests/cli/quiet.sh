# Of a bad entry -q says nothing; of a list that is not there it does.
try replay -q -l bad.txt -l nowhere.txt -l names.txt capture.pcap >alerts
try compile -q -l bad.txt -o x.vdb
