# A Bloom filter from file to alert, as it is, compressed, and from standard input; what is said of it, and of files that are none.
gzip -n <names.bloom >packed
try replay -l names.bloom capture.pcap >alerts
grep -o '"ioc":{.*"origins":\[{[^}]*}' alerts | sed 's/"generation":"[0-9a-f]*"/"generation":"GENERATION"/'
try lists check names.bloom packed
try lists check --json names.bloom
try lists check - <packed
# Another version, k of 256 and a bit more, a head alone, bits that are missing.
(printf '\2'; tail -c +2 names.bloom) >version.bloom
(head -c 25 names.bloom; printf '\1'; tail -c +27 names.bloom) >k.bloom
head -c 47 names.bloom >head.bloom
head -c 100 names.bloom >cut.bloom
try lists check version.bloom k.bloom head.bloom cut.bloom names.txt,format=bloom
try lists check names.bloom,allow=yes
# All bits set: every name would hit.
(head -c 48 names.bloom; head -c 360 /dev/zero | tr '\0' '\377') >full.bloom
try replay -l full.bloom -l names.txt capture.pcap >alerts
# Seven in eight: it is read, and said.
(head -c 48 names.bloom; head -c 360 /dev/zero | tr '\0' '\176') >fuller.bloom
try lists check fuller.bloom
