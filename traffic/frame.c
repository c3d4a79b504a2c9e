/* See frame.h. Hot. */
#include "traffic/frame.h"

#include <netinet/in.h>

enum {
    TCP_HEADER = 20,
    TCP_OPTIONS = 8,
    UDP_HEADER = 8,
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    FRAGMENT_HEADER = 8,
    WINDOW_SCALE = 7
};
enum { IPV4_DONT_FRAGMENT = 0x4000, IPV4_MORE_FRAGMENTS = 0x2000 };

/* The sum of 16-bit words in this machine's byte order, not yet folded: RFC 1071 shows that the order does not matter to it. */
static uint64_t sum_words(const uint8_t *p, size_t n)
{
    uint64_t sum = 0;
    size_t n_words = n / 4;
    for (size_t i = 0; i < n_words; i++) {
        uint32_t word;
        memcpy(&word, p + 4 * i, sizeof word);
        sum += word;
    }
    uint8_t rest[4] = {0};
    uint32_t last;
    memcpy(rest, p + 4 * n_words, n % 4);
    memcpy(&last, rest, sizeof last);
    return sum + last;
}

/* The checksum as it has to lie in memory. */
static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint16_t transport_checksum(const struct frame *f, const struct frame_ends *e, uint8_t proto)
{
    struct span src = ip_bytes(&e->src), dst = ip_bytes(&e->dst), all = frame_span(f);
    uint8_t rest[8] = {0};
    store_be32(rest, (uint32_t)all.len);
    rest[7] = proto;
    return fold(sum_words(src.ptr, src.len) + sum_words(dst.ptr, dst.len) + sum_words(rest, sizeof rest) +
                sum_words(all.ptr, all.len));
}

void frame_push_tcp(struct frame *f, const struct frame_ends *e, const struct frame_tcp *t)
{
    size_t len = TCP_HEADER + (t->offers_mss ? TCP_OPTIONS : 0);
    uint8_t *p = frame_push(f, len);
    store_be16(p, e->sport);
    store_be16(p + 2, e->dport);
    store_be32(p + 4, t->seq);
    store_be32(p + 8, t->ack);
    p[12] = (uint8_t)(len / 4 << 4);
    p[13] = t->flags;
    store_be16(p + 14, t->window);
    store_be32(p + 16, 0);
    if (t->offers_mss) {
        store_be32(p + 20, 2u << 24 | 4u << 16 | t->offers_mss);
        store_be32(p + 24, 1u << 24 | 3u << 16 | 3u << 8 | WINDOW_SCALE);
    }
    uint16_t checksum = transport_checksum(f, e, IPPROTO_TCP);
    memcpy(p + 16, &checksum, sizeof checksum);
}

void frame_push_udp(struct frame *f, const struct frame_ends *e)
{
    uint8_t *p = frame_push(f, UDP_HEADER);
    store_be16(p, e->sport);
    store_be16(p + 2, e->dport);
    store_be16(p + 4, f->end - f->at);
    store_be16(p + 6, 0);
    uint16_t checksum = transport_checksum(f, e, IPPROTO_UDP);
    if (checksum == 0) /* would say that there is none */
        checksum = 0xffff;
    memcpy(p + 6, &checksum, sizeof checksum);
}

static void push_ipv4(struct frame *f, const struct frame_ends *e, const struct frame_ip *ip)
{
    uint8_t *p = frame_push(f, IPV4_HEADER);
    uint32_t flags = ip->is_fragment ? (ip->has_more ? IPV4_MORE_FRAGMENTS : 0) | ip->fragment_at / 8u
                                     : IPV4_DONT_FRAGMENT;
    store_be16(p, 0x4500);
    store_be16(p + 2, f->end - f->at);
    store_be16(p + 4, ip->id);
    store_be16(p + 6, flags);
    p[8] = ip->hop_limit;
    p[9] = ip->proto;
    store_be16(p + 10, 0);
    memcpy(p + 12, ip_bytes(&e->src).ptr, 4);
    memcpy(p + 16, ip_bytes(&e->dst).ptr, 4);
    uint16_t checksum = fold(sum_words(p, IPV4_HEADER));
    memcpy(p + 10, &checksum, sizeof checksum);
}

static void push_ipv6(struct frame *f, const struct frame_ends *e, const struct frame_ip *ip)
{
    uint8_t proto = ip->proto;
    if (ip->is_fragment) {
        uint8_t *p = frame_push(f, FRAGMENT_HEADER);
        p[0] = proto;
        p[1] = 0;
        store_be16(p + 2, ip->fragment_at | (ip->has_more ? 1u : 0));
        store_be32(p + 4, ip->id);
        proto = IPPROTO_FRAGMENT;
    }
    uint32_t payload_len = f->end - f->at;
    uint8_t *p = frame_push(f, IPV6_HEADER);
    store_be32(p, 6u << 28);
    store_be16(p + 4, payload_len);
    p[6] = proto;
    p[7] = ip->hop_limit;
    memcpy(p + 8, e->src.b, 16);
    memcpy(p + 24, e->dst.b, 16);
}

void frame_push_ip(struct frame *f, const struct frame_ends *e, const struct frame_ip *ip)
{
    if (ip_is_v4(&e->src))
        push_ipv4(f, e, ip);
    else
        push_ipv6(f, e, ip);
}
