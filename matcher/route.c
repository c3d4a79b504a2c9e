/* See route.h. */
#include "matcher/route.h"

#include <stdlib.h>

#include "rules/name.h"
#include "rules/url.h"

/* Separators and the stand-in for odd bytes lie below 0x21: a value that has such bytes would meet them. */
static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e)
            return false;
    return s.len > 0;
}

static bool has_empty_label(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '.' && (i == 0 || i + 1 == name.len || name.ptr[i - 1] == '.'))
            return true;
    return false;
}

static enum route route_name(struct span name)
{
    return name.len <= NAME_MAX_BYTES && is_plain(name) && !has_empty_label(name) ? ROUTE_NAME : ROUTE_NONE;
}

static enum route route_address(const struct set_view *v, uint32_t indicator, enum route route)
{
    struct ip first, last;
    return route_addresses(v, indicator, &first, &last) ? route : ROUTE_NONE;
}

enum route route_of(const struct set_view *v, uint32_t indicator)
{
    const struct indicator *ind = &v->indicators[indicator];
    struct span key = route_key(v, indicator);
    if (ind->flags & IOC_F_SUPPRESSED)
        return ROUTE_NONE;
    switch ((enum ioc_type)ind->type) {
    case IOC_DOMAIN:
    case IOC_DOMAIN_PORT:
        return route_name(key);
    case IOC_IPV4:
    case IOC_IPV6:
    case IOC_IP_PORT:
        return route_address(v, indicator, ROUTE_ADDRESS);
    case IOC_CIDR4:
    case IOC_CIDR6:
    case IOC_RANGE4:
    case IOC_RANGE6:
        return route_address(v, indicator, ROUTE_RANGE);
    case IOC_URL:
    case IOC_HOSTPATH:
    case IOC_URI_PATH:
        return !is_plain(key) ? ROUTE_NONE : ind->match == MATCH_PREFIX ? ROUTE_PREFIX : ROUTE_EXACT;
    case IOC_WILDCARD:
        return key.len <= NAME_MAX_BYTES && is_plain(key) ? ROUTE_PATTERN : ROUTE_NONE;
    case IOC_REGEX:
        return key.len ? ROUTE_PATTERN : ROUTE_NONE;
    case IOC_BLOOM:
        return ROUTE_BLOOM;
    case IOC_USER_AGENT:
    case IOC_JA3:
    case IOC_JA4:
    case IOC_CERT_SHA1:
    case IOC_CERT_SHA256:
        return key.len ? ROUTE_EXACT : ROUTE_NONE;
    default:
        return ROUTE_NONE;
    }
}

bool routes_init(struct routes *r, const struct set_view *v)
{
    *r = (struct routes){.of = malloc(v->n_indicators + 1ull)};
    for (uint32_t i = 0; r->of && i < v->n_indicators; i++) {
        enum route route = route_of(v, i);
        r->of[i] = (uint8_t)route;
        r->n[route]++;
        r->fields[route] |= v->indicators[i].fields;
    }
    return r->of != NULL;
}

void routes_fini(struct routes *r)
{
    free(r->of);
    *r = (struct routes){0};
}

/* What stands before the last ':'; nothing when there is none. */
static struct span before_port(struct span s)
{
    size_t n = s.len;
    while (n && s.ptr[n - 1] != ':')
        n--;
    return span_first(s, n ? n - 1 : 0);
}

struct span route_key(const struct set_view *v, uint32_t indicator)
{
    struct span value = set_value(v, indicator);
    switch (v->indicators[indicator].type) {
    case IOC_DOMAIN_PORT:
        return before_port(value);
    case IOC_URL:
    case IOC_HOSTPATH:
        return url_match_key(value);
    default:
        return value;
    }
}

static bool read_ip(struct span text, struct ip *out)
{
    return ip_parse_v4(text, out) || ip_parse_v6(text, out);
}

static bool read_network(struct span text, struct ip *out_first, struct ip *out_last)
{
    const uint8_t *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
    struct ip ip;
    if (!slash || !read_ip(span_first(text, (size_t)(slash - text.ptr)), &ip))
        return false;
    struct span digits = span_from(text, (size_t)(slash - text.ptr) + 1);
    unsigned bits = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || i == 3)
            return false;
        bits = bits * 10 + (digits.ptr[i] - '0');
    }
    bool is_v4 = memchr(text.ptr, ':', text.len) == NULL;
    if (digits.len == 0 || bits > (is_v4 ? 32 : 128))
        return false;
    ip_prefix_range(&ip, is_v4 ? bits + 96 : bits, out_first, out_last);
    return true;
}

static bool read_range(struct span text, struct ip *out_first, struct ip *out_last)
{
    const uint8_t *dash = text.len ? memchr(text.ptr, '-', text.len) : NULL;
    return dash && read_ip(span_first(text, (size_t)(dash - text.ptr)), out_first) &&
           read_ip(span_from(text, (size_t)(dash - text.ptr) + 1), out_last) &&
           ip_compare(out_first, out_last) <= 0;
}

bool route_addresses(const struct set_view *v, uint32_t indicator, struct ip *out_first, struct ip *out_last)
{
    struct span text = set_value(v, indicator);
    switch (v->indicators[indicator].type) {
    case IOC_CIDR4:
    case IOC_CIDR6:
        return read_network(text, out_first, out_last);
    case IOC_RANGE4:
    case IOC_RANGE6:
        return read_range(text, out_first, out_last);
    case IOC_IP_PORT:
        text = before_port(text);
        if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
            text = span_of(text.ptr + 1, text.len - 2);
        break;
    default:
        break;
    }
    if (!read_ip(text, out_first))
        return false;
    *out_last = *out_first;
    return true;
}
