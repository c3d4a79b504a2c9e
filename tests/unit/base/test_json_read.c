#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/fuzz/json_agreement.h"

/* Each step of a walk through `text`: "line:col value", "line:col! fault", "line:col? value that does not end". */
static void expect_walk(const char *text, const char *want)
{
    struct json_part whole, part;
    struct json_walk w;
    struct span key;
    struct buf out;
    enum json_step step;
    buf_init(&out, 1 << 16);
    assert_true(json_part_of(span_str(text), &whole));
    assert_true(json_walk_begin(&w, &whole));
    while ((step = json_walk_next(&w, &key, &part)) != JSON_WALK_END) {
        if (step == JSON_WALK_FAULT)
            buf_printf(&out, "%u:%u! %s\n", w.line, w.col, w.what);
        if (part.text.len)
            buf_printf(&out, "%u:%u%s %.*s%s%.*s\n", part.line, part.col, part.is_open ? "?" : "",
                       (int)key.len, (const char *)key.ptr, key.len ? "=" : "", (int)part.text.len,
                       (const char *)part.text.ptr);
    }
    buf_put_byte(&out, 0);
    assert_string_equal((const char *)out.ptr, want);
    buf_fini(&out);
    json_check_agreement(span_str(text));
}

#define COMMA "a comma or the closing bracket is wanted here\n"
#define OPEN  "brackets do not match, or the text ends before this is complete\n"

static void walks(void **state)
{
    expect_walk(" [1, \"a\" ,\n{\"b\":[2]}]\n", "1:3 1\n1:6 \"a\"\n2:1 {\"b\":[2]}\n");
    expect_walk("{\"a\":\r\n{} , \"b\\\"c\": \"}\"}", "2:1 a={}\n2:14 b\\\"c=\"}\"\n");
    expect_walk("[]", "");
    expect_walk("{ }", "");
}

static void gets_over_faults_in_arrays(void **state)
{
    expect_walk("[{\"a\":1} {\"a\":2}, {\"a\":3}]",
                "1:2 {\"a\":1}\n1:10! " COMMA "1:10 {\"a\":2}\n1:19 {\"a\":3}\n");
    expect_walk("[{\"a\":1},\n{\"a\":{2},\n{\"a\":3}]",
                "1:2 {\"a\":1}\n2:1! " OPEN "2:1? {\"a\":{2},\n\n3:1 {\"a\":3}\n");
    expect_walk("[{\"a\":[{\"b\":0},{\"a\":2},{\"a\":3}]",
                "1:2! " OPEN "1:2? {\"a\":[{\"b\":0},\n1:16 {\"a\":2}\n1:24 {\"a\":3}\n");
    expect_walk("[{\"a\":1}}, {\"b\":0}, {\"a\":2}]", "1:2 {\"a\":1}\n1:9! " COMMA "1:21 {\"a\":2}\n");
    expect_walk("[{\"a\":\"x},\n{\"a\":\"y\"},\n{\"a\":3}]",
                "1:2! " OPEN "1:2? {\"a\":\"x},\n\n2:1 {\"a\":\"y\"}\n3:1 {\"a\":3}\n");
    expect_walk("[1 2, :, 3]", "1:2 1\n1:4! " COMMA "1:4 2\n1:7! " OPEN "1:10 3\n");
    expect_walk("[\"a\",]", "1:2 \"a\"\n1:6! a comma with nothing behind it\n");
    expect_walk("[[1],[2", "1:2 [1]\n1:6! " OPEN "1:6? [2\n");
    expect_walk("[[1]", "1:2 [1]\n1:5! the text ends before it is complete\n");
    expect_walk("[[1]] x", "1:2 [1]\n1:7! text behind the end\n");
}

static void gets_over_faults_in_objects(void **state)
{
    expect_walk("{\"a\":1 \"b\":2}", "1:6 a=1\n1:8! " COMMA "1:12 b=2\n");
    expect_walk("{a:1, \"b\":2}", "1:2! a key in quotes and a colon are wanted here\n1:11 b=2\n");
    expect_walk("{\"a\":[{\"c\":1},{\"c\":[2},{\"c\":3}],\"b\":4}",
                "1:6! " OPEN "1:6? a=[{\"c\":1},{\"c\":[2},{\"c\":3}],\"b\":4}\n");
    expect_walk("{\"a\":1} {}", "1:6 a=1\n1:9! text behind the end\n");
}

/* An open part can be walked itself, and is told from a whole one: what stands behind its end is no fault. */
static void walks_what_is_open(void **state)
{
    struct json_part whole, part, inner;
    struct json_walk w, in;
    struct span key;
    assert_true(json_part_of(SPAN_LIT("{\"a\":[{\"c\":1},{\"c\":[2},{\"c\":3}],\"b\":4}"), &whole));
    assert_true(json_part_member(&whole, "a", &part));
    assert_true(part.is_open && json_walk_begin(&in, &part));
    assert_int_equal(json_walk_next(&in, &key, &inner), JSON_WALK_VALUE);
    assert_int_equal(json_walk_next(&in, &key, &inner), JSON_WALK_FAULT);
    assert_int_equal(in.col, 15);
    assert_int_equal(json_walk_next(&in, &key, &inner), JSON_WALK_VALUE);
    assert_true(span_eq(inner.text, SPAN_LIT("{\"c\":3}")));
    assert_int_equal(json_walk_next(&in, &key, &inner), JSON_WALK_END);
    assert_true(json_walk_begin(&w, &whole));
    assert_false(json_part_member(&whole, "b", &part));
}

/* Two quotes that are missing hide all that stands between them. */
static void looks_into_what_is_broken(void **state)
{
    struct json_part whole, part;
    struct json_walk w;
    struct span key;
    assert_true(json_part_of(SPAN_LIT("[{\"a\":\"1},\n{\"a\":\"2\"},\n{\"a\":3\"},{\"a\":\"4\"}]"), &whole));
    assert_true(json_walk_begin(&w, &whole));
    assert_int_equal(json_walk_next(&w, &key, &part), JSON_WALK_VALUE);
    assert_true(memchr(part.text.ptr, '2', part.text.len) != NULL);
    assert_true(json_walk_retry(&w, &part));
    assert_int_equal(json_walk_next(&w, &key, &part), JSON_WALK_VALUE);
    assert_true(span_eq(part.text, SPAN_LIT("{\"a\":\"2\"}")));
    assert_true(part.line == 2 && part.col == 1);
    assert_false(json_walk_retry(&w, &part));
    json_walk_begin_at(&w, &part);
    assert_false(json_walk_retry(&w, &part));
}

static void expect_read(const char *text, size_t n, const char *want)
{
    struct json_reader *reader = json_reader_new(1 << 20);
    struct json_part part;
    struct err err = {0};
    char got[300];
    assert_non_null(reader);
    assert_true(json_part_of(span_of(text, n), &part));
    const json_value *v = json_read(reader, &part, &err);
    snprintf(got, sizeof got, "%u:%u %s", err.line, err.col, err.what);
    assert_string_equal(v ? "good" : got, want);
    json_reader_free(reader);
}

static void says_where(void **state)
{
    expect_read("{\"a\": \"\\\\u0000\"}", 16, "good");
    expect_read("{\"a\":\n \"x\\u0000\"}", 17, "2:4 a zero byte, or a string with one in it");
    expect_read("[\"a\0b\"]", 7, "1:4 a zero byte, or a string with one in it");
    expect_read("[1,\n2 3]", 8, "2:3 not JSON");
    expect_read("{} {}", 5, "1:3 not JSON");
}

static void reads_heads(void **state)
{
    struct json_head h = {.rest = SPAN_LIT("{\"a\": \"1\", \"b\": {\"c\": \"2\", \"d\": {\"e\": \"3\"}}, "
                                           "\"f\" : [\"g\", {\"h\":\"4\"}], \"i\": \"cu")};
    struct span key, value;
    char got[100] = "";
    while (json_head_next(&h, 2, &key, &value))
        snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s=%.*s ", (int)key.len,
                 (const char *)key.ptr, (int)value.len, (const char *)value.ptr);
    assert_string_equal(got, "a=1 b= c=2 d= f= i= ");
    assert_true(json_head_has(SPAN_LIT("[{\"a\":1}"), 2, "a"));
    assert_false(json_head_has(SPAN_LIT("[{\"a\":1}"), 1, "a"));
    assert_false(json_head_has(SPAN_LIT("[\"a\", 1"), 2, "a"));
}

/* A document of all kinds of values, cut at every byte, and with every byte in turn made another. */
static void agrees(void **state)
{
    static const char text[] =
        "{\"t\":\"\\u00e9\\ud83d\\ude00\\\"\\\\/"
        "\\n\",\n\"n\":[0,-1,2.5e3,1E-2],\"l\":[true,false,null],\"o\":{\"\":{},\"e\":[[]]}}";
    char changed[sizeof text];
    size_t n = sizeof text - 1;
    assert_true(json_check_agreement(span_of(text, n)));
    for (size_t i = 0; i < n; i++)
        assert_false(json_check_agreement(span_of(text, i)));
    for (size_t i = 0; i < n; i++)
        for (const char *c = "{}[]\",:\\ 0x\n"; *c; c++) {
            memcpy(changed, text, sizeof text);
            changed[i] = *c;
            json_check_agreement(span_of(changed, n));
        }
}

/* Brackets that never match, again and again: over in a moment. */
static void is_not_slow(void **state)
{
    enum { N = 1 << 20 };
    char *text = malloc(N);
    struct json_part whole, part;
    struct json_walk w;
    struct span key;
    assert_non_null(text);
    for (size_t i = 0; i < N; i++)
        text[i] = "{\"a\":["[i % 6];
    text[0] = '[';
    assert_true(json_part_of(span_of(text, N), &whole));
    assert_true(json_walk_begin(&w, &whole));
    while (json_walk_next(&w, &key, &part) != JSON_WALK_END)
        ;
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks),
        cmocka_unit_test(gets_over_faults_in_arrays),
        cmocka_unit_test(gets_over_faults_in_objects),
        cmocka_unit_test(walks_what_is_open),
        cmocka_unit_test(looks_into_what_is_broken),
        cmocka_unit_test(says_where),
        cmocka_unit_test(reads_heads),
        cmocka_unit_test(agrees),
        cmocka_unit_test(is_not_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
