#pragma once
/* Compressed inputs for tests: each call makes one unit (a gzip member, a zstd frame, an xz stream) of its bytes, in a block
 * of the heap that the caller frees. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

typedef uint8_t *compress_unit(const void *bytes, size_t n, size_t *out_n);

static inline void compress_must(bool holds)
{
    if (!holds)
        abort();
}

static inline uint8_t *compress_gzip_as(const void *bytes, size_t n, size_t *out_n, int level, gz_header *header)
{
    z_stream z = {0};
    int status = deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    compress_must(status == Z_OK);
    if (header)
        deflateSetHeader(&z, header);
    size_t room = deflateBound(&z, n) + 64;
    uint8_t *out = malloc(room), *in = malloc(n + 1);
    compress_must(out && in);
    if (n)
        memcpy(in, bytes, n);
    z.next_in = in;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)room;
    status = deflate(&z, Z_FINISH);
    compress_must(status == Z_STREAM_END);
    *out_n = z.total_out;
    deflateEnd(&z);
    free(in);
    return out;
}

static inline uint8_t *compress_gzip(const void *bytes, size_t n, size_t *out_n)
{
    return compress_gzip_as(bytes, n, out_n, 6, NULL);
}

/* As it is, in a wrapping. */
static inline uint8_t *compress_gzip_stored(const void *bytes, size_t n, size_t *out_n)
{
    return compress_gzip_as(bytes, n, out_n, 0, NULL);
}

/* A header with everything in it. */
static inline uint8_t *compress_gzip_named(const void *bytes, size_t n, size_t *out_n)
{
    Bytef extra[] = "extra", name[] = "name", comment[] = "comment";
    gz_header header = {.extra = extra, .extra_len = 5, .name = name, .comment = comment, .hcrc = 1, .time = 1};
    return compress_gzip_as(bytes, n, out_n, 6, &header);
}

/* The size of the content is not written, as when zstd compresses a stream; so the window is. */
static inline uint8_t *compress_zstd_as(const void *bytes, size_t n, size_t *out_n, int has_checksum)
{
    size_t room = ZSTD_compressBound(n) + 64;
    uint8_t *out = malloc(room);
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    compress_must(out && ctx);
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, has_checksum);
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 0);
    *out_n = ZSTD_compress2(ctx, out, room, bytes, n);
    compress_must(!ZSTD_isError(*out_n));
    ZSTD_freeCCtx(ctx);
    return out;
}

static inline uint8_t *compress_zstd(const void *bytes, size_t n, size_t *out_n)
{
    return compress_zstd_as(bytes, n, out_n, 1);
}

static inline uint8_t *compress_zstd_unchecked(const void *bytes, size_t n, size_t *out_n)
{
    return compress_zstd_as(bytes, n, out_n, 0);
}

/* A frame that a reader skips. */
static inline uint8_t *compress_zstd_skippable(const void *bytes, size_t n, size_t *out_n)
{
    static const uint8_t header[] = {0x53, 0x2a, 0x4d, 0x18};
    uint8_t *out = malloc(n + 8);
    compress_must(out);
    memcpy(out, header, 4);
    for (int i = 0; i < 4; i++)
        out[4 + i] = (uint8_t)(n >> 8 * i);
    if (n)
        memcpy(out + 8, bytes, n);
    *out_n = n + 8;
    return out;
}

static inline uint8_t *compress_xz_as(const void *bytes, size_t n, size_t *out_n, lzma_check check)
{
    size_t room = lzma_stream_buffer_bound(n);
    uint8_t *out = malloc(room);
    *out_n = 0;
    lzma_ret status = lzma_easy_buffer_encode(0, check, NULL, bytes, n, out, out_n, room);
    compress_must(out && status == LZMA_OK);
    return out;
}

static inline uint8_t *compress_xz(const void *bytes, size_t n, size_t *out_n)
{
    return compress_xz_as(bytes, n, out_n, LZMA_CHECK_CRC64);
}

static inline uint8_t *compress_xz_unchecked(const void *bytes, size_t n, size_t *out_n)
{
    return compress_xz_as(bytes, n, out_n, LZMA_CHECK_NONE);
}
