# No help screen is longer than 40 lines or wider than 100 columns: what is, is printed.
for command in '' replay fields live lists check diff convert compile bench; do
    vedette help $command | awk -v name="$command" 'length > 100 { print name ": " $0 } END { if (NR > 40) print name ": " NR " lines" }'
done
