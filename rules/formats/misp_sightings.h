#pragma once
/* Sightings that a MISP event lists by itself, each naming its attribute; where an attribute brings its own,
 * misp_level_take() has them. */
#include "rules/formats/misp_level.h"
#include "rules/set_rows.h"

struct misp_sightings {
    struct rows rows; /* owned */
};

/* Texts are borrowed from `array`. What does not fit into memory is left out. */
void misp_sightings_add(struct misp_sightings *s, const json_value *array);
/* After the last one is added. */
void misp_sightings_sort(struct misp_sightings *s);
/* Tell an attribute what was seen of it. */
void misp_sightings_apply(const struct misp_sightings *s, struct misp_level *attribute);
void misp_sightings_reset(struct misp_sightings *s);
void misp_sightings_fini(struct misp_sightings *s);
