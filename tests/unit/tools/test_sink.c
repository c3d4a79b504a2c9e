/* sink.c: bytes arrive whole and in order, files are private, and the first failure is kept. */
#include "tools/sink.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_ROOM = 64 };

/* A name that nobody has. */
static void fresh_path(char path[static PATH_ROOM])
{
    snprintf(path, PATH_ROOM, "/tmp/vedette-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
}

static void assert_content(const char *path, const char *expected)
{
    char got[64] = {0};
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(got, 1, sizeof got - 1, f);
    fclose(f);
    assert_int_equal(n, strlen(expected));
    assert_string_equal(got, expected);
}

static void test_file(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    struct sink s;
    struct err err = {0};
    struct stat st;
    fresh_path(path);
    assert_true(sink_open(&s, path, &err));
    assert_string_equal(s.path, path);
    assert_true(sink_write(&s, SPAN_LIT("one\n")));
    assert_true(sink_write(&s, SPAN_LIT("")));
    assert_true(sink_write(&s, SPAN_LIT("two\n")));
    assert_true(sink_close(&s));
    assert_content(path, "one\ntwo\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    assert_true(sink_open(&s, path, &err)); /* emptied */
    assert_true(sink_write(&s, SPAN_LIT("three\n")));
    assert_true(sink_close(&s));
    assert_content(path, "three\n");
    assert_true(sink_close(&s)); /* again: nothing to do */
    unlink(path);
}

static void test_stdout(void **state)
{
    static const char *const names[] = {NULL, "-"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sink s;
        struct err err = {0};
        assert_true(sink_open(&s, names[i], &err));
        assert_int_equal(s.fd, STDOUT_FILENO);
        assert_string_equal(s.path, "stdout");
        assert_true(sink_close(&s));
        assert_int_equal(write(STDOUT_FILENO, "", 0), 0); /* still open */
    }
}

static void test_no_place(void **state)
{
    (void)state;
    struct sink s;
    struct err err = {0};
    assert_false(sink_open(&s, "/nowhere/at/all", &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.where, "/nowhere/at/all");
    assert_true(sink_close(&s)); /* nothing was lost, for nothing was written */
}

/* A pipe takes less at a time than it is given: sink_write() goes on until all is out. */
static void test_slow_reader(void **state)
{
    (void)state;
    enum { LEN = 1 << 20 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        char got[1000];
        size_t total = 0;
        close(ends[1]);
        for (ssize_t n; (n = read(ends[0], got, sizeof got)) > 0;)
            total += (size_t)n;
        _exit(total == LEN ? 0 : 1);
    }
    close(ends[0]);
    uint8_t *lines = malloc(LEN);
    memset(lines, 'x', LEN);
    struct sink s = {.fd = ends[1], .path = "pipe"};
    assert_true(sink_write(&s, span_of(lines, LEN)));
    assert_true(sink_close(&s));
    int status;
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
    free(lines);
}

static void test_first_failure_is_kept(void **state)
{
    (void)state;
    struct sink s = {.fd = open("/dev/full", O_WRONLY), .path = "full"};
    assert_true(s.fd >= 0);
    assert_true(sink_write(&s, SPAN_LIT("")));
    assert_false(sink_write(&s, SPAN_LIT("line\n")));
    assert_int_equal(s.err.kind, ERR_IO);
    assert_string_equal(s.err.where, "full");
    struct err first = s.err;
    assert_false(sink_write(&s, SPAN_LIT("line\n")));
    assert_false(sink_close(&s));
    assert_string_equal(s.err.what, first.what);
}

static void test_inputs_are_known(void **state)
{
    (void)state;
    char path[PATH_ROOM], other[PATH_ROOM];
    fresh_path(path);
    fresh_path(other);
    assert_false(sink_is_input(path, path)); /* not there: nothing to destroy */
    assert_int_equal(close(creat(path, 0600)), 0);
    assert_true(sink_is_input(path, path));
    assert_false(sink_is_input(path, other));
    assert_false(sink_is_input(other, path));
    assert_int_equal(link(path, other), 0);
    assert_true(sink_is_input(path, other));
    unlink(other);
    assert_int_equal(symlink(path, other), 0);
    assert_true(sink_is_input(other, path));
    assert_false(sink_is_input("/dev/null", "/dev/null"));
    unlink(other);
    unlink(path);
}

static void test_captures_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool is_capture;
    } rows[] = {
        {"\xd4\xc3\xb2\xa1\2\0", 6, true},
        {"\xa1\xb2\xc3\xd4", 4, true},
        {"\x4d\x3c\xb2\xa1", 4, true},
        {"\xa1\xb2\x3c\x4d", 4, true},
        {"\xa1\xb2\xcd\x34", 4, true},
        {"\n\r\r\n\x1c\0", 6, true},
        {"\x1f\x8b\x08", 3, true},
        {"\xfd"
         "7zXZ",
         5, true},
        {"\x28\xb5\x2f\xfd", 4, true},
        {"\xd4\xc3\xb2", 3, false},
        {"{\"timestamp\"", 12, false},
        {"", 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[PATH_ROOM];
        fresh_path(path);
        assert_false(sink_is_capture(path));
        int fd = creat(path, 0600);
        assert_int_equal(write(fd, rows[i].bytes, rows[i].len), rows[i].len);
        close(fd);
        assert_int_equal(sink_is_capture(path), rows[i].is_capture);
        unlink(path);
    }
    assert_false(sink_is_capture("/tmp"));
    assert_false(sink_is_capture("/dev/zero"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_stdout),
        cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_first_failure_is_kept),
        cmocka_unit_test(test_inputs_are_known),
        cmocka_unit_test(test_captures_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
