#pragma once
/* One direction of a TCP connection, put back in order as far as somebody still wants its bytes. Hot.
 *
 * The bytes of a stream that are there but not yet consumed lie in one window: `len` bytes in order from its start, and beyond them
 * up to STREAM_AHEAD_MAX runs that came early. Where segments overlap, the bytes that came first stay, unless the caller says otherwise. Buffers come from a pool of
 * power-of-two sizes with a ceiling over all; after warm-up nothing is allocated. */
#include "base/span.h"

enum { STREAM_WINDOW = 64 * 1024, STREAM_AHEAD_MAX = 16 };

struct stream_run {
    uint32_t from, to; /* offsets from the start of the window */
};

struct stream {
    uint8_t *bytes; /* borrowed from the pool; NULL while nothing is held */
    uint32_t room, len;
    uint32_t n_ahead;
    struct stream_run ahead[STREAM_AHEAD_MAX + 1]; /* sorted, apart, all beyond len; one spare to work with */
};

struct stream_pool; /* buffers; one worker's */

struct stream_pool *stream_pool_new(size_t cap_bytes); /* NULL when memory is short */
void stream_pool_free(struct stream_pool *p);
size_t stream_pool_held(const struct stream_pool *p);

/* Give the buffer back; the stream is empty then. */
void stream_drop(struct stream_pool *p, struct stream *s);

enum stream_put_result {
    STREAM_OK,
    STREAM_OVERLAP, /* some of it was there already; stored what was new */
    STREAM_CONFLICT, /* as STREAM_OVERLAP, and what was there says otherwise */
    STREAM_FULL,    /* beyond the window, or too many runs: nothing was stored */
    STREAM_NO_ROOM, /* the pool is at its ceiling: nothing was stored */
};

/* Store `data` at `offset` from the start of the window. `len` grows as far as bytes are now in order. */
enum stream_put_result stream_put(struct stream_pool *p, struct stream *s, size_t offset, struct span data);

/* Where `data` lies over bytes that are there, let it count instead of them. Stores nothing that is not there. */
void stream_overwrite(struct stream *s, size_t offset, struct span data);

/* Make *to, which is empty, hold what *from does. False when the pool is at its ceiling. */
bool stream_copy(struct stream_pool *p, struct stream *to, const struct stream *from);

/* The first `n` of the bytes in order (n <= len) are done with. */
void stream_consume(struct stream_pool *p, struct stream *s, size_t n);

/* Give up on the missing bytes in front of the first run: `*out_lost` bytes after the first `len` never came. The window then starts
 * at that run (what was in order before is dropped: consume what matters first). False if there is no run. */
bool stream_close_gap(struct stream_pool *p, struct stream *s, uint32_t *out_lost);

static inline struct span stream_bytes(const struct stream *s)
{
    return span_of(s->bytes, s->len);
}
