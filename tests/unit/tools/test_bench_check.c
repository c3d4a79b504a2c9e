/* bench_check.c: the matcher is right with every kind of indicator, and a db that is not is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/matcher/sample.h"
#include "tools/bench_check.h"

static const struct sample samples[] = {
    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.example"),
    SAMPLE(IOC_DOMAIN, MATCH_EXACT, "evil.example"),
    SAMPLE(IOC_DOMAIN, MATCH_BELOW, "evil.example"),
    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "planted.evil.example"),
    SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.example:8443", .port = 8443),
    SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "e*l-?.example"),
    SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "*.ev*.example"),
    SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1"),
    SAMPLE(IOC_IPV6, MATCH_EXACT, "2001:db8::1"),
    SAMPLE(IOC_CIDR4, MATCH_CIDR, "192.0.2.0/24"),
    SAMPLE(IOC_CIDR6, MATCH_CIDR, "2001:db8::/32"),
    SAMPLE(IOC_RANGE4, MATCH_RANGE, "192.0.2.0-192.0.2.9"),
    SAMPLE(IOC_IP_PORT, MATCH_EXACT, "192.0.2.1:443", .port = 443),
    SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.example/a?b=1"),
    SAMPLE(IOC_URL, MATCH_PREFIX, "http://evil.example/a"),
    SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.example:8080/a"),
    SAMPLE(IOC_HOSTPATH, MATCH_EXACT, "evil.example/a?b=1"),
    SAMPLE(IOC_URI_PATH, MATCH_EXACT, "/gate.php"),
    SAMPLE(IOC_URI_PATH, MATCH_PREFIX, "/a"),
    SAMPLE(IOC_USER_AGENT, MATCH_EXACT, "Evil/1.0 (x)"),
    SAMPLE(IOC_JA3, MATCH_EXACT, "0123456789abcdef0123456789abcdef"),
    SAMPLE(IOC_REGEX, MATCH_REGEX, "evil", .fields = FIELD_BIT(FIELD_DNS_QUERY)),
};
enum { N_SAMPLES = sizeof samples / sizeof *samples };

static void test_right(void **state)
{
    static const enum names_engine engines[] = {NAMES_HYPERSCAN, NAMES_TABLE};
    (void)state;
    for (int e = 0; e < 2; e++) {
        struct db *db = sample_db(samples, N_SAMPLES, engines[e]);
        struct bench_check check;
        struct err err = {0};
        assert_true(bench_check(db, &check, &err));
        if (check.n_different)
            fail_msg("%s", check.example);
        assert_int_equal(check.n_planted, N_SAMPLES - 1); /* all but the regex */
        assert_true(check.n_found >= check.n_planted);
        assert_int_equal(check.n_found, check.n_expected);
        db_free(db);
    }
}

/* The set says another name than the one that was compiled. */
static void test_wrong(void **state)
{
    (void)state;
    const struct sample one[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.example")};
    struct db *db = sample_db(one, 1, NAMES_TABLE);
    struct bench_check check;
    struct err err = {0};
    uint8_t *value = (uint8_t *)(uintptr_t)set_value(db_set(db), 0).ptr;
    value[0] = 'a';
    assert_true(bench_check(db, &check, &err));
    assert_int_equal(check.n_different, 1);
    assert_int_equal(check.n_found, 0);
    assert_int_equal(check.n_expected, 1);
    assert_string_equal(check.example, "avil.example, planted field 0: the matcher misses it");
    db_free(db);
}

static void test_empty(void **state)
{
    (void)state;
    struct db *db = sample_db(samples, 0, NAMES_AUTO);
    struct bench_check check;
    struct err err = {0};
    assert_true(bench_check(db, &check, &err));
    assert_int_equal(check.n_planted, 0);
    assert_int_equal(check.n_different, 0);
    db_free(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_right), cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_empty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
