/* The "stats" event. Where Suricata has a counter of the same meaning, `stats` has ours under its name. Its schema lets
 * nothing else in there, so our own ledger, the sums that must hold, goes where named integers are welcome:
 * `metadata.flowints`, as one object "vedette". */
#include "sensor/eve_parts.h"

#include "matcher/allow.h"
#include "rules/list.h"
#include "sensor/ledger.h"

enum { ENTRIES_SHOWN = 10, VALUE_SHOWN = 4096 };

static uint64_t sum_of(const uint64_t *counts, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

static void put_capture(struct json *j, const struct stats *s)
{
    json_begin_object(j, "capture");
    json_u64(j, "kernel_packets", s->packets + s->kernel_drops);
    json_u64(j, "kernel_drops", s->kernel_drops);
    json_u64(j, "kernel_ifdrops", s->interface_drops);
    json_end_object(j);
}

/* Those that Suricata's schema has a counter for, under its name; shown when there were any. */
static void put_encapsulations(struct json *j, const struct stats *s)
{
    static const struct {
        enum encapsulation type;
        const char *name;
    } counters[] = {
        {ENCAP_ERSPAN, "erspan"}, {ENCAP_GENEVE, "geneve"}, {ENCAP_GRE, "gre"},       {ENCAP_PBB, "ieee8021ah"},
        {ENCAP_MPLS, "mpls"},     {ENCAP_NSH, "nsh"},       {ENCAP_PPPOE, "pppoe"},   {ENCAP_TEREDO, "teredo"},
        {ENCAP_VNTAG, "vntag"},   {ENCAP_VXLAN, "vxlan"},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        if (s->encapsulated[counters[i].type])
            json_u64(j, counters[i].name, s->encapsulated[counters[i].type]);
    if (s->out_of_scope[SCOPE_NESTING])
        json_u64(j, "too_many_layers", s->out_of_scope[SCOPE_NESTING]);
}

static void put_decoder(struct json *j, const struct stats *s)
{
    json_begin_object(j, "decoder");
    json_u64(j, "pkts", s->packets);
    json_u64(j, "bytes", s->bytes);
    json_u64(j, "invalid", sum_of(s->undecodable, UNDECODABLE_COUNT));
    json_u64(j, "ipv4", s->ipv4);
    json_u64(j, "ipv6", s->ipv6);
    json_u64(j, "tcp", s->tcp);
    json_u64(j, "udp", s->udp);
    json_u64(j, "vlan", s->vlan_tagged);
    put_encapsulations(j, s);
    json_u64(j, "avg_pkt_size", s->packets ? s->bytes / s->packets : 0);
    json_end_object(j);
}

static void put_flow_and_tcp(struct json *j, const struct stats *s)
{
    json_begin_object(j, "flow");
    json_u64(j, "total", s->flows);
    json_begin_object(j, "wrk");
    json_u64(j, "flows_evicted", s->flows_evicted);
    json_end_object(j);
    json_end_object(j);
    json_begin_object(j, "tcp");
    json_u64(j, "reassembly_gap", s->gaps);
    json_u64(j, "overlap", s->segments_overlapping);
    json_u64(j, "overlap_diff_data", s->segments_conflicting);
    json_u64(j, "stream_depth_reached", s->streams_limited);
    json_end_object(j);
}

static void put_app_error(struct json *j, const struct stats *s, enum session_protocol p)
{
    json_begin_object(j, session_name(p));
    json_u64(j, "gap", s->unreadable[p][UNREADABLE_LOST]);
    json_u64(j, "parser", s->unreadable[p][UNREADABLE_MALFORMED]);
    json_end_object(j);
}

/* Suricata counts DNS by transport, which we do not; the ledger has it. */
static void put_app_layer(struct json *j, const struct stats *s)
{
    json_begin_object(j, "app_layer");
    json_begin_object(j, "flow");
    json_u64(j, "http", s->sessions[SESSION_HTTP]);
    json_u64(j, "tls", s->sessions[SESSION_TLS]);
    json_u64(j, "quic", s->sessions[SESSION_QUIC]);
    json_u64(j, "smtp", s->sessions[SESSION_SMTP]);
    json_end_object(j);
    json_begin_object(j, "tx");
    json_u64(j, "http", s->events[EVENT_HTTP_REQUEST]);
    json_u64(j, "tls", s->events[EVENT_TLS_CLIENT]);
    json_u64(j, "quic", s->events[EVENT_QUIC]);
    json_u64(j, "smtp", s->events[EVENT_SMTP]);
    json_end_object(j);
    json_begin_object(j, "error");
    put_app_error(j, s, SESSION_HTTP);
    put_app_error(j, s, SESSION_TLS);
    put_app_error(j, s, SESSION_QUIC);
    json_end_object(j);
    json_end_object(j);
}

static void put_detect(struct json *j, const struct stats *s, const struct set_view *set,
                       const struct eve_lists *lists)
{
    uint64_t rejected = 0, passed_over = 0;
    for (size_t i = 0; lists->reports && i < lists->n_reports; i++) {
        rejected += lists->reports[i].rejected;
        passed_over += lists->reports[i].passed_over;
    }
    json_begin_object(j, "detect");
    json_begin_array(j, "engines");
    json_begin_object(j, NULL);
    json_u64(j, "id", 0);
    json_u64(j, "rules_loaded", set ? set->n_indicators : 0);
    json_u64(j, "rules_failed", rejected);
    json_u64(j, "rules_skipped", passed_over);
    json_end_object(j);
    json_end_array(j);
    json_u64(j, "alert", s->alerts);
    json_u64(j, "alert_queue_overflow", s->alerts_unwritten);
    json_u64(j, "alerts_suppressed", s->hits_repeated + s->hits_suppressed);
    json_end_object(j);
}

/* All of them, where there were any. */
static void put_encapsulated(struct json *j, const struct stats *s)
{
    if (sum_of(s->encapsulated, ENCAP_COUNT) + s->tunnels_unread == 0)
        return;
    json_begin_object(j, "encapsulated");
    for (unsigned i = 0; i < ENCAP_COUNT; i++)
        if (s->encapsulated[i])
            json_u64(j, encapsulation_name((enum encapsulation)i), s->encapsulated[i]);
    json_end_object(j);
    json_u64(j, "tunnels_unread", s->tunnels_unread);
}

static void put_packet_ledger(struct json *j, const struct stats *s)
{
    json_begin_object(j, "packets");
    json_u64(j, "received", s->packets);
    json_u64(j, "processed", s->processed);
    json_u64(j, "undecodable", sum_of(s->undecodable, UNDECODABLE_COUNT));
    json_u64(j, "out_of_scope", sum_of(s->out_of_scope, SCOPE_COUNT));
    json_u64(j, "fragments_waiting", s->fragments_waiting);
    json_begin_object(j, "undecodable_by");
    for (unsigned i = 0; i < UNDECODABLE_COUNT; i++)
        json_u64(j, undecodable_name((enum undecodable)i), s->undecodable[i]);
    json_end_object(j);
    json_begin_object(j, "out_of_scope_by");
    for (unsigned i = 0; i < SCOPE_COUNT; i++)
        json_u64(j, out_of_scope_name((enum out_of_scope)i), s->out_of_scope[i]);
    json_end_object(j);
    json_u64(j, "wire_bytes", s->wire_bytes);
    json_u64(j, "cut_by_snaplen", s->cut_by_snaplen);
    json_u64(j, "other_ip", s->other_ip);
    put_encapsulated(j, s);
    json_u64(j, "kernel_drops", s->kernel_drops);
    json_u64(j, "interface_drops", s->interface_drops);
    json_end_object(j);
}

/* All of them, where there were any. */
static void put_encrypted_dns(struct json *j, const struct stats *s)
{
    if (sum_of(s->encrypted_dns, ENCRYPTED_DNS_COUNT) == 0)
        return;
    json_begin_object(j, "encrypted_dns");
    for (unsigned i = ENCRYPTED_DNS_NONE + 1; i < ENCRYPTED_DNS_COUNT; i++)
        json_u64(j, encrypted_dns_name((enum encrypted_dns)i), s->encrypted_dns[i]);
    json_end_object(j);
}

static void put_session_ledger(struct json *j, const struct stats *s)
{
    json_begin_object(j, "sessions");
    for (unsigned p = 0; p < SESSION_COUNT; p++) {
        json_begin_object(j, session_name((enum session_protocol)p));
        json_u64(j, "seen", s->sessions[p]);
        json_u64(j, "readable", s->readable[p]);
        json_u64(j, "unreadable", sum_of(s->unreadable[p], UNREADABLE_COUNT));
        json_begin_object(j, "unreadable_by");
        for (unsigned i = 0; i < UNREADABLE_COUNT; i++)
            json_u64(j, unreadable_name((enum unreadable)i), s->unreadable[p][i]);
        json_end_object(j);
        json_end_object(j);
    }
    json_end_object(j);
    put_encrypted_dns(j, s);
}

static void put_source(struct json *j, const struct ledger_entry *e)
{
    json_begin_object(j, NULL);
    json_str(j, "source", e->source ? e->source : "");
    json_u64(j, "sources", e->n_sources);
    json_bool(j, "sums_hold", stats_sums_hold(&e->stats));
    put_packet_ledger(j, &e->stats);
    put_session_ledger(j, &e->stats);
    json_end_object(j);
}

static void put_sources(struct json *j, const struct ledger *l)
{
    json_begin_array(j, "sources");
    for (size_t i = 0; l && i < l->n; i++)
        put_source(j, &l->entries[i]);
    json_end_array(j);
}

static void put_work_ledger(struct json *j, const struct stats *s)
{
    json_begin_object(j, "fragments");
    json_u64(j, "datagrams_whole", s->datagrams_whole);
    json_u64(j, "datagrams_incomplete", s->datagrams_incomplete);
    json_u64(j, "datagrams_evicted", s->datagrams_evicted);
    json_u64(j, "overlapping", s->fragments_overlapping);
    json_end_object(j);
    json_begin_object(j, "streams");
    json_u64(j, "segments_out_of_order", s->segments_out_of_order);
    json_u64(j, "segments_overlapping", s->segments_overlapping);
    json_u64(j, "segments_conflicting", s->segments_conflicting);
    json_u64(j, "gaps", s->gaps);
    json_u64(j, "limited", s->streams_limited);
    json_u64(j, "refused", s->streams_refused);
    json_u64(j, "told_evicted", s->told_evicted);
    json_u64(j, "http2_tables_evicted", s->http2_tables_evicted);
    json_u64(j, "http2_fields_unknown", s->http2_fields_unknown);
    json_u64(j, "certificate_chains_cut", s->chains_cut);
    json_end_object(j);
    json_begin_object(j, "hits");
    json_u64(j, "events_lost", s->events_lost);
    json_u64(j, "fields_dropped", s->fields_dropped);
    json_u64(j, "fields", s->fields);
    json_u64(j, "hits", s->hits);
    json_u64(j, "expired", s->hits_expired);
    json_u64(j, "suppressed", s->hits_suppressed);
    json_u64(j, "repeated", s->hits_repeated);
    json_u64(j, "alerts", s->alerts);
    json_u64(j, "alerts_unwritten", s->alerts_unwritten);
    json_u64(j, "alert_keys_evicted", s->alert_keys_evicted);
    json_end_object(j);
}

static void put_list(struct json *j, const struct list_report *r)
{
    json_begin_object(j, NULL);
    json_str(j, "list", r->name ? r->name : "");
    json_str(j, "path", r->path ? r->path : "");
    json_bool(j, "is_unreadable", r->is_unreadable);
    json_u64(j, "entries", r->entries);
    json_u64(j, "loaded", r->loaded);
    json_u64(j, "merged", r->merged);
    json_u64(j, "skipped", r->skipped);
    json_u64(j, "rejected", r->rejected);
    json_u64(j, "passed_over", r->passed_over);
    json_u64(j, "expired", r->expired);
    json_u64(j, "allowed", r->allowed);
    json_end_object(j);
}

static void put_list_name(struct json *j, const struct set_view *set, uint32_t list)
{
    json_text(j, "list", set_text(set, set->lists[list].name));
    json_text(j, "path", set_text(set, set->lists[list].path));
}

/* Of the indicators of one list, those that an allow-list covers, by allow-list. */
static void put_suppressed(struct json *j, const struct allow_tally *t, const struct set_view *allow,
                           uint32_t list)
{
    uint64_t n = allow_tally_of_list(t, list);
    json_u64(j, "suppressed", n);
    if (n == 0)
        return;
    json_begin_array(j, "suppressed_by");
    for (uint32_t by = 0; by < t->n_allow_lists; by++) {
        if (allow_tally(t, list, by) == 0)
            continue;
        json_begin_object(j, NULL);
        put_list_name(j, allow, by);
        json_u64(j, "indicators", allow_tally(t, list, by));
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_list_ledger(struct json *j, const struct set_view *set, const struct set_view *allow,
                            const struct allow_tally *t, const struct eve_lists *lists)
{
    json_begin_array(j, "lists");
    for (size_t i = 0; lists->reports && i < lists->n_reports; i++)
        put_list(j, &lists->reports[i]);
    json_end_array(j);
    json_begin_array(j, "list_hits");
    for (uint32_t i = 0; set && lists->list_hits && i < set->n_lists; i++) {
        json_begin_object(j, NULL);
        put_list_name(j, set, i);
        json_u64(j, "hits", lists->list_hits[i]);
        put_suppressed(j, t, allow, i);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_allow_list(struct json *j, const struct set_view *allow, const struct allow_tally *t,
                           uint32_t list)
{
    json_begin_object(j, NULL);
    put_list_name(j, allow, list);
    json_u64(j, "indicators", allow_tally_by(t, list));
    json_u64(j, "hits", t->hits[list]);
    json_end_object(j);
}

static void put_allow_use(struct json *j, const struct set_view *allow, const struct allow_use *u)
{
    const struct origin *o = &allow->origins[u->origin];
    json_begin_object(j, NULL);
    put_list_name(j, allow, o->list);
    json_u64(j, "line", o->line);
    json_text(j, "value", span_first(set_value(allow, u->entry), VALUE_SHOWN));
    json_u64(j, "hits", u->n_hits);
    json_end_object(j);
}

/* What was allowed: by list, and the entries that were needed most. */
static void put_allow_ledger(struct json *j, const struct set_view *allow, const struct allow_tally *t,
                             const uint64_t *hits)
{
    struct allow_use top[ENTRIES_SHOWN];
    size_t n = allow && hits ? allow_top(allow, hits, top, ENTRIES_SHOWN) : 0;
    json_begin_array(j, "allow_lists");
    for (uint32_t i = 0; i < t->n_allow_lists; i++)
        put_allow_list(j, allow, t, i);
    json_end_array(j);
    json_begin_array(j, "allow_hits");
    for (size_t i = 0; i < n; i++)
        put_allow_use(j, allow, &top[i]);
    json_end_array(j);
}

bool eve_put_stats(struct buf *out, const struct eve_options *o, const struct stats *s, const struct db *db,
                   const struct eve_lists *lists, int64_t uptime_s)
{
    const struct set_view *set = db ? db_set(db) : NULL;
    const struct set_view *allow = db && db_allow(db) ? db_set(db_allow(db)) : NULL;
    struct allow_tally tally = {0};
    struct eve_line l = {.options = o, .mark = buf_mark(out), .wire_left = SIZE_MAX};
    struct json *j = &l.json;

    if (db)
        allow_tally_init(&tally, db, lists->allow_hits);
    json_init(j, out);
    json_begin_object(j, NULL);
    eve_put_time(&l, "timestamp", s->last_ns);
    json_str(j, "event_type", "stats");
    json_begin_object(j, "stats");
    json_i64(j, "uptime", uptime_s);
    if (o->is_live)
        put_capture(j, s);
    put_decoder(j, s);
    put_flow_and_tcp(j, s);
    put_app_layer(j, s);
    put_detect(j, s, set, lists);
    json_end_object(j);
    json_begin_object(j, "metadata");
    json_begin_object(j, "flowints");
    json_begin_object(j, "vedette");
    json_bool(j, "sums_hold", stats_sums_hold(s));
    if (db)
        json_str(j, "generation", db_generation(db));
    put_packet_ledger(j, s);
    put_session_ledger(j, s);
    put_sources(j, lists->ledger);
    put_work_ledger(j, s);
    put_list_ledger(j, set, allow, &tally, lists);
    put_allow_ledger(j, allow, &tally, lists->allow_hits);
    if (lists->more)
        lists->more(lists->more_from, j);
    allow_tally_fini(&tally);
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
    return eve_end(&l);
}
