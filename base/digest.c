/* See digest.h. Hot.
 *
 * These are SHA1_Init and its kin, which OpenSSL 3 calls deprecated: the new interfaces, MD5() and SHA256() among them, look the
 * algorithm up under a lock that all threads share, and allocate, for each of a few bytes (590 against 150 ns for a SHA-1 of 40). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <assert.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

static_assert(sizeof(SHA256_CTX) <= sizeof(struct digest), "a SHA-256 has to fit");
static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct digest), "and to lie right");

void digest_md5(struct span in, uint8_t out[static DIGEST_MD5_LEN])
{
    MD5_CTX md5;
    MD5_Init(&md5);
    MD5_Update(&md5, in.ptr, in.len);
    MD5_Final(out, &md5);
}

void digest_sha1(struct span in, uint8_t out[static DIGEST_SHA1_LEN])
{
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, in.ptr, in.len);
    SHA1_Final(out, &sha);
}

void digest_sha256_begin(struct digest *d)
{
    SHA256_Init((SHA256_CTX *)d->state);
}

void digest_sha256_add(struct digest *d, struct span in)
{
    SHA256_Update((SHA256_CTX *)d->state, in.ptr, in.len);
}

void digest_sha256_end(struct digest *d, uint8_t out[static DIGEST_SHA256_LEN])
{
    SHA256_Final(out, (SHA256_CTX *)d->state);
}

void digest_hex(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 0xf];
    }
}
