#include "tests/unit/rules/list_harness.h"

static void expect(const char *list, const char *shown, const char *notes)
{
    harness_expect(list, NULL, shown, notes);
}

static void reads_settings(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "# partners\n"
                 "---\n"
                 "vedette: 1\n"
                 "name: partner-c2\n"
                 "organisation: CSIRT Example\n"
                 "tlp: amber\n"
                 "confidence: 80\n"
                 "valid_from: 2026-01-01\n"
                 "valid_until: 2026-07-01T12:00:00+02:00\n"
                 "tags: [c2, \"e: m\"]\n"
                 "reference: https://csirt.example/42\n"
                 "description: Servers\n"
                 "match: below\n"
                 "fields: [dns.query, tls]\n"
                 "indicators:\n"
                 "  - evil.example\n",
                 NULL);
    assert_true(h.is_good);
    assert_int_equal(h.report.format, LIST_YAML);
    assert_string_equal(h.report.name, "partner-c2");
    assert_int_equal(h.report.lines, 16);
    assert_string_equal(harness_notes(&h), "");
    struct set_view v = set_view_of(h.set);
    assert_int_equal(v.indicators[0].fields,
                     field_mask_of(SPAN_LIT("dns.query")) | field_mask_of(SPAN_LIT("tls")));
    assert_true(span_eq(set_text(&v, v.lists[0].name), SPAN_LIT("partner-c2")));
    const char *shown = harness_show(&h);
    assert_non_null(strstr(shown, "domain below evil.example fields="));
    assert_non_null(
        strstr(shown, " @16 tlp=amber conf=80 from=2026-01-01T00:00:00 until=2026-07-01T10:00:00 org=CSIRT "
                      "Example ref=https://csirt.example/42 desc=Servers tag=c2 tag=e: m\n"));
    harness_fini(&h);
}

static void reads_entries(void **state)
{
    expect("name: x\n"
           "confidence: 50\n"
           "tlp: green\n"
           "tags: [all]\n"
           "indicators:\n"
           "  - evil.example\n"
           "  - \"*.evil2.example\"\n"
           "  - http://evil.example/gate*\n"
           "  - value: 192.0.2.1\n"
           "    confidence: high\n"
           "    tags: [scanner, ssh]\n"
           "    tlp: red\n"
           "    id: indicator--1\n"
           "  - {domain: exact.example, match: exact, org: Other, tlp: clear}\n"
           "  - regex: '^[a-z]{12}\\.example$'\n"
           "    ignore_case: true\n"
           "    fields: [dns.query]\n"
           "  - {url: 'http://p.example/a', match: prefix}\n"
           "  - wildcard: evil-*.example\n"
           "  - user_agent: 'Evil Bot/1.0 #1'\n"
           "  - ja3: 0123456789ABCDEF0123456789ABCDEF\n"
           "  - ja4: t13d1516h2_8daaf6152771_e5627efa2ab1\n"
           "  - cert_sha1: 911bfbc76d3c056b8f61aece042fefccd2be0741\n"
           "  - {value: 911bfbc76d3c056b8f61aece042fefccd2be0741, type: cert_sha1, valid_until: 2026-03-01}\n"
           "  - ip: 198.51.100.0/24\n"
           "  - ip_port: 198.51.100.1:80\n"
           "  - uri_path: /gate.php?id=\n"
           "  - {value: evil.example, description: ~, reference: https://r.example/}\n",
           "domain suffix evil.example @6 tlp=green conf=50 tag=all @28 tlp=green conf=50 "
           "ref=https://r.example/ tag=all\n"
           "domain suffix evil2.example @7 tlp=green conf=50 tag=all\n"
           "url prefix http://evil.example/gate @8 tlp=green conf=50 tag=all\n"
           "ipv4 exact 192.0.2.1 @9 tlp=red conf=75 id=indicator--1 tag=scanner tag=ssh\n"
           "domain exact exact.example @14 tlp=green conf=50 org=Other tag=all\n"
           "regex regex ^[a-z]{12}\\.example$ fields=1 caseless @15 tlp=green conf=50 tag=all\n"
           "url prefix http://p.example/a @18 tlp=green conf=50 tag=all\n"
           "wildcard wildcard evil-*.example @19 tlp=green conf=50 tag=all\n"
           "user_agent exact Evil Bot/1.0 #1 @20 tlp=green conf=50 tag=all\n"
           "ja3 exact 0123456789abcdef0123456789abcdef @21 tlp=green conf=50 tag=all\n"
           "ja4 exact t13d1516h2_8daaf6152771_e5627efa2ab1 @22 tlp=green conf=50 tag=all\n"
           "cert_sha1 exact 911bfbc76d3c056b8f61aece042fefccd2be0741 @23 tlp=green conf=50 tag=all @24 "
           "tlp=green conf=50 "
           "until=2026-03-01T00:00:00 tag=all\n"
           "cidr4 cidr 198.51.100.0/24 @25 tlp=green conf=50 tag=all\n"
           "ip_port exact 198.51.100.1:80 @26 tlp=green conf=50 tag=all\n"
           "uri_path prefix /gate.php?id= @27 tlp=green conf=50 tag=all\n",
           "");
}

static void says_what_is_wrong_with_entries(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "indicators:\n"
                 "- {domain: a.example, match: bogus}\n"
                 "- {mtach: exact, domain: b.example}\n"
                 "- [a, b]\n"
                 "- {tags: x}\n"
                 "- ~\n"
                 "- {domain: c.example, domain: d.example}\n"
                 "- {domain: e.example, valid_until: soon}\n"
                 "- {domain: f.example, fields: [dns, nonsense]}\n"
                 "- {domain: g.example, type: nonsense}\n"
                 "- {domain: h.example, confidence: 101}\n"
                 "- {domain: i.example, ignore_case: true}\n"
                 "- {regex: j, ignore_case: perhaps}\n"
                 "- {domain: k.example, match: prefix}\n"
                 "- {domain: [l.example]}\n"
                 "- {domain: m.example, description: [x], tags: [[x], ok]}\n"
                 "- {[a]: b, domain: n.example}\n"
                 "- {domain: 'http://o.example/'}\n"
                 "- sp ace.example\n"
                 "- {sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}\n",
                 NULL);
    assert_true(h.is_good);
    assert_string_equal(harness_show(&h), "domain suffix b.example @3\n"
                                          "domain suffix h.example @11\n"
                                          "domain suffix i.example @12\n"
                                          "domain suffix m.example @16 tag=ok\n"
                                          "domain suffix n.example @17\n");
    assert_string_equal(
        harness_notes(&h),
        "2:30: \"match\": exact, suffix, below or prefix is wanted; entry skipped\n"
        "3:4: unknown key \"mtach\", did you mean \"match\"?; passed over\n"
        "4:3: a list within the list; an entry is a value or a mapping; entry skipped\n"
        "5:3: no value; an entry has one of value, domain, ip, url, regex, ...; entry skipped\n"
        "6:3: nothing there; wanted: a value in this place; entry skipped\n"
        "7:31: a second value; each indicator is an entry of its own; entry skipped\n"
        "8:36: \"valid_until\": not a date; it is written as 2026-01-31 or 2026-01-31T12:00:00Z; entry "
        "skipped\n"
        "9:31: \"fields\": not a field; they are named as dns.query, http.host or tls.sni; entry skipped\n"
        "10:29: \"type\": not a type; they are named as domain, ip, url or regex; entry skipped\n"
        "11:35: not a confidence from 0 to 100; passed over\n"
        "12:3: \"ignore_case\" is for regex; passed over\n"
        "13:27: \"ignore_case\": true or false is wanted; entry skipped\n"
        "14:12: match \"prefix\" does not go with type domain; entry skipped\n"
        "15:12: a single value is wanted here; entry skipped\n"
        "16:36: \"description\": a single value is wanted; passed over\n"
        "16:47: \"tags\": short texts are wanted; the others passed over\n"
        "17:4: unknown key \"\"; passed over\n"
        "18:12: not of the declared type; wanted: a value of the type that is declared for it; entry "
        "skipped\n"
        "19:5: blank inside a value; wanted: letters, digits, '-', '_' and '.' only; entry skipped\n"
        "20:12: type sha256: nothing in a packet can be compared with it; entry skipped\n");
    harness_fini(&h);
}

static void says_what_is_wrong_with_settings(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "name: x\n"
                 "nmae: y\n"
                 "name: z\n"
                 "tlp: green\n"
                 "tlp: amber\n"
                 "confidence: many\n"
                 "valid_until: soon\n"
                 "match: sometimes\n"
                 "fields: [dns, nonsense]\n"
                 "organisation: [a]\n"
                 "csv: 5\n"
                 "frobnicate: {a: [b, c]}\n"
                 "indicators:\n"
                 "- a.example\n"
                 "tlp: red\n"
                 "description: late\n",
                 NULL);
    assert_true(h.is_good);
    assert_string_equal(h.report.name, "x");
    assert_non_null(strstr(harness_show(&h), "domain suffix a.example fields="));
    assert_non_null(strstr(harness_show(&h), " @14 tlp=amber\n"));
    assert_string_equal(
        harness_notes(&h),
        "2:1: unknown key \"nmae\", did you mean \"name\"?; passed over\n"
        "3:7: \"name\": said twice; the first one holds; passed over\n"
        "6:13: confidence=many: a number from 0 to 100 is wanted; setting passed over\n"
        "7:14: valid_until=soon: a date is wanted, as 2026-01-31; setting passed over\n"
        "8:8: match=sometimes: exact, suffix, below or prefix is wanted; setting passed over\n"
        "9:15: fields=nonsense: names of fields joined by + are wanted, as dns.query+tls; setting passed "
        "over\n"
        "10:15: \"organisation\": a single value is wanted; passed over\n"
        "11:6: \"csv\": a mapping is wanted; passed over\n"
        "12:1: unknown key \"frobnicate\"; passed over\n"
        "15:6: \"tlp\": settings come before \"indicators\"; passed over\n"
        "16:14: \"description\": settings come before \"indicators\"; passed over\n");
    harness_fini(&h);
}

static void keeps_what_stood_before_a_break(void **state)
{
    static const struct {
        const char *list, *what;
        uint32_t line, n_loaded;
    } rows[] = {
        {"indicators:\n- a.example\n- b.example\n- \"open\n",
         "not YAML: found unexpected end of stream while scanning a "
         "quoted scalar",
         5, 2},
        {"indicators:\n- a.example\n- &x b.example\n", "anchors (&name) are not allowed; write the value out",
         3, 1},
        {"indicators:\n- a.example\n- *x\n", "aliases (*name) are not allowed; write the value out", 3, 1},
        {"indicators:\n- a.example\n---\nindicators:\n- b.example\n",
         "a second document begins; a file holds one", 3, 1},
        {"vedette: 2\nindicators:\n- a.example\n",
         "this version of the list format is not known here; version 1 is", 1, 0},
        {"indicators:\n- a.example\n- {domain: b.example, x: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}\n",
         "nested too deeply", 3, 1},
        {"indicators:\n- a.example\n- {domain: b.example\n- c.example\n", NULL, 5, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rows[i].list, NULL);
        assert_false(h.is_good);
        assert_true(h.report.is_unreadable);
        assert_int_equal(h.report.format, LIST_YAML);
        assert_int_equal(h.report.failure.line, rows[i].line);
        if (rows[i].what)
            assert_string_equal(h.report.failure.what, rows[i].what);
        assert_string_equal(h.err.what, h.report.failure.what);
        assert_string_equal(h.report.failure.where, "test");
        assert_int_equal(h.report.loaded, rows[i].n_loaded);
        harness_fini(&h);
    }
}

static void is_told_from_others(void **state)
{
    static const struct {
        const char *list;
        enum list_format format;
    } rows[] = {
        {"vedette: 1\n", LIST_YAML},
        {"# c\n\n---\n\"name\": x\n", LIST_YAML},
        {"indicators:\n", LIST_YAML},
        {"{\"vedette\": 1, \"indicators\": [\"a.example\"]}\n", LIST_YAML},
        {"{\"type\": \"bundle\"}\n", LIST_STIX},
        {"payload:\n- a.example\n", LIST_TEXT},
        {"http://a.example/\n", LIST_TEXT},
        {"name:x.example\n", LIST_TEXT},
        {"a.example\nname: x\n", LIST_TEXT},
        {"%YAML 1.1\n---\ntags: [x]\n", LIST_YAML},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rows[i].list, NULL);
        if (h.report.format != rows[i].format)
            fail_msg("row %zu is taken for %s", i, list_format_name(h.report.format));
        harness_fini(&h);
    }
    struct list_options o = list_options_none();
    struct harness h;
    o.format = LIST_YAML;
    harness_init(&h);
    harness_load(&h, "just text\n", &o);
    assert_false(h.is_good);
    assert_string_equal(h.report.failure.what, "a native list is a mapping: settings, then \"indicators:\"");
    harness_load(&h, "", &o);
    assert_true(h.is_good);
    harness_fini(&h);
}

static void lets_the_outside_win(void **state)
{
    struct list_options o = list_options_none();
    o.name = SPAN_LIT("outer");
    o.context.confidence = 10;
    o.tlp = TLP_GREEN;
    o.has_match = true;
    o.match = MATCH_EXACT;
    struct harness h;
    harness_init(&h);
    harness_load(
        &h,
        "name: inner\nconfidence: 90\ntlp: amber\norg: X\nindicators: [a.example, {domain: b.example, "
        "confidence: 30, match: below}]\n",
        &o);
    assert_string_equal(h.report.name, "outer");
    assert_string_equal(harness_show(&h), "domain exact a.example @5 tlp=amber conf=10 org=X\n"
                                          "domain below b.example @5 tlp=amber conf=30 org=X\n");
    harness_fini(&h);
}

static void bounds_what_it_keeps(void **state)
{
    struct buf list;
    struct harness h;
    harness_init(&h);
    buf_init(&list, 64 << 20);
    buf_put_str(&list, "tags: [");
    for (int i = 0; i < 1000; i++)
        buf_printf(&list, "t%d, ", i);
    buf_put_str(&list, "]\nindicators:\n- \"");
    for (int i = 0; i < 100000; i++)
        buf_put_str(&list, "xxxxx.");
    buf_put_str(&list, "\"\n- {domain: a.example, tags: [");
    for (int i = 0; i < 1000; i++)
        buf_printf(&list, "t%d, ", i);
    buf_put_str(&list, "], description: \"");
    for (int i = 0; i < 10000; i++)
        buf_put_str(&list, "\xc3\xa9");
    buf_put_str(&list, "\"}\n- b.example\n");
    harness_load_bytes(&h, list.ptr, list.len, NULL);
    assert_true(h.is_good);
    assert_int_equal(h.report.loaded, 2);
    assert_int_equal(h.report.by_reason[REJECT_NAME_TOO_LONG], 1);
    struct set_view v = set_view_of(h.set);
    const struct context *c = &v.contexts[v.origins[v.indicators[0].origins].context];
    assert_int_equal(c->n_tags, 256);
    assert_int_equal(set_text(&v, c->description).len, 1024);
    c = &v.contexts[v.origins[v.indicators[1].origins].context];
    assert_int_equal(c->n_tags, LIST_TAGS_MAX);
    buf_fini(&list);
    harness_fini(&h);
}

/* What was put together of several lists keeps their names; one named like the document is the document. */
static void knows_the_lists_that_entries_name(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "name: all\nindicators: [a.example, {domain: a.example, list: one}, {domain: b.example, list: two}, "
                 "{domain: a.example, list: one}, {domain: c.example, list: all}, {domain: c.example, list: one}, d.example]\n",
                 NULL);
    struct set_view v = set_view_of(h.set);
    assert_int_equal(h.report.loaded, 4);
    assert_int_equal(h.report.merged, 3);
    assert_int_equal(v.n_lists, 3);
    assert_int_equal(v.n_origins, 6); /* a second "one" says nothing new */
    static const char *const wanted[] = {"all", "one", "two", "all", "one", "all"};
    for (uint32_t i = 0; i < v.n_origins; i++) {
        const struct list_info *list = &v.lists[v.origins[i].list];
        assert_true(span_eq(set_text(&v, list->name), span_str(wanted[i])));
        assert_true(span_eq(set_text(&v, list->path), SPAN_LIT("test")));
    }
    harness_fini(&h);
}

static void reads_bytes_in_hex(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "indicators: [{user_agent: 41FF00, hex: true}, {user_agent: 41FF00, hex: false}, {hex: yes, domain: 612e62}]\n", NULL);
    struct set_view v = set_view_of(h.set);
    assert_int_equal(v.n_indicators, 3);
    assert_true(span_eq(set_value(&v, 0), SPAN_LIT("A\xff\0")));
    assert_true(span_eq(set_value(&v, 1), SPAN_LIT("41FF00")));
    assert_true(span_eq(set_value(&v, 2), SPAN_LIT("a.b")));
    harness_fini(&h);
}

static void says_what_is_wrong_with_hex(void **state)
{
    expect("indicators:\n- {user_agent: 41f, hex: true}\n- {user_agent: 4x, hex: true}\n- {user_agent: 41, hex: perhaps}\n"
           "- {user_agent: '', hex: true}\n- {domain: a.example, host_only: true}\n",
           "domain suffix a.example @6\n",
           "2:3: \"hex\": the value is not pairs of hex digits; entry skipped\n"
           "3:3: \"hex\": the value is not pairs of hex digits; entry skipped\n"
           "4:25: \"hex\": true or false is wanted; entry skipped\n"
           "5:16: nothing there; wanted: a value in this place; entry skipped\n"
           "6:3: \"host_only\" is for what must not alert; passed over\n");
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere(
        "vedette: 1\ntlp: amber\ntags: [a, 'b']\ncsv: {columns: {value: 1}}\nindicators:\n- a.example\n"
        "- {domain: b\xc3\xa9.example, match: exact, tags: [x]}\n- \"*.c.example\"\n",
        NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_settings),
        cmocka_unit_test(reads_entries),
        cmocka_unit_test(says_what_is_wrong_with_entries),
        cmocka_unit_test(says_what_is_wrong_with_settings),
        cmocka_unit_test(keeps_what_stood_before_a_break),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(lets_the_outside_win),
        cmocka_unit_test(bounds_what_it_keeps),
        cmocka_unit_test(knows_the_lists_that_entries_name),
        cmocka_unit_test(reads_bytes_in_hex),
        cmocka_unit_test(says_what_is_wrong_with_hex),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
