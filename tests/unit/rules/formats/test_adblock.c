#include "tests/unit/rules/list_harness.h"

#include "tests/unit/rules/allow_harness.h"

static void reads_rules(void **state)
{
    struct allow_harness a;
    allow_harness_init(&a);
    allow_harness_load(&a,
                       "[Adblock Plus 2.0]\n"
                       "! Title:  Hosts of malware \n"
                       "! Expires: 4 hours\n"
                       "# TLP:GREEN\n"
                       "## decoration\n"
                       "\n"
                       "||evil.example^\n"
                       "||EVIL2.example\n"
                       "||evil3.example^|\n"
                       "||evil4.example^$important\n"
                       "||evil5.example^$third-party,domain=a.example|b.example\n"
                       "||*.evil6.example^\n"
                       "||evil7.example/\n"
                       "||evil8.example:8080^\n"
                       "||192.0.2.1^\n"
                       "||[2001:db8::1]^\n"
                       "||b\xc3\xbc"
                       "cher.example^ # seen today\n"
                       "evil9.example\n"
                       "*.evil10.example\n"
                       "198.51.100.7\n"
                       "|http://exact.example/|\n"
                       "|https://start.example/a\n"
                       "http://bare.example/b*\n"
                       "||files.example/uc?id=1$all\n"
                       "||files.example/x|\n"
                       "/^https?:\\/\\/ad[0-9]+\\.example\\//\n"
                       "/evil[0-9]$/$match-case\n"
                       "@@||good.example^\n"
                       "@@||good2.example^$important\n"
                       "@@good3.example\n",
                       NULL);
    assert_int_equal(a.h.report.format, LIST_ADBLOCK);
    assert_string_equal(a.h.report.name, "Hosts of malware");
    assert_string_equal(
        harness_show(&a.h),
        "domain suffix evil.example @7 tlp=green\n"
        "domain suffix evil2.example @8 tlp=green\n"
        "domain suffix evil3.example @9 tlp=green\n"
        "domain suffix evil4.example @10 tlp=green\n"
        "domain suffix evil5.example @11 tlp=green desc=$third-party,domain=a.example|b.example\n"
        "domain below evil6.example @12 tlp=green\n"
        "domain suffix evil7.example @13 tlp=green\n"
        "domain_port exact evil8.example:8080 @14 tlp=green\n"
        "ipv4 exact 192.0.2.1 @15 tlp=green\n"
        "ipv6 exact 2001:db8::1 @16 tlp=green\n"
        "domain suffix xn--bcher-kva.example @17 tlp=green desc=seen today\n"
        "domain exact evil9.example @18 tlp=green\n"
        "domain below evil10.example @19 tlp=green\n"
        "ipv4 exact 198.51.100.7 @20 tlp=green\n"
        "url exact http://exact.example/ @21 tlp=green\n"
        "url prefix https://start.example/a @22 tlp=green\n"
        "url prefix http://bare.example/b @23 tlp=green\n"
        "hostpath prefix files.example/uc?id=1 @24 tlp=green\n"
        "hostpath exact files.example/x @25 tlp=green\n"
        "regex regex ^https?:\\/\\/ad[0-9]+\\.example\\/ caseless @26 tlp=green\n"
        "regex regex evil[0-9]$ @27 tlp=green\n");
    assert_string_equal(allow_harness_show(&a), "domain suffix good.example @28 tlp=green\n"
                                                "domain suffix good2.example @29 tlp=green\n"
                                                "domain exact good3.example @30 tlp=green\n");
    assert_int_equal(a.h.report.comments, 5);
    assert_int_equal(a.h.report.blank, 1);
    assert_int_equal(a.h.report.allowed, 3);
    assert_string_equal(harness_notes(&a.h), "");
    allow_harness_fini(&a);
}

static void skips_what_names_no_value(void **state)
{
    static const char *const rules[] = {
        "example.com##.banner",
        "example.com#@#.banner",
        "example.com#?#div:has(a)",
        "example.com#$#body { }",
        "example.com#@$#body { }",
        "example.com#%#//scriptlet('a')",
        "##.banner",
        "###id",
        "example.org$$script[a=\"b\"]",
        "[$path=/a]example.com##.x",
        "||ads*.evil.example^",
        "||evil.*^",
        "||evil.^",
        "||evil.example|",
        "||evil.example^path",
        "||evil.example/a*b",
        "||evil.example/a^",
        "||*ads.example/a",
        "|http://a*.example/|",
        "|http://a.example^",
        "-ad-banner.",
        "/banner/ad.",
        "&ad_box_",
        "adserver",
        "evil.example^",
        "example.com/ads",
        "10.0.0.0/8",
        "||evil.example^$removeparam=a",
        "||evil.example^$badfilter",
        "||evil.example^$csp=script-src",
        "$popup",
        "/re/$domain=/x$/,replace=a",
        "@@||good.example^$domain=a.example",
        "@@||good.example^$elemhide",
        "*",
        "|",
        "||evil.example^$~a",
    };
    struct list_options o = list_options_none();
    o.format = LIST_ADBLOCK;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rules[i], &o);
        if (h.report.by_skip[SKIP_RULE] != 1)
            print_message("%s\n", rules[i]);
        assert_int_equal(h.report.entries, 1);
        assert_int_equal(h.report.by_skip[SKIP_RULE], 1);
        harness_fini(&h);
    }
}

static void says_what_is_wrong(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_ADBLOCK;
    harness_init(&h);
    harness_load(&h,
                 "||ev il.example^\n"
                 "||^\n"
                 "@@||go od.example^\n"
                 "||192.0.2.300^\n"
                 "||zip^\n"
                 "||co.uk^\n",
                 &o);
    assert_string_equal(harness_show(&h), "domain exact co.uk public-suffix @6\n");
    assert_int_equal(h.report.by_reason[REJECT_BAD_CHAR], 2);
    assert_int_equal(h.report.by_reason[REJECT_EMPTY], 1);
    assert_int_equal(h.report.by_reason[REJECT_BAD_IP], 1);
    assert_int_equal(h.report.by_skip[SKIP_BROAD], 1);
    const char *notes = harness_notes(&h);
    assert_non_null(strstr(notes, "1:5: blank inside a value;"));
    assert_non_null(strstr(notes, "3:7: blank inside a value;"));
    harness_fini(&h);
}

static void options_win(void **state)
{
    struct list_options o = list_options_none();
    o.has_match = true;
    o.match = MATCH_EXACT;
    o.name = SPAN_LIT("mine");
    o.loads_tlds = true;
    struct harness h;
    harness_init(&h);
    harness_load(&h, "! Title: theirs\n||evil.example^\n", &o);
    assert_string_equal(harness_show(&h), "domain exact evil.example @2\n");
    assert_string_equal(h.report.name, "mine");
    harness_fini(&h);
    o.has_match = false;
    harness_expect("||zip^\n", &o, "domain suffix zip @1\n", "");
}

static void is_told_from_others(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "! x\r\n||a.example^\r\n@@||b.example^\r\nc.example\r\n", NULL);
    assert_int_equal(h.report.format, LIST_ADBLOCK);
    harness_load(&h, "[uBlock Origin]\na.example\n", NULL);
    assert_int_equal(h.report.format, LIST_ADBLOCK);
    harness_load(&h, "! comment\na.example\nb.example\n||c.example^\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_load(&h, "## heading\na.example\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_fini(&h);
}

static void cut_anywhere(void **state)
{
    harness_cut_everywhere(
        "[Adblock]\n! Title: x\n@@||a.example^$domain=~b\\,c,important\nx##y\n/a$/$image\n|http://a/|\n",
        NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rules),         cmocka_unit_test(skips_what_names_no_value),
        cmocka_unit_test(says_what_is_wrong),  cmocka_unit_test(options_win),
        cmocka_unit_test(is_told_from_others), cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
