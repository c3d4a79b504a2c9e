#pragma once
/* All that a run of `vedette bench` has found out: filled by bench_run.c, written by the reports. Texts are borrowed from the set of the
 * db unless they are arrays. */
#include "tools/bench_check.h"
#include "tools/bench_host.h"
#include "tools/bench_load.h"
#include "tools/bench_packets.h"
#include "tools/bench_subset.h"

enum {
    BENCH_BATCHES = 4,
    BENCH_ENGINES = 2,
    BENCH_SIZES = 4,
    BENCH_LISTS_MAX = 32,  /* measured each alone, the longest first */
    BENCH_PATTERNS_MAX = 10,
    BENCH_PLAIN_MAX = 10,
    BENCH_HITTERS_MAX = 10,
    BENCH_METRICS_MAX = 32,
    BENCH_BATCH = 512,     /* fields per scan where nothing else is said: what a busy sensor has */
};
extern const uint32_t bench_batches[BENCH_BATCHES];

/* All indicators, with one engine for names. */
struct bench_engine {
    const char *name;     /* "table", "hyperscan"; "none": there are no names */
    bool is_measured;
    bool is_used;         /* what the sensor would take */
    double compile_s;
    struct spread ns[BENCH_BATCHES]; /* per field */
};

/* A list, or a class of indicators, alone. */
struct bench_share {
    struct span name;
    uint32_t n;          /* indicators */
    bool is_measured;
    double compile_s;
    struct spread ns;    /* per field, alone */
    double added_ns;     /* beyond what a field costs without any indicator; 0 when it can't be told from nothing */
    double share;        /* of the sum of all added_ns of its kind */
};

/* The same lists, one indicator in so many. */
struct bench_size {
    uint32_t n, every;
    const char *engine;
    double compile_s;
    size_t bytes;
    struct spread ns;
};

struct bench_pattern {
    uint32_t indicator;
    double compile_ms;   /* alone, without its trial */
    struct spread ns;    /* per field, alone */
    double added_ns;
    bool has_without;    /* measured also as what goes when all other patterns stay */
    double without_ns;   /* how much less per field without it; 0: no difference seen */
    uint64_t n_hits;     /* in the fields */
};

/* A regex that a name or URL could stand for. */
struct bench_plain {
    uint32_t indicator;
    enum ioc_type type;
    enum ioc_match match;
    char value[256];
    bool is_same;
};

struct bench_hitter {
    uint32_t indicator;
    uint64_t n;
};

/* A figure that a later run can be compared with. */
struct bench_metric {
    char name[48];
    const char *unit;  /* "s", "bytes", "ns" */
    bool needs_fields; /* says something only when the same fields were used */
    struct spread value;
    double reference_ns; /* how fast the machine was meanwhile (bench_reference_ns); 0: no time */
};

struct bench_result {
    struct bench_host host;
    const struct set_view *set;
    const struct db_stats *stats;
    const uint8_t *classes; /* by indicator */
    const struct db *db;    /* as the sensor has it */
    uint32_t n_live;        /* indicators that can match */
    double seconds;         /* allowed */
    double deadline_s;      /* on bench_wall_s()'s clock, twice as late: what has not begun by then is left out */
    uint64_t seed;

    struct bench_load load;
    bool is_captured;       /* the fields are of captures */
    const struct bench_fields *fields;
    uint64_t fields_mark;   /* the same fields, the same mark */
    struct bench_check check;
    bool engines_agree;     /* all engines and batch sizes found the same hits */

    struct spread nothing_ns; /* per field, without any indicator */
    struct bench_engine engines[BENCH_ENGINES];
    uint32_t n_engines;
    struct bench_share classes_alone[CLASS_COUNT], lists[BENCH_LISTS_MAX];
    uint32_t n_lists;
    struct bench_size sizes[BENCH_SIZES];
    uint32_t n_sizes;
    struct bench_pattern patterns[BENCH_PATTERNS_MAX];
    uint32_t n_patterns, n_patterns_tried, n_patterns_all;
    struct bench_plain plain[BENCH_PLAIN_MAX];
    uint32_t n_plain, n_plain_all, n_plain_same; /* shown; all; those of them that would hit the same */
    struct spread with_regexes_ns, with_plain_ns; /* all indicators: as they are, and with the same in their stead */
    uint64_t n_hits, n_fields_hit;
    struct bench_hitter hitters[BENCH_HITTERS_MAX];
    uint32_t n_hitters;
    struct times singles;
    double clock_ns;
    uint64_t n_packets, n_packets_left_out; /* 0 without captures */
    struct bench_replay replay;
    struct bench_packet_cost packets;

    double load_reference_ns, fields_reference_ns, packets_reference_ns; /* while each was measured */
    struct bench_metric metrics[BENCH_METRICS_MAX];
    uint32_t n_metrics;
};

static inline const struct bench_engine *bench_used_engine(const struct bench_result *r)
{
    return r->n_engines > 1 && r->engines[1].is_used ? &r->engines[1] : &r->engines[0];
}

static inline size_t bench_db_bytes(const struct db_stats *s)
{
    return s->names_bytes + s->patterns_bytes + s->addresses_bytes + s->set_bytes;
}

static inline double bench_per_million(uint64_t n, uint64_t of)
{
    return of ? (double)n * 1e6 / (double)of : 0;
}
