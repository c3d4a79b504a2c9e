#pragma once
/* From a frame to addresses, ports and payload. Hot and pure: *out borrows from the frame. */
#include "sensor/packet.h"
#include "sensor/stats.h"

/* What the frame starts with. The capture tells; numbers are ours, not libpcap's. */
enum link_type {
    LINK_ETHERNET, /* IEEE 802.3, with VLAN tags 0x8100, 0x88a8, 0x9100 (and 0x9200) stacked */
    LINK_RAW,      /* an IP header, version told by its first four bits */
    LINK_NULL,     /* BSD loopback: 4 bytes of address family in either byte order */
    LINK_SLL,      /* Linux cooked v1: 16 bytes */
    LINK_SLL2,     /* Linux cooked v2: 20 bytes */
    LINK_OTHER,    /* not read: every packet is out of scope */
};

enum decode_verdict {
    DECODE_OK,
    DECODE_BAD,          /* `reason` is an enum undecodable */
    DECODE_OUT_OF_SCOPE, /* `reason` is an enum out_of_scope */
};

struct decode_result {
    enum decode_verdict verdict;
    uint8_t reason;
};

/* A frame cut by the snaplen is read as far as it goes: as long as the IP header is there the result is DECODE_OK, with ports 0 if they
 * are not, no TCP flags if those are not, and payload.len below payload_wire_len. */
struct decode_result decode_packet(enum link_type link, const struct packet *pkt, struct decoded *out);
