/* See bench_patterns.h. Costs of patterns do not add up: Hyperscan looks for the literals of all at once, and what a pattern adds depends on
 * its company. Alone is what can be told of each in reasonable time; "without" is the other end, and both are shown. */
#include "tools/bench_patterns.h"

#include <stdio.h>
#include <stdlib.h>

#include "matcher/plain_regex.h"
#include "rules/value.h"
#include "tools/bench_timing.h"

enum {
    TRIED_MAX = 4096,
    TRIED_MIN = 16,             /* unless the run is late */
    WITHOUT_PATTERNS_MAX = 256, /* with more, compiling all the others takes too long */
    TRY_FIELDS = 1024,
};

static const uint32_t pattern_classes = 1u << CLASS_REGEXES | 1u << CLASS_WILDCARDS;

static struct bench_pick only(const struct bench_result *r, uint32_t indicator)
{
    return (struct bench_pick){.classes = r->classes, .first = indicator, .n = 1};
}

/* `from` in miniature: TRY_FIELDS of its fields, borrowed. False when memory is short. */
static bool thin_out(const struct bench_fields *from, struct bench_fields *out)
{
    uint32_t n = from->n < TRY_FIELDS ? from->n : TRY_FIELDS;
    if (!bench_fields_init(out, n + 1))
        return false;
    for (uint32_t i = 0; i < n; i++)
        out->items[out->n++] = *bench_field_at(from, i, n);
    return true;
}

static double beyond(double ns, double nothing)
{
    return ns > nothing ? ns - nothing : 0;
}

/* ---- the ten ---- */

static int by_cost(const void *a, const void *b)
{
    const struct bench_pattern *x = a, *y = b;
    if (x->ns.median != y->ns.median)
        return x->ns.median < y->ns.median ? 1 : -1;
    return (x->indicator > y->indicator) - (x->indicator < y->indicator);
}

static bool measure_alone(const struct bench_result *r, const struct bench_fields *f, double seconds,
                          struct bench_pattern *p, struct err *err)
{
    struct bench_pick pick = only(r, p->indicator);
    struct db *db;
    uint32_t n;
    if (!bench_subset(r->set, &pick, NAMES_AUTO, &db, &n, err))
        return false;
    p->compile_ms = bench_compile_s(db) * 1e3;
    bool is_good = bench_time_fields(db, f, BENCH_BATCH, seconds, &p->ns, err);
    p->added_ns = beyond(p->ns.median, r->nothing_ns.median);
    db_free(db);
    return is_good;
}

/* Every pattern of a class, until time is up. */
static bool try_class(struct bench_result *r, enum bench_class class, const struct bench_fields *few,
                      double end, struct bench_pattern *tried, struct err *err)
{
    for (uint32_t i = 0; i < r->set->n_indicators; i++) {
        if (r->classes[i] != class)
            continue;
        r->n_patterns_all++;
        if (r->n_patterns_tried == TRIED_MAX || bench_wall_s() > r->deadline_s ||
            (r->n_patterns_tried >= TRIED_MIN && bench_wall_s() > end))
            continue;
        struct bench_pattern *p = &tried[r->n_patterns_tried++];
        *p = (struct bench_pattern){.indicator = i};
        if (!measure_alone(r, few, 0, p, err))
            return false;
    }
    return true;
}

/* All patterns, and all but this one. */
static bool measure_without(struct bench_result *r, const struct db *all, struct bench_pattern *p,
                            double seconds, struct err *err)
{
    struct bench_pick pick = {
        .classes = r->classes, .class_mask = pattern_classes, .has_except = true, .except = p->indicator};
    struct db *without;
    uint32_t n;
    double ratio;
    if (!bench_subset(r->set, &pick, NAMES_AUTO, &without, &n, err))
        return false;
    struct bench_lane lanes[2] = {{.db = all, .batch = BENCH_BATCH}, {.db = without, .batch = BENCH_BATCH}};
    p->has_without = bench_time_lanes(lanes, 2, r->fields, seconds, err);
    if (p->has_without && spread_compare(&lanes[0].ns, &lanes[1].ns, &ratio) == CHANGE_LESS)
        p->without_ns = lanes[0].ns.median - lanes[1].ns.median;
    db_free(without);
    return p->has_without;
}

static bool measure_withouts(struct bench_result *r, double end, struct err *err)
{
    double each = (end - bench_wall_s()) / BENCH_PATTERNS_MAX;
    struct bench_pick pick = {.classes = r->classes, .class_mask = pattern_classes};
    struct db *all;
    uint32_t n;
    if (r->n_patterns_all < 2 || r->n_patterns_all > WITHOUT_PATTERNS_MAX || each <= 0)
        return true;
    if (!bench_subset(r->set, &pick, NAMES_AUTO, &all, &n, err))
        return false;
    bool is_good = true;
    for (uint32_t i = 0; is_good && i < r->n_patterns && bench_wall_s() < end; i++)
        is_good = measure_without(r, all, &r->patterns[i], each, err);
    db_free(all);
    return is_good;
}

static bool measure_ten(struct bench_result *r, struct bench_pattern *tried, double seconds, struct err *err)
{
    double start = bench_wall_s();
    qsort(tried, r->n_patterns_tried, sizeof *tried, by_cost);
    r->n_patterns = r->n_patterns_tried < BENCH_PATTERNS_MAX ? r->n_patterns_tried : BENCH_PATTERNS_MAX;
    for (uint32_t i = 0; i < r->n_patterns; i++) {
        r->patterns[i] = tried[i];
        if (!measure_alone(r, r->fields, seconds / 2 / BENCH_PATTERNS_MAX, &r->patterns[i], err))
            return false;
    }
    qsort(r->patterns, r->n_patterns, sizeof *r->patterns, by_cost);
    return measure_withouts(r, start + seconds, err);
}

bool bench_patterns(struct bench_result *r, double seconds, struct err *err)
{
    struct bench_pattern *tried = malloc(TRIED_MAX * sizeof *tried);
    struct bench_fields few = {0};
    double end = bench_wall_s() + seconds / 2;
    bool is_good = (tried && thin_out(r->fields, &few)) || err_set(err, ERR_MEMORY, NULL, "out of memory");
    is_good = is_good && try_class(r, CLASS_REGEXES, &few, end, tried, err) &&
              try_class(r, CLASS_WILDCARDS, &few, end, tried, err) && measure_ten(r, tried, seconds / 2, err);
    bench_fields_fini(&few);
    free(tried);
    return is_good;
}

/* ---- what need be no pattern ---- */

/* Where values are put together. */
struct plain_search {
    struct buf scratch;
};

/* A name or URL that could stand for the indicator, on a field where it is looked for. */
static bool find_plain(struct plain_search *s, const struct set_view *v, uint32_t i, struct plain_regex *out)
{
    const struct indicator *ind = &v->indicators[i];
    return ind->type == IOC_REGEX &&
           plain_regex_read(set_value(v, i), ind->flags & IOC_F_CASELESS, &s->scratch, out) &&
           ind->fields & ioc_default_fields(out->type);
}

static void restate(void *to, const struct set_view *v, uint32_t indicator, struct indicator_in *in)
{
    struct plain_regex plain;
    if (!find_plain(to, v, indicator, &plain) || !plain.is_same)
        return;
    in->type = plain.type;
    in->match = plain.match;
    in->value = plain.value;
    in->flags = 0;
}

/* All indicators: as they are, and with what is plain said plainly. */
static bool time_both(struct bench_result *r, struct plain_search *search, double seconds, struct err *err)
{
    struct bench_pick as_is = {.classes = r->classes}, plainly = as_is;
    struct db *dbs[2] = {NULL, NULL};
    uint32_t n;
    plainly.restate = restate;
    plainly.restate_to = search;
    bool is_good = bench_subset(r->set, &as_is, r->stats->names_engine, &dbs[0], &n, err) &&
                   bench_subset(r->set, &plainly, r->stats->names_engine, &dbs[1], &n, err);
    struct bench_lane lanes[2] = {{.db = dbs[0], .batch = BENCH_BATCH}, {.db = dbs[1], .batch = BENCH_BATCH}};
    is_good = is_good && bench_time_lanes(lanes, 2, r->fields, seconds, err);
    if (is_good) {
        r->with_regexes_ns = lanes[0].ns;
        r->with_plain_ns = lanes[1].ns;
    }
    db_free(dbs[0]);
    db_free(dbs[1]);
    return is_good;
}

static void keep_plain(struct bench_result *r, uint32_t indicator, const struct plain_regex *plain)
{
    r->n_plain_all++;
    r->n_plain_same += plain->is_same;
    if (r->n_plain == BENCH_PLAIN_MAX || plain->value.len >= sizeof r->plain->value)
        return;
    struct bench_plain *p = &r->plain[r->n_plain++];
    *p = (struct bench_plain){
        .indicator = indicator, .type = plain->type, .match = plain->match, .is_same = plain->is_same};
    memcpy(p->value, plain->value.ptr, plain->value.len);
}

bool bench_plain(struct bench_result *r, double seconds, struct err *err)
{
    struct plain_search search;
    struct plain_regex plain;
    buf_init(&search.scratch, VALUE_SCRATCH_BYTES);
    for (uint32_t i = 0; i < r->set->n_indicators; i++)
        if (r->classes[i] == CLASS_REGEXES && find_plain(&search, r->set, i, &plain))
            keep_plain(r, i, &plain);
    bool is_good =
        r->n_plain_same == 0 || bench_wall_s() > r->deadline_s || time_both(r, &search, seconds, err);
    buf_fini(&search.scratch);
    return is_good;
}
