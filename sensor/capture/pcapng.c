/* See pcapng.h. */
#include "sensor/capture/pcapng.h"

enum { BLOCK_INTERFACE = 1, BLOCK_PACKET = 2, BLOCK_SIMPLE_PACKET = 3, BLOCK_ENHANCED_PACKET = 6, BLOCK_LEAST = 12 };
enum { LINK_AT = 8, SNAPLEN_AT = 12, INTERFACE_AT = 8, SNAPLEN = 262144 };
#define BLOCK_SECTION UINT32_C(0x0a0d0d0a) /* the same in either byte order */
#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

static uint32_t word(const struct pcapng_filter *f, unsigned at)
{
    const uint8_t *p = f->head + at;
    return f->is_big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                            : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint16_t half(const struct pcapng_filter *f, unsigned at)
{
    const uint8_t *p = f->head + at;
    return f->is_big_endian ? (uint16_t)(p[0] << 8 | p[1]) : (uint16_t)(p[1] << 8 | p[0]);
}

/* Byte `place` of an integer of `size` bytes, in the section's order. */
static uint8_t byte_of(const struct pcapng_filter *f, uint32_t value, unsigned size, unsigned place)
{
    return (uint8_t)(value >> (8 * (f->is_big_endian ? size - 1 - place : place)));
}

/* What libpcap gets to see of the byte at offset `at` of a block's first 16. */
static uint8_t shown(const struct pcapng_filter *f, unsigned at, uint8_t byte)
{
    if (at < LINK_AT || word(f, 0) != BLOCK_INTERFACE)
        return byte;
    if (at >= SNAPLEN_AT)
        return byte_of(f, SNAPLEN, 4, at - SNAPLEN_AT);
    if (at < LINK_AT + 2 && f->has_first_link)
        return byte_of(f, f->first_link, 2, at - LINK_AT);
    return byte;
}

static void add_interface(struct pcapng_filter *f)
{
    uint16_t link = half(f, LINK_AT);
    if (!f->has_first_link) {
        f->has_first_link = true;
        f->first_link = link;
    }
    if (f->n_interfaces < PCAPNG_INTERFACES_MAX)
        f->links[f->n_interfaces++] = link;
}

static void add_packet(struct pcapng_filter *f, uint32_t interface)
{
    if (f->n_queued == PCAPNG_AHEAD_MAX)
        return;
    uint16_t link = interface < f->n_interfaces ? f->links[interface] : f->first_link;
    f->queue[(f->queue_at + f->n_queued++) % PCAPNG_AHEAD_MAX] = link;
}

/* A Section Header Block tells the byte order of all that follows, its own length included. */
static void read_section(struct pcapng_filter *f)
{
    f->has_section = true;
    f->n_interfaces = 0;
    f->is_big_endian = false;
    if (word(f, 8) == BYTE_ORDER_MAGIC)
        return;
    f->is_big_endian = true;
    f->is_other = word(f, 8) != BYTE_ORDER_MAGIC;
}

/* The first 12 bytes of a block are there: enough to know what it is about. */
static void read_head(struct pcapng_filter *f)
{
    switch (word(f, 0)) {
    case BLOCK_SECTION:
        read_section(f);
        break;
    case BLOCK_INTERFACE:
        add_interface(f);
        break;
    case BLOCK_ENHANCED_PACKET:
        add_packet(f, word(f, INTERFACE_AT));
        break;
    case BLOCK_PACKET:
        add_packet(f, half(f, INTERFACE_AT));
        break;
    case BLOCK_SIMPLE_PACKET:
        add_packet(f, 0);
        break;
    }
}

/* One of a block's first bytes. */
static uint8_t take_head(struct pcapng_filter *f, uint8_t byte)
{
    uint8_t out = shown(f, f->at, byte);
    f->head[f->at++] = byte;
    if (f->at == 4 && !f->has_section)
        f->is_other = word(f, 0) != BLOCK_SECTION;
    if (f->at < BLOCK_LEAST)
        return out;
    if (f->at == BLOCK_LEAST)
        read_head(f);
    uint32_t len = word(f, 4);
    f->is_other |= len < BLOCK_LEAST || len % 4;
    if (f->at == len || f->at == sizeof f->head) {
        f->block_left = len - f->at;
        f->at = 0;
    }
    return out;
}

void pcapng_filter(struct pcapng_filter *f, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && !f->is_other;) {
        if (f->block_left) {
            size_t skip = f->block_left < n - i ? (size_t)f->block_left : n - i;
            f->block_left -= skip;
            i += skip;
            continue;
        }
        bytes[i] = take_head(f, bytes[i]);
        i++;
    }
}

bool pcapng_next_link(struct pcapng_filter *f, uint16_t *out_link)
{
    if (f->n_queued == 0)
        return false;
    *out_link = f->queue[f->queue_at];
    f->queue_at = (f->queue_at + 1) % PCAPNG_AHEAD_MAX;
    f->n_queued--;
    return true;
}
