#pragma once
/* A frame as it was captured, and what decoding finds in it. Both borrow the frame's bytes and die with them. */
#include "sensor/carrier.h"

/* What the frame starts with. The capture tells; numbers are ours, not libpcap's. */
enum link_type {
    LINK_ETHERNET, /* IEEE 802.3, with VLAN tags 0x8100, 0x88a8, 0x9100 (and 0x9200) stacked */
    LINK_RAW,      /* an IP header, version told by its first four bits */
    LINK_NULL,     /* BSD loopback: 4 bytes of address family in either byte order */
    LINK_SLL,      /* Linux cooked v1: 16 bytes */
    LINK_SLL2,     /* Linux cooked v2: 20 bytes */
    LINK_PPP,      /* PPP, with or without address and control (RFC 1661, 1662), or Cisco HDLC, told by the first byte */
    LINK_PPPOE,    /* a PPPoE session header (RFC 2516) */
    LINK_CHDLC,    /* Cisco HDLC: 4 bytes, the last two an EtherType */
    LINK_FRAME_RELAY, /* RFC 2427, or Cisco's with an EtherType */
    LINK_LLC,      /* IEEE 802.2, as over ATM (RFC 2684) */
    LINK_MPLS,     /* a label stack */
    LINK_80211,    /* IEEE 802.11 */
    LINK_RADIOTAP, /* 802.11 behind a radiotap header */
    LINK_PRISM,    /* 802.11 behind a Prism or AVS header */
    LINK_PPI,      /* Per-Packet Information, then what it says */
    LINK_ARCNET,   /* RFC 1201, 1051: 3 or 6 bytes */
    LINK_ARCNET_LINUX, /* the same with an offset of two bytes: 5 or 8 */
    LINK_NFLOG,    /* Linux netfilter log: attributes, one of which is an IP packet */
    LINK_PKTAP,    /* Apple's, then what it says */
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
    uint16_t vlans[PACKET_VLANS_KEPT]; /* ids, outermost first, those inside tunnels too */
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
    bool is_doubtful;          /* while decoding: inside what little but a number calls a tunnel, and no IP that makes sense yet */
    bool is_unread_tunnel;     /* the protocol is a tunnel's, and in it is no IP that we read */
    struct carrier carrier;    /* the way in; its layers past n_layers hold anything */
};

/* What of a struct decoded has to be zeroed, copied, put back: all but the layers. */
#define DECODED_HEAD_BYTES offsetof(struct decoded, carrier.layers)

/* When and where something was seen: what is kept of a packet after its bytes are gone. */
struct moment {
    int64_t ts_ns;
    uint64_t number;
    uint32_t source;
    uint16_t vlans[PACKET_VLANS_KEPT];
    uint8_t n_vlans;
    const struct carrier *carrier; /* NULL: no tunnel. Borrows from the struct decoded: who keeps the moment keeps a copy */
    bool is_ipv6; /* which the addresses do not tell when they are IPv4-mapped */
};

static inline struct moment moment_of(const struct packet *pkt, const struct decoded *d)
{
    struct moment m = {.ts_ns = pkt->ts_ns, .number = pkt->number, .source = pkt->source, .n_vlans = d->n_vlans,
                       .carrier = d->carrier.is_tunnel ? &d->carrier : NULL, .is_ipv6 = d->ip_version == 6};
    memcpy(m.vlans, d->vlans, sizeof m.vlans);
    return m;
}

/* Moments in the order of their packets. Never 0. No two flows have the same one. */
static inline uint64_t moment_rank(const struct moment *m)
{
    return (uint64_t)m->source << 40 | (m->number & ((UINT64_C(1) << 40) - 1));
}

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };
