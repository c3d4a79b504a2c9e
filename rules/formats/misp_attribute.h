#pragma once
/* One attribute of a MISP event on its way to load_entry(), wherever it was written: in JSON or in a CSV export. */
#include "base/arena.h"
#include "rules/formats/load.h"
#include "rules/formats/misp_types.h"

enum misp_flag { MISP_UNSAID, MISP_NO, MISP_YES };

/* "1" or "true", "0" or "false"; anything else says nothing. */
enum misp_flag misp_flag_of(struct span text);

struct misp_attribute {
    const struct misp_type *type; /* NULL: some type that no packet shows */
    struct span value;            /* raw; has to live until the next load_flush() */
    enum misp_flag to_ids;
    bool is_deleted;
    uint32_t line, col;
};

/* The attributes of one list. */
struct misp_reading {
    struct load *load;           /* borrowed */
    struct arena composed;       /* owned: values put together, until they have been passed on */
    uint64_t n_flagged;          /* of what traffic can show: with to_ids */
    uint64_t n_unflagged_before; /* SKIP_TO_IDS of the report when this one began */
};

void misp_reading_init(struct misp_reading *r, struct load *l);
/* Warns when to_ids kept everything out: a list of nothing but context has its remedy. */
void misp_reading_end(struct misp_reading *r);
void misp_reading_fini(struct misp_reading *r);

/* Load it, or account for why not. `c` is borrowed for the call. False only when the set can take no more. */
bool misp_take(struct misp_reading *r, const struct misp_attribute *a, const struct context_in *c,
               struct err *err);
