#include "tests/unit/rules/list_harness.h"

static void reads_a_list_of_servers(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "#\n"
                 "# LOKI C2 IOCs\n"
                 "# This file contains servers\n"
                 "#\n"
                 "\n"
                 "# Operation Example https://csirt.example/1\n"
                 "evil.example\n"
                 "192.0.2.1\n"
                 "\n"
                 "192.0.2.2;65\n"
                 "192.0.2.3;150;seen twice https://csirt.example/3\n"
                 "# Another report\n"
                 "# with a second line\n"
                 "# https://csirt.example/2 (in French)\n"
                 "evil2.example\n"
                 "# and one more\n"
                 "evil3.example;its own words; all of them\r\n",
                 NULL);
    assert_int_equal(h.report.format, LIST_LOKI);
    assert_string_equal(harness_show(&h),
                        "domain suffix evil.example @7 ref=https://csirt.example/1 desc=Operation Example\n"
                        "ipv4 exact 192.0.2.1 @8 ref=https://csirt.example/1 desc=Operation Example\n"
                        "ipv4 exact 192.0.2.2 @10 conf=65\n"
                        "ipv4 exact 192.0.2.3 @11 conf=100 ref=https://csirt.example/3 desc=seen twice\n"
                        "domain suffix evil2.example @15 ref=https://csirt.example/2 desc=Another report\n"
                        "domain suffix evil3.example @17 desc=its own words; all of them\n");
    assert_int_equal(h.report.comments, 9);
    assert_int_equal(h.report.blank, 2);
    assert_string_equal(harness_notes(&h), "");
    harness_fini(&h);
}

static void counts_hashes_and_files(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "# THOR CUSTOM EVIL HASHES\n"
                 "d41d8cd98f00b204e9800998ecf8427e;Example malware\n"
                 "da39a3ee5e6b4b0d3255bfef95601890afd80709;50;Example malware\n"
                 "\\\\Temp\\\\bad\\.exe;60\n"
                 "/tmp/bad;70\n"
                 "192.0.2.300;x y\n",
                 NULL);
    assert_int_equal(h.report.format, LIST_LOKI);
    assert_int_equal(h.report.by_type[IOC_MD5].skipped, 1);
    assert_int_equal(h.report.by_type[IOC_SHA1].skipped, 1);
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 2);
    assert_int_equal(h.report.by_skip[SKIP_RULE], 2);
    assert_int_equal(h.report.by_reason[REJECT_BAD_IP], 1);
    harness_load(&h, "# LOKI Filename IOCs\n\nbad\\.exe;60;good\\.exe\nsvchost.com;70\n", NULL);
    assert_int_equal(h.report.loaded, 0);
    assert_int_equal(h.report.by_skip[SKIP_RULE], 2);
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
    expect_format("evil.example;seen in mails\nevil2.example;seen in mails\n", LIST_LOKI);
    expect_format("evil.example;80;seen in mails\n", LIST_LOKI);
    expect_format("evil.example;192.0.2.1\nevil2.example;192.0.2.2\n", LIST_CSV);
    expect_format("domain;comment\nevil.example;seen in mails\n", LIST_CSV);
    expect_format("evil.example;\"seen in mails\"\n", LIST_CSV);
    expect_format("evil.example;seen in mails;2025-01-01\n", LIST_CSV);
    expect_format("evil.example;malware\n", LIST_CSV);
    expect_format("# Loki's own list\nevil.example\n", LIST_TEXT);
    expect_format("evil.example\n# LOKI C2 IOCs\n", LIST_TEXT);
    expect_format("evil.example # a; b\n", LIST_TEXT);
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere(
        "# LOKI C2 IOCs\r\n# Report https://csirt.example/1\r\nevil.example;65;x y\r\n\\x;1\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_list_of_servers),
        cmocka_unit_test(counts_hashes_and_files),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
