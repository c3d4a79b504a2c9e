/* session.c: one direction's bytes in, events out. The same bytes cut anywhere must tell the same; and a session that told nothing
 * must be accounted for, whatever became of it. */
#include "sensor/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/extract/certificate.h"
#include "tests/unit/sensor/talks.h"

enum { CLIENT_PORT = 40000 };

/* One direction of one flow, its session, and what it said. */
struct hearing {
    struct stats stats;
    struct events events;
    struct flow flow;
    struct moment moment;
    struct session session;
    struct session_context context;
    struct buf pending; /* offered, not done with */
    struct buf said;
};

static void begin(struct hearing *h, uint16_t server_port, bool is_server)
{
    *h = (struct hearing){.flow = {.proto = 6, .port = {CLIENT_PORT, server_port}, .is_used = 1}};
    h->flow.addr[0] = packets_v4(0xc0000201);
    h->flow.addr[1] = packets_v4(0xc6336402);
    assert_true(events_init(&h->events, &h->stats, 16 << 20));
    h->context = (struct session_context){
        .events = &h->events, .flow = &h->flow, .side = is_server, .moment = &h->moment};
    buf_init(&h->pending, 1 << 20);
    buf_init(&h->said, 1 << 20);
}

/* What tcp.c does with a segment: offer what is left and what is new, keep what is not done with. */
static void hear(struct hearing *h, struct span piece)
{
    buf_put(&h->pending, piece);
    uint8_t *exact = packets_exact(buf_span(&h->pending));
    size_t used = session_read(&h->session, &h->context, span_of(exact, h->pending.len), false);
    assert_true(used <= h->pending.len);
    if (used)
        memmove(h->pending.ptr, h->pending.ptr + used, h->pending.len - used);
    h->pending.len -= used;
    free(exact);
}

static void hear_str(struct hearing *h, const char *text)
{
    hear(h, span_str(text));
}

static void hear_last(struct hearing *h)
{
    if (h->pending.len == 0)
        return;
    uint8_t *exact = packets_exact(buf_span(&h->pending));
    assert_int_equal(session_read(&h->session, &h->context, span_of(exact, h->pending.len), true),
                     h->pending.len);
    h->pending.len = 0;
    free(exact);
}

static bool lose(struct hearing *h, uint64_t n)
{
    hear_last(h);
    return session_lose(&h->session, n);
}

/* The end of the flow: what was said, as text that lives until end(). */
static const char *finish(struct hearing *h)
{
    hear_last(h);
    session_account(&h->flow, &h->stats);
    assert_true(stats_sums_hold(&h->stats));
    assert_int_equal(h->stats.events_lost, 0);
    talks_say_events(&h->said, &h->events, 0);
    return (const char *)h->said.ptr;
}

static void end(struct hearing *h)
{
    events_fini(&h->events);
    buf_fini(&h->pending);
    buf_fini(&h->said);
}

static void assert_says(struct hearing *h, const char *expected)
{
    assert_string_equal(finish(h), expected);
    end(h);
}

/* ---- any split of the stream tells the same ---- */

static void begin_talk(struct hearing *h, enum talk t)
{
    begin(h, talks_port(t), talks_is_server(t));
    if (t == TALK_CONNECTED)
        h->flow.flags |= FLOW_TUNNEL; /* as its request leaves it */
    if (t == TALK_SOCKS_REPLIES)
        h->flow.outer = OUTER_SOCKS;
}

static char *say_whole(enum talk t, struct span stream)
{
    struct hearing h;
    begin_talk(&h, t);
    hear(&h, stream);
    char *said = strdup(finish(&h));
    end(&h);
    return said;
}

static void assert_cut_says(enum talk t, struct span stream, size_t at, const char *expected)
{
    struct hearing h;
    begin_talk(&h, t);
    hear(&h, span_first(stream, at));
    hear(&h, span_from(stream, at));
    assert_says(&h, expected);
}

static void assert_crumbs_say(enum talk t, struct span stream, uint64_t seed, const char *expected)
{
    struct hearing h;
    struct chance c = chance_of(seed);
    uint32_t largest = seed ? 1 + chance_below(&c, chance_below(&c, 2) ? 20 : 1500) : 1;
    begin_talk(&h, t);
    while (stream.len) {
        size_t n = 1 + chance_below(&c, largest);
        hear(&h, span_first(stream, n));
        stream = span_from(stream, n);
    }
    assert_says(&h, expected);
}

static void test_any_split_says_the_same(void **state)
{
    (void)state;
    for (enum talk t = 0; t < TALK_COUNT; t++) {
        struct buf stream;
        buf_init(&stream, 1 << 20);
        talks_put(&stream, t);
        char *expected = say_whole(t, buf_span(&stream));
        for (size_t at = 1; at < stream.len; at++)
            assert_cut_says(t, buf_span(&stream), at, expected);
        for (uint64_t seed = 0; seed < 60; seed++)
            assert_crumbs_say(t, buf_span(&stream), seed, expected);
        free(expected);
        buf_fini(&stream);
    }
}

/* A stream that ends anywhere says nothing that the whole does not say, and its sums hold. */
static void test_any_prefix_invents_nothing(void **state)
{
    (void)state;
    for (enum talk t = 0; t < TALK_COUNT; t++) {
        struct buf stream;
        buf_init(&stream, 1 << 20);
        talks_put(&stream, t);
        char *whole = say_whole(t, buf_span(&stream));
        for (size_t len = 0; len < stream.len; len++) {
            struct hearing h;
            struct span odd;
            begin_talk(&h, t);
            hear(&h, span_first(buf_span(&stream), len));
            if (!talks_is_subset(span_str(finish(&h)), span_str(whole), &odd))
                fail_msg("talk %d cut at %zu invents %.*s", (int)t, len, (int)odd.len, (const char *)odd.ptr);
            end(&h);
        }
        free(whole);
        buf_fini(&stream);
    }
}

/* ---- what each talk says, written out once ---- */

static void test_requests(void **state)
{
    (void)state;
    struct hearing h;
    begin_talk(&h, TALK_REQUESTS);
    talks_put(&h.pending, TALK_REQUESTS);
    hear(&h, SPAN_LIT(""));
    assert_says(
        &h,
        "request\nhttp.method=GET\nhttp.target=http://abs.example/one?a=b\nhttp.protocol=HTTP/1.1\n"
        "http.host=abs.example\nhttp.host=abs.example\nhttp.user_agent=agent/1\n"
        "request\nhttp.method=POST\nhttp.target=/two\nhttp.protocol=HTTP/1.1\nhttp.host=two.example:8080\n"
        "http.host=two.example:8080\nhttp.content_type=text/x\n"
        "request\nhttp.method=PUT\nhttp.target=/three\nhttp.protocol=HTTP/1.1\nhttp.host=three.example\n"
        "http.host=three.example\n"
        "request\nhttp.method=BREW\nhttp.target=/four\nhttp.protocol=HTTP/1.1\nhttp.host=four.example\n"
        "http.host=four.example\nhttp.referer=http://from.example/\n"
        "request\nhttp.method=HEAD\nhttp.target=/five\nhttp.protocol=HTTP/1.0\n");
    assert_int_equal(h.stats.sessions[SESSION_HTTP], 1);
    assert_int_equal(h.stats.readable[SESSION_HTTP], 1);
}

static void test_answers(void **state)
{
    (void)state;
    struct hearing h;
    begin_talk(&h, TALK_ANSWERS);
    talks_put(&h.pending, TALK_ANSWERS);
    hear(&h, SPAN_LIT(""));
    assert_says(&h, "answer\nhttp.status=100\nhttp.protocol=HTTP/1.1\n"
                    "answer\nhttp.status=200\nhttp.protocol=HTTP/1.1\nhttp.content_type=text/a\n"
                    "answer\nhttp.status=302\nhttp.protocol=HTTP/1.1\nhttp.location=http://next.example/\n"
                    "answer\nhttp.status=200\nhttp.protocol=HTTP/1.1\nhttp.content_type=text/b\n"
                    "answer\nhttp.status=200\nhttp.protocol=HTTP/1.1\nhttp.content_type=head/only\n"
                    "answer\nhttp.status=304\nhttp.protocol=HTTP/1.1\n"
                    "answer\nhttp.status=404\nhttp.protocol=HTTP/1.0\nhttp.content_type=text/last\n");
    assert_int_equal(h.stats.sessions[SESSION_HTTP], 1);
    assert_int_equal(h.stats.unreadable[SESSION_HTTP][UNREADABLE_ONE_SIDED], 1);
}

static void test_retry(void **state)
{
    (void)state;
    struct hearing h;
    begin_talk(&h, TALK_RETRY_CLIENT);
    talks_put(&h.pending, TALK_RETRY_CLIENT);
    hear(&h, SPAN_LIT(""));
    assert_true(h.session.is_done); /* application data: nothing more to see */
    const char *said = finish(&h);
    assert_non_null(strstr(said, "tls.sni=first.retry.example\n"));
    assert_non_null(strstr(said, "tls.sni=second.retry.example\n"));
    assert_int_equal(h.stats.events[EVENT_TLS_CLIENT], 2);
    assert_int_equal(h.stats.sessions[SESSION_TLS], 1);
    assert_int_equal(h.stats.readable[SESSION_TLS], 1);
    end(&h);

    begin_talk(&h, TALK_RETRY_SERVER);
    talks_put(&h.pending, TALK_RETRY_SERVER);
    hear(&h, SPAN_LIT(""));
    finish(&h);
    assert_int_equal(h.stats.events[EVENT_TLS_SERVER], 2);
    assert_int_equal(h.stats.unreadable[SESSION_TLS][UNREADABLE_ONE_SIDED], 1);
    end(&h);
}

static void test_dns(void **state)
{
    (void)state;
    struct hearing h;
    begin_talk(&h, TALK_DNS_QUERIES);
    talks_put(&h.pending, TALK_DNS_QUERIES);
    hear(&h, SPAN_LIT(""));
    assert_says(&h, "dns\ndns.id=32768\ndns.question=first.example\n"
                    "dns\ndns.id=32769\ndns.question=www.Second.example\n"
                    "dns\ndns.id=32770\ndns.question=a.b.c.d.e.f.third.example\n"
                    "dns\ndns.id=32771\ndns.question=fourth.example\n");
    assert_int_equal(h.stats.sessions[SESSION_DNS], 4);
    assert_int_equal(h.stats.readable[SESSION_DNS], 4);
}

static void test_connect_then_tls(void **state)
{
    (void)state;
    struct hearing h;
    begin_talk(&h, TALK_CONNECT);
    talks_put(&h.pending, TALK_CONNECT);
    hear(&h, SPAN_LIT(""));
    const char *said = finish(&h);
    assert_non_null(strstr(said, "http.host=tunnel.example:443\n"));
    assert_non_null(strstr(said, "tls.sni=www.tls.example\n"));
    assert_int_equal(h.stats.readable[SESSION_HTTP], 1);
    assert_int_equal(h.stats.readable[SESSION_TLS], 1);
    assert_true(h.flow.flags & FLOW_TUNNEL);
    end(&h);

    begin_talk(&h, TALK_CONNECTED);
    talks_put(&h.pending, TALK_CONNECTED);
    hear(&h, SPAN_LIT(""));
    assert_non_null(strstr(finish(&h), "server hello\n"));
    end(&h);

    /* Nobody asked for a tunnel: what follows is a body. */
    begin(&h, 80, true);
    talks_put(&h.pending, TALK_CONNECTED);
    hear(&h, SPAN_LIT(""));
    assert_null(strstr(finish(&h), "server hello\n"));
    end(&h);
}

static void test_refused_tunnel(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 8080, false);
    hear_str(&h, "CONNECT one.example:443 HTTP/1.1\r\n\r\n");
    hear_str(&h, "CONNECT two.example:443 HTTP/1.1\r\nProxy-Authorization: Basic x\r\n\r\n");
    hear_str(&h, "GET /three HTTP/1.1\r\n\r\n");
    const char *said = finish(&h);
    assert_int_equal(h.stats.events[EVENT_HTTP_REQUEST], 3);
    assert_non_null(strstr(said, "http.target=/three\n"));
    end(&h);
}

/* Without a length the answer goes on until the connection is closed, whatever it looks like. */
static void test_until_close(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, true);
    hear_str(&h, "HTTP/1.0 200 OK\r\n\r\n");
    assert_true(h.session.is_done);
    hear_str(&h, "HTTP/1.1 302 Found\r\nLocation: http://in.body.example/\r\n\r\n");
    assert_says(&h, "answer\nhttp.status=200\nhttp.protocol=HTTP/1.0\n");
}

/* ---- other starts ---- */

static void hear_client_hello(struct hearing *h, const char *sni)
{
    struct buf hello;
    buf_init(&hello, 1 << 16);
    talks_put_hello(&hello, false, sni, 1, 16384);
    hear(h, buf_span(&hello));
    buf_fini(&hello);
}

/* STARTTLS and its like: lines nobody here reads, then a hello at the start of a segment. */
static void test_preambles(void **state)
{
    static const char *const preambles[][4] = {
        {"EHLO client.example\r\n", "STARTTLS\r\n"},
        {"a1 CAPABILITY\r\n", "a2 STARTTLS\r\n"},
        {"\x05\x01", "\x05\x01\x01\x03", "USER x\r\n"},
        {"<stream:stream to='x'>", "<starttls/>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof preambles / sizeof *preambles; i++) {
        struct hearing h;
        begin(&h, 25, false);
        for (size_t k = 0; k < 4 && preambles[i][k]; k++)
            hear_str(&h, preambles[i][k]);
        hear_client_hello(&h, "mail.example");
        assert_non_null(strstr(finish(&h), "tls.sni=mail.example\n"));
        assert_int_equal(h.stats.readable[SESSION_TLS], 1);
        end(&h);
    }
}

/* A mail's session ends where that of TLS begins, and each is told once. */
static void test_mail_ledger(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 25, false);
    hear_str(&h, "EHLO client.example\r\nSTARTTLS\r\n");
    hear_client_hello(&h, "mail.example");
    const char *said = finish(&h);
    assert_non_null(strstr(said, "smtp.helo=client.example\n"));
    assert_non_null(strstr(said, "tls.sni=mail.example\n"));
    assert_int_equal(h.flow.outer, OUTER_SMTP);
    for (unsigned p = SESSION_TLS; p <= SESSION_SMTP; p += SESSION_SMTP - SESSION_TLS) {
        assert_int_equal(h.stats.sessions[p], 1);
        assert_int_equal(h.stats.readable[p], 1);
    }
    end(&h);
    begin(&h, 25, true);
    hear_str(&h, "220 ESMTP without a name\r\n250 OK\r\n");
    assert_says(&h, "");
    assert_int_equal(h.stats.unreadable[SESSION_SMTP][UNREADABLE_ONE_SIDED], 1);
}

/* What is lost of a mail is not missed, and what is lost of commands makes no line be believed. */
static void test_gap_in_mail(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 25, false);
    hear_str(&h, "MAIL FROM:<a@from.example>\r\nDATA\r\nSubject: x\r\n");
    assert_true(lose(&h, 500));
    hear_str(&h, "rest\r\nMAIL FROM:<not@from.example>\r\n.\r\nMAIL FROM:<b@from.example>\r\nDATA\r\n");
    assert_says(&h, "smtp\nsmtp.mail_from=<a@from.example>\nsmtp\nsmtp.mail_from=<b@from.example>\n");
    begin(&h, 25, false);
    hear_str(&h, "EHLO c.example\r\n");
    assert_false(lose(&h, 500));
    hear_str(&h, "MAIL FROM:<not@from.example>\r\n");
    assert_says(&h, "smtp\nsmtp.helo=c.example\n");
}

/* Lines in which no TLS begins are left after a while; those of a mail client never. */
static void test_many_lines(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 143, true);
    hear_str(&h, "* OK ready\r\n");
    for (unsigned n = 0; n < 5000 && !h.session.is_done; n++)
        hear_str(&h, "* 1 FETCH (FLAGS (x))\r\n");
    assert_true(h.session.is_done);
    assert_says(&h, "");
    begin(&h, 25, false);
    hear_str(&h, "EHLO early.example\r\n");
    for (unsigned n = 0; n < 5000; n++)
        hear_str(&h, "NOOP\r\nVRFY somebody\r\n");
    assert_false(h.session.is_done);
    hear_str(&h, "EHLO late.example\r\nQUIT\r\n");
    assert_says(&h, "smtp\nsmtp.helo=early.example\nsmtp\nsmtp.helo=late.example\n");
}

static void test_garbage_is_given_up(void **state)
{
    (void)state;
    struct hearing h;
    int n = 0;
    begin(&h, 22, false);
    while (!h.session.is_done && n < 100) {
        hear_str(&h, "\x01\x02\x03 nothing that anybody knows");
        assert_int_equal(h.pending.len, 0);
        n++;
    }
    assert_in_range(n, 10, 40);
    hear_client_hello(&h, "late.example"); /* nobody listens any more */
    assert_says(&h, "");
}

static void test_endless_first_line(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, false);
    hear_str(&h, "FROB /");
    for (int i = 0; i < 20; i++)
        hear_str(&h, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaaaaaaaaa"
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaaaaaaaaa"
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaaaaaaaaa"
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaaaaaaaaa"
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaaaaaaaaa");
    assert_true(h.pending.len < 8192);
    hear_str(&h, "GET /found HTTP/1.1\r\n\r\n");
    finish(&h);
    end(&h);
}

static void test_head_too_long(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, false);
    hear_str(&h, "GET /long HTTP/1.1\r\nHost: long.example\r\nCookie: ");
    char crumb[1001];
    memset(crumb, 'c', 1000);
    crumb[1000] = 0;
    for (int i = 0; i < 70; i++) {
        hear_str(&h, crumb);
        assert_true(h.pending.len <= 64 * 1024);
    }
    assert_non_null(strstr(finish(&h), "http.host=long.example\n"));
    assert_int_equal(h.stats.streams_limited, 1);
    assert_true(h.flow.flags & FLOW_LIMIT);
    end(&h);
}

static void test_hello_too_long(void **state)
{
    (void)state;
    struct hearing h;
    struct buf hello, message;
    buf_init(&message, 1 << 20);
    buf_init(&hello, 1 << 20);
    packets_put_client_hello(&message, "long.example", 1, 63000);
    packets_put_tls_records(&hello, 22, buf_span(&message), 16384);
    begin(&h, 443, false);
    for (size_t at = 0; at < hello.len; at += 1000) {
        hear(&h, span_first(span_from(buf_span(&hello), at), 1000));
        assert_true(h.pending.len <= 64 * 1024);
    }
    finish(&h);
    assert_int_equal(h.stats.streams_limited, 1);
    assert_int_equal(h.stats.sessions[SESSION_TLS], 1);
    assert_int_equal(h.stats.unreadable[SESSION_TLS][UNREADABLE_LIMIT], 1);
    end(&h);
    buf_fini(&hello);
    buf_fini(&message);
}

static void test_dns_needs_its_port_or_a_whole_message(void **state)
{
    (void)state;
    struct hearing h;
    struct buf stream;
    buf_init(&stream, 1 << 16);
    size_t begun = packets_begin(&stream, 2);
    packets_put_dns_query(&stream, 7, "other.example");
    packets_end(&stream, begun, 2);

    begin(&h, 9999, false);
    hear(&h, buf_span(&stream));
    assert_says(&h, "dns\ndns.id=7\ndns.question=other.example\n");

    begin(&h, 9999, false);
    hear(&h, span_first(buf_span(&stream), stream.len - 1));
    hear(&h, span_from(buf_span(&stream), stream.len - 1));
    assert_says(&h, "");
    buf_fini(&stream);
}

/* HTTP and TLS on port 53, in pieces too small to tell at once: a length is a weak mark. */
static void test_others_on_the_dns_port(void **state)
{
    (void)state;
    struct hearing h;
    struct buf hello;
    begin(&h, 53, false);
    hear_str(&h, "POST");
    hear_str(&h, " /x HTTP/1.1\r\n\r\n");
    assert_non_null(strstr(finish(&h), "http.target=/x\n"));
    end(&h);

    buf_init(&hello, 1 << 16);
    talks_put_hello(&hello, false, "dot.example", 1, 16384);
    begin(&h, 53, false);
    hear(&h, span_first(buf_span(&hello), 4));
    hear(&h, span_from(buf_span(&hello), 4));
    assert_non_null(strstr(finish(&h), "tls.sni=dot.example\n"));
    end(&h);
    buf_fini(&hello);
}

static void test_dns_that_is_none(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 53, false);
    hear(&h, SPAN_LIT("\0\x0c\x12\x34\x01\0\0\0\0\0\0\0\0\0")); /* all counts zero */
    hear(&h, SPAN_LIT("\0\x10\x12\x34\x01\0\0\x01\0\0\0\0\0\0\xff\xff\xff\xff"));
    assert_says(&h, "");
    assert_int_equal(h.stats.sessions[SESSION_DNS], 2);
    assert_int_equal(h.stats.unreadable[SESSION_DNS][UNREADABLE_NO_NAME], 1);
    assert_int_equal(h.stats.unreadable[SESSION_DNS][UNREADABLE_MALFORMED], 1);
}

static void test_sslv2(void **state)
{
    static const uint8_t hello[] = "\x80\x1c\x01\x03\x01\x00\x03\x00\x00\x00\x10\x01\x00\x80"
                                   "0123456789abcdef";
    struct hearing h;
    (void)state;
    for (size_t at = 0; at < sizeof hello - 1; at++) {
        begin(&h, 443, false);
        hear(&h, span_of(hello, at));
        hear(&h, span_of(hello + at, sizeof hello - 1 - at));
        finish(&h);
        assert_int_equal(h.stats.events[EVENT_TLS_CLIENT], 1);
        assert_int_equal(h.stats.unreadable[SESSION_TLS][UNREADABLE_NO_NAME], 1);
        end(&h);
    }
}

/* ---- bytes that never come ---- */

static void test_gap_in_body(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, false);
    hear_str(&h, "POST /a HTTP/1.1\r\nContent-Length: 1000\r\n\r\nxxxxxxxxxx");
    assert_true(lose(&h, 900));
    char rest[91] = {0};
    memset(rest, 'x', 90);
    hear_str(&h, rest);
    hear_str(&h, "FROB /b HTTP/1.1\r\n\r\n"); /* any method: we know where we are */
    assert_non_null(strstr(finish(&h), "http.target=/b\n"));
    end(&h);
}

static void test_gap_at_body_start(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, true);
    hear_str(&h, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nH"); /* could be the next head */
    assert_true(lose(&h, 28));
    hear_str(&h, "x");
    hear_str(&h, "HTTP/1.1 204 No\r\n\r\n");
    assert_non_null(strstr(finish(&h), "http.status=204\n"));
    end(&h);
}

static void test_gap_in_chunk(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, true);
    hear_str(&h, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nxx");
    assert_true(lose(&h, 60));
    hear_str(&h, "xx\r\n0\r\n\r\nHTTP/1.1 302 F\r\nLocation: /next\r\n\r\n");
    assert_non_null(strstr(finish(&h), "http.location=/next\n"));
    end(&h);
}

static void test_gap_until_close(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, true);
    hear_str(&h, "HTTP/1.0 200 OK\r\n\r\nxxx");
    assert_true(lose(&h, 1 << 20));
    hear_str(&h, "xxx");
    assert_says(&h, "answer\nhttp.status=200\nhttp.protocol=HTTP/1.0\n");
}

/* A gap that takes the end of the body and more: go on at the next segment that starts with something known. */
static void test_gap_past_the_body(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, false);
    hear_str(&h, "POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nxxx");
    assert_false(lose(&h, 100));
    hear_str(&h, "the middle of a head\r\n\r\n");
    hear_str(&h, "GET /b HTTP/1.1\r\n\r\n");
    const char *said = finish(&h);
    assert_non_null(strstr(said, "http.target=/b\n"));
    assert_int_equal(h.stats.events[EVENT_HTTP_REQUEST], 2);
    end(&h);
}

/* The lines that came whole count; the head's rest is not taken for the body that it announced. */
static void test_gap_in_head(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, false);
    hear_str(&h, "POST /a HTTP/1.1\r\nHost: whole.example\r\nContent-Length: 20\r\nUser-Agent: cut of");
    assert_false(lose(&h, 5));
    hear_str(&h, "here\r\n\r\n0123456789");
    hear_str(&h, "GET /b HTTP/1.1\r\nHost: b.example\r\n\r\n");
    assert_says(&h,
                "request\nhttp.method=POST\nhttp.target=/a\nhttp.protocol=HTTP/1.1\nhttp.host=whole.example\n"
                "http.host=whole.example\n"
                "request\nhttp.method=GET\nhttp.target=/b\nhttp.protocol=HTTP/1.1\nhttp.host=b.example\n"
                "http.host=b.example\n");
}

/* After a gap a method that lost its front would be a token like any other. */
static void test_no_half_method(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, false);
    hear_str(&h, "GET /a HTTP/1.1\r\n\r\n");
    lose(&h, 1000);
    hear_str(&h, "ET /b HTTP/1.1\r\nHost: b.example\r\n\r\n");
    hear_str(&h, "DELETE /c HTTP/1.1\r\nHost: c.example\r\n\r\n");
    const char *said = finish(&h);
    assert_null(strstr(said, "http.method=ET\n"));
    assert_non_null(strstr(said, "http.target=/c\n"));
    end(&h);
}

/* After a gap two bytes in the middle of a message would be a length like any other. */
static void test_dns_after_a_gap(void **state)
{
    (void)state;
    struct hearing h;
    struct buf stream;
    buf_init(&stream, 1 << 16);
    talks_put(&stream, TALK_DNS_ANSWERS);
    for (size_t lost = 1; lost < stream.len; lost++) {
        struct span odd;
        char *whole = say_whole(TALK_DNS_ANSWERS, buf_span(&stream));
        begin(&h, 53, true);
        hear(&h, SPAN_LIT("\0\x40\x12"));
        assert_false(lose(&h, lost));
        hear(&h, span_from(buf_span(&stream), lost));
        if (!talks_is_subset(span_str(finish(&h)), span_str(whole), &odd))
            fail_msg("after a gap of %zu: %.*s", lost, (int)odd.len, (const char *)odd.ptr);
        free(whole);
        end(&h);
    }
    begin(&h, 53, true);
    lose(&h, 100);
    hear(&h, span_first(buf_span(&stream), 20));
    hear(&h, span_from(buf_span(&stream), 20));
    assert_non_null(strstr(finish(&h), "dns.question=fourth.example\n"));
    end(&h);
    buf_fini(&stream);
}

static void test_gap_in_hello(void **state)
{
    (void)state;
    struct hearing h;
    struct buf hello;
    buf_init(&hello, 1 << 16);
    talks_put_hello(&hello, false, "half.example", 1, 16384);
    for (size_t at = 1; at < hello.len; at++) {
        begin(&h, 443, false);
        hear(&h, span_first(buf_span(&hello), at));
        assert_false(lose(&h, 10));
        h.flow.flags |= FLOW_LOST; /* as tcp.c notes it */
        const char *said = finish(&h);
        assert_true(!strstr(said, "tls.sni=") || strstr(said, "tls.sni=half.example\n"));
        if (h.stats.sessions[SESSION_TLS] && !strstr(said, "tls.sni="))
            assert_int_equal(h.stats.unreadable[SESSION_TLS][UNREADABLE_LOST], 1);
        end(&h);
    }
    buf_fini(&hello);
}

/* Who is done stays done, whatever is lost after that. */
static void test_done_stays_done(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 443, true);
    talks_put(&h.pending, TALK_TLS_SERVER);
    hear(&h, SPAN_LIT(""));
    assert_true(h.session.is_done);
    assert_true(lose(&h, 1));
    assert_true(h.session.is_done);
    finish(&h);
    end(&h);
}

/* ---- accounting ---- */

static void test_account_by_reason(void **state)
{
    static const struct {
        uint8_t flags;
        bool is_client_heard;
        enum unreadable why;
    } rows[] = {
        {0, true, UNREADABLE_CUT},
        {0, false, UNREADABLE_ONE_SIDED},
        {FLOW_LOST, false, UNREADABLE_LOST},
        {FLOW_LOST | FLOW_SNAPLEN, true, UNREADABLE_SNAPLEN},
        {FLOW_LOST | FLOW_LIMIT | FLOW_SNAPLEN, true, UNREADABLE_LIMIT},
        {FLOW_LIMIT | FLOW_MALFORMED, true, UNREADABLE_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stats s = {.sessions = {[SESSION_TLS] = 1}};
        struct flow f = {
            .session = SESSION_TLS + 1, .flags = rows[i].flags, .is_client_heard = rows[i].is_client_heard};
        session_account(&f, &s);
        session_account(&f, &s); /* once is enough */
        assert_int_equal(s.unreadable[SESSION_TLS][rows[i].why], 1);
        assert_true(stats_sums_hold(&s));
    }
    struct stats none = {0};
    struct flow nobody = {0};
    session_account(&nobody, &none);
    assert_true(stats_sums_hold(&none));
}

static void test_hello_without_name(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 443, false);
    hear_client_hello(&h, NULL);
    finish(&h);
    assert_int_equal(h.stats.unreadable[SESSION_TLS][UNREADABLE_NO_NAME], 1);
    end(&h);
}

/* Lengths in the hello that contradict each other. */
static void test_malformed_hello(void **state)
{
    (void)state;
    struct hearing h;
    struct buf hello;
    buf_init(&hello, 1 << 16);
    talks_put_hello(&hello, false, "x.example", 1, 16384);
    hello.ptr[5 + 4 + 2 + 32] = 33; /* a session id of 33 bytes: 32 are the most */
    begin(&h, 443, false);
    hear(&h, buf_span(&hello));
    finish(&h);
    assert_int_equal(h.stats.sessions[SESSION_TLS], 1);
    assert_int_equal(h.stats.readable[SESSION_TLS], 0);
    assert_int_equal(h.stats.unreadable[SESSION_TLS][UNREADABLE_MALFORMED], 1);
    end(&h);
    buf_fini(&hello);
}

/* Both sides of a flow make one session, and a second protocol makes another. */
static void test_two_protocols(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 8080, false);
    for (int i = 0; i < 3; i++) {
        hear_str(&h, "CONNECT tunnel.example:443 HTTP/1.1\r\n\r\n");
        hear_client_hello(&h, i == 1 ? NULL : "in.example");
        h.session = (struct session){0};
        h.pending.len = 0;
    }
    finish(&h);
    assert_int_equal(h.stats.sessions[SESSION_HTTP], 3);
    assert_int_equal(h.stats.readable[SESSION_HTTP], 3);
    assert_int_equal(h.stats.sessions[SESSION_TLS], 3);
    assert_int_equal(h.stats.readable[SESSION_TLS], 2);
    assert_int_equal(h.stats.unreadable[SESSION_TLS][UNREADABLE_NO_NAME], 1);
    end(&h);
}

static void test_client_is_who_asks(void **state)
{
    (void)state;
    struct hearing h;
    begin(&h, 80, true); /* the end that was guessed to be the server asks */
    hear_str(&h, "GET / HTTP/1.1\r\n\r\n");
    assert_int_equal(h.flow.client, 1);
    assert_true(h.flow.flags & FLOW_CLIENT_KNOWN);
    assert_true(h.events.items[0]->is_to_server);
    finish(&h);
    end(&h);
}

/* ---- certificates ---- */

static void put_certificate(struct der *d, const char *cn, size_t n_alt)
{
    static uint8_t alt[64 * 1024];
    for (size_t i = 0; i < n_alt; i++)
        memcpy(alt + 12 * i, "\x82\x0a" "evil.test.", 12);
    struct der_plan p = {.serial = SPAN_LIT("\x01\xab"),
                         .cn = span_str(cn),
                         .not_before = "260101000000Z",
                         .not_after = "270101000000Z",
                         .alt_names = span_of(alt, 12 * n_alt)};
    d->len = 0;
    der_certificate(d, &p);
}

/* ServerHello of this version, Certificate with `n` of them, ServerHelloDone; in records of `record_max`. */
static void put_server_flight(struct buf *b, uint16_t version, unsigned n, size_t n_alt, size_t record_max)
{
    struct der *d = calloc(1, sizeof *d);
    struct buf flight;
    assert_non_null(d);
    buf_init(&flight, 1 << 20);
    buf_put_byte(&flight, 2);
    size_t hello = packets_begin(&flight, 3);
    packets_put_u16(&flight, version);
    packets_put_fill(&flight, 'r', 32);
    buf_put(&flight, SPAN_LIT("\0\xc0\x2f\0"));
    packets_end(&flight, hello, 3);
    if (n) {
        buf_put_byte(&flight, 11);
        size_t message = packets_begin(&flight, 3), list = packets_begin(&flight, 3);
        for (unsigned i = 0; i < n; i++) {
            put_certificate(d, i ? "CA" : "www.evil.example", n_alt);
            size_t one = packets_begin(&flight, 3);
            buf_put(&flight, der_span(d));
            packets_end(&flight, one, 3);
        }
        packets_end(&flight, list, 3);
        packets_end(&flight, message, 3);
    }
    buf_put(&flight, SPAN_LIT("\x0e\0\0\0"));
    packets_put_tls_records(b, 22, buf_span(&flight), record_max);
    buf_fini(&flight);
    free(d);
}

static void begin_server(struct hearing *h, unsigned certificates)
{
    begin(h, 443, true);
    h->events.certificates = certificates;
}

#define SAYS_HELLO "server hello\ntls.server_random=rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\n"
#define SAYS_CERTIFICATES(version, n)                                                                        \
    "certificates\ntls.version=" version "\ntls.certificates=" n "\ntls.subject=CN=www.evil.example\n"        \
    "tls.issuer=C=XX, O=Example CA\ntls.serial=01:AB\n"

/* However it is cut into records and segments. */
static void test_certificates(void **state)
{
    static const size_t records[] = {1, 7, 45, 46, 47, 300, 16000}, steps[] = {1, 5, 61, 1400, 1 << 16};
    (void)state;
    for (size_t r = 0; r < sizeof records / sizeof *records; r++)
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            struct hearing h;
            struct buf b;
            begin_server(&h, CERTIFICATES_WANTED);
            buf_init(&b, 1 << 20);
            put_server_flight(&b, 0x0303, 2, 1, records[r]);
            for (size_t at = 0; at < b.len; at += steps[s])
                hear(&h, span_first(span_from(buf_span(&b), at), steps[s]));
            assert_true(h.session.is_done);
            assert_int_equal(h.stats.chains_cut, 0);
            assert_says(&h, SAYS_HELLO SAYS_CERTIFICATES("0303", "2"));
            buf_fini(&b);
        }
}

/* Nothing is waited for where nobody wants any, they are encrypted, or there are none. */
static void test_no_certificates(void **state)
{
    struct hearing h;
    (void)state;
    begin_server(&h, 0);
    put_server_flight(&h.pending, 0x0303, 1, 1, 46);
    hear(&h, SPAN_LIT(""));
    assert_true(h.session.is_done);
    assert_says(&h, SAYS_HELLO);
    begin_server(&h, CERTIFICATES_WANTED);
    put_server_flight(&h.pending, 0x7f1c, 1, 1, 46);
    hear(&h, SPAN_LIT(""));
    assert_int_equal(h.stats.events[EVENT_TLS_CERTIFICATES], 0);
    finish(&h);
    end(&h);
    begin_server(&h, CERTIFICATES_WANTED);
    put_server_flight(&h.pending, 0x0302, 0, 0, 16000);
    packets_put_tls_records(&h.pending, 20, SPAN_LIT("\x01"), 1);
    hear(&h, SPAN_LIT(""));
    assert_true(h.session.is_done);
    assert_says(&h, SAYS_HELLO);
}

/* Cut anywhere: those that are whole count, and it is said that there were more. */
static void test_certificates_cut(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 20);
    put_server_flight(&b, 0x0303, 2, 1, 100);
    uint64_t n_before = 0;
    for (size_t n = 60; n < b.len; n++) {
        struct hearing h;
        begin_server(&h, CERTIFICATES_WANTED);
        hear(&h, span_first(buf_span(&b), n));
        lose(&h, 5);
        uint64_t n_chains = h.stats.events[EVENT_TLS_CERTIFICATES];
        assert_true(n_chains == n_before || n_chains == 1);


        n_before = n_chains;
        finish(&h);
        end(&h);
    }
    assert_int_equal(n_before, 1);
    buf_fini(&b);
}

/* More than is held, in bytes and in number. */
static void test_long_chain(void **state)
{
    struct hearing h;
    (void)state;
    begin_server(&h, CERTIFICATES_WANTED);
    struct buf b;
    buf_init(&b, 1 << 20);
    put_server_flight(&b, 0x0303, 12, 1000, 16000);
    for (size_t at = 0; at < b.len; at += 1400)
        hear(&h, span_first(span_from(buf_span(&b), at), 1400));
    assert_int_equal(h.stats.chains_cut, 1);
    assert_says(&h, SAYS_HELLO SAYS_CERTIFICATES("0303", "5"));
    buf_reset(&b);
    begin_server(&h, CERTIFICATES_WANTED);
    put_server_flight(&b, 0x0303, CERTIFICATES_MAX + 1, 1, 16000);
    hear(&h, buf_span(&b));
    assert_int_equal(h.stats.chains_cut, 1);
    assert_says(&h, SAYS_HELLO SAYS_CERTIFICATES("0303", "16"));
    buf_fini(&b);
}

/* A capture that begins behind the hello. What a client sends there is its own, not the server's. */
static void test_certificates_midstream(void **state)
{
    (void)state;
    for (unsigned is_server = 0; is_server < 2; is_server++) {
        struct hearing h;
        struct buf b;
        begin(&h, 443, is_server);
        h.events.certificates = CERTIFICATES_WANTED;
        h.session.is_adrift = true;
        buf_init(&b, 1 << 20);
        put_server_flight(&b, 0x0303, 1, 12, 42 + 4); /* the hello is the first record */
        struct span rest = span_from(buf_span(&b), 5 + 46);
        buf_put(&h.pending, rest);
        hear(&h, SPAN_LIT(""));
        finish(&h);
        assert_int_equal(h.stats.events[EVENT_TLS_CERTIFICATES], 0); /* a first record that short is not believed */
        end(&h);
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_split_says_the_same),
        cmocka_unit_test(test_any_prefix_invents_nothing),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_dns),
        cmocka_unit_test(test_connect_then_tls),
        cmocka_unit_test(test_refused_tunnel),
        cmocka_unit_test(test_until_close),
        cmocka_unit_test(test_preambles), cmocka_unit_test(test_mail_ledger),
        cmocka_unit_test(test_gap_in_mail), cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_garbage_is_given_up),
        cmocka_unit_test(test_endless_first_line),
        cmocka_unit_test(test_head_too_long),
        cmocka_unit_test(test_hello_too_long),
        cmocka_unit_test(test_dns_needs_its_port_or_a_whole_message),
        cmocka_unit_test(test_others_on_the_dns_port),
        cmocka_unit_test(test_dns_that_is_none),
        cmocka_unit_test(test_sslv2),
        cmocka_unit_test(test_gap_in_body),
        cmocka_unit_test(test_gap_at_body_start),
        cmocka_unit_test(test_gap_in_chunk),
        cmocka_unit_test(test_gap_until_close),
        cmocka_unit_test(test_gap_past_the_body),
        cmocka_unit_test(test_gap_in_head),
        cmocka_unit_test(test_no_half_method),
        cmocka_unit_test(test_dns_after_a_gap),
        cmocka_unit_test(test_gap_in_hello),
        cmocka_unit_test(test_done_stays_done),
        cmocka_unit_test(test_account_by_reason),
        cmocka_unit_test(test_hello_without_name),
        cmocka_unit_test(test_malformed_hello),
        cmocka_unit_test(test_two_protocols),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_no_certificates),
        cmocka_unit_test(test_certificates_cut),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_certificates_midstream),
        cmocka_unit_test(test_client_is_who_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
