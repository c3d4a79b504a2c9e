#pragma once
/* What a STIX object says along with its pattern, as the context of an entry: who, how sure, how long, what of,
 * how far it may travel. */
#include "rules/formats/stix_index.h"
#include "rules/formats/stix_object.h"

enum { STIX_TAGS_MAX = 64, STIX_UNKNOWN_MAX = 32 };

struct stix_context {
    struct load *load;              /* borrowed */
    const struct stix_index *index; /* borrowed */
    enum tlp tlp;                   /* that holds for all objects */
    uint32_t line, col;             /* of the object at hand */
    /* Private. */
    struct buf tag_text, description; /* owned */
    struct span tags[STIX_TAGS_MAX];
    size_t n_tags;
    struct arena ids;                      /* owned: what `unknown` points to */
    struct span unknown[STIX_UNKNOWN_MAX]; /* ids of markings that have been warned of */
    size_t n_unknown;
};

void stix_context_init(struct stix_context *s, struct load *l, const struct stix_index *index);
void stix_context_fini(struct stix_context *s);

/* The strictest of an array of references to markings. One that nothing explains counts as amber+strict and is
 * warned of, once. */
enum tlp stix_context_marked(struct stix_context *s, const json_value *refs);
/* All that the object says; borrows from it, and from *s until the next call. */
struct context_in stix_context_of(struct stix_context *s, const struct stix_object *o);
