#pragma once
/* Names (exact, suffix, below) by hashes of their suffixes. Building is cold, scanning is hot. */
#include "matcher/batch.h"
#include "matcher/key_table.h"
#include "matcher/route.h"

/* What look-ups can be spared. Stored beside the table. */
struct names_shape {
    uint64_t whole_labels[2];  /* bit n: some name of n labels is listed (up to 127) */
    uint64_t suffix_labels[2]; /* the same, of names that reach below themselves */
    uint32_t max_bytes;        /* of the longest name */
    uint32_t has_ports;        /* 1: some names are listed with a port */
};

struct names_table {
    struct key_table keys;
    struct names_shape shape;
};

/* Over all indicators routed to names. */
bool names_table_build(struct names_table *out, const struct set_view *v, const struct routes *routes, struct err *err);
void names_table_fini(struct names_table *t);

/* Match the names among the batch's pieces; confirmed hits go to the batch. */
void names_table_scan(const struct names_table *t, const struct set_view *v, struct batch *b);
