/* See fingerprint.h. Hot.
 *
 * JA3 is a text that events show, so it is written out, into room of the size it may have at most, and hashed whole. JA4's texts
 * nobody sees: their values are sorted and go to the digest in small pieces. Real lists have some 15 values; one of a hostile client
 * may have 32,767, which a radix sort keeps from being a way to hold a worker. */
#include "sensor/extract/fingerprint.h"

#include <endian.h>

#include "base/digest.h"

#define COLD __attribute__((cold, noinline))

enum {
    EXT_SERVER_NAME = 0,
    EXT_SUPPORTED_GROUPS = 10,
    EXT_EC_POINT_FORMATS = 11,
    EXT_SIGNATURE_ALGORITHMS = 13,
    EXT_ALPN = 16,
    EXT_SUPPORTED_VERSIONS = 43,
};
enum {
    VALUES_MAX = 1 << 15, /* of two bytes each in a list whose length has two bytes */
    FEW = 64,             /* sorted by insertion */
    JA4_HASH_LEN = 12,
    DECIMAL_U16 = 6,
    DECIMAL_U8 = 4, /* digits and what separates them */
};

/* What fingerprints are made of, in a client's extensions. */
struct parts {
    struct span groups, formats, signatures;
    struct span alpn; /* the first entry */
    uint16_t version; /* the highest number of supported_versions; 0: there is none */
    uint32_t n_extensions;
    bool has_server_name, has_alpn;
};

/* As much of a list behind its length as is there. */
static struct span list8(struct span data)
{
    uint8_t len;
    return span_take_u8(&data, &len) ? span_first(data, len) : span_of(data.ptr, 0);
}

static struct span list16(struct span data)
{
    uint16_t len;
    return span_take_u16(&data, &len) ? span_first(data, len) : span_of(data.ptr, 0);
}

static bool next_value(struct span *list, uint16_t *out)
{
    while (span_take_u16(list, out))
        if (!tls_is_grease(*out))
            return true;
    return false;
}

static void read_alpn(struct span data, struct parts *p)
{
    struct span list = list16(data);
    uint8_t len;

    if (!p->has_alpn && span_take_u8(&list, &len))
        span_take(&list, len, &p->alpn);
    p->has_alpn = true;
}

static void read_versions(struct span data, struct parts *p)
{
    struct span list = list8(data);
    uint16_t version;

    while (next_value(&list, &version))
        if (version > p->version)
            p->version = version;
}

static void read_parts(struct span extensions, struct parts *p)
{
    struct span data;
    uint16_t type;

    *p = (struct parts){0};
    while (tls_extension_take(&extensions, &type, &data)) {
        p->n_extensions++;
        switch (type) {
        case EXT_SERVER_NAME:
            p->has_server_name = true;
            break;
        case EXT_SUPPORTED_GROUPS:
            p->groups = list16(data);
            break;
        case EXT_EC_POINT_FORMATS:
            p->formats = list8(data);
            break;
        case EXT_SIGNATURE_ALGORITHMS:
            p->signatures = list16(data);
            break;
        case EXT_ALPN:
            read_alpn(data, p);
            break;
        case EXT_SUPPORTED_VERSIONS:
            read_versions(data, p);
            break;
        }
    }
}

/* ---- JA3 ---- */

static uint8_t *put_decimal(uint8_t *to, unsigned v)
{
    uint8_t digits[DECIMAL_U16];
    size_t n = 0;

    do
        digits[n++] = (uint8_t)('0' + v % 10);
    while (v /= 10);
    while (n)
        *to++ = digits[--n];
    return to;
}

/* One of a list, the separator before all but the first of them. */
static uint8_t *put_item(uint8_t *to, const uint8_t *first, unsigned v)
{
    if (to != first)
        *to++ = '-';
    return put_decimal(to, v);
}

static uint8_t *put_values(uint8_t *to, struct span list)
{
    const uint8_t *first = to;
    uint16_t v;

    while (next_value(&list, &v))
        to = put_item(to, first, v);
    return to;
}

static uint8_t *put_bytes(uint8_t *to, struct span list)
{
    const uint8_t *first = to;

    for (size_t i = 0; i < list.len; i++)
        to = put_item(to, first, list.ptr[i]);
    return to;
}

static uint8_t *put_types(uint8_t *to, struct span extensions, bool with_grease)
{
    const uint8_t *first = to;
    struct span data;
    uint16_t type;

    while (tls_extension_take(&extensions, &type, &data))
        if (with_grease || !tls_is_grease(type))
            to = put_item(to, first, type);
    return to;
}

static void end_ja3(struct fingerprints *f, const uint8_t *text, const uint8_t *end)
{
    uint8_t md5[DIGEST_MD5_LEN];

    f->ja3_string = span_of(text, (size_t)(end - text));
    digest_md5(f->ja3_string, md5);
    digest_hex(md5, sizeof md5, f->ja3_hash);
}

static bool make_ja3(const struct tls_client_hello *h, const struct parts *p, struct arena *arena,
                     struct fingerprints *f)
{
    size_t room = DECIMAL_U16 * (1 + h->ciphers.len / 2 + p->n_extensions + p->groups.len / 2) +
                  DECIMAL_U8 * p->formats.len + 4;
    uint8_t *text = arena_bytes(arena, room), *to = text;

    if (!text)
        return false;
    to = put_decimal(to, h->legacy_version);
    *to++ = ',';
    to = put_values(to, h->ciphers);
    *to++ = ',';
    to = put_types(to, h->extensions, false);
    *to++ = ',';
    to = put_values(to, p->groups);
    *to++ = ',';
    to = put_bytes(to, p->formats);
    end_ja3(f, text, to);
    return true;
}

/* ---- JA4 ---- */

/* By the low byte, then by the high one: two passes, whatever the values are. */
COLD static void sort_many(uint16_t *values, size_t n)
{
    uint16_t other[VALUES_MAX], *from = values, *to = other;

    for (unsigned shift = 0; shift < 16; shift += 8) {
        size_t at[257] = {0};
        for (size_t i = 0; i < n; i++)
            at[1 + (from[i] >> shift & 0xff)]++;
        for (size_t i = 1; i < 256; i++)
            at[i] += at[i - 1];
        for (size_t i = 0; i < n; i++)
            to[at[from[i] >> shift & 0xff]++] = from[i];
        from = other;
        to = values;
    }
}

static void sort_values(uint16_t *values, size_t n)
{
    if (n > FEW) {
        sort_many(values, n);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        uint16_t v = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > v; at--)
            values[at] = values[at - 1];
        values[at] = v;
    }
}

/* A text on its way to the digest. */
struct text {
    struct digest sha256;
    uint8_t bytes[512];
    size_t len;
};

static void flush_text(struct text *t)
{
    digest_sha256_add(&t->sha256, span_of(t->bytes, t->len));
    t->len = 0;
}

/* All four digits at once: a nibble to a byte, and 39 more for those that are letters. */
static void put_hex(uint8_t to[static 4], uint16_t v)
{
    uint32_t x = (uint32_t)(v >> 12) | (v >> 8 & 15u) << 8 | (v >> 4 & 15u) << 16 | (v & 15u) << 24;
    x += 0x30303030u + ((x + 0x06060606u) >> 4 & 0x01010101u) * 39;
    x = htole32(x);
    memcpy(to, &x, sizeof x);
}

/* Four hex digits; a separator before them unless it is 0. */
static void add_hex(struct text *t, char separator, uint16_t v)
{
    if (t->len + 5 > sizeof t->bytes)
        flush_text(t);
    if (separator)
        t->bytes[t->len++] = (uint8_t)separator;
    put_hex(t->bytes + t->len, v);
    t->len += 4;
}

/* The hash of the values, sorted, and of the list behind them as it is; all zeros where there are no values. */
static void put_ja4_hash(char *to, uint16_t *values, size_t n, struct span behind)
{
    struct text t;
    uint8_t sha256[DIGEST_SHA256_LEN];
    uint16_t v;

    memset(to, '0', JA4_HASH_LEN);
    if (n == 0)
        return;
    t.len = 0;
    digest_sha256_begin(&t.sha256);
    sort_values(values, n);
    for (size_t i = 0; i < n; i++)
        add_hex(&t, i ? ',' : '\0', values[i]);
    for (char separator = '_'; next_value(&behind, &v); separator = ',')
        add_hex(&t, separator, v);
    flush_text(&t);
    digest_sha256_end(&t.sha256, sha256);
    digest_hex(sha256, JA4_HASH_LEN / 2, to);
}

static const char *ja4_version(uint16_t version)
{
    switch (version) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    case 0x0002:
        return "s2";
    case 0xfeff:
        return "d1";
    case 0xfefd:
        return "d2";
    case 0xfefc:
        return "d3";
    default:
        return "00";
    }
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The first and the last character; those of its hex when either is not alphanumeric. */
static void put_ja4_alpn(char *to, struct span alpn)
{
    if (alpn.len == 0) {
        memset(to, '0', 2);
        return;
    }
    uint8_t first = alpn.ptr[0], last = alpn.ptr[alpn.len - 1];
    bool is_text = is_alphanumeric(first) && is_alphanumeric(last);
    to[0] = is_text ? (char)first : "0123456789abcdef"[first >> 4];
    to[1] = is_text ? (char)last : "0123456789abcdef"[last & 0xf];
}

static void put_count(char *to, size_t n)
{
    n = n < 99 ? n : 99;
    to[0] = (char)('0' + n / 10);
    to[1] = (char)('0' + n % 10);
}

/* "t13d1516h2_8daaf6152771_e5627efa2ab1" */
static void make_ja4(const struct tls_client_hello *h, const struct parts *p,
                     enum fingerprint_carrier carrier, struct fingerprints *f)
{
    uint16_t values[VALUES_MAX], v;
    size_t n = 0, n_types = 0;
    char *to = f->ja4;

    for (struct span list = h->ciphers; n < VALUES_MAX && next_value(&list, &v);)
        values[n++] = v;
    to[0] = (char)carrier;
    memcpy(to + 1, ja4_version(p->version ? p->version : h->legacy_version), 2);
    to[3] = p->has_server_name ? 'd' : 'i';
    put_count(to + 4, n);
    to[10] = to[23] = '_';
    put_ja4_hash(to + 11, values, n, span_of(NULL, 0));

    struct span rest = h->extensions, data;
    for (n = 0; n < VALUES_MAX && tls_extension_take(&rest, &v, &data);) {
        if (tls_is_grease(v))
            continue;
        n_types++;
        if (v != EXT_SERVER_NAME && v != EXT_ALPN)
            values[n++] = v;
    }
    put_count(to + 6, n_types);
    put_ja4_alpn(to + 8, p->alpn);
    put_ja4_hash(to + 24, values, n, p->signatures);
    f->has_ja4 = true;
}

/* ---- both ---- */

const struct fingerprints *fingerprint_client(const struct tls_client_hello *h,
                                              enum fingerprint_carrier carrier, unsigned kinds,
                                              struct arena *arena)
{
    struct fingerprints *f = arena_alloc(arena, sizeof *f);
    struct parts parts;

    if (!f)
        return NULL;
    *f = (struct fingerprints){0};
    if (h->is_cut || h->is_sslv2)
        return f;
    read_parts(h->extensions, &parts);
    if (kinds & FINGERPRINT_JA4)
        make_ja4(h, &parts, carrier, f);
    return !(kinds & FINGERPRINT_JA3) || make_ja3(h, &parts, arena, f) ? f : NULL;
}

const struct fingerprints *fingerprint_server(const struct tls_server_hello *h, unsigned kinds,
                                              struct arena *arena)
{
    struct fingerprints *f = arena_alloc(arena, sizeof *f);

    if (!f)
        return NULL;
    *f = (struct fingerprints){0};
    if (h->is_cut || !(kinds & FINGERPRINT_JA3S))
        return f;
    /* An extension has four bytes at least. */
    uint8_t *text = arena_bytes(arena, DECIMAL_U16 * (3 + h->extensions.len / 4)), *to = text;
    if (!text)
        return NULL;
    to = put_decimal(to, h->legacy_version);
    *to++ = ',';
    to = put_decimal(to, h->cipher);
    *to++ = ',';
    to = put_types(to, h->extensions, true);
    end_ja3(f, text, to);
    return f;
}
