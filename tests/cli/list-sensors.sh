# Lists that sensors and scanners share: Zeek intel, Suricata's datasets and reputation, Maltrail, LOKI, rules. Each is told by
# its content; what it says comes out in the alert, what can't be loaded is said.
mkdir lists
printf '#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\nwww.evil.example\tIntel::DOMAIN\tCSIRT\tservers seen\thttps://csirt.example/1\nevil.example\tIntel::DOMAIN\tCSIRT\t-\t-\nroot\tIntel::USER_NAME\tCSIRT\t-\t-\nevil.example\tIntel::NOSUCH\tCSIRT\t-\t-\n' >lists/a.intel
printf 'LmV2aWwuZXhhbXBsZQ==,700\nY3VybC83LjA=\nZ29vZC5leGFtcGxl\n' >lists/b.lst
printf '# reputation\n192.0.2.53,5,127\n203.0.113.7/24,60,1\n' >lists/c.list
printf '# Copyright (c) 2014-2026 Maltrail developers (https://maltrail.example/)\n\n# Aliases: example bear\n\n# Reference: https://csirt.example/2\n\nbot.example\ng[o]+d\\.example\n.example\n/gate.php?id=\n' >lists/apt_example.txt
printf '# LOKI C2 IOCs\n\n# Operation Example https://csirt.example/3\nold.example;65\nd41d8cd98f00b204e9800998ecf8427e;a file\n' >lists/d.txt
cat >lists/e.rules <<'RULES'
# alert dns any any -> any any (msg:"switched off"; dns.query; content:"good.example"; bsize:12; sid:1000000;)
alert tls $HOME_NET any -> any any (msg:"C2 server"; tls.sni; dotprefix; content:".bot.example"; nocase; endswith; \
    reference:url,csirt.example/4; classtype:trojan-activity; metadata:confidence High, tag C2; sid:1000001; rev:2;)
alert http any any -> any any (msg:"gate"; http.host; content:"evil.example"; bsize:12; http.uri; content:"/gate.php"; startswith; sid:1000002; rev:1;)
alert http any any -> any any (msg:"a part"; http.host; content:"evil"; sid:1000003; rev:1;)
RULES
try lists check lists
vedette replay -q -l lists capture.pcap | sed 's/.*"context":{"ioc"://; s/"generation":"[0-9a-f]*",//'
# A whole top-level domain only when asked for; and a list that was encoded as a whole is told from a set.
vedette replay -q -l lists/apt_example.txt,tlds=load capture.pcap | grep -o '"type":"domain","value":"example",.*"observed":"[^"]*"'
base64 names.txt >piped.lst
try lists check piped.lst
try lists check lists/b.lst,format=text
printf '192.0.2.1,61,1\n192.0.2.1,1,128\n' >bad.list
try lists check bad.list,format=iprep
