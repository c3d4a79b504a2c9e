# What resolvers and ad blockers are fed with: policy zones, AdBlock rules, settings of dnsmasq and unbound, public suffixes.
printf '%s\n' '$TTL 300' '$ORIGIN rpz.example.' '@ IN SOA localhost. root.localhost. ( 1 2 3 4 5 )' '@ IN NS localhost.' \
    'evil.example CNAME . ; seen in spring' '*.evil.example CNAME rpz-drop.' 'good.evil.example CNAME rpz-passthru.' \
    '32.1.2.0.192.rpz-ip CNAME .' '24.0.100.51.198.rpz-nsip CNAME .' '33.1.2.0.192.rpz-ip CNAME .' >policy.zone
printf '%s\n' '[Adblock Plus 2.0]' '! Title: Hosts of malware' '||evil.example^' '@@||good.example^' 'evil.example##.banner' \
    '||ads*.evil.example^' '|http://web.example/a|' >adblock.txt
printf '%s\n' 'address=/evil.example/evil2.example/0.0.0.0' 'address=/#/0.0.0.0' 'server=/corp.example/192.0.2.53' >dnsmasq.conf
printf '%s\n' 'server:' '  local-zone: "evil.example." always_nxdomain' '  local-data: "evil2.example A 0.0.0.0"' \
    '  local-zone: "good.example" transparent' '  local-zone: "evil3.example" block' >unbound.conf
printf '%s\n' '// ===BEGIN ICANN DOMAINS===' 'com' 'co.example' '*.city.example' '!www.city.example' >suffixes.dat
try lists check policy.zone adblock.txt dnsmasq.conf unbound.conf suffixes.dat
try lists check --json policy.zone
try replay -l policy.zone capture.pcap
try replay -q -l adblock.txt -l unbound.conf,tlp=amber capture.pcap
