#include "tests/unit/rules/list_harness.h"

#include "tests/unit/rules/allow_harness.h"

static void reads_zones_and_data(void **state)
{
    struct allow_harness a;
    allow_harness_init(&a);
    allow_harness_load(&a,
                       "# TLP:GREEN\n"
                       "server:\n"
                       "  local-zone: \"evil.example.\" always_nxdomain\n"
                       "\tlocal-zone: 'EVIL2.example' refuse # seen today\n"
                       "local-zone: evil3.example static\n"
                       "local-zone:\"evil4.example\" redirect\n"
                       "local-data: \"evil4.example A 0.0.0.0\"\n"
                       "local-data: 'evil5.example. 60 IN TXT \"x\"'\n"
                       "server: local-zone: \"evil6.example\" inform\n"
                       "local-zone: \"good.example\" transparent\n"
                       "local-zone: \"data.example\" transparent\n"
                       "local-data: \"ads.data.example A 0.0.0.0\"\n"
                       "local-data: \"ads2.data.example A 0.0.0.0\"\n"
                       "local-zone: \"good2.example\" always_transparent\n"
                       "local-data-ptr: \"192.0.2.1 x.example\"\n"
                       "local-zone: \"2.0.192.in-addr.arpa.\" nodefault\n"
                       "local-data: \"1.2.0.192.in-addr.arpa PTR x.example\"\n"
                       "\n"
                       "local-zone: \"good3.example\" typetransparent\n",
                       NULL);
    assert_int_equal(a.h.report.format, LIST_UNBOUND);
    assert_string_equal(harness_show(&a.h), "domain suffix evil.example @3 tlp=green\n"
                                            "domain suffix evil2.example @4 tlp=green desc=seen today\n"
                                            "domain suffix evil3.example @5 tlp=green\n"
                                            "domain suffix evil4.example @6 tlp=green\n"
                                            "domain exact evil4.example @7 tlp=green\n"
                                            "domain exact evil5.example @8 tlp=green\n"
                                            "domain suffix evil6.example @9 tlp=green\n"
                                            "domain exact ads.data.example @12 tlp=green\n"
                                            "domain exact ads2.data.example @13 tlp=green\n");
    assert_string_equal(allow_harness_show(&a), "domain suffix good.example @10 tlp=green\n"
                                                "domain suffix good2.example @14 tlp=green\n"
                                                "domain suffix good3.example @19 tlp=green\n");
    assert_int_equal(a.h.report.entries, 12);
    assert_int_equal(a.h.report.allowed, 3);
    assert_int_equal(a.h.report.by_skip[SKIP_RULE], 3); /* data.example and two reverse names */
    allow_harness_fini(&a);
}

static void says_what_is_wrong(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_UNBOUND;
    harness_init(&h);
    harness_load(&h,
                 "evil.example\n"
                 "local-zone: \"evil.example\"\n"
                 "local-zone: \"evil.example\" block\n"
                 "local-zone:\n"
                 "local-data: \"evil.example\"\n"
                 "local-data: \"\"\n"
                 "local-data: \"evil.example A ( 0.0.0.0\"\n"
                 "local-zone: \"ev il.example\" deny\n"
                 "local-zone: \".\" refuse\n"
                 "local-zone: \"zip\" refuse\n"
                 "local-data: \"zip A 0.0.0.0\"\n"
                 "local-zone: \"co.uk\" refuse\n"
                 "include: \"/etc/passwd\"\n"
                 "verbosity: 1\n"
                 "local-zone: \"open refuse\n"
                 "local-zone: \"\" transparent\n",
                 &o);
    assert_string_equal(harness_show(&h), "domain exact zip @11\ndomain exact co.uk public-suffix @12\n");
    assert_int_equal(h.report.by_reason[REJECT_NOT_UNBOUND_LINE], 5);
    assert_int_equal(h.report.by_reason[REJECT_BAD_RR], 3);
    assert_int_equal(h.report.by_reason[REJECT_BAD_CHAR], 1);
    assert_int_equal(h.report.by_reason[REJECT_EMPTY], 1);
    assert_int_equal(h.report.by_skip[SKIP_BROAD], 1);
    assert_int_equal(h.report.by_skip[SKIP_RULE], 1);
    const char *notes = harness_notes(&h);
    assert_non_null(strstr(notes, "3:14: no type of local-zone that unbound has; line skipped\n"));
    assert_non_null(strstr(notes, "13:1: other files are not followed; give them as lists of their own\n"));
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "server:\r\nlocal-zone: \"a.example\" refuse\r\n", NULL);
    assert_int_equal(h.report.format, LIST_UNBOUND);
    harness_load(&h, "a.example\nb.example\nlocal-zone: \"a.example\" refuse\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_fini(&h);
}

static void survives_block_ends(void **state)
{
    struct allow_harness a;
    struct buf text;
    allow_harness_init(&a);
    buf_init(&text, 4 << 20);
    for (int i = 0; i < 10000; i++)
        buf_printf(
            &text,
            "local-zone: \"name-%05d.example\" transparent\nlocal-data: \"data-%05d.example A 0.0.0.0\"\n", i,
            i);
    buf_put_byte(&text, 0);
    allow_harness_load(&a, (const char *)text.ptr, NULL);
    assert_int_equal(a.h.report.allowed, 10000);
    assert_int_equal(a.h.report.loaded, 10000);
    assert_non_null(strstr(harness_show(&a.h), "domain exact data-09999.example @20000\n"));
    assert_non_null(strstr(allow_harness_show(&a), "domain suffix name-09999.example @19999\n"));
    buf_fini(&text);
    allow_harness_fini(&a);
}

static void cut_anywhere(void **state)
{
    harness_cut_everywhere("local-zone: \"a.example.\" transparent # x\nlocal-data: 'b.a.example 1 IN A "
                           "0.0.0.0'\nserver: include: x\n",
                           NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_zones_and_data), cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(is_told_from_others),  cmocka_unit_test(survives_block_ends),
        cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
