#pragma once
/* One STIX object: those of its members that are of interest. Only they are parsed, and texts without escapes not even
 * those: they lie in the list. What else stands in an object has to have its brackets, quotes, colons and commas; what
 * is inside of that is not looked at. */
#include "rules/formats/json_list.h"

enum stix_member {
    STIX_M_TYPE,
    STIX_M_ID,
    STIX_M_SPEC_VERSION,
    STIX_M_MODIFIED,
    STIX_M_CREATED,
    STIX_M_PATTERN,
    STIX_M_PATTERN_TYPE,
    STIX_M_VALUE,
    STIX_M_VALID_FROM,
    STIX_M_VALID_UNTIL,
    STIX_M_CONFIDENCE,
    STIX_M_NAME,
    STIX_M_DESCRIPTION,
    STIX_M_LABELS,
    STIX_M_INDICATOR_TYPES,
    STIX_M_KILL_CHAIN,
    STIX_M_CREATED_BY,
    STIX_M_MARKINGS,
    STIX_M_GRANULAR,
    STIX_M_REVOKED,
    STIX_M_REFERENCES,
    STIX_M_COUNT
};

struct stix_object {
    struct span text[STIX_M_COUNT];     /* of members that are strings; ptr NULL: it is not one */
    const json_value *of[STIX_M_COUNT]; /* of those that are meant to be something else; NULL: not there */
    struct json_part value;             /* how the pattern is written, or the value of an observable */
};

/* Borrows from the list until the entries made of it have been passed on. False: it is malformed and was rejected, or,
 * when not *out_is_good, the set can take no more. */
bool stix_object_read(struct stix_object *o, struct json_list *list, const struct json_part *part,
                      bool *out_is_good, struct err *err);

/* Which member is called so? STIX_M_COUNT: none of interest. */
enum stix_member stix_member_of(struct span name);
