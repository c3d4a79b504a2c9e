# MISP: an event with all that goes with its attributes, a list that holds nothing but context, a feed's manifest.
cat >event.json <<'END'
{"Event": {
  "uuid": "20000000-0000-4000-8000-000000000001", "info": "Case 42", "threat_level_id": "1",
  "Orgc": {"name": "Example CSIRT"},
  "Tag": [{"name": "tlp:amber"}, {"name": "misp:confidence-level=\"usually-confident\""}],
  "Attribute": [
    {"uuid": "10000000-0000-4000-8000-000000000001", "type": "domain", "category": "Network activity",
     "value": "evil.example", "to_ids": true, "comment": "C2", "timestamp": "1577836800"},
    {"uuid": "10000000-0000-4000-8000-000000000002", "type": "ip-dst|port", "value": "192.0.2.1", "to_ids": true},
    {"uuid": "10000000-0000-4000-8000-000000000003", "type": "domain", "value": "context.example", "to_ids": false},
    {"uuid": "10000000-0000-4000-8000-000000000004", "type": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e"}
  ],
  "Object": [{"name": "domain-ip", "Attribute": [
    {"type": "domain|ip", "value": "other.example|192.0.2.9", "to_ids": "1"}]}]}}
END
sed 's/"to_ids": [^,}]*/"to_ids": 0/' event.json >context.json
mkdir feed
cp event.json feed/20000000-0000-4000-8000-000000000001.json
echo '{"20000000-0000-4000-8000-000000000001":{"info":"Case 42","Orgc":{"name":"Example CSIRT"}}}' >feed/manifest.json
echo 'd41d8cd98f00b204e9800998ecf8427e,20000000-0000-4000-8000-000000000001' >feed/hashes.csv
cat >export.csv <<'END'
uuid,event_id,category,type,value,comment,to_ids,date
"10000000-0000-4000-8000-000000000001",5,"Network activity","domain","evil.example","C2",1,20200101
"10000000-0000-4000-8000-000000000003",5,"Network activity","domain","context.example","",0,20200101
END
try lists check event.json
try lists check context.json
try lists check context.json,to_ids=ignore
try lists check feed
try lists check export.csv
vedette replay -q -l event.json capture.pcap | grep -o '"origins":.*' | uniq
