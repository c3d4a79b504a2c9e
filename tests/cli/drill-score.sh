# What a sensor reported, against what was to be found: what is missed, what is too much, whatever sensor wrote it.
printf 'evil.example\n192.0.2.7\n' >c2.txt
vedette drill -q c2.txt --ways dns,connection --near-misses --expected x.json -o x.pcap --hit-rate 1
vedette replay -q --no-cache -l c2.txt x.pcap -o all.json
grep -v 'dns.answer.address' all.json >some.json
jq -c 'select(.kind == "trap") | {event_type: "alert", src_ip, src_port, dest_ip, dest_port, alert: {signature: "careless"}}' x.json | head -n 1 >>some.json
try drill score --expected x.json all.json
try drill score --expected x.json some.json
try drill score --json --expected x.json some.json | jq -c '.total, .missed[0].value, .extra[0].near_miss'
jq -r '"#fields\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tseen.indicator", ([.src_ip, .src_port, .dest_ip, .dest_port, .alert.context.ioc.observed] | map(tostring) | join("\t"))' \
    all.json >intel.log
try drill score --expected x.json intel.log
try drill score --expected x.json - <all.json >/dev/null
# Two sensors that see half each.
head -n 1 all.json >1.json
tail -n +2 all.json >2.json
try drill score --expected x.json 1.json 2.json | tail -n 1
