# STIX: what a bundle's patterns find, with where they come from, and what can't be loaded. Observables only on demand.
cat >bundle.json <<'JSON'
{"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": [
 {"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000001",
  "created_by_ref": "identity--00000000-0000-4000-8000-00000000000a", "valid_from": "2026-01-02T03:04:05Z",
  "name": "C2 server", "confidence": 85, "labels": ["c2"], "pattern_type": "stix",
  "kill_chain_phases": [{"kill_chain_name": "lockheed", "phase_name": "c2"}],
  "object_marking_refs": ["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"],
  "external_references": [{"source_name": "report", "url": "https://ref.example/1"}],
  "pattern": "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.80' AND network-traffic:dst_port = 80]"},
 {"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000002",
  "pattern": "[domain-name:value LIKE '%.bot.example' OR url:value LIKE 'https://evil.example/%.php_id=7']"},
 {"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000003",
  "pattern": "[ipv4-addr:value LIKE '198.51.100.%' OR domain-name:value MATCHES '^WWW\\\\.']"},
 {"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000004",
  "pattern": "[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']"},
 {"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000005",
  "pattern": "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' OR domain-name:value = 'c.example' OR url:value =]"},
 {"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000006",
  "pattern": "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' OR domain-name:value = 'c.example']"},
 {"type": "indicator", "pattern": [},
 {"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000007", "revoked": true, "pattern": "[url:value = 'x']"},
 {"type": "domain-name", "value": "good.example"},
 {"type": "identity", "id": "identity--00000000-0000-4000-8000-00000000000a", "name": "Example CSIRT"}
]}
JSON
try lists check bundle.json
vedette replay -q -l bundle.json,observables=load capture.pcap
