#include "tests/unit/rules/list_harness.h"

/* Load with an allow side, which `h` then shows. */
static void load(struct harness *h, const char *text, const struct list_options *o)
{
    struct set *indicators = set_new();
    assert_non_null(indicators);
    struct list_context ctx = harness_context(h);
    ctx.allow = h->set;
    ctx.set = indicators;
    list_report_fini(&h->report);
    h->is_good = list_load_input(&ctx, harness_input(text, strlen(text)), "test", o, &h->report, &h->err);
    assert_true(h->is_good);
    harness_check_sums(&h->report);
    assert_int_equal(set_view_of(indicators).n_indicators, 0);
    set_free(indicators);
}

#define WARNINGLIST(type, attribute, list)                                                                   \
    "{\"description\":\"Well-known\",\"list\":[" list "],\"matching_attributes\":[\"" attribute              \
    "\"],\"name\":\"Sites\","                                                                                \
    "\"type\":\"" type "\",\"version\":7}"

static void expect(const char *text, const char *shown, uint64_t n_allowed)
{
    struct harness h;
    harness_init(&h);
    load(&h, text, NULL);
    assert_int_equal(h.report.format, LIST_WARNINGLIST);
    assert_string_equal(h.report.name, "Sites");
    assert_string_equal(harness_show(&h), shown);
    assert_int_equal(h.report.allowed, n_allowed);
    struct set_view v = set_view_of(h.set);
    for (uint32_t i = 0; i < v.n_indicators; i++)
        assert_true(v.indicators[i].flags & IOC_F_HOST_ONLY);
    harness_fini(&h);
}

static void strings_are_exact(void **state)
{
    expect(WARNINGLIST("string", "domain",
                       "\"Good.example\",\n\".tree.example\",\n\"COM\",\n\"192.0.2.1\",\n\"2001:db8::1\""),
           "domain exact good.example @1 desc=Well-known\n"
           "domain suffix tree.example @2 desc=Well-known\n"
           "domain exact com @3 desc=Well-known\n"
           "ipv4 exact 192.0.2.1 @4 desc=Well-known\n"
           "ipv6 exact 2001:db8::1 @5 desc=Well-known\n",
           5);
}

static void hostnames_have_names_below(void **state)
{
    expect(WARNINGLIST("hostname", "hostname", "\"good.example\",\".tree.example\",\"co.uk\""),
           "domain suffix good.example @1 desc=Well-known\n"
           "domain suffix tree.example @1 desc=Well-known\n"
           "domain exact co.uk public-suffix @1 desc=Well-known\n",
           3);
}

static void networks_may_be_one_address(void **state)
{
    expect(WARNINGLIST("cidr", "ip-dst",
                       "\"192.0.2.0/24\",\"198.51.100.7\",\"2001:DB8::/32\",\"2001:db8:1::1\""),
           "cidr4 cidr 192.0.2.0/24 @1 desc=Well-known\n"
           "ipv4 exact 198.51.100.7 @1 desc=Well-known\n"
           "cidr6 cidr 2001:db8::/32 @1 desc=Well-known\n"
           "ipv6 exact 2001:db8:1::1 @1 desc=Well-known\n",
           4);
}

static void parts_and_regexes_are_for_names(void **state)
{
    struct harness h;
    harness_init(&h);
    load(&h, WARNINGLIST("substring", "domain", "\"good-1.example\",\"192.0.2.1\""), NULL);
    load(&h, WARNINGLIST("regex", "domain", "\"/^a[0-9]+\\\\.example$/i\",\"b\\\\.example\",\"/\""), NULL);
    struct set_view v = set_view_of(h.set);
    assert_int_equal(v.n_indicators, 5);
    assert_true(span_eq(set_value(&v, 0), SPAN_LIT("good\\-1\\.example")));
    assert_int_equal(v.indicators[0].type, IOC_REGEX);
    assert_int_equal(v.indicators[0].fields, ioc_default_fields(IOC_DOMAIN));
    assert_int_equal(v.indicators[0].flags, IOC_F_CASELESS | IOC_F_HOST_ONLY);
    assert_int_equal(v.indicators[1].type, IOC_IPV4);
    assert_true(span_eq(set_value(&v, 2), SPAN_LIT("^a[0-9]+\\.example$")));
    assert_true(span_eq(set_value(&v, 3), SPAN_LIT("b\\.example")));
    assert_true(span_eq(set_value(&v, 4), SPAN_LIT("/")));
    harness_fini(&h);
}

static void faults_are_said(void **state)
{
    struct harness h;
    harness_init(&h);
    load(&h, WARNINGLIST("hostname", "domain", "\"good.example\",7,\"single\",\"bad..example\",null,[]"),
         NULL);
    assert_int_equal(h.report.allowed, 1);
    assert_int_equal(h.report.entries, 5);
    assert_int_equal(h.report.by_reason[REJECT_TYPE_MISMATCH], 3);
    assert_int_equal(h.report.by_reason[REJECT_SINGLE_LABEL], 1);
    assert_int_equal(h.report.by_reason[REJECT_EMPTY_LABEL], 1);
    load(&h, WARNINGLIST("string", "domain", "\"\""), NULL);
    assert_int_equal(h.report.by_reason[REJECT_EMPTY], 1);
    harness_fini(&h);
}

static void what_is_not_of_the_network_is_skipped(void **state)
{
    struct harness h;
    harness_init(&h);
    load(&h, WARNINGLIST("regex", "phone-number", "\"/1/\",\"/2/\""), NULL);
    assert_string_equal(harness_show(&h), "");
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 2);
    assert_int_equal(h.report.warnings, 1);
    harness_fini(&h);
}

/* Nothing may become an allow-list that does not say it is one. */
static void half_a_warninglist_loads_nothing(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_WARNINGLIST;
    harness_init(&h);
    load(&h, "{\"name\":\"x\",\"list\":[\"good.example\"]}", &o);
    assert_int_equal(h.report.by_reason[REJECT_BAD_PARAMETERS], 1);
    load(&h, "{\"name\":\"x\",\"type\":\"glob\",\"list\":[\"good.example\"]}", &o);
    assert_int_equal(h.report.by_reason[REJECT_BAD_PARAMETERS], 1);
    load(&h, "{\"name\":\"x\",\"type\":\"string\",\"list\":{\"1\":\"good.example\"}}", &o);
    assert_int_equal(h.report.by_reason[REJECT_BAD_PARAMETERS], 1);
    load(&h, "[]", &o);
    assert_int_equal(h.report.by_reason[REJECT_BAD_PARAMETERS], 1);
    assert_int_equal(set_view_of(h.set).n_indicators, 0);
    harness_fini(&h);
}

static void a_name_that_is_said_wins(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    o.name = SPAN_LIT("mine");
    harness_init(&h);
    load(&h, WARNINGLIST("string", "domain", "\"good.example\""), &o);
    assert_string_equal(h.report.name, "mine");
    harness_fini(&h);
}

static void expect_format(const char *text, size_t n, enum list_format format)
{
    struct harness h;
    harness_init(&h);
    harness_load_bytes(&h, text, n, NULL);
    assert_int_equal(h.report.format, format);
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    static const char one[] = WARNINGLIST("string", "domain", "\"good.example\"");
    expect_format(one, strlen(one), LIST_WARNINGLIST);
    static const char blocklist[] = "{\"name\":\"x\",\"list\":[\"evil.example\"]}";
    expect_format(blocklist, strlen(blocklist), LIST_TEXT);

    /* Cut short, it is no list of indicators either. */
    expect_format(one, strlen(one) / 2, LIST_WARNINGLIST);

    struct buf text; /* its "type" lies beyond what is looked at */
    buf_init(&text, 1 << 20);
    buf_put_str(&text, "{\"description\":\"x\",\"list\":[\"good.example\"");
    for (int i = 0; i < 8000; i++)
        buf_printf(&text, ",\"good%d.example\"", i);
    size_t mark = buf_mark(&text);
    buf_put_str(&text,
                "],\"matching_attributes\":[\"domain\"],\"name\":\"x\",\"type\":\"string\",\"version\":1}");
    expect_format((const char *)text.ptr, text.len, LIST_WARNINGLIST);
    buf_cut(&text, mark);
    text.ptr[2] = 'x';
    buf_put_str(&text, "]}");
    expect_format((const char *)text.ptr, text.len, LIST_TEXT);
    buf_fini(&text);
}

static void survives_every_cut(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_WARNINGLIST;
    harness_cut_everywhere(
        WARNINGLIST("substring", "domain", "\"good.example\",\"a\\u00e4.example\",\"COM\""), &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_exact),
        cmocka_unit_test(hostnames_have_names_below),
        cmocka_unit_test(networks_may_be_one_address),
        cmocka_unit_test(parts_and_regexes_are_for_names),
        cmocka_unit_test(faults_are_said),
        cmocka_unit_test(what_is_not_of_the_network_is_skipped),
        cmocka_unit_test(half_a_warninglist_loads_nothing),
        cmocka_unit_test(a_name_that_is_said_wins),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
