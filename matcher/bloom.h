#pragma once
/* Names and texts against Bloom filters, whose values nobody tells. Hot. A filter says "perhaps", and there is
 * nothing to confirm that with: a hit may be false, the more often the fuller the filter is.
 *
 * The scheme is DCSO's. h = FNV-1 (64 bits) of the value, mod P; then k times: h = h * G mod 2^64, mod P, and the bit
 * is h mod m. */
#include "matcher/batch.h"
#include "rules/set.h"

/* Fields that some filter looks at; 0: there is none, and nothing below needs to be called. */
field_mask bloom_fields(const struct set_view *v);

/* Of how many labels a parent of a name is looked up at most: listed names have fewer, and each look-up costs the
 * hashing of its bytes and is one more chance of a false hit. */
enum { BLOOM_LABELS_MAX = 16 };

/* The names among the batch's pieces that are in `fields` (bloom_fields): each whole, and for filters that match so
 * (MATCH_SUFFIX) also its parents of two labels and more. */
void bloom_scan(const struct set_view *v, field_mask fields, struct batch *b);
/* A text as it is. Hits go to the batch as hits of `piece`, which needs not be in it. */
void bloom_look_up(const struct set_view *v, struct span text, const struct piece *piece, struct batch *b);
