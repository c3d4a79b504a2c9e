# A db made once serves every replay, without its lists.
umask 022
vedette compile -l names.txt -l partner.yaml -o lists.vdb
ls -l lists.vdb | cut -c1-10
vedette replay -q -l names.txt -l partner.yaml capture.pcap >wanted
rm names.txt partner.yaml
vedette replay --db lists.vdb capture.pcap >alerts
cmp alerts wanted
