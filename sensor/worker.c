/* See worker.h. Hot.
 *
 * A packet is decoded, finds its flow, and is read by what its protocol needs; that makes events in the batch. When the batch is full
 * (or the caller says so) the fields of all events are laid before the matcher at once, and hits become alert lines. */
#include "sensor/worker.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "base/hash.h"
#include "matcher/scan.h"
#include "rules/url.h"
#include "sensor/events.h"
#include "sensor/flow.h"
#include "sensor/seen.h"
#include "sensor/tcp.h"

#define COLD __attribute__((cold, noinline))

enum {
    FLOWS_DEFAULT = 1 << 20,
    DIRECTIONS_MAX = 1 << 18,
    IDLE_TCP_S = 600,
    IDLE_UDP_S = 120,
    UDP_LOOKS = 4,             /* payloads of a UDP direction looked at for DNS on a port that is not its */
    BATCH_BYTES = 32 << 20,
    OBSERVED_MAX = 1 << 16,    /* fields of one batch */
    SCAN_BYTES_MAX = 16 << 20, /* of fields before the matcher at one time */
    SCAN_EVENTS = 512,         /* events worth a scan */
    OUT_BYTES_MAX = 4 << 20,
    OUT_BYTES_FLUSH = 128 << 10,
    ALERT_KEYS = 1 << 17,
    PORT_DNS = 53, PORT_MDNS = 5353, PORT_LLMNR = 5355, PORT_NETBIOS = 137,
};
#define BUFFERS_DEFAULT ((size_t)256 << 20)

/* A field on its way through the matcher; its index is the matcher's cookie. */
struct observed {
    const struct event *event;
    struct span bytes;
};

struct worker {
    struct worker_options o;
    struct stats stats;
    struct events events;          /* owned */
    struct flow_table *flows;    /* owned */
    struct tcp *tcp;             /* owned */
    struct scanner *scanner;     /* owned; NULL without a db */
    struct seen *seen;           /* owned */
    struct observed *observed;   /* owned; OBSERVED_MAX of them */
    uint32_t n_observed;
    uint64_t *list_hits;         /* owned; by list */
    struct buf out;              /* owned; lines waiting to be written */
    bool is_broken;              /* the output refused */
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
    if (wants_scan(w))
        worker_flush(w);
}

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
    buf_init(&w->out, OUT_BYTES_MAX);
    w->flows = flow_table_new(&flows);
    w->seen = seen_new(ALERT_KEYS);
    w->observed = malloc(OBSERVED_MAX * sizeof *w->observed);
    if (!w->flows || !w->seen || !w->observed || !events_init(&w->events, &w->stats, BATCH_BYTES))
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    w->tcp = tcp_new(&tcp, &w->events);
    if (!w->tcp)
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    if (!o->db)
        return true;
    w->list_hits = calloc(db_set(o->db)->n_lists + 1, sizeof *w->list_hits);
    if (!w->list_hits)
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    w->scanner = scanner_new(o->db, err);
    return w->scanner != NULL;
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
    tcp_free(w->tcp);
    flow_table_free(w->flows);
    seen_free(w->seen);
    events_fini(&w->events);
    buf_fini(&w->out);
    free(w->observed);
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
    if (d->payload.len == 0)
        return;
    if (is_dns_by_port(d)) {
        read_dns(w, f, side, d, m);
        return;
    }
    if (d->sport == PORT_NETBIOS || d->dport == PORT_NETBIOS) /* NetBIOS names (RFC 1002) travel in DNS's own message format */
        return;
    if (f->next_seq[side] == UDP_LOOKS) /* UDP has no sequence numbers: the looks are counted there */
        return;
    if (dns_looks_like(d->payload))
        read_dns(w, f, side, d, m);
    else
        f->next_seq[side]++;
}

static void count_decoded(struct stats *s, const struct decoded *d)
{
    s->processed++;
    if (d->ip_version == 4)
        s->ipv4++;
    else
        s->ipv6++;
    if (d->proto == IPPROTO_TCP)
        s->tcp++;
    else if (d->proto == IPPROTO_UDP)
        s->udp++;
    else
        s->other_ip++;
    if (d->n_vlans)
        s->vlan_tagged++;
}

static void count_refused(struct stats *s, struct decode_result r)
{
    if (r.verdict == DECODE_BAD)
        s->undecodable[r.reason]++;
    else
        s->out_of_scope[r.reason]++;
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

void worker_packet(struct worker *w, enum link_type link, const struct packet *pkt)
{
    struct decoded d;
    count_received(&w->stats, pkt);
    struct decode_result r = decode_packet(link, pkt, &d);
    if (r.verdict != DECODE_OK) {
        count_refused(&w->stats, r);
        return;
    }
    count_decoded(&w->stats, &d);

    unsigned side;
    bool is_new;
    struct flow *f = flow_find(w->flows, &d, pkt->ts_ns, &side, &is_new);
    struct moment m = moment_of(pkt, &d);
    if (is_new) {
        w->stats.flows++;
        events_add_flow(&w->events, f, side, &m);
    }
    if (pkt->bytes.len < pkt->wire_len && d.payload.len < d.payload_wire_len) {
        w->stats.cut_by_snaplen++;
        f->flags |= FLOW_SNAPLEN;
    }
    if (d.proto == IPPROTO_TCP)
        tcp_packet(w->tcp, f, side, &d, &m);
    else if (d.proto == IPPROTO_UDP)
        read_udp(w, f, side, &d, &m);
    if (wants_scan(w))
        worker_flush(w);
}

/* ---- events to fields ---- */

static uint32_t observe(struct worker *w, const struct event *e, struct span bytes)
{
    w->observed[w->n_observed] = (struct observed){e, bytes};
    return w->n_observed++;
}

static void add_name(struct worker *w, const struct event *e, enum field field, struct span name, struct span match,
                     uint16_t port)
{
    if (name.len)
        scan_add_name(w->scanner, field, match, port, observe(w, e, name));
}

static void add_text(struct worker *w, const struct event *e, enum field field, struct span text)
{
    if (text.len && scanner_fields(w->scanner) & FIELD_BIT(field))
        scan_add_text(w->scanner, field, text, observe(w, e, text));
}

static void add_dns(struct worker *w, const struct event *e)
{
    const struct dns_message *m = e->dns;
    for (unsigned i = 0; i < m->n_questions; i++)
        add_name(w, e, FIELD_DNS_QUERY, m->questions[i].name.text, m->questions[i].name.match, 0);
    for (unsigned i = 0; i < m->n_records; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->type == DNS_OPT)
            continue;
        add_name(w, e, FIELD_DNS_ANSWER_NAME, r->owner.text, r->owner.match, 0);
        add_name(w, e, FIELD_DNS_ANSWER_TARGET, r->target.text, r->target.match, 0);
        struct ip ip;
        if (r->type == DNS_A && r->data.len == 4)
            ip = ip_from_v4(r->data.ptr);
        else if (r->type == DNS_AAAA && r->data.len == 16)
            ip = ip_from_v6(r->data.ptr);
        else
            continue;
        scan_add_address(w->scanner, FIELD_DNS_ANSWER_ADDRESS, &ip, 0, observe(w, e, r->data));
    }
}

static void add_host(struct worker *w, const struct event *e, struct span host)
{
    uint16_t port;
    struct span name = url_host(host, &port);
    add_name(w, e, FIELD_HTTP_HOST, name, name, port ? port : e->dport);
}

static void add_url(struct worker *w, const struct event *e, struct span host)
{
    const struct http_request *r = e->http_request;
    if (scanner_fields(w->scanner) & FIELD_BIT(FIELD_HTTP_URL))
        scan_add_url(w->scanner, FIELD_HTTP_URL, host, r->target, e->dport, observe(w, e, host));
}

static void add_http_request(struct worker *w, const struct event *e)
{
    const struct http_request *r = e->http_request;
    if (r->host.len)
        add_host(w, e, r->host);
    for (unsigned i = 0; i < r->n_hosts; i++)
        if (r->hosts[i].len && !span_eq(r->hosts[i], r->host))
            add_host(w, e, r->hosts[i]);
    add_url(w, e, r->host);
    for (unsigned i = 0; i < r->n_hosts; i++)
        if (!span_eq(r->hosts[i], r->host))
            add_url(w, e, r->hosts[i]);
    add_text(w, e, FIELD_HTTP_USER_AGENT, r->user_agent);
    add_text(w, e, FIELD_HTTP_REFERER, r->referer);
    add_text(w, e, FIELD_HTTP_METHOD, r->method);
}

static void add_tls_client(struct worker *w, const struct event *e)
{
    const struct tls_client_hello *h = e->tls_client;
    for (unsigned i = 0; i < h->n_names; i++)
        add_name(w, e, FIELD_TLS_SNI, h->names[i], h->names[i], e->dport);
    for (unsigned i = 0; i < h->n_alpn; i++)
        add_text(w, e, FIELD_TLS_ALPN, h->alpn[i]);
}

static void add_ends(struct worker *w, const struct event *e)
{
    const struct ip *client = e->is_to_server ? &e->src : &e->dst, *server = e->is_to_server ? &e->dst : &e->src;
    uint16_t client_port = e->is_to_server ? e->sport : e->dport, server_port = e->is_to_server ? e->dport : e->sport;
    scan_add_address(w->scanner, FIELD_IP_SRC, client, client_port, observe(w, e, ip_bytes(client)));
    scan_add_address(w->scanner, FIELD_IP_DST, server, server_port, observe(w, e, ip_bytes(server)));
}

static void add_fields(struct worker *w, const struct event *e)
{
    switch (e->kind) {
    case EVENT_FLOW:
        add_ends(w, e);
        break;
    case EVENT_DNS:
        add_dns(w, e);
        break;
    case EVENT_HTTP_REQUEST:
        add_http_request(w, e);
        break;
    case EVENT_HTTP_RESPONSE:
        add_text(w, e, FIELD_HTTP_LOCATION, e->http_response->location);
        break;
    case EVENT_TLS_CLIENT:
        add_tls_client(w, e);
        break;
    case EVENT_TLS_SERVER:
        break;
    }
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

COLD static void report(struct worker *w, const struct hit *h)
{
    struct stats *s = &w->stats;
    const struct observed *o = &w->observed[h->cookie];
    struct alert a = {.event = o->event, .db = w->o.db, .indicator = h->indicator, .field = h->field, .observed = o->bytes};
    int64_t seconds = a.event->ts_ns / 1000000000;

    if (h->field == FIELD_HTTP_URL)
        a.observed = requested_url(w, a.event->http_request, o->bytes);
    s->hits++;
    if (!holds_at(w, h->indicator, seconds)) {
        s->hits_expired++;
        return;
    }
    if (is_repeated(w, &a)) {
        s->hits_repeated++;
        return;
    }
    if (w->out.len > OUT_BYTES_FLUSH)
        write_out(w);
    if (eve_put_alert(&w->out, &w->o.eve, &a)) {
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
    w->stats.fields += w->n_observed;
    size_t n = scan_run(w->scanner, &hits);
    for (size_t i = 0; i < n; i++)
        report(w, &hits[i]);
    w->n_observed = 0;
}

/* Most fields one event may have: a DNS message's three per record. */
static uint32_t fields_at_most(const struct event *e)
{
    return e->kind == EVENT_DNS ? e->dns->n_questions + 3u * e->dns->n_records : 64;
}

static void match_events(struct worker *w)
{
    for (uint32_t i = 0; i < w->events.n; i++) {
        const struct event *e = w->events.items[i];
        if (w->n_observed + fields_at_most(e) > OBSERVED_MAX || scan_pending_bytes(w->scanner) > SCAN_BYTES_MAX)
            scan(w);
        add_fields(w, e);
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

void worker_set_drops(struct worker *w, uint64_t kernel, uint64_t interface)
{
    w->stats.kernel_drops = kernel;
    w->stats.interface_drops = interface;
}
