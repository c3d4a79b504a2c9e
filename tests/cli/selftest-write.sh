# The packets and the list that it writes are good for a replay: each name alerts once.
vedette selftest --what quic-v1 --what http-pipelined --how plain --how rev4 --write torture.pcap --write-list torture.txt
cat torture.txt
vedette replay --no-cache -q -l torture.txt torture.pcap | jq -r .alert.context.ioc.value | sort
try selftest --what dns --write missing/torture.pcap
try selftest --what dns --write-list missing/torture.txt
ls missing 2>&1
