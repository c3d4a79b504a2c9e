#pragma once
/* Numbers that look random and come again with the same seed. For tests. */
#include <stdint.h>

struct chance {
    uint64_t state;
};

/* xorshift64* over a seed that may be small. */
static inline struct chance chance_of(uint64_t seed)
{
    return (struct chance){(seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1};
}

static inline uint32_t chance_next(struct chance *c)
{
    c->state ^= c->state >> 12;
    c->state ^= c->state << 25;
    c->state ^= c->state >> 27;
    return (uint32_t)((c->state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

/* From 0 to n - 1; 0 when n is 0. */
static inline uint32_t chance_below(struct chance *c, uint32_t n)
{
    return n ? chance_next(c) % n : 0;
}
