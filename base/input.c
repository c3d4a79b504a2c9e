/* See input.h. Content that begins like nothing compressed is read straight from the descriptor; only what has the magic
 * bytes of a known compression goes through libarchive. Its filters are switched on one by one: "all" would include
 * those that start another program, which a stranger's file must not be able to do.
 *
 * libarchive hands out whole blocks, so what a cut .gz held in its last block (up to 64 KiB of content) is lost with it. */
#define _GNU_SOURCE 1 /* fopencookie */
#include "base/input.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"

enum { HEAD_BYTES = 16, RAW_BYTES = 64 * 1024 };

struct input {
    int fd;                   /* owned, but for standard input */
    const char *path;         /* borrowed */
    struct archive *archive;  /* owned; NULL: plain */
    uint8_t *raw;             /* owned: what libarchive was last given */
    struct span block;        /* borrowed from libarchive: decompressed, not yet handed out */
    bool is_empty;            /* compressed nothing */
    uint8_t head[HEAD_BYTES]; /* read to look at; handed out first */
    size_t head_at, head_len;
    uint64_t position, raw_position, raw_size;
    struct err failure;
};

static ssize_t read_fd(struct input *in, void *to, size_t n)
{
    ssize_t got = read(in->fd, to, n);
    if (got > 0)
        in->raw_position += (uint64_t)got;
    return got;
}

static ssize_t fail(struct input *in, struct err *err)
{
    if (err)
        *err = in->failure;
    return -1;
}

static ssize_t fail_errno(struct input *in, struct err *err)
{
    err_set(&in->failure, errno == EINTR ? ERR_INTERRUPTED : ERR_IO, in->path, "can't be read: %s", strerror(errno));
    return fail(in, err);
}

static ssize_t fail_archive(struct input *in, struct err *err)
{
    const char *why = archive_error_string(in->archive);
    err_set(&in->failure, ERR_IO, in->path, "compressed data is damaged or cut short: %s",
            why ? why : "no further reason given");
    return fail(in, err);
}

/* ---- compressed ---- */

static ssize_t feed_archive(struct archive *a, void *client, const void **out_block)
{
    struct input *in = client;
    if (in->head_at < in->head_len) {
        *out_block = in->head + in->head_at;
        size_t n = in->head_len - in->head_at;
        in->head_at = in->head_len;
        return (ssize_t)n;
    }
    *out_block = in->raw;
    ssize_t got = read_fd(in, in->raw, RAW_BYTES);
    if (got < 0)
        archive_set_error(a, errno, "%s", strerror(errno));
    return got;
}

struct magic {
    struct span bytes;
    bool is_certain; /* nobody writes a text that begins so */
};

static const struct magic *magic_of(struct span head)
{
    static const struct magic known[] = {
        {SPAN_LIT("\x1f\x8b\x08"), true},             /* gzip */
        {SPAN_LIT("\x28\xb5\x2f\xfd"), true},         /* zstd */
        {SPAN_LIT("\xfd\x37\x7a\x58\x5a\x00"), true}, /* xz */
        {SPAN_LIT("BZh"), false},                     /* bzip2 */
        {SPAN_LIT("\x04\x22\x4d\x18"), true},         /* lz4 */
        {SPAN_LIT("\x5d\x00\x00"), false},            /* lzma */
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_starts(head, known[i].bytes))
            return &known[i];
    return NULL;
}

/* Where libarchive was built without the library, it would start a program: such a filter stays off, and a file that needs
 * it fails for its header. */
static void allow_filters(struct archive *a)
{
    if (archive_zlib_version())
        archive_read_support_filter_gzip(a);
    if (archive_bzlib_version())
        archive_read_support_filter_bzip2(a);
    if (archive_liblzma_version()) {
        archive_read_support_filter_xz(a);
        archive_read_support_filter_lzma(a);
    }
    if (archive_libzstd_version())
        archive_read_support_filter_zstd(a);
    if (archive_liblz4_version())
        archive_read_support_filter_lz4(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
}

static bool open_archive(struct input *in, bool is_certain, struct err *err)
{
    in->raw = malloc(RAW_BYTES);
    in->archive = archive_read_new();
    if (!in->raw || !in->archive)
        return err_set(err, ERR_MEMORY, in->path, "not enough memory");
    allow_filters(in->archive);
    struct archive_entry *entry;
    int got = archive_read_open(in->archive, in, NULL, feed_archive, NULL);
    if (got == ARCHIVE_OK)
        got = archive_read_next_header(in->archive, &entry);
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN && got != ARCHIVE_EOF)
        return fail_archive(in, err) >= 0;
    in->is_empty = got == ARCHIVE_EOF;
    if (is_certain && archive_filter_count(in->archive) < 2)
        return err_set(err, ERR_IO, in->path,
                       "compressed data is damaged or cut short: its header is not whole");
    return true;
}

/* gzip and bzip2 end where their last member ends; what follows would be passed over in silence. */
static ssize_t end_archive(struct input *in, struct err *err)
{
    int64_t used = archive_filter_bytes(in->archive, -1);
    uint8_t more;
    bool is_left = used >= 0 && (uint64_t)used < in->raw_position;
    if (!is_left && in->head_at == in->head_len)
        is_left = read_fd(in, &more, 1) > 0;
    if (!is_left)
        return 0;
    err_set(&in->failure, ERR_IO, in->path,
            "something follows the end of the compressed data; it was not read");
    return fail(in, err);
}

static ssize_t read_archive(struct input *in, void *to, size_t n, struct err *err)
{
    while (in->block.len == 0) {
        if (in->is_empty)
            return end_archive(in, err);
        const void *block;
        size_t len;
        la_int64_t offset;
        int got = archive_read_data_block(in->archive, &block, &len, &offset);
        if (got == ARCHIVE_EOF)
            return end_archive(in, err);
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return fail_archive(in, err);
        in->block = span_of(block, len);
    }
    struct span part = span_first(in->block, n);
    memcpy(to, part.ptr, part.len);
    span_skip(&in->block, part.len);
    return (ssize_t)part.len;
}

/* ---- plain ---- */

static ssize_t read_plain(struct input *in, void *to, size_t n, struct err *err)
{
    struct span head = span_first(span_of(in->head + in->head_at, in->head_len - in->head_at), n);
    if (head.len) {
        memcpy(to, head.ptr, head.len);
        in->head_at += head.len;
        return (ssize_t)head.len;
    }
    ssize_t got = read_fd(in, to, n);
    return got < 0 ? fail_errno(in, err) : got;
}

/* ---- both ---- */

static bool read_head(struct input *in, struct err *err)
{
    while (in->head_len < HEAD_BYTES) {
        ssize_t got = read_fd(in, in->head + in->head_len, HEAD_BYTES - in->head_len);
        if (got < 0)
            return fail_errno(in, err) >= 0;
        if (got == 0)
            break;
        in->head_len += (size_t)got;
    }
    return true;
}

struct input *input_open_fd(int fd, const char *path, struct err *err)
{
    struct input *in = calloc(1, sizeof *in);
    if (!in) {
        err_set(err, ERR_MEMORY, path, "not enough memory");
        if (fd != STDIN_FILENO)
            close(fd);
        return NULL;
    }
    in->fd = fd;
    in->path = path;
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        in->raw_size = (uint64_t)st.st_size;
    if (!read_head(in, err)) {
        input_close(in);
        return NULL;
    }
    const struct magic *magic = magic_of(span_of(in->head, in->head_len));
    if (magic && !open_archive(in, magic->is_certain, err)) {
        input_close(in);
        return NULL;
    }
    return in;
}

struct input *input_open(const char *path, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return input_open_fd(STDIN_FILENO, path, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_set(err, ERR_IO, path, "can't be opened: %s", strerror(errno));
        return NULL;
    }
    return input_open_fd(fd, path, err);
}

void input_close(struct input *in)
{
    if (!in)
        return;
    if (in->archive)
        archive_read_free(in->archive);
    if (in->fd != STDIN_FILENO)
        close(in->fd);
    free(in->raw);
    free(in);
}

ssize_t input_read(struct input *in, void *to, size_t n, struct err *err)
{
    if (in->failure.kind != ERR_NONE)
        return fail(in, err);
    if (n == 0)
        return 0;
    ssize_t got = in->archive ? read_archive(in, to, n, err) : read_plain(in, to, n, err);
    if (got > 0)
        in->position += (uint64_t)got;
    return got;
}

uint64_t input_position(const struct input *in)
{
    return in->position;
}

uint64_t input_raw_position(const struct input *in)
{
    return in->raw_position;
}

uint64_t input_raw_size(const struct input *in)
{
    return in->raw_size;
}

static ssize_t cookie_read(void *cookie, char *to, size_t n)
{
    ssize_t got = input_read(cookie, to, n, NULL);
    if (got < 0)
        errno = EIO;
    return got;
}

static int cookie_close(void *cookie)
{
    input_close(cookie);
    return 0;
}

FILE *input_file(struct input *in)
{
    return fopencookie(in, "r", (cookie_io_functions_t){.read = cookie_read, .close = cookie_close});
}

const struct err *input_error(const struct input *in)
{
    return &in->failure;
}
