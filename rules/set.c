/* See set.h. Indicators, contexts, context texts and runs of tags are each found again through a set_index. Its hashes are
 * seeded at random: lists come from strangers, who could otherwise choose names that pile up in one place. What comes out does
 * not depend on the seed, for everything is numbered in the order it was added.
 *
 * Origins of an indicator are a chain, nearly always short: it is walked to its end. Only past CHAIN_WALK links its further
 * origins go into an index of their own, so that a list which says one thing a million times costs no more than its length. */
#define _GNU_SOURCE 1 /* getrandom */
#include "rules/set.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"
#include "rules/set_index.h"

enum {
    CHAIN_WALK = 8,
    BATCH = 32,
    KEY_FLAGS = IOC_F_CASELESS | IOC_F_HOST_ONLY, /* tell indicators apart */
};

struct run {
    uint32_t first, n;
};

struct long_link { /* an origin past the CHAIN_WALK first of its indicator */
    uint32_t indicator, origin;
};

struct set {
    struct rows indicators, origins, contexts, lists, tags, pool, blooms, words; /* what a view shows */
    /* What only adding needs. */
    struct set_index by_key, by_context, by_text, by_run, by_link;
    struct rows texts;      /* text_ref: those of contexts, found again through by_text */
    struct rows runs;       /* struct run in tags */
    struct rows long_links; /* struct long_link */
    struct rows tails;      /* uint32_t per indicator: last origin of a long chain, else 0; may be shorter */
    uint64_t seed;
    bool is_sealed;
};

#define ROWS(type, rows)   ((type *)(void *)(rows).ptr)
#define N_ROWS(type, rows) ((uint32_t)((rows).used / sizeof(type)))

static bool fail_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, NULL, "not enough memory for the indicators");
}

static bool fail_limit(struct err *err, const char *what)
{
    return err_set(err, ERR_LIMIT, NULL, "too many %s for one set: their number no longer fits 32 bits",
                   what);
}

static uint32_t hash32(const struct set *s, const void *p, size_t n, uint64_t salt)
{
    return (uint32_t)(hash_bytes(p, n, s->seed ^ salt) >> 32);
}

struct set *set_new(void)
{
    struct set *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    if (getrandom(&s->seed, sizeof s->seed, GRND_NONBLOCK) != sizeof s->seed)
        s->seed = (uint64_t)(uintptr_t)s ^ (uint64_t)clock();
    return s;
}

static void free_adding(struct set *s)
{
    set_index_fini(&s->by_key);
    set_index_fini(&s->by_context);
    set_index_fini(&s->by_text);
    set_index_fini(&s->by_run);
    set_index_fini(&s->by_link);
    rows_free(&s->texts);
    rows_free(&s->runs);
    rows_free(&s->long_links);
    rows_free(&s->tails);
}

void set_free(struct set *s)
{
    if (!s)
        return;
    free_adding(s);
    rows_free(&s->indicators);
    rows_free(&s->origins);
    rows_free(&s->contexts);
    rows_free(&s->lists);
    rows_free(&s->tags);
    rows_free(&s->pool);
    rows_free(&s->blooms);
    rows_free(&s->words);
    free(s);
}

/* ---- texts, lists ---- */

static bool put_bytes(struct set *s, struct span text, struct text_ref *out, struct err *err)
{
    if (text.len > UINT32_MAX - s->pool.used)
        return fail_limit(err, "bytes of text");
    *out = (struct text_ref){0};
    if (text.len == 0)
        return true;
    *out = (struct text_ref){.offset = (uint32_t)s->pool.used, .len = (uint32_t)text.len};
    uint8_t *to = rows_add_inline(&s->pool, text.len);
    if (!to)
        return fail_memory(err);
    memcpy(to, text.ptr, text.len);
    return true;
}

static struct span text_at(const struct set *s, struct text_ref t)
{
    return span_of(s->pool.ptr + t.offset, t.len);
}

static bool is_same_text(const void *things, uint32_t index, const void *key)
{
    const struct set *s = things;
    const struct span *text = key;
    return span_eq(text_at(s, ROWS(struct text_ref, s->texts)[index]), *text);
}

/* The same text is stored once. */
static bool intern_text(struct set *s, struct span text, struct text_ref *out, struct err *err)
{
    *out = (struct text_ref){0};
    if (text.len == 0)
        return true;
    uint32_t hash = hash32(s, text.ptr, text.len, 1);
    uint32_t at = set_index_find(&s->by_text, hash, is_same_text, s, &text);
    if (at != SET_INDEX_NONE) {
        *out = ROWS(struct text_ref, s->texts)[at];
        return true;
    }
    struct text_ref *row = set_index_reserve(&s->by_text) ? rows_add(&s->texts, sizeof *row) : NULL;
    if (!row)
        return fail_memory(err);
    if (!put_bytes(s, text, row, err)) {
        rows_cut(&s->texts, s->texts.used - sizeof *row);
        return false;
    }
    set_index_put(&s->by_text, hash);
    *out = *row;
    return true;
}

bool set_add_list(struct set *s, struct span name, struct span path, uint32_t *out_list, struct err *err)
{
    assert(!s->is_sealed);
    struct list_info info = {0};
    if (!intern_text(s, name, &info.name, err) || !intern_text(s, path, &info.path, err))
        return false;
    struct list_info *row = rows_add(&s->lists, sizeof *row);
    if (!row)
        return fail_memory(err);
    *row = info;
    *out_list = N_ROWS(struct list_info, s->lists) - 1;
    return true;
}

/* ---- contexts ---- */

static bool is_same_run(const void *things, uint32_t index, const void *key)
{
    const struct set *s = things;
    const struct run *want = key, *have = &ROWS(struct run, s->runs)[index];
    const struct text_ref *tags = ROWS(struct text_ref, s->tags);
    return have->n == want->n && memcmp(tags + have->first, tags + want->first, want->n * sizeof *tags) == 0;
}

/* Append the tags, then find out whether the same run is there already: if so, cut it off again. */
static bool add_tags(struct set *s, const struct span *tags, size_t n, struct run *out, struct err *err)
{
    size_t mark = s->tags.used;
    *out = (struct run){0};
    if (n == 0)
        return true;
    if (n > UINT32_MAX - N_ROWS(struct text_ref, s->tags))
        return fail_limit(err, "tags");
    struct run run = {.first = N_ROWS(struct text_ref, s->tags), .n = (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct text_ref ref, *row;
        if (!intern_text(s, tags[i], &ref, err))
            return rows_cut(&s->tags, mark), false;
        row = rows_add(&s->tags, sizeof *row);
        if (!row)
            return rows_cut(&s->tags, mark), fail_memory(err);
        *row = ref;
    }
    uint32_t hash = hash32(s, s->tags.ptr + mark, s->tags.used - mark, 2);
    uint32_t at = set_index_find(&s->by_run, hash, is_same_run, s, &run);
    if (at != SET_INDEX_NONE) {
        rows_cut(&s->tags, mark);
        *out = ROWS(struct run, s->runs)[at];
        return true;
    }
    struct run *row = set_index_reserve(&s->by_run) ? rows_add(&s->runs, sizeof *row) : NULL;
    if (!row)
        return rows_cut(&s->tags, mark), fail_memory(err);
    *row = *out = run;
    set_index_put(&s->by_run, hash);
    return true;
}

static bool is_same_context(const void *things, uint32_t index, const void *key)
{
    const struct set *s = things;
    return memcmp(&ROWS(struct context, s->contexts)[index], key, sizeof(struct context)) == 0;
}

bool set_add_context(struct set *s, const struct context_in *c, uint32_t *out_context, struct err *err)
{
    assert(!s->is_sealed);
    struct context row;
    struct run run;
    memset(&row, 0, sizeof row);
    if (!intern_text(s, c->organisation, &row.organisation, err) ||
        !intern_text(s, c->reference, &row.reference, err) ||
        !intern_text(s, c->description, &row.description, err) || !intern_text(s, c->id, &row.id, err) ||
        !add_tags(s, c->tags, c->n_tags, &run, err))
        return false;
    row.tags = run.first;
    row.n_tags = run.n;
    row.valid_from = c->valid_from;
    row.valid_until = c->valid_until;
    row.tlp = (uint8_t)c->tlp;
    row.is_exercise = c->is_exercise;
    row.confidence = (int8_t)(c->confidence < 0 ? -1 : c->confidence > 100 ? 100 : c->confidence);

    /* Texts and runs are stored once, so equal contexts are equal bytes. */
    uint32_t hash = hash32(s, &row, sizeof row, 3);
    *out_context = set_index_find(&s->by_context, hash, is_same_context, s, &row);
    if (*out_context != SET_INDEX_NONE)
        return true;
    struct context *to = set_index_reserve(&s->by_context) ? rows_add(&s->contexts, sizeof *to) : NULL;
    if (!to)
        return fail_memory(err);
    *to = row;
    *out_context = s->by_context.n;
    set_index_put(&s->by_context, hash);
    return true;
}

/* ---- origins ---- */

static bool append_origin(struct set *s, const struct origin *o, uint32_t *out_origin, struct err *err)
{
    if (s->origins.used / sizeof *o >= ORIGIN_END)
        return fail_limit(err, "origins");
    struct origin *row = rows_add_inline(&s->origins, sizeof *row);
    if (!row)
        return fail_memory(err);
    *row = *o;
    *out_origin = N_ROWS(struct origin, s->origins) - 1;
    return true;
}

struct link_key {
    uint32_t indicator, list, context;
};

static bool is_same_link(const void *things, uint32_t index, const void *key)
{
    const struct set *s = things;
    const struct link_key *want = key;
    const struct long_link *link = &ROWS(struct long_link, s->long_links)[index];
    const struct origin *o = &ROWS(struct origin, s->origins)[link->origin];
    return link->indicator == want->indicator && o->list == want->list && o->context == want->context;
}

/* COLD: `last` is the CHAIN_WALKth origin of the indicator; what comes after it is found through by_link, the end of the
 * chain through tails. */
static bool add_long(struct set *s, uint32_t indicator, uint32_t last, const struct origin *o,
                     struct err *err)
{
    struct link_key key = {indicator, o->list, o->context};
    uint32_t hash = hash32(s, &key, sizeof key, 4);
    if (set_index_find(&s->by_link, hash, is_same_link, s, &key) != SET_INDEX_NONE)
        return true;
    size_t need = ((size_t)indicator + 1) * sizeof(uint32_t);
    if (s->tails.used < need && !rows_add(&s->tails, need - s->tails.used))
        return fail_memory(err);
    uint32_t *tail = &ROWS(uint32_t, s->tails)[indicator], at;
    struct long_link *row = set_index_reserve(&s->by_link) ? rows_add(&s->long_links, sizeof *row) : NULL;
    if (!row)
        return fail_memory(err);
    if (!append_origin(s, o, &at, err)) {
        rows_cut(&s->long_links, s->long_links.used - sizeof *row);
        return false;
    }
    *row = (struct long_link){indicator, at};
    set_index_put(&s->by_link, hash);
    ROWS(struct origin, s->origins)[*tail ? *tail : last].next = at;
    *tail = at;
    return true;
}

static bool add_origin(struct set *s, uint32_t indicator, const struct origin *o, struct err *err)
{
    uint32_t at = ROWS(struct indicator, s->indicators)[indicator].origins;
    for (unsigned n = 1;; n++) {
        const struct origin *have = &ROWS(struct origin, s->origins)[at];
        if (have->list == o->list && have->context == o->context)
            return true;
        if (n == CHAIN_WALK)
            return add_long(s, indicator, at, o, err);
        if (have->next == ORIGIN_END)
            break;
        at = have->next;
    }
    uint32_t added;
    if (!append_origin(s, o, &added, err))
        return false;
    ROWS(struct origin, s->origins)[at].next = added;
    return true;
}

/* ---- indicators ---- */

static bool is_same_indicator(const void *things, uint32_t index, const void *key)
{
    const struct set *s = things;
    const struct indicator_in *in = key;
    const struct indicator *have = &ROWS(struct indicator, s->indicators)[index];
    return have->value_len == in->value.len && have->type == in->type && have->match == in->match &&
           have->fields == in->fields && have->port == in->port &&
           (have->flags & KEY_FLAGS) == (in->flags & KEY_FLAGS) &&
           memcmp(s->pool.ptr + have->value, in->value.ptr, in->value.len) == 0;
}

static uint32_t hash_indicator(const struct set *s, const struct indicator_in *in)
{
    uint64_t rest = (uint64_t)in->fields << 32 | (uint32_t)in->port << 16 |
                    (uint32_t)(in->flags & KEY_FLAGS) << 11 | (uint32_t)in->match << 8 |
                    (uint32_t)in->type;
    return hash32(s, in->value.ptr, in->value.len, rest * UINT64_C(0x9e3779b97f4a7c15));
}

static bool add_new(struct set *s, const struct indicator_in *in, uint32_t hash, const struct origin *o,
                    struct err *err)
{
    if (in->value.len > UINT16_MAX)
        return err_set(err, ERR_LIMIT, NULL, "a value of %zu bytes is too long, at most %u fit",
                       in->value.len, UINT16_MAX);
    struct text_ref value;
    uint32_t origin;
    if (!set_index_reserve(&s->by_key))
        return fail_memory(err);
    struct indicator *row = rows_add_inline(&s->indicators, sizeof *row);
    if (!row)
        return fail_memory(err);
    if (!put_bytes(s, in->value, &value, err) || !append_origin(s, o, &origin, err)) {
        rows_cut(&s->indicators, s->indicators.used - sizeof *row);
        return false;
    }
    *row = (struct indicator){.value = value.offset,
                              .origins = origin,
                              .fields = in->fields,
                              .value_len = (uint16_t)value.len,
                              .type = (uint8_t)in->type,
                              .match = (uint8_t)in->match,
                              .port = in->port,
                              .flags = in->flags};
    set_index_put(&s->by_key, hash);
    return true;
}

static bool add_hashed(struct set *s, struct set_entry *e, uint32_t hash, uint32_t list, struct err *err)
{
    struct origin o = {.list = list, .line = e->line, .context = e->context, .next = ORIGIN_END};
    e->indicator = set_index_find(&s->by_key, hash, is_same_indicator, s, &e->in);
    e->is_new = e->indicator == SET_INDEX_NONE;
    if (e->is_new) {
        e->indicator = N_ROWS(struct indicator, s->indicators);
        return add_new(s, &e->in, hash, &o, err);
    }
    ROWS(struct indicator, s->indicators)[e->indicator].flags |= e->in.flags;
    return add_origin(s, e->indicator, &o, err);
}

bool set_add_many(struct set *s, struct set_entry *entries, size_t n, uint32_t list, size_t *out_n_done,
                  struct err *err)
{
    assert(!s->is_sealed);
    uint32_t hashes[BATCH];
    *out_n_done = 0;
    while (*out_n_done < n) {
        struct set_entry *batch = entries + *out_n_done;
        size_t len = n - *out_n_done < BATCH ? n - *out_n_done : BATCH;
        for (size_t i = 0; i < len; i++) {
            hashes[i] = hash_indicator(s, &batch[i].in);
            set_index_prefetch(&s->by_key, hashes[i]);
        }
        for (size_t i = 0; i < len; i++, ++*out_n_done)
            if (!add_hashed(s, &batch[i], hashes[i], list, err))
                return false;
    }
    return true;
}

uint32_t set_find(const struct set *s, const struct indicator_in *in)
{
    assert(!s->is_sealed);
    uint32_t at = set_index_find(&s->by_key, hash_indicator(s, in), is_same_indicator, s, in);
    return at == SET_INDEX_NONE ? SET_NONE : at;
}

void set_flag(struct set *s, uint32_t indicator, uint16_t flags)
{
    ROWS(struct indicator, s->indicators)[indicator].flags |= flags;
}

void set_suppress(struct set *s, uint32_t indicator, uint32_t allowed_by)
{
    set_flag(s, indicator, IOC_F_SUPPRESSED);
    ROWS(struct indicator, s->indicators)[indicator].allowed_by = allowed_by;
}

bool set_add(struct set *s, const struct indicator_in *in, uint32_t list, uint32_t line, uint32_t context,
             bool *out_is_new, struct err *err)
{
    struct set_entry e = {.in = *in, .line = line, .context = context};
    size_t n_done;
    bool is_good = set_add_many(s, &e, 1, list, &n_done, err);
    *out_is_new = is_good && e.is_new;
    return is_good;
}

/* ---- Bloom filters ---- */

uint64_t *set_add_words(struct set *s, uint32_t n)
{
    assert(!s->is_sealed);
    if (n > SET_BLOOM_WORDS_MAX - N_ROWS(uint64_t, s->words))
        return NULL;
    return rows_add(&s->words, n * sizeof(uint64_t));
}

void set_cut_words(struct set *s, uint32_t n_words)
{
    rows_cut(&s->words, n_words * sizeof(uint64_t));
}

static bool is_same_bloom(const struct set *s, const struct bloom *a, const struct bloom *b)
{
    const uint64_t *words = ROWS(uint64_t, s->words);
    return a->content == b->content && a->n_bits == b->n_bits && a->n_hashes == b->n_hashes &&
           memcmp(words + a->first_word, words + b->first_word, bloom_n_words(a->n_bits) * sizeof *words) ==
               0;
}

uint32_t set_find_bloom(const struct set *s, const struct bloom *b, const struct indicator_in *in)
{
    for (uint32_t i = 0; i < N_ROWS(struct bloom, s->blooms); i++) {
        const struct bloom *have = &ROWS(struct bloom, s->blooms)[i];
        const struct indicator *ind = &ROWS(struct indicator, s->indicators)[have->indicator];
        if (ind->fields == in->fields && ind->match == in->match && is_same_bloom(s, have, b))
            return have->indicator;
    }
    return SET_NONE;
}

bool set_add_bloom(struct set *s, const struct bloom *b, struct err *err)
{
    assert(!s->is_sealed);
    struct bloom *row = rows_add(&s->blooms, sizeof *row);
    if (!row)
        return fail_memory(err);
    *row = *b;
    return true;
}

/* ---- views ---- */

struct set_view set_view_of(const struct set *s)
{
    return (struct set_view){
        .indicators = ROWS(const struct indicator, s->indicators),
        .origins = ROWS(const struct origin, s->origins),
        .contexts = ROWS(const struct context, s->contexts),
        .lists = ROWS(const struct list_info, s->lists),
        .tags = ROWS(const struct text_ref, s->tags),
        .pool = s->pool.ptr,
        .blooms = ROWS(const struct bloom, s->blooms),
        .bloom_words = ROWS(const uint64_t, s->words),
        .n_indicators = N_ROWS(struct indicator, s->indicators),
        .n_origins = N_ROWS(struct origin, s->origins),
        .n_contexts = N_ROWS(struct context, s->contexts),
        .n_lists = N_ROWS(struct list_info, s->lists),
        .n_tags = N_ROWS(struct text_ref, s->tags),
        .n_blooms = N_ROWS(struct bloom, s->blooms),
        .n_bloom_words = N_ROWS(uint64_t, s->words),
        .pool_bytes = (uint32_t)s->pool.used,
    };
}

void set_seal(struct set *s)
{
    free_adding(s);
    rows_trim(&s->indicators);
    rows_trim(&s->origins);
    rows_trim(&s->contexts);
    rows_trim(&s->lists);
    rows_trim(&s->tags);
    rows_trim(&s->pool);
    rows_trim(&s->blooms);
    rows_trim(&s->words);
    s->is_sealed = true;
}
