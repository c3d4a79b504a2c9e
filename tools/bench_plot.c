/* See bench_plot.h. */
#include "tools/bench_plot.h"

#include <math.h>
#include <stdio.h>

#include "tools/bench_report.h"

enum {
    WIDTH = 680,
    LABEL_WIDTH = 210, /* of bars */
    VALUE_WIDTH = 90,
    ROW = 26,
    BAR = 14,
    LABEL_BYTES = 28,
    LEFT = 56,
    RIGHT = 110, /* room for the names of lines */
    TOP = 26,
    PLOT_HEIGHT = 180,
    CUMULATED_HEIGHT = 110,
    BOTTOM = 44,
    TEXT_BYTES_MAX = 1 << 16,
    TICKS_WANTED = 4,
};

/* ---- text ---- */

/* Not in the middle of a character. */
static struct span cut(struct span s, size_t most)
{
    if (s.len <= most)
        return s;
    while (most && (s.ptr[most] & 0xc0) == 0x80)
        most--;
    return span_first(s, most);
}

static void put_markup_free(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'') {
            buf_printf(out, "&#%u;", c);
        } else {
            buf_put_byte(out, c);
        }
    }
}

void plot_put_text(struct buf *out, struct span text, size_t most)
{
    struct buf plain;
    buf_init(&plain, TEXT_BYTES_MAX);
    bench_put_pattern(&plain, span_first(text, TEXT_BYTES_MAX / 8)); /* a byte becomes four at most */
    put_markup_free(out, cut(buf_span(&plain), most));
    if (plain.len > most)
        buf_put_str(out, "\xe2\x80\xa6");
    buf_fini(&plain);
}

/* ---- scales ---- */

/* 1, 2 or 5 times a power of ten, so that about TICKS_WANTED of it reach `most`. */
static double step_for(double most)
{
    double rough = most / TICKS_WANTED, power = pow(10, floor(log10(rough)));
    double part = rough / power;
    return (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power;
}

static int decimals_for(double step)
{
    return step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : step >= 0.001 ? 3 : 5;
}

static void begin(struct buf *out, const char *caption, int height)
{
    buf_put_str(out, "<figure><figcaption>");
    buf_put_str(out, caption);
    buf_printf(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", WIDTH, height);
    buf_put_str(out, caption);
    buf_put_str(out, "</title>\n");
}

static void end(struct buf *out)
{
    buf_put_str(out, "</svg></figure>\n");
}

/* ---- bars ---- */

static double most_of(const struct plot_bar *bars, uint32_t n)
{
    double most = 0;
    for (uint32_t i = 0; i < n; i++)
        most = bars[i].value > most ? bars[i].value : most;
    return most > 0 ? most : 1;
}

void plot_bars(struct buf *out, const char *caption, const struct plot_bar *bars, uint32_t n,
               const char *unit)
{
    double most = most_of(bars, n), room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
    begin(out, caption, (int)n * ROW + 8);
    for (uint32_t i = 0; i < n; i++) {
        double y = 4 + (double)i * ROW, width = bars[i].value / most * room;
        buf_printf(out, "<text class=\"label\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LABEL_WIDTH - 10,
                   y + 17);
        plot_put_text(out, bars[i].label, LABEL_BYTES);
        buf_printf(out,
                   "</text><rect class=\"one\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>",
                   LABEL_WIDTH, y + 6, width > 1 ? width : 1, BAR);
        buf_printf(out, "<text class=\"value\" x=\"%.1f\" y=\"%.1f\">%.1f %s</text>\n",
                   LABEL_WIDTH + width + 6, y + 17, bars[i].value, unit);
    }
    end(out);
}

/* ---- lines ---- */

struct frame {
    double top, height, most, step;
};

static double x_at(double x)
{
    return LEFT + x * (WIDTH - LEFT - RIGHT);
}

static double y_at(const struct frame *f, double y)
{
    return f->top + f->height - y / f->most * f->height;
}

static struct frame frame_for(double most, double top, double height)
{
    struct frame f = {.top = top, .height = height};
    f.step = step_for(most > 0 ? most : 1);
    f.most = ceil((most > 0 ? most : 1) / f.step) * f.step;
    return f;
}

static void put_grid(struct buf *out, const struct frame *f, const char *title, const char *unit)
{
    int n = (int)lround(f->most / f->step);
    buf_printf(out, "<text class=\"title\" x=\"4\" y=\"%.1f\">", f->top - 12);
    buf_put_str(out, title);
    buf_put_str(out, "</text>\n");
    for (int i = 0; i <= n; i++) {
        double y = y_at(f, i * f->step);
        buf_printf(out,
                   "<line class=\"%s\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
                   "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.*f%s</text>\n",
                   i ? "grid" : "axis", LEFT, y, WIDTH - RIGHT, y, LEFT - 6, y + 4, decimals_for(f->step),
                   i * f->step, unit);
    }
}

static void put_axis(struct buf *out, const struct plot_axis *axis, double y)
{
    for (uint32_t i = 0; i < axis->n; i++)
        buf_printf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                   x_at(axis->x[i]), y + 18, axis->labels[i]);
    buf_printf(out, "<text class=\"title\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
               x_at(0.5), y + 36, axis->title);
}

static void put_line(struct buf *out, const struct plot_line *l, const struct frame *f, const char *class)
{
    buf_printf(out, "<polyline class=\"line %s\" points=\"", class);
    for (uint32_t i = 0; i < l->n; i++)
        buf_printf(out, "%s%.1f,%.1f", i ? " " : "", x_at(l->x[i]), y_at(f, l->y[i].median));
    buf_put_str(out, "\"/>\n");
    for (uint32_t i = 0; i < l->n; i++) {
        double x = x_at(l->x[i]);
        buf_printf(out,
                   "<line class=\"whisker %s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                   "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%.4g</title></circle>\n",
                   class, x, y_at(f, l->y[i].low), x, y_at(f, l->y[i].high), class, x,
                   y_at(f, l->y[i].median), l->y[i].median);
    }
}

/* Where the names of lines stand, at the right; apart from each other. */
static void put_names(struct buf *out, const struct plot_line *lines, uint32_t n, const struct frame *f)
{
    double ys[PLOT_LINES_MAX];
    for (uint32_t i = 0; i < n; i++)
        ys[i] = lines[i].n ? y_at(f, lines[i].y[lines[i].n - 1].median) : f->top;
    if (n == 2 && fabs(ys[0] - ys[1]) < 16) {
        uint32_t upper = ys[0] <= ys[1] ? 0 : 1;
        double middle = (ys[0] + ys[1]) / 2;
        ys[upper] = middle - 8;
        ys[!upper] = middle + 8;
    }
    for (uint32_t i = 0; i < n; i++)
        if (lines[i].n)
            buf_printf(out, "<text class=\"label\" x=\"%d\" y=\"%.1f\">%s</text>\n", WIDTH - RIGHT + 10,
                       ys[i] + 4, lines[i].label);
}

void plot_lines(struct buf *out, const char *caption, const struct plot_line *lines, uint32_t n_lines,
                const struct plot_axis *axis, const char *y_title)
{
    static const char *const classes[PLOT_LINES_MAX] = {"one", "two"};
    double most = 0;
    for (uint32_t i = 0; i < n_lines; i++)
        for (uint32_t k = 0; k < lines[i].n; k++)
            most = lines[i].y[k].high > most ? lines[i].y[k].high : most;
    struct frame f = frame_for(most, TOP, PLOT_HEIGHT);
    begin(out, caption, TOP + PLOT_HEIGHT + BOTTOM);
    put_grid(out, &f, y_title, "");
    put_axis(out, axis, TOP + PLOT_HEIGHT);
    for (uint32_t i = 0; i < n_lines; i++)
        put_line(out, &lines[i], &f, classes[i]);
    put_names(out, lines, n_lines, &f);
    end(out);
}

/* ---- times ---- */

struct classes {
    uint32_t first, n;
};

/* Whole doublings around all that is there, but for the slowest in a thousand: the machine's own pauses would fill most of the plot. */
static struct classes classes_of(const struct times *t)
{
    uint32_t first = 0, last = TIMES_CLASSES - 1;
    uint64_t beyond = 0;
    while (first < last && !t->n[first])
        first++;
    while (last > first && (beyond += t->n[last]) <= t->sum / 1000)
        last--;
    first -= first % 4;
    return (struct classes){first, (last - first) / 4 * 4 + 4};
}

static void put_duration(struct buf *out, double ns)
{
    if (ns < 1000)
        buf_printf(out, "%.0f ns", ns);
    else if (ns < 1e6)
        buf_printf(out, "%.3g \xc2\xb5s", ns / 1e3);
    else
        buf_printf(out, "%.3g ms", ns / 1e6);
}

static void put_time_axis(struct buf *out, struct classes c, double y)
{
    uint32_t doublings = c.n / 4, each = doublings > 8 ? 2 : 1;
    for (uint32_t d = 0; d <= doublings; d += each) {
        buf_printf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                   x_at((double)d / doublings), y + 18);
        put_duration(out, times_class_from(c.first + 4 * d));
        buf_put_str(out, "</text>\n");
    }
}

static void put_histogram(struct buf *out, const struct times *t, struct classes c)
{
    double most = 0, width = (x_at(1) - x_at(0)) / c.n;
    for (uint32_t i = 0; i < c.n; i++)
        most = fmax(most, 100.0 * (double)t->n[c.first + i] / (double)t->sum);
    struct frame f = frame_for(most, TOP, PLOT_HEIGHT);
    put_grid(out, &f, "share of scans", "%");
    for (uint32_t i = 0; i < c.n; i++) {
        double percent = 100.0 * (double)t->n[c.first + i] / (double)t->sum, y = y_at(&f, percent);
        if (t->n[c.first + i])
            buf_printf(out, "<rect class=\"one\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                       x_at(0) + i * width + 1, y, width > 3 ? width - 2 : 1, TOP + PLOT_HEIGHT - y);
    }
}

static void put_cumulated(struct buf *out, const struct times *t, struct classes c, double top)
{
    struct frame f = {.top = top, .height = CUMULATED_HEIGHT, .most = 100, .step = 50};
    double so_far = 0;
    put_grid(out, &f, "took no longer", "%");
    buf_printf(out, "<polyline class=\"line one\" points=\"%.1f,%.1f", x_at(0), y_at(&f, 0));
    for (uint32_t i = 0; i < c.n; i++) {
        so_far += 100.0 * (double)t->n[c.first + i] / (double)t->sum;
        buf_printf(out, " %.1f,%.1f", x_at((i + 1.0) / c.n), y_at(&f, fmin(so_far, 100)));
    }
    buf_put_str(out, "\"/>\n");
}

void plot_times(struct buf *out, const char *caption, const struct times *t)
{
    struct classes c = classes_of(t);
    double top = TOP + PLOT_HEIGHT + BOTTOM + 16;
    begin(out, caption, (int)top + CUMULATED_HEIGHT + BOTTOM);
    if (t->sum) {
        put_histogram(out, t, c);
        put_time_axis(out, c, TOP + PLOT_HEIGHT);
        put_cumulated(out, t, c, top);
        put_time_axis(out, c, top + CUMULATED_HEIGHT);
    }
    end(out);
}
