/* Hot; see confirm.h. */
#include "matcher/confirm.h"

static bool is_of_field(const struct indicator *ind, enum field field)
{
    return (ind->fields & FIELD_BIT(field)) != 0;
}

bool confirm_name(const struct set_view *v, uint32_t indicator, enum field field, struct span name,
                  uint16_t port)
{
    const struct indicator *ind = &v->indicators[indicator];
    struct span key = route_key(v, indicator);
    if (!is_of_field(ind, field) || name.len < key.len || (ind->type == IOC_DOMAIN_PORT && ind->port != port))
        return false;
    size_t above = name.len - key.len; /* bytes of `name` left of the key */
    if (memcmp(name.ptr + above, key.ptr, key.len) != 0)
        return false;
    if (above == 0)
        return ind->match != MATCH_BELOW;
    return name.ptr[above - 1] == '.' && (ind->match == MATCH_SUFFIX || ind->match == MATCH_BELOW);
}

bool confirm_address(const struct set_view *v, uint32_t indicator, enum field field, const struct ip *ip,
                     uint16_t port)
{
    const struct indicator *ind = &v->indicators[indicator];
    struct ip first, last;
    return is_of_field(ind, field) && (ind->type != IOC_IP_PORT || ind->port == port) &&
           route_addresses(v, indicator, &first, &last) && ip_compare(&first, ip) == 0;
}

/* IPv4 lies inside IPv6 here, but a list that names ::/8 does not mean every IPv4 address. */
bool confirm_range(const struct set_view *v, uint32_t indicator, enum field field, const struct ip *ip)
{
    const struct indicator *ind = &v->indicators[indicator];
    bool is_v4 = ind->type == IOC_CIDR4 || ind->type == IOC_RANGE4;
    return is_of_field(ind, field) && is_v4 == ip_is_v4(ip);
}

bool confirm_key(const struct set_view *v, uint32_t indicator, enum field field, enum key_kind kind,
                 struct span key)
{
    const struct indicator *ind = &v->indicators[indicator];
    if (!is_of_field(ind, field) || route_key_kind(ind) != kind)
        return false;
    struct span want = route_key(v, indicator);
    return kind != KEY_TEXT && ind->match == MATCH_PREFIX ? span_starts(key, want) : span_eq(key, want);
}

bool confirm_pattern(const struct set_view *v, uint32_t indicator, enum field field)
{
    return is_of_field(&v->indicators[indicator], field);
}
