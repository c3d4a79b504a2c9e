/* bench_baseline.c: figures of an earlier run, from made-up files. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/bench_baseline.h"

static struct bench_file file = {.sha256 = "abc"};

static const struct bench_result *result(void)
{
    static const struct bench_result r = {
        .host = {.cpu = "A", .kernel = "K", .files = &file, .n_files = 1},
        .fields_mark = 0x1234,
        .metrics = {{.name = "compile", .unit = "s", .value = {2, 1.9, 2.1, 5}, .reference_ns = 100},
                    {.name = "field_table_512", .unit = "ns", .needs_fields = true, .value = {50, 49, 51, 9}},
                    {.name = "db", .unit = "bytes", .value = {1000, 1000, 1000, 0}}},
        .n_metrics = 3,
    };
    return &r;
}

/* An earlier run as JSON, with what differs. */
static char *earlier(const char *cpu, const char *mark, const char *sha, const char *compile,
                     const char *scan)
{
    char *text;
    if (asprintf(&text,
                 "{\"machine\":{\"cpu\":\"%s\",\"kernel\":\"K\"},\"files\":[{\"sha256\":\"%s\"}],"
                 "\"fields\":{\"mark\":\"%s\"},\"metrics\":{\"compile\":{%s},\"field_table_512\":{%s},"
                 "\"gone\":{\"median\":1,\"low\":1,\"high\":1,\"n\":3}}}",
                 cpu, sha, mark, compile, scan) < 0)
        abort();
    return text;
}

static bool compare(const char *text, size_t len, struct bench_baseline *out, struct err *err)
{
    char path[] = "/tmp/vedette-baseline-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
    *err = (struct err){0};
    bool is_good = bench_baseline(path, result(), out, err);
    unlink(path);
    return is_good;
}

#define SAME_COMPILE "\"median\":2,\"low\":1.9,\"high\":2.1,\"n\":5"
#define SAME_SCAN    "\"median\":50,\"low\":49,\"high\":51,\"n\":9"
#define FAST_SCAN    "\"median\":25,\"low\":24,\"high\":26,\"n\":9"

static struct bench_baseline compared(char *text)
{
    struct bench_baseline b;
    struct err err;
    assert_true(compare(text, strlen(text), &b, &err));
    free(text);
    return b;
}

static void test_same(void **state)
{
    (void)state;
    struct bench_baseline b = compared(earlier("A", "0000000000001234", "abc", SAME_COMPILE, SAME_SCAN));
    assert_int_equal(b.n, 2); /* what only one of them has is left out */
    assert_int_equal(b.n_more, 0);
    assert_int_equal(b.n_less, 0);
    assert_false(b.has_other_machine || b.has_other_fields || b.has_other_lists);
    assert_string_equal(b.items[1].name, "field_table_512");
    assert_true(b.items[1].ratio == 1);
}

static void test_more_and_less(void **state)
{
    (void)state;
    struct bench_baseline b = compared(
        earlier("A", "0000000000001234", "def", "\"median\":9,\"low\":8,\"high\":10,\"n\":5", FAST_SCAN));
    assert_int_equal(b.n_more, 1);
    assert_int_equal(b.n_less, 1);
    assert_int_equal(b.items[0].change, CHANGE_LESS);
    assert_int_equal(b.items[1].change, CHANGE_MORE);
    assert_true(b.items[1].ratio == 2);
    assert_true(b.has_other_lists);
}

/* ns per field of other fields say nothing about lists. */
static void test_other_fields(void **state)
{
    (void)state;
    struct bench_baseline b = compared(earlier("B", "0000000000009999", "abc", SAME_COMPILE, FAST_SCAN));
    assert_true(b.has_other_machine && b.has_other_fields && !b.has_other_lists);
    assert_int_equal(b.n_more, 0);
    assert_false(b.items[1].is_comparable);
    assert_true(b.items[0].is_comparable);
}

/* Twice as much, on a machine that takes twice as long for everything: no difference. Four times as much is one. */
static void test_drift(void **state)
{
    static const char twice[] = "\"median\":1,\"low\":0.9,\"high\":1.1,\"n\":5,\"reference_ns\":50",
                      four_times[] = "\"median\":0.5,\"low\":0.4,\"high\":0.6,\"n\":5,\"reference_ns\":50",
                      unknown[] = "\"median\":1,\"low\":0.9,\"high\":1.1,\"n\":5,\"reference_ns\":0";
    (void)state;
    struct bench_baseline b = compared(earlier("A", "0000000000001234", "abc", twice, SAME_SCAN));
    assert_true(b.items[0].drift == 2 && b.items[0].ratio == 2);
    assert_int_equal(b.items[0].change, CHANGE_NONE);
    assert_true(b.items[1].drift == 1);
    b = compared(earlier("A", "0000000000001234", "abc", four_times, SAME_SCAN));
    assert_int_equal(b.items[0].change, CHANGE_MORE);
    b = compared(earlier("A", "0000000000001234", "abc", unknown, SAME_SCAN));
    assert_true(b.items[0].drift == 1);
    assert_int_equal(b.items[0].change, CHANGE_MORE);
}

/* The same figures on a machine that takes twice as long: that the lists cost less would be a guess. */
static void test_drift_alone(void **state)
{
    static const char same[] = "\"median\":2,\"low\":1.9,\"high\":2.1,\"n\":5,\"reference_ns\":50";
    (void)state;
    struct bench_baseline b = compared(earlier("A", "0000000000001234", "abc", same, SAME_SCAN));
    assert_true(b.items[0].ratio == 1 && b.items[0].drift == 2);
    assert_int_equal(b.items[0].change, CHANGE_NONE);
}

static void test_no_baseline(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[]",
        "{}",
        "1",
        "null",
        "{\"metrics\":{}}",
        "{\"metrics\":{},\"fields\":{},\"machine\":{}}",
        "{\"metrics\":{\"compile\":{}},\"fields\":{},\"machine\":{}}",
        "{\"metrics\":[1],\"fields\":{},\"machine\":{}}",
    };
    struct bench_baseline b;
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(compare(texts[i], strlen(texts[i]), &b, &err));
        assert_int_equal(err.kind, ERR_SYNTAX);
        assert_non_null(err.where);
    }
    assert_false(bench_baseline("/nonexistent/baseline.json", result(), &b, &err));
    assert_int_equal(err.kind, ERR_IO);
}

/* Cut at every byte: never taken for whole. */
static void test_cut(void **state)
{
    char *text = earlier("A", "0000000000001234", "abc", SAME_COMPILE, SAME_SCAN);
    struct bench_baseline b;
    struct err err;
    (void)state;
    for (size_t n = 0; n < strlen(text); n++)
        assert_false(compare(text, n, &b, &err));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),         cmocka_unit_test(test_more_and_less),
        cmocka_unit_test(test_other_fields), cmocka_unit_test(test_drift),
        cmocka_unit_test(test_drift_alone),  cmocka_unit_test(test_no_baseline),
        cmocka_unit_test(test_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
