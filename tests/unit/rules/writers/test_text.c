#include "tests/unit/rules/writers/writer_harness.h"

static void writes_bare_names_for_all_below(void **state)
{
    written_expect("tlp: amber\nindicators: [{domain: a.example, description: why}, 192.0.2.1, "
                   "http://a.example/b*, /c?d=]\n",
                   TARGET_TEXT, TLP_NONE,
                   "# TLP: amber\na.example # why\n192.0.2.1\nhttp://a.example/b*\n/c?d=\n", "");
}

/* The heading says what bare names mean: loaded again each matches as it did. */
static void says_when_names_are_exact(void **state)
{
    const char *list = "indicators: [{domain: a.example, match: exact}, b.example, {domain: c.example, "
                       "match: below}, '*.zip']\n"
                       "tlds: load\n";
    const char *text = "# Match: exact\na.example\n*.b.example\n*.zip\n# Match: below\nc.example\n";
    struct list_options o = list_options_none();
    (void)list;
    o.loads_tlds = true;
    written_expect("tlds: load\nindicators: [{domain: a.example, match: exact}, b.example, {domain: "
                   "c.example, match: below}, '*.zip']\n",
                   TARGET_TEXT, TLP_NONE, text, "");
    harness_expect(text, &o,
                   "domain exact a.example @2\ndomain suffix b.example @3\ndomain suffix zip @4\ndomain "
                   "below c.example @6\n",
                   "");
}

static void leaves_out_what_would_be_something_else(void **state)
{
    written_expect("indicators: [{url: 'http://a.example/b*', match: exact}, //c, {regex: d}, {domain: .zip, "
                   "match: exact}, "
                   "{uri_path: /e=, match: exact}]\nallow: [a.example]\n",
                   TARGET_TEXT, TLP_NONE, "/e=\n",
                   "left-out domain exact 1 @1\nleft-out url exact 1 @1\nleft-out uri_path exact 1 "
                   "@1\nleft-out regex regex 1 @1\n"
                   "allow domain suffix 1 @2\nwidened uri_path exact 1 @1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_bare_names_for_all_below),
        cmocka_unit_test(says_when_names_are_exact),
        cmocka_unit_test(leaves_out_what_would_be_something_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
