/* See summary.h. */
#include "tools/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "matcher/allow.h"
#include "tools/message.h"

enum { SUMMARY_BYTES_MAX = 16 << 20, ENTRIES_SHOWN = 10, VALUE_SHOWN = 80, NAMED_LISTS_SHOWN = 8 };

/* " (reason 3, other 1)" for the counters that are not zero. */
struct reasons {
    struct buf *out;
    bool has_any;
};

static void put_reason(struct reasons *r, const char *name, uint64_t n)
{
    if (n == 0)
        return;
    buf_printf(r->out, "%s%s %" PRIu64, r->has_any ? ", " : " (", name, n);
    r->has_any = true;
}

static void end_reasons(struct reasons *r)
{
    if (r->has_any)
        buf_put_byte(r->out, ')');
}

static uint64_t sum(const uint64_t *counters, int n)
{
    uint64_t total = 0;
    for (int i = 0; i < n; i++)
        total += counters[i];
    return total;
}

/* Nothing where there were none. */
static void put_encapsulated(struct buf *out, const struct stats *s)
{
    struct reasons r = {.out = out};
    if (sum(s->encapsulated, ENCAP_COUNT) + s->tunnels_unread == 0)
        return;
    buf_put_str(out, "          carried in");
    for (int i = 0; i < ENCAP_COUNT; i++)
        put_reason(&r, encapsulation_name((enum encapsulation)i), s->encapsulated[i]);
    put_reason(&r, "tunnels not read", s->tunnels_unread);
    end_reasons(&r);
    buf_put_byte(out, '\n');
}

static void put_packets(struct buf *out, const struct stats *s)
{
    struct reasons r = {.out = out};
    buf_printf(out, "packets   %" PRIu64 " received = %" PRIu64 " processed + %" PRIu64 " undecodable",
               s->packets, s->processed, sum(s->undecodable, UNDECODABLE_COUNT));
    for (int i = 0; i < UNDECODABLE_COUNT; i++)
        put_reason(&r, undecodable_name((enum undecodable)i), s->undecodable[i]);
    end_reasons(&r);
    r = (struct reasons){.out = out};
    buf_printf(out, " + %" PRIu64 " out of scope", sum(s->out_of_scope, SCOPE_COUNT));
    for (int i = 0; i < SCOPE_COUNT; i++)
        put_reason(&r, out_of_scope_name((enum out_of_scope)i), s->out_of_scope[i]);
    end_reasons(&r);
    if (s->fragments_waiting)
        buf_printf(out, " + %" PRIu64 " fragments waiting", s->fragments_waiting);
    buf_put_byte(out, '\n');
    if (s->cut_by_snaplen)
        buf_printf(out, "          %" PRIu64 " of them cut by the snaplen\n", s->cut_by_snaplen);
    put_encapsulated(out, s);
    if (s->datagrams_whole + s->datagrams_incomplete + s->datagrams_evicted + s->fragments_overlapping)
        buf_printf(out,
                   "          %" PRIu64 " datagrams put together from fragments, %" PRIu64 " incomplete, %" PRIu64
                   " pushed out; %" PRIu64 " fragments overlapping\n",
                   s->datagrams_whole, s->datagrams_incomplete, s->datagrams_evicted, s->fragments_overlapping);
}

static void put_drops(struct buf *out, const struct stats *s)
{
    buf_printf(out,
               "drops     %" PRIu64 " on the wire = %" PRIu64 " received + %" PRIu64
               " dropped by the kernel + %" PRIu64 " by the interface\n",
               s->packets + s->kernel_drops + s->interface_drops, s->packets, s->kernel_drops,
               s->interface_drops);
}

/* In tenths, rounded down: all is readable only when it is. */
static void put_share(struct buf *out, uint64_t n, uint64_t of)
{
    uint64_t tenths = n * 1000 / of;
    buf_printf(out, "%" PRIu64 ".%" PRIu64 "%% readable", tenths / 10, tenths % 10);
}

static void put_sessions(struct buf *out, const struct stats *s)
{
    for (int p = 0; p < SESSION_COUNT; p++) {
        struct reasons r = {.out = out};
        buf_printf(out, "%-10s%s %" PRIu64 " seen = %" PRIu64 " readable + %" PRIu64 " unreadable",
                   p ? "" : "sessions", session_name((enum session_protocol)p), s->sessions[p],
                   s->readable[p], sum(s->unreadable[p], UNREADABLE_COUNT));
        for (int i = 0; i < UNREADABLE_COUNT; i++)
            put_reason(&r, unreadable_name((enum unreadable)i), s->unreadable[p][i]);
        end_reasons(&r);
        if (s->readable[p] < s->sessions[p]) {
            buf_put_str(out, "; ");
            put_share(out, s->readable[p], s->sessions[p]);
        }
        buf_put_byte(out, '\n');
    }
}

static void put_source_sessions(struct buf *out, const struct stats *s, enum session_protocol p)
{
    struct reasons r = {.out = out};
    if (s->sessions[p] == 0)
        return;
    buf_printf(out, "            %-5s %10" PRIu64 " seen  ", session_name(p), s->sessions[p]);
    put_share(out, s->readable[p], s->sessions[p]);
    for (int i = 0; i < UNREADABLE_COUNT; i++)
        put_reason(&r, unreadable_name((enum unreadable)i), s->unreadable[p][i]);
    end_reasons(&r);
    buf_put_byte(out, '\n');
}

/* What was visible in each of several sources, with the protocols that were there. */
static void put_sources(struct buf *out, const struct ledger *l)
{
    for (size_t i = 0; l && l->n > 1 && i < l->n; i++) {
        const struct ledger_entry *e = &l->entries[i];
        buf_printf(out, "%-10s", i ? "" : "sources");
        if (e->source)
            put_escaped(out, span_str(e->source));
        else
            buf_printf(out, "%" PRIu32 " others", e->n_sources);
        buf_printf(out, ": %" PRIu64 " packets\n", e->stats.packets);
        for (int p = 0; p < SESSION_COUNT; p++)
            put_source_sessions(out, &e->stats, (enum session_protocol)p);
    }
}

static void put_flows(struct buf *out, const struct stats *s)
{
    struct reasons r = {.out = out};
    buf_printf(out, "flows     %" PRIu64, s->flows);
    put_reason(&r, "pushed out of the full table", s->flows_evicted);
    put_reason(&r, "segments out of order", s->segments_out_of_order);
    put_reason(&r, "overlapping", s->segments_overlapping);
    put_reason(&r, "contradicting", s->segments_conflicting);
    put_reason(&r, "gaps", s->gaps);
    put_reason(&r, "streams over their limit", s->streams_limited);
    put_reason(&r, "streams refused", s->streams_refused);
    put_reason(&r, "certificate chains cut", s->chains_cut);
    end_reasons(&r);
    buf_put_byte(out, '\n');
}

/* What a Bloom filter holds by its maker's word, and how full it is. */
static void put_bloom(struct buf *out, const struct bloom_facts *b)
{
    buf_printf(out,
               "; filter of %" PRIu64 " values (made for %" PRIu64 ", p %g), %.1f%% of %" PRIu64 " bits set",
               b->n_entered, b->n_meant, b->rate, 100 * (double)b->n_set / (double)b->n_bits, b->n_bits);
}

void summary_put_list(struct buf *out, const struct list_report *l)
{
    struct reasons r = {.out = out};
    put_escaped(out, span_str(l->name));
    buf_printf(out, ": %" PRIu64 " entries = %" PRIu64 " loaded + %" PRIu64 " merged + %" PRIu64 " skipped",
               l->entries, l->loaded, l->merged, l->skipped);
    for (int i = 1; i < REJECT_COUNT; i++)
        put_reason(&r, reject_code((enum reject)i), l->by_reason[i]);
    for (int i = IOC_MATCHABLE_COUNT; i < IOC_TYPE_COUNT; i++)
        put_reason(&r, ioc_type_name((enum ioc_type)i), l->by_type[i].skipped);
    for (int i = SKIP_TYPE + 1; i < SKIP_COUNT; i++)
        put_reason(&r, skip_name((enum skip)i), l->by_skip[i]);
    end_reasons(&r);
    if (l->allowed)
        buf_printf(out, ", %" PRIu64 " for the allow side", l->allowed);
    if (l->expired)
        buf_printf(out, ", %" PRIu64 " expired by now", l->expired);
    if (l->not_yet_valid)
        buf_printf(out, ", %" PRIu64 " not yet valid", l->not_yet_valid);
    if (l->bloom.n_hashes)
        put_bloom(out, &l->bloom);
    if (l->is_unreadable)
        buf_put_str(out, ", not read to its end");
}

/* ", 3 suppressed (good.txt 2, more.txt 1)" */
static void put_suppressed(struct buf *out, const struct db *db, const struct allow_tally *t, uint32_t list)
{
    const struct set_view *allow = t->n ? db_set(db_allow(db)) : NULL;
    const char *between = "";
    uint64_t n = allow_tally_of_list(t, list);
    if (n == 0)
        return;
    buf_printf(out, ", %" PRIu64 " suppressed (", n);
    for (uint32_t by = 0; by < t->n_allow_lists; by++) {
        if (allow_tally(t, list, by) == 0)
            continue;
        buf_put_str(out, between);
        put_escaped(out, set_text(allow, allow->lists[by].name));
        buf_printf(out, " %" PRIu64, allow_tally(t, list, by));
        between = ", ";
    }
    buf_put_byte(out, ')');
}

static bool is_of_file(const struct set_view *v, uint32_t list, const char *path)
{
    return list < v->n_lists && span_eq(set_text(v, v->lists[list].path), span_str(path));
}

bool summary_find_list(const struct set_view *v, uint32_t *next, const struct list_report *reports, size_t n, size_t i,
                       uint32_t *out_list)
{
    const struct list_report *r = &reports[i];
    bool is_last_of_file = i + 1 == n || strcmp(r->path, r[1].path) != 0;
    uint32_t first = *next;
    *out_list = first;
    while (is_of_file(v, *next, r->path) && (*next == first || is_last_of_file)) {
        if (span_eq(set_text(v, v->lists[*next].name), span_str(r->name)))
            *out_list = *next;
        ++*next;
    }
    return *next > first;
}

void summary_put_lists(struct buf *out, const struct db *db, const struct list_report *reports, size_t n)
{
    struct allow_tally tally = {0};
    uint32_t next = 0, list;
    if (db)
        allow_tally_init(&tally, db, NULL);
    for (size_t i = 0; i < n; i++) {
        summary_put_list(out, &reports[i]);
        if (db && summary_find_list(db_set(db), &next, reports, n, i, &list))
            put_suppressed(out, db, &tally, list);
        buf_put_byte(out, '\n');
    }
    allow_tally_fini(&tally);
}

/* Alerts of the lists that the entries of one list name: what lies from `from` to `to` in the db, but for the list itself. */
static void put_named_lists(struct buf *out, const struct run_totals *t, uint32_t from, uint32_t to, uint32_t own)
{
    const struct set_view *v = db_set(t->loaded->db);
    unsigned n_shown = 0;
    for (uint32_t i = from; i < to; i++) {
        if (i == own || t->list_hits[i] == 0 || n_shown++ >= NAMED_LISTS_SHOWN)
            continue;
        buf_put_str(out, ", ");
        put_escaped(out, set_text(v, v->lists[i].name));
        buf_printf(out, ": %" PRIu64, t->list_hits[i]);
    }
}

static void put_lists(struct buf *out, const struct run_totals *t)
{
    const struct db *db = t->loaded->db;
    const struct loaded *l = t->loaded;
    struct allow_tally tally;
    uint32_t next = 0, list;
    allow_tally_init(&tally, db, NULL);
    for (size_t i = 0; i < l->n_reports; i++) {
        uint32_t first = next;
        buf_printf(out, "%-10s", i ? "" : "lists");
        summary_put_list(out, &l->reports[i]);
        if (summary_find_list(db_set(db), &next, l->reports, l->n_reports, i, &list)) {
            buf_printf(out, "; %" PRIu64 " alerts", t->list_hits[list]);
            put_named_lists(out, t, first, next, list);
            put_suppressed(out, db, &tally, list);
        }
        buf_put_byte(out, '\n');
    }
    allow_tally_fini(&tally);
}

static void put_refused(struct buf *out, const struct db_stats *s)
{
    if (s->n_refused)
        buf_printf(out, "patterns  %" PRIu32 " refused: they never match\n", s->n_refused);
}

static void put_alerts(struct buf *out, const struct stats *s)
{
    buf_printf(out,
               "alerts    %" PRIu64 " written; %" PRIu64 " hits = %" PRIu64 " alerts + %" PRIu64
               " repeated + %" PRIu64 " expired + %" PRIu64 " unwritten + %" PRIu64 " suppressed\n",
               s->alerts, s->hits, s->alerts, s->hits_repeated, s->hits_expired, s->alerts_unwritten,
               s->hits_suppressed);
}

static void put_allow_use(struct buf *out, const struct set_view *allow, const struct allow_use *u)
{
    const struct origin *o = &allow->origins[u->origin];
    buf_printf(out, "%" PRIu64 " hits by ", u->n_hits);
    put_escaped(out, set_text(allow, allow->lists[o->list].name));
    buf_printf(out, ":%" PRIu32 " ", o->line);
    put_escaped(out, span_first(set_value(allow, u->entry), VALUE_SHOWN));
}

/* The entries that suppressed most, one to a line. */
static void put_allowed(struct buf *out, const struct run_totals *t)
{
    struct allow_use top[ENTRIES_SHOWN];
    if (!t->allow_hits || t->stats->hits_suppressed == 0)
        return;
    const struct set_view *allow = db_set(db_allow(t->loaded->db));
    size_t n = allow_top(allow, t->allow_hits, top, ENTRIES_SHOWN);
    uint64_t left = t->stats->hits_suppressed;
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%-10s", i ? "" : "allowed");
        put_allow_use(out, allow, &top[i]);
        buf_put_byte(out, '\n');
        left -= top[i].n_hits;
    }
    if (left)
        buf_printf(out, "          %" PRIu64 " hits by others\n", left);
}

/* What was seen but neither written nor looked for: on a line of its own, which is there only then. */
static void put_lost(struct buf *out, const struct stats *s, bool has_lists)
{
    const struct {
        const char *what;
        uint64_t n;
    } losses[] = {
        {has_lists ? "alerts too large to be written" : "events too large to be written",
         s->alerts_unwritten},
        {"events there was no room for", s->events_lost},
        {"fields or hits the matcher had no room for", s->fields_dropped},
    };
    const char *between = "lost      ";
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        if (losses[i].n == 0)
            continue;
        buf_printf(out, "%s%" PRIu64 " %s", between, losses[i].n, losses[i].what);
        between = ", ";
    }
    if (between[0] == ',')
        buf_put_byte(out, '\n');
}

static void put_pace(struct buf *out, const struct run_totals *t)
{
    const struct stats *s = t->stats;
    double seconds = t->seconds > 1e-6 ? t->seconds : 1e-6;
    buf_printf(out, "time      %.3f s for %s: %.2f Mpps, %.2f Gb/s", t->seconds, t->what,
               (double)s->packets / seconds / 1e6, (double)s->wire_bytes * 8 / seconds / 1e9);
    if (t->loaded)
        buf_printf(out, "; lists ready in %.3f s%s", t->loaded->seconds,
                   db_stats(t->loaded->db)->from_cache ? " (compiled before)" : "");
    buf_put_byte(out, '\n');
}

void summary_print(const struct run_totals *t)
{
    struct buf out;
    buf_init(&out, SUMMARY_BYTES_MAX);
    put_packets(&out, t->stats);
    if (t->is_live)
        put_drops(&out, t->stats);
    put_sessions(&out, t->stats);
    put_sources(&out, t->ledger);
    put_flows(&out, t->stats);
    if (t->loaded) {
        put_lists(&out, t);
        put_refused(&out, db_stats(t->loaded->db));
        put_alerts(&out, t->stats);
        put_allowed(&out, t);
    }
    put_lost(&out, t->stats, t->loaded != NULL);
    put_pace(&out, t);
    print_text(stderr, &out);
    buf_fini(&out);
}
