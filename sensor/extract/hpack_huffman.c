/* See hpack_huffman.h. Hot.
 *
 * The code is canonical: codes of one length follow each other in the order of their symbols, and longer ones come after shorter ones.
 * So a code's length is found by comparing the next 32 bits with where each length ends, and its symbol by subtraction: 600 bytes of
 * tables where the usual automata have 16 KB. Text is mostly of lengths 5 to 7, the first three compares. */
#include "sensor/extract/hpack_huffman.h"

enum { SYMBOL_END = 256, PADDING_BITS_MAX = 7 };

struct code_length {
    uint8_t bits;
    uint8_t first_symbol; /* index in `symbols` */
    uint32_t first;       /* the first code of this length, left-aligned */
    uint64_t beyond;      /* the first value that begins with no code of this or a lesser length */
};

static const struct code_length lengths[] = {
    {5, 0, UINT32_C(0x00000000), UINT64_C(0x50000000)},
    {6, 10, UINT32_C(0x50000000), UINT64_C(0xb8000000)},
    {7, 36, UINT32_C(0xb8000000), UINT64_C(0xf8000000)},
    {8, 68, UINT32_C(0xf8000000), UINT64_C(0xfe000000)},
    {10, 74, UINT32_C(0xfe000000), UINT64_C(0xff400000)},
    {11, 79, UINT32_C(0xff400000), UINT64_C(0xffa00000)},
    {12, 82, UINT32_C(0xffa00000), UINT64_C(0xffc00000)},
    {13, 84, UINT32_C(0xffc00000), UINT64_C(0xfff00000)},
    {14, 90, UINT32_C(0xfff00000), UINT64_C(0xfff80000)},
    {15, 92, UINT32_C(0xfff80000), UINT64_C(0xfffe0000)},
    {19, 95, UINT32_C(0xfffe0000), UINT64_C(0xfffe6000)},
    {20, 98, UINT32_C(0xfffe6000), UINT64_C(0xfffee000)},
    {21, 106, UINT32_C(0xfffee000), UINT64_C(0xffff4800)},
    {22, 119, UINT32_C(0xffff4800), UINT64_C(0xffffb000)},
    {23, 145, UINT32_C(0xffffb000), UINT64_C(0xffffea00)},
    {24, 174, UINT32_C(0xffffea00), UINT64_C(0xfffff600)},
    {25, 186, UINT32_C(0xfffff600), UINT64_C(0xfffff800)},
    {26, 190, UINT32_C(0xfffff800), UINT64_C(0xfffffbc0)},
    {27, 205, UINT32_C(0xfffffbc0), UINT64_C(0xfffffe20)},
    {28, 224, UINT32_C(0xfffffe20), UINT64_C(0xfffffff0)},
    {30, 253, UINT32_C(0xfffffff0), UINT64_C(0x100000000)},
};

/* clang-format off */
static const uint8_t symbols[] = {
     48,  49,  50,  97,  99, 101, 105, 111, 115, 116,  32,  37,  45,  46,  47,  51,
     52,  53,  54,  55,  56,  57,  61,  65,  95,  98, 100, 102, 103, 104, 108, 109,
    110, 112, 114, 117,  58,  66,  67,  68,  69,  70,  71,  72,  73,  74,  75,  76,
     77,  78,  79,  80,  81,  82,  83,  84,  85,  86,  87,  89, 106, 107, 113, 118,
    119, 120, 121, 122,  38,  42,  44,  59,  88,  90,  33,  34,  40,  41,  63,  39,
     43, 124,  35,  62,   0,  36,  64,  91,  93, 126,  94, 125,  60,  96, 123,  92,
    195, 208, 128, 130, 131, 162, 184, 194, 224, 226, 153, 161, 167, 172, 176, 177,
    179, 209, 216, 217, 227, 229, 230, 129, 132, 133, 134, 136, 146, 154, 156, 160,
    163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190, 196, 198, 228, 232,
    233,   1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157,
    158, 165, 166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239,   9, 142,
    144, 145, 148, 159, 171, 206, 215, 225, 236, 237, 199, 207, 234, 235, 192, 193,
    200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255, 203, 204, 211,
    212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253, 254,
      2,   3,   4,   5,   6,   7,   8,  11,  12,  14,  15,  16,  17,  18,  19,  20,
     21,  23,  24,  25,  26,  27,  28,  29,  30,  31, 127, 220, 249,  10,  13,  22,
};
/* clang-format on */

/* The code at the front of `bits`; 0 to 255 are bytes. */
static unsigned next_symbol(uint32_t bits, unsigned *out_bits)
{
    const struct code_length *l = lengths;
    while (bits >= l->beyond)
        l++;
    *out_bits = l->bits;
    unsigned at = l->first_symbol + ((bits - l->first) >> (32 - l->bits));
    return at < sizeof symbols ? symbols[at] : SYMBOL_END;
}

bool hpack_huffman_decode(struct span in, uint8_t *to, size_t room, size_t *out_len)
{
    uint64_t held = 0; /* the next bits, left-aligned, ones behind the last */
    unsigned n_held = 0;
    size_t n = 0;
    *out_len = 0;
    for (;;) {
        while (n_held <= 56 && in.len) {
            held |= (uint64_t)in.ptr[0] << (56 - n_held);
            n_held += 8;
            span_skip(&in, 1);
        }
        uint32_t bits = (uint32_t)(held >> 32);
        if (n_held < 32)
            bits |= UINT32_MAX >> n_held;
        if (n_held <= PADDING_BITS_MAX && bits == UINT32_MAX)
            break;
        unsigned n_bits, symbol = next_symbol(bits, &n_bits);
        if (symbol == SYMBOL_END || n_bits > n_held)
            return false;
        if (n == room) {
            *out_len = room;
            return false;
        }
        to[n++] = (uint8_t)symbol;
        held <<= n_bits;
        n_held -= n_bits;
    }
    *out_len = n;
    return true;
}
