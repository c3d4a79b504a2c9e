# Lists that are tables: JSON on lines and as one text, CSV feeds, OpenIOC; and what an alert says of such an entry.
cat >feed.ndjson <<'END'
{"ioc":"evil.example","ioc_type":"domain","threat_type":"botnet_cc","malware_printable":"Evil Loader","confidence_level":75,"first_seen":"2026-01-01 00:00:00 UTC","last_seen":"2026-01-10 00:00:00 UTC","reference":"https://csirt.example/7","reporter":"CSIRT Example","tags":["c2"],"id":"7"}
{"ioc":"192.0.2.1:443","ioc_type":"ip:port","id":"8"}
{"ioc":"d41d8cd98f00b204e9800998ecf8427e","ioc_type":"md5_hash","id":"9"}
{"ioc":"broken.example"
{"type":"metadata","records":5}
END
cat >feed.json <<'END'
{"3405": [{"dateadded": "2020-01-02 00:00:00 UTC", "url": "http://evil.example/a", "url_status": "offline",
  "last_online": "2020-01-03 00:00:00 UTC", "threat": "malware_download", "tags": null, "reporter": "someone"}],
 "3406": [{"url": "http://evil..example/", "url_status": "online"}]}
END
cat >nested.json <<'END'
{"meta": {"domain": "feed.example"}, "info": {"threat": [{"name": "evil.example", "note": "C2"}]}}
END
cat >phish.csv <<'END'
phish_id,url,verified,online,target
1,"http://evil.example/a,b",yes,yes,Bank
2,http://evil.example/c,yes,no,Bank
# END 3 entries
END
cat >report.ioc <<'END'
<?xml version="1.0" encoding="utf-8"?>
<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="x">
<short_description>Report 7</short_description><authored_by>CSIRT Example</authored_by>
<definition><Indicator operator="OR" id="g">
<IndicatorItem id="a" condition="is"><Context search="Network/DNS"/><Content type="string">www.evil.example</Content></IndicatorItem>
<IndicatorItem id="b" condition="contains"><Context search="Network/DNS"/><Content type="string">evil</Content></IndicatorItem>
<IndicatorItem id="c" condition="is"><Context search="FileItem/Md5sum"/><Content type="md5"></Content></IndicatorItem>
<Indicator operator="AND" id="h">
<IndicatorItem id="d" condition="is"><Context search="PortItem/remoteIP"/><Content type="IP">192.0.2.1</Content></IndicatorItem>
<IndicatorItem id="e" condition="is"><Context search="PortItem/remotePort"/><Content type="int">443</Content></IndicatorItem>
</Indicator></Indicator></definition></ioc>
END
printf '<ioc><definition>\n<Indicator operator="OR"></definition></ioc>' >broken.ioc
printf '[]\n' >empty.json
try lists check feed.ndjson feed.json,ttl=30 phish.csv report.ioc empty.json
try lists check nested.json,value=info.threat.name,description_column=note
try lists check broken.ioc
vedette replay -q -l feed.ndjson,ttl=365 -l report.ioc capture.pcap | head -n 2
