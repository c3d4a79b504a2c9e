#pragma once
/* What repeated measurements say: medians with their spread, whether two of them differ, and how single times are distributed. Pure. */
#include <stdbool.h>
#include <stdint.h>

/* Several values of one thing. An exact value (a size in bytes, a count) has n == 0 and no spread. */
struct spread {
    double median, low, high; /* low, high: first and third quartile */
    uint32_t n;
};

/* Sorts `values`. n == 0 gives all zero. */
struct spread spread_of(double *values, uint32_t n);
struct spread spread_exact(double value);

enum change { CHANGE_NONE, CHANGE_LESS, CHANGE_MORE };

enum {
    CHANGE_PERCENT = 10,      /* medians that lie closer than this do not differ, whatever their spread: the machine wanders as much */
    CHANGE_PERCENT_EXACT = 1, /* the same for exact values, which do not wander */
    CHANGE_VALUES_MIN = 3,    /* fewer values have no spread to speak of: then only twice as much, or half, is a difference */
};

/* Does `now` differ from `before`? Only when the medians lie apart as far as above and the quartile ranges do not overlap. *out_ratio:
 * now / before, 0 when that can't be told. */
enum change spread_compare(const struct spread *before, const struct spread *now, double *out_ratio);

/* Times by size: four classes for each doubling, from 1 ns on. */
enum { TIMES_CLASSES = 160 };
struct times {
    uint64_t n[TIMES_CLASSES];
    uint64_t sum;
    double most; /* ns */
};

void times_add(struct times *t, double ns);
/* Lower bound of a class, in ns; of TIMES_CLASSES: where the last one ends. */
double times_class_from(uint32_t class);
/* The time that a share of all (0 to 1) does not exceed: upper bound of its class, but no more than the longest. 0 when there is none. */
double times_quantile(const struct times *t, double share);
