#pragma once
/* Hexadecimal digits, either case. */
#include <stdint.h>

/* 0 to 15, or -1 when it is none. */
static inline int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
