#pragma once
/* Indicators as STIX patterns (STIX 2.1, chapter 9). */
#include "base/buf.h"
#include "rules/set.h"

struct stix_pattern_text {
    struct buf out;     /* owned: the pattern, once stix_pattern_put() said yes */
    struct buf operand; /* owned: of the comparison at hand */
    bool has_terms;
};

void stix_pattern_text_init(struct stix_pattern_text *p);
void stix_pattern_text_fini(struct stix_pattern_text *p);
/* False when STIX has no object to compare such an indicator with. */
bool stix_pattern_put(struct stix_pattern_text *p, const struct indicator *i, struct span value);
