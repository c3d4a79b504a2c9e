#pragma once
/* Frames and messages for tests, appended to a buf header by header. Checksums are zero: nobody looks at them. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/ip.h"

/* What a test can't go on without, in every kind of build. */
static inline void packets_must(bool holds)
{
    if (!holds)
        abort();
}

static inline void packets_put_u16(struct buf *b, uint32_t v)
{
    buf_put(b, span_of((const uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2));
}

static inline void packets_put_u24(struct buf *b, uint32_t v)
{
    buf_put_byte(b, (uint8_t)(v >> 16));
    packets_put_u16(b, v & 0xffff);
}

static inline void packets_put_u32(struct buf *b, uint32_t v)
{
    packets_put_u16(b, v >> 16);
    packets_put_u16(b, v & 0xffff);
}

static inline void packets_put_fill(struct buf *b, uint8_t byte, size_t n)
{
    uint8_t *to = buf_reserve(b, n ? n : 1);
    packets_must(to);
    memset(to, byte, n);
    b->len += n;
}

/* Lengths that are known only afterwards: begin leaves room for `bytes` of them, end fills in what has been added since. */
static inline size_t packets_begin(struct buf *b, size_t bytes)
{
    packets_put_fill(b, 0, bytes);
    return b->len;
}

static inline void packets_end(struct buf *b, size_t begun, size_t bytes)
{
    size_t len = b->len - begun;
    for (size_t i = 0; i < bytes; i++)
        b->ptr[begun - 1 - i] = (uint8_t)(len >> (8 * i));
}

/* A heap block of exactly these bytes, so that a sanitizer sees one byte too far. The caller frees it. */
static inline uint8_t *packets_exact(struct span s)
{
    uint8_t *copy = malloc(s.len ? s.len : 1);
    packets_must(copy);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

/* ---- links ---- */

static inline void packets_put_ethernet(struct buf *b, uint16_t ethertype)
{
    buf_put(b, SPAN_LIT("\x02\0\0\0\0\x02\x02\0\0\0\0\x01"));
    packets_put_u16(b, ethertype);
}

/* What follows a tag's EtherType. */
static inline void packets_put_vlan(struct buf *b, uint16_t id, uint16_t ethertype)
{
    packets_put_u16(b, 0xe000u | id); /* priority 7 */
    packets_put_u16(b, ethertype);
}

/* ---- IP ---- */

static inline struct ip packets_v4(uint32_t address)
{
    return ip_from_v4((const uint8_t[4]){(uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
                                         (uint8_t)address});
}

static inline struct ip packets_v6(uint8_t last)
{
    return (struct ip){.b = {0x20, 0x01, 0x0d, 0xb8, [15] = last}};
}

struct packets_ipv4 {
    struct ip src, dst;
    uint8_t proto;
    uint16_t fragment;     /* flags and offset as on the wire */
    unsigned option_words; /* of four bytes */
    int total_len;         /* -1: what it should be for `payload_len` */
};

static inline void packets_put_ipv4(struct buf *b, const struct packets_ipv4 *h, size_t payload_len)
{
    size_t header_len = 20 + 4 * h->option_words;
    buf_put_byte(b, (uint8_t)(0x40 | (header_len / 4)));
    buf_put_byte(b, 0);
    packets_put_u16(b, h->total_len < 0 ? (uint32_t)(header_len + payload_len) & 0xffff : (uint32_t)h->total_len);
    packets_put_u16(b, 0x1234);
    packets_put_u16(b, h->fragment);
    buf_put_byte(b, 64);
    buf_put_byte(b, h->proto);
    packets_put_u16(b, 0);
    buf_put(b, span_of(h->src.b + 12, 4));
    buf_put(b, span_of(h->dst.b + 12, 4));
    packets_put_fill(b, 1, 4 * h->option_words);
}

static inline void packets_put_ipv6(struct buf *b, const struct ip *src, const struct ip *dst, uint8_t next,
                                    size_t payload_len)
{
    packets_put_u32(b, 0x60000000);
    packets_put_u16(b, (uint32_t)payload_len & 0xffff);
    buf_put_byte(b, next);
    buf_put_byte(b, 64);
    buf_put(b, span_of(src->b, 16));
    buf_put(b, span_of(dst->b, 16));
}

/* ---- transport ---- */

struct packets_tcp {
    uint16_t sport, dport;
    uint32_t seq, ack;
    uint8_t flags;
    unsigned option_words;
};

static inline void packets_put_tcp(struct buf *b, const struct packets_tcp *h)
{
    packets_put_u16(b, h->sport);
    packets_put_u16(b, h->dport);
    packets_put_u32(b, h->seq);
    packets_put_u32(b, h->ack);
    buf_put_byte(b, (uint8_t)((5 + h->option_words) << 4));
    buf_put_byte(b, h->flags);
    packets_put_u16(b, 8192);
    packets_put_u32(b, 0);
    packets_put_fill(b, 1, 4 * h->option_words);
}

static inline void packets_put_udp(struct buf *b, uint16_t sport, uint16_t dport, size_t payload_len)
{
    packets_put_u16(b, sport);
    packets_put_u16(b, dport);
    packets_put_u16(b, (uint32_t)(payload_len + 8) & 0xffff);
    packets_put_u16(b, 0);
}

/* Whole Ethernet frames over IPv4. */
static inline void packets_put_tcp_frame(struct buf *b, const struct ip *src, const struct ip *dst,
                                         const struct packets_tcp *h, struct span payload)
{
    packets_put_ethernet(b, 0x0800);
    packets_put_ipv4(b, &(struct packets_ipv4){.src = *src, .dst = *dst, .proto = 6, .total_len = -1},
                     20 + 4 * h->option_words + payload.len);
    packets_put_tcp(b, h);
    buf_put(b, payload);
}

static inline void packets_put_udp_frame(struct buf *b, const struct ip *src, const struct ip *dst, uint16_t sport,
                                         uint16_t dport, struct span payload)
{
    packets_put_ethernet(b, 0x0800);
    packets_put_ipv4(b, &(struct packets_ipv4){.src = *src, .dst = *dst, .proto = 17, .total_len = -1}, 8 + payload.len);
    packets_put_udp(b, sport, dport, payload.len);
    buf_put(b, payload);
}

/* ---- messages ---- */

/* Dots part the labels; "" is the root. */
static inline void packets_put_dns_name(struct buf *b, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        buf_put_byte(b, (uint8_t)n);
        buf_put(b, span_of(name, n));
        name += n + (name[n] == '.');
    }
    buf_put_byte(b, 0);
}

static inline void packets_put_dns_head(struct buf *b, uint16_t id, uint16_t flags, uint16_t n_questions,
                                        uint16_t n_answers)
{
    packets_put_u16(b, id);
    packets_put_u16(b, flags);
    packets_put_u16(b, n_questions);
    packets_put_u16(b, n_answers);
    packets_put_u32(b, 0);
}

static inline void packets_put_dns_query(struct buf *b, uint16_t id, const char *name)
{
    packets_put_dns_head(b, id, 0x0100, 1, 0);
    packets_put_dns_name(b, name);
    packets_put_u32(b, 1 << 16 | 1);
}

/* A question and `n_addresses` A records that answer it. */
static inline void packets_put_dns_answer(struct buf *b, uint16_t id, const char *name, uint32_t address, unsigned n_addresses)
{
    packets_put_dns_head(b, id, 0x8180, 1, (uint16_t)n_addresses);
    packets_put_dns_name(b, name);
    packets_put_u32(b, 1 << 16 | 1);
    for (unsigned i = 0; i < n_addresses; i++) {
        packets_put_u16(b, 0xc00c);
        packets_put_u32(b, 1 << 16 | 1);
        packets_put_u32(b, 300);
        packets_put_u16(b, 4);
        packets_put_u32(b, address + i);
    }
}

/* One record around each `record_max` bytes of `data`. */
static inline void packets_put_tls_records(struct buf *b, uint8_t type, struct span data, size_t record_max)
{
    while (data.len) {
        size_t n = data.len < record_max ? data.len : record_max;
        buf_put_byte(b, type);
        packets_put_u16(b, 0x0303);
        packets_put_u16(b, (uint32_t)n);
        buf_put(b, span_of(data.ptr, n));
        span_skip(&data, n);
    }
}

static inline void packets_put_sni(struct buf *b, const char *name)
{
    packets_put_u16(b, 0);
    size_t extension = packets_begin(b, 2), list = packets_begin(b, 2);
    buf_put_byte(b, 0);
    packets_put_u16(b, (uint32_t)strlen(name));
    buf_put_str(b, name);
    packets_end(b, list, 2);
    packets_end(b, extension, 2);
}

/* A ClientHello message with its handshake header. `sni` NULL: none. `padding` bytes of an extension nobody knows. */
static inline void packets_put_client_hello(struct buf *b, const char *sni, uint8_t random, size_t padding)
{
    buf_put_byte(b, 1);
    size_t message = packets_begin(b, 3);
    packets_put_u16(b, 0x0303);
    packets_put_fill(b, random, 32);
    buf_put_byte(b, 32);
    packets_put_fill(b, 0x11, 32);
    packets_put_u16(b, 6);
    buf_put(b, SPAN_LIT("\x13\x01\x13\x02\xc0\x2f"));
    packets_put_u16(b, 0x0100);
    size_t extensions = packets_begin(b, 2);
    if (sni)
        packets_put_sni(b, sni);
    buf_put(b, SPAN_LIT("\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1"));
    packets_put_u16(b, 21);
    packets_put_u16(b, (uint32_t)padding);
    packets_put_fill(b, 0, padding);
    buf_put(b, SPAN_LIT("\0\x2b\0\x05\x04\x03\x04\x03\x03"));
    packets_end(b, extensions, 2);
    packets_end(b, message, 3);
}

static inline void packets_put_server_hello(struct buf *b, bool is_retry, uint8_t random)
{
    static const uint8_t retry[32] = "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
                                     "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C";
    buf_put_byte(b, 2);
    size_t message = packets_begin(b, 3);
    packets_put_u16(b, 0x0303);
    if (is_retry)
        buf_put(b, span_of(retry, 32));
    else
        packets_put_fill(b, random, 32);
    buf_put_byte(b, 0);
    packets_put_u16(b, 0x1301);
    buf_put_byte(b, 0);
    size_t extensions = packets_begin(b, 2);
    buf_put(b, SPAN_LIT("\0\x2b\0\x02\x03\x04"));
    packets_end(b, extensions, 2);
    packets_end(b, message, 3);
}
