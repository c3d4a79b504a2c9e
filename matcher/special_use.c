/* See special_use.h. */
#include "matcher/special_use.h"

static const struct {
    const char *network;
    unsigned bits;
    const char *use;
} ranges[SPECIAL_USES] = {
    {"0.0.0.0", 8, "\"this network\""},
    {"10.0.0.0", 8, "private"},
    {"100.64.0.0", 10, "carrier-grade NAT"},
    {"127.0.0.0", 8, "loopback"},
    {"169.254.0.0", 16, "link-local"},
    {"172.16.0.0", 12, "private"},
    {"192.0.0.0", 24, "protocol assignments"},
    {"192.0.2.0", 24, "documentation"},
    {"192.168.0.0", 16, "private"},
    {"198.18.0.0", 15, "benchmarking"},
    {"198.51.100.0", 24, "documentation"},
    {"203.0.113.0", 24, "documentation"},
    {"224.0.0.0", 4, "multicast"},
    {"240.0.0.0", 4, "reserved"},
    {"::", 127, "unspecified and loopback"},
    {"100::", 64, "discard"},
    {"2001:db8::", 32, "documentation"},
    {"3fff::", 20, "documentation"},
    {"fc00::", 7, "private"},
    {"fe80::", 10, "link-local"},
    {"ff00::", 8, "multicast"},
};

void special_uses_init(struct special_uses *s)
{
    for (size_t i = 0; i < SPECIAL_USES; i++) {
        struct ip network;
        struct span text = span_str(ranges[i].network);
        bool is_v4 = ip_parse_v4(text, &network);
        if (!is_v4)
            ip_parse_v6(text, &network);
        ip_prefix_range(&network, ranges[i].bits + (is_v4 ? 96 : 0), &s->first[i], &s->last[i]);
    }
}

const char *special_use(const struct special_uses *s, const struct ip *first, const struct ip *last)
{
    for (size_t i = 0; i < SPECIAL_USES; i++)
        if (ip_compare(first, &s->last[i]) <= 0 && ip_compare(&s->first[i], last) <= 0)
            return ranges[i].use;
    return NULL;
}
