#pragma once
/* MD5, SHA-1, SHA-256: names for things, nothing here keeps a secret. The one door to libcrypto's digests. Hot: nothing is allocated,
 * no lock is taken, nothing fails. */
#include "base/span.h"

enum { DIGEST_MD5_LEN = 16, DIGEST_SHA1_LEN = 20, DIGEST_SHA256_LEN = 32 };

void digest_md5(struct span in, uint8_t out[static DIGEST_MD5_LEN]);
void digest_sha1(struct span in, uint8_t out[static DIGEST_SHA1_LEN]);

/* A SHA-256 in the making, for what does not lie in one piece. Holds no memory: may be left at any time. */
struct digest {
    uint64_t state[16];
};

void digest_sha256_begin(struct digest *d);
void digest_sha256_add(struct digest *d, struct span in);
void digest_sha256_end(struct digest *d, uint8_t out[static DIGEST_SHA256_LEN]);

/* Lower-case hex of `n` bytes, 2 * n characters, no NUL. */
void digest_hex(const uint8_t *bytes, size_t n, char *out);
