vedette replay -q --eve 7 -l names.txt -l partner.yaml capture.pcap
