# -o empties or makes the file, for its owner only.
umask 022
echo old >alerts.json
vedette replay -q -l names.txt -o alerts.json capture.pcap
wc -l <alerts.json
vedette replay -q -l names.txt -o new.json capture.pcap
cmp alerts.json new.json
ls -l new.json | cut -c1-10
vedette replay -q -l names.txt -o - capture.pcap | cmp - new.json
