/* paths.c: what is named is taken as it is; directories are walked in byte order, without hidden files and without going round. */
#include "tools/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory of the test's own; the test works in it. */
static int enter_directory(void **state)
{
    char path[] = "/tmp/vedette-test-XXXXXX";
    if (!mkdtemp(path) || chdir(path) != 0)
        return -1;
    *state = strdup(path);
    return 0;
}

static int remove_directory(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", (const char *)*state);
    int status = chdir("/") == 0 ? system(command) : -1;
    free(*state);
    return status;
}

static void make_file(const char *path)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fclose(f);
}

static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void assert_paths(const struct paths *p, const char *const *expected, size_t n, bool is_listed)
{
    assert_int_equal(p->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(p->items[i], expected[i]);
        assert_int_equal(p->is_listed[i], is_listed);
    }
}

static void test_named(void **state)
{
    static const char *const names[] = {"b", "-", "not/there", "a", "b", ""};
    (void)state;
    struct paths p = {0};
    struct err err = {0};
    for (size_t i = 0; i < 6; i++)
        assert_true(paths_add(&p, names[i], &err));
    assert_paths(&p, names, 6, false);
    paths_fini(&p);
    assert_int_equal(p.n, 0);
    paths_fini(&p); /* again: nothing to do */
}

static void test_directory(void **state)
{
    static const char *const expected[] = {"d/B",          "d/a",     "d/a.b/x",   "d/link",
                                           "d/sub/deep/z", "d/sub/y", "d/\xc3\xa4"};
    (void)state;
    make_directory("d");
    make_directory("d/sub");
    make_directory("d/sub/deep");
    make_directory("d/a.b");
    make_directory("d/empty");
    make_directory("d/.hidden");
    make_file("d/\xc3\xa4");
    make_file("d/a");
    make_file("d/B");
    make_file("d/.dot");
    make_file("d/.hidden/x");
    make_file("d/sub/y");
    make_file("d/sub/deep/z");
    make_file("d/a.b/x");
    assert_int_equal(symlink("B", "d/link"), 0); /* a file by another name */
    assert_int_equal(symlink("nowhere", "d/broken"), 0);
    assert_int_equal(mkfifo("d/fifo", 0600), 0);
    static const char *const spellings[] = {"d", "d/"};
    for (size_t i = 0; i < 2; i++) {
        struct paths p = {0};
        struct err err = {0};
        assert_true(paths_add(&p, spellings[i], &err));
        assert_paths(&p, expected, 7, true);
        paths_fini(&p);
    }
}

/* Two links to the directory they lie in would be walked 2^32 times. */
static void test_links_in_a_circle(void **state)
{
    static const char *const expected[] = {"round/file"};
    (void)state;
    struct paths p = {0};
    struct err err = {0};
    make_directory("round");
    make_file("round/file");
    assert_int_equal(symlink(".", "round/one"), 0);
    assert_int_equal(symlink("../round", "round/two"), 0);
    assert_true(paths_add(&p, "round", &err));
    assert_paths(&p, expected, 1, true);
    paths_fini(&p);
    assert_true(paths_add(&p, "round/one", &err)); /* the user may name one */
    assert_int_equal(p.n, 1);
    paths_fini(&p);
}

/* A directory that can't be read is told by the name the user gave, which outlives the call. */
static void test_unreadable(void **state)
{
    (void)state;
    struct paths p = {0};
    struct err err = {0};
    struct rlimit before, none;
    const char *name = "locked/";
    make_directory("locked");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3; /* root may read any directory, but not without descriptors */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool is_added = paths_add(&p, name, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(is_added);
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.where, "locked/");
    assert_ptr_equal(err.where, name);
    assert_int_equal(p.n, 0);
    paths_fini(&p);
}

static void test_many(void **state)
{
    (void)state;
    struct paths p = {0};
    struct err err = {0};
    make_directory("many");
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/%03d", i);
        make_file(name);
    }
    assert_true(paths_add(&p, "many", &err));
    assert_true(paths_add(&p, "more", &err));
    assert_int_equal(p.n, 301);
    for (size_t i = 1; i < 300; i++)
        assert_true(strcmp(p.items[i - 1], p.items[i]) < 0);
    assert_true(p.is_listed[299] && !p.is_listed[300]);
    paths_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_links_in_a_circle),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, enter_directory, remove_directory);
}
