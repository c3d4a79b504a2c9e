/* Tunnels that an IP protocol number announces, and the carrier's layers. Hot, if rarely used. */
#include "sensor/decode/internal.h"

enum { AUTH_HEADERS_MAX = 16 };

bool decode_push(struct decoded *out, enum encapsulation type, struct decode_result *out_full)
{
    struct carrier *c = &out->carrier;
    if (c->n_layers == CARRIER_LAYERS_MAX) {
        *out_full = decode_out_of_scope(SCOPE_NESTING);
        return false;
    }
    struct carrier_layer *l = &c->layers[c->n_layers++];
    l->type = (uint8_t)type;
    l->has_ids = 0;
    l->ip_version = 0;
    c->is_tunnel |= type != ENCAP_VLAN;
    return true;
}

bool decode_push_ip(struct decoded *out, enum encapsulation type, struct decode_result *out_full)
{
    if (!decode_push(out, type, out_full))
        return false;
    struct carrier_layer *l = &out->carrier.layers[out->carrier.n_layers - 1];
    l->ip_version = out->ip_version;
    l->proto = out->proto;
    l->sport = out->sport;
    l->dport = out->dport;
    l->src = out->src;
    l->dst = out->dst;
    out->carrier.n_ip++;
    out->sport = out->dport = 0;
    out->payload = (struct span){0};
    out->payload_wire_len = 0;
    return true;
}

bool decode_try(decode_fn *inside, struct span rest, uint32_t n_cut, struct decoded *out,
                struct decode_result *out_result)
{
    struct decoded before;
    memcpy(&before, out, DECODED_HEAD_BYTES);
    struct decode_result r = inside(rest, n_cut, out);
    if (r.verdict == DECODE_OK || r.verdict == DECODE_FRAGMENT ||
        (r.verdict == DECODE_OUT_OF_SCOPE && r.reason == SCOPE_NESTING)) {
        *out_result = r;
        return true;
    }
    memcpy(out, &before, DECODED_HEAD_BYTES);
    return false;
}

/* ---- IP in IP ---- */

static struct decode_result decode_ipip(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    if (!decode_push_ip(out, ENCAP_IPIP, &full))
        return full;
    return decode_ip(ETHERTYPE_IPV4, rest, n_cut, out);
}

static struct decode_result decode_ipv6_in_ip(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    if (!decode_push_ip(out, ENCAP_IPV6_IN_IP, &full))
        return full;
    out->is_doubtful = true; /* there is little in an IPv6 header that can be wrong */
    return decode_ip(ETHERTYPE_IPV6, rest, n_cut, out);
}

static struct decode_result decode_mpls_in_ip(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    if (!decode_push_ip(out, ENCAP_MPLS_IN_IP, &full))
        return full;
    return decode_mpls(rest, n_cut, out);
}

/* RFC 3378, section 3: version 3 and 12 reserved bits. */
static struct decode_result decode_etherip(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    uint16_t header;
    if (!span_take_u16(&rest, &header) || header != 0x3000)
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_ETHERIP, &full))
        return full;
    return decode_ethernet(rest, n_cut, out);
}

/* RFC 3931, section 4.1.1: a session id; then a cookie of 0, 4 or 8 bytes and perhaps a sublayer of 4, as only the ends know. An
 * EtherType tells where the frame begins. */
static struct decode_result decode_l2tpv3(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { STEP = 4, STEPS_MAX = 3, SESSION_CONTROL = 0 };
    struct decode_result full;
    uint32_t session;
    if (!span_take_u32(&rest, &session) || session == SESSION_CONTROL)
        return decode_bad(UNDECODABLE_LINK);
    for (int n = 0; n < STEPS_MAX && !decode_looks_like_ethernet(rest); n++)
        rest = span_from(rest, STEP);
    if (!decode_push_ip(out, ENCAP_L2TPV3, &full))
        return full;
    decode_name(out, 0, session);
    out->is_doubtful = true;
    return decode_ethernet(rest, n_cut, out);
}

/* ---- GRE ---- */

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGES = 0x0080,
    GRE_VERSION = 7
};

/* Type II (draft-foschiano-erspan): version 1 (4 bits), VLAN (12), class, encapsulation and truncation (6), session (10), index (32). Type
 * III: version 2, the same, then a timestamp and more, at whose end O says that 8 bytes are to follow. */
static struct decode_result decode_erspan(unsigned version, struct span rest, uint32_t n_cut,
                                          struct decoded *out)
{
    enum { HEADER_II = 8, HEADER_III = 12, SUBHEADER = 8 };
    struct decode_result full;
    size_t len = version == 1 ? HEADER_II : HEADER_III;
    if (rest.len < len || rest.ptr[0] >> 4 != version)
        return decode_bad(UNDECODABLE_LINK);
    if (version == 2 && rest.ptr[HEADER_III - 1] & 1)
        len += SUBHEADER;
    if (!decode_push(out, ENCAP_ERSPAN, &full))
        return full;
    decode_name(out, 0, load_be16(rest.ptr + 2) & 0x03ff);
    decode_name(out, 1, load_be16(rest.ptr) & 0x0fff);
    if (!span_skip(&rest, len))
        return decode_bad(UNDECODABLE_LINK);
    return decode_ethernet(rest, n_cut, out);
}

/* Type I has no header of its own, and GRE no sequence number then. */
static struct decode_result decode_erspan_i(struct span rest, uint32_t n_cut, struct decoded *out)
{
    struct decode_result full;
    if (!decode_push(out, ENCAP_ERSPAN, &full))
        return full;
    return decode_ethernet(rest, n_cut, out);
}

/* Version 2 of WCCP has a header of 4 bytes, version 1 none. */
static struct decode_result decode_wccp(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { REDIRECT_HEADER = 4 };
    bool is_bare = rest.len && rest.ptr[0] >> 4 == 4 && decode_makes_sense(rest, n_cut);
    return decode_ip(ETHERTYPE_IPV4, is_bare ? rest : span_from(rest, REDIRECT_HEADER), n_cut, out);
}

static struct decode_result decode_gre_payload(uint16_t flags, uint16_t protocol, struct span rest,
                                               uint32_t n_cut, struct decoded *out)
{
    enum { ERSPAN_II = 0x88be, ERSPAN_III = 0x22eb, WCCP = 0x883e };
    switch (protocol) {
    case ETHERTYPE_BRIDGING:
        return decode_ethernet(rest, n_cut, out);
    case ETHERTYPE_PPP:
        return decode_ppp(rest, n_cut, out);
    case ERSPAN_II:
        return flags & GRE_SEQUENCE ? decode_erspan(1, rest, n_cut, out) : decode_erspan_i(rest, n_cut, out);
    case ERSPAN_III:
        return decode_erspan(2, rest, n_cut, out);
    case WCCP:
        return decode_wccp(rest, n_cut, out);
    default:
        return protocol < ETHERTYPE_MIN ? decode_out_of_scope(SCOPE_NOT_IP)
                                        : decode_ethertype(protocol, rest, n_cut, out);
    }
}

/* RFC 2784 and 2890. Routing (RFC 1701) is refused, as are flags that must be 0. */
static struct decode_result decode_gre_0(uint16_t flags, uint16_t protocol, struct span rest, uint32_t n_cut,
                                         struct decoded *out)
{
    enum { RESERVED = 0x0ff8 };
    struct decode_result full;
    uint32_t key = 0;
    if (flags & (RESERVED | GRE_ROUTING))
        return decode_bad(UNDECODABLE_LINK);
    if ((flags & GRE_CHECKSUM && !span_skip(&rest, 4)) || (flags & GRE_KEY && !span_take_u32(&rest, &key)) ||
        (flags & GRE_SEQUENCE && !span_skip(&rest, 4)))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_GRE, &full))
        return full;
    if (flags & GRE_KEY)
        decode_name(out, 0, key);
    return decode_gre_payload(flags, protocol, rest, n_cut, out);
}

/* RFC 2637, section 4.1: the key is the payload's length and the call id. Without a sequence number there is no payload. */
static struct decode_result decode_gre_1(uint16_t flags, uint16_t protocol, struct span rest, uint32_t n_cut,
                                         struct decoded *out)
{
    struct decode_result full;
    uint32_t key;
    if (protocol != ETHERTYPE_PPP || !(flags & GRE_KEY) || !(flags & GRE_SEQUENCE) ||
        flags & (GRE_CHECKSUM | GRE_ROUTING))
        return decode_bad(UNDECODABLE_LINK);
    if (!span_take_u32(&rest, &key) || !span_skip(&rest, flags & GRE_ACKNOWLEDGES ? 8 : 4))
        return decode_bad(UNDECODABLE_LINK);
    if (!decode_push_ip(out, ENCAP_PPTP, &full))
        return full;
    decode_name(out, 0, key & 0xffff);
    decode_limit(&rest, &n_cut, key >> 16);
    return decode_ppp(rest, n_cut, out);
}

static struct decode_result decode_gre(struct span rest, uint32_t n_cut, struct decoded *out)
{
    uint16_t flags, protocol;
    if (!span_take_u16(&rest, &flags) || !span_take_u16(&rest, &protocol))
        return decode_bad(UNDECODABLE_LINK);
    switch (flags & GRE_VERSION) {
    case 0:
        return decode_gre_0(flags, protocol, rest, n_cut, out);
    case 1:
        return decode_gre_1(flags, protocol, rest, n_cut, out);
    default:
        return decode_bad(UNDECODABLE_LINK);
    }
}

/* ---- by protocol ---- */

static decode_fn *tunnel_of(uint8_t proto)
{
    switch (proto) {
    case PROTO_IPIP:
        return decode_ipip;
    case PROTO_IPV6:
        return decode_ipv6_in_ip;
    case PROTO_GRE:
        return decode_gre;
    case PROTO_ETHERIP:
        return decode_etherip;
    case PROTO_L2TP:
        return decode_l2tpv3;
    case PROTO_MPLS:
        return decode_mpls_in_ip;
    default:
        return NULL;
    }
}

/* IPv4's authentication headers (RFC 4302), which IPv6 has in its chain. What stands in front of one that is cut stays. */
static void skip_auth_headers(struct span *rest, uint32_t *wire_len, struct decoded *out)
{
    for (int n = 0; out->proto == PROTO_AH && n < AUTH_HEADERS_MAX && rest->len >= 2; n++) {
        size_t len = (rest->ptr[1] + 2u) * 4;
        if (rest->len < len || *wire_len < len)
            return;
        out->proto = rest->ptr[0];
        span_skip(rest, len);
        *wire_len -= (uint32_t)len;
    }
}

COLD struct decode_result decode_tunnel(struct span rest, uint32_t wire_len, uint32_t n_cut, struct decoded *out)
{
    struct decode_result r;
    if (out->proto == PROTO_AH) {
        skip_auth_headers(&rest, &wire_len, out);
        if (out->proto != PROTO_AH)
            return decode_transport(rest, wire_len, n_cut, out);
    }
    out->payload_wire_len = wire_len;
    decode_fn *inside = tunnel_of(out->proto);
    if (!inside)
        return decode_ok();
    n_cut = decode_cut_off(rest, wire_len, n_cut);
    if (decode_try(inside, rest, n_cut, out, &r))
        return r;
    out->is_unread_tunnel = true;
    return decode_ok();
}
