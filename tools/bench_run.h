#pragma once
/* One run: everything measured, in the order in which it is shown. */
#include "tools/bench_result.h"

struct bench_options {
    struct load_options load;
    struct paths captures; /* owned; none: the built-in mix */
    double seconds;        /* about how long it may take */
    uint64_t seed;
};

/* What a result borrows from. */
struct bench_hold {
    struct loaded loaded;
    struct bench_fields fields;
    struct bench_packets packets;
    uint8_t *classes;
    struct bench_refusals *refusals;
};

/* `r->host` is filled already. False: what went wrong is said. `hold` is to be given back either way. */
bool bench_run(const struct bench_options *o, struct bench_result *r, struct bench_hold *hold);
void bench_hold_fini(struct bench_hold *hold);
