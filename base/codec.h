#pragma once
/* Decompression, one format per file: codec_gzip.c, codec_zstd.c and codec_xz.c, each the one door to its library. A codec
 * turns a stream of bytes into another and knows nothing of files: input.c feeds it, and says what a stream means that
 * ends too soon or goes on too long.
 *
 * Compressed data comes in units (gzip: members, zstd: frames, xz: streams), any number of them one after the other. What
 * a step delivers was decoded before whatever it says is wrong, and a step keeps nothing back that it could deliver. */
#include "base/err.h"
#include "base/span.h"

/* What decoding may need at once; a stranger's file says how much it wants. */
enum { CODEC_MEMORY_LOG = 29, CODEC_MEMORY_MIB = 1 << (CODEC_MEMORY_LOG - 20) };

enum codec_verdict {
    CODEC_MORE, /* call again; with more input when it took all, and `out` is not full */
    CODEC_END,  /* a unit is whole, and what it says of its content is true; the next step begins another one */
    CODEC_BAD,  /* *err (without a place) says why; no more steps */
};

struct codec_out {
    uint8_t *ptr; /* the caller's */
    size_t len;   /* written; grows */
    size_t room;  /* in all, at most CODEC_STEP_MAX */
};

enum { CODEC_STEP_MAX = 1 << 30 }; /* of input as of output */

struct codec {
    const char *name; /* gzip */
    const char *unit; /* gzip member */
    size_t padding;   /* between and behind units there may be zeros, in groups of this many; 0: none */
    /* Could a unit begin so? Yes also when `head` ends before its magic bytes do, or is empty. */
    bool (*is_start)(struct span head);
    /* NULL when memory is short. */
    void *(*open)(void);
    /* Takes from the front of `in` and appends to `out`, which has room left. */
    enum codec_verdict (*step)(void *state, struct span *in, struct codec_out *out, struct err *err);
    void (*close)(void *state);
};

extern const struct codec codec_gzip, codec_zstd, codec_xz;
