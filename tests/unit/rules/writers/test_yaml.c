#include "tests/unit/rules/writers/writer_harness.h"

static void expect(const char *list, const char *text)
{
    written_expect(list, TARGET_YAML, TLP_NONE, text, "");
}

static void says_at_the_top_what_all_say(void **state)
{
    expect("name: c2\norg: CSIRT Example\ntlp: amber\nconfidence: 80\nvalid_from: 2026-01-01\nvalid_until: "
           "2026-03-01T12:00:00Z\n"
           "tags: [c2, 'a: b']\nreference: https://r.example/\ndescription: 'yes'\nindicators: [a.example, "
           "192.0.2.1, http://b.example/c*]\n",
           "vedette: 1\n"
           "name: c2\n"
           "organisation: CSIRT Example\n"
           "tlp: amber\n"
           "confidence: 80\n"
           "valid_from: 2026-01-01\n"
           "valid_until: 2026-03-01T12:00:00Z\n"
           "tags: [c2, \"a: b\"]\n"
           "reference: https://r.example/\n"
           "description: \"yes\"\n"
           "indicators:\n"
           "  - a.example\n"
           "  - 192.0.2.1\n"
           "  - http://b.example/c*\n");
}

static void says_in_an_entry_what_it_says_alone(void **state)
{
    expect("name: c2\nindicators:\n- a.example\n- {domain: b.example, org: X, tlp: red, confidence: 0, "
           "valid_from: 1970-01-01, "
           "valid_until: 1970-01-02, tags: [t], reference: r, description: d, id: '7', fields: [dns.query, "
           "tls.sni]}\n",
           "vedette: 1\n"
           "name: c2\n"
           "indicators:\n"
           "  - a.example\n"
           "  - domain: b.example\n"
           "    fields: [dns.query, tls.sni]\n"
           "    organisation: X\n"
           "    tlp: red\n"
           "    confidence: 0\n"
           "    valid_from: 1970-01-01\n"
           "    valid_until: 1970-01-02\n"
           "    tags: [t]\n"
           "    reference: r\n"
           "    description: d\n"
           "    id: \"7\"\n");
}

/* Of most names at the top; else where the reader would have it otherwise. */
static void says_how_it_matches(void **state)
{
    expect("match: exact\nindicators: [a.example, b.example, {domain: c.example, match: suffix}, {domain: "
           "d.example, match: below},"
           "\"*.e.example\", http://f.example/a, {url: 'http://f.example/b*', match: exact}, "
           "http://f.example/c*, /g?h=, "
           "{uri_path: /i=, match: prefix}]\n",
           "vedette: 1\n"
           "name: test.txt\n"
           "match: exact\n"
           "indicators:\n"
           "  - a.example\n"
           "  - b.example\n"
           "  - domain: c.example\n"
           "    match: suffix\n"
           "  - domain: d.example\n"
           "    match: below\n"
           "  - e.example\n"
           "  - http://f.example/a\n"
           "  - url: http://f.example/b*\n"
           "    match: exact\n"
           "  - http://f.example/c*\n"
           "  - /g?h=\n"
           "  - /i=*\n");
}

static void keeps_every_origin(void **state)
{
    expect("name: c2\nindicators: [a.example, {domain: a.example, list: other, org: Z}, {domain: a.example, "
           "org: Z}, b.example]\n",
           "vedette: 1\n"
           "name: c2\n"
           "indicators:\n"
           "  - a.example\n"
           "  - domain: a.example\n"
           "    list: other\n"
           "    organisation: Z\n"
           "  - domain: a.example\n"
           "    organisation: Z\n"
           "  - b.example\n");
}

static void keeps_what_is_special(void **state)
{
    expect("tlds: load\nindicators: [\"*.zip\", {domain: .top, match: exact}, co.jp, {regex: '^a\"\\.b$', "
           "ignore_case: yes}, "
           "{user_agent: 61ff00, hex: true}, {user_agent: \"null\"}, \"2001:db8::\"]\nallow: [{domain: "
           "g.example, host_only: yes}]\n",
           "vedette: 1\n"
           "name: test.txt\n"
           "tlds: load\n"
           "indicators:\n"
           "  - \"*.zip\"\n"
           "  - domain: \"*.top\"\n"
           "    match: exact\n"
           "  - co.jp\n" /* asks for all below it, as before, and is made exact again */
           "  - regex: '^a\"\\.b$'\n"
           "    ignore_case: true\n"
           "  - user_agent: 61ff00\n"
           "    hex: true\n"
           "  - user_agent: \"null\"\n"
           "  - \"2001:db8::\"\n"
           "allow:\n"
           "  - domain: g.example\n"
           "    host_only: true\n");
}

static void keeps_that_it_is_for_a_drill(void **state)
{
    expect("vedette: 1\nname: x\nexercise: yes\nindicators: [a.example, b.example]\n",
           "vedette: 1\nname: x\nexercise: yes\nindicators:\n  - a.example\n  - b.example\n");
    expect("vedette: 1\nname: x\nindicators: [a.example, {domain: b.example, exercise: yes}]\n",
           "vedette: 1\nname: x\nindicators:\n  - a.example\n  - domain: b.example\n    exercise: yes\n");
}

static void counts_texts_it_changes(void **state)
{
    written_expect("a.example # caf\xe9 \n", TARGET_YAML, TLP_NONE,
                   "vedette: 1\nname: test.txt\ndescription: \"caf\\\\xe9\"\nindicators:\n  - a.example\n",
                   "text domain suffix 1 @1\n");
}

static void writes_nothing_as_an_empty_list(void **state)
{
    expect("# nothing\n", "vedette: 1\nindicators: []\n");
}

static void leaves_out_what_is_above(void **state)
{
    const char *list = "name: c2\nindicators:\n- {domain: a.example, tlp: clear}\n- {domain: a.example, tlp: "
                       "red, org: Secret, list: hush}\n"
                       "- {domain: b.example, tlp: amber}\n- {domain: c.example, tlp: green}\n- d.example\n";
    written_expect(list, TARGET_YAML, TLP_GREEN,
                   "vedette: 1\nname: c2\ntlp: clear\nindicators:\n  - a.example\n  - domain: c.example\n    "
                   "tlp: green\n",
                   "");
    struct written w;
    written_init(&w, list, TARGET_YAML, TLP_GREEN);
    assert_int_equal(w.report.withheld, 2);
    assert_int_equal(w.report.unmarked, 1);
    assert_int_equal(w.report.written, 2);
    written_fini(&w);
    written_init(&w, list, TARGET_YAML, TLP_AMBER); /* what nobody marked goes out with amber */
    assert_non_null(strstr(written_text(&w), "d.example"));
    assert_null(strstr(written_text(&w), "Secret"));
    assert_int_equal(w.report.withheld, 0);
    written_fini(&w);
}

/* That a withheld list asked for all below a public suffix is not told, nor acted upon. */
static void forgets_what_a_withheld_origin_asked_for(void **state)
{
    written_expect(
        "name: c2\nindicators: [{domain: co.jp, tlp: red}, {domain: co.jp, match: exact, tlp: clear}]\n",
        TARGET_YAML, TLP_GREEN, "vedette: 1\nname: c2\ntlp: clear\nmatch: exact\nindicators:\n  - co.jp\n",
        "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_at_the_top_what_all_say),
        cmocka_unit_test(says_in_an_entry_what_it_says_alone),
        cmocka_unit_test(says_how_it_matches),
        cmocka_unit_test(keeps_every_origin),
        cmocka_unit_test(keeps_what_is_special),
        cmocka_unit_test(keeps_that_it_is_for_a_drill),
        cmocka_unit_test(counts_texts_it_changes),
        cmocka_unit_test(writes_nothing_as_an_empty_list),
        cmocka_unit_test(leaves_out_what_is_above),
        cmocka_unit_test(forgets_what_a_withheld_origin_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
