/* tcp.c and flow.c, evasion: SYN, FIN and RST that their receiver never saw or did not believe must end nothing; and ends that are true
 * must not tie two connections together. */
#include "sensor/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/conversation.h"

#define REQUEST "GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n"
enum { LEN = sizeof REQUEST - 1 };

static void begin(struct conversation *c)
{
    conversation_begin(c, 80, NULL);
    buf_put_str(&c->stream[0], REQUEST REQUEST);
    buf_put_str(&c->stream[1], "HTTP/1.1 204 No\r\n\r\n");
    conversation_open(c);
}

/* Ends the conversation. It was one flow, with so many requests that name the host. */
static void expect_requests(struct conversation *c, uint32_t n)
{
    uint32_t n_named = 0;
    conversation_close(c);
    for (uint32_t i = 0; i < c->events.n; i++)
        n_named += c->events.items[i]->kind == EVENT_HTTP_REQUEST &&
                   span_eq(c->events.items[i]->http_request->host, SPAN_LIT("evil.example"));
    assert_int_equal(n_named, n);
    assert_true(stats_sums_hold(&c->stats));
    conversation_fini(c);
}

static void control(struct conversation *c, unsigned sender, uint8_t flags, uint32_t seq)
{
    conversation_packet(c, sender, flags, seq, span_of(NULL, 0), 0);
}

/* A FIN or RST with every kind of number, before a request and at each place within. */
static void test_decoy_ends(void **state)
{
    (void)state;
    static const uint8_t flags[] = {TCP_FIN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK,
                                    TCP_FIN | TCP_RST | TCP_PSH};
    static const int32_t off[] = {0, 1, -1, 1000, -1000, 1 << 20, INT32_MIN};
    for (size_t f = 0; f < sizeof flags; f++)
        for (size_t o = 0; o < sizeof off / sizeof *off; o++)
            for (size_t cut = 0; cut <= LEN; cut += 3)
                for (unsigned sender = 0; sender < 2; sender++) {
                    struct conversation c;
                    begin(&c);
                    if (cut)
                        conversation_send(&c, 0, TCP_ACK, 0, cut);
                    uint32_t next = sender ? c.isn[1] + 1 : c.isn[0] + 1 + (uint32_t)cut;
                    control(&c, sender, flags[f], next + (uint32_t)off[o]);
                    if (cut < LEN)
                        conversation_send(&c, 0, TCP_ACK, cut, LEN - cut);
                    conversation_send(&c, 0, TCP_ACK, LEN, LEN);
                    assert_int_equal(c.n_flows, 1);
                    expect_requests(&c, 2);
                }
}

/* A SYN with far-off numbers in the middle of a head. */
static void test_decoy_syn(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < LEN; cut += 5) {
        struct conversation c;
        begin(&c);
        conversation_send(&c, 0, TCP_ACK, 0, cut);
        control(&c, 0, TCP_SYN, c.isn[0] + 0x12345678);
        conversation_send(&c, 0, TCP_ACK, cut, LEN - cut);
        conversation_send(&c, 0, TCP_ACK, LEN, LEN);
        assert_int_equal(c.n_flows, 1);
        expect_requests(&c, 2);
    }
}

/* The same where nothing is held: another flow, in which the request is found all the same. */
static void test_decoy_syn_between(void **state)
{
    (void)state;
    struct conversation c;
    begin(&c);
    conversation_send(&c, 0, TCP_ACK, 0, LEN);
    control(&c, 0, TCP_SYN, c.isn[0] + 0x12345678);
    conversation_send(&c, 0, TCP_ACK, LEN, LEN);
    expect_requests(&c, 2);
}

/* After a decoy SYN before the first bytes numbers are those of a stranger. */
static void test_decoy_syn_first(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, NULL);
    buf_put_str(&c.stream[0], REQUEST REQUEST);
    control(&c, 0, TCP_SYN, 0x77777777);
    conversation_open(&c);
    control(&c, 0, TCP_SYN, 0x22222222);
    conversation_send(&c, 0, TCP_ACK, 0, LEN);
    conversation_send(&c, 0, TCP_ACK, LEN, LEN);
    expect_requests(&c, 2);
}

/* One FIN closes one half: the other goes on, and a repeated SYN is of the same connection. */
static void test_half_closed(void **state)
{
    (void)state;
    struct conversation c;
    begin(&c);
    conversation_send(&c, 1, TCP_ACK | TCP_FIN, 19, 0);
    conversation_send(&c, 0, TCP_SYN, 0, 0);
    conversation_send(&c, 0, TCP_ACK, 0, LEN);
    assert_int_equal(c.n_flows, 1);
    expect_requests(&c, 1);
}

/* Both FINs, an RST, or the FIN of the only side that is seen: the next SYN opens another. */
static void test_reused_ports(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct conversation c;
        conversation_begin(&c, 80, NULL);
        buf_put_str(&c.stream[0], REQUEST);
        conversation_send(&c, 0, TCP_SYN, 0, 0);
        if (how == 0)
            conversation_send(&c, 1, TCP_SYN | TCP_ACK, 0, 0);
        conversation_send(&c, 0, TCP_ACK, 0, LEN);
        conversation_send(&c, 0, how == 1 ? TCP_RST : TCP_FIN | TCP_ACK, LEN, 0);
        if (how == 0)
            conversation_send(&c, 1, TCP_FIN | TCP_ACK, 0, 0);
        c.isn[0] += 5000; /* a little higher, as in TIME-WAIT (RFC 9293, section 3.6.1) */
        conversation_send(&c, 0, TCP_SYN, 0, 0);
        conversation_send(&c, 0, TCP_ACK, 0, LEN);
        assert_int_equal(c.n_flows, 2);
        expect_requests(&c, 2);
    }
}

static void test_simultaneous_open(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, NULL);
    buf_put_str(&c.stream[0], REQUEST);
    conversation_send(&c, 0, TCP_SYN, 0, 0);
    conversation_send(&c, 1, TCP_SYN, 0, 0);
    conversation_send(&c, 0, TCP_SYN | TCP_ACK, 0, 0);
    conversation_send(&c, 1, TCP_SYN | TCP_ACK, 0, 0);
    conversation_send(&c, 0, TCP_ACK, 0, LEN);
    assert_int_equal(c.n_flows, 1);
    expect_requests(&c, 1);
}

/* Bytes before the SYN of the other side came, without ACK, or with flags that make no sense. */
static void test_odd_flags(void **state)
{
    (void)state;
    static const uint8_t flags[] = {TCP_ACK,          0, TCP_PSH, TCP_URG, TCP_ACK | TCP_PSH | TCP_URG,
                                    TCP_RST | TCP_ACK};
    for (size_t i = 0; i < sizeof flags; i++) {
        struct conversation c;
        conversation_begin(&c, 80, NULL);
        buf_put_str(&c.stream[0], REQUEST);
        conversation_send(&c, 0, TCP_SYN, 0, 0);
        conversation_send(&c, 0, flags[i], 0, 20);
        conversation_send(&c, 1, TCP_SYN | TCP_ACK, 0, 0);
        conversation_send(&c, 0, flags[i], 20, LEN - 20);
        assert_int_equal(c.n_flows, 1);
        expect_requests(&c, 1);
    }
}

/* What a FIN made us tell of a head is not told again when nothing more comes. */
static void test_cut_head_is_told_once(void **state)
{
    (void)state;
    struct conversation c;
    begin(&c);
    conversation_send(&c, 0, TCP_ACK, 0, LEN - 4);
    conversation_send(&c, 0, TCP_ACK | TCP_FIN, LEN - 4, 0);
    conversation_send(&c, 0, TCP_ACK | TCP_FIN, LEN - 4, 0);
    assert_int_equal(c.events.n, 1);
    conversation_close(&c);
    assert_int_equal(c.events.n, 1);
    assert_int_equal(c.stats.sessions[SESSION_HTTP], 1);
    conversation_fini(&c);
}

/* The answer to HEAD has no body though nothing says so, and the next one follows at once. */
static void test_answer_to_head(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, NULL);
    buf_put_str(&c.stream[0], "HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    buf_put_str(&c.stream[1], "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n");
    size_t first = c.stream[1].len;
    buf_put_str(&c.stream[1],
                "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n");
    conversation_open(&c);
    conversation_send(&c, 0, TCP_ACK, 0, 1000);
    conversation_send(&c, 1, TCP_ACK, 0, first);
    conversation_send(&c, 1, TCP_ACK, first, 1000);
    conversation_close(&c);
    assert_int_equal(c.events.n, 3);
    assert_int_equal(c.events.items[2]->http_response->status, 302);
    conversation_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoy_ends),
        cmocka_unit_test(test_decoy_syn),
        cmocka_unit_test(test_decoy_syn_between),
        cmocka_unit_test(test_decoy_syn_first),
        cmocka_unit_test(test_half_closed),
        cmocka_unit_test(test_reused_ports),
        cmocka_unit_test(test_simultaneous_open),
        cmocka_unit_test(test_odd_flags),
        cmocka_unit_test(test_cut_head_is_told_once),
        cmocka_unit_test(test_answer_to_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
