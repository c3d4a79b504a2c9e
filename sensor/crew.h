#pragma once
/* Several workers on one stream of packets, each in a thread of its own, and lines in the same order as from one: the same bytes, however
 * many there are. Hot.
 *
 * The caller's thread takes the packets in (sensor/intake.h) and deals the flows out by a hash of their ends: a flow is one worker's for good,
 * and workers share only the db. What was dealt out lies in blocks, whole before the first worker looks at one. Who is last to be done with
 * a block merges what all wrote of it, by turns. So nobody waits for another but where a block's lines outgrow their bounds; then
 * the others have all that they need to go on until they are done or wait, too, and what is there so far is merged.
 *
 * Ceilings (flows, buffers) are for all workers together, each has its share. Output is the same for any number as long as none is reached. */
#include "sensor/worker.h"

enum { CREW_MAX = 64 };

struct crew; /* of the thread that made it */

/* `o` is as for one worker; `write` is called from any thread, by one at a time. One worker (n 1) has no thread. NULL and *err. */
struct crew *crew_new(const struct worker_options *o, unsigned n, struct err *err);
/* Ends the threads. What came after the last end of a source or run may be lost. */
void crew_free(struct crew *c);

/* As worker_packets() and its kin. The ends return when all is matched and written. */
void crew_packets(struct crew *c, const struct packet *packets, size_t n);
void crew_end_source(struct crew *c);
void crew_end_run(struct crew *c);

bool crew_output_is_broken(const struct crew *c);
/* At any time: packets taken in, alerts put out so far. */
void crew_progress(struct crew *c, uint64_t *out_packets, uint64_t *out_alerts);

/* Of all workers together, since the start until the last source or run ended. Borrowed from the crew. */
const struct stats *crew_stats(const struct crew *c);
const uint64_t *crew_list_hits(const struct crew *c);  /* as worker_list_hits() */
const uint64_t *crew_allow_hits(const struct crew *c); /* as worker_allow_hits() */
