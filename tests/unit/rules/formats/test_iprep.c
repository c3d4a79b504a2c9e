#include "tests/unit/rules/list_harness.h"

static void reads(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.tags[0] = SPAN_LIT("mine");
    o.n_tags = 1;
    harness_init(&h);
    harness_load(&h,
                 "# 192.0.2.9,1,1\n"
                 "192.0.2.1,1,127\n"
                 "192.0.2.2, 60, 0\r\n"
                 "\n"
                 "198.51.100.13/24,5,64\n"
                 "2001:db8::1,10,100",
                 &o);
    assert_int_equal(h.report.format, LIST_IPREP);
    assert_string_equal(harness_show(&h), "ipv4 exact 192.0.2.1 @2 conf=100 tag=mine tag=iprep:1\n"
                                          "ipv4 exact 192.0.2.2 @3 conf=0 tag=mine tag=iprep:60\n"
                                          "cidr4 cidr 198.51.100.0/24 @5 conf=50 tag=mine tag=iprep:5\n"
                                          "ipv6 exact 2001:db8::1 @6 conf=79 tag=mine tag=iprep:10\n");
    assert_string_equal(harness_notes(&h), "5:1: the network has host bits set; taken as 198.51.100.0/24\n");
    assert_int_equal(h.report.comments, 1);
    harness_fini(&h);
}

static void says_what_is_wrong(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_IPREP;
    harness_expect(
        "192.0.2.1,0,5\n192.0.2.1,61,5\n192.0.2.1,x,5\n192.0.2.1,1,128\n192.0.2.1,1,-1\n192.0.2.1,1\n"
        "192.0.2.1,1,2,3\n192.0.2.300,1,2\n,1,2\n",
        &o, "",
        "1:11: bad-category; wanted: a category number from 1 to 60; line skipped\n"
        "2:11: bad-category; wanted: a category number from 1 to 60; line skipped\n"
        "3:11: bad-category; wanted: a category number from 1 to 60; line skipped\n"
        "4:13: a score is a number from 0 to 127; line skipped\n"
        "5:13: a score is a number from 0 to 127; line skipped\n"
        "6:1: wanted: address,category,score; line skipped\n"
        "7:1: wanted: address,category,score; line skipped\n"
        "8:1: not an IP address; wanted: four decimal numbers up to 255 as in 192.0.2.1, or IPv6 without "
        "zone as in 2001:db8::1; line skipped\n"
        "9:1: nothing there; wanted: a value in this place; line skipped\n");
}

static void knows_the_file_of_categories(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "1,Bad,Bad hosts\n2,CnC,Servers/Controllers, seen lately\n\n7,Scan,Scanners", NULL);
    assert_int_equal(h.report.format, LIST_IPREP);
    assert_int_equal(h.report.entries, 0);
    assert_int_equal(h.report.comments, 3);
    assert_string_equal(harness_notes(&h),
                        "1:1: this names the categories of IP reputation lists, and holds no "
                        "addresses: there is nothing to load\n");
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
    expect_format("192.0.2.1,5\n192.0.2.2,7\n", LIST_CSV);
    expect_format("192.0.2.1,80,100\n192.0.2.2,443,100\n", LIST_CSV);
    expect_format("192.0.2.1,5,evil\n", LIST_CSV);
    expect_format("ip,category,score\n192.0.2.1,5,100\n", LIST_CSV);
    expect_format("192.0.2.1,5,100,1\n", LIST_CSV);
    expect_format("1,evil.example,malware\n2,evil2.example,malware\n", LIST_CSV);
    expect_format("1,malware,evil.example,2025-01-01\n2,malware,evil2.example,2025-01-01\n", LIST_CSV);
    expect_format("1,malware,\"evil.example\"\n2,malware,\"evil2.example\"\n", LIST_CSV);
    expect_format("192.0.2.1\n192.0.2.2\n", LIST_TEXT);
    expect_format("192.0.2.1,5,100\n", LIST_IPREP);
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere("# x\r\n192.0.2.1,1,127\r\n2001:db8::/32,2,5\n", NULL);
    harness_cut_everywhere("1,Bad,Bad hosts\n2,CnC,Servers\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(knows_the_file_of_categories),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
