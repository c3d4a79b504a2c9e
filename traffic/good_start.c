/* See good_start.h. */
#include "traffic/good_start.h"

#include <stdlib.h>

enum {
    MARGIN_S = 86400, /* before one ends to hold, if that can be */
};

struct edge {
    int64_t at;
    int change; /* of how many origins hold */
};

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : x->change - y->change;
}

/* The moment nearest to GOOD_START_DEFAULT at which as many origins hold as ever do, and a while before any of them ends. */
static int64_t best_moment(const struct edge *edges, size_t n)
{
    int64_t best = GOOD_START_DEFAULT, count = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        count += edges[i].change;
        if (count < most || count == 0 || (i + 1 < n && edges[i + 1].at == edges[i].at))
            continue;
        int64_t from = edges[i].at, last = i + 1 < n ? edges[i + 1].at - MARGIN_S : INT64_MAX;
        int64_t at = GOOD_START_DEFAULT < last ? GOOD_START_DEFAULT : last;
        at = at > from ? at : from;
        if (count > most || llabs(at - GOOD_START_DEFAULT) < llabs(best - GOOD_START_DEFAULT))
            best = at;
        most = count;
    }
    return best;
}

int64_t good_start(const struct set_view *v, int64_t holds_s)
{
    size_t n = 0;
    struct edge *edges = malloc((2ull * v->n_origins + 1) * sizeof *edges);
    if (!edges)
        return GOOD_START_DEFAULT;
    for (uint32_t i = 0; i < v->n_origins; i++) {
        const struct context *c = &v->contexts[v->origins[i].context];
        int64_t from = c->valid_from > 0 ? c->valid_from : 0;
        if (from > GOOD_START_LAST || c->valid_until <= from + holds_s)
            continue;
        edges[n++] = (struct edge){from, 1};
        if (c->valid_until < GOOD_START_LAST)
            edges[n++] = (struct edge){c->valid_until - holds_s, -1};
    }
    qsort(edges, n, sizeof *edges, compare_edges);
    int64_t best = best_moment(edges, n);
    free(edges);
    return best;
}
