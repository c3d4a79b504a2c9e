/* Nanoseconds per name for Bloom filters of several sizes, names one by one and many per scan, beside a scanner that
 * has none. Prints what it measured before how fast, and checks its own hits.
 *
 *   bench-bloom [VALUES...]      values in the filter (1000 100000 1000000 10000000) / */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "matcher/corpus.h"
#include "matcher/db.h"
#include "matcher/scan.h"

enum { FIELDS = 1 << 18, BATCH = 512, HIT_EVERY = 8192, ROUNDS = 5 };

#define RATE 1e-6

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "bench-bloom: %s: %s\n", what, err->what);
    exit(1);
}

/* Fields: unlisted names, and every HIT_EVERY-th one a name of the filter. */
struct fields {
    struct buf bytes;
    uint32_t ends[FIELDS];
};

static struct span field_at(const struct fields *f, uint32_t i)
{
    uint32_t from = i ? f->ends[i - 1] : 0;
    return span_of(f->bytes.ptr + from, f->ends[i] - from);
}

static void enter(uint64_t *words, const struct bloom *b, struct span name)
{
    uint64_t p = UINT64_C(18446744073709551557), h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.len; i++)
        h = h * UINT64_C(0x100000001b3) ^ name.ptr[i];
    h %= p;
    for (uint32_t i = 0; i < b->n_hashes; i++) {
        h = h * UINT64_C(18446744073709550147) % p;
        words[h % b->n_bits / 64] |= UINT64_C(1) << h % b->n_bits % 64;
    }
}

/* Fill the filter with `n` names of the generator, and put some of them among the fields. */
static void fill(uint64_t *words, const struct bloom *b, uint32_t n, struct fields *f)
{
    struct corpus_random names = {1}, benign = {77};
    struct buf name;
    uint32_t n_planted = FIELDS / HIT_EVERY, at = 0;
    buf_init(&name, 1024);
    for (uint32_t i = 0; i < n; i++) {
        buf_reset(&name);
        corpus_put_name(&name, &names);
        enter(words, b, buf_span(&name));
        while (i % (n / n_planted) == 0 && at < FIELDS) {
            bool is_planted = at % HIT_EVERY == 5;
            if (is_planted)
                buf_put(&f->bytes, buf_span(&name));
            else
                corpus_put_benign(&f->bytes, &benign);
            f->ends[at++] = (uint32_t)f->bytes.len;
            if (is_planted)
                break;
        }
    }
    for (; at < FIELDS; at++) {
        corpus_put_benign(&f->bytes, &benign);
        f->ends[at] = (uint32_t)f->bytes.len;
    }
    buf_fini(&name);
}

static struct db *build(uint32_t n, struct fields *f)
{
    struct err err = {0};
    struct set *set = set_new();
    struct context_in context = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    struct indicator_in in = {.type = IOC_BLOOM,
                              .match = MATCH_SUFFIX,
                              .fields = ioc_default_fields(IOC_BLOOM),
                              .value = SPAN_LIT("bench")};
    struct bloom b = {.n_meant = n, .rate = RATE};
    struct db *db;
    uint32_t list, c;
    bool is_new;
    b.n_bits = (uint64_t)(-(double)n * log(RATE) / (log(2) * log(2)));
    b.n_hashes = (uint32_t)ceil(log(2) * (double)b.n_bits / n);
    uint64_t *words = set_add_words(set, (uint32_t)bloom_n_words(b.n_bits));
    if (!words || !set_add_list(set, SPAN_LIT("bench"), SPAN_LIT("bench"), &list, &err) ||
        !set_add_context(set, &context, &c, &err) || !set_add(set, &in, list, 1, c, &is_new, &err) ||
        !set_add_bloom(set, &b, &err))
        die("set", &err);
    fill(words, &b, n, f);
    if (!db_build(set, NULL, &db, &err))
        die("db", &err);
    return db;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Median ns per name over the rounds; hits on planted names and on others, of one round. */
static double measure(struct scanner *s, const struct fields *f, uint32_t batch, uint32_t out_hits[2])
{
    double ns[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        const struct hit *hits;
        out_hits[0] = out_hits[1] = 0;
        double start = now_s();
        for (uint32_t i = 0; i < FIELDS; i += batch) {
            for (uint32_t k = i; k < i + batch && k < FIELDS; k++)
                scan_add_name(s, FIELD_DNS_QUERY, field_at(f, k), 0, k);
            size_t n = scan_run(s, &hits);
            for (size_t h = 0; h < n; h++)
                out_hits[hits[h].cookie % HIT_EVERY != 5]++;
        }
        ns[round] = (now_s() - start) * 1e9 / FIELDS;
    }
    qsort(ns, ROUNDS, sizeof *ns, by_value);
    return ns[ROUNDS / 2];
}

static struct scanner *scanner_of(const struct db *db)
{
    struct err err = {0};
    struct scanner *s = scanner_new(db, &err);
    if (!s)
        die("scanner", &err);
    return s;
}

static void run(uint32_t n)
{
    static struct fields f;
    uint32_t single_hits[2], batch_hits[2];
    buf_init(&f.bytes, (size_t)1 << 31);
    struct db *db = build(n, &f);
    struct scanner *s = scanner_of(db);
    double single = measure(s, &f, 1, single_hits), batched = measure(s, &f, BATCH, batch_hits);
    printf("%9u  %8.1f  %8.1f  %8.1f  %11u\n", n, (double)db_set(db)->n_bloom_words / (1 << 17), single,
           batched, batch_hits[1]);
    fflush(stdout);
    if (single_hits[0] != FIELDS / HIT_EVERY || batch_hits[0] != FIELDS / HIT_EVERY) {
        fprintf(stderr, "bench-bloom: %u and %u hits, %u were planted\n", single_hits[0], batch_hits[0],
                FIELDS / HIT_EVERY);
        exit(1);
    }
    scanner_free(s);
    db_free(db);
    buf_fini(&f.bytes);
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {1000, 100000, 1000000, 10000000};
    printf("vedette " VEDETTE_VERSION ", compiler " __VERSION__ "\n");
    printf("%u fields, 1 hit in %u, p %g, batches of %u, median of %u rounds, CPU time\n", FIELDS, HIT_EVERY,
           RATE, BATCH, ROUNDS);
    printf("   values       MiB  ns single  ns batch  false hits\n");
    for (size_t i = 0; i < (argc > 1 ? (size_t)argc - 1 : sizeof sizes / sizeof *sizes); i++) {
        uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : sizes[i];
        if (n < FIELDS / HIT_EVERY) {
            fprintf(stderr, "bench-bloom: a number of values is at least %u\n", FIELDS / HIT_EVERY);
            return 2;
        }
        run(n);
    }
    return 0;
}
