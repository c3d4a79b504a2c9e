# The same alerts from a capture as it is, and from its compressed copies.
for capture in capture.pcap capture.pcap.gz capture.pcap.xz capture.pcap.zst; do
    vedette replay -q -l names.txt $capture | sed "s/\"$capture\"/\"CAPTURE\"/" | cksum
done
