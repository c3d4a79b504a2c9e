/* Syslog: RFC 5424, each line a message. To /dev/log or another Unix socket (datagrams where it takes them, else a stream of lines), by
 * UDP (RFC 5426) or by TCP with lengths counted (RFC 6587, section 3.4.1). See outputs/output.h. Nobody acknowledges: a line is through
 * when the kernel has it. The time is the alert's own; nothing else of a line is looked at. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outputs/kinds/socket.h"

enum {
    PRIORITY = 3 * 8 + 5, /* daemon, notice */
    HOST_ROOM = 256,
    STAMP_LEN = 26, /* "2026-01-31T23:59:59.123456" */
};

struct syslog_out {
    const char *target; /* borrowed */
    struct socket socket;
    bool is_stream, counts_lengths;
    char host[HOST_ROOM];
    struct buf message; /* owned; the one on its way */
};

static void *syslog_create(const struct output_config *c, struct err *err)
{
    struct syslog_out *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
        return NULL;
    }
    s->target = c->target[0] ? c->target : "/dev/log";
    s->socket.fd = -1;
    if (gethostname(s->host, sizeof s->host - 1) != 0 || !s->host[0])
        memcpy(s->host, "-", 2);
    buf_init(&s->message, 512 << 20);
    return s;
}

static void syslog_close(void *out)
{
    struct syslog_out *s = out;
    socket_close(&s->socket);
    buf_reset(&s->message);
}

static void syslog_destroy(void *out)
{
    struct syslog_out *s = out;
    syslog_close(out);
    buf_fini(&s->message);
    free(s);
}

static bool syslog_open(void *out, struct err *err)
{
    struct syslog_out *s = out;
    const char *t = s->target;
    s->counts_lengths = strncmp(t, "tcp://", 6) == 0;
    s->is_stream = s->counts_lengths;
    if (t[0] != '/')
        return socket_open_inet(&s->socket, t + sizeof "udp://" - 1, s->is_stream ? "601" : "514",
                                s->is_stream ? SOCK_STREAM : SOCK_DGRAM, t, err);
    if (socket_open_unix(&s->socket, t, SOCK_DGRAM, err))
        return true;
    s->is_stream = errno == EPROTOTYPE;
    return s->is_stream && socket_open_unix(&s->socket, t, SOCK_STREAM, err);
}

static int syslog_poll(void *out, short *out_events)
{
    struct syslog_out *s = out;
    *out_events = POLLOUT;
    return s->socket.fd;
}

/* An EVE line begins with its time, whose zone is written in a way that RFC 5424 does not know: it is UTC. */
static void put_stamp(struct buf *to, struct span line)
{
    static const char key[] = "{\"timestamp\":\"";
    struct span stamp = span_from(line, sizeof key - 1);
    if (!span_starts(line, span_of(key, sizeof key - 1)) || stamp.len < STAMP_LEN || stamp.ptr[10] != 'T') {
        buf_put_byte(to, '-');
        return;
    }
    buf_put(to, span_first(stamp, STAMP_LEN));
    buf_put_byte(to, 'Z');
}

static void build(struct syslog_out *s, struct span line)
{
    struct buf *m = &s->message;
    buf_reset(m);
    buf_printf(m, "<%d>1 ", PRIORITY);
    put_stamp(m, line);
    buf_printf(m, " %s vedette %ld alert - ", s->host, (long)getpid());
    buf_put(m, span_first(line, line.len - 1));
    if (s->counts_lengths) {
        char count[16];
        int n = snprintf(count, sizeof count, "%zu ", m->len);
        uint8_t *more = buf_reserve(m, (size_t)n);
        if (!more)
            return;
        memmove(m->ptr + n, m->ptr, m->len);
        memcpy(m->ptr, count, (size_t)n);
        m->len += (size_t)n;
    } else if (s->is_stream) {
        buf_put_byte(m, '\n');
    }
}

/* What is left of the message at hand. */
static enum output_verdict send_rest(struct syslog_out *s, struct batch *b, struct err *err)
{
    size_t n;
    while (b->sent_bytes < s->message.len) {
        enum output_verdict v =
            socket_send(&s->socket, span_from(buf_span(&s->message), b->sent_bytes), &n, s->target, err);
        if (v == OUTPUT_DOWN && errno == EMSGSIZE && !s->is_stream) {
            b->n_refused++;
            break;
        }
        if (v != OUTPUT_DONE)
            return v;
        b->sent_bytes += n;
    }
    return OUTPUT_DONE;
}

static enum output_verdict syslog_write(void *out, struct batch *b, struct err *err)
{
    struct syslog_out *s = out;
    struct span line, key;
    enum output_verdict v = s->is_stream ? socket_alive(&s->socket, s->target, err) : OUTPUT_DONE;
    while (v == OUTPUT_DONE && sheaf_first(&b->left, &line, &key)) {
        if (b->sent_bytes == 0)
            build(s, line);
        v = send_rest(s, b, err);
        if (v == OUTPUT_DONE) {
            sheaf_drop(&b->left);
            b->sent_bytes = 0;
        }
    }
    return v;
}

const struct output_ops syslog_output = {
    .create = syslog_create,
    .destroy = syslog_destroy,
    .open = syslog_open,
    .close = syslog_close,
    .write = syslog_write,
    .poll = syslog_poll,
};
