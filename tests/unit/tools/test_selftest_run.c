/* selftest_run.c: what is listed is seen, and what is not listed is told not to be seen, and why. */
#include "tools/selftest_run.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "traffic/torture.h"

static unsigned find(unsigned n, struct torture_label label(unsigned), const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(label(i).name, name) == 0)
            return i;
    fail_msg("no %s", name);
    return 0;
}

static unsigned row(const char *name)
{
    return find(torture_n_whats(), torture_what, name);
}

static unsigned column(const char *name)
{
    return find(torture_n_hows(), torture_how, name);
}

/* All rows, in the columns that every build has read. */
static struct selftest *open_test(void)
{
    static const char *const columns[] = {"plain", "twice", "ipv6", "vlan", "qinq"};
    struct selftest *t = selftest_new();
    assert_non_null(t);
    for (unsigned what = 0; what < torture_n_whats(); what++)
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
            assert_true(selftest_select(t, what, column(columns[i])));
    return t;
}

static void run(struct selftest *t)
{
    struct err err = {0};
    assert_true(selftest_run(t, NULL, &err));
    assert_true(selftest_totals(t)->sums_hold);
    assert_int_equal(selftest_totals(t)->wrong_alerts, 0);
}

static void test_all_seen(void **state)
{
    struct selftest *t = open_test();
    (void)state;
    run(t);
    assert_true(selftest_has_passed(t));
    assert_int_equal(selftest_totals(t)->cells, torture_n_whats() * 5);
    assert_int_equal(selftest_totals(t)->cells_seen, torture_n_whats() * 5);
    selftest_free(t);
}

/* For each row in turn: the very cell fails, and no other. */
static void test_one_not_listed(void **state)
{
    (void)state;
    for (unsigned what = 0; what < torture_n_whats(); what++) {
        struct selftest *t = open_test();
        selftest_unlist(t, what, column("vlan"));
        run(t);
        const struct selftest_cell *c = selftest_cell(t, what, column("vlan"));
        assert_false(selftest_has_passed(t));
        assert_int_equal(selftest_totals(t)->cells_seen, selftest_totals(t)->cells - 1);
        assert_int_equal(c->seen, 0);
        assert_string_equal(c->reason, what == row("connection") ? "no session was recognised"
                                                                 : "read, but not what is listed");
        selftest_free(t);
    }
}

static void test_can_not_travel_so(void **state)
{
    struct selftest *t = selftest_new();
    (void)state;
    assert_false(selftest_select(t, row("dns"), column("cut")));
    assert_false(selftest_select(t, row("tls-1.3"), column("server")));
    assert_false(selftest_select(t, row("tls-1.3"), column("loss")));
    assert_false(selftest_select(t, row("quic-v1"), column("syn")));
    assert_true(selftest_select(t, row("dns"), column("server")));
    assert_false(selftest_cell(t, row("dns"), column("cut"))->is_selected);
    selftest_free(t);
}

/* Each place to cut is a conversation of its own. */
static void test_cuts(void **state)
{
    struct selftest *t = selftest_new();
    (void)state;
    assert_true(selftest_select(t, row("tls-1.3"), column("cut")));
    run(t);
    const struct selftest_cell *c = selftest_cell(t, row("tls-1.3"), column("cut"));
    assert_true(c->trials > 200);
    assert_int_equal(c->seen, c->trials);
    assert_int_equal(selftest_totals(t)->conversations, c->trials);
    selftest_free(t);
}

static void test_list(void **state)
{
    struct selftest *t = selftest_new();
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    assert_true(selftest_select(t, row("tls-1.3"), column("vlan")));
    assert_true(selftest_select(t, row("connection"), column("plain")));
    assert_true(selftest_select(t, row("dns"), column("plain")));
    selftest_unlist(t, row("dns"), column("plain"));
    selftest_put_list(t, &out);
    assert_true(span_eq(buf_span(&out), SPAN_LIT("tls-1.3.vlan.selftest.example\n203.0.113.10\n")));
    buf_fini(&out);
    selftest_free(t);
}

static void test_full_disk(void **state)
{
    struct selftest *t = open_test();
    struct err err = {0};
    int fd = open("/dev/full", O_WRONLY);
    struct capture_out *out = capture_out_new(fd, "full", &err);
    (void)state;
    assert_false(selftest_run(t, out, &err));
    assert_int_equal(err.kind, ERR_IO);
    capture_out_free(out);
    close(fd);
    selftest_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_seen),
        cmocka_unit_test(test_one_not_listed),
        cmocka_unit_test(test_can_not_travel_so),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
