#pragma once
/* Everything that is neither a plain name nor an address: whole URLs, paths and texts in a hash table; starts of URLs and
 * paths, wildcards and regexes in Hyperscan databases. Building is cold, matching is hot. */
#include "matcher/key_table.h"
#include "matcher/reversed.h"
#include "matcher/route.h"
#include "matcher/trial.h"

/* Patterns are grouped by the kind of text they see and by their flags: mixed flags slow Hyperscan down, and a user agent
 * should not be scanned for what only names can match. A pattern on fields of several kinds is in several groups. */
enum pattern_group {
    GROUP_PREFIX, /* literals over URL keys and paths, reversed */
    GROUP_NAME_WILDCARD,
    GROUP_NAME_REGEX,
    GROUP_NAME_CASELESS,
    GROUP_URL_REGEX,
    GROUP_URL_CASELESS,
    GROUP_TEXT_REGEX,
    GROUP_TEXT_CASELESS,
    GROUP_COUNT,
};

struct patterns {
    struct key_table exact;
    field_mask exact_fields;
    struct hs_database *groups[GROUP_COUNT]; /* owned; NULL where there is nothing */
    field_mask group_fields[GROUP_COUNT];
    double exact_seconds, prefixes_seconds, trial_seconds, regexes_seconds; /* what building each took */
};

/* Told of each pattern that is left out; `why` dies with the call. */
typedef void patterns_refused(void *to, uint32_t indicator, const char *why);

/* Patterns of strangers are tried in a child process first (matcher/trial.h). */
bool patterns_build(struct patterns *out, const struct set_view *v, const struct routes *routes, const struct trial_limits *limits,
                    patterns_refused *refused, void *refused_to, struct err *err);
void patterns_fini(struct patterns *p);

/* Fields on which texts of this kind are looked at by some regex. */
static inline field_mask patterns_text_fields(const struct patterns *p, enum piece_kind kind)
{
    return kind == PIECE_NAME ? p->group_fields[GROUP_NAME_WILDCARD] | p->group_fields[GROUP_NAME_REGEX] |
                                    p->group_fields[GROUP_NAME_CASELESS]
           : kind == PIECE_URL_TEXT ? p->group_fields[GROUP_URL_REGEX] | p->group_fields[GROUP_URL_CASELESS]
           : kind == PIECE_TEXT     ? p->group_fields[GROUP_TEXT_REGEX] | p->group_fields[GROUP_TEXT_CASELESS]
                                    : p->group_fields[GROUP_PREFIX];
}

/* Look `key` up whole, at once; hits go to the batch as hits of `piece`, which needs not be in it. */
void patterns_look_up(const struct patterns *p, const struct set_view *v, enum key_kind kind, struct span key,
                      const struct piece *piece, struct batch *b);
/* Prefixes, wildcards and regexes over the batch's pieces. `r` is working space. */
void patterns_scan(const struct patterns *p, struct hs_scratch *scratch, const struct set_view *v, struct reversed *r,
                   struct batch *b);
