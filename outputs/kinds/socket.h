#pragma once
/* A connected socket that never waits: but for the look-up of a host's name. */
#include "outputs/output.h"

struct socket {
    int fd; /* owned; -1: none */
    bool is_connecting;
    int64_t begun_ms; /* when it began to connect */
};

/* `type` is SOCK_STREAM or SOCK_DGRAM. False and *err (whose place is `where`): not now. */
bool socket_open_unix(struct socket *s, const char *path, int type, struct err *err);
/* "HOST", "HOST:PORT" or "[IPV6]:PORT"; the first of its addresses. */
bool socket_open_inet(struct socket *s, const char *host_port, const char *default_port, int type,
                      const char *where, struct err *err);
void socket_close(struct socket *s);

/* OUTPUT_DONE: connected. */
enum output_verdict socket_connected(struct socket *s, const char *where, struct err *err);
/* Some of `bytes`, or all of a datagram. OUTPUT_DONE: *out_n went. */
enum output_verdict socket_send(struct socket *s, struct span bytes, size_t *out_n, const char *where,
                                struct err *err);
/* Did the other side go? Lines that it sends are read and thrown away. OUTPUT_DONE: it is there. */
enum output_verdict socket_alive(struct socket *s, const char *where, struct err *err);
