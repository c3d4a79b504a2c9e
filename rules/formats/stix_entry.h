#pragma once
/* From a STIX pattern to the entries of a list. What one field of a packet can decide is loaded: comparisons
 * joined by OR, and the host and port of one end of a connection joined by AND. A pattern that asks for more is
 * refused as a whole; a comparison with something that traffic does not show, by itself. */
#include "base/json_read.h"
#include "rules/formats/load.h"
#include "rules/formats/stix_pattern.h"

struct stix_entries {
    struct load *load;           /* borrowed */
    struct stix_pattern pattern; /* owned: the last one read */
    struct arena values;         /* owned: values that were put together, until they have been passed on */
    struct buf text, scratch;    /* owned */
    bool has_own_values;         /* some that wait lie in `values` or `pattern` */
    /* Of the pattern at hand: borrowed. */
    struct span source;          /* its text */
    const struct json_part *raw; /* how it stands in the file, from its opening quote on */
    const struct context_in *context;
    uint32_t raw_at, source_at; /* which byte of `raw` (behind the quote) begins which of `source` */
};

void stix_entries_init(struct stix_entries *s, struct load *l);
void stix_entries_fini(struct stix_entries *s);

/* Load what `pattern` asks for; it has to live until the next load_flush(). False when the set can take no more. */
bool stix_entries_load(struct stix_entries *s, struct span pattern, const struct json_part *raw,
                       const struct context_in *context, struct err *err);
/* Load the value of an observable as the pattern [object:value = '...'] would. */
bool stix_entries_load_value(struct stix_entries *s, struct span object, struct span value,
                             const struct json_part *raw, const struct context_in *context, struct err *err);
