/* See pages.h. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_BYTES = 2 << 20, PAGE_BYTES_MAX = 64 << 10 /* of any machine */ };

/* A huge page begins at its own multiple: what the mapping has too much at its two ends is given back. */
static void *map_aligned(size_t n)
{
    uint8_t *p = mmap(NULL, n + HUGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)p & (HUGE_BYTES - 1);
    if (before)
        munmap(p, before);
    if (before < HUGE_BYTES)
        munmap(p + before + n, HUGE_BYTES - before);
    return p + before;
}

static size_t whole_pages(size_t n_bytes)
{
    return (n_bytes + PAGE_BYTES_MAX - 1) & ~(size_t)(PAGE_BYTES_MAX - 1);
}

void *pages_map(size_t n_bytes)
{
    size_t n = whole_pages(n_bytes);
    void *p = map_aligned(n);
    if (p && n >= HUGE_BYTES)
        madvise(p, n, MADV_HUGEPAGE); /* advice: without it all is the same, only slower */
    return p;
}

void pages_unmap(void *p, size_t n_bytes)
{
    if (p)
        munmap(p, whole_pages(n_bytes));
}
