#pragma once
/* What is said around an attribute: a MISP event, an object in it and the attribute itself say the same kinds of
 * things, and what goes with an indicator is made of all three. */
#include "base/arena.h"
#include "base/json_read.h"
#include "rules/formats/load.h"
#include "rules/formats/tags.h"

enum { MISP_TAGS_MAX = 128 };

/* When it was last seen, and when it was said to hold no longer; INT64_MIN: not said. */
struct misp_seen {
    int64_t seen_at, expired_at;
};

/* One of the three. Spans are borrowed from what it was read from, or lie in `words`. */
struct misp_level {
    struct arena words; /* owned: texts that were put together */
    struct span tags[MISP_TAGS_MAX];
    size_t n_tags, n_tags_lost;
    struct tags_said said; /* by the tags */
    struct span uuid, id, text, creator, owner, sharing_group,
        category; /* text: info or comment; creator: Orgc; owner: Org */
    struct span first_seen, last_seen, timestamp;
    struct misp_seen seen;          /* by sightings */
    int distribution, threat_level; /* -1: not said */
    bool is_deleted;
    enum tlp tlp; /* after misp_level_close() */
    uint32_t line, col;
};

void misp_level_init(struct misp_level *v);
void misp_level_fini(struct misp_level *v);
/* Begin anew, at this place of the list. */
void misp_level_reset(struct misp_level *v, uint32_t line, uint32_t col);

void misp_level_tag(struct misp_level *v, struct span name);
/* Add a sighting: type 0 has seen it, 2 says that it has expired, others say neither. */
void misp_seen_add(struct misp_seen *s, const json_value *sighting);
/* Is a member of this key of use to misp_level_take()? */
bool misp_level_wants(struct span key);
/* Take a member: `text` when it is a text, number or word, `tree` when it is an array or object; the other is empty or
 * NULL. Both are borrowed as long as the level is used. */
void misp_level_take(struct misp_level *v, struct span key, struct span text, const json_value *tree);
/* All is said. */
void misp_level_close(struct misp_level *v, struct load *l);

/* What goes with an attribute. `object` may be NULL. *out borrows from all of them and from `tags`. */
enum { MISP_CONTEXT_TAGS = 3 * MISP_TAGS_MAX + LIST_TAGS_MAX + 3 };
void misp_context(struct load *l, const struct misp_level *event, const struct misp_level *object,
                  struct misp_level *attribute, struct span tags[static MISP_CONTEXT_TAGS],
                  struct context_in *out);
