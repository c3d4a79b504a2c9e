# A native list that names a file which is not there: said with the place, and the rest is in use.
printf 'name: parts\nfiles: [names.txt, nowhere.txt]\n' >parts.yaml
try lists check parts.yaml
try replay -q -l parts.yaml capture.pcap >alerts
wc -l <alerts
