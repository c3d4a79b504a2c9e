#pragma once
/* The types of MISP's attributes, and what becomes of each. */
#include "rules/indicator.h"

enum misp_use {
    MISP_VALUE,     /* the value is looked for */
    MISP_URI,       /* the same; a path, or a URL without its scheme */
    MISP_HOST_PORT, /* "host|port" */
    MISP_NAME_IP,   /* "name|address": the name is looked for, the address belongs to it */
    MISP_CONTEXT,   /* tells of the event: a link */
    MISP_UNSEEN,    /* no packet shows it */
};

struct misp_type {
    const char *name;
    enum misp_use use;
    enum ioc_type type;   /* of what is looked for, or what it is counted as */
    enum ioc_match match; /* of bare names */
    bool is_for_ids;      /* where to_ids is not said */
};

/* NULL: none that needs care. Such a type is another kind of finding that no packet shows. */
const struct misp_type *misp_type_of(struct span name);

/* Is it looked for in traffic? */
static inline bool misp_type_is_seen(const struct misp_type *t)
{
    return t && t->use < MISP_CONTEXT;
}
