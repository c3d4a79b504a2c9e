#pragma once
/* Reading YAML piece by piece: the one door to libyaml. A pull reader that knows where everything stands, builds no tree
 * and keeps nothing but the piece it shows. What a stranger could use to make a small file large or deep is refused: anchors
 * and aliases, nesting beyond YAML_DEPTH_MAX, a single piece beyond YAML_PIECE_MAX bytes, a second document. */
#include <sys/types.h>

#include "base/err.h"
#include "base/span.h"

enum { YAML_DEPTH_MAX = 16, YAML_PIECE_MAX = 1024 * 1024 };

enum yaml_kind {
    YAML_BAD,      /* *err says what and where; every later call says it again */
    YAML_SCALAR,   /* a value or a key */
    YAML_SEQUENCE, /* begins; its items follow up to YAML_CLOSE */
    YAML_MAPPING,  /* begins; key, value, key, value ... follow up to YAML_CLOSE. A key need not be a scalar */
    YAML_CLOSE,    /* the innermost collection ends */
    YAML_END,      /* of the document and the file */
};

struct yaml_node {
    enum yaml_kind kind;
    struct span text; /* YAML_SCALAR: without quotes, escapes resolved; lives until the next call */
    bool is_plain;    /* YAML_SCALAR: written without quotes, so that `null`, `~` and numbers mean what they say */
    uint32_t line, col; /* from 1; columns count characters */
};

struct yaml; /* one thread at a time */

/* Fill `to` with up to `n` bytes: their number, 0 at the end, -1 and *err when reading fails. As input_read() does. */
typedef ssize_t yaml_source(void *from, void *to, size_t n, struct err *err);

/* NULL when memory is short. `where` is borrowed: it goes into errors. */
struct yaml *yaml_open(yaml_source *source, void *from, const char *where);
void yaml_close(struct yaml *y);

/* The next piece. An empty file is YAML_END at once. */
enum yaml_kind yaml_next(struct yaml *y, struct yaml_node *out, struct err *err);
/* Pass over what is left of `node`, which yaml_next() has just delivered: nothing for a scalar, all up to its end for a
 * collection. False on YAML_BAD. */
bool yaml_pass(struct yaml *y, const struct yaml_node *node, struct err *err);

/* A plain scalar that says nothing: empty, `~` or `null`. */
bool yaml_is_null(const struct yaml_node *node);
/* A plain true or false (any case, as YAML 1.2 has them; also yes and no). */
bool yaml_bool(const struct yaml_node *node, bool *out);
