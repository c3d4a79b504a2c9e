#pragma once
/* A frame as it was captured, and what decoding finds in it. Both borrow the frame's bytes and die with them. */
#include "base/ip.h"

/* What the frame starts with. The capture tells; numbers are ours, not libpcap's. */
enum link_type {
    LINK_ETHERNET, /* IEEE 802.3, with VLAN tags 0x8100, 0x88a8, 0x9100 (and 0x9200) stacked */
    LINK_RAW,      /* an IP header, version told by its first four bits */
    LINK_NULL,     /* BSD loopback: 4 bytes of address family in either byte order */
    LINK_SLL,      /* Linux cooked v1: 16 bytes */
    LINK_SLL2,     /* Linux cooked v2: 20 bytes */
    LINK_OTHER,    /* not read: every packet is out of scope */
};

struct packet {
    struct span bytes;  /* as captured */
    uint32_t wire_len;  /* length on the wire; bytes.len is smaller when the snaplen cut it */
    uint32_t source;    /* index of the capture file or interface it came from */
    enum link_type link;
    uint64_t number;    /* from 1, counted in its source */
    int64_t ts_ns;      /* since 1970, UTC */
};

enum { PACKET_VLANS_MAX = 8, PACKET_VLANS_KEPT = 3 };
enum { DATAGRAM_BYTES_MAX = 65535 }; /* what fragments may make, headers apart */

/* Innermost IP header and the transport above it. */
struct decoded {
    struct ip src, dst;
    uint16_t sport, dport;  /* 0 where the protocol has none */
    uint8_t proto;          /* IANA number after IPv6 extension headers: 6, 17, 1, 58, ... */
    uint8_t ip_version;     /* 4 or 6 */
    uint8_t tcp_flags;      /* TCP_ bits */
    uint8_t n_vlans;        /* kept ones */
    uint16_t vlans[PACKET_VLANS_KEPT]; /* ids, outermost first */
    uint32_t tcp_seq, tcp_ack;
    struct span payload;    /* of TCP or UDP: what was captured of it, link padding cut off */
    uint32_t payload_wire_len; /* what was sent of it */
    uint16_t tcp_urgent;    /* 1 + where the urgent byte lies in the payload; 0: none */
    const uint8_t *ip_header; /* IPv4: the whole header; else NULL */
    struct span segment;    /* of TCP or UDP: header and payload, when all of the header is there; else empty */
    bool is_rerouted;       /* IPv6: dst is not the last destination */
    bool is_fragment;       /* a fragment, or the first one of a datagram that never became whole */
    bool has_more_fragments;   /* of a fragment: it is not the last */
    uint16_t fragment_at;      /* of a fragment: where it lies in its datagram, in bytes */
    uint32_t fragment_id;
};

/* When and where something was seen: what is kept of a packet after its bytes are gone. */
struct moment {
    int64_t ts_ns;
    uint64_t number;
    uint32_t source;
    uint16_t vlans[PACKET_VLANS_KEPT];
    uint8_t n_vlans;
    bool is_ipv6; /* which the addresses do not tell when they are IPv4-mapped */
};

static inline struct moment moment_of(const struct packet *pkt, const struct decoded *d)
{
    struct moment m = {.ts_ns = pkt->ts_ns, .number = pkt->number, .source = pkt->source, .n_vlans = d->n_vlans,
                       .is_ipv6 = d->ip_version == 6};
    memcpy(m.vlans, d->vlans, sizeof m.vlans);
    return m;
}

/* Moments in the order of their packets. Never 0. No two flows have the same one. */
static inline uint64_t moment_rank(const struct moment *m)
{
    return (uint64_t)m->source << 40 | (m->number & ((UINT64_C(1) << 40) - 1));
}

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };
