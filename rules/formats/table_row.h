#pragma once
/* One entry of a table as texts by role, whether it was a row of CSV or an object of JSON, and the way from there to an entry: what
 * the texts mean is told here once for both. */
#include "rules/formats/csv_words.h"
#include "rules/formats/load.h"

enum { TABLE_TAGS_MAX = 64 };

struct table_row {
    struct span
        cells[CSV_ROLE_COUNT]; /* as written; empty: not there. The value lives until the next load_flush() */
    struct span tags[TABLE_TAGS_MAX]; /* tags that came as a list; cells[CSV_TAGS] is split else */
    size_t n_tags;
    uint32_t line, col; /* of the value */
    bool has_context;   /* some cell says more than value, type and port */
    bool has_type;      /* the value's own column says what it is */
    enum ioc_type type;
};

struct table {
    struct load *load;     /* borrowed */
    uint8_t tag_delimiter; /* 0: a comma, or blanks between tags that are written "#a #b" */
    struct buf composed;   /* a value put together from two cells */
};

void table_init(struct table *t, struct load *l);
void table_fini(struct table *t);

/* Enter the row: exactly one entry. False when the set can take no more. */
bool table_enter(struct table *t, const struct table_row *row, struct err *err);
