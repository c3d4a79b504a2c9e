/* stats.c: the sums that must hold, and that adding two workers' counters loses none. */
#include "sensor/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_sums_hold(void **state)
{
    struct stats s = {0};
    (void)state;

    assert_true(stats_sums_hold(&s));
    s.packets = 10;
    assert_false(stats_sums_hold(&s));
    s.processed = 5;
    s.undecodable[UNDECODABLE_LINK] = 1;
    s.undecodable[UNDECODABLE_UDP] = 2;
    s.out_of_scope[SCOPE_NOT_IP] = 1;
    assert_false(stats_sums_hold(&s));
    s.out_of_scope[SCOPE_LINK_TYPE] = 1;
    assert_true(stats_sums_hold(&s));
    for (unsigned p = 0; p < SESSION_COUNT; p++) {
        s.sessions[p] = 4;
        assert_false(stats_sums_hold(&s));
        s.readable[p] = 2;
        s.unreadable[p][UNREADABLE_CUT] = 1;
        s.unreadable[p][UNREADABLE_LIMIT] = 1;
        assert_true(stats_sums_hold(&s));
    }
    s.kernel_drops = 7; /* not part of `packets` */
    assert_true(stats_sums_hold(&s));
}

static void test_subtract_undoes_add(void **state)
{
    struct stats before = {.packets = 3, .first_ns = 5, .last_ns = 9}, more = {.packets = 4, .alerts_unwritten = 7, .kernel_drops = 2};
    struct stats sum = before;
    (void)state;
    more.unreadable[SESSION_COUNT - 1][UNREADABLE_COUNT - 1] = 11;
    stats_add(&sum, &more);
    stats_subtract(&sum, &before);
    assert_memory_equal(&sum, &more, sizeof sum);
}

/* All but the two times at the end is counters: give each its own value and see it doubled. A counter that is added to the
 * struct and forgotten in stats_add() fails here. */
static void test_add_adds_everything(void **state)
{
    enum { N_COUNTERS = offsetof(struct stats, first_ns) / sizeof(uint64_t) };
    struct stats one, sum;
    uint64_t counters[N_COUNTERS];
    (void)state;

    memset(&one, 0, sizeof one);
    for (size_t i = 0; i < N_COUNTERS; i++)
        counters[i] = 1000 + i * i;
    memcpy(&one, counters, sizeof counters);
    memset(&sum, 0, sizeof sum);
    stats_add(&sum, &one);
    assert_memory_equal(&sum, counters, sizeof counters);
    stats_add(&sum, &one);
    for (size_t i = 0; i < N_COUNTERS; i++)
        counters[i] *= 2;
    assert_memory_equal(&sum, counters, sizeof counters);
}

static void test_times(void **state)
{
    struct stats sum = {0};
    const struct stats none = {.first_ns = 0, .last_ns = 0};
    const struct stats early = {.packets = 1, .processed = 1, .first_ns = -5, .last_ns = 10};
    const struct stats late = {.packets = 2, .processed = 2, .first_ns = 3, .last_ns = 40};
    (void)state;

    stats_add(&sum, &late);
    stats_add(&sum, &none);
    assert_int_equal(sum.first_ns, 3);
    assert_int_equal(sum.last_ns, 40);
    stats_add(&sum, &early);
    assert_int_equal(sum.first_ns, -5);
    assert_int_equal(sum.last_ns, 40);
    assert_int_equal(sum.packets, 3);
}

static void assert_names(const char *(*name)(unsigned), unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_non_null(name(i));
        assert_int_equal(strspn(name(i), "abcdefghijklmnopqrstuvwxyz_"), strlen(name(i)));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(name(i), name(k));
    }
}

static const char *undecodable(unsigned i)
{
    return undecodable_name((enum undecodable)i);
}

static const char *out_of_scope(unsigned i)
{
    return out_of_scope_name((enum out_of_scope)i);
}

static const char *session(unsigned i)
{
    return session_name((enum session_protocol)i);
}

static const char *unreadable(unsigned i)
{
    return unreadable_name((enum unreadable)i);
}

static void test_names(void **state)
{
    (void)state;
    assert_names(undecodable, UNDECODABLE_COUNT);
    assert_names(out_of_scope, SCOPE_COUNT);
    assert_names(session, SESSION_COUNT);
    assert_names(unreadable, UNREADABLE_COUNT);
    assert_string_equal(undecodable_name(UNDECODABLE_LINK), "cut_link_header");
    assert_string_equal(session_name(SESSION_TLS), "tls");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_hold),
        cmocka_unit_test(test_add_adds_everything), cmocka_unit_test(test_subtract_undoes_add),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
