/* Suricata IP reputation: "address,category,score" on a line, a category from 1 to 60 and a score from 0 to 127. The
 * score is made a confidence, the category, whose meaning another file tells, a tag. That other file ("number,short
 * name,description") is recognised too, so that it is not taken for a list of addresses: there is nothing to load in
 * it. */
#include <stdio.h>

#include "base/ip.h"
#include "rules/formats/format.h"

enum { CATEGORY_MAX = 60, SCORE_MAX = 127, COLUMNS = 3 };

/* ---- a line ---- */

struct row {
    struct span column[COLUMNS];
    size_t n; /* columns there are, COLUMNS + 1 for more */
};

/* `takes_rest`: the last column may hold commas. */
static struct row split(struct span line, bool takes_rest)
{
    struct row row = {.n = 0};
    for (bool is_done = false; !is_done && row.n <= COLUMNS; row.n++) {
        bool is_last = takes_rest && row.n == COLUMNS - 1;
        const uint8_t *comma = line.len && !is_last ? memchr(line.ptr, ',', line.len) : NULL;
        size_t n = comma ? (size_t)(comma - line.ptr) : line.len;
        if (row.n < COLUMNS)
            row.column[row.n] = load_trim(span_first(line, n));
        line = span_from(line, n + 1);
        is_done = !comma;
    }
    return row;
}

static bool read_number(struct span digits, unsigned least, unsigned most, unsigned *out)
{
    *out = 0;
    if (digits.len == 0 || digits.len > 3)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        *out = *out * 10 + (digits.ptr[i] - '0');
    }
    return *out >= least && *out <= most;
}

/* ---- entries ---- */

/* The category's tag joins those of the list. */
static bool take_address(struct load *l, struct load_entry *e, unsigned category, unsigned score,
                         struct err *err)
{
    struct context_in context = load_context(l);
    struct span tags[LIST_TAGS_MAX + 1];
    char tag[32];
    if (context.n_tags)
        memcpy(tags, context.tags, context.n_tags * sizeof *tags);
    tags[context.n_tags] = span_of(tag, (size_t)snprintf(tag, sizeof tag, "iprep:%u", category));
    context.tags = tags;
    context.n_tags++;
    context.confidence = (int)((score * 100 + SCORE_MAX / 2) / SCORE_MAX);
    e->context = &context;
    return load_entry(l, e, err);
}

static bool take_row(struct load *l, struct span text, uint32_t col, struct err *err)
{
    struct row row = split(text, false);
    uint32_t line = load_clamp32(l->lines.n);
    struct load_entry e = {
        .value = row.column[0], .line = line, .col = col, .has_type = true, .type = IOC_IPV4};
    unsigned category, score;
    if (row.n != COLUMNS || l->lines.is_cut)
        load_reject(l, REJECT_COLUMN_COUNT, line, col, span_first(text, LOAD_TEXT_MAX),
                    "wanted: address,category,score; line skipped");
    else if (!read_number(row.column[1], 1, CATEGORY_MAX, &category))
        load_reject(l, REJECT_BAD_CATEGORY, line, col + (uint32_t)(row.column[1].ptr - text.ptr), text, NULL);
    else if (!read_number(row.column[2], 0, SCORE_MAX, &score))
        load_reject(l, REJECT_BAD_SCORE, line, col + (uint32_t)(row.column[2].ptr - text.ptr), text,
                    "a score is a number from 0 to 127; line skipped");
    else
        return take_address(l, &e, category, score, err);
    return true;
}

static bool take_line(struct load *l, struct span line, bool is_of_categories, struct err *err)
{
    struct span text = load_trim(line);
    l->report->blank += text.len == 0;
    if (text.len == 0)
        return true;
    if (text.ptr[0] != '#' && !is_of_categories)
        return take_row(l, text, (uint32_t)(text.ptr - line.ptr) + 1, err);
    l->report->comments++;
    load_comment(l, text);
    return true;
}

/* ---- telling ---- */

struct sample {
    size_t n;            /* lines that say something */
    size_t n_shaped;     /* of these: an address and two numbers */
    size_t n_good;       /* of these: in range */
    size_t n_categories; /* a category's number, its name, words */
    unsigned last;       /* the last such number */
};

static bool is_address(struct span text)
{
    const uint8_t *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
    struct ip ip;
    unsigned bits;
    if (slash && !read_number(span_from(text, (size_t)(slash - text.ptr) + 1), 1, 128, &bits))
        return false;
    if (slash)
        text.len = (size_t)(slash - text.ptr);
    return ip_parse_v4(text, &ip) || ip_parse_v6(text, &ip);
}

static bool has_value(struct span line, struct buf *scratch)
{
    while (line.len) {
        const uint8_t *comma = memchr(line.ptr, ',', line.len);
        size_t n = comma ? (size_t)(comma - line.ptr) : line.len;
        if (format_reads_value(span_first(line, n), scratch))
            return true;
        line = span_from(line, n + 1);
    }
    return false;
}

/* Categories stand in ascending order; nothing in their line is a value, nor quoted, as a value might be. */
static bool is_category(struct sample *s, struct span line, struct buf *scratch)
{
    struct row row = split(line, true);
    unsigned number;
    if (row.n != COLUMNS || !read_number(row.column[0], s->last + 1, CATEGORY_MAX, &number) ||
        row.column[1].len == 0 || row.column[2].len == 0 || memchr(line.ptr, '"', line.len) ||
        has_value(line, scratch))
        return false;
    s->last = number;
    return true;
}

static void look_at_line(struct sample *s, struct span line, struct buf *scratch)
{
    struct row row = split(line, false);
    unsigned category, score;
    s->n++;
    s->n_categories += is_category(s, line, scratch);
    if (row.n != COLUMNS || !is_address(row.column[0]) || !read_number(row.column[1], 0, 999, &category) ||
        !read_number(row.column[2], 0, 999, &score))
        return;
    s->n_shaped++;
    s->n_good += category >= 1 && category <= CATEGORY_MAX && score <= SCORE_MAX;
}

static struct sample look_at(struct span head, bool is_all)
{
    struct sample s = {.n = 0};
    struct buf scratch;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    for (struct span line; load_head_line(&head, is_all, &line);) {
        line = load_trim(line);
        if (line.len && line.ptr[0] != '#')
            look_at_line(&s, line, &scratch);
    }
    buf_fini(&scratch);
    return s;
}

static bool is_of_categories(const struct sample *s)
{
    return s->n > 0 && s->n_categories == s->n;
}

/* Nearly every line is in range, and all have the shape. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct sample s = look_at(head, is_all);
    return is_of_categories(&s) || (s.n > 0 && s.n_shaped == s.n && s.n_good * 10 >= s.n * 9);
}

static bool load_iprep(struct load *l, struct err *err)
{
    bool is_all;
    struct span head = lines_head(&l->lines, &is_all);
    struct sample s = look_at(head, is_all);
    bool has_categories = is_of_categories(&s);
    if (has_categories)
        load_warn(l, 1, 1, span_of("", 0),
                  "this names the categories of IP reputation lists, and holds no addresses: there is "
                  "nothing to load");
    for (struct span line; lines_refill(&l->lines);) {
        while (lines_next(&l->lines, &line))
            if (!take_line(l, line, has_categories, err))
                return false;
        if (!load_flush(l, err))
            return false;
    }
    return true;
}

const struct list_reader format_iprep = {
    .name = "iprep", .is_likely = is_likely, .load = load_iprep, .name_match = MATCH_SUFFIX, .unit = "line"};
