/* See base64.h. */
#include "rules/formats/base64.h"

/* The six bits that a digit stands for, or -1. */
static int digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static size_t padding(struct span text)
{
    size_t n = 0;
    while (n < 2 && n < text.len && text.ptr[text.len - 1 - n] == '=')
        n++;
    return n;
}

bool base64_decode(struct span text, uint8_t *out, size_t *out_len)
{
    size_t n_digits = text.len - padding(text), n = 0;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    if (text.len % 4 != 0)
        return false;
    for (size_t i = 0; i < n_digits; i++) {
        int six = digit(text.ptr[i]);
        if (six < 0)
            return false;
        bits = bits << 6 | (uint32_t)six;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    *out_len = n;
    return true;
}
