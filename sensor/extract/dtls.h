#pragma once
/* DTLS records and handshake fragments in the clear: RFC 6347 section 4, RFC 9147 sections 4 and 5 (versions 1.0, 1.2 and 1.3 begin alike). Hot
 * and pure: spans borrow from the input. What a hello says is read by sensor/extract/tls.h. */
#include "base/span.h"
#include "sensor/extract/verdict.h"

enum { DTLS_RECORD_HEADER = 13, DTLS_HANDSHAKE_HEADER = 12, DTLS_HELLO_MAX = 16 * 1024 };
enum { DTLS_HELLO_VERIFY_REQUEST = 3 }; /* a handshake type; those of hellos are TLS's */

struct dtls_fragment {
    uint8_t type;          /* of the handshake message it is part of */
    uint16_t message_seq;
    uint32_t message_len;  /* of its body */
    uint32_t offset;       /* of `bytes` in the body; offset + bytes.len <= message_len */
    struct span bytes;     /* never cut */
};

/* Could this datagram begin a conversation, or answer to its beginning? Strict: a handshake record of epoch 0 in a known version, that begins with a
 * fragment of a ClientHello, ServerHello or HelloVerifyRequest whose lengths agree. `wire_len`: of the datagram as it was sent. */
bool dtls_looks_like(struct span datagram, size_t wire_len);

/* Steps through the handshake fragments of a datagram's records; start with .records = the datagram. */
struct dtls_walk {
    struct span records; /* not yet read */
    struct span record;  /* what is left of the handshake record being read */
};

/* FIELD_FOUND: *out is the next one. FIELD_ABSENT: there are no more: records of other types are passed over, and one that is encrypted ends the walk. FIELD_PARTIAL: the
 * datagram is cut within one. FIELD_MALFORMED. Each call but the last moves on, so a datagram has at most as many as it has bytes / 12. */
enum verdict dtls_next_fragment(struct dtls_walk *w, struct dtls_fragment *out);
