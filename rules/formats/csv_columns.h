#pragma once
/* What the columns of a CSV list hold: by what the user said, by well-known header names, or by looking at the rows. */
#include "base/buf.h"
#include "rules/formats/csv_misp.h"
#include "rules/formats/csv_row.h"
#include "rules/formats/csv_words.h"
#include "rules/list.h"

enum { CSV_NO_COLUMN = -1 };

struct csv_plan {
    struct csv_dialect dialect;
    int column[CSV_ROLE_COUNT]; /* from 0, or CSV_NO_COLUMN */
    size_t n_columns;           /* what a row has to have at least */
    bool has_header_row;        /* the first row that is no comment names the columns: no entry */
    bool has_type;              /* the value column's name says what its values are */
    enum ioc_type type;
    struct csv_misp_plan misp; /* the columns of a MISP export, when the user names none */
};

/* Make the plan from the file's beginning. False and *err (ERR_USAGE, without a place) when a column the options name is not
 * there. `scratch` is for trying values. */
bool csv_plan_make(struct span head, bool is_all, const struct list_options *options, struct buf *scratch,
                   struct csv_plan *out, struct err *err);

/* What the options say of the column with this role: a name, or a number from 1; empty when nothing. */
struct span csv_said_column(const struct csv_options *options, enum csv_role role);

/* Does a list that begins so look like CSV? Most rows have the same number of columns, more than one, and a header names a
 * column that holds indicators, or most rows have one in the same column. "value<TAB>score" is left to plain lists. */
bool csv_is_likely(struct span head, bool is_all, const struct list_options *options, struct buf *scratch);
