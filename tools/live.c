/* `vedette live`: one interface, one worker. Privileges last one call: the interface is opened, they are dropped, only then is the first
 * packet looked at. */
#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "outputs/outputs.h"
#include "sensor/capture/capture.h"
#include "sensor/ledger.h"
#include "sensor/worker.h"
#include "tools/commands.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/signals.h"
#include "tools/start_outputs.h"
#include "tools/summary.h"

enum { PACKETS_PER_READ = 1024 };

struct live {
    struct options options;
    struct loaded loaded;
    struct outputs *outputs;
    struct capture *capture;
    struct worker *worker;
    struct eve_options eve;
    const char *sources[1];
    enum link_type link;
    time_t start, next_stats;
};

static void on_packet(void *to, const struct packet *pkt)
{
    struct live *l = to;
    worker_packet(l->worker, pkt->link, pkt);
}

/* For good: no capability is left, and as root another user is become. */
static bool drop_privileges(const char *user)
{
    if (geteuid() == 0) {
        errno = 0;
        const struct passwd *p = getpwnam(user);
        if (!p) {
            say("--user: there is no user \"%s\"", user);
            return false;
        }
        capng_clear(CAPNG_SELECT_BOTH);
        if (capng_change_id((int)p->pw_uid, (int)p->pw_gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) !=
            0) {
            say("can't become user \"%s\" and drop privileges", user);
            return false;
        }
        return true;
    }
    capng_clear(CAPNG_SELECT_BOTH);
    if (capng_apply(CAPNG_SELECT_CAPS) == 0)
        return true;
    say("can't drop capabilities");
    return false;
}

static void write_stats(struct live *l)
{
    struct buf line;
    struct ledger ledger = {0};
    ledger_note(&ledger, l->options.interface, worker_stats(l->worker));
    buf_init(&line, 64 << 20);
    struct eve_lists lists = {.reports = l->loaded.reports,
                              .n_reports = l->loaded.n_reports,
                              .list_hits = worker_list_hits(l->worker),
                              .allow_hits = worker_allow_hits(l->worker),
                              .ledger = &ledger,
                              .more = outputs_put_stats,
                              .more_from = l->outputs};
    if (eve_put_stats(&line, &l->eve, worker_stats(l->worker), l->loaded.db, &lists, time(NULL) - l->start))
        outputs_write_stats(l->outputs, buf_span(&line));
    buf_fini(&line);
}

static void note_drops(struct live *l)
{
    uint64_t kernel, interface;
    if (capture_drops(l->capture, &kernel, &interface))
        worker_set_drops(l->worker, kernel, interface);
}

/* Until somebody asks for the end. False: the capture or the output failed (said). */
static bool watch(struct live *l)
{
    struct err err = {0};
    int n = 0;
    signals_watch(l->capture);
    while (!signals_want_end() && !worker_output_is_broken(l->worker)) {
        n = capture_read(l->capture, PACKETS_PER_READ, 0, on_packet, l, &err);
        worker_flush(l->worker);
        if (n < 0)
            break;
        if (signals_want_reopen())
            outputs_reopen(l->outputs);
        if (l->options.stats_interval_s && time(NULL) >= l->next_stats) {
            note_drops(l);
            write_stats(l);
            l->next_stats += l->options.stats_interval_s;
        }
    }
    signals_watch(NULL);
    if (n < 0)
        say_err(&err);
    note_drops(l);
    worker_end_source(l->worker);
    outputs_close_windows(l->outputs);
    return n >= 0;
}

static bool start(struct live *l)
{
    struct err err = {0};
    const struct options *o = &l->options;
    struct capture_live_options capture = {
        .filter = o->filter,
        .snaplen = o->snaplen,
        .buffer_mib = o->buffer_mib,
        .is_promiscuous = o->is_promiscuous,
    };
    l->sources[0] = o->interface;
    l->eve = (struct eve_options){.version = o->eve_version, .sources = l->sources, .is_live = true};
    struct worker_options worker = {.db = l->loaded.db,
                                    .eve = l->eve,
                                    .alert = outputs_alert,
                                    .flushed = outputs_flushed,
                                    .verifies_checksums = o->verifies_checksums};
    if (getrandom(&worker.seed, sizeof worker.seed, 0) != sizeof worker.seed)
        worker.seed = (uint64_t)time(NULL);
    if (!(l->outputs = new_outputs(o, &l->eve, worker.seed, &err)) ||
        !(worker.alert_to = outputs_tap(l->outputs)) ||
        !(l->capture = capture_open_live(o->interface, &capture, &err)) ||
        !(l->worker = worker_new(&worker, &err))) {
        say_err(&err);
        return false;
    }
    l->link = capture_link(l->capture);
    if (l->link == LINK_OTHER) {
        say("%s: link type %s is not read", o->interface, capture_link_name(l->capture));
        return false;
    }
    if (!drop_privileges(o->user))
        return false;
    if (outputs_start(l->outputs, &err))
        return true;
    say_err(&err);
    return false;
}

static bool run(struct live *l)
{
    struct timespec begin, end;
    if (!load_lists(&l->options.load, &l->loaded) || !start(l))
        return false;
    say("watching %s for %u indicators", l->options.interface,
        db_set(l->loaded.db)->n_indicators - db_stats(l->loaded.db)->n_suppressed);
    l->start = time(NULL);
    l->next_stats = l->start + l->options.stats_interval_s;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    bool is_good = watch(l);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (l->options.writes_stats)
        write_stats(l);
    if (!l->options.is_quiet)
        summary_print(&(struct run_totals){
            .stats = worker_stats(l->worker),
            .loaded = &l->loaded,
            .list_hits = worker_list_hits(l->worker),
            .allow_hits = worker_allow_hits(l->worker),
            .what = l->options.interface,
            .seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9,
            .is_live = true,
        });
    if (!end_outputs(l->outputs, l->options.is_quiet))
        return false;
    return is_good && !l->loaded.has_failed;
}

/* Settings and lists as a start would read them; nothing is opened. */
static bool check(struct live *l)
{
    const struct options *o = &l->options;
    if (geteuid() == 0 && !getpwnam(o->user)) {
        say("there is no user \"%s\"", o->user);
        return false;
    }
    if (!load_lists(&o->load, &l->loaded) || l->loaded.has_failed)
        return false;
    uint32_t n = db_set(l->loaded.db)->n_indicators;
    say("%s: settings and lists are good: %u indicator%s", o->config_path ? o->config_path : "command line",
        n, n == 1 ? "" : "s");
    return true;
}

static bool print_config(struct options *o)
{
    struct buf text;
    buf_init(&text, 64 << 20);
    options_print_config(o, &text);
    print_text(stdout, &text);
    bool is_good = !text.is_full && fflush(stdout) == 0;
    buf_fini(&text);
    return is_good;
}

int command_live(int argc, char **argv)
{
    struct live l = {0};
    int status;
    if (!options_parse(argc, argv, OPTIONS_LIVE, &l.options, &status))
        return status;
    if (l.options.prints_config)
        status = print_config(&l.options) ? EXIT_DONE : EXIT_FAILED;
    else if (!l.options.interface)
        status = usage_error("live ", "no interface was named (-i)");
    else if (!options_name_lists(&l.options, "live ") || !options_spare_inputs(&l.options, NULL, "live "))
        status = EXIT_USAGE;
    else if (optind != argc)
        status = usage_error("live ", "\"%s\" is one argument too many", argv[optind]);
    else if (l.options.checks_config)
        status = check(&l) ? EXIT_DONE : l.loaded.is_misused ? EXIT_USAGE : EXIT_FAILED;
    else {
        signals_catch();
        signals_catch_reopen();
        status = run(&l) ? EXIT_DONE : l.loaded.is_misused ? EXIT_USAGE : EXIT_FAILED;
    }
    worker_free(l.worker);
    outputs_free(l.outputs);
    capture_close(l.capture);
    loaded_fini(&l.loaded);
    options_fini(&l.options);
    return status;
}
