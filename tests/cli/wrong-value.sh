try replay --eve 9 -l names.txt capture.pcap
try replay --names-engine fast -l names.txt capture.pcap
try replay --stats=never -l names.txt capture.pcap
try replay -j many -l names.txt capture.pcap
try replay --checksums maybe -l names.txt capture.pcap
try live --snaplen 12
try live --buffer 0
try live --buffer 4k
