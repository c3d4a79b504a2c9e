/* See networks.h. */
#include "rules/writers/networks.h"

#include <stdio.h>

static bool parse(struct span text, struct ip *out)
{
    return ip_parse_v4(text, out) || ip_parse_v6(text, out);
}

static size_t find(struct span text, uint8_t c)
{
    const uint8_t *at = text.len ? memchr(text.ptr, c, text.len) : NULL;
    return at ? (size_t)(at - text.ptr) : text.len;
}

bool networks_of(struct span text, struct networks *out)
{
    struct ip ip;
    size_t hyphen = find(text, '-'), slash = find(text, '/');
    *out = (struct networks){0};
    if (hyphen < text.len)
        return parse(span_first(text, hyphen), &out->next) && parse(span_from(text, hyphen + 1), &out->last);
    if (!parse(span_first(text, slash), &ip))
        return false;
    unsigned bits = 0;
    struct span digits = span_from(text, slash + 1);
    for (size_t i = 0; i < digits.len && i < 3; i++)
        bits = bits * 10 + (digits.ptr[i] - '0');
    if (digits.len == 0)
        bits = 128;
    else if (ip_is_v4(&ip) && !memchr(text.ptr, ':', text.len))
        bits += 96;
    if (bits > 128)
        return false;
    ip_prefix_range(&ip, bits, &out->next, &out->last);
    return true;
}

static bool is_within(const struct ip *first, unsigned bits, const struct ip *last)
{
    struct ip begin, end;
    ip_prefix_range(first, bits, &begin, &end);
    return ip_compare(&begin, first) == 0 && ip_compare(&end, last) <= 0;
}

/* The address after `ip`; false after the last there is. */
static bool step(struct ip *ip)
{
    for (int i = 15; i >= 0; i--)
        if (++ip->b[i])
            return true;
    return false;
}

bool networks_next(struct networks *n, struct ip *out, unsigned *out_bits)
{
    struct ip begin, end;
    unsigned bits = 128, least = ip_is_v4(&n->next) && ip_is_v4(&n->last) ? 96 : 0;
    if (n->is_done || ip_compare(&n->next, &n->last) > 0)
        return false;
    while (bits > least && is_within(&n->next, bits - 1, &n->last))
        bits--;
    *out = n->next;
    *out_bits = bits;
    ip_prefix_range(&n->next, bits, &begin, &end);
    n->next = end;
    n->is_done = !step(&n->next);
    return true;
}

void network_format(const struct ip *ip, unsigned bits, char out[static NETWORK_TEXT_MAX])
{
    size_t len = ip_format(ip, out);
    unsigned of = ip_is_v4(ip) && bits >= 96 ? 96 : 0;
    if (bits < 128)
        snprintf(out + len, NETWORK_TEXT_MAX - len, "/%u", bits - of);
}
