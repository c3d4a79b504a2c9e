/* `vedette lists check`: load lists, say what is wrong with them, capture nothing. */
#include "tools/lists.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "tools/help.h"
#include "tools/message.h"
#include "tools/summary.h"

enum { OUT_BYTES_MAX = 1 << 30 };

struct check {
    struct list_context context;
    struct list_options options; /* of the argument at hand */
    bool is_json, keeps_defanged_out;
    struct json json;
    struct buf out;
    struct note_limit notes;
    bool has_skipped, has_failed;
};

static const char *note_kind_name(enum list_note_kind k)
{
    return k == NOTE_REJECTED ? "rejected" : k == NOTE_SKIPPED ? "skipped" : "warning";
}

static void put_note(void *to, const struct list_note *note)
{
    struct check *c = to;
    struct json *j = &c->json;
    json_begin_object(j, NULL);
    json_text(j, "path", span_str(note->path));
    if (note->line)
        json_u64(j, "line", note->line);
    if (note->col)
        json_u64(j, "column", note->col);
    json_str(j, "kind", note_kind_name(note->kind));
    if (note->kind == NOTE_REJECTED)
        json_str(j, "reason", reject_code(note->reason));
    if (note->kind == NOTE_SKIPPED)
        json_str(j, "reason", skip_name(note->skip));
    json_text(j, "message", span_str(note->what));
    if (note->value.len)
        json_wire(j, "value", span_first(note->value, 80));
    json_end_object(j);
}

static void put_report(struct json *j, const struct list_report *r)
{
    json_begin_object(j, NULL);
    json_text(j, "path", span_str(r->path));
    json_text(j, "name", span_str(r->name));
    json_str(j, "format", list_format_name(r->format));
    json_u64(j, "lines", r->lines);
    json_u64(j, "blank", r->blank);
    json_u64(j, "comments", r->comments);
    json_u64(j, "entries", r->entries);
    json_u64(j, "loaded", r->loaded);
    json_u64(j, "merged", r->merged);
    json_u64(j, "skipped", r->skipped);
    json_u64(j, "rejected", r->rejected);
    json_u64(j, "passed_over", r->passed_over);
    json_u64(j, "allowed", r->allowed);
    json_u64(j, "expired", r->expired);
    json_u64(j, "not_yet_valid", r->not_yet_valid);
    json_u64(j, "warnings", r->warnings);
    json_u64(j, "public_suffixes", r->public_suffixes);
    json_begin_object(j, "by_type");
    for (int i = 0; i <= IOC_TYPE_COUNT; i++) {
        const struct type_counts *n = &r->by_type[i];
        if (n->loaded + n->merged + n->skipped == 0)
            continue;
        json_begin_object(j, i < IOC_TYPE_COUNT ? ioc_type_name((enum ioc_type)i) : "unknown");
        json_u64(j, "loaded", n->loaded);
        json_u64(j, "merged", n->merged);
        json_u64(j, "skipped", n->skipped);
        json_end_object(j);
    }
    json_end_object(j);
    json_u64(j, "wildcards", r->wildcards);
    json_begin_object(j, "by_reason");
    for (int i = 1; i < REJECT_COUNT; i++)
        if (r->by_reason[i])
            json_u64(j, reject_code((enum reject)i), r->by_reason[i]);
    json_end_object(j);
    json_begin_object(j, "by_skip");
    for (int i = 0; i < SKIP_COUNT; i++)
        if (r->by_skip[i])
            json_u64(j, skip_name((enum skip)i), r->by_skip[i]);
    json_end_object(j);
    if (r->is_unreadable)
        json_text(j, "failure", span_str(r->failure.what));
    json_end_object(j);
}

struct reports {
    struct check *check;
    struct list_report *items; /* owned */
    size_t n;
};

static bool check_file(void *to, const char *file)
{
    struct reports *r = to;
    struct check *c = r->check;
    struct err err = {0};
    struct list_report *items = realloc(r->items, (r->n + 1) * sizeof *items);
    if (!items)
        return false;
    r->items = items;
    struct list_report *report = &items[r->n++];
    if (!list_load(&c->context, file, &c->options, report, &err)) {
        say_err(&err);
        c->has_failed = true;
    }
    c->has_skipped |= report->skipped > 0;
    return !c->has_failed || report->is_unreadable;
}

static void check_arguments(struct check *c, struct reports *r, int argc, char **argv)
{
    for (int i = optind; i < argc; i++) {
        const char *path;
        struct err err = {0};
        c->options = (struct list_options){0};
        if (!list_options_parse(argv[i], &path, &c->options, &err)) {
            say_err(&err);
            c->has_failed = true;
            continue;
        }
        c->options.keep_defanged_out |= c->keeps_defanged_out;
        if (!list_walk(path, check_file, r, &err)) {
            if (err.kind != ERR_NONE)
                say_err(&err);
            c->has_failed = true;
        }
    }
}

static void print_reports(struct check *c, const struct reports *r)
{
    if (c->is_json) {
        json_end_array(&c->json);
        json_begin_array(&c->json, "lists");
        for (size_t i = 0; i < r->n; i++)
            put_report(&c->json, &r->items[i]);
        json_end_array(&c->json);
        json_end_object(&c->json);
        buf_put_byte(&c->out, '\n');
    } else {
        for (size_t i = 0; i < r->n; i++) {
            summary_put_list(&c->out, &r->items[i]);
            buf_put_byte(&c->out, '\n');
        }
    }
    print_text(stdout, &c->out);
}

struct refusal {
    struct check *check;
    const struct set *set;
};

/* A pattern that will never match, told as any other finding. */
static void note_refused(void *to, uint32_t indicator, const char *why)
{
    const struct refusal *r = to;
    struct set_view v = set_view_of(r->set);
    const struct origin *o = &v.origins[v.indicators[indicator].origins];
    struct span path = set_text(&v, v.lists[o->list].path);
    char path_z[4096], what[512];
    snprintf(path_z, sizeof path_z, "%.*s", (int)path.len, (const char *)path.ptr);
    snprintf(what, sizeof what, "pattern refused: %s; it will not match", why);
    struct list_note note = {.kind = NOTE_WARNING,
                             .path = path_z,
                             .line = o->line,
                             .what = what,
                             .value = set_value(&v, indicator)};
    r->check->context.note(r->check->context.note_to, &note);
    r->check->has_skipped = true;
}

/* Whether every pattern compiles is known only when it has been compiled. Takes the set over. */
static void check_patterns(struct check *c, struct set *set)
{
    struct err err = {0};
    struct db *db;
    struct refusal refusal = {c, set};
    struct db_options options = {
        .names_engine = NAMES_TABLE, .refused = note_refused, .refused_to = &refusal};
    if (db_build(set, &options, &db, &err)) {
        db_free(db);
        return;
    }
    say_err(&err);
    c->has_failed = true;
}

static int check(struct check *c, int argc, char **argv)
{
    struct public_suffixes *suffixes = public_suffixes_new();
    struct set *set = set_new();
    struct reports reports = {.check = c};
    if (!suffixes || !set) {
        say("out of memory");
        return EXIT_USAGE;
    }
    buf_init(&c->out, OUT_BYTES_MAX);
    json_init(&c->json, &c->out);
    c->context = (struct list_context){
        .set = set,
        .suffixes = suffixes,
        .note = c->is_json ? put_note : load_note,
        .note_to = c->is_json ? (void *)c : &c->notes,
        .now = time(NULL),
    };
    if (c->is_json) {
        json_begin_object(&c->json, NULL);
        json_begin_array(&c->json, "findings");
    }
    check_arguments(c, &reports, argc, argv);
    if (reports.n == 0 && !c->has_failed)
        say("no list was found there");
    check_patterns(c, set);
    print_reports(c, &reports);
    for (size_t i = 0; i < reports.n; i++)
        list_report_fini(&reports.items[i]);
    free(reports.items);
    buf_fini(&c->out);
    public_suffixes_free(suffixes);
    return c->has_failed ? EXIT_USAGE : c->has_skipped ? EXIT_FAILED : EXIT_DONE;
}

int lists_check(int argc, char **argv)
{
    static const struct option known[] = {{"json", no_argument, NULL, 'j'},
                                          {"no-refang", no_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct check c = {0};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        if (option == 'h') {
            help_print(stdout, "lists");
            return EXIT_DONE;
        }
        if (option == '?')
            return usage_error("lists ", "unknown option %s", argv[optind - 1]);
        c.is_json |= option == 'j';
        c.keeps_defanged_out |= option == 'r';
    }
    if (optind == argc)
        return usage_error("lists ", "no list was named");
    return check(&c, argc, argv);
}
