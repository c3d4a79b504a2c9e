# Settings behind a list's path, right and wrong ones.
vedette replay -q -l names.txt,name=mine,tlp=red,confidence=high,tag=a,tag=b,match=exact,fields=http capture.pcap
for setting in tlp=pink confidence=101 match=fuzzy fields=dns.question valid_until=tomorrow tlpp=red format=xml; do
    try lists check names.txt,$setting
done
