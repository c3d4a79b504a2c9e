# A capture that contacts what lists name, and what is expected of it: found by replay, alert by alert, and marked as what it is.
printf 'evil.example\n192.0.2.7\n203.0.113.0/24\nhttp://url.example/a?b=c\n/gate.php?id=1\n' >c2.txt
printf 'vedette: 1\nname: native\nindicators:\n  - user_agent: Bot/1\n  - ja3: %s\n  - domain: old.example\n    valid_until: 2020-01-01\n' \
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa >native.yaml
try drill c2.txt native.yaml -o x.pcap --expected x.json --near-misses --start 2026-02-01
try replay -q --no-cache -l c2.txt,exercise=yes -l native.yaml x.pcap -o eve.json
try drill score --expected x.json eve.json
for file in x.json eve.json; do
    jq -c 'select((.kind // "alert") == "alert") | (.alert.context.ioc // .) as $i |
        [$i.type, $i.value, $i.field, $i.observed, .proto, .community_id]' $file | sort >$file.alerts
done
cmp x.json.alerts eve.json.alerts && wc -l <x.json.alerts
jq -c 'select(.kind == "omitted")' x.json
head -n 1 x.json.alerts
jq -c '[.alert.context.ioc.type, .alert.context.ioc.exercise]' eve.json | sort -u
# The same seed gives the same bytes, wherever they go; another one does not.
vedette drill -q c2.txt --seed 7 --ways one -o 1.pcap
vedette drill -q c2.txt --seed 7 --ways one -o - | cmp - 1.pcap && echo same
vedette drill -q c2.txt --seed 8 --ways one -o 3.pcap; cmp -s 3.pcap 1.pcap || echo other
# As much as one likes.
vedette drill c2.txt --size 2M --mix dns=1,tls=1 --hit-rate 0.3 --one-sided -o 2.pcap 2>&1 | sed 's/[0-9]* packets, [0-9]* bytes/N packets, N bytes/'
