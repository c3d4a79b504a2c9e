/* JSON tables: objects with a value each, as feeds share them when they share no events: one object on a line (ndjson), which is read
 * line by line; or one text, read whole: an array of objects or of plain texts, such an array inside "data", "results" and the like,
 * or objects and arrays under keys that are numbers or names. What a member means its name tells: see json_row.h. An object that holds
 * a value is a row, and nothing inside it is looked at; a broken one costs itself. */
#include <stdlib.h>

#include "rules/formats/json_list.h"
#include "rules/formats/json_row.h"

enum { LINE_MAX_BYTES = 1024 * 1024, DEPTH_MAX = 8, SAMPLE_MAX = 64, LINE_TREES_MAX = 64 << 20 };

struct json_table {
    struct json_list list;
    struct table table;
    struct json_rows rows;
};

/* Where one is, on the way down to the rows. */
struct place {
    struct span path; /* what is left of the path that the options say */
    struct span id;   /* the key above, if it is one that names an entry */
    unsigned depth;
    bool is_element; /* of an array: a row, or what wraps rows */
};

static const char no_value[] =
    "no member of this object is known to hold a value (url, domain, ip_address, ioc, ...); "
    "value=NAME says which; entry skipped";

/* ---- rows ---- */

static bool enter_text(struct json_table *t, struct span text, uint32_t line, uint32_t col, struct err *err)
{
    struct load_entry e = {.value = text, .line = line, .col = col};
    return load_entry(t->list.load, &e, err);
}

static bool enter_cell(struct json_table *t, struct span text, struct err *err)
{
    t->rows.row.cells[CSV_VALUE] = text;
    return table_enter(&t->table, &t->rows.row, err);
}

/* The object last read; a list of values is an entry each. */
static bool enter_row(struct json_table *t, const struct json_part *part, struct span id, struct err *err)
{
    struct table_row *row = &t->rows.row;
    const json_value *v = t->rows.value;
    row->line = part->line;
    row->col = part->col;
    if (row->cells[CSV_ID].len == 0 && id.len) {
        row->cells[CSV_ID] = id;
        row->has_context = true;
    }
    if (!json_is_array(v))
        return enter_cell(t, json_string(v), err);
    for (v = json_first(v); v; v = json_next(v))
        if (!enter_cell(t, json_string(v), err))
            return false;
    return true;
}

static void reject_part(struct json_table *t, const struct json_part *part, const char *what)
{
    load_reject(t->list.load, REJECT_EMPTY, part->line, part->col, span_first(part->text, 80), what);
}

/* {"type":"metadata","records":1400,...}: no entry. */
static bool take_metadata(struct json_table *t, const json_value *object)
{
    double n;
    if (!span_eq(json_string_of(object, "type"), SPAN_LIT("metadata")))
        return false;
    t->list.load->report->comments++;
    if (json_number(json_member(object, "records"), &n) && n > 0 && n < 1e12)
        load_said_count(t->list.load, (uint64_t)n);
    return true;
}

static bool take_row(struct json_table *t, const struct json_part *part, struct span id, struct err *err)
{
    bool is_good;
    const json_value *v = json_list_read(&t->list, part, &is_good, err);
    if (!v)
        return is_good;
    if (json_is_string(v))
        return enter_text(t, json_string(v), part->line, part->col + 1, err);
    json_rows_read(&t->rows, v);
    if (t->rows.value)
        return enter_row(t, part, id, err);
    if (!take_metadata(t, v))
        reject_part(t, part, no_value);
    return true;
}

/* ---- the way to the rows ---- */

static struct span first_of_path(struct span path)
{
    const uint8_t *dot = path.len ? memchr(path.ptr, '.', path.len) : NULL;
    return dot ? span_first(path, (size_t)(dot - path.ptr)) : span_of("", 0);
}

static bool member_of(const struct json_part *object, struct span key, struct json_part *out)
{
    char name[CSV_NAME_MAX];
    if (key.len == 0 || key.len >= sizeof name)
        return false;
    memcpy(name, key.ptr, key.len);
    name[key.len] = 0;
    return json_part_member(object, name, out);
}

/* A text, or an array of texts. */
static bool is_texts(const struct json_part *part)
{
    struct json_part inner;
    if (!json_part_is(part, '['))
        return json_part_is(part, '"');
    return json_part_of(span_from(part->text, 1), &inner) && json_part_is(&inner, '"');
}

static bool is_container(const struct json_part *part)
{
    return json_part_is(part, '{') || json_part_is(part, '[');
}

/* Has it a member that holds a value? */
static bool is_row(struct json_table *t, const struct json_part *object, struct span path)
{
    struct json_walk w;
    struct span key;
    struct json_part part;
    if (first_of_path(path).len && !member_of(object, path, &part))
        return false;
    if (!json_walk_begin(&w, object))
        return false;
    for (enum json_step step; (step = json_walk_next(&w, &key, &part)) != JSON_WALK_END;)
        if (step == JSON_WALK_VALUE && json_rows_is_value(&t->rows, key) && is_texts(&part))
            return true;
    return false;
}

static const char *const wrappers[] = {"data",       "results", "result",  "response", "items",
                                       "indicators", "iocs",    "entries", "records",  "rows"};
enum { WRAPPERS = sizeof wrappers / sizeof *wrappers };

/* Its place among the names; WRAPPERS: it is none of them. */
static size_t wrapper_rank(struct span key)
{
    size_t i = 0;
    while (i < WRAPPERS && !span_eq(key, span_str(wrappers[i])))
        i++;
    return i;
}

/* The member that wraps the table. */
static bool find_wrapper(const struct json_part *object, struct json_part *out)
{
    struct json_walk w;
    struct span key;
    struct json_part part;
    size_t best = WRAPPERS;
    if (!json_walk_begin(&w, object))
        return false;
    for (enum json_step step; (step = json_walk_next(&w, &key, &part)) != JSON_WALK_END;) {
        if (step != JSON_WALK_VALUE || !is_container(&part) || wrapper_rank(key) >= best)
            continue;
        best = wrapper_rank(key);
        *out = part;
    }
    if (best == WRAPPERS && json_walk_unended(&w, &key, &part) && wrapper_rank(key) < WRAPPERS) {
        best = wrapper_rank(key);
        *out = part;
    }
    return best < WRAPPERS;
}

/* Texts under a key, as in {"domains":[...]}: values, if the first one reads as one. */
static bool are_values(struct json_table *t, const struct json_part *part)
{
    const uint8_t *from = memchr(part->text.ptr, '"', part->text.len);
    struct span rest = span_from(part->text, (size_t)(from - part->text.ptr) + 1);
    const uint8_t *end = rest.len ? memchr(rest.ptr, '"', rest.len) : NULL;
    return end && format_reads_value(span_of(rest.ptr, (size_t)(end - rest.ptr)), &t->list.load->scratch);
}

/* Keys that number or name entries: "3405", a UUID. */
static struct span id_of(struct span key)
{
    size_t n = 0;
    while (n < key.len && key.ptr[n] >= '0' && key.ptr[n] <= '9')
        n++;
    return key.len && (n == key.len || key.len == 36) ? key : span_of("", 0);
}

static bool take_any(struct json_table *t, const struct json_part *part, struct place at, struct err *err);

/* An object that is no row: what it wraps, else all that lies under its keys. */
static bool take_members(struct json_table *t, const struct json_part *object, struct place at,
                         struct err *err)
{
    struct json_part part;
    struct json_walk w;
    struct span key;
    bool has_any = false;
    if (find_wrapper(object, &part))
        return take_any(t, &part, (struct place){.path = at.path, .depth = at.depth + 1}, err);
    if (at.is_element)
        return take_row(t, object, at.id, err); /* to be told what is wrong with it */
    json_walk_begin(&w, object);
    while (json_list_walk(&t->list, &w, &key, &part)) {
        if (!is_container(&part) || (is_texts(&part) && !are_values(t, &part)))
            continue;
        has_any = true;
        if (!take_any(t, &part, (struct place){.path = at.path, .id = id_of(key), .depth = at.depth + 1},
                      err))
            return false;
    }
    if (json_walk_unended(&w, &key, &part)) /* what can be had of it */
        return take_any(t, &part, (struct place){.path = at.path, .depth = at.depth + 1}, err);
    return has_any || at.depth == 0 || take_row(t, object, at.id, err);
}

static bool take_object(struct json_table *t, const struct json_part *object, struct place at,
                        struct err *err)
{
    struct span first = first_of_path(at.path);
    struct json_part part;
    if (is_row(t, object, at.path))
        return take_row(t, object, at.id, err);
    if (member_of(object, first, &part))
        return take_any(
            t, &part, (struct place){.path = span_from(at.path, first.len + 1), .depth = at.depth + 1}, err);
    return take_members(t, object, at, err);
}

static bool take_array(struct json_table *t, const struct json_part *array, struct place at, struct err *err)
{
    struct json_walk w;
    struct span key;
    struct json_part part;
    at.depth++;
    at.is_element = true;
    json_walk_begin(&w, array);
    while (json_list_walk(&t->list, &w, &key, &part))
        if (!take_any(t, &part, at, err))
            return false;
    return true;
}

static bool take_any(struct json_table *t, const struct json_part *part, struct place at, struct err *err)
{
    if (at.depth > DEPTH_MAX)
        return reject_part(t, part, "nested too deeply for a table; entry skipped"), true;
    if (json_part_is(part, '{'))
        return take_object(t, part, at, err);
    if (json_part_is(part, '['))
        return take_array(t, part, at, err);
    if (json_part_is(part, '"'))
        return take_row(t, part, at.id, err);
    reject_part(t, part, "a text or an object is wanted here; entry skipped");
    return true;
}

/* ---- one text ---- */

/* Values one behind the other, as some tools write them: most often there is but one. */
static bool take_texts(struct json_table *t, struct err *err)
{
    struct json_part rest = t->list.top, part;
    struct place at = {.path = json_rows_path(&t->rows)};
    uint64_t n_before = t->list.load->report->entries + t->list.load->report->allowed;
    while (rest.text.len) {
        if (!json_part_first(&rest, &part)) {
            part = rest;
            rest.text.len = 0;
        }
        if (!take_any(t, &part, at, err))
            return false;
    }
    struct span inner = load_trim(span_from(t->list.top.text, 1));
    if (t->list.load->report->entries + t->list.load->report->allowed == n_before && inner.len > 1)
        reject_part(t, &t->list.top,
                    "nothing in this file is known to hold a value (url, domain, ip_address, ioc, ...); "
                    "value=NAME says which; nothing of it was loaded");
    return true;
}

static bool load_text_whole(struct json_table *t, struct load *l, struct err *err)
{
    bool is_empty = true;
    bool is_good = json_list_open(&t->list, l, &is_empty, err);
    if (!is_good && err && err->kind == ERR_LIMIT)
        l->report->is_unreadable = true;
    is_good = is_good && (is_empty || take_texts(t, err));
    return json_list_close(&t->list, is_good ? err : NULL) && is_good;
}

/* ---- one object on a line ---- */

static bool take_line(struct json_table *t, struct span line, struct err *err)
{
    struct load *l = t->list.load;
    struct json_part part = {.text = load_trim(line), .line = load_clamp32(l->lines.n)};
    if (part.text.len == 0) {
        l->report->blank++;
        return true;
    }
    part.col = (uint32_t)(part.text.ptr - line.ptr) + 1;
    if (part.text.ptr[0] == '#') {
        l->report->comments++;
        load_comment(l, part.text);
        return true;
    }
    struct place at = {.path = json_rows_path(&t->rows), .is_element = true};
    return json_part_is(&part, '{') && first_of_path(at.path).len == 0 ? take_row(t, &part, at.id, err)
                                                                       : take_any(t, &part, at, err);
}

static bool take_lines(struct json_table *t, struct err *err)
{
    struct lines *s = &t->list.load->lines;
    size_t n;
    const uint8_t *p, *end;
    for (p = lines_rest(s, &n); n && ((end = memchr(p, s->terminator, n)) || s->is_final);
         p = lines_rest(s, &n)) {
        struct span line = span_of(p, end ? (size_t)(end - p) : n);
        lines_use(s, line.len + (end != NULL), 1);
        if (!end && s->failure.kind != ERR_NONE)
            return true; /* cut by the failure, not by its writer */
        if (!take_line(t, line, err))
            return false;
    }
    return true;
}

/* A whole buffer without a line end. */
static void pass_monster(struct json_table *t)
{
    struct lines *s = &t->list.load->lines;
    size_t n;
    const uint8_t *p = lines_rest(s, &n);
    load_reject(t->list.load, REJECT_TRUNCATED, load_clamp32(s->n + 1), 1, span_first(span_of(p, n), 80),
                "a line is longer than 1 MiB; line skipped");
    lines_use(s, n, 1);
    lines_skip(s);
}

static bool load_lines(struct json_table *t, struct load *l, struct err *err)
{
    bool is_good = true;
    struct lines *s = &l->lines;
    t->list = (struct json_list){.load = l, .reader = json_reader_new(LINE_TREES_MAX)};
    if (!t->list.reader)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
    s->max_room = LINE_MAX_BYTES;
    while (is_good && lines_refill(s)) {
        is_good = take_lines(t, err);
        if (is_good && s->at == 0 && s->end == s->max_room)
            pass_monster(t);
    }
    return json_list_close(&t->list, is_good ? err : NULL) && is_good;
}

/* ---- telling it from others ---- */

/* Objects on lines of their own: the text begins with one, and most lines that are there as a whole are one. */
static bool is_on_lines(struct span head, bool is_all)
{
    size_t n = 0, n_objects = 0;
    if (load_trim(head).len == 0 || load_trim(head).ptr[0] != '{')
        return false;
    for (struct span line; n < SAMPLE_MAX && load_head_line(&head, is_all, &line);) {
        struct json_part rest, object;
        if (!json_part_of(line, &rest))
            continue;
        n++;
        n_objects += json_part_is(&rest, '{') && json_part_first(&rest, &object) && rest.text.len == 0;
    }
    return n > 1 && n_objects * 2 > n;
}

/* A string in the head of a text that may be cut: behind the opening quote up to the closing one. */
static bool head_string(struct span *head, struct span *out)
{
    for (size_t i = 0; i < head->len; i++) {
        if (head->ptr[i] == '\\') {
            i++;
        } else if (head->ptr[i] == '"') {
            *out = span_first(*head, i);
            *head = span_from(*head, i + 1);
            return true;
        }
    }
    return false;
}

/* Does a text, or an array of them, begin here, and read as a value? */
static bool begins_with_value(struct span rest, struct buf *scratch)
{
    struct span text;
    rest = load_trim(rest);
    if (rest.len && rest.ptr[0] == '[')
        rest = load_trim(span_from(rest, 1));
    if (rest.len == 0 || rest.ptr[0] != '"')
        return false;
    rest = span_from(rest, 1);
    return head_string(&rest, &text) && format_reads_value(text, scratch);
}

/* May what stands under this key be values: "url", "urls", "ip_addresses", "data"? */
static bool names_values(struct json_rows *rows, struct span key)
{
    if (wrapper_rank(key) < WRAPPERS)
        return true;
    bool has_s = key.len > 2 && key.ptr[key.len - 1] == 's', has_es = has_s && key.ptr[key.len - 2] == 'e';
    return json_rows_is_value(rows, key) ||
           (has_s && json_rows_is_value(rows, span_first(key, key.len - 1))) ||
           (has_es && json_rows_is_value(rows, span_first(key, key.len - 2)));
}

/* Some key no deeper than `depth` that is known to hold values does. */
static bool has_values(struct span head, unsigned depth, struct json_rows *rows, struct buf *scratch)
{
    unsigned at = 0;
    size_t n_tried = 0;
    while (head.len && n_tried < SAMPLE_MAX) {
        uint8_t c = head.ptr[0];
        struct span key;
        span_skip(&head, 1);
        at += c == '{' || c == '[';
        at -= (c == '}' || c == ']') && at;
        if (c != '"')
            continue;
        if (!head_string(&head, &key))
            return false;
        struct span rest = load_trim(head);
        if (at > depth || rest.len == 0 || rest.ptr[0] != ':' || !names_values(rows, key))
            continue;
        n_tried++;
        if ((json_rows_path(rows).len && json_rows_is_value(rows, key)) ||
            begins_with_value(span_from(rest, 1), scratch))
            return true;
    }
    return false;
}

/* An array of texts most of which are values. */
static bool is_array_of_values(struct span head, struct buf *scratch)
{
    size_t n = 0, n_values = 0;
    struct span text;
    for (head = load_trim(span_from(head, 1)); n < SAMPLE_MAX && head.len && head.ptr[0] == '"'; n++) {
        head = span_from(head, 1);
        if (!head_string(&head, &text))
            break;
        n_values += format_reads_value(text, scratch);
        head = load_trim(head);
        if (head.len && head.ptr[0] == ',')
            head = load_trim(span_from(head, 1));
    }
    return n > 0 && n_values * 2 > n;
}

/* Formats of their own, which mention values too. */
static bool is_other_json(struct span head)
{
    static const char *const keys[] = {"Event", "Attribute", "spec_version", "objects",
                                       "matching_attributes"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_head_has(head, 3, keys[i]))
            return true;
    return false;
}

static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct span text = load_trim(head), inner = load_trim(span_from(text, 1));
    if (text.len == 0 || (text.ptr[0] != '{' && text.ptr[0] != '['))
        return false;
    if (is_all && (span_eq(inner, SPAN_LIT("]")) || span_eq(inner, SPAN_LIT("}"))))
        return true; /* nothing is listed today */
    if (inner.len == 0 || !memchr("{[\"", inner.ptr[0], 3) || is_other_json(text))
        return false;
    struct json_rows *rows = malloc(sizeof *rows);
    struct buf scratch;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    bool is_table = rows != NULL;
    if (is_table)
        json_rows_init(rows, &options->csv);
    unsigned depth = is_on_lines(head, is_all) && !first_of_path(options->csv.value).len ? 1 : DEPTH_MAX;
    is_table =
        is_table && (text.ptr[0] == '[' && inner.ptr[0] == '"' ? is_array_of_values(text, &scratch)
                                                               : has_values(text, depth, rows, &scratch));
    buf_fini(&scratch);
    free(rows);
    return is_table;
}

static bool load_json(struct load *l, struct err *err)
{
    struct json_table *t = calloc(1, sizeof *t);
    bool is_all;
    if (!t)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
    struct span head = lines_head(&l->lines, &is_all);
    json_rows_init(&t->rows, &l->options->csv);
    table_init(&t->table, l);
    bool is_good = is_on_lines(head, is_all) ? load_lines(t, l, err) : load_text_whole(t, l, err);
    if (is_good)
        load_check_count(l);
    table_fini(&t->table);
    free(t);
    return is_good;
}

const struct list_reader format_json = {
    .name = "json", .is_likely = is_likely, .load = load_json, .name_match = MATCH_SUFFIX, .unit = "entry"};
