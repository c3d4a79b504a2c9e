/* seen.c: what was added lately is known, what never was is not, and what is forgotten is counted. */
#include "sensor/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"

static void test_once(void **state)
{
    static const uint64_t keys[] = {1, 2, UINT64_MAX, 1ull << 32, 0x123456789abcdef0};
    (void)state;
    struct seen *s = seen_new(100);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_true(seen_add(s, keys[i]));
        assert_false(seen_add(s, keys[i]));
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_false(seen_add(s, keys[i]));
    assert_int_equal(seen_forgotten(s), 0);
    seen_free(s);
}

static void test_zero(void **state)
{
    (void)state;
    struct seen *s = seen_new(10);
    assert_true(seen_add(s, 0));
    assert_false(seen_add(s, 0));
    seen_free(s);
}

/* Keys that all want the same slot. */
static void test_colliding_keys(void **state)
{
    (void)state;
    struct seen *s = seen_new(1000);
    for (uint64_t i = 1; i < 1000; i++)
        assert_true(seen_add(s, i << 32));
    for (uint64_t i = 1; i < 1000; i++)
        assert_false(seen_add(s, i << 32));
    seen_free(s);
}

static void test_forgetting(void **state)
{
    (void)state;
    enum { CAPACITY = 4 };
    struct seen *s = seen_new(CAPACITY);
    for (uint64_t k = 1; k <= 2 * CAPACITY; k++) /* the second four push out none yet: they were one half */
        assert_true(seen_add(s, k));
    assert_int_equal(seen_forgotten(s), CAPACITY);
    for (uint64_t k = CAPACITY + 1; k <= 2 * CAPACITY; k++)
        assert_false(seen_add(s, k));
    assert_true(seen_add(s, 1)); /* forgotten, and new again */
    seen_free(s);
}

/* Of a long random run: the last `capacity` different keys are always known; a fresh key never is; every key that was new is
 * either held or counted as forgotten. */
static void test_long_run(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity < 200; capacity = capacity * 3 + 1) {
        struct seen *s = seen_new(capacity);
        struct chance c = chance_of(capacity);
        uint64_t next = 1, n_new = 0;
        for (int i = 0; i < 5000; i++) {
            bool is_fresh = next <= capacity || chance_below(&c, 2);
            uint64_t back = 1 + chance_below(&c, capacity);
            if (is_fresh) {
                assert_true(seen_add(s, next * UINT64_C(0x9e3779b97f4a7c15)));
                next++;
                n_new++;
            } else {
                assert_false(seen_add(s, (next - back) * UINT64_C(0x9e3779b97f4a7c15)));
            }
            assert_true(seen_forgotten(s) <= n_new);
            assert_true(n_new - seen_forgotten(s) <= 2 * capacity);
        }
        seen_free(s);
    }
    seen_free(NULL);
}

/* What was added before the last time but one is forgotten, and not counted as pushed out. */
static void test_ageing(void **state)
{
    (void)state;
    struct seen *s = seen_new(100);
    seen_age(s);
    assert_true(seen_add(s, 1));
    seen_age(s);
    assert_false(seen_add(s, 1));
    assert_true(seen_add(s, 2));
    seen_age(s);
    assert_true(seen_add(s, 1));
    assert_false(seen_add(s, 2));
    assert_int_equal(seen_forgotten(s), 0);
    seen_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),           cmocka_unit_test(test_zero),
        cmocka_unit_test(test_colliding_keys), cmocka_unit_test(test_forgetting),
        cmocka_unit_test(test_ageing),         cmocka_unit_test(test_long_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
