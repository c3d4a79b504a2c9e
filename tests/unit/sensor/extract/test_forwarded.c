/* forwarded.c: whom proxies say they speak for. */
#include "sensor/extract/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

/* The addresses, as written, a blank between. */
static void assert_addresses(enum forwarded_header h, const char *value, const char *want)
{
    struct span rest = span_str(value), text;
    struct ip ip;
    struct buf said;
    buf_init(&said, 4096);
    while (forwarded_next(h, &rest, &text, &ip)) {
        if (said.len)
            buf_put_byte(&said, ' ');
        buf_put(&said, text);
    }
    assert_true(span_eq(buf_span(&said), span_str(want)));
    buf_fini(&said);
}

static void test_lists(void **state)
{
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1, 198.51.100.2,203.0.113.3", "192.0.2.1 198.51.100.2 203.0.113.3"},
        {"192.0.2.1:4711", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]:4711, [2001:db8::2]", "2001:db8::1 2001:db8::2"},
        {"unknown, , 192.0.2.1.example, 192.0.2.300,, 192.0.2.9", "192.0.2.9"},
        {"\"[2001:db8::1]:80\"", "2001:db8::1"},
        {"for=192.0.2.1", ""},
        {"", ""},
        {",", ""},
        {"[", ""},
        {"[192.0.2.1]", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_addresses(FORWARDED_X_FORWARDED_FOR, cases[i][0], cases[i][1]);
}

static void test_rfc_7239(void **state)
{
    static const char *const cases[][2] = {
        {"for=192.0.2.1;proto=http;by=203.0.113.43", "192.0.2.1"},
        {"proto=http; For=192.0.2.1:80, for=\"[2001:db8:cafe::17]:4711\"", "192.0.2.1 2001:db8:cafe::17"},
        {"for=_hidden, for=unknown, for=198.51.100.17", "198.51.100.17"},
        {"192.0.2.1", ""},
        {"for=", ""},
        {"fo", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_addresses(FORWARDED_FORWARDED, cases[i][0], cases[i][1]);
}

static void test_headers(void **state)
{
    struct forwarded_list l = {0};
    for (unsigned h = 0; h < FORWARDED_HEADER_COUNT; h++)
        forwarded_note(&l, span_str(forwarded_name((enum forwarded_header)h)), SPAN_LIT("192.0.2.1"));
    assert_int_equal(l.n, FORWARDED_HEADER_COUNT);
    for (unsigned h = 0; h < FORWARDED_HEADER_COUNT; h++)
        assert_int_equal(l.items[h].header, h);
    forwarded_note(&l, SPAN_LIT("x-forwarded-for"), SPAN_LIT(""));
    forwarded_note(&l, SPAN_LIT("x-forwarded-host"), SPAN_LIT("192.0.2.1"));
    assert_int_equal(l.n, FORWARDED_HEADER_COUNT);
    for (unsigned i = 0; i < FORWARDED_MAX; i++)
        forwarded_note(&l, SPAN_LIT("X-REAL-IP"), SPAN_LIT("192.0.2.1"));
    assert_int_equal(l.n, FORWARDED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_rfc_7239),
        cmocka_unit_test(test_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
