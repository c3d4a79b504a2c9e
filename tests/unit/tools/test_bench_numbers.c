/* bench_numbers.c: medians, spread, and the rule by which two measurements differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/bench_numbers.h"

#define SPREAD(...) spread_of((double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))

static void test_spread(void **state)
{
    (void)state;
    struct spread none = spread_of(NULL, 0), one = SPREAD(7), two = SPREAD(4, 2), odd = SPREAD(9, 1, 5, 3, 7),
                  even = SPREAD(4, 1, 3, 2);
    assert_int_equal(none.n, 0);
    assert_true(none.median == 0 && none.low == 0 && none.high == 0);
    assert_true(one.median == 7 && one.low == 7 && one.high == 7 && one.n == 1);
    assert_true(two.median == 3 && two.low == 2.5 && two.high == 3.5);
    assert_true(odd.median == 5 && odd.low == 3 && odd.high == 7 && odd.n == 5);
    assert_true(even.median == 2.5 && even.low == 1.75 && even.high == 3.25);
}

/* One round that something else disturbed does not move the median. */
static void test_outlier(void **state)
{
    (void)state;
    struct spread calm = SPREAD(10, 10, 11, 10, 10), disturbed = SPREAD(10, 10, 11, 10, 900);
    assert_true(calm.median == disturbed.median);
}

static enum change change_of(struct spread before, struct spread now)
{
    double ratio;
    return spread_compare(&before, &now, &ratio);
}

static void test_compare(void **state)
{
    (void)state;
    struct spread base = SPREAD(99, 100, 101);
    assert_int_equal(change_of(base, base), CHANGE_NONE);
    assert_int_equal(change_of(base, SPREAD(108, 109, 109.5)),
                     CHANGE_NONE); /* apart, but by less than a tenth */
    assert_int_equal(change_of(base, SPREAD(110, 111, 112)), CHANGE_MORE);
    assert_int_equal(change_of(SPREAD(110, 111, 112), base), CHANGE_LESS);
    assert_int_equal(change_of(base, SPREAD(60, 150, 160)), CHANGE_MORE); /* quartiles 105 to 155 */
    assert_int_equal(change_of(base, SPREAD(40, 150, 160)), CHANGE_NONE); /* 95 to 155: they overlap */
}

/* Too few values to have a spread: only twice as much is a difference. */
static void test_compare_few(void **state)
{
    (void)state;
    assert_int_equal(change_of(SPREAD(100), SPREAD(190)), CHANGE_NONE);
    assert_int_equal(change_of(SPREAD(100), SPREAD(200)), CHANGE_MORE);
    assert_int_equal(change_of(SPREAD(100), SPREAD(50)), CHANGE_LESS);
    assert_int_equal(change_of(SPREAD(100, 101), SPREAD(150, 151, 152, 153)), CHANGE_NONE);
}

static void test_compare_exact(void **state)
{
    (void)state;
    assert_int_equal(change_of(spread_exact(1000), spread_exact(1000)), CHANGE_NONE);
    assert_int_equal(change_of(spread_exact(1000), spread_exact(1009)), CHANGE_NONE);
    assert_int_equal(change_of(spread_exact(1000), spread_exact(1010)), CHANGE_MORE);
    assert_int_equal(change_of(spread_exact(1000), spread_exact(990)), CHANGE_LESS);
}

static void test_ratio(void **state)
{
    (void)state;
    double ratio;
    struct spread zero = spread_exact(0), ten = spread_exact(10), thirty = spread_exact(30);
    assert_int_equal(spread_compare(&ten, &thirty, &ratio), CHANGE_MORE);
    assert_true(ratio == 3);
    assert_int_equal(spread_compare(&zero, &ten, &ratio), CHANGE_MORE);
    assert_true(ratio == 0); /* can't be told */
    assert_int_equal(spread_compare(&ten, &zero, &ratio), CHANGE_LESS);
    assert_int_equal(spread_compare(&zero, &zero, &ratio), CHANGE_NONE);
}

static void test_times(void **state)
{
    struct times t = {0};
    (void)state;
    assert_true(times_quantile(&t, 0.5) == 0);
    for (int i = 0; i < 99; i++)
        times_add(&t, 100);
    times_add(&t, 1000);
    assert_int_equal(t.sum, 100);
    assert_true(t.most == 1000);
    double p50 = times_quantile(&t, 0.5), p99 = times_quantile(&t, 0.99), all = times_quantile(&t, 1);
    assert_true(p50 >= 100 && p50 < 100 * 1.2); /* a quarter of a doubling */
    assert_true(p99 == p50);
    assert_true(all == 1000); /* not more than the longest */
}

/* The first and the last class take what lies beyond. */
static void test_times_beyond(void **state)
{
    struct times t = {0};
    (void)state;
    times_add(&t, 0);
    times_add(&t, 1);
    times_add(&t, 1e30);
    assert_int_equal(t.n[0], 2);
    assert_int_equal(t.n[TIMES_CLASSES - 1], 1);
    for (uint32_t class = 0; class + 1 < TIMES_CLASSES; class ++)
        assert_true(times_class_from(class) < times_class_from(class + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spread),        cmocka_unit_test(test_outlier),
        cmocka_unit_test(test_compare),       cmocka_unit_test(test_compare_few),
        cmocka_unit_test(test_compare_exact), cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_times),         cmocka_unit_test(test_times_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
