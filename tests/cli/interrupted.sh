# SIGINT and SIGTERM while a stream is read: it ends with what was found, and says that there might have been more. More is
# written than the program can take in with one read, so that it has looked at the beginning when the signal comes.
mkfifo stream
for signal in INT TERM; do
    vedette replay -q -l names.txt stream >alerts &
    program=$!
    exec 3>stream
    cat capture.pcap >&3
    n=0
    while [ $n -lt 120 ]; do
        tail -c +25 capture.pcap >&3
        n=$((n + 1))
    done
    kill -$signal $program
    exec 3>&-
    wait $program
    echo "exit $?" >&2
    wc -l <alerts
done
