#pragma once
/* Packets of captures, held in memory, so that replaying them is the sensor's work and not the disk's. */
#include "tools/bench_fields.h"
#include "tools/bench_numbers.h"
#include "tools/paths.h"

enum { BENCH_PACKETS_MAX = 1 << 21, BENCH_PACKET_BYTES = 256 << 20 };

struct bench_packets {
    struct bench_packet *items; /* owned */
    struct arena arena;
    uint32_t n;
    uint64_t n_left_out; /* beyond the bounds above */
};

/* What can't be opened fails, but for files of a folder that are no captures; one that breaks off serves as far as it goes (said). */
bool bench_packets_read(struct bench_packets *p, const struct paths *captures, struct err *err);
void bench_packets_fini(struct bench_packets *p);

/* One replay: the fields the sensor takes out of the packets, kept; what came of them. */
struct bench_replay {
    uint64_t n_fields, n_hits, n_alerts;
};
bool bench_packets_fields(const struct bench_packets *p, const struct db *db, const char *const *sources, struct bench_fields *fields,
                          struct bench_replay *out, struct err *err);

/* Nanoseconds per packet without lists, with them, and what they add, turn by turn for `seconds`. CPU time. */
struct bench_packet_cost {
    struct spread without, with, added;
};
bool bench_packets_time(const struct bench_packets *p, const struct db *db, const char *const *sources, double seconds,
                        struct bench_packet_cost *out, struct err *err);
