/* tcp.c, evasion: bytes that are sent twice and differ. Which of them the receiver reads hangs on what the sensor can't know: a wrong
 * checksum, a short TTL, an old timestamp, an MD5 option, its operating system. So both are told, and agreeing ones once. */
#include "sensor/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/conversation.h"

#define GOOD "GET / HTTP/1.1\r\nHost: good.example\r\n\r\n"
#define EVIL "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"
enum { LEN = sizeof GOOD - 1 };

static void send_text(struct conversation *c, size_t offset, const char *text, size_t len)
{
    conversation_packet(c, 0, TCP_ACK, c->isn[0] + 1 + (uint32_t)offset, span_of(text, len), (uint32_t)len);
}

static void begin(struct conversation *c)
{
    conversation_begin(c, 80, NULL);
    conversation_open(c);
}

/* Ends the conversation: what it said, by host or server name, was these, in this order. */
static void expect_names(struct conversation *c, const char *first, const char *second)
{
    const char *names[] = {first, second};
    uint32_t n = 0;
    conversation_close(c);
    for (size_t i = 0; i < 2 && names[i]; i++, n++) {
        assert_true(n < c->events.n);
        const struct event *e = c->events.items[n];
        struct span name = e->kind == EVENT_TLS_CLIENT ? e->tls_client->sni : e->http_request->host;
        assert_true(span_eq(name, span_str(names[i])));
    }
    assert_int_equal(c->events.n, n);
    assert_int_equal(c->stats.events[EVENT_HTTP_REQUEST] + c->stats.events[EVENT_TLS_CLIENT], n);
    assert_true(stats_sums_hold(&c->stats));
    conversation_fini(c);
}

static void test_whole_message_instead(void **state)
{
    (void)state;
    struct conversation c;
    begin(&c);
    send_text(&c, 0, GOOD, LEN);
    send_text(&c, 0, EVIL, LEN);
    assert_int_equal(c.stats.segments_conflicting, 1);
    send_text(&c, 0, GOOD, LEN); /* once more: nothing new */
    send_text(&c, 0, EVIL, LEN);
    expect_names(&c, "good.example", "evil.example");
}

static void test_repeated_message_is_told_once(void **state)
{
    (void)state;
    struct conversation c;
    begin(&c);
    for (int i = 0; i < 5; i++)
        send_text(&c, 0, EVIL, LEN);
    assert_int_equal(c.stats.segments_conflicting, 0);
    expect_names(&c, "evil.example", NULL);
}

/* The same request twice in two places is two requests. */
static void test_equal_messages_are_two(void **state)
{
    (void)state;
    struct conversation c;
    begin(&c);
    send_text(&c, 0, EVIL, LEN);
    send_text(&c, LEN, EVIL, LEN);
    expect_names(&c, "evil.example", "evil.example");
}

/* Cut in two at each byte: the second half comes first as a decoy, and the head was told when the true one comes. */
static void test_second_half_instead(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 22; cut++) {
        struct conversation c;
        begin(&c);
        send_text(&c, 0, EVIL, cut);
        send_text(&c, cut, GOOD + cut, LEN - cut);
        send_text(&c, cut, EVIL + cut, LEN - cut);
        expect_names(&c, "good.example", "evil.example");
    }
}

/* The decoy comes first, and before it is whole the true half. */
static void test_first_half_instead(void **state)
{
    (void)state;
    for (size_t cut = 26; cut < LEN; cut++) {
        struct conversation c;
        begin(&c);
        send_text(&c, 0, GOOD, cut);
        send_text(&c, 0, EVIL, cut);
        send_text(&c, cut, EVIL + cut, LEN - cut);
        expect_names(&c, "good.example", "evil.example");
    }
}

/* Both halves of a part that lies ahead of a hole. */
static void test_ahead_of_a_hole(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 22; cut++) {
        struct conversation c;
        begin(&c);
        send_text(&c, cut, GOOD + cut, LEN - cut);
        send_text(&c, cut, EVIL + cut, LEN - cut);
        send_text(&c, 0, EVIL, cut);
        expect_names(&c, "good.example", "evil.example");
    }
}

/* Segments that overlap by any number of bytes, the shared ones being other each time. */
static void test_partial_overlap(void **state)
{
    (void)state;
    for (size_t back = 1; back < 12; back++) {
        struct conversation c;
        begin(&c);
        send_text(&c, 0, GOOD, 34);
        send_text(&c, 34 - back, EVIL + 34 - back, LEN - 34 + back);
        conversation_close(&c);
        bool differs = back > 8; /* the names differ in bytes 22 to 25 */
        assert_int_equal(c.stats.segments_conflicting, differs);
        assert_int_equal(c.events.n, differs ? 2 : 1);
        conversation_fini(&c);
    }
}

/* Bytes of no message in a bare ACK or a keep-alive probe, where the message then begins. */
static void test_junk_before(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "x", "\0", "GET / HTT", "HTTP/1.1 200 OK\r\n\r\n", "\x16\x03\x01\x02\0\x01", "SSH-2.0-x\r\n"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        struct conversation c;
        begin(&c);
        send_text(&c, 0, junk[i], strlen(junk[i]) ? strlen(junk[i]) : 1);
        send_text(&c, 0, EVIL, LEN);
        conversation_close(&c);
        bool is_told = false;
        for (uint32_t n = 0; n < c.events.n; n++)
            is_told |= c.events.items[n]->kind == EVENT_HTTP_REQUEST &&
                       span_eq(c.events.items[n]->http_request->host, SPAN_LIT("evil.example"));
        assert_true(is_told);
        assert_true(stats_sums_hold(&c.stats));
        conversation_fini(&c);
    }
}

static void test_keep_alive_probe(void **state)
{
    (void)state;
    struct conversation c;
    begin(&c);
    send_text(&c, 0, EVIL, 10);
    for (int i = 0; i < 3; i++)
        send_text(&c, 9, "\0", 1); /* the byte before what is next, as RFC 9293 has it, with whatever in it */
    send_text(&c, 10, EVIL + 10, LEN - 10);
    expect_names(&c, "evil.example", NULL);
}

/* The hello is told and its direction is done when the true one comes in its place. */
static void test_hello_instead(void **state)
{
    (void)state;
    struct buf good, evil;
    struct conversation c;
    buf_init(&good, 4096);
    buf_init(&evil, 4096);
    talks_put_hello(&good, false, "good.example", 1, 16384);
    talks_put_application_data(&good);
    talks_put_hello(&evil, false, "evil.example", 2, 16384);
    conversation_begin(&c, 443, NULL);
    conversation_open(&c);
    send_text(&c, 0, (const char *)good.ptr, good.len);
    assert_null(c.events.n > 1 ? c.events.items[1] : NULL);
    send_text(&c, 0, (const char *)evil.ptr, evil.len);
    send_text(&c, 0, (const char *)good.ptr, good.len);
    assert_int_equal(c.stats.segments_conflicting, 1);
    expect_names(&c, "good.example", "evil.example");
    buf_fini(&good);
    buf_fini(&evil);
}

/* DNS over TCP: each message is a session, and is counted once. */
static void test_dns_instead(void **state)
{
    (void)state;
    static const char *const names[] = {"good.example", "evil.example", "good.example"};
    struct conversation c;
    conversation_begin(&c, 53, NULL);
    conversation_open(&c);
    for (size_t i = 0; i < 3; i++) {
        struct buf b;
        buf_init(&b, 4096);
        size_t message = packets_begin(&b, 2);
        packets_put_dns_query(&b, 7, names[i]);
        packets_end(&b, message, 2);
        send_text(&c, 0, (const char *)b.ptr, b.len);
        buf_fini(&b);
    }
    conversation_close(&c);
    assert_int_equal(c.events.n, 2);
    assert_int_equal(c.stats.sessions[SESSION_DNS], 2);
    assert_true(stats_sums_hold(&c.stats));
    conversation_fini(&c);
}

/* A body is no message, whatever comes in its place. */
static void test_body_is_no_message(void **state)
{
    (void)state;
    static const char head[] = "POST / HTTP/1.1\r\nHost: good.example\r\nContent-Length: 40\r\n\r\n";
    struct conversation c;
    begin(&c);
    send_text(&c, 0, head, strlen(head));
    send_text(&c, strlen(head), EVIL, LEN);
    send_text(&c, strlen(head), EVIL, LEN);
    expect_names(&c, "good.example", NULL);
}

/* A decoy's length would make a body of the requests that follow. */
static void test_decoy_with_a_body(void **state)
{
    (void)state;
    static const char decoy[] = "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n";
    struct conversation c;
    begin(&c);
    send_text(&c, 0, decoy, strlen(decoy));
    send_text(&c, 0, GOOD, LEN);
    send_text(&c, LEN, EVIL, LEN);
    conversation_close(&c);
    assert_int_equal(c.events.n, 3);
    assert_true(span_eq(c.events.items[2]->http_request->host, SPAN_LIT("evil.example")));
    conversation_fini(&c);
}

/* Most receivers take the urgent byte out of the stream. */
static void test_urgent_byte(void **state)
{
    (void)state;
    for (uint16_t at = 0; at < LEN; at++) {
        struct conversation c;
        char text[LEN + 1];
        memcpy(text, EVIL, at);
        text[at] = '!';
        memcpy(text + at + 1, EVIL + at, LEN - at);
        begin(&c);
        c.urgent = at + 1u;
        send_text(&c, 0, text, sizeof text);
        conversation_close(&c);
        bool is_told = false;
        for (uint32_t n = 0; n < c.events.n; n++)
            is_told |= span_eq(c.events.items[n]->http_request->host, SPAN_LIT("evil.example")) &&
                       span_eq(c.events.items[n]->http_request->target, SPAN_LIT("/")) &&
                       span_eq(c.events.items[n]->http_request->method, SPAN_LIT("GET"));
        assert_true(is_told);
        assert_true(stats_sums_hold(&c.stats));
        conversation_fini(&c);
    }
}

/* A request cut anywhere, now and then a piece that repeats bytes or comes twice, and behind or before each the same piece of
 * a decoy: what is true is told. */
static void test_random_decoys(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct chance random = chance_of(seed);
        struct conversation c;
        bool is_told = false, is_before = chance_below(&random, 2);
        begin(&c);
        for (size_t at = 0; at < LEN;) {
            size_t len = 1 + chance_below(&random, LEN);
            len = len < LEN - at ? len : LEN - at;
            if (is_before)
                send_text(&c, at, GOOD + at, len);
            send_text(&c, at, EVIL + at, len);
            if (chance_below(&random, 4) == 0)
                send_text(&c, at, EVIL + at, len);
            if (!is_before)
                send_text(&c, at, GOOD + at, len);
            at += len;
        }
        conversation_close(&c);
        for (uint32_t i = 0; i < c.events.n; i++)
            is_told |= c.events.items[i]->kind == EVENT_HTTP_REQUEST &&
                       span_eq(c.events.items[i]->http_request->host, SPAN_LIT("evil.example"));
        if (!is_told)
            fail_msg("seed %llu: not told", (unsigned long long)seed);
        assert_true(stats_sums_hold(&c.stats));
        conversation_fini(&c);
    }
}

/* Without a buffer to spare there is one reading, and no harm. */
static void test_no_buffer(void **state)
{
    (void)state;
    struct conversation c;
    conversation_begin(&c, 80, &(struct tcp_options){.directions_max = 4, .buffer_cap_bytes = 2048});
    conversation_open(&c);
    send_text(&c, 0, EVIL, 30);
    send_text(&c, 0, GOOD, 30);
    send_text(&c, 30, EVIL + 30, LEN - 30);
    conversation_close(&c);
    assert_true(c.events.n >= 1);
    assert_true(stats_sums_hold(&c.stats));
    conversation_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_message_instead),
        cmocka_unit_test(test_repeated_message_is_told_once),
        cmocka_unit_test(test_equal_messages_are_two),
        cmocka_unit_test(test_second_half_instead),
        cmocka_unit_test(test_first_half_instead),
        cmocka_unit_test(test_ahead_of_a_hole),
        cmocka_unit_test(test_partial_overlap),
        cmocka_unit_test(test_junk_before),
        cmocka_unit_test(test_keep_alive_probe),
        cmocka_unit_test(test_hello_instead),
        cmocka_unit_test(test_dns_instead),
        cmocka_unit_test(test_body_is_no_message),
        cmocka_unit_test(test_decoy_with_a_body),
        cmocka_unit_test(test_urgent_byte),
        cmocka_unit_test(test_random_decoys),
        cmocka_unit_test(test_no_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
