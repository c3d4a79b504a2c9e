/* Hot; see batch.h. */
#include "matcher/batch.h"

enum { PIECES_MAX = 1 << 22 };

bool batch_init(struct batch *b)
{
    *b = (struct batch){0};
    buf_init(&b->text, BATCH_CAP_BYTES);
    hits_init(&b->hits);
    batch_reset(b);
    return b->text.ptr != NULL;
}

void batch_fini(struct batch *b)
{
    buf_fini(&b->text);
    free(b->pieces);
    hits_fini(&b->hits);
    *b = (struct batch){0};
}

void batch_reset(struct batch *b)
{
    static const uint8_t lead[BATCH_LEAD];
    buf_reset(&b->text);
    buf_put(&b->text, span_of(lead, sizeof lead));
    b->n = 0;
    b->n_fields = 0;
}

/* COLD */
__attribute__((cold, noinline)) static bool grow(struct batch *b)
{
    uint32_t room = b->room ? b->room * 2 : 256;
    struct piece *pieces = room <= PIECES_MAX ? realloc(b->pieces, room * sizeof *pieces) : NULL;
    if (!pieces)
        return false;
    b->pieces = pieces;
    b->room = room;
    return true;
}

void batch_repeat(struct batch *b, const struct piece *like)
{
    if (b->n == b->room && !grow(b)) {
        b->n_dropped++;
        return;
    }
    struct piece *p = &b->pieces[b->n++];
    *p = *like;
    p->at = p[-1].at;
    p->len = p[-1].len;
}

uint8_t *batch_reserve(struct batch *b, const struct piece *like, size_t len)
{
    size_t mark = buf_mark(&b->text);
    uint8_t *to = b->n < b->room || grow(b) ? buf_reserve(&b->text, len) : NULL;
    if (!to) {
        buf_cut(&b->text, mark); /* one field too long must not close the batch to the next */
        b->n_dropped++;
        return NULL;
    }
    struct piece *p = &b->pieces[b->n++];
    *p = *like;
    p->at = (uint32_t)mark;
    p->len = (uint32_t)len;
    b->text.len += len;
    return to;
}

void batch_add(struct batch *b, const struct piece *like, struct span text)
{
    uint8_t *to = batch_reserve(b, like, text.len);
    if (to && text.len)
        memcpy(to, text.ptr, text.len);
}
