#pragma once
/* What one side of a TCP connection says, protocol by protocol, and what was understood of it as text, one "key=value" a line.
 * Nothing in these streams looks like a message where none begins. */
#include "base/json.h"
#include "sensor/events.h"
#include "tests/unit/sensor/packets.h"

enum talk {
    TALK_REQUESTS, TALK_ANSWERS,         /* HTTP: every kind of framing */
    TALK_TLS_CLIENT, TALK_TLS_SERVER,
    TALK_RETRY_CLIENT, TALK_RETRY_SERVER, /* HelloRetryRequest and a second hello */
    TALK_DNS_QUERIES, TALK_DNS_ANSWERS,  /* on port 53 */
    TALK_CONNECT, TALK_CONNECTED,        /* HTTP CONNECT, then TLS */
    TALK_MAILS, TALK_MAIL_REPLIES,       /* SMTP: mails of every kind */
    TALK_STARTTLS, TALK_STARTTLS_REPLIES,/* SMTP, then TLS */
    TALK_IMAP, TALK_IMAP_REPLIES,
    TALK_SOCKS, TALK_SOCKS_REPLIES,      /* SOCKS 5 with a password, then TLS */
    TALK_PROXY, TALK_PGSQL_REPLIES,      /* PROXY protocol in version 1, then a request; 'S', then TLS */
    TALK_COUNT,
};

static inline uint16_t talks_port(enum talk t)
{
    return t == TALK_DNS_QUERIES || t == TALK_DNS_ANSWERS ? 53 : 4443;
}

static inline bool talks_is_server(enum talk t)
{
    return t % 2;
}

static inline void talks_put_requests(struct buf *b)
{
    buf_put_str(b, "GET http://abs.example/one?a=b HTTP/1.1\r\nHost: abs.example\r\nUser-Agent: agent/1\r\n\r\n"
                   "POST /two HTTP/1.1\r\nHost: two.example:8080\r\nContent-Length: 300\r\nContent-Type: text/x\r\n\r\n");
    packets_put_fill(b, 'x', 300);
    buf_put_str(b, "\r\nPUT /three HTTP/1.1\nTransfer-Encoding: chunked\nhost:three.example\n\n"
                   "5;ext=1\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n"
                   "BREW /four HTTP/1.1\r\nHost: four.example\r\nReferer: http://from.example/\r\n\r\n"
                   "HEAD /five HTTP/1.0\r\n\r\n");
}

static inline void talks_put_answers(struct buf *b)
{
    buf_put_str(b, "HTTP/1.1 100 Continue\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nContent-Length: 400\r\nContent-Type: text/a\r\n\r\n");
    packets_put_fill(b, 'H', 400);
    buf_put_str(b, "HTTP/1.1 302 Found\r\nLocation: http://next.example/\r\nContent-Length: 0\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/b\r\n\r\n"
                   "3\r\nabc\r\n1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: head/only\r\n\r\n" /* to HEAD */
                   "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"
                   "HTTP/1.0 404 Not Found\r\nContent-Type: text/last\r\n\r\n"); /* until it is closed */
    packets_put_fill(b, 'z', 500);
}

static inline void talks_put_application_data(struct buf *b)
{
    uint8_t bytes[600];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i * 7 + i * 13 + 128);
    packets_put_tls_records(b, 20, SPAN_LIT("\x01"), 1);
    packets_put_tls_records(b, 23, span_of(bytes, sizeof bytes), 250);
}

/* Hellos are cut into records of `record_max`. */
static inline void talks_put_hello(struct buf *b, bool is_server, const char *sni, uint8_t random, size_t record_max)
{
    struct buf message;
    buf_init(&message, 1 << 20);
    if (is_server)
        packets_put_server_hello(&message, sni != NULL, random);
    else
        packets_put_client_hello(&message, sni, random, 300);
    packets_put_tls_records(b, 22, buf_span(&message), record_max);
    buf_fini(&message);
}

static inline void talks_put_dns(struct buf *b, bool is_answer)
{
    static const char *const names[] = {"first.example", "www.Second.example", "a.b.c.d.e.f.third.example", "fourth.example"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t begun = packets_begin(b, 2);
        if (is_answer)
            packets_put_dns_answer(b, (uint16_t)(0x8000 + i), names[i], 0xc0000200, (unsigned)(1 + 9 * i));
        else
            packets_put_dns_query(b, (uint16_t)(0x8000 + i), names[i]);
        packets_end(b, begun, 2);
    }
}

static inline void talks_put_mails(struct buf *b)
{
    buf_put_str(b, "EHLO client.mail.example\r\nMAIL FROM:<one@from.example> SIZE=10\r\nRCPT TO:<a@to.example>\r\n"
                   "rcpt to: <\"b >\"@to.example>\r\nDATA\r\nFrom: x\r\nMAIL FROM:<not@this.example>\r\n..\r\n.x\r\n.\r\n"
                   "NOOP\r\nMAIL FROM:<>\r\nRCPT TO:<c@to.example>\r\nBDAT 40\r\n");
    packets_put_fill(b, '\n', 40);
    buf_put_str(b, "BDAT 0 LAST\r\nMAIL FROM:<two@from.example>\r\nRCPT TO:d@to.example\r\nDATA\r\nRSET\r\n"
                   "MAIL FROM:<@relay.example:three@from.example>\r\nMAIL FROM:<four@from.example>\r\nQUIT\r\n");
}

static inline void talks_put(struct buf *b, enum talk t)
{
    switch (t) {
    case TALK_REQUESTS:
        talks_put_requests(b);
        break;
    case TALK_ANSWERS:
        talks_put_answers(b);
        break;
    case TALK_TLS_CLIENT:
        talks_put_hello(b, false, "www.tls.example", 0x21, 16384);
        talks_put_application_data(b);
        break;
    case TALK_TLS_SERVER:
        talks_put_hello(b, true, NULL, 0x22, 16384);
        packets_put_tls_records(b, 22, SPAN_LIT("\x0b\0\0\x03\0\0\0"), 16384);
        talks_put_application_data(b);
        break;
    case TALK_RETRY_CLIENT:
        talks_put_hello(b, false, "first.retry.example", 0x23, 100);
        packets_put_tls_records(b, 20, SPAN_LIT("\x01"), 1);
        talks_put_hello(b, false, "second.retry.example", 0x24, 16384);
        talks_put_application_data(b);
        break;
    case TALK_RETRY_SERVER:
        talks_put_hello(b, true, "", 0, 30);
        packets_put_tls_records(b, 20, SPAN_LIT("\x01"), 1);
        talks_put_hello(b, true, NULL, 0x25, 16384);
        talks_put_application_data(b);
        break;
    case TALK_DNS_QUERIES:
    case TALK_DNS_ANSWERS:
        talks_put_dns(b, t == TALK_DNS_ANSWERS);
        break;
    case TALK_CONNECT:
        buf_put_str(b, "CONNECT tunnel.example:443 HTTP/1.1\r\nHost: tunnel.example:443\r\n\r\n");
        talks_put(b, TALK_TLS_CLIENT);
        break;
    case TALK_CONNECTED:
        buf_put_str(b, "HTTP/1.1 200 Connection established\r\n\r\n");
        talks_put(b, TALK_TLS_SERVER);
        break;
    case TALK_MAILS:
        talks_put_mails(b);
        break;
    case TALK_MAIL_REPLIES:
        buf_put_str(b, "220-mx.mail.example ESMTP\r\n220 again\r\n250-mx.mail.example\r\n250 OK\r\n250 OK\r\n354 go\r\n250 done\r\n");
        break;
    case TALK_STARTTLS:
        buf_put_str(b, "EHLO starting.example\r\nSTARTTLS\r\n");
        talks_put(b, TALK_TLS_CLIENT);
        break;
    case TALK_STARTTLS_REPLIES:
        buf_put_str(b, "220 quiet.example ready\r\n250-quiet.example\r\n250-STARTTLS\r\n250 SIZE 1\r\n220 go ahead\r\n");
        talks_put(b, TALK_TLS_SERVER);
        break;
    case TALK_IMAP:
        buf_put_str(b, "a001 CAPABILITY\r\na002 STARTTLS\r\n");
        talks_put(b, TALK_TLS_CLIENT);
        break;
    case TALK_IMAP_REPLIES:
        buf_put_str(b, "* OK [CAPABILITY IMAP4rev2 STARTTLS] ready\r\na001 OK done\r\na002 OK begin\r\n");
        talks_put(b, TALK_TLS_SERVER);
        break;
    case TALK_SOCKS:
        buf_put(b, SPAN_LIT("\x05\x02\x00\x02\x01\x04user\x04pass\x05\x01\x00\x03\x0dsocks.example\x01\xbb"));
        talks_put(b, TALK_TLS_CLIENT);
        break;
    case TALK_SOCKS_REPLIES:
        buf_put(b, SPAN_LIT("\x05\x02\x01\x00\x05\x00\x00\x01\xc0\x00\x02\x01\x01\xbb"));
        talks_put(b, TALK_TLS_SERVER);
        break;
    case TALK_PROXY:
        buf_put_str(b, "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n");
        talks_put(b, TALK_REQUESTS);
        break;
    case TALK_PGSQL_REPLIES:
        buf_put_str(b, "S");
        talks_put(b, TALK_TLS_SERVER);
        break;
    case TALK_COUNT:
        break;
    }
}

/* ---- what was understood ---- */

static inline void talks_say(struct buf *out, const char *key, struct span value)
{
    if (value.len == 0)
        return;
    buf_put_str(out, key);
    buf_put_byte(out, '=');
    put_escaped(out, value);
    buf_put_byte(out, '\n');
}

static inline void talks_say_request(struct buf *out, const struct http_request *r)
{
    talks_say(out, "http.method", r->method);
    talks_say(out, "http.target", r->target);
    talks_say(out, "http.protocol", r->protocol);
    talks_say(out, "http.host", r->host);
    for (size_t i = 0; i < r->n_hosts; i++)
        talks_say(out, "http.host", r->hosts[i]);
    talks_say(out, "http.user_agent", r->user_agent);
    talks_say(out, "http.referer", r->referer);
    talks_say(out, "http.content_type", r->content_type);
}

/* What a cut hello says of its version is what the bytes before the cut say. */
static inline void talks_say_hello(struct buf *out, const struct tls_client_hello *h)
{
    talks_say(out, "tls.sni", h->sni);
    for (size_t i = 0; i < h->n_names; i++)
        talks_say(out, "tls.name", h->names[i]);
    for (size_t i = 0; i < h->n_alpn; i++)
        talks_say(out, "tls.alpn", h->alpn[i]);
    if (h->is_cut)
        return;
    talks_say(out, "tls.random", h->random);
    talks_say(out, "tls.ciphers", h->ciphers);
    buf_printf(out, "tls.version=%04x\n", (unsigned)h->version);
}

static inline void talks_say_dns(struct buf *out, const struct dns_message *m)
{
    buf_printf(out, "dns.id=%u\n", (unsigned)m->id);
    for (size_t i = 0; i < m->n_questions; i++)
        talks_say(out, "dns.question", m->questions[i].name.text);
    for (size_t i = 0; i < m->n_records; i++) {
        talks_say(out, "dns.owner", m->records[i].owner.text);
        talks_say(out, "dns.target", m->records[i].target.text);
        talks_say(out, "dns.data", m->records[i].data);
    }
}

/* One event's lines; the first tells its kind. */
static inline void talks_say_event(struct buf *out, const struct event *e)
{
    switch (e->kind) {
    case EVENT_FLOW:
        buf_put_str(out, "flow\n");
        break;
    case EVENT_DNS:
        buf_put_str(out, "dns\n");
        talks_say_dns(out, e->dns);
        break;
    case EVENT_HTTP_REQUEST:
        buf_put_str(out, "request\n");
        talks_say_request(out, e->http_request);
        break;
    case EVENT_HTTP_RESPONSE:
        buf_put_str(out, "answer\n");
        buf_printf(out, "http.status=%u\n", (unsigned)e->http_response->status);
        talks_say(out, "http.protocol", e->http_response->protocol);
        talks_say(out, "http.location", e->http_response->location);
        talks_say(out, "http.content_type", e->http_response->content_type);
        break;
    case EVENT_TLS_CLIENT:
        buf_put_str(out, "client hello\n");
        talks_say_hello(out, e->tls_client);
        break;
    case EVENT_TLS_SERVER:
        buf_put_str(out, "server hello\n");
        if (e->tls_server->is_retry)
            buf_put_str(out, "tls.retry\n");
        talks_say(out, "tls.server_random", e->tls_server->random);
        break;
    case EVENT_QUIC:
        buf_put_str(out, "quic hello\n");
        talks_say_hello(out, e->tls_client);
        break;
    case EVENT_SMTP:
        buf_put_str(out, "smtp\n");
        talks_say(out, "smtp.banner", e->smtp->banner);
        talks_say(out, "smtp.helo", e->smtp->helo);
        talks_say(out, "smtp.mail_from", e->smtp->mail_from);
        for (size_t i = 0; i < e->smtp->n_rcpt_to; i++)
            talks_say(out, "smtp.rcpt_to", e->smtp->rcpt_to[i]);
        break;
    case EVENT_SOCKS:
        buf_put_str(out, "socks\n");
        talks_say(out, "socks.host", e->socks->host);
        buf_printf(out, "socks.port=%u\n", (unsigned)e->socks->port);
        break;
    case EVENT_TLS_CERTIFICATES:
        buf_printf(out, "certificates\ntls.version=%04x\ntls.certificates=%u\n", (unsigned)e->certificates->version,
                   (unsigned)e->certificates->n);
        talks_say(out, "tls.subject", e->certificates->subject);
        talks_say(out, "tls.issuer", e->certificates->issuer);
        talks_say(out, "tls.serial", e->certificates->serial);
        break;
    case EVENT_KIND_COUNT:
        break;
    }
}

/* All events that the end with this port sent, in order; 0: both ends'. The text ends in a NUL that is not counted. */
static inline void talks_say_events(struct buf *out, const struct events *events, uint16_t sport)
{
    for (uint32_t i = 0; i < events->n; i++)
        if (sport == 0 || events->items[i]->sport == sport)
            talks_say_event(out, events->items[i]);
    buf_put_byte(out, 0);
    out->len--;
}

/* Every line of `some` is one of `all`, whatever the order; *out_odd is the first that is not. */
static inline bool talks_is_subset(struct span some, struct span all, struct span *out_odd)
{
    while (some.len) {
        const uint8_t *end = memchr(some.ptr, '\n', some.len);
        size_t n = end ? (size_t)(end - some.ptr) + 1 : some.len;
        bool is_there = false;
        for (struct span at = all; at.len && !is_there;) {
            const uint8_t *stop = memchr(at.ptr, '\n', at.len);
            size_t m = stop ? (size_t)(stop - at.ptr) + 1 : at.len;
            is_there = m == n && memcmp(at.ptr, some.ptr, n) == 0;
            span_skip(&at, m);
        }
        if (!is_there) {
            *out_odd = span_of(some.ptr, n);
            return false;
        }
        span_skip(&some, n);
    }
    return true;
}
