/* See preamble.h. Hot.
 *
 * Either side's messages are told apart by their bytes, so nobody needs to know which side is heard. */
#include "sensor/extract/preamble.h"

enum {
    PROXY_LINE_MAX = 107,
    PROXY_HEADER = 16,
    PROXY_BYTES_MAX = 4096,
    SOCKS_METHODS_MAX = 10,
    SOCKS_TEXT_MAX = 255,
    SOCKS4_HEADER = 8,
    SOCKS5_HEADER = 4,
    LDAP_MESSAGE_MAX = 512,
    MYSQL_SSL_REQUEST = 36,
    MYSQL_GREETING_MIN = 40,
    MYSQL_GREETING_MAX = 255,
    MYSQL_CLIENT_SSL = 0x08,
};

struct expectation {
    enum outer known;
    bool is_adrift;
};

/* FIELD_FOUND: a message of `len` bytes is there, which are all there is or more. */
static enum verdict take(struct span in, size_t len, enum outer outer, struct preamble *out)
{
    out->outer = outer;
    out->len = len;
    return in.len < len ? FIELD_PARTIAL : FIELD_FOUND;
}

/* Does `in`, as far as it goes, begin with these bytes? */
static bool may_begin(struct span in, struct span mark)
{
    size_t n = in.len < mark.len ? in.len : mark.len;
    return n == 0 || memcmp(in.ptr, mark.ptr, n) == 0;
}

static enum verdict read_proxy(struct span in, const struct expectation *e, struct preamble *out)
{
    (void)e;
    static const uint8_t signature[] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
    struct span line = SPAN_LIT("PROXY ");
    if (may_begin(in, line)) {
        const uint8_t *end = memchr(in.ptr, '\n', in.len);
        if (!end)
            return in.len < PROXY_LINE_MAX ? FIELD_PARTIAL : FIELD_ABSENT;
        return end - in.ptr < PROXY_LINE_MAX ? take(in, (size_t)(end - in.ptr) + 1, OUTER_NONE, out)
                                             : FIELD_ABSENT;
    }
    if (!may_begin(in, span_of(signature, sizeof signature)))
        return FIELD_ABSENT;
    if (in.len < PROXY_HEADER)
        return in.len > sizeof signature && in.ptr[sizeof signature] >> 4 != 2 ? FIELD_ABSENT : FIELD_PARTIAL;
    size_t len = PROXY_HEADER + (size_t)load_be16(in.ptr + PROXY_HEADER - 2);
    return in.ptr[sizeof signature] >> 4 == 2 && len <= PROXY_BYTES_MAX ? take(in, len, OUTER_NONE, out)
                                                                        : FIELD_ABSENT;
}

/* ---- SOCKS ---- */

static bool is_text(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7f)
            return false;
    return true;
}

/* A text that ends in a NUL. */
static enum verdict take_text(struct span *in, struct span *out)
{
    const uint8_t *end = in->len ? memchr(in->ptr, 0, in->len) : NULL;
    struct span seen = end ? span_first(*in, (size_t)(end - in->ptr)) : *in;
    if (seen.len > SOCKS_TEXT_MAX || !is_text(seen))
        return FIELD_ABSENT;
    if (!end)
        return FIELD_PARTIAL;
    *out = seen;
    span_skip(in, seen.len + 1);
    return FIELD_FOUND;
}

static enum verdict read_socks4(struct span in, struct preamble *out)
{
    struct span rest = span_from(in, SOCKS4_HEADER), user, host = {0};
    if (in.len > 1 && in.ptr[1] != 1 && in.ptr[1] != 2)
        return FIELD_ABSENT;
    if (in.len < SOCKS4_HEADER)
        return FIELD_PARTIAL;
    uint32_t address = load_be32(in.ptr + 4);
    enum verdict v = address ? take_text(&rest, &user) : FIELD_ABSENT;
    if (v == FIELD_FOUND && address < 0x100) /* 4a: 0.0.0.x says that a name follows */
        v = take_text(&rest, &host);
    if (v != FIELD_FOUND)
        return v;
    out->has_request = true;
    out->request = (struct socks_request){
        .version = 4, .port = load_be16(in.ptr + 2), .host = host, .ip = ip_from_v4(in.ptr + 4)};
    return take(in, in.len - rest.len, OUTER_SOCKS, out);
}

static bool is_socks_method(uint8_t m)
{
    return m < SOCKS_METHODS_MAX || m >= 0x80;
}

/* A client's methods, or the one that a server chose: what comes next tells the choice from the start of an answer. Where methods
 * are not expected they have to fill the segment. */
static enum verdict read_socks5_greeting(struct span in, bool is_known, struct preamble *out)
{
    if (in.len < 2 || (in.len == 2 && (in.ptr[1] == 0 || is_known)))
        return FIELD_PARTIAL;
    size_t len = 2 + (size_t)in.ptr[1];
    bool is_choice = in.ptr[1] == 0 || (is_known && in.ptr[1] != 1 && is_socks_method(in.ptr[1]));
    if (is_choice && (in.ptr[2] == 5 || in.ptr[2] == 1))
        return take(in, 2, OUTER_SOCKS, out);
    if (in.ptr[1] == 0 || in.ptr[1] > SOCKS_METHODS_MAX)
        return FIELD_ABSENT;
    for (size_t i = 2; i < in.len && i < len; i++)
        if (!is_socks_method(in.ptr[i]))
            return FIELD_ABSENT;
    if (in.len > len && !is_known && in.ptr[len] != 5 && in.ptr[len] != 1)
        return FIELD_ABSENT;
    return take(in, len, OUTER_SOCKS, out);
}

/* Name and password: what is sent, and the answer to it. */
static enum verdict read_socks5_password(struct span in, struct preamble *out)
{
    if (in.len < 2)
        return FIELD_PARTIAL;
    size_t name_len = in.ptr[1];
    if (name_len == 0)
        return take(in, 2, OUTER_SOCKS, out);
    if (in.len < 3 + name_len)
        return FIELD_PARTIAL;
    return take(in, 3 + name_len + in.ptr[2 + name_len], OUTER_SOCKS, out);
}

/* A request, or the answer, which has the same shape: nobody but a client asks, so an answer's address is left alone. */
static enum verdict read_socks5_request(struct span in, struct preamble *out)
{
    if (in.len < SOCKS5_HEADER + 1)
        return FIELD_PARTIAL;
    struct span address = span_from(in, SOCKS5_HEADER);
    uint8_t kind = in.ptr[3];
    size_t address_len = kind == 1 ? 4 : kind == 4 ? 16 : 1 + (size_t)address.ptr[0];
    size_t len = SOCKS5_HEADER + address_len + 2;
    if (kind != 1 && kind != 3 && kind != 4)
        return FIELD_ABSENT;
    if (in.len < len)
        return FIELD_PARTIAL;
    out->has_request = in.ptr[1] >= 1 && in.ptr[1] <= 3;
    out->request = (struct socks_request){.version = 5, .port = load_be16(in.ptr + len - 2)};
    if (kind == 3)
        out->request.host = span_of(address.ptr + 1, address_len - 1);
    else
        out->request.ip = kind == 1 ? ip_from_v4(address.ptr) : ip_from_v6(address.ptr);
    return take(in, len, OUTER_SOCKS, out);
}

static enum verdict read_socks(struct span in, const struct expectation *e, struct preamble *out)
{
    bool is_known = e->known == OUTER_SOCKS;
    if (!is_known && (e->is_adrift || e->known != OUTER_NONE))
        return FIELD_ABSENT;
    switch (in.ptr[0]) {
    case 5:
        if (is_known && in.len > 2 && in.ptr[2] == 0 && in.ptr[1] <= 8)
            return read_socks5_request(in, out);
        return read_socks5_greeting(in, is_known, out);
    case 4:
        return read_socks4(in, out);
    case 1:
        return is_known ? read_socks5_password(in, out) : FIELD_ABSENT;
    case 0: /* SOCKS 4: granted, or why not */
        if (!is_known || (in.len > 1 && (in.ptr[1] < 0x5a || in.ptr[1] > 0x5d)))
            return FIELD_ABSENT;
        return take(in, SOCKS4_HEADER, OUTER_SOCKS, out);
    default:
        return FIELD_ABSENT;
    }
}

/* ---- requests for TLS ---- */

/* The server says 'S' and goes on with its hello, or 'N'. */
static enum verdict read_pgsql(struct span in, const struct expectation *e, struct preamble *out)
{
    static const uint8_t ssl[] = {0, 0, 0, 8, 4, 210, 22, 47}, gss[] = {0, 0, 0, 8, 4, 210, 22, 48};
    if (may_begin(in, span_of(ssl, sizeof ssl)) || may_begin(in, span_of(gss, sizeof gss)))
        return take(in, sizeof ssl, OUTER_PGSQL, out);
    bool is_answer = in.ptr[0] == 'S' || (in.ptr[0] == 'N' && e->known == OUTER_PGSQL);
    bool is_hello = in.len > 2 && in.ptr[1] == 22 && in.ptr[2] == 3;
    if (is_answer && (is_hello || (e->known == OUTER_PGSQL && in.len == 1)))
        return take(in, 1, OUTER_PGSQL, out);
    return is_answer && (in.len == 1 || (in.len == 2 && in.ptr[1] == 22)) ? FIELD_PARTIAL : FIELD_ABSENT;
}

/* A server's greeting (protocol 10), and a client's SSLRequest. */
static enum verdict read_mysql(struct span in, const struct expectation *e, struct preamble *out)
{
    if (e->is_adrift)
        return FIELD_ABSENT;
    if (in.len < 5)
        return in.len < 3 || (in.ptr[1] == 0 && in.ptr[2] == 0) ? FIELD_PARTIAL : FIELD_ABSENT;
    size_t body_len = in.ptr[0];
    if (in.ptr[1] || in.ptr[2])
        return FIELD_ABSENT;
    if (in.ptr[3] == 0 && in.ptr[4] == 10 && body_len >= MYSQL_GREETING_MIN && body_len <= MYSQL_GREETING_MAX)
        return in.len < 6 || (in.ptr[5] >= '0' && in.ptr[5] <= '9') ? take(in, 4 + body_len, OUTER_MYSQL, out)
                                                                    : FIELD_ABSENT;
    if (in.ptr[3] != 1 || 4 + body_len != MYSQL_SSL_REQUEST)
        return FIELD_ABSENT;
    for (size_t i = 13; i < in.len && i < MYSQL_SSL_REQUEST; i++)
        if (in.ptr[i])
            return FIELD_ABSENT;
    return in.len < 6 || in.ptr[5] & MYSQL_CLIENT_SSL ? take(in, MYSQL_SSL_REQUEST, OUTER_MYSQL, out)
                                                      : FIELD_ABSENT;
}

/* The length of a BER value; the encoding has one or two bytes more behind 0x81 or 0x82. */
static enum verdict take_ber_len(struct span *in, size_t *out)
{
    uint8_t first, byte;
    if (!span_take_u8(in, &first))
        return FIELD_PARTIAL;
    *out = first;
    if (first < 0x80)
        return FIELD_FOUND;
    if (first < 0x81 || first > 0x84)
        return FIELD_ABSENT;
    *out = 0;
    for (unsigned i = 0; i < first - 0x80u; i++) {
        if (!span_take_u8(in, &byte))
            return FIELD_PARTIAL;
        *out = *out << 8 | byte;
    }
    return FIELD_FOUND;
}

/* A message whose operation is ExtendedRequest or ExtendedResponse. */
static enum verdict read_ldap(struct span in, const struct expectation *e, struct preamble *out)
{
    (void)e;
    struct span rest = span_from(in, 1), id;
    size_t len;
    uint8_t tag, id_len, operation;
    if (in.ptr[0] != 0x30)
        return FIELD_ABSENT;
    enum verdict v = take_ber_len(&rest, &len);
    if (v != FIELD_FOUND)
        return v;
    size_t message_len = in.len - rest.len + len;
    if (len > LDAP_MESSAGE_MAX)
        return FIELD_ABSENT;
    if (!span_take_u8(&rest, &tag))
        return FIELD_PARTIAL;
    if (tag != 2)
        return FIELD_ABSENT;
    if (!span_take_u8(&rest, &id_len))
        return FIELD_PARTIAL;
    if (id_len == 0 || id_len > 4)
        return FIELD_ABSENT;
    if (!span_take(&rest, id_len, &id) || !span_take_u8(&rest, &operation))
        return FIELD_PARTIAL;
    return operation == 0x77 || operation == 0x78 ? take(in, message_len, OUTER_LDAP, out) : FIELD_ABSENT;
}

enum verdict preamble_read(struct span in, enum outer known, bool is_adrift, struct preamble *out)
{
    static enum verdict (*const readers[])(struct span in, const struct expectation *e,
                                           struct preamble *out) = {
        read_proxy, read_socks, read_pgsql, read_mysql, read_ldap,
    };
    const struct expectation e = {known, is_adrift};
    bool may_be = in.len == 0;
    for (size_t i = 0; in.len && i < sizeof readers / sizeof *readers; i++) {
        *out = (struct preamble){0};
        enum verdict v = readers[i](in, &e, out);
        if (v == FIELD_FOUND)
            return v;
        may_be |= v == FIELD_PARTIAL;
    }
    return may_be ? FIELD_PARTIAL : FIELD_ABSENT;
}
