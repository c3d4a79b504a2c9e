/* See allow.h. Indicators are asked for with the allow side's own scanner, as if each had been seen in traffic: what matches a
 * value in a field is what covers it there. Two questions are needed for a network, one for each end; what matches at both ends
 * covers all between. Only a regex can't be asked for by its text: the same one is found by a hash of it. */
#include "matcher/allow.h"

#include <stdlib.h>

#include "base/hash.h"
#include "matcher/key_table.h"
#include "matcher/route.h"
#include "matcher/scan.h"
#include "rules/name.h"
#include "rules/url.h"

enum {
    BATCH = 512,          /* indicators asked for at one time */
    TALLY_MAX = 16 << 20, /* pairs of lists */
};

#define URL_FIELDS                                                                                           \
    (FIELD_BIT(FIELD_HTTP_URL) | FIELD_BIT(FIELD_HTTP_LOCATION) | FIELD_BIT(FIELD_HTTP_REFERER))

struct marking {
    const struct set_view *allow;
    struct set_view view;     /* of the indicators */
    struct scanner *scanner;  /* owned */
    struct key_table regexes; /* owned; of the allow side, by their text */
};

/* ---- origins ---- */

uint32_t allow_origin_at(const struct set_view *v, uint32_t entry, int64_t seconds)
{
    uint32_t at = v->indicators[entry].origins;
    while (at != ORIGIN_END && !set_origin_holds(v, &v->origins[at], seconds))
        at = v->origins[at].next;
    return at;
}

static bool holds_always(const struct set_view *v, uint32_t origin)
{
    const struct context *c = &v->contexts[v->origins[origin].context];
    return c->valid_from == INT64_MIN && c->valid_until == INT64_MAX;
}

uint32_t allow_origin_always(const struct set_view *v, uint32_t entry)
{
    uint32_t at = v->indicators[entry].origins;
    while (at != ORIGIN_END && !holds_always(v, at))
        at = v->origins[at].next;
    return at;
}

/* ---- what it is ---- */

static bool is_name(const struct indicator *i)
{
    return i->type == IOC_DOMAIN || i->type == IOC_DOMAIN_PORT || i->type == IOC_WILDCARD;
}

static bool is_address(const struct indicator *i)
{
    return (i->type >= IOC_IPV4 && i->type <= IOC_RANGE6) || i->type == IOC_IP_PORT;
}

static bool is_url(const struct indicator *i)
{
    return i->type == IOC_URL || i->type == IOC_HOSTPATH || i->type == IOC_URI_PATH;
}

/* Where it can hit at all, of the fields that it names. */
static field_mask fields_of(const struct indicator *i)
{
    return i->fields & (is_name(i)      ? ROUTE_NAME_FIELDS
                        : is_address(i) ? ROUTE_NAME_FIELDS | ROUTE_ADDRESS_FIELDS
                        : is_url(i)     ? URL_FIELDS
                                        : ~(field_mask)0);
}

static enum field first_field(field_mask fields)
{
    return (enum field)__builtin_ctz(fields);
}

/* ---- asking ---- */

/* Whatever lies below a name lies below "0." and the name, too. */
static void ask_name(struct marking *m, uint32_t indicator, enum field field, uint32_t cookie)
{
    const struct indicator *ind = &m->view.indicators[indicator];
    struct span name = route_key(&m->view, indicator);
    uint8_t below[2 + NAME_MAX_BYTES] = "0.";
    if (ind->match == MATCH_BELOW && name.len <= NAME_MAX_BYTES) {
        memcpy(below + 2, name.ptr, name.len);
        name = span_of(below, 2 + name.len);
    }
    scan_add_name(m->scanner, field, name, ind->port, cookie);
}

static void ask_addresses(struct marking *m, uint32_t indicator, enum field field, uint32_t cookie)
{
    struct ip first, last;
    if (!route_addresses(&m->view, indicator, &first, &last))
        return;
    uint16_t port = m->view.indicators[indicator].port;
    scan_add_address(m->scanner, field, &first, port, cookie);
    scan_add_address(m->scanner, field, &last, port, cookie + 1);
}

/* For the host it is enough that a Host header may be allowed. */
static void ask_url(struct marking *m, uint32_t indicator, enum field field, uint32_t cookie)
{
    struct span key = route_key(&m->view, indicator);
    const uint8_t *slash = key.len ? memchr(key.ptr, '/', key.len) : NULL;
    size_t n = slash ? (size_t)(slash - key.ptr) : key.len;
    uint16_t port;
    struct span host = url_host(span_first(key, n), &port);
    scan_add_url(m->scanner, field, span_first(key, n), span_from(key, n), 0, cookie);
    if (host.len)
        scan_add_name(m->scanner, FIELD_HTTP_HOST, host, port, cookie);
}

static void ask(struct marking *m, uint32_t indicator, uint32_t cookie)
{
    const struct indicator *ind = &m->view.indicators[indicator];
    field_mask fields = fields_of(ind);
    if (!fields || ind->type == IOC_REGEX || ind->type == IOC_BLOOM)
        return;
    enum field field = first_field(fields);
    if (is_name(ind))
        ask_name(m, indicator, field, cookie);
    else if (is_address(ind))
        ask_addresses(m, indicator, field, cookie);
    else if (is_url(ind))
        ask_url(m, indicator, field, cookie);
    else
        scan_add_text(m->scanner, field, set_value(&m->view, indicator), cookie);
}

/* ---- what an answer is worth ---- */

static bool is_same_text(const struct marking *m, uint32_t entry, uint32_t indicator)
{
    return span_eq(set_value(m->allow, entry), set_value(&m->view, indicator));
}

/* The name was found to be the entry's, or below it. */
static bool covers_name(const struct marking *m, uint32_t entry, uint32_t indicator)
{
    const struct indicator *e = &m->allow->indicators[entry], *ind = &m->view.indicators[indicator];
    if (e->type == IOC_DOMAIN && (e->match == MATCH_SUFFIX || e->match == MATCH_BELOW))
        return e->value_len <= ind->value_len;
    if (ind->type == IOC_WILDCARD)
        return e->type == IOC_WILDCARD && is_same_text(m, entry, indicator);
    if (ind->match == MATCH_BELOW)
        return false;
    return ind->match == MATCH_EXACT || e->flags & IOC_F_HOST_ONLY;
}

/* Both ends were found to match. A regex that does so tells nothing of what is between. */
static bool covers_addresses(const struct marking *m, uint32_t entry, uint32_t indicator)
{
    return m->allow->indicators[entry].type != IOC_REGEX ||
           m->view.indicators[indicator].match == MATCH_EXACT;
}

static bool covers_url(const struct marking *m, uint32_t entry, uint32_t indicator)
{
    const struct indicator *e = &m->allow->indicators[entry], *ind = &m->view.indicators[indicator];
    if (e->type == IOC_REGEX ? e->flags & IOC_F_HOST_ONLY || ind->type == IOC_URI_PATH
                             : ind->type == IOC_URI_PATH && e->type != IOC_URI_PATH)
        return false;
    return e->match == MATCH_PREFIX || ind->match == MATCH_EXACT;
}

/* Does the entry that matched the indicator's value cover all that it could hit? */
static bool covers(const struct marking *m, const struct hit *h, uint32_t indicator)
{
    const struct indicator *e = &m->allow->indicators[h->indicator], *ind = &m->view.indicators[indicator];
    if (allow_origin_always(m->allow, h->indicator) == ORIGIN_END)
        return false;
    if (is_url(ind) && h->field == FIELD_HTTP_HOST)
        return !(e->flags & IOC_F_HOST_ONLY);
    if ((e->fields & fields_of(ind)) != fields_of(ind))
        return false;
    return is_name(ind)      ? covers_name(m, h->indicator, indicator)
           : is_address(ind) ? covers_addresses(m, h->indicator, indicator)
           : is_url(ind)     ? covers_url(m, h->indicator, indicator)
                             : true;
}

/* ---- regexes ---- */

static uint64_t hash_text(struct span s)
{
    return hash_bytes(s.ptr, s.len, 0);
}

static bool index_regexes(struct marking *m, struct err *err)
{
    const struct set_view *v = m->allow;
    uint32_t n = 0;
    uint64_t *hashes = malloc((v->n_indicators + 1ull) * sizeof *hashes);
    uint32_t *entries = malloc((v->n_indicators + 1ull) * sizeof *entries);
    bool is_good = hashes && entries;
    for (uint32_t i = 0; is_good && i < v->n_indicators; i++) {
        if (v->indicators[i].type != IOC_REGEX || allow_origin_always(v, i) == ORIGIN_END)
            continue;
        hashes[n] = hash_text(set_value(v, i));
        entries[n++] = i;
    }
    is_good = is_good ? key_table_build(&m->regexes, hashes, entries, n, err)
                      : err_set(err, ERR_MEMORY, NULL, "out of memory for allow-lists");
    free(hashes);
    free(entries);
    return is_good;
}

static bool is_same_regex(const struct marking *m, uint32_t entry, uint32_t indicator)
{
    const struct indicator *e = &m->allow->indicators[entry], *ind = &m->view.indicators[indicator];
    return (e->fields & ind->fields) == ind->fields &&
           (e->flags & IOC_F_CASELESS) == (ind->flags & IOC_F_CASELESS) && is_same_text(m, entry, indicator);
}

/* The first entry that is this very regex, or SET_NONE. */
static uint32_t find_regex(const struct marking *m, uint32_t indicator)
{
    uint32_t first = SET_NONE;
    if (m->regexes.n == 0)
        return first;
    uint64_t hash = hash_text(set_value(&m->view, indicator));
    const struct key_entry *end, *e = key_table_bucket(&m->regexes, hash, &end);
    for (; e < end; e++)
        if (e->tag == (uint32_t)hash && e->indicator < first && is_same_regex(m, e->indicator, indicator))
            first = e->indicator;
    return first;
}

/* ---- marking ---- */

/* What was found for one question, from `at` on. */
static size_t n_answers(const struct hit *hits, size_t at, size_t n, uint32_t cookie)
{
    size_t end = at;
    while (end < n && hits[end].cookie == cookie)
        end++;
    return end - at;
}

/* The first entry that covers, or SET_NONE. For addresses it has to be among the answers for the last one too; both are in order. */
static uint32_t first_covering(const struct marking *m, uint32_t indicator, const struct hit *a, size_t n_a,
                               const struct hit *b, size_t n_b)
{
    bool needs_both = is_address(&m->view.indicators[indicator]);
    for (size_t i = 0, j = 0; i < n_a; i++) {
        while (needs_both && j < n_b && b[j].indicator < a[i].indicator)
            j++;
        bool is_at_both = !needs_both || (j < n_b && b[j].indicator == a[i].indicator);
        if (is_at_both && covers(m, &a[i], indicator))
            return a[i].indicator;
    }
    return SET_NONE;
}

/* Indicators `first` to `first + n`, whose questions have been asked: indicator i has the cookies 2i and 2i + 1. */
static void mark_asked(struct marking *m, struct set *set, uint32_t first, uint32_t n)
{
    const struct hit *hits;
    size_t n_hits = scan_run(m->scanner, &hits), at = 0;
    for (uint32_t i = 0; i < n; i++) {
        size_t n_a = n_answers(hits, at, n_hits, 2 * i), n_b = n_answers(hits, at + n_a, n_hits, 2 * i + 1);
        uint32_t entry = m->view.indicators[first + i].type == IOC_REGEX
                             ? find_regex(m, first + i)
                             : first_covering(m, first + i, hits + at, n_a, hits + at + n_a, n_b);
        if (entry != SET_NONE)
            set_suppress(set, first + i, entry);
        at += n_a + n_b;
    }
}

bool allow_mark(const struct db *allow, struct set *set, struct err *err)
{
    struct marking m = {.allow = db_set(allow), .view = set_view_of(set), .scanner = scanner_new(allow, err)};
    bool is_good = m.scanner && index_regexes(&m, err);
    for (uint32_t first = 0; is_good && first < m.view.n_indicators; first += BATCH) {
        uint32_t left = m.view.n_indicators - first, n = left < BATCH ? left : BATCH;
        for (uint32_t i = 0; i < n; i++)
            ask(&m, first + i, 2 * i);
        mark_asked(&m, set, first, n);
    }
    key_table_fini(&m.regexes);
    scanner_free(m.scanner);
    return is_good;
}

/* ---- who suppressed what ---- */

/* A list's origins of one indicator follow each other, for lists are loaded one by one. */
static void tally_indicator(struct allow_tally *t, const struct set_view *v, const struct set_view *allow,
                            uint32_t at)
{
    uint32_t by = allow_origin_always(allow, v->indicators[at].allowed_by), list = UINT32_MAX;
    for (uint32_t o = v->indicators[at].origins; by != ORIGIN_END && o != ORIGIN_END;
         o = v->origins[o].next) {
        if (v->origins[o].list != list)
            t->n[(size_t)v->origins[o].list * t->n_allow_lists + allow->origins[by].list]++;
        list = v->origins[o].list;
    }
}

bool allow_tally_init(struct allow_tally *t, const struct db *db, const uint64_t *hits)
{
    const struct set_view *v = db_set(db), *allow = db_allow(db) ? db_set(db_allow(db)) : NULL;
    *t = (struct allow_tally){0};
    if (!allow)
        return true;
    if ((uint64_t)v->n_lists * allow->n_lists <= TALLY_MAX)
        t->n = calloc((size_t)v->n_lists * allow->n_lists + 1, sizeof *t->n);
    t->hits = calloc(allow->n_lists + 1ull, sizeof *t->hits);
    if (!t->n || !t->hits) {
        allow_tally_fini(t);
        return false;
    }
    t->n_lists = v->n_lists;
    t->n_allow_lists = allow->n_lists;
    for (uint32_t i = 0; i < v->n_indicators; i++)
        if (v->indicators[i].flags & IOC_F_SUPPRESSED)
            tally_indicator(t, v, allow, i);
    for (uint32_t o = 0; hits && o < allow->n_origins; o++)
        t->hits[allow->origins[o].list] += hits[o];
    return true;
}

void allow_tally_fini(struct allow_tally *t)
{
    free(t->n);
    free(t->hits);
    *t = (struct allow_tally){0};
}

uint64_t allow_tally_of_list(const struct allow_tally *t, uint32_t list)
{
    uint64_t sum = 0;
    for (uint32_t j = 0; t->n && j < t->n_allow_lists; j++)
        sum += allow_tally(t, list, j);
    return sum;
}

uint64_t allow_tally_by(const struct allow_tally *t, uint32_t allow_list)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; t->n && i < t->n_lists; i++)
        sum += allow_tally(t, i, allow_list);
    return sum;
}

/* Room is made where it belongs; of equals the one read first stands first. */
static size_t insert(struct allow_use *top, size_t n, size_t max, struct allow_use use)
{
    size_t at = n;
    while (at > 0 && (top[at - 1].n_hits < use.n_hits ||
                      (top[at - 1].n_hits == use.n_hits && top[at - 1].origin > use.origin)))
        at--;
    if (at == max)
        return n;
    size_t n_kept = n < max ? n : max - 1;
    memmove(top + at + 1, top + at, (n_kept - at) * sizeof *top);
    top[at] = use;
    return n_kept + 1;
}

size_t allow_top(const struct set_view *allow, const uint64_t *hits, struct allow_use *out, size_t max)
{
    size_t n = 0;
    for (uint32_t i = 0; i < allow->n_indicators; i++)
        for (uint32_t o = allow->indicators[i].origins; o != ORIGIN_END; o = allow->origins[o].next)
            if (hits[o])
                n = insert(out, n, max, (struct allow_use){.entry = i, .origin = o, .n_hits = hits[o]});
    return n;
}
