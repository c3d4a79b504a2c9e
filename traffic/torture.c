/* See torture.h. A row (scene.c) knows what is said, a column how it travels, neither of them of the other. */
#include "traffic/torture.h"

#include <stdio.h>
#include <stdlib.h>

#include "traffic/scene.h"

enum { PORTS_FIRST = 10000, PORTS = 50000 };
#define FIRST_NS INT64_C(1767225600000000000) /* 2026-01-01T00:00:00Z */
enum { GAP_NS = 1000, WAIT_NS = 100000, BETWEEN_NS = 1000000 };

/* ---- the columns ---- */

enum how_flag {
    HOW_TCP = 1, /* means nothing to UDP */
    HOW_IPV6 = 2,
    HOW_EACH_CUT = 4,    /* one trial for each byte of what tells */
    HOW_REUSED = 8,      /* another conversation had the same addresses and ports before */
    HOW_AFTER_LOSS = 16, /* something was said before, of which nothing arrives */
};

#define OUTER_V4                                                                                             \
    .client = {.b = {[10] = 0xff, [11] = 0xff, 203, 0, 113, 1}},                                             \
    .server = {.b = {[10] = 0xff, [11] = 0xff, 203, 0, 113, 2}}

static const struct wrapping vlan = {1, {{.kind = WRAP_VLAN, .id = 42}}},
                             qinq = {2,
                                     {{.kind = WRAP_SERVICE_VLAN, .id = 100}, {.kind = WRAP_VLAN, .id = 42}}},
                             mpls = {2, {{.kind = WRAP_MPLS, .id = 1000}, {.kind = WRAP_MPLS, .id = 16}}},
                             pppoe = {1, {{.kind = WRAP_PPPOE, .id = 17}}},
                             ip_in_ip = {1, {{.kind = WRAP_IP, OUTER_V4}}},
                             gre = {1, {{.kind = WRAP_GRE, OUTER_V4}}},
                             vxlan = {1, {{.kind = WRAP_VXLAN, .id = 5000, OUTER_V4}}},
                             gtp_u = {1, {{.kind = WRAP_GTP_U, .id = 0x1234, OUTER_V4}}};

static const struct how {
    struct torture_label label;
    const char *group;
    unsigned flags;
    struct way way;
} hows[] = {
    {{"plain", "plain"}, "segments", 0, {.mss = 0}},
    {{"cut", "cut at each byte"}, "segments", HOW_TCP | HOW_EACH_CUT, {.mss = 0}},
    {{"bytes", "one byte a segment"}, "segments", HOW_TCP, {.mss = 1}},
    {{"reverse", "last segment first"}, "segments", HOW_TCP, {.mss = 64, .order = ORDER_REVERSED}},
    {{"swapped", "segments swapped"}, "segments", HOW_TCP, {.mss = 9, .order = ORDER_SWAPPED}},
    {{"overlap", "overlapping"}, "segments", HOW_TCP, {.mss = 11, .overlap = 5}},
    {{"lies", "other bytes sent again"}, "segments", HOW_TCP, {.mss = 11, .tricks = TRICK_OTHER_BYTES}},
    {{"twice", "each packet twice"}, "segments", 0, {.tricks = TRICK_TWICE}},
    {{"syn", "data in the SYN"}, "connections", HOW_TCP, {.mss = 32, .tricks = TRICK_DATA_IN_SYN}},
    {{"wrap", "numbers wrap"}, "connections", HOW_TCP, {.mss = 16, .client_seq = 0xffffffe0}},
    {{"reused", "ports used again"}, "connections", HOW_TCP | HOW_REUSED, {.mss = 0}},
    {{"reset", "forged RST"}, "connections", HOW_TCP, {.tricks = TRICK_FORGED_RESET}},
    {{"alive", "keep-alive byte"}, "connections", HOW_TCP, {.tricks = TRICK_KEEP_ALIVE}},
    {{"middle", "without handshake"}, "connections", HOW_TCP, {.tricks = TRICK_NO_OPENING}},
    {{"loss", "after lost bytes"}, "connections", HOW_TCP | HOW_AFTER_LOSS, {.tricks = TRICK_FIRST_LOST}},
    {{"client", "client's side only"}, "connections", 0, {.tricks = TRICK_SERVER_UNSEEN}},
    {{"server", "server's side only"}, "connections", 0, {.tricks = TRICK_CLIENT_UNSEEN}},
    {{"ipv6", "IPv6"}, "networks", HOW_IPV6, {.mss = 0}},
    {{"frag4", "IPv4 fragments"}, "networks", 0, {.fragment_bytes = 32}},
    {{"rev4", "IPv4 fragments reversed"},
     "networks",
     0,
     {.fragment_bytes = 32, .fragment_order = ORDER_REVERSED}},
    {{"frag6", "IPv6 fragments"}, "networks", HOW_IPV6, {.fragment_bytes = 32}},
    {{"rev6", "IPv6 fragments reversed"},
     "networks",
     HOW_IPV6,
     {.fragment_bytes = 32, .fragment_order = ORDER_REVERSED}},
    {{"vlan", "VLAN"}, "networks", 0, {.wrapping = &vlan}},
    {{"qinq", "QinQ"}, "networks", 0, {.wrapping = &qinq}},
    {{"mpls", "MPLS, two labels"}, "tunnels", 0, {.wrapping = &mpls}},
    {{"pppoe", "PPPoE"}, "tunnels", 0, {.wrapping = &pppoe}},
    {{"gre", "GRE"}, "tunnels", 0, {.wrapping = &gre}},
    {{"ipip", "IP in IP"}, "tunnels", 0, {.wrapping = &ip_in_ip}},
    {{"6in4", "IPv6 in IPv4"}, "tunnels", HOW_IPV6, {.wrapping = &ip_in_ip}},
    {{"vxlan", "VXLAN"}, "tunnels", 0, {.wrapping = &vxlan}},
    {{"gtp-u", "GTP-U"}, "tunnels", 0, {.wrapping = &gtp_u}},
};
enum { N_HOWS = sizeof hows / sizeof *hows };

unsigned torture_n_whats(void)
{
    return scene_n_kinds();
}

unsigned torture_n_hows(void)
{
    return N_HOWS;
}

struct torture_label torture_what(unsigned what)
{
    return (struct torture_label){scene_kind(what)->name, scene_kind(what)->text};
}

struct torture_label torture_how(unsigned how)
{
    return hows[how].label;
}

const char *torture_group(unsigned how)
{
    return hows[how].group;
}

static struct ip address_of(unsigned how)
{
    if (hows[how].flags & HOW_IPV6)
        return ip_from_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0, 0xba, [15] = (uint8_t)(10 + how)});
    return ip_from_v4((const uint8_t[4]){203, 0, 113, (uint8_t)(10 + how)});
}

size_t torture_value(unsigned what, unsigned how, char out[static TORTURE_VALUE_MAX], enum ioc_type *out_type)
{
    if (scene_kind(what)->is_by_address) {
        struct ip ip = address_of(how);
        *out_type = ip_is_v4(&ip) ? IOC_IPV4 : IOC_IPV6;
        return ip_format(&ip, out);
    }
    *out_type = IOC_DOMAIN;
    return (size_t)snprintf(out, TORTURE_VALUE_MAX, "%s.%s.selftest.example", scene_kind(what)->name,
                            hows[how].label.name);
}

/* ---- a trial ---- */

struct torture {
    struct scene scene, other; /* `other` was there before, or is lost */
    struct talk talks[2];
    unsigned n_talks, talk;
    struct talk_room room;
    int64_t now_ns;
    uint64_t number;
    uint32_t n_trials;
};

struct torture *torture_new(void)
{
    struct torture *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->now_ns = FIRST_NS;
    if (scene_init(&t->scene) && scene_init(&t->other))
        return t;
    torture_free(t);
    return NULL;
}

void torture_free(struct torture *t)
{
    if (!t)
        return;
    scene_fini(&t->scene);
    scene_fini(&t->other);
    free(t);
}

static void write_cell(struct torture *t, unsigned what, unsigned how)
{
    char value[TORTURE_VALUE_MAX];
    enum ioc_type type;
    size_t len = torture_value(what, how, value, &type);
    scene_write(&t->scene, what, span_of(value, len), what * N_HOWS + how);
}

static bool applies(unsigned what, unsigned how)
{
    const struct scene_kind *w = scene_kind(what);
    const struct how *h = &hows[how];
    if ((w->is_udp && h->flags & HOW_TCP) || (w->earlier == EARLIER_NOTHING && h->flags & HOW_AFTER_LOSS))
        return false;
    if (h->way.tricks & TRICK_SERVER_UNSEEN)
        return w->told_by & TOLD_BY_CLIENT;
    if (h->way.tricks & TRICK_CLIENT_UNSEEN)
        return w->told_by & TOLD_BY_SERVER;
    return true;
}

/* The longest thing the client says is what is worth cutting. */
static size_t longest_line(const struct scene *s)
{
    size_t longest = 0;
    for (unsigned i = 0; i < s->n_lines; i++)
        if (s->lines[i].side == TALK_CLIENT && s->lines[i].to - s->lines[i].from > longest)
            longest = s->lines[i].to - s->lines[i].from;
    return longest;
}

uint32_t torture_trials(struct torture *t, unsigned what, unsigned how)
{
    if (!applies(what, how))
        return 0;
    if (!(hows[how].flags & HOW_EACH_CUT))
        return 1;
    write_cell(t, what, how);
    return (uint32_t)longest_line(&t->scene) - 1;
}

static struct way way_of(struct torture *t, unsigned what, unsigned how, uint32_t trial)
{
    const struct how *h = &hows[how];
    bool is_v6 = h->flags & HOW_IPV6;
    uint32_t n = t->n_trials++;
    struct way w = h->way;
    w.client = is_v6
                   ? ip_from_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [14] = (uint8_t)(n / PORTS), 10})
                   : ip_from_v4((const uint8_t[4]){192, 0, 2, (uint8_t)(10 + n / PORTS)});
    w.server = is_v6 ? ip_from_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0, 0xcc, [15] = 80})
                     : ip_from_v4((const uint8_t[4]){198, 51, 100, 80});
    if (scene_kind(what)->is_by_address)
        w.server = address_of(how);
    w.client_port = (uint16_t)(PORTS_FIRST + n % PORTS);
    w.server_port = scene_kind(what)->port;
    w.start_ns = t->now_ns;
    w.gap_ns = GAP_NS;
    w.wait_ns = WAIT_NS;
    w.ip_id = (uint16_t)(n * 37);
    w.client_seq = w.client_seq ? w.client_seq : 0x10000000 + n * 7919;
    w.server_seq = 0x60000000 + n * 104729;
    if (h->flags & HOW_EACH_CUT)
        w.cut_at = (uint16_t)(trial + 1);
    return w;
}

static void begin_talk(struct talk *t, unsigned what, const struct way *w)
{
    if (scene_kind(what)->is_udp)
        talk_begin_udp(t, w);
    else
        talk_begin_tcp(t, w);
}

void torture_begin(struct torture *t, unsigned what, unsigned how, uint32_t trial)
{
    struct way w = way_of(t, what, how, trial);
    bool is_reused = hows[how].flags & HOW_REUSED;
    bool follows_another = hows[how].flags & HOW_AFTER_LOSS && scene_kind(what)->earlier == EARLIER_ANOTHER;
    t->n_talks = t->talk = 0;
    write_cell(t, what, how);
    if (is_reused || follows_another)
        scene_write(&t->other, what, SCENE_STRANGER, what);
    if (is_reused) {
        begin_talk(&t->talks[t->n_talks], what, &w);
        scene_say(&t->other, &t->talks[t->n_talks++]);
        w.client_seq += 0x100000;
        w.server_seq -= 0x100000;
    }
    struct talk *last = &t->talks[t->n_talks++];
    begin_talk(last, what, &w);
    if (follows_another)
        scene_say(&t->other, last);
    scene_say(&t->scene, last);
}

bool torture_next(struct torture *t, struct packet *out)
{
    while (t->talk < t->n_talks) {
        struct talk *talk = &t->talks[t->talk];
        if (talk_is_in_fragments(talk) || talk_settle(talk, &t->room)) {
            talk_next(talk, &t->room, out);
            out->number = ++t->number;
            return true;
        }
        t->now_ns = talk->due_ns + BETWEEN_NS;
        if (++t->talk < t->n_talks)
            t->talks[t->talk].due_ns = t->now_ns;
    }
    return false;
}
