#pragma once
/* From a 64-bit hash to the indicators with that hash. Hot: look-ups are in line here.
 *
 * A blocked Bloom filter (one 64-bit word per key, so one cache line) says no to nearly everything. Behind it lie
 * the keys sorted into buckets, end to end in one array: no probing, no chains, and equal keys are neighbours.
 * Hashes may collide: whoever asks compares the value itself.
 *
 * The whole table is one block of bytes, so that it is written to a file and mapped back as it is. */
#include <stdlib.h>

#include "base/err.h"
#include "base/span.h"

struct key_entry {
    uint32_t tag; /* low half of the hash */
    uint32_t indicator;
};

struct key_table {
    const uint64_t *bloom;
    const uint32_t *starts; /* n_buckets + 1 */
    const struct key_entry *entries;
    uint32_t n_bloom, n_buckets, n;
    struct span block; /* all of the above, as stored */
    void *owned;       /* the block when it was built here, NULL when it lies in a mapped file */
};

/* hashes[i] leads to indicators[i]. n == 0 gives an empty table without a block. */
bool key_table_build(struct key_table *out, const uint64_t *hashes, const uint32_t *indicators, uint32_t n,
                     struct err *err);
/* Use a stored block in place, after checking every index in it; borrows `block`, which is aligned to 8 bytes. */
bool key_table_map(struct key_table *out, struct span block, uint32_t n_indicators, struct err *err);
void key_table_fini(struct key_table *t);

/* A full 64-bit hash out of two halves: the product folded on itself. */
static inline uint64_t key_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline const uint64_t *key_table_word(const struct key_table *t, uint64_t hash)
{
    return &t->bloom[(hash >> 32) * t->n_bloom >> 32];
}

/* Five of 64 bits, from the low half (the high half chose the word). */
static inline uint64_t key_table_bits(uint64_t hash)
{
    return 1ull << (hash & 63) | 1ull << (hash >> 6 & 63) | 1ull << (hash >> 12 & 63) | 1ull << (hash >> 18 & 63) |
           1ull << (hash >> 24 & 63);
}

static inline void key_table_prefetch(const struct key_table *t, uint64_t hash)
{
    __builtin_prefetch(key_table_word(t, hash));
}

/* Not for an empty table. */
static inline bool key_table_maybe(const struct key_table *t, uint64_t hash)
{
    uint64_t bits = key_table_bits(hash);
    return (*key_table_word(t, hash) & bits) == bits;
}

/* The bucket of `hash`: entries from the result up to *out_end; those with another tag are other keys. */
static inline const struct key_entry *key_table_bucket(const struct key_table *t, uint64_t hash,
                                                       const struct key_entry **out_end)
{
    uint32_t bucket = (uint32_t)((hash >> 32) * t->n_buckets >> 32);
    *out_end = t->entries + t->starts[bucket + 1];
    return t->entries + t->starts[bucket];
}
