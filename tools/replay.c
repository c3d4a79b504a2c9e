/* `vedette replay` and `vedette fields`: captures in, lines out. */
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "outputs/outputs.h"
#include "sensor/capture/capture.h"
#include "sensor/crew.h"
#include "sensor/ledger.h"
#include "tools/commands.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/paths.h"
#include "tools/progress.h"
#include "tools/signals.h"
#include "tools/sink.h"
#include "tools/start_outputs.h"
#include "tools/summary.h"

enum { PACKETS_PER_READ = 4096, WORKERS_DEFAULT_MAX = 8 };
#define WORTH_THREADS_BYTES                                                                                  \
    (UINT64_C(32)                                                                                            \
     << 20) /* captures that one worker reads in a tenth of a second are not worth others' starting */

struct run {
    struct options options;
    struct paths captures;
    struct loaded loaded;
    struct sink sink;        /* of `fields`, and where all goes into one file as it is */
    struct outputs *outputs; /* else; NULL */
    struct crew *crew;
    struct progress progress;
    struct ledger ledger;  /* of captures that are read one by one */
    uint64_t bytes_before; /* sizes of the captures that are done */
    size_t n_read, n_failed;
    bool has_lists;
};

static void on_packets(void *to, const struct packet *packets, size_t n)
{
    crew_packets(to, packets, n);
}

static uint64_t total_size(const struct paths *p)
{
    uint64_t total = 0;
    struct stat st;
    for (size_t i = 0; i < p->n; i++) {
        if (stat(p->items[i], &st) != 0 || !S_ISREG(st.st_mode))
            return 0;
        total += (uint64_t)st.st_size;
    }
    return total;
}

/* All packets of an open capture. False: it broke off (said). */
static bool read_capture(struct run *r, struct capture *c, uint32_t source)
{
    bool is_read = capture_link(c) != LINK_OTHER;
    struct err err = {0};
    int n;
    if (!is_read)
        say("%s: link type %s is not read: its packets are counted, not looked into",
            r->captures.items[source], capture_link_name(c));
    signals_watch(c);
    while ((n = capture_read_many(c, PACKETS_PER_READ, source, on_packets, r->crew, &err)) > 0) {
        uint64_t packets, alerts;
        crew_progress(r->crew, &packets, &alerts);
        progress_update(&r->progress, r->bytes_before + capture_position(c), packets, alerts);
        if (signals_want_end() || crew_output_is_broken(r->crew))
            break;
    }
    signals_watch(NULL);
    crew_end_source(r->crew);
    if (!r->options.is_joined)
        ledger_note(&r->ledger, r->captures.items[source], crew_stats(r->crew));
    r->bytes_before += capture_size(c);
    if (n < 0 && err.kind == ERR_INTERRUPTED)
        n = 0;
    if (n < 0) {
        progress_end(&r->progress);
        say_err(&err);
    }
    return n >= 0 && is_read;
}

static void read_captures(struct run *r)
{
    for (size_t i = 0; i < r->captures.n && !signals_want_end() && !crew_output_is_broken(r->crew); i++) {
        struct err err = {0};
        struct capture *c = capture_open_file(r->captures.items[i], &err);
        if (!c && err.kind == ERR_INTERRUPTED)
            return;
        if (!c && r->captures.is_listed[i] && err.kind == ERR_SYNTAX) {
            say("%s: %s; passed over", r->captures.items[i], err.what);
            continue;
        }
        if (c)
            r->n_read++;
        else
            say_err(&err);
        if (!c || !read_capture(r, c, (uint32_t)i))
            r->n_failed++;
        capture_close(c);
    }
}

static void write_stats(struct run *r, const struct eve_options *eve)
{
    struct buf line;
    buf_init(&line, 64 << 20);
    struct eve_lists lists = {.reports = r->loaded.reports,
                              .n_reports = r->loaded.n_reports,
                              .list_hits = crew_list_hits(r->crew),
                              .allow_hits = crew_allow_hits(r->crew),
                              .ledger = &r->ledger,
                              .more = r->outputs ? outputs_put_stats : NULL,
                              .more_from = r->outputs};
    if (eve_put_stats(&line, eve, crew_stats(r->crew), r->loaded.db, &lists, 0))
        r->outputs ? outputs_write_stats(r->outputs, buf_span(&line)) : sink_write(&r->sink, buf_span(&line));
    buf_fini(&line);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* As asked for, or one for each processor where there is enough to do. What comes out is the same. */
static unsigned n_workers(const struct run *r, uint64_t total_bytes)
{
    cpu_set_t cpus;
    if (r->options.n_workers)
        return (unsigned)r->options.n_workers;
    if ((total_bytes && total_bytes < WORTH_THREADS_BYTES) || sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return 1;
    int n = CPU_COUNT(&cpus);
    return n < WORKERS_DEFAULT_MAX ? (unsigned)n : WORKERS_DEFAULT_MAX;
}

static bool run_all(struct run *r)
{
    struct err err = {0};
    struct timespec start;
    struct worker_options options = {
        .db = r->loaded.db,
        .eve = {.version = r->options.eve_version, .sources = (const char *const *)r->captures.items},
        .writes_events = !r->has_lists,
        .is_joined = r->options.is_joined,
        .verifies_checksums = r->options.verifies_checksums,
        .write = sink_write,
        .write_to = &r->sink,
        .alert_to = r->outputs ? outputs_tap(r->outputs) : NULL,
    };
    if (options.alert_to) {
        options.alert = outputs_alert;
        options.flushed = outputs_flushed;
    }
    uint64_t total_bytes = total_size(&r->captures);
    r->crew = crew_new(&options, r->outputs ? 1 : n_workers(r, total_bytes), &err);
    if (!r->crew) {
        say_err(&err);
        return false;
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    progress_start(&r->progress, total_bytes, !r->options.is_quiet);
    read_captures(r);
    if (r->options.is_joined)
        crew_end_run(r->crew);
    if (r->outputs)
        outputs_close_windows(r->outputs);
    double seconds = seconds_since(&start);
    progress_end(&r->progress);
    if (r->options.writes_stats)
        write_stats(r, &options.eve);
    if (!r->options.is_quiet) {
        char what[64];
        snprintf(what, sizeof what, "%zu capture%s", r->n_read, r->n_read == 1 ? "" : "s");
        summary_print(&(struct run_totals){
            .stats = crew_stats(r->crew),
            .loaded = r->has_lists ? &r->loaded : NULL,
            .list_hits = crew_list_hits(r->crew),
            .allow_hits = crew_allow_hits(r->crew),
            .what = what,
            .seconds = seconds,
            .ledger = &r->ledger,
        });
    }
    if (signals_want_end())
        say("interrupted: what was read until then is all that is reported");
    if (r->n_read == 0)
        say("no capture was read");
    return true;
}

/* One file that takes all lines as they are: several workers may write it. */
static bool is_plain(const struct options *o)
{
    return o->n_outputs == 0 ? o->threshold.count == 0
                             : o->n_outputs == 1 && o->threshold.count == 0 && o->output &&
                                   strcmp(o->outputs[0].target, o->output) == 0;
}

static bool open_output(struct run *r, struct err *err)
{
    if (!r->has_lists || is_plain(&r->options))
        return sink_open(&r->sink, r->options.output, err);
    struct eve_options eve = {.version = r->options.eve_version,
                              .sources = (const char *const *)r->captures.items};
    r->outputs = new_outputs(&r->options, &eve, 0, err);
    return r->outputs && outputs_start(r->outputs, err);
}

static bool close_output(struct run *r)
{
    if (r->outputs)
        return end_outputs(r->outputs, r->options.is_quiet);
    if (sink_close(&r->sink))
        return true;
    say_err(&r->sink.err);
    return false;
}

static bool expand_captures(struct run *r, int argc, char **argv)
{
    bool is_good = true;
    for (int i = optind; i < argc; i++) {
        struct err err = {0};
        if (paths_add(&r->captures, argv[i], &err))
            continue;
        say_err(&err);
        is_good = false;
    }
    return is_good;
}

static int run(int argc, char **argv, enum option_scope scope)
{
    struct run r = {.has_lists = scope == OPTIONS_REPLAY};
    struct err err = {0};
    int status;
    if (!options_parse(argc, argv, scope, &r.options, &status))
        return status;
    const char *name = r.has_lists ? "replay " : "fields ";
    if (optind == argc)
        status = usage_error(name, "no capture was named");
    else if (r.has_lists && !options_name_lists(&r.options, name))
        status = EXIT_USAGE;
    else {
        status = EXIT_FAILED;
        signals_catch();
        bool is_good = expand_captures(&r, argc, argv);
        if (!options_spare_inputs(&r.options, &r.captures, name)) {
            status = EXIT_USAGE;
            goto out;
        }
        if (r.has_lists && !load_lists(&r.options.load, &r.loaded)) {
            if (r.loaded.is_misused)
                status = EXIT_USAGE;
            goto out;
        }
        if (!open_output(&r, &err)) {
            say_err(&err);
            goto out;
        }
        is_good = run_all(&r) && is_good && r.n_failed == 0 && r.n_read > 0 && !r.loaded.has_failed;
        if (!close_output(&r))
            is_good = false;
        status = is_good ? EXIT_DONE : EXIT_FAILED;
    }
out:
    crew_free(r.crew);
    outputs_free(r.outputs);
    loaded_fini(&r.loaded);
    paths_fini(&r.captures);
    options_fini(&r.options);
    return status;
}

int command_replay(int argc, char **argv)
{
    return run(argc, argv, OPTIONS_REPLAY);
}

int command_fields(int argc, char **argv)
{
    return run(argc, argv, OPTIONS_FIELDS);
}
