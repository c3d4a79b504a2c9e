/* See events.h. Hot. */
#include "sensor/events.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/hash.h"

#define COLD __attribute__((cold, noinline))

enum { OF_CLIENT = FINGERPRINT_JA3 | FINGERPRINT_JA4, OF_SERVER = FINGERPRINT_JA3S };

bool events_init(struct events *b, struct stats *stats, size_t cap_bytes)
{
    *b = (struct events){.stats = stats};
    arena_init(&b->arena, 64 * 1024, cap_bytes);
    b->items = calloc(EVENTS_MAX, sizeof *b->items);
    return b->items != NULL;
}

void events_fini(struct events *b)
{
    arena_fini(&b->arena);
    free(b->items);
    *b = (struct events){0};
}

void events_reset(struct events *b)
{
    arena_reset(&b->arena);
    b->n = 0;
}

bool events_is_full(const struct events *b)
{
    /* A window of 64 KiB may complete at once: some 3,700 of the smallest messages. */
    return b->n > EVENTS_MAX / 2 || b->arena.used_bytes > b->arena.cap_bytes / 2;
}

/* COLD: a copy in the arena; NULL when it has no room. */
COLD static const struct carrier *keep_carrier(struct events *b, const struct carrier *c)
{
    struct carrier *kept = arena_alloc(&b->arena, carrier_bytes(c));
    if (kept)
        carrier_copy(kept, c);
    return kept;
}

static struct event *add(struct events *b, enum event_kind kind, const struct flow *f, unsigned side,
                         const struct moment *m)
{
    struct event *e = b->n < EVENTS_MAX ? arena_alloc(&b->arena, sizeof *e) : NULL;
    const struct carrier *carrier = e && m->carrier ? keep_carrier(b, m->carrier) : NULL;
    if (!e || (m->carrier && !carrier)) {
        b->stats->events_lost++;
        return NULL;
    }
    *e = (struct event){
        .kind = kind,
        .proto = f->proto,
        .ip_version = ip_is_v4(&f->addr[0]) && ip_is_v4(&f->addr[1]) && !m->is_ipv6 ? 4 : 6,
        .n_vlans = m->n_vlans,
        .outer = f->outer,
        .is_to_server = side == f->client,
        .is_tunnelled = f->flags & FLOW_TUNNEL,
        .sport = f->port[side],
        .dport = f->port[!side],
        .src = f->addr[side],
        .dst = f->addr[!side],
        .ts_ns = m->ts_ns,
        .packet_number = m->number,
        .source = m->source,
        .flow_id = flow_id(f),
        .turn = b->turn,
        .carrier = carrier,
    };
    memcpy(e->vlans, m->vlans, sizeof e->vlans);
    b->items[b->n++] = e;
    b->stats->events[kind]++;
    return e;
}

/* COLD: the arena had no room for what the event points to. */
static void take_back(struct events *b)
{
    const struct event *e = b->items[--b->n];
    b->stats->events[e->kind]--;
    b->stats->events_lost++;
}

/* A copy of each span in the arena; false when one did not fit. */
static bool keep(struct events *b, struct span *const spans[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct span copy = arena_copy(&b->arena, *spans[i]);
        if (!copy.ptr)
            return false;
        *spans[i] = copy;
    }
    return true;
}

static bool keep_array(struct events *b, struct span *spans, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!keep(b, &(struct span *){&spans[i]}, 1))
            return false;
    return true;
}

static const struct fingerprints *make_fingerprints(struct events *b, const struct event *e, unsigned kinds)
{
    if (e->kind == EVENT_TLS_CLIENT)
        return fingerprint_client(e->tls_client, e->proto == IPPROTO_UDP ? CARRIER_DTLS : CARRIER_TCP, kinds,
                                  &b->arena);
    if (e->kind == EVENT_QUIC)
        return fingerprint_client(e->tls_client, CARRIER_QUIC, kinds, &b->arena);
    return fingerprint_server(e->tls_server, kinds, &b->arena);
}

/* Those asked for; false when there is no room. */
static bool fingerprint(struct events *b, struct event *e, unsigned kinds)
{
    if (kinds)
        e->fingerprints = make_fingerprints(b, e, kinds);
    return e->fingerprints || !kinds;
}

const struct fingerprints *events_fingerprint(struct events *b, const struct event *e)
{
    return make_fingerprints(b, e, FINGERPRINT_ALL);
}

void events_add_flow(struct events *b, const struct flow *f, unsigned side, const struct moment *m)
{
    add(b, EVENT_FLOW, f, side, m);
}

enum verdict events_add_dns(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                            struct span message)
{
    struct dns_message *d = arena_alloc(&b->arena, sizeof *d);
    if (!d) {
        b->stats->events_lost++;
        return FIELD_FOUND;
    }
    enum verdict v = dns_message_read(message, &b->arena, d);
    if (v != FIELD_FOUND)
        return v;
    struct event *e = add(b, EVENT_DNS, f, side, m);
    if (e)
        e->dns = d;
    return v;
}

static bool keep_forwarded(struct events *b, struct forwarded_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (!keep(b, &(struct span *){&l->items[i].value}, 1))
            return false;
    return true;
}

void events_add_http_request(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                             const struct http_request *r)
{
    struct event *e = add(b, EVENT_HTTP_REQUEST, f, side, m);
    struct http_request *kept = e ? arena_alloc(&b->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = *r;
        e->http_request = kept;
        struct span *const spans[] = {&kept->method,     &kept->target,  &kept->protocol,    &kept->host,
                                      &kept->user_agent, &kept->referer, &kept->content_type};
        if (keep(b, spans, sizeof spans / sizeof *spans) && keep_array(b, kept->hosts, kept->n_hosts) &&
            keep_forwarded(b, &kept->forwarded))
            return;
    }
    if (e)
        take_back(b);
}

void events_add_http_response(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                              const struct http_response *r)
{
    struct event *e = add(b, EVENT_HTTP_RESPONSE, f, side, m);
    struct http_response *kept = e ? arena_alloc(&b->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = *r;
        e->http_response = kept;
        struct span *const spans[] = {&kept->protocol, &kept->location, &kept->content_type, &kept->server};
        if (keep(b, spans, sizeof spans / sizeof *spans))
            return;
    }
    if (e)
        take_back(b);
}

static void add_client_hello(struct events *b, struct event *e, const struct tls_client_hello *h)
{
    struct tls_client_hello *kept = e ? arena_alloc(&b->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = *h;
        e->tls_client = kept;
        struct span *const spans[] = {&kept->sni, &kept->ciphers, &kept->extensions, &kept->session_id,
                                      &kept->random};
        if (keep(b, spans, sizeof spans / sizeof *spans) && keep_array(b, kept->names, kept->n_names) &&
            keep_array(b, kept->alpn, kept->n_alpn) && fingerprint(b, e, b->fingerprints & OF_CLIENT))
            return;
    }
    if (e)
        take_back(b);
}

void events_add_tls_client(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                           const struct tls_client_hello *h)
{
    add_client_hello(b, add(b, EVENT_TLS_CLIENT, f, side, m), h);
}

void events_add_quic(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                     const struct tls_client_hello *h, uint32_t version)
{
    struct event *e = add(b, EVENT_QUIC, f, side, m);
    if (e)
        e->quic_version = version;
    add_client_hello(b, e, h);
}

void events_add_tls_server(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                           const struct tls_server_hello *h)
{
    struct event *e = add(b, EVENT_TLS_SERVER, f, side, m);
    struct tls_server_hello *kept = e ? arena_alloc(&b->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = *h;
        e->tls_server = kept;
        struct span *const spans[] = {&kept->alpn, &kept->extensions, &kept->random};
        if (keep(b, spans, sizeof spans / sizeof *spans) && fingerprint(b, e, b->fingerprints & OF_SERVER))
            return;
    }
    if (e)
        take_back(b);
}

void events_add_smtp(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                     const struct smtp_talk *t)
{
    struct event *e = add(b, EVENT_SMTP, f, side, m);
    struct smtp_talk *kept = e ? arena_alloc(&b->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = *t;
        e->smtp = kept;
        struct span *const spans[] = {&kept->banner, &kept->helo, &kept->mail_from};
        if (keep(b, spans, sizeof spans / sizeof *spans) && keep_array(b, kept->rcpt_to, kept->n_rcpt_to))
            return;
    }
    if (e)
        take_back(b);
}

void events_add_socks(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                      const struct socks_request *r)
{
    struct event *e = add(b, EVENT_SOCKS, f, side, m);
    struct socks_request *kept = e ? arena_alloc(&b->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = *r;
        e->socks = kept;
        if (keep(b, &(struct span *){&kept->host}, 1))
            return;
    }
    if (e)
        take_back(b);
}

/* ---- Certificates ---- */

static void digest(struct span der, bool wants_sha1, bool wants_sha256, struct certificate_digests *out)
{
    uint8_t bytes[DIGEST_SHA256_LEN];
    struct digest sha256;
    if (wants_sha1) {
        digest_sha1(der, bytes);
        digest_hex(bytes, DIGEST_SHA1_LEN, out->sha1);
    }
    if (wants_sha256) {
        digest_sha256_begin(&sha256);
        digest_sha256_add(&sha256, der);
        digest_sha256_end(&sha256, bytes);
        digest_hex(bytes, DIGEST_SHA256_LEN, out->sha256);
    }
}

/* The whole ones, as many as are looked at. */
static uint8_t take_certificates(struct span list, struct span ders[static CERTIFICATES_MAX],
                                 bool *out_is_cut)
{
    uint8_t n = 0;
    while (n < CERTIFICATES_MAX && tls_certificate_take(&list, &ders[n]))
        n++;
    *out_is_cut |= list.len > 0;
    return n;
}

static bool keep_name(struct events *b, struct span name, struct span *out)
{
    uint8_t text[X509_NAME_TEXT_MAX];
    *out = arena_copy(&b->arena, span_of(text, x509_name_text(name, text)));
    return out->ptr != NULL;
}

/* "0A:1B" */
static bool keep_serial(struct events *b, struct span serial, struct span *out)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *text = arena_bytes(&b->arena, 3 * X509_SERIAL_MAX);
    *out = span_of(text, serial.len ? 3 * serial.len - 1 : 0);
    for (size_t i = 0; text && i < serial.len; i++)
        memcpy(text + 3 * i, (char[3]){digits[serial.ptr[i] >> 4], digits[serial.ptr[i] & 0xf], ':'}, 3);
    return text != NULL;
}

static bool keep_own(struct events *b, struct span der, struct certificates *out)
{
    x509_read(der, &out->own);
    struct span *const spans[] = {&out->own.alt_names};
    if (!keep_name(b, out->own.subject, &out->subject) || !keep_name(b, out->own.issuer, &out->issuer) ||
        !keep_serial(b, out->own.serial, &out->serial) || !keep(b, spans, 1))
        return false;
    out->own.serial = out->own.issuer = out->own.subject =
        (struct span){0}; /* the text is what is asked for */
    return true;
}

static bool keep_certificates(struct events *b, const struct span *ders, struct certificates *out)
{
    struct certificate_digests *digests = arena_alloc(&b->arena, out->n * sizeof *digests);
    if (!digests || !keep_own(b, ders[0], out))
        return false;
    out->digests = digests;
    out->n_sha1 = b->certificates & CERTIFICATES_ALL_SHA1 ? out->n : 1;
    out->n_sha256 = b->certificates & CERTIFICATES_ALL_SHA256 ? out->n : 0;
    for (uint8_t i = 0; i < out->n; i++)
        digest(ders[i], i < out->n_sha1, i < out->n_sha256, &digests[i]);
    return true;
}

void events_add_certificates(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                             struct span message, uint16_t version)
{
    struct span list, ders[CERTIFICATES_MAX];
    bool is_cut = tls_certificates_read(message, &list) != FIELD_FOUND;
    uint8_t n = take_certificates(list, ders, &is_cut);
    b->stats->chains_cut += is_cut;
    if (n == 0)
        return;
    struct event *e = add(b, EVENT_TLS_CERTIFICATES, f, side, m);
    struct certificates *kept = e ? arena_alloc(&b->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = (struct certificates){.version = version, .n = n};
        e->certificates = kept;
        if (keep_certificates(b, ders, kept))
            return;
    }
    if (e)
        take_back(b);
}

static uint64_t content(const struct span *const spans[], size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        seed = hash_bytes(spans[i]->ptr, spans[i]->len, seed + spans[i]->len);
    return seed;
}

static uint64_t content_of_dns(const struct dns_message *m)
{
    uint64_t c = EVENT_DNS + ((uint64_t)m->id << 32 | (uint64_t)m->flags << 16);
    for (unsigned i = 0; i < m->n_questions; i++)
        c = content((const struct span *const[]){&m->questions[i].name.text}, 1, c + m->questions[i].type);
    for (unsigned i = 0; i < m->n_records; i++) {
        const struct dns_record *r = &m->records[i];
        c = content((const struct span *const[]){&r->owner.text, &r->target.text, &r->data}, 3, c + r->type);
    }
    return c;
}

static uint64_t content_of(const struct event *e)
{
    switch (e->kind) {
    case EVENT_DNS:
        return content_of_dns(e->dns);
    case EVENT_HTTP_REQUEST: {
        const struct http_request *r = e->http_request;
        const struct span *const spans[] = {&r->method,     &r->target,  &r->protocol,    &r->host,
                                            &r->user_agent, &r->referer, &r->content_type};
        uint64_t c = content(spans, sizeof spans / sizeof *spans, e->kind);
        for (unsigned i = 0; i < r->n_hosts; i++)
            c = content(&(const struct span *){&r->hosts[i]}, 1, c);
        return c;
    }
    case EVENT_HTTP_RESPONSE: {
        const struct http_response *r = e->http_response;
        const struct span *const spans[] = {&r->protocol, &r->location, &r->content_type};
        return content(spans, sizeof spans / sizeof *spans, e->kind + ((uint64_t)r->status << 8));
    }
    case EVENT_TLS_CLIENT: {
        const struct tls_client_hello *h = e->tls_client;
        const struct span *const spans[] = {&h->sni, &h->ciphers, &h->extensions, &h->session_id, &h->random};
        return content(spans, sizeof spans / sizeof *spans, e->kind);
    }
    case EVENT_TLS_SERVER: {
        const struct tls_server_hello *h = e->tls_server;
        const struct span *const spans[] = {&h->alpn, &h->extensions, &h->random};
        return content(spans, sizeof spans / sizeof *spans, e->kind);
    }
    case EVENT_TLS_CERTIFICATES: {
        const struct certificates *x = e->certificates;
        const struct span *const spans[] = {&x->subject, &x->issuer, &x->serial};
        return content(spans, sizeof spans / sizeof *spans, e->kind);
    }
    case EVENT_SOCKS:
        return content(&(const struct span *){&e->socks->host}, 1, e->kind + ((uint64_t)e->socks->port << 8));
    default: /* a mail is told of several commands: a part of it that comes again would be another */
        return 0;
    }
}

uint64_t events_content(const struct event *e)
{
    uint64_t c = content_of(e);
    return c ? hash_bytes(&e->flow_id, sizeof e->flow_id, c + e->sport) | 1 : 0;
}

void events_filter(struct events *b, uint32_t first, bool (*is_wanted)(void *to, const struct event *e),
                   void *to)
{
    uint32_t kept = first;
    for (uint32_t i = first; i < b->n; i++) {
        if (is_wanted(to, b->items[i]))
            b->items[kept++] = b->items[i];
        else
            b->stats->events[b->items[i]->kind]--;
    }
    b->n = kept;
}
