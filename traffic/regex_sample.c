/* See regex_sample.h. The pattern is walked once, and written as it is walked: a repeat walks its part again, and of alternatives each is written and one
 * of them stays. Steps are bounded, for repeats of repeats multiply. */
#include "traffic/regex_sample.h"

#include <stdlib.h>

enum { STEPS_MAX = 8192, DEPTH_MAX = 16, REPEATS = 3, REPEAT_MAX = 256 };

struct walk {
    struct span rest;
    struct dice *dice;
    struct buf *out;
    size_t mark;
    unsigned steps, depth;
};

static bool put(struct walk *w, uint8_t c)
{
    buf_put_byte(w->out, c);
    return !w->out->is_full && w->out->len - w->mark <= REGEX_SAMPLE_MAX;
}

static bool next_is(const struct walk *w, uint8_t c)
{
    return w->rest.len && w->rest.ptr[0] == c;
}

static bool take(struct walk *w, uint8_t c)
{
    return next_is(w, c) && span_skip(&w->rest, 1);
}

/* ---- sets of bytes ---- */

struct set256 {
    bool has[256];
};

static void add_range(struct set256 *s, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to; c++)
        s->has[c] = true;
}

static void add_word(struct set256 *s)
{
    add_range(s, 'a', 'z');
    add_range(s, 'A', 'Z');
    add_range(s, '0', '9');
    s->has['_'] = true;
}

static void invert(struct set256 *s)
{
    for (unsigned c = 0; c < 256; c++)
        s->has[c] = !s->has[c];
}

static bool put_from(struct walk *w, const struct set256 *s, const char *preferred)
{
    uint8_t found[256];
    unsigned n = 0;
    for (const char *p = preferred; *p; p++)
        if (s->has[(uint8_t)*p])
            found[n++] = (uint8_t)*p;
    return n && put(w, found[dice_below(w->dice, n)]);
}

/* What can stand in names first, then in URLs, then anything one can read. */
static bool put_one_of(struct walk *w, const struct set256 *s)
{
    size_t mark = buf_mark(w->out);
    return put_from(w, s, "abcdefghijklmnopqrstuvwxyz0123456789") ||
           put_from(w, s, "-._/ABCDEFGHIJKLMNOPQRSTUVWXYZ") ||
           put_from(w, s, "!$&'()*+,;=:@~?#[]%<>{}|^`\"\\ ") || (buf_cut(w->out, mark), false);
}

/* \d and its like. False: another escape. */
static bool add_class(struct set256 *s, uint8_t c)
{
    struct set256 these = {0};
    uint8_t lower = c | 0x20;
    if (lower == 'd')
        add_range(&these, '0', '9');
    else if (lower == 'w')
        add_word(&these);
    else if (lower == 's')
        these.has[' '] = these.has['\t'] = true;
    else
        return false;
    if (c != lower)
        invert(&these);
    for (unsigned i = 0; i < 256; i++)
        s->has[i] |= these.has[i];
    return true;
}

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static int hex_of(uint8_t c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* The byte behind a backslash, or that an \xNN means. */
static bool take_escaped_byte(struct walk *w, uint8_t c, uint8_t *out)
{
    *out = c;
    if (!is_alnum(c))
        return true;
    if (c != 'x' || w->rest.len < 2 || hex_of(w->rest.ptr[0]) < 0 || hex_of(w->rest.ptr[1]) < 0)
        return false;
    *out = (uint8_t)(hex_of(w->rest.ptr[0]) << 4 | hex_of(w->rest.ptr[1]));
    return span_skip(&w->rest, 2);
}

/* One byte of a class, or a class within it (then *out_is_class). */
static bool take_member(struct walk *w, struct set256 *s, uint8_t *out, bool *out_is_class)
{
    uint8_t c;
    *out_is_class = false;
    if (!span_take_u8(&w->rest, out) || (*out == '[' && next_is(w, ':')))
        return false;
    if (*out != '\\')
        return true;
    if (!span_take_u8(&w->rest, &c))
        return false;
    *out_is_class = add_class(s, c);
    return *out_is_class || take_escaped_byte(w, c, out);
}

/* "[a-z0-9.-]", its bracket taken. */
static bool sample_class(struct walk *w)
{
    struct set256 s = {0};
    bool is_inverted = take(w, '^'), is_first = true;
    for (; is_first || !next_is(w, ']'); is_first = false) {
        uint8_t from, to;
        bool is_class;
        if (!take_member(w, &s, &from, &is_class))
            return false;
        if (is_class)
            continue;
        to = from;
        bool is_range = next_is(w, '-') && w->rest.len > 1 && w->rest.ptr[1] != ']';
        if (is_range && (!take(w, '-') || !take_member(w, &s, &to, &is_class) || is_class || to < from))
            return false;
        add_range(&s, from, to);
    }
    if (is_inverted)
        invert(&s);
    return take(w, ']') && put_one_of(w, &s);
}

/* ---- parts ---- */

static bool sample_alternatives(struct walk *w);

static bool sample_escape(struct walk *w)
{
    struct set256 s = {0};
    uint8_t c;
    if (!span_take_u8(&w->rest, &c))
        return false;
    if (c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == 'Z')
        return true;
    return add_class(&s, c) ? put_one_of(w, &s) : take_escaped_byte(w, c, &c) && put(w, c);
}

/* "(...)", "(?:...)", "(?P<name>...)"; its bracket taken. */
static bool sample_group(struct walk *w)
{
    if (take(w, '?')) {
        bool is_named = take(w, 'P') || next_is(w, '<');
        if (is_named ? !take(w, '<') : !take(w, ':'))
            return false;
        while (is_named && !next_is(w, '>'))
            if (!w->rest.len || !is_alnum(w->rest.ptr[0]) || !span_skip(&w->rest, 1))
                return false;
        if (is_named)
            take(w, '>');
    }
    if (++w->depth > DEPTH_MAX || !sample_alternatives(w))
        return false;
    w->depth--;
    return take(w, ')');
}

static bool sample_part(struct walk *w)
{
    uint8_t c;
    if (++w->steps > STEPS_MAX || !span_take_u8(&w->rest, &c))
        return false;
    switch (c) {
    case '^':
    case '$':
        return true;
    case '.':
        return put(w, (uint8_t)('a' + dice_below(w->dice, 26)));
    case '\\':
        return sample_escape(w);
    case '[':
        return sample_class(w);
    case '(':
        return sample_group(w);
    case '*':
    case '+':
    case '?':
        return false;
    default:
        return put(w, c);
    }
}

/* ---- repeats ---- */

struct repeat {
    unsigned least, most;
};

static bool take_number(struct walk *w, unsigned *out)
{
    size_t before = w->rest.len;
    for (*out = 0; w->rest.len && w->rest.ptr[0] >= '0' && w->rest.ptr[0] <= '9'; span_skip(&w->rest, 1))
        if ((*out = *out * 10 + w->rest.ptr[0] - '0') > REPEAT_MAX)
            return false;
    return w->rest.len < before;
}

/* "{2}", "{2,}", "{2,5}"; its bracket taken. */
static bool take_counts(struct walk *w, struct repeat *out)
{
    if (!take_number(w, &out->least))
        return false;
    out->most = out->least;
    if (take(w, ',') && !take_number(w, &out->most))
        out->most = out->least + REPEATS;
    return take(w, '}') && out->most >= out->least;
}

static bool take_repeat(struct walk *w, struct repeat *out)
{
    *out = (struct repeat){1, 1};
    bool is_repeat = true;
    if (take(w, '*'))
        *out = (struct repeat){0, REPEATS};
    else if (take(w, '+'))
        *out = (struct repeat){1, REPEATS};
    else if (take(w, '?'))
        *out = (struct repeat){0, 1};
    else if (take(w, '{'))
        is_repeat = take_counts(w, out);
    else
        return true;
    return is_repeat && (take(w, '?') || !next_is(w, '+'));
}

/* The first walk finds the part's end; its text stays when there is to be one. */
static bool sample_repeated(struct walk *w)
{
    struct span part = w->rest;
    size_t mark = buf_mark(w->out);
    struct repeat r;
    if (!sample_part(w) || !take_repeat(w, &r))
        return false;
    struct span behind = w->rest;
    unsigned most = r.most < r.least + REPEATS ? r.most : r.least + REPEATS,
             n = r.least + dice_below(w->dice, most - r.least + 1);
    if (n == 0)
        buf_cut(w->out, mark);
    for (unsigned i = 1; i < n; i++) {
        w->rest = part;
        if (!sample_part(w))
            return false;
    }
    w->rest = behind;
    return true;
}

static bool sample_branch(struct walk *w)
{
    while (w->rest.len && !next_is(w, '|') && !next_is(w, ')'))
        if (!sample_repeated(w))
            return false;
    return true;
}

static bool sample_alternatives(struct walk *w)
{
    size_t first = buf_mark(w->out);
    for (uint32_t n = 1;; n++) {
        size_t mark = buf_mark(w->out);
        if (!sample_branch(w))
            return false;
        size_t len = w->out->len - mark;
        if (n > 1 && dice_below(w->dice, n) == 0 && len) { /* this one in the place of the one before */
            memmove(w->out->ptr + first, w->out->ptr + mark, len);
            buf_cut(w->out, first + len);
        } else if (n > 1) {
            buf_cut(w->out, mark);
        }
        if (!take(w, '|'))
            return true;
    }
}

bool regex_sample(struct span pattern, struct dice *dice, struct buf *out)
{
    struct walk w = {.rest = pattern, .dice = dice, .out = out, .mark = buf_mark(out)};
    if (sample_alternatives(&w) && w.rest.len == 0)
        return true;
    buf_cut(out, w.mark);
    return false;
}
