/* See lines.h. */
#include "rules/formats/lines.h"

#include <stdlib.h>

/* Fill the buffer behind `end`. */
static void fill(struct lines *s)
{
    while (!s->is_final && s->end < s->room) {
        ssize_t got = input_read(s->in, s->buf + s->end, s->room - s->end, &s->failure);
        if (got <= 0)
            s->is_final = true;
        else
            s->end += (size_t)got;
    }
}

bool lines_init(struct lines *s, struct input *in, struct err *err)
{
    *s = (struct lines){.in = in, .room = LINES_BLOCK, .max_room = LINES_BLOCK, .terminator = '\n'};
    s->buf = malloc(s->room);
    if (!s->buf)
        return err_set(err, ERR_MEMORY, NULL, "not enough memory to read a list");
    fill(s);
    struct span first = span_of(s->buf, s->end);
    if (span_starts(first, SPAN_LIT("\xef\xbb\xbf")))
        s->at = 3;
    if (!span_has_byte(first, '\n') && span_has_byte(first, '\r'))
        s->terminator = '\r';
    return true;
}

void lines_fini(struct lines *s)
{
    free(s->buf);
    *s = (struct lines){0};
}

struct span lines_head(const struct lines *s, bool *out_is_all)
{
    struct span all = span_of(s->buf + s->at, s->end - s->at);
    struct span head = span_first(all, LINES_HEAD);
    *out_is_all = s->is_final && head.len == all.len;
    return head;
}

static void grow(struct lines *s)
{
    size_t room = s->room * 2 < s->max_room ? s->room * 2 : s->max_room;
    uint8_t *buf = room > s->room ? realloc(s->buf, room) : NULL;
    if (!buf)
        return;
    s->buf = buf;
    s->room = room;
}

static void read_more(struct lines *s)
{
    if (s->at) {
        memmove(s->buf, s->buf + s->at, s->end - s->at);
        s->end -= s->at;
        s->at = 0;
    }
    if (s->end == s->room)
        grow(s);
    fill(s);
}

void lines_skip(struct lines *s)
{
    const uint8_t *p = s->end > s->at ? memchr(s->buf + s->at, s->terminator, s->end - s->at) : NULL;
    s->is_skipping = !p;
    s->at = p ? (size_t)(p - s->buf) + 1 : s->end;
}

bool lines_refill(struct lines *s)
{
    do {
        read_more(s);
        if (s->is_skipping && s->at < s->end)
            lines_skip(s);
    } while (s->at == s->end && !s->is_final);
    return s->at < s->end;
}

bool lines_next(struct lines *s, struct span *out)
{
    size_t n = s->end - s->at;
    const uint8_t *from = s->buf + s->at, *p = n ? memchr(from, s->terminator, n) : NULL;
    s->is_cut = false;
    if (p) {
        *out = span_of(from, (size_t)(p - from));
        lines_use(s, out->len + 1, 1);
        return true;
    }
    if (n == 0 || (!s->is_final && n < s->room))
        return false;
    *out = span_of(from, n);
    lines_use(s, n, 1);
    if (!s->is_final) {
        s->is_cut = s->is_skipping = true;
        return true;
    }
    return s->failure.kind == ERR_NONE;
}

ssize_t lines_read(void *from, void *to, size_t n, struct err *err)
{
    struct lines *s = from;
    size_t have = s->end - s->at;
    if (have == 0)
        return s->is_final && s->failure.kind == ERR_NONE ? 0 : input_read(s->in, to, n, err);
    struct span part = span_first(span_of(s->buf + s->at, have), n);
    memcpy(to, part.ptr, part.len);
    s->at += part.len;
    return (ssize_t)part.len;
}

bool lines_look_utf16(struct span head)
{
    if (span_starts(head, SPAN_LIT("\xff\xfe")) || span_starts(head, SPAN_LIT("\xfe\xff")))
        return true;
    size_t n = (head.len < 64 ? head.len : 64) & ~(size_t)1, zeros[2] = {0};
    for (size_t i = 0; i < n; i++)
        zeros[i & 1] += head.ptr[i] == 0;
    return n >= 8 && ((zeros[0] == n / 2 && zeros[1] == 0) || (zeros[1] == n / 2 && zeros[0] == 0));
}
