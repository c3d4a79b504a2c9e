# The first run compiles, the second starts from the cache and says so; a list that changes is loaded anew.
vedette replay --cache cache -l names.txt capture.pcap 2>&1 >/dev/null | grep '^time'
vedette replay --cache cache -l names.txt capture.pcap 2>&1 >/dev/null | grep '^time'
ls -l cache | grep -c '^-rw------- .*\.vdb$'
echo good.example >>names.txt
vedette replay --cache cache -l names.txt capture.pcap 2>&1 >alerts | grep '^time'
wc -l <alerts
ls cache | wc -l
