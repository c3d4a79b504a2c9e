#pragma once
/* Numbers that look random and come again with the same seed: what is made differs, and each run makes the same. Not for secrets. Hot. */
#include "base/span.h"

struct dice {
    uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, and seeds that lie side by side give runs that have nothing in common. */
static inline struct dice dice_of(uint64_t seed)
{
    return (struct dice){seed};
}

static inline uint64_t dice_u64(struct dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From 0 to n - 1; 0 when n is 0. */
static inline uint32_t dice_below(struct dice *d, uint32_t n)
{
    return (uint32_t)(((dice_u64(d) >> 32) * n) >> 32);
}

static inline void dice_bytes(struct dice *d, uint8_t *to, size_t n)
{
    while (n) {
        uint64_t word = dice_u64(d);
        size_t part = n < sizeof word ? n : sizeof word;
        memcpy(to, &word, part);
        to += part;
        n -= part;
    }
}
