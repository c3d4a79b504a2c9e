#include "tests/unit/rules/list_harness.h"

#include "tests/unit/rules/allow_harness.h"

static void reads_rules(void **state)
{
    struct allow_harness a;
    allow_harness_init(&a);
    allow_harness_load(&a,
                       "// ===BEGIN ICANN DOMAINS===\n"
                       "\n"
                       "// example : https://nic.example/\n"
                       "example\n"
                       "co.example  and a comment\n"
                       "*.city.example\n"
                       "!www.city.example\n"
                       "*.ck\n"
                       "\xe5\x85\xac\xe5\x8f\xb8.example\n"
                       "// ===END ICANN DOMAINS===\n"
                       "// ===BEGIN PRIVATE DOMAINS===\n"
                       "\xe5\x85\xac\xe5\x8f\xb8\n"
                       "  blog.example\n"
                       "// ===END PRIVATE DOMAINS===\n",
                       NULL);
    assert_int_equal(a.h.report.format, LIST_PSL);
    assert_string_equal(allow_harness_show(&a), "domain exact example @4 tag=psl:icann\n"
                                                "domain exact co.example @5 tag=psl:icann\n"
                                                "wildcard wildcard *?.city.example @6 tag=psl:icann\n"
                                                "domain exact xn--55qx5d.example @9 tag=psl:icann\n"
                                                "domain exact xn--55qx5d @12 tag=psl:private\n"
                                                "domain exact blog.example @13 tag=psl:private\n");
    assert_string_equal(harness_show(&a.h), "");
    assert_int_equal(a.h.report.allowed, 6);
    assert_int_equal(a.h.report.entries, 2);
    assert_int_equal(a.h.report.by_skip[SKIP_RULE], 2);
    assert_int_equal(a.h.report.comments, 5);
    assert_int_equal(a.h.report.blank, 1);
    struct set_view v = set_view_of(a.allow);
    for (uint32_t i = 0; i < v.n_indicators; i++)
        assert_int_equal(v.indicators[i].flags, IOC_F_HOST_ONLY);
    allow_harness_fini(&a);
}

static void says_what_is_wrong(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_PSL;
    harness_init(&h);
    harness_load(&h, "e!l.example\n*.\n*.a..example\n192.0.2.300\nhttp://x.example/\n", &o);
    assert_int_equal(h.report.allowed, 0);
    assert_int_equal(h.report.rejected, 3);
    assert_int_equal(h.report.by_reason[REJECT_BAD_CHAR], 1);
    assert_int_equal(h.report.by_reason[REJECT_BAD_IP], 1);
    assert_int_equal(h.report.by_reason[REJECT_TYPE_MISMATCH], 1);
    assert_int_equal(h.report.by_skip[SKIP_RULE], 2);
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "// ===BEGIN ICANN DOMAINS===\r\ncom\r\n", NULL);
    assert_int_equal(h.report.format, LIST_PSL);
    harness_load(&h, "// of ICANN domains\na.example\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_fini(&h);
}

static void cut_anywhere(void **state)
{
    harness_cut_everywhere("// ===BEGIN PRIVATE DOMAINS===\n*.city.example\n!www.city.example\ncom\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rules),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
