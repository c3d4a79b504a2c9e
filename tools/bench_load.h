#pragma once
/* Lists made ready in child processes that do nothing else: so that what is measured is theirs alone. */
#include "matcher/db.h"
#include "tools/bench_numbers.h"
#include "tools/load_lists.h"

enum { BENCH_LOADS_MIN = 3, BENCH_LOADS_MAX = 9 };

/* Parts of getting ready, in seconds of wall time. */
enum bench_part {
    PART_READ,      /* reading and canonical form, of allow-lists too; their compiling */
    PART_SET,       /* putting the set in order */
    PART_NAMES,
    PART_ADDRESSES,
    PART_EXACT,     /* whole URLs, paths, texts */
    PART_PREFIXES,
    PART_TRIAL,     /* of regexes, in children */
    PART_PATTERNS,  /* wildcards and regexes */
    PART_COUNT,
};
const char *bench_part_name(enum bench_part p);

struct bench_load {
    struct spread parts[PART_COUNT];
    struct spread compile_s; /* all parts but reading */
    struct spread cpu_s; /* CPU time of all, trials of regexes included */
    struct spread peak_bytes, resident_bytes; /* of the process: at most, and with the db ready and a scanner made */
};

/* As many runs as go into `seconds`, within the bounds above. False, with *err: no child ran to its end. */
bool bench_load(const struct load_options *o, double seconds, struct bench_load *out, struct err *err);
