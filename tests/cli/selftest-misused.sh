# What `vedette selftest` refuses.
try selftest --what tls-1.4
try selftest --how sideways
try selftest --what dns --how cut
try selftest --what
try selftest --loud
try selftest capture.pcap
try selftest --write -
