/* Hot; see reversed.h. */
#include "matcher/reversed.h"

enum { BYTES_CAP = 2 * BATCH_CAP_BYTES };

void reversed_init(struct reversed *r)
{
    *r = (struct reversed){0};
    buf_init(&r->bytes, BYTES_CAP);
}

void reversed_fini(struct reversed *r)
{
    buf_fini(&r->bytes);
    free(r->places);
    *r = (struct reversed){0};
}

void reversed_reset(struct reversed *r)
{
    buf_reset(&r->bytes);
    buf_put_byte(&r->bytes, REVERSED_SEP);
    r->n = 0;
}

/* COLD */
__attribute__((cold, noinline)) static bool grow(struct reversed *r)
{
    uint32_t room = r->room ? r->room * 2 : 256;
    struct reversed_place *places = realloc(r->places, room * sizeof *places);
    if (!places)
        return false;
    r->places = places;
    r->room = room;
    return true;
}

static void put_reversed(uint8_t *to, struct span text)
{
    const uint8_t *from = text.ptr + text.len;
    size_t n = text.len;
    for (; n >= 8; n -= 8, to += 8) {
        uint64_t w;
        from -= 8;
        memcpy(&w, from, 8);
        w = __builtin_bswap64(w);
        memcpy(to, &w, 8);
    }
    while (n--)
        *to++ = *--from;
}

bool reversed_add(struct reversed *r, uint32_t piece, struct span text, uint8_t last)
{
    if (r->n == r->room && !grow(r))
        return false;
    uint8_t *to = buf_reserve(&r->bytes, text.len + 2);
    if (!to)
        return false;
    r->places[r->n++] = (struct reversed_place){.start = (uint32_t)r->bytes.len, .piece = piece};
    put_reversed(to, text);
    to += text.len;
    if (last)
        *to++ = last;
    *to++ = REVERSED_SEP;
    r->bytes.len = (size_t)(to - r->bytes.ptr);
    return true;
}

struct span reversed_literal(uint8_t *out, size_t cap, uint8_t first, struct span key, uint8_t last_1,
                             uint8_t last_2)
{
    size_t n_last = (last_1 != 0) + (last_2 != 0);
    struct span kept = span_first(key, cap - n_last - 1);
    uint8_t *to = out;
    if (first && kept.len == key.len)
        *to++ = first;
    put_reversed(to, kept);
    to += kept.len;
    if (last_1)
        *to++ = last_1;
    if (last_2)
        *to++ = last_2;
    return span_of(out, (size_t)(to - out));
}

struct scan_ctx {
    const struct reversed *r;
    reversed_on_hit *on_hit;
    void *ctx;
};

/* The last piece that starts at or before this byte. */
static uint32_t place_of(const struct reversed *r, uint32_t at)
{
    uint32_t low = 0, high = r->n;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (r->places[mid].start <= at)
            low = mid;
        else
            high = mid;
    }
    return r->places[low].piece;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
    const struct scan_ctx *s = ctx;
    (void)from, (void)flags;
    s->on_hit(s->ctx, id, place_of(s->r, (uint32_t)to - 1));
    return 0;
}

void reversed_scan(const struct reversed *r, const struct hs_database *db, struct hs_scratch *scratch,
                   reversed_on_hit *on_hit, void *ctx)
{
    struct scan_ctx s = {.r = r, .on_hit = on_hit, .ctx = ctx};
    if (r->n && db)
        hyperscan_scan(db, buf_span(&r->bytes), scratch, on_match, &s);
}
