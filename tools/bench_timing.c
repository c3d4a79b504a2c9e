/* See bench_timing.h. */
#include "tools/bench_timing.h"

#include <assert.h>
#include <time.h>

#include "base/hash.h"
#include "matcher/corpus.h"

enum { CLOCK_READS = 4096, REFERENCE_ROUNDS = 9, REFERENCE_NAMES = 2000, REFERENCE_BYTES_MAX = 1 << 20 };

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_wall_s(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double bench_cpu_s(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

/* One round over `n` of the fields; CPU seconds. */
static double round_s(struct scanner *s, const struct bench_fields *f, uint32_t n, uint32_t batch)
{
    const struct hit *hits;
    double start = bench_cpu_s();
    for (uint32_t i = 0; i < n; i += batch) {
        for (uint32_t k = i; k < i + batch && k < n; k++)
            scan_add(s, bench_field_at(f, k, n), k);
        scan_run(s, &hits);
    }
    return bench_cpu_s() - start;
}

/* How many fields a round may have. */
static uint32_t fields_in_round(struct scanner *s, const struct bench_fields *f, uint32_t batch,
                                double seconds)
{
    uint32_t n = f->n < BENCH_FIELDS_LEAST ? f->n : BENCH_FIELDS_LEAST;
    round_s(s, f, n, batch);
    double each = round_s(s, f, n, batch) / n, most = seconds / BENCH_ROUNDS_MIN;
    if (each * f->n <= most)
        return f->n;
    return most / each > n ? (uint32_t)(most / each) : n;
}

static void time_scanners(struct bench_lane *lanes, struct scanner *const scanners[], uint32_t n,
                          const struct bench_fields *f, double seconds)
{
    double ns[BENCH_LANES_MAX][BENCH_ROUNDS_MAX], end = bench_wall_s() + seconds;
    uint32_t n_fields[BENCH_LANES_MAX], rounds = 0;
    for (uint32_t k = 0; k < n; k++) {
        n_fields[k] = fields_in_round(scanners[k], f, lanes[k].batch, seconds / n);
        round_s(scanners[k], f, n_fields[k], lanes[k].batch);
    }
    while (rounds < BENCH_ROUNDS_MAX && (rounds < BENCH_ROUNDS_MIN || bench_wall_s() < end)) {
        for (uint32_t k = 0; k < n; k++)
            ns[k][rounds] = round_s(scanners[k], f, n_fields[k], lanes[k].batch) * 1e9 / n_fields[k];
        rounds++;
    }
    for (uint32_t k = 0; k < n; k++)
        lanes[k].ns = spread_of(ns[k], rounds);
}

bool bench_time_lanes(struct bench_lane *lanes, uint32_t n, const struct bench_fields *f, double seconds,
                      struct err *err)
{
    struct scanner *scanners[BENCH_LANES_MAX] = {NULL};
    bool is_good = true;
    assert(n <= BENCH_LANES_MAX);
    for (uint32_t k = 0; k < n && is_good; k++)
        is_good = (scanners[k] = scanner_new(lanes[k].db, err)) != NULL;
    if (is_good && f->n)
        time_scanners(lanes, scanners, n, f, seconds);
    for (uint32_t k = 0; k < n; k++)
        scanner_free(scanners[k]);
    return is_good;
}

bool bench_time_fields(const struct db *db, const struct bench_fields *f, uint32_t batch, double seconds,
                       struct spread *out_ns, struct err *err)
{
    struct bench_lane lane = {.db = db, .batch = batch};
    bool is_good = bench_time_lanes(&lane, 1, f, seconds, err);
    *out_ns = lane.ns;
    return is_good;
}

double bench_reference_ns(void)
{
    double ns[REFERENCE_ROUNDS];
    struct buf names;
    buf_init(&names, REFERENCE_BYTES_MAX);
    for (int round = 0; round < REFERENCE_ROUNDS; round++) {
        struct corpus_random r = {1};
        double start = bench_cpu_s();
        buf_reset(&names);
        for (int i = 0; i < REFERENCE_NAMES; i++)
            corpus_put_benign(&names, &r);
        ns[round] = (bench_cpu_s() - start) * 1e9 / REFERENCE_NAMES;
    }
    buf_fini(&names);
    return spread_of(ns, REFERENCE_ROUNDS).median;
}

static void take_hits(struct bench_hits *to, const struct hit *hits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t indicator = to->map ? to->map[hits[i].indicator] : hits[i].indicator;
        uint32_t pair[2] = {hits[i].cookie, indicator};
        to->n++;
        to->n_fields += i == 0 || hits[i].cookie != hits[i - 1].cookie;
        to->mark = hash_bytes(pair, sizeof pair, to->mark);
        if (to->by_indicator)
            to->by_indicator[indicator]++;
    }
}

bool bench_find(const struct db *db, const struct bench_fields *f, uint32_t n, uint32_t batch,
                struct bench_hits *to, struct err *err)
{
    struct scanner *s = scanner_new(db, err);
    if (!s)
        return false;
    for (uint32_t i = 0; i < n; i += batch) {
        const struct hit *hits;
        for (uint32_t k = i; k < i + batch && k < n; k++)
            scan_add(s, bench_field_at(f, k, n), k);
        size_t n_hits = scan_run(s, &hits);
        take_hits(to, hits, n_hits);
    }
    scanner_free(s);
    return true;
}

static double clock_ns(void)
{
    double least = 1e9;
    for (int i = 0; i < CLOCK_READS; i++) {
        double start = bench_wall_s(), ns = (bench_wall_s() - start) * 1e9;
        if (ns < least)
            least = ns;
    }
    return least;
}

bool bench_time_singles(const struct db *db, const struct bench_fields *f, double seconds, struct times *out,
                        double *out_clock_ns, struct err *err)
{
    struct scanner *s = scanner_new(db, err);
    double end = bench_wall_s() + seconds, clock = *out_clock_ns = clock_ns();
    *out = (struct times){0};
    if (!s)
        return false;
    round_s(s, f, f->n < BENCH_FIELDS_LEAST ? f->n : BENCH_FIELDS_LEAST, 1);
    for (uint32_t i = 0; i < f->n; i++) {
        const struct hit *hits;
        double start = bench_wall_s();
        scan_add(s, &f->items[i], i);
        scan_run(s, &hits);
        double now = bench_wall_s(), ns = (now - start) * 1e9 - clock;
        times_add(out, ns > 1 ? ns : 1);
        if (now > end)
            break;
    }
    scanner_free(s);
    return true;
}
