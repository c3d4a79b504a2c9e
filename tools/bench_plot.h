#pragma once
/* Plots as inline SVG: colours and fonts come from the page's style (classes), so that they follow light and dark. Each is a <figure> with its
 * caption; every number that a mark stands for can be read beside it or on an axis. */
#include "base/buf.h"
#include "tools/bench_numbers.h"

/* Text from lists and files as text of the page: nothing in it can be markup, what is no printable character is \xNN, a backslash stays. At
 * most `most` bytes of that, with an ellipsis behind them when there are more. */
void plot_put_text(struct buf *out, struct span text, size_t most);

struct plot_bar {
    struct span label;
    double value;
};
/* Bars from the left, one below the other, as they come. `unit` stands behind each value. */
void plot_bars(struct buf *out, const char *caption, const struct plot_bar *bars, uint32_t n, const char *unit);

enum { PLOT_POINTS_MAX = 8, PLOT_LINES_MAX = 2 };
struct plot_line {
    const char *label;
    uint32_t n;
    double x[PLOT_POINTS_MAX]; /* 0 to 1, across the plot */
    struct spread y[PLOT_POINTS_MAX];
};
struct plot_axis {
    const char *title;
    uint32_t n;
    double x[PLOT_POINTS_MAX];
    char labels[PLOT_POINTS_MAX][24];
};
/* Whiskers are quartiles; the y axis begins at 0. */
void plot_lines(struct buf *out, const char *caption, const struct plot_line *lines, uint32_t n_lines, const struct plot_axis *axis,
                const char *y_title);

/* How times are distributed: a histogram on a logarithmic axis, and below it the share that took no longer. The slowest in a thousand may lie
 * beyond the right end. */
void plot_times(struct buf *out, const char *caption, const struct times *t);
