# -o never empties what is to be read, by whatever name, nor any capture that is there already: `-o *.pcap` is a slip.
cp capture.pcap other.pcap
ln capture.pcap hard.pcap
ln -s names.txt soft
mkdir folder
cp names.txt folder/list.txt
printf 'vedette: 1\nfile: part.txt\n' >whole.yaml
cp names.txt part.txt
vedette compile -q -l names.txt -o lists.vdb
printf '\n\r\r\n' >new.pcapng
mkdir kept
cp -r ./*.pcap ./*.pcap.* ./*.txt ./*.yaml ./*.vdb ./*.pcapng folder kept
try replay -q -l names.txt capture.pcap -o capture.pcap
try replay -q -l names.txt capture.pcap -o ./hard.pcap
try replay -q -l names.txt - -o capture.pcap <capture.pcap
try replay -q -l names.txt . -o other.pcap
try replay -q -l names.txt -o other.pcap capture.pcap
try replay -q -l names.txt -o new.pcapng capture.pcap
try replay -q -l names.txt -o capture.pcap.gz capture.pcap
try replay -q -l names.txt,tlp=red -o soft capture.pcap
try replay -q -l folder -o folder/list.txt capture.pcap
try replay -q -l whole.yaml -o part.txt capture.pcap
try replay -q --db lists.vdb -o lists.vdb capture.pcap
try fields -q capture.pcap -o capture.pcap
try compile -q -l names.txt -o names.txt
try compile -q -l names.txt -o other.pcap
try live -q -i lo -l names.txt -o names.txt
diff -r kept . | grep -v '^Only in \.'
# What we wrote ourselves is written over, as ever.
try replay -q -l names.txt -o alerts.json capture.pcap
try replay -q -l names.txt -o alerts.json capture.pcap
mkdir captures
cp capture.pcap captures
try replay -q -l names.txt -o captures/alerts.json captures
try replay -q -l names.txt -o captures/alerts.json captures
try compile -q -l names.txt -o lists.vdb
try replay -q -l names.txt -o /dev/null capture.pcap
