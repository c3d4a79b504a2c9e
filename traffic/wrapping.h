#pragma once
/* What stands around the innermost IP packet on its way: VLAN tags, labels, sessions, tunnels. Hot; nothing is allocated. */
#include "traffic/frame.h"

enum wrap_kind {
    WRAP_VLAN,         /* IEEE 802.1Q tag; id is the VLAN's */
    WRAP_SERVICE_VLAN, /* IEEE 802.1ad tag; id is the VLAN's */
    WRAP_MPLS,         /* RFC 3032; id is the label */
    WRAP_PPPOE,        /* RFC 2516; id is the session's */
    WRAP_IP,           /* RFC 2003, RFC 4213: one more IP header (IPIP, 6in4, 4in6, 6in6) */
    WRAP_GRE,          /* RFC 2784, in IP; id is the key (RFC 2890), 0: none */
    WRAP_VXLAN,        /* RFC 7348, in UDP, with an inner Ethernet header; id is the network's */
    WRAP_GTP_U,        /* 3GPP TS 29.281, in UDP; id is the tunnel's endpoint */
    WRAP_KINDS,
};

struct wrap {
    enum wrap_kind kind;
    uint32_t id;
    struct ip client, server; /* of the outer IP header, where there is one: the ends nearer to either side */
};

enum { WRAPPING_MAX = 6 };

/* All Ethernet addresses that are made begin so: 02, which is locally administered, and "DRIL"; the last byte is 1 for the client's side, 2 for the server's. */
#define WRAPPING_MAC_MARK {0x02, 'D', 'R', 'I', 'L', 0}

/* From the outside in. Around all of them is an Ethernet header. */
struct wrapping {
    unsigned n;
    struct wrap layers[WRAPPING_MAX];
};

/* May these layers follow each other, and are there not too many? Labels and what carries IP alone (PPPoE, IP, GTP-U) can't be followed by tags. */
bool wrapping_fits(const struct wrapping *c);

/* All layers and the Ethernet header in front of the IP packet that is there. `c` fits, or is NULL: Ethernet alone. */
void wrapping_push(const struct wrapping *c, bool is_to_server, struct frame *f);

const char *wrap_name(enum wrap_kind k); /* "vlan", "mpls", ... */
