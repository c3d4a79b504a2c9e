#pragma once
/* What is odd about the indicators of a db: for whoever writes lists, before they are published. The matcher's own engines answer what is
 * covered by what, so a survey says what will happen. Cold. */
#include "matcher/db.h"

enum finding {
    FINDING_SHADOWED,  /* another indicator hits wherever this one does */
    FINDING_TOO_BROAD, /* it would hit what nobody meant: half the Internet, private or reserved addresses */
    FINDING_EXPIRED,   /* per origin */
    FINDING_NOT_YET_VALID, /* per origin */
    FINDING_TLP_CONFLICT,  /* its origins are marked differently */
    FINDING_PATTERN_SLOW,  /* it takes long to compile or to scan with, as measured */
};

const char *finding_name(enum finding f); /* "shadowed", "too-broad", "expired", ... */

struct survey_finding {
    enum finding finding;
    uint32_t indicator, origin; /* of the db's set: what, and where it stands */
    const char *what; /* a sentence without a full stop that ends with the remedy; dies with the call */
};

struct survey_options {
    int64_t now; /* UTC seconds: for validity */
    const bool *
        is_refused; /* by indicator: patterns that db_build() refused, which are not tried again; NULL: none */
    void (*found)(void *to, const struct survey_finding *f);
    void *to;
};

/* Findings come by kind, then by indicator. False when memory is short. */
bool survey_set(const struct db *db, const struct survey_options *o, struct err *err);
