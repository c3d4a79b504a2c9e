/* See db.h: routes each indicator to its engine and lets the engines build. */
#include "matcher/db.h"

#include <stdlib.h>
#include <time.h>

#include "matcher/bloom.h"
#include "matcher/db_parts.h"
#include "matcher/names_hs.h"

/* Up to here Hyperscan matches names a little faster and compiles them in 50 ms; beyond, it loses on both (NOTES.md). */
enum { NAMES_THRESHOLD = 2000, REGEX_CAP_MS = 2000, REGEX_TOTAL_MS = 120000 };

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Passes refusals on, and counts them. */
struct refusals {
    const struct db_options *options;
    uint32_t n;
};

static void refuse(void *to, uint32_t indicator, const char *why)
{
    struct refusals *r = to;
    r->n++;
    if (r->options->refused)
        r->options->refused(r->options->refused_to, indicator, why);
}

/* Values that are not what their type says: whoever filled the set let them through. */
static void refuse_unroutable(const struct set_view *v, const struct routes *routes,
                              struct refusals *refusals)
{
    for (uint32_t i = 0; i < v->n_indicators; i++)
        if (routes->of[i] == ROUTE_NONE && v->indicators[i].type < IOC_MATCHABLE_COUNT &&
            !(v->indicators[i].flags & IOC_F_SUPPRESSED))
            refuse(refusals, i, "its value is not in canonical form for its type");
}

static bool build_names(struct db *db, const struct routes *routes, const struct db_options *options,
                        struct err *err)
{
    uint32_t threshold = options->names_threshold ? options->names_threshold : NAMES_THRESHOLD;
    enum names_engine engine = options->names_engine;
    if (engine == NAMES_AUTO)
        engine = routes->n[ROUTE_NAME] > threshold ? NAMES_TABLE : NAMES_HYPERSCAN;
    db->stats.names_engine = engine;
    db->name_fields = routes->fields[ROUTE_NAME];
    return engine == NAMES_TABLE ? names_table_build(&db->names, &db->view, routes, err)
                                 : names_hs_build(&db->names_hs, &db->view, routes, err);
}

static bool build_engines(struct db *db, const struct routes *routes, const struct db_options *options,
                          struct err *err)
{
    struct refusals refusals = {.options = options};
    struct trial_limits limits = {
        .one_ms = options->regex_cap_ms ? options->regex_cap_ms : REGEX_CAP_MS,
        .total_ms = options->regex_total_ms ? options->regex_total_ms : REGEX_TOTAL_MS,
        .is_tried = options->is_tried,
    };
    refuse_unroutable(&db->view, routes, &refusals);
    db->address_fields = routes->fields[ROUTE_ADDRESS] | routes->fields[ROUTE_RANGE];
    db->bloom_fields = bloom_fields(&db->view);
    struct db_times *t = &db->times;
    double start = now_seconds();
    bool is_built = build_names(db, routes, options, err);
    t->names_seconds = now_seconds() - start;
    start = now_seconds();
    is_built = is_built && addresses_build(&db->addresses, &db->view, routes, err);
    t->addresses_seconds = now_seconds() - start;
    is_built = is_built && patterns_build(&db->patterns, &db->view, routes, &limits, refuse, &refusals, err);
    t->exact_seconds = db->patterns.exact_seconds;
    t->prefixes_seconds = db->patterns.prefixes_seconds;
    t->trial_seconds = db->patterns.trial_seconds;
    t->patterns_seconds = db->patterns.regexes_seconds;
    db->stats.n_refused = refusals.n;
    return is_built;
}

static size_t set_bytes(const struct set_view *v)
{
    return v->n_indicators * sizeof *v->indicators + v->n_origins * sizeof *v->origins +
           v->n_contexts * sizeof *v->contexts + v->n_lists * sizeof *v->lists + v->n_tags * sizeof *v->tags +
           v->n_blooms * sizeof *v->blooms + v->n_bloom_words * sizeof *v->bloom_words + v->pool_bytes;
}

static void count_kinds(struct db *db, const struct routes *routes)
{
    for (uint32_t i = 0; i < db->view.n_indicators; i++) {
        const struct indicator *ind = &db->view.indicators[i];
        if (ind->flags & IOC_F_SUPPRESSED)
            db->stats.n_suppressed++;
        if (routes->of[i] == ROUTE_PATTERN && ind->type == IOC_WILDCARD)
            db->stats.n_wildcards++;
        else if (routes->of[i] == ROUTE_PATTERN)
            db->stats.n_regexes++;
        else if (routes->of[i] == ROUTE_EXACT && route_key_kind(ind) == KEY_TEXT)
            db->stats.n_exact_texts++;
    }
}

static void fill_stats(struct db *db, const struct routes *routes)
{
    struct db_stats *s = &db->stats;
    count_kinds(db, routes);
    s->n_names = routes->n[ROUTE_NAME];
    s->n_addresses = routes->n[ROUTE_ADDRESS];
    s->n_ranges = routes->n[ROUTE_RANGE];
    s->n_urls = routes->n[ROUTE_EXACT] + routes->n[ROUTE_PREFIX] - s->n_exact_texts;
    s->n_blooms = db->view.n_blooms;
    s->names_bytes = db->names.keys.block.len + hyperscan_bytes(db->names_hs);
    s->addresses_bytes = db->addresses.hosts.block.len + db->addresses.n_ranges * sizeof(struct range_node);
    s->patterns_bytes = db->patterns.exact.block.len;
    for (int g = 0; g < GROUP_COUNT; g++)
        s->patterns_bytes += hyperscan_bytes(db->patterns.groups[g]);
    s->set_bytes = set_bytes(&db->view);
}

static bool build(struct db *db, const struct db_options *options, struct err *err)
{
    struct routes routes = {0};
    const char *allow = db->allow ? db->allow->generation : NULL;
    bool is_built = generation_of(&db->view, allow, db->generation) && routes_init(&routes, &db->view);
    is_built = is_built
                   ? build_engines(db, &routes, options, err)
                   : err_set(err, ERR_MEMORY, NULL, "out of memory for %u indicators", db->view.n_indicators);
    if (is_built)
        fill_stats(db, &routes);
    routes_fini(&routes);
    return is_built;
}

bool db_build(struct set *set, const struct db_options *options, struct db **out, struct err *err)
{
    static const struct db_options defaults = {0};
    double start = now_seconds();
    struct db *db = calloc(1, sizeof *db);
    if (!options)
        options = &defaults;
    *out = NULL;
    if (!db) {
        set_free(set);
        db_free(options->allow);
        return err_set(err, ERR_MEMORY, NULL, "out of memory for a db");
    }
    set_seal(set);
    db->set = set;
    db->view = set_view_of(set);
    db->allow = options->allow;
    if (!build(db, options, err)) {
        db_free(db);
        return false;
    }
    const struct db_times *t = &db->times;
    db->stats.compile_seconds = now_seconds() - start;
    db->times.set_seconds = db->stats.compile_seconds - t->names_seconds - t->addresses_seconds -
                            t->exact_seconds - t->prefixes_seconds - t->patterns_seconds - t->trial_seconds;
    *out = db;
    return true;
}

const struct set_view *db_set(const struct db *db)
{
    return &db->view;
}

const struct db_stats *db_stats(const struct db *db)
{
    return &db->stats;
}

const struct db_times *db_times(const struct db *db)
{
    return &db->times;
}

const struct db *db_allow(const struct db *db)
{
    return db->allow;
}

const char *db_generation(const struct db *db)
{
    return db->generation;
}

struct span db_attachment(const struct db *db)
{
    return db->attachment;
}
