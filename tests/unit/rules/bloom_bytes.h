#pragma once
/* For tests: DCSO's Bloom filters as bytes, made by the book and value by value. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct bloom_bytes {
    uint64_t version, n, k, m, entered;
    double p;
};

/* A head that is sound, for a hundred values at most. */
static inline struct bloom_bytes bloom_bytes_usual(void)
{
    return (struct bloom_bytes){.version = 1, .n = 100, .p = 1e-6, .k = 20, .m = 2875, .entered = 0};
}

static inline void bloom_bytes_put_number(struct buf *out, uint64_t n)
{
    n = htole64(n);
    buf_put(out, span_of(&n, sizeof n));
}

static inline void bloom_bytes_put_head(struct buf *out, const struct bloom_bytes *b)
{
    uint64_t p;
    memcpy(&p, &b->p, sizeof p);
    bloom_bytes_put_number(out, b->version);
    bloom_bytes_put_number(out, b->n);
    bloom_bytes_put_number(out, p);
    bloom_bytes_put_number(out, b->k);
    bloom_bytes_put_number(out, b->m);
    bloom_bytes_put_number(out, b->entered);
}

static inline void bloom_bytes_enter(uint64_t *words, const struct bloom_bytes *b, struct span value)
{
    __extension__ typedef unsigned __int128 u128;
    const u128 p = UINT64_C(18446744073709551557), g = UINT64_C(18446744073709550147), two64 = (u128)1 << 64;
    u128 h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < value.len; i++)
        h = h * UINT64_C(1099511628211) % two64 ^ value.ptr[i];
    h %= p;
    for (uint64_t i = 0; i < b->k; i++) {
        h = h * g % two64 % p;
        uint64_t bit = (uint64_t)(h % b->m);
        words[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

/* The whole file, without data behind the bits. `values` ends with NULL. */
static inline void bloom_bytes_put(struct buf *out, struct bloom_bytes b, const char *const *values)
{
    uint64_t n_words = b.m / 64 + (b.m % 64 != 0), *words = calloc(n_words, sizeof *words);
    for (b.entered = 0; values[b.entered]; b.entered++)
        bloom_bytes_enter(words, &b, span_str(values[b.entered]));
    bloom_bytes_put_head(out, &b);
    for (uint64_t i = 0; i < n_words; i++)
        bloom_bytes_put_number(out, words[i]);
    free(words);
}
