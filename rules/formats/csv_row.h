#pragma once
/* One row of a CSV file (RFC 4180): pure, no memory of its own. Blanks around a field are not part of it. A quoted field may
 * hold delimiters, line ends and quotes (doubled). A quote that is not closed within CSV_QUOTE_MAX bytes is a byte like any
 * other: one lost quote must not swallow the rest of the file. The same when something else than blanks follows the closing
 * quote: such a field is taken as it is written, quotes and all. */
#include "base/span.h"

enum { CSV_QUOTE_MAX = 64 * 1024, CSV_COLUMNS_MAX = 256 };

struct csv_dialect {
    uint8_t delimiter, quote, terminator;
};

struct csv_field {
    uint8_t *ptr; /* into the bytes read from */
    size_t len;
    bool has_doubled; /* quotes inside are still doubled: see csv_field_text() */
};

struct csv_row {
    struct csv_field fields[CSV_COLUMNS_MAX]; /* further columns are counted, not kept */
    size_t n;
    size_t len;       /* bytes of the row, its line end included */
    uint32_t n_lines; /* lines it takes */
};

/* Read the row at the start of `bytes`. False when it does not end there and more may come (`is_final` is false): call again
 * with more. With is_final, the end of the bytes ends a row. `n` > 0. */
bool csv_row_read(uint8_t *bytes, size_t n, bool is_final, const struct csv_dialect *d, struct csv_row *out);

/* The field's text; halves doubled quotes in place, once. Empty for a column that is not there (from 0). */
struct span csv_field_text(struct csv_row *row, size_t column, const struct csv_dialect *d);
