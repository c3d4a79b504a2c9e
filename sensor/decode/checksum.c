/* See checksum.h. Hot. */
#include "sensor/decode/checksum.h"

#include <netinet/in.h>

enum { IPV4_HEADER_MIN = 20, UDP_CHECKSUM_AT = 6 };

/* Sums don't care for the byte order as long as it is the same in all words. */
static uint64_t add_bytes(uint64_t sum, const uint8_t *bytes, size_t n)
{
    for (; n > 1; bytes += 2, n -= 2) {
        uint16_t word;
        memcpy(&word, bytes, sizeof word);
        sum += word;
    }
    if (n) {
        uint16_t word = 0;
        memcpy(&word, bytes, 1);
        sum += word;
    }
    return sum;
}

static bool is_complete(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

static uint64_t add_pseudo_header(const struct decoded *d, size_t segment_len)
{
    size_t skip = d->ip_version == 4 ? 12 : 0; /* an IPv4 address is the last four bytes of its mapped one */
    uint64_t sum = add_bytes(0, d->src.b + skip, sizeof d->src.b - skip);
    sum = add_bytes(sum, d->dst.b + skip, sizeof d->dst.b - skip);
    return sum + htons(d->proto) + htons((uint16_t)(segment_len >> 16)) + htons((uint16_t)segment_len);
}

static bool segment_holds(const struct decoded *d)
{
    struct span s = d->segment;
    if (s.len == 0 || d->payload.len < d->payload_wire_len)
        return true;
    if (d->proto == IPPROTO_UDP && load_be16(s.ptr + UDP_CHECKSUM_AT) == 0)
        return true;
    return is_complete(add_bytes(add_pseudo_header(d, s.len), s.ptr, s.len));
}

bool checksum_holds(const struct decoded *d)
{
    size_t header_len = d->ip_header ? (d->ip_header[0] & 0x0f) * 4u : 0;
    if (d->ip_header && !is_complete(add_bytes(0, d->ip_header, header_len)))
        return false;
    return d->is_rerouted || header_len > IPV4_HEADER_MIN || segment_holds(d);
}
