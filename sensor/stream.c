/* See stream.h. Hot. */
#include "sensor/stream.h"

#include <stdlib.h>

enum { SMALLEST = 2048, CLASSES = 6 }; /* 2, 4, 8, 16, 32, 64 KiB */
_Static_assert(SMALLEST << (CLASSES - 1) == STREAM_WINDOW, "the largest buffer is the window");

struct free_buffer {
    struct free_buffer *next;
};

struct stream_pool {
    struct free_buffer *free[CLASSES]; /* owned */
    size_t held_bytes, cap_bytes;      /* all buffers, lent or free */
};

static int class_of(size_t room)
{
    int c = 0;
    while ((size_t)SMALLEST << c < room)
        c++;
    return c;
}

struct stream_pool *stream_pool_new(size_t cap_bytes)
{
    struct stream_pool *p = calloc(1, sizeof *p);
    if (p)
        p->cap_bytes = cap_bytes;
    return p;
}

/* COLD: free memory of other sizes goes back to the heap to make room below the ceiling. */
static void trim(struct stream_pool *p)
{
    for (int c = 0; c < CLASSES; c++) {
        for (struct free_buffer *b = p->free[c], *next; b; b = next) {
            next = b->next;
            p->held_bytes -= (size_t)SMALLEST << c;
            free(b);
        }
        p->free[c] = NULL;
    }
}

void stream_pool_free(struct stream_pool *p)
{
    if (!p)
        return;
    trim(p);
    free(p);
}

size_t stream_pool_held(const struct stream_pool *p)
{
    return p->held_bytes;
}

static uint8_t *lend(struct stream_pool *p, size_t room)
{
    int c = class_of(room);
    size_t size = (size_t)SMALLEST << c;
    struct free_buffer *b = p->free[c];
    if (b) {
        p->free[c] = b->next;
        return (uint8_t *)b;
    }
    if (p->held_bytes + size > p->cap_bytes)
        trim(p);
    if (p->held_bytes + size > p->cap_bytes)
        return NULL;
    uint8_t *fresh = malloc(size);
    if (fresh)
        p->held_bytes += size;
    return fresh;
}

static void give_back(struct stream_pool *p, uint8_t *bytes, size_t room)
{
    struct free_buffer *b = (struct free_buffer *)bytes;
    int c = class_of(room);
    b->next = p->free[c];
    p->free[c] = b;
}

void stream_drop(struct stream_pool *p, struct stream *s)
{
    if (s->bytes)
        give_back(p, s->bytes, s->room);
    s->bytes = NULL;
    s->room = s->len = s->n_ahead = 0;
}

/* Bytes from the window's start to the end of the last run. */
static size_t extent(const struct stream *s)
{
    return s->n_ahead ? s->ahead[s->n_ahead - 1].to : s->len;
}

static bool make_room(struct stream_pool *p, struct stream *s, size_t n)
{
    if (n <= s->room)
        return true;
    uint8_t *bytes = lend(p, n);
    if (!bytes)
        return false;
    size_t held = extent(s);
    if (held)
        memcpy(bytes, s->bytes, held);
    if (s->bytes)
        give_back(p, s->bytes, s->room);
    s->bytes = bytes;
    s->room = (uint32_t)SMALLEST << class_of(n);
    return true;
}

/* Does what [from, to) has in common with [have_from, have_to) say the same? `data` lies at `from`. */
static enum stream_put_result compare(const struct stream *s, uint32_t have_from, uint32_t have_to,
                                      uint32_t from, uint32_t to, const uint8_t *data)
{
    uint32_t first = have_from > from ? have_from : from, end = have_to < to ? have_to : to;
    if (first >= end)
        return STREAM_OK;
    return memcmp(s->bytes + first, data + (first - from), end - first) ? STREAM_CONFLICT : STREAM_OVERLAP;
}

static enum stream_put_result worse(enum stream_put_result a, enum stream_put_result b)
{
    return a > b ? a : b;
}

/* Copy what of [from, to) is not there yet, and enter it in the runs. `data` lies at `from`. */
static enum stream_put_result enter(struct stream *s, uint32_t from, uint32_t to, const uint8_t *data)
{
    enum stream_put_result overlaps = STREAM_OK;
    uint32_t at = from, first = 0;
    while (first < s->n_ahead && s->ahead[first].to < from)
        first++;
    uint32_t last = first;
    struct stream_run merged = {from, to};
    for (; last < s->n_ahead && s->ahead[last].from <= to; last++) {
        struct stream_run r = s->ahead[last];
        overlaps = worse(overlaps, compare(s, r.from, r.to, from, to, data));
        if (at < r.from)
            memcpy(s->bytes + at, data + (at - from), r.from - at);
        if (at < r.to)
            at = r.to;
        merged.from = r.from < merged.from ? r.from : merged.from;
        merged.to = r.to > merged.to ? r.to : merged.to;
    }
    if (at < to)
        memcpy(s->bytes + at, data + (at - from), to - at);
    memmove(s->ahead + first + 1, s->ahead + last, (s->n_ahead - last) * sizeof *s->ahead);
    s->ahead[first] = merged;
    s->n_ahead = s->n_ahead + 1 - (last - first);
    return overlaps;
}

/* A run that touches the bytes in order joins them. */
static void absorb(struct stream *s)
{
    if (s->n_ahead == 0 || s->ahead[0].from > s->len)
        return;
    s->len = s->ahead[0].to;
    s->n_ahead--;
    memmove(s->ahead, s->ahead + 1, s->n_ahead * sizeof *s->ahead);
}

/* One more run is welcome, or it will join what is there. */
static bool run_fits(const struct stream *s, size_t from, size_t to)
{
    if (s->n_ahead < STREAM_AHEAD_MAX || from == s->len)
        return true;
    for (uint32_t i = 0; i < s->n_ahead; i++)
        if (s->ahead[i].from <= to && s->ahead[i].to >= from)
            return true;
    return false;
}

enum stream_put_result stream_put(struct stream_pool *p, struct stream *s, size_t offset, struct span data)
{
    enum stream_put_result result = STREAM_OK;
    if (offset < s->len) {
        size_t end = data.len < STREAM_WINDOW ? offset + data.len : STREAM_WINDOW;
        result = compare(s, 0, s->len, (uint32_t)offset, (uint32_t)end, data.ptr);
        if (data.len <= s->len - offset)
            return result;
        span_skip(&data, s->len - offset);
        offset = s->len;
    }
    if (data.len == 0)
        return result;
    size_t end = offset + data.len;
    if (end > STREAM_WINDOW)
        return STREAM_FULL;
    if (!make_room(p, s, end))
        return STREAM_NO_ROOM;
    if (s->n_ahead == 0 && offset == s->len) { /* the common case */
        memcpy(s->bytes + offset, data.ptr, data.len);
        s->len = (uint32_t)end;
        return result;
    }
    if (!run_fits(s, offset, end))
        return STREAM_FULL;
    result = worse(result, enter(s, (uint32_t)offset, (uint32_t)end, data.ptr));
    absorb(s);
    return result;
}

static void overwrite(struct stream *s, uint32_t have_from, uint32_t have_to, size_t offset, struct span data)
{
    size_t first = offset > have_from ? offset : have_from;
    size_t end = offset + data.len < have_to ? offset + data.len : have_to;
    if (first < end)
        memcpy(s->bytes + first, data.ptr + (first - offset), end - first);
}

void stream_overwrite(struct stream *s, size_t offset, struct span data)
{
    overwrite(s, 0, s->len, offset, data);
    for (uint32_t i = 0; i < s->n_ahead; i++)
        overwrite(s, s->ahead[i].from, s->ahead[i].to, offset, data);
}

bool stream_copy(struct stream_pool *p, struct stream *to, const struct stream *from)
{
    size_t held = extent(from);
    if (held && !make_room(p, to, held))
        return false;
    if (held)
        memcpy(to->bytes, from->bytes, held);
    to->len = from->len;
    to->n_ahead = from->n_ahead;
    memcpy(to->ahead, from->ahead, sizeof to->ahead);
    return true;
}

void stream_consume(struct stream_pool *p, struct stream *s, size_t n)
{
    if (n == 0)
        return;
    size_t held = extent(s);
    if (n == held) {
        stream_drop(p, s);
        return;
    }
    memmove(s->bytes, s->bytes + n, held - n);
    s->len -= (uint32_t)n;
    for (uint32_t i = 0; i < s->n_ahead; i++) {
        s->ahead[i].from -= (uint32_t)n;
        s->ahead[i].to -= (uint32_t)n;
    }
}

bool stream_close_gap(struct stream_pool *p, struct stream *s, uint32_t *out_lost)
{
    if (s->n_ahead == 0)
        return false;
    uint32_t start = s->ahead[0].from;
    *out_lost = start - s->len;
    s->len = start; /* the hole's bytes are never read: they are consumed at once */
    absorb(s);
    stream_consume(p, s, start);
    return true;
}
