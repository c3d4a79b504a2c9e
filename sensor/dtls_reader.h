#pragma once
/* DTLS conversations as far as their hellos, on any UDP port: fragments of a hello are gathered over records and datagrams until it is whole. Hot; nothing
 * is allocated after it is made.
 *
 * Policy. Each side stands alone. A client says hello again when a server asks for a cookie or another key share: its first whole hello is told, a
 * server's every HelloRetryRequest and its ServerHello. Of overlapping bytes those that came first stay. In the ledger such a conversation is a
 * session of TLS. When no gathering is free, the quietest of a few others ends. */
#include "sensor/events.h"

struct dtls_reader; /* one worker's */

enum { DTLS_GATHERINGS = 256, DTLS_FRAGMENTS_MAX = 128 };

struct dtls_reader *dtls_reader_new(uint32_t gatherings_max,
                                    struct events *events); /* borrows events; NULL when memory is short */
void dtls_reader_free(struct dtls_reader *r);

/* A UDP packet with payload, sent by `side`. False: the flow is not known to be DTLS, and may be something else. */
bool dtls_reader_packet(struct dtls_reader *r, struct flow *f, unsigned side, const struct decoded *d,
                        const struct moment *m);
/* The UDP flow is going: account for its session. */
void dtls_reader_flow_gone(struct dtls_reader *r, struct flow *f);
