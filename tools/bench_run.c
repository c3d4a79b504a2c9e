/* See bench_run.h. Each kind of measurement has a share of the time; what takes longer than its share at the least it can do (one round of a
 * slow regex) takes it all the same. */
#include "tools/bench_run.h"

#include <stdlib.h>
#include <stdio.h>

#include "base/hash.h"
#include "tools/bench_patterns.h"
#include "tools/bench_timing.h"
#include "tools/message.h"

const uint32_t bench_batches[BENCH_BATCHES] = {1, 8, 64, BENCH_BATCH};

enum {
    HYPERSCAN_NAMES_PER_S =
        1500, /* more names than this for each second of the run: compiling them would take all of it */
    FIELDS_AGREE = 4096, /* on which engines are compared */
};

/* Shares of the time. */
#define SHARE_LOAD     0.10
#define SHARE_ENGINES  0.25
#define SHARE_CLASSES  0.10
#define SHARE_LISTS    0.12
#define SHARE_SIZES    0.08
#define SHARE_PATTERNS 0.25
#define SHARE_PLAIN    0.05
#define SHARE_SINGLES  0.03
#define SHARE_PACKETS  0.07

/* Of the lists, not of the allow-lists. */
struct bench_refusals {
    uint32_t *items; /* owned */
    uint32_t n, room;
    bool is_short; /* of memory */
};

static void refused(void *to, uint32_t indicator)
{
    struct bench_refusals *r = to;
    if (r->n == r->room) {
        uint32_t room = r->room ? 2 * r->room : 64;
        uint32_t *more = realloc(r->items, room * sizeof *more);
        r->is_short |= !more;
        if (!more)
            return;
        r->items = more;
        r->room = room;
    }
    r->items[r->n++] = indicator;
}

/* ---- getting ready ---- */

static bool load(const struct bench_options *o, struct bench_result *r, struct bench_hold *hold)
{
    struct load_options options = o->load;
    hold->refusals = calloc(1, sizeof *hold->refusals);
    if (!hold->refusals)
        return false;
    options.refused = refused;
    options.refused_to = hold->refusals;
    if (!load_lists(&options, &hold->loaded))
        return false;
    r->set = db_set(hold->loaded.db);
    r->db = hold->loaded.db;
    r->stats = db_stats(r->db);
    r->classes = hold->classes = malloc(r->set->n_indicators + 1u);
    if (!hold->classes || hold->refusals->is_short) {
        say("out of memory");
        return false;
    }
    for (uint32_t i = 0; i < r->set->n_indicators; i++)
        hold->classes[i] = (uint8_t)bench_class_of(r->set, i);
    for (uint32_t i = 0; i < hold->refusals->n; i++)
        hold->classes[hold->refusals->items[i]] = CLASS_COUNT;
    for (uint32_t i = 0; i < r->set->n_indicators; i++)
        r->n_live += hold->classes[i] != CLASS_COUNT;
    return true;
}

static uint64_t mark_of(const struct bench_fields *f)
{
    uint64_t mark = f->n;
    for (uint32_t i = 0; i < f->n; i++) {
        const struct scan_field *x = &f->items[i];
        uint32_t head[3] = {(uint32_t)x->kind, (uint32_t)x->field, x->port};
        mark = hash_bytes(head, sizeof head, mark);
        mark = hash_bytes(x->text.ptr, x->text.len, mark);
        mark = hash_bytes(x->target.ptr, x->target.len, mark);
        mark = hash_bytes(x->ip.b, sizeof x->ip.b, mark);
    }
    return mark;
}

static bool take_fields(const struct bench_options *o, struct bench_result *r, struct bench_hold *hold,
                        struct err *err)
{
    const char *const *sources = (const char *const *)o->captures.items;
    r->is_captured = o->captures.n > 0;
    r->fields = &hold->fields;
    if (!bench_fields_init(&hold->fields, r->is_captured ? BENCH_FIELDS_MAX : BENCH_FIELDS_BUILT_IN))
        return err_set(err, ERR_MEMORY, NULL, "out of memory for fields");
    if (!r->is_captured)
        bench_fields_make(&hold->fields, o->seed);
    else if (!bench_packets_read(&hold->packets, &o->captures, err) ||
             !bench_packets_fields(&hold->packets, hold->loaded.db, sources, &hold->fields, &r->replay, err))
        return false;
    r->n_packets = hold->packets.n;
    r->n_packets_left_out = hold->packets.n_left_out;
    r->fields_mark = mark_of(&hold->fields);
    return hold->fields.n ||
           err_set(err, ERR_SYNTAX, NULL, "the captures have no field that these lists look at");
}

/* ---- parts ---- */

/* A part of the lists as a db: the sensor's own when the part is the whole, for building takes long. */
struct part {
    const struct db *db;
    struct db *owned; /* NULL: it is the sensor's */
    uint32_t n;
};

static bool part_get(const struct bench_result *r, const struct bench_pick *pick, enum names_engine engine,
                     struct part *out, struct err *err)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->set->n_indicators; i++)
        n += bench_picks(pick, r->set, i);
    *out = (struct part){.db = r->db, .n = n};
    if (n == r->n_live && (engine == NAMES_AUTO || engine == r->stats->names_engine))
        return true;
    bool is_good = bench_subset(r->set, pick, engine, &out->owned, &out->n, err);
    out->db = out->owned;
    return is_good;
}

static void part_drop(struct part *p)
{
    db_free(p->owned);
}

/* ---- engines ---- */

/* From the indicators of a db of all that can match to those of the set; NULL when memory is short. */
static uint32_t *map_of_live(const struct bench_result *r)
{
    uint32_t *map = malloc((r->n_live + 1u) * sizeof *map);
    for (uint32_t i = 0, n = 0; map && i < r->set->n_indicators; i++)
        if (r->classes[i] != CLASS_COUNT)
            map[n++] = i;
    return map;
}

/* Does it find the same with each number of fields per scan, and as the engine before it? */
static bool find_same(struct bench_result *r, const struct part *part, struct bench_hits *agreed,
                      struct err *err)
{
    uint32_t n = r->fields->n < FIELDS_AGREE ? r->fields->n : FIELDS_AGREE;
    uint32_t *map = part->owned ? map_of_live(r) : NULL;
    bool is_good = map || !part->owned || err_set(err, ERR_MEMORY, NULL, "out of memory");
    for (int b = 0; is_good && b < BENCH_BATCHES; b++) {
        struct bench_hits hits = {.map = map};
        is_good = bench_find(part->db, r->fields, n, bench_batches[b], &hits, err);
        if (agreed->n_fields == UINT64_MAX)
            *agreed = hits;
        r->engines_agree &= !is_good || (hits.mark == agreed->mark && hits.n == agreed->n);
    }
    free(map);
    return is_good;
}

/* All indicators with one engine for names; what it finds is checked, once for each engine. */
static bool check_engine(struct bench_result *r, struct bench_engine *e, const struct part *part,
                         struct bench_hits *agreed, struct err *err)
{
    struct bench_check check;
    if (!bench_check(part->db, &check, err) || !find_same(r, part, agreed, err))
        return false;
    if (r->check.n_planted == 0 || check.n_different)
        r->check = check;
    e->compile_s = bench_compile_s(part->db);
    e->is_measured = true;
    return true;
}

/* Each engine with each number of fields per scan is a lane: they are compared with each other, and with an earlier run. */
static bool time_engines(struct bench_result *r, const struct part *parts, double seconds, struct err *err)
{
    struct bench_lane lanes[BENCH_ENGINES * BENCH_BATCHES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n_engines; i++)
        for (int b = 0; b < BENCH_BATCHES && r->engines[i].is_measured; b++)
            lanes[n++] = (struct bench_lane){.db = parts[i].db, .batch = bench_batches[b]};
    if (!bench_time_lanes(lanes, n, r->fields, seconds, err))
        return false;
    n = 0;
    for (uint32_t i = 0; i < r->n_engines; i++)
        for (int b = 0; b < BENCH_BATCHES && r->engines[i].is_measured; b++)
            r->engines[i].ns[b] = lanes[n++].ns;
    return true;
}

static bool measure_engines(struct bench_result *r, double seconds, struct err *err)
{
    static const char *const names[] = {
        [NAMES_AUTO] = "none", [NAMES_HYPERSCAN] = "hyperscan", [NAMES_TABLE] = "table"};
    static const enum names_engine engines[BENCH_ENGINES] = {NAMES_TABLE, NAMES_HYPERSCAN};
    struct bench_pick all = {.classes = r->classes};
    struct bench_hits agreed = {.n_fields = UINT64_MAX};
    struct part parts[BENCH_ENGINES] = {0};
    bool has_names = r->stats->n_names > 0, is_good = true;
    r->engines_agree = true;
    r->n_engines = has_names ? BENCH_ENGINES : 1;
    for (uint32_t i = 0; i < r->n_engines && is_good; i++) {
        struct bench_engine *e = &r->engines[i];
        enum names_engine engine = has_names ? engines[i] : NAMES_AUTO;
        e->name = names[engine];
        e->is_used = !has_names || engine == r->stats->names_engine;
        if (engine == NAMES_HYPERSCAN && !e->is_used &&
            r->stats->n_names > HYPERSCAN_NAMES_PER_S * r->seconds)
            continue;
        is_good = part_get(r, &all, engine, &parts[i], err) && check_engine(r, e, &parts[i], &agreed, err);
    }
    double before = bench_reference_ns();
    is_good = is_good && time_engines(r, parts, seconds, err);
    r->fields_reference_ns = (before + bench_reference_ns()) / 2;
    for (uint32_t i = 0; i < BENCH_ENGINES; i++)
        part_drop(&parts[i]);
    return is_good;
}

/* ---- parts of the lists ---- */

static bool is_late(const struct bench_result *r)
{
    return bench_wall_s() > r->deadline_s;
}

static bool measure_pick(const struct bench_result *r, const struct bench_pick *pick,
                         enum names_engine engine, double seconds, struct bench_share *out, struct err *err)
{
    struct part part;
    double ratio;
    if (!part_get(r, pick, engine, &part, err))
        return false;
    out->n = part.n;
    out->compile_s = bench_compile_s(part.db);
    bool is_good = bench_time_fields(part.db, r->fields, BENCH_BATCH, seconds, &out->ns, err);
    if (is_good && spread_compare(&r->nothing_ns, &out->ns, &ratio) == CHANGE_MORE)
        out->added_ns = out->ns.median - r->nothing_ns.median;
    out->is_measured = is_good;
    part_drop(&part);
    return is_good;
}

static bool measure_nothing(struct bench_result *r, double seconds, struct err *err)
{
    struct bench_pick none = {.classes = r->classes, .first = r->set->n_indicators, .n = 1};
    struct bench_share nothing = {0};
    bool is_good = measure_pick(r, &none, NAMES_AUTO, seconds, &nothing, err);
    r->nothing_ns = nothing.ns;
    return is_good;
}

static void put_shares(struct bench_share *items, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += items[i].added_ns;
    for (uint32_t i = 0; i < n && sum > 0; i++)
        items[i].share = items[i].added_ns / sum;
}

static bool measure_classes(struct bench_result *r, double seconds, struct err *err)
{
    uint32_t present = 0, n_present = 0;
    for (uint32_t i = 0; i < r->set->n_indicators; i++)
        present |= 1u << r->classes[i];
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        n_present += present >> c & 1;
    for (uint32_t c = 0; c < CLASS_COUNT; c++) {
        struct bench_pick pick = {.classes = r->classes, .class_mask = 1u << c};
        struct bench_share *share = &r->classes_alone[c];
        share->name = span_str(bench_class_name((enum bench_class)c));
        if (present >> c & 1 &&
            !measure_pick(r, &pick, r->stats->names_engine, seconds / n_present, share, err))
            return false;
    }
    put_shares(r->classes_alone, CLASS_COUNT);
    return true;
}

static uint32_t count_of_list(const struct bench_result *r, uint32_t list)
{
    struct bench_pick pick = {.classes = r->classes, .has_list = true, .list = list};
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->set->n_indicators; i++)
        n += bench_picks(&pick, r->set, i);
    return n;
}

struct sized_list {
    uint32_t list, n;
};

static int by_size(const void *a, const void *b)
{
    const struct sized_list *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return (x->list > y->list) - (x->list < y->list);
}

static int by_added(const void *a, const void *b)
{
    const struct bench_share *x = a, *y = b;
    return (x->added_ns < y->added_ns) - (x->added_ns > y->added_ns);
}

static bool measure_lists(struct bench_result *r, double seconds, struct err *err)
{
    struct sized_list *lists = calloc(r->set->n_lists + 1u, sizeof *lists);
    double end = bench_wall_s() + seconds;
    bool is_good = lists || err_set(err, ERR_MEMORY, NULL, "out of memory");
    for (uint32_t i = 0; is_good && i < r->set->n_lists; i++)
        lists[i] = (struct sized_list){i, count_of_list(r, i)};
    if (is_good)
        qsort(lists, r->set->n_lists, sizeof *lists, by_size);
    uint32_t n = r->set->n_lists < BENCH_LISTS_MAX ? r->set->n_lists : BENCH_LISTS_MAX;
    for (uint32_t i = 0; is_good && i < n; i++) {
        struct bench_pick pick = {.classes = r->classes, .has_list = true, .list = lists[i].list};
        struct bench_share *share = &r->lists[r->n_lists++];
        *share = (struct bench_share){.name = set_text(r->set, r->set->lists[lists[i].list].name),
                                      .n = lists[i].n};
        if (!is_late(r) && (i == 0 || bench_wall_s() < end))
            is_good = measure_pick(r, &pick, NAMES_AUTO, seconds / n, share, err);
    }
    put_shares(r->lists, r->n_lists);
    qsort(r->lists, r->n_lists, sizeof *r->lists, by_added);
    free(lists);
    return is_good;
}

static bool measure_sizes(struct bench_result *r, double seconds, struct err *err)
{
    static const uint32_t every[BENCH_SIZES] = {8, 4, 2, 1};
    for (; r->n_sizes < BENCH_SIZES && !is_late(r); r->n_sizes++) {
        uint32_t i = r->n_sizes;
        struct bench_pick pick = {.classes = r->classes, .every = every[i]};
        struct bench_size *size = &r->sizes[i];
        struct part part;
        if (!part_get(r, &pick, NAMES_AUTO, &part, err))
            return false;
        const struct db_stats *s = db_stats(part.db);
        size->n = part.n;
        size->every = every[i];
        size->engine = s->n_names == 0 ? "none" : s->names_engine == NAMES_TABLE ? "table" : "hyperscan";
        size->compile_s = bench_compile_s(part.db);
        size->bytes = bench_db_bytes(s);
        bool is_good =
            bench_time_fields(part.db, r->fields, BENCH_BATCH, seconds / BENCH_SIZES, &size->ns, err);
        part_drop(&part);
        if (!is_good)
            return false;
    }
    return true;
}

/* ---- hits ---- */

static int by_hits(const void *a, const void *b)
{
    const struct bench_hitter *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return (x->indicator > y->indicator) - (x->indicator < y->indicator);
}

static bool keep_hitters(struct bench_result *r, const uint64_t *counts, uint32_t n_counts)
{
    struct bench_hitter *all = calloc(n_counts + 1u, sizeof *all);
    uint32_t n = 0;
    for (uint32_t i = 0; all && i < n_counts; i++)
        if (counts[i])
            all[n++] = (struct bench_hitter){i, counts[i]};
    if (all)
        qsort(all, n, sizeof *all, by_hits);
    r->n_hitters = n < BENCH_HITTERS_MAX ? n : BENCH_HITTERS_MAX;
    for (uint32_t i = 0; all && i < r->n_hitters; i++)
        r->hitters[i] = all[i];
    free(all);
    return all != NULL;
}

static bool count_hits(struct bench_result *r, const struct db *db, struct err *err)
{
    uint64_t *counts = calloc(r->set->n_indicators + 1u, sizeof *counts);
    struct bench_hits hits = {.by_indicator = counts};
    bool is_good =
        (counts || err_set(err, ERR_MEMORY, NULL, "out of memory")) &&
        bench_find(db, r->fields, r->fields->n, BENCH_BATCH, &hits, err) &&
        (keep_hitters(r, counts, r->set->n_indicators) || err_set(err, ERR_MEMORY, NULL, "out of memory"));
    r->n_hits = hits.n;
    r->n_fields_hit = hits.n_fields;
    for (uint32_t i = 0; is_good && i < r->n_patterns; i++)
        r->patterns[i].n_hits = counts[r->patterns[i].indicator];
    free(counts);
    return is_good;
}

/* ---- what can be compared ---- */

static void add_metric(struct bench_result *r, const char *unit, bool needs_fields, struct spread value,
                       double reference_ns, const char *name)
{
    struct bench_metric *m = &r->metrics[r->n_metrics++];
    *m = (struct bench_metric){
        .unit = unit, .needs_fields = needs_fields, .value = value, .reference_ns = reference_ns};
    snprintf(m->name, sizeof m->name, "%s", name);
}

static struct spread one_value(double value)
{
    return (struct spread){.median = value, .low = value, .high = value, .n = 1};
}

static void fill_metrics(struct bench_result *r)
{
    char name[48];
    add_metric(r, "s", false, r->load.cpu_s, r->load_reference_ns, "load_cpu");
    add_metric(r, "bytes", false, r->load.peak_bytes, 0, "peak_memory");
    add_metric(r, "bytes", false, r->load.resident_bytes, 0, "resident_memory");
    add_metric(r, "bytes", false, spread_exact((double)bench_db_bytes(r->stats)), 0, "db");
    for (uint32_t e = 0; e < r->n_engines; e++)
        for (int b = 0; b < BENCH_BATCHES && r->engines[e].is_measured; b++) {
            snprintf(name, sizeof name, "field_%s_%u", r->engines[e].name, bench_batches[b]);
            add_metric(r, "ns", true, r->engines[e].ns[b], r->fields_reference_ns, name);
        }
    add_metric(r, "ns", true, one_value(times_quantile(&r->singles, 0.5)), r->packets_reference_ns,
               "single_p50");
    add_metric(r, "ns", true, one_value(times_quantile(&r->singles, 0.99)), r->packets_reference_ns,
               "single_p99");
    if (r->n_packets)
        add_metric(r, "ns", true, r->packets.with, r->packets_reference_ns, "packet");
}

/* ---- the whole ---- */

static bool measure_last(const struct bench_options *o, struct bench_result *r, const struct bench_hold *hold,
                         struct err *err)
{
    const struct db *db = hold->loaded.db;
    double before = bench_reference_ns();
    bool is_good =
        bench_time_singles(db, r->fields, SHARE_SINGLES * r->seconds, &r->singles, &r->clock_ns, err);
    if (is_good && r->n_packets)
        is_good = bench_packets_time(&hold->packets, db, (const char *const *)o->captures.items,
                                     SHARE_PACKETS * r->seconds, &r->packets, err);
    r->packets_reference_ns = (before + bench_reference_ns()) / 2;
    return is_good;
}

static bool measure(const struct bench_options *o, struct bench_result *r, struct bench_hold *hold,
                    struct err *err)
{
    double s = r->seconds;
    return take_fields(o, r, hold, err) && measure_nothing(r, 0.01 * s, err) &&
           measure_engines(r, SHARE_ENGINES * s, err) && bench_patterns(r, SHARE_PATTERNS * s, err) &&
           measure_classes(r, SHARE_CLASSES * s, err) && measure_lists(r, SHARE_LISTS * s, err) &&
           bench_plain(r, SHARE_PLAIN * s, err) && measure_sizes(r, SHARE_SIZES * s, err) &&
           count_hits(r, hold->loaded.db, err) && measure_last(o, r, hold, err);
}

bool bench_run(const struct bench_options *o, struct bench_result *r, struct bench_hold *hold)
{
    struct err err = {0};
    *hold = (struct bench_hold){0};
    r->seconds = o->seconds;
    r->deadline_s = bench_wall_s() + 2 * o->seconds;
    r->seed = o->seed;
    double before = bench_reference_ns();
    bool is_loaded = bench_load(&o->load, SHARE_LOAD * o->seconds, &r->load, &err);
    r->load_reference_ns = (before + bench_reference_ns()) / 2;
    if (!load(o, r, hold)) /* says itself why */
        return false;
    bool is_good = is_loaded && measure(o, r, hold, &err);
    if (!is_good)
        say_err(&err);
    else
        fill_metrics(r);
    return is_good;
}

void bench_hold_fini(struct bench_hold *hold)
{
    bench_fields_fini(&hold->fields);
    bench_packets_fini(&hold->packets);
    loaded_fini(&hold->loaded);
    if (hold->refusals)
        free(hold->refusals->items);
    free(hold->refusals);
    free(hold->classes);
}
