/* threshold.c: what passes, what is told of it later and when; and that nothing is lost whatever happens: passed + told = all. */
#include "outputs/threshold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000000000 };

static struct {
    uint64_t n, told, last_n;
    int64_t first_ns, last_ns;
} seen;

static void on_summary(void *to, const struct alert *a)
{
    assert_non_null(a->repeats);
    assert_true(a->repeats->n > 0 && a->repeats->first_ns <= a->repeats->last_ns);
    assert_int_equal(a->observed.len, 4);
    assert_memory_equal(a->observed.ptr, "evil", 4);
    seen.n++;
    seen.told += seen.last_n = a->repeats->n;
    seen.first_ns = a->repeats->first_ns;
    seen.last_ns = a->repeats->last_ns;
}

static int begin(void **state)
{
    memset(&seen, 0, sizeof seen);
    return 0;
}

static struct threshold *make(struct threshold_options o)
{
    struct threshold *t = threshold_new(&o, NULL);
    assert_non_null(t);
    return t;
}

static bool come(struct threshold *t, uint32_t indicator, uint8_t client, int64_t ts_ns)
{
    uint8_t address[4] = {192, 0, 2, client};
    char observed[] = "evil"; /* dies with the call, as a batch does */
    struct event e = {.kind = EVENT_DNS, .is_to_server = true, .src = ip_from_v4(address), .ts_ns = ts_ns};
    struct alert a = {.event = &e, .indicator = indicator, .observed = span_str(observed)};
    return threshold_pass(t, &a, on_summary, NULL);
}

static void test_window(void **state)
{
    struct threshold *t = make((struct threshold_options){.count = 2, .seconds = 10, .by = THRESHOLD_BOTH});
    assert_true(come(t, 1, 1, 0));
    assert_true(come(t, 1, 1, SECOND));
    assert_false(come(t, 1, 1, 2 * (int64_t)SECOND));
    assert_false(come(t, 1, 1, 9 * (int64_t)SECOND));
    assert_int_equal(seen.n, 0);
    assert_true(
        come(t, 1, 1, 10 * (int64_t)SECOND)); /* another window; the first one's summary comes before it */
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.told, 2);
    assert_int_equal(seen.first_ns, 2 * (int64_t)SECOND);
    assert_int_equal(seen.last_ns, 9 * (int64_t)SECOND);
    threshold_close(t, INT64_MAX, on_summary, NULL);
    assert_int_equal(seen.n, 1); /* nothing was held back in it */
    threshold_free(t);
}

static void test_by(void **state)
{
    static const struct {
        enum threshold_by by;
        bool other_client, other_indicator;
    } rows[] = {
        {THRESHOLD_INDICATOR, false, true}, {THRESHOLD_CLIENT, true, false}, {THRESHOLD_BOTH, true, true}};
    for (size_t i = 0; i < 3; i++) {
        struct threshold *t = make((struct threshold_options){.count = 1, .seconds = 10, .by = rows[i].by});
        assert_true(come(t, 1, 1, 0));
        assert_false(come(t, 1, 1, 0));
        assert_int_equal(come(t, 1, 2, 0), rows[i].other_client);
        assert_int_equal(come(t, 2, 1, 0), rows[i].other_indicator);
        threshold_free(t);
    }
}

/* Time alone closes them too. */
static void test_close(void **state)
{
    struct threshold *t = make((struct threshold_options){.count = 1, .seconds = 10});
    come(t, 1, 1, 0);
    come(t, 1, 1, 1);
    threshold_close(t, 10 * (int64_t)SECOND - 1, on_summary, NULL);
    assert_int_equal(seen.n, 0);
    threshold_close(t, 10 * (int64_t)SECOND, on_summary, NULL);
    assert_int_equal(seen.n, 1);
    threshold_free(t);
}

/* A table that is far too small: all is told all the same. */
static void test_nothing_is_lost(void **state)
{
    struct threshold_counts c;
    uint64_t passed = 0, n = 20000, x = 1;
    struct threshold *t = make((struct threshold_options){
        .count = 1, .seconds = 3, .by = THRESHOLD_BOTH, .windows_max = 64, .seed = 7});
    for (uint64_t i = 0; i < n; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t jitter = (int64_t)(x >> 40) % SECOND; /* times need not be in order */
        passed += come(t, (uint32_t)(x >> 33) % 50, (uint8_t)(x >> 58), (int64_t)i * SECOND / 100 + jitter);
    }
    threshold_close(t, INT64_MAX, on_summary, NULL);
    threshold_counts(t, &c);
    assert_int_equal(c.passed, passed);
    assert_int_equal(c.passed + c.held_back, n);
    assert_int_equal(c.told, c.held_back);
    assert_int_equal(seen.told, c.told);
    assert_int_equal(seen.n, c.summaries);
    assert_true(c.evicted > 0 && c.held_back > 0);
    threshold_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_window, begin), cmocka_unit_test_setup(test_by, begin),
        cmocka_unit_test_setup(test_close, begin), cmocka_unit_test_setup(test_nothing_is_lost, begin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
