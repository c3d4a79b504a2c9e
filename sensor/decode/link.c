/* Link headers: Ethernet with VLAN tags (IEEE 802.1Q, 802.1ad), LLC/SNAP, Linux cooked, BSD loopback, raw IP; and the rarer ones, which
 * come down to those, to PPP or to an EtherType. Hot. */
#include "sensor/decode/internal.h"

static bool is_vlan_tag(uint16_t ethertype)
{
    return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100 || ethertype == 0x9200;
}

struct decode_result decode_llc(struct span rest, uint32_t n_cut, struct decoded *out)
{
    static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0}, ip[3] = {0x06, 0x06, 0x03};
    uint16_t ethertype;
    if (span_starts(rest, span_of(ip, sizeof ip)))
        return decode_raw(span_from(rest, sizeof ip), n_cut, out);
    if (!span_starts(rest, span_of(snap, sizeof snap)))
        return span_starts(span_of(snap, sizeof snap), rest) ? decode_bad(UNDECODABLE_LINK)
                                                             : decode_out_of_scope(SCOPE_NOT_IP);
    span_skip(&rest, sizeof snap);
    if (!span_take_u16(&rest, &ethertype))
        return decode_bad(UNDECODABLE_LINK);
    if (ethertype < ETHERTYPE_MIN) /* a length again would be LLC in LLC */
        return decode_out_of_scope(SCOPE_NOT_IP);
    return decode_ethertype(ethertype, rest, n_cut, out);
}

static struct decode_result decode_tagged(uint16_t ethertype, struct span rest, uint32_t n_cut,
                                          struct decoded *out)
{
    for (int n = 0; is_vlan_tag(ethertype); n++) {
        struct decode_result full;
        uint16_t tag;
        if (n == PACKET_VLANS_MAX)
            return decode_bad(UNDECODABLE_LINK);
        if (!span_take_u16(&rest, &tag) || !span_take_u16(&rest, &ethertype))
            return decode_bad(UNDECODABLE_LINK);
        if (out->n_vlans < PACKET_VLANS_KEPT)
            out->vlans[out->n_vlans++] = tag & 0x0fff;
        if (!decode_push(out, ENCAP_VLAN, &full))
            return full;
        decode_name(out, 0, tag & 0x0fff);
    }
    if (ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6)
        return decode_ip(ethertype, rest, n_cut, out);
    if (ethertype < ETHERTYPE_MIN)
        return decode_llc(rest, n_cut, out);
    return decode_encapsulated(ethertype, rest, n_cut, out);
}

struct decode_result decode_ethertype(uint16_t ethertype, struct span rest, uint32_t n_cut,
                                      struct decoded *out)
{
    if (ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6)
        return decode_ip(ethertype, rest, n_cut, out);
    return decode_tagged(ethertype, rest, n_cut, out);
}

struct decode_result decode_ethernet(struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (rest.len < ETHERNET_HEADER)
        return decode_bad(UNDECODABLE_LINK);
    uint16_t ethertype = load_be16(rest.ptr + ETHERNET_ADDRESSES);
    return decode_ethertype(ethertype, span_from(rest, ETHERNET_HEADER), n_cut, out);
}

struct decode_result decode_raw(struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (rest.len == 0)
        return decode_bad(UNDECODABLE_LINK);
    switch (rest.ptr[0] >> 4) {
    case 4:
        return decode_ip(ETHERTYPE_IPV4, rest, n_cut, out);
    case 6:
        return decode_ip(ETHERTYPE_IPV6, rest, n_cut, out);
    default:
        return decode_bad(UNDECODABLE_IP);
    }
}

/* A header of `len` bytes that ends in an EtherType. */
static struct decode_result decode_cooked(size_t len, struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (rest.len < len)
        return decode_bad(UNDECODABLE_LINK);
    return decode_ethertype(load_be16(rest.ptr + len - 2), span_from(rest, len), n_cut, out);
}

static struct decode_result decode_sll2(struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (rest.len < 20)
        return decode_bad(UNDECODABLE_LINK);
    return decode_ethertype(load_be16(rest.ptr), span_from(rest, 20), n_cut, out);
}

/* The family is the capturing host's AF_ constant in its byte order; IPv6 has a different one on each BSD. Some writers put
 * an EtherType in its last two bytes. */
static struct decode_result decode_null(struct span rest, uint32_t n_cut, struct decoded *out)
{
    uint32_t family;
    if (!span_take_u32(&rest, &family))
        return decode_bad(UNDECODABLE_LINK);
    uint16_t ethertype = (uint16_t)family;
    if (family > 0xffff && (ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6))
        return decode_ip(ethertype, rest, n_cut, out);
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:
        return decode_ip(ETHERTYPE_IPV4, rest, n_cut, out);
    case 10: /* Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        return decode_ip(ETHERTYPE_IPV6, rest, n_cut, out);
    default:
        return decode_out_of_scope(SCOPE_NOT_IP);
    }
}

/* ---- COLD: the rarer ones ---- */

/* Cisco HDLC's address is 0x0f to one station, 0x8f to all. */
static struct decode_result decode_ppp_or_hdlc(struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (rest.len && (rest.ptr[0] == 0x0f || rest.ptr[0] == 0x8f))
        return decode_cooked(4, rest, n_cut, out);
    return decode_ppp(rest, n_cut, out);
}

/* RFC 2427, section 4: after the address of two to four bytes come control, perhaps a pad, and the network layer's number. */
static struct decode_result decode_frame_relay(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { CONTROL_UI = 3, NLPID_SNAP = 0x80, NLPID_IPV6 = 0x8e, NLPID_IPV4 = 0xcc };
    static const uint8_t bridged[3] = {0, 0x80, 0xc2}, routed[3] = {0};
    uint8_t byte;
    uint16_t ethertype;
    for (int n = 0; n < 4; n++) {
        if (!span_take_u8(&rest, &byte))
            return decode_bad(UNDECODABLE_LINK);
        if (byte & 1)
            break;
    }
    if (rest.len && rest.ptr[0] != CONTROL_UI) /* Cisco's */
        return span_take_u16(&rest, &ethertype) ? decode_ethertype(ethertype, rest, n_cut, out)
                                                : decode_bad(UNDECODABLE_LINK);
    if (!span_skip(&rest, 1) || !span_take_u8(&rest, &byte) || (byte == 0 && !span_take_u8(&rest, &byte)))
        return decode_bad(UNDECODABLE_LINK);
    if (byte == NLPID_IPV4 || byte == NLPID_IPV6)
        return decode_ip(byte == NLPID_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, rest, n_cut, out);
    if (byte != NLPID_SNAP)
        return decode_out_of_scope(SCOPE_NOT_IP);
    struct span organisation;
    if (!span_take(&rest, 3, &organisation) || !span_take_u16(&rest, &ethertype))
        return decode_bad(UNDECODABLE_LINK);
    if (span_eq(organisation, span_of(routed, 3)) && ethertype >= ETHERTYPE_MIN)
        return decode_ethertype(ethertype, rest, n_cut, out);
    if (span_eq(organisation, span_of(bridged, 3)) &&
        (ethertype == 1 || ethertype == 7)) /* 802.3, with or without FCS */
        return decode_ethernet(rest, n_cut, out);
    return decode_out_of_scope(SCOPE_NOT_IP);
}

/* RFC 1201 has a split flag and a sequence number behind the type, RFC 1051 has not. Only packets in one piece are read. */
static struct decode_result decode_arcnet(size_t type_at, struct span rest, uint32_t n_cut,
                                          struct decoded *out)
{
    enum { IPV6 = 196, IPV4 = 212, ARP = 213, IPV4_OLD = 240, FLAG_EXCEPTION = 0xff };
    uint8_t type, flag = 0;
    if (!span_skip(&rest, type_at) || !span_take_u8(&rest, &type))
        return decode_bad(UNDECODABLE_LINK);
    if (type == IPV4_OLD)
        return decode_ip(ETHERTYPE_IPV4, rest, n_cut, out);
    if (type != IPV4 && type != IPV6)
        return decode_out_of_scope(SCOPE_NOT_IP);
    if (!span_take_u8(&rest, &flag) || !span_skip(&rest, flag == FLAG_EXCEPTION ? 5 : 2))
        return decode_bad(UNDECODABLE_LINK);
    if (flag != 0 && flag != FLAG_EXCEPTION)
        return decode_out_of_scope(SCOPE_FRAGMENT);
    return decode_ip(type == IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, rest, n_cut, out);
}

static uint16_t load_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static uint32_t load_le32(const uint8_t *p)
{
    return __builtin_bswap32(load_be32(p));
}

/* Attributes: a length, a type (each in the byte order of the capturing host, nearly always the little one) and data, up to a
 * multiple of four. */
static struct decode_result decode_nflog(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 10, HEADER = 4, ATTRIBUTE_HEADER = 4, PAYLOAD = 9 };
    if (rest.len < HEADER)
        return decode_bad(UNDECODABLE_LINK);
    uint8_t family = rest.ptr[0];
    if (family != FAMILY_IPV4 && family != FAMILY_IPV6)
        return decode_out_of_scope(SCOPE_NOT_IP);
    span_skip(&rest, HEADER);
    while (rest.len >= ATTRIBUTE_HEADER) {
        size_t len = load_le16(rest.ptr);
        if (len < ATTRIBUTE_HEADER)
            return decode_bad(UNDECODABLE_LINK);
        if ((load_le16(rest.ptr + 2) & 0x7fff) == PAYLOAD) {
            decode_limit(&rest, &n_cut, len);
            return decode_ip(family == FAMILY_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6,
                             span_from(rest, ATTRIBUTE_HEADER), n_cut, out);
        }
        if (!span_skip(&rest, (len + 3) & ~(size_t)3))
            break;
    }
    return decode_bad(UNDECODABLE_LINK);
}

/* Those that stand behind the headers which say what follows them, by the numbers of pcap files. */
static struct decode_result decode_numbered(uint32_t linktype, struct span rest, uint32_t n_cut,
                                            struct decoded *out)
{
    switch (linktype) {
    case 0:
    case 108:
        return decode_null(rest, n_cut, out);
    case 1:
        return decode_ethernet(rest, n_cut, out);
    case 9:
        return decode_ppp(rest, n_cut, out);
    case 12: /* the system's number, which Apple writes */
    case 101:
        return decode_raw(rest, n_cut, out);
    case 105:
        return decode_80211(rest, n_cut, out);
    case 127:
        return decode_radiotap(rest, n_cut, out);
    default:
        return decode_out_of_scope(SCOPE_LINK_TYPE);
    }
}

static struct decode_result decode_ppi(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8 };
    if (rest.len < HEADER || load_le16(rest.ptr + 2) < HEADER || rest.len < load_le16(rest.ptr + 2))
        return decode_bad(UNDECODABLE_LINK);
    return decode_numbered(load_le32(rest.ptr + 4), span_from(rest, load_le16(rest.ptr + 2)), n_cut, out);
}

static struct decode_result decode_pktap(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 12, TYPE_PACKET = 1 };
    if (rest.len < HEADER || load_le32(rest.ptr) < HEADER || rest.len < load_le32(rest.ptr))
        return decode_bad(UNDECODABLE_LINK);
    if (load_le32(rest.ptr + 4) != TYPE_PACKET)
        return decode_out_of_scope(SCOPE_NOT_IP);
    return decode_numbered(load_le32(rest.ptr + 8), span_from(rest, load_le32(rest.ptr)), n_cut, out);
}

COLD static struct decode_result decode_rare_link(enum link_type link, struct span rest, uint32_t n_cut,
                                                  struct decoded *out)
{
    switch (link) {
    case LINK_PPP:
        return decode_ppp_or_hdlc(rest, n_cut, out);
    case LINK_PPPOE:
        return decode_pppoe(rest, n_cut, out);
    case LINK_CHDLC:
        return decode_cooked(4, rest, n_cut, out);
    case LINK_FRAME_RELAY:
        return decode_frame_relay(rest, n_cut, out);
    case LINK_LLC:
        return decode_llc(rest, n_cut, out);
    case LINK_MPLS:
        return decode_mpls(rest, n_cut, out);
    case LINK_80211:
        return decode_80211(rest, n_cut, out);
    case LINK_RADIOTAP:
        return decode_radiotap(rest, n_cut, out);
    case LINK_PRISM:
        return decode_prism(rest, n_cut, out);
    case LINK_PPI:
        return decode_ppi(rest, n_cut, out);
    case LINK_ARCNET:
        return decode_arcnet(2, rest, n_cut, out);
    case LINK_ARCNET_LINUX:
        return decode_arcnet(4, rest, n_cut, out);
    case LINK_NFLOG:
        return decode_nflog(rest, n_cut, out);
    case LINK_PKTAP:
        return decode_pktap(rest, n_cut, out);
    default:
        return decode_out_of_scope(SCOPE_LINK_TYPE);
    }
}

struct decode_result decode_link(enum link_type link, struct span rest, uint32_t n_cut, struct decoded *out)
{
    switch (link) {
    case LINK_ETHERNET:
        return decode_ethernet(rest, n_cut, out);
    case LINK_SLL:
        return decode_cooked(16, rest, n_cut, out);
    case LINK_SLL2:
        return decode_sll2(rest, n_cut, out);
    case LINK_RAW:
        return decode_raw(rest, n_cut, out);
    case LINK_NULL:
        return decode_null(rest, n_cut, out);
    default:
        return decode_rare_link(link, rest, n_cut, out);
    }
}
