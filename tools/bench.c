/* `vedette bench`: what lists cost, before they are published. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench_report.h"
#include "tools/bench_run.h"
#include "tools/commands.h"
#include "tools/help.h"
#include "tools/message.h"
#include "tools/outfile.h"

enum {
    EXIT_COSTS_MORE = 3,
    SECONDS_DEFAULT = 20,
    SECONDS_MAX = 3600,
    OUT_BYTES_MAX = 64 << 20,
};

struct bench {
    struct bench_options options;
    bool is_json;
    const char *baseline, *html; /* NULL: not wanted */
    struct bench_host host;
};

static bool is_input(const struct bench *b, const char *path)
{
    bool is_read =
        load_lists_reads(&b->options.load, path) || (b->baseline && sink_is_input(path, b->baseline));
    for (size_t i = 0; i < b->options.captures.n && !is_read; i++)
        is_read = sink_is_input(path, b->options.captures.items[i]);
    return is_read || sink_is_capture(path);
}

static bool write_page(const struct bench *b, const struct bench_result *r,
                       const struct bench_baseline *compared)
{
    struct outfile f;
    struct err err = {0};
    struct buf page;
    buf_init(&page, OUT_BYTES_MAX);
    bench_html(&page, r, compared);
    bool is_good = outfile_open(&f, b->html, &err);
    if (is_good) {
        sink_write(&f.sink, buf_span(&page));
        is_good = outfile_commit(&f, &err);
    }
    if (!is_good)
        say_err(&err);
    buf_fini(&page);
    return is_good;
}

/* Asked before a long run, and nothing is left behind meanwhile. */
static bool can_write_page(const struct bench *b, struct err *err)
{
    struct outfile f;
    if (!outfile_open(&f, b->html, err))
        return false;
    outfile_drop(&f);
    return true;
}

static void print_figures(const struct bench *b, const struct bench_result *r,
                          const struct bench_baseline *compared)
{
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    if (b->is_json) {
        bench_json(&out, r, compared);
    } else {
        bench_text_body(&out, r);
        if (compared)
            bench_text_baseline(&out, compared);
    }
    print_text(stdout, &out);
    buf_fini(&out);
}

/* What is about to be measured, while the measuring goes on. */
static void print_head(const struct bench *b)
{
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    bench_text_head(&out, &b->host);
    print_text(stdout, &out);
    fflush(stdout);
    buf_fini(&out);
}

/* Wrong figures are worth nothing, however fast. */
static bool is_right(const struct bench_result *r)
{
    if (r->check.n_different)
        say("wrong hits: %llu pairs of planted field and indicator differ from what a plain second way "
            "finds, "
            "first %s; the figures are void",
            (unsigned long long)r->check.n_different, r->check.example);
    if (!r->engines_agree)
        say("wrong hits: engines or batch sizes do not find the same; the figures are void");
    return r->check.n_different == 0 && r->engines_agree;
}

static int tell(const struct bench *b, const struct bench_result *r)
{
    struct bench_baseline baseline, *compared = NULL;
    struct err err = {0};
    int status = is_right(r) ? EXIT_DONE : EXIT_FAILED;
    if (b->baseline && bench_baseline(b->baseline, r, &baseline, &err))
        compared = &baseline;
    else if (b->baseline)
        say_err(&err);
    print_figures(b, r, compared);
    if (b->html && !write_page(b, r, compared))
        return EXIT_FAILED;
    if (status == EXIT_DONE && b->baseline)
        status = !compared ? EXIT_FAILED : compared->n_more ? EXIT_COSTS_MORE : EXIT_DONE;
    return status;
}

static int measure(const struct bench *b)
{
    struct bench_result *r = calloc(1, sizeof *r);
    struct bench_hold hold = {0};
    int status = EXIT_FAILED;
    if (!b->is_json)
        print_head(b);
    if (!r) {
        say("out of memory");
    } else {
        r->host = b->host;
        if (bench_run(&b->options, r, &hold))
            status = tell(b, r);
    }
    bench_hold_fini(&hold);
    free(r);
    return status;
}

/* What would fail at the end fails before anything is measured. */
static int run(struct bench *b)
{
    struct err err = {0};
    bool is_misused = false;
    int status = EXIT_FAILED;
    bench_host_read(&b->host);
    if (!bench_host_hash(&b->host, &b->options.load, &is_misused))
        status = is_misused ? EXIT_USAGE : EXIT_FAILED;
    else if (b->baseline && !bench_baseline_is_one(b->baseline, &err))
        say_err(&err);
    else if (b->html && !can_write_page(b, &err))
        say_err(&err);
    else
        status = measure(b);
    bench_host_fini(&b->host);
    return status;
}

/* ---- options ---- */

static bool take_number(const char *text, const char *option, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && !*end && errno == 0 && v >= least && v <= most) {
        *out = v;
        return true;
    }
    usage_error("bench ", "%s wants a number from %llu to %llu, not \"%s\"", option,
                (unsigned long long)least, (unsigned long long)most, text);
    return false;
}

static bool take_option(struct bench *b, int option)
{
    struct bench_options *o = &b->options;
    struct err err = {0};
    uint64_t seconds;
    switch (option) {
    case 'r':
        if (paths_add(&o->captures, optarg, &err))
            return true;
        say_err(&err);
        return false;
    case 's':
        if (!take_number(optarg, "--seconds", 1, SECONDS_MAX, &seconds))
            return false;
        o->seconds = (double)seconds;
        return true;
    case 'S':
        return take_number(optarg, "--seed", 0, UINT64_MAX, &o->seed);
    case 'w':
        o->load.allow[o->load.n_allow++] = optarg;
        return true;
    case 'b':
        b->baseline = optarg;
        return true;
    case 'H':
        b->html = optarg;
        return true;
    case 'j':
        b->is_json = true;
        return true;
    case 'q':
        o->load.is_quiet = true;
        return true;
    default:
        o->load.keeps_defanged_out = true;
        return true;
    }
}

/* True: go on. Else *out_exit is what to exit with. */
static bool parse(struct bench *b, int argc, char **argv, int *out_exit)
{
    static const struct option known[] = {{"read", required_argument, NULL, 'r'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"seed", required_argument, NULL, 'S'},
                                          {"allow", required_argument, NULL, 'w'},
                                          {"baseline", required_argument, NULL, 'b'},
                                          {"html", required_argument, NULL, 'H'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"no-refang", no_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    opterr = 0;
    *out_exit = EXIT_USAGE;
    for (int option; (option = getopt_long(argc, argv, ":hr:q", known, NULL)) != -1;) {
        if (option == 'h') {
            help_print(stdout, "bench");
            *out_exit = EXIT_DONE;
            return false;
        }
        if (option == '?' || option == ':') {
            usage_error("bench ", option == ':' ? "%s wants a value" : "unknown option %s", argv[optind - 1]);
            return false;
        }
        if (!take_option(b, option))
            return false;
    }
    for (int i = optind; i < argc; i++)
        b->options.load.lists[b->options.load.n_lists++] = argv[i];
    if (optind == argc)
        usage_error("bench ", "no list was named");
    else if (b->html && strcmp(b->html, "-") == 0)
        usage_error("bench ", "--html wants the name of a file: the figures go to standard output");
    else if (b->html && is_input(b, b->html))
        usage_error("bench ", "--html %s: this file is to be read: it is not written over", b->html);
    else
        return true;
    return false;
}

int command_bench(int argc, char **argv)
{
    struct bench b = {.options = {.seconds = SECONDS_DEFAULT, .seed = 1}};
    struct load_options *load = &b.options.load;
    int status = EXIT_USAGE;
    load->lists = calloc((size_t)argc + 1, sizeof *load->lists);
    load->allow = calloc((size_t)argc + 1, sizeof *load->allow);
    if (!load->lists || !load->allow) {
        say("out of memory");
    } else if (parse(&b, argc, argv, &status)) {
        status = run(&b);
    }
    paths_fini(&b.options.captures);
    free(load->lists);
    free(load->allow);
    return status;
}
