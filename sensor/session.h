#pragma once
/* One direction of a TCP connection as its protocol reads it: finds out what is spoken, on any port, and turns bytes in order into
 * events: HTTP heads, TLS hellos, DNS messages. Hot. Knows nothing of segments; sensor/tcp.h feeds it. Each direction stands alone. */
#include "sensor/events.h"

enum session_app { APP_UNKNOWN, APP_HTTP_REQUESTS, APP_HTTP_RESPONSES, APP_TLS_CLIENT, APP_TLS_SERVER, APP_DNS };

/* All zero is the start. */
struct session {
    uint8_t app;       /* enum session_app */
    uint8_t phase;     /* of the app's own state machine */
    uint8_t n_sniffs;  /* times nothing was recognised */
    bool is_done;      /* wants no more bytes */
    bool is_adrift;    /* what comes next may be the middle of something: be strict about what it is taken for */
    struct http_chunks chunks;
    uint64_t skip;     /* coming bytes that need not be seen */
    size_t want;       /* useless to call again before so many bytes are there */
    size_t scanned;    /* of the head that is not whole yet */
    uint16_t record_left; /* of the handshake record in which the bytes to come begin */
    uint16_t tls_version; /* chosen in the ServerHello; 0: not seen */
    uint8_t n_messages;   /* passed over on the way to the Certificate */
};

struct session_context {
    struct events *events;
    struct flow *flow;
    unsigned side;
    const struct moment *moment;
};

/* Look at `in`, the next bytes in order (at a place where a segment began, while the app is unknown). Returns how many are done with;
 * the rest must be offered again, with more behind it. `is_last`: nothing will follow, so take what is there. */
size_t session_read(struct session *s, const struct session_context *c, struct span in, bool is_last);

/* The next `n` bytes never came. False: they were wanted; the session is looking for a place to go on. */
bool session_lose(struct session *s, uint64_t n);

/* The flow ends: count a session that told nothing, by the reason the flow's flags give. */
void session_account(struct flow *f, struct stats *stats);
