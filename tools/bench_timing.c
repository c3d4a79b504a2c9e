/* See bench_timing.h. */
#include "tools/bench_timing.h"

#include <time.h>

#include "base/hash.h"

enum { CLOCK_READS = 4096 };

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

/* Rounds of one or two scanners, turn by turn. */
static void time_scanners(struct scanner *const s[], uint32_t n_scanners, const struct bench_fields *f,
                          uint32_t batch, double seconds, struct spread out_ns[])
{
    double ns[2][BENCH_ROUNDS_MAX], end = bench_wall_s() + seconds;
    uint32_t n[2], rounds = 0;
    for (uint32_t k = 0; k < n_scanners; k++) {
        n[k] = fields_in_round(s[k], f, batch, seconds / n_scanners);
        round_s(s[k], f, n[k], batch);
    }
    while (rounds < BENCH_ROUNDS_MAX && (rounds < BENCH_ROUNDS_MIN || bench_wall_s() < end)) {
        for (uint32_t k = 0; k < n_scanners; k++)
            ns[k][rounds] = round_s(s[k], f, n[k], batch) * 1e9 / n[k];
        rounds++;
    }
    for (uint32_t k = 0; k < n_scanners; k++)
        out_ns[k] = spread_of(ns[k], rounds);
}

bool bench_time_fields(const struct db *db, const struct bench_fields *f, uint32_t batch, double seconds,
                       struct spread *out_ns, struct err *err)
{
    struct scanner *s = scanner_new(db, err);
    *out_ns = (struct spread){0};
    if (s && f->n)
        time_scanners(&s, 1, f, batch, seconds, out_ns);
    scanner_free(s);
    return s != NULL;
}

bool bench_time_two(const struct db *const dbs[static 2], const struct bench_fields *f, uint32_t batch,
                    double seconds, struct spread out_ns[static 2], struct err *err)
{
    struct scanner *s[2] = {scanner_new(dbs[0], err), NULL};
    s[1] = s[0] ? scanner_new(dbs[1], err) : NULL;
    out_ns[0] = out_ns[1] = (struct spread){0};
    if (s[1] && f->n)
        time_scanners(s, 2, f, batch, seconds, out_ns);
    scanner_free(s[0]);
    bool is_good = s[1] != NULL;
    scanner_free(s[1]);
    return is_good;
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
