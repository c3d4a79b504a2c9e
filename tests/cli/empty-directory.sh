mkdir empty
try replay -l names.txt empty
try replay -l empty capture.pcap
try lists check empty
