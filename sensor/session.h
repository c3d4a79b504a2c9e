#pragma once
/* One direction of a TCP connection as its protocol reads it: finds out what is spoken, on any port, and turns bytes in order into
 * events: HTTP heads, TLS hellos, DNS messages, the commands around a mail. Hot. Knows nothing of segments; sensor/tcp.h feeds it. Each direction stands alone. */
#include "sensor/events.h"
#include "sensor/http2_reader.h"

enum session_app { APP_UNKNOWN, APP_HTTP_REQUESTS, APP_HTTP_RESPONSES, APP_TLS_CLIENT, APP_TLS_SERVER, APP_DNS,
                   APP_LINES_CLIENT, APP_LINES_SERVER, APP_SMTP, APP_HTTP2 };

/* All zero is the start. */
struct session {
    uint8_t app;       /* enum session_app */
    uint8_t phase;     /* of the app's own state machine */
    uint8_t n_sniffs;  /* times nothing was recognised */
    bool is_done;      /* wants no more bytes */
    bool is_adrift;    /* what comes next may be the middle of something: be strict about what it is taken for */
    bool is_in_tunnel; /* CONNECT was answered: what comes is the inner server's */
    union {
        struct http_chunks chunks;
        struct smtp_body mail;
    };
    struct http2_direction http2;
    uint64_t skip;     /* coming bytes that need not be seen */
    size_t want;       /* useless to call again before so many bytes are there */
    size_t scanned;    /* of the head or line that is not whole yet; while the app is unknown: where its last segment began */
    uint32_t n_line_bytes; /* of lines that were read */
    uint16_t record_left; /* of the handshake record in which the bytes to come begin */
    uint16_t tls_version; /* chosen in the ServerHello; 0: not seen */
    uint8_t n_messages;   /* passed over on the way to the Certificate */
};

struct session_context {
    struct events *events;
    struct flow *flow;
    unsigned side;
    const struct moment *moment;
    struct http2_reader *http2; /* NULL: HTTP/2 is not looked for */
};

/* What comes next begins a message, or is looked at as if it did. */
static inline bool session_is_at_start(const struct session *s)
{
    return s->phase == 0 && s->skip == 0 && s->scanned == 0;
}

/* Look at `in`, the next bytes in order (at a place where a segment began, while the app is unknown). Returns how many are done with;
 * the rest must be offered again, with more behind it. `is_last`: nothing will follow, so take what is there. */
size_t session_read(struct session *s, const struct session_context *c, struct span in, bool is_last);

/* The next `n` bytes never came. False: they were wanted; the session is looking for a place to go on. */
bool session_lose(struct session *s, uint64_t n);

/* Nothing more will be read with it: what it holds elsewhere goes back. `http2` as in the context. */
void session_end(struct session *s, struct http2_reader *http2);

/* The flow ends: count a session that told nothing, by the reason the flow's flags give. */
void session_account(struct flow *f, struct stats *stats);
