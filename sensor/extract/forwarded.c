/* See forwarded.h. Hot. */
#include "sensor/extract/forwarded.h"

static const struct {
    const char *name, *lower;
} headers[FORWARDED_HEADER_COUNT] = {
    [FORWARDED_X_FORWARDED_FOR] = {"X-Forwarded-For", "x-forwarded-for"},
    [FORWARDED_FORWARDED] = {"Forwarded", "forwarded"},
    [FORWARDED_X_REAL_IP] = {"X-Real-IP", "x-real-ip"},
    [FORWARDED_TRUE_CLIENT_IP] = {"True-Client-IP", "true-client-ip"},
    [FORWARDED_CF_CONNECTING_IP] = {"CF-Connecting-IP", "cf-connecting-ip"},
};

const char *forwarded_name(enum forwarded_header h)
{
    return headers[h].name;
}

void forwarded_note(struct forwarded_list *l, struct span name, struct span value)
{
    for (unsigned h = 0; h < FORWARDED_HEADER_COUNT; h++) {
        if (!span_eq_nocase(name, span_str(headers[h].lower)))
            continue;
        if (value.len && l->n < FORWARDED_MAX)
            l->items[l->n++] = (struct forwarded){(enum forwarded_header)h, value};
        return;
    }
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '"';
}

/* Quotes go with the blanks: RFC 7239 wants them around an address that has colons. */
static struct span trim(struct span s)
{
    while (s.len && is_blank(s.ptr[0]))
        span_skip(&s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static size_t find(struct span s, const char *any)
{
    size_t n = 0;
    while (n < s.len && (s.ptr[n] == '\0' || !strchr(any, s.ptr[n])))
        n++;
    return n;
}

/* Take what stands before the next of these bytes, or all. */
static struct span take_part(struct span *rest, const char *ends)
{
    struct span part = span_first(*rest, find(*rest, ends));
    span_skip(rest, part.len < rest->len ? part.len + 1 : part.len);
    return trim(part);
}

/* "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "2001:db8::1". */
static bool read_address(struct span part, struct span *out_text, struct ip *out_ip)
{
    bool is_bracketed = part.len && part.ptr[0] == '[';
    struct span text = is_bracketed ? span_from(part, 1) : part;
    if (is_bracketed)
        text = span_first(text, find(text, "]"));
    *out_text = text;
    if (ip_parse_v6(text, out_ip))
        return true;
    *out_text = span_first(text, find(text, ":"));
    return !is_bracketed && ip_parse_v4(*out_text, out_ip);
}

bool forwarded_next(enum forwarded_header h, struct span *rest, struct span *out_text, struct ip *out_ip)
{
    static const struct span prefix = {(const uint8_t *)"for=", 4};
    while (rest->len) {
        struct span part = take_part(rest, h == FORWARDED_FORWARDED ? ",;" : ",");
        if (h == FORWARDED_FORWARDED) {
            if (!span_eq_nocase(span_first(part, prefix.len), prefix))
                continue;
            part = trim(span_from(part, prefix.len));
        }
        if (read_address(part, out_text, out_ip))
            return true;
    }
    return false;
}
