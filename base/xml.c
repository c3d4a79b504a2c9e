/* See xml.h. expat pushes: it is fed a block at a time, and what it says of one block waits in a queue until it is asked for. The
 * queue cannot grow beyond what a block gives, for nothing expands; expat itself keeps an unfinished tag, which is bounded where it
 * is fed. */
#include "base/xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

enum { BLOCK_BYTES = 16 * 1024, QUEUE_BYTES = 16 * 1024 * 1024, ATTRIBUTES_MAX = 256 };

struct event {
    struct xml_node node;
    struct event *next;
};

struct xml {
    XML_Parser parser; /* owned */
    xml_source *source;
    void *from;
    const char *where;
    struct arena queued; /* owned: the events of one block */
    struct event *first, **end;
    struct buf text; /* owned: up to the next tag */
    uint32_t text_line, text_col;
    unsigned depth;
    size_t fed; /* bytes since a tag or text ended */
    bool is_done;
    struct err failure; /* what made it XML_BAD, once the queue is empty */
    uint8_t block[BLOCK_BYTES];
};

static uint32_t here_line(const struct xml *x)
{
    return (uint32_t)XML_GetCurrentLineNumber(x->parser);
}

static uint32_t here_col(const struct xml *x)
{
    return (uint32_t)XML_GetCurrentColumnNumber(x->parser) + 1;
}

/* Nothing more is read; what is queued is still shown. */
static void refuse(struct xml *x, enum err_kind kind, const char *what)
{
    if (x->failure.kind == ERR_NONE)
        err_at(&x->failure, kind, x->where, here_line(x), here_col(x), "%s", what);
    XML_StopParser(x->parser, XML_FALSE);
}

/* ---- what expat says ---- */

/* The event that comes next in the queue; NULL: refused. */
static struct xml_node *add_event(struct xml *x, enum xml_kind kind)
{
    struct event *e = arena_alloc(&x->queued, sizeof *e);
    if (!e) {
        refuse(x, ERR_MEMORY, "not enough memory");
        return NULL;
    }
    *e = (struct event){.node = {.kind = kind, .depth = x->depth, .line = here_line(x), .col = here_col(x)}};
    *x->end = e;
    x->end = &e->next;
    x->fed = 0;
    return &e->node;
}

static struct span keep(struct xml *x, struct span s)
{
    struct span kept = arena_copy(&x->queued, s);
    if (s.len && !kept.ptr) {
        refuse(x, ERR_MEMORY, "not enough memory");
        return span_of("", 0);
    }
    return kept;
}

static bool is_white(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!memchr(" \t\r\n", s.ptr[i], 4))
            return false;
    return true;
}

static void end_text(struct xml *x)
{
    if (!is_white(buf_span(&x->text))) {
        struct xml_node *n = add_event(x, XML_TEXT);
        if (n) {
            n->text = keep(x, buf_span(&x->text));
            n->line = x->text_line;
            n->col = x->text_col;
        }
    }
    buf_reset(&x->text);
}

static struct span local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return span_str(colon ? colon + 1 : name);
}

static size_t count_attributes(const char **pairs)
{
    size_t n = 0;
    while (pairs[2 * n])
        n++;
    return n;
}

static void keep_attributes(struct xml *x, struct xml_node *node, const char **pairs)
{
    size_t n = count_attributes(pairs);
    struct xml_attribute *to = n <= ATTRIBUTES_MAX ? arena_alloc(&x->queued, (n ? n : 1) * sizeof *to) : NULL;
    if (!to) {
        refuse(x, ERR_LIMIT, "an element with too many attributes");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        to[i].name = keep(x, local_name(pairs[2 * i]));
        to[i].value = keep(x, span_str(pairs[2 * i + 1]));
    }
    node->attributes = to;
    node->n_attributes = n;
}

static void on_open(void *data, const char *name, const char **pairs)
{
    struct xml *x = data;
    if (x->failure.kind != ERR_NONE)
        return;
    end_text(x);
    if (x->depth == XML_DEPTH_MAX) {
        refuse(x, ERR_SYNTAX, "nested too deeply");
        return;
    }
    x->depth++;
    struct xml_node *node = add_event(x, XML_OPEN);
    if (!node)
        return;
    node->name = keep(x, local_name(name));
    keep_attributes(x, node, pairs);
}

static void on_close(void *data, const char *name)
{
    struct xml *x = data;
    if (x->failure.kind != ERR_NONE)
        return;
    end_text(x);
    struct xml_node *node = add_event(x, XML_CLOSE);
    if (node)
        node->name = keep(x, local_name(name));
    x->depth--;
}

static void on_text(void *data, const char *text, int n)
{
    struct xml *x = data;
    if (x->failure.kind != ERR_NONE)
        return;
    if (x->text.len == 0) {
        x->text_line = here_line(x);
        x->text_col = here_col(x);
    }
    buf_put(&x->text, span_of(text, (size_t)n));
    if (x->text.is_full)
        refuse(x, ERR_LIMIT, "a text is too long");
}

static void on_doctype(void *data, const char *name, const char *system_id, const char *public_id,
                       int has_internal)
{
    if (has_internal)
        refuse(data, ERR_SYNTAX, "declarations inside a DOCTYPE are not allowed");
}

static void on_entity(void *data, const char *name, int is_parameter)
{
    refuse(data, ERR_SYNTAX, "entities are not allowed but &amp; &lt; &gt; &quot; &apos;");
}

/* ---- feeding ---- */

struct xml *xml_open(xml_source *source, void *from, const char *where)
{
    struct xml *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->parser = XML_ParserCreate(NULL);
    if (!x->parser) {
        free(x);
        return NULL;
    }
    x->source = source;
    x->from = from;
    x->where = where;
    x->end = &x->first;
    arena_init(&x->queued, BLOCK_BYTES, QUEUE_BYTES);
    buf_init(&x->text, XML_PIECE_MAX);
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_open, on_close);
    XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    XML_SetSkippedEntityHandler(x->parser, on_entity);
    return x;
}

void xml_close(struct xml *x)
{
    if (!x)
        return;
    XML_ParserFree(x->parser);
    arena_fini(&x->queued);
    buf_fini(&x->text);
    free(x);
}

/* COLD: turn expat's complaint into ours, unless there is one already. */
static void fail(struct xml *x)
{
    enum XML_Error code = XML_GetErrorCode(x->parser);
    if (x->failure.kind != ERR_NONE)
        return;
    err_at(&x->failure, code == XML_ERROR_NO_MEMORY ? ERR_MEMORY : ERR_SYNTAX, x->where, here_line(x),
           here_col(x), "not XML: %s", XML_ErrorString(code));
}

/* Parse one block more. */
static void feed(struct xml *x)
{
    if (x->fed > XML_PIECE_MAX) {
        refuse(x, ERR_LIMIT, "a single tag, text or comment is too long");
        return;
    }
    ssize_t n = x->source(x->from, x->block, sizeof x->block, &x->failure);
    if (n < 0) {
        x->failure.line = here_line(x);
        return;
    }
    x->fed += (size_t)n;
    x->is_done = n == 0;
    if (XML_Parse(x->parser, (const char *)x->block, (int)n, n == 0) != XML_STATUS_OK)
        fail(x);
}

enum xml_kind xml_next(struct xml *x, struct xml_node *out, struct err *err)
{
    if (!x->first) {
        arena_reset(&x->queued);
        x->end = &x->first;
    }
    while (!x->first && x->failure.kind == ERR_NONE && !x->is_done)
        feed(x);
    if (x->first) {
        *out = x->first->node;
        x->first = x->first->next;
        return out->kind;
    }
    bool is_bad = x->failure.kind != ERR_NONE;
    *out = (struct xml_node){.kind = is_bad ? XML_BAD : XML_END,
                             .line = is_bad ? x->failure.line : here_line(x),
                             .col = is_bad ? x->failure.col : here_col(x)};
    if (is_bad && err)
        *err = x->failure;
    return out->kind;
}

struct span xml_attribute_of(const struct xml_node *node, const char *name)
{
    for (size_t i = 0; i < node->n_attributes; i++)
        if (span_eq(node->attributes[i].name, span_str(name)))
            return node->attributes[i].value;
    return span_of("", 0);
}
