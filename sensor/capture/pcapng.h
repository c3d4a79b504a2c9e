#pragma once
/* What libpcap does not take of pcapng files that are common: interfaces with different snapshot lengths, as every merged capture and
 * every capture of several interfaces has them. The stream is passed through a filter that makes the lengths in Interface Description
 * Blocks alike; nothing else changes. (draft-ietf-opsawg-pcapng, section 4.2) */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is the start of a file. */
struct pcapng_filter {
    uint64_t block_left;  /* bytes of the block at hand after its first 16 */
    uint32_t at;          /* offset in the block's first 16 bytes */
    uint8_t head[16];
    bool has_section;     /* a Section Header Block was seen, as every pcapng file begins */
    bool is_other;        /* not pcapng, or broken: left alone from here on */
    bool is_big_endian;
};

/* The next `n` bytes of the file, changed in place. */
void pcapng_filter(struct pcapng_filter *f, uint8_t *bytes, size_t n);
