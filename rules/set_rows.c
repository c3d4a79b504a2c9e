/* See set_rows.h. Under AddressSanitizer the heap is used instead: it sees one byte too far, a mapping does not. */
#define _GNU_SOURCE 1 /* mremap */
#include "rules/set_rows.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, FIRST_BYTES = 4 * PAGE_BYTES };

static void *resize(void *old, size_t old_bytes, size_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
    uint8_t *p = realloc(old, bytes);
    if (p && bytes > old_bytes)
        memset(p + old_bytes, 0, bytes - old_bytes);
    return p;
#else
    void *p = old ? mremap(old, old_bytes, bytes, MREMAP_MAYMOVE)
                  : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
#endif
}

static size_t whole_pages(size_t n)
{
    return (n + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

void *rows_add(struct rows *r, size_t n)
{
    if (n > r->room - r->used) {
        size_t room = r->room ? r->room + r->room / 2 : FIRST_BYTES;
        if (n > SIZE_MAX / 2 - r->used)
            return NULL;
        room = whole_pages(room < r->used + n ? r->used + n : room);
        void *ptr = resize(r->ptr, r->room, room);
        if (!ptr)
            return NULL;
        r->ptr = ptr;
        r->room = room;
    }
    void *at = r->ptr + r->used;
    r->used += n;
    return at;
}

void rows_cut(struct rows *r, size_t used)
{
    if (used < r->used)
        memset(r->ptr + used, 0, r->used - used);
    r->used = used;
}

void rows_trim(struct rows *r)
{
    size_t room = whole_pages(r->used);
    if (room == 0) {
        rows_free(r);
        return;
    }
    void *ptr = room < r->room ? resize(r->ptr, r->room, room) : NULL;
    if (ptr) {
        r->ptr = ptr;
        r->room = room;
    }
}

void rows_free(struct rows *r)
{
#ifdef __SANITIZE_ADDRESS__
    free(r->ptr);
#else
    if (r->ptr)
        munmap(r->ptr, r->room);
#endif
    *r = (struct rows){0};
}
