#pragma once
/* Dbs out of part of a set, to measure the part. Suppressed indicators and those that were refused are in none: they cost nothing. */
#include "matcher/db.h"

/* By what an indicator costs: the engine that takes it, and the kind of text it is compared with. */
enum bench_class {
    CLASS_NAMES,
    CLASS_ADDRESSES,
    CLASS_URLS,
    CLASS_TEXTS,
    CLASS_WILDCARDS,
    CLASS_REGEXES,
    CLASS_BLOOMS,
    CLASS_COUNT,
};

const char *bench_class_name(enum bench_class c);
/* CLASS_COUNT: it never matches. */
enum bench_class bench_class_of(const struct set_view *v, uint32_t indicator);

/* Which indicators of a set take part. */
struct bench_pick {
    const uint8_t *classes; /* borrowed; by indicator: its class, CLASS_COUNT for those that are left out everywhere */
    uint32_t class_mask;    /* of 1 << class; 0: every one */
    bool has_list;          /* only those that `list` names */
    uint32_t list;
    uint32_t first, n; /* only so many, beginning here; n == 0: no bound */
    uint32_t every;    /* only one in so many; 0 and 1: all */
    bool has_except;   /* all but `except` */
    uint32_t except;
    /* May say something else than the indicator (*in is what it says now; spans are borrowed for the call); NULL. */
    void (*restate)(void *to, const struct set_view *v, uint32_t indicator, struct indicator_in *in);
    void *restate_to;
};

/* What compiling a db took but for trying regexes, which is not done again for parts of lists: so that whole and parts compare. */
double bench_compile_s(const struct db *db);

bool bench_picks(const struct bench_pick *p, const struct set_view *v, uint32_t indicator);

/* Build it, of indicators that a db has been built of. False with *err when memory is short or an engine fails. *out_n: indicators in it. */
bool bench_subset(const struct set_view *v, const struct bench_pick *pick, enum names_engine engine, struct db **out,
                  uint32_t *out_n, struct err *err);
