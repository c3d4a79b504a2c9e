#pragma once
/* QUIC packets as clients and servers write them (RFC 9000, RFC 9001, RFC 9369): Initials are really sealed. Each put appends to `out`, or
 * nothing: false when `out` is full, or libcrypto refuses. */
#include "base/buf.h"
#include "sensor/extract/quic_initial.h"
#include "traffic/dice.h"

/* Frames that go into an Initial. */
bool quic_put_crypto(struct buf *out, uint64_t offset, struct span bytes);
bool quic_put_ack(struct buf *out, uint64_t largest);

enum { QUIC_PUT_DATAGRAM = 1200 }; /* a client's first datagram has at least so many bytes */

struct quic_put_initial {
    uint32_t version;     /* QUIC_V1, QUIC_V2 or another that is read */
    struct span dcid, scid, token;
    struct span key_id;   /* what the keys follow from: the destination id of the client's first packet; empty: dcid */
    bool is_server;
    uint32_t number;
    struct span frames;
    size_t pad_to;        /* bytes of the whole packet, made up with PADDING; 0: no more than header protection needs */
};
/* An Initial with a packet number of 4 bytes. */
bool quic_put_initial(struct buf *out, struct quic_crypto *c, const struct quic_put_initial *p);
/* Packets that nobody but their ends can open, `len` random bytes behind the header: a Handshake packet, and one with a short header. */
bool quic_put_handshake(struct buf *out, uint32_t version, struct span dcid, struct span scid, size_t len, struct dice *dice);
bool quic_put_short(struct buf *out, struct span dcid, size_t len, struct dice *dice);
