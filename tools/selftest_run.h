#pragma once
/* The torture table (traffic/torture.h) laid before the real pipeline: cells are selected and listed, then all run through one worker with a
 * db of what was listed, and each is told seen or not, with the reason the ledger gave. */
#include "base/buf.h"
#include "base/err.h"
#include "traffic/capture_out.h"

enum { SELFTEST_REASON_MAX = 80 };

struct selftest_cell {
    bool is_selected, is_listed;
    uint32_t trials;  /* conversations that were made: more than one where each place to cut is one */
    uint32_t seen;    /* of them */
    char reason[SELFTEST_REASON_MAX]; /* why the first one that was not seen was not; "" when all were */
};

struct selftest_totals {
    uint32_t cells, cells_seen; /* of those selected */
    uint64_t conversations, packets;
    uint64_t wrong_alerts;      /* for another cell than that which was running */
    bool sums_hold;             /* packets and sessions, at the end */
};

struct selftest;

struct selftest *selftest_new(void); /* NULL when memory is short */
void selftest_free(struct selftest *s);

/* Choose a cell to run, and put what it names on the list. False: it can't travel so, and is left out. */
bool selftest_select(struct selftest *s, unsigned what, unsigned how);
/* Take it off the list again: it runs, and must not be seen. */
void selftest_unlist(struct selftest *s, unsigned what, unsigned how);

/* Run all that was selected, once. `out` may be NULL; else each packet is written there too. */
bool selftest_run(struct selftest *s, struct capture_out *out, struct err *err);

/* All that was selected was seen, nothing else was, and the sums hold. */
bool selftest_has_passed(const struct selftest *s);
const struct selftest_cell *selftest_cell(const struct selftest *s, unsigned what, unsigned how);
const struct selftest_totals *selftest_totals(const struct selftest *s);

/* What is listed, one value a line: the list that the packets are to be read with. */
void selftest_put_list(const struct selftest *s, struct buf *out);
