/* quic_reader.c: what the hello tells, however it comes, and that each session is accounted for by the reason it gives. */
#include "sensor/quic_reader.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sensor/extract/quic.h"
#include "tests/unit/sensor/quic_packets.h"

enum { CLIENT, SERVER };

struct lab {
    struct stats stats;
    struct events events;
    struct quic_reader *reader;
    struct flow flow;
    int64_t now_ns;
};

static void lab_init(struct lab *l, uint32_t gatherings)
{
    *l = (struct lab){.flow = {.proto = IPPROTO_UDP, .port = {40000, 443}, .client = CLIENT}, .now_ns = 1};
    assert_true(events_init(&l->events, &l->stats, 1 << 20));
    l->reader = quic_reader_new(gatherings, &l->events);
    assert_non_null(l->reader);
}

static void lab_fini(struct lab *l)
{
    quic_reader_free(l->reader);
    events_fini(&l->events);
}

static bool offer_in(struct lab *l, struct flow *f, unsigned side, struct span payload, size_t wire_len)
{
    struct moment m = {.ts_ns = l->now_ns++};
    uint8_t *copy = malloc(payload.len);
    assert_non_null(copy);
    memcpy(copy, payload.ptr, payload.len);
    struct decoded d = {
        .proto = IPPROTO_UDP, .payload = span_of(copy, payload.len), .payload_wire_len = (uint32_t)wire_len};
    bool is_quic = quic_reader_packet(l->reader, f, side, &d, &m);
    free(copy);
    return is_quic;
}

static bool offer(struct lab *l, unsigned side, struct span payload)
{
    return offer_in(l, &l->flow, side, payload, payload.len);
}

#define OFFER(l, side, packet) assert_true(offer(l, side, span_of(packet, sizeof packet)))

static void expect_names(struct lab *l, uint32_t n, struct span name)
{
    assert_int_equal(l->events.n, n);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(l->events.items[i]->kind, EVENT_QUIC);
        assert_true(l->events.items[i]->is_to_server);
        assert_true(span_eq(l->events.items[i]->tls_client->sni, name));
    }
}

static void expect_readable(struct lab *l, struct span name)
{
    quic_reader_flow_gone(l->reader, &l->flow);
    expect_names(l, 1, name);
    assert_int_equal(l->stats.sessions[SESSION_QUIC], 1);
    assert_int_equal(l->stats.readable[SESSION_QUIC], 1);
    assert_true(stats_sums_hold(&l->stats));
    lab_fini(l);
}

static void expect_unreadable(struct lab *l, enum unreadable why)
{
    quic_reader_flow_gone(l->reader, &l->flow);
    assert_int_equal(l->stats.sessions[SESSION_QUIC], 1);
    assert_int_equal(l->stats.unreadable[SESSION_QUIC][why], 1);
    assert_true(stats_sums_hold(&l->stats));
    lab_fini(l);
}

static void test_one_packet(void **state)
{
    struct lab l;
    (void)state;
    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_v1);
    assert_int_equal(l.stats.readable[SESSION_QUIC], 1); /* at once */
    OFFER(&l, CLIENT, packet_v1);                        /* repeated: told already */
    OFFER(&l, SERVER, packet_server);
    expect_readable(&l, SPAN_LIT("example.com"));
    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_v2);
    assert_int_equal(l.events.items[0]->quic_version, QUIC_V2);
    assert_int_equal(l.events.items[0]->tls_client->n_alpn, 1);
    assert_true(span_eq(l.events.items[0]->tls_client->alpn[0], SPAN_LIT("alpn")));
    expect_readable(&l, SPAN_LIT("example.com"));
}

static void test_two_packets(void **state)
{
    struct lab l;
    (void)state;
    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_half_1);
    assert_int_equal(l.events.n, 0);
    OFFER(&l, SERVER, packet_server);
    OFFER(&l, CLIENT, packet_half_1);
    OFFER(&l, CLIENT, packet_half_2);
    expect_readable(&l, SPAN_LIT("www.evil.example"));
    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_half_1);
    OFFER(&l, CLIENT, packet_retried); /* other keys */
    expect_readable(&l, SPAN_LIT("www.evil.example"));
}

/* Who is the client is known by what opens, not by ports. */
static void test_client_on_the_lower_port(void **state)
{
    struct lab l;
    (void)state;
    lab_init(&l, 4);
    OFFER(&l, SERVER, packet_v1);
    expect_readable(&l, SPAN_LIT("example.com"));
}

static void test_unreadable(void **state)
{
    uint8_t copy[sizeof packet_v1];
    struct lab l;
    (void)state;

    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_nameless);
    expect_names(&l, 1, SPAN_LIT(""));
    expect_unreadable(&l, UNREADABLE_NO_NAME);

    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_half_1);
    expect_unreadable(&l, UNREADABLE_CUT);

    lab_init(&l, 4);
    OFFER(&l, SERVER, packet_server);
    expect_unreadable(&l, UNREADABLE_ONE_SIDED);

    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_half_2); /* its keys are the lost first packet's */
    expect_unreadable(&l, UNREADABLE_UNDECRYPTABLE);

    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_other);
    expect_unreadable(&l, UNREADABLE_MALFORMED);

    lab_init(&l, 4);
    assert_true(offer_in(&l, &l.flow, CLIENT, span_of(packet_v1, 700), sizeof packet_v1));
    expect_unreadable(&l, UNREADABLE_SNAPLEN);

    memcpy(copy, packet_v1, sizeof copy);
    memcpy(copy + 1, "\x1a\x2a\x3a\x4a", 4);
    lab_init(&l, 4);
    OFFER(&l, CLIENT, copy);
    expect_unreadable(&l, UNREADABLE_VERSION);

    lab_init(&l, 4);
    for (unsigned i = 0; i < 1000; i++) /* the tries are bounded: it is told before the flow ends */
        OFFER(&l, CLIENT, packet_half_2);
    assert_int_equal(l.stats.unreadable[SESSION_QUIC][UNREADABLE_UNDECRYPTABLE], 1);
    expect_unreadable(&l, UNREADABLE_UNDECRYPTABLE);
}

/* A hello longer than what is held still tells its name when that is there. */
static void test_limit(void **state)
{
    struct lab l;
    (void)state;
    lab_init(&l, 4);
    OFFER(&l, CLIENT, packet_endless);
    assert_int_equal(l.stats.sessions[SESSION_QUIC], 1);
    assert_true(stats_sums_hold(&l.stats));
    lab_fini(&l);
}

static void test_not_quic(void **state)
{
    struct lab l;
    (void)state;
    lab_init(&l, 4);
    assert_false(offer(&l, CLIENT, SPAN_LIT("\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\4evil\7example\0\0\1\0\1")));
    assert_false(offer(&l, CLIENT, SPAN_LIT("\xc0\0\0\0\2whatever")));
    assert_false(offer(&l, CLIENT, SPAN_LIT("\xc0\0\0\0\1\x99whatever"))); /* no identifier is so long */
    assert_false(offer(&l, CLIENT, span_of(packet_v1, 60)));               /* its length goes past the end */
    assert_int_equal(l.stats.sessions[SESSION_QUIC], 0);
    quic_reader_flow_gone(l.reader, &l.flow);
    assert_true(stats_sums_hold(&l.stats));
    lab_fini(&l);
}

/* More hellos begun than are held: the quietest ends, told as such; the others go on. */
static void test_gatherings_run_out(void **state)
{
    enum { HELD = 2, FLOWS = 5 };
    struct flow flows[FLOWS];
    struct lab l;
    (void)state;
    lab_init(&l, HELD);
    for (unsigned i = 0; i < FLOWS; i++) {
        flows[i] = l.flow;
        assert_true(offer_in(&l, &flows[i], CLIENT, span_of(packet_half_1, sizeof packet_half_1),
                             sizeof packet_half_1));
    }
    assert_int_equal(l.stats.unreadable[SESSION_QUIC][UNREADABLE_LIMIT], FLOWS - HELD);
    assert_int_equal(l.stats.streams_refused, FLOWS - HELD);
    for (unsigned i = 0; i < FLOWS; i++)
        assert_true(offer_in(&l, &flows[i], CLIENT, span_of(packet_half_2, sizeof packet_half_2),
                             sizeof packet_half_2));
    assert_int_equal(l.stats.readable[SESSION_QUIC], HELD);
    for (unsigned i = 0; i < FLOWS; i++)
        quic_reader_flow_gone(l.reader, &flows[i]);
    assert_int_equal(l.stats.sessions[SESSION_QUIC], FLOWS);
    assert_true(stats_sums_hold(&l.stats));
    expect_names(&l, HELD, SPAN_LIT("www.evil.example"));
    lab_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_packet),
        cmocka_unit_test(test_two_packets),
        cmocka_unit_test(test_client_on_the_lower_port),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_not_quic),
        cmocka_unit_test(test_gatherings_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
