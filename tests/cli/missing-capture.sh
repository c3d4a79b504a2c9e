# A capture that is not there, alone and before another one, which is read all the same.
try replay -l names.txt nowhere.pcap
try replay -q -l names.txt nowhere.pcap capture.pcap >alerts
wc -l <alerts
try fields nowhere.pcap
