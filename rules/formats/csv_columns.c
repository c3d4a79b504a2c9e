/* See csv_columns.h. Everything is decided from a sample: the first rows of the file's first 64 KB. */
#include "rules/formats/csv_columns.h"

#include <stdlib.h>

#include "base/time.h"
#include "rules/formats/format.h"

enum { SAMPLE_ROWS = 64, LOOK_COLUMNS = 12 };

/* The beginning of a list, cut into rows. */
struct sample {
    uint8_t *bytes;            /* owned: a copy, for quotes are undone in place */
    size_t n_rows, n_comments; /* n_comments: before the first row */
    struct csv_row rows[SAMPLE_ROWS];
    struct csv_row
        heading; /* the last comment before the first row that has as many columns, or more than one */
    bool has_heading;
    bool heading_is_longer; /* than most rows */
};

static int column_named(struct csv_row *row, const struct csv_dialect *d, struct span name)
{
    uint8_t a[CSV_NAME_MAX], b[CSV_NAME_MAX];
    struct span want = csv_plain_name(name, a);
    for (size_t i = 0; want.len && i < row->n && i < CSV_COLUMNS_MAX; i++)
        if (span_eq(csv_plain_name(csv_field_text(row, i, d), b), want))
            return (int)i;
    return CSV_NO_COLUMN;
}

/* The value column by its name, or CSV_NO_COLUMN. */
static int value_named(struct csv_row *row, const struct csv_dialect *d, const char **out_name)
{
    enum csv_role role;
    for (size_t i = 0; (*out_name = csv_header_name(i, &role)); i++) {
        int column = role == CSV_VALUE ? column_named(row, d, span_str(*out_name)) : CSV_NO_COLUMN;
        if (column != CSV_NO_COLUMN)
            return column;
    }
    return CSV_NO_COLUMN;
}

static void name_columns(struct csv_plan *p, struct csv_row *header)
{
    const char *name;
    enum csv_role role;
    p->column[CSV_VALUE] = value_named(header, &p->dialect, &name);
    p->has_type = name && csv_header_type(span_str(name), &p->type);
    for (size_t i = 0; (name = csv_header_name(i, &role)); i++)
        if (p->column[role] == CSV_NO_COLUMN)
            p->column[role] = column_named(header, &p->dialect, span_str(name));
    while (header->n && header->n <= CSV_COLUMNS_MAX &&
           csv_field_text(header, header->n - 1, &p->dialect).len == 0)
        header->n--; /* spreadsheets leave empty columns at the end */
    p->n_columns = header->n;
}

/* ---- columns the user named ---- */

struct span csv_said_column(const struct csv_options *o, enum csv_role role)
{
    const struct span *said[CSV_ROLE_COUNT] = {
        [CSV_VALUE] = &o->value,
        [CSV_TYPE] = &o->type,
        [CSV_PORT] = &o->port,
        [CSV_DESCRIPTION] = &o->description,
        [CSV_TAGS] = &o->tags,
        [CSV_CONFIDENCE] = &o->confidence,
        [CSV_TLP] = &o->tlp,
        [CSV_REFERENCE] = &o->reference,
        [CSV_ORGANISATION] = &o->organisation,
        [CSV_VALID_FROM] = &o->valid_from,
        [CSV_VALID_UNTIL] = &o->valid_until,
        [CSV_ID] = &o->id,
    };
    return said[role] ? *said[role] : span_of("", 0);
}

static bool has_said_columns(const struct csv_options *o)
{
    for (int role = 0; role < CSV_ROLE_COUNT; role++)
        if (csv_said_column(o, (enum csv_role)role).len)
            return true;
    return false;
}

/* A number from 1, or CSV_NO_COLUMN. */
static int column_number(struct span text)
{
    int n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || n > CSV_COLUMNS_MAX)
            return CSV_NO_COLUMN;
        n = n * 10 + (text.ptr[i] - '0');
    }
    return n >= 1 && n <= CSV_COLUMNS_MAX ? n - 1 : CSV_NO_COLUMN;
}

/* Every column that is said by name is in this row. */
static bool has_said_names(struct csv_row *row, const struct csv_dialect *d, const struct csv_options *o)
{
    size_t n_names = 0;
    for (int role = 0; role < CSV_ROLE_COUNT; role++) {
        struct span said = csv_said_column(o, (enum csv_role)role);
        if (said.len == 0 || column_number(said) != CSV_NO_COLUMN)
            continue;
        n_names++;
        if (column_named(row, d, said) == CSV_NO_COLUMN)
            return false;
    }
    return n_names > 0;
}

static bool apply_said(struct csv_plan *p, const struct csv_options *o, struct csv_row *header,
                       struct err *err)
{
    for (int role = 0; role < CSV_ROLE_COUNT; role++) {
        struct span said = csv_said_column(o, (enum csv_role)role);
        if (said.len == 0)
            continue;
        int column = column_number(said);
        if (column == CSV_NO_COLUMN && header)
            column = column_named(header, &p->dialect, said);
        if (column == CSV_NO_COLUMN)
            return err_set(err, ERR_USAGE, NULL, "no column is named \"%.*s\"; %s",
                           (int)(said.len < 60 ? said.len : 60), (const char *)said.ptr,
                           header ? "the header has other names"
                                  : "there is no header: say its number, from 1");
        if (role == CSV_VALUE)
            p->has_type = false;
        p->column[role] = column;
    }
    return true;
}

/* ---- the sample ---- */

static bool is_comment_or_blank(struct span line)
{
    line = load_trim(line);
    return line.len == 0 || line.ptr[0] == '#';
}

static struct span line_at(uint8_t *p, size_t n, uint8_t terminator)
{
    const uint8_t *end = memchr(p, terminator, n);
    return span_of(p, end ? (size_t)(end - p) : n);
}

/* A commented header: without its markers, one row. */
static void take_heading(struct sample *s, struct span line, const struct csv_dialect *d,
                         const struct list_options *o)
{
    uint8_t *p = s->bytes + (line.ptr - s->bytes);
    size_t n = line.len;
    while (n && (*p == '#' || load_is_blank(*p))) {
        p++;
        n--;
    }
    struct csv_row row;
    const char *name;
    if (n == 0 || !csv_row_read(p, n, true, d, &row) || row.n < 2)
        return;
    if (value_named(&row, d, &name) == CSV_NO_COLUMN && !has_said_names(&row, d, &o->csv))
        return;
    s->heading = row;
    s->has_heading = true;
}

/* NULL when memory is short. */
static struct sample *sample_new(struct span head, bool is_all, const struct csv_dialect *d,
                                 const struct list_options *o)
{
    struct sample *s = malloc(sizeof *s);
    uint8_t *bytes = malloc(head.len + 1);
    if (!s || !bytes) {
        free(s);
        free(bytes);
        return NULL;
    }
    memcpy(bytes, head.ptr, head.len);
    s->bytes = bytes;
    s->n_rows = s->n_comments = 0;
    s->has_heading = s->heading_is_longer = false;
    for (size_t at = 0; at < head.len && s->n_rows < SAMPLE_ROWS;) {
        struct span line = line_at(bytes + at, head.len - at, d->terminator);
        if (is_comment_or_blank(line)) {
            if (s->n_rows == 0 && s->n_comments++ < SAMPLE_ROWS)
                take_heading(s, line, d, o);
            at += line.len + 1;
        } else if (csv_row_read(bytes + at, head.len - at, is_all, d, &s->rows[s->n_rows])) {
            at += s->rows[s->n_rows++].len;
        } else {
            break;
        }
    }
    return s;
}

static void sample_free(struct sample *s)
{
    if (s)
        free(s->bytes);
    free(s);
}

/* ---- looking at the rows ---- */

/* LESSER: hashes, and e-mail addresses, which beside indicators are those of whoever reported them. */
enum looks { NOTHING, LESSER, INDICATOR };

static enum looks cell_looks(struct span cell, struct buf *scratch)
{
    struct value v;
    uint32_t col;
    if (cell.len == 0 || value_read(cell, scratch, &v, &col) != REJECT_NONE)
        return NOTHING;
    return v.type < IOC_MATCHABLE_COUNT && v.type != IOC_EMAIL ? INDICATOR : LESSER;
}

/* How many rows from `first` on have a cell that looks at least so in this column? */
static size_t count_looks(struct sample *s, size_t first, size_t column, const struct csv_dialect *d,
                          enum looks least, struct buf *scratch)
{
    size_t n = 0;
    for (size_t i = first; i < s->n_rows; i++)
        n += cell_looks(csv_field_text(&s->rows[i], column, d), scratch) >= least;
    return n;
}

/* The first column whose cells are indicators in most rows; failing that, hashes and the like. */
static int find_value(struct sample *s, size_t first, const struct csv_dialect *d, struct buf *scratch)
{
    size_t n_columns = 0, n_rows = s->n_rows - first;
    for (size_t i = first; i < s->n_rows; i++)
        if (s->rows[i].n > n_columns)
            n_columns = s->rows[i].n;
    if (n_columns > 32) /* nobody keeps the value further to the right without saying so */
        n_columns = 32;
    for (enum looks least = INDICATOR; least > NOTHING; least--)
        for (size_t column = 0; column < n_columns; column++)
            if (count_looks(s, first, column, d, least, scratch) * 2 > n_rows)
                return (int)column;
    return CSV_NO_COLUMN;
}

/* ---- without a header ---- */

/* How many rows have a type's word in column `type` and in column `value` what is of that type? */
static size_t count_agreement(struct sample *s, const struct csv_dialect *d, size_t type, size_t value,
                              struct buf *scratch)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        enum ioc_type t;
        bool has_port;
        uint32_t col;
        struct value v;
        struct span word = csv_field_text(&s->rows[i], type, d), text = csv_field_text(&s->rows[i], value, d);
        n += word.len && text.len && csv_type_of(word, &t, &has_port) && t < IOC_OTHER &&
             value_read_as(t, text, scratch, &v, &col) == REJECT_NONE;
    }
    return n;
}

/* The columns of types and values, if most rows agree on both. */
static bool find_typed_value(struct sample *s, const struct csv_dialect *d, struct buf *scratch,
                             int *out_type, int *out_value)
{
    size_t best = s->n_rows / 2;
    bool is_found = false;
    for (size_t type = 0; type < LOOK_COLUMNS; type++) {
        for (size_t value = 0; value < LOOK_COLUMNS; value++) {
            size_t n = type == value ? 0 : count_agreement(s, d, type, value, scratch);
            if (n <= best)
                continue;
            best = n;
            is_found = true;
            *out_type = (int)type;
            *out_value = (int)value;
        }
    }
    return is_found;
}

static bool looks_like_date(struct span cell)
{
    int64_t seconds;
    return cell.len >= 10 && cell.ptr[4] == '-' && time_parse(cell, &seconds);
}

static bool looks_like_link(struct span cell)
{
    return span_starts(cell, SPAN_LIT("http://")) || span_starts(cell, SPAN_LIT("https://"));
}

static bool looks_like_tags(struct span cell)
{
    return cell.len > 1 && cell.ptr[0] == '#';
}

/* The first column without a role in which most cells that are not empty look so. */
static int find_looking(struct sample *s, const struct csv_plan *p, bool (*looks)(struct span))
{
    for (int column = 0; column < LOOK_COLUMNS; column++) {
        size_t n = 0, n_full = 0;
        bool is_taken = false;
        for (int role = 0; role < CSV_ROLE_COUNT; role++)
            is_taken |= p->column[role] == column;
        for (size_t i = 0; !is_taken && i < s->n_rows; i++) {
            struct span cell = csv_field_text(&s->rows[i], (size_t)column, &p->dialect);
            n_full += cell.len > 0;
            n += looks(cell);
        }
        if (n * 2 > n_full)
            return column;
    }
    return CSV_NO_COLUMN;
}

/* Rows of "when,who,type,value,#tags,link" and the like: nobody names the columns, but a type beside its value tells that the others
 * go with it. A date that nobody explains is when it was seen. */
static void name_by_looking(struct csv_plan *p, struct sample *s, struct buf *scratch)
{
    if (!find_typed_value(s, &p->dialect, scratch, &p->column[CSV_TYPE], &p->column[CSV_VALUE]))
        return;
    p->column[CSV_SEEN] = find_looking(s, p, looks_like_date);
    p->column[CSV_TAGS] = find_looking(s, p, looks_like_tags);
    p->column[CSV_REFERENCE] = find_looking(s, p, looks_like_link);
    if (p->column[CSV_SEEN] == 0 && p->column[CSV_TYPE] == 2 && p->column[CSV_VALUE] == 3 &&
        p->column[CSV_TAGS] == 4 && p->column[CSV_REFERENCE] == 5)
        p->column[CSV_ORGANISATION] = 1;
}

/* A header's cells are words. (A row of values may hold a header's name too: "domain" in its type column.) */
static bool first_row_is_words(struct sample *s, const struct csv_dialect *d, struct buf *scratch)
{
    for (size_t i = 0; i < s->rows[0].n && i < CSV_COLUMNS_MAX; i++)
        if (cell_looks(csv_field_text(&s->rows[0], i, d), scratch) != NOTHING)
            return false;
    return true;
}

static bool is_known_name(struct span text)
{
    uint8_t plain[CSV_NAME_MAX];
    struct span name = csv_plain_name(text, plain);
    enum csv_role role;
    const char *known;
    for (size_t i = 0; (known = csv_header_name(i, &role)); i++)
        if (span_eq(name, span_str(known)))
            return true;
    return false;
}

static bool is_all_known(struct csv_row *row, const struct csv_dialect *d)
{
    for (size_t i = 0; i < row->n && i < CSV_COLUMNS_MAX; i++)
        if (!is_known_name(csv_field_text(row, i, d)))
            return false;
    return row->n <= CSV_COLUMNS_MAX;
}

/* A comment that happens to hold a column's name is prose, unless most rows have as many columns; or fewer, because the last ones
 * may be left out, but then it must be nothing else than names. */
static bool heading_fits(struct sample *s, const struct csv_dialect *d)
{
    size_t n = 0, n_shorter = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        n += s->rows[i].n == s->heading.n;
        n_shorter += s->rows[i].n > 1 && s->rows[i].n < s->heading.n;
    }
    if (!s->has_heading || n * 2 >= s->n_rows)
        return s->has_heading;
    s->heading_is_longer = (n + n_shorter) * 2 >= s->n_rows && is_all_known(&s->heading, d);
    return s->heading_is_longer;
}

/* The row that names the columns: the first one, or a comment; NULL when there is none. */
static struct csv_row *find_header(struct sample *s, const struct csv_dialect *d,
                                   const struct list_options *o, struct buf *scratch, bool *out_is_row)
{
    const char *name;
    *out_is_row = false;
    if (o->csv.header == 0)
        return NULL;
    bool has_heading = heading_fits(s, d);
    if (s->n_rows && (o->csv.header == 1 ? !has_heading : first_row_is_words(s, d, scratch)))
        *out_is_row = o->csv.header == 1 || value_named(&s->rows[0], d, &name) != CSV_NO_COLUMN ||
                      has_said_names(&s->rows[0], d, &o->csv) ||
                      (s->n_rows > 1 && !has_heading && find_value(s, 1, d, scratch) != CSV_NO_COLUMN);
    return *out_is_row ? &s->rows[0] : has_heading ? &s->heading : NULL;
}

/* ---- the delimiter ---- */

/* Rows with the most frequent number of columns above one; that number. */
static size_t count_regular(const struct sample *s, size_t *out_columns)
{
    size_t best = 0;
    *out_columns = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        size_t n = 0;
        for (size_t k = 0; k < s->n_rows; k++)
            n += s->rows[k].n == s->rows[i].n;
        if (s->rows[i].n > 1 && n > best) {
            best = n;
            *out_columns = s->rows[i].n;
        }
    }
    return best;
}

static struct csv_dialect dialect_of(struct span head, const struct list_options *o, uint8_t delimiter)
{
    bool has_cr_only = head.len && !memchr(head.ptr, '\n', head.len) && memchr(head.ptr, '\r', head.len);
    return (struct csv_dialect){.delimiter = delimiter,
                                .quote = o->csv.quote ? (uint8_t)o->csv.quote : '"',
                                .terminator = has_cr_only ? '\r' : '\n'};
}

/* How good a delimiter is this? Rows that it cuts alike, and above all whether an indicator then stands alone in a column. */
static size_t rate(struct sample *s, const struct csv_dialect *d, struct buf *scratch, bool *out_is_regular)
{
    size_t columns, n = count_regular(s, &columns);
    *out_is_regular = n * 2 > s->n_rows;
    bool has_value = n > 0 && find_value(s, s->n_rows > 1, d, scratch) != CSV_NO_COLUMN;
    return (has_value || s->has_heading ? SAMPLE_ROWS + 1 : 0) + n;
}

/* The sample cut with the best delimiter; ',' when none is any good. *out_is_regular: most rows are cut alike. */
static struct sample *sniff(struct span head, bool is_all, const struct list_options *o, struct buf *scratch,
                            struct csv_dialect *out, bool *out_is_regular)
{
    static const uint8_t candidates[] = {',', ';', '\t', '|'};
    struct sample *best = NULL;
    size_t best_rate = 0;
    bool is_said = o->csv.delimiter != 0, is_regular;
    *out_is_regular = false;
    for (size_t i = 0; i < (is_said ? 1 : sizeof candidates); i++) {
        struct csv_dialect d = dialect_of(head, o, is_said ? (uint8_t)o->csv.delimiter : candidates[i]);
        struct sample *s = sample_new(head, is_all, &d, o);
        size_t rated = s ? rate(s, &d, scratch, &is_regular) : 0;
        if (s && (!best || rated > best_rate)) {
            sample_free(best);
            best = s;
            best_rate = rated;
            *out = d;
            *out_is_regular = is_regular;
        } else {
            sample_free(s);
        }
    }
    return best;
}

/* ---- both together ---- */

bool csv_plan_make(struct span head, bool is_all, const struct list_options *options, struct buf *scratch,
                   struct csv_plan *out, struct err *err)
{
    bool is_regular;
    *out = (struct csv_plan){0};
    struct sample *s = sniff(head, is_all, options, scratch, &out->dialect, &is_regular);
    if (!s)
        return err_set(err, ERR_MEMORY, NULL, "not enough memory to read a list");
    struct csv_row *header = find_header(s, &out->dialect, options, scratch, &out->has_header_row);
    for (int role = 0; role < CSV_ROLE_COUNT; role++)
        out->column[role] = CSV_NO_COLUMN;
    if (header)
        name_columns(out, header);
    else if (!has_said_columns(&options->csv))
        name_by_looking(out, s, scratch);
    if (s->heading_is_longer && header == &s->heading)
        out->n_columns = 0;
    bool is_said = options->csv.value.len || options->csv.type.len || options->has_type;
    csv_misp_find(is_said ? NULL : header, &out->dialect, &out->misp);
    bool is_good = apply_said(out, &options->csv, header, err);
    if (is_good && out->column[CSV_VALUE] == CSV_NO_COLUMN) {
        int found = find_value(s, out->has_header_row ? 1 : 0, &out->dialect, scratch);
        out->column[CSV_VALUE] = found == CSV_NO_COLUMN ? 0 : found;
    }
    if (out->n_columns <= (size_t)out->column[CSV_VALUE])
        out->n_columns = (size_t)out->column[CSV_VALUE] + 1;
    sample_free(s);
    return is_good;
}

/* Most rows would do as lines of a plain list: a score behind the value makes no CSV. */
static bool is_plain_list(struct span head, bool is_all, struct buf *scratch)
{
    size_t n = 0, n_values = 0;
    for (struct span line; n < SAMPLE_ROWS && load_head_line(&head, is_all, &line);) {
        if (is_comment_or_blank(line))
            continue;
        n++;
        n_values += format_reads_value(line, scratch);
    }
    return n_values * 2 > n;
}

bool csv_is_likely(struct span head, bool is_all, const struct list_options *options, struct buf *scratch)
{
    struct csv_dialect d;
    bool is_regular, is_row = false;
    const char *name;
    struct sample *s = sniff(head, is_all, options, scratch, &d, &is_regular);
    struct csv_row *header = is_regular ? find_header(s, &d, options, scratch, &is_row) : NULL;
    bool is_likely = header && value_named(header, &d, &name) != CSV_NO_COLUMN;
    if (is_regular && !is_likely)
        is_likely = find_value(s, is_row ? 1 : 0, &d, scratch) != CSV_NO_COLUMN &&
                    (d.delimiter != '\t' || !is_plain_list(head, is_all, scratch));
    sample_free(s);
    return is_likely;
}
