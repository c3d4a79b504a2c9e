# Of a kind of fault ten entries are shown while loading, all of them by `lists check`.
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "192.0.2.$i$i$i$i"; done >many.txt
echo good.example >>many.txt
try replay -l many.txt capture.pcap
vedette lists check many.txt 2>&1 | grep -c 'line skipped'
