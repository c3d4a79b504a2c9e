#pragma once
/* A list's bytes, block by block, and the lines in them. A line lies in the block it was read with and dies with the next
 * lines_refill(), so a reader can let a whole block's lines wait before it passes them on:
 *
 *     while (lines_refill(&s))
 *         while (lines_next(&s, &line))
 *             ...                        what has to outlive the block goes out here
 *
 * A line ends with LF; in a file whose first block has none, with CR. A CR before the LF is left to who trims white space.
 * A byte order mark at the beginning of the file is passed over. */
#include "base/err.h"
#include "base/input.h"
#include "base/span.h"

enum { LINES_BLOCK = 256 * 1024, LINES_HEAD = 64 * 1024 };

struct lines {
    struct input *in;      /* borrowed */
    uint8_t *buf;          /* owned */
    size_t room, max_room; /* of buf; how far it may grow */
    size_t at, end;        /* what is not yet handed out */
    uint64_t n;            /* lines handed out, the last included: its number */
    uint8_t terminator;
    bool is_final;    /* nothing comes after `end` */
    bool is_cut;      /* the line last handed out was longer than a block: this is its beginning */
    bool is_skipping; /* what comes first is the rest of a line that is to be passed over */
    struct err failure; /* why reading ended early; the line that was cut by it is not handed out */
};

/* Reads the first block. False when memory is short; that reading failed shows in `failure`, later or at once. */
bool lines_init(struct lines *s, struct input *in, struct err *err);
void lines_fini(struct lines *s);

/* The beginning of the file, up to LINES_HEAD bytes; *out_is_all: there is no more. Before anything is handed out. */
struct span lines_head(const struct lines *s, bool *out_is_all);

/* Make sure that something is there to hand out: false at the end (of the file, or of what could be read). */
bool lines_refill(struct lines *s);
/* The next line of the block, without its end; false when the block has no whole line left. */
bool lines_next(struct lines *s, struct span *out);

/* For readers with other ideas of a line: what is there, and to have used `n` bytes with `n_lines` line ends. To get more
 * behind it, lines_refill(), which keeps what is there and grows the buffer up to `max_room`. */
static inline uint8_t *lines_rest(const struct lines *s, size_t *out_n)
{
    *out_n = s->end - s->at;
    return s->buf + s->at;
}
static inline void lines_use(struct lines *s, size_t n, uint64_t n_lines)
{
    s->at += n;
    s->n += n_lines;
}
/* Pass over everything up to and with the next line end, whose line has been counted. */
void lines_skip(struct lines *s);

/* The bytes alone, as input_read() delivers them; `from` is the struct lines. */
ssize_t lines_read(void *from, void *to, size_t n, struct err *err);

/* UTF-16, by its byte order mark or by every other byte being zero. */
bool lines_look_utf16(struct span head);
