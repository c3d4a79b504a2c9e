vedette replay -q --stats -l partner.yaml capture.pcap | tail -1
