/* outer.c: the first words of each protocol of lines, and what only resembles them. */
#include "sensor/extract/outer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    bool is_client;
    const char *line;
    enum outer outer;
} known[] = {
    {true, "EHLO x", OUTER_SMTP},        {true, "helo x", OUTER_SMTP},
    {true, "LHLO x", OUTER_SMTP},        {true, "Mail From:<", OUTER_SMTP},
    {true, "RCPT TO:<", OUTER_SMTP},     {true, "STLS\r", OUTER_POP3},
    {true, "CAPA\n", OUTER_POP3},        {true, "AUTH TLS\r", OUTER_FTP},
    {true, "FEAT\r", OUTER_FTP},         {true, "USER x", OUTER_NONE},
    {true, "a1 STARTTLS\r", OUTER_IMAP}, {true, "A.B-9_ login x", OUTER_IMAP},
    {true, "<?xml version", OUTER_XMPP}, {false, "220 x", OUTER_NONE},
    {false, "220-x", OUTER_NONE},        {false, "554 x", OUTER_SMTP},
    {false, "+OK ", OUTER_POP3},         {false, "+OK\r", OUTER_POP3},
    {false, "* OK [", OUTER_IMAP},       {false, "* PREAUTH ", OUTER_IMAP},
    {false, "<proceed ", OUTER_XMPP},
};

static enum verdict sniff(bool is_client, struct span in, enum outer *out)
{
    return is_client ? outer_sniff_client(in, out) : outer_sniff_server(in, out);
}

/* Every prefix says: perhaps, until the words are there. */
static void test_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct span line = span_str(known[i].line);
        enum outer got = OUTER_COUNT;
        assert_int_equal(sniff(known[i].is_client, line, &got), FIELD_FOUND);
        assert_int_equal(got, known[i].outer);
        for (size_t n = 0; n < line.len; n++) {
            uint8_t *copy = malloc(n ? n : 1);
            assert_non_null(copy);
            memcpy(copy, line.ptr, n);
            assert_int_not_equal(sniff(known[i].is_client, span_of(copy, n), &got), FIELD_ABSENT);
            free(copy);
        }
    }
}

static void test_unknown(void **state)
{
    static const char *const others[] = {"GET / HTTP/1.1", "STLSX y", "CAPABLE y", "* OKAY",
                                         "+OKAY",          "220x y",  "a b",       "a1 SELECT x",
                                         "\x16\x03\x01",   " EHLO x", "a1  LOGIN", "POST /"};
    enum outer got;
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(outer_sniff_client(span_str(others[i]), &got), FIELD_ABSENT);
        assert_int_equal(outer_sniff_server(span_str(others[i]), &got), FIELD_ABSENT);
    }
    assert_int_equal(outer_sniff_client(SPAN_LIT("123456789012345678901234567890123"), &got), FIELD_ABSENT);
}

static void test_names(void **state)
{
    (void)state;
    assert_null(outer_name(OUTER_NONE));
    assert_null(outer_name(OUTER_COUNT));
    for (enum outer o = OUTER_NONE + 1; o < OUTER_COUNT; o++)
        assert_non_null(outer_name(o));
    assert_true(OUTER_COUNT <= 16); /* four bits of a flow */
    assert_int_equal(outer_line_end(OUTER_XMPP), '>');
    assert_int_equal(outer_line_end(OUTER_NONE), '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_unknown),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
