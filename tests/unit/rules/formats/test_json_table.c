#include "tests/unit/rules/list_harness.h"

/* ---- one object on a line ---- */

static void reads_lines(void **state)
{
    harness_expect(
        "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\",\"rir\":\"x\"}\r\n"
        "\r\n"
        "  {\"cidr\":\"2001:db8::/32\",\"sblid\":\"SBL2\",\"rir\":\"x\"}  \n"
        "{\"type\":\"metadata\",\"timestamp\":1767225600,\"size\":1,\"records\":2,\"copyright\":\"c\"}\n",
        NULL, "cidr4 cidr 192.0.2.0/24 @1 id=SBL1\ncidr6 cidr 2001:db8::/32 @3 id=SBL2\n", "");
}

static void counts_what_metadata_say(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "{\"cidr\":\"192.0.2.0/24\"}\n{\"cidr\":\"198.51.100.0/"
                 "24\"}\n{\"type\":\"metadata\",\"records\":1400}\n",
                 NULL);
    assert_int_equal(h.report.format, LIST_JSON);
    assert_int_equal(h.report.entries, 2);
    assert_int_equal(h.report.comments, 1);
    assert_int_equal(h.report.lines, 3);
    assert_string_equal(harness_notes(&h),
                        "3:1: the list says that it has 1400 entries, 2 were found: it may be cut\n");
    harness_fini(&h);
}

static void costs_a_line_at_most(void **state)
{
    harness_expect("{\"domain\":\"a.example\"}\n"
                   "{\"domain\":\"b.example\"\n"
                   "{\"domain\":\"b..example\"}\n"
                   "{\"year\":2005}\n"
                   "{\"domain\":null,\"context\":\"x\"}\n"
                   "[1]\n"
                   "{\"domain\":[\"c.example\",\"\",\"192.0.2.1\"]}\n"
                   "{\"domain\":\"d\\u002eexample\\u0000\"}\n"
                   "{\"domain\":\"\\u0065.example\"}\n"
                   "# a comment\n"
                   "\"f.example\"\n"
                   "{\"domain\":\"g.example\"}",
                   NULL,
                   "domain suffix a.example @1\n"
                   "domain suffix c.example @7\n"
                   "ipv4 exact 192.0.2.1 @7\n"
                   "domain suffix e.example @9\n"
                   "domain suffix f.example @11\n"
                   "domain suffix g.example @12\n",
                   "2:21: malformed JSON: not JSON; entry skipped\n"
                   "3:3: empty label in a name; wanted: at least one byte between two dots; entry skipped\n"
                   "4:1: no member of this object is known to hold a value (url, domain, ip_address, ioc, "
                   "...); value=NAME says "
                   "which; entry skipped\n"
                   "5:1: no member of this object is known to hold a value (url, domain, ip_address, ioc, "
                   "...); value=NAME says "
                   "which; entry skipped\n"
                   "6:2: a text or an object is wanted here; entry skipped\n"
                   "7:1: nothing there; wanted: a value in this place; entry skipped\n"
                   "8:26: malformed JSON: a zero byte, or a string with one in it; entry skipped\n");
}

static void survives_long_lines(void **state)
{
    static const size_t sizes[] = {LINES_BLOCK - 30, LINES_BLOCK, LINES_BLOCK + 1, 1000000, 1 << 20, 3 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf list;
        struct harness h;
        harness_init(&h);
        buf_init(&list, 8 << 20);
        buf_put_str(
            &list,
            "{\"domain\":\"a.example\"}\n{\"domain\":\"a2.example\"}\n{\"domain\":\"b.example\",\"why\":\"");
        memset(buf_reserve(&list, sizes[i]), 'y', sizes[i]);
        list.len += sizes[i];
        buf_put_str(&list, "\"}\n{\"domain\":\"c.example\"}\n");
        harness_load_bytes(&h, list.ptr, list.len, NULL);
        bool is_too_long = sizes[i] > (1 << 20) - 40;
        assert_int_equal(h.report.loaded, is_too_long ? 3 : 4);
        assert_int_equal(h.report.by_reason[REJECT_TRUNCATED], is_too_long ? 1 : 0);
        assert_int_equal(h.report.lines, 4);
        buf_fini(&list);
        harness_fini(&h);
    }
}

/* ---- one text ---- */

static void reads_urlhaus(void **state)
{
    harness_expect("{\n"
                   "  \"35\": [\n"
                   "    {\"dateadded\":\"2026-01-02 03:04:05 "
                   "UTC\",\"url\":\"http:\\/\\/evil.example\\/i\",\"url_status\":\"offline\","
                   "\"last_online\":\"2026-02-01 00:00:00 "
                   "UTC\",\"threat\":\"malware_download\",\"tags\":[\"elf\",\"Mozi\"],"
                   "\"urlhaus_link\":\"https://u.example/35/\",\"reporter\":\"who\"}\n"
                   "  ],\n"
                   "  \"36\": [ "
                   "{\"url\":\"http://evil.example/"
                   "j\",\"url_status\":\"online\",\"threat\":\"malware_download\",\"tags\":null} ]\n"
                   "}\n",
                   NULL,
                   "url exact http://evil.example/i @3 from=2026-01-02T03:04:05 org=who "
                   "ref=https://u.example/35/ id=35 tag=elf tag=Mozi "
                   "tag=malware_download tag=status:offline\n"
                   "url exact http://evil.example/j @5 id=36 tag=malware_download tag=status:online\n",
                   "");
}

static const char threatfox[] =
    "{\"query_status\":\"ok\",\"data\":["
    "{\"id\":\"41\",\"ioc\":\"192.0.2.1:7777\",\"threat_type\":\"botnet_cc\",\"threat_type_desc\":\"x\","
    "\"ioc_type\":\"ip:port\","
    "\"malware\":\"win.x\",\"malware_printable\":\"X "
    "Loader\",\"malware_alias\":\"A,B\",\"confidence_level\":75,"
    "\"first_seen\":\"2026-01-02 03:04:05 "
    "UTC\",\"last_seen\":null,\"reference\":\"https://r.example/\",\"reporter\":\"who\","
    "\"tags\":[\"c2\"]},\n"
    "{\"id\":42,\"ioc\":\"d41d8cd98f00b204e9800998ecf8427e\",\"ioc_type\":\"md5_hash\",\"confidence_level\":"
    "100},"
    "{\"id\":43,\"ioc\":\"a.example\",\"ioc_type\":\"nonesuch\"},"
    "{\"id\":44,\"ioc\":\"a.example\",\"ioc_type\":\"domain\",\"confidence_level\":\"high\",\"tags\":\"x, "
    "y\"}"
    "]}";

static void reads_threatfox(void **state)
{
    harness_expect(
        threatfox, NULL,
        "ip_port exact 192.0.2.1:7777 @1 conf=75 from=2026-01-02T03:04:05 org=who ref=https://r.example/ "
        "desc=X Loader id=41 tag=c2 tag=botnet_cc tag=win.x\n"
        "domain suffix a.example @2 conf=75 id=44 tag=x tag=y\n",
        "2:1: type md5: nothing in a packet can be compared with it; entry skipped\n"
        "2:0: unknown type; wanted: a type of indicator that is known here, as domain, ip or url; entry "
        "skipped\n");
}

/* The host name is what the address resolves to, and nothing to look for. */
static void reads_feodo(void **state)
{
    harness_expect(
        "[\n  {\n    \"ip_address\": \"192.0.2.7\",\n    \"port\": 443,\n    \"status\": \"offline\",\n"
        "    \"hostname\": \"host.example\",\n    \"as_number\": 64496,\n    \"first_seen\": \"2026-01-02 "
        "03:04:05\",\n"
        "    \"last_online\": \"2026-01-05\",\n    \"malware\": \"Emotet\"\n  }\n]\n",
        NULL,
        "ip_port exact 192.0.2.7:443 @2 from=2026-01-02T03:04:05 desc=Emotet tag=Emotet tag=status:offline\n",
        "");
}

static void reads_cert_pl(void **state)
{
    harness_expect(
        "[{\"RegisterPositionId\":1,\"DomainAddress\":\"a.example\",\"InsertDate\":\"2026-01-02T03:04:05\","
        "\"DeleteDate\":null},"
        "{\"RegisterPositionId\":2,\"DomainAddress\":\"b.example\",\"InsertDate\":\"2026-01-02T03:04:05\","
        "\"DeleteDate\":\"2026-02-01T00:00:00\"}]",
        NULL,
        "domain suffix a.example @1 from=2026-01-02T03:04:05 id=1\n"
        "domain suffix b.example @1 from=2026-01-02T03:04:05 until=2026-02-01T00:00:00 id=2\n",
        "");
}

static void reads_phishtank(void **state)
{
    harness_expect(
        "[{\"phish_id\":\"7\",\"url\":\"http://evil.example/a\",\"phish_detail_url\":\"http://p.example/7\","
        "\"submission_time\":\"2026-01-02T03:04:05+00:00\",\"verified\":\"yes\",\"online\":\"yes\","
        "\"details\":"
        "[{\"ip_address\":\"192.0.2.1\"}],\"target\":\"Bank\"},\n"
        "{\"phish_id\":\"8\",\"url\":\"http://evil.example/b\",\"verified\":\"no\",\"online\":\"yes\"}]",
        NULL,
        "url exact http://evil.example/a @1 conf=90 from=2026-01-02T03:04:05 ref=http://p.example/7 "
        "desc=Bank id=7\n",
        "2:1: its publisher says it is off-line, unverified or benign; entry skipped\n");
}

static void reads_what_wraps_a_table(void **state)
{
    static const char *const lists[] = {
        "[\"a.example\",\"b.example\"]",
        "{\"meta\":{\"url\":\"http://not.example/\"},\"data\":[\"a.example\",\"b.example\"]}",
        "{\"results\":[{\"name\":\"p\",\"tags\":[\"c.example\"],\"indicators\":[{\"indicator\":\"a.example\","
        "\"type\":\"domain\"},"
        "{\"indicator\":\"b.example\",\"type\":\"hostname\"}]}]}",
        "{\"info\":{\"threat\":[{\"host\":\"a.example\"},{\"host\":\"b.example\"}]}}",
        "{\"name\":\"x y\",\"labels\":[\"odd\"],\"domains\":[\"a.example\",\"b.example\"]}",
        "{\"x1\":{\"domain\":\"a.example\"},\"x2\":{\"domain\":\"b.example\"}}",
        "{\n\"domain\":\"a.example\"}\n{\n\"domain\":\"b.example\"}\n",
        "[[\"a.example\"],[{\"url\":\"a.example\",\"domain\":\"z.example\"}],{\"fqdn\":\"b.example\"}]",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, lists[i], NULL);
        struct set_view v = set_view_of(h.set);
        if (h.report.format != LIST_JSON || v.n_indicators != 2 || h.report.skipped || h.report.warnings)
            fail_msg("list %zu: %s%s", i, harness_show(&h), harness_notes(&h));
        assert_true(span_eq(set_value(&v, 0), SPAN_LIT("a.example")) &&
                    span_eq(set_value(&v, 1), SPAN_LIT("b.example")));
        harness_fini(&h);
    }
}

static void costs_an_element_at_most(void **state)
{
    harness_expect("[{\"url\":\"http://evil.example/1\"},\n"
                   " {\"url\":\"http://evil.example/2\" \"x\":1},\n"
                   " {\"url\":\"http://evil.example/3\"}\n"
                   " {\"url\":\"http://evil.example/4\"},\n"
                   " 7, null, {\"url\":\"\"}, {\"url\":{\"x\":1}}, {\"url\":7},\n"
                   " {\"url\":\"http://evil.example/5\"}",
                   NULL,
                   "url exact http://evil.example/1 @1\nurl exact http://evil.example/3 @3\n"
                   "url exact http://evil.example/4 @4\nurl exact http://evil.example/5 @6\n",
                   NULL);
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "{\"data\":[{\"url\":\"http://evil.example/1\"},{\"url\":tru},{\"url\":\"http://"
                 "evil.example/2\",\"a\":tru}]}",
                 NULL);
    assert_int_equal(h.report.loaded, 1);
    assert_int_equal(h.report.by_reason[REJECT_MALFORMED_JSON], 2);
    harness_fini(&h);
}

/* What stands above a cut or a wrong bracket loads. */
static void keeps_what_stands_above_a_cut(void **state)
{
    static const struct {
        const char *list;
        unsigned n_loaded;
    } rows[] = {
        {"{\"meta\":{\"url\":\"http://not.example/\"},\"data\":[{\"url\":\"http://evil.example/"
         "1\"},{\"url\":\"http://evil.example/2\"},{\"u",
         2},
        {"{\"data\":[{\"url\":\"http://evil.example/1\"},{\"url\":[\"x\"},{\"url\":\"http://evil.example/"
         "2\"}],\"n\":3}",
         2},
        {"{\"1\":[{\"url\":\"http://evil.example/1\"}],\"2\":[{\"url\":\"http://evil.example/"
         "2\"},{\"url\":\"http",
         2},
        {"[{\"url\":\"http://evil.example/1\"},{\"url\":\"http://evil.example/2\"},{\"url", 2},
        {"{\"a\":{\"b\":[{\"url\":\"http://evil.example/1\"},{\"url\":\"http://evil.example/2\"}", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rows[i].list, NULL);
        if (h.report.format != LIST_JSON || h.report.loaded != rows[i].n_loaded ||
            h.report.by_reason[REJECT_MALFORMED_JSON] == 0)
            fail_msg("list %zu: %s%s", i, harness_show(&h), harness_notes(&h));
        harness_fini(&h);
    }
}

static void does_as_it_is_told(void **state)
{
    struct list_options o = list_options_none();
    o.csv.value = SPAN_LIT("info.threat.host");
    o.csv.description = SPAN_LIT("meta.note");
    o.csv.tags = SPAN_LIT("kind");
    const char *shown = "domain suffix a.example @1 desc=seen tag=c2\n";
    harness_expect("{\"host\":\"not.example\",\"info\":{\"host\":\"not.example\",\"threat\":[{\"host\":\"a."
                   "example\",\"url\":\"http://x.example/\","
                   "\"kind\":\"c2\",\"meta\":{\"note\":\"seen\"}}]}}",
                   &o, shown, "");
    harness_expect(
        "{\"info\":{\"threat\":{\"host\":\"a.example\",\"kind\":[\"c2\"],\"meta\":{\"note\":\"seen\"}}}}\n"
        "{\"info\":{\"other\":1}}\n",
        &o, shown, NULL);
    o = list_options_none();
    o.csv.value = SPAN_LIT("what.ever");
    harness_expect("[{\"what.ever\":\"a.example\"}]", &o, "domain suffix a.example @1\n", "");
    o.csv.value = SPAN_LIT("2"); /* a column of CSV lists */
    harness_expect("[{\"domain\":\"a.example\"}]", &o, "domain suffix a.example @1\n", "");
    o = list_options_none();
    o.format = LIST_JSON;
    o.tags[0] = SPAN_LIT("mine");
    o.n_tags = 1;
    o.csv.value = SPAN_LIT("Odd");
    o.csv.type = SPAN_LIT("sort");
    harness_expect("{\"odd\":\"Evil Bot\",\"sort\":\"user-agent\",\"domain\":\"a.example\"}", &o,
                   "user_agent exact Evil Bot @1 tag=mine\n", "");
}

static void takes_the_type_from_a_name(void **state)
{
    harness_expect("[{\"ja3_md5\":\"d41d8cd98f00b204e9800998ecf8427e\",\"listingreason\":\"Kit\"}]", NULL,
                   "ja3 exact d41d8cd98f00b204e9800998ecf8427e @1 desc=Kit\n", "");
}

static void says_that_nothing_is_there(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    harness_init(&h);
    o.format = LIST_JSON;
    static const char *const empty[] = {"[]", "{}", " [ ] \n", "{\"data\":[]}"};
    for (size_t i = 0; i < 3; i++) {
        harness_load(&h, empty[i], NULL);
        assert_int_equal(h.report.format, LIST_JSON);
        assert_int_equal(h.report.entries, 0);
    }
    static const char *const odd[] = {"{\"a\":1}",
                                      "{\"query_status\":\"no_result\"}",
                                      "7",
                                      "nonsense",
                                      "",
                                      "[[[[[[[[[[[[1]]]]]]]]]]]]",
                                      "[",
                                      "{\"",
                                      "{\"data\":\"nothing was found\"}"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        harness_load(&h, odd[i], &o);
        if (h.report.rejected == 0 || h.report.rejected > 2 || h.report.loaded)
            fail_msg("%s: %u rejected", odd[i], (unsigned)h.report.rejected);
    }
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    static const struct {
        const char *list;
        enum list_format format;
    } rows[] = {
        {"{\"domain\":\"a.example\"}", LIST_JSON},
        {"{\"domain\":\"a.example\"}\r\n{\"domain\":\"b.example\"}\r\n", LIST_JSON},
        {"\xef\xbb\xbf[{\"x\":1,\"url\":\"http://a.example/", LIST_TEXT},
        {"\xef\xbb\xbf[{\"x\":1,\"url\":\"http://a.example/\"", LIST_JSON},
        {"{\"data\":[\"a.example\"]}", LIST_JSON},
        {"{\"data\":[\"some words\"]}", LIST_TEXT},
        {"{\"ip_addresses\":[\"192.0.2.1\"]}", LIST_JSON},
        {"{\"odd\":[\"192.0.2.1\"]}", LIST_TEXT},
        {"[\"a.example\",\"b\"]", LIST_TEXT},
        {"[2001:db8::1]:443\n", LIST_TEXT},
        {"[::1]\n", LIST_TEXT},
        {"{\"vedette\": 1, \"indicators\": [\"a.example\"]}", LIST_YAML},
        {"{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"a.example\"}]}}", LIST_MISP},
        {"[{\"type\":\"domain-name\",\"spec_version\":\"2.1\",\"value\":\"a.example\"}]", LIST_TEXT},
        {"{\"name\":\"x\",\"matching_attributes\":[\"domain\"],\"list\":[\"a.example\"]}", LIST_WARNINGLIST},
        {"{\"timestamp\":\"x\",\"dns\":{\"host\":\"a.example\"}}\n{\"dns\":{\"host\":\"a.example\"}}\n",
         LIST_TEXT},
        {"{\"a\":{\"b\":1}}", LIST_TEXT},
        {"{a.example}", LIST_TEXT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rows[i].list, NULL);
        if (h.report.format != rows[i].format)
            fail_msg("row %zu is taken for %s", i, list_format_name(h.report.format));
        harness_fini(&h);
    }
}

/* ---- hostile ---- */

static void survives_many_keys(void **state)
{
    struct buf list;
    struct harness h;
    harness_init(&h);
    buf_init(&list, 32 << 20);
    buf_put_str(&list, "[{\"domain\":\"a.example\"");
    for (int i = 0; i < 100000; i++)
        buf_printf(&list, ",\"k%d\":%d", i, i);
    buf_put_str(&list, "}]");
    harness_load_bytes(&h, list.ptr, list.len, NULL);
    assert_string_equal(harness_show(&h), "domain suffix a.example @1\n");
    buf_fini(&list);
    harness_fini(&h);
}

static void survives_depth(void **state)
{
    static const char *const pieces[] = {
        "[", "{\"a\":", "[{\"data\":", "{\"data\":[", "[\"", "{\"1\":[{\"url\":["};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        struct buf list;
        struct harness h;
        struct list_options o = list_options_none();
        o.format = LIST_JSON;
        harness_init(&h);
        buf_init(&list, 4 << 20);
        while (list.len < 1 << 20)
            buf_put_str(&list, pieces[p]);
        harness_load_bytes(&h, list.ptr, list.len, &o);
        assert_int_equal(h.report.loaded, 0);
        buf_fini(&list);
        harness_fini(&h);
    }
}

static void survives_every_cut(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_JSON;
    harness_cut_everywhere(threatfox, NULL);
    harness_cut_everywhere("{\"cidr\":\"192.0.2.0/24\"}\n{\"url\":[\"http://a.example/"
                           "\\u00e9\",\"b.example\"],\"tags\":[\"x\"]}\r\n"
                           "{\"type\":\"metadata\",\"records\":2}",
                           &o);
    o.csv.value = SPAN_LIT("a.b.c");
    harness_cut_everywhere(
        "{\"a\":[{\"b\":{\"c\":\"a.example\",\"x\":1e5,\"y\":true}},{\"b\":{\"c\":[\"b.example\"]}}]}", &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(counts_what_metadata_say),
        cmocka_unit_test(costs_a_line_at_most),
        cmocka_unit_test(survives_long_lines),
        cmocka_unit_test(reads_urlhaus),
        cmocka_unit_test(reads_threatfox),
        cmocka_unit_test(reads_feodo),
        cmocka_unit_test(reads_cert_pl),
        cmocka_unit_test(reads_phishtank),
        cmocka_unit_test(reads_what_wraps_a_table),
        cmocka_unit_test(costs_an_element_at_most),
        cmocka_unit_test(keeps_what_stands_above_a_cut),
        cmocka_unit_test(does_as_it_is_told),
        cmocka_unit_test(takes_the_type_from_a_name),
        cmocka_unit_test(says_that_nothing_is_there),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_many_keys),
        cmocka_unit_test(survives_depth),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
