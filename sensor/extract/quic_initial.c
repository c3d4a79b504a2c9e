/* Hot; see quic_initial.h. */
#include "sensor/extract/quic_initial.h"

enum { SALT_LEN = 20, SAMPLE_AT = 4, NUMBER_LEN_MAX = 4, ACK_RANGES_MAX = 4096 };

enum frame {
    FRAME_PADDING = 0,
    FRAME_PING = 1,
    FRAME_ACK = 2,
    FRAME_ACK_ECN = 3,
    FRAME_CRYPTO = 6,
    FRAME_CLOSE = 0x1c
};

static struct span salt_of(uint32_t version)
{
    static const uint8_t v2[SALT_LEN] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                                         0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
    static const uint8_t v1[SALT_LEN] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                         0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    static const uint8_t draft29[SALT_LEN] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                                              0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
    static const uint8_t draft23[SALT_LEN] = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                                              0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
    static const uint8_t draft22[SALT_LEN] = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
                                              0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
    if (version == QUIC_V2)
        return span_of(v2, SALT_LEN);
    if (version == 0xfaceb001 || version == 0xff000016)
        return span_of(draft22, SALT_LEN);
    if (version == 0xfaceb002 || version == 0xfaceb00e || (version >= 0xff000017 && version <= 0xff00001c))
        return span_of(draft23, SALT_LEN);
    if (version >= 0xff00001d && version <= 0xff000020)
        return span_of(draft29, SALT_LEN);
    return span_of(v1, SALT_LEN);
}

void quic_initial_keys(uint32_t version, struct span dcid, bool is_server, struct quic_keys *out)
{
    bool is_v2 = version == QUIC_V2;
    struct quic_secret initial, side;
    quic_hkdf_extract(salt_of(version), dcid, &initial);
    quic_hkdf_expand(&initial, is_server ? "server in" : "client in", side.bytes, sizeof side.bytes);
    quic_hkdf_expand(&side, is_v2 ? "quicv2 key" : "quic key", out->key, sizeof out->key);
    quic_hkdf_expand(&side, is_v2 ? "quicv2 iv" : "quic iv", out->iv, sizeof out->iv);
    quic_hkdf_expand(&side, is_v2 ? "quicv2 hp" : "quic hp", out->hp, sizeof out->hp);
}

/* The whole number that ends in these bytes and lies nearest to `next` (RFC 9000, appendix A.3). */
static uint64_t whole_number(uint64_t next, uint64_t low, unsigned n_bits)
{
    uint64_t window = UINT64_C(1) << n_bits, half = window / 2, number = (next & ~(window - 1)) | low;
    if (number + half <= next && number < (UINT64_C(1) << 62) - window)
        return number + window;
    return number > next + half && number >= window ? number - window : number;
}

enum verdict quic_initial_open(struct quic_crypto *c, const struct quic_keys *k, const struct quic_long *p,
                               uint64_t *io_next, uint8_t *room, struct span *out_plain)
{
    const struct span in = p->packet;
    uint8_t mask[QUIC_BLOCK_LEN], nonce[QUIC_IV_LEN];

    if (in.len < p->number_at + SAMPLE_AT + QUIC_BLOCK_LEN)
        return FIELD_MALFORMED;
    if (!quic_aes_block(c, k->hp, in.ptr + p->number_at + SAMPLE_AT, mask))
        return FIELD_ABSENT;
    uint8_t first = in.ptr[0] ^ (mask[0] & 0x0f);
    unsigned number_len = (first & 3u) + 1;
    size_t header_len = p->number_at + number_len;
    struct span sealed = span_from(in, header_len);

    /* The header is what the client sealed, and ends up in front of the plain text. */
    memcpy(room, in.ptr, header_len);
    room[0] = first;
    uint64_t low = 0;
    for (unsigned i = 0; i < number_len; i++) {
        room[p->number_at + i] ^= mask[1 + i];
        low = low << 8 | room[p->number_at + i];
    }
    uint64_t number = whole_number(*io_next, low, 8 * number_len);
    memcpy(nonce, k->iv, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce[QUIC_IV_LEN - 1 - i] ^= (uint8_t)(number >> (8 * i));
    if (!quic_gcm_open(c, k->key, nonce, span_of(room, header_len), sealed, room + header_len))
        return FIELD_ABSENT;
    if (number >= *io_next)
        *io_next = number + 1;
    *out_plain = span_of(room + header_len, sealed.len - QUIC_TAG_LEN);
    return FIELD_FOUND;
}

/* ---- frames ---- */

static bool skip_varints(struct span *s, uint64_t n)
{
    uint64_t unused;
    while (n--)
        if (!quic_take_varint(s, &unused))
            return false;
    return true;
}

static bool skip_ack(struct span *s, bool has_ecn)
{
    uint64_t n_ranges;
    return skip_varints(s, 2) && quic_take_varint(s, &n_ranges) && n_ranges <= ACK_RANGES_MAX &&
           skip_varints(s, 1 + 2 * n_ranges + (has_ecn ? 3 : 0));
}

static bool skip_close(struct span *s)
{
    uint64_t len;
    return skip_varints(s, 2) && quic_take_varint(s, &len) && len <= s->len && span_skip(s, (size_t)len);
}

static void skip_padding(struct span *s)
{
    size_t n = 0;
    while (n < s->len && s->ptr[n] == FRAME_PADDING)
        n++;
    span_skip(s, n);
}

enum verdict quic_next_crypto(struct span *io_rest, struct quic_part *out)
{
    uint64_t type, len;
    for (;;) {
        skip_padding(io_rest);
        if (io_rest->len == 0)
            return FIELD_ABSENT;
        if (!quic_take_varint(io_rest, &type))
            return FIELD_MALFORMED;
        bool is_good;
        switch (type) {
        case FRAME_PING:
            is_good = true;
            break;
        case FRAME_ACK:
        case FRAME_ACK_ECN:
            is_good = skip_ack(io_rest, type == FRAME_ACK_ECN);
            break;
        case FRAME_CLOSE:
            is_good = skip_close(io_rest);
            break;
        case FRAME_CRYPTO:
            if (quic_take_varint(io_rest, &out->offset) && quic_take_varint(io_rest, &len) &&
                len <= io_rest->len)
                return span_take(io_rest, (size_t)len, &out->bytes) ? FIELD_FOUND : FIELD_MALFORMED;
            return FIELD_MALFORMED;
        default:
            is_good = false;
        }
        if (!is_good)
            return FIELD_MALFORMED;
    }
}
