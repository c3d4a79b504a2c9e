/* talk.c: the packets of a conversation one by one, and what an endpoint would make of them. */
#include "traffic/talk.h"

#include "tests/unit/traffic/read_back.h"
#include "traffic/dice.h"

static struct talk_room room;

static struct way plain(void)
{
    struct way w = {.client_port = 40000,
                    .server_port = 80,
                    .start_ns = 1000,
                    .gap_ns = 10,
                    .wait_ns = 100,
                    .client_seq = 1000,
                    .server_seq = 5000};
    ip_parse_v4(SPAN_LIT("192.0.2.1"), &w.client);
    ip_parse_v4(SPAN_LIT("198.51.100.2"), &w.server);
    return w;
}

/* One side's stream as it would be put together: bytes that came first stay. */
struct side {
    uint32_t start;
    bool is_known, has_fin;
    uint8_t bytes[65536];
    bool is_there[65536];
    uint32_t end;
};

static struct side sides[2];

static void take(const struct decoded *d)
{
    struct side *s = &sides[d->sport == 80];
    uint32_t seq = d->tcp_seq + (d->tcp_flags & TCP_SYN ? 1 : 0);
    if (!s->is_known) {
        s->start = d->sport == 80 ? 5001 : 1001;
        s->is_known = true;
    }
    for (size_t i = 0; i < d->payload.len; i++) {
        uint32_t at = seq + (uint32_t)i - s->start;
        if (at >= sizeof s->bytes || s->is_there[at])
            continue;
        s->is_there[at] = true;
        s->bytes[at] = d->payload.ptr[i];
        if (at >= s->end)
            s->end = at + 1;
    }
    s->has_fin |= d->tcp_flags & TCP_FIN;
}

struct told {
    uint32_t side, flags, seq, ack; /* side: 0 the client's */
    int64_t len, ts_ns;             /* no holes: compared as bytes */
};

static struct told told[4096];

static size_t run(struct talk *t)
{
    struct packet pkt;
    size_t n = 0;
    memset(sides, 0, sizeof sides);
    for (; n < sizeof told / sizeof *told && talk_next(t, &room, &pkt); n++) {
        struct decoded d = read_back(&pkt);
        read_back_checksums(span_from(pkt.bytes, 14));
        told[n] = (struct told){d.sport == 80,          d.tcp_flags, d.tcp_seq, d.tcp_ack,
                                (int64_t)d.payload.len, pkt.ts_ns};
        assert_true(n == 0 || pkt.ts_ns >= told[n - 1].ts_ns);
        if (d.proto == 6)
            take(&d);
    }
    assert_false(talk_next(t, &room, &pkt));
    return n;
}

static void expect_stream(unsigned side, struct span bytes)
{
    assert_int_equal(sides[side].end, bytes.len);
    assert_memory_equal(sides[side].bytes, bytes.ptr, bytes.len);
    for (size_t i = 0; i < bytes.len; i++)
        assert_true(sides[side].is_there[i]);
}

static void begin(struct talk *t, const struct way *w)
{
    talk_begin_tcp(t, w);
    assert_true(talk_say(t, TALK_CLIENT, SPAN_LIT("question")));
    assert_true(talk_say(t, TALK_SERVER, SPAN_LIT("the answer")));
}

static void test_whole(void **state)
{
    static const struct told expected[] = {
        {0, TCP_SYN, 1000, 0, 0, 1000},
        {1, TCP_SYN | TCP_ACK, 5000, 1001, 0, 1110},
        {0, TCP_ACK, 1001, 5001, 0, 1220},
        {0, TCP_PSH | TCP_ACK, 1001, 5001, 8, 1230},
        {1, TCP_ACK, 5001, 1009, 0, 1240},
        {1, TCP_PSH | TCP_ACK, 5001, 1009, 10, 1350},
        {0, TCP_ACK, 1009, 5011, 0, 1360},
        {0, TCP_FIN | TCP_ACK, 1009, 5011, 0, 1370},
        {1, TCP_FIN | TCP_ACK, 5011, 1010, 0, 1480},
        {0, TCP_ACK, 1010, 5012, 0, 1590},
    };
    struct talk t;
    struct way w = plain();
    (void)state;
    begin(&t, &w);
    assert_int_equal(run(&t), sizeof expected / sizeof *expected);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_memory_equal(&told[i], &expected[i], sizeof *expected);
}

/* Each way to cut and to reorder gives the same streams. */
static void test_cuts(void **state)
{
    struct talk t;
    (void)state;
    for (unsigned order = ORDER_AS_SENT; order <= ORDER_REVERSED; order++)
        for (uint16_t mss = 1; mss < 10; mss++)
            for (uint16_t cut = 0; cut < 10; cut++)
                for (uint16_t overlap = 0; overlap < 4; overlap++) {
                    struct way w = plain();
                    w.order = order;
                    w.mss = mss;
                    w.cut_at = cut;
                    w.overlap = overlap;
                    begin(&t, &w);
                    run(&t);
                    expect_stream(0, SPAN_LIT("question"));
                    expect_stream(1, SPAN_LIT("the answer"));
                }
}

static void test_tricks(void **state)
{
    static const struct {
        unsigned tricks;
        size_t n_packets;
    } cases[] = {
        {TRICK_NO_OPENING, 7},    {TRICK_NO_CLOSE, 7},    {TRICK_RESET, 8},
        {TRICK_DATA_IN_SYN, 9},   {TRICK_TWICE, 12},      {TRICK_OTHER_BYTES, 11},
        {TRICK_FORGED_RESET, 11}, {TRICK_KEEP_ALIVE, 11}, {TRICK_NO_OPENING | TRICK_DATA_IN_SYN, 7},
    };
    struct talk t;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct way w = plain();
        w.tricks = cases[i].tricks;
        begin(&t, &w);
        assert_int_equal(run(&t), cases[i].n_packets);
        expect_stream(0, SPAN_LIT("question"));
        expect_stream(1, SPAN_LIT("the answer"));
    }
}

static void test_one_sided(void **state)
{
    struct talk t;
    struct way w = plain();
    (void)state;
    w.tricks = TRICK_SERVER_UNSEEN;
    begin(&t, &w);
    assert_int_equal(run(&t), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(told[i].side, 0);
    assert_int_equal(told[1].ts_ns, 1220); /* what nobody sees takes its time */
    expect_stream(0, SPAN_LIT("question"));
    w.tricks = TRICK_CLIENT_UNSEEN;
    begin(&t, &w);
    assert_int_equal(run(&t), 4);
    expect_stream(1, SPAN_LIT("the answer"));
}

static void test_lost(void **state)
{
    struct talk t;
    struct way w = plain();
    (void)state;
    w.tricks = TRICK_FIRST_LOST;
    w.cut_at = 3;
    begin(&t, &w);
    assert_int_equal(run(&t), 10);
    assert_false(sides[0].is_there[0]);
    assert_true(sides[0].is_there[3]);
}

static void test_wrapped_numbers(void **state)
{
    struct talk t;
    struct way w = plain();
    (void)state;
    w.client_seq = 0xfffffffc;
    w.mss = 3;
    begin(&t, &w);
    run(&t);
    assert_int_equal(told[3].seq, 0xfffffffd);
    assert_int_equal(told[4].seq, 0);
}

/* The block again and again, and every second segment is acknowledged. */
static void test_much(void **state)
{
    struct talk t;
    struct way w = plain();
    uint8_t expected[5000];
    size_t n, n_acks = 0;
    (void)state;
    w.mss = 100;
    talk_begin_tcp(&t, &w);
    assert_true(talk_say_much(&t, TALK_SERVER, SPAN_LIT("abcdefg"), sizeof expected));
    n = run(&t);
    for (size_t i = 0; i < sizeof expected; i++)
        expected[i] = (uint8_t)('a' + i % 7);
    expect_stream(1, span_of(expected, sizeof expected));
    for (size_t i = 3; i + 3 < n; i++)
        n_acks += told[i].side == 0;
    assert_int_equal(n_acks, 50 / 2);
    assert_int_equal(told[5].ack, 5001 + 200);
}

/* Whatever a way asks for, each packet has room, with everything around it. */
static void test_largest(void **state)
{
    static uint8_t said[200000];
    static const struct ip outer = {.b = {0x20, 0x01, 0x0d, 0xb8}};
    struct wrapping wrapping = {.n = WRAPPING_MAX};
    struct talk t;
    struct way w = plain();
    struct packet pkt;
    (void)state;
    for (unsigned i = 0; i < WRAPPING_MAX; i++)
        wrapping.layers[i] = (struct wrap){.kind = WRAP_VXLAN, .client = outer, .server = outer};
    w.mss = w.cut_at = w.overlap = 0xffff;
    w.wrapping = &wrapping;
    talk_begin_tcp(&t, &w);
    assert_true(talk_say(&t, TALK_CLIENT, span_of(said, sizeof said)));
    assert_true(talk_say_much(&t, TALK_SERVER, span_of(said, sizeof said), 1000));
    while (talk_next(&t, &room, &pkt))
        assert_int_equal(load_be16(pkt.bytes.ptr + 14 + 4),
                         pkt.bytes.len - 14 - 40); /* the outermost IPv6 header's */
    talk_begin_udp(&t, &w);
    assert_false(talk_say(&t, TALK_CLIENT, span_of(said, FRAME_PAYLOAD_MAX + 1)));
    assert_true(talk_say(&t, TALK_CLIENT, span_of(said, FRAME_PAYLOAD_MAX)));
    assert_true(talk_next(&t, &room, &pkt));
    assert_int_equal(load_be16(pkt.bytes.ptr + 14 + 4), pkt.bytes.len - 14 - 40);
}

/* Any way at all: packets that are whole, within the room, in the order of their times, and an end. */
static void test_any_way(void **state)
{
    static uint8_t said[3000];
    struct dice dice = dice_of(11);
    struct talk t;
    struct packet pkt;
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        struct way w = plain();
        struct wrapping wrapping = {.n = 1, .layers = {{.kind = WRAP_VLAN, .id = i}}};
        int64_t last_ns = 0;
        size_t n = 0;
        w.mss = (uint16_t)(20 + dice_below(&dice, 2000));
        w.cut_at = (uint16_t)dice_below(&dice, 4000);
        w.overlap = (uint16_t)dice_below(&dice, 70);
        w.order = dice_below(&dice, 3);
        w.fragment_order = dice_below(&dice, 3);
        w.fragment_bytes = (uint16_t)(dice_below(&dice, 2) ? 8 + dice_below(&dice, 2000) : 0);
        w.tricks = dice_below(&dice, 2048);
        w.client_seq = (uint32_t)dice_u64(&dice);
        w.wrapping = dice_below(&dice, 2) ? &wrapping : NULL;
        if (dice_below(&dice, 2))
            talk_begin_tcp(&t, &w);
        else
            talk_begin_udp(&t, &w);
        for (unsigned turns = dice_below(&dice, 5); turns--;)
            if (dice_below(&dice, 3))
                talk_say(&t, dice_below(&dice, 2), span_of(said, dice_below(&dice, sizeof said)));
            else
                talk_say_much(&t, dice_below(&dice, 2), span_of(said, 1 + dice_below(&dice, 100)),
                              dice_below(&dice, 9000));
        for (; talk_next(&t, &room, &pkt); n++) {
            struct decoded d = {0};
            enum decode_verdict v = decode_packet(LINK_ETHERNET, &pkt, &d).verdict;
            assert_true(v == DECODE_OK || v == DECODE_FRAGMENT);
            assert_true(pkt.ts_ns >= last_ns);
            last_ns = pkt.ts_ns;
            assert_true(n < 40000);
        }
    }
}

/* Less than a block is bulk data too. */
static void test_part_of_a_block(void **state)
{
    struct talk t;
    struct way w = plain();
    struct packet pkt;
    size_t n = 0;
    (void)state;
    w.mss = 2;
    talk_begin_udp(&t, &w);
    assert_true(talk_say_much(&t, TALK_SERVER, SPAN_LIT("abcdefg"), 5));
    for (; talk_next(&t, &room, &pkt); n++)
        assert_int_equal(read_back(&pkt).payload.len, n < 2 ? 2 : 1);
    assert_int_equal(n, 3);
    assert_false(talk_say_much(&t, TALK_SERVER, SPAN_LIT(""), 5));
}

static void test_datagrams(void **state)
{
    struct talk t;
    struct way w = plain();
    struct packet pkt;
    (void)state;
    talk_begin_udp(&t, &w);
    assert_true(talk_say(&t, TALK_CLIENT, SPAN_LIT("one")));
    assert_true(talk_say(&t, TALK_SERVER, SPAN_LIT("two")));
    assert_true(talk_next(&t, &room, &pkt));
    struct decoded d = read_back(&pkt);
    assert_true(span_eq(d.payload, SPAN_LIT("one")));
    assert_int_equal(t.due_ns, 1110);
    assert_true(talk_next(&t, &room, &pkt));
    d = read_back(&pkt);
    assert_true(span_eq(d.payload, SPAN_LIT("two")));
    assert_int_equal(d.sport, 80);
    assert_false(talk_next(&t, &room, &pkt));

    w.mss = 4;
    w.tricks = TRICK_TWICE;
    talk_begin_udp(&t, &w);
    assert_true(talk_say_much(&t, TALK_SERVER, SPAN_LIT("abc"), 6));
    static const char *const expected[] = {"abca", "abca", "bc", "bc"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(talk_next(&t, &room, &pkt));
        assert_true(span_eq(read_back(&pkt).payload, span_str(expected[i])));
    }
    assert_false(talk_next(&t, &room, &pkt));
}

/* Fragments in any order make the datagram again. */
static void test_fragments(void **state)
{
    struct talk t;
    struct packet pkt;
    uint8_t said[100];
    (void)state;
    memset(said, 'q', sizeof said);
    for (unsigned order = ORDER_AS_SENT; order <= ORDER_REVERSED; order++) {
        struct way w = plain();
        size_t n = 0, n_bytes = 0, n_last = 0;
        w.fragment_bytes = 27; /* 24 */
        w.fragment_order = order;
        talk_begin_udp(&t, &w);
        assert_true(talk_say(&t, TALK_CLIENT, span_of(said, sizeof said)));
        while (talk_next(&t, &room, &pkt)) {
            struct decoded d = {0};
            assert_int_equal(decode_packet(LINK_ETHERNET, &pkt, &d).verdict, DECODE_FRAGMENT);
            assert_int_equal(d.fragment_at % 24, 0);
            n_bytes += d.payload.len;
            n_last += !d.has_more_fragments;
            n++;
            assert_int_equal(talk_is_in_fragments(&t), n < 5);
        }
        assert_int_equal(n, 5);
        assert_int_equal(n_last, 1);
        assert_int_equal(n_bytes, 108);
    }
}

static void test_turns(void **state)
{
    struct talk t;
    struct way w = plain();
    (void)state;
    talk_begin_tcp(&t, &w);
    for (unsigned i = 0; i < TALK_TURNS_MAX; i++)
        assert_true(talk_say(&t, TALK_CLIENT, SPAN_LIT("")));
    assert_false(talk_say(&t, TALK_CLIENT, SPAN_LIT("too much")));
    run(&t);
    expect_stream(0, SPAN_LIT(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),     cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_tricks),    cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_lost),      cmocka_unit_test(test_wrapped_numbers),
        cmocka_unit_test(test_much),      cmocka_unit_test(test_largest),
        cmocka_unit_test(test_any_way),   cmocka_unit_test(test_part_of_a_block),
        cmocka_unit_test(test_datagrams), cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
