#pragma once
/* One edition of lists as `replay` would use it, its allow side included, and the alerts it gives. */
#include "rules/list.h"
#include "sensor/worker.h"

struct edition {
    struct set *set, *allow; /* owned, until edition_start() */
    struct db *db;           /* owned; after it */
    struct worker *worker;   /* owned */
    uint64_t *alerts;        /* owned; by indicator of the db's set */
};

bool edition_init(struct edition *e); /* false when memory is short */
void edition_fini(struct edition *e);

/* Compile what was loaded into both sets. `sources`: names of the captures to come, borrowed. */
bool edition_start(struct edition *e, const char *const *sources, struct err *err);
void edition_packet(struct edition *e, const struct packet *pkt);
void edition_end_source(struct edition *e);
