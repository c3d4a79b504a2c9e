/* kinds/file.c: whole lines in a file that is appended to, mended, rotated, opened anew, and full. */
#include "outputs/output.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/unit/outputs/temporary.h"

static char folder[FOLDER_ROOM], path[FOLDER_PATH_ROOM], noted[256];

static int begin(void **state)
{
    folder_make(folder);
    folder_path(folder, "a.json", path);
    noted[0] = 0;
    return 0;
}

static int end(void **state)
{
    folder_remove(folder);
    return 0;
}

static void on_note(void *to, const char *what)
{
    snprintf(noted, sizeof noted, "%s", what);
}

static void put_file(const char *text)
{
    FILE *f = fopen(path, "wb");
    fputs(text, f);
    fclose(f);
}

static void assert_file(const char *text)
{
    char got[4096] = "";
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = 0;
    fclose(f);
    assert_string_equal(got, text);
}

static void *open_file(const struct output_config *c)
{
    struct err err = {0};
    void *out = file_output.create(c, &err);
    assert_non_null(out);
    file_output.listen(out, on_note, NULL);
    if (!file_output.open(out, &err))
        fail_msg("%s", err.what);
    return out;
}

static enum output_verdict write_lines(void *out, const char *const *lines, size_t n, struct batch *b,
                                       struct sheaf *s)
{
    struct err err = {0};
    sheaf_init(s, 1 << 20);
    for (size_t i = 0; i < n; i++)
        assert_true(sheaf_put(s, span_str(lines[i]), SPAN_LIT("")));
    *b = (struct batch){.left = sheaf_all(s)};
    return file_output.write(out, b, &err);
}

static void write_one(void *out, const char *line)
{
    struct batch b;
    struct sheaf s;
    assert_int_equal(write_lines(out, &line, 1, &b, &s), OUTPUT_DONE);
    assert_int_equal(b.left.n, 0);
    sheaf_fini(&s);
}

static void test_modes(void **state)
{
    struct output_config c = {.target = path, .mode = MODE_APPEND};
    put_file("{\"old\":1}\n");
    void *out = open_file(&c);
    write_one(out, "{\"new\":1}\n");
    file_output.destroy(out);
    assert_file("{\"old\":1}\n{\"new\":1}\n");
    assert_string_equal(noted, "");
    c.mode = MODE_REPLACE;
    out = open_file(&c);
    write_one(out, "{\"new\":2}\n");
    file_output.close(out); /* opened again within a run it is not emptied again */
    struct err err = {0};
    assert_true(file_output.open(out, &err));
    write_one(out, "{\"new\":3}\n");
    file_output.destroy(out);
    assert_file("{\"new\":2}\n{\"new\":3}\n");
}

/* At whatever byte the last line was torn. */
static void test_torn(void **state)
{
    static const char torn[] = "{\"torn\":\"line\"}";
    struct output_config c = {.target = path, .mode = MODE_APPEND};
    for (size_t n = 1; n < sizeof torn; n++) {
        char text[64];
        snprintf(text, sizeof text, "{\"old\":1}\n%.*s", (int)n, torn);
        put_file(text);
        void *out = open_file(&c);
        assert_non_null(strstr(noted, "were cut off"));
        write_one(out, "{}\n");
        file_output.destroy(out);
        assert_file("{\"old\":1}\n{}\n");
    }
    put_file("somebody's notes"); /* nothing of ours: left as it is */
    void *out = open_file(&c);
    write_one(out, "{}\n");
    file_output.destroy(out);
    assert_file("somebody's notes\n{}\n");
}

static size_t count_files(void)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void test_rotation(void **state)
{
    struct output_config c = {.target = path, .mode = MODE_APPEND, .rotate_bytes = 20};
    const char *lines[] = {"{\"n\":1}\n", "{\"n\":2}\n", "{\"n\":3}\n",
                           "{\"n\":4}\n", "{\"n\":5}\n", "{\"a\":\"longer than all\"}\n"};
    struct batch b;
    struct sheaf s;
    void *out = open_file(&c);
    assert_int_equal(write_lines(out, lines, 6, &b, &s), OUTPUT_DONE);
    assert_in_range(count_files(), 3, 4); /* three lines, two with what did not fit, and what is begun */
    sheaf_fini(&s);
    file_output.destroy(out);
}

static void test_reopen(void **state)
{
    struct output_config c = {.target = path, .mode = MODE_APPEND};
    char other[FOLDER_PATH_ROOM];
    void *out = open_file(&c);
    write_one(out, "{\"n\":1}\n");
    folder_path(folder, "a.json.1", other);
    assert_int_equal(rename(path, other), 0);
    file_output.reopen(out);
    write_one(out, "{\"n\":2}\n");
    assert_file("{\"n\":2}\n");
    file_output.destroy(out);
}

/* The half of a line that a full disk took is taken back. */
static void test_full(void **state)
{
    struct output_config c = {.target = path, .mode = MODE_APPEND};
    struct rlimit old, small;
    struct batch b;
    struct sheaf s;
    const char *lines[] = {"{\"n\":1}\n", "{\"n\":2}\n"};
    void *out = open_file(&c);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 11;
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(write_lines(out, lines, 2, &b, &s), OUTPUT_DOWN);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(b.left.n, 1);
    assert_file("{\"n\":1}\n");
    b.sent_bytes = 0;
    struct err err = {0};
    file_output.close(out);
    assert_true(file_output.open(out, &err));
    assert_int_equal(file_output.write(out, &b, &err), OUTPUT_DONE);
    assert_file("{\"n\":1}\n{\"n\":2}\n");
    sheaf_fini(&s);
    file_output.destroy(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_modes, begin, end),
        cmocka_unit_test_setup_teardown(test_torn, begin, end),
        cmocka_unit_test_setup_teardown(test_rotation, begin, end),
        cmocka_unit_test_setup_teardown(test_reopen, begin, end),
        cmocka_unit_test_setup_teardown(test_full, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
