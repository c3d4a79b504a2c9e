/* regex_sample.c: what it writes the pattern matches, as regcomp() sees it; what is not simple is refused, cut anywhere. */
#include "traffic/regex_sample.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEEDS = 50 };

static struct buf out;

/* `posix` is the same pattern in POSIX's extended syntax; NULL: as it is. All of the sample matches. */
static void expect(const char *pattern, const char *posix)
{
    regex_t re;
    char anchored[256];
    snprintf(anchored, sizeof anchored, "^(%s)$", posix ? posix : pattern);
    assert_int_equal(regcomp(&re, anchored, REG_EXTENDED | REG_NOSUB), 0);
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct dice dice = dice_of(seed);
        buf_reset(&out);
        if (!regex_sample(span_str(pattern), &dice, &out))
            fail_msg("%s: no sample", pattern);
        buf_put_byte(&out, '\0');
        if (regexec(&re, (const char *)out.ptr, 0, NULL, 0) != 0)
            fail_msg("%s: \"%s\"", pattern, (const char *)out.ptr);
    }
    regfree(&re);
}

static void test_simple(void **state)
{
    (void)state;
    expect("evil", NULL);
    expect("^evil[0-9]+\\.example$", "evil[0-9]+\\.example");
    expect("a|bc|def", NULL);
    expect("(a|b|)x(?:cd|e)*y", "(a|b|)x(cd|e)*y");
    expect("(?P<n>a)(?<m>b)", "ab");
    expect("[a-f]{3}[^a-z.]{2,4}\\d{2,}", "[a-f]{3}[^a-z.]{2,4}[0-9]{2,}");
    expect("\\w+\\s?\\x41\\/", "[A-Za-z0-9_]+[ \t]?A/");
    expect("[]x-]+[\\w-]+[\\-.]", "[]x-]+[A-Za-z0-9_-]+[-.]");
    expect("a?b*?c+?", "a?b*c+");
    expect("\\bfoo\\b", "foo");
    expect(".{5}", NULL);
    expect("((a{2}){2}){2}", NULL);
}

static void refuse(const char *pattern)
{
    struct dice dice = dice_of(1);
    buf_reset(&out);
    buf_put_str(&out, "kept");
    if (regex_sample(span_str(pattern), &dice, &out))
        fail_msg("%s: sampled", pattern);
    assert_int_equal(out.len, 4);
}

static void test_not_simple(void **state)
{
    static const char *const patterns[] = {"(?=x)a",
                                           "(?!x)a",
                                           "(?i)a",
                                           "(a)\\1",
                                           "\\p{L}",
                                           "a++",
                                           "*a",
                                           "(a",
                                           "a)",
                                           "[a",
                                           "[z-a]",
                                           "[[:alpha:]]",
                                           "a{2",
                                           "a{x}",
                                           "a{3,2}",
                                           "a{999}",
                                           "\\",
                                           "[\\",
                                           "\\x4",
                                           "(?P<n",
                                           "(?<n>",
                                           "((((((((((((((((((a))))))))))))))))))",
                                           "(((a{250}){250}){250})",
                                           "a{250}b{250}c{250}",
                                           "[^\\s\\S]"};
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        refuse(patterns[i]);
}

/* In blocks of their very size, so that one byte too far is seen. */
static void test_cut(void **state)
{
    static const char pattern[] = "^(a|[^b-d\\w]{1,3}|(?:\\x41\\d*?)+)[]-]\\.(?P<n>x)$";
    (void)state;
    for (size_t n = 0; n < sizeof pattern; n++) {
        uint8_t *part = malloc(n ? n : 1);
        struct dice dice = dice_of(n);
        memcpy(part, pattern, n);
        buf_reset(&out);
        regex_sample(span_of(part, n), &dice, &out);
        free(part);
    }
}

static int begin(void **state)
{
    (void)state;
    buf_init(&out, 4096);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_fini(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),
        cmocka_unit_test(test_not_simple),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
