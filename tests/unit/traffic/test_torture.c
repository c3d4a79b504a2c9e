/* torture.c: every cell has a value and packets of its own, the same each time, in the order of their times. */
#include "traffic/torture.h"

#include "tests/unit/traffic/read_back.h"

static void test_labels(void **state)
{
    (void)state;
    for (unsigned a = 0; a < torture_n_whats(); a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(torture_what(a).name, torture_what(b).name);
    for (unsigned a = 0; a < torture_n_hows(); a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(torture_how(a).name, torture_how(b).name);
}

static void test_values(void **state)
{
    enum { CELLS_MAX = 4096 };
    static char values[CELLS_MAX][TORTURE_VALUE_MAX + 1];
    size_t n = 0;
    (void)state;
    for (unsigned what = 0; what < torture_n_whats(); what++)
        for (unsigned how = 0; how < torture_n_hows(); how++, n++) {
            enum ioc_type type;
            assert_true(n < CELLS_MAX);
            size_t len = torture_value(what, how, values[n], &type);
            assert_true(len > 0 && len < TORTURE_VALUE_MAX);
            values[n][len] = 0;
            for (size_t i = 0; i < n; i++)
                assert_string_not_equal(values[i], values[n]);
        }
}

struct run {
    uint64_t n_packets, n_bytes, hash, n_conversations;
};

static struct run run_all(void)
{
    struct torture *t = torture_new();
    struct run r = {0};
    int64_t last_ns = 0;
    assert_non_null(t);
    for (unsigned what = 0; what < torture_n_whats(); what++)
        for (unsigned how = 0; how < torture_n_hows(); how++)
            for (uint32_t trial = 0, n = torture_trials(t, what, how); trial < n; trial++) {
                struct packet pkt;
                uint64_t before = r.n_packets;
                torture_begin(t, what, how, trial);
                while (torture_next(t, &pkt)) {
                    assert_true(pkt.ts_ns >= last_ns);
                    last_ns = pkt.ts_ns;
                    assert_int_equal(pkt.number, ++r.n_packets);
                    r.n_bytes += pkt.bytes.len;
                    for (size_t i = 0; i < pkt.bytes.len; i++)
                        r.hash = r.hash * 31 + pkt.bytes.ptr[i];
                }
                assert_true(r.n_packets > before);
                r.n_conversations++;
            }
    torture_free(t);
    return r;
}

static void test_same_each_time(void **state)
{
    (void)state;
    struct run first = run_all(), second = run_all();
    assert_memory_equal(&first, &second, sizeof first);
    assert_true(first.n_conversations > 5000); /* each place to cut is one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
