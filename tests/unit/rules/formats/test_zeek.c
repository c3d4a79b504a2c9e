#include "tests/unit/rules/list_harness.h"

#define HEAD "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.do_notice\n"

static void reads_each_type(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 HEAD "evil.example\tIntel::DOMAIN\tcsirt\tC2\thttps://csirt.example/1\tT\n"
                      "192.0.2.1\tIntel::ADDR\tcsirt\t-\t-\tF\n"
                      "2001:db8::1\tIntel::ADDR\t(empty)\t(empty)\t-\tF\n"
                      "198.51.100.7/24\tIntel::SUBNET\t-\t-\t-\tF\n"
                      "evil.example/gate.php\tIntel::URL\t-\t-\t-\tF\n"
                      "https://evil.example/x\tIntel::URL\t-\t-\t-\tF\n"
                      "bot agent/1.0\tIntel::SOFTWARE\t-\t-\t-\tF\n"
                      "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\tIntel::CERT_HASH\t-\t-\t-\tF\n"
                      "d41d8cd98f00b204e9800998ecf8427e\tIntel::JA3\t-\t-\t-\tF\n"
                      "user@evil.example\tIntel::EMAIL\t-\t-\t-\tF\n"
                      "da39a3ee5e6b4b0d3255bfef95601890afd80709\tIntel::FILE_HASH\t-\t-\t-\tF\n"
                      "d41d8cd98f00b204e9800998ecf8427e\tIntel::CERT_HASH\t-\t-\t-\tF\n"
                      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\tIntel::CERT_HASH\t-\t-\t-\tF\n"
                      "root\tIntel::USER_NAME\t-\t-\t-\tF\n"
                      "bad.exe\tIntel::FILE_NAME\t-\t-\t-\tF\n",
                 NULL);
    assert_int_equal(h.report.format, LIST_ZEEK);
    assert_string_equal(harness_show(&h),
                        "domain exact evil.example @2 org=csirt ref=https://csirt.example/1 desc=C2\n"
                        "ipv4 exact 192.0.2.1 @3 org=csirt\n"
                        "ipv6 exact 2001:db8::1 @4\n"
                        "cidr4 cidr 198.51.100.0/24 @5\n"
                        "hostpath exact evil.example/gate.php @6\n"
                        "url exact https://evil.example/x @7\n"
                        "user_agent exact bot agent/1.0 @8\n"
                        "cert_sha1 exact da39a3ee5e6b4b0d3255bfef95601890afd80709 @9\n"
                        "ja3 exact d41d8cd98f00b204e9800998ecf8427e @10\n"
                        "email exact user@evil.example @11\n"
                        "cert_sha256 exact 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef @14\n");
    assert_int_equal(h.report.entries, 15);
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 4);
    assert_int_equal(h.report.by_type[IOC_EMAIL].loaded, 1);
    assert_int_equal(h.report.by_type[IOC_SHA1].skipped, 1);
    assert_int_equal(h.report.by_type[IOC_MD5].skipped, 1);
    assert_int_equal(h.report.by_type[IOC_OTHER].skipped, 2);
    assert_int_equal(h.report.comments, 1);
    harness_fini(&h);
}

static void says_what_is_wrong(void **state)
{
    harness_expect(
        HEAD "blanks instead of tabs Intel::DOMAIN - - F\n"
             "evil.example\tIntel::NOSUCH\t-\t-\t-\tF\n"
             "not an ip\tIntel::ADDR\t-\t-\t-\tF\n"
             "-\tIntel::DOMAIN\t-\t-\t-\tF\n"
             "evil.example\t-\t-\t-\t-\tF\n"
             "evil.example\tIntel::FILE_HASH\t-\t-\t-\tF\n"
             "evil.example\tIntel::DOMAIN\n",
        NULL, "",
        "2:1: too few columns; wanted: as many columns as the list's other rows have; line skipped\n"
        "3:1: unknown type; wanted: a type of indicator that is known here, as domain, ip or url; line "
        "skipped\n"
        "4:4: blank inside a value; wanted: letters, digits, '-', '_' and '.' only; line skipped\n"
        "5:1: nothing there; wanted: a value in this place; line skipped\n"
        "6:1: nothing there; wanted: a value in this place; line skipped\n"
        "7:1: not of the declared type; wanted: a value of the type that is declared for it; line skipped\n"
        "8:1: too few columns; wanted: as many columns as the list's other rows have; line skipped\n");
}

static void reads_all_metadata(void **state)
{
    harness_expect(
        "#separator \\x09\n"
        "# TLP:GREEN\n"
        "#fields\tmeta.tlp\tmeta.confidence\tindicator_type\tmeta.tags\tmeta.id\tmeta.first_seen\t"
        "meta.valid_until\tmeta.unheard_of\tindicator\n"
        "amber\t80\tIntel::DOMAIN\tc2, emotet\tX-1\t2025-01-01\t1767225600.5\tx\tevil.example\n"
        "-\thigh\tDOMAIN\t-\t-\t-\t-\tx\tevil2.example\n"
        "-\tmuch\tintel::domain\t-\t-\t-\t-\tx\tevil3.example\n",
        NULL,
        "domain exact evil.example @4 tlp=amber conf=80 from=2025-01-01T00:00:00 until=2026-01-01T00:00:00 "
        "id=X-1 tag=c2 tag=emotet\n"
        "domain exact evil2.example @5 tlp=green conf=75\n"
        "domain exact evil3.example @6 tlp=green\n",
        "6:0: not a confidence from 0 to 100; passed over\n");
}

static void strips_quotes_and_says_so_once(void **state)
{
    harness_expect("#fields\tindicator\tindicator_type\n"
                   "\"192.0.2.1\"\tIntel::ADDR\n"
                   "\"192.0.2.2\"\tIntel::ADDR\n",
                   NULL, "ipv4 exact 192.0.2.1 @2\nipv4 exact 192.0.2.2 @3\n",
                   "2:0: values in quotes, with which Zeek itself never matches; taken without them here\n");
}

static void allows_and_removes(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "#fields\tindicator\tindicator_type\tmeta.whitelist\tmeta.remove\n"
                 "good.example\tIntel::DOMAIN\tT\tF\n"
                 "gone.example\tIntel::DOMAIN\tF\tT\n"
                 "evil.example\tIntel::DOMAIN\tF\tF\n",
                 NULL);
    assert_string_equal(harness_show(&h), "domain exact evil.example @4\n");
    assert_int_equal(h.report.allowed, 1);
    assert_int_equal(h.report.by_skip[SKIP_DELETED], 1);
    harness_fini(&h);
}

static void takes_another_separator_and_header(void **state)
{
    harness_expect("#separator \\x7c\n#fields|indicator|indicator_type\nevil.example|Intel::DOMAIN\n"
                   "#fields|indicator_type|indicator\nIntel::DOMAIN|evil2.example\r\n",
                   NULL, "domain exact evil.example @3\ndomain exact evil2.example @5\n", "");
}

static void reads_without_a_header_when_told(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_ZEEK;
    harness_expect(
        "evil.example\tIntel::DOMAIN\tcsirt\nevil2.example\tIntel::DOMAIN\n", &o,
        "domain exact evil.example @1 org=csirt\ndomain exact evil2.example @2\n",
        "1:1: no \"#fields\" line in front of this; read as indicator, indicator_type, meta.source, "
        "meta.desc, meta.url\n");
}

static void is_told_from_others(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "evil.example\tIntel::DOMAIN\n", NULL);
    assert_int_not_equal(h.report.format, LIST_ZEEK);
    harness_load(&h, "#fields\tts\tuid\tid.orig_h\n1.0\tC1\t192.0.2.1\n", NULL);
    assert_int_not_equal(h.report.format, LIST_ZEEK);
    harness_load(&h, "#fieldset\tindicator\tindicator_type\nevil.example\tx\n", NULL);
    assert_int_not_equal(h.report.format, LIST_ZEEK);
    harness_load(&h, "# a comment\n\n#fields\tindicator\tindicator_type\r\n", NULL);
    assert_int_equal(h.report.format, LIST_ZEEK);
    assert_int_equal(h.report.entries, 0);
    harness_fini(&h);
}

static void survives_every_cut(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_ZEEK;
    harness_cut_everywhere("#separator \\x09\r\n" HEAD "\"evil.example\"\tIntel::DOMAIN\tx\ty\tz\tT\n", &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_type),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(reads_all_metadata),
        cmocka_unit_test(strips_quotes_and_says_so_once),
        cmocka_unit_test(allows_and_removes),
        cmocka_unit_test(takes_another_separator_and_header),
        cmocka_unit_test(reads_without_a_header_when_told),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
