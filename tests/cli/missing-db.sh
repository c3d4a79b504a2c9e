try replay --db nowhere.vdb capture.pcap
try replay --db capture.pcap capture.pcap
