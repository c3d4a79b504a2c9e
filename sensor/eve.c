/* See eve.h. One pass over an event, straight into the output buffer; keys stand in Suricata's order.
 *
 * An alert repeats what was seen around the hit, and what was seen was written by an adversary: a URL or a DNS message
 * that fills the output buffer would suppress its own alert. So an alert shows a bounded number of bytes from the wire,
 * and always fits EVE_ALERT_MAX; the event's own line shows all or is not written. */
#include "sensor/eve.h"

#include <netinet/in.h>
#include <stdio.h>

#include "base/time.h"
#include "rules/url.h"
#include "sensor/encrypted_dns.h"
#include "sensor/eve_parts.h"
#include "sensor/extract/quic.h"

enum { ALERT_WIRE_BYTES = 8192, TLS_EXTENSION_ALPN = 16 };

const char *eve_proto_name(uint8_t proto, char scratch[static 4])
{
    switch (proto) {
    case IPPROTO_ICMP:
        return "ICMP";
    case IPPROTO_IGMP:
        return "IGMP";
    case IPPROTO_IPIP:
        return "IP-in-IP";
    case IPPROTO_TCP:
        return "TCP";
    case IPPROTO_UDP:
        return "UDP";
    case IPPROTO_IPV6:
        return "IPv6";
    case IPPROTO_RSVP:
        return "RSVP";
    case IPPROTO_GRE:
        return "GRE";
    case IPPROTO_ESP:
        return "ESP";
    case IPPROTO_AH:
        return "AH";
    case IPPROTO_ICMPV6:
        return "IPv6-ICMP";
    case 59:
        return "IPv6-NoNxt";
    case 88:
        return "EIGRP";
    case 89:
        return "OSPF";
    case IPPROTO_PIM:
        return "PIM";
    case 112:
        return "VRRP";
    case 115:
        return "L2TP";
    case IPPROTO_SCTP:
        return "SCTP";
    default:
        snprintf(scratch, 4, "%u", (unsigned)proto);
        return scratch;
    }
}

static bool has_ports(const struct event *e)
{
    return e->proto == IPPROTO_TCP || e->proto == IPPROTO_UDP || e->sport || e->dport;
}

void eve_put_wire(struct eve_line *l, const char *key, struct span bytes)
{
    struct span shown = span_first(bytes, l->wire_left);
    if (shown.len == 0)
        return;
    if (l->wire_left != SIZE_MAX)
        l->wire_left -= shown.len;
    json_wire(&l->json, key, shown);
}

void eve_put_text(struct eve_line *l, const char *key, struct span text)
{
    size_t n = text.len < l->wire_left ? text.len : l->wire_left;
    while (n < text.len && n > 0 && (text.ptr[n] & 0xc0) == 0x80)
        n--;
    if (l->wire_left != SIZE_MAX)
        l->wire_left -= n;
    if (n)
        json_text(&l->json, key, span_first(text, n));
}

void eve_put_time(struct eve_line *l, const char *key, int64_t ts_ns)
{
    char text[TIME_TEXT_MAX];
    int64_t of_second = (ts_ns % 1000000000 + 1000000000) % 1000000000;
    size_t len = time_format(eve_seconds(ts_ns), (uint32_t)(of_second / 1000), text);
    json_text(&l->json, key, span_of(text, len));
}

void eve_put_ip(struct eve_line *l, const char *key, const struct ip *ip, unsigned ip_version)
{
    static const char prefix[] = "::ffff:";
    enum { PREFIX_LEN = sizeof prefix - 1 };
    char text[PREFIX_LEN + IP_TEXT_MAX];
    bool is_mapped = ip_version == 6 && ip_is_v4(ip); /* on the wire as IPv6: say so */

    memcpy(text, prefix, PREFIX_LEN);
    size_t len = ip_format(ip, text + PREFIX_LEN);
    json_text(&l->json, key, is_mapped ? span_of(text, PREFIX_LEN + len) : span_of(text + PREFIX_LEN, len));
}

void eve_put_address(struct eve_line *l, const char *key, struct span bytes)
{
    if (bytes.len != 4 && bytes.len != 16) {
        eve_put_wire(l, key, bytes);
        return;
    }
    struct ip ip = bytes.len == 4 ? ip_from_v4(bytes.ptr) : ip_from_v6(bytes.ptr);
    eve_put_ip(l, key, &ip, bytes.len == 4 ? 4 : 6);
}

static void put_vlans(struct eve_line *l, const struct event *e)
{
    if (e->n_vlans == 0)
        return;
    json_begin_array(&l->json, "vlan");
    for (size_t i = 0; i < e->n_vlans && i < PACKET_VLANS_KEPT; i++)
        json_u64(&l->json, NULL, e->vlans[i]);
    json_end_array(&l->json);
}

static void put_endpoints(struct eve_line *l, const struct event *e)
{
    char scratch[4];

    eve_put_ip(l, "src_ip", &e->src, e->ip_version);
    if (has_ports(e))
        json_u64(&l->json, "src_port", e->sport);
    eve_put_ip(l, "dest_ip", &e->dst, e->ip_version);
    if (has_ports(e))
        json_u64(&l->json, "dest_port", e->dport);
    json_str(&l->json, "proto", eve_proto_name(e->proto, scratch));
    if (l->options->version >= 8)
        json_u64(&l->json, "ip_v", e->ip_version);
}

static const char *app_proto(const struct eve_line *l, const struct event *e)
{
    switch (e->kind) {
    case EVENT_DNS:
        return l->options->version >= 8 && eve_is_mdns(e) ? "mdns" : "dns";
    case EVENT_HTTP_REQUEST:
        return !e->is_bare && e->http_request->stream ? "http2" : "http";
    case EVENT_HTTP_RESPONSE:
        return !e->is_bare && e->http_response->stream ? "http2" : "http";
    case EVENT_TLS_CLIENT:
    case EVENT_TLS_SERVER:
    case EVENT_TLS_CERTIFICATES:
        return "tls";
    case EVENT_QUIC:
        return "quic";
    case EVENT_SMTP:
        return "smtp";
    case EVENT_SOCKS:
        return "socks";
    case EVENT_FLOW:
    case EVENT_KIND_COUNT:
        break;
    }
    return NULL;
}

static const char *source_name(const struct eve_options *o, const struct event *e)
{
    return o->sources ? o->sources[e->source] : NULL;
}

/* As a flowbit, the one place that the schema leaves for what else is known of a flow. */
static void put_encrypted_dns(struct eve_line *l, const char *name)
{
    if (!name)
        return;
    json_begin_object(&l->json, "metadata");
    json_begin_array(&l->json, "flowbits");
    json_text(&l->json, NULL, SPAN_LIT("encrypted_dns"));
    json_text(&l->json, NULL, span_str(name));
    json_end_array(&l->json);
    json_end_object(&l->json);
}

static void put_context(struct eve_line *l, const struct event *e)
{
    char id[COMMUNITY_ID_MAX];
    const char *app = app_proto(l, e), *source = source_name(l->options, e);

    json_str(&l->json, "pkt_src", "wire/pcap");
    community_id(e, id);
    if (id[0])
        json_str(&l->json, "community_id", id);
    if (app)
        json_str(&l->json, "app_proto", app);
    put_encrypted_dns(l, encrypted_dns_name(encrypted_dns_of(e)));
    json_str(&l->json, "direction", e->is_to_server ? "to_server" : "to_client");
    if (!l->options->is_live && source)
        json_str(&l->json, "pcap_filename", source);
}

void eve_begin(struct eve_line *l, struct buf *out, const struct eve_options *o, const struct event *e,
               const char *event_type)
{
    const char *source = source_name(o, e);

    *l = (struct eve_line){.options = o, .event = e, .mark = buf_mark(out), .wire_left = SIZE_MAX};
    json_init(&l->json, out);
    json_begin_object(&l->json, NULL);
    eve_put_time(l, "timestamp", e->ts_ns);
    json_u64(&l->json, "flow_id", e->flow_id);
    if (!o->is_live)
        json_u64(&l->json, "pcap_cnt", e->packet_number);
    else if (source)
        json_str(&l->json, "in_iface", source);
    json_str(&l->json, "event_type", event_type);
    put_vlans(l, e);
    put_endpoints(l, e);
    put_context(l, e);
    eve_put_tunnel(l);
}

bool eve_end(struct eve_line *l)
{
    struct buf *out = l->json.out;

    json_end_object(&l->json);
    buf_put_byte(out, '\n');
    if (!out->is_full)
        return true;
    buf_cut(out, l->mark);
    return false;
}

static void put_header(struct eve_line *l, const char *name, struct span value)
{
    json_begin_object(&l->json, NULL);
    json_str(&l->json, "name", name);
    eve_put_wire(l, "value", value);
    json_end_object(&l->json);
}

/* The first of a kind, where EVE has a key for it. */
static const struct forwarded *first_forwarded(const struct http_request *r, enum forwarded_header h)
{
    for (size_t i = 0; i < r->forwarded.n; i++)
        if (r->forwarded.items[i].header == h)
            return &r->forwarded.items[i];
    return NULL;
}

static void put_forwarded(struct eve_line *l, const char *key, const struct http_request *r,
                          enum forwarded_header h)
{
    const struct forwarded *f = first_forwarded(r, h);
    if (f)
        eve_put_wire(l, key, f->value);
}

static bool has_own_key(const struct http_request *r, const struct forwarded *f)
{
    return (f->header == FORWARDED_X_FORWARDED_FOR || f->header == FORWARDED_TRUE_CLIENT_IP) &&
           f == first_forwarded(r, f->header);
}

/* What has no key of its own. `hostname` is one value: where the Host headers say more, or something else, all of them are shown. */
static void put_request_headers(struct eve_line *l, const struct http_request *r)
{
    bool has_hosts = r->n_hosts > 1 || (r->n_hosts == 1 && !span_eq(r->host, r->hosts[0]));
    size_t n_forwarded = 0;
    for (size_t i = 0; i < r->forwarded.n; i++)
        n_forwarded += !has_own_key(r, &r->forwarded.items[i]);
    if (!has_hosts && n_forwarded == 0)
        return;
    json_begin_array(&l->json, "request_headers");
    for (size_t i = 0; has_hosts && i < r->n_hosts; i++)
        put_header(l, i == 0 && r->has_authority ? ":authority" : "Host", r->hosts[i]);
    for (size_t i = 0; i < r->forwarded.n; i++)
        if (!has_own_key(r, &r->forwarded.items[i]))
            put_header(l, forwarded_name(r->forwarded.items[i].header), r->forwarded.items[i].value);
    json_end_array(&l->json);
}

static void put_stream(struct eve_line *l, uint32_t stream)
{
    if (stream == 0)
        return;
    json_str(&l->json, "version", "2");
    json_begin_object(&l->json, "http2");
    json_u64(&l->json, "stream_id", stream);
    json_end_object(&l->json);
}

static void put_http_request(struct eve_line *l, const struct http_request *r)
{
    uint16_t port;

    url_host(r->host, &port);

    json_begin_object(&l->json, "http");
    eve_put_wire(l, "hostname", r->n_hosts ? r->hosts[0] : r->host);
    if (port)
        json_u64(&l->json, "http_port", port);
    eve_put_wire(l, "url", r->target);
    eve_put_wire(l, "http_user_agent", r->user_agent);
    eve_put_wire(l, "http_content_type", r->content_type);
    eve_put_wire(l, "http_refer", r->referer);
    eve_put_wire(l, "http_method", r->method);
    eve_put_wire(l, "protocol", r->protocol);
    put_stream(l, r->stream);
    put_forwarded(l, "xff", r, FORWARDED_X_FORWARDED_FOR);
    put_forwarded(l, "true_client_ip", r, FORWARDED_TRUE_CLIENT_IP);
    put_request_headers(l, r);
    json_end_object(&l->json);
}

static void put_http_response(struct eve_line *l, const struct http_response *r)
{
    json_begin_object(&l->json, "http");
    eve_put_wire(l, "http_content_type", r->content_type);
    eve_put_wire(l, "protocol", r->protocol);
    put_stream(l, r->stream);
    if (r->status)
        json_u64(&l->json, "status", r->status);
    eve_put_wire(l, "redirect", r->location);
    if (r->framing == HTTP_LENGTH)
        json_u64(&l->json, "length", r->body_len);
    if (r->server.len) {
        json_begin_array(&l->json, "response_headers");
        put_header(l, "Server", r->server);
        json_end_array(&l->json);
    }
    json_end_object(&l->json);
}

static void put_alpns(struct eve_line *l, const char *key, const struct span *alpn, size_t n)
{
    if (n == 0 || l->options->version < 8) /* the older schema does not have them */
        return;
    json_begin_array(&l->json, key);
    for (size_t i = 0; i < n; i++)
        eve_put_wire(l, NULL, alpn[i]);
    json_end_array(&l->json);
}

static void put_ja3(struct eve_line *l, const char *key, const struct fingerprints *f)
{
    struct span hash = fingerprint_ja3(f);

    if (hash.len == 0)
        return;
    json_begin_object(&l->json, key);
    json_text(&l->json, "hash", hash);
    eve_put_wire(l, "string", f->ja3_string);
    json_end_object(&l->json);
}

static void put_client_fingerprints(struct eve_line *l, const struct fingerprints *f)
{
    struct span ja4 = fingerprint_ja4(f);
    put_ja3(l, "ja3", f);
    if (ja4.len)
        json_text(&l->json, "ja4", ja4);
}

static void put_outer(struct eve_line *l)
{
    if (l->event->outer)
        json_str(&l->json, "from_proto", outer_name((enum outer)l->event->outer));
}

/* Suricata prints the version that was negotiated, but at a peering point one side may be all there is: `version` is the
 * highest one offered in a ClientHello's event, and the chosen one in a ServerHello's. */
static void put_tls_client(struct eve_line *l, const struct tls_client_hello *h, const struct fingerprints *f)
{
    char scratch[8];

    json_begin_object(&l->json, "tls");
    put_outer(l);
    eve_put_wire(l, "sni", h->sni);
    json_str(&l->json, "version", tls_version_name(h->version, scratch));
    put_client_fingerprints(l, f);
    put_alpns(l, "client_alpns", h->alpn, h->n_alpn);
    json_end_object(&l->json);
}

static void put_tls_server(struct eve_line *l, const struct tls_server_hello *h, const struct fingerprints *f)
{
    char scratch[8];

    json_begin_object(&l->json, "tls");
    put_outer(l);
    json_str(&l->json, "version", tls_version_name(h->version, scratch));
    put_ja3(l, "ja3s", f);
    put_alpns(l, "server_alpns", &h->alpn, h->alpn.len > 0);
    json_end_object(&l->json);
}

/* What ALPN offers has its place among the extensions, of which no others are told. */
static void put_quic_alpn(struct eve_line *l, const struct tls_client_hello *h)
{
    if (h->n_alpn == 0 || l->wire_left == 0)
        return;
    json_begin_array(&l->json, "extensions");
    json_begin_object(&l->json, NULL);
    json_str(&l->json, "name", "alpn");
    json_u64(&l->json, "type", TLS_EXTENSION_ALPN);
    json_begin_array(&l->json, "values");
    for (size_t i = 0; i < h->n_alpn; i++)
        eve_put_wire(l, NULL, h->alpn[i]);
    json_end_array(&l->json);
    json_end_object(&l->json);
    json_end_array(&l->json);
}

/* "2026-01-02T03:04:05"; nothing outside of the years 1000 to 2999, which is all that the schema has words for: certificates that never expire
 * say 9999. */
static void put_date(struct eve_line *l, const char *key, int64_t seconds)
{
    enum { SHOWN = 19 };
    char text[TIME_TEXT_MAX];

    if (seconds < INT64_C(-30610224000) || seconds > INT64_C(32503679999))
        return;
    json_text(&l->json, key, span_first(span_of(text, time_format_seconds(seconds, text)), SHOWN));
}

/* "0a:1b:..." */
static void put_fingerprint(struct eve_line *l, const struct certificate_digests *d)
{
    char text[CERT_SHA1_LEN / 2 * 3];

    for (size_t i = 0; i < CERT_SHA1_LEN / 2; i++) {
        memcpy(text + 3 * i, d->sha1 + 2 * i, 2);
        text[3 * i + 2] = ':';
    }
    json_text(&l->json, "fingerprint", span_of(text, sizeof text - 1));
}

/* The older schema does not have them. */
static void put_alt_names(struct eve_line *l, const struct x509 *own)
{
    struct span rest = own->alt_names;
    struct x509_alt_name name;

    if (own->n_alt_names == 0 || l->options->version < 8)
        return;
    json_begin_array(&l->json, "subjectaltname");
    while (l->wire_left > 0 && x509_alt_name_take(&rest, &name)) {
        if (name.is_address)
            eve_put_address(l, NULL, name.bytes);
        else
            eve_put_wire(l, NULL, name.bytes);
    }
    json_end_array(&l->json);
}

/* Suricata shows these with the hellos; here they are an event of their own, for they come later, and may come without. */
static void put_certificates(struct eve_line *l, const struct certificates *c)
{
    char scratch[8];

    json_begin_object(&l->json, "tls");
    eve_put_text(l, "subject", c->subject);
    eve_put_text(l, "issuerdn", c->issuer);
    put_alt_names(l, &c->own);
    if (c->serial.len)
        json_text(&l->json, "serial", c->serial);
    put_fingerprint(l, c->digests);
    if (c->version)
        json_str(&l->json, "version", tls_version_name(c->version, scratch));
    put_date(l, "notbefore", c->own.not_before);
    put_date(l, "notafter", c->own.not_after);
    json_end_object(&l->json);
}

static void put_quic(struct eve_line *l, const struct event *e)
{
    char scratch[QUIC_VERSION_TEXT_MAX];

    json_begin_object(&l->json, "quic");
    json_str(&l->json, "version", quic_version_name(e->quic_version, scratch));
    eve_put_wire(l, "sni", e->tls_client->sni);
    put_client_fingerprints(l, e->fingerprints);
    put_quic_alpn(l, e->tls_client);
    json_end_object(&l->json);
}

/* A value that the schema has no key for. */
static void put_variable(struct eve_line *l, const char *key, struct span value)
{
    if (value.len == 0 || l->wire_left == 0)
        return;
    json_begin_object(&l->json, NULL);
    json_str(&l->json, "key", key);
    eve_put_wire(l, "value", value);
    json_end_object(&l->json);
}

static void begin_variables(struct eve_line *l)
{
    json_begin_object(&l->json, "metadata");
    json_begin_array(&l->json, "flowvars");
}

static void end_variables(struct eve_line *l)
{
    json_end_array(&l->json);
    json_end_object(&l->json);
}

static void put_smtp(struct eve_line *l, const struct smtp_talk *t)
{
    if (t->banner.len && l->wire_left) {
        begin_variables(l);
        put_variable(l, "smtp_banner", t->banner);
        end_variables(l);
        return;
    }
    json_begin_object(&l->json, "smtp");
    eve_put_wire(l, "helo", t->helo);
    eve_put_wire(l, "mail_from", t->mail_from);
    if (t->n_rcpt_to && l->wire_left) {
        json_begin_array(&l->json, "rcpt_to");
        for (size_t i = 0; i < t->n_rcpt_to; i++)
            eve_put_wire(l, NULL, t->rcpt_to[i]);
        json_end_array(&l->json);
    }
    json_end_object(&l->json);
}

static void put_socks(struct eve_line *l, const struct socks_request *r)
{
    char text[IP_TEXT_MAX];
    char port[sizeof "65535"];
    if (l->wire_left == 0)
        return;
    int port_len = snprintf(port, sizeof port, "%u", (unsigned)r->port);

    begin_variables(l);
    put_variable(l, "socks_host", r->host.len ? r->host : span_of(text, ip_format(&r->ip, text)));
    put_variable(l, "socks_port", span_of(port, (size_t)port_len));
    end_variables(l);
}

/* All that one packet tells of its flow. */
static void put_flow(struct eve_line *l, const struct event *e)
{
    json_begin_object(&l->json, "flow");
    json_u64(&l->json, "pkts_toserver", e->is_to_server);
    json_u64(&l->json, "pkts_toclient", !e->is_to_server);
    eve_put_time(l, "start", e->ts_ns);
    json_str(&l->json, "state", "new");
    json_end_object(&l->json);
}

/* The object named after the event's kind, in its own line as in an alert's. */
static void put_kind(struct eve_line *l, const struct event *e)
{
    switch (e->kind) {
    case EVENT_FLOW:
        put_flow(l, e);
        break;
    case EVENT_DNS:
        l->options->version >= 8 ? eve_put_dns(l) : eve_put_dns_alert_v2(l);
        break;
    case EVENT_HTTP_REQUEST:
        put_http_request(l, e->http_request);
        break;
    case EVENT_HTTP_RESPONSE:
        put_http_response(l, e->http_response);
        break;
    case EVENT_TLS_CLIENT:
        put_tls_client(l, e->tls_client, e->fingerprints);
        break;
    case EVENT_TLS_SERVER:
        put_tls_server(l, e->tls_server, e->fingerprints);
        break;
    case EVENT_TLS_CERTIFICATES:
        put_certificates(l, e->certificates);
        break;
    case EVENT_QUIC:
        put_quic(l, e);
        break;
    case EVENT_SMTP:
        put_smtp(l, e->smtp);
        break;
    case EVENT_SOCKS:
        put_socks(l, e->socks);
        break;
    case EVENT_KIND_COUNT:
        break;
    }
}

/* Only version 8 comes here with DNS. */
static const char *event_type(const struct event *e)
{
    switch (e->kind) {
    case EVENT_FLOW:
        return "flow";
    case EVENT_DNS:
        return eve_is_mdns(e) ? "mdns" : "dns";
    case EVENT_HTTP_REQUEST:
    case EVENT_HTTP_RESPONSE:
        return "http";
    case EVENT_TLS_CLIENT:
    case EVENT_TLS_SERVER:
    case EVENT_TLS_CERTIFICATES:
    case EVENT_KIND_COUNT:
        break;
    case EVENT_QUIC:
        return "quic";
    case EVENT_SMTP:
        return "smtp";
    case EVENT_SOCKS:
        return "socks";
    }
    return "tls";
}

bool eve_put_event(struct buf *out, const struct eve_options *o, const struct event *e)
{
    struct eve_line l;

    if (e->kind == EVENT_DNS && o->version < 8)
        return eve_put_dns_lines_v2(out, o, e);
    eve_begin(&l, out, o, e, event_type(e));
    put_kind(&l, e);
    return eve_end(&l);
}

bool eve_put_alert(struct buf *out, const struct eve_options *o, const struct alert *a)
{
    struct eve_line l;

    eve_begin(&l, out, o, a->event, "alert");
    l.wire_left = ALERT_WIRE_BYTES;
    eve_put_alert_object(&l, a);
    if (!a->repeats)
        put_kind(&l, a->event);
    return eve_end(&l);
}
