/* Link headers: Ethernet with VLAN tags (IEEE 802.1Q, 802.1ad), LLC/SNAP, Linux cooked, BSD loopback, raw IP. Hot. */
#include "sensor/decode/internal.h"

static bool is_vlan_tag(uint16_t ethertype)
{
    return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100 || ethertype == 0x9200;
}

/* From an EtherType on: VLAN tags, then IP or something else. */
static struct decode_result decode_ethertype(struct span *rest, uint16_t *ethertype, struct decoded *out)
{
    for (int n = 0; is_vlan_tag(*ethertype); n++) {
        uint16_t tag;
        if (n == PACKET_VLANS_MAX)
            return decode_bad(UNDECODABLE_LINK);
        if (!span_take_u16(rest, &tag) || !span_take_u16(rest, ethertype))
            return decode_bad(UNDECODABLE_LINK);
        if (out->n_vlans < PACKET_VLANS_KEPT)
            out->vlans[out->n_vlans++] = tag & 0x0fff;
    }
    if (*ethertype < 1536) { /* a length (IEEE 802.3): LLC, of which we read SNAP with an EtherType */
        static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
        if (!span_starts(*rest, span_of(snap, sizeof snap)))
            return decode_out_of_scope(SCOPE_NOT_IP);
        span_skip(rest, sizeof snap);
        if (!span_take_u16(rest, ethertype))
            return decode_bad(UNDECODABLE_LINK);
    }
    if (*ethertype != ETHERTYPE_IPV4 && *ethertype != ETHERTYPE_IPV6)
        return decode_out_of_scope(SCOPE_NOT_IP);
    return decode_ok();
}

static struct decode_result decode_raw(struct span *rest, uint16_t *ethertype)
{
    if (rest->len == 0)
        return decode_bad(UNDECODABLE_LINK);
    switch (rest->ptr[0] >> 4) {
    case 4:
        *ethertype = ETHERTYPE_IPV4;
        return decode_ok();
    case 6:
        *ethertype = ETHERTYPE_IPV6;
        return decode_ok();
    default:
        return decode_bad(UNDECODABLE_IP);
    }
}

/* The family is the capturing host's AF_ constant in its byte order; IPv6 has a different one on each BSD. Some writers put
 * an EtherType in its last two bytes. */
static struct decode_result decode_null(struct span *rest, uint16_t *ethertype)
{
    uint32_t family;
    if (!span_take_u32(rest, &family))
        return decode_bad(UNDECODABLE_LINK);
    *ethertype = (uint16_t)family;
    if (family > 0xffff && (*ethertype == ETHERTYPE_IPV4 || *ethertype == ETHERTYPE_IPV6))
        return decode_ok();
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:
        *ethertype = ETHERTYPE_IPV4;
        return decode_ok();
    case 10: /* Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        *ethertype = ETHERTYPE_IPV6;
        return decode_ok();
    default:
        return decode_out_of_scope(SCOPE_NOT_IP);
    }
}

struct decode_result decode_link(enum link_type link, struct span *rest, uint16_t *ethertype,
                                 struct decoded *out)
{
    switch (link) {
    case LINK_ETHERNET:
        if (!span_skip(rest, 12) || !span_take_u16(rest, ethertype))
            return decode_bad(UNDECODABLE_LINK);
        return decode_ethertype(rest, ethertype, out);
    case LINK_SLL:
        if (!span_skip(rest, 14) || !span_take_u16(rest, ethertype))
            return decode_bad(UNDECODABLE_LINK);
        return decode_ethertype(rest, ethertype, out);
    case LINK_SLL2:
        if (!span_take_u16(rest, ethertype) || !span_skip(rest, 18))
            return decode_bad(UNDECODABLE_LINK);
        return decode_ethertype(rest, ethertype, out);
    case LINK_RAW:
        return decode_raw(rest, ethertype);
    case LINK_NULL:
        return decode_null(rest, ethertype);
    case LINK_OTHER:
        break;
    }
    return decode_out_of_scope(SCOPE_LINK_TYPE);
}
