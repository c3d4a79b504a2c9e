# Alerts on stdout, the summary on stderr.
vedette replay -l names.txt -l partner.yaml capture.pcap
