/* TLS records, hot: one record, the first handshake message of a run of records, and the question whether a
 * stream is TLS at all. The contract is in tls.h; what a message says is read in tls.c.
 *
 * A handshake message may be cut into records anywhere, even inside its 4-byte header, and evasion tools
 * do so. So gathering and sniffing both walk fragments, never records: a walk hides where the cuts are. As
 * long as the message lies in one fragment it is borrowed; the copy begins with the second fragment that
 * has bytes. */
#include "sensor/extract/tls.h"

enum {
    RECORD_HEADER_LEN = 5,
    MESSAGE_HEADER_LEN = 4,
    PLAINTEXT_MAX = 16384,
    /* A ClientHello of empty vectors, without extensions; a ServerHello is not shorter. */
    HELLO_MIN = 2 + 32 + 1 + 2 + 1,
    /* One whose every vector is as long as its length field can say. */
    HELLO_MAX = 2 + 32 + (1 + 255) + (2 + 65535) + (1 + 255) + (2 + 65535),
    /* SSLv2: what stands between the record header and the vectors; the sizes these may have. */
    SSLV2_FIXED_LEN = 9,
    SSLV2_CIPHER_LEN = 3,
    SSLV2_CHALLENGE_MIN = 16,
    SSLV2_CHALLENGE_MAX = 32,
    SSLV2_SESSION_ID_LEN = 16,
};

/* Is the record header plausible as far as its bytes are there? Receivers have to ignore the version (RFC 8446, section 5.1), and do so but
 * for its first byte. */
static bool header_fits(struct span in)
{
    return (in.len < 1 || (in.ptr[0] >= TLS_CHANGE_CIPHER_SPEC && in.ptr[0] <= TLS_HEARTBEAT)) &&
           (in.len < 2 || in.ptr[1] == 3) && (in.len < 4 || in.ptr[3] <= TLS_RECORD_MAX >> 8) &&
           (in.len < 5 || load_be16(in.ptr + 3) <= TLS_RECORD_MAX);
}

enum verdict tls_record_read(struct span in, struct tls_record *out)
{
    if (!header_fits(in))
        return FIELD_MALFORMED;
    if (in.len < RECORD_HEADER_LEN)
        return FIELD_PARTIAL;

    size_t fragment_len = load_be16(in.ptr + 3);
    *out = (struct tls_record){
        .type = in.ptr[0],
        .version = load_be16(in.ptr + 1),
        .fragment = span_first(span_from(in, RECORD_HEADER_LEN), fragment_len),
        .record_len = RECORD_HEADER_LEN + fragment_len,
    };
    return in.len < out->record_len ? FIELD_PARTIAL : FIELD_FOUND;
}

/* Steps through the fragments of a run of handshake records. */
struct walk {
    struct span rest; /* after the record last read: empty, or less than a header, at the end */
    size_t n_missing; /* bytes of the record last read that are not there */
    unsigned n_empty;
};

/* FIELD_FOUND: *out has bytes, of a cut record too. FIELD_PARTIAL: no more of them here. FIELD_MALFORMED. */
static enum verdict walk_next(struct walk *w, struct span *out)
{
    while (w->n_empty <= TLS_EMPTY_MAX) {
        struct tls_record record;
        enum verdict v = tls_record_read(w->rest, &record);
        if (v == FIELD_MALFORMED || (w->rest.len > 0 && w->rest.ptr[0] != TLS_HANDSHAKE))
            return FIELD_MALFORMED;
        if (w->rest.len < RECORD_HEADER_LEN)
            return FIELD_PARTIAL;

        w->n_missing = v == FIELD_PARTIAL ? record.record_len - w->rest.len : 0;
        w->rest = span_from(w->rest, record.record_len);
        if (record.fragment.len > 0) {
            *out = record.fragment;
            return FIELD_FOUND;
        }
        if (w->n_missing > 0)
            return FIELD_PARTIAL;
        w->n_empty++;
    }
    return FIELD_MALFORMED;
}

/* The length of the message that `have` starts, its header included; the least it can be while that is
 * cut. */
static size_t message_len(struct span have)
{
    return have.len < MESSAGE_HEADER_LEN ? MESSAGE_HEADER_LEN
                                         : MESSAGE_HEADER_LEN + (load_be32(have.ptr) & 0xffffff);
}

/* `have` and `fragment` end to end in `scratch`, as far as there is room. */
static struct span append(struct span have, struct span fragment, uint8_t *scratch, size_t room)
{
    if (have.ptr != scratch)
        memcpy(scratch, have.ptr, have.len);
    fragment = span_first(fragment, room - have.len);
    memcpy(scratch + have.len, fragment.ptr, fragment.len);
    return span_of(scratch, have.len + fragment.len);
}

/* The least length of the whole input with which the message can be complete: one more record brings the
 * rest, unless the last one does. */
static size_t want_len(const struct walk *w, size_t in_len, struct span have)
{
    size_t missing = message_len(have) - have.len;

    return in_len + missing + (missing > w->n_missing ? RECORD_HEADER_LEN - w->rest.len : 0);
}

/* A message as far as it was found, and where that was. */
struct gathered {
    struct span have; /* its bytes; more than them when it is whole and others follow in the record */
    size_t total;     /* its length, or the least it can be */
    size_t last_at;   /* where in the input the fragment begins that was read last */
    size_t before;    /* bytes gathered before that fragment */
    size_t last_len;  /* that fragment's length, the bytes that are not there included */
};

/* FIELD_FOUND: the message is whole. One that has no room is FIELD_PARTIAL when the room is full. */
static enum verdict gather(struct span in, struct walk *w, struct span first, uint8_t *scratch, size_t room,
                           struct gathered *g)
{
    enum verdict v = FIELD_FOUND;
    struct span fragment = first;

    *g = (struct gathered){.total = MESSAGE_HEADER_LEN};
    while (fragment.len > 0 || (v = walk_next(w, &fragment)) == FIELD_FOUND) {
        g->before = g->have.len;
        g->last_at = (size_t)(fragment.ptr - in.ptr);
        g->last_len = fragment.len + w->n_missing;
        g->have = g->before == 0 ? fragment : append(g->have, fragment, scratch, room);
        g->total = message_len(g->have);
        if (g->have.len >= g->total || g->have.len >= room)
            return g->total <= room ? FIELD_FOUND : FIELD_PARTIAL;
        fragment.len = 0;
    }
    return v;
}

enum verdict tls_handshake_gather(struct span in, uint8_t *scratch, size_t room, struct span *out_message,
                                  size_t *out_used, size_t *out_want)
{
    struct walk w = {.rest = in};
    struct gathered g;

    if (in.len > 0 && in.ptr[0] != TLS_HANDSHAKE)
        return header_fits(in) ? FIELD_ABSENT : FIELD_MALFORMED;
    enum verdict v = gather(in, &w, span_of(in.ptr, 0), scratch, room, &g);
    if (v == FIELD_MALFORMED || g.total > room)
        return FIELD_MALFORMED;
    *out_message = span_first(g.have, v == FIELD_FOUND ? g.total : g.have.len);
    *out_used = in.len - (v == FIELD_FOUND ? w.rest.len : 0);
    if (v == FIELD_PARTIAL)
        *out_want = want_len(&w, in.len, g.have);
    return v;
}

/* Of a message that has no room the rest is asked for as if it came in one record. */
static size_t want_next(const struct walk *w, size_t in_len, const struct gathered *g, size_t room)
{
    if (g->total <= room)
        return want_len(w, in_len, g->have);
    return in_len + (g->total > g->have.len ? g->total - g->have.len : 1);
}

enum verdict tls_handshake_next(struct span in, size_t left, uint8_t *scratch, size_t room,
                                struct span *out_message, size_t *out_used, size_t *out_left,
                                size_t *out_want)
{
    struct span first = span_first(in, left);
    struct walk w = {.rest = span_from(in, left), .n_missing = left - first.len};
    struct gathered g;

    if (left == 0 && in.len > 0 && in.ptr[0] != TLS_HANDSHAKE)
        return header_fits(in) ? FIELD_ABSENT : FIELD_MALFORMED;
    enum verdict v = gather(in, &w, first, scratch, room, &g);
    if (v == FIELD_MALFORMED)
        return v;
    if (v == FIELD_PARTIAL) {
        *out_message = span_first(g.have, room);
        *out_used = in.len;
        *out_left = 0;
        *out_want = want_next(&w, in.len, &g, room);
        return v;
    }
    *out_message = span_first(g.have, g.total);
    *out_used = g.last_at + (g.total - g.before);
    *out_left = g.last_len - (g.total - g.before);
    return FIELD_FOUND;
}

/* The start of a hello: its message header and version. */
struct hello_head {
    uint8_t bytes[MESSAGE_HEADER_LEN + 2];
    size_t n;
};

static enum verdict head_read(struct span in, struct hello_head *out)
{
    struct walk w = {.rest = in};
    enum verdict v = FIELD_PARTIAL;
    struct span fragment;

    while (out->n < sizeof(out->bytes) && (v = walk_next(&w, &fragment)) == FIELD_FOUND) {
        fragment = span_first(fragment, sizeof(out->bytes) - out->n);
        memcpy(out->bytes + out->n, fragment.ptr, fragment.len);
        out->n += fragment.len;
    }
    return v;
}

/* Can these be the first bytes of a hello of this type? Its record may go on after its end: a ServerHello has
 * company, and servers answer a ClientHello that has some, though nobody sends one so but to be overlooked. */
static bool head_fits(const struct hello_head *head, uint8_t type)
{
    const uint8_t *b = head->bytes;
    size_t body_len = head->n < MESSAGE_HEADER_LEN ? HELLO_MAX : load_be32(b) & 0xffffff;
    bool is_client = type == TLS_CLIENT_HELLO;

    /* Drafts 16 to 21 of TLS 1.3 put their number (0x7f12) where the ServerHello has its version. */
    return (head->n < 1 || b[0] == type) && (head->n < 2 || b[1] <= HELLO_MAX >> 16) &&
           body_len >= HELLO_MIN && body_len <= HELLO_MAX &&
           (head->n < 5 || b[4] == 3 || (b[4] == 0x7f && !is_client));
}

static enum verdict sniff_hello(struct span in, uint8_t type)
{
    struct hello_head head = {.n = 0};
    enum verdict v = head_read(in, &head);

    /* A record may be longer only when it is encrypted, which the first can't be. */
    if (in.len > 3 && (in.ptr[3] << 8 | (in.len > 4 ? in.ptr[4] : 0)) > PLAINTEXT_MAX)
        return FIELD_MALFORMED;
    return v == FIELD_MALFORMED || !head_fits(&head, type) ? FIELD_MALFORMED : v;
}

/* SSLv2 framing has no magic number, so here the lengths have to add up. */
static enum verdict sniff_sslv2(struct span in)
{
    uint16_t record_len, version, ciphers_len, session_id_len, challenge_len;
    uint8_t type;

    if (!span_take_u16(&in, &record_len))
        return FIELD_PARTIAL;
    record_len &= 0x7fff;
    if (record_len < SSLV2_FIXED_LEN + SSLV2_CIPHER_LEN + SSLV2_CHALLENGE_MIN)
        return FIELD_MALFORMED;
    if (!span_take_u8(&in, &type))
        return FIELD_PARTIAL;
    if (type != TLS_CLIENT_HELLO)
        return FIELD_MALFORMED;
    if (!span_take_u16(&in, &version))
        return FIELD_PARTIAL;
    if (version != 0x0002 && (version < 0x0300 || version > 0x0304))
        return FIELD_MALFORMED;
    if (!span_take_u16(&in, &ciphers_len))
        return FIELD_PARTIAL;
    if (ciphers_len == 0 || ciphers_len % SSLV2_CIPHER_LEN != 0 || ciphers_len > record_len)
        return FIELD_MALFORMED;
    if (!span_take_u16(&in, &session_id_len))
        return FIELD_PARTIAL;
    if (session_id_len != 0 && session_id_len != SSLV2_SESSION_ID_LEN)
        return FIELD_MALFORMED;
    if (!span_take_u16(&in, &challenge_len))
        return FIELD_PARTIAL;
    if (challenge_len < SSLV2_CHALLENGE_MIN || challenge_len > SSLV2_CHALLENGE_MAX)
        return FIELD_MALFORMED;
    return SSLV2_FIXED_LEN + ciphers_len + session_id_len + challenge_len == record_len ? FIELD_FOUND
                                                                                        : FIELD_MALFORMED;
}

/* An alert in the clear: two bytes, level (warning or fatal) and description. */
static enum verdict sniff_alert(struct span in)
{
    if (!header_fits(in) || (in.len > 3 && in.ptr[3] != 0) || (in.len > 4 && in.ptr[4] != 2))
        return FIELD_MALFORMED;
    if (in.len <= RECORD_HEADER_LEN)
        return FIELD_PARTIAL;
    return in.ptr[5] == 1 || in.ptr[5] == 2 ? FIELD_ABSENT : FIELD_MALFORMED;
}

enum verdict tls_sniff_client(struct span in)
{
    if (in.len > 0 && in.ptr[0] >= 0x80)
        return sniff_sslv2(in);
    return sniff_hello(in, TLS_CLIENT_HELLO);
}

enum verdict tls_sniff_server(struct span in)
{
    if (in.len > 0 && in.ptr[0] == TLS_ALERT)
        return sniff_alert(in);
    return sniff_hello(in, TLS_SERVER_HELLO);
}

enum verdict tls_sniff_certificate(struct span in)
{
    /* record header, message header, list length, certificate length, and the head of a DER SEQUENCE with a length of two bytes */
    enum { TYPE_AT = 5, LEN_AT = 6, LIST_AT = 9, FIRST_AT = 12, DER_AT = 15, HEAD_LEN = 19 };
    const uint8_t *b = in.ptr;

    if (!header_fits(in) || (in.len > 0 && b[0] != TLS_HANDSHAKE) ||
        (in.len > TYPE_AT && b[TYPE_AT] != TLS_CERTIFICATE) || (in.len > DER_AT && b[DER_AT] != 0x30) ||
        (in.len > DER_AT + 1 && b[DER_AT + 1] != 0x82))
        return FIELD_MALFORMED;
    if (in.len < HEAD_LEN)
        return FIELD_PARTIAL;
    uint32_t message = load_be32(b + TYPE_AT) & 0xffffff, list = load_be32(b + LIST_AT - 1) & 0xffffff,
             first = load_be32(b + FIRST_AT - 1) & 0xffffff;
    return message == list + 3 && list >= first + 3 && first == load_be16(b + DER_AT + 2) + 4u
               ? FIELD_FOUND
               : FIELD_MALFORMED;
}
