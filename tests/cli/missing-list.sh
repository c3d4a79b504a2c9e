# A list that is not there: alone nothing can be found; beside another one the run goes on and tells in the end.
try replay -l nowhere.txt capture.pcap
try replay -q -l nowhere.txt -l names.txt capture.pcap >alerts
wc -l <alerts
try lists check nowhere.txt
try compile -l nowhere.txt -o x.vdb
