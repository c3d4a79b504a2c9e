/* yaml_scalar.c: what is written is read again by libyaml as the same text, between brackets and without; and what another reader could
 * take for a number, a date or a truth value stands in quotes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/yaml.h"
#include "rules/writers/yaml_scalar.h"

struct source {
    struct span rest;
};

static ssize_t deliver(void *from, void *to, size_t n, struct err *err)
{
    struct source *s = from;
    struct span part = span_first(s->rest, n);
    memcpy(to, part.ptr, part.len);
    s->rest = span_from(s->rest, part.len);
    return (ssize_t)part.len;
}

/* "key: <scalar>" or "- [<scalar>, x]", read up to the scalar. */
static void expect_read_again(struct span text, bool in_flow, bool is_value)
{
    struct buf document;
    struct err err = {0};
    struct yaml_node node;
    buf_init(&document, 1 << 20);
    buf_put_str(&document, in_flow ? "- [" : is_value ? "key: " : "- ");
    assert_true(yaml_put_scalar(&document, text, in_flow));
    buf_put_str(&document, in_flow ? ", x]\n" : "\n");
    struct source source = {buf_span(&document)};
    struct yaml *y = yaml_open(deliver, &source, "test");
    int skip = in_flow || is_value ? 2 : 1;
    for (int i = 0; i < skip; i++)
        if (yaml_next(y, &node, &err) == YAML_BAD)
            fail_msg("%s in %.*s", err.what, (int)document.len, (const char *)document.ptr);
    if (yaml_next(y, &node, &err) != YAML_SCALAR || !span_eq(node.text, text))
        fail_msg("not read again: %.*s", (int)document.len, (const char *)document.ptr);
    assert_true(!node.is_plain || !yaml_is_null(&node));
    assert_int_equal(yaml_next(y, &node, &err), in_flow ? YAML_SCALAR : YAML_CLOSE);
    yaml_close(y);
    buf_fini(&document);
}

static void expect_everywhere(struct span text)
{
    expect_read_again(text, false, false);
    expect_read_again(text, false, true);
    expect_read_again(text, true, false);
}

/* All texts of up to three pieces. */
static void is_read_again(void **state)
{
    static const char *const pieces[] = {"",
                                         "a",
                                         " ",
                                         ":",
                                         "#",
                                         "'",
                                         "\"",
                                         "\\",
                                         "-",
                                         "?",
                                         ",",
                                         "[",
                                         "]",
                                         "{",
                                         "}",
                                         "&",
                                         "*",
                                         "!",
                                         "|",
                                         ">",
                                         "%",
                                         "@",
                                         "`",
                                         "\n",
                                         "\t",
                                         "\r",
                                         "\x01",
                                         "\x7f",
                                         "0",
                                         ".",
                                         "\xc3\xa9",
                                         "\xc2\x85",
                                         "\xe2\x80\xa8",
                                         "\xef\xbb\xbf",
                                         "\xf3\xa0\x80\x81",
                                         "\xf0\x9f\x94\xa5",
                                         "---",
                                         "..."};
    enum { N = sizeof pieces / sizeof *pieces };
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            for (int m = 0; m < N; m++) {
                char text[32];
                int n = snprintf(text, sizeof text, "%s%s%s", pieces[i], pieces[k], pieces[m]);
                expect_everywhere(span_of(text, (size_t)n));
            }
}

static void keeps_every_byte_below_128(void **state)
{
    for (int c = 0; c < 128; c++) {
        char text[] = {'a', (char)c, 'b'};
        expect_everywhere(span_of(text, 3));
        expect_everywhere(span_of(text + 1, 1));
    }
}

static void expect(const char *text, const char *wanted)
{
    struct buf out;
    buf_init(&out, 1024);
    yaml_put_scalar(&out, span_str(text), false);
    buf_put_byte(&out, 0);
    assert_string_equal((const char *)out.ptr, wanted);
    buf_fini(&out);
}

static void quotes_what_could_be_something_else(void **state)
{
    static const char *const odd[] = {
        "null",  "Null", "NO",   "y",          "1",    "007",     "0x1f",
        "1.5",   "1e5",  "1.e5", "2026-01-01", "1:30", "1:2:3:4", "2001-12-14 21:59:43",
        "12e03", "0o17", "1_000"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "\"%s\"", odd[i]);
        expect(odd[i], wanted);
    }
    expect("~", "\"~\"");
    expect(".5", "\".5\"");
    expect("<<", "\"<<\"");
    expect("=", "\"=\"");
}

static void leaves_alone_what_is_plain(void **state)
{
    static const char *const plain[] = {
        "a.example",   "192.0.2.1",  "192.0.2.0/24",  "http://a.example/b?c=d&e=%20*",
        "2001:db8::1", "1a.example", "CSIRT Example", "/gate.php?id="};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        expect(plain[i], plain[i]);
    expect("^a\\.b$", "'^a\\.b$'");
    expect("it's \\", "'it''s \\'");
    expect("\"\n", "\"\\\"\\n\"");
}

static void says_when_bytes_are_no_text(void **state)
{
    struct buf out;
    buf_init(&out, 1024);
    assert_false(yaml_put_scalar(&out, SPAN_LIT("caf\xe9 \xed\xa0\x80"), false));
    assert_true(span_eq(buf_span(&out), SPAN_LIT("\"caf\\\\xe9 \\\\xed\\\\xa0\\\\x80\"")));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_again),
        cmocka_unit_test(keeps_every_byte_below_128),
        cmocka_unit_test(quotes_what_could_be_something_else),
        cmocka_unit_test(leaves_alone_what_is_plain),
        cmocka_unit_test(says_when_bytes_are_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
