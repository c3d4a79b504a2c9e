/* http2_reader.c: the same bytes cut anywhere tell the same; tables are bounded; what is not known is not told. */
#include "sensor/http2_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/unit/sensor/packets.h"

/* Requests for www.example.com as RFC 7541, C.3 has them: the second and third use what the first added. */
static const char first[] = "\x82\x86\x84\x41\x0fwww.example.com",
                  second[] = "\x82\x86\x84\xbe\x58\x08no-cache", third[] = "\x82\x86\x84\xbf";

static void put_frame(struct buf *b, uint8_t type, uint8_t flags, uint32_t stream, struct span payload)
{
    const uint8_t head[] = {(uint8_t)(payload.len >> 16),
                            (uint8_t)(payload.len >> 8),
                            (uint8_t)payload.len,
                            type,
                            flags,
                            (uint8_t)(stream >> 24),
                            (uint8_t)(stream >> 16),
                            (uint8_t)(stream >> 8),
                            (uint8_t)stream};
    buf_put(b, span_of(head, sizeof head));
    buf_put(b, payload);
}

static void put_start(struct buf *b)
{
    buf_init(b, 1 << 20);
    buf_put_str(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    put_frame(b, HTTP2_SETTINGS, 0, 0, SPAN_LIT("\0\3\0\0\0\x64"));
}

/* One direction as a session feeds it. */
struct hearing {
    struct http2_reader *reader;
    struct http2_direction direction;
    struct buf said; /* "method authority" a line */
    size_t skip;
    unsigned n_unknown, n_malformed, n_limited, n_cut;
};

static void begin(struct hearing *h, uint32_t tables)
{
    *h = (struct hearing){.reader = http2_reader_new(tables)};
    assert_non_null(h->reader);
    buf_init(&h->said, 1 << 20);
}

static void end(struct hearing *h)
{
    http2_reader_free(h->reader);
    buf_fini(&h->said);
}

static void note(struct hearing *h, const struct http2_step *s)
{
    h->n_malformed += s->is_malformed;
    h->n_limited += s->is_limited;
    if (!s->message)
        return;
    h->n_cut += s->is_cut;
    h->n_unknown += s->message->n_unknown;
    if (!s->message->is_request)
        return;
    buf_put(&h->said, s->message->request.method);
    buf_put_byte(&h->said, ' ');
    buf_put(&h->said, s->message->request.host);
    buf_put_byte(&h->said, '\n');
}

/* Read as far as it goes; returns what was done with. */
static size_t hear(struct hearing *h, struct http2_direction *d, struct span in, bool is_last)
{
    size_t used = 0;
    struct http2_step s;
    for (;;) {
        size_t n = h->skip < in.len - used ? h->skip : in.len - used;
        used += n;
        h->skip -= n;
        if (used == in.len)
            return used;
        uint8_t *exact = packets_exact(span_from(in, used));
        enum verdict v = http2_reader_step(h->reader, d, 0, span_of(exact, in.len - used), is_last, &s);
        if (v == FIELD_FOUND)
            note(h, &s);
        free(exact);
        if (v == FIELD_PARTIAL)
            assert_true(s.want > in.len - used);
        if (v != FIELD_FOUND)
            return used;
        assert_true(s.used > 0 && s.used <= in.len - used);
        used += s.used;
        h->skip = (size_t)s.skip;
    }
}

static void assert_said(const struct hearing *h, const char *said)
{
    assert_true(span_eq(buf_span(&h->said), span_str(said)));
}

static void put_three(struct buf *b)
{
    put_start(b);
    put_frame(b, HTTP2_HEADERS, HTTP2_END_HEADERS, 1, SPAN_LIT(first));
    put_frame(b, HTTP2_DATA, 1, 1, SPAN_LIT("GET / HTTP/1.1\r\n\r\n"));
    put_frame(b, HTTP2_HEADERS, 0, 3, span_first(SPAN_LIT(second), 3));
    put_frame(b, HTTP2_CONTINUATION, 0, 3, SPAN_LIT(""));
    put_frame(b, HTTP2_CONTINUATION, HTTP2_END_HEADERS, 3, span_from(SPAN_LIT(second), 3));
    put_frame(b, HTTP2_HEADERS, HTTP2_END_HEADERS, 5, SPAN_LIT(third));
}

/* In two pieces cut at every byte, the second offered with what the first left. */
static void test_cut_anywhere(void **state)
{
    struct buf b;
    put_three(&b);
    for (size_t at = 0; at <= b.len; at++) {
        struct hearing h;
        begin(&h, 4);
        size_t used = hear(&h, &h.direction, span_first(buf_span(&b), at), false);
        assert_true(hear(&h, &h.direction, span_from(buf_span(&b), used), false) == b.len - used);
        assert_said(&h, "GET www.example.com\nGET www.example.com\nGET www.example.com\n");
        assert_int_equal(h.n_malformed + h.n_unknown + h.n_limited + h.n_cut, 0);
        end(&h);
    }
    buf_fini(&b);
}

/* What ends anywhere tells what is there, and the table is not relied on after a block that was cut. */
static void test_ends_anywhere(void **state)
{
    static const char whole[] = "GET www.example.com\nGET www.example.com\nGET www.example.com\n";
    struct buf b;
    put_three(&b);
    for (size_t at = 0; at <= b.len; at++) {
        struct hearing h;
        begin(&h, 4);
        size_t used = hear(&h, &h.direction, span_first(buf_span(&b), at), false);
        hear(&h, &h.direction, span_from(span_first(buf_span(&b), at), used), true);
        assert_true(h.said.len < sizeof whole && h.n_malformed == 0);
        end(&h);
    }
    buf_fini(&b);
}

static void test_loss(void **state)
{
    struct hearing h;
    struct buf b;
    begin(&h, 4);
    put_start(&b);
    put_frame(&b, HTTP2_HEADERS, HTTP2_END_HEADERS, 1, SPAN_LIT(first));
    hear(&h, &h.direction, buf_span(&b), false);
    http2_direction_lose(&h.direction);
    buf_reset(&b);
    put_frame(&b, HTTP2_HEADERS, HTTP2_END_HEADERS, 3, SPAN_LIT(second));
    put_frame(&b, HTTP2_HEADERS, HTTP2_END_HEADERS, 5, SPAN_LIT(first));
    put_frame(&b, HTTP2_HEADERS, HTTP2_END_HEADERS, 7, SPAN_LIT(second));
    hear(&h, &h.direction, buf_span(&b), false);
    assert_said(&h, "GET www.example.com\nGET \nGET www.example.com\nGET www.example.com\n");
    assert_int_equal(h.n_unknown, 1);
    assert_int_equal(h.n_malformed, 0);
    buf_fini(&b);
    end(&h);
}

/* Five directions, four tables: one loses its own, is counted, and goes on with what it adds from then on. */
static void test_tables(void **state)
{
    enum { DIRECTIONS = 5 };
    struct http2_direction d[DIRECTIONS] = {{0}};
    struct hearing h;
    struct buf b, again;
    begin(&h, 4);
    put_start(&b);
    put_frame(&b, HTTP2_HEADERS, HTTP2_END_HEADERS, 1, SPAN_LIT(first));
    buf_init(&again, 1 << 16);
    put_frame(&again, HTTP2_HEADERS, HTTP2_END_HEADERS, 3, SPAN_LIT("\x82\x86\x84\xbe"));
    for (unsigned i = 0; i < DIRECTIONS; i++)
        hear(&h, &d[i], buf_span(&b), false);
    assert_int_equal(http2_reader_evictions(h.reader), 1);
    buf_reset(&h.said);
    for (unsigned i = DIRECTIONS; i-- > 1;)
        hear(&h, &d[i], buf_span(&again), false);
    assert_int_equal(h.n_unknown, 0);
    hear(&h, &d[0], buf_span(&again), false);
    assert_int_equal(h.n_unknown, 1);
    assert_said(&h,
                "GET www.example.com\nGET www.example.com\nGET www.example.com\nGET www.example.com\nGET \n");
    http2_reader_end(h.reader, &d[0]);
    http2_reader_end(h.reader, &d[0]);
    hear(&h, &d[1], buf_span(&b), false);
    assert_int_equal(http2_reader_evictions(h.reader), 2);
    buf_fini(&b);
    buf_fini(&again);
    end(&h);
}

static void test_too_large(void **state)
{
    static uint8_t filler[16000];
    struct hearing h;
    struct buf b;
    begin(&h, 4);
    put_start(&b);
    put_frame(&b, HTTP2_HEADERS, 0, 1, SPAN_LIT(first));
    for (int i = 0; i < 5; i++)
        put_frame(&b, HTTP2_CONTINUATION, i == 4 ? HTTP2_END_HEADERS : 0, 1, span_of(filler, sizeof filler));
    put_frame(&b, HTTP2_HEADERS, HTTP2_END_HEADERS, 3, SPAN_LIT(first));
    assert_int_equal(hear(&h, &h.direction, buf_span(&b), false), b.len);
    assert_int_equal(h.n_limited, 1);
    assert_said(&h, "GET www.example.com\nGET www.example.com\n");
    buf_fini(&b);
    end(&h);
}

static void test_malformed(void **state)
{
    static const struct {
        uint8_t type, flags;
        uint32_t stream;
        struct span payload;
        bool is_frame;
    } cases[] = {
        {HTTP2_HEADERS, HTTP2_END_HEADERS, 0, SPAN_LIT(first), false},
        {HTTP2_HEADERS, HTTP2_END_HEADERS | 8, 1, SPAN_LIT("\x09\x82"), true}, /* more padding than payload */
        {HTTP2_HEADERS, HTTP2_END_HEADERS | 0x20, 1, SPAN_LIT("\x82"), true},  /* no room for a priority */
        {HTTP2_PUSH_PROMISE, HTTP2_END_HEADERS, 1, SPAN_LIT("\0\0\0"), true},
        {HTTP2_HEADERS, HTTP2_END_HEADERS, 1, SPAN_LIT("\x82\x80"), true},
        {HTTP2_PING, 0, 0, SPAN_LIT("1234567"), false},
        {HTTP2_SETTINGS, 0, 0, SPAN_LIT("12345"), false},
        {HTTP2_WINDOW_UPDATE, 0, 0, SPAN_LIT("12345"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hearing h;
        struct buf b;
        begin(&h, 4);
        buf_init(&b, 1 << 16);
        put_frame(&b, cases[i].type, cases[i].flags, cases[i].stream, cases[i].payload);
        assert_int_equal(hear(&h, &h.direction, buf_span(&b), false), cases[i].is_frame ? b.len : 0);
        assert_int_equal(h.n_malformed, cases[i].is_frame);
        buf_fini(&b);
        end(&h);
    }
}

static void test_sniff(void **state)
{
    static const struct {
        struct span in;
        bool is_spoken, is_adrift;
        enum verdict verdict;
    } cases[] = {
        {SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), false, false, FIELD_FOUND},
        {SPAN_LIT("PRI * HT"), false, false, FIELD_PARTIAL},
        {SPAN_LIT("PUT / HTTP/1.1\r\n"), false, false, FIELD_ABSENT},
        {SPAN_LIT("\0\0\0\4\0\0\0\0\0"), false, false, FIELD_FOUND},
        {SPAN_LIT("\0\0\6\4\0\0\0\0"), false, false, FIELD_PARTIAL},
        {SPAN_LIT("\0"), false, false, FIELD_PARTIAL},
        {SPAN_LIT("\0"), false, true, FIELD_ABSENT},
        {SPAN_LIT("\0\x1d\0"), false, false, FIELD_ABSENT},
        {SPAN_LIT("\0\0\4\1\4\0\0\0\1\x82\x86\x84\xbe"), false, true,
         FIELD_FOUND}, /* a block that reads well */
        {SPAN_LIT("\0\0\4\1\4\0\0\0\1\x82\x86\x84"), false, true, FIELD_PARTIAL},
        {SPAN_LIT("\0\0\4\1\4\0\0\0\1\x80\x86\x84\xbe"), false, true, FIELD_ABSENT},
        {SPAN_LIT("\0\0\1\1\4\0\0\0\1\xbe"), false, true, FIELD_ABSENT}, /* says nothing */
        {SPAN_LIT("\0\0\x08\6\0\0\0\0\0"
                  "12345678"
                  "\0\0\1\1\4\0\0\0\1\x88"),
         false, true, FIELD_FOUND},
        {SPAN_LIT("\0\0\x08\6\0\0\0\0\0"
                  "12345678"),
         false, true, FIELD_ABSENT},
        {SPAN_LIT("\0\0\x08\6\0\0\0\0\0"
                  "12345678"),
         true, true, FIELD_FOUND},
        {SPAN_LIT("\0\0\5\0\6\0\0\0\1"
                  "12345"),
         true, true, FIELD_ABSENT}, /* flags that DATA does not have */
        {SPAN_LIT("\0\0\0\0\0\0\0\0\0\0\0\0"), true, true, FIELD_ABSENT},
    };
    struct hearing h;
    begin(&h, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http2_direction d = {.is_spoken = cases[i].is_spoken};
        assert_int_equal(http2_reader_sniff(h.reader, &d, cases[i].in, cases[i].is_adrift), cases[i].verdict);
    }
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_ends_anywhere),
        cmocka_unit_test(test_loss),         cmocka_unit_test(test_tables),
        cmocka_unit_test(test_too_large),    cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_sniff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
