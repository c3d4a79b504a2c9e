/* See arena.h. Blocks double up to 1 MiB; a request larger than a block gets one of its own size. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) uint8_t bytes[];
};

void arena_init(struct arena *a, size_t block_bytes, size_t cap_bytes)
{
    *a = (struct arena){.block_bytes = block_bytes, .cap_bytes = cap_bytes};
}

void arena_fini(struct arena *a)
{
    for (struct arena_block *b = a->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    *a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
    for (struct arena_block *b = a->first; b; b = b->next)
        b->used = 0;
    a->current = a->first;
    a->used_bytes = 0;
}

/* COLD: the current block is full. Reuse the next one if it fits, else chain a new one in after it. */
static struct arena_block *block_for(struct arena *a, size_t n)
{
    for (struct arena_block *b = a->current ? a->current->next : NULL; b; b = b->next) {
        a->current = b;
        if (b->size >= n)
            return b;
    }
    size_t size = a->block_bytes > n ? a->block_bytes : n;
    if (size > a->cap_bytes - a->held_bytes)
        size = n;
    if (size > a->cap_bytes - a->held_bytes)
        return NULL;
    struct arena_block *b = malloc(sizeof *b + size);
    if (!b)
        return NULL;
    *b = (struct arena_block){.size = size};
    if (a->current)
        a->current->next = b;
    else
        a->first = b;
    a->current = b;
    a->held_bytes += size;
    if (a->block_bytes < 1 << 20)
        a->block_bytes *= 2;
    return b;
}

static void *take(struct arena *a, size_t n, size_t align)
{
    struct arena_block *b = a->current;
    size_t at = b ? (b->used + align - 1) & ~(align - 1) : 0;
    if (!b || at > b->size || n > b->size - at) {
        b = block_for(a, n);
        if (!b)
            return NULL;
        at = 0;
    }
    b->used = at + n;
    a->used_bytes += n;
    return b->bytes + at;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return take(a, n, alignof(max_align_t));
}

uint8_t *arena_bytes(struct arena *a, size_t n)
{
    return take(a, n, 1);
}

struct span arena_copy(struct arena *a, struct span s)
{
    if (s.len == 0)
        return span_of("", 0);
    uint8_t *p = arena_bytes(a, s.len);
    if (!p)
        return span_of(NULL, 0);
    memcpy(p, s.ptr, s.len);
    return span_of(p, s.len);
}
