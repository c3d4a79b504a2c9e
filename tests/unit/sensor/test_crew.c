/* crew.c: the same lines in the same order from any number of workers, also when they outgrow the piles; sums and hits add up; ends, empty
 * captures and broken output. */
#include "sensor/crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/packets.h"

enum { START_S = 1767323045, PACKETS = 12000, OUT_MAX = 256 << 20 };

struct desk {
    struct crew *c;
    struct buf out;
    size_t n_writes, writes_max; /* 0: any */
};

static bool take_lines(void *to, struct span lines)
{
    struct desk *d = to;
    assert_true(lines.len > 0);
    buf_put(&d->out, lines);
    return ++d->n_writes != d->writes_max;
}

static void open_desk(struct desk *d, unsigned n, struct worker_options o, size_t writes_max)
{
    static const char *const sources[] = {"one.pcap", "two.pcap"};
    struct err err = {0};
    *d = (struct desk){.writes_max = writes_max};
    buf_init(&d->out, OUT_MAX);
    o.eve = (struct eve_options){.version = 8, .sources = sources};
    o.write = take_lines;
    o.write_to = d;
    d->c = crew_new(&o, n, &err);
    assert_non_null(d->c);
}

static void close_desk(struct desk *d)
{
    crew_free(d->c);
    buf_fini(&d->out);
}

/* Queries, answers and segments with heads that never end, of some hundred clients in any order; `records` in an answer. */
static void put_frame(struct chance *c, struct buf *frame, unsigned records)
{
    uint32_t who = chance_below(c, 300);
    struct ip client = packets_v4(0xc0000200 + who % 7), server = packets_v4(0xc6336400 + who % 5);
    uint16_t port = (uint16_t)(40000 + who);
    char name[64];
    struct buf b;
    buf_init(&b, 1 << 20);
    snprintf(name, sizeof name, "host-%u.example", chance_below(c, 1000));
    if (records || who % 3 == 0) {
        packets_put_dns_answer(&b, (uint16_t)who, name, 0xcb007105, records ? records : 2);
        packets_put_udp_frame(frame, &server, &client, 53, port, buf_span(&b));
    } else {
        buf_printf(&b, "GET /%s HTTP/1.1\r\nHost: %s\r\n%s", name, name, who % 3 == 1 ? "\r\n" : "X: ");
        struct packets_tcp h = {.sport = port, .dport = 80, .seq = chance_below(c, 4000), .flags = TCP_ACK};
        packets_put_tcp_frame(frame, &client, &server, &h, buf_span(&b));
    }
    buf_fini(&b);
}

static void send_all(struct desk *d, uint32_t source, size_t n, unsigned records)
{
    struct chance c = chance_of(source + 1);
    struct buf frame;
    int64_t ts_ns = START_S * INT64_C(1000000000);
    buf_init(&frame, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        buf_reset(&frame);
        put_frame(&c, &frame, records);
        ts_ns += chance_below(&c, 1000) == 0 ? INT64_C(400000000000) : 1000000;
        uint8_t *exact = packets_exact(buf_span(&frame));
        struct packet pkt = {.bytes = span_of(exact, frame.len),
                             .wire_len = (uint32_t)frame.len,
                             .source = source,
                             .link = LINK_ETHERNET,
                             .number = i + 1,
                             .ts_ns = ts_ns};
        crew_packets(d->c, &pkt, 1);
        free(exact); /* a crew keeps none of the caller's bytes */
    }
    buf_fini(&frame);
}

static void run(struct desk *d, unsigned n, bool is_joined, size_t packets, unsigned records)
{
    open_desk(d, n, (struct worker_options){.writes_events = true, .is_joined = is_joined}, 0);
    for (uint32_t source = 0; source < 2; source++) {
        send_all(d, source, packets, records);
        crew_end_source(d->c);
    }
    crew_end_run(d->c);
}

static void assert_same(unsigned n, bool is_joined, size_t packets, unsigned records)
{
    struct desk one, many;
    uint64_t n_packets, n_alerts;
    run(&one, 1, is_joined, packets, records);
    run(&many, n, is_joined, packets, records);
    assert_int_equal(one.out.len, many.out.len);
    assert_memory_equal(one.out.ptr, many.out.ptr, one.out.len);
    assert_memory_equal(crew_stats(one.c), crew_stats(many.c), sizeof(struct stats));
    assert_true(stats_sums_hold(crew_stats(many.c)));
    crew_progress(many.c, &n_packets, &n_alerts);
    assert_int_equal(n_packets, 2 * packets);
    close_desk(&one);
    close_desk(&many);
}

static void test_same_from_any_number(void **state)
{
    (void)state;
    static const unsigned numbers[] = {2, 3, 8};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_same(numbers[i], false, PACKETS, 0);
        assert_same(numbers[i], true, PACKETS, 0);
    }
}

/* Answers of a thousand records: a block's lines are many times what a pile holds. */
static void test_piles_outgrown(void **state)
{
    (void)state;
    assert_same(2, false, 150, 1000);
    assert_same(5, false, 150, 1000);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, 4, (struct worker_options){0}, 0);
    crew_end_source(d.c);
    crew_end_source(d.c);
    crew_end_run(d.c);
    assert_int_equal(crew_stats(d.c)->packets, 0);
    assert_int_equal(d.n_writes, 0);
    assert_null(crew_list_hits(d.c));
    assert_null(crew_allow_hits(d.c));
    close_desk(&d);
    crew_free(NULL);
}

/* No end: what was dealt out is done with, or not, but nothing hangs. */
static void test_left_in_the_middle(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        struct desk d;
        open_desk(&d, n, (struct worker_options){.writes_events = true}, 0);
        send_all(&d, 0, 7000, 0);
        close_desk(&d);
    }
}

/* Refused once, nothing more is offered, and all goes on to its end. */
static void test_broken_output(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        struct desk d;
        open_desk(&d, n, (struct worker_options){.writes_events = true}, 2);
        send_all(&d, 0, PACKETS, 0);
        crew_end_run(d.c);
        assert_true(crew_output_is_broken(d.c));
        assert_int_equal(d.n_writes, 2);
        assert_int_equal(crew_stats(d.c)->packets, PACKETS);
        close_desk(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_from_any_number), cmocka_unit_test(test_piles_outgrown),
        cmocka_unit_test(test_nothing_to_do),        cmocka_unit_test(test_left_in_the_middle),
        cmocka_unit_test(test_broken_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
