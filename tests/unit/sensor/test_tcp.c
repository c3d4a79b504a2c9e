/* tcp.c: whatever happens to the segments on their way, what is understood is what in-order delivery would tell as long as no byte
 * is missing; and when bytes are missing nothing is told that in-order delivery would not tell. */
#include "sensor/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/conversation.h"

enum { SEGMENTS_MAX = 8192 };

struct segment {
    unsigned sender;
    size_t offset, len;
    uint8_t flags;
    uint32_t turn; /* when it comes */
};

struct script {
    struct segment segments[SEGMENTS_MAX];
    size_t n;
};

static void add_segment(struct script *s, struct segment segment)
{
    assert_true(s->n < SEGMENTS_MAX);
    s->segments[s->n++] = segment;
}

static int by_turn(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Cut one side's stream; some segments repeat bytes, some come twice, and each may come up to `late` places too late. */
static void write_side(struct chance *c, struct script *s, unsigned sender, size_t stream_len,
                       uint32_t first_turn, uint32_t late)
{
    uint32_t largest = 1 + chance_below(c, chance_below(c, 3) ? 1460 : 60);
    uint32_t turn = first_turn;
    for (size_t at = 0; at < stream_len;) {
        size_t len = 1 + chance_below(c, largest);
        size_t back = chance_below(c, 4) ? 0 : chance_below(c, 50);
        back = back < at ? back : at;
        struct segment g = {sender, at - back, len + back, TCP_ACK, turn + chance_below(c, late + 1)};
        if (at + len >= stream_len && chance_below(c, 2))
            g.flags |= TCP_FIN;
        add_segment(s, g);
        if (chance_below(c, 8) == 0) {
            g.turn = turn + chance_below(c, late + 1);
            add_segment(s, g);
        }
        at += len;
        turn += 1;
    }
}

/* CONNECT's answer is a tunnel, and SOCKS's answer one, only for who has seen the question. */
static uint32_t server_begins(enum talk client)
{
    return client == TALK_CONNECT || client == TALK_SOCKS ? SEGMENTS_MAX : 0;
}

static void write_script(struct chance *c, struct script *s, const struct conversation *talk,
                         enum talk client, uint32_t late)
{
    s->n = 0;
    write_side(c, s, 0, talk->stream[0].len, 0, late);
    write_side(c, s, 1, talk->stream[1].len, server_begins(client), late);
    qsort(s->segments, s->n, sizeof *s->segments, by_turn);
}

static enum talk random_client(struct chance *c)
{
    return 2 * chance_below(c, TALK_COUNT / 2);
}

/* Start numbers: half of them so that the stream passes over 2^32. */
static void choose_numbers(struct chance *c, struct conversation *talk)
{
    for (unsigned side = 0; side < 2; side++)
        talk->isn[side] = chance_below(c, 2) ? chance_next(c) : 0u - chance_below(c, 3000);
}

static void assert_said(const struct conversation *c, unsigned side, const struct buf *expected,
                        uint64_t seed)
{
    struct buf said;
    conversation_say(c, side, &said);
    if (strcmp((const char *)said.ptr, (const char *)expected->ptr) != 0)
        fail_msg("seed %llu side %u says:\n%s\nnot:\n%s", (unsigned long long)seed, side,
                 (const char *)said.ptr, (const char *)expected->ptr);
    buf_fini(&said);
}

static void assert_invents_nothing(const struct conversation *c, unsigned side, const struct buf *whole,
                                   uint64_t seed)
{
    struct buf said;
    struct span odd;
    conversation_say(c, side, &said);
    if (!talks_is_subset(buf_span(&said), buf_span(whole), &odd))
        fail_msg("seed %llu side %u invents %.*s", (unsigned long long)seed, side, (int)odd.len,
                 (const char *)odd.ptr);
    buf_fini(&said);
}

static void fini_pair(struct buf said[2])
{
    buf_fini(&said[0]);
    buf_fini(&said[1]);
}

static void test_reordered_repeated_overlapping(void **state)
{
    (void)state;
    struct script *s = malloc(sizeof *s);
    for (uint64_t seed = 0; seed < 600; seed++) {
        struct chance random = chance_of(seed);
        struct conversation c;
        struct buf expected[2];
        enum talk client = random_client(&random);
        conversation_say_in_order(client, expected);
        conversation_begin_talk(&c, client);
        choose_numbers(&random, &c);
        write_script(&random, s, &c, client, chance_below(&random, 8));
        conversation_open(&c);
        for (size_t i = 0; i < s->n; i++) {
            const struct segment *g = &s->segments[i];
            conversation_send(&c, g->sender, g->flags, g->offset, g->len);
            conversation_wait_ms(&c, 1);
        }
        conversation_close(&c);
        assert_said(&c, 0, &expected[0], seed);
        assert_said(&c, 1, &expected[1], seed);
        assert_int_equal(c.stats.gaps, 0);
        assert_int_equal(c.stats.streams_limited, 0);
        assert_true(stats_sums_hold(&c.stats));
        conversation_fini(&c);
        fini_pair(expected);
    }
    free(s);
}

/* Lost, cut, late by seconds, begun in the middle. */
static void send_badly(struct chance *random, struct conversation *c, const struct script *s)
{
    uint32_t loss = 2 + chance_below(random, 40), cut = 2 + chance_below(random, 40);
    size_t skip = chance_below(random, 2) ? 0 : chance_below(random, (uint32_t)s->n);
    if (skip == 0 && chance_below(random, 2))
        conversation_open(c);
    for (size_t i = skip; i < s->n; i++) {
        const struct segment *g = &s->segments[i];
        conversation_wait_ms(c, chance_below(random, 10) ? 1 : chance_below(random, 3000));
        if (chance_below(random, loss) == 0)
            continue;
        size_t left = c->stream[g->sender].len - g->offset;
        size_t len = g->len < left ? g->len : left;
        size_t n_cut = chance_below(random, cut) ? 0 : chance_below(random, (uint32_t)len + 1);
        uint8_t flags = chance_below(random, 100) ? g->flags : g->flags | TCP_RST;
        conversation_send_cut(c, g->sender, flags, g->offset, g->len, n_cut);
    }
}

static void test_missing_bytes_invent_nothing(void **state)
{
    (void)state;
    struct script *s = malloc(sizeof *s);
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct chance random = chance_of(seed);
        struct conversation c;
        struct buf whole[2];
        enum talk client = random_client(&random);
        conversation_say_in_order(client, whole);
        conversation_begin_talk(&c, client);
        choose_numbers(&random, &c);
        write_script(&random, s, &c, client, chance_below(&random, 40));
        send_badly(&random, &c, s);
        conversation_close(&c);
        assert_invents_nothing(&c, 0, &whole[0], seed);
        assert_invents_nothing(&c, 1, &whole[1], seed);
        assert_true(stats_sums_hold(&c.stats));
        conversation_fini(&c);
        fini_pair(whole);
    }
    free(s);
}

/* One segment missing at each place in turn: what lies wholly before and after is still told. */
static void test_each_segment_lost(void **state)
{
    (void)state;
    for (size_t lost = 0; lost < 10; lost++) {
        struct conversation c;
        struct buf said;
        conversation_begin(&c, 80, NULL);
        for (int i = 0; i < 10; i++)
            buf_printf(&c.stream[0], "GET /%d HTTP/1.1\r\nHost: n%d.example\r\nCookie: %090d\r\n\r\n", i, i,
                       i);
        size_t one = c.stream[0].len / 10;
        conversation_open(&c);
        for (size_t i = 0; i < 10; i++)
            if (i != lost)
                conversation_send(&c, 0, TCP_ACK, i * one, one);
        conversation_close(&c);
        conversation_say(&c, 0, &said);
        for (int i = 0; i < 10; i++) {
            char host[32];
            snprintf(host, sizeof host, "http.host=n%d.example\n", i);
            assert_int_equal(strstr((const char *)said.ptr, host) != NULL, (size_t)i != lost);
        }
        assert_int_equal(c.stats.gaps, lost < 9);
        buf_fini(&said);
        conversation_fini(&c);
    }
}

/* ---- one thing at a time ---- */

static void begin_requests(struct conversation *c, const struct tcp_options *o)
{
    conversation_begin(c, 80, o);
    buf_put_str(&c->stream[0], "GET /first HTTP/1.1\r\nHost: one.example\r\n\r\n"
                               "GET /other HTTP/1.1\r\nHost: two.example\r\n\r\n");
}

enum { REQUEST = 42 };

static void assert_requests(struct conversation *c, const char *first, const char *second)
{
    const char *expected[] = {first, second};
    uint32_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        if (!expected[i])
            continue;
        assert_true(c->events.n > n);
        assert_int_equal(c->events.items[n]->kind, EVENT_HTTP_REQUEST);
        assert_true(span_eq(c->events.items[n]->http_request->target, span_str(expected[i])));
        n++;
    }
    assert_int_equal(c->events.n, n);
    assert_true(stats_sums_hold(&c->stats));
    conversation_fini(c);
}

static void test_data_with_syn(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_send(&c, 0, TCP_SYN, 0, REQUEST); /* TCP Fast Open */
    assert_int_equal(c.events.n, 1);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

/* Servers without Fast Open throw bytes of a SYN away: what comes in their place counts. */
static void test_junk_with_syn(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_packet(&c, 0, TCP_SYN, c.isn[0], SPAN_LIT("junk"), 4);
    conversation_send(&c, 0, TCP_ACK, 0, 30);
    conversation_send(&c, 0, TCP_ACK, 30, REQUEST - 30);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

/* One byte far off, before or behind, in the middle of a head: what is being read goes on when its numbers do. */
static void test_stray_segment(void **state)
{
    (void)state;
    static const int32_t far_off[] = {70000, 100000, 1 << 20, 800 << 20, -(512 << 20)};
    for (size_t i = 0; i < sizeof far_off / sizeof *far_off; i++)
        for (size_t cut = 0; cut < REQUEST; cut += 7) {
            struct conversation c;
            begin_requests(&c, NULL);
            conversation_open(&c);
            if (cut)
                conversation_send(&c, 0, TCP_ACK, 0, cut);
            conversation_packet(&c, 0, TCP_ACK, c.isn[0] + 1 + (uint32_t)cut + (uint32_t)far_off[i], SPAN_LIT("x"), 1);
            conversation_send(&c, 0, TCP_ACK, cut, REQUEST - cut);
            conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
            conversation_close(&c);
            assert_requests(&c, "/first", "/other");
        }
}

static void test_repeated_syn(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, 30);
    conversation_send(&c, 0, TCP_SYN, 0, 0);
    conversation_send(&c, 0, TCP_ACK, 30, 100);
    conversation_close(&c);
    assert_int_equal(c.n_flows, 1);
    assert_requests(&c, "/first", "/other");
}

static void test_start_in_the_middle(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_send(&c, 0, TCP_ACK, 10, REQUEST - 10);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_close(&c);
    assert_requests(&c, "/other", NULL);
}

/* The first two segments of a capture came in the wrong order. */
static void test_start_in_the_wrong_order(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    buf_put_str(&c.stream[0], "a tail that nobody reads");
    conversation_send(&c, 0, TCP_ACK, 2 * REQUEST, 24);
    conversation_send(&c, 0, TCP_ACK, 0, REQUEST);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

static void test_hole_is_waited_for(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 20, REQUEST);
    conversation_wait_ms(&c, 1900);
    conversation_send(&c, 0, TCP_ACK, 20 + REQUEST, 100);
    assert_int_equal(c.events.n, 0);
    conversation_send(&c, 0, TCP_ACK, 0, 20);
    assert_int_equal(c.events.n, 2);
    assert_int_equal(c.stats.gaps, 0);
    assert_int_equal(c.stats.segments_out_of_order, 2);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

static void test_hole_is_given_up(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    buf_put_str(&c.stream[0], "tail");
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_wait_ms(&c, 2100);
    conversation_send(&c, 0, TCP_ACK, 2 * REQUEST, 4);
    assert_int_equal(c.events.n, 1);
    assert_int_equal(c.stats.gaps, 1);
    assert_true(c.flow->flags & FLOW_LOST);
    conversation_send(&c, 0, TCP_ACK, 0, REQUEST); /* too late */
    conversation_close(&c);
    assert_requests(&c, "/other", NULL);
}

/* The second hole is seen when the first is filled: it has the full time of its own. */
static void test_each_hole_has_its_time(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 10, 10);
    conversation_wait_ms(&c, 1500);
    conversation_send(&c, 0, TCP_ACK, 30, 10);
    conversation_send(&c, 0, TCP_ACK, 0, 10); /* fills the first */
    conversation_wait_ms(&c, 1500);
    conversation_send(&c, 0, TCP_ACK, 40, 10);
    conversation_send(&c, 0, TCP_ACK, 20, 10); /* fills the second */
    conversation_send(&c, 0, TCP_ACK, 50, 100);
    conversation_close(&c);
    assert_int_equal(c.stats.gaps, 0);
    assert_requests(&c, "/first", "/other");
}

/* A start in other numbers forgets how long a hole in the old ones was waited for. */
static void test_other_numbers(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    c.isn[0] = 0x40000000;
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 10, 10);
    conversation_wait_ms(&c, 1000);
    c.isn[0] = 0x10000000;
    conversation_send(&c, 0, TCP_ACK, 0, 10);
    conversation_wait_ms(&c, 1500);
    conversation_send(&c, 0, TCP_ACK, 20, 100);
    conversation_send(&c, 0, TCP_ACK, 10, 10);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

static void test_hole_in_the_end(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, 30);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    assert_int_equal(c.events.n, 0);
    conversation_close(&c); /* what is there is read: the first line, and the other request */
    assert_requests(&c, "/first", "/other");
}

static void test_window_overflows(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, NULL);
    buf_put_str(&c.stream[0], "GET /first HTTP/1.1\r\nHost: one.example\r\n\r\n");
    for (int i = 0; i < 4000; i++)
        buf_put_str(&c.stream[0], "GET /other HTTP/1.1\r\nHost: two.example\r\n\r\n");
    conversation_open(&c);
    for (size_t at = 10; at < c.stream[0].len; at += 1460)
        conversation_send(&c, 0, TCP_ACK, at, 1460);
    assert_true(c.events.n > 0); /* the window was full before the end */
    conversation_close(&c);
    assert_int_equal(c.stats.gaps, 1);
    assert_in_range(c.events.n, 100, 4000);
    assert_true(stats_sums_hold(&c.stats));
    conversation_fini(&c);
}

static void test_too_many_runs(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, NULL);
    for (int i = 0; i < 40; i++)
        buf_put_str(&c.stream[0], "GET /other HTTP/1.1\r\nHost: two.example\r\n\r\n");
    conversation_open(&c);
    for (size_t i = 1; i < 40; i += 2)
        conversation_send(&c, 0, TCP_ACK, i * REQUEST, REQUEST);
    assert_true(c.stats.gaps > 0);
    conversation_close(&c);
    assert_int_equal(c.events.n, 20);
    assert_int_equal(c.stats.gaps, 20);
    conversation_fini(&c);
}

/* Farther ahead than the window: go on there at once. */
static void test_far_ahead(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, REQUEST);
    conversation_packet(&c, 0, TCP_ACK, c.isn[0] + 1 + 500000, SPAN_LIT("GET /far HTTP/1.1\r\n\r\n"), 21);
    conversation_close(&c);
    assert_requests(&c, "/first", "/far");
}

static void test_fin(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK | TCP_FIN, 30, REQUEST - 30); /* before what it ends */
    conversation_send(&c, 0, TCP_ACK, 0, 30);
    conversation_send(&c, 0, TCP_ACK | TCP_FIN, 30, REQUEST - 30);
    conversation_close(&c);
    assert_requests(&c, "/first", NULL);

    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, REQUEST);
    conversation_send(&c, 0, TCP_ACK | TCP_FIN, REQUEST, 0);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST); /* where the FIN was: it was a decoy */
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

/* A FIN takes what is there: a head that is not whole. */
static void test_fin_in_a_head(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, 25);
    assert_int_equal(c.events.n, 0);
    conversation_send(&c, 0, TCP_ACK | TCP_FIN, 25, 0);
    assert_int_equal(c.events.n, 1);
    conversation_close(&c);
    assert_requests(&c, "/first", NULL);
}

static void test_new_connection_on_old_ports(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, 30);
    conversation_send(&c, 0, TCP_RST, 30, 0);
    c.isn[0] = 77;
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST); /* with a hole in front */
    conversation_close(&c);
    assert_int_equal(c.n_flows, 2);
    assert_requests(&c, "/first", "/other");
}

/* ---- what was not captured ---- */

static void test_snaplen_tails(void **state)
{
    (void)state;
    for (size_t n_cut = 1; n_cut <= REQUEST; n_cut++) {
        struct conversation c;
        begin_requests(&c, NULL);
        conversation_open(&c);
        conversation_send_cut(&c, 0, TCP_ACK, 0, REQUEST, n_cut);
        conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
        conversation_close(&c);
        assert_true(c.flow == NULL);
        struct buf said, whole;
        struct span odd;
        conversation_say(&c, 0, &said);
        buf_init(&whole, 4096);
        buf_put_str(
            &whole,
            "request\nhttp.method=GET\nhttp.target=/first\nhttp.target=/other\nhttp.protocol=HTTP/1.1\n"
            "http.host=one.example\nhttp.host=two.example\n");
        assert_true(talks_is_subset(buf_span(&said), buf_span(&whole), &odd));
        assert_non_null(strstr((const char *)said.ptr, "http.host=two.example\n"));
        buf_fini(&said);
        buf_fini(&whole);
        assert_int_equal(c.stats.gaps, 1);
        assert_true(stats_sums_hold(&c.stats));
        conversation_fini(&c);
    }
}

/* A cut tail ahead of a hole is a hole of its own. */
static void test_cut_ahead(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_send_cut(&c, 0, TCP_ACK, 10, 32, 20);
    conversation_send(&c, 0, TCP_ACK, 0, 10);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

/* Cut in the TCP header: the segment's number is not known, so it must not pass for one. */
static void test_cut_header(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_packet(&c, 0, 0, 0, span_of(NULL, 0), 500);
    assert_int_equal(c.stats.gaps, 0);
    conversation_send(&c, 0, TCP_ACK, 0, REQUEST);
    conversation_packet(&c, 0, 0, 0, span_of(NULL, 0), 500);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_close(&c);
    assert_int_equal(c.stats.gaps, 0);
    assert_requests(&c, "/first", "/other");
}

/* ---- limits ---- */

/* The direction that was quiet for longest makes room, and is counted. */
static void test_no_directions_left(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, &(struct tcp_options){.directions_max = 1, .buffer_cap_bytes = 1 << 20});
    buf_put_str(&c.stream[1], "HTTP/1.1 204 No\r\n\r\n");
    conversation_open(&c);
    conversation_send(&c, 1, TCP_ACK, 0, 10); /* takes the only one */
    conversation_send(&c, 0, TCP_ACK, 0, REQUEST);
    assert_int_equal(c.stats.streams_refused, 0);
    assert_int_equal(c.stats.streams_limited, 1);
    assert_true(c.flow->flags & FLOW_LIMIT);
    assert_int_equal(c.events.n, 1);
    conversation_send(&c, 0, TCP_ACK, REQUEST, REQUEST);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

/* Without any buffer whole messages in one segment are still read, from the packet. */
static void test_no_buffers_left(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, &(struct tcp_options){.directions_max = 64, .buffer_cap_bytes = 0});
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, REQUEST);
    assert_int_equal(c.events.n, 1);
    assert_int_equal(c.stats.streams_limited, 0);
    conversation_send(&c, 0, TCP_ACK, REQUEST, 30); /* can't be kept: read as far as it goes */
    assert_int_equal(c.events.n, 2);
    assert_int_equal(c.stats.streams_limited, 1);
    assert_true(c.flow->flags & FLOW_LIMIT);
    conversation_send(&c, 0, TCP_ACK, REQUEST + 30, REQUEST - 30);
    conversation_close(&c);
    assert_requests(&c, "/first", "/other");
}

/* A body's bytes that could be the next head but can't be kept are still counted right. */
static void test_no_buffer_in_a_body(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, &(struct tcp_options){.directions_max = 64, .buffer_cap_bytes = 0});
    buf_put_str(&c.stream[1],
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHTxxxxxxxxHTTP/1.1 204 No\r\n\r\n");
    size_t head_len = strlen("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    conversation_open(&c);
    conversation_send(&c, 1, TCP_ACK, 0, head_len);
    conversation_send(&c, 1, TCP_ACK, head_len, 2);
    conversation_send(&c, 1, TCP_ACK, head_len + 2, 100);
    conversation_close(&c);
    assert_int_equal(c.events.n, 2);
    conversation_fini(&c);
}

/* Segments larger than the window, as offloading makes them. */
static void test_giant_segment(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, NULL);
    buf_put_str(&c.stream[0], "GET /first HTTP/1.1\r\nHost: one.example\r\nCookie: ");
    packets_put_fill(&c.stream[0], 'c', 100000);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, 100);
    conversation_send(&c, 0, TCP_ACK, 100, 99000);
    conversation_close(&c);
    assert_int_equal(c.events.n, 1);
    assert_true(c.stats.streams_limited > 0);
    assert_true(stats_sums_hold(&c.stats));
    conversation_fini(&c);
}

/* Receivers differ in whether the bytes that came first stay: both versions are read. */
static void test_both_versions_count(void **state)
{
    (void)state;
    struct conversation c;
    begin_requests(&c, NULL);
    conversation_open(&c);
    conversation_packet(&c, 0, TCP_ACK, c.isn[0] + 1 + 5, SPAN_LIT("first"), 5);
    conversation_packet(&c, 0, TCP_ACK, c.isn[0] + 1, SPAN_LIT("GET /other HTTP/1.1\r\n\r\n"), 23);
    conversation_close(&c);
    assert_int_equal(c.stats.segments_overlapping, 1);
    assert_int_equal(c.stats.segments_conflicting, 1);
    assert_requests(&c, "/first", "/other");
}

/* A direction that has said all costs nothing more and its slot is free again. */
static void test_done_gives_its_slot_back(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 443, &(struct tcp_options){.directions_max = 1, .buffer_cap_bytes = 1 << 20});
    talks_put(&c.stream[0], TALK_TLS_CLIENT);
    talks_put(&c.stream[1], TALK_TLS_SERVER);
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, 4000);
    conversation_send(&c, 1, TCP_ACK, 0, 4000);
    conversation_send(&c, 0, TCP_ACK, 4000, 4000);
    assert_int_equal(c.events.n, 2);
    assert_int_equal(c.stats.streams_refused, 0);
    conversation_close(&c);
    conversation_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reordered_repeated_overlapping),
        cmocka_unit_test(test_missing_bytes_invent_nothing),
        cmocka_unit_test(test_each_segment_lost),
        cmocka_unit_test(test_data_with_syn),
        cmocka_unit_test(test_junk_with_syn),
        cmocka_unit_test(test_stray_segment),
        cmocka_unit_test(test_repeated_syn),
        cmocka_unit_test(test_start_in_the_middle),
        cmocka_unit_test(test_start_in_the_wrong_order),
        cmocka_unit_test(test_hole_is_waited_for),
        cmocka_unit_test(test_hole_is_given_up),
        cmocka_unit_test(test_each_hole_has_its_time),
        cmocka_unit_test(test_other_numbers),
        cmocka_unit_test(test_hole_in_the_end),
        cmocka_unit_test(test_window_overflows),
        cmocka_unit_test(test_too_many_runs),
        cmocka_unit_test(test_far_ahead),
        cmocka_unit_test(test_fin),
        cmocka_unit_test(test_fin_in_a_head),
        cmocka_unit_test(test_new_connection_on_old_ports),
        cmocka_unit_test(test_snaplen_tails),
        cmocka_unit_test(test_cut_ahead),
        cmocka_unit_test(test_cut_header),
        cmocka_unit_test(test_no_directions_left),
        cmocka_unit_test(test_no_buffers_left),
        cmocka_unit_test(test_no_buffer_in_a_body),
        cmocka_unit_test(test_giant_segment),
        cmocka_unit_test(test_both_versions_count),
        cmocka_unit_test(test_done_gives_its_slot_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
