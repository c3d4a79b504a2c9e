/* See sink.h. */
#include "tools/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool sink_open(struct sink *s, const char *path, struct err *err)
{
    *s = (struct sink){.fd = STDOUT_FILENO, .path = "stdout"};
    if (!path || strcmp(path, "-") == 0)
        return true;
    s->path = path;
    s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return s->fd >= 0 || err_set(err, ERR_IO, path, "can't write here: %s", strerror(errno));
}

bool sink_write(void *sink, struct span lines)
{
    struct sink *s = sink;
    while (lines.len && s->err.kind == ERR_NONE) {
        ssize_t n = write(s->fd, lines.ptr, lines.len);
        if (n >= 0)
            span_skip(&lines, (size_t)n);
        else if (errno != EINTR)
            err_set(&s->err, ERR_IO, s->path, "writing failed: %s", strerror(errno));
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
