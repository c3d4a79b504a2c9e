#pragma once
/* Reading XML piece by piece: the one door to expat. A pull reader that knows where everything stands and builds no tree. What a
 * stranger could use to make a small file large or deep, or to have other files read, is refused: declarations inside a DOCTYPE,
 * entities but the five of XML itself, nesting beyond XML_DEPTH_MAX, a single tag or text beyond XML_PIECE_MAX bytes. Nothing but the
 * file is ever opened. */
#include <sys/types.h>

#include "base/err.h"
#include "base/span.h"

enum { XML_DEPTH_MAX = 64, XML_PIECE_MAX = 1024 * 1024 };

enum xml_kind {
    XML_BAD,   /* *err says what and where; every later call says it again */
    XML_OPEN,  /* an element begins */
    XML_TEXT,  /* all text between two tags, if it is more than white space */
    XML_CLOSE, /* the innermost element ends */
    XML_END,   /* of the document and the file */
};

struct xml_attribute {
    struct span name, value;
};

struct xml_node {
    enum xml_kind kind;
    struct span name;                       /* XML_OPEN, XML_CLOSE: without the prefix of its name space */
    struct span text;                       /* XML_TEXT: escapes resolved, white space around it kept */
    const struct xml_attribute *attributes; /* XML_OPEN */
    size_t n_attributes;
    unsigned depth;     /* of the element it is, or is in: 1 is the outermost */
    uint32_t line, col; /* from 1; columns count bytes */
};

struct xml; /* one thread at a time */

/* Fill `to` with up to `n` bytes: their number, 0 at the end, -1 and *err when reading fails. As input_read() does. */
typedef ssize_t xml_source(void *from, void *to, size_t n, struct err *err);

/* NULL when memory is short. `where` is borrowed: it goes into errors. */
struct xml *xml_open(xml_source *source, void *from, const char *where);
void xml_close(struct xml *x);

/* The next piece; what it points to lives until the next call. */
enum xml_kind xml_next(struct xml *x, struct xml_node *out, struct err *err);
/* The value of an attribute; empty when it is not there. */
struct span xml_attribute_of(const struct xml_node *node, const char *name);
