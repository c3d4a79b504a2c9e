#pragma once
/* What a STIX file says of its indicators elsewhere in it: who the identities are, what the markings mean, and, of
 * objects that are in it more than once, which version is the newest. Filled in a first pass, asked in the second.
 * Ids are kept as hashes. */
#include "base/arena.h"
#include "rules/indicator.h"
#include "rules/set_rows.h"

struct stix_index {
    struct rows ids;                            /* owned: hashes of the indicators' ids */
    struct rows identities, markings, versions; /* owned; sorted by stix_index_seal() */
    struct arena texts;                         /* owned */
};

void stix_index_init(struct stix_index *x);
void stix_index_fini(struct stix_index *x);

/* `modified` as written; an object without one is older than all others. All return false only when memory is
 * short. */
bool stix_index_add_identity(struct stix_index *x, struct span id, struct span modified, struct span name);
/* TLP_NONE: a marking that is about something else. */
bool stix_index_add_marking(struct stix_index *x, struct span id, enum tlp tlp);
/* Of an indicator, its hash told. */
bool stix_index_add_id(struct stix_index *x, struct span id, uint64_t *out_hash);

/* Of identities, markings and ids nothing can be added behind this. */
void stix_index_seal(struct stix_index *x);

/* Was this one added twice? If there are such, say of each of them when it is from, and then that these are all. */
bool stix_index_has_twice(const struct stix_index *x, uint64_t hash);
bool stix_index_add_version(struct stix_index *x, struct span id, struct span modified);
void stix_index_seal_versions(struct stix_index *x);

/* The newest name under this id; empty: not there. */
struct span stix_index_identity(const struct stix_index *x, struct span id);
/* The strictest under this id. False: not there. */
bool stix_index_marking(const struct stix_index *x, struct span id, enum tlp *out);
/* Is there no later version of the object with this id? */
bool stix_index_is_newest(const struct stix_index *x, struct span id, struct span modified);
