#pragma once
/* A growing run of bytes with a ceiling. Appending past the ceiling (or when memory is short) sets
 * `is_full`, appends nothing, and every later append does nothing too: check once at the end.
 * buf_mark/buf_cut make a unit atomic: cut back to the mark when it did not fit. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct buf {
    uint8_t *ptr; /* owned */
    size_t len, room, cap_bytes;
    bool is_full;
};

void buf_init(struct buf *b, size_t cap_bytes);
void buf_fini(struct buf *b);
/* Empty, no longer full; keeps the memory. */
void buf_reset(struct buf *b);

/* Room for `n` more bytes at the end, or NULL (and is_full). The caller then adds to b->len itself. */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_put(struct buf *b, struct span s);
void buf_put_byte(struct buf *b, uint8_t c);
void buf_put_str(struct buf *b, const char *s);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static inline size_t buf_mark(const struct buf *b)
{
    return b->len;
}

/* Back to a mark; the buffer counts as not full again. */
static inline void buf_cut(struct buf *b, size_t mark)
{
    b->len = mark;
    b->is_full = false;
}

static inline struct span buf_span(const struct buf *b)
{
    return span_of(b->ptr, b->len);
}
