/* See dtls.h. Hot. */
#include "sensor/extract/dtls.h"

#include "sensor/extract/tls.h"

enum { RECORD_MAX = 16384 + 2048, HELLO_BODY_MIN = 2 + 32 + 1 };

/* 1.0, 1.2, and 0x0100 as before the RFC. DTLS 1.3 calls itself 1.2 here. */
static bool is_version(uint16_t version)
{
    return version == 0xfeff || version == 0xfefd || version == 0x0100;
}

static uint32_t load_be24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* The fragment at the start of a record, which moves past it. */
static enum verdict take_fragment(struct span *record, struct dtls_fragment *out)
{
    struct span header, rest = *record;
    if (!span_take(&rest, DTLS_HANDSHAKE_HEADER, &header))
        return FIELD_PARTIAL;
    *out = (struct dtls_fragment){
        .type = header.ptr[0],
        .message_len = load_be24(header.ptr + 1),
        .message_seq = load_be16(header.ptr + 4),
        .offset = load_be24(header.ptr + 6),
    };
    uint32_t len = load_be24(header.ptr + 9);
    if (out->offset > out->message_len || len > out->message_len - out->offset)
        return FIELD_MALFORMED;
    if (!span_take(&rest, len, &out->bytes))
        return FIELD_PARTIAL;
    *record = rest;
    return FIELD_FOUND;
}

bool dtls_looks_like(struct span datagram, size_t wire_len)
{
    const uint8_t *p = datagram.ptr;
    if (datagram.len < DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER || p[0] != TLS_HANDSHAKE ||
        !is_version(load_be16(p + 1)) || load_be16(p + 3) != 0)
        return false;
    size_t record_len = load_be16(p + 11);
    uint32_t message_len = load_be24(p + 14), offset = load_be24(p + 19), len = load_be24(p + 22);
    bool is_hello = p[13] == TLS_CLIENT_HELLO || p[13] == TLS_SERVER_HELLO;
    return (is_hello || p[13] == DTLS_HELLO_VERIFY_REQUEST) && record_len >= DTLS_HANDSHAKE_HEADER &&
           DTLS_RECORD_HEADER + record_len <= wire_len && len <= record_len - DTLS_HANDSHAKE_HEADER &&
           offset <= message_len && len <= message_len - offset && message_len <= DTLS_HELLO_MAX &&
           (!is_hello || message_len >= HELLO_BODY_MIN);
}

enum verdict dtls_next_fragment(struct dtls_walk *w, struct dtls_fragment *out)
{
    while (w->record.len == 0) {
        struct span header;
        if (w->records.len == 0)
            return FIELD_ABSENT;
        if (!span_take(&w->records, DTLS_RECORD_HEADER, &header))
            return FIELD_PARTIAL;
        size_t len = load_be16(header.ptr + 11);
        if (!is_version(load_be16(header.ptr + 1)) || len > RECORD_MAX)
            return FIELD_MALFORMED;
        if (load_be16(header.ptr + 3) != 0)
            return FIELD_ABSENT;
        struct span record = span_first(w->records, len);
        w->records = span_from(w->records, len);
        if (header.ptr[0] == TLS_HANDSHAKE)
            w->record = record;
    }
    return take_fragment(&w->record, out);
}
