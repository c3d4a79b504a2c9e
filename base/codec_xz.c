/* See codec.h. liblzma could take several streams and the zeros between them by itself, but then says of whatever follows
 * the last one that it is damaged; so it is given one stream at a time. It checks each block (CRC32, CRC64 or SHA-256). */
#include "base/codec.h"

#include <stdlib.h>

#include <lzma.h>

static bool xz_is_start(struct span head)
{
    struct span magic = SPAN_LIT("\xfd\x37\x7a\x58\x5a\x00");
    return span_starts(head, magic) || span_starts(magic, head);
}

/* Begin a stream; what the one before had allocated is used again. */
static lzma_ret begin(lzma_stream *x)
{
    return lzma_stream_decoder(x, UINT64_C(1) << CODEC_MEMORY_LOG, LZMA_TELL_UNSUPPORTED_CHECK);
}

static void xz_close(void *state)
{
    lzma_end(state);
    free(state);
}

static void *xz_open(void)
{
    lzma_stream *x = malloc(sizeof *x);
    if (!x)
        return NULL;
    *x = (lzma_stream)LZMA_STREAM_INIT;
    if (begin(x) == LZMA_OK)
        return x;
    xz_close(x);
    return NULL;
}

static enum codec_verdict xz_damaged(const char *how, struct err *err)
{
    err_set(err, ERR_IO, NULL, "compressed data is damaged: xz: %s", how);
    return CODEC_BAD;
}

static enum codec_verdict xz_fail(lzma_stream *x, lzma_ret status, struct err *err)
{
    switch (status) {
    case LZMA_MEM_ERROR:
        err_set(err, ERR_MEMORY, NULL, "not enough memory to decompress xz");
        return CODEC_BAD;
    case LZMA_MEMLIMIT_ERROR:
        err_set(err, ERR_LIMIT, NULL, "to decompress it needs %llu MiB of memory, %u are allowed (xz)",
                (unsigned long long)(lzma_memusage(x) >> 20) + 1, CODEC_MEMORY_MIB);
        return CODEC_BAD;
    case LZMA_FORMAT_ERROR:
        return xz_damaged("not the beginning of a stream", err);
    case LZMA_OPTIONS_ERROR:
        return xz_damaged("unknown filter or option", err);
    case LZMA_UNSUPPORTED_CHECK:
        return xz_damaged("unknown kind of check sum", err);
    default:
        return xz_damaged("data or check sum is not right", err);
    }
}

static enum codec_verdict xz_verdict(lzma_stream *x, lzma_ret status, struct err *err)
{
    if (status == LZMA_STREAM_END) {
        status = begin(x);
        return status == LZMA_OK ? CODEC_END : xz_fail(x, status, err);
    }
    if (status == LZMA_OK || status == LZMA_BUF_ERROR) /* the latter: no input left to go on with */
        return CODEC_MORE;
    return xz_fail(x, status, err);
}

static enum codec_verdict xz_step(void *state, struct span *in, struct codec_out *out, struct err *err)
{
    lzma_stream *x = state;
    x->next_in = in->ptr;
    x->avail_in = in->len;
    x->next_out = out->ptr + out->len;
    x->avail_out = out->room - out->len;
    lzma_ret status = lzma_code(x, LZMA_RUN);
    span_skip(in, in->len - x->avail_in);
    out->len = out->room - x->avail_out;
    return xz_verdict(x, status, err);
}

const struct codec codec_xz = {
    .name = "xz",
    .unit = "xz stream",
    .padding = 4,
    .is_start = xz_is_start,
    .open = xz_open,
    .step = xz_step,
    .close = xz_close,
};
