#pragma once
/* TLS handshake messages (RFC 8446, RFC 5246) as browsers and servers write them, and the records they travel in. Each put appends to
 * `out`, or nothing: false when `out` is full or a part is longer than its length field can say. */
#include "base/buf.h"
#include "traffic/dice.h"

enum { TLS_PUT_1_0 = 0x0301, TLS_PUT_1_1 = 0x0302, TLS_PUT_1_2 = 0x0303, TLS_PUT_1_3 = 0x0304 };
enum { TLS_PUT_RECORD_MAX = 16384, TLS_PUT_NAMES_MAX = 4 };

enum tls_put_flag {
    TLS_PUT_GREASE = 1,       /* reserved values among the others (RFC 8701) */
    TLS_PUT_POST_QUANTUM = 2, /* a key share of X25519MLKEM768: 1,216 bytes, so that the hello takes two segments */
    TLS_PUT_ECH = 4,          /* an encrypted_client_hello extension: the names are then the outer ones */
    TLS_PUT_QUIC = 8,         /* of a hello in QUIC: transport parameters, no session id */
};

struct tls_put_hello {
    uint16_t version;                     /* the highest that is offered: TLS_PUT_1_... */
    struct span names[TLS_PUT_NAMES_MAX]; /* host names in server_name; none: no such extension */
    unsigned n_names;
    struct span alpn[TLS_PUT_NAMES_MAX];
    unsigned n_alpn;
    unsigned flags;
};

/* A ClientHello, without record. With `dice` at the same point it is the same. */
bool tls_put_client_hello(struct buf *out, const struct tls_put_hello *h, struct dice *dice);
/* A ServerHello that answers it: that version, the first of `alpn` (up to 1.2, where it is in the clear). */
bool tls_put_server_hello(struct buf *out, const struct tls_put_hello *h, struct dice *dice);
/* A Certificate message as TLS up to 1.2 has it: certificates in DER, the server's own first. */
bool tls_put_certificate(struct buf *out, const struct span *der, size_t n);
/* Handshake messages in records of at most `most` bytes (0: TLS_PUT_RECORD_MAX). `version` is the record's. */
bool tls_put_records(struct buf *out, uint16_t version, struct span messages, size_t most);
/* One record of application data, `len` random bytes. */
bool tls_put_data(struct buf *out, size_t len, struct dice *dice);
