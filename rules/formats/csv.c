/* CSV lists: RFC 4180 with what real feeds do to it. Lines that begin with '#' and blank ones are no rows; the last such comment
 * before the first row may be the header. Columns are found by what the user says, else by well-known header names, else by
 * looking at the rows: see csv_columns.h. What the cells of a row mean: see table_row.h.
 * Bare names, "*.x" and ".x" mean the name and all below it, if nobody says otherwise. A row may take many lines, but no
 * more than ROW_MAX bytes. */
#include <stdlib.h>

#include "rules/formats/csv_columns.h"
#include "rules/formats/format.h"
#include "rules/formats/table_row.h"

enum { ROW_MAX = 1024 * 1024 };

struct csv_list {
    struct load *load; /* borrowed */
    struct csv_plan plan;
    struct csv_row row;
    struct table table;
    struct table_row entry;
    enum csv_role roles[CSV_ROLE_COUNT]; /* those that have a column */
    size_t n_roles;
    bool is_past_header;
    struct csv_misp *misp; /* owned; NULL when it is no export of MISP */
};

static struct span cell(struct csv_list *c, enum csv_role role)
{
    int column = c->plan.column[role];
    return column == CSV_NO_COLUMN ? span_of("", 0)
                                   : csv_field_text(&c->row, (size_t)column, &c->plan.dialect);
}

static uint32_t count_lines(struct csv_list *c, const uint8_t *from, const uint8_t *to)
{
    uint32_t n = 0;
    for (; from < to && (from = memchr(from, c->plan.dialect.terminator, (size_t)(to - from))); from++)
        n++;
    return n;
}

/* The row at `start`, cut into c->row. */
static bool take_row(struct csv_list *c, const uint8_t *start, struct err *err)
{
    struct load *l = c->load;
    uint32_t line = load_clamp32(l->lines.n + 1);
    if (c->plan.has_header_row && !c->is_past_header) {
        c->is_past_header = true;
        return true;
    }
    if (c->row.n < c->plan.n_columns) {
        const uint8_t *end = memchr(start, c->plan.dialect.terminator, c->row.len);
        struct span first = span_of(start, end ? (size_t)(end - start) : c->row.len);
        load_reject(l, REJECT_COLUMN_COUNT, line, 1, load_trim(first), NULL);
        return true;
    }
    struct table_row *entry = &c->entry;
    for (size_t i = 0; i < c->n_roles; i++)
        entry->cells[c->roles[i]] = cell(c, c->roles[i]);
    struct span value = entry->cells[CSV_VALUE];
    uint32_t above = c->row.n_lines > 1 ? count_lines(c, start, value.ptr) : 0;
    entry->line = load_clamp32((uint64_t)line + above);
    entry->col = above ? 1 : (uint32_t)(value.ptr - start) + 1;
    bool is_taken = false;
    if (c->misp && !csv_misp_take(c->misp, &c->row, &c->plan.dialect, entry->line, entry->col, &is_taken, err))
        return false;
    return is_taken || table_enter(&c->table, entry, err);
}

/* ---- the file ---- */

enum step { STEP_TAKEN, STEP_MORE, STEP_FAILED };

/* A blank line or a comment at `p`? */
static bool is_no_row(const uint8_t *p, size_t n, uint8_t terminator)
{
    size_t i = 0;
    while (i < n && p[i] != terminator && load_is_blank(p[i]))
        i++;
    return i == n || p[i] == terminator || p[i] == '#';
}

static enum step take_no_row(struct csv_list *c, const uint8_t *p, size_t n)
{
    struct load *l = c->load;
    const uint8_t *end = memchr(p, c->plan.dialect.terminator, n);
    if (!end && !l->lines.is_final)
        return STEP_MORE;
    struct span text = load_trim(span_of(p, end ? (size_t)(end - p) : n));
    lines_use(&l->lines, end ? (size_t)(end - p) + 1 : n, 1);
    l->report->blank += text.len == 0;
    l->report->comments += text.len > 0;
    if (text.len)
        load_comment(l, text);
    return STEP_TAKEN;
}

static enum step take_next(struct csv_list *c, struct err *err)
{
    struct lines *s = &c->load->lines;
    size_t n;
    uint8_t *p = lines_rest(s, &n);
    if (n == 0)
        return STEP_MORE;
    if (is_no_row(p, n, c->plan.dialect.terminator))
        return take_no_row(c, p, n);
    if (!csv_row_read(p, n, s->is_final, &c->plan.dialect, &c->row))
        return STEP_MORE;
    if (s->failure.kind != ERR_NONE && c->row.len == n && p[n - 1] != c->plan.dialect.terminator) {
        lines_use(s, n, c->row.n_lines); /* cut by the failure, not by its writer */
        return STEP_MORE;
    }
    if (!take_row(c, p, err))
        return STEP_FAILED;
    lines_use(s, c->row.len, c->row.n_lines);
    return STEP_TAKEN;
}

/* A whole buffer that holds no whole row, and nobody could mean that: passed over as one bad row. */
static void pass_monster(struct csv_list *c)
{
    struct lines *s = &c->load->lines;
    size_t n;
    uint8_t *p = lines_rest(s, &n);
    if (is_no_row(p, n, c->plan.dialect.terminator))
        c->load->report->comments++;
    else
        load_reject(c->load, REJECT_TRUNCATED, load_clamp32(s->n + 1), 1,
                    span_first(span_of(p, n), LOAD_TEXT_MAX),
                    "a row is longer than 1 MiB; skipped up to the next line end");
    lines_use(s, n, (uint64_t)count_lines(c, p, p + n) + 1);
    lines_skip(s);
}

static bool take_rows(struct csv_list *c, struct err *err)
{
    struct lines *s = &c->load->lines;
    size_t n_before, n;
    while (lines_refill(s)) {
        lines_rest(s, &n_before);
        enum step step;
        while ((step = take_next(c, err)) == STEP_TAKEN)
            ;
        if (step == STEP_FAILED || !load_flush(c->load, err))
            return false;
        lines_rest(s, &n);
        if (n == n_before && s->end - s->at == s->max_room)
            pass_monster(c);
    }
    load_check_count(c->load);
    return true;
}

static void begin_rows(struct csv_list *c)
{
    for (int role = 0; role < CSV_ROLE_COUNT; role++)
        if (c->plan.column[role] != CSV_NO_COLUMN)
            c->roles[c->n_roles++] = (enum csv_role)role;
    c->entry.has_context = c->n_roles && c->roles[c->n_roles - 1] >= CSV_DESCRIPTION;
    c->entry.has_type = c->plan.has_type;
    c->entry.type = c->plan.type;
}

static bool begin_misp(struct csv_list *c, struct err *err)
{
    if (!c->plan.misp.is_misp)
        return true;
    c->misp = csv_misp_new(c->load, &c->plan.misp);
    return c->misp || err_set(err, ERR_MEMORY, c->load->path, "not enough memory to read a list");
}

static bool load_csv(struct load *l, struct err *err)
{
    struct csv_list *c = calloc(1, sizeof *c);
    bool is_all;
    if (!c)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
    c->load = l;
    table_init(&c->table, l);
    l->lines.max_room = ROW_MAX;
    struct span head = lines_head(&l->lines, &is_all);
    bool is_good = csv_plan_make(head, is_all, l->options, &l->scratch, &c->plan, err);
    if (!is_good) {
        l->report->is_unreadable = true;
    } else {
        begin_rows(c);
        is_good = begin_misp(c, err) && take_rows(c, err);
        if (c->misp)
            csv_misp_end(c->misp);
    }
    csv_misp_free(c->misp);
    table_fini(&c->table);
    free(c);
    return is_good;
}

static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct buf scratch;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    bool is_csv = csv_is_likely(head, is_all, options, &scratch);
    buf_fini(&scratch);
    return is_csv;
}

const struct list_reader format_csv = {
    .name = "csv", .is_likely = is_likely, .load = load_csv, .name_match = MATCH_SUFFIX, .unit = "row"};
