/* A file, a named pipe, a device, or standard output. See outputs/output.h.
 *
 * A regular file holds whole lines only: what a full disk cut is taken back, and what an earlier run was killed in is mended when the
 * file is opened. Rotation renames it to PATH.20260131T235959Z (UTC; ".1" and so on behind it when that is taken) and begins anew;
 * nothing is ever deleted. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "outputs/output.h"

enum {
    PIPE_AT_ONCE = 4096, /* PIPE_BUF: a pipe that poll() calls writable takes so much without waiting */
    FSYNC_EVERY_MS = 1000,
    TAIL_BYTES = 64 << 10,
    NAMES_TRIED = 1000,
};

struct file {
    const struct output_config *config; /* borrowed */
    const char *name;                   /* borrowed; for messages */
    int fd;                             /* owned, but for standard output; -1: closed */
    bool is_stdout, is_regular, was_opened;
    bool is_dirty; /* written since the last fsync */
    int64_t bytes; /* regular: its size */
    int64_t opened_s, synced_ms;
    output_note *note;
    void *note_to;
};

static void *file_create(const struct output_config *c, struct err *err)
{
    struct file *f = calloc(1, sizeof *f);
    if (!f) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
        return NULL;
    }
    f->config = c;
    f->fd = -1;
    f->is_stdout = strcmp(c->target, "-") == 0;
    f->name = f->is_stdout ? "stdout" : c->target;
    return f;
}

static void file_close(void *out)
{
    struct file *f = out;
    if (f->fd >= 0 && !f->is_stdout)
        close(f->fd);
    f->fd = -1;
}

static void file_destroy(void *out)
{
    file_close(out);
    free(out);
}

static void file_listen(void *out, output_note *note, void *to)
{
    struct file *f = out;
    f->note = note;
    f->note_to = to;
}

static void say_of(const struct file *f, const char *what)
{
    if (f->note)
        f->note(f->note_to, what);
}

/* ---- opening ---- */

/* Where the last line begins: behind the last '\n' before `size`, or 0. -1: can't be read. */
static int64_t start_of_last_line(int fd, int64_t size)
{
    char tail[TAIL_BYTES];
    while (size > 0) {
        size_t n = size < TAIL_BYTES ? (size_t)size : TAIL_BYTES;
        if (pread(fd, tail, n, size - (int64_t)n) != (ssize_t)n)
            return -1;
        const char *end = memrchr(tail, '\n', n);
        if (end)
            return size - (int64_t)n + (end - tail) + 1;
        size -= (int64_t)n;
    }
    return 0;
}

/* A last line without an end is half of one of ours, and goes; what does not look like ours is ended. */
static bool mend(struct file *f, int fd)
{
    char first = 0, text[96];
    int64_t at = start_of_last_line(fd, f->bytes);
    if (at < 0)
        return false;
    if (at == f->bytes)
        return true;
    if (pread(fd, &first, 1, at) != 1)
        return false;
    if (first == '{') {
        if (ftruncate(fd, at) != 0)
            return false;
        snprintf(text, sizeof text, "%lld bytes of a last line that was never finished were cut off",
                 (long long)(f->bytes - at));
        f->bytes = at;
    } else {
        if (write(fd, "\n", 1) != 1)
            return false;
        snprintf(text, sizeof text, "the last line had no end, and got one");
        f->bytes++;
    }
    say_of(f, text);
    return true;
}

/* The file, fit to be written to; -1 and errno. */
static int open_path(struct file *f, bool is_emptied)
{
    struct stat st;
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND | O_NOCTTY;
    bool is_there = stat(f->config->target, &st) == 0;
    if (is_there && !S_ISREG(st.st_mode))
        flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | (S_ISFIFO(st.st_mode) ? O_NONBLOCK : 0);
    int fd = open(f->config->target, flags | (is_emptied ? O_TRUNC : 0), 0600);
    if (fd < 0 && errno == EACCES && is_there) /* may be written and not read: it can't be mended then */
        fd = open(f->config->target, O_WRONLY | O_CLOEXEC | O_APPEND | (is_emptied ? O_TRUNC : 0));
    if (fd < 0)
        return -1;
    f->is_regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    f->bytes = f->is_regular ? st.st_size : 0;
    if (f->is_regular && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR && !mend(f, fd)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static bool file_open(void *out, struct err *err)
{
    struct file *f = out;
    struct stat st;
    if (f->is_stdout) {
        f->fd = STDOUT_FILENO;
        f->is_regular = fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode);
        return true;
    }
    f->fd = open_path(f, f->config->mode == MODE_REPLACE && !f->was_opened);
    if (f->fd < 0)
        return err_set(err, ERR_IO, f->name, "can't write here: %s", strerror(errno));
    f->was_opened = true;
    f->opened_s = time(NULL);
    return true;
}

/* ---- rotation ---- */

/* A name nobody has, for what was written until now. */
static bool rename_aside(const struct file *f)
{
    char to[4096], stamp[24];
    struct tm tm;
    time_t now = time(NULL);
    const char *from = f->config->target;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    for (int n = 0; n < NAMES_TRIED; n++) {
        int len = n ? snprintf(to, sizeof to, "%s.%s.%d", from, stamp, n)
                    : snprintf(to, sizeof to, "%s.%s", from, stamp);
        if (len < 0 || (size_t)len >= sizeof to)
            return false;
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
            return true;
        if (errno == EINVAL && access(to, F_OK) != 0) /* a file system that can't tell: nearly as good */
            return rename(from, to) == 0;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

/* Go on in a new file, or in the old one when that can't be. */
static void begin_anew(struct file *f, bool is_renamed)
{
    char text[160];
    struct file old = *f;
    if (is_renamed && !rename_aside(f)) {
        snprintf(text, sizeof text, "can't be rotated: %s; goes on as it is", strerror(errno));
        f->opened_s = time(NULL);
        f->bytes = 0; /* tried again when as much has come anew */
        say_of(f, text);
        return;
    }
    int fd = open_path(f, false);
    if (fd < 0) {
        snprintf(text, sizeof text, "can't be opened again: %s; lines still go to the file it was",
                 strerror(errno));
        *f = old;
        say_of(f, text);
        return;
    }
    if (old.is_dirty && f->config->fsync != FSYNC_NONE)
        fdatasync(old.fd);
    close(old.fd);
    f->fd = fd;
    f->is_dirty = false;
    f->opened_s = time(NULL);
}

static void file_reopen(void *out)
{
    struct file *f = out;
    if (f->fd >= 0 && f->is_regular && !f->is_stdout)
        begin_anew(f, false);
}

static bool is_full_grown(const struct file *f)
{
    const struct output_config *c = f->config;
    return f->is_regular && !f->is_stdout && f->bytes > 0 &&
           ((c->rotate_bytes && f->bytes >= c->rotate_bytes) ||
            (c->rotate_s && time(NULL) - f->opened_s >= c->rotate_s));
}

static void file_tick(void *out, int64_t now_ms)
{
    struct file *f = out;
    if (is_full_grown(f))
        begin_anew(f, true);
    if (f->is_dirty && f->config->fsync == FSYNC_INTERVAL && now_ms - f->synced_ms >= FSYNC_EVERY_MS) {
        fdatasync(f->fd);
        f->is_dirty = false;
        f->synced_ms = now_ms;
    }
}

/* ---- writing ---- */

static int file_poll(void *out, short *out_events)
{
    struct file *f = out;
    *out_events = POLLOUT;
    return f->fd;
}

/* So many of a file's bytes as rotation leaves room for, in whole lines, but one line at least. */
static size_t room_before_rotation(const struct file *f, const struct batch *b)
{
    size_t all = b->left.text.len - b->sent_bytes, fits = 0;
    int64_t room = f->config->rotate_bytes - f->bytes;
    if (!f->config->rotate_bytes || !f->is_regular || (int64_t)all <= room)
        return all;
    struct sheaf_left left = b->left;
    struct span line, key;
    while (sheaf_first(&left, &line, &key) && (fits == 0 || (int64_t)(fits + line.len) <= room)) {
        fits += line.len;
        sheaf_drop(&left);
    }
    return fits - b->sent_bytes;
}

static bool waits_for_reader(const struct file *f, size_t *n)
{
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    if (f->is_regular)
        return false;
    *n = *n < PIPE_AT_ONCE ? *n : PIPE_AT_ONCE;
    return poll(&p, 1, 0) == 0;
}

static enum output_verdict refuse(struct file *f, struct batch *b, struct err *err)
{
    int why = errno;
    if (f->is_regular && !f->is_stdout && b->sent_bytes &&
        ftruncate(f->fd, f->bytes - (int64_t)b->sent_bytes) == 0)
        f->bytes -= (int64_t)b->sent_bytes;
    err_set(err, ERR_IO, f->name, "writing failed: %s", strerror(why));
    return f->is_stdout ? OUTPUT_BROKEN : OUTPUT_DOWN;
}

static enum output_verdict file_write(void *out, struct batch *b, struct err *err)
{
    struct file *f = out;
    while (b->left.n) {
        size_t n = room_before_rotation(f, b);
        if (waits_for_reader(f, &n))
            return OUTPUT_BUSY;
        ssize_t done = write(f->fd, b->left.text.ptr + b->sent_bytes, n);
        if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return OUTPUT_BUSY;
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return refuse(f, b, err);
        f->bytes += done;
        f->is_dirty = true;
        batch_sent(b, (size_t)done);
        if (b->sent_bytes == 0 && is_full_grown(f))
            begin_anew(f, true);
    }
    if (f->config->fsync == FSYNC_ALWAYS && f->is_regular && fdatasync(f->fd) != 0)
        return refuse(f, b, err);
    return OUTPUT_DONE;
}

const struct output_ops file_output = {
    .create = file_create,
    .destroy = file_destroy,
    .open = file_open,
    .close = file_close,
    .write = file_write,
    .poll = file_poll,
    .tick = file_tick,
    .reopen = file_reopen,
    .listen = file_listen,
};
