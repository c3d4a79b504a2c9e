#pragma once
/* Small sets and dbs for tests, written as tables. */
#include <stdlib.h>

#include "matcher/db.h"
#include "matcher/scan.h"
#include "tests/unit/rules/bloom_bytes.h"

struct sample {
    enum ioc_type type;
    enum ioc_match match;
    const char *value;
    field_mask fields; /* 0: the type's default */
    uint16_t port, flags;
};

/* SAMPLE(type, match, value), then what else is said: .fields, .port, .flags. */
#define SAMPLE(type_, match_, ...)                                                                                     \
    {                                                                                                                  \
        .type = (type_), .match = (match_), .value = __VA_ARGS__                                                       \
    }

static inline void sample_must(bool ok)
{
    if (!ok)
        abort();
}

/* A small filter for the indicator `at`: in it are the words of its value. */
static inline void sample_add_bloom(struct set *s, uint32_t at, const char *value)
{
    const struct bloom_bytes shape = {.n = 20, .p = 0.05, .k = 4, .m = 126};
    struct bloom b = {.n_bits = shape.m,
                      .n_hashes = (uint32_t)shape.k,
                      .n_meant = shape.n,
                      .rate = shape.p,
                      .first_word = set_view_of(s).n_bloom_words,
                      .content = at + 1,
                      .indicator = at};
    uint64_t *words = set_add_words(s, 2);
    sample_must(words != NULL);
    for (; *value; b.n_entered++) {
        size_t n = strcspn(value, " ");
        bloom_bytes_enter(words, &shape, span_of(value, n));
        value += n + strspn(value + n, " ");
    }
    sample_must(set_add_bloom(s, &b, NULL));
}

/* In order: sample i is indicator i, unless two are equal. */
static inline struct set *sample_set(const struct sample *samples, size_t n)
{
    struct set *s = set_new();
    const struct span tags[] = {SPAN_LIT("c2"), SPAN_LIT("test")};
    struct context_in c = {.organisation = SPAN_LIT("CERT-XX"),
                           .tags = tags,
                           .n_tags = 2,
                           .valid_from = INT64_MIN,
                           .valid_until = INT64_MAX,
                           .tlp = TLP_GREEN,
                           .confidence = 80};
    uint32_t list, context;
    bool is_new;
    sample_must(s && set_add_list(s, SPAN_LIT("sample"), SPAN_LIT("lists/sample.txt"), &list, NULL) &&
                set_add_context(s, &c, &context, NULL));
    for (size_t i = 0; i < n; i++) {
        struct indicator_in in = {.type = samples[i].type,
                                  .match = samples[i].match,
                                  .fields = samples[i].fields ? samples[i].fields : ioc_default_fields(samples[i].type),
                                  .value = span_str(samples[i].value),
                                  .port = samples[i].port,
                                  .flags = samples[i].flags};
        sample_must(set_add(s, &in, list, (uint32_t)i + 1, context, &is_new, NULL));
        if (in.type == IOC_BLOOM)
            sample_add_bloom(s, set_find(s, &in), samples[i].value);
    }
    return s;
}

static inline struct db *sample_db(const struct sample *samples, size_t n, enum names_engine engine)
{
    struct db_options options = {.names_engine = engine};
    struct db *db = NULL;
    struct err err = {0};
    sample_must(db_build(sample_set(samples, n), &options, &db, &err));
    return db;
}

/* A copy in a block of its exact size, so that one byte too far is seen. */
static inline struct span sample_exact(struct span s)
{
    uint8_t *p = malloc(s.len ? s.len : 1);
    sample_must(p != NULL);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return span_of(p, s.len);
}

static inline void sample_release(struct span s)
{
    free((void *)(uintptr_t)s.ptr);
}

/* Bits of the indicators (below 64) that hit in the batch added so far. */
static inline uint64_t sample_run(struct scanner *s)
{
    const struct hit *hits;
    uint64_t bits = 0;
    size_t n = scan_run(s, &hits);
    for (size_t i = 0; i < n; i++)
        bits |= 1ull << hits[i].indicator;
    return bits;
}
