/* See bench_numbers.h. */
#include "tools/bench_numbers.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two values next to it, as far as it lies from each. `sorted` has at least one. */
static double at_share(const double *sorted, uint32_t n, double share)
{
    double place = share * (n - 1);
    uint32_t below = (uint32_t)place;
    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

struct spread spread_of(double *values, uint32_t n)
{
    if (n == 0)
        return (struct spread){0};
    qsort(values, n, sizeof *values, by_value);
    return (struct spread){.median = at_share(values, n, 0.5),
                           .low = at_share(values, n, 0.25),
                           .high = at_share(values, n, 0.75),
                           .n = n};
}

struct spread spread_exact(double value)
{
    return (struct spread){.median = value, .low = value, .high = value};
}

/* How far apart medians must lie, as a factor. */
static double least_factor(const struct spread *a, const struct spread *b)
{
    if (a->n == 0 && b->n == 0)
        return 1 + CHANGE_PERCENT_EXACT / 100.0;
    if (a->n < CHANGE_VALUES_MIN || b->n < CHANGE_VALUES_MIN)
        return 2;
    return 1 + CHANGE_PERCENT / 100.0;
}

enum change spread_compare(const struct spread *before, const struct spread *now, double *out_ratio)
{
    double factor = least_factor(before, now);
    *out_ratio = before->median > 0 ? now->median / before->median : 0;
    if (before->median == now->median || (now->low <= before->high && before->low <= now->high))
        return CHANGE_NONE;
    if (now->median >= before->median * factor)
        return CHANGE_MORE;
    return now->median * factor <= before->median ? CHANGE_LESS : CHANGE_NONE;
}

void times_add(struct times *t, double ns)
{
    double class = ns > 1 ? floor(log2(ns) * 4) : 0;
    t->n[class < TIMES_CLASSES ? (uint32_t) class : TIMES_CLASSES - 1]++;
    t->sum++;
    if (ns > t->most)
        t->most = ns;
}

double times_class_from(uint32_t class)
{
    return exp2(class / 4.0);
}

double times_quantile(const struct times *t, double share)
{
    double wanted = share * (double)t->sum, so_far = 0;
    for (uint32_t class = 0; class < TIMES_CLASSES && t->sum; class ++) {
        so_far += (double)t->n[class];
        if (so_far >= wanted && t->n[class])
            return times_class_from(class + 1) < t->most ? times_class_from(class + 1) : t->most;
    }
    return t->most;
}
