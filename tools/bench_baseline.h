#pragma once
/* An earlier run's figures, from its JSON, beside those of this one. */
#include "tools/bench_result.h"

struct bench_compared {
    char name[48];
    const char *unit;
    struct spread before, now;
    enum change change;
    double ratio;
    double drift; /* how much longer the machine takes now than then for a piece of work that no list has a part in; 1: unknown */
    bool is_comparable; /* false: other fields, so ns per field say nothing about the lists */
};

struct bench_baseline {
    struct bench_compared items[BENCH_METRICS_MAX]; /* those that both have */
    uint32_t n, n_more, n_less;
    bool has_other_machine, has_other_fields, has_other_lists;
};

/* Compare with the JSON object at `path` that an earlier `vedette bench --json` wrote. False: it can't be read, or is something else. */
bool bench_baseline(const char *path, const struct bench_result *now, struct bench_baseline *out, struct err *err);
/* Is it such a file at all? To be asked before a long run. */
bool bench_baseline_is_one(const char *path, struct err *err);
