/* json.c: what is written is valid JSON and says what came in, whatever bytes came. */
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

/* A copy that ends where its block ends, so that a sanitizer sees one byte too far. */
static struct span copy_exact(struct span s)
{
    uint8_t *block = malloc(s.len ? s.len : 1);
    assert_non_null(block);
    if (s.len)
        memcpy(block, s.ptr, s.len);
    return span_of(block + (s.len ? 0 : 1), s.len);
}

static void free_exact(struct span s)
{
    uintptr_t block = (uintptr_t)s.ptr - (s.len ? 0 : 1);
    free((void *)block);
}

static void assert_bytes(const struct buf *b, const char *want)
{
    if (!span_eq(buf_span(b), span_str(want)))
        fail_msg("got  %.*s\nwant %s", (int)b->len, (const char *)b->ptr, want);
}

enum how { WIRE, TEXT, ESCAPED };

static void put(struct buf *out, enum how how, struct span s)
{
    struct json j;
    struct span exact = copy_exact(s);
    json_init(&j, out);
    if (how == WIRE)
        json_wire(&j, NULL, exact);
    else if (how == TEXT)
        json_text(&j, NULL, exact);
    else
        put_escaped(out, exact);
    free_exact(exact);
}

static void expect(enum how how, struct span s, const char *want)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    put(&out, how, s);
    assert_bytes(&out, want);
    buf_fini(&out);
}

#define EXPECT(how, in, want) expect(how, SPAN_LIT(in), want)

static void test_structure(void **state)
{
    struct buf out;
    struct json j;
    (void)state;

    buf_init(&out, 4096);
    json_init(&j, &out);
    json_begin_object(&j, NULL);
    json_u64(&j, "a", UINT64_MAX);
    json_i64(&j, "b", INT64_MIN);
    json_i64(&j, "c", 7);
    json_begin_array(&j, "d");
    json_end_array(&j);
    json_begin_array(&j, "e");
    json_bool(&j, NULL, true);
    json_bool(&j, NULL, false);
    json_begin_object(&j, NULL);
    json_end_object(&j);
    json_begin_object(&j, NULL);
    json_str(&j, "f", "g");
    json_end_object(&j);
    json_end_array(&j);
    json_str(&j, "h", "");
    json_end_object(&j);
    assert_bytes(&out, "{\"a\":18446744073709551615,\"b\":-9223372036854775808,\"c\":7,\"d\":[],"
                       "\"e\":[true,false,{},{\"f\":\"g\"}],\"h\":\"\"}");
    buf_fini(&out);
}

static void test_depth(void **state)
{
    struct buf out;
    struct json j;
    (void)state;

    buf_init(&out, 4096);
    json_init(&j, &out);
    for (int i = 0; i + 1 < JSON_DEPTH_MAX; i++) {
        json_begin_array(&j, NULL);
        json_u64(&j, NULL, 1);
    }
    for (int i = 0; i + 1 < JSON_DEPTH_MAX; i++)
        json_end_array(&j);
    json_t *parsed = json_loadb((const char *)out.ptr, out.len, 0, NULL);
    assert_non_null(parsed);
    json_decref(parsed);
    buf_fini(&out);
}

static void test_double(void **state)
{
    struct buf out;
    struct json j;
    (void)state;

    buf_init(&out, 4096);
    json_init(&j, &out);
    json_begin_array(&j, NULL);
    json_double(&j, NULL, 1.25, 2);
    json_double(&j, NULL, -0.5, 0);
    json_double(&j, NULL, 1e20, 1);
    json_double(&j, NULL, NAN, 1);
    json_double(&j, NULL, -INFINITY, 1);
    json_end_array(&j);
    assert_bytes(&out, "[1.25,-0,100000000000000000000.0,null,null]");
    buf_fini(&out);
}

static void test_plain_names(void **state)
{
    (void)state;
    for (int how = WIRE; how <= TEXT; how++) {
        EXPECT((enum how)how, "", "\"\"");
        EXPECT((enum how)how, "www.example.com", "\"www.example.com\"");
        EXPECT((enum how)how, "a/b?c='d'&e={f}[~]", "\"a/b?c='d'&e={f}[~]\"");
        EXPECT((enum how)how, "m\xc3\xbcnchen.example", "\"m\xc3\xbcnchen.example\"");
        EXPECT((enum how)how, "\xe4\xb8\xad\xf0\x9f\x98\x80", "\"\xe4\xb8\xad\xf0\x9f\x98\x80\"");
        EXPECT((enum how)how, "say \"hi\"", "\"say \\\"hi\\\"\"");
    }
    EXPECT(ESCAPED, "", "");
    EXPECT(ESCAPED, "say \"hi\" m\xc3\xbcnchen", "say \"hi\" m\xc3\xbcnchen");
}

static void test_controls(void **state)
{
    (void)state;
    EXPECT(WIRE, "a\0b\n\x7f", "\"a\\\\x00b\\\\x0a\\\\x7f\"");
    EXPECT(ESCAPED, "a\0b\n\x7f", "a\\x00b\\x0a\\x7f");
    EXPECT(TEXT, "a\0b\b\f\n\r\t\x1f\x7f", "\"a\\u0000b\\b\\f\\n\\r\\t\\u001f\\u007f\"");
    EXPECT(WIRE, "back\\slash", "\"back\\\\x5cslash\"");
    EXPECT(TEXT, "back\\slash", "\"back\\\\slash\"");
    EXPECT(ESCAPED, "back\\slash", "back\\x5cslash");
}

/* What splits lines, turns them round or can't be seen is never written raw. */
static void test_hidden_characters(void **state)
{
    (void)state;
    EXPECT(WIRE, "\xe2\x80\xa8", "\"\\\\xe2\\\\x80\\\\xa8\"");      /* U+2028 */
    EXPECT(TEXT, "\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""); /* and U+2029 */
    EXPECT(WIRE, "\xc2\x85", "\"\\\\xc2\\\\x85\"");                 /* U+0085 */
    EXPECT(TEXT, "\xc2\x85\xc2\xa0", "\"\\u0085\xc2\xa0\"");        /* U+00A0 shows */
    EXPECT(TEXT,
           "a\xe2\x80\xae"
           "b",
           "\"a\\u202eb\"");                                             /* right to left */
    EXPECT(TEXT, "\xe2\x80\x8b\xef\xbb\xbf", "\"\\u200b\\ufeff\"");      /* no width */
    EXPECT(TEXT, "\xef\xbf\xbd\xef\xbf\xbe", "\"\xef\xbf\xbd\\ufffe\""); /* U+FFFD shows, U+FFFE does not */
    EXPECT(TEXT, "\xf3\xa0\x80\x81", "\"\\udb40\\udc01\"");              /* U+E0001, a tag */
    EXPECT(TEXT, "\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\"");              /* U+10FFFF */
}

static void test_ill_formed(void **state)
{
    static const struct {
        struct span in;
        const char *want; /* in both styles */
    } cases[] = {
        {{(const uint8_t *)"\xff", 1}, "\"\\\\xff\""},
        {{(const uint8_t *)"\x80", 1}, "\"\\\\x80\""},
        {{(const uint8_t *)"\xc3", 1}, "\"\\\\xc3\""},                       /* cut */
        {{(const uint8_t *)"\xe2\x82", 2}, "\"\\\\xe2\\\\x82\""},            /* cut */
        {{(const uint8_t *)"\xf0\x9f\x98", 3}, "\"\\\\xf0\\\\x9f\\\\x98\""}, /* cut */
        {{(const uint8_t *)"\xc0\xaf", 2}, "\"\\\\xc0\\\\xaf\""},            /* overlong '/' */
        {{(const uint8_t *)"\xe0\x80\xaf", 3}, "\"\\\\xe0\\\\x80\\\\xaf\""}, /* overlong */
        {{(const uint8_t *)"\xf0\x80\x80\xaf", 4}, "\"\\\\xf0\\\\x80\\\\x80\\\\xaf\""},
        {{(const uint8_t *)"\xed\xa0\x80", 3}, "\"\\\\xed\\\\xa0\\\\x80\""},            /* U+D800 */
        {{(const uint8_t *)"\xed\xbf\xbf", 3}, "\"\\\\xed\\\\xbf\\\\xbf\""},            /* U+DFFF */
        {{(const uint8_t *)"\xf4\x90\x80\x80", 4}, "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""}, /* beyond U+10FFFF */
        {{(const uint8_t *)"\xf8\x88\x80\x80\x80", 5}, "\"\\\\xf8\\\\x88\\\\x80\\\\x80\\\\x80\""},
        {{(const uint8_t *)"\xc3z", 2}, "\"\\\\xc3z\""}, /* the next byte stands on its own */
        {{(const uint8_t *)"\xe2\x82\xc3\xbc", 4}, "\"\\\\xe2\\\\x82\xc3\xbc\""},
        {{(const uint8_t *)"\xc3\"", 2}, "\"\\\\xc3\\\"\""}, /* does not swallow the quote */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(WIRE, cases[i].in, cases[i].want);
        expect(TEXT, cases[i].in, cases[i].want);
    }
}

/* Every \xNN of parsed wire text turned back. */
static size_t unescape(const char *s, size_t n, uint8_t *to)
{
    size_t len = 0;
    for (size_t i = 0; i < n; len++) {
        if (s[i] != '\\') {
            to[len] = (uint8_t)s[i++];
            continue;
        }
        assert_true(n - i >= 4 && s[i + 1] == 'x');
        const char hex[3] = {s[i + 2], s[i + 3], 0};
        to[len] = (uint8_t)strtoul(hex, NULL, 16);
        i += 4;
    }
    return len;
}

static void assert_round_trip(struct span in)
{
    struct buf out;
    uint8_t back[64];

    buf_init(&out, 4096);
    put(&out, WIRE, in);
    json_t *parsed = json_loadb((const char *)out.ptr, out.len, JSON_DECODE_ANY, NULL);
    assert_non_null(parsed);
    size_t len = unescape(json_string_value(parsed), json_string_length(parsed), back);
    assert_true(span_eq(span_of(back, len), in));
    json_decref(parsed);

    buf_reset(&out);
    put(&out, ESCAPED, in);
    len = unescape((const char *)out.ptr, out.len, back);
    assert_true(span_eq(span_of(back, len), in));
    buf_fini(&out);
}

static void test_round_trip(void **state)
{
    static const uint8_t around[] = "x\xf0\x9f\x98\x80\\\"y\xe2\x80\xa8\xed\xa0\x80z\xc3";
    uint8_t pair[2];
    (void)state;

    for (unsigned i = 0; i < 65536; i++) {
        pair[0] = (uint8_t)(i >> 8);
        pair[1] = (uint8_t)i;
        assert_round_trip(span_of(pair, 2));
    }
    for (size_t from = 0; from < sizeof around; from++)
        for (size_t to = from; to <= sizeof around; to++)
            assert_round_trip(span_of(around + from, to - from));
}

static void put_sample(struct buf *out)
{
    struct json j;
    json_init(&j, out);
    json_begin_object(&j, NULL);
    json_u64(&j, "n", 12345);
    json_begin_array(&j, "list");
    json_wire(&j, NULL, SPAN_LIT("www.example"));
    json_wire(&j, NULL, SPAN_LIT("a\0b\"c"));
    json_text(&j, NULL, SPAN_LIT("\xe2\x80\xa8"));
    json_end_array(&j);
    json_double(&j, "d", 0.5, 1);
    json_end_object(&j);
}

/* Whatever the ceiling, what is there is the beginning of the whole, and is_full tells. */
static void test_full_buffer(void **state)
{
    struct buf whole, out;
    (void)state;

    buf_init(&whole, 4096);
    put_sample(&whole);
    assert_false(whole.is_full);
    for (size_t cap = 0; cap < whole.len + 8; cap++) {
        buf_init(&out, cap);
        put_sample(&out);
        assert_true(out.len <= cap && out.len <= whole.len);
        assert_true(out.is_full || out.len == whole.len);
        assert_true(cap < whole.len ? out.is_full : true);
        assert_true(span_starts(buf_span(&whole), buf_span(&out)));
        buf_fini(&out);
    }
    buf_fini(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),   cmocka_unit_test(test_depth),
        cmocka_unit_test(test_double),      cmocka_unit_test(test_plain_names),
        cmocka_unit_test(test_controls),    cmocka_unit_test(test_hidden_characters),
        cmocka_unit_test(test_ill_formed),  cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
