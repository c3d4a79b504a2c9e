#pragma once
/* Small sets and dbs for tests, written as tables. */
#include <stdlib.h>

#include "matcher/db.h"
#include "matcher/scan.h"

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
