/* The "stats" event. Where Suricata has a counter of the same meaning, `stats` has ours under its name. Its schema lets
 * nothing else in there, so our own ledger, the sums that must hold, goes where named integers are welcome:
 * `metadata.flowints`, as one object "vedette". */
#include "sensor/eve_parts.h"

#include "rules/list.h"

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
    json_end_object(j);
    json_begin_object(j, "tx");
    json_u64(j, "http", s->events[EVENT_HTTP_REQUEST]);
    json_u64(j, "tls", s->events[EVENT_TLS_CLIENT]);
    json_end_object(j);
    json_begin_object(j, "error");
    put_app_error(j, s, SESSION_HTTP);
    put_app_error(j, s, SESSION_TLS);
    json_end_object(j);
    json_end_object(j);
}

static void put_detect(struct json *j, const struct stats *s, const struct set_view *set,
                       const struct list_report *reports, size_t n_reports)
{
    uint64_t rejected = 0, passed_over = 0;
    for (size_t i = 0; i < n_reports; i++) {
        rejected += reports[i].rejected;
        passed_over += reports[i].passed_over;
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
    json_u64(j, "alerts_suppressed", s->hits_repeated);
    json_end_object(j);
}

static void put_packet_ledger(struct json *j, const struct stats *s)
{
    json_begin_object(j, "packets");
    json_u64(j, "received", s->packets);
    json_u64(j, "processed", s->processed);
    json_u64(j, "undecodable", sum_of(s->undecodable, UNDECODABLE_COUNT));
    json_u64(j, "out_of_scope", sum_of(s->out_of_scope, SCOPE_COUNT));
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
    json_u64(j, "kernel_drops", s->kernel_drops);
    json_u64(j, "interface_drops", s->interface_drops);
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
}

static void put_work_ledger(struct json *j, const struct stats *s)
{
    json_begin_object(j, "streams");
    json_u64(j, "segments_out_of_order", s->segments_out_of_order);
    json_u64(j, "segments_overlapping", s->segments_overlapping);
    json_u64(j, "gaps", s->gaps);
    json_u64(j, "limited", s->streams_limited);
    json_u64(j, "refused", s->streams_refused);
    json_end_object(j);
    json_begin_object(j, "hits");
    json_u64(j, "events_lost", s->events_lost);
    json_u64(j, "fields_dropped", s->fields_dropped);
    json_u64(j, "fields", s->fields);
    json_u64(j, "hits", s->hits);
    json_u64(j, "expired", s->hits_expired);
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
    json_end_object(j);
}

static void put_list_ledger(struct json *j, const struct set_view *set, const struct list_report *reports,
                            size_t n_reports, const uint64_t *list_hits)
{
    json_begin_array(j, "lists");
    for (size_t i = 0; i < n_reports; i++)
        put_list(j, &reports[i]);
    json_end_array(j);
    json_begin_array(j, "list_hits");
    for (uint32_t i = 0; set && list_hits && i < set->n_lists; i++) {
        json_begin_object(j, NULL);
        json_text(j, "list", set_text(set, set->lists[i].name));
        json_text(j, "path", set_text(set, set->lists[i].path));
        json_u64(j, "hits", list_hits[i]);
        json_end_object(j);
    }
    json_end_array(j);
}

bool eve_put_stats(struct buf *out, const struct eve_options *o, const struct stats *s, const struct db *db,
                   const struct list_report *reports, size_t n_reports, const uint64_t *list_hits,
                   int64_t uptime_s)
{
    const struct set_view *set = db ? db_set(db) : NULL;
    struct eve_line l = {.options = o, .mark = buf_mark(out), .wire_left = SIZE_MAX};
    struct json *j = &l.json;

    n_reports = reports ? n_reports : 0;
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
    put_detect(j, s, set, reports, n_reports);
    json_end_object(j);
    json_begin_object(j, "metadata");
    json_begin_object(j, "flowints");
    json_begin_object(j, "vedette");
    json_bool(j, "sums_hold", stats_sums_hold(s));
    if (db)
        json_str(j, "generation", db_generation(db));
    put_packet_ledger(j, s);
    put_session_ledger(j, s);
    put_work_ledger(j, s);
    put_list_ledger(j, set, reports, n_reports, list_hits);
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
    return eve_end(&l);
}
