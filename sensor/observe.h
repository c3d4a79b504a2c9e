#pragma once
/* An event laid before a scanner, field by field. Hot. */
#include "matcher/scan.h"
#include "sensor/event.h"

enum { OBSERVED_MAX = 1 << 16 }; /* fields of one batch */

/* A field on its way through the matcher; its index is the matcher's cookie. */
struct observed {
    const struct event *event;
    struct span bytes;
};

struct observations {
    struct scanner *scanner; /* borrowed */
    field_mask wanted;       /* texts and URLs of other fields are left out */
    struct observed *items;  /* owned by whoever owns this; room for OBSERVED_MAX */
    uint32_t n;
    uint32_t n_destinations; /* of the event added last: how many of its first fields name whom it asks for */
};

/* Add all fields of the event. The same event and `wanted` give the same fields in the same order, whatever the scanner. */
void observe_event(struct observations *o, const struct event *e);

enum { OBSERVED_OTHERS = 64, OBSERVED_ADDRESS_BYTES = 3 /* "::," is the shortest of a list */ };

/* Most fields the event may have: there has to be room for them. A DNS message has three a record. */
static inline uint32_t observe_at_most(const struct event *e)
{
    if (e->kind == EVENT_DNS)
        return e->dns->n_questions + 3u * e->dns->n_records;
    if (e->kind == EVENT_TLS_CERTIFICATES)
        return OBSERVED_OTHERS + e->certificates->own.n_alt_names;
    uint32_t n = OBSERVED_OTHERS;
    for (unsigned i = 0; e->kind == EVENT_HTTP_REQUEST && i < e->http_request->forwarded.n; i++)
        n += (uint32_t)(e->http_request->forwarded.items[i].value.len / OBSERVED_ADDRESS_BYTES);
    return n;
}
