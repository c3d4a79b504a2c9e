/* See exercise.h. What is planned is a row of indicators and ways in random order. For each conversation the next of them is due, or something that nobody
 * lists; either is made, and what was said in it is laid before the matcher before anybody sends it: so what comes with an indicator by accident
 * (the domain of a URL, a network around an address) is known, and the rest is known to meet nothing. */
#include "traffic/exercise.h"

#include <stdio.h>
#include <stdlib.h>

#include "traffic/good_start.h"
#include "traffic/regex_sample.h"
#include "traffic/regex_wish.h"

enum {
    TALKS_MAX = 512,      /* that go on side by side */
    TRIES = 32,           /* other names and addresses, until one fits */
    BETWEEN_NS = 1000000, /* between two beginnings, on average */
    HOLDS_S = 60,         /* an indicator has to hold so long: no conversation takes longer */
    RECORD_HEAD = 16,     /* of a packet in a pcap file */
    CLIENTS = 65536 - 512,
    PORT_FIRST = 32768,
    PORTS = 28000,
    TRAPS = 3,
    VALUE_ROOM = 512,
};
#define NS_PER_S INT64_C(1000000000)

/* What is contacted: an indicator, and by which way; or, from CODE_TRAP on, which of the near misses. */
struct item {
    uint32_t indicator;
    uint32_t code;
};
enum { CODE_TRAP = CONTACT_BYS, CODE_DROPPED = CONTACT_BYS + TRAPS };

/* A conversation that goes on. */
struct going {
    const struct contact *contact; /* NULL: none */
    struct item item;
    enum exercise_kind kind;
    enum contact_by by;
    unsigned n_alerts;
    struct exercise_alert alerts[EXERCISE_ALERTS_MAX];
};

struct exercise {
    struct exercise_options o;
    const struct set_view *set;
    struct scanner *scanner, *allow; /* owned; allow: NULL when nothing is allowed */
    struct contact_stock stock;
    struct mix *mix;   /* owned */
    struct item *plan; /* owned */
    size_t n_plan, n_plan_room, at;
    struct going *going; /* owned; by slot */
    struct buf sample;   /* owned: what a regex matches */
    struct dice dice;
    int64_t clock_ns;
    uint64_t n_made;
    struct exercise_totals totals;
    struct err err;
};

const char *exercise_omission_name(enum exercise_omission o)
{
    static const char *const names[OMIT_COUNT + 1] = {
        [OMIT_DIGEST] = "digest",   [OMIT_PATTERN] = "pattern", [OMIT_BLOOM] = "bloom",
        [OMIT_REFUSED] = "refused", [OMIT_FIELDS] = "fields",   [OMIT_TIME] = "time",
        [OMIT_ALLOWED] = "allowed", [OMIT_VALUE] = "value",     [OMIT_CROWDED] = "crowded",
        [OMIT_COUNT] = "",
    };
    return names[o];
}

/* ---- when ---- */

enum holding { HOLDS_NOT, HOLDS, HOLDS_PARTLY };

static enum holding holding_at(const struct set_view *v, uint32_t indicator, int64_t seconds)
{
    bool is_held = false, is_all = false;
    for (uint32_t at = v->indicators[indicator].origins; at != ORIGIN_END; at = v->origins[at].next) {
        bool begins = set_origin_holds(v, &v->origins[at], seconds),
             ends = set_origin_holds(v, &v->origins[at], seconds + HOLDS_S);
        is_held |= begins || ends;
        is_all |= begins && ends;
    }
    return is_all ? HOLDS : is_held ? HOLDS_PARTLY : HOLDS_NOT;
}

/* ---- the plan ---- */

static struct contact_wish wish_of(const struct exercise *x, uint32_t indicator)
{
    const struct indicator *i = &x->set->indicators[indicator];
    return (struct contact_wish){.type = (enum ioc_type)i->type,
                                 .match = (enum ioc_match)i->match,
                                 .value = set_value(x->set, indicator),
                                 .port = i->port,
                                 .fields = i->fields};
}

static void omit(struct exercise *x, uint32_t indicator, enum exercise_omission why)
{
    x->totals.omitted[why]++;
    if (x->o.omitted)
        x->o.omitted(x->o.to, indicator, why);
}

/* Where a text can be put that a regex looks at. */
static unsigned ways_of_regex(field_mask fields)
{
    field_mask http =
        FIELD_BIT(FIELD_HTTP_HOST) | FIELD_BIT(FIELD_HTTP_URL) | FIELD_BIT(FIELD_HTTP_USER_AGENT);
    return (fields & FIELD_BIT(FIELD_DNS_QUERY) ? 1u << BY_DNS : 0) | (fields & http ? 1u << BY_HTTP : 0) |
           (fields & FIELD_BIT(FIELD_TLS_SNI) ? 1u << BY_TLS : 0) |
           (fields & FIELD_BIT(FIELD_QUIC_SNI) ? 1u << BY_QUIC : 0);
}

/* Bits of ways; 0 and *out_why when there is none. */
/* Nothing that could be sent has a digest that is asked for. */
static bool is_digest(enum ioc_type t)
{
    return t == IOC_JA3 || t == IOC_JA4 || t == IOC_CERT_SHA1 || t == IOC_CERT_SHA256;
}

static unsigned ways_of(const struct exercise *x, uint32_t indicator, enum exercise_omission *out_why)
{
    const struct indicator *i = &x->set->indicators[indicator];
    struct contact_wish w = wish_of(x, indicator);
    unsigned ways = (w.type == IOC_REGEX ? ways_of_regex(w.fields) : contact_ways(&w)) & x->o.ways;
    if (x->o.is_one_sided && w.type >= IOC_IPV4 && w.type <= IOC_RANGE6)
        ways &= ~(1u << BY_DNS); /* the address is in the answer */
    *out_why = i->type == IOC_BLOOM                      ? OMIT_BLOOM
               : is_digest((enum ioc_type)i->type)       ? OMIT_DIGEST
               : i->flags & IOC_F_SUPPRESSED             ? OMIT_ALLOWED
               : x->o.refused && x->o.refused[indicator] ? OMIT_REFUSED
                                                         : OMIT_FIELDS;
    return *out_why == OMIT_FIELDS ? ways : 0;
}

static bool plan(struct exercise *x, uint32_t indicator, uint32_t code)
{
    if (x->n_plan == x->n_plan_room) {
        size_t room = x->n_plan_room ? x->n_plan_room * 2 : 1024;
        struct item *grown = reallocarray(x->plan, room, sizeof *grown);
        if (!grown)
            return err_set(&x->err, ERR_MEMORY, NULL, "out of memory");
        x->plan = grown;
        x->n_plan_room = room;
    }
    x->plan[x->n_plan++] = (struct item){indicator, code};
    return true;
}

static unsigned one_of(unsigned ways, struct dice *dice)
{
    uint32_t n = dice_below(dice, (uint32_t)__builtin_popcount(ways));
    while (n--)
        ways &= ways - 1;
    return ways & -ways;
}

static bool has_traps(const struct exercise *x, uint32_t indicator)
{
    return x->o.has_traps && x->set->indicators[indicator].type == IOC_DOMAIN;
}

static bool plan_indicator(struct exercise *x, uint32_t indicator)
{
    enum exercise_omission why;
    unsigned ways = ways_of(x, indicator, &why);
    if (!ways) {
        omit(x, indicator, why);
        return true;
    }
    if (x->o.is_one_way_each)
        ways = one_of(ways, &x->dice);
    for (unsigned by = 0; by < CONTACT_BYS; by++)
        if (ways & 1u << by && !plan(x, indicator, by))
            return false;
    for (unsigned trap = 0; has_traps(x, indicator) && trap < TRAPS; trap++)
        if (!plan(x, indicator, CODE_TRAP + trap))
            return false;
    return true;
}

static bool make_plan(struct exercise *x)
{
    for (uint32_t i = 0; i < x->set->n_indicators; i++)
        if (!plan_indicator(x, i))
            return false;
    for (size_t i = x->n_plan; i > 1; i--) {
        size_t other = (size_t)(dice_u64(&x->dice) % i);
        struct item t = x->plan[i - 1];
        x->plan[i - 1] = x->plan[other];
        x->plan[other] = t;
    }
    return true;
}

/* ---- one conversation, and what it meets ---- */

/* Both ends, and when; each comes but once. */
static struct way way_of(struct exercise *x, bool is_v6, enum contact_by by)
{
    uint32_t n = (uint32_t)x->n_made, client = 256 + n % CLIENTS;
    uint16_t host = (uint16_t)(by == BY_DNS ? 53 : 256 + dice_below(&x->dice, CLIENTS));
    struct way w = {.start_ns = x->clock_ns,
                    .client_port = (uint16_t)(PORT_FIRST + n / CLIENTS % PORTS),
                    .client_seq = (uint32_t)dice_u64(&x->dice),
                    .server_seq = (uint32_t)dice_u64(&x->dice),
                    .ip_id = (uint16_t)dice_u64(&x->dice),
                    .wrapping = x->o.wrapping.n ? &x->o.wrapping : NULL,
                    .tricks = x->o.is_one_sided ? TRICK_SERVER_UNSEEN : 0};
    uint8_t c[2] = {(uint8_t)(client >> 8), (uint8_t)client}, s[2] = {(uint8_t)(host >> 8), (uint8_t)host};
    if (is_v6) {
        w.client = ip_from_v6((const uint8_t[16]){0x20, 1, 0, 2, 0, 0, 0, 1, [14] = c[0], c[1]});
        w.server = ip_from_v6((const uint8_t[16]){0x20, 1, 0, 2, 0, 0, 0, 2, [14] = s[0], s[1]});
    } else {
        w.client = ip_from_v4((const uint8_t[4]){198, 18, c[0], c[1]});
        w.server = ip_from_v4((const uint8_t[4]){198, 19, s[0], s[1]});
    }
    return w;
}

/* Only what sensors are known to have trouble with, and none of it hides what is said. Bytes that contradict each other are not among it: what a second
 * reading of them gives is nobody's to foretell. */
static void evade(struct exercise *x, struct way *w)
{
    switch (dice_below(&x->dice, x->o.evasion + 1)) {
    case 1:
        w->mss = (uint16_t)(9 + dice_below(&x->dice, 120));
        break;
    case 2:
        w->mss = (uint16_t)(32 + dice_below(&x->dice, 64));
        w->order = dice_below(&x->dice, 2) ? ORDER_REVERSED : ORDER_SWAPPED;
        w->overlap = (uint16_t)dice_below(&x->dice, 8);
        w->fragment_bytes = dice_below(&x->dice, 2) ? 64 : 0;
        w->fragment_order = dice_below(&x->dice, 2) ? ORDER_REVERSED : ORDER_AS_SENT;
        break;
    case 3:
        w->mss = (uint16_t)(16 + dice_below(&x->dice, 64));
        w->tricks |= dice_below(&x->dice, 2) ? TRICK_TWICE : TRICK_FORGED_RESET;
        /* Never both: the keep-alive's byte would be another than the SYN's last. */
        w->tricks |= dice_below(&x->dice, 2) ? TRICK_DATA_IN_SYN : TRICK_KEEP_ALIVE;
        break;
    default:
        break;
    }
}

/* Most answers are short, and most bytes are in long ones. Small segments make many packets: then a few bytes will do. */
static uint32_t answer_bytes(struct exercise *x, const struct way *w)
{
    uint32_t exponent = 10 + dice_below(&x->dice, 8), much = dice_below(&x->dice, 64) == 0;
    uint32_t n = (1u << exponent) + dice_below(&x->dice, 1u << exponent);
    return w->mss || w->fragment_bytes ? 600 : much ? 16 * n : n;
}

static bool is_v6_type(enum ioc_type type)
{
    return type == IOC_IPV6 || type == IOC_CIDR6 || type == IOC_RANGE6;
}

static bool is_v6_wish(const struct contact_wish *w, struct dice *dice)
{
    if (w->type == IOC_IP_PORT)
        return w->value.len && w->value.ptr[0] == '[';
    bool has_address = w->type >= IOC_IPV4 && w->type <= IOC_RANGE6;
    return has_address ? is_v6_type(w->type) : dice_below(dice, 8) == 0;
}

static bool make(struct exercise *x, struct contact *c, struct contact_wish *w)
{
    bool is_v6 = is_v6_wish(w, &x->dice);
    struct way way = way_of(x, is_v6, w->by), elsewhere = way_of(x, is_v6, BY_TLS);
    if (x->o.evasion)
        evade(x, &way);
    w->resolves_to = &elsewhere.server;
    w->answer_bytes = w->by == BY_DNS ? 0 : answer_bytes(x, &way);
    x->n_made++;
    return contact_make(c, &x->stock, w, &way, &x->dice);
}

/* What the words meet, in the order of their fields. */
static size_t scan(struct scanner *s, const struct contact *c, const struct hit **out)
{
    for (unsigned i = 0; i < c->n_said; i++)
        scan_add(s, &c->said[i], i);
    return scan_run(s, out);
}

static bool is_allowed(struct exercise *x, const struct contact *c)
{
    const struct hit *hits;
    return x->allow && scan(x->allow, c, &hits) > 0;
}

static bool is_same_value(const struct scan_field *a, const struct scan_field *b)
{
    if ((a->kind == SCAN_URL) != (b->kind == SCAN_URL) ||
        (a->kind == SCAN_ADDRESS) != (b->kind == SCAN_ADDRESS))
        return false;
    if (a->kind == SCAN_ADDRESS)
        return ip_compare(&a->ip, &b->ip) == 0;
    return span_eq(a->text, b->text) && span_eq(a->target, b->target);
}

/* Alerts come once per indicator and value. False: there are too many. */
static bool add_alert(struct going *g, const struct contact *c, uint32_t indicator, unsigned said)
{
    for (unsigned i = 0; i < g->n_alerts; i++)
        if (g->alerts[i].indicator == indicator && is_same_value(&c->said[g->alerts[i].said], &c->said[said]))
            return true;
    if (g->n_alerts == EXERCISE_ALERTS_MAX)
        return false;
    g->alerts[g->n_alerts++] = (struct exercise_alert){indicator, said};
    return true;
}

/* Where an indicator shows that is contacted so. */
static unsigned said_of(const struct contact *c, enum ioc_type type, enum contact_by by)
{
    bool is_address = type >= IOC_IPV4 && type <= IOC_IP_PORT;
    enum field field = is_address && by != BY_DNS ? FIELD_IP_DST
                       : is_address               ? FIELD_DNS_ANSWER_ADDRESS
                       : by == BY_DNS             ? FIELD_DNS_QUERY
                       : by == BY_TLS             ? FIELD_TLS_SNI
                       : by == BY_QUIC            ? FIELD_QUIC_SNI
                       : type == IOC_USER_AGENT   ? FIELD_HTTP_USER_AGENT
                       : type <= IOC_DOMAIN_PORT  ? FIELD_HTTP_HOST
                                                  : FIELD_HTTP_URL;
    unsigned i = 0;
    while (i + 1 < c->n_said && c->said[i].field != field)
        i++;
    return i;
}

/* The planted indicator first, whatever the matcher says of it; then all others. OMIT_COUNT: all is well. */
static enum exercise_omission expect(struct exercise *x, struct going *g, const struct contact *c)
{
    int64_t seconds = x->clock_ns / NS_PER_S;
    const struct hit *hits;
    size_t n = scan(x->scanner, c, &hits);
    uint32_t planted = g->item.indicator;
    enum ioc_type type = (enum ioc_type)x->set->indicators[planted].type;
    unsigned said = said_of(c, type, g->by);
    if (holding_at(x->set, planted, seconds) != HOLDS)
        return OMIT_TIME;
    for (size_t i = 0; i < n; i++)
        if (hits[i].indicator == planted && !add_alert(g, c, planted, hits[i].cookie))
            return OMIT_CROWDED;
    if (type == IOC_REGEX && g->n_alerts == 0) /* no value of it after all */
        return OMIT_PATTERN;
    if (type != IOC_REGEX && !add_alert(g, c, planted, said))
        return OMIT_CROWDED;
    for (size_t i = 0; i < n; i++) {
        enum holding h = holding_at(x->set, hits[i].indicator, seconds);
        if (h == HOLDS_PARTLY)
            return OMIT_TIME;
        if (h == HOLDS && !add_alert(g, c, hits[i].indicator, hits[i].cookie))
            return OMIT_CROWDED;
    }
    return OMIT_COUNT;
}

/* What would be a header of its own, or lose a blank at its ends, is not sent as it stands. */
static bool can_be_sent(const struct contact_wish *w)
{
    if (w->type != IOC_USER_AGENT)
        return true;
    for (size_t i = 0; i < w->value.len; i++)
        if (w->value.ptr[i] < 0x20 || w->value.ptr[i] == 0x7f)
            return false;
    return w->value.len && w->value.ptr[0] != ' ' && w->value.ptr[w->value.len - 1] != ' ';
}

/* What is contacted at one of several tries. */
static bool next_wish(struct exercise *x, const struct going *g, unsigned attempt, struct contact_wish *out)
{
    *out = wish_of(x, g->item.indicator);
    out->by = g->by;
    return (out->type != IOC_REGEX || regex_wish(out, attempt, &x->dice, &x->sample)) && can_be_sent(out);
}

static bool make_planted(struct exercise *x, struct contact *c, struct going *g)
{
    bool is_regex = x->set->indicators[g->item.indicator].type == IOC_REGEX;
    enum exercise_omission why = is_regex ? OMIT_PATTERN : OMIT_VALUE;
    struct contact_wish w;
    g->by = (enum contact_by)g->item.code;
    for (unsigned i = 0; i < TRIES; i++) {
        g->n_alerts = 0;
        if (!next_wish(x, g, i, &w))
            continue;
        if (!make(x, c, &w))
            why = is_regex ? OMIT_PATTERN : OMIT_VALUE;
        else if (is_allowed(x, c))
            why = OMIT_ALLOWED;
        else if ((why = expect(x, g, c)) == OMIT_COUNT)
            return true;
        if (why == OMIT_TIME || why == OMIT_CROWDED)
            break;
    }
    omit(x, g->item.indicator, why);
    return false;
}

static bool meets_nothing(struct exercise *x, const struct contact *c)
{
    const struct hit *hits;
    return scan(x->scanner, c, &hits) == 0 && !is_allowed(x, c);
}

/* Names that some sensors take for the listed one: "notevil.example", "evil.example.benign.example", "evil.exampl". */
static size_t trap_name(struct span value, unsigned trap, char out[static VALUE_ROOM])
{
    int len = (int)value.len;
    int n = trap == 0   ? snprintf(out, VALUE_ROOM, "not%.*s", len, (const char *)value.ptr)
            : trap == 1 ? snprintf(out, VALUE_ROOM, "%.*s.benign.example", len, (const char *)value.ptr)
                        : snprintf(out, VALUE_ROOM, "%.*s", len - 1, (const char *)value.ptr);
    return (size_t)n;
}

static bool make_trap(struct exercise *x, struct contact *c, struct going *g)
{
    char name[VALUE_ROOM];
    unsigned all = 1u << BY_DNS | 1u << BY_HTTP | 1u << BY_TLS | 1u << BY_QUIC, ways = all & x->o.ways;
    struct span value = set_value(x->set, g->item.indicator);
    struct contact_wish w = {.type = IOC_DOMAIN, .match = MATCH_EXACT};
    w.value = span_of(name, trap_name(value, g->item.code - CODE_TRAP, name));
    w.by = g->by = (enum contact_by)__builtin_ctz(one_of(ways ? ways : all, &x->dice));
    if (make(x, c, &w) && meets_nothing(x, c))
        return true;
    x->totals.traps_omitted++;
    return false;
}

static enum contact_by draw_by(struct exercise *x)
{
    uint32_t sum = 0, by = 0;
    for (unsigned i = 0; i < CONTACT_BYS; i++)
        sum += x->o.mix[i];
    uint32_t at = dice_below(&x->dice, sum);
    while (by + 1 < CONTACT_BYS && at >= x->o.mix[by])
        at -= x->o.mix[by++];
    return (enum contact_by)by;
}

static bool make_background(struct exercise *x, struct contact *c, struct going *g)
{
    char name[CONTACT_NAME_MAX];
    for (unsigned i = 0; i < TRIES; i++) {
        struct contact_wish w = {.type = IOC_DOMAIN, .match = MATCH_EXACT, .by = g->by = draw_by(x)};
        w.value = span_of(name, contact_name(&x->dice, name));
        if (g->by == BY_CONNECTION) {
            struct way way = way_of(x, false, BY_CONNECTION);
            w.type = IOC_IPV4;
            w.value = span_of(name, ip_format(&way.server, name));
        }
        if (make(x, c, &w) && meets_nothing(x, c))
            return true;
    }
    return err_set(
        &x->err, ERR_LIMIT, NULL,
        "the lists (or allow-lists) name whatever is made: names in .example, or 198.18.0.0/15 and "
        "2001:2::/48, in which all hosts of a drill are");
}

/* ---- which one is next ---- */

static bool has_target(const struct exercise *x)
{
    return x->o.bytes || x->o.packets;
}

/* How far it has come, from 0 to 1. */
static double progress(const struct exercise *x)
{
    double bytes = x->o.bytes ? (double)x->totals.bytes / (double)x->o.bytes : 1,
           packets = x->o.packets ? (double)x->totals.packets / (double)x->o.packets : 1;
    return bytes < packets ? bytes : packets;
}

static bool is_by_chance(struct exercise *x)
{
    return (double)(dice_u64(&x->dice) >> 11) * 0x1p-53 < x->o.hit_rate;
}

/* What is planned comes in time to be done at the end; the hit rate may ask for it earlier, and again. NULL: nothing of it. */
static struct item *next_item(struct exercise *x)
{
    bool is_chosen = x->o.hit_rate > 0 && is_by_chance(x);
    if (x->at < x->n_plan) {
        bool is_due = has_target(x) && progress(x) * (double)x->n_plan >= (double)x->at;
        return is_chosen || is_due ? &x->plan[x->at++] : NULL;
    }
    struct item *again = is_chosen && x->n_plan ? &x->plan[dice_u64(&x->dice) % x->n_plan] : NULL;
    return again && again->code != CODE_DROPPED ? again : NULL;
}

static bool is_over(const struct exercise *x)
{
    return x->at == x->n_plan && (!has_target(x) || progress(x) >= 1);
}

static void tell(struct exercise *x, struct going *g)
{
    if (!g->contact)
        return;
    x->totals.conversations++;
    x->totals.planted += g->kind == EXERCISE_PLANTED;
    x->totals.traps += g->kind == EXERCISE_TRAP;
    x->totals.alerts += g->n_alerts;
    if (g->kind != EXERCISE_BACKGROUND && x->o.told)
        x->o.told(x->o.to, &(struct exercise_talk){.contact = g->contact,
                                                   .kind = g->kind,
                                                   .by = g->by,
                                                   .indicator = g->item.indicator,
                                                   .alerts = g->alerts,
                                                   .n_alerts = g->n_alerts});
    g->contact = NULL;
}

static bool make_item(struct exercise *x, struct contact *c, struct going *g, struct item *item)
{
    bool is_trap = item->code >= CODE_TRAP;
    g->item = *item;
    g->kind = is_trap ? EXERCISE_TRAP : EXERCISE_PLANTED;
    if (is_trap ? make_trap(x, c, g) : make_planted(x, c, g))
        return true;
    item->code = CODE_DROPPED;
    return false;
}

static bool next_talk(void *to, struct contact *c)
{
    struct exercise *x = to;
    struct going *g = &x->going[c->slot];
    tell(x, g);
    x->clock_ns += dice_below(&x->dice, 2 * BETWEEN_NS);
    while (!is_over(x)) {
        struct item *item = next_item(x);
        g->n_alerts = 0;
        g->kind = EXERCISE_BACKGROUND;
        if (item ? !make_item(x, c, g, item) : !make_background(x, c, g)) {
            if (x->err.kind != ERR_NONE)
                return false;
            continue;
        }
        g->contact = c;
        return true;
    }
    return false;
}

/* ---- all together ---- */

static void set_defaults(struct exercise_options *o, const struct set_view *set)
{
    static const uint32_t usual[CONTACT_BYS] = {[BY_DNS] = 40, [BY_HTTP] = 20, [BY_TLS] = 30, [BY_QUIC] = 10};
    uint32_t sum = 0;
    for (unsigned i = 0; i < CONTACT_BYS; i++)
        sum += o->mix[i];
    if (!sum)
        memcpy(o->mix, usual, sizeof usual);
    if (!o->ways)
        o->ways = (1u << CONTACT_BYS) - 1;
    if (o->hit_rate <= 0 && !o->bytes && !o->packets)
        o->hit_rate = 0.1;
    if (o->start == INT64_MIN)
        o->start = good_start(set, HOLDS_S);
}

struct exercise *exercise_new(const struct exercise_options *o, struct err *err)
{
    struct exercise *x = calloc(1, sizeof *x);
    if (!x) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
        return NULL;
    }
    x->o = *o;
    x->set = db_set(o->db);
    set_defaults(&x->o, x->set);
    x->dice = dice_of(o->seed);
    x->clock_ns = x->o.start * NS_PER_S;
    buf_init(&x->sample, 2 * REGEX_SAMPLE_MAX);
    x->going = calloc(TALKS_MAX, sizeof *x->going);
    x->mix = mix_new(TALKS_MAX, next_talk, x);
    x->scanner = scanner_new(o->db, &x->err);
    if (db_allow(o->db))
        x->allow = scanner_new(db_allow(o->db), &x->err);
    if (x->err.kind == ERR_NONE && (!contact_stock_init(&x->stock, o->seed) || !x->going || !x->mix))
        err_set(&x->err, ERR_MEMORY, NULL, "out of memory");
    if (x->err.kind == ERR_NONE && make_plan(x))
        return x;
    *err = x->err;
    exercise_free(x);
    return NULL;
}

void exercise_free(struct exercise *x)
{
    if (!x)
        return;
    mix_free(x->mix);
    scanner_free(x->scanner);
    scanner_free(x->allow);
    contact_stock_fini(&x->stock);
    buf_fini(&x->sample);
    free(x->plan);
    free(x->going);
    free(x);
}

bool exercise_next(struct exercise *x, struct packet *out, struct err *err)
{
    if (x->err.kind == ERR_NONE && mix_next(x->mix, out)) {
        x->totals.packets++;
        x->totals.bytes += RECORD_HEAD + out->bytes.len;
        return true;
    }
    for (unsigned i = 0; i < TALKS_MAX; i++)
        tell(x, &x->going[i]);
    if (x->err.kind != ERR_NONE)
        *err = x->err;
    return false;
}

const struct exercise_totals *exercise_totals(const struct exercise *x)
{
    return &x->totals;
}

int64_t exercise_start(const struct exercise *x)
{
    return x->o.start;
}
