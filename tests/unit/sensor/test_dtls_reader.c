/* dtls_reader.c: what hellos tell, however they come, and that each session is accounted for by the reason it gives. */
#include "sensor/dtls_reader.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sensor/extract/dtls.h"

enum { CLIENT, SERVER };

struct lab {
    struct stats stats;
    struct events events;
    struct dtls_reader *reader;
    struct flow flow;
    int64_t now_ns;
};

static struct flow a_flow(void)
{
    return (struct flow){.proto = IPPROTO_UDP, .port = {40000, 4433}, .client = CLIENT};
}

static void lab_init(struct lab *l, uint32_t gatherings)
{
    *l = (struct lab){.flow = a_flow(), .now_ns = 1};
    assert_true(events_init(&l->events, &l->stats, 4 << 20));
    l->reader = dtls_reader_new(gatherings, &l->events);
    assert_non_null(l->reader);
}

static void lab_fini(struct lab *l)
{
    dtls_reader_flow_gone(l->reader, &l->flow);
    assert_true(stats_sums_hold(&l->stats));
    dtls_reader_free(l->reader);
    events_fini(&l->events);
}

static bool offer_in(struct lab *l, struct flow *f, unsigned side, struct span payload, size_t wire_len)
{
    struct moment m = {.ts_ns = l->now_ns++};
    uint8_t *copy = malloc(payload.len + 1);
    assert_non_null(copy);
    memcpy(copy, payload.ptr, payload.len);
    struct decoded d = {
        .proto = IPPROTO_UDP, .payload = span_of(copy, payload.len), .payload_wire_len = (uint32_t)wire_len};
    bool is_dtls = dtls_reader_packet(l->reader, f, side, &d, &m);
    free(copy);
    return is_dtls;
}

static void put_u24(struct buf *b, size_t v)
{
    buf_put_byte(b, (uint8_t)(v >> 16));
    buf_put_byte(b, (uint8_t)(v >> 8));
    buf_put_byte(b, (uint8_t)v);
}

/* The body of a ClientHello with this name, or of a ServerHello without one. */
static struct span put_body(struct buf *b, bool is_client, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    buf_reset(b);
    buf_put(b, SPAN_LIT("\xfe\xfd"));
    for (int i = 0; i < 32; i++)
        buf_put_byte(b, (uint8_t)i);
    buf_put_byte(b, 0);
    if (is_client)
        buf_put(b, SPAN_LIT("\4cook\0\2\xc0\x2b\1\0"));
    else
        buf_put(b, SPAN_LIT("\xc0\x2b\0"));
    if (!name)
        return buf_span(b);
    buf_put_byte(b, 0);
    buf_put_byte(b, (uint8_t)(n + 9));
    buf_put(b, SPAN_LIT("\0\0\0"));
    buf_put_byte(b, (uint8_t)(n + 5));
    buf_put_byte(b, 0);
    buf_put_byte(b, (uint8_t)(n + 3));
    buf_put(b, SPAN_LIT("\0\0"));
    buf_put_byte(b, (uint8_t)n);
    buf_put_str(b, name);
    return buf_span(b);
}

/* A record with bytes [from, to) of the body. */
static void put_fragment(struct buf *b, uint8_t type, uint16_t seq, struct span body, size_t from, size_t to)
{
    buf_put(b, SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\0"));
    buf_put_byte(b, (uint8_t)((12 + to - from) >> 8));
    buf_put_byte(b, (uint8_t)(12 + to - from));
    buf_put_byte(b, type);
    put_u24(b, body.len);
    buf_put_byte(b, (uint8_t)(seq >> 8));
    buf_put_byte(b, (uint8_t)seq);
    put_u24(b, from);
    put_u24(b, to - from);
    buf_put(b, span_of(body.ptr + from, to - from));
}

static bool send_part(struct lab *l, struct flow *f, unsigned side, struct span body, size_t from, size_t to)
{
    struct buf b;
    buf_init(&b, 1 << 17);
    put_fragment(&b, side == CLIENT ? 1 : 2, 0, body, from, to);
    bool is_dtls = offer_in(l, f, side, buf_span(&b), b.len);
    buf_fini(&b);
    return is_dtls;
}

static void expect_name(struct lab *l, const char *name)
{
    assert_int_equal(l->events.n, 1);
    assert_int_equal(l->events.items[0]->kind, EVENT_TLS_CLIENT);
    assert_true(l->events.items[0]->is_to_server);
    assert_true(span_eq(l->events.items[0]->tls_client->sni, span_str(name)));
    assert_int_equal(l->stats.readable[SESSION_TLS], 1);
    assert_int_equal(l->stats.sessions[SESSION_TLS], 1);
}

/* Whole; said again with a cookie; then a server's. */
static void test_whole(void **state)
{
    struct lab l;
    struct buf b;
    (void)state;
    lab_init(&l, 4);
    buf_init(&b, 1 << 16);
    struct span body = put_body(&b, true, "a.example");
    assert_true(send_part(&l, &l.flow, CLIENT, body, 0, body.len));
    assert_true(send_part(&l, &l.flow, CLIENT, body, 0, body.len));
    expect_name(&l, "a.example");
    body = put_body(&b, false, NULL);
    assert_true(send_part(&l, &l.flow, SERVER, body, 0, body.len));
    assert_int_equal(l.events.n, 2);
    assert_int_equal(l.events.items[1]->kind, EVENT_TLS_SERVER);
    assert_int_equal(l.events.items[1]->tls_server->version, 0xfefd);
    buf_fini(&b);
    lab_fini(&l);
}

/* Cut anywhere, in either order, and overlapping. */
static void test_fragments(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 16);
    struct span body = put_body(&b, true, "fragments.example");
    for (size_t at = 0; at <= body.len; at++)
        for (unsigned order = 0; order < 3; order++) {
            struct lab l;
            lab_init(&l, 1);
            size_t back = order == 2 && at >= 5 ? at - 5 : at;
            send_part(&l, &l.flow, CLIENT, body, order == 1 ? at : 0, order == 1 ? body.len : at);
            if (l.events.n == 0)
                send_part(&l, &l.flow, CLIENT, body, order == 1 ? 0 : back, order == 1 ? at : body.len);
            expect_name(&l, "fragments.example");
            lab_fini(&l);
        }
    buf_fini(&b);
}

static void expect_unreadable(struct lab *l, enum unreadable why)
{
    dtls_reader_flow_gone(l->reader, &l->flow);
    assert_int_equal(l->stats.sessions[SESSION_TLS], 1);
    assert_int_equal(l->stats.unreadable[SESSION_TLS][why], 1);
    lab_fini(l);
}

static void test_reasons(void **state)
{
    struct lab l;
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 16);
    struct span body = put_body(&b, true, NULL);
    lab_init(&l, 1);
    send_part(&l, &l.flow, CLIENT, body, 0, body.len);
    expect_unreadable(&l, UNREADABLE_NO_NAME);
    lab_init(&l, 1);
    send_part(&l, &l.flow, CLIENT, body, 0, 20);
    expect_unreadable(&l, UNREADABLE_CUT);
    lab_init(&l, 1);
    for (int i = 0; i < DTLS_FRAGMENTS_MAX; i++)
        send_part(&l, &l.flow, CLIENT, body, 1, 2);
    assert_int_equal(l.stats.streams_limited, 1);
    expect_unreadable(&l, UNREADABLE_LIMIT);
    body = put_body(&b, false, NULL);
    lab_init(&l, 1);
    send_part(&l, &l.flow, SERVER, body, 0, body.len);
    expect_unreadable(&l, UNREADABLE_ONE_SIDED);
    body = put_body(&b, true, NULL);
    memset(b.ptr + 34, 0xff, 8); /* a session id that is longer than the hello */
    lab_init(&l, 1);
    send_part(&l, &l.flow, CLIENT, body, 0, body.len);
    expect_unreadable(&l, UNREADABLE_MALFORMED);
    buf_fini(&b);
}

static void test_what_is_none(void **state)
{
    struct lab l;
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 16);
    lab_init(&l, 1);
    assert_false(offer_in(&l, &l.flow, CLIENT, SPAN_LIT("\x16\xfe\xfd no more"), 11));
    struct span body = put_body(&b, true, "a.example");
    l.flow.session = SESSION_QUIC + 1;
    assert_false(send_part(&l, &l.flow, CLIENT, body, 0, body.len));
    l.flow.session = 0;
    assert_int_equal(l.stats.sessions[SESSION_TLS], 0);
    buf_fini(&b);
    lab_fini(&l);
}

/* One gathering for two flows: the quieter one ends. */
static void test_eviction(void **state)
{
    struct lab l;
    struct buf b;
    struct flow other = a_flow();
    (void)state;
    buf_init(&b, 1 << 16);
    struct span body = put_body(&b, true, "a.example");
    lab_init(&l, 1);
    send_part(&l, &other, CLIENT, body, 0, 20);
    send_part(&l, &l.flow, CLIENT, body, 0, 20);
    assert_int_equal(other.stream[CLIENT], 0);
    send_part(&l, &l.flow, CLIENT, body, 20, body.len);
    dtls_reader_flow_gone(l.reader, &other);
    assert_int_equal(l.stats.readable[SESSION_TLS], 1);
    assert_int_equal(l.stats.unreadable[SESSION_TLS][UNREADABLE_LIMIT], 1);
    buf_fini(&b);
    lab_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_fragments),
                                       cmocka_unit_test(test_reasons), cmocka_unit_test(test_what_is_none),
                                       cmocka_unit_test(test_eviction)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
