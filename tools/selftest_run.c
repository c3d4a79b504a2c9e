/* See selftest_run.h. One worker for all: a conversation ends before the next one begins, so what the counters say in between is about it alone. */
#include "tools/selftest_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "sensor/worker.h"
#include "traffic/torture.h"

enum { FLOWS_MAX = 4096, LIST_INDEX = 0 };

struct selftest {
    struct torture *torture;     /* owned */
    struct selftest_cell *cells; /* owned; n_whats * n_hows */
    uint32_t *cell_of;           /* owned; by indicator: its cell */
    unsigned n_whats, n_hows;
    struct selftest_totals totals;
    uint32_t running;  /* the cell */
    uint32_t n_alerts; /* for it, in this conversation */
};

struct selftest *selftest_new(void)
{
    struct selftest *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->n_whats = torture_n_whats();
    s->n_hows = torture_n_hows();
    size_t n = (size_t)s->n_whats * s->n_hows;
    s->torture = torture_new();
    s->cells = calloc(n, sizeof *s->cells);
    s->cell_of = calloc(n, sizeof *s->cell_of);
    if (s->torture && s->cells && s->cell_of)
        return s;
    selftest_free(s);
    return NULL;
}

void selftest_free(struct selftest *s)
{
    if (!s)
        return;
    torture_free(s->torture);
    free(s->cells);
    free(s->cell_of);
    free(s);
}

static struct selftest_cell *cell_at(const struct selftest *s, unsigned what, unsigned how)
{
    return &s->cells[what * s->n_hows + how];
}

bool selftest_select(struct selftest *s, unsigned what, unsigned how)
{
    struct selftest_cell *c = cell_at(s, what, how);
    c->trials = torture_trials(s->torture, what, how);
    return c->is_selected = c->is_listed = c->trials > 0;
}

void selftest_unlist(struct selftest *s, unsigned what, unsigned how)
{
    cell_at(s, what, how)->is_listed = false;
}

/* ---- the list ---- */

static bool add_cell(struct selftest *s, struct set *set, uint32_t cell, uint32_t context, struct err *err)
{
    char value[TORTURE_VALUE_MAX];
    enum ioc_type type;
    size_t len = torture_value(cell / s->n_hows, cell % s->n_hows, value, &type);
    struct indicator_in in = {
        .type = type, .match = MATCH_EXACT, .fields = ioc_default_fields(type), .value = span_of(value, len)};
    bool is_new;
    if (!set_add(set, &in, LIST_INDEX, cell + 1, context, &is_new, err))
        return false;
    s->cell_of[set_find(set, &in)] = cell;
    return true;
}

static bool fill_set(struct selftest *s, struct set *set, struct err *err)
{
    struct context_in c = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    uint32_t list, context;
    if (!set_add_list(set, SPAN_LIT("selftest"), SPAN_LIT("selftest"), &list, err) ||
        !set_add_context(set, &c, &context, err))
        return false;
    for (uint32_t i = 0; i < s->n_whats * s->n_hows; i++)
        if (s->cells[i].is_listed && !add_cell(s, set, i, context, err))
            return false;
    return true;
}

static bool build_db(struct selftest *s, struct db **out, struct err *err)
{
    struct set *set = set_new();
    if (!set)
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    if (fill_set(s, set, err))
        return db_build(set, &(struct db_options){0}, out, err);
    set_free(set);
    return false;
}

void selftest_put_list(const struct selftest *s, struct buf *out)
{
    char value[TORTURE_VALUE_MAX];
    enum ioc_type type;
    for (uint32_t i = 0; i < s->n_whats * s->n_hows; i++) {
        if (!s->cells[i].is_listed)
            continue;
        buf_put(out, span_of(value, torture_value(i / s->n_hows, i % s->n_hows, value, &type)));
        buf_put_byte(out, '\n');
    }
}

/* ---- why something was not seen ---- */

/* The first counter of `n` that has grown, or -1. */
static int grown(const uint64_t *before, const uint64_t *after, int n)
{
    for (int i = 0; i < n; i++)
        if (after[i] > before[i])
            return i;
    return -1;
}

static bool tell_packets(const struct stats *before, const struct stats *after,
                         char reason[static SELFTEST_REASON_MAX])
{
    int i = grown(before->undecodable, after->undecodable, UNDECODABLE_COUNT);
    if (i >= 0) {
        snprintf(reason, SELFTEST_REASON_MAX, "packets undecodable: %s",
                 undecodable_name((enum undecodable)i));
        return true;
    }
    i = grown(before->out_of_scope, after->out_of_scope, SCOPE_COUNT);
    if (i >= 0)
        snprintf(reason, SELFTEST_REASON_MAX, "packets out of scope: %s",
                 out_of_scope_name((enum out_of_scope)i));
    return i >= 0;
}

static bool tell_sessions(const struct stats *before, const struct stats *after,
                          char reason[static SELFTEST_REASON_MAX])
{
    for (int p = 0; p < SESSION_COUNT; p++) {
        int i = grown(before->unreadable[p], after->unreadable[p], UNREADABLE_COUNT);
        if (i < 0)
            continue;
        snprintf(reason, SELFTEST_REASON_MAX, "%s unreadable: %s", session_name((enum session_protocol)p),
                 unreadable_name((enum unreadable)i));
        return true;
    }
    return false;
}

static void tell(const struct stats *before, const struct stats *after,
                 char reason[static SELFTEST_REASON_MAX])
{
    if (tell_packets(before, after, reason) || tell_sessions(before, after, reason))
        return;
    bool is_read = grown(before->readable, after->readable, SESSION_COUNT) >= 0;
    snprintf(reason, SELFTEST_REASON_MAX, "%s",
             is_read                        ? "read, but not what is listed"
             : after->flows > before->flows ? "no session was recognised"
                                            : "no flow began");
}

/* ---- a run ---- */

static void take_alert(void *to, uint32_t indicator, int64_t seconds)
{
    struct selftest *s = to;
    (void)seconds;
    if (s->cell_of[indicator] == s->running)
        s->n_alerts++;
    else
        s->totals.wrong_alerts++;
}

static bool take_lines(void *to, struct span lines)
{
    (void)to;
    (void)lines;
    return true;
}

static void run_trial(struct selftest *s, struct worker *w, uint32_t trial, struct capture_out *out)
{
    struct selftest_cell *c = &s->cells[s->running];
    struct stats before = *worker_stats(w);
    struct packet pkt;
    s->n_alerts = 0;
    torture_begin(s->torture, s->running / s->n_hows, s->running % s->n_hows, trial);
    while (torture_next(s->torture, &pkt)) {
        if (out)
            capture_out_packet(out, &pkt);
        worker_packet(w, pkt.link, &pkt);
    }
    worker_end_source(w);
    s->totals.conversations++;
    if (s->n_alerts)
        c->seen++;
    else if (!c->reason[0])
        tell(&before, worker_stats(w), c->reason);
}

static void run_cells(struct selftest *s, struct worker *w, struct capture_out *out)
{
    for (s->running = 0; s->running < s->n_whats * s->n_hows; s->running++) {
        struct selftest_cell *c = &s->cells[s->running];
        if (!c->is_selected)
            continue;
        for (uint32_t trial = 0; trial < c->trials; trial++)
            run_trial(s, w, trial, out);
        s->totals.cells++;
        s->totals.cells_seen += c->seen == c->trials;
    }
    s->totals.packets = worker_stats(w)->packets;
    s->totals.sums_hold = stats_sums_hold(worker_stats(w));
}

bool selftest_run(struct selftest *s, struct capture_out *out, struct err *err)
{
    static const char *const sources[] = {"selftest"};
    struct db *db = NULL;
    struct worker *w = NULL;
    if (build_db(s, &db, err))
        w = worker_new(&(struct worker_options){.db = db,
                                                .eve = {.version = 8, .sources = sources},
                                                .flows_max = FLOWS_MAX,
                                                .write = take_lines,
                                                .alerted = take_alert,
                                                .alerted_to = s},
                       err);
    bool is_good = w != NULL;
    if (is_good)
        run_cells(s, w, out);
    worker_free(w);
    db_free(db);
    return is_good && (!out || capture_out_flush(out, err));
}

bool selftest_has_passed(const struct selftest *s)
{
    const struct selftest_totals *t = &s->totals;
    return t->cells == t->cells_seen && t->wrong_alerts == 0 && t->sums_hold;
}

const struct selftest_cell *selftest_cell(const struct selftest *s, unsigned what, unsigned how)
{
    return cell_at(s, what, how);
}

const struct selftest_totals *selftest_totals(const struct selftest *s)
{
    return &s->totals;
}
