#pragma once
/* The few primitives that QUIC's Initial packets need: HKDF with SHA-256 (RFC 5869, RFC 8446 section 7.1), one AES block, AES-128-GCM.
 * The one place where they come from libcrypto. Hot: contexts are made once, nothing is allocated afterwards. */
#include "base/span.h"

enum { QUIC_HASH_LEN = 32, QUIC_KEY_LEN = 16, QUIC_IV_LEN = 12, QUIC_TAG_LEN = 16, QUIC_BLOCK_LEN = 16 };

/* What labels are expanded from. */
struct quic_secret {
    uint8_t bytes[QUIC_HASH_LEN];
};

void quic_hkdf_extract(struct span salt, struct span input, struct quic_secret *out);
/* HKDF-Expand-Label with an empty context; `label` without its "tls13 ", out_len at most QUIC_HASH_LEN. */
void quic_hkdf_expand(const struct quic_secret *secret, const char *label, uint8_t *out, size_t out_len);

struct quic_crypto; /* one worker's */

struct quic_crypto *quic_crypto_new(void); /* NULL when memory is short or libcrypto has no AES */
void quic_crypto_free(struct quic_crypto *c);

/* out = AES-128-ECB(key, in). False when libcrypto refuses. */
bool quic_aes_block(struct quic_crypto *c, const uint8_t key[static QUIC_KEY_LEN],
                    const uint8_t in[static QUIC_BLOCK_LEN], uint8_t out[static QUIC_BLOCK_LEN]);
/* Opens `sealed`, its tag at the end, into `out` (room for sealed.len - QUIC_TAG_LEN). False when it is not authentic: what `out` holds then
 * must not be read. */
bool quic_gcm_open(struct quic_crypto *c, const uint8_t key[static QUIC_KEY_LEN],
                   const uint8_t iv[static QUIC_IV_LEN], struct span header, struct span sealed,
                   uint8_t *out);
/* The other way, for whoever makes such packets: `plain` and its tag into `out` (room for plain.len + QUIC_TAG_LEN). False when libcrypto refuses. */
bool quic_gcm_seal(struct quic_crypto *c, const uint8_t key[static QUIC_KEY_LEN],
                   const uint8_t iv[static QUIC_IV_LEN], struct span header, struct span plain,
                   uint8_t *out);
