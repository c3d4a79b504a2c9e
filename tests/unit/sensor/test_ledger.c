/* ledger.c: what each source has adds up to what all have, and the sums hold in each, however many there are. */
#include "sensor/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Counters grow as those of a worker do: source `i` brings i + 1 packets and a session. */
static void read_source(struct stats *s, unsigned i)
{
    s->packets += i + 1;
    s->processed += i;
    s->out_of_scope[SCOPE_NOT_IP]++;
    s->sessions[SESSION_TLS]++;
    if (i % 2)
        s->readable[SESSION_TLS]++;
    else
        s->unreadable[SESSION_TLS][UNREADABLE_CUT]++;
    s->last_ns = 1000 * i;
}

static void test_any_number_of_sources(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 3 * LEDGER_SOURCES_MAX; n++) {
        struct ledger l = {0};
        struct stats now = {0}, sum = {0};
        uint32_t n_sources = 0;
        for (unsigned i = 0; i < n; i++) {
            read_source(&now, i);
            ledger_note(&l, "a", &now);
        }
        assert_int_equal(l.n, n > LEDGER_SOURCES_MAX ? LEDGER_SOURCES_MAX + 1 : n);
        for (size_t i = 0; i < l.n; i++) {
            bool is_shared = i == LEDGER_SOURCES_MAX;
            assert_true(stats_sums_hold(&l.entries[i].stats));
            assert_int_equal(l.entries[i].source == NULL, is_shared);
            if (!is_shared)
                assert_int_equal(l.entries[i].stats.packets, i + 1);
            stats_add(&sum, &l.entries[i].stats);
            n_sources += l.entries[i].n_sources;
        }
        sum.first_ns = now.first_ns;
        sum.last_ns = now.last_ns;
        assert_int_equal(n_sources, n);
        assert_memory_equal(&sum, &now, sizeof sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_number_of_sources)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
