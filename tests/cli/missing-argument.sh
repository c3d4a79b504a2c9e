# What must be named and was not.
try replay
try replay -l names.txt
try replay capture.pcap
try fields
try live
try live -i lo
try live -i lo -l names.txt lo
try lists check
try compile
try compile -l names.txt
try compile -o x.vdb
