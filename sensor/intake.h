#pragma once
/* Packets come in, and go on as arrivals: decoded, put together from fragments, numbered, each with what its flow is found by. All that can
 * be said of a packet without knowing its flow is said here, so that flows can be dealt out to several workers. Hot. One thread's.
 *
 * Time is cut into epochs, of so many packets or seconds, whatever is in them. What waits for time to pass (idle flows, fragments) is looked
 * at when one ends, by its clock: the earliest time of its packets, so that one packet with a wrong time ends nothing. So what happens to a
 * flow hangs on its own packets and the epochs alone, not on who else is in the same table. */
#include "sensor/flow.h"
#include "sensor/stats.h"

enum {
    ARRIVALS_AHEAD = 32, /* handed on together, at most */
    EPOCH_PACKETS = 4096,
    EPOCH_PACKETS_MIN = 64, /* then it may also be that */
    EPOCH_S = 10,           /* have passed */
};

/* A packet, or a datagram from several. Its payload borrows. */
struct arrival {
    struct flow_key key;
    struct moment moment;
    uint64_t turn; /* from 1, by one for each: lines are written in the order of the turns that bring them about */
    bool is_cut;   /* by the snaplen */
    struct decoded decoded; /* but ip_header and segment, which decoding alone needs. Of its layers only those set need be there */
};

/* What an arrival needs. */
static inline size_t arrival_bytes(const struct arrival *a)
{
    return offsetof(struct arrival, decoded.carrier) + carrier_bytes(&a->decoded.carrier);
}

struct intake_options {
    bool verifies_checksums;    /* what has a wrong one is undecodable; else nobody looks */
    size_t fragments_cap_bytes; /* as of struct fragments_options */
    uint64_t seed;              /* of the hashes of flows and fragments */
    struct stats *stats;        /* borrowed; packets are counted there, and datagrams */
    /* At most ARRIVALS_AHEAD, in order; they die, with their payloads, when it returns. */
    void (*arrived)(void *to, const struct arrival *const *arrivals, size_t n);
    /* After all arrivals of the epoch; 0: none of its packets had a time. */
    void (*epoch_ended)(void *to, int64_t clock_ns);
    void *to;
};

struct intake;

struct intake *intake_new(const struct intake_options *o); /* NULL when memory is short */
void intake_free(struct intake *in);

/* All of them have arrived when it returns, but for fragments. */
void intake_packets(struct intake *in, const struct packet *packets, size_t n);
/* The epoch ends here, if anything is in it. */
void intake_end_epoch(struct intake *in);
/* No more fragments will come: what waits arrives as far as it is there. The epoch is over, without epoch_ended(). */
void intake_end_run(struct intake *in);
