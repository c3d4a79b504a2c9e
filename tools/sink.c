/* See sink.h. */
#include "tools/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool sink_is_input(const char *path, const char *input)
{
    struct stat out, in;
    int is_missing = strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(input, &in);
    return is_missing == 0 && stat(path, &out) == 0 && S_ISREG(out.st_mode) && out.st_dev == in.st_dev &&
           out.st_ino == in.st_ino;
}

static bool starts_as_capture(struct span head)
{
    static const struct span magics[] = {
        {(const uint8_t *)"\xa1\xb2\xc3\xd4", 4},
        {(const uint8_t *)"\xd4\xc3\xb2\xa1", 4},
        {(const uint8_t *)"\xa1\xb2\x3c\x4d", 4},
        {(const uint8_t *)"\x4d\x3c\xb2\xa1", 4},
        {(const uint8_t *)"\xa1\xb2\xcd\x34", 4},
        {(const uint8_t *)"\x34\xcd\xb2\xa1", 4},
        {(const uint8_t *)"\x0a\x0d\x0d\x0a", 4},
        {(const uint8_t *)"\x1f\x8b", 2},
        {(const uint8_t *)"\x28\xb5\x2f\xfd", 4},
        {(const uint8_t *)"\xfd"
                          "7zXZ",
         5},
    };
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (span_starts(head, magics[i]))
            return true;
    return false;
}

bool sink_is_capture(const char *path)
{
    uint8_t head[8];
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) /* reading from a pipe would take what it holds */
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : 0;
    if (fd >= 0)
        close(fd);
    return n > 0 && starts_as_capture(span_of(head, (size_t)n));
}

bool sink_open(struct sink *s, const char *path, struct err *err)
{
    *s = (struct sink){.fd = STDOUT_FILENO, .path = "stdout"};
    if (!path || strcmp(path, "-") == 0)
        return true;
    s->path = path;
    s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return s->fd >= 0 || err_set(err, ERR_IO, path, "can't write here: %s", strerror(errno));
}

/* Of what a full disk took only whole lines stay, where that can be helped. */
static void cut_torn_line(const struct sink *s, struct span written)
{
    size_t torn = 0;
    while (torn < written.len && written.ptr[written.len - 1 - torn] != '\n')
        torn++;
    off_t end = torn ? lseek(s->fd, 0, SEEK_CUR) : -1;
    if (end >= (off_t)torn && ftruncate(s->fd, end - (off_t)torn) != 0)
        return; /* no file: what is gone is gone */
}

bool sink_write(void *sink, struct span lines)
{
    struct sink *s = sink;
    struct span all = lines;
    while (lines.len && s->err.kind == ERR_NONE) {
        ssize_t n = write(s->fd, lines.ptr, lines.len);
        if (n >= 0) {
            span_skip(&lines, (size_t)n);
        } else if (errno != EINTR) {
            err_set(&s->err, ERR_IO, s->path, "writing failed: %s", strerror(errno));
            cut_torn_line(s, span_first(all, all.len - lines.len));
        }
    }
    return s->err.kind == ERR_NONE;
}

bool sink_close(struct sink *s)
{
    bool is_file = s->fd > STDERR_FILENO;
    if (is_file && close(s->fd) != 0 && s->err.kind == ERR_NONE)
        err_set(&s->err, ERR_IO, s->path, "writing failed: %s", strerror(errno));
    s->fd = -1;
    return s->err.kind == ERR_NONE;
}
