# The reader goes away before the first line: `gate` holds the program back until it has.
mkfifo gate
{
    read -r _ <gate
    vedette fields -q capture.pcap
    echo "exit $?" >&2
} | {
    exec <&-
    echo go >gate
}
