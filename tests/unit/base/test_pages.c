/* pages.c: sizes about those of pages, small and huge. */
#include "base/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { HUGE_BYTES = 2 << 20, MARK = 0x5a };

static size_t mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu", &pages), 1);
    fclose(f);
    return pages;
}

static void assert_usable(size_t n)
{
    uint8_t *p = pages_map(n);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % HUGE_BYTES, 0);
    for (size_t i = 0; i < n; i += 4096)
        assert_int_equal(p[i], 0);
    assert_int_equal(p[n - 1], 0);
    memset(p, MARK, n);
    assert_int_equal(p[0] + p[n / 2] + p[n - 1], 3 * MARK);
    pages_unmap(p, n);
}

static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1,          4096,           65535,          65536,         65537,
                                   HUGE_BYTES, HUGE_BYTES - 1, HUGE_BYTES + 1, 3 * HUGE_BYTES};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_usable(sizes[i]);
}

/* Arrays beside each other are not each other's, whatever was given back at their ends. */
static void test_beside_each_other(void **state)
{
    enum { N = 16 };
    (void)state;
    uint8_t *all[N];
    for (size_t i = 0; i < N; i++) {
        all[i] = pages_map((i + 1) * 300000);
        assert_non_null(all[i]);
        memset(all[i], (int)i, (i + 1) * 300000);
    }
    for (size_t i = 0; i < N; i++)
        assert_true(all[i][0] == i && all[i][(i + 1) * 300000 - 1] == i);
    for (size_t i = 0; i < N; i++)
        pages_unmap(all[i], (i + 1) * 300000);
}

/* All goes back, the ends too: a thousand times must not leave a gigabyte of addresses behind. */
static void test_gives_back(void **state)
{
    (void)state;
    pages_unmap(pages_map(HUGE_BYTES + 1), HUGE_BYTES + 1);
    size_t before = mapped_bytes();
    for (int i = 0; i < 1000; i++)
        pages_unmap(pages_map(HUGE_BYTES + 1), HUGE_BYTES + 1);
    assert_in_range(mapped_bytes(), 0, before + 1024);
}

static void test_too_much(void **state)
{
    (void)state;
    assert_null(pages_map(SIZE_MAX / 4));
    pages_unmap(NULL, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_beside_each_other),
        cmocka_unit_test(test_gives_back),
        cmocka_unit_test(test_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
