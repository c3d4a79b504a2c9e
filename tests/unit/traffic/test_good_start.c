/* good_start.c: when most hold, and not just before any of them ends. */
#include "traffic/good_start.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DAY = 86400, MINUTE = 60 };

/* One origin for each window. */
static int64_t start_of(const int64_t (*windows)[2], uint32_t n)
{
    struct context contexts[8] = {0};
    struct origin origins[8] = {0};
    for (uint32_t i = 0; i < n; i++) {
        contexts[i].valid_from = windows[i][0];
        contexts[i].valid_until = windows[i][1];
        origins[i].context = i;
    }
    return good_start(
        &(struct set_view){.contexts = contexts, .origins = origins, .n_contexts = n, .n_origins = n},
        MINUTE);
}

static void test_whenever(void **state)
{
    static const int64_t always[][2] = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}};
    (void)state;
    assert_int_equal(start_of(always, 2), GOOD_START_DEFAULT);
    assert_int_equal(start_of(always, 0), GOOD_START_DEFAULT);
}

static void test_most(void **state)
{
    static const int64_t early[][2] = {{INT64_MIN, 1000000000}, {INT64_MIN, INT64_MAX}};
    static const int64_t late[][2] = {{2000000000, INT64_MAX}, {INT64_MIN, INT64_MAX}};
    static const int64_t short_one[][2] = {{1000000000, 1000000100}, {INT64_MIN, INT64_MAX}};
    static const int64_t two_to_one[][2] = {
        {1900000000, INT64_MAX}, {1500000000, 1600000000}, {1550000000, 1560000000}};
    (void)state;
    assert_int_equal(start_of(early, 2), 1000000000 - MINUTE - DAY);
    assert_int_equal(start_of(late, 2), 2000000000);
    assert_int_equal(start_of(short_one, 2), 1000000000);
    assert_int_equal(start_of(two_to_one, 3), 1560000000 - MINUTE - DAY);
}

/* Those that never hold so long, or end at once, or lie beyond what can be written, count for nothing. */
static void test_never(void **state)
{
    static const int64_t never[][2] = {{1000, 1000},           {1000, 999},
                                       {1000, 1000 + MINUTE},  {INT64_MIN, INT64_MIN},
                                       {INT64_MAX, INT64_MAX}, {GOOD_START_LAST + 1, INT64_MAX}};
    (void)state;
    assert_int_equal(start_of(never, 6), GOOD_START_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whenever),
        cmocka_unit_test(test_most),
        cmocka_unit_test(test_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
