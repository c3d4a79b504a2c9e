/* intake.c: arrivals in order and numbered, when epochs end and by which clock, and that refused packets are counted and go no further. */
#include "sensor/intake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/packets.h"

enum { START_S = 1767323045 };
#define SECOND INT64_C(1000000000)

struct desk {
    struct intake *in;
    struct stats stats;
    struct buf frame;
    uint64_t number, n_arrived, last_turn;
    size_t n_epochs;
    int64_t clock_ns; /* of the last epoch */
};

static void take_arrivals(void *to, const struct arrival *const *arrivals, size_t n)
{
    struct desk *d = to;
    assert_in_range(n, 1, ARRIVALS_AHEAD);
    for (size_t i = 0; i < n; i++) {
        const struct arrival *a = arrivals[i];
        assert_int_equal(a->turn, ++d->last_turn);
        assert_int_equal(a->moment.number, a->turn);
        assert_int_equal(a->key.port[a->key.side], a->decoded.sport);
        assert_true(a->key.hash == flow_key_of(&a->decoded, 5).hash);
        d->n_arrived++;
    }
}

static void take_epoch(void *to, int64_t clock_ns)
{
    struct desk *d = to;
    assert_int_equal(d->n_arrived, d->stats.processed); /* none is still on its way */
    d->n_epochs++;
    d->clock_ns = clock_ns;
}

static void open_desk(struct desk *d)
{
    *d = (struct desk){0};
    d->in = intake_new(&(struct intake_options){
        .seed = 5, .stats = &d->stats, .arrived = take_arrivals, .epoch_ended = take_epoch, .to = d});
    assert_non_null(d->in);
    struct ip src = packets_v4(0xc0000201), dst = packets_v4(0xc6336402);
    buf_init(&d->frame, 4096);
    packets_put_udp_frame(&d->frame, &src, &dst, 40000, 53, SPAN_LIT("nothing"));
}

static void close_desk(struct desk *d)
{
    intake_free(d->in);
    buf_fini(&d->frame);
}

static void send(struct desk *d, int64_t ts_ns)
{
    struct packet pkt = {.bytes = buf_span(&d->frame),
                         .wire_len = (uint32_t)d->frame.len,
                         .link = LINK_ETHERNET,
                         .number = ++d->number,
                         .ts_ns = ts_ns};
    intake_packets(d->in, &pkt, 1);
}

static void test_epochs_of_packets(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    for (int i = 0; i < 3 * EPOCH_PACKETS; i++) {
        assert_int_equal(d.n_epochs, i / EPOCH_PACKETS);
        send(&d, START_S * SECOND + i);
    }
    assert_int_equal(d.n_epochs, 3);
    assert_int_equal(d.clock_ns, START_S * SECOND + 2 * EPOCH_PACKETS);
    intake_end_epoch(d.in); /* nothing is in it */
    assert_int_equal(d.n_epochs, 3);
    send(&d, START_S * SECOND);
    intake_end_epoch(d.in);
    assert_int_equal(d.n_epochs, 4);
    close_desk(&d);
}

static void test_epochs_of_seconds(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    for (int i = 0; i < 2 * EPOCH_PACKETS_MIN; i++) {
        assert_int_equal(d.n_epochs, i / EPOCH_PACKETS_MIN);
        send(&d, (START_S + i) * SECOND);
    }
    assert_int_equal(d.n_epochs, 2);
    assert_int_equal(d.clock_ns, (START_S + EPOCH_PACKETS_MIN) * SECOND);
    close_desk(&d);
}

/* The earliest counts; no time, or one that can't be, does not. */
static void test_clock(void **state)
{
    static const int64_t times[] = {0, START_S * SECOND, INT64_MAX, (START_S - 9) * SECOND, -1, INT64_MIN, 0};
    (void)state;
    struct desk d;
    open_desk(&d);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        send(&d, times[i]);
    intake_end_epoch(d.in);
    assert_int_equal(d.clock_ns, (START_S - 9) * SECOND);
    send(&d, 0);
    intake_end_epoch(d.in);
    assert_int_equal(d.n_epochs, 2);
    assert_int_equal(d.clock_ns, 0);
    close_desk(&d);
}

static void test_refused(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    struct packet pkt = {
        .bytes = SPAN_LIT("short"), .wire_len = 5, .link = LINK_ETHERNET, .number = 1, .ts_ns = 1};
    intake_packets(d.in, &pkt, 1);
    pkt.link = LINK_OTHER;
    intake_packets(d.in, &pkt, 1);
    assert_int_equal(d.n_arrived, 0);
    assert_int_equal(d.stats.packets, 2);
    assert_true(stats_sums_hold(&d.stats));
    intake_end_run(d.in);
    assert_int_equal(d.n_epochs, 0);
    intake_end_epoch(d.in);
    assert_int_equal(d.n_epochs, 0);
    close_desk(&d);
    intake_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epochs_of_packets),
        cmocka_unit_test(test_epochs_of_seconds),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
