/* Hot; see observe.h. */
#include "sensor/observe.h"

#include "rules/url.h"

enum { HOST_BYTES_MAX = 3 * 253 };

static uint32_t observe(struct observations *o, const struct event *e, struct span bytes)
{
    o->items[o->n] = (struct observed){e, bytes};
    return o->n++;
}

static void add_name(struct observations *o, const struct event *e, enum field field, struct span name,
                     struct span match, uint16_t port)
{
    if (name.len)
        scan_add_name(o->scanner, field, match, port, observe(o, e, name));
}

static void add_text(struct observations *o, const struct event *e, enum field field, struct span text)
{
    if (text.len && o->wanted & FIELD_BIT(field))
        scan_add_text(o->scanner, field, text, observe(o, e, text));
}

static void add_dns(struct observations *o, const struct event *e)
{
    const struct dns_message *m = e->dns;
    uint32_t first = o->n;
    for (unsigned i = 0; i < m->n_questions; i++)
        add_name(o, e, FIELD_DNS_QUERY, m->questions[i].name.text, m->questions[i].name.match, 0);
    o->n_destinations = o->n - first;
    for (unsigned i = 0; i < m->n_records; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->type == DNS_OPT)
            continue;
        add_name(o, e, FIELD_DNS_ANSWER_NAME, r->owner.text, r->owner.match, 0);
        add_name(o, e, FIELD_DNS_ANSWER_TARGET, r->target.text, r->target.match, 0);
        struct ip ip;
        if (r->type == DNS_A && r->data.len == 4)
            ip = ip_from_v4(r->data.ptr);
        else if (r->type == DNS_AAAA && r->data.len == 16)
            ip = ip_from_v6(r->data.ptr);
        else
            continue;
        scan_add_address(o->scanner, FIELD_DNS_ANSWER_ADDRESS, &ip, 0, observe(o, e, r->data));
    }
}

/* Servers take "evil%2Eexample" for what it says, so it is compared decoded; one that is longer names nobody, escaped or not. */
static void add_host(struct observations *o, const struct event *e, struct span host)
{
    uint16_t port;
    uint8_t decoded[HOST_BYTES_MAX];
    struct span name = url_host(host, &port), match = name;
    if (span_has_byte(name, '%') && name.len <= sizeof decoded) {
        memcpy(decoded, name.ptr, name.len);
        match = span_of(decoded, url_decode_host(decoded, name.len));
    }
    add_name(o, e, FIELD_HTTP_HOST, name, match, port ? port : e->dport);
}

static void add_forwarded(struct observations *o, const struct event *e)
{
    const struct forwarded_list *l = &e->http_request->forwarded;
    struct span text;
    struct ip ip;
    if (!(o->wanted & FIELD_BIT(FIELD_HTTP_XFF)))
        return;
    for (unsigned i = 0; i < l->n; i++)
        for (struct span rest = l->items[i].value; forwarded_next(l->items[i].header, &rest, &text, &ip);)
            scan_add_address(o->scanner, FIELD_HTTP_XFF, &ip, 0, observe(o, e, text));
}

static void add_url(struct observations *o, const struct event *e, struct span host)
{
    const struct http_request *r = e->http_request;
    if (o->wanted & FIELD_BIT(FIELD_HTTP_URL))
        scan_add_url(o->scanner, FIELD_HTTP_URL, host, r->target, e->dport, observe(o, e, host));
}

static void add_http_request(struct observations *o, const struct event *e)
{
    const struct http_request *r = e->http_request;
    uint32_t first = o->n;
    if (r->host.len)
        add_host(o, e, r->host);
    for (unsigned i = 0; i < r->n_hosts; i++)
        if (r->hosts[i].len && !span_eq(r->hosts[i], r->host))
            add_host(o, e, r->hosts[i]);
    o->n_destinations = o->n - first;
    add_url(o, e, r->host);
    for (unsigned i = 0; i < r->n_hosts; i++)
        if (!span_eq(r->hosts[i], r->host))
            add_url(o, e, r->hosts[i]);
    add_text(o, e, FIELD_HTTP_USER_AGENT, r->user_agent);
    add_text(o, e, FIELD_HTTP_REFERER, r->referer);
    add_text(o, e, FIELD_HTTP_METHOD, r->method);
    add_forwarded(o, e);
}

static void add_hello(struct observations *o, const struct event *e, enum field sni)
{
    const struct tls_client_hello *h = e->tls_client;
    uint32_t first = o->n;
    for (unsigned i = 0; i < h->n_names; i++)
        add_name(o, e, sni, h->names[i], h->names[i], e->dport);
    o->n_destinations = o->n - first;
    for (unsigned i = 0; i < h->n_alpn; i++)
        add_text(o, e, FIELD_TLS_ALPN, h->alpn[i]);
    add_text(o, e, FIELD_TLS_JA3, fingerprint_ja3(e->fingerprints));
    add_text(o, e, FIELD_TLS_JA4, fingerprint_ja4(e->fingerprints));
}

/* Whose mail it is: the address, and the domain that it is in. */
static void add_mailbox(struct observations *o, const struct event *e, enum field field, struct span path)
{
    struct span address = smtp_address(path), domain = address;
    while (span_has_byte(domain, '@'))
        span_skip(&domain, 1);
    add_name(o, e, field, domain, domain, 0);
    add_text(o, e, field, address);
}

static void add_smtp(struct observations *o, const struct event *e)
{
    const struct smtp_talk *t = e->smtp;
    add_name(o, e, FIELD_SMTP_BANNER, t->banner, t->banner, e->sport);
    add_name(o, e, FIELD_SMTP_HELO, t->helo, t->helo, 0);
    add_mailbox(o, e, FIELD_SMTP_MAIL_FROM, t->mail_from);
    for (unsigned i = 0; i < t->n_rcpt_to; i++)
        add_mailbox(o, e, FIELD_SMTP_RCPT_TO, t->rcpt_to[i]);
}

static void add_socks(struct observations *o, const struct event *e)
{
    const struct socks_request *r = e->socks;
    if (r->host.len)
        add_name(o, e, FIELD_SOCKS_HOST, r->host, r->host, r->port);
    else
        scan_add_address(o->scanner, FIELD_SOCKS_HOST, &r->ip, r->port, observe(o, e, ip_bytes(&r->ip)));
    o->n_destinations = 1;
}

/* Names that the certificate may be used with; which of them this conversation is about, it does not say. */
static void add_alt_names(struct observations *o, const struct event *e)
{
    struct span rest = e->certificates->own.alt_names;
    struct x509_alt_name name;
    if (!(o->wanted & FIELD_BIT(FIELD_TLS_CERT_SAN)))
        return;
    while (x509_alt_name_take(&rest, &name)) {
        if (!name.is_address) {
            add_name(o, e, FIELD_TLS_CERT_SAN, name.bytes, name.bytes, e->sport);
            continue;
        }
        struct ip ip = name.bytes.len == 4 ? ip_from_v4(name.bytes.ptr) : ip_from_v6(name.bytes.ptr);
        scan_add_address(o->scanner, FIELD_TLS_CERT_SAN, &ip, e->sport, observe(o, e, name.bytes));
    }
}

static void add_certificates(struct observations *o, const struct event *e)
{
    const struct certificates *c = e->certificates;
    for (unsigned i = 0; i < c->n_sha1; i++)
        add_text(o, e, FIELD_TLS_CERT_SHA1, span_of(c->digests[i].sha1, CERT_SHA1_LEN));
    for (unsigned i = 0; i < c->n_sha256; i++)
        add_text(o, e, FIELD_TLS_CERT_SHA256, span_of(c->digests[i].sha256, CERT_SHA256_LEN));
    add_text(o, e, FIELD_TLS_CERT_SUBJECT, c->subject);
    add_text(o, e, FIELD_TLS_CERT_ISSUER, c->issuer);
    add_text(o, e, FIELD_TLS_CERT_SERIAL, c->serial);
    add_alt_names(o, e);
}

static void add_ends(struct observations *o, const struct event *e)
{
    const struct ip *client = e->is_to_server ? &e->src : &e->dst,
                    *server = e->is_to_server ? &e->dst : &e->src;
    uint16_t client_port = e->is_to_server ? e->sport : e->dport,
             server_port = e->is_to_server ? e->dport : e->sport;
    scan_add_address(o->scanner, FIELD_IP_SRC, client, client_port, observe(o, e, ip_bytes(client)));
    scan_add_address(o->scanner, FIELD_IP_DST, server, server_port, observe(o, e, ip_bytes(server)));
}

/* Whoever holds a tunnel's ends is talked to as well. */
static void add_tunnel_ends(struct observations *o, const struct event *e)
{
    for (unsigned i = 0; i < e->carrier->n_layers; i++) {
        const struct carrier_layer *l = &e->carrier->layers[i];
        if (!l->ip_version)
            continue;
        const struct ip *client = e->is_to_server ? &l->src : &l->dst,
                        *server = e->is_to_server ? &l->dst : &l->src;
        uint16_t client_port = e->is_to_server ? l->sport : l->dport,
                 server_port = e->is_to_server ? l->dport : l->sport;
        scan_add_address(o->scanner, FIELD_IP_SRC, client, client_port, observe(o, e, ip_bytes(client)));
        scan_add_address(o->scanner, FIELD_IP_DST, server, server_port, observe(o, e, ip_bytes(server)));
    }
}

void observe_event(struct observations *o, const struct event *e)
{
    o->n_destinations = 0;
    switch (e->kind) {
    case EVENT_FLOW:
        add_ends(o, e);
        if (e->carrier)
            add_tunnel_ends(o, e);
        break;
    case EVENT_DNS:
        add_dns(o, e);
        break;
    case EVENT_HTTP_REQUEST:
        add_http_request(o, e);
        break;
    case EVENT_HTTP_RESPONSE:
        add_text(o, e, FIELD_HTTP_LOCATION, e->http_response->location);
        break;
    case EVENT_TLS_CLIENT:
        add_hello(o, e, FIELD_TLS_SNI);
        break;
    case EVENT_TLS_SERVER:
        break;
    case EVENT_QUIC:
        add_hello(o, e, FIELD_QUIC_SNI);
        break;
    case EVENT_SMTP:
        add_smtp(o, e);
        break;
    case EVENT_SOCKS:
        add_socks(o, e);
        break;
    case EVENT_TLS_CERTIFICATES:
        add_certificates(o, e);
        break;
    case EVENT_KIND_COUNT:
        break;
    }
}
