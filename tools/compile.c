/* `vedette compile`: lists in, one db file out. */
#include "tools/commands.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/reports.h"
#include "tools/summary.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_lists(const struct loaded *l)
{
    struct buf out;
    buf_init(&out, 16 << 20);
    summary_put_lists(&out, l->db, l->reports, l->n_reports);
    print_text(stderr, &out);
    buf_fini(&out);
}

/* The db is written aside and renamed into place: that must not happen to a device, nor to standard output. */
static bool may_be_replaced(const char *path)
{
    struct stat st;
    bool is_file = strcmp(path, "-") != 0 && (stat(path, &st) != 0 || S_ISREG(st.st_mode));
    if (!is_file)
        usage_error("compile ", "%s is no file: a db is written to a file", path);
    return is_file;
}

static int compile(const struct options *o)
{
    struct loaded loaded;
    struct err err = {0};
    if (!load_lists(&o->load, &loaded))
        return EXIT_FAILED;
    struct buf attachment;
    reports_write(&attachment, loaded.reports, loaded.n_reports);
    bool is_good = db_save(loaded.db, o->output, 0, buf_span(&attachment), &err);
    if (!is_good)
        say("%s: %s", o->output, err.what);
    else if (!o->is_quiet)
        print_lists(&loaded);
    is_good = is_good && !loaded.has_failed;
    buf_fini(&attachment);
    loaded_fini(&loaded);
    return is_good ? EXIT_DONE : EXIT_FAILED;
}

int command_compile(int argc, char **argv)
{
    struct options o;
    int status;
    if (!options_parse(argc, argv, OPTIONS_COMPILE, &o, &status))
        return status;
    o.load.cache_dir = NULL;
    if (o.load.n_lists == 0)
        status = usage_error("compile ", "no list was named (-l)");
    else if (!o.output)
        status = usage_error("compile ", "no file to write was named (-o)");
    else if (optind != argc)
        status = usage_error("compile ", "\"%s\" is one argument too many", argv[optind]);
    else if (!may_be_replaced(o.output) || !options_spare_inputs(&o, NULL, "compile "))
        status = EXIT_USAGE;
    else
        status = compile(&o);
    options_fini(&o);
    return status;
}
