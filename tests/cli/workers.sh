# Several workers: the same lines and sums as from one; failures are said as ever.
vedette replay -q --stats -j 1 -l names.txt capture.pcap >one
for n in 2 3 8; do
    vedette replay -q --stats -j $n -l names.txt capture.pcap | cmp one - && echo "$n the same" >&2
done
vedette replay -q --stats --workers=2 -l names.txt - <capture.pcap | wc -l
try replay -j 2 -l names.txt capture.pcap
try fields -q -j 2 capture.pcap >/dev/full
head -c 300 capture.pcap >cut.pcap
try fields -q -j 4 cut.pcap capture.pcap | wc -l
try replay -j 0 -l names.txt capture.pcap
try replay -j 65 -l names.txt capture.pcap
try fields -j
try live -j 2
