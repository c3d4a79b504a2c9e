/* See edition.h. */
#include "tools/edition.h"

#include <stdlib.h>

#include "matcher/allow.h"

bool edition_init(struct edition *e)
{
    *e = (struct edition){.set = set_new(), .allow = set_new()};
    return e->set && e->allow;
}

void edition_fini(struct edition *e)
{
    worker_free(e->worker);
    db_free(e->db);
    set_free(e->set);
    set_free(e->allow);
    free(e->alerts);
    *e = (struct edition){0};
}

static void alerted(void *to, uint32_t indicator, int64_t seconds)
{
    struct edition *e = to;
    e->alerts[indicator]++;
}

static bool pass_lines(void *to, struct span lines)
{
    return true;
}

/* Both sets go to the db, whatever comes of it. */
static bool compile(struct edition *e, struct err *err)
{
    struct db_options options = {0};
    struct set *set = e->set, *allow = e->allow;
    e->set = e->allow = NULL;
    if (!db_build(allow, NULL, &options.allow, err) || !allow_mark(options.allow, set, err)) {
        db_free(options.allow);
        set_free(set);
        return false;
    }
    return db_build(set, &options, &e->db, err);
}

bool edition_start(struct edition *e, const char *const *sources, struct err *err)
{
    if (!compile(e, err))
        return false;
    e->alerts = calloc(db_set(e->db)->n_indicators + 1u, sizeof *e->alerts);
    if (!e->alerts)
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    struct worker_options options = {.db = e->db,
                                     .eve = {.version = 8, .sources = sources},
                                     .write = pass_lines,
                                     .alerted = alerted,
                                     .alerted_to = e};
    e->worker = worker_new(&options, err);
    return e->worker != NULL;
}

void edition_packet(struct edition *e, const struct packet *pkt)
{
    worker_packet(e->worker, pkt->link, pkt);
}

void edition_end_source(struct edition *e)
{
    worker_end_source(e->worker);
}
