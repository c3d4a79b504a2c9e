/* See socket.h. */
#include "outputs/kinds/socket.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_MS = 10000, HOST_MAX = 256 };

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool begin(struct socket *s, const struct sockaddr *to, socklen_t len, int type, const char *where,
                  struct err *err)
{
    s->fd = socket(to->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    s->begun_ms = now_ms();
    s->is_connecting = false;
    if (s->fd >= 0 && connect(s->fd, to, len) == 0)
        return true;
    s->is_connecting = s->fd >= 0 && errno == EINPROGRESS;
    if (s->is_connecting)
        return true;
    err_set(err, ERR_IO, where, "can't connect: %s", strerror(errno));
    socket_close(s);
    return false;
}

bool socket_open_unix(struct socket *s, const char *path, int type, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof to.sun_path)
        return err_set(err, ERR_USAGE, path, "a socket's path has at most %zu bytes", sizeof to.sun_path - 1);
    memcpy(to.sun_path, path, len);
    return begin(s, (const struct sockaddr *)&to, sizeof to, type, path, err);
}

/* "[IPV6]:PORT", "HOST:PORT", "HOST"; an IPv6 address without brackets has no port. */
static bool split(const char *in, char host[static HOST_MAX], const char **out_port)
{
    bool has_brackets = in[0] == '[';
    const char *from = in + has_brackets, *colon = strrchr(in, ':');
    const char *end = has_brackets                        ? strchr(in, ']')
                      : colon && strchr(in, ':') == colon ? colon
                                                          : in + strlen(in);
    if (!end || end == from || end - from >= HOST_MAX)
        return false;
    memcpy(host, from, (size_t)(end - from));
    host[end - from] = 0;
    end += has_brackets;
    if (*end == ':')
        *out_port = end + 1;
    return *end == 0 || *end == ':';
}

bool socket_open_inet(struct socket *s, const char *host_port, const char *default_port, int type,
                      const char *where, struct err *err)
{
    char host[HOST_MAX];
    const char *port = default_port;
    struct addrinfo *found = NULL, wanted = {.ai_socktype = type};
    if (!split(host_port, host, &port))
        return err_set(err, ERR_USAGE, where, "wants HOST:PORT, not \"%s\"", host_port);
    int why = getaddrinfo(host, port, &wanted, &found);
    if (why != 0)
        return err_set(err, ERR_IO, where, "can't find %s: %s", host, gai_strerror(why));
    bool is_good = begin(s, found->ai_addr, found->ai_addrlen, type, where, err);
    freeaddrinfo(found);
    return is_good;
}

void socket_close(struct socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->is_connecting = false;
}

static enum output_verdict down(const char *where, const char *what, int why, struct err *err)
{
    err_set(err, ERR_IO, where, "%s: %s", what, strerror(why));
    return OUTPUT_DOWN;
}

enum output_verdict socket_connected(struct socket *s, const char *where, struct err *err)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    int why = 0;
    socklen_t len = sizeof why;
    if (!s->is_connecting)
        return OUTPUT_DONE;
    if (poll(&p, 1, 0) == 0)
        return now_ms() - s->begun_ms < CONNECT_MS ? OUTPUT_BUSY
                                                   : down(where, "can't connect", ETIMEDOUT, err);
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0 || why)
        return down(where, "can't connect", why ? why : errno, err);
    s->is_connecting = false;
    return OUTPUT_DONE;
}

enum output_verdict socket_send(struct socket *s, struct span bytes, size_t *out_n, const char *where,
                                struct err *err)
{
    enum output_verdict v = socket_connected(s, where, err);
    if (v != OUTPUT_DONE)
        return v;
    ssize_t n;
    do
        n = send(s->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
        return OUTPUT_BUSY;
    if (n < 0)
        return down(where, "sending failed", errno, err);
    *out_n = (size_t)n;
    return OUTPUT_DONE;
}

enum output_verdict socket_alive(struct socket *s, const char *where, struct err *err)
{
    char thrown_away[4096];
    ssize_t n;
    if (s->is_connecting)
        return OUTPUT_DONE;
    while ((n = recv(s->fd, thrown_away, sizeof thrown_away, MSG_DONTWAIT)) > 0)
        ;
    if (n == 0) {
        err_set(err, ERR_IO, where, "the other side closed the connection");
        return OUTPUT_DOWN;
    }
    return errno == EAGAIN || errno == EINTR ? OUTPUT_DONE : down(where, "the connection broke", errno, err);
}
