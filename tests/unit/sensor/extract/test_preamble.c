/* preamble.c: each message whole, with more behind it, cut at every byte, and wrong. */
#include "sensor/extract/preamble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MYSQL_ZEROES  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define MYSQL_REQUEST "\x20\0\0\1\x85\xae\x0f\0\0\0\0\1\0" MYSQL_ZEROES
#define MYSQL_GREETING                                                                                       \
    "\x4a\0\0\0\x0a"                                                                                         \
    "8.0.36\0"                                                                                               \
    "0123456789012345678901234567890123456789012345678901234567890123456789"
#define STARTTLS_OID "1.3.6.1.4.1.1466.20037"
#define PROXY_2      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\1\xbb"

static const struct {
    struct span message;
    enum outer known, outer;
} messages[] = {
    {{(const uint8_t *)"PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n", 45}, OUTER_NONE, OUTER_NONE},
    {{(const uint8_t *)PROXY_2, sizeof PROXY_2 - 1}, OUTER_NONE, OUTER_NONE},
    {{(const uint8_t *)"\x04\1\1\xbb\xc0\0\2\1user\0", 13}, OUTER_NONE, OUTER_SOCKS},
    {{(const uint8_t *)"\x04\1\1\xbb\0\0\0\1\0host.example\0", 22}, OUTER_NONE, OUTER_SOCKS},
    {{(const uint8_t *)"\0\x5a\1\xbb\xc0\0\2\1", 8}, OUTER_SOCKS, OUTER_SOCKS},
    {{(const uint8_t *)"\5\2\0\2", 4}, OUTER_NONE, OUTER_SOCKS},
    {{(const uint8_t *)"\1\4user\4pass", 11}, OUTER_SOCKS, OUTER_SOCKS},
    {{(const uint8_t *)"\5\1\0\3\x0chost.example\1\xbb", 19}, OUTER_SOCKS, OUTER_SOCKS},
    {{(const uint8_t *)"\5\1\0\1\xc0\0\2\1\1\xbb", 10}, OUTER_SOCKS, OUTER_SOCKS},
    {{(const uint8_t *)"\5\0\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb", 22}, OUTER_SOCKS, OUTER_SOCKS},
    {{(const uint8_t *)"\0\0\0\x08\x04\xd2\x16\x2f", 8}, OUTER_NONE, OUTER_PGSQL},
    {{(const uint8_t *)"\0\0\0\x08\x04\xd2\x16\x30", 8}, OUTER_NONE, OUTER_PGSQL},
    {{(const uint8_t *)MYSQL_REQUEST, sizeof MYSQL_REQUEST - 1}, OUTER_NONE, OUTER_MYSQL},
    {{(const uint8_t *)MYSQL_GREETING, 4 + 0x4a}, OUTER_NONE, OUTER_MYSQL},
    {{(const uint8_t *)"\x30\x1d\2\1\1\x77\x18\x80\x16" STARTTLS_OID, 31}, OUTER_NONE, OUTER_LDAP},
    {{(const uint8_t *)"\x30\x84\0\0\0\x0c\2\1\1\x78\x07\x0a\1\0\4\0\4\0", 18}, OUTER_NONE, OUTER_LDAP},
};

static void test_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct span m = messages[i].message;
        struct preamble p;
        for (size_t n = 0; n <= m.len; n++) {
            uint8_t *copy = malloc(n ? n : 1);
            assert_non_null(copy);
            memcpy(copy, m.ptr, n);
            enum verdict v = preamble_read(span_of(copy, n), messages[i].known, false, &p);
            if (v != (n < m.len ? FIELD_PARTIAL : FIELD_FOUND))
                fail_msg("message %zu, %zu bytes of it: %d", i, n, (int)v);
            free(copy);
        }
        uint8_t *more = malloc(m.len + 3);
        assert_non_null(more);
        memcpy(more, m.ptr, m.len);
        memcpy(more + m.len, "\5\1\0", 3);
        assert_int_equal(preamble_read(span_of(more, m.len + 3), messages[i].known, false, &p), FIELD_FOUND);
        assert_int_equal(p.outer, messages[i].outer);
        assert_int_equal(p.len, m.len);
        free(more);
    }
}

static struct preamble read_one(struct span in, enum outer known)
{
    struct preamble p;
    assert_int_equal(preamble_read(in, known, false, &p), FIELD_FOUND);
    return p;
}

static void test_requests(void **state)
{
    (void)state;
    struct preamble p = read_one(SPAN_LIT("\5\1\0\3\x0chost.example\1\xbb"), OUTER_SOCKS);
    assert_true(p.has_request);
    assert_true(span_eq(p.request.host, SPAN_LIT("host.example")));
    assert_int_equal(p.request.port, 443);
    p = read_one(SPAN_LIT("\4\1\0\x50\xc0\0\2\1\0"), OUTER_NONE);
    assert_true(p.has_request && p.request.host.len == 0 && p.request.version == 4);
    assert_int_equal(p.request.port, 80);
    assert_memory_equal(ip_bytes(&p.request.ip).ptr, "\xc0\0\2\1", 4);
    p = read_one(SPAN_LIT("\5\0\0\1\xc0\0\2\1\1\xbb"), OUTER_SOCKS); /* an answer */
    assert_false(p.has_request);
}

static void test_postgres_answers(void **state)
{
    struct preamble p;
    (void)state;
    assert_int_equal(preamble_read(SPAN_LIT("S"), OUTER_NONE, false, &p), FIELD_PARTIAL);
    assert_int_equal(read_one(SPAN_LIT("S\x16\3"), OUTER_NONE).len, 1);
    assert_int_equal(read_one(SPAN_LIT("S"), OUTER_PGSQL).len, 1);
    assert_int_equal(preamble_read(SPAN_LIT("SSH-2.0"), OUTER_NONE, false, &p), FIELD_ABSENT);
    assert_int_equal(preamble_read(SPAN_LIT("N\x16\3"), OUTER_NONE, false, &p), FIELD_ABSENT);
}

static void test_wrong(void **state)
{
    static const struct span wrong[] = {
        {(const uint8_t *)"PROXY but no line as long as the longest that there may be, which is 107 bytes by "
                          "its definition, end included.",
         111},
        {(const uint8_t *)"\r\n\r\n\0\r\nQUIT\n\x11\x11\0\0", 16},
        {(const uint8_t *)"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", 16},
        {(const uint8_t *)"\4\3\1\xbb\xc0\0\2\1\0", 9},
        {(const uint8_t *)"\4\1\1\xbb\0\0\0\0\0", 9},
        {(const uint8_t *)"\4\1\1\xbb\xc0\0\2\1\x80\0", 10},
        {(const uint8_t *)"\5\0\x0b\3", 4}, /* DCE/RPC */
        {(const uint8_t *)"\5\1\0\x80\0", 5},
        {(const uint8_t *)"\1\4user\4pass", 11},
        {(const uint8_t *)"\x30\x1d\2\1\1\x60\x18", 7},
        {(const uint8_t *)"\x30\x82\x7f\xff\2\1\1\x77", 8},
        {(const uint8_t *)"\x20\0\0\1\x85\xa6\x0f\0\0\0\0\1\0\0", 14},
        {(const uint8_t *)"\x4a\0\0\0\x0a"
                          "x",
         6},
        {(const uint8_t *)"GET / HTTP/1.1", 14},
    };
    struct preamble p;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (preamble_read(wrong[i], OUTER_NONE, false, &p) != FIELD_ABSENT)
            fail_msg("%zu passes", i);
    assert_int_equal(preamble_read(SPAN_LIT("\5\1\0"), OUTER_NONE, true, &p),
                     FIELD_ABSENT); /* in the middle of something */
    assert_int_equal(preamble_read(SPAN_LIT("\5\1\0"), OUTER_SMTP, false, &p), FIELD_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages), cmocka_unit_test(test_requests),
                                       cmocka_unit_test(test_postgres_answers), cmocka_unit_test(test_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
