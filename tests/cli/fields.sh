vedette fields capture.pcap
