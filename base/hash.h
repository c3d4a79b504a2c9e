#pragma once
/* The door to xxHash: XXH3, 64 bits, compiled in. Fast, well mixed, not cryptographic: where an adversary chooses the bytes
 * and a pile-up would hurt, `seed` has to be something he can't know. */
#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}
