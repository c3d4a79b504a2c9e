#pragma once
/* What an allow-list covers. The allow side of a run is a db of its own, which hangs on the db that it silences (db_options.allow).
 *
 * Entries cover in two ways. An indicator is suppressed before it is compiled when an entry covers whatever it could hit: that is
 * asked here. And a hit is suppressed when an entry covers what was seen, or where that traffic goes: sensor/suppress.h. All cold. */
#include "matcher/db.h"

/* Suppress the indicators of `set`, which is not compiled yet, that an entry of `allow` covers:
 *
 *   name (also with port)    an allowed name above it or equal to it; an exact entry covers exact names only, unless it is host-only:
 *                            MISP's warninglists judge values, however those match
 *   wildcard name            an allowed name that it ends in, or the same wildcard
 *   address, network, range  an entry in which all of it lies
 *   URL, hostpath            an entry that covers its host and is not host-only, or an allowed URL; a start of URLs only by a start
 *   path                     an allowed path, as for URLs
 *   regex                    the same regex
 *   any other text           the same text
 *
 * An entry has to name all fields in which the indicator could hit, and to hold at all times: one that begins or ends acts on hits,
 * by the packet's time. Which entry it was is kept with the indicator. False only when memory is short. */
bool allow_mark(const struct db *allow, struct set *set, struct err *err);

/* The first origin of an entry that holds at that time, or ORIGIN_END. */
uint32_t allow_origin_at(const struct set_view *v, uint32_t entry, int64_t seconds);
/* The first one that holds at all times, or ORIGIN_END. */
uint32_t allow_origin_always(const struct set_view *v, uint32_t entry);

/* How many indicators are suppressed, by the list that names them and the allow-list that covers them; and how many hits were. */
struct allow_tally {
    uint64_t *n;    /* owned; of list i by allow-list j: n[i * n_allow_lists + j]. NULL: nothing is allowed */
    uint64_t *hits; /* owned; by allow-list */
    uint32_t n_lists, n_allow_lists;
};

/* `hits` is by origin, or NULL. When memory is short, or there are far too many lists, nothing is told and false returned. */
bool allow_tally_init(struct allow_tally *t, const struct db *db, const uint64_t *hits);
void allow_tally_fini(struct allow_tally *t);
static inline uint64_t allow_tally(const struct allow_tally *t, uint32_t list, uint32_t allow_list)
{
    return t->n ? t->n[(size_t)list * t->n_allow_lists + allow_list] : 0;
}

/* Of one list by all allow-lists; of all lists by one allow-list (an indicator on two lists counts twice). */
uint64_t allow_tally_of_list(const struct allow_tally *t, uint32_t list);
uint64_t allow_tally_by(const struct allow_tally *t, uint32_t allow_list);

/* An entry, as one list wrote it, and the hits that it suppressed. */
struct allow_use {
    uint32_t entry, origin; /* in the allow side's set */
    uint64_t n_hits;
};

/* Those that suppressed most, at most `max`, the most first; none without hits. `hits` is by origin. */
size_t allow_top(const struct set_view *allow, const uint64_t *hits, struct allow_use *out, size_t max);
