#pragma once
/* One generation of indicators, compiled. Never changes once built; any number of scanners in any threads share it.
 *
 * Engines. Names (exact, suffix, below) go to Hyperscan as reversed literals, or beyond a threshold to a table of suffix
 * hashes behind a blocked Bloom filter; both give the same hits. Addresses, ports, networks and ranges go to tables, and so
 * do whole URLs, paths and texts. Starts of URLs and paths, wildcards and regexes go to Hyperscan. Bloom filters stay what
 * they are. See matcher/NOTES.md. */
#include "base/err.h"
#include "rules/set.h"

enum names_engine { NAMES_AUTO, NAMES_HYPERSCAN, NAMES_TABLE };

struct db_options {
    enum names_engine names_engine;
    uint32_t names_threshold;  /* NAMES_AUTO: more names than this go to the table; 0: the default (2,000) */
    uint32_t regex_cap_ms;     /* compile time allowed for one regex; 0: the default (2,000) */
    uint32_t regex_total_ms;   /* and for all together; 0: the default (120,000) */
    bool is_tried;             /* every regex is of a db that was built here before: none is tried again */
    /* Called for each regex or wildcard that is refused (too big, too slow, not supported): the indicator stays in the
     * set but never matches; `why` dies with the call. May be NULL. */
    void (*refused)(void *to, uint32_t indicator, const char *why);
    void *refused_to;
    struct db *allow; /* what must not alert; the new db's from then on, also when it fails. NULL: nothing. See matcher/allow.h */
};

struct db_stats {
    uint32_t n_names, n_addresses, n_ranges, n_urls, n_wildcards, n_regexes, n_exact_texts, n_blooms, n_refused;
    uint32_t n_suppressed; /* an entry of the allow side covers them: they never match */
    enum names_engine names_engine; /* what was used */
    size_t names_bytes, patterns_bytes, addresses_bytes, set_bytes;
    double compile_seconds; /* 0 when it came from a file */
    bool from_cache;
};

/* What of compile_seconds each engine's part took; all 0 when it came from a file. */
struct db_times {
    double set_seconds; /* putting the set's memory in order, naming its content, choosing engines */
    double names_seconds, addresses_seconds;
    double exact_seconds, prefixes_seconds; /* whole URLs, paths and texts; starts of URLs and paths */
    double trial_seconds;                   /* trying regexes, which is done once for all lists */
    double patterns_seconds;                /* wildcards and regexes */
};

struct db; /* immutable */

/* Compile. Takes the set over (seals it, frees it with the db) on success and on failure. */
bool db_build(struct set *set, const struct db_options *options, struct db **out, struct err *err);
void db_free(struct db *db);

const struct set_view *db_set(const struct db *db);
const struct db_stats *db_stats(const struct db *db);
const struct db_times *db_times(const struct db *db);
/* The allow side, or NULL. */
const struct db *db_allow(const struct db *db);
/* Content hash of the indicators and what was said of them, and of the allow side: the generation's name in alerts (16 hex digits). */
const char *db_generation(const struct db *db);

/* A compiled db as a file (".vdb"), its allow side within: the set's arrays, tables and serialised Hyperscan databases, mapped back in place.
 * The head holds a magic, format version, the libhs version and the CPU features it was built for, `key`, sizes and a
 * checksum over everything. Written to a temporary name, mode 0600, then renamed. `attachment` is the caller's and is kept with
 * it; db_attachment() gives it back (empty for a db that was built, not loaded). */
bool db_save(const struct db *db, const char *path, uint64_t key, struct span attachment, struct err *err);
struct span db_attachment(const struct db *db);
/* false when it is not there or has another key (ERR_NONE), or does not fit this machine or version, or is damaged (ERR_SYNTAX, ERR_IO:
 * say so and rebuild; such a file is never trusted: every offset and index in it is checked before use). */
bool db_load(const char *path, uint64_t key, struct db **out, struct err *err);
