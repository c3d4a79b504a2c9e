#include "tests/unit/rules/list_harness.h"

#define COPYRIGHT "# Copyright (c) 2014-2026 Maltrail developers (https://maltrail.example/)\n"

static void reads(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.name = SPAN_LIT("apt_example.txt");
    o.tags[0] = SPAN_LIT("mine");
    o.n_tags = 1;
    harness_init(&h);
    harness_load(&h,
                 COPYRIGHT "\n"
                           "# Aliases: apt0, example bear\n"
                           "\n"
                           "# Reference: https://csirt.example/1\n"
                           "# Reference: https://csirt.example/2\n"
                           "\n"
                           "evil.example\n"
                           "192.0.2.1\n"
                           "192.0.2.1:443\t# panel\t\n"
                           "# old.example\n"
                           "/gate.php?id=\n"
                           "evil.example/a b\n"
                           "http://192.0.2.2\n"
                           "\n"
                           "# Generic\n"
                           "\n"
                           ".evil2.example\n",
                 &o);
    assert_int_equal(h.report.format, LIST_MALTRAIL);
#define ORG  " org=Maltrail"
#define MORE " desc=aliases: apt0, example bear tag=mine tag=apt_example\n"
#define REF2 " ref=https://csirt.example/2"
    assert_string_equal(harness_show(&h),
                        "domain suffix evil.example @8" ORG REF2 MORE "ipv4 exact 192.0.2.1 @9" ORG REF2 MORE
                        "ip_port exact 192.0.2.1:443 @10" ORG REF2 " desc=panel tag=mine tag=apt_example\n"
                        "uri_path prefix /gate.php?id= @12" ORG REF2 MORE
                        "hostpath exact evil.example/a%20b @13" ORG REF2 MORE
                        "url exact http://192.0.2.2/ @14" ORG REF2 MORE
                        "domain suffix evil2.example @18" ORG MORE);
    assert_int_equal(h.report.comments, 6);
    harness_fini(&h);
}

static void makes_regexes_of_what_is_no_value(void **state)
{
    harness_expect(
        COPYRIGHT "bad[0-9]+\\.example\n"
                  "^[a-z]{1,3}\\-evil\\.(example|test)$\n"
                  "\\b(evil|bad)[0-9]\n"
                  "BAD(a|b)\\.example\n"
                  "x.*.example\n"
                  "evil\\.example\n"
                  "evil.example/(a|b)\n",
        NULL,
        "regex regex (?:^|\\.)(?:bad[0-9]+\\.example)$ fields=7c1417 @2 org=Maltrail tag=test\n"
        "regex regex ^(?:[a-z]{1,3}\\-evil\\.(example|test))$ fields=7c1417 @3 org=Maltrail tag=test\n"
        "regex regex (?:^|\\.)(?:\\b(evil|bad)[0-9])(?:\\.|$) fields=7c1417 @4 org=Maltrail tag=test\n"
        "regex regex (?:^|\\.)(?:BAD(a|b)\\.example)$ fields=7c1417 caseless @5 org=Maltrail tag=test\n"
        "domain suffix evil.example @7 org=Maltrail tag=test\n"
        "hostpath exact evil.example/(a|b) @8 org=Maltrail tag=test\n",
        NULL);
}

static void refuses_regexes_that_match_the_world(void **state)
{
    static const char *const bad[] = {
        "[a-z]+.[a-z]+",    "(.+)",        "[evil]{3,5}", "a{100}(b|c)", "[a-z]+\\.example",
        "evil)|(.*",        "evil|[a-z]+", "(evil",       "[unclosed",   "x.*.example",
        "^(.*)\\.example$", "ev[il",       "ev[\\",       "\\",          "a...x[0-9]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct list_options o = list_options_none();
        struct harness h;
        o.format = LIST_MALTRAIL;
        harness_init(&h);
        harness_load(&h, bad[i], &o);
        if (h.report.rejected != 1)
            print_error("%s\n", bad[i]);
        assert_int_equal(h.report.rejected, 1);
        harness_fini(&h);
    }
}

static void knows_top_level_domains(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    harness_init(&h);
    harness_load(&h, COPYRIGHT ".example\nevil.example\nword\n", &o);
    assert_int_equal(h.report.by_skip[SKIP_BROAD], 1);
    assert_int_equal(h.report.by_reason[REJECT_SINGLE_LABEL], 1);
    o.loads_tlds = true;
    harness_load(&h, COPYRIGHT ".example\n", &o);
    assert_string_equal(harness_show(&h), "domain suffix evil.example @3 org=Maltrail tag=test\n"
                                          "domain suffix example @2 org=Maltrail tag=test\n");
    harness_fini(&h);
}

static void keeps_what_it_is_told(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_MALTRAIL;
    o.has_match = true;
    o.match = MATCH_EXACT;
    o.fields = FIELD_BIT(FIELD_TLS_SNI);
    o.context.organisation = SPAN_LIT("CSIRT");
    o.context.description = SPAN_LIT("own words");
    o.context.reference = SPAN_LIT("https://csirt.example/");
    harness_expect(
        "# Aliases: x\nevil.example\nbad[0-9]\\.example\n", &o,
        "domain exact evil.example fields=400 @2 org=CSIRT ref=https://csirt.example/ desc=own words "
        "tag=test\n"
        "regex regex (?:^|\\.)(?:bad[0-9]\\.example)$ fields=400 @3 org=CSIRT ref=https://csirt.example/ "
        "desc=own words tag=test\n",
        "");
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
    expect_format("# Reference: https://csirt.example/\n\nbad[0-9]+\\.example\n", LIST_MALTRAIL);
    expect_format("# Aliases: x\n# Reference: https://csirt.example/\nevil.example\n", LIST_MALTRAIL);
    expect_format("# Reference: https://csirt.example/\nevil.example\n/gate.php\n", LIST_TEXT);
    expect_format("bad[0-9]+\\.example\nevil.example\n", LIST_TEXT);
    expect_format("# Copyright (c) 2026 somebody else\nevil.example\n", LIST_TEXT);
    expect_format("# Reference: https://csirt.example/\nhxxp://evil[.]example/\n", LIST_TEXT);
}

static void survives_long_lines(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    size_t n = 1 << 20;
    char *list = malloc(n);
    assert_non_null(list);
    memset(list, '(', n);
    for (size_t i = 4000; i < n / 2; i += 4000) /* lines of blanks in a path */
        list[i] = '\n';
    memset(list + 4001, ' ', n / 4);
    list[4001] = '/';
    memcpy(list + n - 14, "\nevil.example\n", 14);
    o.format = LIST_MALTRAIL;
    harness_init(&h);
    harness_load_bytes(&h, list, n, &o);
    assert_true(h.report.loaded >= 1);
    free(list);
    harness_fini(&h);
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere(
        COPYRIGHT "\r\n# Reference: https://csirt.example/\r\n\r\nbad[0-9]{1,2}\\.example\r\n/a b\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(makes_regexes_of_what_is_no_value),
        cmocka_unit_test(refuses_regexes_that_match_the_world),
        cmocka_unit_test(knows_top_level_domains),
        cmocka_unit_test(keeps_what_it_is_told),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_long_lines),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
