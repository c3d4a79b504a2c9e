#pragma once
/* Values that a reader has put together, kept where they stay until load_flush() has passed them on. */
#include "rules/formats/load.h"

enum { KEPT_BYTES = 64 * 1024, KEPT_VALUE_MAX = 4096 };

struct kept {
    struct load *load; /* borrowed */
    struct buf text;   /* owned; all of its room is there from the start, so nothing moves */
};

/* False when memory is short. Close it in any case. */
bool kept_init(struct kept *k, struct load *l, struct err *err);
void kept_fini(struct kept *k);

/* A copy of `text` with `front` before it, of at most KEPT_VALUE_MAX bytes in all. Flushes when there is no room
 * left. False when the set can take no more. */
bool kept_put(struct kept *k, struct span front, struct span text, struct span *out, struct err *err);

/* load_entry() for a name: one of a single label is a top-level domain, which load_entry() knows by a dot in front
 * of it. */
bool kept_name(struct kept *k, const struct load_entry *e, struct err *err);
