/* Redis streams: XADD STREAM [MAXLEN ~ N] * eve LINE. See outputs/output.h. hiredis writes commands and reads replies; the socket is our
 * own, so that nothing waits. A line is through when its reply is there. Any error of the server (no memory, read-only, wrong password)
 * is a reason to come back later, for the lines are not to blame. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <hiredis/hiredis.h>

#include "outputs/kinds/socket.h"

enum { GIVEN_MAX = 1024, COMMANDS_BYTES = 256 << 10, COMMANDS_CAP = 1 << 30, PASSWORD_MAX = 512 };

struct redis_out {
    const struct output_config *config; /* borrowed */
    char *stream;                       /* owned */
    const char *server;                 /* borrowed; behind the '@' */
    char password[PASSWORD_MAX];
    struct socket socket;
    redisReader *reader;     /* owned; NULL while closed */
    struct buf commands;     /* owned; on their way */
    size_t sent;             /* of them */
    struct sheaf_left given; /* behind the lines that are on their way */
    bool awaits_auth;
};

static bool read_password(struct redis_out *r, struct err *err)
{
    const char *path = r->config->password_file;
    FILE *f = path ? fopen(path, "re") : NULL;
    if (!path)
        return true;
    bool is_read = f && fgets(r->password, sizeof r->password, f);
    if (f)
        fclose(f);
    r->password[strcspn(r->password, "\r\n")] = 0;
    return (is_read && r->password[0]) || err_set(err, ERR_IO, path, "no password can be read here");
}

static void redis_close(void *out)
{
    struct redis_out *r = out;
    socket_close(&r->socket);
    if (r->reader)
        redisReaderFree(r->reader);
    r->reader = NULL;
    buf_reset(&r->commands);
    r->sent = 0;
    r->awaits_auth = false;
}

static void redis_destroy(void *out)
{
    struct redis_out *r = out;
    redis_close(r);
    buf_fini(&r->commands);
    free(r->stream);
    free(r);
}

static void *redis_create(const struct output_config *c, struct err *err)
{
    struct redis_out *r = calloc(1, sizeof *r);
    const char *at = strrchr(c->target, '@');
    if (r && at) {
        r->config = c;
        r->socket.fd = -1;
        r->server = at + 1;
        r->stream = strndup(c->target, (size_t)(at - c->target));
        buf_init(&r->commands, COMMANDS_CAP);
    }
    if (!r || !at || !r->stream)
        err_set(err, ERR_MEMORY, NULL, "out of memory");
    else if (read_password(r, err))
        return r;
    if (r)
        redis_destroy(r);
    return NULL;
}

static void put_command(struct redis_out *r, int argc, const char **argv, const size_t *lens)
{
    char *text = NULL;
    long long len = redisFormatCommandArgv(&text, argc, argv, lens);
    if (len > 0)
        buf_put(&r->commands, span_of(text, (size_t)len));
    redisFreeCommand(text);
}

static void put_auth(struct redis_out *r)
{
    const char *argv[3] = {"AUTH"};
    int n = 1;
    if (r->config->user)
        argv[n++] = r->config->user;
    argv[n++] = r->password;
    size_t lens[3] = {0};
    for (int i = 0; i < n; i++)
        lens[i] = strlen(argv[i]);
    put_command(r, n, argv, lens);
    r->awaits_auth = true;
}

static bool redis_open(void *out, struct err *err)
{
    struct redis_out *r = out;
    bool is_good = r->server[0] == '/'
                       ? socket_open_unix(&r->socket, r->server, SOCK_STREAM, err)
                       : socket_open_inet(&r->socket, r->server, "6379", SOCK_STREAM, r->config->target, err);
    if (!is_good)
        return false;
    r->reader = redisReaderCreate();
    if (!r->reader) {
        redis_close(r);
        return err_set(err, ERR_MEMORY, r->config->target, "out of memory");
    }
    if (r->password[0])
        put_auth(r);
    return true;
}

static int redis_poll(void *out, short *out_events)
{
    struct redis_out *r = out;
    *out_events = POLLIN | (r->socket.is_connecting || r->sent < r->commands.len ? POLLOUT : 0);
    return r->socket.fd;
}

static void put_xadd(struct redis_out *r, struct span line)
{
    char maxlen[24];
    const char *argv[8] = {"XADD", r->stream};
    size_t lens[8];
    int n = 2;
    if (r->config->maxlen) {
        snprintf(maxlen, sizeof maxlen, "%lld", (long long)r->config->maxlen);
        argv[n++] = "MAXLEN";
        argv[n++] = "~";
        argv[n++] = maxlen;
    }
    argv[n++] = "*";
    argv[n++] = "eve";
    for (int i = 0; i < n; i++)
        lens[i] = strlen(argv[i]);
    argv[n] = (const char *)line.ptr;
    lens[n++] = line.len - 1;
    put_command(r, n, argv, lens);
}

/* More commands, when all of the former ones went. */
static void give(struct redis_out *r, struct batch *b)
{
    struct span line, key;
    if (r->sent == r->commands.len) {
        buf_reset(&r->commands);
        r->sent = 0;
    }
    if (b->n_given == 0)
        r->given = b->left;
    while (b->n_given < GIVEN_MAX && r->commands.len < COMMANDS_BYTES && !r->commands.is_full &&
           sheaf_first(&r->given, &line, &key)) {
        put_xadd(r, line);
        sheaf_drop(&r->given);
        b->n_given++;
    }
}

static enum output_verdict send_commands(struct redis_out *r, struct err *err)
{
    enum output_verdict v = OUTPUT_DONE;
    size_t n;
    while (v == OUTPUT_DONE && r->sent < r->commands.len) {
        v = socket_send(&r->socket, span_from(buf_span(&r->commands), r->sent), &n, r->config->target, err);
        if (v == OUTPUT_DONE)
            r->sent += n;
    }
    return v;
}

/* One reply: of AUTH, or of the first line that is on its way. */
static bool take_reply(struct redis_out *r, struct batch *b, const redisReply *reply, struct err *err)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return err_set(err, ERR_IO, r->config->target, "the server said: %.*s", 120, reply->str);
    if (r->awaits_auth) {
        r->awaits_auth = false;
        return true;
    }
    if (b->n_given == 0)
        return err_set(err, ERR_IO, r->config->target, "the server answered what nobody asked");
    b->n_given--;
    sheaf_drop(&b->left);
    return true;
}

static bool take_replies(struct redis_out *r, struct batch *b, struct err *err)
{
    void *reply = NULL;
    bool is_good = true;
    while (is_good) {
        if (redisReaderGetReply(r->reader, &reply) != REDIS_OK)
            return err_set(err, ERR_IO, r->config->target, "the server's answer is none of Redis");
        if (!reply)
            return true;
        is_good = take_reply(r, b, reply, err);
        freeReplyObject(reply);
    }
    return false;
}

static enum output_verdict receive(struct redis_out *r, struct batch *b, struct err *err)
{
    char bytes[16 << 10];
    ssize_t n;
    while ((n = recv(r->socket.fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        if (redisReaderFeed(r->reader, bytes, (size_t)n) != REDIS_OK || !take_replies(r, b, err))
            return OUTPUT_DOWN;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return OUTPUT_DONE;
    if (n < 0)
        err_set(err, ERR_IO, r->config->target, "the connection broke: %s", strerror(errno));
    else
        err_set(err, ERR_IO, r->config->target, "the other side closed the connection");
    return OUTPUT_DOWN;
}

static enum output_verdict redis_write(void *out, struct batch *b, struct err *err)
{
    struct redis_out *r = out;
    enum output_verdict v = socket_connected(&r->socket, r->config->target, err);
    if (v != OUTPUT_DONE)
        return v;
    give(r, b);
    v = send_commands(r, err);
    if (v != OUTPUT_DOWN && receive(r, b, err) == OUTPUT_DOWN)
        v = OUTPUT_DOWN;
    if (v == OUTPUT_DOWN)
        return v;
    return b->left.n ? OUTPUT_BUSY : OUTPUT_DONE;
}

const struct output_ops redis_output = {
    .create = redis_create,
    .destroy = redis_destroy,
    .open = redis_open,
    .close = redis_close,
    .write = redis_write,
    .poll = redis_poll,
};
