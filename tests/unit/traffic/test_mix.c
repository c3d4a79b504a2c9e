/* mix.c: packets of many conversations in the order of their times, none left out. */
#include "traffic/mix.h"

#include "tests/unit/traffic/read_back.h"

struct source {
    struct contact_stock stock;
    struct dice dice;
    unsigned n_left, n_made;
    int64_t start_ns;
    unsigned tricks;
    uint16_t fragment_bytes;
};

static bool next_contact(void *to, struct contact *c)
{
    struct source *s = to;
    char name[CONTACT_NAME_MAX];
    struct way way = {.start_ns = s->start_ns, .tricks = s->tricks, .fragment_bytes = s->fragment_bytes};
    if (s->n_left == 0)
        return false;
    s->n_left--;
    s->n_made++;
    s->start_ns += dice_below(&s->dice, 5000000);
    ip_parse_v4(SPAN_LIT("192.0.2.10"), &way.client);
    ip_parse_v4(SPAN_LIT("198.51.100.20"), &way.server);
    struct contact_wish w = {
        .type = IOC_DOMAIN, .by = (enum contact_by)(s->n_made % 4), .answer_bytes = s->n_made % 3 ? 5000 : 0};
    w.value = span_of(name, contact_name(&s->dice, name));
    assert_true(contact_make(c, &s->stock, &w, &way, &s->dice));
    return true;
}

struct run {
    uint64_t n_packets, n_bytes, hash;
    uint64_t n_sessions;
};

static struct run run_mix(uint32_t talks_max, unsigned n, unsigned tricks, uint16_t fragment_bytes)
{
    struct source s = {.dice = dice_of(4),
                       .n_left = n,
                       .start_ns = INT64_C(1767225600000000000),
                       .tricks = tricks,
                       .fragment_bytes = fragment_bytes};
    struct read_back_worker w;
    struct run r = {0};
    struct packet pkt;
    int64_t last_ns = 0;
    assert_true(contact_stock_init(&s.stock, 2));
    struct mix *m = mix_new(talks_max, next_contact, &s);
    assert_non_null(m);
    read_back_open(&w, IOC_DOMAIN, MATCH_SUFFIX, SPAN_LIT("example"), 0);
    while (mix_next(m, &pkt)) {
        assert_true(pkt.ts_ns >= last_ns);
        assert_int_equal(pkt.number, r.n_packets + 1);
        last_ns = pkt.ts_ns;
        r.n_packets++;
        r.n_bytes += pkt.bytes.len;
        for (size_t i = 0; i < pkt.bytes.len; i++)
            r.hash = r.hash * 31 + pkt.bytes.ptr[i];
        worker_packet(w.worker, pkt.link, &pkt);
    }
    worker_end_source(w.worker);
    assert_true(stats_sums_hold(worker_stats(w.worker)));
    for (unsigned i = 0; i < SESSION_COUNT; i++)
        r.n_sessions += worker_stats(w.worker)->readable[i];
    assert_false(mix_next(m, &pkt));
    assert_int_equal(s.n_made, n);
    mix_free(m);
    read_back_close(&w);
    contact_stock_fini(&s.stock);
    return r;
}

static void test_in_order(void **state)
{
    (void)state;
    struct run many = run_mix(500, 300, 0, 0), again = run_mix(500, 300, 0, 0), few = run_mix(3, 300, 0, 0),
               one = run_mix(1, 300, 0, 0);
    assert_memory_equal(&many, &again, sizeof many);
    assert_true(many.hash != few.hash);
    assert_int_equal(many.n_bytes, few.n_bytes);
    assert_int_equal(many.n_packets, one.n_packets);
    assert_true(many.n_sessions >= 300);
    assert_int_equal(many.n_sessions, one.n_sessions);
}

static void test_one_sided_and_fragments(void **state)
{
    (void)state;
    struct run whole = run_mix(50, 100, 0, 0), half = run_mix(50, 100, TRICK_SERVER_UNSEEN, 0),
               cut = run_mix(50, 100, 0, 512);
    assert_true(half.n_packets < whole.n_packets);
    assert_true(cut.n_packets > whole.n_packets);
    assert_int_equal(cut.n_sessions, whole.n_sessions);
}

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_mix(5, 0, 0, 0).n_packets, 0);
    assert_int_equal(run_mix(5, 3, TRICK_SERVER_UNSEEN | TRICK_CLIENT_UNSEEN, 0).n_packets, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_one_sided_and_fragments),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
