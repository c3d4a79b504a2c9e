#pragma once
/* Scanning timed. CPU time of this process, so that whoever else uses the machine shows as little as possible. */
#include "tools/bench_fields.h"
#include "tools/bench_numbers.h"

enum {
    BENCH_ROUNDS_MIN = 5,
    BENCH_ROUNDS_MAX = 101,
    BENCH_LANES_MAX = 8,
    BENCH_FIELDS_LEAST = 512, /* in a round, however slow the lists are */
};

double bench_wall_s(void);
double bench_cpu_s(void);

/* One way of scanning the fields. */
struct bench_lane {
    const struct db *db;
    uint32_t batch;   /* fields added before each scan */
    struct spread ns; /* out: per field */
};

/* Time each lane in rounds, turn by turn, so that the machine's moods meet all of them alike. One round goes before that is not counted; then as
 * many as go into `seconds` of wall time, within the bounds above. A round has all fields, or, when five of them would take longer than the lane's part
 * of the time, as many as do not, spread evenly. */
bool bench_time_lanes(struct bench_lane *lanes, uint32_t n, const struct bench_fields *f, double seconds, struct err *err);
/* One lane alone. */
bool bench_time_fields(const struct db *db, const struct bench_fields *f, uint32_t batch, double seconds, struct spread *out_ns,
                       struct err *err);

/* Nanoseconds that a fixed piece of work takes just now, which no list has a part in: how fast the machine is. CPU time, a few milliseconds. */
double bench_reference_ns(void);

/* What the matcher finds in `n` fields, spread evenly over all, so many at a time. */
struct bench_hits {
    uint64_t n;       /* hits */
    uint64_t n_fields; /* fields with a hit */
    uint64_t mark;    /* hash over each (field, indicator) in order: the same hits, the same mark */
    uint64_t *by_indicator; /* borrowed, added to; NULL: not wanted */
    const uint32_t *map;    /* borrowed; from the db's indicators to those that are meant; NULL: they are the same */
};
bool bench_find(const struct db *db, const struct bench_fields *f, uint32_t n, uint32_t batch, struct bench_hits *hits, struct err *err);

/* How long single scans take, one field each, by the wall clock; what reading the clock takes (the least of many) is taken off.
 * Stops after `seconds`. */
bool bench_time_singles(const struct db *db, const struct bench_fields *f, double seconds, struct times *out, double *out_clock_ns,
                        struct err *err);
