#pragma once
/* The matcher as its contract reads, without any idea of speed: every field against every indicator. Shares no code with
 * matcher/, only the shape of a hit. Regexes are POSIX extended ones here, so tests use what both dialects read alike. */
#include "base/ip.h"
#include "matcher/scan.h"

enum oracle_kind { ORACLE_NAME, ORACLE_ADDRESS, ORACLE_URL, ORACLE_TEXT };

struct oracle_field {
    enum oracle_kind kind;
    enum field field;
    struct span text;   /* name, text, or a URL's host */
    struct span target; /* of a URL */
    struct ip ip;
    uint16_t port;
    uint32_t cookie;
    bool is_again; /* a name: the one before it, and given to a scanner so */
};

/* Hits in the order scan_run() gives them; *out is from malloc. */
size_t oracle_match(const struct set_view *v, const struct oracle_field *fields, size_t n, struct hit **out);

/* The same field, given to a scanner. */
void oracle_add_to(struct scanner *s, const struct oracle_field *f);
