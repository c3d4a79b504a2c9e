/* The least a program can do with a capture: libpcap's loop, a look at each packet's Ethernet, IP and port numbers.
 *
 *   bench-null CAPTURE ...
 */
#include <pcap/pcap.h>
#include <stdio.h>

#include "base/span.h"

struct totals {
    unsigned long long packets, bytes, mixed;
};

static void touch(u_char *to, const struct pcap_pkthdr *h, const u_char *p)
{
    struct totals *t = (struct totals *)(void *)to;
    t->packets++;
    t->bytes += h->len;
    if (h->caplen < 38 || load_be16(p + 12) != 0x0800)
        return;
    size_t header = (p[14] & 15) * 4u;
    if (h->caplen >= 14 + header + 4)
        t->mixed += p[23] + load_be32(p + 26) + load_be32(p + 30) + load_be32(p + 14 + header);
}

int main(int argc, char **argv)
{
    struct totals t = {0};
    for (int i = 1; i < argc; i++) {
        char why[PCAP_ERRBUF_SIZE];
        pcap_t *p = pcap_open_offline(argv[i], why);
        if (!p || pcap_loop(p, 0, touch, (u_char *)&t) != 0) {
            fprintf(stderr, "bench-null: %s: %s\n", argv[i], p ? pcap_geterr(p) : why);
            return 1;
        }
        pcap_close(p);
    }
    printf("%llu packets, %llu bytes, %llx\n", t.packets, t.bytes, t.mixed);
    return 0;
}
