/* What is repaired, what is left alone, and where things came from. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/refang.h"

#include <stdlib.h>

static void check(const char *from, const char *to)
{
    struct buf out;
    size_t len = strlen(from);
    uint8_t *block = malloc(len ? len : 1);
    memcpy(block, from, len);
    buf_init(&out, 1024);
    bool has_changed = refang(span_of(block, len), &out);
    if (!span_eq(buf_span(&out), span_str(to)))
        print_message("%s: %.*s\n", from, (int)out.len, out.ptr);
    assert_true(span_eq(buf_span(&out), span_str(to)));
    assert_int_equal(has_changed, strcmp(from, to) != 0);
    if (has_changed)
        assert_true(refang_applies(span_of(block, len)));
    free(block);
    buf_fini(&out);
}

static void tokens_are_repaired(void **state)
{
    (void)state;
    check("evil[.]example", "evil.example");
    check("evil(.)ex{.}am[dot]ple(DOT)a{Dot}b", "evil.ex.am.ple.a.b");
    check("evil[.example.]a\\.b", "evil.example.a.b");
    check("user[@]a(at)b[AT]c(@)d", "user@a@b@c@d");
    check("hxxp://a", "http://a");
    check("HXXPS://a", "https://a");
    check("hxxp[:]//a", "http://a");
    check("hxxps[://]a", "https://a");
    check("ftp[:]//a", "ftp://a");
}

static void look_alikes_are_left_alone(void **state)
{
    (void)state;
    const char *const texts[] = {"",
                                 "h",
                                 "hxxp",
                                 "hxxps",
                                 "hxxp.a.b",
                                 "hxxp-a.b",
                                 "hxxpx://a",
                                 "xhxxp://a",
                                 "meow://a",
                                 "[2001:db8::1]:80",
                                 "a dot b",
                                 "[dot",
                                 "dot]",
                                 "[ . ]",
                                 "a]",
                                 "(at",
                                 "/a[.]b",
                                 "a/b[.]c",
                                 "http://a/b(.)c",
                                 "http://a?b(.)c",
                                 "http://a#b(.)c"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(texts[i], texts[i]);
    assert_false(refang_applies(SPAN_LIT("evil.example")));
    assert_false(refang_applies(SPAN_LIT("hxxp.evil.example")));
}

static void the_rest_follows_the_head(void **state)
{
    (void)state;
    check("hxxp://a/b[.]c", "http://a/b.c");
    check("a[.]b/c(dot)d", "a.b/c.d");
    check("http[:]//a[.]b/c?d[.]e", "http://a.b/c?d.e");
    check("evil?[.]example", "evil?.example");
}

static void never_twice(void **state)
{
    (void)state;
    check("a[[.]]b", "a[.]b");
    check("a[[dot]]b", "a[.]b");
    check("hxxphxxp://a", "hxxphxxp://a");
}

static void places_are_found_again(void **state)
{
    (void)state;
    struct span text = SPAN_LIT("hxxps[://]evil[.]example/a");
    static const struct {
        size_t offset, origin;
    } rows[] = {{0, 0},   {4, 0},   {5, 5},   {7, 5},   {8, 10}, {11, 13},
                {12, 14}, {13, 17}, {20, 24}, {22, 26}, {99, 26}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(refang_origin(text, rows[i].offset), rows[i].origin);
    assert_int_equal(refang_origin(span_of(NULL, 0), 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_repaired),       cmocka_unit_test(look_alikes_are_left_alone),
        cmocka_unit_test(the_rest_follows_the_head), cmocka_unit_test(never_twice),
        cmocka_unit_test(places_are_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
