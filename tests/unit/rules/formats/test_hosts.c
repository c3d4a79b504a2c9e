#include "tests/unit/rules/list_harness.h"

static void reads(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "# Title\n"
                 "127.0.0.1 localhost\n"
                 "::1 localhost ip6-localhost ip6-loopback\n"
                 "255.255.255.255 broadcasthost\n"
                 "fe80::1%lo0 localhost\n"
                 "0.0.0.0 0.0.0.0\n"
                 "\n"
                 "0.0.0.0 evil.example\n"
                 "127.0.0.1\tevil2.example\t# tab, comment\n"
                 "0.0.0.0 multi1.example  multi2.example MULTI3.example # three\n"
                 ":: v6sink.example\n"
                 "0.0.0.0 evil.example\n"
                 "192.0.2.55 redirected.example.\n"
                 "0.0.0.0 198.51.100.1\n"
                 "0.0.0.0 ad.example #[Tracking.Cookie]\n",
                 &o);
    assert_int_equal(h.report.format, LIST_HOSTS);
    assert_string_equal(harness_show(&h), "domain exact evil.example @8\n"
                                          "domain exact evil2.example @9 desc=tab, comment\n"
                                          "domain exact multi1.example @10 desc=three\n"
                                          "domain exact multi2.example @10 desc=three\n"
                                          "domain exact multi3.example @10 desc=three\n"
                                          "domain exact v6sink.example @11\n"
                                          "domain exact redirected.example @13\n"
                                          "ipv4 exact 198.51.100.1 @14\n"
                                          "domain exact ad.example @15 desc=[Tracking.Cookie]\n");
    assert_int_equal(h.report.entries, 10);
    assert_int_equal(h.report.merged, 1);
    assert_int_equal(h.report.comments, 1);
    assert_int_equal(h.report.blank, 1);
    harness_fini(&h);
}

static void says_what_is_wrong(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_HOSTS;
    harness_init(&h);
    harness_load(&h,
                 "0.0.0.0 *.wild.example\n"
                 "0.0.0.0\n"
                 "evil3.example\n"
                 "0.0.0.0 ok.example fe\n"
                 "0.0.0.0 user@mail.example\n"
                 "0.0.0.0 http://evil.example/\n"
                 "0.0.0.0 .dot.example\n"
                 "1.2.3 a.example\n"
                 "# TLP:RED\n"
                 "0.0.0.0 last.example",
                 &o);
    assert_string_equal(harness_show(&h),
                        "domain exact ok.example @4\ndomain exact last.example @10 tlp=red\n");
    assert_int_equal(h.report.by_reason[REJECT_BAD_CHAR], 2);
    assert_int_equal(h.report.by_reason[REJECT_NOT_HOSTS_LINE], 3);
    assert_int_equal(h.report.by_reason[REJECT_SINGLE_LABEL], 1);
    assert_int_equal(h.report.by_reason[REJECT_TYPE_MISMATCH], 2);
    assert_non_null(strstr(harness_notes(&h), "1:9: '*' is out of place; wanted: "));
    assert_non_null(strstr(harness_notes(&h),
                           "2:1: not a line of a hosts file; wanted: an address, then one or more "
                           "names, as in 0.0.0.0 evil.example; line skipped\n"));
    assert_non_null(strstr(harness_notes(&h), "4:20: name of a single label"));
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "0.0.0.0 a.example\nb.example\nc.example\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_load(&h, "# x\n\n0.0.0.0 a.example\n::1 b.example\nc.example\n", NULL);
    assert_int_equal(h.report.format, LIST_HOSTS);
    harness_load(&h, "0.0.0.0\n127.0.0.1\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_load(&h, "0.0.0.0 a.example", NULL);
    assert_int_equal(h.report.format, LIST_HOSTS);
    harness_fini(&h);
}

static void keeps_the_match_it_is_told(void **state)
{
    struct list_options o = list_options_none();
    o.has_match = true;
    o.match = MATCH_SUFFIX;
    harness_expect("0.0.0.0 a.example\n0.0.0.0 co.uk\n", &o,
                   "domain suffix a.example @1\ndomain exact co.uk public-suffix @2\n", NULL);
}

static void survives_long_lines(void **state)
{
    struct buf list;
    struct harness h;
    struct list_options o = list_options_none();
    o.format = LIST_HOSTS;
    harness_init(&h);
    buf_init(&list, 8 << 20);
    buf_put_str(&list, "0.0.0.0");
    for (int i = 0; i < 100000; i++)
        buf_printf(&list, " n%d.example", i);
    buf_put_str(&list, "\n0.0.0.0 after.example\n");
    harness_load_bytes(&h, list.ptr, list.len, &o);
    assert_string_equal(harness_show(&h), "domain exact after.example @2\n");
    assert_int_equal(h.report.rejected, 1);
    buf_fini(&list);
    harness_fini(&h);
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere("0.0.0.0 evil.example # x\r\n:: *.x a.example localhost\nfe80::1%lo0 x\n0.0.0.0\n",
                           NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(keeps_the_match_it_is_told),
        cmocka_unit_test(survives_long_lines),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
