/* See yaml.h. libyaml keeps the scalar it is reading in memory and looks ahead a little, so its appetite is bounded where it
 * is fed: it gets no more than YAML_PIECE_MAX bytes (and a line) between two events. And it gets them line by line, for it
 * decodes all it has before it parses any of it: one bad byte would cost everything in its buffer, not only what follows. */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct yaml {
    yaml_parser_t parser;
    yaml_event_t event; /* owns the text last shown */
    bool has_event;
    yaml_source *source;
    void *from;
    const char *where;
    unsigned depth;
    size_t fed;         /* bytes since the last event */
    uint32_t fed_lines; /* line feeds in all that was fed */
    bool is_done;
    struct err failure; /* what made it YAML_BAD */
    size_t at, end;     /* of what was read and not yet fed */
    uint8_t block[BLOCK_BYTES];
};

static uint32_t count_lines(const uint8_t *p, size_t n)
{
    uint32_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += p[i] == '\n';
    return lines;
}

static bool fill_block(struct yaml *y)
{
    ssize_t got = y->source(y->from, y->block, sizeof y->block, &y->failure);
    y->at = 0;
    y->end = got > 0 ? (size_t)got : 0;
    return got >= 0;
}

static int feed(void *data, unsigned char *to, size_t room, size_t *out_n)
{
    struct yaml *y = data;
    *out_n = 0;
    if (y->fed > YAML_PIECE_MAX) {
        err_set(&y->failure, ERR_LIMIT, y->where, "a single value or comment is longer than %u bytes",
                (unsigned)YAML_PIECE_MAX);
        return 0;
    }
    if (y->at == y->end && !fill_block(y))
        return 0;
    struct span rest = span_first(span_of(y->block + y->at, y->end - y->at), room);
    const uint8_t *feed_end = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;
    size_t n = feed_end ? (size_t)(feed_end - rest.ptr) + 1 : rest.len;
    memcpy(to, rest.ptr, n);
    y->at += n;
    y->fed += n;
    y->fed_lines += feed_end != NULL;
    *out_n = n;
    return 1;
}

struct yaml *yaml_open(yaml_source *source, void *from, const char *where)
{
    struct yaml *y = calloc(1, sizeof *y);
    if (!y)
        return NULL;
    if (!yaml_parser_initialize(&y->parser)) {
        free(y);
        return NULL;
    }
    y->source = source;
    y->from = from;
    y->where = where;
    yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&y->parser, feed, y);
    return y;
}

static void drop_event(struct yaml *y)
{
    if (y->has_event)
        yaml_event_delete(&y->event);
    y->has_event = false;
}

void yaml_close(struct yaml *y)
{
    if (!y)
        return;
    drop_event(y);
    yaml_parser_delete(&y->parser);
    free(y);
}

static enum yaml_kind bad(struct yaml *y, struct yaml_node *out, struct err *err)
{
    *out = (struct yaml_node){.kind = YAML_BAD, .line = y->failure.line, .col = y->failure.col};
    if (err)
        *err = y->failure;
    return YAML_BAD;
}

static enum yaml_kind refuse(struct yaml *y, struct yaml_node *out, struct err *err, const char *what)
{
    err_at(&y->failure, ERR_SYNTAX, y->where, out->line, out->col, "%s", what);
    return bad(y, out, err);
}

/* libyaml decodes ahead of where it parses: the line of a byte that is no UTF-8 follows from what was fed and not used, but is never
 * above where it parses (which counts a lone carriage return as a line's end too). */
static uint32_t undecoded_line(const struct yaml *y)
{
    const uint8_t *at = y->parser.raw_buffer.pointer, *end = y->parser.raw_buffer.last;
    uint32_t line = y->fed_lines - (at && end > at ? count_lines(at, (size_t)(end - at)) : 0) + 1;
    uint32_t parsed = (uint32_t)y->parser.mark.line + 1;
    return line > parsed ? line : parsed;
}

/* COLD: turn libyaml's complaint into ours, unless the source left one. */
static enum yaml_kind fail(struct yaml *y, struct yaml_node *out, struct err *err)
{
    const yaml_parser_t *p = &y->parser;
    uint32_t line = (uint32_t)p->mark.line + 1;
    const char *problem = p->problem ? p->problem : "not readable as YAML";
    if (p->error == YAML_MEMORY_ERROR)
        err_at(&y->failure, ERR_MEMORY, y->where, line, 0, "not enough memory");
    else if (y->failure.kind != ERR_NONE && y->failure.line == 0)
        y->failure.line = line;
    else if (p->error == YAML_READER_ERROR)
        err_at(&y->failure, ERR_SYNTAX, y->where, undecoded_line(y), 0, "not YAML: %s", problem);
    else
        err_at(&y->failure, ERR_SYNTAX, y->where, (uint32_t)p->problem_mark.line + 1,
               (uint32_t)p->problem_mark.column + 1, "not YAML: %s%s%s", problem, p->context ? " " : "",
               p->context ? p->context : "");
    return bad(y, out, err);
}

static enum yaml_kind open_collection(struct yaml *y, struct yaml_node *out, enum yaml_kind kind,
                                      bool has_anchor, struct err *err)
{
    if (has_anchor)
        return refuse(y, out, err, "anchors (&name) are not allowed; write the value out");
    if (y->depth == YAML_DEPTH_MAX)
        return refuse(y, out, err, "nested too deeply");
    y->depth++;
    return out->kind = kind;
}

static enum yaml_kind show_scalar(struct yaml *y, struct yaml_node *out, struct err *err)
{
    if (y->event.data.scalar.anchor)
        return refuse(y, out, err, "anchors (&name) are not allowed; write the value out");
    out->text = span_of(y->event.data.scalar.value, y->event.data.scalar.length);
    out->is_plain = y->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return out->kind = YAML_SCALAR;
}

/* False: nothing a caller would see; take the next event. */
static bool show(struct yaml *y, struct yaml_node *out, bool is_first_document, struct err *err)
{
    switch (y->event.type) {
    case YAML_SCALAR_EVENT:
        return show_scalar(y, out, err), true;
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(y, out, YAML_SEQUENCE, y->event.data.sequence_start.anchor != NULL, err), true;
    case YAML_MAPPING_START_EVENT:
        return open_collection(y, out, YAML_MAPPING, y->event.data.mapping_start.anchor != NULL, err), true;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        y->depth--;
        return out->kind = YAML_CLOSE, true;
    case YAML_ALIAS_EVENT:
        return refuse(y, out, err, "aliases (*name) are not allowed; write the value out"), true;
    case YAML_DOCUMENT_START_EVENT:
        if (!is_first_document)
            return refuse(y, out, err, "a second document begins; a file holds one"), true;
        return false;
    case YAML_STREAM_END_EVENT:
        y->is_done = true;
        return out->kind = YAML_END, true;
    default:
        return false;
    }
}

enum yaml_kind yaml_next(struct yaml *y, struct yaml_node *out, struct err *err)
{
    drop_event(y);
    *out = (struct yaml_node){.kind = YAML_END};
    if (y->failure.kind != ERR_NONE)
        return bad(y, out, err);
    while (!y->is_done) {
        bool is_past_document = y->event.type == YAML_DOCUMENT_END_EVENT;
        drop_event(y);
        y->fed = 0;
        if (!yaml_parser_parse(&y->parser, &y->event))
            return fail(y, out, err);
        y->has_event = true;
        out->line = (uint32_t)y->event.start_mark.line + 1;
        out->col = (uint32_t)y->event.start_mark.column + 1;
        if (show(y, out, !is_past_document, err))
            return out->kind;
    }
    return YAML_END;
}

bool yaml_pass(struct yaml *y, const struct yaml_node *node, struct err *err)
{
    if (node->kind != YAML_SEQUENCE && node->kind != YAML_MAPPING)
        return node->kind != YAML_BAD;
    struct yaml_node inner;
    for (unsigned outer = y->depth - 1; y->depth > outer;)
        if (yaml_next(y, &inner, err) == YAML_BAD || inner.kind == YAML_END)
            return false;
    return true;
}

bool yaml_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->is_plain &&
           (node->text.len == 0 || span_eq(node->text, SPAN_LIT("~")) ||
            span_eq_nocase(node->text, SPAN_LIT("null")));
}

bool yaml_bool(const struct yaml_node *node, bool *out)
{
    if (node->kind != YAML_SCALAR || !node->is_plain)
        return false;
    bool is_yes = span_eq_nocase(node->text, SPAN_LIT("true")) || span_eq_nocase(node->text, SPAN_LIT("yes"));
    if (is_yes || span_eq_nocase(node->text, SPAN_LIT("false")) ||
        span_eq_nocase(node->text, SPAN_LIT("no"))) {
        *out = is_yes;
        return true;
    }
    return false;
}
