#pragma once
/* TCP as far as fields need it: each direction put in order on its own and read by a session (sensor/session.h). Hot.
 *
 * Policy. A direction starts at its SYN, or at the first segment seen. A hole is waited for until GAP_WAIT_MS of packet time, a full
 * window or too many runs; then what is there is read as far as it goes and the session looks for a place to go on. A segment far off is
 * followed, but what was read until then is kept aside: if the old numbers go on, so does it. When buffers or directions run out, the
 * quietest of a few others ends. A direction that has said all (a hello, no known protocol) costs its flow look-up and nothing else.
 *
 * Segments that overlap and differ. Which of them counts hangs on what a sensor can't know: operating systems differ, and a decoy that its
 * receiver drops (wrong checksum, short TTL, old timestamp, MD5 option, odd flags) looks like any other. So both are read: in one reading
 * the byte that came first counts, and in a second, which lives from the contradiction until both stand at the same place again, the one
 * that came last. Of what the second finds only what is new is told. Bytes are compared while they are held, and those of the last message
 * that took more than one segment; a segment that begins where one of the last STARTS_KEPT messages did is read again whatever it says.
 * Not read: a third version, and one that comes in several segments when the first is done with.
 * The urgent byte (RFC 6093) is in the first reading and not in the second.
 *
 * SYN, FIN and RST. An end that is believed too early hides what follows, so they end nothing that still sends: a FIN in its place has what
 * is held told as far as it goes, and bytes that come in the FIN's place go on. Flags, acknowledgements, windows and options of
 * segments with bytes are not judged. */
#include "sensor/events.h"

struct tcp; /* one worker's */

struct tcp_options {
    uint32_t directions_max; /* that are being read at one time */
    size_t buffer_cap_bytes; /* for all their bytes */
    uint32_t told_max;       /* events remembered by what they say, in each of two halves; 0: 64 Ki */
    uint32_t http2_tables;   /* 0: HTTP2_TABLES */
};

struct tcp *tcp_new(const struct tcp_options *o, struct events *events); /* borrows events; NULL when memory is short */
void tcp_free(struct tcp *t);

/* A TCP packet of this flow, sent by `side`. */
void tcp_packet(struct tcp *t, struct flow *f, unsigned side, const struct decoded *d, const struct moment *m);
/* Where what it holds of the flow comes among all that is held, by its oldest packet; 0: it holds nothing. */
uint64_t tcp_rank(const struct tcp *t, const struct flow *f);
/* From time to time, at the packets' time: what was told long ago is forgotten. */
void tcp_pass_time(struct tcp *t, int64_t now_ns);
/* All that was told is forgotten: other flows will be. */
void tcp_forget(struct tcp *t);
/* The flow is going: read what is left of it, and account for its session. For flows of any protocol. */
void tcp_flow_gone(struct tcp *t, struct flow *f);
uint64_t tcp_http2_evictions(const struct tcp *t);
