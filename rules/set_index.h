#pragma once
/* "Is this one there already?": open addressing over things that lie in an array elsewhere and are named by their index from
 * 0. A slot holds the index and, in the bits that leaves free, the high bits of the hash, so that nearly all that differs is
 * told apart without touching the things themselves. Private to rules/set. Zeroed is empty. */
#include "rules/set_rows.h"

struct set_index {
    uint32_t *slots; /* in slot_rows. 0: empty, else tag | index + 1 */
    unsigned bits;   /* log2 of the number of slots */
    uint32_t n;
    struct rows slot_rows; /* pages, so that they are the kernel's again as soon as they are not needed */
    struct rows hashes; /* one uint32_t per thing, to grow without asking for it again */
};

enum { SET_INDEX_NONE = UINT32_MAX };

/* Room for one more thing; false when memory is short. After it the next set_index_put() can't fail. */
bool set_index_reserve(struct set_index *x);
void set_index_fini(struct set_index *x);

static inline void set_index_prefetch(const struct set_index *x, uint32_t hash)
{
    if (x->bits)
        __builtin_prefetch(&x->slots[hash & ((UINT32_C(1) << x->bits) - 1)]);
}

/* The index of the thing with this hash for which `is_same(things, index, key)` holds, or SET_INDEX_NONE. */
static inline uint32_t set_index_find(const struct set_index *x, uint32_t hash,
                                      bool (*is_same)(const void *things, uint32_t index, const void *key),
                                      const void *things, const void *key)
{
    if (!x->bits)
        return SET_INDEX_NONE;
    uint32_t mask = (UINT32_C(1) << x->bits) - 1;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        uint32_t slot = x->slots[at];
        if (slot == 0)
            return SET_INDEX_NONE;
        if ((slot & ~mask) == (hash & ~mask) && is_same(things, (slot & mask) - 1, key))
            return (slot & mask) - 1;
    }
}

/* Enter the next thing: its index is the number of things before it. */
static inline void set_index_put(struct set_index *x, uint32_t hash)
{
    uint32_t mask = (UINT32_C(1) << x->bits) - 1, at = hash & mask;
    while (x->slots[at])
        at = (at + 1) & mask;
    x->slots[at] = (hash & ~mask) | ++x->n;
    ((uint32_t *)(void *)x->hashes.ptr)[x->n - 1] = hash;
}
