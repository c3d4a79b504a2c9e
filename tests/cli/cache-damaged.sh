# A damaged file in the cache is told of and made anew; the alerts are the same.
vedette replay -q --cache cache -l names.txt capture.pcap >wanted
printf 'XXXXXXXX' | dd of="$(echo cache/*.vdb)" bs=1 seek=2000 conv=notrunc status=none
vedette replay -q --cache cache -l names.txt capture.pcap | cmp - wanted
vedette replay -q --cache cache -l names.txt capture.pcap | cmp - wanted
: >"$(echo cache/*.vdb)"
vedette replay -q --cache cache -l names.txt capture.pcap | cmp - wanted
vedette replay -q --cache cache -l names.txt capture.pcap | cmp - wanted
