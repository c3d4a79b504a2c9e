#pragma once
/* MISP's CSV exports: rows that are attributes, with to_ids and what their event says. Told by the header; a header
 * that merely looks so is read as any other where a row's type is none of MISP's. */
#include "rules/formats/csv_row.h"
#include "rules/formats/load.h"

enum { CSV_MISP_COLUMNS = 24 };

struct csv_misp_plan {
    bool is_misp;
    int column[CSV_MISP_COLUMNS]; /* from 0; -1: not there */
};

/* Are these the columns of such an export? `header` may be NULL. */
void csv_misp_find(struct csv_row *header, const struct csv_dialect *d, struct csv_misp_plan *out);

struct csv_misp; /* one list being read */

struct csv_misp *csv_misp_new(struct load *l,
                              const struct csv_misp_plan *plan); /* borrows both. NULL when memory is short */
void csv_misp_free(struct csv_misp *m);
/* Load or account for a row, whose bytes live until the next load_flush(). *out_is_taken: false when it is none of
 * MISP's types, and nothing was done. `line` and `col`: of its value. False when the set can take no more. */
bool csv_misp_take(struct csv_misp *m, struct csv_row *row, const struct csv_dialect *d, uint32_t line,
                   uint32_t col, bool *out_is_taken, struct err *err);
/* All rows are read. */
void csv_misp_end(struct csv_misp *m);
