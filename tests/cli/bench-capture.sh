# Fields and packets of a capture instead of the built-in mix.
vedette bench --seconds 1 --json -r capture.pcap names.txt partner.yaml > out.json
python3 - <<'EOF'
import json
r = json.load(open("out.json"))
p, f = r["packets"], r["fields"]
print(f["from"], f["n"], f["by_field"], p["n"], p["fields"], p["hits"], p["alerts"], r["hits"]["n"])
assert p["hits"] == r["hits"]["n"] and p["fields"] == f["n"]
assert "packet" in r["metrics"] and p["with_ns"]["n"] >= 5
EOF
try bench --seconds 1 -r no-such.pcap names.txt > out
try bench --seconds 1 -r names.txt names.txt > out
