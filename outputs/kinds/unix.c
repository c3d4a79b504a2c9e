/* Unix sockets: lines in a stream, or a datagram for each, without its '\n'. See outputs/output.h. Nobody acknowledges: a line is
 * through when the kernel has it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "outputs/kinds/socket.h"

struct unix_out {
    const char *path; /* borrowed */
    struct socket socket;
};

static void *unix_create(const struct output_config *c, struct err *err)
{
    struct unix_out *u = calloc(1, sizeof *u);
    if (!u)
        err_set(err, ERR_MEMORY, NULL, "out of memory");
    else
        *u = (struct unix_out){.path = c->target, .socket = {.fd = -1}};
    return u;
}

static void unix_close(void *out)
{
    struct unix_out *u = out;
    socket_close(&u->socket);
}

static void unix_destroy(void *out)
{
    unix_close(out);
    free(out);
}

static bool stream_open(void *out, struct err *err)
{
    struct unix_out *u = out;
    return socket_open_unix(&u->socket, u->path, SOCK_STREAM, err);
}

static bool datagram_open(void *out, struct err *err)
{
    struct unix_out *u = out;
    return socket_open_unix(&u->socket, u->path, SOCK_DGRAM, err);
}

static int unix_poll(void *out, short *out_events)
{
    struct unix_out *u = out;
    *out_events = POLLOUT;
    return u->socket.fd;
}

static enum output_verdict stream_write(void *out, struct batch *b, struct err *err)
{
    struct unix_out *u = out;
    enum output_verdict v = socket_alive(&u->socket, u->path, err);
    size_t n;
    while (v == OUTPUT_DONE && b->left.n) {
        v = socket_send(&u->socket, span_from(b->left.text, b->sent_bytes), &n, u->path, err);
        if (v == OUTPUT_DONE)
            batch_sent(b, n);
    }
    return v;
}

static enum output_verdict datagram_write(void *out, struct batch *b, struct err *err)
{
    struct unix_out *u = out;
    enum output_verdict v = OUTPUT_DONE;
    struct span line, key;
    size_t n;
    while (v == OUTPUT_DONE && sheaf_first(&b->left, &line, &key)) {
        v = socket_send(&u->socket, span_first(line, line.len - 1), &n, u->path, err);
        if (v == OUTPUT_DOWN && errno == EMSGSIZE) {
            b->n_refused++;
            v = OUTPUT_DONE;
        }
        if (v == OUTPUT_DONE)
            sheaf_drop(&b->left);
    }
    return v;
}

const struct output_ops unix_output = {
    .create = unix_create,
    .destroy = unix_destroy,
    .open = stream_open,
    .close = unix_close,
    .write = stream_write,
    .poll = unix_poll,
};

const struct output_ops unixgram_output = {
    .create = unix_create,
    .destroy = unix_destroy,
    .open = datagram_open,
    .close = unix_close,
    .write = datagram_write,
    .poll = unix_poll,
};
