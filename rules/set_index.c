/* See set_index.h. At most three slots in four are taken. With 2^31 slots an index no longer fits beside nothing, so that is
 * the end. */
#include "rules/set_index.h"

enum { FIRST_BITS = 8, LAST_BITS = 31 };

static bool grow(struct set_index *x)
{
    unsigned bits = x->bits ? x->bits + 1 : FIRST_BITS;
    struct rows rows = {0};
    uint32_t *slots = bits <= LAST_BITS ? rows_add(&rows, sizeof *slots << bits) : NULL;
    if (!slots)
        return false;
    const uint32_t *hashes = (const uint32_t *)(const void *)x->hashes.ptr;
    uint32_t mask = (UINT32_C(1) << bits) - 1;
    for (uint32_t i = 0; i < x->n; i++) {
        uint32_t at = hashes[i] & mask;
        while (slots[at])
            at = (at + 1) & mask;
        slots[at] = (hashes[i] & ~mask) | (i + 1);
    }
    rows_free(&x->slot_rows);
    x->slot_rows = rows;
    x->slots = slots;
    x->bits = bits;
    return true;
}

bool set_index_reserve(struct set_index *x)
{
    size_t slots = x->bits ? (size_t)1 << x->bits : 0;
    if (x->n >= slots - slots / 4 && !grow(x))
        return false;
    if (x->hashes.used / sizeof(uint32_t) > x->n)
        return true;
    return rows_add(&x->hashes, sizeof(uint32_t)) != NULL;
}

void set_index_fini(struct set_index *x)
{
    rows_free(&x->slot_rows);
    rows_free(&x->hashes);
    *x = (struct set_index){0};
}
