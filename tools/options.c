/* See options.h. */
#include "tools/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/crew.h"
#include "tools/cache.h"
#include "tools/help.h"
#include "tools/message.h"
#include "tools/sink.h"

enum {
    OPT_EVE = 256,
    OPT_ALLOW,
    OPT_STATS,
    OPT_ENGINE,
    OPT_NO_CACHE,
    OPT_CACHE,
    OPT_DB,
    OPT_NO_REFANG,
    OPT_JOIN,
    OPT_CHECKSUMS,
    OPT_FILTER,
    OPT_USER,
    OPT_SNAPLEN,
    OPT_BUFFER,
    OPT_NO_PROMISC,
    OPT_CHECK,
    OPT_PRINT_CONFIG,
    OPT_THRESHOLD,
};

static const struct {
    struct option option;
    int scopes;
} table[] = {
    {{"help", no_argument, NULL, 'h'}, OPTIONS_REPLAY | OPTIONS_FIELDS | OPTIONS_LIVE | OPTIONS_COMPILE},
    {{"list", required_argument, NULL, 'l'}, OPTIONS_REPLAY | OPTIONS_LIVE | OPTIONS_COMPILE},
    {{"allow", required_argument, NULL, OPT_ALLOW}, OPTIONS_REPLAY | OPTIONS_LIVE | OPTIONS_COMPILE},
    {{"output", required_argument, NULL, 'o'},
     OPTIONS_REPLAY | OPTIONS_FIELDS | OPTIONS_LIVE | OPTIONS_COMPILE},
    {{"quiet", no_argument, NULL, 'q'}, OPTIONS_REPLAY | OPTIONS_FIELDS | OPTIONS_LIVE | OPTIONS_COMPILE},
    {{"eve", required_argument, NULL, OPT_EVE}, OPTIONS_REPLAY | OPTIONS_FIELDS | OPTIONS_LIVE},
    {{"stats", no_argument, NULL, OPT_STATS}, OPTIONS_REPLAY | OPTIONS_FIELDS},
    {{"stats", optional_argument, NULL, OPT_STATS}, OPTIONS_LIVE},
    {{"names-engine", required_argument, NULL, OPT_ENGINE}, OPTIONS_REPLAY | OPTIONS_LIVE | OPTIONS_COMPILE},
    {{"no-cache", no_argument, NULL, OPT_NO_CACHE}, OPTIONS_REPLAY | OPTIONS_LIVE},
    {{"cache", required_argument, NULL, OPT_CACHE}, OPTIONS_REPLAY | OPTIONS_LIVE},
    {{"db", required_argument, NULL, OPT_DB}, OPTIONS_REPLAY | OPTIONS_LIVE},
    {{"no-refang", no_argument, NULL, OPT_NO_REFANG}, OPTIONS_REPLAY | OPTIONS_LIVE | OPTIONS_COMPILE},
    {{"workers", required_argument, NULL, 'j'}, OPTIONS_REPLAY | OPTIONS_FIELDS},
    {{"join", no_argument, NULL, OPT_JOIN}, OPTIONS_REPLAY | OPTIONS_FIELDS},
    {{"checksums", required_argument, NULL, OPT_CHECKSUMS}, OPTIONS_REPLAY | OPTIONS_FIELDS | OPTIONS_LIVE},
    {{"threshold", required_argument, NULL, OPT_THRESHOLD}, OPTIONS_REPLAY | OPTIONS_LIVE},
    {{"interface", required_argument, NULL, 'i'}, OPTIONS_LIVE},
    {{"filter", required_argument, NULL, OPT_FILTER}, OPTIONS_LIVE},
    {{"user", required_argument, NULL, OPT_USER}, OPTIONS_LIVE},
    {{"snaplen", required_argument, NULL, OPT_SNAPLEN}, OPTIONS_LIVE},
    {{"buffer", required_argument, NULL, OPT_BUFFER}, OPTIONS_LIVE},
    {{"no-promiscuous", no_argument, NULL, OPT_NO_PROMISC}, OPTIONS_LIVE},
    {{"config", required_argument, NULL, 'c'}, OPTIONS_LIVE},
    {{"check", no_argument, NULL, OPT_CHECK}, OPTIONS_LIVE},
    {{"print-config", no_argument, NULL, OPT_PRINT_CONFIG}, OPTIONS_LIVE},
};
enum { CONFIG_BLOCK_BYTES = 16 << 10, CONFIG_CAP_BYTES = 16 << 20 };
enum { TABLE_ROWS = sizeof table / sizeof *table };

static const char *subcommand_name(enum option_scope scope)
{
    return scope == OPTIONS_REPLAY   ? "replay "
           : scope == OPTIONS_FIELDS ? "fields "
           : scope == OPTIONS_LIVE   ? "live "
                                     : "compile ";
}

/* A decimal number between the bounds, or a message. */
static bool take_number(const char *text, const char *option, int least, int most, int *out)
{
    char *end;
    long v = strtol(text, &end, 10);
    if (*text && !*end && v >= least && v <= most) {
        *out = (int)v;
        return true;
    }
    say("%s wants a number from %d to %d, not \"%s\"", option, least, most, text);
    return false;
}

static bool take_engine(const char *text, enum names_engine *out)
{
    static const char *const names[] = {"auto", "hyperscan", "table"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (enum names_engine)i;
            return true;
        }
    say("--names-engine wants auto, hyperscan or table, not \"%s\"", text);
    return false;
}

static bool add_list(char ***lists, size_t *n, char *argument)
{
    char **more = realloc(*lists, (*n + 1) * sizeof *more);
    if (!more)
        return false;
    *lists = more;
    more[(*n)++] = argument;
    return true;
}

static bool take_eve(const char *text, int *out)
{
    if (strcmp(text, "7") == 0 || strcmp(text, "8") == 0) {
        *out = text[0] - '0';
        return true;
    }
    say("--eve wants 7 or 8, not \"%s\"", text);
    return false;
}

/* What the command line names stands instead of all that the file names. */
static void forget_file_lists(struct options *o)
{
    if (o->lists_are_from_file) {
        o->load.n_lists = 0;
        o->load.db_path = NULL;
    }
    o->lists_are_from_file = false;
}

static void forget_file_allow(struct options *o)
{
    if (o->allow_is_from_file)
        o->load.n_allow = 0;
    o->allow_is_from_file = false;
}

static bool take_checksums(const char *text, bool *out)
{
    *out = strcmp(text, "verify") == 0;
    if (*out || strcmp(text, "ignore") == 0)
        return true;
    say("--checksums wants ignore or verify, not \"%s\"", text);
    return false;
}

static bool add_output(struct options *o, const char *argument)
{
    struct err err = {0};
    if (o->outputs_are_from_file)
        o->n_outputs = 0;
    o->outputs_are_from_file = false;
    if (o->n_outputs == OUTPUTS_MAX) {
        say("-o: more than %d outputs", OUTPUTS_MAX);
        return false;
    }
    struct output_config *more = realloc(o->outputs, (o->n_outputs + 1) * sizeof *more);
    if (!more)
        return false;
    o->outputs = more;
    if (output_config_read(argument, &more[o->n_outputs], &o->config_texts, &err)) {
        o->n_outputs++;
        return true;
    }
    say("-o %s: %s", argument, err.what);
    return false;
}

/* COUNT/SECONDS[,by=indicator|client|both] */
static bool take_threshold(const char *text, struct threshold_options *out)
{
    static const char *const words[] = {"", ",by=indicator", ",by=client", ",by=both"};
    static const enum threshold_by by[] = {THRESHOLD_BOTH, THRESHOLD_INDICATOR, THRESHOLD_CLIENT,
                                           THRESHOLD_BOTH};
    char rest[24] = "";
    unsigned count, seconds;
    int n = sscanf(text, "%9u/%9u%23s", &count, &seconds, rest);
    for (size_t i = 0; n >= 2 && count && seconds && i < sizeof by / sizeof *by; i++)
        if (strcmp(rest, words[i]) == 0) {
            *out = (struct threshold_options){.count = count, .seconds = seconds, .by = by[i]};
            return true;
        }
    say("--threshold wants COUNT/SECONDS[,by=indicator|client|both], not \"%s\"", text);
    return false;
}

static bool take_option(int option, char *argument, struct options *o)
{
    switch (option) {
    case 'c': /* was read before */
        return true;
    case OPT_CHECK:
        o->checks_config = true;
        return true;
    case OPT_PRINT_CONFIG:
        o->prints_config = true;
        return true;
    case 'l':
        forget_file_lists(o);
        return add_list(&o->load.lists, &o->load.n_lists, argument);
    case OPT_ALLOW:
        forget_file_allow(o);
        return add_list(&o->load.allow, &o->load.n_allow, argument);
    case 'o':
        o->output = argument;
        return !o->takes_outputs || add_output(o, argument);
    case OPT_THRESHOLD:
        return take_threshold(argument, &o->threshold);
    case 'q':
        o->is_quiet = o->load.is_quiet = true;
        return true;
    case OPT_CHECKSUMS:
        return take_checksums(argument, &o->verifies_checksums);
    case 'i':
        o->interface = argument;
        return true;
    case OPT_EVE:
        return take_eve(argument, &o->eve_version);
    case OPT_STATS:
        o->writes_stats = true;
        return !argument || take_number(argument, "--stats", 1, 86400, &o->stats_interval_s);
    case OPT_ENGINE:
        return take_engine(argument, &o->load.names_engine);
    case OPT_NO_CACHE:
        o->load.cache_dir = NULL;
        return true;
    case OPT_CACHE:
        o->load.cache_dir = argument;
        return true;
    case OPT_DB:
        forget_file_lists(o);
        forget_file_allow(o);
        o->load.db_path = argument;
        return true;
    case OPT_NO_REFANG:
        o->load.keeps_defanged_out = true;
        return true;
    case 'j':
        return take_number(argument, "--workers", 1, CREW_MAX, &o->n_workers);
    case OPT_JOIN:
        o->is_joined = true;
        return true;
    case OPT_FILTER:
        o->filter = argument;
        return true;
    case OPT_USER:
        o->user = argument;
        return true;
    case OPT_SNAPLEN:
        return take_number(argument, "--snaplen", 64, 262144, &o->snaplen);
    case OPT_BUFFER:
        return take_number(argument, "--buffer", 1, 2047, &o->buffer_mib);
    case OPT_NO_PROMISC:
        o->is_promiscuous = false;
        return true;
    default:
        return false;
    }
}

/* What getopt_long() did not take, in words. optopt is a letter nobody knows, or what stands for a known option that was given a
 * value it has no use for, or 0. */
static void refuse_option(const char *subcommand, const char *letters, int option, const char *written)
{
    bool is_known = optopt > UCHAR_MAX || (optopt && strchr(letters, optopt));
    if (option == ':')
        usage_error(subcommand, "%s wants a value", written);
    else if (is_known)
        usage_error(subcommand, "%.*s takes no value", (int)strcspn(written, "="), written);
    else if (optopt)
        usage_error(subcommand, "unknown option -%c", optopt);
    else
        usage_error(subcommand, "unknown option %s", written);
}

/* ---- the file ---- */

static void tell_fault(void *to, const struct err *err)
{
    say_err(err);
}

static bool add_lists(char ***lists, size_t *n, const struct setting_items *from)
{
    char *const *arguments = from->items;
    for (size_t i = 0; i < from->n; i++)
        if (!add_list(lists, n, arguments[i]))
            return false;
    return true;
}

static bool apply_config(struct options *o, const struct config *c)
{
    const struct config_interface *interface = c->interfaces.items;
    if (c->interfaces.n) {
        o->interface = interface->name;
        o->filter = interface->filter;
        o->snaplen = (int)interface->snaplen;
        o->buffer_mib = (int)(interface->buffer_bytes >> 20);
        o->is_promiscuous = interface->is_promiscuous;
    }
    o->load.db_path = c->db;
    if (!c->keeps_cache)
        o->load.cache_dir = NULL;
    else if (c->cache_dir)
        o->load.cache_dir = c->cache_dir;
    o->load.names_engine = (enum names_engine)c->names_engine;
    o->load.keeps_defanged_out = !c->is_refanged;
    o->load.is_quiet = o->is_quiet = c->is_quiet;
    o->user = c->user;
    o->output = c->output;
    o->eve_version = (int)c->eve;
    o->writes_stats = c->writes_stats || c->stats_interval_s;
    o->stats_interval_s = (int)c->stats_interval_s;
    if (!add_output(o, c->output))
        return false;
    o->lists_are_from_file = o->allow_is_from_file = o->outputs_are_from_file = true;
    return add_lists(&o->load.lists, &o->load.n_lists, &c->lists) &&
           add_lists(&o->load.allow, &o->load.n_allow, &c->allow);
}

static bool read_config(struct options *o, const char *path)
{
    struct config c;
    struct settings_reading reading = {
        .group = config_settings(), .into = &c, .texts = &o->config_texts, .fault = tell_fault};
    o->config_path = path;
    setting_defaults(config_settings(), &c);
    return settings_read(&reading, path) && apply_config(o, &c);
}

/* The file comes first, wherever on the command line it is named. False: there was a fault in it (told). */
static bool take_config(int argc, char **argv, const char *letters, const struct option *known,
                        struct options *o)
{
    const char *path = NULL;
    for (int option; (option = getopt_long(argc, argv, letters, known, NULL)) != -1;)
        if (option == 'c')
            path = optarg;
    optind = 0; /* from the start again */
    return !path || read_config(o, path);
}

bool options_parse(int argc, char **argv, enum option_scope scope, struct options *out, int *out_exit)
{
    struct option known[TABLE_ROWS + 1] = {0};
    int n = 0;
    for (int i = 0; i < TABLE_ROWS; i++)
        if (table[i].scopes & (int)scope)
            known[n++] = table[i].option;
    const char *letters = scope == OPTIONS_LIVE     ? ":hl:o:qi:c:"
                          : scope == OPTIONS_FIELDS ? ":ho:qj:"
                          : scope == OPTIONS_REPLAY ? ":hl:o:qj:"
                                                    : ":hl:o:q";

    *out = (struct options){
        .eve_version = 8, .snaplen = 262144, .buffer_mib = 64, .is_promiscuous = true, .user = "nobody"};
    if (cache_default_dir(out->cache_dir, sizeof out->cache_dir))
        out->load.cache_dir = out->cache_dir;
    out->takes_outputs = scope & (OPTIONS_REPLAY | OPTIONS_LIVE);
    arena_init(&out->config_texts, CONFIG_BLOCK_BYTES, CONFIG_CAP_BYTES);
    opterr = 0;
    *out_exit = EXIT_USAGE;
    if (scope == OPTIONS_LIVE && !take_config(argc, argv, letters, known, out)) {
        options_fini(out);
        return false;
    }
    for (int option; (option = getopt_long(argc, argv, letters, known, NULL)) != -1;) {
        if (option == 'h') {
            help_print(stdout, subcommand_name(scope));
            *out_exit = EXIT_DONE;
            options_fini(out);
            return false;
        }
        if (option == '?' || option == ':') {
            refuse_option(subcommand_name(scope), letters, option, argv[optind - 1]);
            options_fini(out);
            return false;
        }
        if (!take_option(option, optarg, out)) {
            say("see `vedette %s--help`", subcommand_name(scope));
            options_fini(out);
            return false;
        }
    }
    return true;
}

bool options_name_lists(const struct options *o, const char *subcommand)
{
    bool has_lists = o->load.n_lists > 0, has_db = o->load.db_path != NULL;
    if (!has_lists && !has_db)
        usage_error(subcommand, "no list was named (-l): nothing to look for");
    if (has_lists && has_db)
        usage_error(subcommand, "--db is a compiled db instead of lists: it does not go with -l");
    else if (o->load.n_allow && has_db)
        usage_error(
            subcommand,
            "--db has its allow-lists in it (`vedette compile --allow`): it does not go with --allow");
    return has_lists != has_db && !(has_db && o->load.n_allow);
}

static bool spares_inputs(const struct options *o, const char *path, const struct paths *captures,
                          const char *subcommand)
{
    if (!path || strcmp(path, "-") == 0)
        return true;
    bool is_input = load_lists_reads(&o->load, path);
    for (size_t i = 0; captures && i < captures->n && !is_input;
         i++) /* our own output among others in a folder is passed over */
        is_input = !captures->is_listed[i] && sink_is_input(path, captures->items[i]);
    if (is_input)
        usage_error(subcommand, "-o %s: this file is to be read: it is not written over", path);
    else if (sink_is_capture(path))
        usage_error(subcommand,
                    "-o %s: this file is there and looks like a capture: it is not written over; "
                    "-o wants the name of a file to write",
                    path);
    else
        return true;
    return false;
}

bool options_spare_inputs(const struct options *o, const struct paths *captures, const char *subcommand)
{
    bool is_good = o->n_outputs || spares_inputs(o, o->output, captures, subcommand);
    for (size_t i = 0; i < o->n_outputs && is_good; i++)
        is_good =
            o->outputs[i].type != OUTPUT_FILE || spares_inputs(o, o->outputs[i].target, captures, subcommand);
    return is_good;
}

/* Seen from anywhere: the file that is printed may come to lie in another folder. */
static char *absolute(struct arena *texts, const char *path)
{
    char folder[PATH_MAX];
    bool is_absolute = !path || path[0] == '/' || strcmp(path, "-") == 0 || !getcwd(folder, sizeof folder);
    size_t room = (is_absolute ? 0 : strlen(folder) + 1) + (path ? strlen(path) : 0) + 1;
    char *to = path ? (char *)arena_bytes(texts, room) : NULL;
    if (to)
        snprintf(to, room, "%s%s%s", is_absolute ? "" : folder, is_absolute ? "" : "/", path);
    return to;
}

static struct setting_items absolute_lists(struct arena *texts, char *const *lists, size_t n)
{
    char **items = n ? arena_alloc(texts, n * sizeof *items) : NULL;
    struct setting_items out = {items, items ? n : 0};
    for (size_t i = 0; i < out.n; i++)
        items[i] = absolute(texts, lists[i]);
    return out;
}

void options_print_config(struct options *o, struct buf *out)
{
    struct arena *texts = &o->config_texts;
    struct config_interface interface = {
        .name = o->interface,
        .filter = o->filter,
        .snaplen = o->snaplen,
        .buffer_bytes = (int64_t)o->buffer_mib << 20,
        .is_promiscuous = o->is_promiscuous,
    };
    struct config c = {
        .interfaces = {&interface, o->interface != NULL},
        .lists = absolute_lists(texts, o->load.lists, o->load.n_lists),
        .allow = absolute_lists(texts, o->load.allow, o->load.n_allow),
        .db = absolute(texts, o->load.db_path),
        .keeps_cache = o->load.cache_dir != NULL,
        .cache_dir = absolute(texts, o->load.cache_dir),
        .names_engine = o->load.names_engine,
        .is_refanged = !o->load.keeps_defanged_out,
        .user = o->user,
        .output = o->output ? absolute(texts, o->output) : "-",
        .eve = o->eve_version,
        .writes_stats = o->writes_stats,
        .stats_interval_s = o->stats_interval_s,
        .is_quiet = o->is_quiet,
    };
    settings_print(out, config_settings(), &c);
}

void options_fini(struct options *o)
{
    free(o->load.lists);
    free(o->load.allow);
    free(o->outputs);
    o->outputs = NULL;
    o->n_outputs = 0;
    arena_fini(&o->config_texts);
    o->load = (struct load_options){0};
}
