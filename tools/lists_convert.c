/* `vedette lists convert`: load lists into one set and write it in another format. Nothing is written when a list can't be read. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "matcher/allow.h"
#include "rules/export.h"
#include "tools/help.h"
#include "tools/lists.h"
#include "tools/load_lists.h"
#include "tools/message.h"
#include "tools/outfile.h"
#include "tools/signals.h"

enum { NOTES_EACH = 10, OPT_TO = 256, OPT_MAX_TLP, OPT_ALLOW, OPT_SERIAL, OPT_NO_REFANG };

struct conversion {
    bool has_target, keeps_defanged_out, is_quiet;
    enum list_target target;
    struct export_options options;
    const char *output; /* -o; NULL: stdout */
    char **lists;       /* owned: arguments, cut apart in place; the allow side's first */
    size_t n_lists, n_allow;
    struct list_context context;
    struct db *allow;         /* owned: what must not alert; NULL: nothing */
    struct list_options list; /* of the argument at hand */
    struct note_limit notes;
    bool has_failed;
};

/* ---- loading ---- */

static bool load_file(void *to, const char *file)
{
    struct conversion *c = to;
    struct list_report report;
    struct err err = {0};
    bool is_good = list_load(&c->context, file, &c->list, &report, &err);
    if (!is_good)
        say_err(&err);
    c->has_failed |= !is_good;
    bool goes_on = (is_good || report.is_unreadable) && !signals_want_end();
    list_report_fini(&report);
    return goes_on;
}

static bool load_argument(struct conversion *c, char *argument, bool is_allow)
{
    const char *path;
    struct err err = {0};
    c->list = list_options_none();
    if (!list_options_parse(argument, &path, &c->list, &err)) {
        say_err(&err);
        return false;
    }
    c->list.is_allow |= is_allow;
    c->list.keep_defanged_out |= c->keeps_defanged_out;
    if (list_walk(path, load_file, c, &err))
        return true;
    if (err.kind != ERR_NONE)
        say_err(&err);
    return false;
}

static bool load_arguments(struct conversion *c)
{
    bool is_good = true;
    for (size_t i = 0; i < c->n_lists; i++)
        is_good &= load_argument(c, c->lists[i], i < c->n_allow);
    if (c->notes.n_hidden)
        say("%llu more entries with the same kinds of fault are not shown; `vedette lists check` shows all",
            (unsigned long long)c->notes.n_hidden);
    return is_good && !c->has_failed;
}

/* ---- what was lost ---- */

static const char *loss_text(enum loss loss)
{
    switch (loss) {
    case LOSS_LEFT_OUT:
        return "left out: there is no way to say such";
    case LOSS_ALLOW:
        return "left out: what must not alert has no place";
    case LOSS_NARROWED:
        return "narrowed: matching less there than here";
    case LOSS_WIDENED:
        return "widened: matching more there than here";
    case LOSS_FIELDS:
        return "without `fields`: where to look can't be said";
    case LOSS_TEXT:
        return "changed: a text is too long, or not UTF-8";
    case LOSS_COUNT:
        break;
    }
    return "";
}

static void say_loss(const struct conversion *c, enum loss loss, enum ioc_type type, enum ioc_match match,
                     const struct export_loss *l)
{
    char how[32] = "";
    if (type == IOC_DOMAIN || match == MATCH_PREFIX)
        snprintf(how, sizeof how, " (%s)", ioc_match_name(match));
    say("%s: %llu %s%s %s; first: %.*s:%u", list_target_name(c->target), (unsigned long long)l->n,
        ioc_type_name(type), how, loss_text(loss), (int)(l->path.len < 400 ? l->path.len : 400),
        (const char *)l->path.ptr, l->line);
}

static void say_losses(const struct conversion *c, const struct export_report *r)
{
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (int type = 0; type < IOC_MATCHABLE_COUNT; type++)
            for (int match = 0; match <= MATCH_REGEX; match++)
                if (r->losses[loss][type][match].n)
                    say_loss(c, (enum loss)loss, (enum ioc_type)type, (enum ioc_match)match,
                             &r->losses[loss][type][match]);
    if (r->suppressed)
        say("%llu left out: what must not alert covers them", (unsigned long long)r->suppressed);
    char ceiling[16] = "";
    for (const char *p = c->options.max_tlp ? tlp_name(c->options.max_tlp) : ""; *p && strlen(ceiling) < 15;
         p++)
        ceiling[strlen(ceiling)] = (char)(*p >= 'a' && *p <= 'z' ? *p - 0x20 : *p);
    if (r->withheld > r->unmarked)
        say("%llu left out: above TLP:%s", (unsigned long long)(r->withheld - r->unmarked), ceiling);
    if (r->unmarked)
        say("%llu left out: not marked, which counts as TLP:AMBER; tlp=clear behind a list's name marks all "
            "of it",
            (unsigned long long)r->unmarked);
}

static void say_written(const struct conversion *c, const struct export_report *r)
{
    char allowed[64] = "";
    if (r->allowed)
        snprintf(allowed, sizeof allowed, ", and %llu for the allow side", (unsigned long long)r->allowed);
    say("%s: %llu indicators written%s", list_target_name(c->target), (unsigned long long)r->written,
        allowed);
}

static bool has_left_out(const struct export_report *r)
{
    uint64_t n = 0;
    for (int type = 0; type < IOC_MATCHABLE_COUNT; type++)
        for (int match = 0; match <= MATCH_REGEX; match++)
            n += r->losses[LOSS_LEFT_OUT][type][match].n + r->losses[LOSS_ALLOW][type][match].n;
    return n > 0;
}

/* ---- writing ---- */

/* For list_export(). A signal ends it: what is half written goes. */
static bool write_bytes(void *to, struct span bytes)
{
    struct sink *s = to;
    return signals_want_end() ? err_set(&s->err, ERR_INTERRUPTED, s->path, "interrupted; nothing was written")
                              : sink_write(s, bytes);
}

static int write_sets(struct conversion *c)
{
    struct outfile file;
    struct export_report report;
    struct set_view set = set_view_of(c->context.set);
    struct err err = {0};
    if (!outfile_open(&file, c->output, &err)) {
        say_err(&err);
        return EXIT_USAGE;
    }
    bool is_good = list_export(c->target, &set, c->allow ? db_set(c->allow) : NULL, &c->options, write_bytes,
                               &file.sink, &report, &err);
    if (!is_good && err.kind == ERR_NONE)
        err = file.sink.err;
    if (is_good)
        is_good = outfile_commit(&file, &err);
    else
        outfile_drop(&file);
    if (!is_good) {
        say_err(&err);
        return EXIT_USAGE;
    }
    say_losses(c, &report);
    if (!c->is_quiet)
        say_written(c, &report);
    return has_left_out(&report) ? EXIT_FAILED : EXIT_DONE;
}

/* What must not alert covers indicators: which ones, only the compiled allow side can tell. Takes its set over. */
static bool apply_allow(struct conversion *c)
{
    struct db_options options = {.names_engine = NAMES_TABLE};
    struct err err = {0};
    struct set *allow = c->context.allow;
    if (set_view_of(allow).n_indicators == 0)
        return true;
    c->context.allow = NULL;
    if (db_build(allow, &options, &c->allow, &err) && allow_mark(c->allow, c->context.set, &err))
        return true;
    say_err(&err);
    return false;
}

/* The time that goes into what is written. SOURCE_DATE_EPOCH makes it reproducible. */
static int64_t time_of_writing(void)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    char *end;
    errno = 0;
    long long seconds = text && *text ? strtoll(text, &end, 10) : -1;
    return seconds >= 0 && errno == 0 && *end == 0 ? seconds : time(NULL);
}

static int convert(struct conversion *c)
{
    struct public_suffixes *suffixes = public_suffixes_new();
    int status = EXIT_USAGE;
    c->options.now = time_of_writing();
    c->notes.max_each = NOTES_EACH;
    c->context = (struct list_context){.set = set_new(),
                                       .allow = set_new(),
                                       .suffixes = suffixes,
                                       .note = c->is_quiet ? NULL : load_note,
                                       .note_to = &c->notes,
                                       .now = c->options.now};
    if (!suffixes || !c->context.set || !c->context.allow) {
        say("out of memory");
    } else if (load_arguments(c) && apply_allow(c)) {
        set_seal(c->context.set);
        status = write_sets(c);
    }
    db_free(c->allow);
    set_free(c->context.set);
    set_free(c->context.allow);
    public_suffixes_free(suffixes);
    return status;
}

/* ---- options ---- */

static bool take_target(struct conversion *c, const char *text)
{
    c->has_target = list_target_of(span_str(text), &c->target);
    if (!c->has_target)
        say("--to wants yaml, stix, misp, zeek, dataset, rpz or text, not \"%s\"", text);
    return c->has_target;
}

static bool take_ceiling(struct conversion *c, const char *text)
{
    bool is_good = tlp_of(span_str(text), &c->options.max_tlp);
    if (!is_good)
        say("--max-tlp wants clear, green, amber, amber+strict or red, not \"%s\"", text);
    return is_good;
}

static bool take_serial(struct conversion *c, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    bool is_good = text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0 && n <= UINT32_MAX;
    if (!is_good)
        say("--serial wants a number up to 4294967295, not \"%s\"", text);
    c->options.serial = (uint32_t)n;
    return is_good;
}

/* Those of the allow side stay in front of the others. */
static void add_allow(struct conversion *c, char *argument)
{
    c->lists[c->n_lists++] = argument;
    c->n_allow++;
}

static bool take_option(struct conversion *c, int option, char *argument)
{
    switch (option) {
    case OPT_TO:
        return take_target(c, argument);
    case OPT_MAX_TLP:
        return take_ceiling(c, argument);
    case OPT_SERIAL:
        return take_serial(c, argument);
    case OPT_ALLOW:
        add_allow(c, argument);
        return true;
    case OPT_NO_REFANG:
        c->keeps_defanged_out = true;
        return true;
    case 'o':
        c->output = argument;
        return true;
    case 'q':
        c->is_quiet = true;
        return true;
    default:
        return false;
    }
}

static const struct option known[] = {{"to", required_argument, NULL, OPT_TO},
                                      {"output", required_argument, NULL, 'o'},
                                      {"max-tlp", required_argument, NULL, OPT_MAX_TLP},
                                      {"allow", required_argument, NULL, OPT_ALLOW},
                                      {"serial", required_argument, NULL, OPT_SERIAL},
                                      {"no-refang", no_argument, NULL, OPT_NO_REFANG},
                                      {"quiet", no_argument, NULL, 'q'},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

/* EXIT_DONE: go on; else what to exit with. */
static int take_options(struct conversion *c, int argc, char **argv, bool *out_is_help)
{
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":ho:q", known, NULL)) != -1;) {
        *out_is_help = option == 'h';
        if (*out_is_help)
            return EXIT_DONE;
        if (option == '?')
            return usage_error("lists convert ", "unknown option %s", argv[optind - 1]);
        if (option == ':')
            return usage_error("lists convert ", "%s wants a value", argv[optind - 1]);
        if (!take_option(c, option, optarg)) {
            say("see `vedette lists convert --help`");
            return EXIT_USAGE;
        }
    }
    return EXIT_DONE;
}

/* May -o be written to? Not when it is one of the lists, or looks like a capture. */
static bool spares_inputs(const struct conversion *c)
{
    struct load_options inputs = {.lists = c->lists, .n_lists = c->n_lists};
    if (!c->output || strcmp(c->output, "-") == 0)
        return true;
    if (load_lists_reads(&inputs, c->output))
        usage_error("lists convert ", "-o %s: this file is to be read: it is not written over", c->output);
    else if (sink_is_capture(c->output))
        usage_error("lists convert ",
                    "-o %s: this file is there and looks like a capture: it is not written over", c->output);
    else
        return true;
    return false;
}

static int prepare(struct conversion *c, int argc, char **argv)
{
    bool is_help = false;
    int status = take_options(c, argc, argv, &is_help);
    if (is_help)
        help_print(stdout, "convert");
    if (is_help || status != EXIT_DONE)
        return status;
    if (!c->has_target)
        return usage_error("lists convert ",
                           "into what? say --to yaml, stix, misp, zeek, dataset, rpz or text");
    if (optind == argc)
        return usage_error("lists convert ", "no list was named");
    for (int i = optind; i < argc; i++)
        c->lists[c->n_lists++] = argv[i];
    return spares_inputs(c) ? convert(c) : EXIT_USAGE;
}

int lists_convert(int argc, char **argv)
{
    struct conversion c = {.options.serial = 1, .lists = calloc((size_t)argc, sizeof *c.lists)};
    if (!c.lists) {
        say("out of memory");
        return EXIT_USAGE;
    }
    signals_catch();
    int status = prepare(&c, argc, argv);
    free(c.lists);
    return status;
}
