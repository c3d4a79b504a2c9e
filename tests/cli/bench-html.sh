# The page: well-formed, hostile names are text, nothing asks for another file; and what --html must not overwrite.
printf 'evil.example\n' > '<script>alert(1)&"'\''.txt'
printf 'name: "\\u202e</svg><img src=x onerror=alert(1)>\\u0001"\nindicators:\n  - "*evil.example"\n  - {regex: "<b>[&\\"x]+", fields: [http.user_agent]}\n' > hostile.yaml
vedette bench --seconds 6 --html page.html '<script>alert(1)&"'\''.txt' hostile.yaml > out
python3 - <<'EOF'
import re
import xml.etree.ElementTree as tree
text = open("page.html", encoding="utf-8").read()
page = tree.fromstring(text.replace("<!DOCTYPE html>", ""))
tags = sorted({e.tag for e in page.iter()})
print(" ".join(tags))
assert not {"script", "img", "link", "iframe", "object", "a", "use", "image", "b2"} & set(tags)
for e in page.iter():
    for key, value in e.attrib.items():
        assert not key.startswith("on") and key not in ("href", "src", "style"), (e.tag, key)
style = "".join(page.find("head").find("style").itertext())
assert "url(" not in style and "@import" not in style and "http" not in style
assert not re.search("[\x00-\x08\x0e-\x1f\u202e]", text) and "nan" not in text.replace("scanning", "").lower().split()
whole = "".join(page.itertext())
for name in "<script>alert(1)", "\\xe2\\x80\\xae</svg><img src=x onerror=alert(1)>\\x01", "<b>[&\"x]+":
    assert name in whole, name
print([f.find("figcaption").text for f in page.iter("figure")])
EOF
try bench --html hostile.yaml hostile.yaml
try bench --html capture.pcap names.txt
try bench --seconds 1 --html no/such/folder.html names.txt > out
