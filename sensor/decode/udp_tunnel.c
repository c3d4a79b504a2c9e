/* Tunnels in UDP, which only a port number announces. A port proves nothing: clients use any for anything. So each has to have its
 * reserved bits and lengths right, and what it holds has to be IP that makes sense, in IPv4 with its checksum (decode_makes_sense);
 * else the datagram is what it was. Hot, if rarely used. */
#include "sensor/decode/internal.h"

enum {
    PORT_L2TP = 1701,
    PORT_GTP_U = 2152,
    PORT_TEREDO = 3544,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_AYIYA = 5072,
    PORT_CAPWAP = 5247,
    PORT_GENEVE = 6081,
    PORT_MPLS = 6635,
    PORT_VXLAN_LINUX = 8472, /* from before it had a number */
};

/* RFC 7348, section 5: flags (8 bits), reserved (24), VNI (24), reserved (8). With G (draft-smith-vxlan-group-policy) the middle ones end
 * in a group; without it there is no telling what senders leave there. */
static struct decode_result decode_vxlan(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8, HAS_VNI = 0x08, HAS_GROUP = 0x80 };
    struct decode_result full;
    if (rest.len < HEADER)
        return decode_bad(UNDECODABLE_LINK);
    const uint8_t *h = rest.ptr;
    if ((h[0] & ~HAS_GROUP) != HAS_VNI || h[7])
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_VXLAN, &full))
        return full;
    decode_name(out, 0, load_be32(h + 4) >> 8);
    if (h[0] & HAS_GROUP)
        decode_name(out, 1, load_be16(h + 2));
    return decode_ethernet(span_from(rest, HEADER), n_cut, out);
}

/* draft-ietf-nvo3-vxlan-gpe, section 3: flags with version (2 bits), I, P, B, O; reserved (16), next protocol (8), VNI, reserved. */
static struct decode_result decode_vxlan_gpe(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8, HAS_VNI = 0x08, HAS_NEXT = 0x04, MULTIDESTINATION = 0x02 };
    enum { NEXT_IPV4 = 1, NEXT_IPV6 = 2, NEXT_ETHERNET = 3, NEXT_NSH = 4, NEXT_MPLS = 5 };
    struct decode_result full;
    if (rest.len < HEADER)
        return decode_bad(UNDECODABLE_LINK);
    const uint8_t *h = rest.ptr;
    if (h[0] & ~(HAS_VNI | HAS_NEXT | MULTIDESTINATION) || h[1] || h[2] || h[7])
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_VXLAN_GPE, &full))
        return full;
    if (h[0] & HAS_VNI)
        decode_name(out, 0, load_be32(h + 4) >> 8);
    span_skip(&rest, HEADER);
    switch (h[3] ? h[3] : NEXT_ETHERNET) { /* P or not: some senders forget it */
    case NEXT_IPV4:
        return decode_ip(ETHERTYPE_IPV4, rest, n_cut, out);
    case NEXT_IPV6:
        return decode_ip(ETHERTYPE_IPV6, rest, n_cut, out);
    case NEXT_ETHERNET:
        return decode_ethernet(rest, n_cut, out);
    case NEXT_NSH:
        return decode_nsh(rest, n_cut, out);
    case NEXT_MPLS:
        return decode_mpls(rest, n_cut, out);
    default:
        return decode_out_of_scope(SCOPE_NOT_IP);
    }
}

/* RFC 8926, section 3.5: class (16 bits), type (8), reserved (3), length in words (5). They have to end where the header does. */
static bool geneve_options_fit(struct span options)
{
    while (options.len) {
        if (options.len < 4 || !span_skip(&options, 4 + (options.ptr[3] & 0x1f) * 4u))
            return false;
    }
    return true;
}

/* RFC 8926, section 3.4: version (2 bits), length of options in words (6), O, C, reserved (6), EtherType (16), VNI (24), reserved (8). */
static struct decode_result decode_geneve(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8, CRITICAL = 0x40 };
    struct decode_result full;
    struct span options;
    if (rest.len < HEADER)
        return decode_bad(UNDECODABLE_LINK);
    const uint8_t *h = rest.ptr;
    if (h[0] & 0xc0 || h[1] & ~CRITICAL || h[7])
        return decode_bad(UNDECODABLE_LINK);
    uint16_t ethertype = load_be16(h + 2);
    span_skip(&rest, HEADER);
    if (!span_take(&rest, (h[0] & 0x3f) * 4u, &options) || !geneve_options_fit(options) ||
        ethertype < ETHERTYPE_MIN)
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_GENEVE, &full))
        return full;
    decode_name(out, 0, load_be32(h + 4) >> 8);
    if (ethertype == ETHERTYPE_BRIDGING)
        return decode_ethernet(rest, n_cut, out);
    return decode_ethertype(ethertype, rest, n_cut, out);
}

/* 3GPP TS 29.281, section 5.2.1: each has its length in words, and ends in the type of the next. */
static bool gtp_skip_extensions(struct span *rest, uint8_t next)
{
    while (next) {
        size_t len = rest->len ? rest->ptr[0] * 4u : 0;
        if (len == 0 || rest->len < len)
            return false;
        next = rest->ptr[len - 1];
        span_skip(rest, len);
    }
    return true;
}

/* 3GPP TS 29.281, section 5.1: version 1 (3 bits), GTP (1), reserved (1), E, S, PN; type, length of what follows the first 8 bytes, TEID.
 * One of the last three flags, and all three fields are there. */
static struct decode_result decode_gtp_u(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8, FIELDS = 4, HAS_EXTENSIONS = 4, HAS_FIELDS = 7, TYPE_DATA = 255 };
    struct decode_result full;
    struct span fields;
    if (rest.len < HEADER)
        return decode_bad(UNDECODABLE_LINK);
    const uint8_t *h = rest.ptr;
    if ((h[0] & 0xf8) != 0x30 || h[1] != TYPE_DATA)
        return decode_bad(UNDECODABLE_LINK);
    size_t len = load_be16(h + 2);
    span_skip(&rest, HEADER);
    if (len > rest.len + n_cut)
        return decode_bad(UNDECODABLE_LINK);
    decode_limit(&rest, &n_cut, len);
    if (h[0] & HAS_FIELDS) {
        if (!span_take(&rest, FIELDS, &fields))
            return decode_bad(UNDECODABLE_LINK);
        if (!gtp_skip_extensions(&rest, h[0] & HAS_EXTENSIONS ? fields.ptr[3] : 0))
            return decode_bad(UNDECODABLE_LINK);
    }
    if (!decode_push_ip(out, ENCAP_GTP_U, &full))
        return full;
    decode_name(out, 0, load_be32(h + 4));
    return decode_raw(rest, n_cut, out);
}

/* RFC 4380, section 4: 2001::/32. */
static bool is_teredo_address(const uint8_t *ip)
{
    return load_be32(ip) == 0x20010000;
}

static bool is_link_local(const uint8_t *ip)
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

/* RFC 4380, section 5.1.1: perhaps an authentication header (type 1, the lengths of two values, a nonce, a byte), perhaps an origin (type
 * 0, port and address), then IPv6. */
static struct decode_result decode_teredo(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum {
        AUTHENTICATION = 0x0001,
        AUTHENTICATION_BYTES = 13,
        ORIGIN = 0x0000,
        ORIGIN_BYTES = 8,
        IPV6_HEADER = 40
    };
    struct decode_result full;
    if (rest.len >= AUTHENTICATION_BYTES && load_be16(rest.ptr) == AUTHENTICATION &&
        !span_skip(&rest, (size_t)AUTHENTICATION_BYTES + rest.ptr[2] + rest.ptr[3]))
        return decode_bad(UNDECODABLE_LINK);
    if (rest.len >= ORIGIN_BYTES && load_be16(rest.ptr) == ORIGIN)
        span_skip(&rest, ORIGIN_BYTES);
    if (rest.len < IPV6_HEADER)
        return decode_bad(UNDECODABLE_LINK);
    const uint8_t *src = rest.ptr + 8, *dst = rest.ptr + 24;
    if (!is_teredo_address(src) && !is_teredo_address(dst) && !is_link_local(src))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_TEREDO, &full))
        return full;
    return decode_ip(ETHERTYPE_IPV6, rest, n_cut, out);
}

/* RFC 2661, section 3.1: T, L, S, O, P and reserved bits, version 2; then length, if L; tunnel and session; two numbers, if S; an offset
 * and so many bytes, if O. */
static struct decode_result decode_l2tp(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum {
        CONTROL = 0x8000,
        HAS_LENGTH = 0x4000,
        HAS_SEQUENCE = 0x0800,
        HAS_OFFSET = 0x0200,
        RESERVED = 0x34f0,
        VERSION = 0x000f
    };
    struct decode_result full;
    struct span all = rest;
    uint16_t flags, len = 0, tunnel, session, offset = 0;
    if (!span_take_u16(&rest, &flags) || flags & (CONTROL | RESERVED) || (flags & VERSION) != 2)
        return decode_bad(UNDECODABLE_LINK);
    if ((flags & HAS_LENGTH && !span_take_u16(&rest, &len)) || !span_take_u16(&rest, &tunnel) ||
        !span_take_u16(&rest, &session) || (flags & HAS_SEQUENCE && !span_skip(&rest, 4)) ||
        (flags & HAS_OFFSET && (!span_take_u16(&rest, &offset) || !span_skip(&rest, offset))))
        return decode_bad(UNDECODABLE_LINK);
    size_t header_len = (size_t)(rest.ptr - all.ptr);
    if (flags & HAS_LENGTH) {
        if (len < header_len || len > all.len + n_cut)
            return decode_bad(UNDECODABLE_LINK);
        decode_limit(&rest, &n_cut, len - header_len);
    }
    if (!decode_push_ip(out, ENCAP_L2TP, &full))
        return full;
    decode_name(out, 0, tunnel);
    decode_name(out, 1, session);
    return decode_ppp(rest, n_cut, out);
}

static struct decode_result decode_mpls_in_udp(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    if (!decode_push_ip(out, ENCAP_MPLS_IN_UDP, &full))
        return full;
    return decode_mpls(rest, n_cut, out);
}

/* draft-massar-v6ops-ayiya, section 3: identity's length (as a power of 2) and type, signature's length in words and hash, authentication
 * and operation (4 bits each), next header, time; identity, signature. */
static struct decode_result decode_ayiya(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8, OPERATION_FORWARD = 1, NEXT_IPV4 = 4, NEXT_IPV6 = 41 };
    struct decode_result full;
    if (rest.len < HEADER || (rest.ptr[2] & 0x0f) != OPERATION_FORWARD)
        return decode_bad(UNDECODABLE_LINK);
    uint8_t next = rest.ptr[3];
    size_t len = HEADER + ((size_t)1 << (rest.ptr[0] >> 4)) + (rest.ptr[1] >> 4) * 4u;
    if (!span_skip(&rest, len) || (next != NEXT_IPV4 && next != NEXT_IPV6))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_AYIYA, &full))
        return full;
    return decode_ip(next == NEXT_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, rest, n_cut, out);
}

/* RFC 5415, section 4.3: preamble (8 bits), header length in words (5), radio (5), binding (5), T (the frame is of that binding, 1: IEEE
 * 802.11, not Ethernet's), F (a fragment), and more. */
static struct decode_result decode_capwap(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER_MIN = 8, BINDING_80211 = 1, FRAGMENT = 0x80 };
    struct decode_result full;
    if (rest.len < HEADER_MIN || rest.ptr[0] || rest.ptr[3] & FRAGMENT)
        return decode_bad(UNDECODABLE_LINK);
    size_t len = (rest.ptr[1] >> 3) * 4u;
    unsigned radio = (rest.ptr[1] & 7) << 2 | rest.ptr[2] >> 6, binding = rest.ptr[2] >> 1 & 0x1f;
    bool is_native = rest.ptr[2] & 1;
    if (len < HEADER_MIN || rest.len < len || (is_native && binding != BINDING_80211))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_CAPWAP, &full))
        return full;
    decode_name(out, 0, radio);
    span_skip(&rest, len);
    return is_native ? decode_80211(rest, n_cut, out) : decode_ethernet(rest, n_cut, out);
}

static decode_fn *tunnel_of(uint16_t port)
{
    switch (port) {
    case PORT_L2TP:
        return decode_l2tp;
    case PORT_GTP_U:
        return decode_gtp_u;
    case PORT_TEREDO:
        return decode_teredo;
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return decode_vxlan;
    case PORT_VXLAN_GPE:
        return decode_vxlan_gpe;
    case PORT_AYIYA:
        return decode_ayiya;
    case PORT_CAPWAP:
        return decode_capwap;
    case PORT_GENEVE:
        return decode_geneve;
    case PORT_MPLS:
        return decode_mpls_in_udp;
    default:
        return NULL;
    }
}

/* The receiver's port goes first; the sender's counts too, for some ends use the port both ways. */
COLD struct decode_result decode_udp_tunnel(uint32_t n_cut, struct decoded *out)
{
    struct decode_result r;
    struct span payload = out->payload;
    decode_fn *inside = tunnel_of(out->dport);
    bool was_doubtful = out->is_doubtful;
    if (!inside)
        inside = tunnel_of(out->sport);
    out->is_doubtful = true;
    if (decode_try(inside, payload, decode_cut_off(payload, out->payload_wire_len, n_cut), out, &r))
        return r;
    out->is_doubtful = was_doubtful;
    return decode_ok();
}
