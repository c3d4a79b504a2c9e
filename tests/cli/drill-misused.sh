# What can't be is told before anything is written.
printf 'evil.example\n' >c2.txt
try drill
try drill c2.txt
try drill c2.txt -o
try drill -o x.pcap
try drill c2.txt -o c2.txt
try drill c2.txt -o x.pcap --expected c2.txt
try drill c2.txt -o x.pcap --expected x.pcap
try drill c2.txt -o x.pcap --size 10Q
try drill c2.txt -o x.pcap --packets 0
try drill c2.txt -o x.pcap --hit-rate 0
try drill c2.txt -o x.pcap --hit-rate nan
try drill c2.txt -o x.pcap --mix dns
try drill c2.txt -o x.pcap --mix dns=0
try drill c2.txt -o x.pcap --mix smtp=1
try drill c2.txt -o x.pcap --ways carrier-pigeon
try drill c2.txt -o x.pcap --tunnel ssh
try drill c2.txt -o x.pcap --tunnel gre --tunnel vlan
try drill c2.txt -o x.pcap --evasion 9
try drill c2.txt -o x.pcap --seed one
try drill c2.txt -o x.pcap --start tomorrow
try drill c2.txt -o x.pcap --start 1969-12-31
try drill c2.txt,exercise=perhaps -o x.pcap
try drill c2.txt -o /nowhere/x.pcap
try drill c2.txt --bogus
printf '198.18.0.0/15\n2001:2::/48\n' >all.txt
try drill -q all.txt -o x.pcap --expected x.json
try drill score
try drill score --expected c2.txt
try drill score --expected c2.txt c2.txt
try drill score --expected none.json c2.txt
: >empty.json
try drill score --expected empty.json c2.txt
try drill score --expected empty.json empty.json
ls
cat c2.txt
