# Where no cache can be, the run goes on without one.
echo in the way >file
vedette replay -q --cache file -l names.txt capture.pcap | wc -l
