#pragma once
/* What is expected, and what of it was reported: kept by conversation, found again by both ends. Says what is wrong with files itself. */
#include "base/arena.h"
#include "base/ip.h"
#include "tools/drill_report.h"

struct drill_ends {
    struct ip a, b; /* the smaller one first */
    uint16_t a_port, b_port;
    uint32_t unused; /* zero: all of it is hashed */
};

/* One alert that is expected, or a trap, whose value is its name. */
struct drill_expectation {
    struct drill_ends ends;
    struct span value, observed; /* live in the texts */
    uint64_t packet_first, packet_last;
    uint32_t next;   /* of the same bucket, or UINT32_MAX */
    uint32_t leader; /* the first one of this conversation with the same indicator: only it is marked as found */
    uint8_t type;    /* enum ioc_type */
    uint8_t by;      /* enum contact_by */
    bool is_trap, is_found, is_swapped; /* is_swapped: the client is b */
};

/* Reported, and not expected. */
struct drill_extra {
    struct drill_ends ends;
    struct span value; /* lives in the texts; at most 200 bytes */
    const char *path;  /* borrowed */
    uint64_t line;
    bool is_trap; /* it is about a near miss */
};

struct drill_tally {
    struct arena texts;
    struct drill_expectation *items; /* owned */
    uint32_t n, n_room;
    uint32_t *buckets; /* owned; n_buckets, a power of two */
    uint32_t n_buckets;
    struct drill_extra *extras; /* owned */
    size_t n_extras, n_extras_room;
    struct drill_report report;
    uint64_t n_omitted, n_traps;              /* of what is expected */
    uint64_t n_sightings, n_unknown, n_trapped; /* of what was reported; n_trapped of the extras */
};

bool drill_tally_init(struct drill_tally *t); /* false: memory is short */
void drill_tally_fini(struct drill_tally *t);

/* What `vedette drill --expected` wrote; once, and before any report. False: it can't be read, or is nothing of that. */
bool drill_tally_expect(struct drill_tally *t, const char *path);
/* One report more; `path` is kept. False: it can't be read, or has not one line that is known. */
bool drill_tally_report(struct drill_tally *t, const char *path);
