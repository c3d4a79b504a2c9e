#pragma once
/* HTTP/1.1 messages (RFC 9112) as programs write them. Each appends one message to `out`; false when `out` is full (nothing is appended then).
 * What it is told is written as it is: bytes that do not belong into a head make one that is broken. */
#include "base/buf.h"

/* Who asks where nobody says. */
#define HTTP_PUT_BROWSER SPAN_LIT("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")

struct http_put_asked {
    struct span method;     /* empty: GET */
    struct span target;     /* empty: "/" */
    struct span host;       /* empty: no Host line */
    struct span user_agent; /* empty: a browser's */
    struct span referer;    /* empty: none */
    struct span body;
};
bool http_put_request(struct buf *out, const struct http_put_asked *r);

struct http_put_answer {
    unsigned status;         /* 200, 302, 404 ... */
    struct span location;    /* empty: none */
    struct span type;        /* empty: text/html */
    uint64_t body_bytes;     /* what Content-Length says; the caller puts the body behind */
};
bool http_put_response(struct buf *out, const struct http_put_answer *a);
