/* See skip.h. */
#include "rules/skip.h"

static const struct {
    const char *name, *remedy;
} skips[SKIP_COUNT] = {
    [SKIP_TYPE] = {"type", "nothing in a packet can be compared with it"},
    [SKIP_TO_IDS] = {"to_ids", "to_ids is not set, so it is context; with to_ids=ignore it is loaded"},
    [SKIP_DELETED] = {"deleted", "its publisher has deleted it"},
    [SKIP_REVOKED] = {"revoked", "its publisher has revoked it"},
    [SKIP_STATUS] = {"status", "its publisher says it is off-line, unverified or benign"},
    [SKIP_TRIGGER] = {"trigger", "traffic does not show what this trigger asks for"},
    [SKIP_RULE] = {"rule", "no single value can be taken from this rule"},
    [SKIP_BROAD] = {"broad", "a whole top-level domain; with tlds=load it is loaded, with match exact as that one name"},
    [SKIP_CONTEXT] = {"context", "it belongs to another entry and is no indicator by itself"},
};

const char *skip_name(enum skip s)
{
    return (unsigned)s < SKIP_COUNT ? skips[s].name : "unknown";
}

const char *skip_remedy(enum skip s)
{
    return (unsigned)s < SKIP_COUNT ? skips[s].remedy : "unknown";
}
