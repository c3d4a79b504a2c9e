/* See tls_put.h. A length field is left open when what it measures begins, and filled in when it ends. */
#include "traffic/tls_put.h"

enum { MESSAGE_CLIENT_HELLO = 1, MESSAGE_SERVER_HELLO = 2, MESSAGE_CERTIFICATE = 11 };
enum {
    RECORD_HANDSHAKE = 22,
    RECORD_DATA = 23,
    RANDOM_LEN = 32,
    SESSION_ID_LEN = 32,
    DATA_MAX = 16384 + 256
};
enum { GROUP_X25519 = 29, GROUP_X25519MLKEM768 = 0x11ec, SHARE_X25519 = 32, SHARE_X25519MLKEM768 = 1216 };
enum {
    EXT_NAME = 0,
    EXT_STATUS = 5,
    EXT_GROUPS = 10,
    EXT_POINTS = 11,
    EXT_SIGNATURES = 13,
    EXT_ALPN = 16,
    EXT_SCT = 18,
    EXT_MASTER_SECRET = 23,
    EXT_COMPRESS = 27,
    EXT_TICKET = 35,
    EXT_VERSIONS = 43,
    EXT_PSK_MODES = 45,
    EXT_SHARES = 51,
    EXT_QUIC = 57,
    EXT_ECH = 0xfe0d,
    EXT_RENEGOTIATION = 0xff01,
};

static void put_u16(struct buf *out, uint32_t v)
{
    buf_put_byte(out, (uint8_t)(v >> 8));
    buf_put_byte(out, (uint8_t)v);
}

static void put_random(struct buf *out, size_t n, struct dice *dice)
{
    uint8_t *to = buf_reserve(out, n);
    if (!to)
        return;
    dice_bytes(dice, to, n);
    out->len += n;
}

static size_t open_length(struct buf *out, unsigned n_bytes)
{
    for (unsigned i = 0; i < n_bytes; i++)
        buf_put_byte(out, 0);
    return out->len;
}

/* What was opened at `start` ends here. What is too long makes the buffer count as full, and so the message fail. */
static void close_length(struct buf *out, size_t start, unsigned n_bytes)
{
    if (out->is_full)
        return;
    size_t len = out->len - start;
    if (len >> (8 * n_bytes))
        out->is_full = true;
    for (unsigned i = 1; i <= n_bytes; i++, len >>= 8)
        out->ptr[start - i] = (uint8_t)len;
}

static bool finish(struct buf *out, size_t mark)
{
    if (!out->is_full)
        return true;
    buf_cut(out, mark);
    return false;
}

static size_t open_extension(struct buf *out, uint16_t type)
{
    put_u16(out, type);
    return open_length(out, 2);
}

static void put_extension(struct buf *out, uint16_t type, struct span body)
{
    size_t start = open_extension(out, type);
    buf_put(out, body);
    close_length(out, start, 2);
}

/* 0x0a0a, 0x1a1a, ...: sixteen of them, counted around. */
static uint16_t reserved_value(uint32_t i)
{
    return (uint16_t)(0x0a0a + 0x1010 * (i % 16));
}

static uint16_t grease(struct dice *dice)
{
    return reserved_value(dice_below(dice, 16));
}

static void put_names(struct buf *out, const struct tls_put_hello *h)
{
    size_t ext = open_extension(out, EXT_NAME), list = open_length(out, 2);
    for (unsigned i = 0; i < h->n_names; i++) {
        buf_put_byte(out, 0); /* host_name */
        size_t name = open_length(out, 2);
        buf_put(out, h->names[i]);
        close_length(out, name, 2);
    }
    close_length(out, list, 2);
    close_length(out, ext, 2);
}

static void put_alpn(struct buf *out, const struct span *alpn, unsigned n)
{
    size_t ext = open_extension(out, EXT_ALPN), list = open_length(out, 2);
    for (unsigned i = 0; i < n; i++) {
        size_t one = open_length(out, 1);
        buf_put(out, alpn[i]);
        close_length(out, one, 1);
    }
    close_length(out, list, 2);
    close_length(out, ext, 2);
}

static void put_groups(struct buf *out, unsigned flags, uint16_t reserved)
{
    size_t ext = open_extension(out, EXT_GROUPS), list = open_length(out, 2);
    if (flags & TLS_PUT_GREASE)
        put_u16(out, reserved);
    if (flags & TLS_PUT_POST_QUANTUM)
        put_u16(out, GROUP_X25519MLKEM768);
    buf_put(out, SPAN_LIT("\0\x1d\0\x17\0\x18"));
    close_length(out, list, 2);
    close_length(out, ext, 2);
}

static void put_share(struct buf *out, uint16_t group, size_t len, struct dice *dice)
{
    put_u16(out, group);
    put_u16(out, (uint32_t)len);
    put_random(out, len, dice);
}

static void put_shares(struct buf *out, unsigned flags, uint16_t reserved, struct dice *dice)
{
    size_t ext = open_extension(out, EXT_SHARES), list = open_length(out, 2);
    if (flags & TLS_PUT_GREASE)
        put_share(out, reserved, 1, dice);
    if (flags & TLS_PUT_POST_QUANTUM)
        put_share(out, GROUP_X25519MLKEM768, SHARE_X25519MLKEM768, dice);
    put_share(out, GROUP_X25519, SHARE_X25519, dice);
    close_length(out, list, 2);
    close_length(out, ext, 2);
}

static void put_versions(struct buf *out, const struct tls_put_hello *h, struct dice *dice)
{
    size_t ext = open_extension(out, EXT_VERSIONS), list = open_length(out, 1);
    if (h->flags & TLS_PUT_GREASE)
        put_u16(out, grease(dice));
    put_u16(out, TLS_PUT_1_3);
    if (!(h->flags & TLS_PUT_QUIC))
        put_u16(out, TLS_PUT_1_2);
    close_length(out, list, 1);
    close_length(out, ext, 2);
}

/* An outer hello's (RFC 9849, section 5): what is encrypted looks like this whether it means something or not. */
static void put_ech(struct buf *out, struct dice *dice)
{
    size_t ext = open_extension(out, EXT_ECH);
    buf_put(out, SPAN_LIT("\0\0\1\0\1")); /* outer, HKDF-SHA256, AES-128-GCM */
    put_random(out, 1, dice);
    put_u16(out, 32);
    put_random(out, 32, dice);
    put_u16(out, 208);
    put_random(out, 208, dice);
    close_length(out, ext, 2);
}

static void put_ciphers(struct buf *out, const struct tls_put_hello *h, struct dice *dice)
{
    size_t list = open_length(out, 2);
    if (h->flags & TLS_PUT_GREASE)
        put_u16(out, grease(dice));
    if (h->version >= TLS_PUT_1_3)
        buf_put(out, SPAN_LIT("\x13\x01\x13\x02\x13\x03"));
    if (h->version >= TLS_PUT_1_2 && !(h->flags & TLS_PUT_QUIC))
        buf_put(out, SPAN_LIT("\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8"));
    if (!(h->flags & TLS_PUT_QUIC))
        buf_put(out, SPAN_LIT("\xc0\x13\xc0\x14\0\x2f\0\x35"));
    close_length(out, list, 2);
}

static void put_extensions_of_1_3(struct buf *out, const struct tls_put_hello *h, uint16_t group,
                                  struct dice *dice)
{
    put_shares(out, h->flags, group, dice);
    put_extension(out, EXT_PSK_MODES, SPAN_LIT("\1\1"));
    put_versions(out, h, dice);
    put_extension(out, EXT_COMPRESS, SPAN_LIT("\2\0\2"));
}

static void put_extensions(struct buf *out, const struct tls_put_hello *h, struct dice *dice)
{
    uint16_t group = grease(dice);
    uint32_t first = dice_below(dice, 16),
             other = first + 1 + dice_below(dice, 15); /* no extension may come twice */
    if (h->flags & TLS_PUT_GREASE)
        put_extension(out, reserved_value(first), SPAN_LIT(""));
    if (h->n_names)
        put_names(out, h);
    if (!(h->flags & TLS_PUT_QUIC)) {
        put_extension(out, EXT_MASTER_SECRET, SPAN_LIT(""));
        put_extension(out, EXT_RENEGOTIATION, SPAN_LIT("\0"));
        put_extension(out, EXT_POINTS, SPAN_LIT("\1\0"));
        put_extension(out, EXT_TICKET, SPAN_LIT(""));
    }
    put_groups(out, h->flags, group);
    if (h->n_alpn)
        put_alpn(out, h->alpn, h->n_alpn);
    put_extension(out, EXT_STATUS, SPAN_LIT("\1\0\0\0\0"));
    if (h->version >= TLS_PUT_1_2)
        put_extension(out, EXT_SIGNATURES, SPAN_LIT("\0\x10\4\3\x08\4\4\1\5\3\x08\5\5\1\x08\6\6\1"));
    put_extension(out, EXT_SCT, SPAN_LIT(""));
    if (h->flags &
        TLS_PUT_QUIC) /* max_idle_timeout, max_udp_payload_size, initial_max_data, initial_max_streams_bidi, no connection id */
        put_extension(out, EXT_QUIC,
                      SPAN_LIT("\1\4\x80\0\x75\x30\3\2\x45\xc0\4\4\x80\x10\0\0\x08\1\x20\x0f\0"));
    if (h->version >= TLS_PUT_1_3)
        put_extensions_of_1_3(out, h, group, dice);
    if (h->flags & TLS_PUT_ECH)
        put_ech(out, dice);
    if (h->flags & TLS_PUT_GREASE)
        put_extension(out, reserved_value(other), SPAN_LIT("\0"));
}

bool tls_put_client_hello(struct buf *out, const struct tls_put_hello *h, struct dice *dice)
{
    size_t mark = buf_mark(out);
    buf_put_byte(out, MESSAGE_CLIENT_HELLO);
    size_t message = open_length(out, 3);
    put_u16(out, h->version < TLS_PUT_1_2 ? h->version : TLS_PUT_1_2);
    put_random(out, RANDOM_LEN, dice);
    buf_put_byte(out, h->flags & TLS_PUT_QUIC ? 0 : SESSION_ID_LEN);
    if (!(h->flags & TLS_PUT_QUIC))
        put_random(out, SESSION_ID_LEN, dice);
    put_ciphers(out, h, dice);
    buf_put(out, SPAN_LIT("\1\0")); /* no compression */
    size_t extensions = open_length(out, 2);
    put_extensions(out, h, dice);
    close_length(out, extensions, 2);
    close_length(out, message, 3);
    return finish(out, mark);
}

bool tls_put_server_hello(struct buf *out, const struct tls_put_hello *h, struct dice *dice)
{
    size_t mark = buf_mark(out);
    bool is_1_3 = h->version >= TLS_PUT_1_3;
    buf_put_byte(out, MESSAGE_SERVER_HELLO);
    size_t message = open_length(out, 3);
    put_u16(out, is_1_3 ? TLS_PUT_1_2 : h->version);
    put_random(out, RANDOM_LEN, dice);
    buf_put_byte(out, SESSION_ID_LEN);
    put_random(out, SESSION_ID_LEN, dice);
    put_u16(out, is_1_3 ? 0x1301 : h->version == TLS_PUT_1_2 ? 0xc02f : 0xc014);
    buf_put_byte(out, 0);
    size_t extensions = open_length(out, 2);
    if (is_1_3) {
        put_extension(out, EXT_VERSIONS, SPAN_LIT("\3\4"));
        size_t ext = open_extension(out, EXT_SHARES);
        put_share(out, GROUP_X25519, SHARE_X25519, dice);
        close_length(out, ext, 2);
    } else {
        put_extension(out, EXT_RENEGOTIATION, SPAN_LIT("\0"));
        if (h->n_alpn)
            put_alpn(out, h->alpn, 1);
    }
    close_length(out, extensions, 2);
    close_length(out, message, 3);
    return finish(out, mark);
}

bool tls_put_certificate(struct buf *out, const struct span *der, size_t n)
{
    size_t mark = buf_mark(out);
    buf_put_byte(out, MESSAGE_CERTIFICATE);
    size_t message = open_length(out, 3), list = open_length(out, 3);
    for (size_t i = 0; i < n; i++) {
        size_t one = open_length(out, 3);
        buf_put(out, der[i]);
        close_length(out, one, 3);
    }
    close_length(out, list, 3);
    close_length(out, message, 3);
    return finish(out, mark);
}

static void put_record_header(struct buf *out, uint8_t type, uint16_t version, size_t len)
{
    buf_put_byte(out, type);
    put_u16(out, version);
    put_u16(out, (uint32_t)len);
}

bool tls_put_records(struct buf *out, uint16_t version, struct span messages, size_t most)
{
    size_t mark = buf_mark(out);
    if (most == 0 || most > TLS_PUT_RECORD_MAX)
        most = TLS_PUT_RECORD_MAX;
    while (messages.len && !out->is_full) {
        struct span part = span_first(messages, most);
        put_record_header(out, RECORD_HANDSHAKE, version, part.len);
        buf_put(out, part);
        span_skip(&messages, part.len);
    }
    return finish(out, mark);
}

bool tls_put_data(struct buf *out, size_t len, struct dice *dice)
{
    size_t mark = buf_mark(out);
    if (len > DATA_MAX)
        return false;
    put_record_header(out, RECORD_DATA, TLS_PUT_1_2, len);
    put_random(out, len, dice);
    return finish(out, mark);
}
