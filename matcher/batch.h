#pragma once
/* The fields of one batch, copied end to end, and what is found in them. Hot. Allocates only while it grows. */
#include "base/buf.h"
#include "matcher/hits.h"

enum piece_kind {
    PIECE_NAME,     /* lower case, no final dot, bytes that no name has are BATCH_ODD_BYTE */
    PIECE_URL_KEY,  /* "host[:port]/target", canonical */
    PIECE_PATH,     /* a canonical target */
    PIECE_URL_TEXT, /* "http://host[:port]/target", for regexes */
    PIECE_TEXT,     /* as sent, for regexes */
};

enum {
    BATCH_LEAD = 8,        /* bytes before the first piece that may be read (names are hashed eight at a time) */
    BATCH_ODD_BYTE = 0x1f, /* in no value and no separator */
    BATCH_CAP_BYTES = 64 << 20,
};

struct piece {
    uint32_t at, len; /* in text */
    uint32_t cookie;
    uint32_t order; /* of its field, among those added */
    uint16_t port;
    uint8_t field;
    uint8_t kind; /* enum piece_kind */
};

struct batch {
    struct buf text;
    struct piece *pieces; /* owned */
    uint32_t n, room;
    uint32_t n_fields;
    uint64_t n_dropped; /* pieces without room, since batch_init */
    struct hits hits;
};

bool batch_init(struct batch *b);
void batch_fini(struct batch *b);
/* Forget the fields, not the hits. */
void batch_reset(struct batch *b);

/* Room for a piece of `len` bytes, to be written by the caller at the result; NULL (and counted) when there is none. */
uint8_t *batch_reserve(struct batch *b, const struct piece *like, size_t len);
void batch_add(struct batch *b, const struct piece *like, struct span text);
/* Another piece of the last one's text. Counted when there is no room. */
void batch_repeat(struct batch *b, const struct piece *like);

/* Has it the text of the piece before it? Engines that find something in a text then tell it of both. (No piece is empty.) */
static inline bool batch_is_repeat(const struct batch *b, uint32_t piece)
{
    return piece > 0 && piece < b->n && b->pieces[piece].at == b->pieces[piece - 1].at;
}

static inline struct span batch_text(const struct batch *b, const struct piece *p)
{
    return span_of(b->text.ptr + p->at, p->len);
}

static inline void batch_hit(struct batch *b, const struct piece *p, uint32_t indicator)
{
    struct hit hit = {.cookie = p->cookie, .indicator = indicator, .field = (enum field)p->field};
    hits_add(&b->hits, &hit, p->order);
}
