/* Any bytes as a file, read in steps that the first two bytes choose: each call gives at most what was asked for, positions add
 * up, the steps make no difference, an end and an error stay, and a file cut short gives a beginning of what the whole one gives. */
#define _GNU_SOURCE 1 /* memfd_create */
#include "base/input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/span.h"

enum { MOST = 1 << 18 }; /* of a bomb, this much */

struct outcome {
    uint8_t *bytes; /* MOST */
    size_t len;
    bool is_open, is_error, is_more; /* the last: there was no room for the rest */
    struct err err;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int fd_of(struct span s)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, s.ptr, s.len) == (ssize_t)s.len && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* Exactly the block that was asked for, so that one byte too much is seen. */
static ssize_t read_exact(struct input *in, uint8_t *to, size_t n, struct err *err)
{
    uint8_t *block = malloc(n);
    require(block);
    ssize_t got = input_read(in, block, n, err);
    require(got <= (ssize_t)n);
    if (got > 0)
        memcpy(to, block, (size_t)got);
    free(block);
    return got;
}

static void require_error(const struct outcome *o, const char *path)
{
    require(o->err.kind == ERR_IO || o->err.kind == ERR_LIMIT);
    require(o->err.where == path && o->err.what[0] && !strchr(o->err.what, '\n'));
}

static void read_to_end(struct input *in, size_t step, struct outcome *o)
{
    ssize_t got = 1;
    while (got > 0 && o->len < MOST) {
        got = read_exact(in, o->bytes + o->len, step < MOST - o->len ? step : MOST - o->len, &o->err);
        o->len += got > 0 ? (size_t)got : 0;
        require(input_position(in) == o->len);
        require(input_raw_position(in) <= input_raw_size(in));
    }
    o->is_more = got > 0;
    o->is_error = got < 0;
    if (o->is_more)
        return;
    uint8_t byte;
    struct err again = {0};
    require(input_read(in, &byte, 1, &again) == got);
    require(strcmp(again.what, o->err.what) == 0 && input_position(in) == o->len);
    require(o->is_error || input_raw_position(in) == input_raw_size(in));
}

static struct outcome read_file(struct span s, size_t step)
{
    static const char path[] = "fuzz"; /* told by its address */
    struct outcome o = {.bytes = malloc(MOST)};
    require(o.bytes);
    struct input *in = input_open_fd(fd_of(s), path, &o.err);
    o.is_open = in != NULL;
    o.is_error = !in;
    if (in)
        read_to_end(in, step, &o);
    if (o.is_error)
        require_error(&o, path);
    input_close(in);
    return o;
}

static void check_common(const struct outcome *a, const struct outcome *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    require(memcmp(a->bytes, b->bytes, len) == 0);
}

/* liblzma looks whether a chunk took more bytes than it should when a call ends: how much of what is wrong comes before it says
 * so depends on the room it had. */
static bool is_damaged_xz(const struct outcome *o)
{
    return strstr(o->err.what, "damaged: xz: data") != NULL;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    check_common(a, b);
    if (is_damaged_xz(a) || is_damaged_xz(b))
        return;
    require(a->is_open == b->is_open && a->is_error == b->is_error && a->is_more == b->is_more);
    require(a->len == b->len && strcmp(a->err.what, b->err.what) == 0);
}

/* From so many bytes on, what a file is told to be does not depend on the cut. */
static void check_cut(const struct outcome *whole, struct span s, size_t cut, size_t step)
{
    enum { HEAD = 16 };
    struct outcome o = read_file(span_first(s, cut), step);
    if (cut >= HEAD && o.is_open) {
        require(whole->is_open && (o.len <= whole->len || is_damaged_xz(whole)));
        check_common(&o, whole);
    }
    free(o.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint8_t *block = malloc(size > 2 ? size - 2 : 1);
    require(block);
    memcpy(block, data + 2, size - 2);
    struct span s = span_of(block, size - 2);
    size_t step = 1 + (size_t)data[0] * data[0] * 4;

    struct outcome whole = read_file(s, MOST), stepped = read_file(s, step);
    check_same(&whole, &stepped);
    check_cut(&whole, s, s.len * data[1] / 256, step);
    free(stepped.bytes);
    free(whole.bytes);
    free(block);
    return 0;
}
