# The JSON object: its members, their types, and what must be so whatever the times are.
vedette bench --seconds 10 --json names.txt partner.yaml > out.json
python3 - <<'EOF'
import json
r = json.load(open("out.json"))
print(" ".join(r))
spread = ("median", "low", "high", "n")
for name, m in r["metrics"].items():
    assert tuple(m)[:4] == spread and m["low"] <= m["median"] <= m["high"], (name, m)
print(" ".join(sorted(r["metrics"])))
assert r["check"]["different"] == 0 and r["check"]["found"] == r["check"]["expected"] > 0 and r["check"]["engines_agree"]
assert all(len(f["sha256"]) == 64 for f in r["files"]) and len(r["files"]) == 2
assert sum(r["fields"]["by_field"].values()) == r["fields"]["n"] == 16384
for e in r["engines"]:
    assert e["is_measured"] and list(e["ns_per_field"]) == ["1", "8", "64", "512"]
assert [s["one_in"] for s in r["sizes"]] == [8, 4, 2, 1]
assert abs(sum(c["share"] for c in r["classes"]) - 1) < 0.01 or all(c["share"] == 0 for c in r["classes"])
print([e["names"] for e in r["engines"]], [c["name"] for c in r["classes"]], sorted(l["name"] for l in r["lists"]))
print(r["hits"]["n"], r["patterns"]["all"], r["ready"]["indicators"])
EOF
