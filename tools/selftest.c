/* `vedette selftest`: does this very program, here, see what it says it sees? Prints a matrix. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tools/commands.h"
#include "tools/help.h"
#include "tools/message.h"
#include "tools/outfile.h"
#include "tools/selftest_run.h"
#include "traffic/torture.h"

enum {
    OUT_MAX = 4 << 20,
    ROW_WIDTH = 26,
    COLUMN_WIDTH = 8,
    LINE_WIDTH = 100,
    COLUMNS_MAX = (LINE_WIDTH - ROW_WIDTH) / COLUMN_WIDTH
};

struct choice {
    const char **names; /* owned; borrowed texts; none: all */
    int n;
};

struct command {
    struct choice whats, hows;
    const char *capture_path, *list_path;
    bool is_json;
    struct selftest *test;
    struct buf out;
};

/* ---- the matrix ---- */

/* Columns that stand side by side: of one group, as many as a line holds. */
struct block {
    unsigned from, to;
};

static struct block block_at(unsigned from)
{
    unsigned to = from + 1;
    while (to < torture_n_hows() && to - from < COLUMNS_MAX &&
           strcmp(torture_group(to), torture_group(from)) == 0)
        to++;
    return (struct block){from, to};
}

static bool column_has_cells(const struct selftest *t, unsigned how)
{
    for (unsigned what = 0; what < torture_n_whats(); what++)
        if (selftest_cell(t, what, how)->is_selected)
            return true;
    return false;
}

static bool row_has_cells(const struct selftest *t, unsigned what, struct block b)
{
    for (unsigned how = b.from; how < b.to; how++)
        if (selftest_cell(t, what, how)->is_selected)
            return true;
    return false;
}

/* Without the blanks that the last column is filled up with. */
static void end_line(struct buf *out, size_t start)
{
    while (out->len > start && out->ptr[out->len - 1] == ' ')
        out->len--;
    buf_put_byte(out, '\n');
}

static void put_row(struct buf *out, const struct selftest *t, unsigned what, struct block b)
{
    size_t mark = out->len;
    buf_printf(out, "%-*s", ROW_WIDTH, torture_what(what).text);
    for (unsigned how = b.from; how < b.to; how++) {
        const struct selftest_cell *c = selftest_cell(t, what, how);
        if (!column_has_cells(t, how))
            continue;
        buf_printf(out, " %-*s", COLUMN_WIDTH - 1,
                   !c->is_selected        ? "."
                   : c->seen == c->trials ? "seen"
                                          : "NOT");
    }
    end_line(out, mark);
}

static void put_heads(struct buf *out, const struct selftest *t, struct block b)
{
    for (unsigned how = b.from; how < b.to; how++)
        if (column_has_cells(t, how))
            buf_printf(out, "  %-9s%s\n", torture_how(how).name, torture_how(how).text);
    buf_put_byte(out, '\n');
    size_t mark = out->len;
    buf_printf(out, "%-*s", ROW_WIDTH, "");
    for (unsigned how = b.from; how < b.to; how++)
        if (column_has_cells(t, how))
            buf_printf(out, " %-*s", COLUMN_WIDTH - 1, torture_how(how).name);
    end_line(out, mark);
}

static void put_block(struct buf *out, const struct selftest *t, struct block b)
{
    bool has_cells = false;
    for (unsigned how = b.from; how < b.to; how++)
        has_cells |= column_has_cells(t, how);
    if (!has_cells)
        return;
    buf_printf(out, "%s\n", torture_group(b.from));
    put_heads(out, t, b);
    for (unsigned what = 0; what < torture_n_whats(); what++)
        if (row_has_cells(t, what, b))
            put_row(out, t, what, b);
    buf_put_byte(out, '\n');
}

static bool has_failed(const struct selftest_cell *c)
{
    return c->is_selected && c->seen < c->trials;
}

/* Rows of a column that failed for the same reason as `what`, the first of them. */
static unsigned alike(const struct selftest *t, unsigned what, unsigned how)
{
    const char *reason = selftest_cell(t, what, how)->reason;
    unsigned n = 0;
    for (unsigned other = 0; other < torture_n_whats(); other++) {
        const struct selftest_cell *c = selftest_cell(t, other, how);
        if (!has_failed(c) || strcmp(c->reason, reason) != 0)
            continue;
        if (other < what) /* told already */
            return 0;
        n++;
    }
    return n;
}

static void put_failure(struct buf *out, const struct selftest *t, unsigned what, unsigned how)
{
    const struct selftest_cell *c = selftest_cell(t, what, how);
    unsigned n = alike(t, what, how);
    if (n == 0)
        return;
    buf_printf(out, "%s: %s", torture_how(how).text, torture_what(what).text);
    if (n > 1)
        buf_printf(out, " and %u more", n - 1);
    if (c->trials > 1)
        buf_printf(out, ", %u of %u not seen", c->trials - c->seen, c->trials);
    buf_printf(out, ": %s\n", c->reason);
}

static void put_failures(struct buf *out, const struct selftest *t)
{
    for (unsigned how = 0; how < torture_n_hows(); how++)
        for (unsigned what = 0; what < torture_n_whats(); what++)
            if (has_failed(selftest_cell(t, what, how)))
                put_failure(out, t, what, how);
}

static void put_totals(struct buf *out, const struct selftest *t)
{
    const struct selftest_totals *s = selftest_totals(t);
    buf_printf(out, "%u of %u seen; %llu conversations, %llu packets\n", s->cells_seen, s->cells,
               (unsigned long long)s->conversations, (unsigned long long)s->packets);
    if (s->wrong_alerts)
        buf_printf(out, "%llu alerts for something that was not there\n",
                   (unsigned long long)s->wrong_alerts);
    if (!s->sums_hold)
        buf_put_str(out, "the sums of packets or sessions do not hold\n");
}

static void put_text(struct buf *out, const struct selftest *t)
{
    for (unsigned how = 0; how < torture_n_hows(); how = block_at(how).to)
        put_block(out, t, block_at(how));
    put_failures(out, t);
    put_totals(out, t);
}

/* ---- for machines ---- */

static void put_cell(struct json *j, unsigned what, unsigned how, const struct selftest_cell *c)
{
    json_begin_object(j, NULL);
    json_str(j, "what", torture_what(what).name);
    json_str(j, "how", torture_how(how).name);
    json_u64(j, "conversations", c->trials);
    json_u64(j, "seen", c->seen);
    if (c->reason[0])
        json_str(j, "reason", c->reason);
    json_end_object(j);
}

static void put_json(struct buf *out, const struct selftest *t)
{
    const struct selftest_totals *s = selftest_totals(t);
    struct json j;
    json_init(&j, out);
    json_begin_object(&j, NULL);
    json_begin_array(&j, "cells");
    for (unsigned what = 0; what < torture_n_whats(); what++)
        for (unsigned how = 0; how < torture_n_hows(); how++)
            if (selftest_cell(t, what, how)->is_selected)
                put_cell(&j, what, how, selftest_cell(t, what, how));
    json_end_array(&j);
    json_begin_object(&j, "total");
    json_u64(&j, "cells", s->cells);
    json_u64(&j, "seen", s->cells_seen);
    json_u64(&j, "conversations", s->conversations);
    json_u64(&j, "packets", s->packets);
    json_u64(&j, "wrong_alerts", s->wrong_alerts);
    json_bool(&j, "sums_hold", s->sums_hold);
    json_bool(&j, "passed", selftest_has_passed(t));
    json_end_object(&j);
    json_end_object(&j);
    buf_put_byte(out, '\n');
}

/* ---- what is run ---- */

static bool is_chosen(const struct choice *c, const char *name)
{
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->names[i], name) == 0)
            return true;
    return c->n == 0;
}

static bool is_known(const char *name, unsigned n, struct torture_label label(unsigned))
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(label(i).name, name) == 0)
            return true;
    return false;
}

static bool select_cells(struct command *c)
{
    unsigned n = 0;
    for (unsigned what = 0; what < torture_n_whats(); what++)
        for (unsigned how = 0; how < torture_n_hows(); how++)
            if (is_chosen(&c->whats, torture_what(what).name) && is_chosen(&c->hows, torture_how(how).name))
                n += selftest_select(c->test, what, how);
    return n > 0;
}

static bool write_list(const struct command *c, struct err *err)
{
    struct outfile file;
    struct buf list;
    if (!outfile_open(&file, c->list_path, err))
        return false;
    buf_init(&list, OUT_MAX);
    selftest_put_list(c->test, &list);
    bool is_good = sink_write(&file.sink, buf_span(&list));
    buf_fini(&list);
    if (is_good)
        return outfile_commit(&file, err);
    *err = file.sink.err;
    outfile_drop(&file);
    return false;
}

static bool run_to_file(struct command *c, struct err *err)
{
    struct outfile file;
    if (!outfile_open(&file, c->capture_path, err))
        return false;
    struct capture_out *out = capture_out_new(file.sink.fd, c->capture_path, err);
    bool is_good = out && selftest_run(c->test, out, err);
    capture_out_free(out);
    if (is_good)
        return outfile_commit(&file, err);
    outfile_drop(&file);
    return false;
}

static int run(struct command *c)
{
    struct err err = {0};
    if ((c->capture_path && !run_to_file(c, &err)) ||
        (!c->capture_path && !selftest_run(c->test, NULL, &err)) || (c->list_path && !write_list(c, &err))) {
        say_err(&err);
        return EXIT_FAILED;
    }
    buf_init(&c->out, OUT_MAX);
    if (c->is_json)
        put_json(&c->out, c->test);
    else
        put_text(&c->out, c->test);
    print_text(stdout, &c->out);
    buf_fini(&c->out);
    return selftest_has_passed(c->test) ? EXIT_DONE : EXIT_FAILED;
}

/* ---- options ---- */

/* True: go on. Else *out_exit is what to exit with. */
static bool parse(struct command *c, int argc, char **argv, int *out_exit)
{
    static const struct option known[] = {{"json", no_argument, NULL, 'j'},
                                          {"what", required_argument, NULL, 'w'},
                                          {"how", required_argument, NULL, 'o'},
                                          {"write", required_argument, NULL, 'c'},
                                          {"write-list", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    opterr = 0;
    *out_exit = EXIT_USAGE;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        switch (option) {
        case 'h':
            help_print(stdout, "selftest");
            *out_exit = EXIT_DONE;
            return false;
        case 'j':
            c->is_json = true;
            break;
        case 'w':
            c->whats.names[c->whats.n++] = optarg;
            break;
        case 'o':
            c->hows.names[c->hows.n++] = optarg;
            break;
        case 'c':
            c->capture_path = optarg;
            break;
        case 'l':
            c->list_path = optarg;
            break;
        default:
            usage_error("selftest ", option == ':' ? "%s wants a value" : "unknown option %s",
                        argv[optind - 1]);
            return false;
        }
    }
    if (optind < argc)
        usage_error("selftest ", "\"%s\" is too much: it makes its traffic itself", argv[optind]);
    return optind == argc;
}

/* Standard output has the matrix. */
static bool is_file(const char *option, const char *path)
{
    if (!path || strcmp(path, "-") != 0)
        return true;
    usage_error("selftest ", "%s wants the name of a file: standard output has the matrix", option);
    return false;
}

static bool names_are_known(const struct command *c)
{
    for (int i = 0; i < c->whats.n; i++)
        if (!is_known(c->whats.names[i], torture_n_whats(), torture_what)) {
            usage_error("selftest ", "--what: there is no row \"%s\"", c->whats.names[i]);
            return false;
        }
    for (int i = 0; i < c->hows.n; i++)
        if (!is_known(c->hows.names[i], torture_n_hows(), torture_how)) {
            usage_error("selftest ", "--how: there is no column \"%s\"", c->hows.names[i]);
            return false;
        }
    return true;
}

static int prepare(struct command *c, int argc, char **argv)
{
    int status;
    if (!c->whats.names || !c->hows.names || !c->test) {
        say("out of memory");
        return EXIT_FAILED;
    }
    if (!parse(c, argc, argv, &status))
        return status;
    if (!names_are_known(c) || !is_file("--write", c->capture_path) || !is_file("--write-list", c->list_path))
        return EXIT_USAGE;
    if (!select_cells(c))
        return usage_error("selftest ", "nothing of that can travel so");
    return run(c);
}

int command_selftest(int argc, char **argv)
{
    struct command c = {.whats.names = calloc((size_t)argc, sizeof *c.whats.names),
                        .hows.names = calloc((size_t)argc, sizeof *c.hows.names),
                        .test = selftest_new()};
    int status = prepare(&c, argc, argv);
    selftest_free(c.test);
    free(c.whats.names);
    free(c.hows.names);
    return status;
}
