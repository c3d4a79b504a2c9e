/* CSV lists: RFC 4180 with what real feeds do to it. Lines that begin with '#' and blank ones are no rows; the last such comment
 * before the first row may be the header. Columns are found by what the user says, else by well-known header names, else by
 * looking at the rows: see csv_columns.h. A type column's word says what the value has to be; without one the value's
 * syntax does. A port column goes with addresses and names: "192.0.2.1" and "443" are "192.0.2.1:443".
 * Bare names, "*.x" and ".x" mean the name and all below it, if nobody says otherwise. A row may take many lines, but no
 * more than ROW_MAX bytes. */
#include <stdlib.h>

#include "rules/formats/csv_columns.h"
#include "rules/formats/format.h"
#include "rules/list_options.h"

enum { ROW_MAX = 1024 * 1024, TAGS_MAX = 64 };

struct csv_list {
    struct load *load; /* borrowed */
    struct csv_plan plan;
    struct csv_row row;
    struct buf composed; /* a value put together from two columns */
    char tag_delimiter;
    bool is_past_header;
    bool has_context; /* some column holds more than the value */
    struct csv_misp *misp; /* owned; NULL when it is no export of MISP */
};

static struct span cell(struct csv_list *c, enum csv_role role)
{
    int column = c->plan.column[role];
    return column == CSV_NO_COLUMN ? span_of("", 0)
                                   : csv_field_text(&c->row, (size_t)column, &c->plan.dialect);
}

/* What feeds write for "nothing". */
static bool is_unsaid(struct span text)
{
    return text.len == 0 || span_eq(text, SPAN_LIT("-")) || span_eq_nocase(text, SPAN_LIT("none")) ||
           span_eq_nocase(text, SPAN_LIT("null")) || span_eq_nocase(text, SPAN_LIT("n/a"));
}

static struct span said_cell(struct csv_list *c, enum csv_role role)
{
    struct span text = load_trim(cell(c, role));
    return is_unsaid(text) ? span_of("", 0) : text;
}

/* ---- what goes with a value ---- */

static size_t split_tags(struct csv_list *c, struct span tags[static TAGS_MAX])
{
    struct span rest = said_cell(c, CSV_TAGS);
    size_t n = 0;
    while (rest.len && n < TAGS_MAX) {
        const uint8_t *end = memchr(rest.ptr, c->tag_delimiter, rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
        struct span tag = load_text(span_first(rest, len));
        if (tag.len)
            tags[n++] = tag;
        rest = span_from(rest, len + 1);
    }
    return n;
}

static void take_text(struct csv_list *c, enum csv_role role, struct span *out)
{
    struct span text = said_cell(c, role);
    if (text.len)
        *out = load_text(text);
}

static void read_context(struct csv_list *c, uint32_t line, struct span *tags, struct context_in *out)
{
    *out = load_context(c->load);
    take_text(c, CSV_ORGANISATION, &out->organisation);
    take_text(c, CSV_REFERENCE, &out->reference);
    take_text(c, CSV_DESCRIPTION, &out->description);
    take_text(c, CSV_ID, &out->id);
    size_t n_tags = split_tags(c, tags);
    if (n_tags) {
        out->tags = tags;
        out->n_tags = n_tags;
    }
    struct span from = said_cell(c, CSV_VALID_FROM), until = said_cell(c, CSV_VALID_UNTIL);
    struct span tlp = said_cell(c, CSV_TLP), confidence = said_cell(c, CSV_CONFIDENCE);
    if (from.len)
        load_time(c->load, line, 0, from, &out->valid_from);
    if (until.len)
        load_time(c->load, line, 0, until, &out->valid_until);
    if (tlp.len)
        out->tlp = load_tlp(c->load, line, 0, tlp);
    if (confidence.len && !list_options_confidence(confidence, &out->confidence))
        load_warn(c->load, line, 0, confidence, "not a confidence from 0 to 100; passed over");
}

/* ---- the value ---- */

/* "host" and "443" into "host:443", for what can have a port. False: `value` stays as it is. */
static bool compose_port(struct csv_list *c, struct span value, struct span port, struct span *out)
{
    struct value v;
    uint32_t col;
    if (port.len == 0 || value_read(value, &c->load->scratch, &v, &col) != REJECT_NONE ||
        (v.type != IOC_IPV4 && v.type != IOC_IPV6 && v.type != IOC_DOMAIN) || v.is_wildcard)
        return false;
    buf_reset(&c->composed);
    buf_put_str(&c->composed, v.type == IOC_IPV6 ? "[" : "");
    buf_put(&c->composed, v.text);
    buf_put_str(&c->composed, v.type == IOC_IPV6 ? "]:" : ":");
    buf_put(&c->composed, port);
    *out = buf_span(&c->composed);
    return !c->composed.is_full;
}

/* "host|port", "domain|ip": the first half is what is looked for, the second its port or only context. */
static void cut_composite(struct span *value, struct span *port, bool has_port)
{
    const uint8_t *bar = value->len ? memchr(value->ptr, '|', value->len) : NULL;
    if (!bar)
        return;
    size_t at = (size_t)(bar - value->ptr);
    if (has_port)
        *port = load_trim(span_from(*value, at + 1));
    *value = load_trim(span_first(*value, at));
}

/* False: the entry is accounted for. */
static bool read_type(struct csv_list *c, struct load_entry *e, struct span *port)
{
    struct span word = said_cell(c, CSV_TYPE);
    e->has_type = c->plan.has_type && !c->load->options->has_type;
    e->type = c->plan.type;
    if (word.len == 0 || c->load->options->has_type)
        return true;
    bool has_port;
    if (!csv_type_of(word, &e->type, &has_port)) {
        load_reject(c->load, REJECT_UNKNOWN_TYPE, e->line, 0, word, NULL);
        return false;
    }
    if (e->type == IOC_OTHER) {
        load_skip(c->load, SKIP_TYPE, IOC_OTHER, e->line, e->col, e->value);
        return false;
    }
    e->has_type = true;
    if (memchr(word.ptr, '|', word.len))
        cut_composite(&e->value, port, has_port);
    return true;
}

/* A declared address or name that gets a port is another type. */
static enum ioc_type with_port(enum ioc_type type)
{
    return type == IOC_DOMAIN || type == IOC_WILDCARD || type == IOC_DOMAIN_PORT ? IOC_DOMAIN_PORT
                                                                                 : IOC_IP_PORT;
}

static bool take_value(struct csv_list *c, struct load_entry *e, struct err *err)
{
    struct span port = said_cell(c, CSV_PORT);
    if (!read_type(c, e, &port))
        return true;
    bool is_composed =
        (!e->has_type || e->type <= IOC_IPV6 || e->type == IOC_IP_PORT || e->type == IOC_DOMAIN_PORT) &&
        compose_port(c, e->value, port, &e->value);
    if (is_composed && e->has_type)
        e->type = with_port(e->type);
    return load_entry(c->load, e, err) && (!is_composed || load_flush(c->load, err));
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
    struct load_entry e = {.value = cell(c, CSV_VALUE)};
    uint32_t above = c->row.n_lines > 1 ? count_lines(c, start, e.value.ptr) : 0;
    e.line = load_clamp32((uint64_t)line + above);
    e.col = above ? 1 : (uint32_t)(e.value.ptr - start) + 1;
    bool is_taken = false;
    if (c->misp && !csv_misp_take(c->misp, &c->row, &c->plan.dialect, e.line, e.col, &is_taken, err))
        return false;
    if (is_taken)
        return true;
    struct context_in context;
    struct span tags[TAGS_MAX];
    if (c->has_context) {
        read_context(c, e.line, tags, &context);
        e.context = &context;
    }
    return take_value(c, &e, err);
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
    return true;
}

static bool load_csv(struct load *l, struct err *err)
{
    struct csv_list *c = calloc(1, sizeof *c);
    bool is_all;
    if (!c)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
    c->load = l;
    c->tag_delimiter = l->options->csv.tag_delimiter ? l->options->csv.tag_delimiter : ',';
    buf_init(&c->composed, LOAD_VALUE_MAX);
    l->lines.max_room = ROW_MAX;
    struct span head = lines_head(&l->lines, &is_all);
    bool is_good = csv_plan_make(head, is_all, l->options, &l->scratch, &c->plan, err);
    if (!is_good) {
        l->report->is_unreadable = true;
    } else {
        for (int role = CSV_DESCRIPTION; role < CSV_ROLE_COUNT; role++)
            c->has_context |= c->plan.column[role] != CSV_NO_COLUMN;
        c->misp = c->plan.misp.is_misp ? csv_misp_new(l, &c->plan.misp) : NULL;
        is_good = (c->misp || !c->plan.misp.is_misp || err_set(err, ERR_MEMORY, l->path, "not enough memory")) &&
                  take_rows(c, err);
        if (c->misp)
            csv_misp_end(c->misp);
    }
    csv_misp_free(c->misp);
    buf_fini(&c->composed);
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

const struct list_reader format_csv = {.name = "csv", .is_likely = is_likely, .load = load_csv, .name_match = MATCH_SUFFIX, .unit = "row"};
