#pragma once
/* What a run of packets told us: events, and all they point to, until the batch is matched and written. Hot. One worker's. */
#include "base/arena.h"
#include "sensor/event.h"
#include "sensor/flow.h"
#include "sensor/stats.h"

enum { EVENTS_MAX = 8192 };
enum { CERTIFICATES_WANTED = 1, CERTIFICATES_ALL_SHA1 = 2, CERTIFICATES_ALL_SHA256 = 4 };

struct events {
    struct arena arena;    /* owned; all events' memory */
    struct event **items; /* in the order they were seen; live in the arena */
    uint32_t n;
    struct stats *stats;   /* borrowed; the worker's */
    uint64_t turn;         /* given to each event */
    unsigned fingerprints; /* FINGERPRINT_...: made for each hello; none at first */
    unsigned certificates; /* CERTIFICATES_...: 0 at first, then nobody wants any, and none need be gathered */
};

bool events_init(struct events *b, struct stats *stats, size_t cap_bytes);
void events_fini(struct events *b);
void events_reset(struct events *b);
/* Time to match and reset: another packet might not fit. */
bool events_is_full(const struct events *b);

/* Each adds one event, from `side` of the flow at that moment, and copies what it is given: spans that borrowed from a payload
 * live in the arena afterwards. When the arena is full the event is lost and counted (stats.events_lost). */
void events_add_flow(struct events *b, const struct flow *f, unsigned side, const struct moment *m);
/* Reads the message itself, for it is decompressed into the arena anyway. */
enum verdict events_add_dns(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                           struct span message);
void events_add_http_request(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                            const struct http_request *r);
void events_add_http_response(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                             const struct http_response *r);
void events_add_tls_client(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                          const struct tls_client_hello *h);
/* As events_add_tls_client, of a hello that came in QUIC. */
void events_add_quic(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                     const struct tls_client_hello *h, uint32_t version);
void events_add_tls_server(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                          const struct tls_server_hello *h);
void events_add_smtp(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                     const struct smtp_talk *t);
void events_add_socks(struct events *b, const struct flow *f, unsigned side, const struct moment *m,
                      const struct socks_request *r);
/* Of a message that tls_certificates_read() makes something of: reads the first certificate, and digests as many as `certificates` says. Those
 * that are not there whole, or are beyond CERTIFICATES_MAX, are left out and counted (stats.chains_cut); nothing at all is added without one. */
void events_add_certificates(struct events *b, const struct flow *f, unsigned side, const struct moment *m, struct span message,
                             uint16_t version);

/* The same number for what says the same: HTTP heads, TLS hellos, certificates, DNS messages, SOCKS requests. 0: of another kind. */
uint64_t events_content(const struct event *e);
/* Take back those from `first` on for which `is_wanted` says no. */
void events_filter(struct events *b, uint32_t first, bool (*is_wanted)(void *to, const struct event *e), void *to);

/* All fingerprints of a TLS hello's event; they live in the arena. Cold: for an event that was added without. NULL when there is no room. */
const struct fingerprints *events_fingerprint(struct events *b, const struct event *e);
