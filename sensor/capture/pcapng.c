/* See pcapng.h. */
#include "sensor/capture/pcapng.h"

enum { BLOCK_INTERFACE = 1, SNAPLEN_AT = 12, SNAPLEN = 262144, BLOCK_LEAST = 12 };
#define BLOCK_SECTION UINT32_C(0x0a0d0d0a) /* the same in either byte order */
#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

static uint32_t word(const struct pcapng_filter *f, unsigned at)
{
    const uint8_t *p = f->head + at;
    return f->is_big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                            : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* The byte at offset `at` of an Interface Description Block. */
static uint8_t patched(const struct pcapng_filter *f, unsigned at, uint8_t byte)
{
    if (at < SNAPLEN_AT || word(f, 0) != BLOCK_INTERFACE)
        return byte;
    unsigned place = at - SNAPLEN_AT;
    return (uint8_t)(SNAPLEN >> (8 * (f->is_big_endian ? 3 - place : place)));
}

/* A Section Header Block tells the byte order of all that follows, its own length included. */
static void read_section(struct pcapng_filter *f)
{
    f->has_section = true;
    f->is_big_endian = false;
    if (word(f, 8) == BYTE_ORDER_MAGIC)
        return;
    f->is_big_endian = true;
    f->is_other = word(f, 8) != BYTE_ORDER_MAGIC;
}

/* One of a block's first bytes. */
static uint8_t take_head(struct pcapng_filter *f, uint8_t byte)
{
    byte = patched(f, f->at, byte);
    f->head[f->at++] = byte;
    if (f->at == 4 && !f->has_section)
        f->is_other = word(f, 0) != BLOCK_SECTION;
    if (f->at < BLOCK_LEAST)
        return byte;
    if (f->at == BLOCK_LEAST && word(f, 0) == BLOCK_SECTION)
        read_section(f);
    uint32_t len = word(f, 4);
    f->is_other |= len < BLOCK_LEAST || len % 4;
    if (f->at == len || f->at == sizeof f->head) {
        f->block_left = len - f->at;
        f->at = 0;
    }
    return byte;
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
