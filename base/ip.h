#pragma once
/* IP addresses as 16 bytes, IPv4 in its IPv4-mapped form (RFC 4291, section 2.5.5.2), so that one table and
 * one comparison serve both and ::ffff:192.0.2.1 meets 192.0.2.1. */
#include "base/span.h"

struct ip {
    uint8_t b[16];
};

enum { IP_TEXT_MAX = 46 }; /* longest text, with NUL */

static inline struct ip ip_from_v4(const uint8_t v4[static 4])
{
    struct ip ip = {.b = {[10] = 0xff, [11] = 0xff}};
    memcpy(ip.b + 12, v4, 4);
    return ip;
}

static inline struct ip ip_from_v6(const uint8_t v6[static 16])
{
    struct ip ip;
    memcpy(ip.b, v6, 16);
    return ip;
}

static inline bool ip_is_v4(const struct ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(ip->b, mapped, sizeof mapped) == 0;
}

/* 4 bytes or 16, as on the wire; borrows from `ip`. */
static inline struct span ip_bytes(const struct ip *ip)
{
    return ip_is_v4(ip) ? span_of(ip->b + 12, 4) : span_of(ip->b, 16);
}

static inline int ip_compare(const struct ip *a, const struct ip *b)
{
    return memcmp(a->b, b->b, 16);
}

/* Canonical text: dotted quad, or RFC 5952. Returns the length, without the NUL. */
size_t ip_format(const struct ip *ip, char out[static IP_TEXT_MAX]);

/* Strict text forms. IPv4: four decimal octets without leading zeros. IPv6: RFC 4291 section 2.2, embedded IPv4
 * allowed, no zone id, no brackets. */
bool ip_parse_v4(struct span text, struct ip *out);
bool ip_parse_v6(struct span text, struct ip *out);

/* First and last address of ip/prefix_bits; prefix_bits counts from bit 0 of the 16 bytes (IPv4 /24 is 120). */
void ip_prefix_range(const struct ip *ip, unsigned prefix_bits, struct ip *out_first, struct ip *out_last);
