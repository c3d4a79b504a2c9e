#pragma once
/* What was seen of each capture or interface: its own counters, for which the sums of sensor/stats.h hold as they do for all. Bounded: the
 * first LEDGER_SOURCES_MAX have an entry each, the others share the last. Cold. */
#include <stddef.h>

#include "sensor/stats.h"

enum { LEDGER_SOURCES_MAX = 16 };

struct ledger_entry {
    const char *source; /* borrowed; NULL: of those beyond the bound */
    uint32_t n_sources; /* 1, or how many share the entry */
    struct stats stats; /* no times */
};

/* All zero is the start. */
struct ledger {
    struct ledger_entry entries[LEDGER_SOURCES_MAX + 1];
    size_t n;
    struct stats before; /* of the sources so far */
};

/* A source ended, and nothing of it is pending: what came to the counters since the last one ended, or the start, is its own. */
void ledger_note(struct ledger *l, const char *source, const struct stats *now);
