#pragma once
/* The steps of decode_packet(). Each takes what follows the headers read so far, reads its own, and calls the next; `n_cut` is how
 * many bytes behind `rest` were sent but not captured.
 *
 * They call each other in a circle, for anything may be in anything. What bounds it: every header but the link's and IP's is a layer of
 * the carrier, of which there are CARRIER_LAYERS_MAX. Work is bounded with it, for no step tries more than one way to go on. */
#include "sensor/decode/decode.h"

#define COLD __attribute__((cold, noinline))

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_BRIDGING = 0x6558, /* transparent Ethernet bridging */
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_PPP = 0x880b,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_PBB = 0x88e7,
    ETHERTYPE_MACSEC = 0x88e5,
    ETHERTYPE_VNTAG = 0x8926,
    ETHERTYPE_ETAG = 0x893f,
    ETHERTYPE_NSH = 0x894f,
    ETHERTYPE_MIN = 1536, /* below, it is a length (IEEE 802.3) */
};
enum { ETHERNET_HEADER = 14, ETHERNET_ADDRESSES = 12 };

static inline struct decode_result decode_ok(void)
{
    return (struct decode_result){DECODE_OK, 0};
}

static inline struct decode_result decode_bad(enum undecodable reason)
{
    return (struct decode_result){DECODE_BAD, (uint8_t)reason};
}

static inline struct decode_result decode_out_of_scope(enum out_of_scope reason)
{
    return (struct decode_result){DECODE_OUT_OF_SCOPE, (uint8_t)reason};
}

/* Of the bytes behind `there`, of which a header says that they are `wire_len`, so many were cut off. */
static inline uint32_t decode_cut_off(struct span there, uint32_t wire_len, uint32_t n_cut)
{
    uint32_t missing = wire_len > there.len ? wire_len - (uint32_t)there.len : 0;
    return missing < n_cut ? missing : n_cut;
}

/* Only the next `len` bytes belong to what follows. */
static inline void decode_limit(struct span *rest, uint32_t *n_cut, size_t len)
{
    size_t missing = len > rest->len ? len - rest->len : 0;
    *rest = span_first(*rest, len);
    if (missing < *n_cut)
        *n_cut = (uint32_t)missing;
}

/* ---- tunnel.c ---- */

/* One more layer of the carrier, inside all others. False: there are too many; *out_full is what to return then. */
bool decode_push(struct decoded *out, enum encapsulation type, struct decode_result *out_full);
/* The same for one that lies in the IP header read last, which is then no more the innermost: its ends become the layer's. */
bool decode_push_ip(struct decoded *out, enum encapsulation type, struct decode_result *out_full);
/* An id of the layer pushed last. */
static inline void decode_name(struct decoded *out, unsigned i, uint32_t id)
{
    struct carrier_layer *l = &out->carrier.layers[out->carrier.n_layers - 1];
    l->ids[i] = id;
    l->has_ids |= (uint8_t)(1u << i);
}

/* ---- link.c, wireless.c ---- */

struct decode_result decode_link(enum link_type link, struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_ethernet(struct span rest, uint32_t n_cut, struct decoded *out);
/* From an EtherType on: tags, labels, IP or something else. */
struct decode_result decode_ethertype(uint16_t ethertype, struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_llc(struct span rest, uint32_t n_cut, struct decoded *out);
/* An IP header, its version told by its first four bits. */
struct decode_result decode_raw(struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_80211(struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_radiotap(struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_prism(struct span rest, uint32_t n_cut, struct decoded *out);

/* ---- encapsulation.c: what lies between a link header and IP ---- */

/* COLD: EtherTypes other than IP and VLAN tags. */
struct decode_result decode_encapsulated(uint16_t ethertype, struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_mpls(struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_nsh(struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_pppoe(struct span rest, uint32_t n_cut, struct decoded *out);
struct decode_result decode_ppp(struct span rest, uint32_t n_cut, struct decoded *out);
/* May an Ethernet frame begin here? Its type is one that we know. */
bool decode_looks_like_ethernet(struct span rest);

/* ---- ip.c, transport.c ---- */

struct decode_result decode_ip(uint16_t ethertype, struct span rest, uint32_t n_cut, struct decoded *out);
/* Is this a whole IPv4 header with its checksum, or an IPv6 header, and a packet that fits into `rest`? */
bool decode_makes_sense(struct span rest, uint32_t n_cut);
/* `wire_len` is what the IP header says follows it. */
struct decode_result decode_transport(struct span rest, uint32_t wire_len, uint32_t n_cut, struct decoded *out);

/* ---- tunnel.c, udp_tunnel.c: what lies in IP ----
 *
 * Where there is no IP in it that makes sense the packet is what it was: ports and payload as they were before, DECODE_OK. */

enum { PROTO_IPIP = 4, PROTO_IPV6 = 41, PROTO_GRE = 47, PROTO_AH = 51, PROTO_ETHERIP = 97, PROTO_L2TP = 115, PROTO_MPLS = 137 };

static inline bool is_tunnel_protocol(uint8_t proto)
{
    switch (proto) {
    case PROTO_IPIP:
    case PROTO_IPV6:
    case PROTO_GRE:
    case PROTO_AH: /* none, but it hides what follows */
    case PROTO_ETHERIP:
    case PROTO_L2TP:
    case PROTO_MPLS:
        return true;
    default:
        return false;
    }
}
/* COLD: `out->proto` is such a protocol. */
struct decode_result decode_tunnel(struct span rest, uint32_t wire_len, uint32_t n_cut, struct decoded *out);

typedef struct decode_result decode_fn(struct span rest, uint32_t n_cut, struct decoded *out);
/* Go on with `inside`. False: that led to nothing that we read, and *out is as it was before. */
bool decode_try(decode_fn *inside, struct span rest, uint32_t n_cut, struct decoded *out, struct decode_result *out_result);

/* Might a datagram to (or from) this port be a tunnel's? */
static inline bool is_tunnel_port(uint16_t port)
{
    switch (port) {
    case 1701:
    case 2152:
    case 3544:
    case 4789:
    case 4790:
    case 5072:
    case 5247:
    case 6081:
    case 6635:
    case 8472:
        return true;
    default:
        return false;
    }
}
/* COLD: `out->payload` is a datagram's of which one port is such a one. */
struct decode_result decode_udp_tunnel(uint32_t n_cut, struct decoded *out);
