# Wrong use is 2; a list that can't be measured is 1.
try bench
try bench --seconds 0 names.txt
try bench --seconds much names.txt
try bench --seed -1 names.txt
try bench --baseline
try bench --html - names.txt
try bench --nonsense names.txt
try bench names.txt,tlp=mauve
try bench -
try bench no-such.txt
try bench not-a-list.yaml > out
