/* See seen.h. Two open-addressing tables: keys enter the young one; when that is full the old one is emptied and they swap. */
#include "sensor/seen.h"

#include <stdlib.h>
#include <string.h>

struct seen {
    uint64_t *young, *old; /* owned; 0: free */
    uint32_t mask, n_young, n_old, capacity;
    uint64_t forgotten;
};

struct seen *seen_new(uint32_t capacity)
{
    struct seen *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    uint32_t slots = 64;
    while (slots < capacity * 2)
        slots *= 2;
    s->capacity = capacity;
    s->mask = slots - 1;
    s->young = calloc(slots, sizeof *s->young);
    s->old = calloc(slots, sizeof *s->old);
    if (!s->young || !s->old) {
        seen_free(s);
        return NULL;
    }
    return s;
}

void seen_free(struct seen *s)
{
    if (!s)
        return;
    free(s->young);
    free(s->old);
    free(s);
}

/* The key's slot, or the free one where it would go. */
static uint64_t *slot_of(uint64_t *table, uint32_t mask, uint64_t key)
{
    uint32_t at = (uint32_t)key & mask;
    while (table[at] && table[at] != key)
        at = (at + 1) & mask;
    return &table[at];
}

void seen_age(struct seen *s)
{
    uint64_t *emptied = s->old;
    if (s->n_old)
        memset(emptied, 0, (s->mask + (size_t)1) * sizeof *emptied);
    s->old = s->young;
    s->n_old = s->n_young;
    s->young = emptied;
    s->n_young = 0;
}

bool seen_add(struct seen *s, uint64_t key)
{
    key = key ? key : 1;
    uint64_t *slot = slot_of(s->young, s->mask, key);
    if (*slot || *slot_of(s->old, s->mask, key))
        return false;
    *slot = key;
    if (++s->n_young < s->capacity)
        return true;
    s->forgotten += s->n_old;
    seen_age(s);
    return true;
}

uint64_t seen_forgotten(const struct seen *s)
{
    return s->forgotten;
}
