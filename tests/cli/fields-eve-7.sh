vedette fields -q --eve 7 capture.pcap
