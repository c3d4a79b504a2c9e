#pragma once
/* What a run comes to, on stderr when it ends: the three sums, hits per list, what was lost, time. */
#include "sensor/stats.h"
#include "tools/load_lists.h"

struct run_totals {
    const struct stats *stats;
    const struct loaded *loaded;  /* NULL: no lists */
    const uint64_t *list_hits;    /* by list of the db; NULL without lists */
    const char *what;             /* "3 captures", "interface eth1" */
    double seconds;               /* wall, without loading */
    bool is_live;
};

void summary_print(const struct run_totals *t);
/* One list's line: "partner-c2: 12 entries = 10 loaded + 1 merged + 1 skipped (bad-char 1)". */
void summary_put_list(struct buf *out, const struct list_report *r);
