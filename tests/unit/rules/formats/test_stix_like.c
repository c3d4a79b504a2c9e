#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/formats/stix_like.h"

typedef enum stix_like like_fn(struct span text, struct buf *scratch, struct span *out_value);

static void expect(like_fn *like, const char *text, enum stix_like kind, const char *value)
{
    struct buf scratch;
    struct span got;
    buf_init(&scratch, 1 << 16);
    buf_put_str(&scratch, "before");
    assert_int_equal(like(span_str(text), &scratch, &got), kind);
    if (value)
        assert_true(span_eq(got, span_str(value)));
    assert_true(span_starts(buf_span(&scratch), SPAN_LIT("before")));
    buf_fini(&scratch);
}

static void names(void **state)
{
    expect(stix_like_name, "evil.example", STIX_LIKE_WHOLE, "evil.example");
    expect(stix_like_name, "%.Evil.example", STIX_LIKE_BELOW, "Evil.example");
    expect(stix_like_name, "%evil.example", STIX_LIKE_REGEX, "evil\\.example$");
    expect(stix_like_name, "Evil-%.example", STIX_LIKE_REGEX, "^evil\\-.*\\.example$");
    expect(stix_like_name, "ev_l.example", STIX_LIKE_REGEX, "^ev.l\\.example$");
    expect(stix_like_name, "%.a%.evil.example", STIX_LIKE_REGEX, "\\.a.*\\.evil\\.example$");
    expect(stix_like_name, "evil%", STIX_LIKE_REGEX, "^evil");
    expect(stix_like_name, "%%evil%%", STIX_LIKE_REGEX, "evil");
    expect(stix_like_name, "a%%b-cde.%", STIX_LIKE_REGEX, "^a.*b\\-cde\\.");
}

static void names_that_say_too_little(void **state)
{
    static const char *const broad[] = {
        "%", "_", "%.%", "%example", "%.%example", "a%.example", "%.a%.b%.example", "%.com%", "%ab%"};
    for (size_t i = 0; i < sizeof broad / sizeof *broad; i++)
        expect(stix_like_name, broad[i], STIX_LIKE_BROAD, NULL);
}

static void texts(void **state)
{
    expect(stix_like_text, "10.%", STIX_LIKE_REGEX, "^10\\.");
    expect(stix_like_text, "Mozilla/_.0 (%)", STIX_LIKE_REGEX, "^Mozilla\\/.\\.0\\x20\\(.*\\)$");
    expect(stix_like_text, "%[]{}*+?|^$\\", STIX_LIKE_REGEX, "\\[\\]\\{\\}\\*\\+\\?\\|\\^\\$\\\\$");
    expect(stix_like_text, "1%", STIX_LIKE_BROAD, NULL);
    expect(stix_like_text, "curl", STIX_LIKE_WHOLE, "curl");
}

static void urls(void **state)
{
    expect(stix_like_url, "http://evil.example/a", STIX_LIKE_WHOLE, "http://evil.example/a");
    expect(stix_like_url, "http://evil.example/a%", STIX_LIKE_PREFIX, "http://evil.example/a");
    expect(stix_like_url, "https://evil.example/%", STIX_LIKE_PREFIX, "https://evil.example/");
    expect(stix_like_url, "http://evil.example%", STIX_LIKE_REGEX, "^http://evil\\.example");
    expect(stix_like_url, "HTTPS://%.Evil.example", STIX_LIKE_REGEX, "^http://.*\\.evil\\.example/?$");
    expect(stix_like_url, "https://Evil.example/%/Gate.php", STIX_LIKE_REGEX,
           "^http://evil\\.example\\/.*\\/Gate\\.php$");
    expect(stix_like_url, "http://evil.example/a_b%", STIX_LIKE_REGEX, "^http://evil\\.example\\/a.b");
    expect(stix_like_url, "%/gate.php", STIX_LIKE_REGEX, "\\/gate\\.php$");
    expect(stix_like_url, "%://evil.example/%", STIX_LIKE_REGEX, "\\:\\/\\/evil\\.example\\/");
    expect(stix_like_url, "http%://evil.example/", STIX_LIKE_REGEX, "^http.*\\:\\/\\/evil\\.example\\/$");
    expect(stix_like_url, "evil.example/%", STIX_LIKE_REGEX, "^http://evil\\.example\\/");
    expect(stix_like_url, "http://evil.example/\xc3\xa9 %x", STIX_LIKE_REGEX,
           "^http://evil\\.example\\/%C3%A9%20.*x$");
    expect(stix_like_url, "http://%/%", STIX_LIKE_BROAD, NULL);
    expect(stix_like_url, "%://%", STIX_LIKE_BROAD, NULL);
    expect(stix_like_url, "ftp://evil.example/%", STIX_LIKE_FOREIGN, NULL);
}

static void targets(void **state)
{
    expect(stix_like_target, "/gate.php", STIX_LIKE_WHOLE, "/gate.php");
    expect(stix_like_target, "/gate.php%", STIX_LIKE_PREFIX, "/gate.php");
    expect(stix_like_target, "/a%/gate.php", STIX_LIKE_REGEX, "^http://[^/]*\\/a.*\\/gate\\.php$");
    expect(stix_like_target, "%/gate.php", STIX_LIKE_REGEX, "^http://[^/]*(?:/.*)?\\/gate\\.php$");
    expect(stix_like_target, "%gate%", STIX_LIKE_REGEX, "^http://[^/]*/.*gate");
    expect(stix_like_target, "gate%", STIX_LIKE_FOREIGN, NULL);
    expect(stix_like_target, "/%", STIX_LIKE_BROAD, NULL);
}

static void regexes(void **state)
{
    struct buf scratch;
    buf_init(&scratch, 1 << 16);
    assert_true(span_eq(stix_regex_url(SPAN_LIT("^https://a"), &scratch), SPAN_LIT("^https?://a")));
    assert_true(
        span_eq(stix_regex_url(SPAN_LIT("(https:|https?:)//a"), &scratch), SPAN_LIT("(https?:|https?:)//a")));
    assert_true(span_eq(stix_regex_url(SPAN_LIT("^http://a"), &scratch), SPAN_LIT("^http://a")));
    assert_true(
        span_eq(stix_regex_target(SPAN_LIT("^/a|^/b"), &scratch), SPAN_LIT("^http://[^/]*(?:/a|^/b)")));
    assert_true(span_eq(stix_regex_target(SPAN_LIT("/a$"), &scratch), SPAN_LIT("/a$")));
    buf_fini(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),   cmocka_unit_test(names_that_say_too_little),
        cmocka_unit_test(texts),   cmocka_unit_test(urls),
        cmocka_unit_test(targets), cmocka_unit_test(regexes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
