/* events.c: every event is a copy that outlives its payload; what does not fit is lost whole and counted. */
#include "sensor/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/talks.h"

enum { CAP = 8 << 20 };

struct shelf {
    struct stats stats;
    struct events events;
    struct flow flow;
    struct moment moment;
};

static void begin(struct shelf *s, size_t cap_bytes)
{
    *s = (struct shelf){
        .flow = {.proto = 6, .port = {40000, 443}, .client = 0, .is_used = 1, .salt = 5},
        .moment = {.ts_ns = 1234567, .number = 42, .source = 3, .vlans = {7, 8}, .n_vlans = 2}};
    s->flow.addr[0] = packets_v4(0xc0000201);
    s->flow.addr[1] = packets_v4(0xc6336402);
    assert_true(events_init(&s->events, &s->stats, cap_bytes));
}

static void end(struct shelf *s)
{
    events_fini(&s->events);
    events_fini(&s->events); /* again: nothing to do */
}

/* A message in a block of its own, to be wiped before anybody looks at the event. */
struct message {
    uint8_t *bytes;
    size_t len;
};

static struct message message_of(const struct buf *b)
{
    return (struct message){packets_exact(buf_span(b)), b->len};
}

static void wipe(struct message *m)
{
    memset(m->bytes, 0xaa, m->len);
    free(m->bytes);
}

static void add_request(struct shelf *s, const char *text)
{
    struct message m = {packets_exact(span_str(text)), strlen(text)};
    struct http_request r;
    assert_int_equal(http_request_read(span_of(m.bytes, m.len), &r), FIELD_FOUND);
    events_add_http_request(&s->events, &s->flow, 0, &s->moment, &r);
    wipe(&m);
}

static void add_response(struct shelf *s, const char *text)
{
    struct message m = {packets_exact(span_str(text)), strlen(text)};
    struct http_response r;
    assert_int_equal(http_response_read(span_of(m.bytes, m.len), &r), FIELD_FOUND);
    events_add_http_response(&s->events, &s->flow, 1, &s->moment, &r);
    wipe(&m);
}

static void add_hello(struct shelf *s, bool is_server)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    if (is_server)
        packets_put_server_hello(&b, false, 9);
    else
        packets_put_client_hello(&b, "sni.example", 9, 20);
    struct message m = message_of(&b);
    struct tls_client_hello client;
    struct tls_server_hello server;
    if (is_server) {
        assert_int_equal(tls_server_hello_read(span_of(m.bytes, m.len), &server), FIELD_FOUND);
        events_add_tls_server(&s->events, &s->flow, 1, &s->moment, &server);
    } else {
        assert_int_equal(tls_client_hello_read(span_of(m.bytes, m.len), &client), FIELD_FOUND);
        events_add_tls_client(&s->events, &s->flow, 0, &s->moment, &client);
    }
    wipe(&m);
    buf_fini(&b);
}

static enum verdict add_dns(struct shelf *s, const struct buf *b)
{
    struct message m = message_of(b);
    enum verdict v = events_add_dns(&s->events, &s->flow, 0, &s->moment, span_of(m.bytes, m.len));
    wipe(&m);
    return v;
}

static void add_dns_answer(struct shelf *s)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    packets_put_dns_answer(&b, 77, "name.example", 0xcb007105, 2);
    assert_int_equal(add_dns(s, &b), FIELD_FOUND);
    buf_fini(&b);
}

static void test_each_kind_is_a_copy(void **state)
{
    (void)state;
    struct shelf s;
    struct buf said;
    begin(&s, CAP);
    events_add_flow(&s.events, &s.flow, 0, &s.moment);
    add_request(&s, "GET /a HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nUser-Agent: ua\r\nReferer: "
                    "r\r\nContent-Type: t\r\n\r\n");
    add_response(&s, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Type: t\r\n\r\n");
    add_hello(&s, false);
    add_hello(&s, true);
    add_dns_answer(&s);
    buf_init(&said, 1 << 16);
    talks_say_events(&said, &s.events, 0);
    assert_string_equal(
        (const char *)said.ptr,
        "flow\n"
        "request\nhttp.method=GET\nhttp.target=/a\nhttp.protocol=HTTP/1.1\nhttp.host=a.example\n"
        "http.host=a.example\nhttp.host=b.example\nhttp.user_agent=ua\nhttp.referer=r\n"
        "http.content_type=t\n"
        "answer\nhttp.status=302\nhttp.protocol=HTTP/1.1\nhttp.location=/there\nhttp.content_type=t\n"
        "client hello\ntls.sni=sni.example\ntls.name=sni.example\ntls.alpn=h2\ntls.alpn=http/1.1\n"
        "tls.random=\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09"
        "\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\n"
        "tls.ciphers=\\x13\\x01\\x13\\x02\\xc0/\ntls.version=0304\n"
        "server hello\n"
        "tls.server_random=\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09"
        "\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\\x09\n"
        "dns\ndns.id=77\ndns.question=name.example\ndns.owner=name.example\ndns.data=\\xcb\\x00q\\x05\n"
        "dns.owner=name.example\ndns.data=\\xcb\\x00q\\x06\n");
    buf_fini(&said);
    for (size_t kind = 0; kind < 6; kind++)
        assert_int_equal(s.stats.events[kind], 1);
    assert_int_equal(s.stats.events_lost, 0);
    end(&s);
}

/* None unless asked for; those asked for outlive the payload; all of them can be had later. */
static void test_fingerprints(void **state)
{
    struct shelf s;
    (void)state;
    begin(&s, CAP);
    add_hello(&s, false);
    s.events.fingerprints = FINGERPRINT_JA4;
    add_hello(&s, false);
    add_hello(&s, true);
    s.events.fingerprints = FINGERPRINT_ALL;
    add_hello(&s, false);
    add_hello(&s, true);
    struct event **e = s.events.items;
    assert_null(e[0]->fingerprints);
    assert_null(e[2]->fingerprints);
    const struct fingerprints *all = events_fingerprint(&s.events, e[0]);
    assert_true(all->has_ja4 && all->ja3_string.len);
    assert_true(span_eq(fingerprint_ja4(e[1]->fingerprints), fingerprint_ja4(all)));
    assert_int_equal(fingerprint_ja3(e[1]->fingerprints).len, 0);
    assert_true(span_eq(e[3]->fingerprints->ja3_string, all->ja3_string));
    assert_true(span_eq(fingerprint_ja3(e[3]->fingerprints), fingerprint_ja3(all)));
    assert_true(span_eq(fingerprint_ja4(e[3]->fingerprints), fingerprint_ja4(all)));
    assert_true(span_eq(e[4]->fingerprints->ja3_string, events_fingerprint(&s.events, e[2])->ja3_string));
    assert_false(e[4]->fingerprints->has_ja4);
    end(&s);
}

static void test_who_where_when(void **state)
{
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        struct shelf s;
        begin(&s, CAP);
        s.flow.client = 1;
        events_add_flow(&s.events, &s.flow, side, &s.moment);
        const struct event *e = s.events.items[0];
        assert_int_equal(e->kind, EVENT_FLOW);
        assert_int_equal(ip_compare(&e->src, &s.flow.addr[side]), 0);
        assert_int_equal(ip_compare(&e->dst, &s.flow.addr[!side]), 0);
        assert_int_equal(e->sport, s.flow.port[side]);
        assert_int_equal(e->dport, s.flow.port[!side]);
        assert_int_equal(e->is_to_server, side == 1);
        assert_int_equal(e->proto, 6);
        assert_int_equal(e->ip_version, 4);
        assert_int_equal(e->n_vlans, 2);
        assert_int_equal(e->vlans[1], 8);
        assert_int_equal(e->ts_ns, 1234567);
        assert_int_equal(e->packet_number, 42);
        assert_int_equal(e->source, 3);
        assert_true(e->flow_id == flow_id(&s.flow));
        end(&s);
    }
}

/* IPv4-mapped addresses in IPv6 packets are still IPv6. */
static void test_ip_version(void **state)
{
    (void)state;
    struct shelf s;
    begin(&s, CAP);
    s.moment.is_ipv6 = true;
    events_add_flow(&s.events, &s.flow, 0, &s.moment);
    s.moment.is_ipv6 = false;
    s.flow.addr[1] = packets_v6(1);
    events_add_flow(&s.events, &s.flow, 0, &s.moment);
    assert_int_equal(s.events.items[0]->ip_version, 6);
    assert_int_equal(s.events.items[1]->ip_version, 6);
    end(&s);
}

static void test_dns_verdicts(void **state)
{
    (void)state;
    struct shelf s;
    struct buf b;
    begin(&s, CAP);
    buf_init(&b, 4096);
    assert_int_equal(add_dns(&s, &b), FIELD_PARTIAL);
    packets_put_dns_head(&b, 1, 0x0100, 0, 0);
    assert_int_equal(add_dns(&s, &b), FIELD_ABSENT);
    buf_reset(&b);
    packets_put_dns_head(&b, 1, 0x0100, 1, 0);
    buf_put(&b, SPAN_LIT("\xc0\x0c\0\1\0\1"));
    assert_int_equal(add_dns(&s, &b), FIELD_MALFORMED);
    assert_int_equal(s.events.n, 0);
    assert_int_equal(s.stats.events[EVENT_DNS], 0);
    buf_fini(&b);
    end(&s);
}

/* Empty fields are no reason to lose an event. */
static void test_least_request(void **state)
{
    (void)state;
    struct shelf s;
    begin(&s, CAP);
    add_request(&s, "GET / HTTP/1.0\r\n\r\n");
    add_response(&s, "HTTP/1.0 200\r\n\r\n");
    assert_int_equal(s.events.n, 2);
    assert_int_equal(s.stats.events_lost, 0);
    end(&s);
}

static void add_one(struct shelf *s, unsigned i)
{
    switch (i % 6) {
    case 0:
        events_add_flow(&s->events, &s->flow, 0, &s->moment);
        break;
    case 1:
        add_request(s, "GET /a-target-of-some-length HTTP/1.1\r\nHost: a.example\r\nHost: "
                       "b.example\r\nUser-Agent: ua\r\n\r\n");
        break;
    case 2:
        add_response(s,
                     "HTTP/1.1 302 Found\r\nLocation: /there/and/there\r\nContent-Type: text/plain\r\n\r\n");
        break;
    case 3:
        add_hello(s, false);
        break;
    case 4:
        add_hello(s, true);
        break;
    case 5: {
        struct buf b;
        buf_init(&b, 1 << 16);
        packets_put_dns_answer(&b, 77, "name.example", 0xcb007105, 2);
        add_dns(s, &b);
        buf_fini(&b);
        break;
    }
    }
}

static uint64_t sum_of_kinds(const struct stats *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < 6; i++)
        sum += s->events[i];
    return sum;
}

/* Whatever the arena has room for: what is there is whole, what is not is counted, and after a reset all is well again. */
static void test_full_arena(void **state)
{
    (void)state;
    for (size_t cap = 64 * 1024; cap < 200 * 1024; cap += 1777) {
        struct shelf s;
        begin(&s, cap);
        s.events.fingerprints = cap & 1 ? FINGERPRINT_ALL : 0;
        unsigned n = 0, n_malformed = 0;
        for (; n < 1500; n++) {
            uint64_t before = s.events.n + s.stats.events_lost;
            add_one(&s, n);
            n_malformed +=
                s.events.n + s.stats.events_lost == before; /* DNS that found no room is told as such */
        }
        assert_true(s.stats.events_lost > 0);
        assert_int_equal(s.events.n + s.stats.events_lost + n_malformed, n);
        assert_int_equal(sum_of_kinds(&s.stats), s.events.n);
        struct buf said;
        buf_init(&said, 8 << 20);
        talks_say_events(&said, &s.events, 0); /* every span can be read */
        buf_fini(&said);
        events_reset(&s.events);
        assert_int_equal(s.events.n, 0);
        assert_false(events_is_full(&s.events));
        uint64_t lost = s.stats.events_lost;
        for (unsigned i = 0; i < 6; i++)
            add_one(&s, i);
        assert_int_equal(s.events.n, 6);
        assert_int_equal(s.stats.events_lost, lost);
        end(&s);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    struct shelf s;
    begin(&s, CAP);
    unsigned full_at = 0;
    for (unsigned i = 0; i < EVENTS_MAX + 10; i++) {
        events_add_flow(&s.events, &s.flow, 0, &s.moment);
        if (!full_at && events_is_full(&s.events))
            full_at = i + 1;
    }
    assert_int_equal(s.events.n, EVENTS_MAX);
    assert_int_equal(s.stats.events_lost, 10);
    assert_int_equal(full_at, EVENTS_MAX / 2 + 1); /* long before anything is lost */
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_is_a_copy),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_who_where_when),
        cmocka_unit_test(test_ip_version),
        cmocka_unit_test(test_dns_verdicts),
        cmocka_unit_test(test_least_request),
        cmocka_unit_test(test_full_arena),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
