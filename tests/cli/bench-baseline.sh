# Beside an earlier run: costs a thousand times what it was, a thousandth, other fields, no baseline at all.
vedette bench --seconds 1 --json names.txt > now.json
python3 - <<'EOF'
import json
for name, factor in ("cheap", 1e-3), ("dear", 1e3):
    r = json.load(open("now.json"))
    for m in r["metrics"].values():
        for key in "median", "low", "high":
            m[key] *= factor
    json.dump(r, open(name + ".json", "w"))
    r["fields"]["mark"] = "0"
    json.dump(r, open(name + "-other.json", "w"))
EOF
echo '{"metrics": 1}' > wrong.json
for baseline in cheap dear dear-other; do
    try bench --seconds 1 --baseline $baseline.json names.txt > out
    sed -n -E '/^Beside/,$p' out | sed -E '/^  /s/ [0-9.]+/ N/g; s/ +/ /g'
done
for baseline in wrong.json no-such.json; do
    try bench --seconds 1 --baseline $baseline names.txt > out
done
