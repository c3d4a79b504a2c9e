#pragma once
/* Base64 as RFC 4648 has it in section 4: with padding, without blanks. Pure. */
#include "base/span.h"

/* Bytes that `len` bytes of Base64 may need. */
static inline size_t base64_room(size_t len)
{
    return len / 4 * 3;
}

/* Decode all of `text` into `out`, which has base64_room() bytes. False when it is not Base64; `out` may then be
 * written to. */
bool base64_decode(struct span text, uint8_t *out, size_t *out_len);
