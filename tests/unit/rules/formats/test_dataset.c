#include "tests/unit/rules/list_harness.h"

static void decodes_and_reads(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "# strings\n"
                 "ZXZpbC5leGFtcGxl\n"             /* evil.example */
                 "LmJlbG93LmV4YW1wbGU=\r\n"       /* .below.example */
                 "aHR0cDovL2V2aWwuZXhhbXBsZS9h\n" /* http://evil.example/a */
                 "\n"
                 "MTkyLjAuMi4x\n" /* 192.0.2.1 */
                 "Y3VybC83LjA=\n" /* curl/7.0 */
                 "anVzdCB0ZXh0",  /* just text */
                 NULL);
    assert_int_equal(h.report.format, LIST_DATASET);
    assert_string_equal(harness_show(&h), "domain exact evil.example @2\n"
                                          "domain suffix below.example @3\n"
                                          "url exact http://evil.example/a @4\n"
                                          "ipv4 exact 192.0.2.1 @6\n");
    assert_int_equal(h.report.entries, 6);
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 2);
    assert_int_equal(h.report.by_type[IOC_OTHER].skipped, 2);
    assert_int_equal(h.report.wildcards, 1);
    assert_int_equal(h.report.comments, 1);
    assert_int_equal(h.report.blank, 1);
    harness_fini(&h);
}

static void keeps_scores_as_tags(void **state)
{
    struct list_options o = list_options_none();
    o.tags[0] = SPAN_LIT("c2");
    o.n_tags = 1;
    harness_expect("ZXZpbC5leGFtcGxl,0\nLmJlbG93LmV4YW1wbGU=, 65535\nMTkyLjAuMi4x\n", &o,
                   "domain exact evil.example @1 tag=c2 tag=datarep:0\n"
                   "domain suffix below.example @2 tag=c2 tag=datarep:65535\n"
                   "ipv4 exact 192.0.2.1 @3 tag=c2\n",
                   "");
}

static void says_what_is_wrong(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_DATASET;
    harness_expect(
        "ZXZpbC5leGFtcGxl,65536\nZXZpbC5leGFtcGxl,1.0\nZXZpbC5leGFtcGxl,\nZXZpbC5leGFtc!xl\nZm9v\n"
        "evil.example\n,5\n",
        &o, "",
        "1:1: a score is a number from 0 to 65535; line skipped\n"
        "2:1: a score is a number from 0 to 65535; line skipped\n"
        "3:1: a score is a number from 0 to 65535; line skipped\n"
        "4:1: bad-base64; wanted: Base64 with its padding; line skipped\n"
        "5:1: type other: nothing in a packet can be compared with it; line skipped\n"
        "6:1: bad-base64; wanted: Base64 with its padding; line skipped\n"
        "7:1: bad-base64; wanted: Base64 with its padding; line skipped\n");
}

static void reads_sets_of_other_types_when_told(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_DATASET;
    harness_init(&h);
    harness_load(&h, "d41d8cd98f00b204e9800998ecf8427e,5\n192.0.2.1\n::ffff:192.0.2.2,7\n", &o);
    assert_string_equal(harness_show(&h), "ipv4 exact 192.0.2.1 @2\nipv4 exact 192.0.2.2 @3 tag=datarep:7\n");
    assert_int_equal(h.report.by_type[IOC_MD5].skipped, 1);
    harness_fini(&h);
}

static void takes_the_declared_type(void **state)
{
    struct list_options o = list_options_none();
    o.has_type = true;
    o.type = IOC_USER_AGENT;
    harness_expect("Y3VybC83LjA=\nanVzdCB0ZXh0\n", &o,
                   "user_agent exact curl/7.0 @1\nuser_agent exact just text @2\n", "");
}

static const char piped[] = "bmFtZS0wLmV2aWwuZXhhbXBsZQpuYW1lLTEuZXZpbC5leGFtcGxlCm5hbWUtMi5ldmlsLmV4YW1w\n"
                            "bGUKbmFtZS0zLmV2aWwuZXhhbXBsZQpuYW1lLTQuZXZpbC5leGFtcGxlCm5hbWUtNS5ldmlsLmV4\n"
                            "YW1wbGUK\n";

static void sees_a_list_encoded_as_a_whole(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, piped, NULL);
    assert_int_equal(h.report.format, LIST_DATASET);
    assert_int_equal(h.report.loaded, 0);
    assert_int_equal(h.report.by_reason[REJECT_BAD_BASE64], 3);
    assert_int_equal(h.report.warnings, 1);
    assert_non_null(strstr(harness_notes(&h), "1:1: a whole list was piped through base64"));
    harness_load(&h, "ZXZpbC5leGFtcGxlCmV2aWwyLmV4YW1wbGUK", NULL); /* base64 -w0 */
    assert_int_equal(h.report.by_reason[REJECT_BAD_BASE64], 1);
    assert_int_equal(h.report.warnings, 1);
    harness_load(&h, "ZXZpbC5leGFtcGxlCg==\n", NULL); /* one name and the line end that `echo` wrote */
    assert_int_equal(h.report.loaded, 1);
    harness_fini(&h);
}

static void expect_format(const char *list, enum list_format format)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, list, NULL);
    assert_int_equal(h.report.format, format);
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    expect_format("evil.example\ntest.example\n", LIST_TEXT);
    expect_format("ZXZpbC5leGFtcGxl\nevil.example\n", LIST_TEXT);
    expect_format("d41d8cd98f00b204e9800998ecf8427e\n", LIST_TEXT);
    expect_format("/etc/abc\n/gateabc\n", LIST_TEXT); /* paths, and Base64 */
    expect_format("192.0.2.1\n", LIST_TEXT);
    expect_format("word\nwords\n", LIST_TEXT);
    expect_format("", LIST_TEXT);
    expect_format("blah,192.0.2.3\nblah,192.0.2.2,foo\n", LIST_TEXT);
    expect_format("gIGC\n", LIST_TEXT); /* three bytes that nobody reads */
}

static void survives_every_cut(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_DATASET;
    harness_cut_everywhere("# x\r\nZXZpbC5leGFtcGxl,12\r\nLmJlbG93LmV4YW1wbGU=\n", &o);
    harness_cut_everywhere(piped, NULL);
}

static void survives_long_lines(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    size_t n = 2 << 20;
    char *list = malloc(n);
    assert_non_null(list);
    memset(list, 'A', n);
    memcpy(list + n - 18, "\nZXZpbC5leGFtcGxl\n", 18);
    o.format = LIST_DATASET;
    harness_init(&h);
    harness_load_bytes(&h, list, n, &o);
    assert_string_equal(harness_show(&h), "domain exact evil.example @2\n");
    assert_int_equal(h.report.rejected, 1);
    free(list);
    harness_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_and_reads),       cmocka_unit_test(keeps_scores_as_tags),
        cmocka_unit_test(says_what_is_wrong),      cmocka_unit_test(reads_sets_of_other_types_when_told),
        cmocka_unit_test(takes_the_declared_type), cmocka_unit_test(sees_a_list_encoded_as_a_whole),
        cmocka_unit_test(is_told_from_others),     cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(survives_long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
