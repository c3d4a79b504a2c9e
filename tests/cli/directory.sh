# Captures of a directory in byte order of their names; hidden files are not looked at, others than captures are passed over.
mkdir -p d/sub d/.hidden
cp capture.pcap d/b.pcap
cp capture.pcap.gz d/a.pcap.gz
cp capture.pcap d/sub/c.pcap
cp capture.pcap d/.hidden/x.pcap
cp names.txt d/names.txt
: >d/empty
vedette replay -l names.txt d >alerts
echo "exit $?" >&2
grep -o '"pcap_filename":"[^"]*"' alerts | uniq -c
