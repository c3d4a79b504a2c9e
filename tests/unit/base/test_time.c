#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/time.h"

static bool parse(const char *text, int64_t *out)
{
    size_t n = strlen(text);
    char *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    bool is_good = time_parse(span_of(exact, n), out);
    free(exact);
    return is_good;
}

static void expect(const char *text, int64_t seconds)
{
    int64_t got = -1;
    if (!parse(text, &got))
        fail_msg("not read: %s", text);
    if (got != seconds)
        fail_msg("%s: %lld, not %lld", text, (long long)got, (long long)seconds);
}

static void expect_bad(const char *text)
{
    int64_t got = 4711;
    if (parse(text, &got))
        fail_msg("read: %s", text);
    assert_int_equal(got, 4711);
}

static void reads_dates(void **state)
{
    expect("1970-01-01", 0);
    expect("2026-01-31", 1769817600);
    expect("20260131", 1769817600);
    expect("2024-02-29", 1709164800);
    expect("2000-02-29", 951782400);
    expect("0001-01-01", -62135596800);
    expect("9999-12-31", 253402214400);
    expect("  2026-01-31\r", 1769817600);
}

static void reads_moments(void **state)
{
    expect("2026-01-31 12:34:56", 1769862896);
    expect("2026-01-31T12:34:56Z", 1769862896);
    expect("2026-01-31t12:34:56z", 1769862896);
    expect("2026-01-31T12:34:56.999999Z", 1769862896);
    expect("2026-01-31T12:34:56,5+00:00", 1769862896);
    expect("2026-01-31 12:34", 1769862840);
    expect("2026-01-31 12:34:56 UTC", 1769862896);
    expect("2026-01-31 12:34:56 (UTC)", 1769862896);
    expect("2026-01-31T12:34:56+02:00", 1769855696);
    expect("2026-01-31T12:34:56-0530", 1769882696);
    expect("2026-01-31T12:34:56+02", 1769855696);
    expect("2016-12-31T23:59:60Z", 1483228800);
    expect("20260131T12:34:56", 1769862896);
}

static void reads_seconds(void **state)
{
    expect("0", 0);
    expect("1769862896", 1769862896);
    expect("1769862896.25", 1769862896);
    expect("99999999999", 99999999999);
    expect("2026", 2026);
}

static void refuses_the_rest(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "x",
        "2026-",
        "2026-1-31",
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "1900-02-29",
        "2026-04-31",
        "2026-01-00",
        "0000-01-01",
        "2026-01-31T",
        "2026-01-31T24:00:00",
        "2026-01-31T12:60",
        "2026-01-31T12:00:61",
        "2026-01-31T12",
        "2026-01-31T12:00:00.",
        "2026-01-31T12:00:00+",
        "2026-01-31T12:00:00+2",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+02:60",
        "2026-01-31T12:00:00 CET",
        "2026-01-31 12:00:00ZZ",
        "2026/01/31",
        "31.01.2026",
        "20261331",
        "123456789012",
        "-5",
        "1769862896.",
        "1769862896 s",
        "November 7th, 2014",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_bad(bad[i]);
}

static void survives_every_cut(void **state)
{
    const char *text = "2026-01-31T12:34:56.123456+02:00";
    int64_t got;
    for (size_t n = 0; n <= strlen(text); n++) {
        char *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        time_parse(span_of(exact, n), &got);
        free(exact);
    }
}

static void formats(void **state)
{
    char out[TIME_TEXT_MAX];
    assert_int_equal(time_format(1769862896, 123, out), 31);
    assert_string_equal(out, "2026-01-31T12:34:56.000123+0000");
    time_format(0, 0, out);
    assert_string_equal(out, "1970-01-01T00:00:00.000000+0000");
    time_format(-1, 999999, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999999+0000");
    time_format(INT64_MAX, 0, out);
    assert_string_equal(out, "9999-12-31T23:59:59.000000+0000");
    time_format(INT64_MIN, 0, out);
    assert_string_equal(out, "0000-01-01T00:00:00.000000+0000");
}

/* Every day of eight centuries comes back as it went out. */
static void goes_round(void **state)
{
    char out[TIME_TEXT_MAX];
    for (int64_t day = -140000; day < 150000; day++) {
        int64_t seconds = day * 86400 + (day & 0xffff), back;
        size_t n = time_format(seconds, 0, out);
        assert_true(time_parse(span_of(out, n), &back));
        assert_int_equal(back, seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_dates),
        cmocka_unit_test(reads_moments),
        cmocka_unit_test(reads_seconds),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(formats),
        cmocka_unit_test(goes_round),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
