/* See csv_row.h. Time is linear even for hostile quotes: a search that fails has seen only paired quotes, and pairs at the
 * start of a field close at once. */
#include "rules/formats/csv_row.h"

struct cursor {
    uint8_t *at, *end;
    bool is_final;
    const struct csv_dialect *d;
};

enum found { FOUND, NOT_FOUND, NEED_MORE };

static bool is_blank(const struct csv_dialect *d, uint8_t c)
{
    return (c == ' ' || c == '\t' || c == '\r') && c != d->delimiter && c != d->terminator;
}

static bool is_field_end(const struct csv_dialect *d, uint8_t c)
{
    return c == d->delimiter || c == d->terminator;
}

/* The closing quote for a field whose text starts at `from`. */
static enum found find_close(const struct cursor *c, uint8_t *from, uint8_t **out, bool *out_has_doubled)
{
    size_t n = (size_t)(c->end - from);
    bool is_whole = n > CSV_QUOTE_MAX || c->is_final;
    if (n > CSV_QUOTE_MAX)
        n = CSV_QUOTE_MAX;
    uint8_t *last = from + n;
    *out_has_doubled = false;
    for (uint8_t *p = from; p < last && (p = memchr(p, c->d->quote, (size_t)(last - p))); p += 2) {
        if (p + 1 == c->end && !c->is_final)
            return NEED_MORE;
        if (p + 1 == c->end || p[1] != c->d->quote) {
            *out = p;
            return FOUND;
        }
        *out_has_doubled = true;
    }
    return is_whole ? NOT_FOUND : NEED_MORE;
}

/* Is this field quoted? Then it is delivered and the cursor stands at what ended it. */
static enum found take_quoted(struct cursor *c, struct csv_field *out)
{
    uint8_t *close;
    bool has_doubled;
    enum found found = find_close(c, c->at + 1, &close, &has_doubled);
    if (found != FOUND)
        return found;
    uint8_t *p = close + 1;
    while (p < c->end && is_blank(c->d, *p))
        p++;
    if (p == c->end && !c->is_final)
        return NEED_MORE;
    if (p < c->end && !is_field_end(c->d, *p))
        return NOT_FOUND;
    *out =
        (struct csv_field){.ptr = c->at + 1, .len = (size_t)(close - c->at) - 1, .has_doubled = has_doubled};
    c->at = p;
    return FOUND;
}

static enum found take_plain(struct cursor *c, struct csv_field *out)
{
    uint8_t *from = c->at, *p = from;
    while (p < c->end && !is_field_end(c->d, *p))
        p++;
    if (p == c->end && !c->is_final)
        return NEED_MORE;
    c->at = p;
    while (p > from && is_blank(c->d, p[-1]))
        p--;
    *out = (struct csv_field){.ptr = from, .len = (size_t)(p - from)};
    return FOUND;
}

static enum found take_field(struct cursor *c, struct csv_field *out)
{
    while (c->at < c->end && is_blank(c->d, *c->at))
        c->at++;
    if (c->at < c->end && *c->at == c->d->quote) {
        enum found found = take_quoted(c, out);
        if (found != NOT_FOUND)
            return found;
    }
    return take_plain(c, out);
}

static uint32_t count_lines(const uint8_t *p, const uint8_t *end, uint8_t terminator)
{
    uint32_t n = 0;
    while (p < end && (p = memchr(p, terminator, (size_t)(end - p)))) {
        n++;
        p++;
    }
    return n;
}

bool csv_row_read(uint8_t *bytes, size_t n, bool is_final, const struct csv_dialect *d, struct csv_row *out)
{
    struct cursor c = {.at = bytes, .end = bytes + n, .is_final = is_final, .d = d};
    struct csv_field beyond;
    out->n = 0;
    for (;;) {
        struct csv_field *to = out->n < CSV_COLUMNS_MAX ? &out->fields[out->n] : &beyond;
        if (take_field(&c, to) == NEED_MORE)
            return false;
        out->n++;
        if (c.at == c.end || *c.at == d->terminator)
            break;
        c.at++;
    }
    bool has_end = c.at < c.end;
    out->len = (size_t)(c.at - bytes) + has_end;
    out->n_lines = count_lines(bytes, c.at, d->terminator) + 1;
    return true;
}

struct span csv_field_text(struct csv_row *row, size_t column, const struct csv_dialect *d)
{
    if (column >= row->n || column >= CSV_COLUMNS_MAX)
        return span_of("", 0);
    struct csv_field *f = &row->fields[column];
    if (f->has_doubled) {
        size_t to = 0;
        for (size_t from = 0; from < f->len; from++) {
            f->ptr[to++] = f->ptr[from];
            if (f->ptr[from] == d->quote)
                from++;
        }
        f->len = to;
        f->has_doubled = false;
    }
    return span_of(f->ptr, f->len);
}
