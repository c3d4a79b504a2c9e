/* `vedette lists check`: load lists, say what is wrong with them and what they will hit by mistake, capture nothing. Entries of a kind
 * that nobody can mend one by one (hashes, attributes without to_ids) are one finding per list and kind, with their number. */
#include "tools/lists.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "matcher/allow.h"
#include "matcher/survey.h"
#include "tools/findings.h"
#include "tools/help.h"
#include "tools/message.h"
#include "tools/summary.h"

enum { MANY_ENTRIES = 20, MANY_PERCENT = 5 };

enum { VALUE_SHOWN = 80, NAME_SHOWN = 100, PATH_SHOWN = 1000 }; /* bytes, in a finding */

/* Entries of one list passed over for one reason. */
struct passed_over {
    uint64_t n;
    uint32_t line; /* of the first */
};

struct check {
    struct list_context context;
    struct list_options options; /* of the argument at hand */
    bool is_json, shows_all, keeps_defanged_out;
    struct findings findings;
    struct passed_over by_skip[SKIP_COUNT],
        by_type[IOC_TYPE_COUNT + 1]; /* of the list at hand; by_type: SKIP_TYPE's */
    struct list_report *reports;     /* owned */
    size_t n_reports;
    struct db *db;    /* owned; of all that was loaded, NULL when it could not be built */
    bool *is_refused; /* owned; by indicator */
    bool has_failed;  /* a list is unusable */
};

/* ---- what loading says ---- */

static void keep_passed_over(struct check *c, const struct list_note *note)
{
    struct passed_over *p = note->skip == SKIP_TYPE ? &c->by_type[note->type] : &c->by_skip[note->skip];
    if (p->n++ == 0)
        p->line = note->line;
}

static void take_note(void *to, const struct list_note *note)
{
    struct check *c = to;
    struct finding_line line = {
        .path = note->path, .line = note->line, .col = note->col, .what = note->what, .value = note->value};
    if (note->is_repeat || (note->about && strcmp(note->about, LIST_ABOUT_TO_IDS) == 0))
        return; /* the list as a whole says that one itself */
    switch (note->kind) {
    case NOTE_SKIPPED:
        keep_passed_over(c, note);
        return;
    case NOTE_REJECTED:
        line.kind = "rejected";
        line.reason = reject_code(note->reason);
        break;
    case NOTE_DUPLICATE:
        line.kind = "duplicate";
        break;
    case NOTE_WARNING:
        line.kind = note->about ? note->about : "warning";
        break;
    }
    findings_add(&c->findings, &line);
}

/* ---- what the list as a whole says ---- */

static void tell_types(struct check *c, const struct list_report *r)
{
    for (int i = 0; i <= IOC_TYPE_COUNT; i++) {
        char what[200];
        const struct passed_over *p = &c->by_type[i];
        const char *name = i < IOC_TYPE_COUNT ? ioc_type_name((enum ioc_type)i) : "unknown";
        if (p->n == 0)
            continue;
        snprintf(what, sizeof what,
                 "%llu of type %s: no packet shows such; other tools look for them, a sensor can't",
                 (unsigned long long)p->n, name);
        findings_add(&c->findings, &(struct finding_line){.kind = "not-observable",
                                                          .reason = name,
                                                          .path = r->path,
                                                          .line = p->line,
                                                          .n = p->n,
                                                          .what = what});
    }
}

/* MISP: all that could have loaded lacks to_ids. */
static bool is_flagged_nowhere(const struct list_report *r)
{
    return r->loaded + r->merged + r->allowed == 0 && r->by_skip[SKIP_TO_IDS] > 0;
}

/* Nothing to mend where the publisher has taken something back. */
static bool is_by_intent(enum skip skip)
{
    return skip != SKIP_TO_IDS && skip != SKIP_BROAD;
}

static void tell_skips(struct check *c, const struct list_report *r)
{
    for (int i = SKIP_TYPE + 1; i < SKIP_COUNT; i++) {
        char what[200];
        const struct passed_over *p = &c->by_skip[i];
        if (p->n == 0 || (i == SKIP_TO_IDS && is_flagged_nowhere(r)))
            continue;
        snprintf(what, sizeof what, "%llu %s: %s", (unsigned long long)p->n, p->n == 1 ? "entry" : "entries",
                 skip_remedy((enum skip)i));
        findings_add(&c->findings, &(struct finding_line){.kind = i == SKIP_BROAD ? "too-broad" : "skipped",
                                                          .reason = skip_name((enum skip)i),
                                                          .path = r->path,
                                                          .line = p->line,
                                                          .n = p->n,
                                                          .what = what,
                                                          .is_note = is_by_intent((enum skip)i)});
    }
}

/* Faulty entries; patterns about what no packet shows are sound. */
static uint64_t faulty(const struct list_report *r)
{
    return r->rejected - r->by_reason[REJECT_PATTERN_OBJECT];
}

static enum reject most_frequent(const struct list_report *r)
{
    enum reject most = REJECT_BAD_CHAR;
    for (int i = 1; i < REJECT_COUNT; i++)
        if (i != REJECT_PATTERN_OBJECT && r->by_reason[i] > r->by_reason[most])
            most = (enum reject)i;
    return most;
}

/* What to try when a list is not read as it was meant. */
static const char *advice(const struct list_report *r, enum reject reason)
{
    if (r->format == LIST_CSV)
        return "is it the wrong column? Name it: value=COLUMN, and delimiter=, header=, type=";
    if (reason == REJECT_UNKNOWN_TYPE)
        return "is the type column the wrong one? Name it: type_column=COLUMN";
    if (reason == REJECT_NOT_HOSTS_LINE || reason == REJECT_BAD_RR)
        return "is it another format? Say it: format=text";
    return "is it another format, or cut or damaged on its way? Say the format: format=csv, format=text, ...";
}

static void tell_rejects(struct check *c, const struct list_report *r)
{
    uint64_t n = faulty(r);
    enum reject reason = most_frequent(r);
    char what[300];
    if (r->is_no_list || r->entries < MANY_ENTRIES || n * 100 <= r->entries * MANY_PERCENT ||
        r->loaded + r->merged == 0)
        return;
    snprintf(what, sizeof what, "%llu of %llu entries are rejected, %llu of them %s; %s",
             (unsigned long long)n, (unsigned long long)r->entries, (unsigned long long)r->by_reason[reason],
             reject_code(reason), advice(r, reason));
    findings_add(&c->findings,
                 &(struct finding_line){.kind = "many-rejected", .path = r->path, .what = what});
}

static void tell_nothing(struct check *c, const struct list_report *r)
{
    char what[300];
    if (r->loaded + r->merged + r->allowed > 0 || r->is_unreadable)
        return;
    c->has_failed |= r->entries > r->by_skip[SKIP_TYPE];
    if (r->is_no_list)
        return; /* which has been said */
    if (r->entries == 0)
        snprintf(what, sizeof what,
                 "nothing is in it that could be an entry (read as %s); is it empty on purpose?",
                 list_format_name(r->format));
    else if (is_flagged_nowhere(r))
        snprintf(what, sizeof what,
                 "nothing of it is loaded, for to_ids is set nowhere; load it with to_ids=ignore");
    else if (faulty(r))
        snprintf(what, sizeof what, "nothing of it is loaded (read as %s), most entries are %s; %s",
                 list_format_name(r->format), reject_code(most_frequent(r)), advice(r, most_frequent(r)));
    else
        return; /* nothing but hashes and the like: which has been said */
    findings_add(&c->findings,
                 &(struct finding_line){.kind = "nothing-loaded", .path = r->path, .what = what});
}

/* ---- reports ---- */

static void put_bloom(struct json *j, const struct bloom_facts *b)
{
    enum { RATE_DECIMALS = 12, FILL_DECIMALS = 4 };
    json_begin_object(j, "bloom");
    json_u64(j, "n", b->n_meant);
    json_double(j, "p", b->rate, RATE_DECIMALS);
    json_u64(j, "k", b->n_hashes);
    json_u64(j, "m", b->n_bits);
    json_u64(j, "N", b->n_entered);
    json_u64(j, "bits_set", b->n_set);
    json_double(j, "fill", (double)b->n_set / (double)b->n_bits, FILL_DECIMALS);
    json_double(j, "real_p", b->real_rate, RATE_DECIMALS);
    json_u64(j, "data_bytes", b->data_bytes);
    json_end_object(j);
}

static void put_report(struct json *j, const struct list_report *r, uint64_t n_suppressed)
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
    json_u64(j, "suppressed", n_suppressed);
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
    if (r->bloom.n_hashes)
        put_bloom(j, &r->bloom);
    if (r->is_unreadable)
        json_text(j, "failure", span_str(r->failure.what));
    json_end_object(j);
}

/* ---- loading ---- */

static bool check_file(void *to, const char *file)
{
    struct check *c = to;
    struct err err = {0};
    struct list_report *more = realloc(c->reports, (c->n_reports + 1) * sizeof *more);
    if (!more)
        return false;
    c->reports = more;
    struct list_report *report = &more[c->n_reports++];
    memset(c->by_skip, 0, sizeof c->by_skip);
    memset(c->by_type, 0, sizeof c->by_type);
    if (!list_load(&c->context, file, &c->options, report, &err)) {
        say_err(&err);
        c->has_failed = true;
        if (!report->is_unreadable)
            return false;
    }
    tell_types(c, report);
    tell_skips(c, report);
    tell_rejects(c, report);
    tell_nothing(c, report);
    return true;
}

static void check_arguments(struct check *c, char **arguments, int n, bool is_allow)
{
    for (int i = 0; i < n; i++) {
        const char *path;
        struct err err = {0};
        c->options = (struct list_options){0};
        if (!list_options_parse(arguments[i], &path, &c->options, &err)) {
            say_err(&err);
            c->has_failed = true;
            continue;
        }
        c->options.keep_defanged_out |= c->keeps_defanged_out;
        c->options.is_allow |= is_allow;
        if (!list_walk(path, check_file, c, &err)) {
            if (err.kind != ERR_NONE)
                say_err(&err);
            c->has_failed = true;
        }
    }
}

/* ---- the indicators ---- */

static void tell_indicator(struct check *c, const struct set_view *v, uint32_t indicator, uint32_t origin,
                           const char *kind, const char *what)
{
    const struct origin *o = &v->origins[origin];
    struct span path = set_text(v, v->lists[o->list].path);
    char path_z[4096];
    snprintf(path_z, sizeof path_z, "%.*s", (int)path.len, (const char *)path.ptr);
    findings_add(
        &c->findings,
        &(struct finding_line){
            .kind = kind, .path = path_z, .line = o->line, .what = what, .value = set_value(v, indicator)});
}

struct refusal {
    struct check *check;
    const struct set *set;
    bool *is_refused; /* by indicator; NULL: nobody asks */
};

/* A pattern that will never match. */
static void take_refusal(void *to, uint32_t indicator, const char *why)
{
    const struct refusal *r = to;
    struct set_view v = set_view_of(r->set);
    char what[300];
    bool is_empty = strstr(why, "empty buffer"); /* Hyperscan's words for ".*" and "(a|)" */
    if (is_empty)
        snprintf(what, sizeof what,
                 "the pattern matches anything, for it matches an empty text; it will not match, narrow it");
    else
        snprintf(what, sizeof what, "%s; it will not match, write it more simply", why);
    if (r->is_refused)
        r->is_refused[indicator] = true;
    tell_indicator(r->check, &v, indicator, v.indicators[indicator].origins,
                   is_empty ? "too-broad" : "pattern-refused", what);
}

struct surveyed {
    struct check *check;
    const struct db *db;
};

static void take_survey(void *to, const struct survey_finding *f)
{
    const struct surveyed *s = to;
    tell_indicator(s->check, db_set(s->db), f->indicator, f->origin, finding_name(f->finding), f->what);
}

/* What an allow-list covers will not match: told wherever a list names it. */
static void tell_suppressed(struct check *c, uint32_t indicator)
{
    const struct set_view *v = db_set(c->db), *allow = db_set(db_allow(c->db));
    const struct origin *by =
        &allow->origins[allow_origin_always(allow, v->indicators[indicator].allowed_by)];
    struct span value = span_first(set_value(v, indicator), VALUE_SHOWN),
                name = span_first(set_text(allow, allow->lists[by->list].name), NAME_SHOWN),
                path = span_first(set_text(allow, allow->lists[by->list].path), PATH_SHOWN);
    char what[VALUE_SHOWN + NAME_SHOWN + PATH_SHOWN + 100];
    snprintf(what, sizeof what, "%.*s is covered by allow-list \"%.*s\" (%.*s:%u) and will not match; leave it out, or allow less",
             (int)value.len, (const char *)value.ptr, (int)name.len, (const char *)name.ptr, (int)path.len,
             (const char *)path.ptr, by->line);
    for (uint32_t o = v->indicators[indicator].origins; o != ORIGIN_END; o = v->origins[o].next)
        tell_indicator(c, v, indicator, o, "suppressed", what);
}

/* Whether every pattern compiles, and what is allowed, is known only when all has been compiled. Takes both sets over. */
static bool build(struct check *c, struct set *set, struct set *allow, struct err *err)
{
    struct refusal refusal = {c, allow, NULL};
    struct db_options options = {
        .names_engine = NAMES_TABLE, .refused = take_refusal, .refused_to = &refusal};
    struct db *allowed = NULL;
    bool is_good = db_build(allow, &options, &allowed, err) && allow_mark(allowed, set, err);
    c->is_refused = calloc(set_view_of(set).n_indicators + 1u, sizeof *c->is_refused);
    if (!is_good || !c->is_refused) {
        db_free(allowed);
        set_free(set);
        return is_good ? err_set(err, ERR_MEMORY, NULL, "out of memory") : false;
    }
    refusal = (struct refusal){c, set, c->is_refused};
    options.allow = allowed;
    return db_build(set, &options, &c->db, err);
}

static bool check_sets(struct check *c, struct set *set, struct set *allow, struct err *err)
{
    if (!build(c, set, allow, err))
        return false;
    for (uint32_t i = 0; i < db_set(c->db)->n_indicators; i++)
        if (db_set(c->db)->indicators[i].flags & IOC_F_SUPPRESSED)
            tell_suppressed(c, i);
    struct surveyed surveyed = {c, c->db};
    struct survey_options survey = {
        .now = c->context.now, .is_refused = c->is_refused, .found = take_survey, .to = &surveyed};
    return survey_set(c->db, &survey, err);
}

/* ---- the end ---- */

static void add_up(const struct check *c, struct list_report *out)
{
    *out = (struct list_report){0};
    for (size_t i = 0; i < c->n_reports; i++) {
        const struct list_report *r = &c->reports[i];
        out->entries += r->entries;
        out->loaded += r->loaded;
        out->merged += r->merged;
        out->skipped += r->skipped;
        for (int t = 0; t <= IOC_TYPE_COUNT; t++)
            out->by_type[t].skipped += r->by_type[t].skipped;
    }
}

static void put_gaps(struct json *j, const struct list_report *sum)
{
    json_begin_object(j, "not_observable");
    for (int t = IOC_MATCHABLE_COUNT; t < IOC_TYPE_COUNT; t++)
        if (sum->by_type[t].skipped)
            json_u64(j, ioc_type_name((enum ioc_type)t), sum->by_type[t].skipped);
    json_end_object(j);
}

static void put_lists(struct check *c)
{
    struct allow_tally tally = {0};
    uint32_t next = 0, list;
    if (c->db)
        allow_tally_init(&tally, c->db, NULL);
    json_begin_array(&c->findings.json, "lists");
    for (size_t i = 0; i < c->n_reports; i++) {
        bool is_in_db = c->db && summary_find_list(db_set(c->db), &next, c->reports, c->n_reports, i, &list);
        put_report(&c->findings.json, &c->reports[i], is_in_db ? allow_tally_of_list(&tally, list) : 0);
    }
    json_end_array(&c->findings.json);
    allow_tally_fini(&tally);
}

static void put_reports(struct check *c)
{
    struct json *j = &c->findings.json;
    struct list_report sum;
    add_up(c, &sum);
    put_lists(c);
    json_begin_object(j, "total");
    json_u64(j, "findings", c->findings.n);
    json_u64(j, "notes", c->findings.n_notes);
    json_u64(j, "entries", sum.entries);
    json_u64(j, "loaded", sum.loaded);
    json_u64(j, "merged", sum.merged);
    json_u64(j, "skipped", sum.skipped);
    put_gaps(j, &sum);
    json_end_object(j);
    json_end_object(j);
    buf_put_byte(&c->findings.out, '\n');
}

static void print_reports(struct check *c)
{
    struct buf *out = &c->findings.out;
    if (c->findings.n + c->findings.n_notes)
        buf_put_byte(out, '\n');
    summary_put_lists(out, c->db, c->reports, c->n_reports);
    if (c->findings.n == 0 && !c->has_failed)
        buf_put_str(out, "no findings\n");
    else if (c->findings.n)
        buf_printf(out, "%llu finding%s\n", (unsigned long long)c->findings.n, c->findings.n == 1 ? "" : "s");
}

static void finish(struct check *c)
{
    findings_end(&c->findings);
    if (c->is_json)
        put_reports(c);
    else
        print_reports(c);
    findings_flush(&c->findings);
    c->has_failed |= c->findings.is_broken;
    findings_fini(&c->findings);
    for (size_t i = 0; i < c->n_reports; i++)
        list_report_fini(&c->reports[i]);
    free(c->reports);
    free(c->is_refused);
    db_free(c->db);
}

/* Arguments of --allow. */
struct allow_lists {
    char **items; /* owned */
    int n;
};

static int check(struct check *c, char **lists, int n_lists, const struct allow_lists *allow_lists)
{
    struct public_suffixes *suffixes = public_suffixes_new();
    struct set *set = set_new(), *allow = set_new();
    struct err err = {0};
    if (!suffixes || !set || !allow) {
        say("out of memory");
        return EXIT_USAGE;
    }
    c->context = (struct list_context){.set = set,
                                       .allow = allow,
                                       .suffixes = suffixes,
                                       .tells_duplicates = true,
                                       .note = take_note,
                                       .note_to = c,
                                       .now = time(NULL)};
    findings_begin(&c->findings, c->is_json, c->shows_all);
    check_arguments(c, lists, n_lists, false);
    check_arguments(c, allow_lists->items, allow_lists->n, true);
    if (c->n_reports == 0 && !c->has_failed)
        say("no list was found there");
    if (!check_sets(c, set, allow, &err)) {
        say_err(&err);
        c->has_failed = true;
    }
    public_suffixes_free(suffixes);
    finish(c);
    return c->has_failed ? EXIT_USAGE : c->findings.n ? EXIT_FAILED : EXIT_DONE;
}

/* True: go on. Else *out_exit is what to exit with. */
static bool parse(struct check *c, struct allow_lists *allow, int argc, char **argv, int *out_exit)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},        {"all", no_argument, NULL, 'a'},
        {"allow", required_argument, NULL, 'w'}, {"no-refang", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},        {0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 'h') {
            help_print(stdout, "check");
            *out_exit = EXIT_DONE;
            return false;
        }
        if (option == '?' || option == ':') {
            *out_exit = usage_error("lists check ", option == ':' ? "%s wants a value" : "unknown option %s",
                                    argv[optind - 1]);
            return false;
        }
        c->is_json |= option == 'j';
        c->shows_all |= option == 'a';
        c->keeps_defanged_out |= option == 'r';
        if (option == 'w')
            allow->items[allow->n++] = optarg;
    }
    if (optind == argc)
        *out_exit = usage_error("lists check ", "no list was named");
    return optind < argc;
}

int lists_check(int argc, char **argv)
{
    struct check c = {0};
    struct allow_lists allow = {.items = calloc((size_t)argc + 1, sizeof *allow.items)};
    int status = EXIT_USAGE;
    if (!allow.items)
        say("out of memory");
    else if (parse(&c, &allow, argc, argv, &status))
        status = check(&c, argv + optind, argc - optind, &allow);
    free(allow.items);
    return status;
}
