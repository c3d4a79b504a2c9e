: >zero.pcap
try replay -q -l names.txt zero.pcap
try replay -q -l names.txt names.txt
head -c 150 capture.pcap >cut.pcap
try fields -q cut.pcap >events
wc -l <events
head -c 300 capture.pcap.gz >cut.pcap.gz
try fields -q cut.pcap.gz >events
wc -l <events
