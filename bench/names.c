/* Nanoseconds per name: lists of several sizes, both engines, names one by one and many per scan. Prints what it measured before how
 * fast, and checks its own hits.
 *
 *   bench-names [SIZE...]      sizes of lists (1000 10000 100000 1000000)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "matcher/corpus.h"
#include "matcher/db.h"
#include "matcher/hyperscan.h"
#include "matcher/scan.h"

enum { FIELDS = 1 << 18, BATCH = 512, HIT_EVERY = 8192, ROUNDS = 5, HYPERSCAN_LARGEST = 100000 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "bench-names: %s: %s\n", what, err->what);
    exit(1);
}

/* The list itself: names to build sets from and to draw hits from. */
struct names {
    struct buf bytes;
    uint32_t *ends;
    uint32_t n;
};

static struct span name_at(const struct names *names, uint32_t i)
{
    uint32_t from = i ? names->ends[i - 1] : 0;
    return span_of(names->bytes.ptr + from, names->ends[i] - from);
}

static void make_names(struct names *out, uint32_t n, uint64_t seed,
                       void (*put)(struct buf *, struct corpus_random *))
{
    struct corpus_random r = {seed};
    buf_init(&out->bytes, (size_t)1 << 31);
    out->ends = malloc(n * sizeof *out->ends);
    out->n = n;
    for (uint32_t i = 0; i < n; i++) {
        put(&out->bytes, &r);
        out->ends[i] = (uint32_t)out->bytes.len;
    }
}

static struct db *build(const struct names *names, enum names_engine engine)
{
    struct err err = {0};
    struct set *set = set_new();
    struct context_in context = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    struct db_options options = {.names_engine = engine};
    struct db *db;
    uint32_t list, c;
    bool is_new;
    if (!set_add_list(set, SPAN_LIT("bench"), SPAN_LIT("bench"), &list, &err) ||
        !set_add_context(set, &context, &c, &err))
        die("set", &err);
    for (uint32_t i = 0; i < names->n; i++) {
        struct indicator_in in = {.type = IOC_DOMAIN,
                                  .match = MATCH_SUFFIX,
                                  .fields = ioc_default_fields(IOC_DOMAIN),
                                  .value = name_at(names, i)};
        if (!set_add(set, &in, list, i + 1, c, &is_new, &err))
            die("set", &err);
    }
    if (!db_build(set, &options, &db, &err))
        die("db", &err);
    return db;
}

/* Fields: unlisted names, and every HIT_EVERY-th one a listed name. */
static void make_fields(struct names *out, const struct names *listed)
{
    struct corpus_random r = {77};
    buf_init(&out->bytes, (size_t)1 << 31);
    out->ends = malloc(FIELDS * sizeof *out->ends);
    out->n = FIELDS;
    for (uint32_t i = 0; i < FIELDS; i++) {
        if (i % HIT_EVERY == 5)
            buf_put(&out->bytes, name_at(listed, (uint32_t)(corpus_next(&r) % listed->n)));
        else
            corpus_put_benign(&out->bytes, &r);
        out->ends[i] = (uint32_t)out->bytes.len;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Median ns per name over the rounds; *out_hits of one round. */
static double measure(struct scanner *s, const struct names *fields, uint32_t batch, uint32_t *out_hits)
{
    double ns[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        const struct hit *hits;
        uint32_t n_hits = 0;
        double start = now_s();
        for (uint32_t i = 0; i < fields->n; i += batch) {
            for (uint32_t k = i; k < i + batch && k < fields->n; k++)
                scan_add_name(s, FIELD_DNS_QUERY, name_at(fields, k), 0, k);
            size_t n = scan_run(s, &hits);
            for (size_t h = 0; h < n; h++)
                n_hits += hits[h].cookie % HIT_EVERY == 5 && (h == 0 || hits[h].cookie != hits[h - 1].cookie);
        }
        ns[round] = (now_s() - start) * 1e9 / fields->n;
        *out_hits = n_hits;
    }
    qsort(ns, ROUNDS, sizeof *ns, by_value);
    return ns[ROUNDS / 2];
}

static void run(uint32_t n, enum names_engine engine)
{
    static const char *const engines[] = {"auto", "hyperscan", "table"};
    struct names listed, fields;
    struct err err = {0};
    uint32_t hits_single, hits_batched;
    make_names(&listed, n, 1, corpus_put_name);
    make_fields(&fields, &listed);
    double start = now_s();
    struct db *db = build(&listed, engine);
    double ready = now_s() - start;
    struct scanner *s = scanner_new(db, &err);
    if (!s)
        die("scanner", &err);
    double single = measure(s, &fields, 1, &hits_single), batched = measure(s, &fields, BATCH, &hits_batched);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%8u  %-9s  %8.3f  %8.1f  %8.1f  %8ld\n", n, engines[engine], ready, single, batched,
           usage.ru_maxrss / 1024);
    fflush(stdout);
    if (hits_single != FIELDS / HIT_EVERY || hits_batched != FIELDS / HIT_EVERY) {
        fprintf(stderr, "bench-names: %u and %u hits, %u were planted\n", hits_single, hits_batched,
                FIELDS / HIT_EVERY);
        exit(1);
    }
    scanner_free(s);
    db_free(db);
    buf_fini(&listed.bytes);
    buf_fini(&fields.bytes);
    free(listed.ends);
    free(fields.ends);
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {1000, 10000, 100000, 1000000};
    struct hyperscan_target target;
    hyperscan_target(&target);
    printf("vedette " VEDETTE_VERSION ", compiler " __VERSION__ ", hyperscan %s\n", target.version);
    printf("%u fields, 1 hit in %u, batches of %u, median of %u rounds, CPU time\n", FIELDS, HIT_EVERY, BATCH,
           ROUNDS);
    printf("   names  engine      ready s  ns single  ns batch  peak MiB\n");
    for (size_t i = 0; i < (argc > 1 ? (size_t)argc - 1 : sizeof sizes / sizeof *sizes); i++) {
        uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : sizes[i];
        if (n == 0) {
            fprintf(stderr, "bench-names: a size is a number above 0\n");
            return 2;
        }
        run(n, NAMES_TABLE);
        if (n <= HYPERSCAN_LARGEST)
            run(n, NAMES_HYPERSCAN);
    }
    return 0;
}
