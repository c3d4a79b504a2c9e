# Of the cache's folder only files that are named as ours are thrown away, the oldest first.
mkdir cache
for n in 0 1 2 3 4 5 6 7 8 9; do
    echo mine >cache/list-$n.vdb
    echo mine >cache/ABCDEF012345678$n.vdb
    echo mine >cache/0123456789abcde${n}0.vdb
    echo ours >cache/0123456789abcde$n.vdb
    echo ours >cache/fedcba987654321$n.vdb
done
touch -d 2001-01-01 cache/*
vedette replay -q --cache cache -l names.txt capture.pcap | wc -l
ls cache | grep -c '^list-'
ls cache | grep -c '^ABC'
ls cache | grep -c '^0123456789abcde.0\.vdb$'
ls cache | grep -c '^[0-9a-f]\{16\}\.vdb$'
