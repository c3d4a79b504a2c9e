#include "tests/unit/rules/list_harness.h"

#include "tests/unit/rules/allow_harness.h"

static void reads_names(void **state)
{
    struct allow_harness a;
    allow_harness_init(&a);
    allow_harness_load(&a,
                       "# TLP:GREEN\n"
                       "\n"
                       "address=/evil.example/0.0.0.0\n"
                       "address=/evil2.example/\n"
                       "address=/EVIL3.example./# # null address\n"
                       "address = /evil4.example/192.0.2.80\n"
                       "address=/a.example/b.example/::\n"
                       "address=/*.below.example/.dot.example/0.0.0.0\n"
                       "server=/evil5.example/\n"
                       "local=/evil6.example/\n"
                       "server=/good.example/#\n"
                       "domain-needed\n"
                       "cache-size=1000\n"
                       "server=192.0.2.53\n",
                       NULL);
    assert_int_equal(a.h.report.format, LIST_DNSMASQ);
    assert_string_equal(harness_show(&a.h), "domain suffix evil.example @3 tlp=green\n"
                                            "domain suffix evil2.example @4 tlp=green\n"
                                            "domain suffix evil3.example @5 tlp=green desc=null address\n"
                                            "domain suffix evil4.example @6 tlp=green\n"
                                            "domain suffix a.example @7 tlp=green\n"
                                            "domain suffix b.example @7 tlp=green\n"
                                            "domain below below.example @8 tlp=green\n"
                                            "domain suffix dot.example @8 tlp=green\n"
                                            "domain suffix evil5.example @9 tlp=green\n"
                                            "domain suffix evil6.example @10 tlp=green\n");
    assert_string_equal(allow_harness_show(&a), "domain suffix good.example @11 tlp=green\n");
    assert_int_equal(a.h.report.entries, 10);
    assert_int_equal(a.h.report.comments, 1);
    assert_int_equal(a.h.report.blank, 1);
    assert_string_equal(harness_notes(&a.h), "");
    allow_harness_fini(&a);
}

static void says_what_is_wrong(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_DNSMASQ;
    harness_init(&h);
    harness_load(&h,
                 "evil.example\n"
                 "address=evil.example\n"
                 "address=/evil.example\n"
                 "server=/evil.example\n"
                 "address=/ev il.example/ok.example/0.0.0.0\n"
                 "server=/fw.example/fw2.example/192.0.2.53#5353\n"
                 "address=/#/0.0.0.0\n"
                 "address=/*/0.0.0.0\n"
                 "address=/zip/0.0.0.0\n"
                 "address=/*ads.example/\n"
                 "local=//\n"
                 "address=/192.0.2.300/\n"
                 "address=/co.uk/\n"
                 "conf-file=/etc/dnsmasq.d/more\n"
                 "Address=/evil.example/\n",
                 &o);
    assert_string_equal(harness_show(&h),
                        "domain suffix ok.example @5\ndomain exact co.uk public-suffix @13\n");
    assert_int_equal(h.report.by_reason[REJECT_NOT_DNSMASQ_LINE], 5);
    assert_int_equal(h.report.by_reason[REJECT_BAD_CHAR], 1);
    assert_int_equal(h.report.by_reason[REJECT_BAD_IP], 1);
    assert_int_equal(h.report.by_skip[SKIP_RULE], 6);
    assert_int_equal(h.report.by_skip[SKIP_BROAD], 1);
    const char *notes = harness_notes(&h);
    assert_non_null(strstr(notes, "5:12: blank inside a value;"));
    assert_non_null(strstr(notes, "6:9: no single value can be taken from this rule; line skipped\n"));
    assert_non_null(strstr(notes, "14:1: other files are not followed; give them as lists of their own\n"));
    harness_fini(&h);
}

static void loads_tlds_when_asked(void **state)
{
    struct list_options o = list_options_none();
    o.loads_tlds = true;
    harness_expect("address=/zip/mov/0.0.0.0\n", &o, "domain suffix zip @1\ndomain suffix mov @1\n", "");
}

static void is_told_from_others(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "# x\r\nlocal=/a.example/\r\nno-resolv\r\naddress=/b.example/#\r\n", NULL);
    assert_int_equal(h.report.format, LIST_DNSMASQ);
    harness_load(&h, "a.example\nb.example\naddress=/b.example/#\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_load(&h, "server=192.0.2.1\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_fini(&h);
}

static void bounds_long_lines(void **state)
{
    struct harness h;
    struct buf text;
    harness_init(&h);
    buf_init(&text, 4 << 20);
    buf_put_str(&text, "address=/a.example/\naddress=/");
    for (int i = 0; i < 40000; i++)
        buf_printf(&text, "n%d.example/", i);
    buf_put_str(&text, "0.0.0.0\naddress=/");
    for (int i = 0; i < 10000; i++)
        buf_printf(&text, "m%d.example/", i);
    buf_put_str(&text, "0.0.0.0\n");
    harness_load_bytes(&h, text.ptr, text.len, NULL);
    assert_int_equal(h.report.loaded, 10001);
    assert_int_equal(h.report.by_reason[REJECT_NAME_TOO_LONG], 1);
    assert_int_equal(h.report.lines, 3);
    buf_fini(&text);
    harness_fini(&h);
}

static void cut_anywhere(void **state)
{
    harness_cut_everywhere("address=/a.example/*.b/zip/# # x\nserver=/c/#\nconf-dir=/x\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names),           cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(loads_tlds_when_asked), cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(bounds_long_lines),     cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
