# Outputs with a ceiling, a shape and a severity of their own; what each got is said. A threshold sums up.
try replay -l partner.yaml -o all.json -o file:green.json,max_tlp=green,eve=7,name=green -o file:high.json,max_severity=1,name=high capture.pcap
wc -l <all.json
wc -l <green.json
wc -l <high.json
try replay -q -l partner.yaml --threshold 1/60,by=client capture.pcap
try replay -q -l partner.yaml --threshold 0/60 capture.pcap
try replay -q -l partner.yaml -o file:x,colour=red capture.pcap
try replay -q -l partner.yaml -o all.json -o all.json capture.pcap
try fields -q -o file:odd capture.pcap
ls
