#pragma once
/* Try regexes of strangers before they are compiled for good: in child processes with little memory and CPU time, so that a
 * pattern which makes Hyperscan explode takes down a child and not the sensor. */
#include "matcher/hyperscan.h"

enum { TRIAL_REGEX_MAX = 4096 }; /* bytes of one pattern */

struct trial_limits { /* of CPU time */
    uint32_t one_ms, total_ms;
    bool is_tried; /* all have been compiled before: no trial */
};

/* Try the first `n` patterns of `l`. Calls `refused` with the place of each that can't be compiled, or not within `one_ms` of CPU
 * time, 512 MB more than this process has, or to a database of at most 16 MB; and of all that come after those that took `total_ms`
 * together. Waits for its children; leaves none behind. */
void trial_run(const struct hyperscan_list *l, uint32_t n, const struct trial_limits *limits,
               void (*refused)(void *to, uint32_t at, const char *why), void *to);
