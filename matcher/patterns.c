/* Hot, but for building; see patterns.h.
 *
 * Hyperscan takes 4 s for 100,000 whole URLs; a hash table takes milliseconds and asks one cache line per request. So
 * Hyperscan gets only what a hash can't do. A prefix of a URL is a literal anchored at the start of the key; it is reversed,
 * because malware URLs share their paths (/bin.sh, /i) and differ in their hosts, and the end of a literal should tell it
 * apart. Regexes see one field at a time: anchors, \z and negated classes then mean what their author meant, which no
 * separator in a shared buffer could promise. */
#include "matcher/patterns.h"

#include <time.h>

#include "base/hash.h"
#include "matcher/confirm.h"
#include "matcher/trial.h"

enum { PREFIX_LITERAL_MAX = 256 };

#define KEY_SALT 0x1d8e4e27c47d124full

static uint64_t hash_key(enum key_kind kind, struct span key)
{
    return hash_bytes(key.ptr, key.len, KEY_SALT + kind);
}

static bool build_exact(struct patterns *out, const struct set_view *v, const struct routes *routes,
                        struct err *err)
{
    uint32_t n = routes->n[ROUTE_EXACT], at = 0;
    uint64_t *hashes = malloc((n + 1ull) * sizeof *hashes);
    uint32_t *indicators = malloc((n + 1ull) * sizeof *indicators);
    bool is_built = hashes && indicators;
    for (uint32_t i = 0; is_built && i < v->n_indicators && at < n; i++) {
        if (routes->of[i] != ROUTE_EXACT)
            continue;
        hashes[at] = hash_key(route_key_kind(&v->indicators[i]), route_key(v, i));
        indicators[at++] = i;
    }
    is_built = is_built ? key_table_build(&out->exact, hashes, indicators, at, err)
                        : err_set(err, ERR_MEMORY, NULL, "out of memory for %u URLs", n);
    free(hashes);
    free(indicators);
    out->exact_fields = routes->fields[ROUTE_EXACT];
    return is_built;
}

static bool build_prefixes(struct patterns *out, const struct set_view *v, const struct routes *routes,
                           struct err *err)
{
    struct hyperscan_list l;
    bool has_room = true;
    uint8_t bytes[PREFIX_LITERAL_MAX];
    hyperscan_list_init(&l);
    for (uint32_t i = 0; i < v->n_indicators && has_room; i++)
        if (routes->of[i] == ROUTE_PREFIX)
            has_room = hyperscan_list_add(
                &l, reversed_literal(bytes, sizeof bytes, 0, route_key(v, i), REVERSED_SEP, 0), 0, i);
    bool is_built = has_room ? hyperscan_compile_literals(&l, &out->groups[GROUP_PREFIX], err)
                             : err_set(err, ERR_MEMORY, NULL, "out of memory for %u URLs", l.n);
    hyperscan_list_fini(&l);
    out->group_fields[GROUP_PREFIX] = routes->fields[ROUTE_PREFIX];
    return is_built;
}

static void put_wildcard_byte(struct buf *out, uint8_t c)
{
    if (c == '*')
        buf_put_str(out, "[^.]*");
    else if (c == '?')
        buf_put_str(out, "[^.]");
    else
        buf_printf(out, "\\x%02x", c);
}

/* "evil-*.example" as a regex over a whole name. Every literal byte is written in hex, so none can be an operator. Stars in
 * a row are one: a hundred of them take Hyperscan seconds. */
static void put_wildcard(struct buf *out, struct span wildcard)
{
    buf_put_str(out, "\\A");
    for (size_t i = 0; i < wildcard.len; i++)
        if (i == 0 || wildcard.ptr[i] != '*' || wildcard.ptr[i - 1] != '*')
            put_wildcard_byte(out, wildcard.ptr[i]);
    buf_put_str(out, "\\z");
}

/* Patterns being compiled, and whom to tell of those that are not. */
struct builder {
    const struct set_view *v;
    struct hyperscan_list all; /* each pattern once, regexes in front */
    uint32_t n_regexes;
    bool *is_refused; /* per pattern of `all` */
    uint32_t n_refused;
    patterns_refused *refused;
    void *refused_to;
};

static void refuse(void *ctx, uint32_t at, const char *why)
{
    struct builder *b = ctx;
    if (b->is_refused[at])
        return;
    b->is_refused[at] = true;
    b->n_refused++;
    if (b->refused)
        b->refused(b->refused_to, hyperscan_list_item(&b->all, at)->id, why);
}

static bool collect_type(struct builder *b, const struct routes *routes, enum ioc_type type,
                         struct buf *regex)
{
    for (uint32_t i = 0; i < b->v->n_indicators; i++) {
        const struct indicator *ind = &b->v->indicators[i];
        if (routes->of[i] != ROUTE_PATTERN || ind->type != type)
            continue;
        buf_reset(regex);
        if (type == IOC_WILDCARD)
            put_wildcard(regex, set_value(b->v, i));
        else
            buf_put(regex, set_value(b->v, i));
        uint32_t flags = type == IOC_REGEX && ind->flags & IOC_F_CASELESS ? HYPERSCAN_CASELESS : 0;
        if (regex->is_full || !hyperscan_list_add(&b->all, buf_span(regex), flags, i))
            return false;
    }
    return true;
}

/* Regexes first: only they need a trial, for what becomes of a wildcard is known and short. */
static bool collect(struct builder *b, const struct routes *routes)
{
    struct buf regex;
    buf_init(&regex, UINT16_MAX);
    bool has_room = collect_type(b, routes, IOC_REGEX, &regex);
    b->n_regexes = b->all.n;
    has_room = has_room && collect_type(b, routes, IOC_WILDCARD, &regex);
    buf_fini(&regex);
    b->is_refused = has_room ? calloc(b->all.n + 1u, sizeof *b->is_refused) : NULL;
    return b->is_refused != NULL;
}

/* Which fields of `ind` a group serves; 0: it does not belong there. */
static field_mask fields_in_group(const struct indicator *ind, enum pattern_group group)
{
    const field_mask url = FIELD_BIT(FIELD_HTTP_URL);
    bool is_caseless = ind->flags & IOC_F_CASELESS;
    if (ind->type == IOC_WILDCARD)
        return group == GROUP_NAME_WILDCARD ? ind->fields & ROUTE_NAME_FIELDS : 0;
    switch (group) {
    case GROUP_NAME_REGEX:
    case GROUP_NAME_CASELESS:
        return is_caseless == (group == GROUP_NAME_CASELESS) ? ind->fields & ROUTE_NAME_FIELDS : 0;
    case GROUP_URL_REGEX:
    case GROUP_URL_CASELESS:
        return is_caseless == (group == GROUP_URL_CASELESS) ? ind->fields & url : 0;
    case GROUP_TEXT_REGEX:
    case GROUP_TEXT_CASELESS:
        return is_caseless == (group == GROUP_TEXT_CASELESS) ? ind->fields & ~(ROUTE_NAME_FIELDS | url) : 0;
    default:
        return 0;
    }
}

/* Each pattern compiled alone; all of a group together may still be too much for Hyperscan. Then the group is lost, and
 * said so, but not the list. */
static bool build_group(struct patterns *out, struct builder *b, enum pattern_group group, struct err *err)
{
    struct hyperscan_list l;
    bool has_room = true;
    hyperscan_list_init(&l);
    for (uint32_t at = 0; at < b->all.n && has_room; at++) {
        const struct hyperscan_item *item = hyperscan_list_item(&b->all, at);
        field_mask fields = b->is_refused[at] ? 0 : fields_in_group(&b->v->indicators[item->id], group);
        if (!fields)
            continue;
        out->group_fields[group] |= fields;
        has_room =
            hyperscan_list_add(&l, span_of(b->all.text.ptr + item->at, item->len), item->flags, item->id);
    }
    struct err why = {0};
    bool is_built = has_room && hyperscan_compile_regexes(&l, 0, l.n, &out->groups[group], &why);
    hyperscan_list_fini(&l);
    if (is_built)
        return true;
    if (!has_room || why.kind != ERR_SYNTAX)
        return err_set(err, ERR_MEMORY, NULL, "out of memory for regexes");
    out->group_fields[group] = 0;
    for (uint32_t at = 0; at < b->all.n; at++)
        if (fields_in_group(&b->v->indicators[hyperscan_list_item(&b->all, at)->id], group))
            refuse(b, at, why.what);
    return true;
}

/* What has passed since *from, which moves on to now. */
static double seconds_since(struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
    *from = now;
    return seconds;
}

static bool build_regexes(struct patterns *out, struct builder *b, const struct routes *routes,
                          const struct trial_limits *limits, struct err *err)
{
    if (routes->n[ROUTE_PATTERN] == 0)
        return true;
    if (!collect(b, routes))
        return err_set(err, ERR_MEMORY, NULL, "out of memory for regexes");
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    if (!limits->is_tried)
        trial_run(&b->all, b->n_regexes, limits, refuse, b);
    out->trial_seconds = seconds_since(&clock);
    for (enum pattern_group g = GROUP_NAME_WILDCARD; g < GROUP_COUNT; g++)
        if (!build_group(out, b, g, err))
            return false;
    return true;
}

bool patterns_build(struct patterns *out, const struct set_view *v, const struct routes *routes,
                    const struct trial_limits *limits, patterns_refused *refused, void *refused_to,
                    struct err *err)
{
    struct builder b = {.v = v, .refused = refused, .refused_to = refused_to};
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    *out = (struct patterns){0};
    hyperscan_list_init(&b.all);
    bool is_built = build_exact(out, v, routes, err);
    out->exact_seconds = seconds_since(&clock);
    is_built = is_built && build_prefixes(out, v, routes, err);
    out->prefixes_seconds = seconds_since(&clock);
    is_built = is_built && build_regexes(out, &b, routes, limits, err);
    out->regexes_seconds = seconds_since(&clock) - out->trial_seconds;
    hyperscan_list_fini(&b.all);
    free(b.is_refused);
    if (!is_built)
        patterns_fini(out);
    return is_built;
}

void patterns_fini(struct patterns *p)
{
    key_table_fini(&p->exact);
    for (int g = 0; g < GROUP_COUNT; g++)
        hyperscan_free(p->groups[g]);
    *p = (struct patterns){0};
}

void patterns_look_up(const struct patterns *p, const struct set_view *v, enum key_kind kind, struct span key,
                      const struct piece *piece, struct batch *b)
{
    if (!(p->exact_fields & FIELD_BIT(piece->field)) || p->exact.n == 0)
        return;
    uint64_t hash = hash_key(kind, key);
    if (!key_table_maybe(&p->exact, hash))
        return;
    const struct key_entry *end, *e = key_table_bucket(&p->exact, hash, &end);
    for (; e < end; e++)
        if (e->tag == (uint32_t)hash && confirm_key(v, e->indicator, (enum field)piece->field, kind, key))
            batch_hit(b, piece, e->indicator);
}

struct scan_ctx {
    const struct set_view *v;
    struct batch *b;
    uint32_t piece; /* regexes: the one being scanned; its repeats follow */
};

static void on_prefix(void *ctx, uint32_t indicator, uint32_t piece)
{
    const struct scan_ctx *s = ctx;
    const struct piece *p = &s->b->pieces[piece];
    enum key_kind kind = p->kind == PIECE_URL_KEY ? KEY_URL : KEY_PATH;
    if (indicator < s->v->n_indicators &&
        confirm_key(s->v, indicator, (enum field)p->field, kind, batch_text(s->b, p)))
        batch_hit(s->b, p, indicator);
}

static void scan_prefixes(const struct patterns *p, struct hs_scratch *scratch, struct reversed *r,
                          struct scan_ctx *s)
{
    if (!p->groups[GROUP_PREFIX])
        return;
    reversed_reset(r);
    for (uint32_t i = 0; i < s->b->n; i++) {
        const struct piece *piece = &s->b->pieces[i];
        if ((piece->kind == PIECE_URL_KEY || piece->kind == PIECE_PATH) &&
            !reversed_add(r, i, batch_text(s->b, piece), 0))
            s->b->n_dropped++;
    }
    reversed_scan(r, p->groups[GROUP_PREFIX], scratch, on_prefix, s);
}

static int on_regex(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
    const struct scan_ctx *s = ctx;
    (void)from, (void)to, (void)flags;
    if (id >= s->v->n_indicators)
        return 0;
    uint32_t piece = s->piece;
    do {
        const struct piece *p = &s->b->pieces[piece];
        if (confirm_pattern(s->v, id, (enum field)p->field))
            batch_hit(s->b, p, id);
    } while (batch_is_repeat(s->b, ++piece));
    return 0;
}

static void scan_group(const struct patterns *p, enum pattern_group group, enum piece_kind kind,
                       struct hs_scratch *scratch, struct scan_ctx *s)
{
    if (!p->groups[group])
        return;
    uint32_t seen = 0; /* where the last text scanned lies; none lies at 0 */
    for (uint32_t i = 0; i < s->b->n; i++) {
        const struct piece *piece = &s->b->pieces[i];
        if (piece->kind != kind || !(p->group_fields[group] & FIELD_BIT(piece->field)) || piece->at == seen)
            continue;
        seen = piece->at;
        s->piece = i;
        hyperscan_scan(p->groups[group], batch_text(s->b, piece), scratch, on_regex, s);
    }
}

void patterns_scan(const struct patterns *p, struct hs_scratch *scratch, const struct set_view *v,
                   struct reversed *r, struct batch *b)
{
    static const uint8_t kinds[GROUP_COUNT] = {
        [GROUP_NAME_WILDCARD] = PIECE_NAME,    [GROUP_NAME_REGEX] = PIECE_NAME,
        [GROUP_NAME_CASELESS] = PIECE_NAME,    [GROUP_URL_REGEX] = PIECE_URL_TEXT,
        [GROUP_URL_CASELESS] = PIECE_URL_TEXT, [GROUP_TEXT_REGEX] = PIECE_TEXT,
        [GROUP_TEXT_CASELESS] = PIECE_TEXT,
    };
    struct scan_ctx s = {.v = v, .b = b};
    scan_prefixes(p, scratch, r, &s);
    for (enum pattern_group g = GROUP_NAME_WILDCARD; g < GROUP_COUNT; g++)
        scan_group(p, g, (enum piece_kind)kinds[g], scratch, &s);
}
