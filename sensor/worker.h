#pragma once
/* The one place where packets and matcher meet: packets in, EVE lines out. Everything mutable of a run's hot part is in here;
 * workers share only the db, which never changes. */
#include "matcher/scan.h"
#include "sensor/eve.h"
#include "sensor/intake.h"

struct worker; /* one thread */

struct worker_options {
    const struct db *db;       /* borrowed; NULL: nothing is matched */
    struct eve_options eve;
    bool writes_events;        /* every event as a line */
    bool is_joined;            /* worker_end_source() does not end flows: captures are parts of one */
    bool verifies_checksums;   /* what has a wrong one is undecodable; else nobody looks */
    uint32_t flows_max;        /* 0: 1 Mi */
    size_t buffer_cap_bytes;   /* for reassembly; 0: 256 MiB */
    size_t fragments_cap_bytes; /* 0: FRAGMENTS_CAP_DEFAULT, 16 MiB */
    uint64_t seed;             /* of the hashes of flows and alerts: 0 for replay, random for live */
    unsigned n_sharing;        /* workers that divide these ceilings among them; 0: 1 */
    bool is_handed_arrivals;   /* by an intake elsewhere (worker_arrivals): this one takes no packets */
    /* Takes whole lines. False: the output is broken, nothing more is offered. */
    bool (*write)(void *to, struct span lines);
    void *write_to;
    /* Instead of `write`, and with the same `to`: those of one turn alone. NULL. */
    bool (*write_turn)(void *to, uint64_t turn, struct span lines);
    /* Takes alerts instead of `write`, which then has but events: outputs differ in what they show. `a` dies with the call. False: as
     * above. NULL: alerts are lines. Alone (one worker, no write_turn): nobody puts them in order. */
    bool (*alert)(void *to, const struct alert *a);
    /* A batch was matched, and its alerts were handed over; the latest packet so far was of that time. False: as above. NULL. */
    bool (*flushed)(void *to, int64_t now_ns);
    void *alert_to;
    /* Told of each alert that was put out, with the indicator of the db's set and the packet's time; NULL. */
    void (*alerted)(void *to, uint32_t indicator, int64_t seconds);
    void *alerted_to;
    /* Told of each field that goes before the matcher (scanner_tap); NULL. */
    scan_tap *tap;
    void *tap_to;
};

struct worker *worker_new(const struct worker_options *o, struct err *err);
void worker_free(struct worker *w);

void worker_packet(struct worker *w, enum link_type link, const struct packet *pkt);
/* The same for several packets, each with its own link: what they need of the flow table is fetched for all before the first is read. */
void worker_packets(struct worker *w, const struct packet *packets, size_t n);
/* Match and write all that is pending. */
void worker_flush(struct worker *w);
/* A capture ended: its flows end, and what they held is read, matched and written. */
void worker_end_source(struct worker *w);
/* All captures ended: the flows of joined captures end too. */
void worker_end_run(struct worker *w);

bool worker_output_is_broken(const struct worker *w);
const struct stats *worker_stats(const struct worker *w);
/* Alerts by list of the db's set; borrowed from the worker. NULL without a db. */
const uint64_t *worker_list_hits(const struct worker *w);
/* Hits suppressed, by origin of the set of the db's allow side; borrowed from the worker. NULL without an allow side. */
const uint64_t *worker_allow_hits(const struct worker *w);
/* For who has an intake elsewhere, the same three steps. Turns rise from call to call of worker_arrivals(); of flows that end they have the
 * highest bit set and rise within the call. */
void worker_arrivals(struct worker *w, const struct arrival *const *arrivals, size_t n);
void worker_end_epoch(struct worker *w, int64_t clock_ns);
/* All flows end; matched and written. */
void worker_end_flows(struct worker *w);

/* Live: what the capture says was dropped since the start. */
void worker_set_drops(struct worker *w, uint64_t kernel, uint64_t interface);
