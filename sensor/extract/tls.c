/* What TLS hellos say, hot. The contract is in tls.h; records and their gathering are in tls_record.c.
 *
 * A hello is read in the order of its RFC up to the extension block; there a length that does not fit
 * means that this is no hello. From the block on reading is lenient, because clients and captures are not
 * all well behaved and a name that is there should be seen: an extension that makes no sense costs itself,
 * one that is not there whole ends the walk. Only whole extensions are looked into, so a message cut short
 * gives a part of what the whole one would, never something else. */
#include "sensor/extract/tls.h"

enum { MESSAGE_HEADER_LEN = 4, RANDOM_LEN = 32, HOST_NAME = 0 };

enum extension {
    EXT_SERVER_NAME = 0,
    EXT_ALPN = 16,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_ENCRYPTED_CLIENT_HELLO = 0xfe0d,
    EXT_ENCRYPTED_SERVER_NAME =
        0xffce, /* draft-ietf-tls-esni-01 to -06; what later ones used are in is_ech_draft() */
};

/* A vector: its length in one byte (two), then so many bytes. */
static bool take_vec8(struct span *s, struct span *out)
{
    if (s->len < 1 || s->len - 1 < s->ptr[0])
        return false;
    *out = span_of(s->ptr + 1, s->ptr[0]);
    return span_skip(s, 1 + out->len);
}

static bool take_vec16(struct span *s, struct span *out)
{
    if (s->len < 2 || s->len - 2 < load_be16(s->ptr))
        return false;
    *out = span_of(s->ptr + 2, load_be16(s->ptr));
    return span_skip(s, 2 + out->len);
}

/* The vector that should fill an extension; when its length says more than there is, what there is. */
static struct span open_list16(struct span data)
{
    uint16_t len;

    return span_take_u16(&data, &len) ? span_first(data, len) : span_of(data.ptr, 0);
}

/* False if `message` has another type. *out_body is the body as far as it is there. */
static bool open_message(struct span message, uint8_t type, struct span *out_body, bool *out_is_cut)
{
    if (message.len > 0 && message.ptr[0] != type)
        return false;
    size_t body_len = message.len < MESSAGE_HEADER_LEN ? SIZE_MAX : load_be32(message.ptr) & 0xffffff;
    *out_body = span_first(span_from(message, MESSAGE_HEADER_LEN), body_len);
    *out_is_cut = out_body->len < body_len;
    return true;
}

/* What is left of a body is the extension block, if there is one at all. False if its end is not there. */
static bool open_extensions(struct span body, struct span *out_block)
{
    uint16_t len;

    if (!span_take_u16(&body, &len))
        return body.len == 0;
    *out_block = span_first(body, len);
    return out_block->len == len;
}

bool tls_extension_take(struct span *block, uint16_t *out_type, struct span *out_data)
{
    struct span rest = span_from(*block, 2);

    if (!take_vec16(&rest, out_data))
        return false;
    *out_type = load_be16(block->ptr);
    *block = rest;
    return true;
}

/* Orders what supported_versions may hold; 0 for what is no version. Numbers of drafts (0x7f1c, 0xfb1a)
 * are above that of the final TLS 1.3, and those of DTLS count down. */
static unsigned version_rank(uint16_t version)
{
    unsigned minor = version & 0xff;

    switch (version >> 8) {
    case 0x03:
        return (minor + 1) << 8;
    case 0x7f:
    case 0xfb:
        return ((3 + 1) << 8) + minor;
    case 0xfe:
        return 0x100 - minor;
    default:
        return 0;
    }
}

static void read_supported_versions(struct span data, unsigned *best_rank, uint16_t *out_version)
{
    uint8_t len;
    uint16_t version;

    if (!span_take_u8(&data, &len))
        return;
    data = span_first(data, len);
    while (span_take_u16(&data, &version)) {
        if (version_rank(version) > *best_rank) {
            *best_rank = version_rank(version);
            *out_version = version;
        }
    }
}

/* The length of an entry stands at the same place in every type known, so unknown ones can be passed over. */
static void read_server_names(struct span data, struct tls_client_hello *out)
{
    struct span list = open_list16(data), name;
    uint8_t type;

    while (out->n_names < TLS_NAMES_MAX && span_take_u8(&list, &type) && take_vec16(&list, &name)) {
        if (type == HOST_NAME && name.len > 0)
            out->names[out->n_names++] = name;
    }
}

static void read_alpn(struct span data, struct tls_client_hello *out)
{
    struct span list = open_list16(data), name;

    while (out->n_alpn < TLS_ALPN_MAX && take_vec8(&list, &name)) {
        if (name.len > 0)
            out->alpn[out->n_alpn++] = name;
    }
}

/* Numbers of drafts 07 to 12 of ECH; those had another form. */
static bool is_ech_draft(uint16_t type)
{
    return type == EXT_ENCRYPTED_SERVER_NAME || (type >= 0xff02 && type <= 0xff04) ||
           (type >= 0xfe08 && type <= 0xfe0c);
}

/* type (0 is outer, 1 inner), kdf, aead, config_id, enc, payload. What has not this form is not believed. */
static enum tls_ech read_ech(struct span data)
{
    uint8_t type, config_id;
    uint16_t kdf, aead;
    struct span enc, payload;

    if (!span_take_u8(&data, &type))
        return TLS_ECH_NONE;
    if (type == 1)
        return data.len == 0 ? TLS_ECH_INNER : TLS_ECH_NONE;
    if (type != 0 || !span_take_u16(&data, &kdf) || !span_take_u16(&data, &aead) ||
        !span_take_u8(&data, &config_id) || !take_vec16(&data, &enc) || !take_vec16(&data, &payload) ||
        payload.len == 0 || data.len > 0)
        return TLS_ECH_NONE;
    return enc.len == 0 ? TLS_ECH_REAL : TLS_ECH_POSSIBLE;
}

static void note_ech(struct tls_client_hello *out, enum tls_ech ech)
{
    if (out->ech == TLS_ECH_NONE)
        out->ech = (uint8_t)ech;
}

/* Public names (RFC 9849, section 4) that those who front for others have published, and that lead to nothing of their own. */
static bool is_ech_front(struct span name)
{
    return span_eq_nocase(name, SPAN_LIT("cloudflare-ech.com"));
}

static void read_client_extensions(struct tls_client_hello *out)
{
    struct span rest = out->extensions, data;
    unsigned best_rank = 0;
    uint16_t type;

    while (tls_extension_take(&rest, &type, &data)) {
        switch (type) {
        case EXT_SERVER_NAME:
            read_server_names(data, out);
            break;
        case EXT_ALPN:
            read_alpn(data, out);
            break;
        case EXT_SUPPORTED_VERSIONS:
            read_supported_versions(data, &best_rank, &out->version);
            break;
        case EXT_ENCRYPTED_CLIENT_HELLO:
            note_ech(out, read_ech(data));
            break;
        default:
            if (is_ech_draft(type))
                note_ech(out, TLS_ECH_ESNI);
        }
    }
    if (rest.len > 0)
        out->is_cut = true;
    if (out->n_names > 0)
        out->sni = out->names[0];
    if (out->ech == TLS_ECH_POSSIBLE && is_ech_front(out->sni))
        out->ech = TLS_ECH_REAL;
}

/* DTLS has a cookie after the session id (RFC 6347, section 4.2.1); 0x0100 is what it was before its RFC. */
static bool has_cookie(uint16_t version)
{
    return version >> 8 == 0xfe || version == 0x0100;
}

enum verdict tls_client_hello_read(struct span message, struct tls_client_hello *out)
{
    struct span body, cookie, compression;
    bool is_cut;

    *out = (struct tls_client_hello){0};
    if (!open_message(message, TLS_CLIENT_HELLO, &body, &is_cut))
        return FIELD_ABSENT;
    enum verdict cut_short = is_cut ? FIELD_PARTIAL : FIELD_MALFORMED;
    out->is_cut = is_cut;

    if (!span_take_u16(&body, &out->legacy_version))
        return cut_short;
    out->version = out->legacy_version;
    if (!span_take(&body, RANDOM_LEN, &out->random) || !take_vec8(&body, &out->session_id) ||
        (has_cookie(out->legacy_version) && !take_vec8(&body, &cookie)) ||
        !take_vec16(&body, &out->ciphers) || !take_vec8(&body, &compression))
        return cut_short;

    if (!open_extensions(body, &out->extensions))
        out->is_cut = true;
    read_client_extensions(out);
    return is_cut ? FIELD_PARTIAL : FIELD_FOUND;
}

static void read_server_extensions(struct tls_server_hello *out)
{
    struct span rest = out->extensions, data, list;
    bool has_version = false;
    uint16_t type;

    while (tls_extension_take(&rest, &type, &data)) {
        if (type == EXT_ALPN && out->alpn.len == 0) {
            list = open_list16(data);
            take_vec8(&list, &out->alpn);
        } else if (type == EXT_SUPPORTED_VERSIONS && !has_version) {
            has_version = span_take_u16(&data, &out->version);
        }
    }
    if (rest.len > 0)
        out->is_cut = true;
}

/* The random that makes a ServerHello a HelloRetryRequest: SHA-256 of that word. */
static const uint8_t retry_random[RANDOM_LEN] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

enum verdict tls_server_hello_read(struct span message, struct tls_server_hello *out)
{
    struct span body, session_id;
    uint8_t compression;
    bool is_cut;

    *out = (struct tls_server_hello){0};
    if (!open_message(message, TLS_SERVER_HELLO, &body, &is_cut))
        return FIELD_ABSENT;
    enum verdict cut_short = is_cut ? FIELD_PARTIAL : FIELD_MALFORMED;
    out->is_cut = is_cut;

    if (!span_take_u16(&body, &out->legacy_version))
        return cut_short;
    out->version = out->legacy_version;
    if (!span_take(&body, RANDOM_LEN, &out->random))
        return cut_short;
    out->is_retry = memcmp(out->random.ptr, retry_random, RANDOM_LEN) == 0;

    /* Drafts up to 21 of TLS 1.3 had neither session id nor compression, and their number as version. */
    bool is_draft = out->legacy_version >> 8 == 0x7f;
    if ((!is_draft && !take_vec8(&body, &session_id)) || !span_take_u16(&body, &out->cipher) ||
        (!is_draft && !span_take_u8(&body, &compression)))
        return cut_short;

    if (!open_extensions(body, &out->extensions))
        out->is_cut = true;
    read_server_extensions(out);
    return cut_short == FIELD_PARTIAL ? FIELD_PARTIAL : FIELD_FOUND;
}

enum verdict tls_sslv2_hello_read(struct span in, struct tls_client_hello *out)
{
    uint16_t header, ciphers_len, session_id_len, challenge_len;
    uint8_t type;

    *out = (struct tls_client_hello){.is_sslv2 = true, .is_cut = true};
    if ((in.len > 0 && in.ptr[0] < 0x80) || (in.len > 2 && in.ptr[2] != TLS_CLIENT_HELLO))
        return FIELD_ABSENT;
    if (!span_take_u16(&in, &header))
        return FIELD_PARTIAL;
    struct span body = span_first(in, header & 0x7fff);
    out->is_cut = body.len < (header & 0x7fff);
    enum verdict cut_short = out->is_cut ? FIELD_PARTIAL : FIELD_MALFORMED;

    if (!span_take_u8(&body, &type) || !span_take_u16(&body, &out->legacy_version))
        return cut_short;
    out->version = out->legacy_version;
    if (!span_take_u16(&body, &ciphers_len) || !span_take_u16(&body, &session_id_len) ||
        !span_take_u16(&body, &challenge_len) || !span_take(&body, ciphers_len, &out->ciphers) ||
        !span_take(&body, session_id_len, &out->session_id) || !span_take(&body, challenge_len, &out->random))
        return cut_short;
    return out->is_cut ? FIELD_PARTIAL : FIELD_FOUND;
}

static const char *draft_name(uint16_t version)
{
    static const char *const names[] = {
        "TLS 1.3 draft-16", "TLS 1.3 draft-17", "TLS 1.3 draft-18", "TLS 1.3 draft-19", "TLS 1.3 draft-20",
        "TLS 1.3 draft-21", "TLS 1.3 draft-22", "TLS 1.3 draft-23", "TLS 1.3 draft-24", "TLS 1.3 draft-25",
        "TLS 1.3 draft-26", "TLS 1.3 draft-27", "TLS 1.3 draft-28",
    };
    unsigned draft = version & 0xff;

    if (draft == 0 || draft > 28)
        return NULL;
    return draft < 16 ? "TLS 1.3 draft-<16" : names[draft - 16];
}

/* Facebook's experiments with the drafts. */
static const char *fb_draft_name(uint16_t version)
{
    switch (version) {
    case 0xfb14:
        return "TLS 1.3 draft-20-fb";
    case 0xfb15:
        return "TLS 1.3 draft-21-fb";
    case 0xfb16:
        return "TLS 1.3 draft-22-fb";
    case 0xfb17:
        return "TLS 1.3 draft-23-fb";
    case 0xfb1a:
        return "TLS 1.3 draft-26-fb";
    default:
        return NULL;
    }
}

static const char *hex_name(uint16_t version, char scratch[static 8])
{
    memcpy(scratch, "0x", 2);
    for (int i = 0; i < 4; i++)
        scratch[2 + i] = "0123456789abcdef"[version >> (12 - 4 * i) & 0xf];
    scratch[6] = '\0';
    return scratch;
}

const char *tls_version_name(uint16_t version, char scratch[static 8])
{
    const char *name = version >> 8 == 0x7f ? draft_name(version) : fb_draft_name(version);

    switch (version) {
    case 0x0000:
        return "UNDETERMINED";
    case 0x0002: /* as an SSLv2 hello spells it */
    case 0x0200:
        return "SSLv2";
    case 0x0300:
        return "SSLv3";
    case 0x0301:
        return "TLSv1";
    case 0x0302:
        return "TLS 1.1";
    case 0x0303:
        return "TLS 1.2";
    case 0x0304:
        return "TLS 1.3";
    case 0x0100: /* before its RFC */
    case 0xfeff:
        return "DTLS 1.0";
    case 0xfefd:
        return "DTLS 1.2";
    case 0xfefc:
        return "DTLS 1.3";
    default:
        return name ? name : hex_name(version, scratch);
    }
}
