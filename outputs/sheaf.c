/* See sheaf.h. A mark is the length of the line in 4 bytes, the length of its key in one, and the key. */
#include "outputs/sheaf.h"

enum { MARK_BYTES = 5 };

void sheaf_init(struct sheaf *l, size_t cap_bytes)
{
    *l = (struct sheaf){0};
    buf_init(&l->text, cap_bytes);
    buf_init(&l->marks, cap_bytes);
}

void sheaf_fini(struct sheaf *l)
{
    buf_fini(&l->text);
    buf_fini(&l->marks);
    l->n = 0;
}

void sheaf_reset(struct sheaf *l)
{
    buf_reset(&l->text);
    buf_reset(&l->marks);
    l->n = 0;
}

bool sheaf_put(struct sheaf *l, struct span line, struct span key)
{
    uint8_t mark[MARK_BYTES];
    uint32_t len = (uint32_t)line.len;
    size_t text_mark = buf_mark(&l->text), marks_mark = buf_mark(&l->marks);
    key = span_first(key, LINE_KEY_MAX);
    memcpy(mark, &len, sizeof len);
    mark[sizeof len] = (uint8_t)key.len;
    buf_put(&l->text, line);
    buf_put(&l->marks, span_of(mark, sizeof mark));
    buf_put(&l->marks, key);
    if (!l->text.is_full && !l->marks.is_full) {
        l->n++;
        return true;
    }
    buf_cut(&l->text, text_mark);
    buf_cut(&l->marks, marks_mark);
    return false;
}

struct sheaf_left sheaf_all(const struct sheaf *l)
{
    return (struct sheaf_left){.text = buf_span(&l->text), .marks = buf_span(&l->marks), .n = l->n};
}

/* The first mark; false when there is none. */
static bool read_mark(struct span *marks, size_t *out_len, struct span *out_key)
{
    struct span mark;
    uint32_t len;
    if (!span_take(marks, MARK_BYTES, &mark))
        return false;
    memcpy(&len, mark.ptr, sizeof len);
    *out_len = len;
    return span_take(marks, mark.ptr[sizeof len], out_key);
}

bool sheaf_are_sound(struct sheaf_left l)
{
    struct span line, key;
    size_t len, n = 0;
    for (; read_mark(&l.marks, &len, &key); n++)
        if (len == 0 || !span_take(&l.text, len, &line) ||
            memchr(line.ptr, '\n', line.len) != line.ptr + line.len - 1)
            return false;
    return n == l.n && l.text.len == 0 && l.marks.len == 0;
}

bool sheaf_first(const struct sheaf_left *l, struct span *out_line, struct span *out_key)
{
    struct span marks = l->marks;
    size_t len;
    if (l->n == 0 || !read_mark(&marks, &len, out_key))
        return false;
    *out_line = span_first(l->text, len);
    return true;
}

void sheaf_drop(struct sheaf_left *l)
{
    struct span key;
    size_t len;
    if (l->n == 0 || !read_mark(&l->marks, &len, &key))
        return;
    span_skip(&l->text, len);
    l->n--;
}

void sheaf_move(struct sheaf *to, struct sheaf_left *from)
{
    struct span line, key;
    while (sheaf_first(from, &line, &key) && sheaf_put(to, line, key))
        sheaf_drop(from);
}
