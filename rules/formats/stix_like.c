/* See stix_like.h. The sensor compares regexes with names in lower case and with URLs written
 * "http://host[:port]/target", whatever the scheme was: "https://" in a pattern has to become that. */
#include "rules/formats/stix_like.h"

enum { LITERAL_MIN = 3 };

#define ORIGIN "^http://[^/]*" /* what stands before a request's target */

static bool is_wild(uint8_t c)
{
    return c == '%' || c == '_';
}

static size_t count_wild(struct span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += is_wild(s.ptr[i]);
    return n;
}

static bool ends_open(struct span s)
{
    return s.len && s.ptr[s.len - 1] == '%';
}

static bool starts_open(struct span s)
{
    return s.len && s.ptr[0] == '%';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/* Are there letters, digits and hyphens enough in a row to tell anything by? One unknown byte does not end a row. */
static bool has_literal(struct span s)
{
    size_t run = 0;
    for (size_t i = 0; i < s.len && run < LITERAL_MIN; i++) {
        bool is_telling = is_alnum(s.ptr[i]) || s.ptr[i] == '-' || s.ptr[i] >= 0x80;
        run = is_telling ? run + 1 : s.ptr[i] == '_' ? run : 0;
    }
    return run == LITERAL_MIN;
}

/* The part of a name's pattern that is not its top-level domain: half the world is in ".com". */
static struct span without_last_label(struct span s)
{
    size_t n = s.len;
    while (n && s.ptr[n - 1] != '.')
        n--;
    return n == 0 && ends_open(s) ? s : span_first(s, n ? n - 1 : 0);
}

/* A byte that stands for itself. */
static void put_literal(struct buf *out, uint8_t c)
{
    if (is_alnum(c))
        buf_put_byte(out, c);
    else if (c > ' ' && c < 0x7f)
        buf_printf(out, "\\%c", c);
    else
        buf_printf(out, "\\x%02x", c);
}

/* Wildcards and literals, from byte `from` on; runs of '%' are one. */
static void put_like(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '_')
            buf_put_byte(out, '.');
        else if (s.ptr[i] != '%')
            put_literal(out, s.ptr[i]);
        else if (i == 0 || s.ptr[i - 1] != '%')
            buf_put_str(out, ".*");
    }
}

static struct span cut_open_ends(struct span s, bool at_start)
{
    while (at_start && starts_open(s))
        span_skip(&s, 1);
    while (ends_open(s))
        s.len--;
    return s;
}

static enum stix_like finish(struct buf *scratch, size_t mark, struct span *out_value)
{
    *out_value = span_from(buf_span(scratch), mark);
    return STIX_LIKE_REGEX;
}

static enum stix_like put_anchored(struct span text, struct buf *scratch, struct span *out_value)
{
    size_t mark = buf_mark(scratch);
    struct span inner = cut_open_ends(text, true);
    buf_put_str(scratch, starts_open(text) ? "" : "^");
    put_like(scratch, inner);
    buf_put_str(scratch, ends_open(text) ? "" : "$");
    return finish(scratch, mark, out_value);
}

enum stix_like stix_like_text(struct span text, struct buf *scratch, struct span *out_value)
{
    *out_value = text;
    if (count_wild(text) == 0)
        return STIX_LIKE_WHOLE;
    return text.len - count_wild(text) >= LITERAL_MIN ? put_anchored(text, scratch, out_value)
                                                      : STIX_LIKE_BROAD;
}

static void lower_from(struct buf *b, size_t mark)
{
    for (size_t i = mark; i < b->len; i++)
        b->ptr[i] = lower(b->ptr[i]);
}

enum stix_like stix_like_name(struct span text, struct buf *scratch, struct span *out_value)
{
    *out_value = text;
    if (count_wild(text) == 0)
        return STIX_LIKE_WHOLE;
    if (span_starts(text, SPAN_LIT("%.")) && text.len > 2 && count_wild(text) == 1) {
        *out_value = span_from(text, 2);
        return STIX_LIKE_BELOW;
    }
    if (!has_literal(without_last_label(text)))
        return STIX_LIKE_BROAD;
    size_t mark = buf_mark(scratch);
    put_anchored(text, scratch, out_value);
    lower_from(scratch, mark); /* what is escaped with a letter is not changed by it */
    return STIX_LIKE_REGEX;
}

/* ---- URLs ---- */

/* Bytes that are escaped on the wire and in canonical form; the rest as in put_like(). */
static void put_url(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c <= ' ' || c >= 0x7f)
            buf_printf(out, "%%%02X", c);
        else
            put_like(out, c == '%' && i && s.ptr[i - 1] == '%' ? span_of("", 0) : span_of(s.ptr + i, 1));
    }
}

/* "http://" and "https://" in any case: its length, or 0. */
static size_t scheme_len(struct span s)
{
    return span_eq_nocase(span_first(s, 7), SPAN_LIT("http://"))    ? 7
           : span_eq_nocase(span_first(s, 8), SPAN_LIT("https://")) ? 8
                                                                    : 0;
}

static size_t find_slash(struct span s)
{
    const uint8_t *slash = s.len ? memchr(s.ptr, '/', s.len) : NULL;
    return slash ? (size_t)(slash - s.ptr) : s.len;
}

/* `s` begins with a host. */
static void put_host_and_target(struct buf *out, struct span s)
{
    struct span inner = cut_open_ends(s, false);
    size_t host_len = find_slash(inner), mark = buf_mark(out);
    put_url(out, span_first(inner, host_len));
    lower_from(out, mark);
    put_url(out, span_from(inner, host_len));
    if (!ends_open(s))
        buf_put_str(out, host_len == s.len ? "/?$" : "$");
}

enum stix_like stix_like_url(struct span text, struct buf *scratch, struct span *out_value)
{
    size_t scheme = scheme_len(text), mark = buf_mark(scratch);
    struct span behind = span_from(text, scheme);
    *out_value = text;
    if (count_wild(text) == 0)
        return STIX_LIKE_WHOLE;
    if (!has_literal(behind))
        return STIX_LIKE_BROAD;
    if (scheme && count_wild(text) == 1 && ends_open(text) && find_slash(behind) < behind.len) {
        *out_value = span_first(text, text.len - 1);
        return STIX_LIKE_PREFIX;
    }
    bool is_anywhere = starts_open(text) || span_eq_nocase(span_first(text, 4), SPAN_LIT("http"));
    if (!scheme && !is_anywhere && memmem(text.ptr, text.len, "://", 3))
        return STIX_LIKE_FOREIGN;
    if (scheme || !is_anywhere) {
        buf_put_str(scratch, "^http://");
        put_host_and_target(scratch, behind);
        return finish(scratch, mark, out_value);
    }
    buf_put_str(scratch, starts_open(text) ? "" : "^");
    put_url(scratch, cut_open_ends(text, true));
    buf_put_str(scratch, ends_open(text) ? "" : "$");
    return finish(scratch, mark, out_value);
}

enum stix_like stix_like_target(struct span text, struct buf *scratch, struct span *out_value)
{
    size_t mark = buf_mark(scratch);
    struct span inner = cut_open_ends(text, true);
    *out_value = text;
    if (count_wild(text) == 0)
        return STIX_LIKE_WHOLE;
    if (!has_literal(text))
        return STIX_LIKE_BROAD;
    if (!starts_open(text) && text.ptr[0] != '/')
        return STIX_LIKE_FOREIGN;
    if (!starts_open(text) && count_wild(text) == 1 && ends_open(text)) {
        *out_value = span_first(text, text.len - 1);
        return STIX_LIKE_PREFIX;
    }
    /* Behind a '%' the rest must not be found in the host: it begins with a '/', or one stands before it. */
    buf_put_str(scratch, ORIGIN);
    if (starts_open(text))
        buf_put_str(scratch, inner.len && inner.ptr[0] == '/' ? "(?:/.*)?" : "/.*");
    put_url(scratch, inner);
    buf_put_str(scratch, ends_open(text) ? "" : "$");
    return finish(scratch, mark, out_value);
}

/* ---- MATCHES ---- */

struct span stix_regex_url(struct span regex, struct buf *scratch)
{
    size_t mark = buf_mark(scratch);
    if (!regex.len || !memmem(regex.ptr, regex.len, "https:", 6))
        return regex;
    for (size_t i = 0; i < regex.len; i++) {
        bool is_secure = span_starts(span_from(regex, i), SPAN_LIT("https:"));
        buf_put(scratch, is_secure ? SPAN_LIT("https?") : span_of(regex.ptr + i, 1));
        i += is_secure ? 4 : 0;
    }
    return span_from(buf_span(scratch), mark);
}

struct span stix_regex_target(struct span regex, struct buf *scratch)
{
    size_t mark = buf_mark(scratch);
    if (!span_starts(regex, SPAN_LIT("^")))
        return regex;
    buf_put_str(scratch, ORIGIN "(?:");
    buf_put(scratch, span_from(regex, 1));
    buf_put_byte(scratch, ')');
    return span_from(buf_span(scratch), mark);
}
