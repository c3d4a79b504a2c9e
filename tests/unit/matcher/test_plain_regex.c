/* plain_regex.c: what may be said as a name or URL, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/plain_regex.h"
#include "rules/value.h"

static bool read_pattern(const char *pattern, bool is_caseless, struct buf *scratch, struct plain_regex *out)
{
    size_t len = strlen(pattern);
    char *exact = malloc(len ? len : 1); /* so that a byte too far is seen */
    assert_non_null(exact);
    memcpy(exact, pattern, len);
    bool is_read = plain_regex_read(span_of(exact, len), is_caseless, scratch, out);
    free(exact);
    return is_read;
}

static void test_plain(void **state)
{
    static const struct {
        const char *pattern;
        bool is_caseless;
        enum ioc_type type;
        enum ioc_match match;
        const char *value;
        bool is_same;
    } cases[] = {
        {"^evil\\.example$", false, IOC_DOMAIN, MATCH_EXACT, "evil.example", true},
        {"\\Aevil\\.example\\z", false, IOC_DOMAIN, MATCH_EXACT, "evil.example", true},
        {"^EVIL\\.example$", true, IOC_DOMAIN, MATCH_EXACT, "evil.example", true},
        {"(^|\\.)evil\\.example$", false, IOC_DOMAIN, MATCH_SUFFIX, "evil.example", true},
        {"(?:^|\\.)evil\\.example$", false, IOC_DOMAIN, MATCH_SUFFIX, "evil.example", true},
        {"^(.*\\.)?evil\\.example$", false, IOC_DOMAIN, MATCH_SUFFIX, "evil.example", true},
        {"^([^.]+\\.)*evil\\.example$", false, IOC_DOMAIN, MATCH_SUFFIX, "evil.example", true},
        {"^.*\\.evil\\.example$", false, IOC_DOMAIN, MATCH_BELOW, "evil.example", true},
        {"\\.evil\\.example$", false, IOC_DOMAIN, MATCH_BELOW, "evil.example", true},
        {"evil\\.example$", false, IOC_DOMAIN, MATCH_SUFFIX, "evil.example", false},
        {"evil\\.example", false, IOC_DOMAIN, MATCH_SUFFIX, "evil.example", false},
        {"^evil\\.example", false, IOC_DOMAIN, MATCH_EXACT, "evil.example", false},
        {"^evil\\-one\\.example$", false, IOC_DOMAIN, MATCH_EXACT, "evil-one.example", true},
        {"^https?://evil\\.example/a\\?b=1$", false, IOC_URL, MATCH_EXACT, "http://evil.example/a?b=1", true},
        {"^http:\\/\\/evil\\.example\\/gate\\.php", false, IOC_URL, MATCH_PREFIX,
         "http://evil.example/gate.php", true},
        {"^https?://evil\\.example:8080/a.*", false, IOC_URL, MATCH_PREFIX, "http://evil.example:8080/a",
         true},
    };
    (void)state;
    struct buf scratch;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plain_regex plain;
        assert_true(read_pattern(cases[i].pattern, cases[i].is_caseless, &scratch, &plain));
        assert_int_equal(plain.type, cases[i].type);
        assert_int_equal(plain.match, cases[i].match);
        assert_int_equal(plain.is_same, cases[i].is_same);
        assert_int_equal(plain.value.len, strlen(cases[i].value));
        assert_memory_equal(plain.value.ptr, cases[i].value, plain.value.len);
    }
    buf_fini(&scratch);
}

/* Each says more than a name does, or something else. */
static void test_not_plain(void **state)
{
    static const char *const patterns[] = {
        "",
        "^",
        "$",
        "^$",
        "\\",
        "evil\\",
        "(^|\\.)",
        "^(.*\\.)?$",
        "^evil.example$", /* any byte for a dot */
        "^evil[0-9]\\.example$",
        "^evil\\.(example|test)$",
        "^evil\\.example\\.?$",
        "^EVIL\\.example$", /* names are lower case: it never hits */
        "^evil\\dx\\.example$",
        "^e+vil\\.example$",
        "evil",                     /* a part of a label */
        "^192\\.0\\.2\\.1$",        /* an address */
        "^https?://evil\\.example", /* hits evil.example.net */
        "^https?://[^/]*evil\\.example/",
        "^https?://EVIL\\.example/",
        "https?://evil\\.example/a", /* may stand in the middle */
        "^ftp://evil\\.example/a",
        "^evil\\.example$|x",
        "^^evil\\.example$",
        "(?i)^evil\\.example$",
    };
    (void)state;
    struct buf scratch;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct plain_regex plain;
        if (read_pattern(patterns[i], false, &scratch, &plain))
            fail_msg("\"%s\" was taken for %.*s", patterns[i], (int)plain.value.len,
                     (const char *)plain.value.ptr);
    }
    buf_fini(&scratch);
}

/* A pattern cut anywhere is plain or not, but never read past its end; and one that is too long is not plain. */
static void test_cut(void **state)
{
    static const char pattern[] = "^(?:.*\\.)?evil\\.example\\/a\\?b=1$";
    char cut[sizeof pattern], longest[5000];
    struct plain_regex plain;
    struct buf scratch;
    (void)state;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    for (size_t n = 0; n < sizeof pattern; n++) {
        memcpy(cut, pattern, n);
        cut[n] = '\0';
        read_pattern(cut, n % 2, &scratch, &plain);
    }
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    memcpy(longest, "^https?://evil\\.example/", 24);
    assert_false(read_pattern(longest, false, &scratch, &plain));
    buf_fini(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain), cmocka_unit_test(test_not_plain),
                                       cmocka_unit_test(test_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
