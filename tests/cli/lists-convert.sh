# Lists in, one list out: every format, what it has no way to say, the ceiling of TLP, and files that must not be lost.
export SOURCE_DATE_EPOCH=1767225600
cat >mine.yaml <<'END'
name: mine
organisation: CSIRT Example
tlp: green
indicators:
  - evil.example
  - {domain: exact.example, match: exact, description: a login page}
  - {domain: evil.example, list: theirs, tlp: red, description: a source that must not be told}
  - {domain: withheld.example, tlp: amber}
  - 192.0.2.1:443
  - {regex: '^[a-z]{9}\.example$', ignore_case: true}
allow: [good.evil.example]
END
for format in yaml stix misp zeek dataset rpz text; do
    echo "== $format"
    try lists convert --to $format mine.yaml
done
echo "== loaded again it is the same"
vedette lists convert --to native -o again.yaml mine.yaml names.txt
vedette lists convert -q --to yaml again.yaml | cmp - again.yaml
ls -l again.yaml | cut -c1-10

echo "== nothing above the ceiling leaves a trace"
for format in yaml stix misp zeek dataset rpz text; do
    vedette lists convert -q --to $format --max-tlp green mine.yaml,tlp=clear | grep -e theirs -e red -e source.that
done
echo unmarked.example >unmarked.txt
try lists convert --to text --max-tlp green mine.yaml unmarked.txt
try lists convert --to text --max-tlp amber+strict mine.yaml unmarked.txt
try lists convert --to text --max-tlp green mine.yaml unmarked.txt,tlp=clear

echo "== an allow-list"
try lists convert --to rpz --serial 2026010100 --allow mine.yaml names.txt

echo "== wrong use"
try lists convert mine.yaml
try lists convert --to pdf mine.yaml
try lists convert --to text
try lists convert --to text --max-tlp pink mine.yaml
try lists convert --to rpz --serial x mine.yaml
try lists convert --frobnicate mine.yaml
try lists convert --to text mine.yaml,tlp=pink

echo "== nothing is written over, and nothing half"
cp mine.yaml before.yaml
try lists convert --to text -o mine.yaml mine.yaml
try lists convert --to text -o capture.pcap mine.yaml
try lists convert --to text -o again.yaml mine.yaml nowhere.txt
try lists convert --to text -o nowhere/x mine.yaml
cmp mine.yaml before.yaml
head -n 1 again.yaml
ls again.yaml.* 2>/dev/null
