#pragma once
/* Bytes that somebody else owns. A parser moves a span like a cursor: each take_ call either delivers and
 * advances, or returns false and leaves the span where it was, so a bounds check is written once, here.
 * A nested length opens a smaller span with span_take(). Everything is network byte order. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *ptr; /* may be NULL when len is 0 */
    size_t len;
};

#define SPAN_LIT(s) ((struct span){(const uint8_t *)(s), sizeof(s) - 1})

static inline struct span span_of(const void *ptr, size_t len)
{
    return (struct span){ptr, len};
}

static inline struct span span_str(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII case only; `b` in lower case. */
static inline bool span_eq_nocase(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        uint8_t c = a.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (c != b.ptr[i])
            return false;
    }
    return true;
}

static inline bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool span_has_byte(struct span s, uint8_t c)
{
    return s.len && memchr(s.ptr, c, s.len);
}

/* The part from `from` on; empty when `from` lies past the end. */
static inline struct span span_from(struct span s, size_t from)
{
    return from < s.len ? span_of(s.ptr + from, s.len - from) : span_of(s.ptr, 0);
}

static inline struct span span_first(struct span s, size_t n)
{
    return span_of(s.ptr, n < s.len ? n : s.len);
}

static inline bool span_skip(struct span *s, size_t n)
{
    if (s->len < n)
        return false;
    if (n) {
        s->ptr += n;
        s->len -= n;
    }
    return true;
}

static inline bool span_take(struct span *s, size_t n, struct span *out)
{
    if (s->len < n)
        return false;
    *out = span_of(s->ptr, n);
    return span_skip(s, n);
}

static inline bool span_take_u8(struct span *s, uint8_t *out)
{
    if (s->len < 1)
        return false;
    *out = s->ptr[0];
    return span_skip(s, 1);
}

static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline bool span_take_u16(struct span *s, uint16_t *out)
{
    if (s->len < 2)
        return false;
    *out = load_be16(s->ptr);
    return span_skip(s, 2);
}

static inline bool span_take_u24(struct span *s, uint32_t *out)
{
    if (s->len < 3)
        return false;
    *out = (uint32_t)s->ptr[0] << 16 | (uint32_t)s->ptr[1] << 8 | s->ptr[2];
    return span_skip(s, 3);
}

static inline bool span_take_u32(struct span *s, uint32_t *out)
{
    if (s->len < 4)
        return false;
    *out = load_be32(s->ptr);
    return span_skip(s, 4);
}
