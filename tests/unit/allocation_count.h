#pragma once
/* What this thread has allocated. Counts come from jemalloc where it is linked, else from wrapped functions (link with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=posix_memalign); with neither nothing can be counted. Included by one
 * source file of a test: the wrappers are in here. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static uint64_t allocation_calls; /* of wrapped functions */

extern int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
    __attribute__((weak));
extern void *__real_malloc(size_t n) __attribute__((weak));
extern void *__real_calloc(size_t n, size_t size) __attribute__((weak));
extern void *__real_realloc(void *p, size_t n) __attribute__((weak));
extern void *__real_aligned_alloc(size_t align, size_t n) __attribute__((weak));
extern int __real_posix_memalign(void **out, size_t align, size_t n) __attribute__((weak));
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
int __wrap_posix_memalign(void **out, size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
    allocation_calls++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocation_calls++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocation_calls++;
    return __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    allocation_calls++;
    return __real_aligned_alloc(align, n);
}

int __wrap_posix_memalign(void **out, size_t align, size_t n)
{
    allocation_calls++;
    return __real_posix_memalign(out, align, n);
}

/* Grows with each allocation of this thread. */
static inline uint64_t allocation_count(void)
{
    uint64_t bytes = 0;
    size_t len = sizeof bytes;
    if (mallctl && mallctl("thread.allocated", &bytes, &len, NULL, 0) == 0)
        return bytes;
    return allocation_calls;
}

static inline bool allocation_can_count(void)
{
    uint64_t before = allocation_count();
    void *volatile p = malloc(100);
    free(p);
    return allocation_count() != before;
}
