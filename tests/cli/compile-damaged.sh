# A db that is cut, changed or writable for others is never used.
vedette compile -q -l names.txt -o lists.vdb
head -c 1000 lists.vdb >cut.vdb
try replay -q --db cut.vdb capture.pcap
cp lists.vdb changed.vdb
printf 'XXXXXXXX' | dd of=changed.vdb bs=1 seek=2000 conv=notrunc status=none
try replay -q --db changed.vdb capture.pcap
chmod 666 lists.vdb
try replay -q --db lists.vdb capture.pcap
