#define _GNU_SOURCE 1 /* memfd_create */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/input.h"
#include "base/span.h"

enum { CONTENT_BYTES = 1000 * 1000 };

/* Lines that compress, but not to nothing. */
static uint8_t *make_content(void)
{
    uint8_t *p = malloc(CONTENT_BYTES);
    uint32_t x = 1;
    for (size_t i = 0; i < CONTENT_BYTES; i++) {
        x = x * 1664525 + 1013904223;
        p[i] = i % 20 == 19 ? '\n' : (uint8_t)('a' + (x >> 28));
    }
    return p;
}

typedef int add_filter(struct archive *a);

static uint8_t *compress_with(add_filter *filter, const void *content, size_t n, size_t *out_n)
{
    size_t room = n + 65536;
    uint8_t *out = malloc(room);
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    archive_write_set_format_raw(a);
    assert_int_equal(filter(a), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(a, 1);
    assert_int_equal(archive_write_open_memory(a, out, room, out_n), ARCHIVE_OK);
    archive_entry_set_filetype(e, AE_IFREG);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, content, n), n);
    archive_write_close(a);
    archive_entry_free(e);
    archive_write_free(a);
    return out;
}

static int fd_of(const void *bytes, size_t n)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Read to the end in steps; the bytes that came, and how it ended (0 or -1). */
static ssize_t read_all(struct input *in, size_t step, uint8_t *to, size_t room, size_t *out_n,
                        struct err *err)
{
    ssize_t got;
    *out_n = 0;
    while ((got = input_read(in, to + *out_n, step < room - *out_n ? step : room - *out_n, err)) > 0)
        *out_n += (size_t)got;
    assert_int_equal(input_position(in), *out_n);
    return got;
}

static void expect_content(const void *bytes, size_t n, const uint8_t *content, size_t content_len)
{
    static const size_t steps[] = {1 << 20, 262144, 4093};
    uint8_t *to = malloc(CONTENT_BYTES + 100);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct err err = {0};
        struct input *in = input_open_fd(fd_of(bytes, n), "test", &err);
        assert_non_null(in);
        assert_int_equal(input_raw_size(in), n);
        size_t got;
        assert_int_equal(read_all(in, steps[i], to, CONTENT_BYTES + 100, &got, &err), 0);
        assert_int_equal(got, content_len);
        assert_memory_equal(to, content, content_len);
        assert_int_equal(input_raw_position(in), n);
        assert_int_equal(input_error(in)->kind, ERR_NONE);
        input_close(in);
    }
    free(to);
}

static void reads_plain(void **state)
{
    uint8_t *content = make_content();
    static const size_t sizes[] = {0, 1, 5, 15, 16, 17, 1000, CONTENT_BYTES};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        expect_content(content, sizes[i], content, sizes[i]);
    free(content);
}

static add_filter *const filters[] = {archive_write_add_filter_gzip, archive_write_add_filter_zstd,
                                      archive_write_add_filter_xz, archive_write_add_filter_bzip2,
                                      archive_write_add_filter_lz4};
enum { N_FILTERS = sizeof filters / sizeof *filters };

static void reads_compressed(void **state)
{
    uint8_t *content = make_content();
    static const size_t sizes[] = {0, 1, 1000, CONTENT_BYTES};
    for (size_t f = 0; f < N_FILTERS; f++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t n;
            if (sizes[i] == 0 && filters[f] == archive_write_add_filter_lz4)
                continue; /* libarchive 3.6's writer crashes on it */
            uint8_t *bytes = compress_with(filters[f], content, sizes[i], &n);
            expect_content(bytes, n, content, sizes[i]);
            free(bytes);
        }
    }
    free(content);
}

/* A cut file delivers a beginning of the content, never anything else, and then an error; not even opening it may do. */
static void expect_cut(const uint8_t *bytes, size_t n, const uint8_t *content, size_t *out_got)
{
    uint8_t *to = malloc(CONTENT_BYTES + 100);
    struct err err = {0};
    struct input *in = input_open_fd(fd_of(bytes, n), "test", &err);
    *out_got = 0;
    if (in) {
        assert_int_equal(read_all(in, 65536, to, CONTENT_BYTES + 100, out_got, &err), -1);
        assert_memory_equal(to, content, *out_got);
        assert_int_equal(input_error(in)->kind, ERR_IO);
        struct err again = {0};
        assert_int_equal(input_read(in, to, 1, &again), -1);
        assert_string_equal(err.what, again.what);
    }
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.where, "test");
    assert_true(strlen(err.what) > 0);
    input_close(in);
    free(to);
}

static void tells_a_cut_file(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FILTERS; f++) {
        size_t n, got;
        uint8_t *bytes = compress_with(filters[f], content, CONTENT_BYTES, &n);
        expect_cut(bytes, n / 2, content, &got);
        if (f < 3) /* bzip2 and lz4 come in blocks that are larger than what is left */
            assert_true(got > CONTENT_BYTES / 4);
        free(bytes);
        bytes = compress_with(filters[f], content, 300, &n);
        for (size_t cut = 8; cut < n; cut++)
            if (f != 3 || cut > 14) /* a shorter beginning could be text */
                expect_cut(bytes, cut, content, &got);
        free(bytes);
    }
    free(content);
}

static void tells_what_follows(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FILTERS; f++) {
        size_t n, got;
        uint8_t *bytes = compress_with(filters[f], content, 5000, &n);
        memcpy(bytes + n, "and more", 8);
        expect_cut(bytes, n + 8, content, &got);
        if (f == 0 || f == 3)
            assert_int_equal(got, 5000);
        free(bytes);
    }
    free(content);
}

static void joins_members(void **state)
{
    uint8_t *content = make_content();
    size_t n, m;
    uint8_t *a = compress_with(archive_write_add_filter_gzip, content, 600, &n);
    uint8_t *b = compress_with(archive_write_add_filter_gzip, content + 600, 400, &m);
    memcpy(a + n, b, m);
    expect_content(a, n + m, content, 1000);
    free(a);
    free(b);
    free(content);
}

/* The first bytes of a compressed file are no reason to refuse a text, where a text can begin so. */
static void leaves_text_alone(void **state)
{
    expect_content("BZhlist.example\nx.example\n", 26, (const uint8_t *)"BZhlist.example\nx.example\n", 26);
    expect_content("\x1f\x8b.example\n", 11, (const uint8_t *)"\x1f\x8b.example\n", 11);
}

static void opens_paths(void **state)
{
    struct err err = {0};
    char dir[] = "/tmp/test_input.XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/list", dir);
    assert_null(input_open(path, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.where, path);
    assert_non_null(strstr(err.what, "can't be opened: "));
    err = (struct err){0};
    assert_null(input_open(dir, &err));
    assert_non_null(strstr(err.what, "can't be read: "));

    FILE *f = fopen(path, "w");
    fputs("evil.example\n", f);
    fclose(f);
    struct input *in = input_open(path, &err);
    assert_non_null(in);
    char line[64];
    FILE *lines = input_file(in);
    assert_non_null(fgets(line, sizeof line, lines));
    assert_string_equal(line, "evil.example\n");
    assert_null(fgets(line, sizeof line, lines));
    fclose(lines);
    unlink(path);
    rmdir(dir);
    input_close(NULL);
}

static void keeps_the_error_of_a_file(void **state)
{
    uint8_t *content = make_content();
    size_t n;
    uint8_t *bytes = compress_with(archive_write_add_filter_zstd, content, CONTENT_BYTES, &n);
    struct err err = {0};
    struct input *in = input_open_fd(fd_of(bytes, n - 10), "test", &err);
    FILE *f = input_file(in);
    while (fgetc(f) != EOF)
        ;
    assert_true(ferror(f));
    assert_int_equal(input_error(in)->kind, ERR_IO);
    fclose(f);
    free(bytes);
    free(content);
}

/* Standard input is a pipe: bytes come when they come, and nothing can be read twice. */
static void reads_a_pipe(void **state)
{
    int ends[2];
    struct err err = {0};
    char to[64];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "evil.example\n", 13), 13);
    close(ends[1]);
    struct input *in = input_open_fd(ends[0], "-", &err);
    assert_int_equal(input_raw_size(in), 0);
    size_t n;
    assert_int_equal(read_all(in, 5, (uint8_t *)to, sizeof to, &n, &err), 0);
    assert_int_equal(n, 13);
    input_close(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain),      cmocka_unit_test(reads_compressed),
        cmocka_unit_test(tells_a_cut_file), cmocka_unit_test(tells_what_follows),
        cmocka_unit_test(joins_members),    cmocka_unit_test(leaves_text_alone),
        cmocka_unit_test(opens_paths),      cmocka_unit_test(keeps_the_error_of_a_file),
        cmocka_unit_test(reads_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
