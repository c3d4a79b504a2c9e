/* regex_wish.c: the text of a regex as a name, a URL, a path or a header, and only where such belong. */
#include "traffic/regex_wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ATTEMPTS = 14 };

/* Is there an attempt that gives just this? */
static bool gives(const char *pattern, enum contact_by by, enum ioc_type type, const char *value)
{
    struct buf room;
    bool is_found = false;
    buf_init(&room, 2048);
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        struct dice dice = dice_of(i);
        struct contact_wish w = {
            .type = IOC_REGEX, .match = MATCH_REGEX, .by = by, .value = span_str(pattern)};
        if (regex_wish(&w, i, &dice, &room))
            is_found |= w.type == type && w.match == MATCH_EXACT && w.fields == 0 &&
                        span_eq(w.value, span_str(value));
    }
    buf_fini(&room);
    return is_found;
}

static void test_shapes(void **state)
{
    (void)state;
    assert_true(gives("^evil\\.test$", BY_DNS, IOC_DOMAIN, "evil.test"));
    assert_true(gives("evil", BY_TLS, IOC_DOMAIN, "evil.example"));
    assert_true(gives("evil\\.test", BY_QUIC, IOC_DOMAIN, "www.evil.test"));
    assert_true(gives("^http://a/b", BY_HTTP, IOC_URL, "http://a/b"));
    assert_true(gives("/gate", BY_HTTP, IOC_URI_PATH, "/gate"));
    assert_true(gives("gate\\?a", BY_HTTP, IOC_URI_PATH, "/gate?a"));
    assert_true(gives("Bot 1", BY_HTTP, IOC_USER_AGENT, "Bot 1"));
}

static void test_not_there(void **state)
{
    (void)state;
    assert_false(gives("/gate", BY_DNS, IOC_URI_PATH, "/gate"));
    assert_false(gives("Bot", BY_TLS, IOC_USER_AGENT, "Bot"));
    assert_false(gives("a b", BY_HTTP, IOC_URI_PATH, "/a b"));
    assert_false(gives("evil\\.", BY_DNS, IOC_DOMAIN, "evil."));
    assert_false(gives("a\\.\\.b", BY_DNS, IOC_DOMAIN, "a..b"));
    assert_false(gives("(?=x)", BY_HTTP, IOC_USER_AGENT, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
