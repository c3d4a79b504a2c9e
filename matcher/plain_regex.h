#pragma once
/* Regexes that say no more than a name or a URL does: written as such they cost a look-up instead of a scan. Pure and cold; reads the
 * pattern as PCRE would, as far as it is made of letters, digits, escaped dots and the usual ways to say "or below". */
#include "base/buf.h"
#include "rules/indicator.h"

struct plain_regex {
    enum ioc_type type;   /* IOC_DOMAIN or IOC_URL */
    enum ioc_match match; /* IOC_DOMAIN: exact, suffix or below; IOC_URL: exact or prefix */
    struct span value;    /* lies in `scratch` */
    bool is_same;         /* hits the same names or URLs, but for the scheme of a URL; else the pattern is open at an end
                             (evil\.example hits notevil.example.net too) and this is probably what was meant */
};

/* What could be listed in the pattern's stead; false when it says more than that. `is_caseless`: the pattern ignores case. Names and hosts
 * are compared in lower case, so a pattern with upper-case letters in them says something else unless it is caseless. */
bool plain_regex_read(struct span pattern, bool is_caseless, struct buf *scratch, struct plain_regex *out);
