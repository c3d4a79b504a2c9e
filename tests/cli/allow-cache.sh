# Allow-lists are part of a compiled db: in the cache, where a change of one is noticed, and in a file made for --db.
printf 'www.evil.example\n' >good.txt
for round in first second; do
    vedette replay --cache cache -l names.txt --allow good.txt capture.pcap 2>&1 >alerts | grep -E '^(alerts|allowed|time)'
done
echo evil.example >>good.txt
vedette replay --cache cache -l names.txt --allow good.txt capture.pcap 2>&1 >alerts | grep -E '^(lists|alerts|time)'
vedette replay --cache cache -l names.txt -l good.txt capture.pcap 2>&1 >/dev/null | grep '^alerts' # the same files, not allowed
ls cache | wc -l
vedette compile -l names.txt --allow good.txt -o lists.vdb
rm names.txt good.txt
vedette replay --db lists.vdb capture.pcap 2>&1 >again | grep -E '^(lists|alerts)'
cmp alerts again && echo the same alerts
