# A full disk: said, and exit status 1.
try replay -q -l names.txt -o /dev/full capture.pcap
try replay -q -l names.txt capture.pcap >/dev/full
try fields -q capture.pcap >/dev/full
