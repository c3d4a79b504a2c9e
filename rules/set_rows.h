#pragma once
/* The arrays a set is made of: they only grow, by half, and without being copied: their pages are the kernel's and move by
 * remapping, so that at no time two copies of a big array lie in memory. New bytes are zero. */
#include "base/span.h"

struct rows {
    uint8_t *ptr; /* owned */
    size_t used, room;
};

/* `n` more zero bytes at the end, or NULL when memory is short. Moves the array. */
void *rows_add(struct rows *r, size_t n);
/* The same in the hot case; `n` small. */
static inline void *rows_add_inline(struct rows *r, size_t n)
{
    if (__builtin_expect(n > r->room - r->used, 0))
        return rows_add(r, n);
    void *at = r->ptr + r->used;
    r->used += n;
    return at;
}

/* Give back what lies behind the end, `used`; zero again what was cut off, so that rows_add() keeps its word. */
void rows_cut(struct rows *r, size_t used);
void rows_trim(struct rows *r);
void rows_free(struct rows *r);
