#pragma once
/* The operands of LIKE ('%' is any run of bytes, '_' any one byte) and MATCHES as what a list entry can ask for: a
 * value that is matched as a whole, a name with all below it, a prefix, or a regex over the fields that the sensor
 * compares. Pure. */
#include "base/buf.h"
#include "rules/value.h"

enum stix_like {
    STIX_LIKE_WHOLE,  /* no wildcard in it */
    STIX_LIKE_BELOW,  /* "%.evil.example": what is below *out_value */
    STIX_LIKE_PREFIX, /* "http://evil.example/a%": what begins with *out_value */
    STIX_LIKE_REGEX,  /* *out_value lies in `scratch` */
    STIX_LIKE_BROAD,  /* it says next to nothing: fewer than three letters or digits in a row */
    STIX_LIKE_FOREIGN, /* nothing there looks so: a request target without '/' in front, a URL that is not HTTP's */
};

/* All append to `scratch`, or borrow from `text`. */
enum stix_like stix_like_name(struct span text, struct buf *scratch, struct span *out_value);
enum stix_like stix_like_text(struct span text, struct buf *scratch,
                              struct span *out_value); /* an address, a user agent */
enum stix_like stix_like_url(struct span text, struct buf *scratch, struct span *out_value);
enum stix_like stix_like_target(struct span text, struct buf *scratch,
                                struct span *out_value); /* of a request: path and query */

/* A regex for URLs as the sensor writes them: always with "http:". */
struct span stix_regex_url(struct span regex, struct buf *scratch);
/* A regex for request targets, to be searched in URLs. */
struct span stix_regex_target(struct span regex, struct buf *scratch);
