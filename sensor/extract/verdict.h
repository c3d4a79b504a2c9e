#pragma once
/* What every extractor answers with. */

enum verdict {
    FIELD_FOUND,     /* the output is set */
    FIELD_ABSENT,    /* well formed, but not what was asked for */
    FIELD_PARTIAL,   /* ran out of bytes; more may help */
    FIELD_MALFORMED, /* more bytes would not help */
};
