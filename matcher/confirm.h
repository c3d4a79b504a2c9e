#pragma once
/* Is this candidate really that indicator? Hot, but only for what an engine already let through. Engines may offer too
 * much (a hash collision, a cut literal); what passes here is a hit. */
#include "base/ip.h"
#include "matcher/route.h"

/* `name` as a batch holds it: lower case, without final dot. */
bool confirm_name(const struct set_view *v, uint32_t indicator, enum field field, struct span name, uint16_t port);
bool confirm_address(const struct set_view *v, uint32_t indicator, enum field field, const struct ip *ip, uint16_t port);
/* The address is known to lie in the indicator's range. */
bool confirm_range(const struct set_view *v, uint32_t indicator, enum field field, const struct ip *ip);
/* A URL key, a path or a text, whole or by its start as the indicator asks. */
bool confirm_key(const struct set_view *v, uint32_t indicator, enum field field, enum key_kind kind, struct span key);
/* A pattern matched this field's own text: only the field is left to ask. */
bool confirm_pattern(const struct set_view *v, uint32_t indicator, enum field field);
