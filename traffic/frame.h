#pragma once
/* A frame in the making: the payload first, then each header in front of what is there, so that lengths and checksums are known when
 * they are written. Hot; nothing is allocated. */
#include "base/ip.h"

enum {
    FRAME_HEADROOM = 1024,      /* for headers, innermost and around it */
    FRAME_PAYLOAD_MAX = 65535 - 600, /* so that the lengths in all headers around it, of tunnels too, have room in 16 bits */
    FRAME_BYTES_MAX = FRAME_HEADROOM + 65536,
};

struct frame {
    uint32_t at;  /* where the outermost header begins */
    uint32_t end; /* behind the last byte */
    uint8_t bytes[FRAME_BYTES_MAX];
};

/* Empty: headers will end, and the payload begin, at FRAME_HEADROOM. */
static inline void frame_begin(struct frame *f)
{
    f->at = f->end = FRAME_HEADROOM;
}

/* `n` more bytes behind what is there, to be written by the caller; FRAME_PAYLOAD_MAX in all. */
static inline uint8_t *frame_append(struct frame *f, size_t n)
{
    uint8_t *to = f->bytes + f->end;
    f->end += (uint32_t)n;
    return to;
}

/* `n` more bytes in front, to be written by the caller. */
static inline uint8_t *frame_push(struct frame *f, size_t n)
{
    f->at -= (uint32_t)n;
    return f->bytes + f->at;
}

static inline struct span frame_span(const struct frame *f)
{
    return span_of(f->bytes + f->at, f->end - f->at);
}

/* From whom to whom. Both addresses of one version; sport, dport 0 where the protocol has none. */
struct frame_ends {
    struct ip src, dst;
    uint16_t sport, dport;
};

struct frame_tcp {
    uint32_t seq, ack;
    uint8_t flags;        /* TCP_ bits of sensor/packet.h */
    uint16_t window;
    uint16_t offers_mss;  /* 0: no options */
};

struct frame_ip {
    uint8_t proto;
    uint8_t hop_limit;
    uint32_t id;          /* of IPv4 16 bits */
    bool is_fragment;
    bool has_more;        /* of a fragment: it is not the last */
    uint16_t fragment_at; /* of a fragment: bytes, a multiple of 8 */
};

/* Each puts its header in front of all that is there, with the right length and checksum (RFC 9293, RFC 768, RFC 791, RFC 8200). */
void frame_push_tcp(struct frame *f, const struct frame_ends *e, const struct frame_tcp *t);
void frame_push_udp(struct frame *f, const struct frame_ends *e);
void frame_push_ip(struct frame *f, const struct frame_ends *e, const struct frame_ip *ip);

static inline void store_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void store_be32(uint8_t *p, uint32_t v)
{
    store_be16(p, v >> 16);
    store_be16(p + 2, v);
}
