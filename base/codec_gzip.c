/* See codec.h. zlib reads gzip alone here, not its own format and not raw deflate; it checks CRC and length of each member,
 * and delivers up to the last bit it has. */
#define ZLIB_CONST 1 /* its input pointers are const */
#include "base/codec.h"

#include <stdlib.h>

#include <zlib.h>

enum { WINDOW_BITS = 15, GZIP_ONLY = 16 };

static bool gzip_is_start(struct span head)
{
    struct span magic = SPAN_LIT("\x1f\x8b\x08");
    return span_starts(head, magic) || span_starts(magic, head);
}

static void *gzip_open(void)
{
    z_stream *z = calloc(1, sizeof *z);
    if (z && inflateInit2(z, WINDOW_BITS + GZIP_ONLY) == Z_OK)
        return z;
    free(z);
    return NULL;
}

static void gzip_close(void *state)
{
    inflateEnd(state);
    free(state);
}

static enum codec_verdict gzip_verdict(z_stream *z, int status, struct err *err)
{
    switch (status) {
    case Z_OK:
    case Z_BUF_ERROR: /* no input left to go on with */
        return CODEC_MORE;
    case Z_STREAM_END:
        inflateReset(z);
        return CODEC_END;
    case Z_MEM_ERROR:
        err_set(err, ERR_MEMORY, NULL, "not enough memory to decompress gzip");
        return CODEC_BAD;
    default:
        err_set(err, ERR_IO, NULL, "compressed data is damaged: gzip: %s", z->msg ? z->msg : "not valid");
        return CODEC_BAD;
    }
}

static enum codec_verdict gzip_step(void *state, struct span *in, struct codec_out *out, struct err *err)
{
    z_stream *z = state;
    uInt n_in = (uInt)span_first(*in, CODEC_STEP_MAX).len, room = (uInt)(out->room - out->len);

    z->next_in = in->ptr;
    z->avail_in = n_in;
    z->next_out = out->ptr + out->len;
    z->avail_out = room;
    int status = inflate(z, Z_NO_FLUSH);
    span_skip(in, n_in - z->avail_in);
    out->len += room - z->avail_out;
    return gzip_verdict(z, status, err);
}

const struct codec codec_gzip = {
    .name = "gzip",
    .unit = "gzip member",
    .is_start = gzip_is_start,
    .open = gzip_open,
    .step = gzip_step,
    .close = gzip_close,
};
