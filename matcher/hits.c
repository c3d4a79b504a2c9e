/* Hot; see hits.h. Hits are rare, so they are sorted at the end rather than kept in order; in place, because qsort() may
 * allocate. */
#include "matcher/hits.h"

void hits_init(struct hits *h)
{
    *h = (struct hits){0};
}

void hits_fini(struct hits *h)
{
    free(h->found);
    free(h->out);
    *h = (struct hits){0};
}

void hits_reset(struct hits *h)
{
    h->n = 0;
}

/* COLD: doubles up to HITS_MAX. */
__attribute__((cold, noinline)) static bool grow(struct hits *h)
{
    size_t room = h->room ? h->room * 2 : 64;
    if (room > HITS_MAX)
        return false;
    struct found *found = realloc(h->found, room * sizeof *found);
    if (found)
        h->found = found;
    struct hit *out = realloc(h->out, room * sizeof *out);
    if (out)
        h->out = out;
    if (!found || !out)
        return false;
    h->room = room;
    return true;
}

void hits_add(struct hits *h, const struct hit *hit, uint32_t order)
{
    if (h->n == h->room && !grow(h)) {
        h->n_dropped++;
        return;
    }
    h->found[h->n++] = (struct found){*hit, order};
}

typedef bool is_before(const struct found *a, const struct found *b);

/* Same hits next to each other, the one added first in front. */
static bool is_before_by_content(const struct found *a, const struct found *b)
{
    if (a->hit.cookie != b->hit.cookie)
        return a->hit.cookie < b->hit.cookie;
    if (a->hit.field != b->hit.field)
        return a->hit.field < b->hit.field;
    if (a->hit.indicator != b->hit.indicator)
        return a->hit.indicator < b->hit.indicator;
    return a->order < b->order;
}

static bool is_before_by_order(const struct found *a, const struct found *b)
{
    return a->order != b->order ? a->order < b->order : a->hit.indicator < b->hit.indicator;
}

static void sift(struct found *f, size_t at, size_t n, is_before *before)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(&f[child], &f[child + 1]))
            child++;
        if (!before(&f[at], &f[child]))
            return;
        struct found swap = f[at];
        f[at] = f[child];
        f[child] = swap;
    }
}

/* Heap sort. */
static void sort(struct found *f, size_t n, is_before *before)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(f, i, n, before);
    for (size_t end = n; end-- > 1;) {
        struct found swap = f[0];
        f[0] = f[end];
        f[end] = swap;
        sift(f, 0, end, before);
    }
}

static bool is_same(const struct hit *a, const struct hit *b)
{
    return a->cookie == b->cookie && a->field == b->field && a->indicator == b->indicator;
}

size_t hits_settle(struct hits *h)
{
    if (h->n > 1) {
        sort(h->found, h->n, is_before_by_content);
        size_t kept = 1;
        for (size_t i = 1; i < h->n; i++)
            if (!is_same(&h->found[i].hit, &h->found[kept - 1].hit))
                h->found[kept++] = h->found[i];
        h->n = kept;
        sort(h->found, h->n, is_before_by_order);
    }
    for (size_t i = 0; i < h->n; i++)
        h->out[i] = h->found[i].hit;
    return h->n;
}
