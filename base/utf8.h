#pragma once
/* UTF-8, character by character. Pure. */
#include "base/span.h"

/* Well-formed UTF-8 (RFC 3629) at `p`: its length and code point, or 0. */
static inline size_t utf8_read(const uint8_t *p, size_t n, uint32_t *out)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (len < 2) {
        *out = p[0];
        return len;
    }
    if (len > n)
        return 0;
    uint32_t c = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *out = c;
    return len;
}

/* Does it show, and only itself? Unicode's Cc, Cf, Zl, Zp, Co and noncharacters do not. */
bool utf8_is_printable(uint32_t c);
