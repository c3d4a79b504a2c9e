#pragma once
/* A client's Initial packets opened: their keys follow from the packet's own destination connection id (RFC 9001 section 5.2, RFC 9369
 * section 3.3), so whoever sees the packet can read it. Then the CRYPTO frames within (RFC 9000 section 19.6). Hot. */
#include "sensor/extract/quic.h"
#include "sensor/extract/quic_crypto.h"

struct quic_keys {
    uint8_t key[QUIC_KEY_LEN], iv[QUIC_IV_LEN], hp[QUIC_BLOCK_LEN];
};

/* Of what a client (a server) sends on the connection whose first Initial had this destination id. `version` is one that is read. */
void quic_initial_keys(uint32_t version, struct span dcid, bool is_server, struct quic_keys *out);

/* Open `p`, an Initial that is there whole. FIELD_FOUND: *out_plain is its frames, in `room` (p->packet.len bytes at least), and *io_next, one more
 * than the highest packet number opened before (0 at first), has moved on. FIELD_ABSENT: these keys do not open it; *io_next is as it was.
 * FIELD_MALFORMED: too short to be one. */
enum verdict quic_initial_open(struct quic_crypto *c, const struct quic_keys *k, const struct quic_long *p,
                               uint64_t *io_next, uint8_t *room, struct span *out_plain);

struct quic_part {
    uint64_t offset;   /* in the stream of handshake messages */
    struct span bytes; /* may be empty */
};

/* The next CRYPTO frame in *io_rest, which moves behind it; PADDING, PING, ACK and CONNECTION_CLOSE are passed over. FIELD_ABSENT: no more.
 * FIELD_MALFORMED: a frame that an Initial must not have, or one that does not fit. */
enum verdict quic_next_crypto(struct span *io_rest, struct quic_part *out);
