/* Hot; see quic_crypto.h. Ciphers are fetched once and their contexts get new keys; digests are base/digest.h's, which take no lock. */
#include "sensor/extract/quic_crypto.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/digest.h"

enum { SHA_BLOCK = 64, LABEL_MAX = 24 };

struct quic_crypto {
    EVP_CIPHER_CTX *block, *gcm; /* owned */
};

static void hmac_begin(struct digest *c, struct span key, uint8_t pad)
{
    uint8_t block[SHA_BLOCK];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len && i < sizeof block; i++)
        block[i] ^= key.ptr[i];
    digest_sha256_begin(c);
    digest_sha256_add(c, span_of(block, sizeof block));
}

/* Keys here are salts of 20 bytes and secrets of 32: none is longer than a block. */
static void hmac(struct span key, struct span input, uint8_t out[static QUIC_HASH_LEN])
{
    struct digest c;
    hmac_begin(&c, key, 0x36);
    digest_sha256_add(&c, input);
    digest_sha256_end(&c, out);
    hmac_begin(&c, key, 0x5c);
    digest_sha256_add(&c, span_of(out, QUIC_HASH_LEN));
    digest_sha256_end(&c, out);
}

void quic_hkdf_extract(struct span salt, struct span input, struct quic_secret *out)
{
    hmac(salt, input, out->bytes);
}

void quic_hkdf_expand(const struct quic_secret *secret, const char *label, uint8_t *out, size_t out_len)
{
    static const char prefix[] = "tls13 ";
    enum { PREFIX_LEN = sizeof prefix - 1 };
    uint8_t info[3 + PREFIX_LEN + LABEL_MAX + 2], digest[QUIC_HASH_LEN];
    size_t label_len = strnlen(label, LABEL_MAX), n = 0;

    info[n++] = 0;
    info[n++] = (uint8_t)out_len;
    info[n++] = (uint8_t)(PREFIX_LEN + label_len);
    memcpy(info + n, prefix, PREFIX_LEN);
    n += PREFIX_LEN;
    memcpy(info + n, label, label_len);
    n += label_len;
    info[n++] = 0; /* no context */
    info[n++] = 1; /* the first block of output, and the only one */
    hmac(span_of(secret->bytes, sizeof secret->bytes), span_of(info, n), digest);
    memcpy(out, digest, out_len < sizeof digest ? out_len : sizeof digest);
}

struct quic_crypto *quic_crypto_new(void)
{
    struct quic_crypto *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->block = EVP_CIPHER_CTX_new();
    c->gcm = EVP_CIPHER_CTX_new();
    if (c->block && c->gcm && EVP_EncryptInit_ex(c->block, EVP_aes_128_ecb(), NULL, NULL, NULL) == 1 &&
        EVP_DecryptInit_ex(c->gcm, EVP_aes_128_gcm(), NULL, NULL, NULL) == 1)
        return c;
    quic_crypto_free(c);
    return NULL;
}

void quic_crypto_free(struct quic_crypto *c)
{
    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->block);
    EVP_CIPHER_CTX_free(c->gcm);
    free(c);
}

bool quic_aes_block(struct quic_crypto *c, const uint8_t key[static QUIC_KEY_LEN],
                    const uint8_t in[static QUIC_BLOCK_LEN], uint8_t out[static QUIC_BLOCK_LEN])
{
    int n = 0;
    return EVP_EncryptInit_ex(c->block, NULL, NULL, key, NULL) == 1 &&
           EVP_EncryptUpdate(c->block, out, &n, in, QUIC_BLOCK_LEN) == 1 && n == QUIC_BLOCK_LEN;
}

bool quic_gcm_open(struct quic_crypto *c, const uint8_t key[static QUIC_KEY_LEN],
                   const uint8_t iv[static QUIC_IV_LEN], struct span header, struct span sealed, uint8_t *out)
{
    uint8_t tag[QUIC_TAG_LEN], none[QUIC_BLOCK_LEN];
    int n = 0;

    if (sealed.len < QUIC_TAG_LEN)
        return false;
    struct span body = span_first(sealed, sealed.len - QUIC_TAG_LEN);
    memcpy(tag, sealed.ptr + body.len, sizeof tag);
    return EVP_DecryptInit_ex(c->gcm, NULL, NULL, key, iv) == 1 &&
           EVP_DecryptUpdate(c->gcm, NULL, &n, header.ptr, (int)header.len) == 1 &&
           EVP_DecryptUpdate(c->gcm, out, &n, body.ptr, (int)body.len) == 1 &&
           EVP_CIPHER_CTX_ctrl(c->gcm, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
           EVP_DecryptFinal_ex(c->gcm, none, &n) == 1;
}

bool quic_gcm_seal(struct quic_crypto *c, const uint8_t key[static QUIC_KEY_LEN],
                   const uint8_t iv[static QUIC_IV_LEN], struct span header, struct span plain, uint8_t *out)
{
    uint8_t none[QUIC_BLOCK_LEN];
    int n = 0;
    return EVP_EncryptInit_ex(c->gcm, NULL, NULL, key, iv) == 1 &&
           EVP_EncryptUpdate(c->gcm, NULL, &n, header.ptr, (int)header.len) == 1 &&
           EVP_EncryptUpdate(c->gcm, out, &n, plain.ptr, (int)plain.len) == 1 &&
           EVP_EncryptFinal_ex(c->gcm, none, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(c->gcm, EVP_CTRL_GCM_GET_TAG, QUIC_TAG_LEN, out + plain.len) == 1;
}
