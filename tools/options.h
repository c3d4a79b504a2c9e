#pragma once
/* Options that `replay`, `fields` and `live` share. One table, so that they mean the same everywhere. What `live -c` reads from a file
 * comes before what the command line says: that wins. */
#include "config/config.h"
#include "matcher/db.h"
#include "outputs/threshold.h"
#include "outputs/output_config.h"
#include "tools/load_lists.h"
#include "tools/paths.h"

struct options {
    struct load_options load;
    int eve_version;           /* 8 or 7 */
    const char *output;        /* -o of `fields` and `compile`; NULL: stdout */
    struct output_config *outputs; /* owned; -o of `replay` and `live`: where alerts go */
    size_t n_outputs;
    bool takes_outputs;            /* `replay` and `live` do */
    bool outputs_are_from_file;    /* until the command line names some */
    struct threshold_options threshold; /* --threshold */
    bool writes_stats;         /* --stats */
    bool is_joined;            /* --join */
    int n_workers;             /* -j; 0: as many as are worth it */
    bool verifies_checksums;   /* --checksums verify */
    bool is_quiet;             /* --quiet: no summary, no progress */
    const char *interface;     /* live only */
    const char *filter;
    const char *user;
    int snaplen, buffer_mib;
    bool is_promiscuous;
    int stats_interval_s;      /* --stats=SECONDS; 0: at the end only */
    const char *config_path;   /* -c; NULL */
    bool checks_config;        /* --check: no more than that */
    bool prints_config;        /* --print-config: no more than that */
    struct arena config_texts; /* owned; what came from the file */
    bool lists_are_from_file, allow_is_from_file; /* until the command line names some */
    char cache_dir[4096];
};

enum option_scope { OPTIONS_REPLAY = 1, OPTIONS_FIELDS = 2, OPTIONS_LIVE = 4, OPTIONS_COMPILE = 8 };

/* Parse argv[1..]; what is no option is left from argv[optind] on. False: *out_exit is what to exit with (help was asked for, or wrong use). */
bool options_parse(int argc, char **argv, enum option_scope scope, struct options *out, int *out_exit);
/* Lists or a compiled db, but not both, were named; says so if not. */
bool options_name_lists(const struct options *o, const char *subcommand);
/* May -o be written to? Not when it is something to be read (`captures` too, NULL for none) or some capture: says so. Before anything is
 * opened for writing. */
bool options_spare_inputs(const struct options *o, const struct paths *captures, const char *subcommand);
/* What is in force, as a file for -c. */
void options_print_config(struct options *o, struct buf *out);
void options_fini(struct options *o);
