/* See bench_subset.h. */
#include "tools/bench_subset.h"

#include "matcher/route.h"

const char *bench_class_name(enum bench_class c)
{
    static const char *const names[CLASS_COUNT + 1] = {
        [CLASS_NAMES] = "names",          [CLASS_ADDRESSES] = "addresses", [CLASS_URLS] = "URLs and paths",
        [CLASS_TEXTS] = "texts",          [CLASS_WILDCARDS] = "wildcards", [CLASS_REGEXES] = "regexes",
        [CLASS_BLOOMS] = "Bloom filters", [CLASS_COUNT] = "none",
    };
    return names[c];
}

enum bench_class bench_class_of(const struct set_view *v, uint32_t indicator)
{
    const struct indicator *ind = &v->indicators[indicator];
    switch (route_of(v, indicator)) {
    case ROUTE_NAME:
        return CLASS_NAMES;
    case ROUTE_ADDRESS:
    case ROUTE_RANGE:
        return CLASS_ADDRESSES;
    case ROUTE_EXACT:
        return route_key_kind(ind) == KEY_TEXT ? CLASS_TEXTS : CLASS_URLS;
    case ROUTE_PREFIX:
        return CLASS_URLS;
    case ROUTE_PATTERN:
        return ind->type == IOC_WILDCARD ? CLASS_WILDCARDS : CLASS_REGEXES;
    case ROUTE_BLOOM:
        return CLASS_BLOOMS;
    default:
        return CLASS_COUNT;
    }
}

static bool is_named_by(const struct set_view *v, uint32_t indicator, uint32_t list)
{
    for (uint32_t at = v->indicators[indicator].origins; at != ORIGIN_END; at = v->origins[at].next)
        if (v->origins[at].list == list)
            return true;
    return false;
}

bool bench_picks(const struct bench_pick *p, const struct set_view *v, uint32_t i)
{
    if (p->classes[i] == CLASS_COUNT || (p->class_mask && !(p->class_mask >> p->classes[i] & 1)) ||
        i < p->first || (p->n && i - p->first >= p->n) || (p->every > 1 && i % p->every) ||
        (p->has_except && i == p->except))
        return false;
    return !p->has_list || is_named_by(v, i, p->list);
}

double bench_compile_s(const struct db *db)
{
    return db_stats(db)->compile_seconds - db_times(db)->trial_seconds;
}

/* A set with one list and one context, which say nothing. */
static bool begin(struct set **out, uint32_t *list, uint32_t *context, struct err *err)
{
    struct context_in nothing = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    *out = set_new();
    return *out ? set_add_list(*out, SPAN_LIT("bench"), SPAN_LIT("bench"), list, err) &&
                      set_add_context(*out, &nothing, context, err)
                : err_set(err, ERR_MEMORY, NULL, "out of memory");
}

static bool add_bloom(struct set *to, const struct set_view *v, uint32_t from, uint32_t indicator,
                      struct err *err)
{
    for (uint32_t b = 0; b < v->n_blooms; b++) {
        if (v->blooms[b].indicator != from)
            continue;
        struct bloom copy = v->blooms[b];
        uint32_t n_words = (uint32_t)bloom_n_words(copy.n_bits);
        uint64_t *words = set_add_words(to, n_words);
        if (!words)
            return err_set(err, ERR_MEMORY, NULL, "out of memory for a Bloom filter");
        memcpy(words, v->bloom_words + copy.first_word, n_words * sizeof *words);
        copy.first_word = set_view_of(to).n_bloom_words - n_words;
        copy.indicator = indicator;
        return set_add_bloom(to, &copy, err);
    }
    return true;
}

static bool add(struct set *to, const struct bench_pick *pick, const struct set_view *v, uint32_t i,
                uint32_t list, uint32_t context, struct err *err)
{
    const struct indicator *ind = &v->indicators[i];
    uint32_t indicator = set_view_of(to).n_indicators;
    struct indicator_in in = {.type = (enum ioc_type)ind->type,
                              .match = (enum ioc_match)ind->match,
                              .fields = ind->fields,
                              .value = set_value(v, i),
                              .port = ind->port,
                              .flags = ind->flags};
    bool is_new;
    if (pick->restate)
        pick->restate(pick->restate_to, v, i, &in);
    if (!set_add(to, &in, list, i + 1, context, &is_new, err))
        return false;
    return ind->type != IOC_BLOOM || add_bloom(to, v, i, indicator, err);
}

bool bench_subset(const struct set_view *v, const struct bench_pick *pick, enum names_engine engine,
                  struct db **out, uint32_t *out_n, struct err *err)
{
    struct db_options options = {.names_engine = engine, .is_tried = true};
    uint32_t list, context;
    struct set *set;
    bool is_good = begin(&set, &list, &context, err);
    *out = NULL;
    *out_n = 0;
    for (uint32_t i = 0; is_good && i < v->n_indicators; i++)
        if (bench_picks(pick, v, i)) {
            is_good = add(set, pick, v, i, list, context, err);
            *out_n += is_good;
        }
    if (is_good)
        return db_build(set, &options, out, err);
    set_free(set);
    return false;
}
