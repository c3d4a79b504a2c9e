try replay --frobnicate
try replay -z
try replay -qz
try replay --quiet=yes
try replay --no
try fields -l names.txt capture.pcap
try live --join
try lists check --frobnicate
try compile --cache x
