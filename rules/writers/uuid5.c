/* See uuid5.h. SHA-1 as in FIPS 180-4, plainly: a million identifiers take under a second. */
#define _GNU_SOURCE 1 /* getrandom */
#include "rules/writers/uuid5.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

enum { ROOM_FIRST = 1024 };

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void digest_block(uint32_t state[static 5], const uint8_t block[static 64])
{
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (unsigned t = 0; t < 16; t++)
        w[t] = load_be32(block + t * 4);
    for (unsigned t = 16; t < 80; t++)
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (unsigned t = 0; t < 80; t++) {
        uint32_t f = t < 20              ? (b & c) | (~b & d)
                     : t < 40 || t >= 60 ? b ^ c ^ d
                                         : (b & c) | (b & d) | (c & d);
        uint32_t next = rotate(a, 5) + f + e + constants[t / 20] + w[t];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

void uuid5_init(struct uuid5 *u)
{
    /* Our name space; made once at random. */
    static const uint8_t space[16] = {0x6b, 0x1f, 0x6c, 0x3e, 0x02, 0xd4, 0x4f, 0x0a,
                                      0x9c, 0x5b, 0x7e, 0x1d, 0x2a, 0x90, 0xe3, 0x58};
    *u = (struct uuid5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
    uuid5_add(u, span_of(space, sizeof space));
}

void uuid5_add(struct uuid5 *u, struct span bytes)
{
    while (bytes.len) {
        size_t at = u->n_bytes % sizeof u->block, n = sizeof u->block - at;
        n = bytes.len < n ? bytes.len : n;
        memcpy(u->block + at, bytes.ptr, n);
        u->n_bytes += n;
        if (at + n == sizeof u->block)
            digest_block(u->state, u->block);
        span_skip(&bytes, n);
    }
}

void uuid5_add_text(struct uuid5 *u, struct span text)
{
    uint8_t len[4] = {(uint8_t)(text.len >> 24), (uint8_t)(text.len >> 16), (uint8_t)(text.len >> 8),
                      (uint8_t)text.len};
    uuid5_add(u, span_of(len, sizeof len));
    uuid5_add(u, text);
}

static void pad(struct uuid5 *u)
{
    static const uint8_t padding[64] = {0x80};
    uint64_t n_bits = u->n_bytes * 8;
    uint8_t len[8];
    for (unsigned i = 0; i < 8; i++)
        len[i] = (uint8_t)(n_bits >> (56 - 8 * i));
    size_t at = u->n_bytes % 64;
    uuid5_add(u, span_of(padding, at < 56 ? 56 - at : 120 - at));
    uuid5_add(u, span_of(len, sizeof len));
}

void uuid5_end(struct uuid5 *u, char out[static UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    pad(u);
    for (unsigned i = 0; i < 16; i++) {
        uint8_t byte = (uint8_t)(u->state[i / 4] >> (24 - 8 * (i % 4)));
        if (i == 6)
            byte = (uint8_t)(0x50 | (byte & 0x0f));
        if (i == 8)
            byte = (uint8_t)(0x80 | (byte & 0x3f));
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[n++] = '-';
        out[n++] = digits[byte >> 4];
        out[n++] = digits[byte & 15];
    }
}

/* The seed is random: identifiers come from strangers too, who could choose some that pile up in one place. */
void uuid_set_init(struct uuid_set *s)
{
    *s = (struct uuid_set){0};
    if (getrandom(&s->seed, sizeof s->seed, GRND_NONBLOCK) != sizeof s->seed)
        s->seed = (uint64_t)(uintptr_t)s;
}

void uuid_set_fini(struct uuid_set *s)
{
    free(s->slots);
    s->slots = NULL;
}

static uint64_t *find_slot(uint64_t *slots, size_t room, uint64_t hash)
{
    size_t at = hash & (room - 1);
    while (slots[at] && slots[at] != hash)
        at = (at + 1) & (room - 1);
    return &slots[at];
}

/* At most two slots in three are taken. */
static bool make_room(struct uuid_set *s)
{
    if (s->n * 3 < s->room * 2)
        return true;
    size_t room = s->room ? s->room * 2 : ROOM_FIRST;
    uint64_t *slots = calloc(room, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < s->room; i++)
        if (s->slots[i])
            *find_slot(slots, room, s->slots[i]) = s->slots[i];
    free(s->slots);
    s->slots = slots;
    s->room = room;
    return true;
}

bool uuid_set_add(struct uuid_set *s, const char uuid[static UUID_TEXT], bool *out_is_new)
{
    uint64_t hash = hash_bytes(uuid, UUID_TEXT, s->seed);
    hash += hash == 0;
    if (!make_room(s))
        return false;
    uint64_t *slot = find_slot(s->slots, s->room, hash);
    *out_is_new = *slot == 0;
    *slot = hash;
    s->n += *out_is_new;
    return true;
}

static bool is_uuid(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        uint8_t c = s.ptr[i];
        if (is_hyphen ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return s.len == UUID_TEXT;
}

bool uuid_in(struct span text, struct span *out)
{
    if (text.len < UUID_TEXT)
        return false;
    *out = span_from(text, text.len - UUID_TEXT);
    struct span before = span_first(text, text.len - UUID_TEXT);
    bool is_apart = before.len == 0 || (before.len > 2 && before.ptr[before.len - 1] == '-' &&
                                        before.ptr[before.len - 2] == '-');
    return is_apart && is_uuid(*out);
}
