/* spill.c: lines come back in order, over restarts; the cap holds; whatever byte of the file is cut or changed, nothing comes back that was
 * not put in, and the counts tell what is missing. */
#include "outputs/spill.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/outputs/temporary.h"

static char folder[FOLDER_ROOM];

static int begin(void **state)
{
    folder_make(folder);
    return 0;
}

static int end(void **state)
{
    folder_remove(folder);
    return 0;
}

static struct spill *open_as(enum tlp ceiling, int64_t cap_bytes)
{
    struct err err = {0};
    struct spill *s = spill_open(&(struct spill_options){folder, "out", cap_bytes, ceiling}, &err);
    if (!s)
        fail_msg("%s", err.what);
    return s;
}

static struct spill *open_spill(void)
{
    return open_as(TLP_AMBER, 1 << 30);
}

static bool put_lines(struct spill *s, int from, int n)
{
    struct sheaf sheaf;
    char line[64];
    sheaf_init(&sheaf, 1 << 20);
    for (int i = from; i < from + n; i++) {
        int len = snprintf(line, sizeof line, "{\"line\":%04d}\n", i);
        assert_true(sheaf_put(&sheaf, span_of(line, (size_t)len), SPAN_LIT("key")));
    }
    bool is_good = spill_put(s, sheaf_all(&sheaf), NULL);
    sheaf_fini(&sheaf);
    return is_good;
}

/* The number of the first line of the oldest frame, and how many it has; -1: none is left. */
static int first_line(struct spill *s, size_t *out_n)
{
    struct sheaf sheaf;
    struct span line, key;
    int number = -1;
    sheaf_init(&sheaf, 1 << 20);
    if (spill_first(s, &sheaf)) {
        struct sheaf_left left = sheaf_all(&sheaf);
        char text[64] = "";
        assert_true(sheaf_first(&left, &line, &key));
        assert_true(span_eq(key, SPAN_LIT("key")));
        memcpy(text, line.ptr, line.len);
        assert_int_equal(sscanf(text, "{\"line\":%d}\n", &number), 1);
        *out_n = left.n;
    }
    sheaf_fini(&sheaf);
    return number;
}

static void test_order_and_restart(void **state)
{
    size_t n = 0;
    struct spill *s = open_spill();
    for (int i = 0; i < 10; i++)
        assert_true(put_lines(s, i * 3, 3));
    assert_int_equal(spill_lines(s), 30);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(first_line(s, &n), i * 3);
        assert_int_equal(n, 3);
        spill_drop(s);
    }
    assert_int_equal(first_line(s, &n), 12); /* taken, not done with: it comes again */
    spill_close(s);
    s = open_spill();
    assert_int_equal(spill_lines(s), 18);
    assert_true(put_lines(s, 30, 3)); /* another segment */
    for (int i = 4; i < 11; i++) {
        assert_int_equal(first_line(s, &n), i * 3);
        spill_drop(s);
    }
    assert_int_equal(first_line(s, &n), -1);
    assert_int_equal(spill_lines(s), 0);
    assert_int_equal(spill_damaged_bytes(s), 0);
    spill_close(s);
    s = open_spill();
    assert_int_equal(spill_lines(s), 0);
    spill_close(s);
}

/* Of a frame that was taken in part the rest comes. */
static void test_part_of_a_frame(void **state)
{
    size_t n = 0;
    struct spill *s = open_spill();
    assert_true(put_lines(s, 0, 5) && put_lines(s, 5, 5));
    assert_int_equal(first_line(s, &n), 0);
    spill_drop_lines(s, 2);
    assert_int_equal(spill_lines(s), 8);
    spill_close(s);
    s = open_spill();
    assert_int_equal(spill_lines(s), 8);
    assert_int_equal(first_line(s, &n), 2);
    assert_int_equal(n, 3);
    spill_drop(s);
    assert_int_equal(spill_lines(s), 5);
    assert_int_equal(first_line(s, &n), 5);
    assert_int_equal(n, 5);
    spill_close(s);
}

static void test_segments_go(void **state)
{
    struct spill *s = open_spill();
    char path[FOLDER_PATH_ROOM];
    size_t n = 0;
    folder_path(folder, "out.00000001.spill", path);
    assert_true(put_lines(s, 0, 1));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(first_line(s, &n), 0);
    spill_drop(s);
    assert_int_not_equal(access(path, F_OK), 0);
    spill_close(s);
}

static void test_cap(void **state)
{
    struct spill *s = open_as(TLP_AMBER, 4096);
    int n = 0;
    size_t n_lines;
    while (put_lines(s, n, 1))
        n++;
    assert_in_range(n, 40, 80);
    assert_int_equal(spill_lines(s), n);
    for (int i = 0; i < n; i++) {
        assert_int_equal(first_line(s, &n_lines), i);
        spill_drop(s);
    }
    assert_true(put_lines(s, 0, 1)); /* there is room again */
    spill_close(s);
}

static void test_one_at_a_time(void **state)
{
    struct spill *s = open_spill();
    struct err err = {0};
    assert_null(spill_open(&(struct spill_options){folder, "out", 1 << 20, TLP_RED}, &err));
    assert_non_null(strstr(err.what, "in use"));
    spill_close(s);
}

/* What was written under a higher ceiling does not come out under a lower one; and not under none known. */
static void test_ceiling(void **state)
{
    size_t n = 0;
    struct spill *s = open_as(TLP_RED, 1 << 20);
    assert_true(put_lines(s, 0, 5));
    spill_close(s);
    s = open_as(TLP_AMBER, 1 << 20);
    assert_int_equal(spill_lines(s), 0);
    assert_int_equal(spill_withheld_lines(s), 5);
    assert_int_equal(first_line(s, &n), -1);
    spill_close(s);
    s = open_as(TLP_RED, 1 << 20);
    assert_int_equal(first_line(s, &n), 0);
    spill_close(s);
}

enum { FRAMES = 4, PER_FRAME = 3, FILE_MAX = 4096 };

/* A segment as it is on disk. */
static size_t make_segment(uint8_t out[static FILE_MAX], char path[static FOLDER_PATH_ROOM])
{
    struct spill *s = open_spill();
    for (int i = 0; i < FRAMES; i++)
        assert_true(put_lines(s, i * PER_FRAME, PER_FRAME));
    spill_close(s);
    folder_path(folder, "out.00000001.spill", path);
    FILE *f = fopen(path, "rb");
    size_t n = fread(out, 1, FILE_MAX, f);
    fclose(f);
    return n;
}

static void write_segment(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* All frames that come out are among those that went in, in order; lines found = lines come out + lines given up. */
static int read_all(enum tlp ceiling)
{
    struct spill *s = open_as(ceiling, 1 << 20);
    uint64_t found = spill_lines(s), out = 0;
    int last = -1, n_frames = 0;
    size_t n;
    for (int at; (at = first_line(s, &n)) >= 0; spill_drop(s), n_frames++) {
        assert_true(at > last && at % PER_FRAME == 0 && n == PER_FRAME);
        last = at;
        out += n;
    }
    assert_int_equal(found, out + spill_damaged_lines(s));
    assert_int_equal(spill_lines(s), 0);
    spill_close(s);
    return n_frames;
}

static void test_cut_anywhere(void **state)
{
    uint8_t bytes[FILE_MAX];
    char path[FOLDER_PATH_ROOM];
    size_t n = make_segment(bytes, path);
    for (size_t cut = 0; cut <= n; cut++) {
        write_segment(path, bytes, cut);
        assert_int_equal(read_all(TLP_RED), cut < 32 ? 0 : FRAMES * (cut - 32) / (n - 32));
        unlink(path);
    }
}

static void test_changed_anywhere(void **state)
{
    uint8_t bytes[FILE_MAX];
    char path[FOLDER_PATH_ROOM];
    size_t n = make_segment(bytes, path);
    for (size_t at = 0; at < n; at++) {
        bytes[at] ^= 0x55;
        write_segment(path, bytes, n);
        bytes[at] ^= 0x55;
        assert_int_equal(read_all(TLP_RED), at < 32 ? FRAMES : FRAMES - 1); /* one frame at most is lost */
        unlink(path);
    }
    bytes[20] ^= 1;
    write_segment(path, bytes, n);
    assert_int_equal(read_all(TLP_AMBER_STRICT), 0); /* nobody knows its ceiling */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order_and_restart, begin, end),
        cmocka_unit_test_setup_teardown(test_part_of_a_frame, begin, end),
        cmocka_unit_test_setup_teardown(test_segments_go, begin, end),
        cmocka_unit_test_setup_teardown(test_cap, begin, end),
        cmocka_unit_test_setup_teardown(test_one_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(test_ceiling, begin, end),
        cmocka_unit_test_setup_teardown(test_cut_anywhere, begin, end),
        cmocka_unit_test_setup_teardown(test_changed_anywhere, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
