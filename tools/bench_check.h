#pragma once
/* Is what was timed right? Fields are planted that listed indicators must hit; what the matcher finds in them is compared with what a plain
 * second way finds, which compares each field with each indicator. Regexes and Bloom filters take no part: there is no plain way for them. */
#include "tools/bench_fields.h"

struct bench_check {
    uint32_t n_planted;
    uint64_t n_found, n_expected; /* pairs of field and indicator: by the matcher, by the plain way */
    uint64_t n_different;         /* pairs that only one of them has */
    char example[200];            /* of such a pair; empty without */
};

/* False with *err when memory is short. Whether it is right: n_different == 0. */
bool bench_check(const struct db *db, struct bench_check *out, struct err *err);
