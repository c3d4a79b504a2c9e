/* See ledger.h. */
#include "sensor/ledger.h"

static struct ledger_entry *take_entry(struct ledger *l, const char *source)
{
    bool is_beyond = l->n >= LEDGER_SOURCES_MAX;
    struct ledger_entry *e = &l->entries[is_beyond ? LEDGER_SOURCES_MAX : l->n];
    l->n = is_beyond ? LEDGER_SOURCES_MAX + 1 : l->n + 1;
    e->source = is_beyond ? NULL : source;
    e->n_sources++;
    return e;
}

void ledger_note(struct ledger *l, const char *source, const struct stats *now)
{
    struct stats own = *now;
    stats_subtract(&own, &l->before);
    l->before = *now;
    stats_add(&take_entry(l, source)->stats, &own);
}
