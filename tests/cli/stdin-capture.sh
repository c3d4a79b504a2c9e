vedette replay -q -l names.txt - <capture.pcap | grep -o '"pcap_filename":"[^"]*"' | uniq -c
vedette replay -q -l names.txt - <capture.pcap.gz | wc -l
