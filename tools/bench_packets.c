/* See bench_packets.h. */
#include "tools/bench_packets.h"

#include <stdlib.h>

#include "sensor/capture/capture.h"
#include "sensor/worker.h"
#include "tools/bench_timing.h"
#include "tools/message.h"

enum { PACKETS_PER_READ = 4096 };

struct bench_packet {
    struct packet packet; /* its bytes live in the arena */
    bool ends_source;     /* the last one of its capture */
};

static void keep(void *to, const struct packet *pkt)
{
    struct bench_packets *p = to;
    struct span bytes = p->n < BENCH_PACKETS_MAX ? arena_copy(&p->arena, pkt->bytes) : span_of(NULL, 0);
    if (p->n == BENCH_PACKETS_MAX || (!bytes.ptr && pkt->bytes.len)) {
        p->n_left_out++;
        return;
    }
    p->items[p->n] = (struct bench_packet){.packet = *pkt};
    p->items[p->n++].packet.bytes = bytes;
}

/* A capture that breaks off serves as far as it goes, which is said. False: it can't be opened. */
static bool read_one(struct bench_packets *p, const char *path, uint32_t source, struct err *err)
{
    struct capture *c = capture_open_file(path, err);
    if (!c)
        return false;
    int n = 1;
    while (n > 0)
        n = capture_read(c, PACKETS_PER_READ, source, keep, p, err);
    if (n < 0)
        say_err(err);
    capture_close(c);
    if (p->n)
        p->items[p->n - 1].ends_source = true;
    return true;
}

bool bench_packets_read(struct bench_packets *p, const struct paths *captures, struct err *err)
{
    *p = (struct bench_packets){.items = malloc(BENCH_PACKETS_MAX * sizeof *p->items)};
    arena_init(&p->arena, 1 << 20, BENCH_PACKET_BYTES);
    if (!p->items)
        return err_set(err, ERR_MEMORY, NULL, "out of memory for packets");
    for (size_t i = 0; i < captures->n; i++) {
        *err = (struct err){0};
        if (!read_one(p, captures->items[i], (uint32_t)i, err) &&
            !(captures->is_listed[i] && err->kind == ERR_SYNTAX)) /* something else in a folder of captures */
            return false;
    }
    return p->n || err_set(err, ERR_SYNTAX, captures->items[0], "no packet to measure with");
}

void bench_packets_fini(struct bench_packets *p)
{
    arena_fini(&p->arena);
    free(p->items);
    p->items = NULL;
    p->n = 0;
}

static bool pass_lines(void *to, struct span lines)
{
    return true;
}

/* All packets through a worker of their own; CPU seconds, without what making the worker takes. */
static bool replay(const struct bench_packets *p, struct worker_options *o, double *out_s,
                   struct bench_replay *out, struct err *err)
{
    o->write = pass_lines;
    o->eve.version = 8;
    struct worker *w = worker_new(o, err);
    if (!w)
        return false;
    double start = bench_cpu_s();
    for (uint32_t i = 0; i < p->n; i++) {
        worker_packet(w, p->items[i].packet.link, &p->items[i].packet);
        if (p->items[i].ends_source)
            worker_end_source(w);
    }
    worker_end_run(w);
    *out_s = bench_cpu_s() - start;
    if (out)
        *out = (struct bench_replay){.n_fields = worker_stats(w)->fields,
                                     .n_hits = worker_stats(w)->hits,
                                     .n_alerts = worker_stats(w)->alerts};
    worker_free(w);
    return true;
}

bool bench_packets_fields(const struct bench_packets *p, const struct db *db, const char *const *sources,
                          struct bench_fields *fields, struct bench_replay *out, struct err *err)
{
    struct worker_options o = {
        .db = db, .eve = {.sources = sources}, .tap = bench_fields_keep, .tap_to = fields};
    double seconds;
    return replay(p, &o, &seconds, out, err);
}

bool bench_packets_time(const struct bench_packets *p, const struct db *db, const char *const *sources,
                        double seconds, struct bench_packet_cost *out, struct err *err)
{
    struct worker_options without = {.eve = {.sources = sources}}, with = without;
    double ns[3][BENCH_ROUNDS_MAX], end = bench_wall_s() + seconds, warm_s;
    uint32_t rounds = 0;
    with.db = db;
    if (!replay(p, &without, &warm_s, NULL, err) || !replay(p, &with, &warm_s, NULL, err))
        return false;
    while (rounds < BENCH_ROUNDS_MAX && (rounds < BENCH_ROUNDS_MIN || bench_wall_s() < end)) {
        double a, b;
        if (!replay(p, &without, &a, NULL, err) || !replay(p, &with, &b, NULL, err))
            return false;
        ns[0][rounds] = a * 1e9 / p->n;
        ns[1][rounds] = b * 1e9 / p->n;
        ns[2][rounds] = (b - a) * 1e9 / p->n;
        rounds++;
    }
    *out = (struct bench_packet_cost){.without = spread_of(ns[0], rounds),
                                      .with = spread_of(ns[1], rounds),
                                      .added = spread_of(ns[2], rounds)};
    return true;
}
