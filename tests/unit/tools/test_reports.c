/* reports.c: what is written is read back, and nothing else is. */
#include "tools/reports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct list_report sample(size_t i)
{
    char path[64], name[64];
    snprintf(path, sizeof path, "lists/%zu.txt", i);
    snprintf(name, sizeof name, "%.*s", (int)i, "a list's own name");
    struct list_report r = {.path = strdup(path),
                            .name = strdup(name),
                            .format = (enum list_format)(i % LIST_FORMAT_COUNT),
                            .is_unreadable = i & 1,
                            .lines = i * 1000,
                            .entries = i * 100,
                            .loaded = i * 50,
                            .merged = i * 30,
                            .skipped = i * 20};
    r.by_type[IOC_DOMAIN].loaded = i;
    r.by_reason[0] = UINT64_MAX;
    err_set(&r.failure, ERR_IO, "lists/that/go.txt", "can't be read: %zu", i);
    return r;
}

static void assert_same(const struct list_report *a, const struct list_report *b)
{
    assert_string_equal(a->path, b->path);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->is_unreadable, b->is_unreadable);
    assert_int_equal(a->lines, b->lines);
    assert_int_equal(a->entries, b->entries);
    assert_int_equal(a->loaded, b->loaded);
    assert_int_equal(a->merged, b->merged);
    assert_int_equal(a->skipped, b->skipped);
    assert_memory_equal(a->by_type, b->by_type, sizeof a->by_type);
    assert_memory_equal(a->by_reason, b->by_reason, sizeof a->by_reason);
    assert_string_equal(a->failure.what, b->failure.what);
    assert_null(b->failure.where); /* it was borrowed */
}

static void fini_all(struct list_report *reports, size_t n)
{
    for (size_t i = 0; i < n; i++)
        list_report_fini(&reports[i]);
}

/* Reads from a block of its exact size. */
static bool read_exact(struct span in, struct list_report **out, size_t *out_n)
{
    uint8_t *exact = malloc(in.len ? in.len : 1);
    if (in.len)
        memcpy(exact, in.ptr, in.len);
    bool is_read = reports_read(span_of(exact, in.len), out, out_n);
    free(exact);
    return is_read;
}

static void test_back_and_forth(void **state)
{
    (void)state;
    for (size_t n = 0; n < 5; n++) {
        struct list_report reports[5], *back;
        struct buf bytes;
        size_t n_back;
        for (size_t i = 0; i < n; i++)
            reports[i] = sample(i);
        reports_write(&bytes, reports, n);
        assert_false(bytes.is_full);
        assert_true(read_exact(buf_span(&bytes), &back, &n_back));
        assert_int_equal(n_back, n);
        for (size_t i = 0; i < n; i++)
            assert_same(&reports[i], &back[i]);
        fini_all(back, n);
        free(back);
        fini_all(reports, n);
        buf_fini(&bytes);
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    struct list_report reports[3], *back = NULL;
    struct buf bytes;
    size_t n_back = 0;
    for (size_t i = 0; i < 3; i++)
        reports[i] = sample(i);
    reports_write(&bytes, reports, 3);
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(read_exact(span_first(buf_span(&bytes), len), &back, &n_back));
    buf_put_byte(&bytes, 0); /* and with something behind */
    assert_false(read_exact(buf_span(&bytes), &back, &n_back));
    assert_null(back);
    fini_all(reports, 3);
    buf_fini(&bytes);
}

static void test_lying_lengths(void **state)
{
    (void)state;
    struct list_report report = sample(3), *back;
    struct buf bytes;
    size_t n_back;
    reports_write(&bytes, &report, 1);
    size_t lengths[] = {0, 8 + sizeof report}; /* the count, the path's length */
    for (size_t i = 0; i < 2; i++)
        for (int byte = 1; byte < 256; byte++) {
            struct buf bad;
            buf_init(&bad, 1 << 20);
            buf_put(&bad, buf_span(&bytes));
            bad.ptr[lengths[i] + (size_t)(byte % 4)] ^= (uint8_t)byte;
            if (read_exact(buf_span(&bad), &back, &n_back)) {
                fini_all(back, n_back);
                free(back);
                fail_msg("a length with its byte %d changed by %d", byte % 4, byte);
            }
            buf_fini(&bad);
        }
    list_report_fini(&report);
    buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_and_forth),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_lying_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
