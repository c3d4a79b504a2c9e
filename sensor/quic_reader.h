#pragma once
/* QUIC connections as far as the client's hello: Initial packets are recognised on any UDP port, opened, and their CRYPTO frames gathered
 * over packets and datagrams until the ClientHello is whole. Hot; nothing is allocated after it is made.
 *
 * Policy. Only the client's side tells anything, and it alone is enough. A flow's keys are those of the first Initial that opens with its
 * own destination id; one that they do not open is tried with its own (a Retry changes them), and then the gathering begins anew. Of overlapping bytes those
 * that came first stay. Told once: afterwards the flow costs its look-up. When no gathering is free, the quietest of a few others ends. */
#include "sensor/events.h"

struct quic_reader; /* one worker's */

enum { QUIC_GATHERINGS = 2048, QUIC_HELLO_MAX = 16 * 1024 };

struct quic_reader *quic_reader_new(uint32_t gatherings_max,
                                    struct events *events); /* borrows events; NULL when memory is short */
void quic_reader_free(struct quic_reader *r);

/* A UDP packet with payload, sent by `side`. False: the flow is not known to be QUIC, and may be something else. */
bool quic_reader_packet(struct quic_reader *r, struct flow *f, unsigned side, const struct decoded *d,
                        const struct moment *m);
/* Where what it holds of the UDP flow comes among all that is held; 0: it holds nothing. */
uint64_t quic_reader_rank(const struct quic_reader *r, const struct flow *f);
/* The UDP flow is going: read what is left of its hello, and account for its session. */
void quic_reader_flow_gone(struct quic_reader *r, struct flow *f);
