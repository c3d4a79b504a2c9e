#pragma once
/* The Huffman code of header strings: RFC 7541, section 5.2 and appendix B. Hot and pure. */
#include "base/span.h"

/* Decode `in` to `to`, at most `room` bytes. False: it holds the end-of-string symbol, is not padded as it should be (at most seven
 * bits, all ones), or does not fit, which *out_len tells: it is `room` then and 0 otherwise. */
bool hpack_huffman_decode(struct span in, uint8_t *to, size_t room, size_t *out_len);

/* No string of `n` bytes decodes to more: the shortest codes have five bits. */
static inline size_t hpack_huffman_at_most(size_t n)
{
    return n * 8 / 5;
}
