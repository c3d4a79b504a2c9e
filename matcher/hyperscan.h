#pragma once
/* The one door to Hyperscan (or Vectorscan: the same interface). Databases are block mode; ids are indices of indicators. */
#include "base/buf.h"
#include "base/err.h"

struct hs_database;
struct hs_scratch;

/* What is to be compiled together. */
struct hyperscan_list {
    struct buf text;  /* owned; patterns end to end, each with a NUL after it */
    struct buf items; /* owned; struct hyperscan_item */
    uint32_t n;
};

struct hyperscan_item {
    uint32_t id, flags, at, len;
};

enum { HYPERSCAN_CASELESS = 1 }; /* the one flag callers choose */

void hyperscan_list_init(struct hyperscan_list *l);
void hyperscan_list_fini(struct hyperscan_list *l);
/* false when memory is short. */
bool hyperscan_list_add(struct hyperscan_list *l, struct span pattern, uint32_t flags, uint32_t id);
const struct hyperscan_item *hyperscan_list_item(const struct hyperscan_list *l, uint32_t at);

/* Every occurrence of each literal is reported; bytes are bytes. An empty list gives NULL. */
bool hyperscan_compile_literals(const struct hyperscan_list *l, struct hs_database **out, struct err *err);
/* Regexes `first` to `first + n` of the list; each reports once per scan. ERR_SYNTAX with Hyperscan's own words. */
bool hyperscan_compile_regexes(const struct hyperscan_list *l, uint32_t first, uint32_t n, struct hs_database **out,
                               struct err *err);
void hyperscan_free(struct hs_database *db);
size_t hyperscan_bytes(const struct hs_database *db); /* 0 for NULL */

/* *out_bytes is from malloc. */
bool hyperscan_serialise(const struct hs_database *db, char **out_bytes, size_t *out_len, struct err *err);
/* Copies. Hyperscan checks its own checksum and that the CPU has what the database was built for. */
bool hyperscan_deserialise(struct span bytes, struct hs_database **out, struct err *err);

/* What databases of this process are built for: two files fit each other when these are byte-equal. */
struct hyperscan_target {
    char version[64];
    uint64_t cpu_features;
    uint64_t tune;
};
void hyperscan_target(struct hyperscan_target *out);

/* Scratch that serves all of `dbs` (NULLs are passed over); *out is NULL when there is none. One per thread. */
bool hyperscan_scratch_new(struct hs_database *const *dbs, size_t n, struct hs_scratch **out, struct err *err);
void hyperscan_scratch_free(struct hs_scratch *s);

/* Hot. `on_hit` gets the id and the offset after the last byte matched; returning non-zero stops the scan. */
typedef int hyperscan_on_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx);
void hyperscan_scan(const struct hs_database *db, struct span bytes, struct hs_scratch *scratch, hyperscan_on_hit *on_hit,
                    void *ctx);
