#pragma once
/* What a db is made of: for the files of this folder. */
#include "matcher/addresses.h"
#include "matcher/db.h"
#include "matcher/names_table.h"
#include "matcher/patterns.h"

struct db {
    struct set *set; /* owned; NULL when the arrays lie in the mapping */
    struct db *allow; /* owned; NULL: nothing is allowed. Has none itself; its arrays may lie in this one's mapping */
    struct set_view view;
    struct names_table names;     /* empty when Hyperscan has the names */
    struct hs_database *names_hs; /* owned; NULL when the table has them */
    struct addresses addresses;
    struct patterns patterns;
    field_mask name_fields, address_fields; /* those that names, or addresses and networks, are wanted in */
    field_mask bloom_fields;                /* those that Bloom filters look at */
    struct db_stats stats;
    struct db_times times;
    char generation[17];
    struct span attachment; /* lies in the mapping */
    void *mapping; /* owned; NULL unless it came from a file */
    size_t mapping_bytes;
};

enum { DB_HS_COUNT = 1 + GROUP_COUNT };

/* All Hyperscan databases, NULLs among them, in the order in which files hold them. */
static inline void db_hyperscan(const struct db *db, struct hs_database *out[static DB_HS_COUNT])
{
    out[0] = db->names_hs;
    memcpy(out + 1, db->patterns.groups, sizeof db->patterns.groups);
}

/* generation.c: 16 hex digits that name the content. `allow` is the name of the allow side's, or NULL. false when memory is short. */
bool generation_of(const struct set_view *v, const char *allow, char out[static 17]);

/* set_check.c: every offset and index of arrays that came from a file. */
bool set_check(const struct set_view *v, struct err *err);
/* The same for what is suppressed: by one of so many entries of the allow side. */
bool set_check_suppressed(const struct set_view *v, uint32_t n_entries, struct err *err);
