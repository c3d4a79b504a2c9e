#pragma once
/* What a run comes to, on stderr when it ends: the three sums, what was readable of each source, hits per list, what was lost, time. */
#include "sensor/ledger.h"
#include "tools/load_lists.h"

struct run_totals {
    const struct stats *stats;
    const struct loaded *loaded;  /* NULL: no lists */
    const uint64_t *list_hits;    /* by list of the db; NULL without lists */
    const uint64_t *allow_hits;   /* by origin of its allow side; NULL without one */
    const char *what;             /* "3 captures", "interface eth1" */
    double seconds;               /* wall, without loading */
    bool is_live;
    const struct ledger *ledger;  /* by capture or interface; NULL: not known */
};

void summary_print(const struct run_totals *t);
/* One list's line: "partner-c2: 12 entries = 10 loaded + 1 merged + 1 skipped (bad-char 1)". */
void summary_put_list(struct buf *out, const struct list_report *r);
/* The list of the db that the report at `i` is about; *next is 0 at first. False when there is none: it could not be opened, or has but
 * allowed entries. Reports and the db's lists are in the same order. *next then lies behind the lists that entries of the file name, too,
 * unless the next report is of the same file: that can't be told apart. */
bool summary_find_list(const struct set_view *v, uint32_t *next, const struct list_report *reports, size_t n, size_t i,
                       uint32_t *out_list);
/* A line for each list, and what allow-lists suppressed of it. `db` NULL: it could not be built. */
void summary_put_lists(struct buf *out, const struct db *db, const struct list_report *reports, size_t n);
