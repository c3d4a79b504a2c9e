/* IPv4 (RFC 791) and IPv6 with its extension headers (RFC 8200, section 4). Hot. */
#include "sensor/decode/internal.h"

#include <netinet/in.h>

enum { /* IANA protocol numbers that chain headers */
       NEXT_HOP_BY_HOP = 0,
       NEXT_ROUTING = 43,
       NEXT_FRAGMENT = 44,
       NEXT_AUTH = 51,
       NEXT_NONE = 59,
       NEXT_DESTINATION = 60,
       NEXT_MOBILITY = 135,
       NEXT_HIP = 139,
       NEXT_SHIM6 = 140,
};

enum { EXTENSIONS_MAX = 16 };

/* COLD: a fragment's own bounds; what it has to do with others is not known here. */
static struct decode_result decode_fragment(struct span bytes, uint32_t wire_len, uint16_t at, bool has_more,
                                            uint32_t id, struct decoded *out)
{
    if (wire_len == 0 || wire_len > DATAGRAM_BYTES_MAX || at + wire_len > DATAGRAM_BYTES_MAX ||
        (has_more && wire_len % 8))
        return decode_bad(UNDECODABLE_FRAGMENT);
    out->is_fragment = true;
    out->has_more_fragments = has_more;
    out->fragment_at = at;
    out->fragment_id = id;
    out->payload = bytes;
    out->payload_wire_len = wire_len;
    return (struct decode_result){DECODE_FRAGMENT, 0};
}

/* RFC 1071: the sum over a good header is all ones. */
static bool checksum_holds(const uint8_t *header, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i += 2)
        sum += load_be16(header + i);
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static bool ipv4_makes_sense(struct span rest, uint32_t n_cut)
{
    if (rest.len < 20 || rest.ptr[0] >> 4 != 4)
        return false;
    size_t header_len = (rest.ptr[0] & 0x0f) * 4u, total_len = load_be16(rest.ptr + 2);
    if (header_len < 20 || rest.len < header_len || total_len > rest.len + n_cut)
        return false;
    return (total_len == 0 || total_len >= header_len) && checksum_holds(rest.ptr, header_len);
}

/* There is no checksum, but a sender's address is never a group's, and there are few next headers. */
static bool ipv6_makes_sense(struct span rest, uint32_t n_cut)
{
    if (rest.len < 40 || rest.ptr[0] >> 4 != 6 || rest.ptr[8] == 0xff)
        return false;
    switch (rest.ptr[6]) {
    case IPPROTO_IPIP:
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_IPV6:
    case IPPROTO_GRE:
    case IPPROTO_ESP:
    case IPPROTO_ICMPV6:
    case IPPROTO_SCTP:
    case IPPROTO_PIM:
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_FRAGMENT:
    case NEXT_AUTH:
    case NEXT_NONE:
    case NEXT_DESTINATION:
        return load_be16(rest.ptr + 4) + 40u <= rest.len + n_cut;
    default:
        return false;
    }
}

bool decode_makes_sense(struct span rest, uint32_t n_cut)
{
    return ipv4_makes_sense(rest, n_cut) || ipv6_makes_sense(rest, n_cut);
}

/* COLD: the first IP header in what only a port calls a tunnel. */
COLD static struct decode_result decode_doubtful_ip(uint16_t ethertype, struct span rest, uint32_t n_cut,
                                                    struct decoded *out)
{
    if (!decode_makes_sense(rest, n_cut))
        return decode_bad(UNDECODABLE_IP);
    out->is_doubtful = false;
    return decode_ip(ethertype, rest, n_cut, out);
}

static struct decode_result decode_ipv4(struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (rest.len < 20 || rest.ptr[0] >> 4 != 4)
        return decode_bad(UNDECODABLE_IP);
    const uint8_t *h = rest.ptr;
    size_t header_len = (h[0] & 0x0f) * 4u;
    size_t total_len = load_be16(h + 2);
    if (total_len == 0) /* segmentation offload on the capturing host: the frame's length is all there is */
        total_len = rest.len + n_cut;
    if (header_len < 20 || total_len < header_len)
        return decode_bad(UNDECODABLE_IP);
    out->ip_version = 4;
    out->src = ip_from_v4(h + 12);
    out->dst = ip_from_v4(h + 16);
    out->proto = h[9];
    if (rest.len < header_len && !n_cut)
        return decode_bad(UNDECODABLE_IP);
    if (rest.len >= header_len)
        out->ip_header = h;
    struct span payload = span_from(span_first(rest, total_len), header_len);
    uint32_t wire_len = (uint32_t)(total_len - header_len);
    uint16_t fragment = load_be16(h + 6);
    if (fragment & 0x3fff)
        return decode_fragment(payload, wire_len, (uint16_t)((fragment & 0x1fff) * 8), fragment & 0x2000,
                               load_be16(h + 4), out);
    return decode_transport(payload, wire_len, n_cut, out);
}

/* Walk the chain; *next is the transport's number at the end, or that of the header which the snaplen cut: nothing is left
 * of the packet then. */
static struct decode_result skip_extensions(struct span *rest, uint32_t *wire_len, uint8_t *next, bool is_cut,
                                            struct decoded *out)
{
    for (int n = 0; n <= EXTENSIONS_MAX; n++) {
        size_t len;
        switch (*next) {
        case NEXT_HOP_BY_HOP:
        case NEXT_ROUTING:
        case NEXT_DESTINATION:
        case NEXT_MOBILITY:
        case NEXT_HIP:
        case NEXT_SHIM6:
            len = rest->len > 1 ? (rest->ptr[1] + 1u) * 8 : 8;
            break;
        case NEXT_AUTH:
            len = rest->len > 1 ? (rest->ptr[1] + 2u) * 4 : 8;
            break;
        case NEXT_FRAGMENT:
            len = 8;
            break;
        default:
            return decode_ok();
        }
        if (rest->len < len || *wire_len < len) {
            *rest = span_from(*rest, rest->len);
            return is_cut && *wire_len >= len ? decode_ok() : decode_bad(UNDECODABLE_IP_EXTENSION);
        }
        const uint8_t *h = rest->ptr;
        bool is_fragment =
            *next == NEXT_FRAGMENT && load_be16(h + 2) & 0xfff9; /* else atomic (RFC 6946): whole */
        out->is_rerouted |= *next == NEXT_ROUTING && h[3] > 0; /* segments left */
        *next = h[0];
        span_skip(rest, len);
        *wire_len -= (uint32_t)len;
        if (is_fragment) {
            uint16_t place = load_be16(h + 2);
            out->proto = *next;
            return decode_fragment(*rest, *wire_len, place & 0xfff8, place & 1, load_be32(h + 4), out);
        }
    }
    return decode_bad(UNDECODABLE_IP_EXTENSION);
}

static struct decode_result decode_ipv6(struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (rest.len < 40 || rest.ptr[0] >> 4 != 6)
        return decode_bad(UNDECODABLE_IP);
    const uint8_t *h = rest.ptr;
    uint32_t wire_len = load_be16(h + 4);
    uint8_t next = h[6];
    out->ip_version = 6;
    out->src = ip_from_v6(h + 8);
    out->dst = ip_from_v6(h + 24);
    span_skip(&rest, 40);
    if (wire_len == 0 && next != NEXT_NONE) /* jumbogram (RFC 2675) or segmentation offload */
        wire_len = (uint32_t)rest.len + n_cut;
    rest = span_first(rest, wire_len);
    struct decode_result r = skip_extensions(&rest, &wire_len, &next, n_cut, out);
    if (r.verdict != DECODE_OK)
        return r;
    out->proto = next;
    return decode_transport(rest, wire_len, n_cut, out);
}

struct decode_result decode_datagram(struct span bytes, uint32_t wire_len, bool is_cut, struct decoded *out)
{
    if (out->ip_version == 6) {
        struct decode_result r = skip_extensions(&bytes, &wire_len, &out->proto, is_cut, out);
        if (r.verdict == DECODE_FRAGMENT) /* fragments of fragments: nobody sends them */
            return decode_bad(UNDECODABLE_IP_EXTENSION);
        if (r.verdict != DECODE_OK)
            return r;
    }
    return decode_transport(bytes, wire_len, is_cut ? UINT32_MAX : 0, out);
}

struct decode_result decode_ip(uint16_t ethertype, struct span rest, uint32_t n_cut, struct decoded *out)
{
    if (__builtin_expect(out->is_doubtful, false))
        return decode_doubtful_ip(ethertype, rest, n_cut, out);
    return ethertype == ETHERTYPE_IPV4 ? decode_ipv4(rest, n_cut, out) : decode_ipv6(rest, n_cut, out);
}
