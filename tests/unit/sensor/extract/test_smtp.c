/* smtp.c: commands, mails, greetings and addresses, whole, cut at every byte, and at their bounds. */
#include "sensor/extract/smtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

static void assert_span(struct span got, const char *expected)
{
    if (!span_eq(got, span_str(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)got.len, (const char *)got.ptr, expected);
}

static void test_commands(void **state)
{
    struct smtp_commands c;
    struct span in = SPAN_LIT("ehlo  client.example \r\nNOOP\r\nMAIL FROM: <\"a>b\"@from.example> SIZE=1\r\n"
                              "RCPT TO:<x@to.example>\r\nRCPT TO:y@to.example\nDATA\r\nSubject: z\r\n");
    (void)state;
    assert_int_equal(smtp_commands_read(in, &c), FIELD_FOUND);
    assert_span(c.talk.helo, "client.example");
    assert_span(c.talk.mail_from, "<\"a>b\"@from.example>");
    assert_int_equal(c.talk.n_rcpt_to, 2);
    assert_span(c.talk.rcpt_to[0], "<x@to.example>");
    assert_span(c.talk.rcpt_to[1], "y@to.example");
    assert_int_equal(c.next, SMTP_BODY);
    assert_span(span_from(in, c.used), "Subject: z\r\n");
}

static void expect_end(const char *in, enum smtp_next next, const char *rest, const char *mail_from)
{
    struct smtp_commands c;
    assert_int_equal(smtp_commands_read(span_str(in), &c), FIELD_FOUND);
    assert_int_equal(c.next, next);
    assert_span(span_from(span_str(in), c.used), rest);
    assert_span(c.talk.mail_from, mail_from);
}

static void test_what_ends_a_run(void **state)
{
    struct smtp_commands c;
    (void)state;
    expect_end("MAIL FROM:<a@b.example>\r\nMAIL FROM:<c@d.example>\r\n", SMTP_COMMANDS,
               "MAIL FROM:<c@d.example>\r\n", "<a@b.example>");
    expect_end("MAIL FROM:<>\r\nEHLO x.example\r\n", SMTP_COMMANDS, "EHLO x.example\r\n", "<>");
    expect_end("RSET\r\nx", SMTP_COMMANDS, "x", "");
    expect_end("StartTLS\r\n\x16\x03", SMTP_COMMANDS, "\x16\x03", "");
    expect_end("NOOP\r\n\x16\x03", SMTP_TLS, "\x16\x03", "");
    expect_end("QUIT\r\n", SMTP_COMMANDS, "", "");
    expect_end("bdat 12345 last\r\nabc", SMTP_CHUNK, "abc", "");
    assert_int_equal(smtp_commands_read(SPAN_LIT("BDAT 12345 LAST\r\n"), &c), FIELD_FOUND);
    assert_int_equal(c.chunk_len, 12345);
    assert_int_equal(smtp_commands_read(SPAN_LIT("BDAT 99999999999999999999999\r\n"), &c), FIELD_FOUND);
    assert_true(c.chunk_len <= INT64_MAX);
    assert_int_equal(smtp_commands_read(SPAN_LIT("DATA with more\r\nDATABASE\r\n"), &c), FIELD_PARTIAL);
}

/* What is told is left to the next run, never left out. */
static void test_bounds(void **state)
{
    struct buf b;
    struct smtp_commands c;
    (void)state;
    buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < 3 * SMTP_RECIPIENTS_MAX; i++)
        buf_printf(&b, "RCPT TO:<%u@to.example>\r\n", i);
    struct span rest = buf_span(&b);
    for (unsigned run = 0; run < 2; run++) {
        assert_int_equal(smtp_commands_read(rest, &c), FIELD_FOUND);
        assert_int_equal(c.talk.n_rcpt_to, SMTP_RECIPIENTS_MAX);
        span_skip(&rest, c.used);
    }
    assert_int_equal(smtp_commands_read(rest, &c), FIELD_PARTIAL);
    assert_int_equal(c.talk.n_rcpt_to, SMTP_RECIPIENTS_MAX);
    buf_reset(&b);
    for (unsigned i = 0; i <= SMTP_LINES_MAX; i++)
        buf_put_str(&b, "VRFY x\r\n");
    assert_int_equal(smtp_commands_read(buf_span(&b), &c), FIELD_FOUND);
    assert_int_equal(c.used, 8 * SMTP_LINES_MAX);
    buf_reset(&b);
    buf_put_str(&b, "EHLO x.example\r\n");
    for (unsigned i = 0; i < LINE_BYTES_MAX + 1; i++)
        buf_put_byte(&b, 'x');
    assert_int_equal(smtp_commands_read(buf_span(&b), &c), FIELD_MALFORMED);
    assert_span(c.talk.helo, "x.example");
    assert_int_equal(smtp_commands_read(span_first(buf_span(&b), b.len - 1), &c), FIELD_PARTIAL);
    buf_fini(&b);
}

/* A prefix, in a block of its own size, says a part of what the whole says. */
static void test_cut(void **state)
{
    struct span in =
        SPAN_LIT("HELO h.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 7\r\n");
    (void)state;
    for (size_t n = 0; n < in.len; n++) {
        struct smtp_commands c;
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, in.ptr, n);
        assert_int_equal(smtp_commands_read(span_of(copy, n), &c), FIELD_PARTIAL);
        assert_true(c.talk.helo.len == 0 || span_eq(c.talk.helo, SPAN_LIT("h.example")));
        assert_true(c.talk.mail_from.len == 0 || span_eq(c.talk.mail_from, SPAN_LIT("<a@b.example>")));
        assert_true(c.talk.n_rcpt_to == 0 || span_eq(c.talk.rcpt_to[0], SPAN_LIT("<c@d.example>")));
        free(copy);
    }
}

/* How many bytes of `in`, offered in pieces of `size`, belong to a mail; SIZE_MAX when it does not end. */
static size_t mail_len(struct span in, size_t size)
{
    struct smtp_body body = {0};
    size_t at = 0, seen = 0;
    while (seen < in.len) {
        size_t used;
        seen = seen + size < in.len ? seen + size : in.len;
        enum verdict v = smtp_body_skip(&body, span_of(in.ptr + at, seen - at), &used);
        at += used;
        if (v == FIELD_FOUND)
            return at;
    }
    return SIZE_MAX;
}

static void test_mail(void **state)
{
    static const struct {
        const char *in;
        size_t len;
    } mails[] = {
        {"a: b\r\n\r\nhello\r\n.\r\nQUIT\r\n", 18},
        {".\r\nQUIT\r\n", 3},
        {"a\n.\nrest", 4},
        {"a\r\n..\r\n. \r\nx.\r\n.\r\n", 18},
        {"a\r\nRSET\r\n.\r\n", 12},
        {"RSET\r\n", 0},
        {"mail from:<a@b.example>\r\n", 0},
        {"QUIT\r\n", 0},
        {"a\r\n.x\r\n", SIZE_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++)
        for (size_t size = 1; size < 20; size++)
            assert_int_equal(mail_len(span_str(mails[i].in), size), mails[i].len);
}

static void expect_greeting(const char *in, enum outer known, enum verdict v, const char *host)
{
    struct span got;
    assert_int_equal(smtp_greeting_read(span_str(in), known, &got), v);
    if (v == FIELD_FOUND)
        assert_span(got, host);
}

static void test_greetings(void **state)
{
    (void)state;
    expect_greeting("220 mx.example ESMTP Postfix\r\n", OUTER_NONE, FIELD_FOUND, "mx.example");
    expect_greeting("220-mx.example\r\n220 smtp\r\n", OUTER_NONE, FIELD_FOUND, "mx.example");
    expect_greeting("554 mx.example No SMTP service here\r\n", OUTER_NONE, FIELD_FOUND, "mx.example");
    expect_greeting("220 [192.0.2.1] ready\r\n", OUTER_SMTP, FIELD_FOUND, "[192.0.2.1]");
    expect_greeting("220 ESMTP\r\n", OUTER_NONE, FIELD_FOUND, "");
    expect_greeting("220 ***2**0\r\n", OUTER_SMTP, FIELD_FOUND, "");
    expect_greeting("220\r\n", OUTER_SMTP, FIELD_FOUND, "");
    expect_greeting("220 files.example FTP server\r\n", OUTER_NONE, FIELD_ABSENT, "");
    expect_greeting("220 mx.example ESMTP\r\n", OUTER_FTP, FIELD_ABSENT, "");
    expect_greeting("220 some.example\r\n", OUTER_NONE, FIELD_PARTIAL, "");
    expect_greeting("220 some.example\r\n250-some.example\r\n", OUTER_NONE, FIELD_FOUND, "some.example");
    expect_greeting("220 some.example\r\n331 password\r\n", OUTER_NONE, FIELD_ABSENT, "");
    expect_greeting("220 some.exam", OUTER_SMTP, FIELD_PARTIAL, "");
    expect_greeting("", OUTER_SMTP, FIELD_PARTIAL, "");
}

static void expect_address(const char *path, const char *address)
{
    assert_span(smtp_address(span_str(path)), address);
}

static void test_addresses(void **state)
{
    (void)state;
    expect_address("<a@b.example>", "a@b.example");
    expect_address("a@b.example", "a@b.example");
    expect_address("<@r.example,@s.example:a@b.example>", "a@b.example");
    expect_address("<\"x@y\"@b.example>", "\"x@y\"@b.example");
    expect_address("<>", "");
    expect_address("<postmaster>", "");
    expect_address("<@b.example>", "");
    expect_address("<a@>", "");
    expect_address("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),  cmocka_unit_test(test_what_ends_a_run),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_cut),
        cmocka_unit_test(test_mail),      cmocka_unit_test(test_greetings),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
