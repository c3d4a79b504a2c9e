#pragma once
/* QUIC long headers (RFC 9000 section 17.2, RFC 9369 section 3.2, RFC 8999): what a datagram says of itself before anything is
 * decrypted. Hot and pure: spans borrow from the input, nothing is allocated. */
#include "base/span.h"
#include "sensor/extract/verdict.h"

enum quic_type { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY, QUIC_NEGOTIATION };
enum { QUIC_ID_MAX = 20, QUIC_VERSION_TEXT_MAX = 16 };
enum { QUIC_V1 = 1, QUIC_V2 = 0x6b3343cf };

/* What is known of a version number. */
enum quic_version_kind {
    QUIC_VERSION_NONE, /* no number that QUIC is known to use: the datagram is probably something else */
    QUIC_VERSION_READ, /* v1, v2, drafts 22 to 34, those of mvfst: what quic_initial.h opens */
    QUIC_VERSION_UNREAD, /* QUIC, but of another kind: earlier drafts, Google's, reserved numbers that provoke a negotiation */
};
enum quic_version_kind quic_version_kind(uint32_t version);

/* As EVE's quic.version says it: "1", "2", "draft-29", others as eight hex digits. Returns `scratch`. */
const char *quic_version_name(uint32_t version, char scratch[static QUIC_VERSION_TEXT_MAX]);

struct quic_long {
    enum quic_type type;
    uint32_t version;
    struct span dcid, scid;
    struct span packet; /* this packet alone, as far as it was captured; a datagram may hold more behind it */
    size_t number_at; /* where the protected packet number begins (QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE) */
};

/* Is it worth reading? Long header, fixed bit, a version of the kind QUIC_VERSION_READ or QUIC_VERSION_UNREAD; five bytes are looked at. */
bool quic_looks_like(struct span in);

/* The long-header packet at the start of `in`, which was `wire_len` bytes before it was captured.
 * FIELD_FOUND: all of it is there. FIELD_PARTIAL: the capture cut it; *out has what was read. FIELD_ABSENT: no long header, or of a version
 * that is not read (then type and version are set, and nothing else can be known). FIELD_MALFORMED: an identifier longer than 20 bytes, a length
 * that does not fit the datagram. *out is zero but for what was read. Retry and version negotiation take the rest of the datagram. */
enum verdict quic_long_read(struct span in, size_t wire_len, struct quic_long *out);

/* A variable-length integer (RFC 9000 section 16). */
bool quic_take_varint(struct span *s, uint64_t *out);
