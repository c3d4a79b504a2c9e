/* See refang.h. A refanger steps over the text piece by piece, a piece being one byte or one repaired token, so that writing
 * the result and finding a column in it are the same walk. */
#include "rules/refang.h"

static const struct {
    const char *from; /* lower case; any case matches */
    const char *to;
} tokens[] = {
    {"[.]", "."},   {"(.)", "."},     {"{.}", "."}, {"[dot]", "."}, {"(dot)", "."},
    {"{dot}", "."}, {"[://]", "://"}, {"[:]", ":"}, {"[@]", "@"},   {"(@)", "@"},
    {"[at]", "@"},  {"(at)", "@"},    {"\\.", "."}, {"[.", "."},    {".]", "."},
};

struct refanger {
    struct span text;
    size_t at;
    uint8_t last[2]; /* the last two bytes that came out, newest first */
    bool has_scheme; /* "://" is behind us */
    bool is_tail;    /* in path or query */
    bool has_changed;
};

static size_t hxxp_len(struct span s)
{
    if (!span_eq_nocase(span_first(s, 4), SPAN_LIT("hxxp")))
        return 0;
    size_t n = s.len > 4 && (s.ptr[4] | 0x20) == 's' ? 5 : 4;
    struct span rest = span_from(s, n);
    return span_starts(rest, SPAN_LIT(":")) || span_starts(rest, SPAN_LIT("[:")) ? n : 0;
}

static bool may_start_token(uint8_t c)
{
    return c == '[' || c == '(' || c == '{' || c == '\\' || c == '.';
}

bool refang_applies(struct span text)
{
    if (hxxp_len(text))
        return true;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '[' || c == '(' || c == '{' || c == '\\' || c == ']')
            return true;
    }
    return false;
}

/* The token at the start of `s`: its length, 0 if there is none. */
static size_t token_at(struct span s, struct span *out_to)
{
    if (!may_start_token(s.ptr[0]))
        return 0;
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct span from = span_str(tokens[i].from);
        if (span_eq_nocase(span_first(s, from.len), from)) {
            *out_to = span_str(tokens[i].to);
            return from.len;
        }
    }
    return 0;
}

/* A slash that is not one of "://" starts the tail; so do '?' and '#' once there is a scheme (without one, '?' may be of a
 * wildcard name). */
static void note_byte(struct refanger *r, uint8_t c, uint8_t next)
{
    if (c == '/' && !r->has_scheme && r->last[0] == '/' && r->last[1] == ':')
        r->has_scheme = true;
    else if (c == '/' && !(!r->has_scheme && r->last[0] == ':' && next == '/'))
        r->is_tail = true;
    else if ((c == '?' || c == '#') && r->has_scheme)
        r->is_tail = true;
    r->last[1] = r->last[0];
    r->last[0] = c;
}

/* The next piece of output; false at the end. */
static bool next_piece(struct refanger *r, struct span *out)
{
    struct span rest = span_from(r->text, r->at);
    if (rest.len == 0)
        return false;
    size_t taken = r->at == 0 ? hxxp_len(rest) : 0;
    if (taken)
        *out = taken == 5 ? SPAN_LIT("https") : SPAN_LIT("http");
    else if (!r->is_tail || r->has_changed)
        taken = token_at(rest, out);
    r->has_changed |= taken > 0;
    if (taken == 0) {
        taken = 1;
        *out = span_first(rest, 1);
    }
    uint8_t next = taken < rest.len ? rest.ptr[taken] : 0;
    for (size_t i = 0; i < out->len; i++)
        note_byte(r, out->ptr[i], i + 1 < out->len ? out->ptr[i + 1] : next);
    r->at += taken;
    return true;
}

bool refang(struct span text, struct buf *out)
{
    struct refanger r = {.text = text};
    struct span piece;
    while (next_piece(&r, &piece))
        buf_put(out, piece);
    return r.has_changed;
}

size_t refang_origin(struct span text, size_t offset)
{
    struct refanger r = {.text = text};
    struct span piece;
    size_t came_out = 0, origin = 0;
    while (came_out <= offset && next_piece(&r, &piece)) {
        came_out += piece.len;
        origin = came_out > offset ? origin : r.at;
    }
    return origin;
}
