/* See codec.h. When libzstd meets an error it does not say how much of the output it had filled by then, so a step must not
 * hold both something to deliver and something to fail on. Therefore what waits inside is fetched first, with no input at
 * all; and of what libzstd asks for, which is one block and the header of the next, the header comes in a step of its own.
 * So small a first step also keeps it from decoding a whole frame in one go, which would be all or nothing. */
#include "base/codec.h"

#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

enum { START_BYTES = 5, BLOCK_HEADER = 3 };

struct zstd {
    ZSTD_DCtx *ctx;  /* owned */
    size_t wanted;   /* libzstd's hint: what completes the block and the next one's header */
    bool is_waiting; /* there may be output inside that had no room */
};

/* A frame, or one that is to be skipped: its first byte is P to _, so it has to be whole not to be text. */
static bool zstd_is_start(struct span head)
{
    struct span frame = SPAN_LIT("\x28\xb5\x2f\xfd"), skippable = SPAN_LIT("\x2a\x4d\x18");
    if (span_starts(head, frame) || span_starts(frame, head))
        return true;
    return head.ptr[0] >> 4 == 5 && span_starts(span_from(head, 1), skippable);
}

static void zstd_close(void *state)
{
    struct zstd *z = state;
    ZSTD_freeDCtx(z->ctx);
    free(z);
}

static void *zstd_open(void)
{
    struct zstd *z = calloc(1, sizeof *z);
    if (!z)
        return NULL;
    z->wanted = START_BYTES;
    z->ctx = ZSTD_createDCtx();
    if (z->ctx && !ZSTD_isError(ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax, CODEC_MEMORY_LOG)))
        return z;
    zstd_close(z);
    return NULL;
}

static enum codec_verdict zstd_fail(size_t status, struct err *err)
{
    switch (ZSTD_getErrorCode(status)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        err_set(err, ERR_LIMIT, NULL, "to decompress it needs more memory than the %u MiB allowed (zstd)",
                CODEC_MEMORY_MIB);
        break;
    case ZSTD_error_memory_allocation:
        err_set(err, ERR_MEMORY, NULL, "not enough memory to decompress zstd");
        break;
    default:
        err_set(err, ERR_IO, NULL, "compressed data is damaged: zstd: %s", ZSTD_getErrorName(status));
    }
    return CODEC_BAD;
}

static size_t bytes_to_give(const struct zstd *z)
{
    if (z->is_waiting)
        return 0;
    return z->wanted > BLOCK_HEADER ? z->wanted - BLOCK_HEADER : z->wanted;
}

static enum codec_verdict zstd_step(void *state, struct span *in, struct codec_out *out, struct err *err)
{
    struct zstd *z = state;
    ZSTD_inBuffer from = {in->ptr, span_first(*in, bytes_to_give(z)).len, 0};
    ZSTD_outBuffer to = {out->ptr + out->len, out->room - out->len, 0};

    size_t status = ZSTD_decompressStream(z->ctx, &to, &from);
    if (ZSTD_isError(status))
        return zstd_fail(status, err);
    span_skip(in, from.pos);
    out->len += to.pos;
    z->is_waiting = status && to.pos == to.size;
    z->wanted = status ? status : START_BYTES;
    return status ? CODEC_MORE : CODEC_END;
}

const struct codec codec_zstd = {
    .name = "zstd",
    .unit = "zstd frame",
    .is_start = zstd_is_start,
    .open = zstd_open,
    .step = zstd_step,
    .close = zstd_close,
};
