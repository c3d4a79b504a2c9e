/* See key_table.h. Building is a counting sort by bucket. Open addressing was the first thought; sorted buckets are
 * smaller, can't degrade as a table fills, and keep many indicators of one name together without chains. A look-up
 * touches one cache line more, but only behind the Bloom filter. */
#include "matcher/key_table.h"

enum { KEYS_PER_BUCKET = 4, BLOOM_BITS_PER_KEY = 16 };

/* Precedes the arrays in the block: bloom, then entries, then starts, so that each is aligned. */
struct block_head {
    uint32_t n_bloom, n_buckets, n, unused;
};

static size_t block_bytes(const struct block_head *h)
{
    return sizeof *h + h->n_bloom * sizeof(uint64_t) + h->n * sizeof(struct key_entry) +
           ((size_t)h->n_buckets + 1) * sizeof(uint32_t);
}

static void set_pointers(struct key_table *t, struct span block)
{
    struct block_head h;
    memcpy(&h, block.ptr, sizeof h);
    const uint8_t *p = block.ptr + sizeof h;
    t->bloom = (const uint64_t *)(const void *)p;
    p += h.n_bloom * sizeof(uint64_t);
    t->entries = (const struct key_entry *)(const void *)p;
    p += h.n * sizeof(struct key_entry);
    t->starts = (const uint32_t *)(const void *)p;
    t->n_bloom = h.n_bloom;
    t->n_buckets = h.n_buckets;
    t->n = h.n;
    t->block = block;
}

static uint32_t bucket_of(uint64_t hash, uint32_t n_buckets)
{
    return (uint32_t)((hash >> 32) * n_buckets >> 32);
}

/* Counts become starts, then each key goes where its bucket's cursor points; `starts` is shifted by one while it
 * serves as cursors, and is right when all are placed. */
static void fill(uint8_t *block, const struct block_head *h, const uint64_t *hashes,
                 const uint32_t *indicators)
{
    uint64_t *bloom = (uint64_t *)(void *)(block + sizeof *h);
    struct key_entry *entries = (struct key_entry *)(void *)(bloom + h->n_bloom);
    uint32_t *starts = (uint32_t *)(void *)(entries + h->n);
    for (uint32_t i = 0; i < h->n; i++) {
        bloom[(hashes[i] >> 32) * h->n_bloom >> 32] |= key_table_bits(hashes[i]);
        starts[bucket_of(hashes[i], h->n_buckets) + 1]++;
    }
    uint32_t sum = 0;
    for (uint32_t b = 1; b <= h->n_buckets; b++) {
        uint32_t count = starts[b];
        starts[b] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < h->n; i++) {
        uint32_t *cursor = &starts[bucket_of(hashes[i], h->n_buckets) + 1];
        entries[(*cursor)++] = (struct key_entry){(uint32_t)hashes[i], indicators[i]};
    }
}

bool key_table_build(struct key_table *out, const uint64_t *hashes, const uint32_t *indicators, uint32_t n,
                     struct err *err)
{
    *out = (struct key_table){0};
    if (n == 0)
        return true;
    struct block_head h = {.n_bloom = (uint32_t)((uint64_t)n * BLOOM_BITS_PER_KEY / 64) + 1,
                           .n_buckets = n / KEYS_PER_BUCKET + 1,
                           .n = n};
    uint8_t *block = calloc(1, block_bytes(&h));
    if (!block)
        return err_set(err, ERR_MEMORY, NULL, "out of memory for a table of %u keys", n);
    memcpy(block, &h, sizeof h);
    fill(block, &h, hashes, indicators);
    set_pointers(out, span_of(block, block_bytes(&h)));
    out->owned = block;
    return true;
}

bool key_table_map(struct key_table *out, struct span block, uint32_t n_indicators, struct err *err)
{
    struct block_head h;
    *out = (struct key_table){0};
    if (block.len == 0)
        return true;
    if (block.len < sizeof h)
        return err_set(err, ERR_SYNTAX, NULL, "a table is cut short");
    memcpy(&h, block.ptr, sizeof h);
    if (h.n == 0 || h.n_bloom == 0 || h.n_buckets == 0 || h.unused || block_bytes(&h) != block.len)
        return err_set(err, ERR_SYNTAX, NULL, "a table's sizes do not add up");
    struct key_table t = {0};
    set_pointers(&t, block);
    bool is_sound = t.starts[0] == 0 && t.starts[h.n_buckets] == h.n;
    for (uint32_t b = 0; b < h.n_buckets; b++)
        is_sound &= t.starts[b] <= t.starts[b + 1];
    for (uint32_t i = 0; i < h.n; i++)
        is_sound &= t.entries[i].indicator < n_indicators;
    if (!is_sound)
        return err_set(err, ERR_SYNTAX, NULL, "a table points outside itself");
    *out = t;
    return true;
}

void key_table_fini(struct key_table *t)
{
    free(t->owned);
    *t = (struct key_table){0};
}
