#pragma once
/* Lists that entries of a list name: a native list can hold what came from several, and each origin keeps its own list's name.
 * One thread at a time. Zeroed is empty. */
#include "rules/set.h"

struct list_names {
    void *tree; /* owned */
};

void list_names_fini(struct list_names *n);

/* The number in `set` of the list with this name; a name not seen before is added to the set, as one that lies at `path`. False when
 * memory is short. */
bool list_names_number(struct list_names *n, struct set *set, struct span name, struct span path,
                       uint32_t *out, struct err *err);
