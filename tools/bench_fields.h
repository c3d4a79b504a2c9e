#pragma once
/* The fields that lists are measured with: a built-in mix made by a seeded generator, or what the sensor takes out of captures. */
#include "base/arena.h"
#include "matcher/scan.h"

enum {
    BENCH_FIELDS_BUILT_IN = 16384,
    BENCH_FIELDS_MAX = 1 << 18,        /* kept of captures; more are counted only */
    BENCH_FIELDS_BYTES = 64 << 20,     /* of their texts */
};

struct bench_fields {
    struct scan_field *items; /* owned; texts live in the arena */
    struct arena arena;
    uint32_t n, room;
    uint64_t n_left_out;            /* beyond the bounds above */
    uint64_t by_field[FIELD_COUNT]; /* of the n */
};

bool bench_fields_init(struct bench_fields *f, uint32_t room); /* false when memory is short */
void bench_fields_fini(struct bench_fields *f);
/* The built-in mix; the same seed gives the same fields. */
void bench_fields_make(struct bench_fields *f, uint64_t seed);
/* A scan_tap: keeps a copy. `to` is a struct bench_fields. */
void bench_fields_keep(void *to, const struct scan_field *field);
/* The field at `i` of `n` that are spread evenly over all. */
static inline const struct scan_field *bench_field_at(const struct bench_fields *f, uint32_t i, uint32_t n)
{
    return &f->items[(uint64_t)i * f->n / n];
}
/* Per thousand of the built-in mix, by field: for saying what it is. */
extern const uint16_t bench_mix[FIELD_COUNT];
