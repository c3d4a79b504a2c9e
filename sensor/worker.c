/* See worker.h. Hot.
 *
 * An arrival finds its flow, and is read by what its protocol needs; that makes events in the batch. When the batch is full
 * (or the caller says so) the fields of all events are laid before the matcher at once, and hits become alert lines. */
#include "sensor/worker.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sensor/dtls_reader.h"
#include "sensor/events.h"
#include "sensor/http2_reader.h"
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
    TOLD_KEYS = 1 << 16,
    SWEEP_S = 10, /* of packet time, between looks at all flows */
    PORT_DNS = 53,
    PORT_MDNS = 5353,
    PORT_LLMNR = 5355,
    PORT_NETBIOS = 137,
};
#define BUFFERS_DEFAULT ((size_t)256 << 20)
#define TURN_LATE       (UINT64_C(1) << 63) /* of what ends when an epoch does: after all that arrived in it */

struct worker {
    struct worker_options o;
    struct stats stats;
    struct events events;          /* owned */
    struct flow_table *flows;      /* owned */
    struct intake *intake;         /* owned; NULL for who is handed arrivals */
    struct tcp *tcp;               /* owned */
    struct quic_reader *quic;      /* owned */
    struct dtls_reader *dtls;      /* owned */
    struct scanner *scanner;       /* owned; NULL without a db */
    struct suppressor *suppressor; /* owned; NULL when the db has no allow side */
    struct seen *seen;             /* owned */
    struct observations observed;  /* owned; of the events before the matcher */
    uint64_t *list_hits;           /* owned; by list */
    struct buf out;                /* owned; lines waiting to be written */
    uint64_t out_turn;             /* theirs, if each turn's are written apart */
    int64_t swept_ns;              /* when all flows were looked at */
    bool is_ending;                /* flows are ending together, by rank */
    bool is_broken;                /* the output refused */
};

static bool wants_scan(const struct worker *w)
{
    return w->events.n >= SCAN_EVENTS || events_is_full(&w->events);
}

/* Of flows that end together those come first that have held something for longest: what they hold is told now. */
static uint64_t rank_of(void *to, const struct flow *f)
{
    const struct worker *w = to;
    return f->proto == IPPROTO_TCP   ? tcp_rank(w->tcp, f)
           : f->proto == IPPROTO_UDP ? quic_reader_rank(w->quic, f)
                                     : 0;
}

static void flow_gone(void *to, struct flow *f)
{
    struct worker *w = to;
    if (w->is_ending)
        w->events.turn = TURN_LATE | rank_of(w, f);
    if (f->proto == IPPROTO_TCP)
        tcp_flow_gone(w->tcp, f);
    else if (f->proto == IPPROTO_UDP) {
        quic_reader_flow_gone(w->quic, f);
        dtls_reader_flow_gone(w->dtls, f);
    }
    if (wants_scan(w))
        worker_flush(w);
}

/* Of a ceiling, for one of `n` workers. */
static size_t share_of(size_t ceiling, unsigned n)
{
    return (ceiling + n - 1) / n;
}

static void take_arrivals(void *to, const struct arrival *const *arrivals, size_t n);
static void take_epoch(void *to, int64_t clock_ns);

static unsigned certificates_for(field_mask wanted)
{
    return (wanted & FIELDS_OF_CERTIFICATES ? CERTIFICATES_WANTED : 0) |
           (wanted & FIELD_BIT(FIELD_TLS_CERT_SHA1) ? CERTIFICATES_ALL_SHA1 : 0) |
           (wanted & FIELD_BIT(FIELD_TLS_CERT_SHA256) ? CERTIFICATES_ALL_SHA256 : 0);
}

static bool make_parts(struct worker *w, struct err *err)
{
    const struct worker_options *o = &w->o;
    unsigned n = o->n_sharing ? o->n_sharing : 1;
    struct flow_table_options flows = {
        .capacity = (uint32_t)share_of(o->flows_max ? o->flows_max : FLOWS_DEFAULT, n),
        .seed = o->seed,
        .idle_tcp_s = IDLE_TCP_S,
        .idle_udp_s = IDLE_UDP_S,
        .gone = flow_gone,
        .gone_to = w,
        .rank = rank_of,
    };
    struct tcp_options tcp = {
        .directions_max = (uint32_t)share_of(DIRECTIONS_MAX, n),
        .buffer_cap_bytes = share_of(o->buffer_cap_bytes ? o->buffer_cap_bytes : BUFFERS_DEFAULT, n),
        .told_max = (uint32_t)share_of(TOLD_KEYS, n),
        .http2_tables = (uint32_t)share_of(HTTP2_TABLES, n),
    };
    struct intake_options intake = {
        .verifies_checksums = o->verifies_checksums,
        .fragments_cap_bytes = o->fragments_cap_bytes,
        .seed = o->seed,
        .stats = &w->stats,
        .arrived = take_arrivals,
        .epoch_ended = take_epoch,
        .to = w,
    };
    buf_init(&w->out, OUT_BYTES_MAX);
    w->intake = o->is_handed_arrivals ? NULL : intake_new(&intake);
    w->flows = flow_table_new(&flows);
    w->seen = seen_new((uint32_t)share_of(ALERT_KEYS, n));
    w->observed.items = malloc(OBSERVED_MAX * sizeof *w->observed.items);
    if ((!w->intake && !o->is_handed_arrivals) || !w->flows || !w->seen || !w->observed.items ||
        !events_init(&w->events, &w->stats, BATCH_BYTES))
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    w->events.fingerprints = o->writes_events ? FINGERPRINT_ALL : 0;
    w->events.certificates = o->writes_events ? CERTIFICATES_WANTED : 0;
    w->tcp = tcp_new(&tcp, &w->events);
    w->quic = quic_reader_new((uint32_t)share_of(QUIC_GATHERINGS, n), &w->events);
    w->dtls = dtls_reader_new((uint32_t)share_of(DTLS_GATHERINGS, n), &w->events);
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
    w->events.certificates |= certificates_for(w->observed.wanted);
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
    intake_free(w->intake);
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

/* Its flow has come from memory, or is asked for. */
static void read_arrival(struct worker *w, const struct arrival *a)
{
    const struct decoded *d = &a->decoded;
    unsigned side = a->key.side;
    bool is_new;
    w->events.turn = a->turn;
    struct flow *f = flow_find_by(w->flows, &a->key, d, a->moment.ts_ns, &is_new);
    if (is_new) {
        w->stats.flows++;
        events_add_flow(&w->events, f, side, &a->moment);
    }
    if (a->is_cut)
        f->flags |= FLOW_SNAPLEN;
    if (d->proto == IPPROTO_TCP)
        tcp_packet(w->tcp, f, side, d, &a->moment);
    else if (d->proto == IPPROTO_UDP)
        read_udp(w, f, side, d, &a->moment);
    if (wants_scan(w))
        worker_flush(w);
}

/* Three rounds over a few arrivals, so that a bucket, and then a flow, has come from memory when it is looked at. */
static void read_ahead(struct worker *w, const struct arrival *const *arrivals, size_t n)
{
    for (size_t i = 0; i < n; i++)
        flow_prefetch_bucket(w->flows, &arrivals[i]->key);
    for (size_t i = 0; i < n; i++)
        flow_prefetch(w->flows, &arrivals[i]->key);
    for (size_t i = 0; i < n; i++)
        read_arrival(w, arrivals[i]);
}

void worker_arrivals(struct worker *w, const struct arrival *const *arrivals, size_t n)
{
    for (size_t at = 0; at < n; at += ARRIVALS_AHEAD)
        read_ahead(w, arrivals + at, n - at < ARRIVALS_AHEAD ? n - at : ARRIVALS_AHEAD);
}

static void end_flows(struct worker *w, bool is_all, int64_t clock_ns)
{
    w->is_ending = true;
    if (is_all)
        flow_table_clear(w->flows);
    else
        flow_table_end_idle(w->flows, (uint32_t)(clock_ns / 1000000000));
    w->is_ending = false;
}

void worker_end_epoch(struct worker *w, int64_t clock_ns)
{
    bool is_due = clock_ns < w->swept_ns || clock_ns - w->swept_ns >= SWEEP_S * INT64_C(1000000000);
    if (clock_ns == 0 || !is_due)
        return;
    w->swept_ns = clock_ns;
    tcp_pass_time(w->tcp, clock_ns);
    end_flows(w, false, clock_ns);
}

void worker_end_flows(struct worker *w)
{
    end_flows(w, true, 0);
    tcp_forget(w->tcp);
    worker_flush(w);
}

/* ---- packets, for who brings them here ---- */

static void take_arrivals(void *to, const struct arrival *const *arrivals, size_t n)
{
    read_ahead(to, arrivals, n);
}

static void take_epoch(void *to, int64_t clock_ns)
{
    worker_end_epoch(to, clock_ns);
}

void worker_packets(struct worker *w, const struct packet *packets, size_t n)
{
    intake_packets(w->intake, packets, n);
}

void worker_packet(struct worker *w, enum link_type link, const struct packet *pkt)
{
    struct packet linked = *pkt;
    linked.link = link;
    intake_packets(w->intake, &linked, 1);
}

/* ---- hits to alerts ---- */

static void write_out(struct worker *w)
{
    struct span lines = buf_span(&w->out);
    if (lines.len && !w->is_broken)
        w->is_broken = w->o.write_turn ? !w->o.write_turn(w->o.write_to, w->out_turn, lines)
                                       : !w->o.write(w->o.write_to, lines);
    buf_reset(&w->out);
}

/* Room for one more line, of this turn. */
static void make_room(struct worker *w, uint64_t turn)
{
    if (w->out.len > OUT_BYTES_FLUSH || (w->o.write_turn && turn != w->out_turn))
        write_out(w);
    w->out_turn = turn;
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
    make_room(w, a->event->turn);
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
        make_room(w, w->events.items[i]->turn);
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
    w->stats.http2_tables_evicted = tcp_http2_evictions(w->tcp);
    w->stats.alert_keys_evicted = seen_forgotten(w->seen);
    if (w->scanner)
        w->stats.fields_dropped = scanner_dropped(w->scanner);
}

void worker_end_source(struct worker *w)
{
    if (!w->o.is_joined) {
        worker_end_run(w);
        return;
    }
    intake_end_epoch(w->intake);
    worker_flush(w);
}

void worker_end_run(struct worker *w)
{
    intake_end_run(w->intake);
    worker_end_flows(w);
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
