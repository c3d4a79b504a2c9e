#pragma once
/* Addresses that mean something else than a host out there (RFC 6890 and IANA's special-purpose registries). */
#include "base/ip.h"

enum { SPECIAL_USES = 21 };

struct special_uses {
    struct ip first[SPECIAL_USES], last[SPECIAL_USES];
};

void special_uses_init(struct special_uses *s);
/* What the first of them that overlaps [first, last] is for, as "private" or "documentation"; NULL: none does. */
const char *special_use(const struct special_uses *s, const struct ip *first, const struct ip *last);
