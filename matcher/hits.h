#pragma once
/* Hits of one batch, in whatever order engines find them, until they are put in order. Hot. */
#include <stdlib.h>

#include "matcher/scan.h"

/* A hit and the place of its field in the order of addition. */
struct found {
    struct hit hit;
    uint32_t order;
};

enum { HITS_MAX = 1 << 20 }; /* per batch; more are counted as dropped */

struct hits {
    struct found *found; /* owned */
    struct hit *out;     /* owned, as long as `found` */
    size_t n, room;
    uint64_t n_dropped; /* since hits_init */
};

void hits_init(struct hits *h);
void hits_fini(struct hits *h);
void hits_reset(struct hits *h);
void hits_add(struct hits *h, const struct hit *hit, uint32_t order);
/* Each (cookie, field, indicator) once, by order of addition, then by indicator; in h->out. Returns how many. */
size_t hits_settle(struct hits *h);
