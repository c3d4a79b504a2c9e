/* See wrapping.h. Hot. */
#include "traffic/wrapping.h"

#include <netinet/in.h>

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_SERVICE_VLAN = 0x88a8
};
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };
enum { PORT_VXLAN = 4789, PORT_GTP_U = 2152, ETHERNET_HEADER = 14, TUNNEL_HOPS = 64 };

static bool has_ip_header(enum wrap_kind k)
{
    return k == WRAP_IP || k == WRAP_GRE || k == WRAP_VXLAN || k == WRAP_GTP_U;
}

static bool may_follow(enum wrap_kind outer, enum wrap_kind inner)
{
    switch (outer) {
    case WRAP_MPLS:
        return inner == WRAP_MPLS || has_ip_header(inner);
    case WRAP_GRE:
        return inner == WRAP_MPLS || has_ip_header(inner);
    case WRAP_PPPOE:
    case WRAP_IP:
    case WRAP_GTP_U:
        return has_ip_header(inner);
    default: /* an EtherType follows */
        return true;
    }
}

bool wrapping_fits(const struct wrapping *c)
{
    for (unsigned i = 0; i + 1 < c->n && i + 1 < WRAPPING_MAX; i++)
        if (!may_follow(c->layers[i].kind, c->layers[i + 1].kind))
            return false;
    return c->n <= WRAPPING_MAX;
}

static bool is_ipv6(const struct frame *f)
{
    return f->bytes[f->at] >> 4 == 6;
}

/* What an EtherType field says of the outermost of what is there; `inner` is its layer, or NULL when it is the innermost packet. */
static uint16_t ethertype_of(const struct wrap *inner, const struct frame *f)
{
    if (inner && inner->kind == WRAP_VLAN)
        return ETHERTYPE_VLAN;
    if (inner && inner->kind == WRAP_SERVICE_VLAN)
        return ETHERTYPE_SERVICE_VLAN;
    if (inner && inner->kind == WRAP_MPLS)
        return ETHERTYPE_MPLS;
    if (inner && inner->kind == WRAP_PPPOE)
        return ETHERTYPE_PPPOE;
    return is_ipv6(f) ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
}

/* Addresses of the unicast, locally administered kind, which nobody else's are (IEEE 802, section 8.4). */
static void push_ethernet(struct frame *f, bool is_to_server, uint16_t ethertype)
{
    static const uint8_t mark[6] = WRAPPING_MAC_MARK;
    uint8_t *p = frame_push(f, ETHERNET_HEADER);
    memcpy(p, mark, sizeof mark);
    memcpy(p + 6, mark, sizeof mark);
    p[5] = is_to_server ? 2 : 1;
    p[11] = is_to_server ? 1 : 2;
    store_be16(p + 12, ethertype);
}

static void push_tag(struct frame *f, uint32_t id, uint16_t ethertype)
{
    uint8_t *p = frame_push(f, 4);
    store_be16(p, id & 0xfff);
    store_be16(p + 2, ethertype);
}

static void push_label(struct frame *f, uint32_t label, bool is_bottom)
{
    store_be32(frame_push(f, 4), (label & 0xfffff) << 12 | (is_bottom ? 0x100u : 0) | TUNNEL_HOPS);
}

static void push_pppoe(struct frame *f, uint32_t session)
{
    uint32_t len = f->end - f->at + 2;
    uint16_t protocol = is_ipv6(f) ? PPP_IPV6 : PPP_IPV4;
    uint8_t *p = frame_push(f, 8);
    store_be16(p, 0x1100);
    store_be16(p + 2, session);
    store_be16(p + 4, len);
    store_be16(p + 6, protocol);
}

static void push_gre(struct frame *f, uint32_t key, uint16_t ethertype)
{
    if (key)
        store_be32(frame_push(f, 4), key);
    uint8_t *p = frame_push(f, 4);
    store_be16(p, key ? 0x2000 : 0);
    store_be16(p + 2, ethertype);
}

static void push_vxlan(struct frame *f, uint32_t network)
{
    uint8_t *p = frame_push(f, 8);
    store_be32(p, 0x08000000);
    store_be32(p + 4, network << 8);
}

static void push_gtp_u(struct frame *f, uint32_t endpoint)
{
    uint32_t len = f->end - f->at;
    uint8_t *p = frame_push(f, 8);
    store_be16(p, 0x30ff); /* version 1, a packet within */
    store_be16(p + 2, len);
    store_be32(p + 4, endpoint);
}

static void push_outer_ip(struct frame *f, const struct wrap *l, bool is_to_server, uint8_t proto,
                          uint16_t port)
{
    struct frame_ends e = {.src = is_to_server ? l->client : l->server,
                           .dst = is_to_server ? l->server : l->client,
                           .sport = port,
                           .dport = port};
    if (proto == IPPROTO_UDP)
        frame_push_udp(f, &e);
    frame_push_ip(f, &e, &(struct frame_ip){.proto = proto, .hop_limit = TUNNEL_HOPS});
}

static void push_wrap(struct frame *f, const struct wrap *l, const struct wrap *inner, bool is_to_server)
{
    uint16_t ethertype = ethertype_of(inner, f);
    switch (l->kind) {
    case WRAP_VLAN:
    case WRAP_SERVICE_VLAN:
        push_tag(f, l->id, ethertype);
        break;
    case WRAP_MPLS:
        push_label(f, l->id, ethertype != ETHERTYPE_MPLS);
        break;
    case WRAP_PPPOE:
        push_pppoe(f, l->id);
        break;
    case WRAP_IP:
        push_outer_ip(f, l, is_to_server, is_ipv6(f) ? IPPROTO_IPV6 : IPPROTO_IPIP, 0);
        break;
    case WRAP_GRE:
        push_gre(f, l->id, ethertype);
        push_outer_ip(f, l, is_to_server, IPPROTO_GRE, 0);
        break;
    case WRAP_VXLAN:
        push_ethernet(f, is_to_server, ethertype);
        push_vxlan(f, l->id);
        push_outer_ip(f, l, is_to_server, IPPROTO_UDP, PORT_VXLAN);
        break;
    case WRAP_GTP_U:
        push_gtp_u(f, l->id);
        push_outer_ip(f, l, is_to_server, IPPROTO_UDP, PORT_GTP_U);
        break;
    case WRAP_KINDS:
        break;
    }
}

void wrapping_push(const struct wrapping *c, bool is_to_server, struct frame *f)
{
    const struct wrap *inner = NULL;
    for (unsigned i = c ? c->n : 0; i-- > 0; inner = &c->layers[i])
        push_wrap(f, &c->layers[i], inner, is_to_server);
    push_ethernet(f, is_to_server, ethertype_of(inner, f));
}

const char *wrap_name(enum wrap_kind k)
{
    static const char *const names[WRAP_KINDS + 1] = {
        [WRAP_VLAN] = "vlan",   [WRAP_SERVICE_VLAN] = "service vlan",
        [WRAP_MPLS] = "mpls",   [WRAP_PPPOE] = "pppoe",
        [WRAP_IP] = "ip",       [WRAP_GRE] = "gre",
        [WRAP_VXLAN] = "vxlan", [WRAP_GTP_U] = "gtp-u",
        [WRAP_KINDS] = "",
    };
    return names[k];
}
