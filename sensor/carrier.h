#pragma once
/* The way in: what a packet was carried in, from the outside to its innermost IP header. Decoding writes it layer by layer into the
 * packet's own struct decoded; who keeps it longer copies it (carrier_copy). */
#include "base/ip.h"

/* What `ids` of a layer are stands behind each; `-`: it has none. */
enum encapsulation {
    ENCAP_VLAN,       /* IEEE 802.1Q, 802.1ad: VLAN id */
    ENCAP_PBB,        /* IEEE 802.1ah: I-SID */
    ENCAP_VNTAG,      /* destination, source virtual interface */
    ENCAP_ETAG,       /* IEEE 802.1BR: E-CID base, ingress E-CID base */
    ENCAP_MACSEC,     /* IEEE 802.1AE, not encrypted: - */
    ENCAP_MPLS,       /* RFC 3032: label, traffic class. One layer a label */
    ENCAP_PPPOE,      /* RFC 2516: session id */
    ENCAP_NSH,        /* RFC 8300: service path, service index */
    ENCAP_ERSPAN,     /* session id, VLAN id; neither of type I */
    ENCAP_IPIP,       /* IP protocol 4: - */
    ENCAP_IPV6_IN_IP, /* IP protocol 41: - */
    ENCAP_GRE,        /* RFC 2784, 2890: key, where there is one */
    ENCAP_PPTP,       /* RFC 2637: call id */
    ENCAP_ETHERIP,    /* RFC 3378: - */
    ENCAP_L2TPV3,     /* RFC 3931 over IP: session id */
    ENCAP_MPLS_IN_IP, /* RFC 4023: -; the labels are layers of their own */
    ENCAP_VXLAN,      /* RFC 7348: VNI, group policy where there is one */
    ENCAP_VXLAN_GPE,  /* VNI */
    ENCAP_GENEVE,     /* RFC 8926: VNI */
    ENCAP_GTP_U,      /* 3GPP TS 29.281: TEID */
    ENCAP_TEREDO,     /* RFC 4380: - */
    ENCAP_L2TP,       /* RFC 2661: tunnel, session id */
    ENCAP_MPLS_IN_UDP,/* RFC 7510: - */
    ENCAP_AYIYA,      /* - */
    ENCAP_CAPWAP,     /* RFC 5415, data: radio id */
    ENCAP_COUNT,
};

enum { CARRIER_LAYERS_MAX = 16, CARRIER_IDS_MAX = 2 };

struct carrier_layer {
    uint8_t type;       /* enum encapsulation */
    uint8_t has_ids;    /* bit i: ids[i] is set */
    uint8_t ip_version; /* of the IP header it lies in: 4 or 6; 0: it lies in none, and what follows but for ids is not set */
    uint8_t proto;      /* of that header */
    uint16_t sport, dport; /* 0 where the protocol has none */
    uint32_t ids[CARRIER_IDS_MAX];
    struct ip src, dst;
};

struct carrier {
    uint8_t n_layers;
    uint8_t n_ip;   /* of them lie in an IP header of their own */
    bool is_tunnel; /* has layers other than VLAN tags */
    struct carrier_layer layers[CARRIER_LAYERS_MAX]; /* outermost first; only the first n_layers are set */
};

/* What a carrier with so many layers needs. */
static inline size_t carrier_bytes(const struct carrier *c)
{
    return offsetof(struct carrier, layers) + c->n_layers * sizeof c->layers[0];
}

/* `to` has room for carrier_bytes(from). */
static inline void carrier_copy(struct carrier *to, const struct carrier *from)
{
    memcpy(to, from, carrier_bytes(from));
}

/* The layer that holds the outermost IP header; NULL without one. */
const struct carrier_layer *carrier_outermost(const struct carrier *c);
/* For telling apart what comes by different ways with equal addresses: what names the way (VLAN, VNI, TEID, ...) and not what may
 * differ from packet to packet of one flow (outer ends, MPLS labels). */
uint32_t carrier_fingerprint(const struct carrier *c);

const char *encapsulation_name(enum encapsulation e); /* "vlan", "gtp_u", ... as alerts and statistics say it */
/* "vni", ...; NULL: it has no such id. */
const char *encapsulation_id_name(enum encapsulation e, unsigned i);
