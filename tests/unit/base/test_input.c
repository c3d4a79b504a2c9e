#define _GNU_SOURCE 1 /* memfd_create */
#include "base/input.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/span.h"
#include "tests/unit/base/compress.h"

enum { CONTENT_BYTES = 1000 * 1000, SMALL_BYTES = 700, CUT_ROOM = 4096 };

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
    assert_true(*out_n < room); /* it ended, and not the room */
    assert_int_equal(input_position(in), *out_n);
    return got;
}

static void expect_steps(const void *bytes, size_t n, const uint8_t *content, size_t content_len, size_t step)
{
    uint8_t *to = malloc(content_len + 100);
    struct err err = {0};
    struct input *in = input_open_fd(fd_of(bytes, n), "test", &err);
    assert_non_null(in);
    assert_int_equal(input_raw_size(in), n);
    size_t got;
    assert_int_equal(read_all(in, step, to, content_len + 100, &got, &err), 0);
    assert_int_equal(got, content_len);
    assert_memory_equal(to, content, content_len);
    assert_int_equal(input_read(in, to, 1, &err), 0); /* and stays at its end */
    assert_int_equal(input_raw_position(in), n);
    input_close(in);
    free(to);
}

static void expect_content(const void *bytes, size_t n, const uint8_t *content, size_t content_len)
{
    static const size_t steps[] = {1 << 20, 262144, 4093, 1};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i] > 1 || content_len < CONTENT_BYTES)
            expect_steps(bytes, n, content, content_len, steps[i]);
}

static void reads_plain(void **state)
{
    uint8_t *content = make_content();
    static const size_t sizes[] = {0, 1, 5, 15, 16, 17, 1000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        expect_content(content, sizes[i], content, sizes[i]);
    free(content);
}

/* ---- compressed ---- */

/* What the codec's own library gives for these bytes, and whether it reached the end of a unit. Fed byte by byte, so that
 * nothing is lost to an error further on. */
typedef size_t decode_bytes(const uint8_t *bytes, size_t n, uint8_t *to, size_t room);

static size_t decode_gzip(const uint8_t *bytes, size_t n, uint8_t *to, size_t room)
{
    z_stream z = {.next_out = to, .avail_out = (uInt)room};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    uint8_t byte;
    int status = Z_OK;
    for (size_t i = 0; i < n && (status == Z_OK || status == Z_BUF_ERROR); i++) {
        byte = bytes[i];
        z.next_in = &byte;
        z.avail_in = 1;
        status = inflate(&z, Z_NO_FLUSH);
    }
    inflateEnd(&z);
    return room - z.avail_out;
}

static size_t decode_zstd(const uint8_t *bytes, size_t n, uint8_t *to, size_t room)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    ZSTD_outBuffer out = {to, room, 0};
    size_t status = 1;
    for (size_t i = 0; i < n && status != 0 && !ZSTD_isError(status); i++) {
        ZSTD_inBuffer in = {bytes + i, 1, 0};
        status = ZSTD_decompressStream(ctx, &out, &in);
    }
    ZSTD_freeDCtx(ctx);
    return out.pos;
}

static size_t decode_xz(const uint8_t *bytes, size_t n, uint8_t *to, size_t room)
{
    lzma_stream x = LZMA_STREAM_INIT;
    assert_int_equal(lzma_stream_decoder(&x, UINT64_MAX, 0), LZMA_OK);
    x.next_out = to;
    x.avail_out = room;
    lzma_ret status = LZMA_OK;
    for (size_t i = 0; i < n && (status == LZMA_OK || status == LZMA_BUF_ERROR); i++) {
        x.next_in = bytes + i;
        x.avail_in = 1;
        status = lzma_code(&x, LZMA_RUN);
    }
    lzma_end(&x);
    return room - x.avail_out;
}

struct format {
    const char *name;
    compress_unit *compress;
    decode_bytes *decode;
    size_t magic_len;
    bool has_check;
    size_t told_from; /* any damage from here on is an error; SIZE_MAX: some bits mean nothing */
};

static const struct format formats[] = {
    {"gzip", compress_gzip, decode_gzip, 3, true, 10},
    {"gzip, stored", compress_gzip_stored, decode_gzip, 3, true, 11},
    {"gzip, named", compress_gzip_named, decode_gzip, 3, true, 4},
    {"zstd", compress_zstd, decode_zstd, 4, true, SIZE_MAX},
    {"zstd, unchecked", compress_zstd_unchecked, decode_zstd, 4, false, SIZE_MAX},
    {"xz", compress_xz, decode_xz, 6, true, SIZE_MAX},
    {"xz, unchecked", compress_xz_unchecked, decode_xz, 6, false, SIZE_MAX},
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static void reads_compressed(void **state)
{
    uint8_t *content = make_content();
    static const size_t sizes[] = {0, 1, 1000, 65535, 65536, 131072, CONTENT_BYTES};
    for (size_t f = 0; f < N_FORMATS; f++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t n;
            uint8_t *bytes = formats[f].compress(content, sizes[i], &n);
            expect_content(bytes, n, content, sizes[i]);
            free(bytes);
        }
    free(content);
}

/* The room of a read ends anywhere in a block, at its end and at the end of all. */
static void reads_in_any_steps(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FORMATS; f++)
        for (size_t len = 0; len < 40; len++) {
            size_t n;
            uint8_t *bytes = formats[f].compress(content, len, &n);
            for (size_t step = 1; step <= len + 1; step++)
                expect_steps(bytes, n, content, len, step);
            free(bytes);
        }
    free(content);
}

/* How much was delivered before the error. */
static size_t expect_error(const uint8_t *bytes, size_t n, const char *what, uint8_t *to, size_t room,
                           size_t step)
{
    struct err err = {0};
    size_t got = 0;
    struct input *in = input_open_fd(fd_of(bytes, n), "test", &err);
    assert_non_null(in);
    assert_int_equal(read_all(in, step, to, room, &got, &err), -1);
    assert_true(err.kind == ERR_IO || err.kind == ERR_LIMIT);
    assert_string_equal(err.where, "test");
    assert_non_null(strstr(err.what, what));
    struct err again = {0};
    assert_int_equal(input_read(in, to, 1, &again), -1);
    assert_string_equal(err.what, again.what);
    input_close(in);
    return got;
}

static void expect_cut(const struct format *f, const uint8_t *bytes, size_t n, const uint8_t *content,
                       size_t room)
{
    uint8_t *to = malloc(room), *own = malloc(room);
    size_t want = f->decode(bytes, n, own, room);
    for (size_t step = 1; step <= room; step = step == 1 ? room : room + 1) {
        size_t got =
            expect_error(bytes, n, "compressed data is cut short: it ends inside a ", to, room, step);
        assert_true(got >= want);
        assert_memory_equal(to, content, got);
    }
    free(to);
    free(own);
}

static void delivers_all_before_a_cut(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FORMATS; f++) {
        size_t n;
        uint8_t *bytes = formats[f].compress(content, SMALL_BYTES, &n);
        for (size_t cut = 2; cut < n; cut++) /* even inside the magic bytes, but for the first */
            expect_cut(&formats[f], bytes, cut, content, CUT_ROOM);
        free(bytes);
    }
    free(content);
}

/* Several blocks: all that are whole come, however far into the next one the cut is. */
static void delivers_whole_blocks_before_a_cut(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FORMATS; f++) {
        size_t n;
        uint8_t *bytes = formats[f].compress(content, CONTENT_BYTES, &n);
        for (size_t cut = 1000; cut < n; cut += n / 23)
            expect_cut(&formats[f], bytes, cut, content, CONTENT_BYTES + 1);
        expect_cut(&formats[f], bytes, n - 1, content, CONTENT_BYTES + 1);
        free(bytes);
    }
    free(content);
}

/* One byte is other than it was: all before it comes, and then an error, or all the rest as it was. */
static void expect_damage(const struct format *f, const uint8_t *bytes, size_t n, size_t at,
                          const uint8_t *content, size_t len, size_t room)
{
    uint8_t *to = malloc(room), *own = malloc(room);
    struct err err = {0};
    size_t got, want = f->decode(bytes, at, own, room);
    struct input *in = input_open_fd(fd_of(bytes, n), "test", &err);
    assert_non_null(in);
    ssize_t end = read_all(in, room, to, room, &got, &err);
    assert_true(got >= want);
    assert_memory_equal(to, content, want);
    bool is_fill = f->decode == decode_gzip && at == n - 9; /* the last bits before the CRC mean nothing */
    if (at >= f->told_from && !is_fill)
        assert_int_equal(end, -1);
    if (end == 0 && f->has_check) {
        assert_int_equal(got, len);
        assert_memory_equal(to, content, len);
    }
    if (end < 0)
        assert_true((err.kind == ERR_IO || err.kind == ERR_LIMIT) && err.what[0]);
    input_close(in);
    free(to);
    free(own);
}

static void tells_a_damage(void **state)
{
    enum { ROOM = 1 << 18 }; /* what a damaged length may make of it */
    static const uint8_t flips[] = {0x01, 0x10, 0x80, 0xff};
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FORMATS; f++) {
        size_t n;
        uint8_t *bytes = formats[f].compress(content, SMALL_BYTES, &n);
        for (size_t at = formats[f].magic_len; at < n; at++)
            for (size_t i = 0; i < sizeof flips; i++) {
                bytes[at] ^= flips[i];
                expect_damage(&formats[f], bytes, n, at, content, SMALL_BYTES, ROOM);
                bytes[at] ^= flips[i];
            }
        free(bytes);
    }
    free(content);
}

static void delivers_whole_blocks_before_a_damage(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FORMATS; f++) {
        size_t n;
        uint8_t *bytes = formats[f].compress(content, CONTENT_BYTES, &n);
        for (size_t at = 1000; at < n; at += n / 23) {
            bytes[at] ^= 0x55;
            expect_damage(&formats[f], bytes, n, at, content, CONTENT_BYTES, 4 * CONTENT_BYTES);
            bytes[at] ^= 0x55;
        }
        free(bytes);
    }
    free(content);
}

/* The block headers of zstd stand right behind the block before: a damaged one must not take that with it. */
static void delivers_the_block_before_a_damaged_header(void **state)
{
    enum { BLOCK = 128 * 1024, FRAME_HEADER = 6 };
    uint8_t *content = make_content(), *to = malloc(CONTENT_BYTES);
    size_t n, at = FRAME_HEADER;
    uint8_t *bytes = compress_zstd(content, 3 * BLOCK, &n);
    for (size_t before = 0; before < 3; before++) {
        uint32_t header = bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16;
        bytes[at] |= 6; /* a type that there is not */
        assert_int_equal(expect_error(bytes, n, "damaged: zstd: ", to, CONTENT_BYTES, CONTENT_BYTES),
                         before * BLOCK);
        assert_memory_equal(to, content, before * BLOCK);
        bytes[at] = (uint8_t)header;
        at += 3 + (header >> 3);
    }
    free(bytes);
    free(to);
    free(content);
}

static void checks_gzip(void **state)
{
    uint8_t *content = make_content(), to[CUT_ROOM];
    size_t n;
    uint8_t *bytes = compress_gzip_stored(content, 100, &n);
    bytes[n - 8 - 50] ^= 1;
    assert_int_equal(
        expect_error(bytes, n, "compressed data is damaged: gzip: incorrect data check", to, sizeof to, 33),
        100);
    bytes[n - 8 - 50] ^= 1;
    bytes[n - 1] ^= 1;
    assert_int_equal(
        expect_error(bytes, n, "compressed data is damaged: gzip: incorrect length check", to, sizeof to, 33),
        100);
    free(bytes);
    free(content);
}

/* ---- several units, and what is none ---- */

struct joined {
    uint8_t *bytes;
    size_t n;
};

static void join(struct joined *j, const void *bytes, size_t n)
{
    j->bytes = realloc(j->bytes, j->n + n + 1);
    if (n)
        memcpy(j->bytes + j->n, bytes, n);
    j->n += n;
}

static void join_unit(struct joined *j, compress_unit *compress, const void *content, size_t len)
{
    size_t n;
    uint8_t *unit = compress(content, len, &n);
    join(j, unit, n);
    free(unit);
}

static void joins_units(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FORMATS; f++) {
        struct joined j = {0};
        join_unit(&j, formats[f].compress, content, 0);
        join_unit(&j, formats[f].compress, content, 600);
        join_unit(&j, formats[f].compress, content, 0);
        join_unit(&j, formats[f].compress, content + 600, 400);
        join_unit(&j, formats[f].compress, content, 0);
        expect_content(j.bytes, j.n, content, 1000);
        uint8_t to[CUT_ROOM];
        assert_int_equal(expect_error(j.bytes, j.n - 1, "cut short", to, sizeof to, 100), 1000);
        free(j.bytes);
    }
    free(content);
}

/* Units end wherever the raw buffer does: their beginnings are told all the same. */
static void joins_many_units(void **state)
{
    uint8_t *content = make_content();
    for (size_t f = 0; f < N_FORMATS; f++) {
        struct joined j = {0};
        size_t at = 0;
        for (size_t i = 0; j.n < 300000; i++) {
            size_t len = i % 7 == 0 ? 97 : i % 5;
            join_unit(&j, formats[f].compress, content + at, len);
            at += len;
        }
        expect_steps(j.bytes, j.n, content, at, 4096);
        free(j.bytes);
    }
    free(content);
}

static void skips_what_is_to_be_skipped(void **state)
{
    uint8_t *content = make_content(), to[CUT_ROOM];
    struct joined j = {0};
    join_unit(&j, compress_zstd_skippable, "", 0);
    join_unit(&j, compress_zstd_skippable, content, 70000);
    join_unit(&j, compress_zstd, content, 500);
    join_unit(&j, compress_zstd_skippable, content, 500);
    expect_content(j.bytes, j.n, content, 500);
    assert_int_equal(expect_error(j.bytes, j.n - 1, "cut short", to, sizeof to, 100), 500);
    free(j.bytes);
    free(content);
}

static void tells_what_follows(void **state)
{
    static const char *const more[] = {"\n", "and more", "\0", "a", "PK\3\4 and so on", "BZh91AY&SY"};
    static const size_t more_len[] = {1, 8, 1, 1, 15, 10};
    uint8_t *content = make_content(), to[CUT_ROOM + CUT_ROOM];
    for (size_t f = 0; f < N_FORMATS; f++)
        for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
            struct joined j = {0};
            join_unit(&j, formats[f].compress, content, 5000);
            join(&j, more[i], more_len[i]);
            bool is_padding = more[i][0] == '\0' && strncmp(formats[f].name, "xz", 2) == 0;
            const char *what =
                is_padding ? "compressed data is damaged: xz: 1 bytes of padding" : "something follows";
            assert_int_equal(expect_error(j.bytes, j.n, what, to, sizeof to, 1000), 5000);
            assert_memory_equal(to, content, 5000);
            free(j.bytes);
        }
    free(content);
}

/* The beginning of another unit that is cut, or another format's. */
static void tells_another_beginning(void **state)
{
    uint8_t *content = make_content(), to[CUT_ROOM];
    for (size_t f = 0; f < N_FORMATS; f++)
        for (size_t g = 0; g < N_FORMATS; g++)
            for (size_t cut = 1; cut < 18; cut++) {
                struct joined j = {0};
                join_unit(&j, formats[f].compress, content, 300);
                size_t n, whole = j.n;
                uint8_t *unit = formats[g].compress(content, 300, &n);
                join(&j, unit, n);
                const char *what = formats[f].decode == formats[g].decode ? "cut short" : "something follows";
                assert_true(expect_error(j.bytes, whole + cut, what, to, sizeof to, 1000) >= 300);
                assert_memory_equal(to, content, 300);
                free(unit);
                free(j.bytes);
            }
    free(content);
}

static void allows_xz_its_padding(void **state)
{
    static const uint8_t zeros[80000] = {0};
    uint8_t *content = make_content(), to[CUT_ROOM];
    for (size_t n_zeros = 1; n_zeros < sizeof zeros; n_zeros = n_zeros < 20 ? n_zeros + 1 : n_zeros * 3 + 1)
        for (int is_last = 0; is_last < 2; is_last++) {
            struct joined j = {0};
            join_unit(&j, compress_xz, content, 300);
            join(&j, zeros, n_zeros);
            if (!is_last)
                join_unit(&j, compress_xz, content + 300, 300);
            if (n_zeros % 4 == 0)
                expect_content(j.bytes, j.n, content, is_last ? 300 : 600);
            else
                assert_int_equal(
                    expect_error(j.bytes, j.n, "of padding, not a multiple of 4", to, sizeof to, 1000), 300);
            free(j.bytes);
        }
    free(content);
}

/* ---- ceilings ---- */

/* The size of the dictionary is in the block header, behind the id of LZMA2 and a 1; the header ends in its own CRC. */
static void bounds_the_memory_of_xz(void **state)
{
    enum { HEADER = 12, BYTE_1GIB = 36 };
    uint8_t *content = make_content(), to[CUT_ROOM];
    size_t n, at = HEADER + 2;
    uint8_t *bytes = compress_xz(content, 300, &n), *crc_at = bytes + HEADER + bytes[HEADER] * 4;
    while (bytes[at] != 0x21 || bytes[at + 1] != 1)
        at++;
    bytes[at + 2] = BYTE_1GIB;
    uint32_t crc = lzma_crc32(bytes + HEADER, (size_t)(crc_at - (bytes + HEADER)), 0);
    for (int i = 0; i < 4; i++)
        crc_at[i] = (uint8_t)(crc >> 8 * i);
    size_t got = expect_error(bytes, n, "to decompress it needs 1025 MiB of memory, 512 are allowed (xz)", to,
                              sizeof to, 1000);
    assert_int_equal(got, 0);
    free(bytes);
    free(content);
}

static void bounds_the_memory_of_zstd(void **state)
{
    enum { WINDOW = 5 };
    uint8_t *content = make_content(), to[CUT_ROOM];
    size_t n;
    uint8_t *bytes = compress_zstd(content, 300, &n);
    bytes[WINDOW] = (29 - 10) << 3;
    expect_content(bytes, n, content, 300);
    bytes[WINDOW]++;
    assert_int_equal(
        expect_error(bytes, n, "needs more memory than the 512 MiB allowed (zstd)", to, sizeof to, 1000), 0);
    free(bytes);
    free(content);
}

/* A bomb is a long stream and no more. */
static void reads_a_bomb(void **state)
{
    enum { BOMB = 16 << 20 };
    uint8_t *zeros = calloc(1, BOMB), to[65536];
    for (size_t f = 0; f < N_FORMATS; f++) {
        size_t n, total = 0;
        uint8_t *bytes = formats[f].compress(zeros, BOMB, &n);
        struct err err = {0};
        struct input *in = input_open_fd(fd_of(bytes, n), "test", &err);
        ssize_t got;
        while ((got = input_read(in, to, sizeof to, &err)) > 0)
            total += (size_t)got;
        assert_int_equal(got, 0);
        assert_int_equal(total, BOMB);
        input_close(in);
        free(bytes);
    }
    free(zeros);
}

/* ---- told by content ---- */

/* The first bytes of a compressed file are no reason to refuse a text, where a text can begin so. */
static void leaves_text_alone(void **state)
{
    static const char *const texts[] = {"BZhlist.example\nx.example\n",
                                        "\x1f\x8b.example\n",
                                        "(",
                                        "P*M",
                                        "\xfd",
                                        "\x1f",
                                        "P*.example\n",
                                        "(\xb5",
                                        "\xfd"
                                        "7z.example\n",
                                        "BZh9.example",
                                        "1AY&SY.example\n",
                                        "BZh9\x04\x22\x4d\x18.example"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (i != 7)
            expect_content(texts[i], strlen(texts[i]), (const uint8_t *)texts[i], strlen(texts[i]));
    uint8_t to[CUT_ROOM];
    expect_error((const uint8_t *)texts[7], 2, "ends inside a zstd frame", to, sizeof to, 10);
}

static void names_what_it_does_not_read(void **state)
{
    static const struct {
        const char *name;
        struct span bytes;
    } refused[] = {
        {"bzip2", SPAN_LIT("BZh91AY&SY and so on")},
        {"bzip2", SPAN_LIT("BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0")},
        {"lz4", SPAN_LIT("\x04\x22\x4d\x18 and so on")},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err err = {0};
        char want[100];
        assert_null(input_open_fd(fd_of(refused[i].bytes.ptr, refused[i].bytes.len), "test", &err));
        assert_int_equal(err.kind, ERR_IO);
        assert_string_equal(err.where, "test");
        snprintf(want, sizeof want, "compressed with %s, which is not read; gzip, zstd and xz are",
                 refused[i].name);
        assert_string_equal(err.what, want);
    }
}

/* ---- files, streams ---- */

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
    assert_int_equal(input_read(in, line, sizeof line, &err), 13);
    assert_memory_equal(line, "evil.example\n", 13);
    assert_int_equal(input_read(in, line, sizeof line, &err), 0);
    input_close(in);
    unlink(path);
    rmdir(dir);
    input_close(NULL);
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

/* A child that writes byte by byte into what it opens. */
static pid_t begin_writer(const char *path, const uint8_t *bytes, size_t n)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child)
        return child;
    int fd = open(path, O_WRONLY);
    for (size_t i = 0; i < n; i++)
        if (write(fd, bytes + i, 1) != 1)
            break;
    _exit(0);
}

static void reads_a_fifo(void **state)
{
    char dir[] = "/tmp/test_input.XXXXXX", path[64];
    uint8_t *content = make_content(), to[CUT_ROOM];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/fifo", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    for (size_t f = 0; f < N_FORMATS; f++)
        for (size_t step = 1; step < sizeof to; step += 1000) {
            struct joined j = {0};
            struct err err = {0};
            size_t n;
            join_unit(&j, formats[f].compress, content, 1200);
            join_unit(&j, formats[f].compress, content + 1200, 300);
            pid_t child = begin_writer(path, j.bytes, j.n);
            struct input *in = input_open(path, &err);
            assert_non_null(in);
            assert_int_equal(read_all(in, step, to, sizeof to, &n, &err), 0);
            assert_int_equal(n, 1500);
            assert_memory_equal(to, content, 1500);
            assert_int_equal(input_raw_position(in), j.n);
            input_close(in);
            assert_int_equal(waitpid(child, NULL, 0), child);
            free(j.bytes);
        }
    unlink(path);
    rmdir(dir);
    free(content);
}

/* A pipe gives what it has: nothing is kept back until more comes. */
static void does_not_wait_for_more(void **state)
{
    uint8_t *content = make_content(), to[CUT_ROOM];
    for (size_t f = 0; f < N_FORMATS; f++) {
        int ends[2];
        struct err err = {0};
        size_t n;
        assert_int_equal(pipe(ends), 0);
        uint8_t *bytes = formats[f].compress(content, 1000, &n);
        assert_int_equal(write(ends[1], bytes, n), n);
        struct input *in = input_open_fd(ends[0], "pipe", &err);
        assert_non_null(in);
        for (size_t at = 0; at < 1000; at += (size_t)input_read(in, to + at, sizeof to - at, &err))
            assert_int_equal(err.kind, ERR_NONE);
        assert_memory_equal(to, content, 1000);
        close(ends[1]);
        assert_int_equal(input_read(in, to, 1, &err), 0);
        input_close(in);
        free(bytes);
    }
    free(content);
}

static void on_signal(int number)
{
}

/* Waiting ends with a signal that somebody catches, and all that could be decoded was there before. */
static void is_interrupted(void **state)
{
    struct sigaction action = {.sa_handler = on_signal}, old;
    const struct itimerval tick = {{0, 20000}, {0, 20000}}, none = {0};
    uint8_t *content = make_content(), to[CUT_ROOM];
    sigaction(SIGALRM, &action, &old);
    for (size_t f = 0; f <= N_FORMATS; f++) { /* the last one is plain */
        int ends[2];
        struct err err = {0};
        size_t got, n = 500;
        assert_int_equal(pipe(ends), 0);
        uint8_t *bytes = f < N_FORMATS ? formats[f].compress(content, 1000, &n) : content;
        size_t want = f < N_FORMATS ? formats[f].decode(bytes, n - 5, to, sizeof to) : n - 5;
        assert_int_equal(write(ends[1], bytes, n - 5), n - 5);
        struct input *in = input_open_fd(ends[0], "pipe", &err);
        assert_non_null(in);
        setitimer(ITIMER_REAL, &tick, NULL);
        assert_int_equal(read_all(in, 100, to, sizeof to, &got, &err), -1);
        setitimer(ITIMER_REAL, &none, NULL);
        assert_int_equal(err.kind, ERR_INTERRUPTED);
        assert_string_equal(err.where, "pipe");
        assert_true(got >= want);
        assert_memory_equal(to, content, got);
        input_close(in);
        close(ends[1]);
        if (f < N_FORMATS)
            free(bytes);
    }
    sigaction(SIGALRM, &old, NULL);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain),
        cmocka_unit_test(reads_compressed),
        cmocka_unit_test(reads_in_any_steps),
        cmocka_unit_test(delivers_all_before_a_cut),
        cmocka_unit_test(delivers_whole_blocks_before_a_cut),
        cmocka_unit_test(tells_a_damage),
        cmocka_unit_test(delivers_whole_blocks_before_a_damage),
        cmocka_unit_test(delivers_the_block_before_a_damaged_header),
        cmocka_unit_test(checks_gzip),
        cmocka_unit_test(joins_units),
        cmocka_unit_test(joins_many_units),
        cmocka_unit_test(skips_what_is_to_be_skipped),
        cmocka_unit_test(tells_what_follows),
        cmocka_unit_test(tells_another_beginning),
        cmocka_unit_test(allows_xz_its_padding),
        cmocka_unit_test(bounds_the_memory_of_xz),
        cmocka_unit_test(bounds_the_memory_of_zstd),
        cmocka_unit_test(reads_a_bomb),
        cmocka_unit_test(leaves_text_alone),
        cmocka_unit_test(names_what_it_does_not_read),
        cmocka_unit_test(opens_paths),
        cmocka_unit_test(reads_a_pipe),
        cmocka_unit_test(reads_a_fifo),
        cmocka_unit_test(does_not_wait_for_more),
        cmocka_unit_test(is_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
