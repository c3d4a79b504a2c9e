/* See plain_regex.h. One pass from left to right: anchor, "or below", literal, anchor. What does not fit into that shape is no plain
 * name; nothing is expanded or simplified, for a wrong suggestion costs more than none. */
#include "matcher/plain_regex.h"

#include "rules/value.h"

enum { LITERAL_MAX = 1024 };

static bool take(struct span *s, const char *text)
{
    struct span prefix = span_str(text);
    return span_starts(*s, prefix) && span_skip(s, prefix.len);
}

static bool take_any(struct span *s, const char *const texts[])
{
    for (size_t i = 0; texts[i]; i++)
        if (take(s, texts[i]))
            return true;
    return false;
}

/* "The start, or a dot": with what comes behind it, the name and all below it. Stands for its own anchor. */
static bool take_start_or_dot(struct span *s)
{
    static const char *const ways[] = {"(^|\\.)", "(?:^|\\.)", "(\\.|^)", "(?:\\.|^)", "(\\A|\\.)", NULL};
    return take_any(s, ways);
}

/* Behind an anchor: any labels or none. */
static bool take_labels(struct span *s)
{
    static const char *const ways[] = {"(.*\\.)?",    "(?:.*\\.)?",    "(.+\\.)?", "(?:.+\\.)?",
                                       "([^.]+\\.)*", "(?:[^.]+\\.)*", NULL};
    return take_any(s, ways);
}

/* Behind an anchor: one label or more. */
static bool take_below(struct span *s)
{
    static const char *const ways[] = {".*\\.", ".+\\.", "(?:.+\\.)", "([^.]+\\.)+", "(?:[^.]+\\.)+", NULL};
    return take_any(s, ways);
}

static bool take_scheme(struct span *s)
{
    static const char *const ways[] = {"https?://",   "http://",         "https?:\\/\\/",
                                       "http:\\/\\/", "(http|https)://", "(?:http|https)://",
                                       "http(s)?://", "http(?:s)?://",   NULL};
    return take_any(s, ways);
}

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/' || c == '=' || c == '&' || c == '%' || c == '~' || c == ':';
}

static bool is_punctuation(uint8_t c)
{
    return c > ' ' && c < 0x7f && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
           !(c >= '0' && c <= '9');
}

/* Bytes that stand for themselves, escaped punctuation among them, up to the first that does not. */
static void take_literal(struct span *s, struct buf *out)
{
    while (s->len && !out->is_full) {
        if (is_plain(s->ptr[0])) {
            buf_put_byte(out, s->ptr[0]);
            span_skip(s, 1);
        } else if (s->len > 1 && s->ptr[0] == '\\' && is_punctuation(s->ptr[1])) {
            buf_put_byte(out, s->ptr[1]);
            span_skip(s, 2);
        } else {
            return;
        }
    }
}

static bool has_upper(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z')
            return true;
    return false;
}

/* Is the literal, as a value, exactly itself? Then the list may say it so. */
static bool is_value(struct span text, enum ioc_type type, struct buf *scratch)
{
    struct value v;
    uint32_t col;
    return value_read(text, scratch, &v, &col) == REJECT_NONE && v.type == type && !v.is_wildcard &&
           !v.was_defanged && span_eq(v.text, text);
}

static bool read_url(struct span rest, bool is_caseless, struct buf *scratch, struct buf *literal,
                     struct plain_regex *out)
{
    buf_put_str(literal, "http://");
    take_literal(&rest, literal);
    bool has_end = take(&rest, "$") || take(&rest, "\\z");
    take(&rest, ".*");
    out->type = IOC_URL;
    out->match = has_end ? MATCH_EXACT : MATCH_PREFIX;
    out->is_same = true;
    return rest.len == 0 && !is_caseless && is_value(buf_span(literal), IOC_URL, scratch);
}

static bool read_name(struct span rest, bool has_start, bool is_caseless, struct buf *scratch,
                      struct buf *literal, struct plain_regex *out)
{
    bool has_labels = has_start ? take_labels(&rest) : take_start_or_dot(&rest);
    bool is_below = !has_labels && (has_start ? take_below(&rest) : take(&rest, "\\."));
    take_literal(&rest, literal);
    bool has_end = take(&rest, "$") || take(&rest, "\\z");
    struct span name = buf_span(literal);
    out->type = IOC_DOMAIN;
    out->match = is_below ? MATCH_BELOW : has_labels || !has_start ? MATCH_SUFFIX : MATCH_EXACT;
    out->is_same = has_end && (has_start || has_labels || is_below);
    if (is_caseless)
        for (size_t i = 0; i < literal->len; i++)
            literal->ptr[i] |= literal->ptr[i] >= 'A' && literal->ptr[i] <= 'Z' ? 0x20 : 0;
    return rest.len == 0 && !has_upper(name) && is_value(name, IOC_DOMAIN, scratch);
}

bool plain_regex_read(struct span pattern, bool is_caseless, struct buf *scratch, struct plain_regex *out)
{
    struct buf literal;
    struct span rest = pattern;
    bool has_start = take(&rest, "^") || take(&rest, "\\A");
    buf_init(&literal, LITERAL_MAX);
    *out = (struct plain_regex){0};
    bool is_read = has_start && take_scheme(&rest)
                       ? read_url(rest, is_caseless, scratch, &literal, out)
                       : read_name(rest, has_start, is_caseless, scratch, &literal, out);
    is_read = is_read && !literal.is_full;
    if (is_read) {
        buf_reset(scratch);
        buf_put(scratch, buf_span(&literal));
        out->value = buf_span(scratch);
    }
    buf_fini(&literal);
    return is_read;
}
