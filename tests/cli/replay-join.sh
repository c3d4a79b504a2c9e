# Two halves of a capture: with --join a flow goes on, so its alert is not repeated.
cp capture.pcap again.pcap
vedette replay -q -l names.txt capture.pcap again.pcap | wc -l
vedette replay -q --join -l names.txt capture.pcap again.pcap | wc -l
