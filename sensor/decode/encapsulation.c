/* What lies between a link header and IP, or in IP as if it were a link: tags, labels, PPP. Hot, if rarely used. */
#include "sensor/decode/internal.h"

bool decode_looks_like_ethernet(struct span rest)
{
    if (rest.len < ETHERNET_HEADER)
        return false;
    switch (load_be16(rest.ptr + ETHERNET_ADDRESSES)) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_ARP:
    case ETHERTYPE_IPV6:
    case ETHERTYPE_MPLS:
    case ETHERTYPE_PPPOE:
    case 0x8100:
    case 0x88a8:
        return true;
    default:
        return false;
    }
}

/* Below the last label nothing says what follows (RFC 4928): IP begins with its version, a pseudowire's control word with 0 (RFC 4385),
 * and without a control word any address may stand there. The EtherType decides between those. */
static struct decode_result decode_unlabelled(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { CONTROL_WORD = 4 };
    if (rest.len == 0)
        return decode_bad(UNDECODABLE_LINK);
    unsigned version = rest.ptr[0] >> 4;
    bool is_ethernet = decode_looks_like_ethernet(rest);
    if ((version == 4 || version == 6) && (!is_ethernet || decode_makes_sense(rest, n_cut)))
        return decode_raw(rest, n_cut, out);
    if (version == 0 && decode_looks_like_ethernet(span_from(rest, CONTROL_WORD)))
        return decode_ethernet(span_from(rest, CONTROL_WORD), n_cut, out);
    if (is_ethernet)
        return decode_ethernet(rest, n_cut, out);
    return decode_out_of_scope(SCOPE_NOT_IP);
}

/* RFC 3032, section 2.1: label (20 bits), traffic class (3), bottom of the stack (1), time to live (8). */
struct decode_result decode_mpls(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    uint32_t entry;
    do {
        if (!span_take_u32(&rest, &entry))
            return decode_bad(UNDECODABLE_LINK);
        if (!decode_push(out, ENCAP_MPLS, &full))
            return full;
        decode_name(out, 0, entry >> 12);
        decode_name(out, 1, entry >> 9 & 7);
    } while (!(entry & 0x100));
    return decode_unlabelled(rest, n_cut, out);
}

/* RFC 1661, section 2, and RFC 1662, 3.1: address and control may be left out, the protocol's first byte too when it is 0. */
struct decode_result decode_ppp(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281, PPP_MPLS_MULTICAST = 0x0283 };
    static const uint8_t address_control[2] = {0xff, 0x03};
    uint8_t first, second;
    if (span_starts(rest, span_of(address_control, sizeof address_control)))
        span_skip(&rest, sizeof address_control);
    if (!span_take_u8(&rest, &first) || (first == address_control[0] && rest.len == 0))
        return decode_bad(UNDECODABLE_LINK);
    uint16_t protocol = first;
    if (!(first & 1)) {
        if (!span_take_u8(&rest, &second))
            return decode_bad(UNDECODABLE_LINK);
        protocol = (uint16_t)(first << 8 | second);
    }
    switch (protocol) {
    case PPP_IPV4:
        return decode_ip(ETHERTYPE_IPV4, rest, n_cut, out);
    case PPP_IPV6:
        return decode_ip(ETHERTYPE_IPV6, rest, n_cut, out);
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
        return decode_mpls(rest, n_cut, out);
    default:
        return decode_out_of_scope(SCOPE_NOT_IP);
    }
}

/* RFC 2516, section 4: version and type 1, code 0, session id, length. */
struct decode_result decode_pppoe(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 6, VERSION_TYPE = 0x11, CODE_SESSION = 0 };
    struct decode_result full;
    if (rest.len < HEADER || rest.ptr[0] != VERSION_TYPE)
        return decode_bad(UNDECODABLE_LINK);
    if (rest.ptr[1] != CODE_SESSION)
        return decode_out_of_scope(SCOPE_NOT_IP);
    if (!decode_push(out, ENCAP_PPPOE, &full))
        return full;
    decode_name(out, 0, load_be16(rest.ptr + 2));
    size_t len = load_be16(rest.ptr + 4);
    span_skip(&rest, HEADER);
    decode_limit(&rest, &n_cut, len);
    return decode_ppp(rest, n_cut, out);
}

/* RFC 8300, section 2: version (2 bits), O, unused, time to live (6), length in words (6), unused (4), metadata type (4), next protocol;
 * service path (24) and index. */
struct decode_result decode_nsh(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8, NEXT_IPV4 = 1, NEXT_IPV6 = 2, NEXT_ETHERNET = 3, NEXT_NSH = 4, NEXT_MPLS = 5 };
    struct decode_result full;
    if (rest.len < HEADER || rest.ptr[0] & 0xc0)
        return decode_bad(UNDECODABLE_LINK);
    size_t len = (rest.ptr[1] & 0x3f) * 4u;
    uint8_t next = rest.ptr[3];
    if (len < HEADER || rest.len < len)
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push(out, ENCAP_NSH, &full))
        return full;
    decode_name(out, 0, load_be32(rest.ptr + 4) >> 8);
    decode_name(out, 1, rest.ptr[7]);
    span_skip(&rest, len);
    switch (next) {
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

/* IEEE 802.1AE, section 9: flags, short length, packet number, perhaps an address; then what was there before, and 16 bytes of tag. */
static struct decode_result decode_macsec(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 6, ADDRESS = 8, VERSION = 0x80, HAS_ADDRESS = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04 };
    struct decode_result full;
    uint16_t ethertype;
    if (rest.len < HEADER || rest.ptr[0] & VERSION)
        return decode_bad(UNDECODABLE_LINK);
    uint8_t flags = rest.ptr[0];
    if (flags & (ENCRYPTED | CHANGED))
        return decode_out_of_scope(SCOPE_ENCRYPTED);
    if (!decode_push(out, ENCAP_MACSEC, &full))
        return full;
    if (!span_skip(&rest, flags & HAS_ADDRESS ? HEADER + ADDRESS : HEADER) ||
        !span_take_u16(&rest, &ethertype))
        return decode_bad(UNDECODABLE_LINK);
    return decode_ethertype(ethertype, rest, n_cut, out);
}

/* Direction, pointer and destination interface (1, 1, 14 bits); looped, reserved, version and source interface (1, 1, 2, 12). */
static struct decode_result decode_vntag(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    uint32_t tag;
    uint16_t ethertype;
    if (!span_take_u32(&rest, &tag) || !span_take_u16(&rest, &ethertype))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push(out, ENCAP_VNTAG, &full))
        return full;
    decode_name(out, 0, tag >> 16 & 0x3fff);
    decode_name(out, 1, tag & 0x0fff);
    return decode_ethertype(ethertype, rest, n_cut, out);
}

/* IEEE 802.1BR, section 7.4: priority, drop, ingress E-CID base (3, 1, 12 bits); reserved, group, E-CID base (2, 2, 12); extensions. */
static struct decode_result decode_etag(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    uint32_t tag;
    uint16_t ethertype;
    if (!span_take_u32(&rest, &tag) || !span_skip(&rest, 2) || !span_take_u16(&rest, &ethertype))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push(out, ENCAP_ETAG, &full))
        return full;
    decode_name(out, 0, tag & 0x0fff);
    decode_name(out, 1, tag >> 16 & 0x0fff);
    return decode_ethertype(ethertype, rest, n_cut, out);
}

/* IEEE 802.1ah: flags and a service instance (8, 24 bits), then the customer's frame. */
static struct decode_result decode_pbb(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    uint32_t tag;
    if (!span_take_u32(&rest, &tag))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push(out, ENCAP_PBB, &full))
        return full;
    decode_name(out, 0, tag & 0xffffff);
    return decode_ethernet(rest, n_cut, out);
}

COLD struct decode_result decode_encapsulated(uint16_t ethertype, struct span rest, uint32_t n_cut,
                                              struct decoded *out)
{
    switch (ethertype) {
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        return decode_mpls(rest, n_cut, out);
    case ETHERTYPE_PPPOE:
        return decode_pppoe(rest, n_cut, out);
    case ETHERTYPE_NSH:
        return decode_nsh(rest, n_cut, out);
    case ETHERTYPE_PBB:
        return decode_pbb(rest, n_cut, out);
    case ETHERTYPE_MACSEC:
        return decode_macsec(rest, n_cut, out);
    case ETHERTYPE_VNTAG:
        return decode_vntag(rest, n_cut, out);
    case ETHERTYPE_ETAG:
        return decode_etag(rest, n_cut, out);
    default:
        return decode_out_of_scope(SCOPE_NOT_IP);
    }
}
