/* See input.h. Content that begins like nothing compressed is read straight from the descriptor; only what has the magic
 * bytes of a known compression goes through its codec. Whatever can be decoded is delivered before the error that ends it:
 * a step of a codec may do both, and then the error waits for the next call. */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/span.h"

enum { HEAD_BYTES = 16, MAGIC_BYTES = 6, RAW_BYTES = 64 * 1024 };

struct input {
    int fd;                    /* owned, but for standard input */
    const char *path;          /* borrowed */
    const struct codec *codec; /* NULL: plain */
    void *decoder;             /* owned: the codec's state */
    uint8_t *raw;              /* owned: RAW_BYTES, read and not yet decoded... */
    struct span left;          /* ...of which this is left; borrows from `raw` */
    bool is_between;           /* one unit has ended, and no other has begun */
    size_t n_padding;          /* zeros since */
    uint8_t head[HEAD_BYTES];  /* read to look at; handed out first when plain */
    size_t head_at, head_len;
    uint64_t position, raw_position, raw_size;
    struct err failure; /* final */
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

static bool fail_errno(struct input *in)
{
    return err_set(&in->failure, errno == EINTR ? ERR_INTERRUPTED : ERR_IO, in->path, "can't be read: %s",
                   strerror(errno));
}

/* ---- compressed ---- */

static const struct codec *codec_of(struct span head)
{
    static const struct codec *const known[] = {&codec_gzip, &codec_zstd, &codec_xz};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (head.len >= 2 && known[i]->is_start(head)) /* a single byte may be anything */
            return known[i];
    return NULL;
}

/* Better said than read as text that no line of is right. */
static const char *refused_format(struct span head)
{
    struct span behind_digit = span_from(head, 4);
    if (span_starts(head, SPAN_LIT("\x04\x22\x4d\x18")))
        return "lz4";
    if (span_starts(head,
                    SPAN_LIT("BZh")) && /* a text can begin so, but not go on with a block, or the end */
        (span_starts(behind_digit, SPAN_LIT("\x31\x41\x59\x26\x53\x59")) ||
         span_starts(behind_digit, SPAN_LIT("\x17\x72\x45\x38\x50\x90"))))
        return "bzip2";
    return NULL;
}

static bool open_codec(struct input *in)
{
    in->raw = malloc(RAW_BYTES);
    in->decoder = in->codec->open();
    if (!in->raw || !in->decoder)
        return err_set(&in->failure, ERR_MEMORY, in->path, "not enough memory");
    memcpy(in->raw, in->head, in->head_len);
    in->left = span_of(in->raw, in->head_len);
    return true;
}

/* At least `n` bytes in `left`, fewer at the end of the file. */
static bool fill(struct input *in, size_t n)
{
    if (in->left.len >= n)
        return true;
    memmove(in->raw, in->left.ptr, in->left.len);
    in->left.ptr = in->raw;
    while (in->left.len < n) {
        ssize_t got = read_fd(in, in->raw + in->left.len, RAW_BYTES - in->left.len);
        if (got < 0)
            return fail_errno(in);
        if (got == 0)
            break;
        in->left.len += (size_t)got;
    }
    return true;
}

static bool skip_padding(struct input *in)
{
    while (fill(in, MAGIC_BYTES) && in->left.len && in->left.ptr[0] == 0) {
        span_skip(&in->left, 1);
        in->n_padding++;
    }
    if (in->failure.kind == ERR_NONE && in->n_padding % in->codec->padding)
        err_set(&in->failure, ERR_IO, in->path,
                "compressed data is damaged: %s: %zu bytes of padding, not a multiple of %zu",
                in->codec->name, in->n_padding, in->codec->padding);
    return in->failure.kind == ERR_NONE;
}

/* What follows a unit: nothing, which is the end, or another unit. false: neither. */
static bool go_on(struct input *in, bool *out_is_end)
{
    in->n_padding = 0;
    if (in->codec->padding ? !skip_padding(in) : !fill(in, MAGIC_BYTES))
        return false;
    *out_is_end = in->left.len == 0;
    if (!in->codec->is_start(in->left))
        return err_set(&in->failure, ERR_IO, in->path,
                       "something follows the end of the compressed data; it was not read");
    in->is_between = *out_is_end;
    return true;
}

/* More for a codec that took all it had and wants to go on. */
static bool feed(struct input *in)
{
    if (!fill(in, 1))
        return false;
    return in->left.len || err_set(&in->failure, ERR_IO, in->path,
                                   "compressed data is cut short: it ends inside a %s", in->codec->unit);
}

static bool step(struct input *in, struct codec_out *out)
{
    enum codec_verdict verdict = in->codec->step(in->decoder, &in->left, out, &in->failure);
    in->is_between = verdict == CODEC_END;
    if (verdict == CODEC_BAD)
        in->failure.where = in->path;
    else if (verdict == CODEC_MORE && out->len == 0 && in->left.len == 0)
        return feed(in);
    return verdict != CODEC_BAD;
}

static ssize_t read_compressed(struct input *in, void *to, size_t n)
{
    struct codec_out out = {.ptr = to, .room = n < CODEC_STEP_MAX ? n : CODEC_STEP_MAX};
    bool is_good = true, is_end = false;
    while (is_good && out.len == 0) {
        if (in->is_between)
            is_good = go_on(in, &is_end);
        if (is_end)
            break;
        is_good = is_good && step(in, &out);
    }
    return is_good || out.len ? (ssize_t)out.len : -1;
}

/* ---- plain ---- */

static ssize_t read_plain(struct input *in, void *to, size_t n)
{
    struct span head = span_first(span_of(in->head + in->head_at, in->head_len - in->head_at), n);
    if (head.len) {
        memcpy(to, head.ptr, head.len);
        in->head_at += head.len;
        return (ssize_t)head.len;
    }
    ssize_t got = read_fd(in, to, n);
    if (got < 0)
        fail_errno(in);
    return got;
}

/* ---- both ---- */

static bool read_head(struct input *in)
{
    while (in->head_len < HEAD_BYTES) {
        ssize_t got = read_fd(in, in->head + in->head_len, HEAD_BYTES - in->head_len);
        if (got < 0)
            return fail_errno(in);
        if (got == 0)
            break;
        in->head_len += (size_t)got;
    }
    return true;
}

static bool look(struct input *in)
{
    if (!read_head(in))
        return false;
    struct span head = span_of(in->head, in->head_len);
    in->codec = codec_of(head);
    if (in->codec)
        return open_codec(in);
    const char *refused = refused_format(head);
    return !refused || err_set(&in->failure, ERR_IO, in->path,
                               "compressed with %s, which is not read; gzip, zstd and xz are", refused);
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
    if (look(in))
        return in;
    fail(in, err);
    input_close(in);
    return NULL;
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
    if (in->decoder)
        in->codec->close(in->decoder);
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
    ssize_t got = in->codec ? read_compressed(in, to, n) : read_plain(in, to, n);
    if (got < 0)
        return fail(in, err);
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
