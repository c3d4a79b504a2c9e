/* See load_lists.h.
 *
 * The cache holds one compiled db per combination of lists: its name comes from the -l and --allow arguments, its key from those and the bytes of all
 * files behind them, so a list that changed in any way is loaded anew. What the lists' reports say is kept in the db file too: the closing
 * summary does not depend on where the db came from. */
#include "tools/load_lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/hash.h"
#include "matcher/allow.h"
#include "rules/formats/format.h"
#include "tools/cache.h"
#include "tools/message.h"
#include "tools/reports.h"
#include "tools/sink.h"

enum { NOTES_EACH = 10, REFUSED_SHOWN = 10 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- diagnostics ---- */

void load_note(void *to, const struct list_note *note)
{
    struct note_limit *limit = to;
    if (note->is_repeat)
        return;
    unsigned reason =
        note->kind == NOTE_REJECTED ? note->reason : REJECT_COUNT + (note->kind == NOTE_WARNING);
    if (limit->max_each && limit->n_shown[reason]++ >= limit->max_each) {
        limit->n_hidden++;
        return;
    }
    const char *kind = note->kind == NOTE_WARNING ? "warning: " : "";
    if (note->line && note->col)
        say("%s:%u:%u: %s%s", note->path, note->line, note->col, kind, note->what);
    else if (note->line)
        say("%s:%u: %s%s", note->path, note->line, kind, note->what);
    else
        say("%s: %s%s", note->path, kind, note->what);
}

/* ---- loading ---- */

struct loading {
    const struct load_options *o;
    struct loaded *out;
    struct list_context context;
    struct note_limit notes;
    struct list_options options; /* of the argument at hand */
    const struct set *set;       /* at hand, for refused(): its view */
    uint32_t n_refused;
    bool is_allow; /* the set at hand is the allow side */
};

static bool grow_reports(struct loaded *l)
{
    struct list_report *more = realloc(l->reports, (l->n_reports + 1) * sizeof *more);
    if (more)
        l->reports = more;
    return more != NULL;
}

static bool ends_as_file(struct span name)
{
    static const char *const endings[] = {".txt",  ".csv",  ".tsv",   ".yaml", ".yml", ".json", ".xml",
                                          ".html", ".list", ".lst",   ".dat",  ".log", ".conf", ".gz",
                                          ".xz",   ".zst",  ".bz2",   ".vdb",  ".ioc", ".md",   ".zip",
                                          ".rpz",  ".zone", ".hosts", ".stix", ".pcap"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct span ending = span_str(endings[i]);
        if (name.len > ending.len && span_eq_nocase(span_from(name, name.len - ending.len), ending))
            return true;
    }
    return false;
}

/* Could the name of a file that is not there be a value that somebody wants to look for? Of bytes that a shell leaves alone. */
static bool looks_like_value(const char *file)
{
    struct buf scratch;
    struct value v;
    uint32_t col;
    struct span text = span_str(file);
    if (strspn(file, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:/_-") != text.len)
        return false;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    bool is_value = value_read(text, &scratch, &v, &col) == REJECT_NONE &&
                    ((v.type == IOC_DOMAIN && memchr(file, '.', text.len) && !ends_as_file(text)) ||
                     (v.type >= IOC_IPV4 && v.type <= IOC_URL));
    buf_fini(&scratch);
    return is_value;
}

static void hint_at_value(const char *file, bool is_allow)
{
    struct stat st;
    if (stat(file, &st) != 0 && errno == ENOENT && looks_like_value(file))
        say("to %s a value itself: echo %s | vedette replay %s - ...", is_allow ? "allow" : "look for", file,
            is_allow ? "--allow" : "-l");
}

static bool load_file(void *to, const char *file)
{
    struct loading *l = to;
    struct err err = {0};
    if (!grow_reports(l->out)) {
        say("%s: out of memory", file);
        return false;
    }
    struct list_report *report = &l->out->reports[l->out->n_reports++];
    if (list_load(&l->context, file, &l->options, report, &err))
        return true;
    say_err(&err);
    hint_at_value(file, l->options.is_allow);
    l->out->has_failed = true;
    return report->is_unreadable; /* the others still load, but not without memory */
}

/* Every file of an argument. False when memory ran out, or a setting is wrong. */
static bool load_argument(struct loading *l, char *argument, bool is_allow)
{
    struct err err = {0};
    const char *path;
    if (!list_options_parse(argument, &path, &l->options, &err)) {
        say_err(&err);
        l->out->is_misused = true;
        return false;
    }
    l->options.keep_defanged_out = l->o->keeps_defanged_out;
    l->options.is_allow |= is_allow;
    if (list_walk(path, load_file, l, &err))
        return true;
    if (err.kind == ERR_NONE)
        return false;
    say_err(&err);
    l->out->has_failed = true;
    return true;
}

static bool load_arguments(struct loading *l)
{
    bool is_good = true;
    for (size_t i = 0; is_good && i < l->o->n_lists; i++)
        is_good = load_argument(l, l->o->lists[i], false);
    for (size_t i = 0; is_good && i < l->o->n_allow; i++)
        is_good = load_argument(l, l->o->allow[i], true);
    return is_good;
}

static void refused(void *to, uint32_t indicator, const char *why)
{
    struct loading *l = to;
    if (l->o->refused && !l->is_allow)
        l->o->refused(l->o->refused_to, indicator);
    if (l->n_refused++ >= REFUSED_SHOWN)
        return;
    struct set_view v = set_view_of(l->set);
    const struct origin *o = &v.origins[v.indicators[indicator].origins];
    struct span path = set_text(&v, v.lists[o->list].path);
    say("%.*s:%u: pattern refused: %s; it will not match", (int)path.len, (const char *)path.ptr, o->line,
        why);
}

/* The allow side, which is compiled first: *out is NULL when there is nothing in it. Takes it over. */
static bool build_allow(struct loading *l, struct set *allow, struct db_options options, struct db **out,
                        struct err *err)
{
    *out = NULL;
    l->set = allow;
    l->is_allow = true;
    if (set_view_of(allow).n_indicators)
        return db_build(allow, &options, out, err);
    set_free(allow);
    return true;
}

/* All lists are loaded: only now can be told what is allowed, whichever came first. Takes both over. */
static bool build(struct loading *l, struct set *set, struct set *allow)
{
    struct err err = {0};
    struct db_options options = {.names_engine = l->o->names_engine, .refused = refused, .refused_to = l};
    bool is_good = build_allow(l, allow, options, &options.allow, &err) &&
                   (!options.allow || allow_mark(options.allow, set, &err));
    l->set = set;
    l->is_allow = false;
    if (is_good && db_build(set, &options, &l->out->db, &err))
        return true;
    if (!is_good) {
        db_free(options.allow);
        set_free(set);
    }
    say_err(&err);
    return false;
}

static bool load_afresh(const struct load_options *o, struct loaded *out)
{
    struct public_suffixes *suffixes = public_suffixes_new();
    struct set *set = set_new(), *allow = set_new();
    struct loading l = {.o = o, .out = out, .notes = {.max_each = NOTES_EACH}};
    l.context = (struct list_context){
        .set = set,
        .allow = allow,
        .suffixes = suffixes,
        .note = o->is_quiet ? NULL : load_note,
        .note_to = &l.notes,
        .now = time(NULL),
    };
    bool is_good = set && allow && suffixes;
    if (!is_good)
        say("out of memory");
    is_good = is_good && load_arguments(&l);
    if (l.notes.n_hidden)
        say("%llu more entries with the same kinds of fault are not shown; `vedette lists check` shows all",
            (unsigned long long)l.notes.n_hidden);
    if (is_good) {
        is_good = build(&l, set, allow);
    } else {
        set_free(set);
        set_free(allow);
    }
    public_suffixes_free(suffixes);
    return is_good;
}

/* ---- the cache around it ---- */

struct keying {
    uint64_t key;
    bool is_good;
    bool is_named; /* the file at hand was named by a list: no further */
};

static bool mix_file(void *to, const char *file)
{
    struct keying *k = to;
    uint64_t content;
    k->is_good = strcmp(file, "-") != 0 && cache_hash_file(file, &content);
    if (!k->is_good)
        return false;
    k->key = hash_bytes(file, strlen(file), k->key);
    k->key = hash_bytes(&content, sizeof content, k->key);
    if (k->is_named)
        return true;
    k->is_named = true;
    format_yaml_files(file, mix_file, k);
    k->is_named = false;
    return k->is_good;
}

/* One argument and all it leads to. `what` tells -l from --allow. */
static bool mix_argument(struct keying *k, const char *written, const char *what, uint64_t *name)
{
    struct list_options options = {0};
    struct err err;
    const char *path;
    char *argument = strdup(written); /* is cut apart */
    if (!argument)
        return false;
    k->key = hash_bytes(argument, strlen(argument), hash_bytes(what, strlen(what), k->key));
    *name = hash_bytes(argument, strlen(argument), hash_bytes(what, strlen(what), *name));
    bool is_good = list_options_parse(argument, &path, &options, &err) && list_walk(path, mix_file, k, &err);
    free(argument);
    return is_good && k->is_good;
}

/* What the lists are: false when that can't be told without reading them (standard input) or they can't be read. */
static bool content_key(const struct load_options *o, uint64_t *out_name, uint64_t *out_key)
{
    uint64_t how = (uint64_t)o->names_engine << 1 | o->keeps_defanged_out;
    struct keying k = {.key = hash_bytes(&how, sizeof how, 0), .is_good = true};
    bool is_good = true;
    *out_name = k.key;
    for (size_t i = 0; is_good && i < o->n_lists; i++)
        is_good = mix_argument(&k, o->lists[i], "-l", out_name);
    for (size_t i = 0; is_good && i < o->n_allow; i++)
        is_good = mix_argument(&k, o->allow[i], "--allow", out_name);
    *out_key = k.key;
    return is_good;
}

static bool use_db_file(const char *path, uint64_t key, struct loaded *out, struct err *err)
{
    if (!db_load(path, key, &out->db, err))
        return false;
    if (reports_read(db_attachment(out->db), &out->reports, &out->n_reports))
        return true;
    db_free(out->db);
    out->db = NULL;
    return err_set(err, ERR_SYNTAX, path,
                   "the compiled db is damaged: what it says of its lists can't be read");
}

static bool load_cached(const struct load_options *o, struct loaded *out)
{
    char path[4096];
    uint64_t name, key;
    struct err err = {0};
    if (!o->cache_dir || !content_key(o, &name, &key))
        return load_afresh(o, out);
    if (!cache_path(o->cache_dir, name, path, sizeof path))
        return load_afresh(o, out);
    if (use_db_file(path, key, out, &err))
        return true;
    if (err.kind != ERR_NONE)
        say("%s: %s; compiled anew", path, err.what);
    if (!load_afresh(o, out))
        return false;
    struct buf attachment;
    reports_write(&attachment, out->reports, out->n_reports);
    if (!out->has_failed && !db_save(out->db, path, key, buf_span(&attachment), &err))
        say("%s: %s; going on without a cache", path, err.what);
    cache_prune(o->cache_dir);
    buf_fini(&attachment);
    return true;
}

bool load_lists(const struct load_options *o, struct loaded *out)
{
    double start = now_s();
    struct err err = {0};
    bool is_good;
    *out = (struct loaded){0};
    if (o->db_path) {
        is_good = use_db_file(o->db_path, 0, out, &err);
        if (!is_good)
            say("%s: %s", o->db_path, err.what);
    } else {
        is_good = load_cached(o, out);
    }
    if (is_good && db_set(out->db)->n_indicators == 0) {
        say("no indicator was loaded: nothing can be found");
        is_good = false;
    }
    if (is_good && db_stats(out->db)->n_suppressed == db_set(out->db)->n_indicators)
        say("allow-lists cover every indicator: nothing can be found");
    if (!is_good) {
        bool is_misused = out->is_misused;
        loaded_fini(out);
        out->is_misused = is_misused;
    }
    out->seconds = now_s() - start;
    return is_good;
}

/* ---- what must not be written over ---- */

struct search {
    const char *path;
    bool is_found;
    bool is_named; /* the file at hand was named by a list: no further */
};

static bool compare_file(void *to, const char *file)
{
    struct search *s = to;
    struct stat st;
    s->is_found = sink_is_input(s->path, file);
    if (s->is_found || s->is_named || stat(file, &st) != 0 || !S_ISREG(st.st_mode))
        return !s->is_found;
    s->is_named = true;
    format_yaml_files(file, compare_file, s);
    s->is_named = false;
    return !s->is_found;
}

static void search_argument(struct search *s, const char *written)
{
    struct list_options options = {0};
    struct err err;
    const char *list;
    char *argument = s->is_found ? NULL : strdup(written); /* is cut apart */
    if (argument && list_options_parse(argument, &list, &options, &err))
        list_walk(list, compare_file, s, &err);
    free(argument);
}

bool load_lists_reads(const struct load_options *o, const char *path)
{
    struct search s = {.path = path, .is_found = o->db_path && sink_is_input(path, o->db_path)};
    for (size_t i = 0; i < o->n_lists; i++)
        search_argument(&s, o->lists[i]);
    for (size_t i = 0; i < o->n_allow; i++)
        search_argument(&s, o->allow[i]);
    return s.is_found;
}

void loaded_fini(struct loaded *l)
{
    db_free(l->db);
    for (size_t i = 0; i < l->n_reports; i++)
        list_report_fini(&l->reports[i]);
    free(l->reports);
    *l = (struct loaded){0};
}
