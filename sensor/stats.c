/* See stats.h. */
#include "sensor/stats.h"

#include <stddef.h>
#include <string.h>

static uint64_t sum_of(const uint64_t *counts, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

static void add_all(uint64_t *to, const uint64_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void add_packets(struct stats *sum, const struct stats *s)
{
    sum->packets += s->packets;
    sum->bytes += s->bytes;
    sum->wire_bytes += s->wire_bytes;
    sum->processed += s->processed;
    add_all(sum->undecodable, s->undecodable, UNDECODABLE_COUNT);
    add_all(sum->out_of_scope, s->out_of_scope, SCOPE_COUNT);
    sum->cut_by_snaplen += s->cut_by_snaplen;
    sum->tcp += s->tcp;
    sum->udp += s->udp;
    sum->other_ip += s->other_ip;
    sum->ipv4 += s->ipv4;
    sum->ipv6 += s->ipv6;
    sum->vlan_tagged += s->vlan_tagged;
    add_all(sum->encapsulated, s->encapsulated, ENCAP_COUNT);
    sum->tunnels_unread += s->tunnels_unread;
    sum->kernel_drops += s->kernel_drops;
    sum->interface_drops += s->interface_drops;
}

static void add_fragments(struct stats *sum, const struct stats *s)
{
    sum->fragments_waiting += s->fragments_waiting;
    sum->datagrams_whole += s->datagrams_whole;
    sum->datagrams_incomplete += s->datagrams_incomplete;
    sum->datagrams_evicted += s->datagrams_evicted;
    sum->fragments_overlapping += s->fragments_overlapping;
}

static void add_flows(struct stats *sum, const struct stats *s)
{
    sum->flows += s->flows;
    sum->flows_evicted += s->flows_evicted;
    sum->segments_out_of_order += s->segments_out_of_order;
    sum->segments_overlapping += s->segments_overlapping;
    sum->segments_conflicting += s->segments_conflicting;
    sum->gaps += s->gaps;
    sum->streams_limited += s->streams_limited;
    sum->chains_cut += s->chains_cut;
    sum->streams_refused += s->streams_refused;
    sum->told_evicted += s->told_evicted;
    sum->http2_tables_evicted += s->http2_tables_evicted;
    sum->http2_fields_unknown += s->http2_fields_unknown;
    sum->alert_keys_evicted += s->alert_keys_evicted;
    add_all(sum->sessions, s->sessions, SESSION_COUNT);
    add_all(sum->readable, s->readable, SESSION_COUNT);
    for (size_t i = 0; i < SESSION_COUNT; i++)
        add_all(sum->unreadable[i], s->unreadable[i], UNREADABLE_COUNT);
}

static void add_hits(struct stats *sum, const struct stats *s)
{
    add_all(sum->events, s->events, sizeof s->events / sizeof *s->events);
    sum->events_lost += s->events_lost;
    sum->fields_dropped += s->fields_dropped;
    sum->fields += s->fields;
    sum->hits += s->hits;
    sum->hits_suppressed += s->hits_suppressed;
    sum->hits_expired += s->hits_expired;
    sum->hits_repeated += s->hits_repeated;
    sum->alerts += s->alerts;
    sum->alerts_unwritten += s->alerts_unwritten;
}

/* Must come before the packets are added: 0 is a time only for who has seen packets. */
static void widen_times(struct stats *sum, const struct stats *s)
{
    if (s->packets == 0)
        return;
    if (sum->packets == 0 || s->first_ns < sum->first_ns)
        sum->first_ns = s->first_ns;
    if (sum->packets == 0 || s->last_ns > sum->last_ns)
        sum->last_ns = s->last_ns;
}

void stats_add(struct stats *sum, const struct stats *s)
{
    widen_times(sum, s);
    add_packets(sum, s);
    add_fragments(sum, s);
    add_flows(sum, s);
    add_hits(sum, s);
}

/* All but the times are counters, one behind the other. */
enum { COUNTERS = offsetof(struct stats, first_ns) / sizeof(uint64_t) };
_Static_assert(COUNTERS * sizeof(uint64_t) == offsetof(struct stats, first_ns), "nothing but counters before the times");

void stats_subtract(struct stats *s, const struct stats *earlier)
{
    uint64_t to[COUNTERS], from[COUNTERS];
    memcpy(to, s, sizeof to);
    memcpy(from, earlier, sizeof from);
    for (size_t i = 0; i < COUNTERS; i++)
        to[i] -= from[i];
    memcpy(s, to, sizeof to);
    s->first_ns = s->last_ns = 0;
}

bool stats_sums_hold(const struct stats *s)
{
    if (s->packets != s->processed + sum_of(s->undecodable, UNDECODABLE_COUNT) +
                          sum_of(s->out_of_scope, SCOPE_COUNT) + s->fragments_waiting)
        return false;
    for (size_t i = 0; i < SESSION_COUNT; i++)
        if (s->sessions[i] != s->readable[i] + sum_of(s->unreadable[i], UNREADABLE_COUNT))
            return false;
    return true;
}

const char *undecodable_name(enum undecodable u)
{
    static const char *const names[UNDECODABLE_COUNT] = {
        [UNDECODABLE_LINK] = "cut_link_header",
        [UNDECODABLE_IP] = "bad_ip_header",
        [UNDECODABLE_IP_EXTENSION] = "bad_ip_extension",
        [UNDECODABLE_TCP] = "bad_tcp_header",
        [UNDECODABLE_UDP] = "bad_udp_header",
        [UNDECODABLE_FRAGMENT] = "bad_fragment",
        [UNDECODABLE_CHECKSUM] = "bad_checksum",
    };
    return names[u];
}

const char *out_of_scope_name(enum out_of_scope o)
{
    static const char *const names[SCOPE_COUNT] = {
        [SCOPE_NOT_IP] = "not_ip",
        [SCOPE_FRAGMENT] = "incomplete_fragment",
        [SCOPE_ENCRYPTED] = "encrypted_link",
        [SCOPE_NESTING] = "nested_too_deep",
        [SCOPE_LINK_TYPE] = "unknown_link_type",
    };
    return names[o];
}

const char *session_name(enum session_protocol p)
{
    static const char *const names[SESSION_COUNT] = {
        [SESSION_DNS] = "dns",
        [SESSION_HTTP] = "http",
        [SESSION_TLS] = "tls",
        [SESSION_QUIC] = "quic",
        [SESSION_SMTP] = "smtp",
    };
    return names[p];
}

const char *unreadable_name(enum unreadable u)
{
    static const char *const names[UNREADABLE_COUNT] = {
        [UNREADABLE_CUT] = "cut",           [UNREADABLE_SNAPLEN] = "snaplen",
        [UNREADABLE_LOST] = "lost_segment", [UNREADABLE_MALFORMED] = "malformed",
        [UNREADABLE_NO_NAME] = "no_name",   [UNREADABLE_ONE_SIDED] = "one_sided",
        [UNREADABLE_LIMIT] = "limit",     [UNREADABLE_UNDECRYPTABLE] = "undecryptable",
        [UNREADABLE_VERSION] = "unknown_version", [UNREADABLE_ECH] = "ech",
    };
    return names[u];
}
