/* See buf.h. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t cap_bytes)
{
    *b = (struct buf){.cap_bytes = cap_bytes};
}

void buf_fini(struct buf *b)
{
    free(b->ptr);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->is_full = false;
}

/* COLD: doubles, at least to what is asked, at most to the ceiling. */
static bool grow(struct buf *b, size_t n)
{
    if (n > b->cap_bytes - b->len)
        return false;
    size_t room = b->room ? b->room : 256;
    while (room < b->len + n)
        room *= 2;
    if (room > b->cap_bytes)
        room = b->cap_bytes;
    uint8_t *ptr = realloc(b->ptr, room);
    if (!ptr)
        return false;
    b->ptr = ptr;
    b->room = room;
    return true;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
    if (b->is_full)
        return NULL;
    if ((b->room - b->len < n || !b->ptr) && !grow(b, n)) {
        b->is_full = true;
        return NULL;
    }
    return b->ptr + b->len;
}

void buf_put(struct buf *b, struct span s)
{
    uint8_t *to = s.len ? buf_reserve(b, s.len) : NULL;
    if (!to)
        return;
    memcpy(to, s.ptr, s.len);
    b->len += s.len;
}

void buf_put_byte(struct buf *b, uint8_t c)
{
    uint8_t *to = buf_reserve(b, 1);
    if (!to)
        return;
    *to = c;
    b->len++;
}

void buf_put_str(struct buf *b, const char *s)
{
    buf_put(b, span_str(s));
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    buf_put(b, span_of(digits + at, sizeof digits - at));
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    uint8_t *to = n < 0 ? NULL : buf_reserve(b, (size_t)n + 1);
    if (to) {
        vsnprintf((char *)to, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}
