#pragma once
/* Fingerprints of TLS hellos: JA3 and JA3S (github.com/salesforce/ja3), JA4 of clients (FoxIO's technical_details/JA4.md). Hot and pure;
 * everything lives in the arena it is given. Only a hello that is there whole and well formed up to its last extension has any: what
 * a part of one gives is no client's. SSLv2 framing has none. */
#include "base/arena.h"
#include "sensor/extract/tls.h"

enum { FINGERPRINT_JA3 = 1, FINGERPRINT_JA4 = 2, FINGERPRINT_JA3S = 4,
       FINGERPRINT_ALL = FINGERPRINT_JA3 | FINGERPRINT_JA4 | FINGERPRINT_JA3S };
enum { JA3_HASH_LEN = 32, JA4_LEN = 36 };

/* What carries the hello: JA4's first letter. */
enum fingerprint_carrier { CARRIER_TCP = 't', CARRIER_QUIC = 'q', CARRIER_DTLS = 'd' };

struct fingerprints {
    struct span ja3_string;      /* JA3 of a client, JA3S of a server, before it is hashed; .len 0: none */
    char ja3_hash[JA3_HASH_LEN]; /* its MD5 in lower-case hex */
    char ja4[JA4_LEN];
    bool has_ja4;
};

/* Those of `kinds` (a sum of FINGERPRINT_...) that the hello has; NULL when the arena has no room.
 *
 * JA3 leaves GREASE out, JA3S does not; where groups or point formats come twice the last ones count, of lists that are cut short what
 * is there. JA4's version is the highest number in supported_versions that is not GREASE, else legacy_version: a draft of TLS 1.3 is
 * above TLS 1.3, and "00". Its ALPN is the first entry of the list, even an empty one ("00"). Nothing is capped but JA4's counts. */
const struct fingerprints *fingerprint_client(const struct tls_client_hello *h, enum fingerprint_carrier carrier, unsigned kinds,
                                              struct arena *arena);
const struct fingerprints *fingerprint_server(const struct tls_server_hello *h, unsigned kinds, struct arena *arena);

/* .len 0: none. They borrow from `f`, which may be NULL. */
static inline struct span fingerprint_ja3(const struct fingerprints *f)
{
    return span_of(f ? f->ja3_hash : NULL, f && f->ja3_string.len ? JA3_HASH_LEN : 0);
}

static inline struct span fingerprint_ja4(const struct fingerprints *f)
{
    return span_of(f ? f->ja4 : NULL, f && f->has_ja4 ? JA4_LEN : 0);
}
