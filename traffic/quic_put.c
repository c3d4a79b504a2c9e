/* See quic_put.h. */
#include "traffic/quic_put.h"

#include "traffic/frame.h"

enum {
    NUMBER_LEN = 4,
    SAMPLE_AT = 4,
    LENGTH_LEN = 2,
    FRAME_ACK = 2,
    FRAME_CRYPTO = 6,
    TYPE_INITIAL = 0,
    TYPE_HANDSHAKE = 2
};

static void put_varint(struct buf *out, uint64_t v)
{
    unsigned log = v < 1u << 6 ? 0 : v < 1u << 14 ? 1 : v < 1u << 30 ? 2 : 3, n = 1u << log;
    for (unsigned i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)(v >> (8 * (n - 1 - i)));
        buf_put_byte(out, i ? byte : (uint8_t)(byte | log << 6));
    }
}

static bool finish(struct buf *out, size_t mark, bool is_good)
{
    if (is_good && !out->is_full)
        return true;
    buf_cut(out, mark);
    return false;
}

bool quic_put_crypto(struct buf *out, uint64_t offset, struct span bytes)
{
    size_t mark = buf_mark(out);
    buf_put_byte(out, FRAME_CRYPTO);
    put_varint(out, offset);
    put_varint(out, bytes.len);
    buf_put(out, bytes);
    return finish(out, mark, true);
}

bool quic_put_ack(struct buf *out, uint64_t largest)
{
    size_t mark = buf_mark(out);
    buf_put_byte(out, FRAME_ACK);
    put_varint(out, largest);
    buf_put(out, SPAN_LIT("\x14\0\0")); /* 20 units late, no more ranges, that packet alone */
    return finish(out, mark, true);
}

static void put_long_header(struct buf *out, unsigned type, uint32_t version, struct span dcid,
                            struct span scid)
{
    uint8_t be[4];
    store_be32(be, version);
    unsigned bits = version == QUIC_V2 ? (type + 1) % 4 : type;
    buf_put_byte(out, (uint8_t)(0xc0 | bits << 4 | (NUMBER_LEN - 1)));
    buf_put(out, span_of(be, sizeof be));
    buf_put_byte(out, (uint8_t)dcid.len);
    buf_put(out, dcid);
    buf_put_byte(out, (uint8_t)scid.len);
    buf_put(out, scid);
}

static void put_length(struct buf *out, size_t len)
{
    buf_put_byte(out, (uint8_t)(0x40 | len >> 8));
    buf_put_byte(out, (uint8_t)len);
}

/* Seal what stands behind the header, where it stands, and hide first byte and number. */
static bool seal(struct quic_crypto *c, const struct quic_keys *k, uint32_t number, uint8_t *packet,
                 size_t header_len, size_t plain_len)
{
    uint8_t nonce[QUIC_IV_LEN], be[4], mask[QUIC_BLOCK_LEN], *number_at = packet + header_len - NUMBER_LEN;
    memcpy(nonce, k->iv, sizeof nonce);
    store_be32(be, number);
    for (unsigned i = 0; i < sizeof be; i++)
        nonce[QUIC_IV_LEN - sizeof be + i] ^= be[i];
    if (!quic_gcm_seal(c, k->key, nonce, span_of(packet, header_len), span_of(packet + header_len, plain_len),
                       packet + header_len) ||
        !quic_aes_block(c, k->hp, number_at + SAMPLE_AT, mask))
        return false;
    packet[0] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < NUMBER_LEN; i++)
        number_at[i] ^= mask[1 + i];
    return true;
}

bool quic_put_initial(struct buf *out, struct quic_crypto *c, const struct quic_put_initial *p)
{
    size_t mark = buf_mark(out), header_len, plain_len = p->frames.len;
    uint8_t be[4];
    put_long_header(out, TYPE_INITIAL, p->version, p->dcid, p->scid);
    put_varint(out, p->token.len);
    buf_put(out, p->token);
    header_len = out->len - mark + LENGTH_LEN + NUMBER_LEN;
    if (header_len + plain_len + QUIC_TAG_LEN < p->pad_to)
        plain_len = p->pad_to - header_len - QUIC_TAG_LEN;
    put_length(out, NUMBER_LEN + plain_len + QUIC_TAG_LEN);
    store_be32(be, p->number);
    buf_put(out, span_of(be, sizeof be));
    buf_put(out, p->frames);
    uint8_t *rest = buf_reserve(out, plain_len - p->frames.len + QUIC_TAG_LEN);
    if (!rest)
        return finish(out, mark, false);
    memset(rest, 0, plain_len - p->frames.len);
    out->len += plain_len - p->frames.len + QUIC_TAG_LEN;
    struct quic_keys keys;
    quic_initial_keys(p->version, p->key_id.len ? p->key_id : p->dcid, p->is_server, &keys);
    return finish(out, mark, seal(c, &keys, p->number, out->ptr + mark, header_len, plain_len));
}

static void put_random(struct buf *out, size_t len, struct dice *dice)
{
    uint8_t *to = buf_reserve(out, len);
    if (!to)
        return;
    dice_bytes(dice, to, len);
    out->len += len;
}

bool quic_put_handshake(struct buf *out, uint32_t version, struct span dcid, struct span scid, size_t len,
                        struct dice *dice)
{
    size_t mark = buf_mark(out);
    put_long_header(out, TYPE_HANDSHAKE, version, dcid, scid);
    put_length(out, len);
    put_random(out, len, dice);
    return finish(out, mark, true);
}

bool quic_put_short(struct buf *out, struct span dcid, size_t len, struct dice *dice)
{
    size_t mark = buf_mark(out);
    buf_put_byte(out, (uint8_t)(0x40 | dice_below(dice, 0x20)));
    buf_put(out, dcid);
    put_random(out, len, dice);
    return finish(out, mark, true);
}
