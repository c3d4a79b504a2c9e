/* See survey.h. */
#include "matcher/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "matcher/hyperscan.h"
#include "matcher/route.h"
#include "matcher/scan.h"
#include "matcher/special_use.h"

enum {
    PROBES = 4096, /* indicators looked up in one scan */
    BROAD_BITS_V4 = 8,
    BROAD_BITS_V6 = 19,
    BROAD_STRANGERS = 3, /* of the names below: so many hits are no coincidence */
    PATTERNS_TIMED = 2000,
    SLOW_COMPILE_MS = 250,
    SAMPLE_BYTES = 64 * 1024,
    SAMPLE_ROUNDS = 4,
    VALUE_SHOWN = 80,
};
#define SLOW_NS_PER_BYTE 4.0

struct survey {
    const struct db *db;
    const struct set_view *v;
    const struct survey_options *o;
    struct scanner *scanner; /* owned */
    struct special_uses special;
};

const char *finding_name(enum finding f)
{
    static const char *const names[] = {
        [FINDING_SHADOWED] = "shadowed",         [FINDING_TOO_BROAD] = "too-broad",
        [FINDING_EXPIRED] = "expired",           [FINDING_NOT_YET_VALID] = "not-yet-valid",
        [FINDING_TLP_CONFLICT] = "tlp-conflict", [FINDING_PATTERN_SLOW] = "pattern-slow",
    };
    return (unsigned)f < sizeof names / sizeof *names ? names[f] : "unknown";
}

static void tell(struct survey *s, enum finding finding, uint32_t indicator, uint32_t origin,
                 const char *what)
{
    struct survey_finding f = {.finding = finding, .indicator = indicator, .origin = origin, .what = what};
    s->o->found(s->o->to, &f);
}

static bool is_suppressed(const struct indicator *ind)
{
    return ind->flags & IOC_F_SUPPRESSED;
}

/* "path:line" of an indicator's first origin. */
static void put_place(const struct set_view *v, uint32_t indicator, char *out, size_t room)
{
    const struct origin *o = &v->origins[v->indicators[indicator].origins];
    struct span path = set_text(v, v->lists[o->list].path);
    snprintf(out, room, "%.*s:%u", (int)(path.len < 200 ? path.len : 200), (const char *)path.ptr, o->line);
}

static int shown(struct span value)
{
    return (int)(value.len < VALUE_SHOWN ? value.len : VALUE_SHOWN);
}

/* ---- shadowed ---- */

static bool is_address_type(uint8_t type)
{
    return (type >= IOC_IPV4 && type <= IOC_RANGE6) || type == IOC_IP_PORT;
}

static bool is_name_type(uint8_t type)
{
    return type == IOC_DOMAIN || type == IOC_DOMAIN_PORT;
}

/* Of two that cover each other the later one is told. */
static bool covers_range(const struct set_view *v, uint32_t wide, uint32_t narrow)
{
    struct ip first, last, wide_first, wide_last;
    if (v->indicators[wide].type == IOC_IP_PORT || !route_addresses(v, narrow, &first, &last) ||
        !route_addresses(v, wide, &wide_first, &wide_last))
        return false;
    int a = ip_compare(&wide_first, &first), z = ip_compare(&last, &wide_last);
    bool is_same = a == 0 && z == 0 && v->indicators[narrow].type != IOC_IP_PORT;
    return a <= 0 && z <= 0 && (!is_same || wide < narrow);
}

/* `wide` has hit the name of `narrow`, so it is that name or a parent. */
static bool covers_name(const struct set_view *v, uint32_t wide, uint32_t narrow)
{
    const struct indicator *w = &v->indicators[wide], *n = &v->indicators[narrow];
    if (w->type != IOC_DOMAIN || w->match == MATCH_EXACT)
        return w->type == IOC_DOMAIN && n->type == IOC_DOMAIN_PORT;
    bool is_same_name = route_key(v, narrow).len == w->value_len;
    return w->match == MATCH_BELOW
               ? !is_same_name
               : !is_same_name || n->type == IOC_DOMAIN_PORT || n->match != w->match || wide < narrow;
}

static bool covers(const struct set_view *v, uint32_t wide, uint32_t narrow)
{
    const struct indicator *w = &v->indicators[wide], *n = &v->indicators[narrow];
    if (wide == narrow || (n->fields & ~w->fields))
        return false;
    return is_name_type(n->type) ? is_name_type(w->type) && covers_name(v, wide, narrow)
                                 : is_address_type(w->type) && covers_range(v, wide, narrow);
}

static void tell_shadowed(struct survey *s, uint32_t narrow, uint32_t wide)
{
    char what[512], place[256];
    struct span value = set_value(s->v, narrow), by = set_value(s->v, wide);
    put_place(s->v, wide, place, sizeof place);
    snprintf(what, sizeof what, "%.*s is covered by %.*s (%s); leave it out", shown(value),
             (const char *)value.ptr, shown(by), (const char *)by.ptr, place);
    tell(s, FINDING_SHADOWED, narrow, s->v->indicators[narrow].origins, what);
}

/* A field that the indicator looks at, of those that take what it is. */
static enum field lowest_field(field_mask fields)
{
    enum field f = 0;
    while (f < FIELD_COUNT - 1 && !(fields & FIELD_BIT(f)))
        f++;
    return f;
}

/* Its own name, or first address, as traffic would show it. False: of a kind that is not looked at. */
static bool add_probe(struct survey *s, uint32_t indicator)
{
    const struct indicator *ind = &s->v->indicators[indicator];
    struct ip first, last;
    if (is_name_type(ind->type) && ind->fields & ROUTE_NAME_FIELDS) {
        scan_add_name(s->scanner, lowest_field(ind->fields & ROUTE_NAME_FIELDS), route_key(s->v, indicator),
                      ind->port, indicator);
        return true;
    }
    if (!is_address_type(ind->type) || !(ind->fields & ROUTE_ADDRESS_FIELDS) ||
        !route_addresses(s->v, indicator, &first, &last))
        return false;
    scan_add_address(s->scanner, lowest_field(ind->fields & ROUTE_ADDRESS_FIELDS), &first, ind->port,
                     indicator);
    return true;
}

static void run_probes(struct survey *s)
{
    const struct hit *hits;
    size_t n = scan_run(s->scanner, &hits);
    uint32_t told = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t narrow = hits[i].cookie, wide = hits[i].indicator;
        if (narrow != told && covers(s->v, wide, narrow)) {
            tell_shadowed(s, narrow, wide);
            told = narrow;
        }
    }
}

static void survey_shadowed(struct survey *s)
{
    size_t n = 0;
    for (uint32_t i = 0; i < s->v->n_indicators; i++) {
        if (is_suppressed(&s->v->indicators[i]))
            continue;
        n += add_probe(s, i);
        if (n == PROBES) {
            run_probes(s);
            n = 0;
        }
    }
    run_probes(s);
}

/* ---- too broad ---- */

/* The bits of the prefix that [first, last] is as large as, rounded up. */
static unsigned size_bits(const struct ip *first, const struct ip *last)
{
    unsigned bits = 0;
    while (bits < 128 && ((first->b[bits / 8] ^ last->b[bits / 8]) & (0x80 >> (bits % 8))) == 0)
        bits++;
    return bits;
}

static void survey_addresses(struct survey *s, uint32_t i)
{
    struct ip first, last;
    char what[300];
    struct span value = set_value(s->v, i);
    if (!route_addresses(s->v, i, &first, &last))
        return;
    bool is_v4 = ip_is_v4(&first);
    unsigned bits = size_bits(&first, &last) - (is_v4 ? 96 : 0);
    const char *use = special_use(&s->special, &first, &last);
    if (bits <= (unsigned)(is_v4 ? BROAD_BITS_V4 : BROAD_BITS_V6))
        snprintf(what, sizeof what,
                 "%.*s is a whole /%u: many people's addresses; list what is meant, or leave it out",
                 shown(value), (const char *)value.ptr, bits);
    else if (use)
        snprintf(what, sizeof what,
                 "%.*s is %s address space, which means somebody else on each network; leave it out",
                 shown(value), (const char *)value.ptr, use);
    else
        return;
    tell(s, FINDING_TOO_BROAD, i, s->v->indicators[i].origins, what);
}

/* Names nobody lists, unlike each other: what hits several of them hits nearly anything. */
static const char *const strangers[] = {
    "www.google.com",    "mail.yahoo.co.jp",   "update.microsoft.com", "en.wikipedia.org",
    "time.nist.gov",     "ns1.telekom.de",     "login.live.com",       "api.github.com",
    "fonts.gstatic.com", "www.gov.br",         "d3k2.cloudfront.net",  "xn--bcher-kva.ch",
    "intranet.local",    "a.root-servers.net", "smtp.mail.ru",         "www.info-2000.example",
};
enum { N_STRANGERS = sizeof strangers / sizeof *strangers };

static void add_strangers(struct survey *s)
{
    for (uint32_t i = 0; i < N_STRANGERS; i++) {
        struct span name = span_str(strangers[i]);
        for (enum field f = 0; f < FIELD_COUNT; f++) {
            if (ROUTE_NAME_FIELDS & FIELD_BIT(f))
                scan_add_name(s->scanner, f, name, 443, i);
            else if (f == FIELD_HTTP_URL)
                scan_add_url(s->scanner, f, name, SPAN_LIT("/index.html?id=1"), 80, i);
            else if (!(ROUTE_ADDRESS_FIELDS & FIELD_BIT(f)))
                scan_add_text(s->scanner, f, name, i);
        }
    }
}

struct stranger_hit {
    uint32_t indicator, stranger;
};

static int compare_hits(const void *a, const void *b)
{
    const struct stranger_hit *x = a, *y = b;
    if (x->indicator != y->indicator)
        return x->indicator < y->indicator ? -1 : 1;
    return (x->stranger > y->stranger) - (x->stranger < y->stranger);
}

static void tell_strangers(struct survey *s, const struct stranger_hit *hits, size_t n)
{
    uint32_t indicator = hits[0].indicator, n_strangers = 0, example = hits[0].stranger;
    char what[300];
    for (size_t i = 0; i < n; i++)
        n_strangers += i == 0 || hits[i].stranger != hits[i - 1].stranger;
    if (n_strangers < BROAD_STRANGERS)
        return;
    snprintf(what, sizeof what,
             "it hits %u of %d unrelated names, %s for one; narrow the pattern, or leave it out", n_strangers,
             N_STRANGERS, strangers[example]);
    tell(s, FINDING_TOO_BROAD, indicator, s->v->indicators[indicator].origins, what);
}

static bool survey_patterns_broad(struct survey *s)
{
    const struct hit *hits;
    add_strangers(s);
    size_t n = scan_run(s->scanner, &hits);
    struct stranger_hit *found = malloc((n + 1) * sizeof *found);
    if (!found)
        return false;
    for (size_t i = 0; i < n; i++)
        found[i] = (struct stranger_hit){hits[i].indicator, hits[i].cookie};
    qsort(found, n, sizeof *found, compare_hits);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && found[end].indicator == found[i].indicator;)
            end++;
        uint8_t type = s->v->indicators[found[i].indicator].type;
        if (type == IOC_REGEX || type == IOC_WILDCARD)
            tell_strangers(s, found + i, end - i);
    }
    free(found);
    return true;
}

static bool survey_broad(struct survey *s)
{
    for (uint32_t i = 0; i < s->v->n_indicators; i++)
        if (is_address_type(s->v->indicators[i].type) && !is_suppressed(&s->v->indicators[i]))
            survey_addresses(s, i);
    return survey_patterns_broad(s);
}

/* ---- validity and marking ---- */

static void survey_validity(struct survey *s, enum finding finding)
{
    bool wants_expired = finding == FINDING_EXPIRED;
    for (uint32_t i = 0; i < s->v->n_indicators; i++) {
        for (uint32_t o = s->v->indicators[i].origins; o != ORIGIN_END; o = s->v->origins[o].next) {
            const struct context *c = &s->v->contexts[s->v->origins[o].context];
            char what[200], date[TIME_TEXT_MAX];
            if (wants_expired ? c->valid_until > s->o->now : c->valid_from <= s->o->now)
                continue;
            time_format_seconds(wants_expired ? c->valid_until : c->valid_from, date);
            struct span value = set_value(s->v, i);
            snprintf(what, sizeof what,
                     wants_expired ? "%.*s holds until %s only; leave it out or renew it"
                                   : "%.*s holds from %s on only; it does not alert before",
                     shown(value), (const char *)value.ptr, date);
            tell(s, finding, i, o, what);
        }
    }
}

static void tell_conflict(struct survey *s, uint32_t indicator, uint32_t lax, uint32_t strict)
{
    const struct set_view *v = s->v;
    const struct origin *o = &v->origins[strict];
    struct span value = set_value(v, indicator), path = set_text(v, v->lists[o->list].path);
    char what[512];
    snprintf(what, sizeof what,
             "%.*s is TLP:%s here and TLP:%s in %.*s:%u; agree on one, the stricter holds until then",
             shown(value), (const char *)value.ptr,
             tlp_name((enum tlp)v->contexts[v->origins[lax].context].tlp),
             tlp_name((enum tlp)v->contexts[o->context].tlp), (int)(path.len < 200 ? path.len : 200),
             (const char *)path.ptr, o->line);
    tell(s, FINDING_TLP_CONFLICT, indicator, lax, what);
}

static void survey_tlp(struct survey *s)
{
    for (uint32_t i = 0; i < s->v->n_indicators; i++) {
        uint32_t lax = ORIGIN_END, strict = ORIGIN_END;
        uint8_t least = UINT8_MAX, most = TLP_NONE;
        for (uint32_t o = s->v->indicators[i].origins; o != ORIGIN_END; o = s->v->origins[o].next) {
            uint8_t tlp = s->v->contexts[s->v->origins[o].context].tlp;
            if (tlp == TLP_NONE)
                continue;
            if (tlp < least) {
                least = tlp;
                lax = o;
            }
            if (tlp > most) {
                most = tlp;
                strict = o;
            }
        }
        if (lax != ORIGIN_END && least != most)
            tell_conflict(s, i, lax, strict);
    }
}

/* ---- slow patterns ---- */

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Names and requests as they pass by, one after the other. */
static void fill_sample(struct buf *out)
{
    uint32_t chance = 1;
    while (out->len < SAMPLE_BYTES) {
        chance = chance * 1664525 + 1013904223;
        buf_printf(out, "http://%s/%x/%s?id=%u&q=%x ", strangers[chance >> 28], chance >> 8,
                   chance & 0x10000 ? "index.php" : "images/logo.png", chance >> 12, chance >> 4);
    }
}

static int count_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
    return 0;
}

/* Compile and scan with it alone. False when it does not compile, which others tell. */
static bool time_pattern(const struct set_view *v, uint32_t i, struct span sample, double *out_compile_ms,
                         double *out_ns)
{
    struct hyperscan_list l;
    struct hs_database *db = NULL;
    struct hs_scratch *scratch = NULL;
    struct err err = {0};
    hyperscan_list_init(&l);
    double start = cpu_ms();
    bool is_good = hyperscan_list_add(&l, set_value(v, i),
                                      v->indicators[i].flags & IOC_F_CASELESS ? HYPERSCAN_CASELESS : 0, i) &&
                   hyperscan_compile_regexes(&l, 0, 1, &db, &err);
    *out_compile_ms = cpu_ms() - start;
    is_good = is_good && hyperscan_scratch_new(&db, 1, &scratch, &err);
    start = cpu_ms();
    for (int round = 0; is_good && round < SAMPLE_ROUNDS; round++)
        for (struct span rest = sample; rest.len; rest = span_from(rest, 64))
            hyperscan_scan(db, span_first(rest, 64), scratch, count_hit, NULL);
    *out_ns = (cpu_ms() - start) * 1e6 / ((double)sample.len * SAMPLE_ROUNDS);
    hyperscan_scratch_free(scratch);
    hyperscan_free(db);
    hyperscan_list_fini(&l);
    return is_good;
}

static bool survey_slow(struct survey *s)
{
    struct buf sample;
    uint32_t n = 0;
    buf_init(&sample, 2 * SAMPLE_BYTES);
    fill_sample(&sample);
    for (uint32_t i = 0; i < s->v->n_indicators && n < PATTERNS_TIMED; i++) {
        double compile_ms, ns;
        char what[200];
        if (s->v->indicators[i].type != IOC_REGEX || is_suppressed(&s->v->indicators[i]) ||
            (s->o->is_refused && s->o->is_refused[i]))
            continue;
        n++;
        if (!time_pattern(s->v, i, buf_span(&sample), &compile_ms, &ns) ||
            (compile_ms < SLOW_COMPILE_MS && ns < SLOW_NS_PER_BYTE))
            continue;
        snprintf(what, sizeof what,
                 "a slow pattern: %.0f ms to compile, %.1f ns per byte scanned; anchor it, bound its "
                 "repeats, or list names",
                 compile_ms, ns);
        tell(s, FINDING_PATTERN_SLOW, i, s->v->indicators[i].origins, what);
    }
    bool is_good = !sample.is_full;
    buf_fini(&sample);
    return is_good;
}

bool survey_set(const struct db *db, const struct survey_options *o, struct err *err)
{
    struct survey s = {.db = db, .v = db_set(db), .o = o, .scanner = scanner_new(db, err)};
    if (!s.scanner)
        return false;
    special_uses_init(&s.special);
    survey_shadowed(&s);
    bool is_good = survey_broad(&s);
    survey_validity(&s, FINDING_EXPIRED);
    survey_validity(&s, FINDING_NOT_YET_VALID);
    survey_tlp(&s);
    is_good = is_good && survey_slow(&s);
    scanner_free(s.scanner);
    return is_good || err_set(err, ERR_MEMORY, NULL, "out of memory for a survey of the lists");
}
