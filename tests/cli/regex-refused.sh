# A regex that does not compile is told with its line; the rest of the list works.
vedette replay --no-cache -q -l regex.yaml capture.pcap >alerts
echo "exit $?" >&2
wc -l <alerts
