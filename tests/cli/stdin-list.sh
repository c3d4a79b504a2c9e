vedette replay -q -l - capture.pcap <partner.yaml | grep -o '"list":"[^"]*"' | uniq -c
vedette replay -q -l -,tlp=red capture.pcap <names.txt | grep -o '"list":"stdin","line":[0-9]*,"tlp":"[a-z]*"'
vedette lists check - <bad.txt
