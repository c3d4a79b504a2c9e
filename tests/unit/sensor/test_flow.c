/* flow.c: one flow for both directions, when a new one begins, what goes when there is no room, and that nothing else goes. */
#include "sensor/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/packets.h"

enum { TCP = 6, UDP = 17, START_S = 1767323045, IDLE_TCP_S = 600, IDLE_UDP_S = 120 };

/* A table, and the flows that went, by the first end's port and id. */
struct house {
    struct flow_table *t;
    uint16_t gone_ports[4096];
    uint64_t gone_ids[4096];
    size_t n_gone;
};

static void note_gone(void *to, struct flow *f)
{
    struct house *h = to;
    h->gone_ports[h->n_gone % 4096] = f->port[0] < f->port[1] ? f->port[1] : f->port[0];
    h->gone_ids[h->n_gone % 4096] = flow_id(f);
    h->n_gone++;
}

static struct house *open_house(uint32_t capacity, uint64_t seed)
{
    struct house *h = calloc(1, sizeof *h);
    h->t = flow_table_new(&(struct flow_table_options){.capacity = capacity,
                                                       .seed = seed,
                                                       .idle_tcp_s = IDLE_TCP_S,
                                                       .idle_udp_s = IDLE_UDP_S,
                                                       .gone = note_gone,
                                                       .gone_to = h});
    assert_non_null(h->t);
    return h;
}

static void close_house(struct house *h)
{
    flow_table_free(h->t);
    free(h);
}

struct found {
    struct flow *flow;
    unsigned side;
    bool is_new;
};

static struct found find(struct house *h, const struct decoded *d, int64_t seconds)
{
    struct found f;
    f.flow = flow_find(h->t, d, seconds * 1000000000, &f.side, &f.is_new);
    assert_non_null(f.flow);
    return f;
}

static struct decoded packet(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport, uint8_t proto)
{
    return (struct decoded){.src = packets_v4(src),
                            .dst = packets_v4(dst),
                            .sport = sport,
                            .dport = dport,
                            .proto = proto,
                            .ip_version = 4};
}

static struct decoded answer_to(struct decoded d)
{
    struct decoded a = d;
    a.src = d.dst;
    a.dst = d.src;
    a.sport = d.dport;
    a.dport = d.sport;
    return a;
}

static void test_both_directions_are_one_flow(void **state)
{
    static const struct {
        uint32_t src;
        uint16_t sport;
        uint32_t dst;
        uint16_t dport;
    } rows[] = {
        {0xc0000201, 40000, 0xc6336402, 80}, {0xc6336402, 40000, 0xc0000201, 80},
        {0xc0000201, 80, 0xc0000201, 81}, /* the ports decide */
        {0xc0000201, 81, 0xc0000201, 80},    {0, 0, 0xffffffff, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct house *h = open_house(64, 0);
        struct decoded d = packet(rows[i].src, rows[i].sport, rows[i].dst, rows[i].dport, TCP),
                       a = answer_to(d);
        struct found there = find(h, &d, START_S), back = find(h, &a, START_S);
        assert_true(there.is_new && !back.is_new);
        assert_ptr_equal(there.flow, back.flow);
        assert_int_equal(there.side, !back.side);
        assert_int_equal(ip_compare(&there.flow->addr[there.side], &d.src), 0);
        assert_int_equal(there.flow->port[there.side], d.sport);
        assert_int_equal(there.flow->port[back.side], d.dport);
        assert_int_equal(flow_count(h->t), 1);
        close_house(h);
    }
}

static void test_other_keys_are_other_flows(void **state)
{
    (void)state;
    struct house *h = open_house(64, 0);
    struct decoded d[] = {
        packet(1, 10, 2, 20, TCP), packet(1, 10, 2, 20, UDP), packet(1, 10, 2, 21, TCP),
        packet(1, 11, 2, 20, TCP), packet(1, 20, 2, 10, TCP), packet(1, 10, 3, 20, TCP),
        packet(1, 10, 2, 20, 132),
    };
    enum { N = sizeof d / sizeof *d };
    uint64_t ids[N];
    for (size_t i = 0; i < N; i++) {
        struct found f = find(h, &d[i], START_S);
        assert_true(f.is_new);
        ids[i] = flow_id(f.flow);
        for (size_t k = 0; k < i; k++)
            assert_true(ids[i] != ids[k]);
    }
    assert_int_equal(flow_count(h->t), N);
    close_house(h);
}

/* Both ends the same: a packet to itself is always from the same side. */
static void test_to_itself(void **state)
{
    (void)state;
    struct house *h = open_house(64, 0);
    struct decoded d = packet(1, 7, 1, 7, UDP);
    struct found first = find(h, &d, START_S), second = find(h, &d, START_S);
    assert_true(first.is_new && !second.is_new);
    assert_int_equal(first.side, second.side);
    close_house(h);
}

static void test_idle(void **state)
{
    static const struct {
        uint8_t proto;
        int64_t after;
        bool is_new;
    } rows[] = {
        {TCP, 0, false},          {TCP, IDLE_TCP_S, false},    {TCP, IDLE_TCP_S + 1, true},
        {UDP, IDLE_UDP_S, false}, {UDP, IDLE_UDP_S + 1, true}, {1, IDLE_UDP_S + 1, true},
        {TCP, -10000, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct house *h = open_house(64, 0);
        struct decoded d = packet(1, 10, 2, 20, rows[i].proto);
        uint64_t id = flow_id(find(h, &d, START_S).flow);
        struct found f = find(h, &d, START_S + rows[i].after);
        assert_int_equal(f.is_new, rows[i].is_new);
        assert_int_equal(flow_id(f.flow) == id, !rows[i].is_new);
        assert_int_equal(h->n_gone, rows[i].is_new);
        assert_int_equal(flow_count(h->t), 1);
        assert_int_equal(flow_evictions(h->t), 0);
        close_house(h);
    }
}

/* Packets that come with older times do not make a flow look idle. */
static void test_time_goes_back(void **state)
{
    (void)state;
    struct house *h = open_house(64, 0);
    struct decoded d = packet(1, 10, 2, 20, UDP);
    find(h, &d, START_S);
    find(h, &d, START_S - 5000);
    assert_false(find(h, &d, START_S + IDLE_UDP_S).is_new);
    close_house(h);
}

static void test_strange_times(void **state)
{
    static const int64_t times[] = {
        0, -1, INT64_MIN, INT64_MAX, INT64_C(4294967296000000000), INT64_C(9000000000000000000)};
    (void)state;
    struct house *h = open_house(64, 0);
    struct decoded d = packet(1, 10, 2, 20, UDP);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        unsigned side;
        bool is_new;
        assert_non_null(flow_find(h->t, &d, times[i], &side, &is_new));
        assert_int_equal(flow_count(h->t), 1);
    }
    close_house(h);
}

/* ---- SYNs ---- */

static void test_syn(void **state)
{
    static const struct {
        const char *what;
        uint8_t flags;
        uint32_t seq; /* next_seq is 1000000 */
        enum flow_side_state side_state;
        uint8_t flow_flags;
        bool is_new;
    } rows[] = {
        {"repeats the first", TCP_SYN, 999999, SIDE_SYNCED, 0, false},
        {"repeats, some data later", TCP_SYN, 999999 - 65536, SIDE_SYNCED, 0, false},
        {"too far behind", TCP_SYN, 999999 - 65537, SIDE_SYNCED, 0, true},
        {"ahead", TCP_SYN, 1000000, SIDE_SYNCED, 0, true},
        {"other numbers, done before", TCP_SYN, 5, SIDE_DONE, 0, true},
        {"nothing known of this side", TCP_SYN, 5, SIDE_NEW, 0, false},
        {"after a reset", TCP_SYN, 999999, SIDE_SYNCED, FLOW_RESET, true},
        {"after a reset, side unknown", TCP_SYN, 5, SIDE_NEW, FLOW_RESET, true},
        {"an answer", TCP_SYN | TCP_ACK, 5, SIDE_SYNCED, FLOW_RESET, false},
        {"no SYN", TCP_ACK, 5, SIDE_SYNCED, FLOW_RESET, false},
        {"with data and more", TCP_SYN | TCP_PSH, 5, SIDE_SYNCED, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct house *h = open_house(64, 0);
        struct decoded d = packet(1, 10, 2, 20, TCP);
        struct found f = find(h, &d, START_S);
        f.flow->next_seq[f.side] = 1000000;
        flow_set_state(f.flow, f.side, rows[i].side_state);
        f.flow->flags |= rows[i].flow_flags;
        d.tcp_flags = rows[i].flags;
        d.tcp_seq = rows[i].seq;
        if (find(h, &d, START_S + 1).is_new != rows[i].is_new)
            fail_msg("SYN: %s", rows[i].what);
        close_house(h);
    }
}

static void test_who_is_the_client(void **state)
{
    static const struct {
        uint8_t proto, flags;
        uint16_t sport, dport;
        bool is_sender, is_known;
    } rows[] = {
        {TCP, TCP_SYN, 10, 40000, true, true},  {TCP, TCP_SYN | TCP_ACK, 40000, 10, false, true},
        {TCP, TCP_ACK, 40000, 80, true, false}, {TCP, TCP_ACK, 80, 40000, false, false},
        {UDP, 0, 53, 40000, false, false},      {UDP, 0, 40000, 53, true, false},
        {UDP, TCP_SYN, 40000, 53, true, false}, {UDP, 0, 5353, 5353, true, false},
        {UDP, 0, 2000, 3000, true, false},      {1, 0, 0, 0, true, false},
        {UDP, 0, 1023, 1024, false, false},     {UDP, 0, 0, 40000, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct house *h = open_house(64, 0);
        struct decoded d = packet(9, rows[i].sport, 2, rows[i].dport, rows[i].proto);
        d.tcp_flags = rows[i].flags;
        struct found f = find(h, &d, START_S);
        assert_int_equal(f.flow->client == f.side, rows[i].is_sender);
        assert_int_equal((f.flow->flags & FLOW_CLIENT_KNOWN) != 0, rows[i].is_known);
        close_house(h);
    }
}

/* ---- no room ---- */

/* Few enough flows that all are looked at: the quietest goes. */
static void test_full_table(void **state)
{
    (void)state;
    enum { CAPACITY = 8 };
    struct house *h = open_house(CAPACITY, 0);
    for (uint16_t i = 0; i < CAPACITY; i++) {
        struct decoded d = packet(1, 10, 2, 1000 + i, TCP);
        find(h, &d, START_S + i);
    }
    struct decoded first = packet(1, 10, 2, 1000, TCP);
    find(h, &first, START_S + 100);
    for (uint16_t i = 0; i < 3; i++) {
        struct decoded d = packet(1, 10, 2, 2000 + i, TCP);
        assert_true(find(h, &d, START_S + 101).is_new);
        assert_int_equal(h->gone_ports[i], 1001 + i);
    }
    assert_int_equal(flow_evictions(h->t), 3);
    assert_int_equal(flow_count(h->t), CAPACITY);
    assert_false(find(h, &first, START_S + 102).is_new);
    close_house(h);
}

static void test_capacity_is_never_exceeded(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity < 300; capacity += 13) {
        struct house *h = open_house(capacity, capacity);
        struct chance c = chance_of(capacity);
        size_t n_new = 0;
        for (int i = 0; i < 3000; i++) {
            struct decoded d = packet(chance_below(&c, 1000), 10, 2, 20, TCP);
            n_new += find(h, &d, START_S + i / 100).is_new;
            assert_true(flow_count(h->t) <= capacity);
            assert_int_equal(flow_count(h->t) + h->n_gone, n_new);
        }
        assert_int_equal(flow_evictions(h->t), h->n_gone);
        close_house(h);
    }
}

/* More flows than a bucket holds meet in one, long before the table is full: its quietest goes, and is counted. */
static void test_full_bucket(void **state)
{
    (void)state;
    uint64_t evictions = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct house *h = open_house(256, seed);
        for (uint32_t i = 0; i < 256; i++) {
            struct decoded d = packet(i, 10, 0xffffffff, 20, TCP);
            find(h, &d, START_S + i / 8);
        }
        assert_int_equal(flow_count(h->t) + h->n_gone, 256);
        assert_int_equal(flow_evictions(h->t), h->n_gone);
        assert_true(h->n_gone < 20);
        evictions += h->n_gone;
        close_house(h);
    }
    assert_true(evictions > 0);
}

/* New flows end no others; when asked for, all go that are idle then, and only those. */
static void test_idle_ones_end(void **state)
{
    (void)state;
    struct house *h = open_house(4096, 0);
    for (uint32_t i = 0; i < 3000; i++) {
        struct decoded d = packet(i, 10, 0xffffffff, 20, i % 3 ? UDP : TCP);
        find(h, &d, START_S + i / 1000);
    }
    flow_table_end_idle(h->t, START_S + IDLE_UDP_S);
    assert_int_equal(h->n_gone, 0);
    flow_table_end_idle(h->t, START_S + IDLE_UDP_S + 2);
    assert_int_equal(h->n_gone, 1333); /* those of the first two seconds */
    flow_table_end_idle(h->t, START_S + IDLE_UDP_S + 2);
    flow_table_end_idle(h->t, START_S - 1);
    flow_table_end_idle(h->t, 0);
    assert_int_equal(flow_count(h->t), 3000 - 1333);
    for (uint32_t i = 0; i < 3000; i++) { /* those that stayed are found, the others' places are free */
        struct decoded d = packet(i, 10, 0xffffffff, 20, i % 3 ? UDP : TCP);
        assert_int_equal(find(h, &d, START_S + IDLE_UDP_S).is_new, i % 3 && i < 2000);
    }
    assert_int_equal(flow_count(h->t), 3000);
    flow_table_end_idle(h->t, START_S + 2 * IDLE_TCP_S);
    assert_int_equal(flow_count(h->t), 0);
    assert_int_equal(flow_evictions(h->t), 0);
    close_house(h);
}

/* By the port, odd ones first come without a rank. */
static uint64_t rank_by_port(void *to, const struct flow *f)
{
    (void)to;
    uint16_t port = f->port[0] < f->port[1] ? f->port[1] : f->port[0];
    return port % 2 ? 0 : 100000u - port;
}

static void test_ranks(void **state)
{
    (void)state;
    struct house *h = calloc(1, sizeof *h);
    h->t = flow_table_new(&(struct flow_table_options){.capacity = 1024,
                                                       .idle_tcp_s = IDLE_TCP_S,
                                                       .idle_udp_s = IDLE_UDP_S,
                                                       .gone = note_gone,
                                                       .gone_to = h,
                                                       .rank = rank_by_port});
    struct chance c = chance_of(3);
    uint16_t ports[500];
    for (uint16_t i = 0; i < 500; i++)
        ports[i] = 1000 + i;
    for (uint32_t i = 500; i > 1; i--) { /* in any order */
        uint32_t at = chance_below(&c, i);
        uint16_t port = ports[at];
        ports[at] = ports[i - 1];
        ports[i - 1] = port;
    }
    for (int i = 0; i < 500; i++) {
        struct decoded d = packet(1, 10, 2, ports[i], TCP);
        find(h, &d, START_S);
    }
    flow_table_clear(h->t);
    assert_int_equal(h->n_gone, 500);
    for (size_t i = 0; i < 250; i++)
        assert_int_equal(h->gone_ports[i] % 2, 1);
    for (size_t i = 0; i < 250; i++)
        assert_int_equal(h->gone_ports[250 + i], 1498 - 2 * i);
    close_house(h);
}

/* Tables that share the flows get about as many each, and use all of their buckets. */
static void test_spread(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 8; n++) {
        unsigned counts[8] = {0}, buckets[8] = {0};
        for (uint32_t i = 0; i < 8000; i++) {
            struct decoded d = packet(i, 10, 2, 53, UDP), back = answer_to(d);
            struct flow_key k = flow_key_of(&d, 7), other = flow_key_of(&back, 7);
            unsigned at = flow_spread(&k, n);
            assert_true(at < n && flow_spread(&other, n) == at);
            counts[at]++;
            buckets[at] += k.hash & 1;
        }
        for (unsigned i = 0; i < n; i++) {
            assert_in_range(counts[i], 8000 / n * 8 / 10, 8000 / n * 12 / 10);
            assert_in_range(buckets[i], counts[i] * 4 / 10, counts[i] * 6 / 10);
        }
    }
}

/* ---- against a naive map ---- */

enum { KEYS = 200000, LOOKS = 600000 };

struct known {
    int64_t last_s;
    uint64_t id;
    bool is_there;
};

static struct decoded key_packet(uint32_t k)
{
    struct decoded d = packet(0x0a000000 + k / 7, (uint16_t)(1024 + k % 7), 0xc0000200 + k % 251,
                              (uint16_t)(k % 3 ? 443 : 53), k % 3 ? TCP : UDP);
    if (k % 5 == 0) {
        d.src = packets_v6((uint8_t)k);
        memcpy(d.src.b + 4, &k, sizeof k);
    }
    return d;
}

static void test_many_flows_against_a_naive_map(void **state)
{
    (void)state;
    struct house *h = open_house(1 << 20, 1234);
    struct known *known = calloc(KEYS, sizeof *known);
    struct chance c = chance_of(5);
    size_t n_new = 0;
    for (int i = 0; i < LOOKS; i++) {
        uint32_t k = chance_below(&c, KEYS);
        int64_t now = START_S + i / 500;
        struct decoded d = key_packet(k), a = answer_to(d);
        struct known *n = &known[k];
        bool is_udp = d.proto == UDP;
        bool is_new = !n->is_there || now - n->last_s > (is_udp ? IDLE_UDP_S : IDLE_TCP_S);
        struct found f = find(h, chance_below(&c, 2) ? &d : &a, now);
        assert_int_equal(f.is_new, is_new);
        if (is_new)
            n->id = flow_id(f.flow);
        assert_true(flow_id(f.flow) == n->id);
        assert_int_equal(f.flow->last_s, now);
        n->last_s = now;
        n->is_there = true;
        n_new += is_new;
    }
    assert_int_equal(flow_evictions(h->t), 0);
    assert_int_equal(flow_count(h->t) + h->n_gone, n_new);
    flow_table_clear(h->t);
    assert_int_equal(h->n_gone, n_new);
    assert_int_equal(flow_count(h->t), 0);
    free(known);
    close_house(h);
}

/* ---- ids and order ---- */

static void test_ids(void **state)
{
    (void)state;
    struct house *a = open_house(64, 1), *b = open_house(1024, 2);
    for (uint32_t i = 0; i < 60; i++) {
        struct decoded d = packet(i, 10, 2, 20, TCP), back = answer_to(d);
        uint64_t id = flow_id(find(a, &d, START_S + i).flow);
        assert_true(id != 0 && id < UINT64_C(1) << 51);
        assert_true(flow_id(find(a, &back, START_S + i + 1).flow) == id);
        /* Neither the table nor the direction seen first matters; the time does. */
        assert_true(flow_id(find(b, &back, START_S + i).flow) == id);
    }
    close_house(a);
    close_house(b);
}

static void fill_randomly(struct house *h)
{
    struct chance c = chance_of(99);
    for (int i = 0; i < 2000; i++) {
        struct decoded d =
            packet(chance_below(&c, 500), 10, 2, (uint16_t)(1000 + chance_below(&c, 100)), TCP);
        find(h, &d, START_S + i);
    }
}

/* The same packets make the same flows go in the same order. */
static void test_order_is_deterministic(void **state)
{
    (void)state;
    struct house *a = open_house(128, 7), *b = open_house(128, 7);
    fill_randomly(a);
    fill_randomly(b);
    flow_table_clear(a->t);
    flow_table_clear(b->t);
    assert_int_equal(a->n_gone, b->n_gone);
    assert_memory_equal(a->gone_ids, b->gone_ids, sizeof a->gone_ids);
    /* A table that was cleared is like a fresh one. */
    size_t n = b->n_gone;
    b->n_gone = 0;
    fill_randomly(b);
    flow_table_clear(b->t);
    assert_int_equal(b->n_gone, n);
    assert_memory_equal(a->gone_ids, b->gone_ids, sizeof a->gone_ids);
    close_house(a);
    close_house(b);
}

static void test_clear_goes_by_age(void **state)
{
    (void)state;
    struct house *h = open_house(64, 3);
    for (uint16_t i = 0; i < 40; i++) {
        struct decoded d = packet(1, 10, 2, 1000 + i, TCP);
        find(h, &d, START_S);
    }
    flow_table_clear(h->t);
    for (uint16_t i = 0; i < 40; i++)
        assert_int_equal(h->gone_ports[i], 1000 + i);
    flow_table_clear(h->t);
    assert_int_equal(h->n_gone, 40);
    close_house(h);
    flow_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_directions_are_one_flow),
        cmocka_unit_test(test_other_keys_are_other_flows),
        cmocka_unit_test(test_to_itself),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_time_goes_back),
        cmocka_unit_test(test_strange_times),
        cmocka_unit_test(test_syn),
        cmocka_unit_test(test_who_is_the_client),
        cmocka_unit_test(test_full_table),
        cmocka_unit_test(test_capacity_is_never_exceeded),
        cmocka_unit_test(test_full_bucket),
        cmocka_unit_test(test_idle_ones_end),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_many_flows_against_a_naive_map),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_order_is_deterministic),
        cmocka_unit_test(test_clear_goes_by_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
