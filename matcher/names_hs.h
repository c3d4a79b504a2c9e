#pragma once
/* Names (exact, suffix, below) as reversed literals for Hyperscan. Building is cold, scanning is hot. */
#include "matcher/reversed.h"
#include "matcher/route.h"

/* Over all indicators routed to names; *out is NULL when there are none. */
bool names_hs_build(struct hs_database **out, const struct set_view *v, const struct routes *routes, struct err *err);

/* Match the names among the batch's pieces; confirmed hits go to the batch. `r` is working space. */
void names_hs_scan(const struct hs_database *db, struct hs_scratch *scratch, const struct set_view *v, struct reversed *r,
                   struct batch *b);
