/* See wildcard.h. */
#include "rules/wildcard.h"

#include "rules/name.h"

enum { LABEL_MAX = 63, LITERAL_MIN = 3 };

struct pattern {
    uint8_t bytes[NAME_MAX_BYTES];
    size_t len;
    size_t last; /* where the last label starts */
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_';
}

static bool is_star(uint8_t c)
{
    return c == '*' || c == '?';
}

static enum reject pattern_add(struct pattern *p, uint8_t c)
{
    if (c == '*' && p->len > p->last && p->bytes[p->len - 1] == '*')
        return REJECT_NONE;
    if (c >= 0x80)
        return REJECT_BAD_IDN;
    if (!is_name_byte(c) && !is_star(c) && c != '.')
        return REJECT_BAD_CHAR;
    if (c == '.' && p->len == p->last)
        return REJECT_EMPTY_LABEL;
    if (c != '.' && p->len - p->last == LABEL_MAX)
        return REJECT_LABEL_TOO_LONG;
    if (p->len == sizeof p->bytes)
        return REJECT_NAME_TOO_LONG;
    p->bytes[p->len++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    if (c == '.')
        p->last = p->len;
    return REJECT_NONE;
}

/* Nothing but digits and stars ("192.0.2.*"), or a number where the top-level domain stands. */
static bool pattern_is_address(const struct pattern *p)
{
    bool all = true, last = true, has_digit = false;
    for (size_t i = 0; i < p->len; i++) {
        uint8_t c = p->bytes[i];
        all &= is_digit(c) || is_star(c) || c == '.';
        last &= i < p->last || is_digit(c);
        has_digit |= is_digit(c);
    }
    return p->last > 0 && has_digit && (all || last);
}

/* Where the top-level domain stands three bytes say nothing: "*.*.com". */
static bool pattern_has_literal(const struct pattern *p)
{
    size_t run = 0;
    for (size_t i = 0; i < p->last && run < LITERAL_MIN; i++)
        run = is_name_byte(p->bytes[i]) ? run + 1 : 0;
    return run == LITERAL_MIN;
}

static enum reject pattern_check(const struct pattern *p)
{
    if (p->len == p->last)
        return REJECT_EMPTY_LABEL;
    if (pattern_is_address(p))
        return REJECT_BAD_IP;
    return pattern_has_literal(p) ? REJECT_NONE : REJECT_BAD_CHAR;
}

static size_t first_star(struct span s)
{
    size_t at = 0;
    while (at < s.len && !is_star(s.ptr[at]))
        at++;
    return at;
}

enum reject wildcard_canonical(struct span text, struct buf *scratch, struct span *out, uint32_t *out_col)
{
    struct pattern p = {.len = 0};
    if (text.len > 1 && text.ptr[text.len - 1] == '.')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        enum reject why = pattern_add(&p, text.ptr[i]);
        *out_col = (uint32_t)(i + 1);
        if (why)
            return why;
    }
    enum reject why = pattern_check(&p);
    if (why) {
        *out_col = why == REJECT_EMPTY_LABEL ? (uint32_t)text.len : (uint32_t)first_star(text) + 1;
        return why;
    }
    struct span canonical = span_of(p.bytes, p.len);
    if (span_eq(canonical, text)) {
        *out = text;
        return REJECT_NONE;
    }
    size_t mark = buf_mark(scratch);
    buf_put(scratch, canonical);
    if (scratch->is_full)
        return REJECT_NAME_TOO_LONG;
    *out = span_of(scratch->ptr + mark, p.len);
    return REJECT_NONE;
}
