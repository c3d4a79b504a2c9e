#pragma once
/* What libpcap does not take of pcapng files that are common: interfaces with different snapshot lengths or link types, as merged
 * captures and captures of several interfaces have them. The stream is passed through a filter that gives every Interface Description
 * Block the same length and the first one's link type, and remembers each packet's own. (draft-ietf-opsawg-pcapng, section 4) */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PCAPNG_INTERFACES_MAX = 1024, PCAPNG_AHEAD_MAX = 1 << 16 };

/* All zero is the start of a file. */
struct pcapng_filter {
    uint64_t block_left;  /* bytes of the block at hand after its first 16 */
    uint32_t at;          /* offset in the block's first 16 bytes */
    uint8_t head[16];     /* those, as they were */
    bool has_section;     /* a Section Header Block was seen, as every pcapng file begins */
    bool is_other;        /* not pcapng, or broken: left alone from here on */
    bool is_big_endian;
    bool has_first_link;
    uint16_t first_link;
    uint32_t n_interfaces;                    /* of the section at hand */
    uint16_t links[PCAPNG_INTERFACES_MAX];    /* LINKTYPE_ of each */
    uint32_t n_queued, queue_at;
    uint16_t queue[PCAPNG_AHEAD_MAX];         /* of packets passed through, not yet asked for */
};

/* The next `n` bytes of the file, changed in place. At most PCAPNG_AHEAD_MAX packets may pass between calls of pcapng_next_link():
 * 256 KiB at a time never hold as many. */
void pcapng_filter(struct pcapng_filter *f, uint8_t *bytes, size_t n);

/* LINKTYPE_ of the interface of the next packet, in file order. False if this is no pcapng file, or none is left. */
bool pcapng_next_link(struct pcapng_filter *f, uint16_t *out_link);
