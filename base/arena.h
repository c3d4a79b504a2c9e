#pragma once
/* Bump allocator: many small things that die together. Blocks are chained, never moved, and kept by
 * arena_reset(), so an arena that has warmed up allocates nothing more. One thread at a time. */
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena {
    struct arena_block *first, *current; /* owned */
    size_t block_bytes;                  /* size of the next ordinary block */
    size_t cap_bytes;                    /* ceiling over all blocks */
    size_t held_bytes;                   /* sum of all blocks */
    size_t used_bytes;                   /* handed out since the last reset */
};

/* `cap_bytes` bounds what the arena may ever hold. Allocates nothing yet. */
void arena_init(struct arena *a, size_t block_bytes, size_t cap_bytes);
void arena_fini(struct arena *a);
/* Everything handed out dies; the blocks stay. */
void arena_reset(struct arena *a);

/* `n` bytes aligned for any scalar, not zeroed; NULL at the ceiling or when memory is short. */
void *arena_alloc(struct arena *a, size_t n);
/* The same without alignment, for bytes. */
uint8_t *arena_bytes(struct arena *a, size_t n);
/* A copy that lives in the arena; .ptr is NULL when there is no room and `s` is not empty. */
struct span arena_copy(struct arena *a, struct span s);
