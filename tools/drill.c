/* `vedette drill`: makes a capture in which what lists name is contacted, and says what a sensor has to find in it. Writes files; sends nothing. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "tools/commands.h"
#include "tools/drill_expected.h"
#include "tools/drill_score.h"
#include "tools/help.h"
#include "tools/load_lists.h"
#include "tools/message.h"
#include "tools/outfile.h"
#include "tools/signals.h"
#include "traffic/capture_out.h"

enum { LINES_FLUSH = 256 * 1024, SIGNAL_EVERY = 4096 };

enum option_id {
    OPT_ALLOW = 256,
    OPT_SEED,
    OPT_MIX,
    OPT_SIZE,
    OPT_PACKETS,
    OPT_HIT_RATE,
    OPT_WAYS,
    OPT_TUNNEL,
    OPT_ONE_SIDED,
    OPT_EVASION,
    OPT_START,
    OPT_EXPECTED,
    OPT_NEAR_MISSES,
    OPT_NO_REFANG
};

struct drill {
    struct load_options load; /* its arrays are owned */
    struct loaded loaded;
    struct exercise_options options;
    const char *capture_path, *expected_path;
    bool is_quiet;
    uint32_t *refused; /* owned; indicators */
    size_t n_refused;
    uint8_t *is_refused; /* owned; by indicator */
    struct outfile capture, expected;
    struct buf lines; /* owned; waiting to be written */
    struct exercise *exercise;
};

/* ---- what is expected ---- */

static void flush_lines(struct drill *d, size_t most)
{
    if (d->lines.len <= most)
        return;
    sink_write(&d->expected.sink, buf_span(&d->lines));
    buf_reset(&d->lines);
}

static void take_talk(void *to, const struct exercise_talk *t)
{
    struct drill *d = to;
    if (!d->expected_path)
        return;
    drill_put_talk(&d->lines, db_set(d->loaded.db), t);
    flush_lines(d, LINES_FLUSH);
}

static void take_omitted(void *to, uint32_t indicator, enum exercise_omission why)
{
    struct drill *d = to;
    if (!d->expected_path)
        return;
    drill_put_omitted(&d->lines, db_set(d->loaded.db), indicator, why);
    flush_lines(d, LINES_FLUSH);
}

static void take_refused(void *to, uint32_t indicator)
{
    struct drill *d = to;
    uint32_t *grown = reallocarray(d->refused, d->n_refused + 1, sizeof *grown);
    if (!grown)
        return;
    d->refused = grown;
    d->refused[d->n_refused++] = indicator;
}

/* ---- the run ---- */

static bool write_packets(struct drill *d, struct err *err)
{
    struct packet pkt;
    struct capture_out *out = capture_out_new(d->capture.sink.fd, d->capture.sink.path, err);
    bool is_good = out != NULL;
    while (is_good && exercise_next(d->exercise, &pkt, err)) {
        is_good = capture_out_packet(out, &pkt);
        if (pkt.number % SIGNAL_EVERY == 0 && signals_want_end())
            is_good = err_set(err, ERR_INTERRUPTED, NULL, "interrupted; nothing was written");
    }
    is_good = err->kind == ERR_NONE && out && capture_out_flush(out, err);
    capture_out_free(out);
    return is_good;
}

static bool write_expected(struct drill *d, struct err *err)
{
    if (!d->expected_path)
        return true;
    if (d->lines.is_full)
        return err_set(err, ERR_MEMORY, d->expected_path, "out of memory");
    flush_lines(d, 0);
    if (d->expected.sink.err.kind == ERR_NONE)
        return true;
    *err = d->expected.sink.err;
    return false;
}

/* Both or none. */
static bool write_files(struct drill *d, struct err *err)
{
    if (!outfile_open(&d->capture, d->capture_path, err))
        return false;
    bool has_expected = d->expected_path && outfile_open(&d->expected, d->expected_path, err);
    bool is_good = has_expected || !d->expected_path;
    if (is_good) {
        d->exercise = exercise_new(&d->options, err);
        is_good = d->exercise && write_packets(d, err) && write_expected(d, err);
    }
    if (has_expected && is_good)
        is_good = outfile_commit(&d->expected, err);
    else if (has_expected)
        outfile_drop(&d->expected);
    if (is_good)
        return outfile_commit(&d->capture, err);
    outfile_drop(&d->capture);
    return false;
}

static const char *reason_text(enum exercise_omission why)
{
    static const char *const texts[OMIT_COUNT + 1] = {
        [OMIT_DIGEST] = "fingerprints and hashes: nobody can make traffic to measure",
        [OMIT_PATTERN] = "regexes: no value was found that they match there",
        [OMIT_BLOOM] = "Bloom filters: they do not tell their values",
        [OMIT_REFUSED] = "patterns that were refused",
        [OMIT_FIELDS] = "looked for in none of the ways that are made",
        [OMIT_TIME] = "do not hold then",
        [OMIT_ALLOWED] = "covered by an allow-list, as they are or by what comes with them",
        [OMIT_VALUE] = "cannot be sent as they are",
        [OMIT_CROWDED] = "meet too many other indicators",
        [OMIT_COUNT] = "",
    };
    return texts[why];
}

static void say_totals(const struct drill *d, double seconds)
{
    const struct exercise_totals *t = exercise_totals(d->exercise);
    char start[TIME_TEXT_MAX];
    time_format_seconds(exercise_start(d->exercise), start);
    say("%llu conversations: %llu contact an indicator, %llu are near misses; %llu alerts expected",
        (unsigned long long)t->conversations, (unsigned long long)t->planted, (unsigned long long)t->traps,
        (unsigned long long)t->alerts);
    for (unsigned i = 0; i < OMIT_COUNT; i++)
        if (t->omitted[i])
            say("%llu not made: %s", (unsigned long long)t->omitted[i],
                reason_text((enum exercise_omission)i));
    if (t->traps_omitted)
        say("%llu near misses not made: they would be hits, or no names",
            (unsigned long long)t->traps_omitted);
    say("%llu packets, %llu bytes from %s on, made in %.2f s: %.0f MB/s", (unsigned long long)t->packets,
        (unsigned long long)t->bytes, start, seconds, seconds > 0 ? (double)t->bytes / 1e6 / seconds : 0.0);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool mark_refused(struct drill *d)
{
    d->is_refused = calloc(db_set(d->loaded.db)->n_indicators + 1ull, 1);
    if (!d->is_refused)
        return false;
    for (size_t i = 0; i < d->n_refused; i++)
        d->is_refused[d->refused[i]] = 1;
    return true;
}

static int run(struct drill *d)
{
    struct err err = {0};
    signals_catch();
    if (!load_lists(&d->load, &d->loaded))
        return d->loaded.is_misused ? EXIT_USAGE : EXIT_FAILED;
    if (!mark_refused(d)) {
        say("out of memory");
        return EXIT_FAILED;
    }
    d->options.db = d->loaded.db;
    d->options.refused = d->is_refused;
    d->options.told = take_talk;
    d->options.omitted = take_omitted;
    d->options.to = d;
    double start = now_s();
    if (!write_files(d, &err)) {
        say_err(&err);
        return EXIT_FAILED;
    }
    if (!d->is_quiet)
        say_totals(d, now_s() - start);
    return d->loaded.has_failed ? EXIT_FAILED : EXIT_DONE;
}

/* ---- options ---- */

/* "10G", "500M", "4096": powers of 1000. */
static bool read_size(const char *text, uint64_t *out)
{
    static const char units[] = "kMGT";
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    uint64_t unit = 1;
    const char *u = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
    for (const char *at = units; u && at <= u; at++)
        unit *= 1000;
    if (text[0] < '0' || text[0] > '9' || errno || (*end && (!u || end[1])) || n == 0 ||
        n > UINT64_MAX / unit)
        return false;
    *out = n * unit;
    return true;
}

static bool read_count(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !*end && !errno;
}

static bool read_rate(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && *out > 0 && *out <= 1;
}

static bool by_of(struct span name, unsigned *out)
{
    for (unsigned by = 0; by < CONTACT_BYS; by++)
        if (span_eq(name, span_str(contact_by_name((enum contact_by)by))))
            return *out = by, true;
    return false;
}

/* The part of *io_rest up to the next comma. */
static struct span take_part(struct span *io_rest)
{
    const uint8_t *comma = io_rest->len ? memchr(io_rest->ptr, ',', io_rest->len) : NULL;
    struct span part = span_first(*io_rest, comma ? (size_t)(comma - io_rest->ptr) : io_rest->len);
    *io_rest = span_from(*io_rest, part.len + 1);
    return part;
}

/* "dns=40,tls=60" */
static bool read_mix(const char *text, uint32_t mix[static CONTACT_BYS])
{
    uint64_t sum = 0;
    memset(mix, 0, CONTACT_BYS * sizeof *mix);
    for (struct span rest = span_str(text); rest.len;) {
        char number[16];
        unsigned by;
        uint64_t share;
        struct span part = take_part(&rest);
        const uint8_t *equals = part.len ? memchr(part.ptr, '=', part.len) : NULL;
        struct span value = equals ? span_from(part, (size_t)(equals - part.ptr) + 1) : (struct span){0};
        snprintf(number, sizeof number, "%.*s", (int)(value.len < 15 ? value.len : 15),
                 value.ptr ? (const char *)value.ptr : "");
        if (!equals || !by_of(span_first(part, (size_t)(equals - part.ptr)), &by) ||
            !read_count(number, &share) || share > 1000000)
            return false;
        mix[by] = (uint32_t)share;
        sum += share;
    }
    return sum > 0;
}

/* "all", "one", or names of ways. */
static bool read_ways(struct exercise_options *o, const char *text)
{
    o->ways = 0;
    o->is_one_way_each = strcmp(text, "one") == 0;
    if (o->is_one_way_each || strcmp(text, "all") == 0)
        return true;
    for (struct span rest = span_str(text); rest.len;) {
        unsigned by;
        if (!by_of(take_part(&rest), &by))
            return false;
        o->ways |= 1u << by;
    }
    return o->ways != 0;
}

/* One more layer, inside of those that were named before. */
static bool add_tunnel(struct wrapping *w, const char *name)
{
    static const struct {
        const char *name;
        enum wrap_kind kind;
        uint32_t id;
    } kinds[] = {{"vlan", WRAP_VLAN, 42},     {"service-vlan", WRAP_SERVICE_VLAN, 100},
                 {"mpls", WRAP_MPLS, 1000},   {"pppoe", WRAP_PPPOE, 17},
                 {"ip", WRAP_IP, 0},          {"gre", WRAP_GRE, 0},
                 {"vxlan", WRAP_VXLAN, 5000}, {"gtp-u", WRAP_GTP_U, 0x1234}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && w->n < WRAPPING_MAX; i++) {
        if (strcmp(kinds[i].name, name) != 0)
            continue;
        w->layers[w->n++] = (struct wrap){.kind = kinds[i].kind,
                                          .id = kinds[i].id,
                                          .client = ip_from_v4((const uint8_t[4]){198, 19, 255, 1}),
                                          .server = ip_from_v4((const uint8_t[4]){198, 19, 255, 2})};
        return wrapping_fits(w);
    }
    return false;
}

static bool wrong(const char *option, const char *value, const char *wanted)
{
    usage_error("drill ", "%s \"%s\": %s", option, value, wanted);
    return false;
}

static bool take_number(struct drill *d, int option, const char *value)
{
    struct exercise_options *o = &d->options;
    uint64_t n;
    switch (option) {
    case OPT_SEED:
        return read_count(value, &o->seed) || wrong("--seed", value, "a number is wanted");
    case OPT_SIZE:
        return read_size(value, &o->bytes) || wrong("--size", value, "bytes are wanted: 500M, 10G");
    case OPT_PACKETS:
        return read_size(value, &o->packets) || wrong("--packets", value, "a number above 0 is wanted");
    case OPT_HIT_RATE:
        return read_rate(value, &o->hit_rate) ||
               wrong("--hit-rate", value, "a share above 0, up to 1, is wanted");
    default:
        if (!read_count(value, &n) || n > EXERCISE_EVASION_MAX)
            return wrong("--evasion", value, "0, 1, 2 or 3 is wanted");
        o->evasion = (unsigned)n;
        return true;
    }
}

static bool take_option(struct drill *d, int option, char *value)
{
    struct exercise_options *o = &d->options;
    switch (option) {
    case 'o':
        d->capture_path = value;
        return true;
    case 'q':
        d->is_quiet = d->load.is_quiet = true;
        return true;
    case OPT_ALLOW:
        d->load.allow[d->load.n_allow++] = value;
        return true;
    case OPT_NO_REFANG:
        d->load.keeps_defanged_out = true;
        return true;
    case OPT_EXPECTED:
        d->expected_path = value;
        return true;
    case OPT_ONE_SIDED:
        o->is_one_sided = true;
        return true;
    case OPT_NEAR_MISSES:
        o->has_traps = true;
        return true;
    case OPT_MIX:
        return read_mix(value, o->mix) ||
               wrong("--mix", value, "shares are wanted: dns=40,http=20,tls=30,quic=10,connection=0");
    case OPT_WAYS:
        return read_ways(o, value) ||
               wrong("--ways", value, "all, one, or some of dns,http,tls,quic,connection is wanted");
    case OPT_TUNNEL:
        return add_tunnel(&o->wrapping, value) ||
               wrong(
                   "--tunnel", value,
                   "vlan, service-vlan, mpls, pppoe, ip, gre, vxlan or gtp-u is wanted, and one that can be "
                   "inside of the one before");
    case OPT_START:
        return (time_parse(span_str(value), &o->start) && o->start >= 0 && o->start < UINT32_MAX) ||
               wrong("--start", value, "a time from 1970 to 2106 is wanted: 2026-01-31T12:00:00Z");
    default:
        return take_number(d, option, value);
    }
}

/* True: go on. Else *out_exit is what to exit with. */
static bool parse(struct drill *d, int argc, char **argv, int *out_exit)
{
    static const struct option known[] = {{"output", required_argument, NULL, 'o'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"allow", required_argument, NULL, OPT_ALLOW},
                                          {"no-refang", no_argument, NULL, OPT_NO_REFANG},
                                          {"seed", required_argument, NULL, OPT_SEED},
                                          {"mix", required_argument, NULL, OPT_MIX},
                                          {"size", required_argument, NULL, OPT_SIZE},
                                          {"packets", required_argument, NULL, OPT_PACKETS},
                                          {"hit-rate", required_argument, NULL, OPT_HIT_RATE},
                                          {"ways", required_argument, NULL, OPT_WAYS},
                                          {"tunnel", required_argument, NULL, OPT_TUNNEL},
                                          {"one-sided", no_argument, NULL, OPT_ONE_SIDED},
                                          {"evasion", required_argument, NULL, OPT_EVASION},
                                          {"start", required_argument, NULL, OPT_START},
                                          {"expected", required_argument, NULL, OPT_EXPECTED},
                                          {"near-misses", no_argument, NULL, OPT_NEAR_MISSES},
                                          {0}};
    opterr = 0;
    *out_exit = EXIT_USAGE;
    for (int option; (option = getopt_long(argc, argv, ":o:qh", known, NULL)) != -1;) {
        if (option == 'h') {
            help_print(stdout, "drill");
            *out_exit = EXIT_DONE;
            return false;
        }
        if (option == ':' || option == '?') {
            usage_error("drill ", option == ':' ? "%s wants a value" : "unknown option %s", argv[optind - 1]);
            return false;
        }
        if (!take_option(d, option, optarg))
            return false;
    }
    while (optind < argc)
        d->load.lists[d->load.n_lists++] = argv[optind++];
    return true;
}

/* Would writing there empty a list, or the other file? */
static bool spares_inputs(const struct drill *d)
{
    const char *const paths[] = {d->capture_path, d->expected_path};
    for (size_t i = 0; i < 2; i++)
        if (paths[i] && load_lists_reads(&d->load, paths[i])) {
            usage_error("drill ", "%s is one of the lists: it would be written over", paths[i]);
            return false;
        }
    if (d->expected_path && strcmp(d->capture_path, d->expected_path) == 0) {
        usage_error("drill ", "the capture and what is expected can't be one file");
        return false;
    }
    return true;
}

static int prepare(struct drill *d, int argc, char **argv)
{
    int status;
    if (!d->load.lists || !d->load.allow) {
        say("out of memory");
        return EXIT_FAILED;
    }
    if (!parse(d, argc, argv, &status))
        return status;
    if (d->load.n_lists == 0)
        return usage_error("drill ", "no list was named");
    if (!d->capture_path)
        return usage_error("drill ", "where to write the capture? -o FILE");
    return spares_inputs(d) ? run(d) : EXIT_USAGE;
}

int command_drill(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "score") == 0)
        return drill_score(argc - 1, argv + 1);
    struct drill d = {.options = {.seed = 1, .start = INT64_MIN}};
    d.load.lists = calloc((size_t)argc, sizeof *d.load.lists);
    d.load.allow = calloc((size_t)argc, sizeof *d.load.allow);
    d.load.refused = take_refused;
    d.load.refused_to = &d;
    buf_init(&d.lines, LINES_FLUSH + (EXERCISE_ALERTS_MAX + 1) * DRILL_LINE_MAX);
    int status = prepare(&d, argc, argv);
    exercise_free(d.exercise);
    loaded_fini(&d.loaded);
    buf_fini(&d.lines);
    free(d.refused);
    free(d.is_refused);
    free(d.load.lists);
    free(d.load.allow);
    return status;
}
