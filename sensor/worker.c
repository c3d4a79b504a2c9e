/* See worker.h. Hot.
 *
 * A packet is decoded, finds its flow, and is read by what its protocol needs; that makes events in the batch. When the batch is full
 * (or the caller says so) the fields of all events are laid before the matcher at once, and hits become alert lines. */
#include "sensor/worker.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sensor/decode/checksum.h"
#include "sensor/dtls_reader.h"
#include "sensor/events.h"
#include "sensor/flow.h"
#include "sensor/fragments.h"
#include "sensor/observe.h"
#include "sensor/quic_reader.h"
#include "sensor/seen.h"
#include "sensor/suppress.h"
#include "sensor/tcp.h"

#define COLD __attribute__((cold, noinline))

enum {
    FLOWS_DEFAULT = 1 << 20,
    DIRECTIONS_MAX = 1 << 18,
    IDLE_TCP_S = 600,
    IDLE_UDP_S = 120,
    UDP_LOOKS = 4, /* payloads of a UDP direction looked at for DNS on a port that is not its */
    BATCH_BYTES = 32 << 20,
    SCAN_BYTES_MAX = 16 << 20, /* of fields before the matcher at one time */
    SCAN_EVENTS = 512,         /* events worth a scan */
    OUT_BYTES_MAX = 4 << 20,
    OUT_BYTES_FLUSH = 128 << 10,
    ALERT_KEYS = 1 << 17,
    AHEAD = 32, /* packets decoded before the first of them is read */
    PORT_DNS = 53,
    PORT_MDNS = 5353,
    PORT_LLMNR = 5355,
    PORT_NETBIOS = 137,
};
#define BUFFERS_DEFAULT ((size_t)256 << 20)

struct worker {
    struct worker_options o;
    struct stats stats;
    struct events events;          /* owned */
    struct flow_table *flows;      /* owned */
    struct fragments *fragments;   /* owned */
    struct tcp *tcp;               /* owned */
    struct quic_reader *quic;      /* owned */
    struct dtls_reader *dtls;      /* owned */
    struct scanner *scanner;       /* owned; NULL without a db */
    struct suppressor *suppressor; /* owned; NULL when the db has no allow side */
    struct seen *seen;             /* owned */
    struct observations observed;  /* owned; of the events before the matcher */
    uint64_t *list_hits;           /* owned; by list */
    struct buf out;                /* owned; lines waiting to be written */
    bool is_broken;                /* the output refused */
};

static bool wants_scan(const struct worker *w)
{
    return w->events.n >= SCAN_EVENTS || events_is_full(&w->events);
}

static void flow_gone(void *to, struct flow *f)
{
    struct worker *w = to;
    if (f->proto == IPPROTO_TCP)
        tcp_flow_gone(w->tcp, f);
    else if (f->proto == IPPROTO_UDP) {
        quic_reader_flow_gone(w->quic, f);
        dtls_reader_flow_gone(w->dtls, f);
    }
    if (wants_scan(w))
        worker_flush(w);
}

static void datagram_gone(void *to, const struct datagram *g);

static bool make_parts(struct worker *w, struct err *err)
{
    const struct worker_options *o = &w->o;
    struct flow_table_options flows = {
        .capacity = o->flows_max ? o->flows_max : FLOWS_DEFAULT,
        .seed = o->seed,
        .idle_tcp_s = IDLE_TCP_S,
        .idle_udp_s = IDLE_UDP_S,
        .gone = flow_gone,
        .gone_to = w,
    };
    struct tcp_options tcp = {
        .directions_max = DIRECTIONS_MAX,
        .buffer_cap_bytes = o->buffer_cap_bytes ? o->buffer_cap_bytes : BUFFERS_DEFAULT,
    };
    struct fragments_options fragments = {
        .cap_bytes = o->fragments_cap_bytes,
        .seed = o->seed,
        .gone = datagram_gone,
        .gone_to = w,
    };
    buf_init(&w->out, OUT_BYTES_MAX);
    w->fragments = fragments_new(&fragments);
    w->flows = flow_table_new(&flows);
    w->seen = seen_new(ALERT_KEYS);
    w->observed.items = malloc(OBSERVED_MAX * sizeof *w->observed.items);
    if (!w->fragments || !w->flows || !w->seen || !w->observed.items ||
        !events_init(&w->events, &w->stats, BATCH_BYTES))
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    w->events.fingerprints = o->writes_events ? FINGERPRINT_ALL : 0;
    w->tcp = tcp_new(&tcp, &w->events);
    w->quic = quic_reader_new(QUIC_GATHERINGS, &w->events);
    w->dtls = dtls_reader_new(DTLS_GATHERINGS, &w->events);
    if (!w->tcp || !w->quic || !w->dtls)
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    if (!o->db)
        return true;
    w->list_hits = calloc(db_set(o->db)->n_lists + 1, sizeof *w->list_hits);
    if (!w->list_hits)
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    w->scanner = w->observed.scanner = scanner_new(o->db, err);
    if (!w->scanner)
        return false;
    scanner_tap(w->scanner, o->tap, o->tap_to);
    w->observed.wanted = scanner_fields(w->scanner);
    if (w->observed.wanted & FIELD_BIT(FIELD_TLS_JA3))
        w->events.fingerprints |= FINGERPRINT_JA3;
    if (w->observed.wanted & FIELD_BIT(FIELD_TLS_JA4))
        w->events.fingerprints |= FINGERPRINT_JA4;
    if (db_allow(o->db))
        w->suppressor = suppress_new(db_allow(o->db), err);
    return w->suppressor || !db_allow(o->db);
}

struct worker *worker_new(const struct worker_options *o, struct err *err)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
        return NULL;
    }
    w->o = *o;
    if (make_parts(w, err))
        return w;
    worker_free(w);
    return NULL;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    scanner_free(w->scanner);
    fragments_free(w->fragments);
    tcp_free(w->tcp);
    quic_reader_free(w->quic);
    dtls_reader_free(w->dtls);
    flow_table_free(w->flows);
    seen_free(w->seen);
    events_fini(&w->events);
    buf_fini(&w->out);
    suppress_free(w->suppressor);
    free(w->observed.items);
    free(w->list_hits);
    free(w);
}

/* ---- packets to events ---- */

/* Of 5353 and 5355 the lower port is the server's: clients may happen to use them for anything. */
static bool is_dns_by_port(const struct decoded *d)
{
    uint16_t port = d->sport < d->dport ? d->sport : d->dport;
    return d->sport == PORT_DNS || d->dport == PORT_DNS || port == PORT_MDNS || port == PORT_LLMNR;
}

static void read_dns(struct worker *w, const struct flow *f, unsigned side, const struct decoded *d,
                     const struct moment *m)
{
    struct stats *s = &w->stats;
    s->sessions[SESSION_DNS]++;
    enum verdict v = events_add_dns(&w->events, f, side, m, d->payload);
    if (v == FIELD_FOUND)
        s->readable[SESSION_DNS]++;
    else if (d->payload.len < d->payload_wire_len)
        s->unreadable[SESSION_DNS][UNREADABLE_SNAPLEN]++;
    else if (v == FIELD_ABSENT)
        s->unreadable[SESSION_DNS][UNREADABLE_NO_NAME]++;
    else
        s->unreadable[SESSION_DNS][UNREADABLE_MALFORMED]++;
}

static void read_udp(struct worker *w, struct flow *f, unsigned side, const struct decoded *d,
                     const struct moment *m)
{
    if (d->payload.len == 0 || quic_reader_packet(w->quic, f, side, d, m) ||
        dtls_reader_packet(w->dtls, f, side, d, m))
        return;
    if (is_dns_by_port(d)) {
        read_dns(w, f, side, d, m);
        return;
    }
    if (d->sport == PORT_NETBIOS ||
        d->dport == PORT_NETBIOS) /* NetBIOS names (RFC 1002) travel in DNS's own message format */
        return;
    if (f->next_seq[side] == UDP_LOOKS) /* UDP has no sequence numbers: the looks are counted there */
        return;
    if (dns_looks_like(d->payload))
        read_dns(w, f, side, d, m);
    else
        f->next_seq[side]++;
}

/* `n` packets: more than one when they were fragments. */
static void count_decoded(struct stats *s, const struct decoded *d, uint32_t n)
{
    s->processed += n;
    *(d->ip_version == 4 ? &s->ipv4 : &s->ipv6) += n;
    *(d->proto == IPPROTO_TCP ? &s->tcp : d->proto == IPPROTO_UDP ? &s->udp : &s->other_ip) += n;
    if (d->n_vlans)
        s->vlan_tagged += n;
}

static void count_refused(struct stats *s, struct decode_result r, uint32_t n)
{
    if (r.verdict == DECODE_BAD)
        s->undecodable[r.reason] += n;
    else
        s->out_of_scope[r.reason] += n;
}

static void count_received(struct stats *s, const struct packet *pkt)
{
    s->packets++;
    s->bytes += pkt->bytes.len;
    s->wire_bytes += pkt->wire_len;
    if (s->first_ns == 0 || pkt->ts_ns < s->first_ns)
        s->first_ns = pkt->ts_ns;
    if (pkt->ts_ns > s->last_ns)
        s->last_ns = pkt->ts_ns;
}

/* A packet, or a datagram whose last fragment it is. True when it began a flow. */
static bool read_decoded(struct worker *w, const struct packet *pkt, const struct decoded *d,
                         const struct flow_key *key, bool is_cut)
{
    unsigned side = key->side;
    bool is_new;
    struct flow *f = flow_find_by(w->flows, key, d, pkt->ts_ns, &is_new);
    struct moment m = moment_of(pkt, d);
    if (is_new) {
        w->stats.flows++;
        events_add_flow(&w->events, f, side, &m);
    }
    if (is_cut && d->payload.len < d->payload_wire_len) {
        w->stats.cut_by_snaplen++;
        f->flags |= FLOW_SNAPLEN;
    }
    if (d->proto == IPPROTO_TCP)
        tcp_packet(w->tcp, f, side, d, &m);
    else if (d->proto == IPPROTO_UDP)
        read_udp(w, f, side, d, &m);
    if (wants_scan(w))
        worker_flush(w);
    return is_new;
}

/* COLD unless asked for: what was decoded, or that its checksum is wrong. */
static struct decode_result verify(struct decode_result r, const struct decoded *d)
{
    bool is_read = r.verdict == DECODE_OK || r.verdict == DECODE_FRAGMENT;
    return is_read && !checksum_holds(d) ? (struct decode_result){DECODE_BAD, UNDECODABLE_CHECKSUM} : r;
}

/* COLD: what fragments brought, on behalf of `n` packets. */
COLD static void read_datagram(struct worker *w, const struct datagram *g, uint32_t n)
{
    struct decoded d = g->decoded;
    d.ip_header = NULL; /* each fragment's was looked at when it came */
    struct decode_result r = decode_datagram(g->bytes, g->wire_len, g->is_cut, &d);
    if (w->o.verifies_checksums && g->fate == DATAGRAM_WHOLE)
        r = verify(r, &d);
    if (r.verdict != DECODE_OK) {
        count_refused(&w->stats, r, n);
        return;
    }
    count_decoded(&w->stats, &d, n);
    struct flow_key key = flow_key_of(w->flows, &d);
    read_decoded(w, &g->packet, &d, &key, g->is_cut);
}

/* COLD: it will not be whole. What its first fragment holds is read all the same. */
COLD static void datagram_gone(void *to, const struct datagram *g)
{
    struct worker *w = to;
    struct stats *s = &w->stats;
    s->fragments_waiting -= g->n_packets;
    if (g->fate == DATAGRAM_DROPPED) {
        s->undecodable[UNDECODABLE_FRAGMENT] += g->n_packets;
        return;
    }
    *(g->fate == DATAGRAM_EVICTED ? &s->datagrams_evicted : &s->datagrams_incomplete) += 1;
    bool has_first = g->wire_len > 0;
    s->out_of_scope[SCOPE_FRAGMENT] += g->n_packets - has_first;
    if (has_first)
        read_datagram(w, g, 1);
}

COLD static void take_fragment(struct worker *w, const struct packet *pkt, const struct decoded *d)
{
    struct stats *s = &w->stats;
    struct datagram whole;
    bool overlaps;
    s->fragments_waiting++;
    enum fragments_verdict v = fragments_add(w->fragments, pkt, d, &whole, &overlaps);
    s->fragments_overlapping += overlaps;
    if (v == FRAGMENTS_REFUSED) {
        s->fragments_waiting--;
        s->undecodable[UNDECODABLE_FRAGMENT]++;
    } else if (v == FRAGMENTS_WHOLE) {
        s->fragments_waiting -= whole.n_packets;
        s->datagrams_whole++;
        read_datagram(w, &whole, whole.n_packets);
    }
}

/* A packet that was decoded before its turn. */
struct arrival {
    struct decode_result result;
    struct decoded decoded;
    struct flow_key key; /* when the result is DECODE_OK */
};

static void arrive(struct worker *w, enum link_type link, const struct packet *pkt, struct arrival *a)
{
    a->result = decode_packet(link, pkt, &a->decoded);
    if (w->o.verifies_checksums)
        a->result = verify(a->result, &a->decoded);
    if (a->result.verdict == DECODE_OK)
        a->key = flow_key_of(w->flows, &a->decoded);
}

static void read_arrival(struct worker *w, const struct packet *pkt, const struct arrival *a)
{
    const struct decoded *d = &a->decoded;
    count_received(&w->stats, pkt);
    if (a->result.verdict == DECODE_OK) {
        count_decoded(&w->stats, d, 1);
        if (read_decoded(w, pkt, d, &a->key, pkt->bytes.len < pkt->wire_len))
            fragments_expire(w->fragments, pkt->ts_ns); /* new flows drive the clock, as in the flow table */
    } else if (a->result.verdict == DECODE_FRAGMENT) {
        take_fragment(w, pkt, d);
    } else {
        count_refused(&w->stats, a->result, 1);
    }
}

void worker_packet(struct worker *w, enum link_type link, const struct packet *pkt)
{
    struct arrival a;
    arrive(w, link, pkt, &a);
    read_arrival(w, pkt, &a);
}

/* Three rounds over a few packets, so that a bucket, and then a flow, has come from memory when it is looked at. */
static void read_ahead(struct worker *w, const struct packet *packets, size_t n)
{
    struct arrival ahead[AHEAD];
    for (size_t i = 0; i < n; i++)
        arrive(w, packets[i].link, &packets[i], &ahead[i]);
    for (size_t i = 0; i < n; i++)
        if (ahead[i].result.verdict == DECODE_OK)
            flow_prefetch(w->flows, &ahead[i].key);
    for (size_t i = 0; i < n; i++)
        read_arrival(w, &packets[i], &ahead[i]);
}

void worker_packets(struct worker *w, const struct packet *packets, size_t n)
{
    for (size_t at = 0; at < n; at += AHEAD)
        read_ahead(w, packets + at, n - at < AHEAD ? n - at : AHEAD);
}

/* ---- hits to alerts ---- */

static void write_out(struct worker *w)
{
    if (w->out.len && !w->is_broken)
        w->is_broken = !w->o.write(w->o.write_to, buf_span(&w->out));
    buf_reset(&w->out);
}

/* Does anybody still say so at that time? */
COLD static bool holds_at(const struct worker *w, uint32_t indicator, int64_t seconds)
{
    const struct set_view *v = db_set(w->o.db);
    uint32_t at = v->indicators[indicator].origins;
    while (at != ORIGIN_END && !set_origin_holds(v, &v->origins[at], seconds))
        at = v->origins[at].next;
    return at != ORIGIN_END;
}

/* Every list whose word holds gets the alert, once: a list's origins follow each other, for lists are loaded one by one. */
COLD static void credit_lists(struct worker *w, uint32_t indicator, int64_t seconds)
{
    const struct set_view *v = db_set(w->o.db);
    uint32_t credited = UINT32_MAX;
    for (uint32_t at = v->indicators[indicator].origins; at != ORIGIN_END; at = v->origins[at].next) {
        if (v->origins[at].list == credited || !set_origin_holds(v, &v->origins[at], seconds))
            continue;
        credited = v->origins[at].list;
        w->list_hits[credited]++;
    }
}

/* Once per flow, indicator and value. */
COLD static bool is_repeated(struct worker *w, const struct alert *a)
{
    struct {
        uint64_t flow_id, value;
        uint32_t indicator, source;
    } key = {
        .flow_id = a->event->flow_id,
        .value = hash_bytes(a->observed.ptr, a->observed.len, w->o.seed),
        .indicator = a->indicator,
        .source = w->o.is_joined ? 0 : a->event->source,
    };
    return !seen_add(w->seen, hash_bytes(&key, sizeof key, w->o.seed));
}

/* What a request asks for, as one would write it down: the target alone says little. Lives in the batch. */
COLD static struct span requested_url(struct worker *w, const struct http_request *r, struct span host)
{
    static const char scheme[] = "http://";
    size_t scheme_len = sizeof scheme - 1, len = scheme_len + host.len + r->target.len;
    bool is_whole = r->target.len == 0 || r->target.ptr[0] != '/' || host.len == 0;
    uint8_t *to = is_whole ? NULL : arena_bytes(&w->events.arena, len);
    if (!to)
        return r->target;
    memcpy(to, scheme, scheme_len);
    memcpy(to + scheme_len, host.ptr, host.len);
    memcpy(to + scheme_len + host.len, r->target.ptr, r->target.len);
    return span_of(to, len);
}

/* An alert on a hello shows all its fingerprints, whatever it is about. The event, or a copy of it in *whole. */
COLD static const struct event *with_fingerprints(struct worker *w, const struct event *e,
                                                  struct event *whole)
{
    bool is_hello = e->kind == EVENT_TLS_CLIENT || e->kind == EVENT_TLS_SERVER || e->kind == EVENT_QUIC;
    if (!is_hello || w->events.fingerprints == FINGERPRINT_ALL)
        return e;
    const struct fingerprints *f = events_fingerprint(&w->events, e);
    *whole = *e;
    if (f)
        whole->fingerprints = f;
    return whole;
}

/* False: it can't be written as a line. */
COLD static bool put_alert(struct worker *w, const struct alert *a)
{
    if (w->o.alert) {
        w->is_broken = w->is_broken || !w->o.alert(w->o.alert_to, a);
        return true;
    }
    if (w->out.len > OUT_BYTES_FLUSH)
        write_out(w);
    return eve_put_alert(&w->out, &w->o.eve, a);
}

COLD static void report(struct worker *w, const struct hit *h)
{
    struct stats *s = &w->stats;
    const struct observed *o = &w->observed.items[h->cookie];
    struct alert a = {
        .event = o->event, .db = w->o.db, .indicator = h->indicator, .field = h->field, .observed = o->bytes};
    int64_t seconds = a.event->ts_ns / 1000000000;

    if (h->field == FIELD_HTTP_URL)
        a.observed = requested_url(w, a.event->http_request, o->bytes);
    s->hits++;
    if (!holds_at(w, h->indicator, seconds)) {
        s->hits_expired++;
        return;
    }
    if (w->suppressor && suppress_hit(w->suppressor, &w->observed, h)) {
        s->hits_suppressed++;
        return;
    }
    if (is_repeated(w, &a)) {
        s->hits_repeated++;
        return;
    }
    struct event whole;
    a.event = with_fingerprints(w, a.event, &whole);
    if (put_alert(w, &a)) {
        s->alerts++;
        credit_lists(w, h->indicator, seconds);
        if (w->o.alerted)
            w->o.alerted(w->o.alerted_to, h->indicator, seconds);
    } else {
        s->alerts_unwritten++;
    }
}

/* Match what was added so far. The observed fields die. */
static void scan(struct worker *w)
{
    const struct hit *hits;
    w->stats.fields += w->observed.n;
    size_t n = scan_run(w->scanner, &hits);
    for (size_t i = 0; i < n; i++)
        report(w, &hits[i]);
    w->observed.n = 0;
    if (w->suppressor)
        suppress_forget(w->suppressor);
}

static void match_events(struct worker *w)
{
    for (uint32_t i = 0; i < w->events.n; i++) {
        const struct event *e = w->events.items[i];
        if (w->observed.n + observe_at_most(e) > OBSERVED_MAX ||
            scan_pending_bytes(w->scanner) > SCAN_BYTES_MAX)
            scan(w);
        observe_event(&w->observed, e);
    }
    scan(w);
}

static void write_events(struct worker *w)
{
    for (uint32_t i = 0; i < w->events.n; i++) {
        if (w->out.len > OUT_BYTES_FLUSH)
            write_out(w);
        if (!eve_put_event(&w->out, &w->o.eve, w->events.items[i]))
            w->stats.alerts_unwritten++;
    }
}

void worker_flush(struct worker *w)
{
    if (w->o.writes_events)
        write_events(w);
    if (w->scanner)
        match_events(w);
    write_out(w);
    if (w->o.flushed && !w->is_broken)
        w->is_broken = !w->o.flushed(w->o.alert_to, w->stats.last_ns);
    events_reset(&w->events);
    w->stats.flows_evicted = flow_evictions(w->flows);
    w->stats.alert_keys_evicted = seen_forgotten(w->seen);
    if (w->scanner)
        w->stats.fields_dropped = scanner_dropped(w->scanner);
}

void worker_end_source(struct worker *w)
{
    if (w->o.is_joined)
        worker_flush(w);
    else
        worker_end_run(w);
}

void worker_end_run(struct worker *w)
{
    fragments_clear(w->fragments);
    flow_table_clear(w->flows);
    worker_flush(w);
}

bool worker_output_is_broken(const struct worker *w)
{
    return w->is_broken;
}

const struct stats *worker_stats(const struct worker *w)
{
    return &w->stats;
}

const uint64_t *worker_list_hits(const struct worker *w)
{
    return w->list_hits;
}

const uint64_t *worker_allow_hits(const struct worker *w)
{
    return w->suppressor ? suppress_hits(w->suppressor) : NULL;
}

void worker_set_drops(struct worker *w, uint64_t kernel, uint64_t interface)
{
    w->stats.kernel_drops = kernel;
    w->stats.interface_drops = interface;
}
