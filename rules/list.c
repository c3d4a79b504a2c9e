/* See list.h. A list's format is told by its content: each reader is asked in turn, and what none of them claims is a plain list;
 * unless it is of a kind that nothing here reads, which is said once instead of line by line. */
#include "rules/list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "rules/formats/format.h"
#include "rules/formats/load_note.h"
#include "rules/url.h"

enum { WALK_DEPTH_MAX = 16 };

static const struct list_reader *const readers[LIST_FORMAT_COUNT] = {
    [LIST_YAML] = &format_yaml,
    [LIST_TEXT] = &format_text,
    [LIST_HOSTS] = &format_hosts,
    [LIST_CSV] = &format_csv,
    [LIST_STIX] = &format_stix,
    [LIST_MISP] = &format_misp,
    [LIST_WARNINGLIST] = &format_warninglist,
    [LIST_JSON] = &format_json,
    [LIST_RPZ] = &format_rpz,
    [LIST_ADBLOCK] = &format_adblock,
    [LIST_DNSMASQ] = &format_dnsmasq,
    [LIST_UNBOUND] = &format_unbound,
    [LIST_ZEEK] = &format_zeek,
    [LIST_DATASET] = &format_dataset,
    [LIST_IPREP] = &format_iprep,
    [LIST_MALTRAIL] = &format_maltrail,
    [LIST_LOKI] = &format_loki,
    [LIST_RULES] = &format_rules,
    [LIST_OPENIOC] = &format_openioc,
    [LIST_BLOOM] = &format_bloom,
    [LIST_PSL] = &format_psl,
};

const char *list_format_name(enum list_format f)
{
    return f == LIST_AUTO ? "auto" : (unsigned)f < LIST_FORMAT_COUNT ? readers[f]->name : "unknown";
}

/* ---- reports ---- */

void list_report_fini(struct list_report *r)
{
    free(r->path);
    free(r->name);
    *r = (struct list_report){0};
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(path, "-") == 0 ? "stdin" : slash && slash[1] ? slash + 1 : path;
}

static bool begin_report(struct list_report *r, const char *path, const struct list_options *o,
                         struct err *err)
{
    struct span name = o->name.len ? o->name : span_str(base_name(path));
    *r = (struct list_report){.format = o->format};
    r->path = strdup(path);
    r->name = strndup((const char *)name.ptr, name.len);
    return (r->path && r->name) || err_set(err, ERR_MEMORY, NULL, "not enough memory to read a list");
}

/* The rest of the file is lost; the first reason stays. */
static bool fail(struct list_report *r, const struct err *why, struct err *err)
{
    if (r->failure.kind == ERR_NONE) {
        r->failure = *why;
        r->failure.where = r->path;
        load_note_clean(r->failure.what);
    }
    r->is_unreadable = true;
    if (err)
        *err = r->failure;
    return false;
}

/* ---- one file ---- */

static enum list_format detect(struct span head, bool is_all, const struct list_options *o)
{
    /* From what can't be mistaken to what nearly anything could be. */
    static const enum list_format order[] = {
        LIST_BLOOM, LIST_OPENIOC, LIST_YAML,    LIST_STIX,  LIST_MISP,    LIST_WARNINGLIST, LIST_JSON,
        LIST_ZEEK,  LIST_RPZ,     LIST_PSL,     LIST_RULES, LIST_UNBOUND, LIST_DNSMASQ,     LIST_ADBLOCK,
        LIST_HOSTS, LIST_IPREP,   LIST_DATASET, LIST_LOKI,  LIST_CSV,     LIST_MALTRAIL,
    };
    if (o->format != LIST_AUTO)
        return o->format;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (readers[order[i]]->is_likely && readers[order[i]]->is_likely(head, is_all, o))
            return order[i];
    return LIST_TEXT;
}

static bool looks_like_page(struct span head)
{
    head = load_trim(span_first(head, 1024));
    return span_eq_nocase(span_first(head, 5), SPAN_LIT("<html")) ||
           span_eq_nocase(span_first(head, 14), SPAN_LIT("<!doctype html"));
}

/* An error page that was stored in a list's place: what looks like a value in it is none. */
static bool reject_page(struct load *l)
{
    struct span line;
    while (lines_refill(&l->lines)) {
        while (lines_next(&l->lines, &line)) {
            struct span text = load_trim(line);
            if (text.len == 0) {
                l->report->blank++;
                continue;
            }
            load_reject(l, REJECT_BAD_CHAR, load_clamp32(l->lines.n), (uint32_t)(text.ptr - line.ptr) + 1,
                        text, "this looks like an HTML page, not a list; every line of it is rejected");
            l->is_repeating = l->report->is_no_list = true;
        }
    }
    return true;
}

/* It begins as a value of JSON that cannot be one of a list: "[2001:db8::1]:443" can. */
static bool looks_like_json(struct span text)
{
    struct span inner = load_trim(span_from(text, 1));
    return (text.ptr[0] == '{' || text.ptr[0] == '[') &&
           (inner.len == 0 || memchr("{}[]\"", inner.ptr[0], 5));
}

/* What a file is that no format here reads, and what would help; NULL when it may well be a list. */
static const char *foreign_name(struct span head)
{
    struct span text = load_trim(head);
    if (text.len == 0)
        return NULL;
    if (text.ptr[0] == '<' && !url_has_scheme(span_from(text, 1)))
        return "XML or HTML of no kind that is read (OpenIOC is)";
    return looks_like_json(text)
               ? "JSON of no kind that is known; format=json,value=NAME reads a member of its objects"
               : NULL;
}

/* One note for all of it: what looks like a value in it may be one that is to be let through. */
static bool reject_foreign(struct load *l, const char *name)
{
    char what[LOAD_NOTE_MAX];
    snprintf(what, sizeof what, "this looks like %s; nothing of it was loaded", name);
    load_reject(l, REJECT_UNKNOWN_TYPE, 1, 1, span_of("", 0), what);
    l->report->is_no_list = true;
    return true;
}

static bool read_list(struct load *l, struct err *err)
{
    bool is_all;
    struct span head = lines_head(&l->lines, &is_all);
    if (lines_look_utf16(head)) {
        load_reject(
            l, REJECT_UTF16_FILE, 1, 1, span_of("", 0),
            "the file is UTF-16; convert it to UTF-8, with iconv for instance; nothing of it was loaded");
        l->report->is_no_list = true;
        return true;
    }
    enum list_format format = detect(head, is_all, l->options);
    const struct list_reader *reader = readers[format];
    if (l->depth == 0)
        l->report->format = format;
    if (format != LIST_YAML && looks_like_page(head))
        return reject_page(l);
    bool is_of_lines = format == LIST_TEXT || format == LIST_HOSTS || format == LIST_CSV;
    const char *foreign = is_of_lines && l->options->format == LIST_AUTO ? foreign_name(head) : NULL;
    if (foreign)
        return reject_foreign(l, foreign);
    l->name_match = reader->name_match;
    l->has_star_prefix = reader->has_star_prefix;
    l->is_allow |= reader->is_allow;
    l->unit = reader->unit;
    return reader->load(l, err);
}

/* Read `in`, which is closed after it, into a report that has been begun. */
static bool load_file(struct list_context *ctx, struct input *in, const char *path,
                      const struct list_options *options, struct list_report *report, unsigned depth,
                      struct err *err)
{
    struct load l;
    struct err why = {0};
    bool is_good = load_init(&l, ctx, options, report, path, in, &why);
    l.depth = depth;
    if (is_good)
        is_good = read_list(&l, &why);
    report->lines += l.lines.n;
    bool is_read = l.lines.failure.kind == ERR_NONE;
    if (is_good && !is_read)
        is_good = fail(report, &l.lines.failure, err);
    else if (!is_good && report->is_unreadable)
        fail(report, &why, err);
    else if (!is_good && err)
        *err = why;
    load_fini(&l);
    input_close(in);
    return is_good;
}

bool list_load_input(struct list_context *ctx, struct input *in, const char *path,
                     const struct list_options *options, struct list_report *out_report, struct err *err)
{
    struct list_options none = list_options_none();
    if (!options)
        options = &none;
    if (!begin_report(out_report, path, options, err)) {
        input_close(in);
        return false;
    }
    if (!load_file(ctx, in, out_report->path, options, out_report, 0, err))
        return false;
    return !out_report->is_unreadable || fail(out_report, &out_report->failure, err); /* of a file it names */
}

bool list_load(struct list_context *ctx, const char *path, const struct list_options *options,
               struct list_report *out_report, struct err *err)
{
    struct list_options none = list_options_none();
    struct err why = {0};
    struct input *in = input_open(path, &why);
    if (in)
        return list_load_input(ctx, in, path, options, out_report, err);
    return begin_report(out_report, path, options ? options : &none, err) && fail(out_report, &why, err);
}

/* A pipe or device would be waited for, perhaps for ever. */
static struct input *open_regular(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        err_set(err, ERR_IO, path, "can't be opened: not a regular file");
        return NULL;
    }
    return input_open(path, err);
}

/* A file that can't be read is a fault of the list that names it: the rest of that list is read all the same. */
bool list_load_part(struct load *whole, const char *path, const struct list_options *options, uint32_t line,
                    uint32_t col, struct err *err)
{
    struct list_report *report = whole->report;
    struct err why = {0}, at = {0};
    bool was_unreadable = report->is_unreadable;
    struct err old = report->failure;
    report->is_unreadable = false;
    report->failure = (struct err){0};
    struct input *in = open_regular(path, &why);
    bool is_good = in && load_file(whole->ctx, in, path, options, report, whole->depth + 1, &why);
    bool is_lost = !in || report->is_unreadable;
    report->is_unreadable = was_unreadable;
    report->failure = old;
    if (is_good)
        return true;
    if (!is_lost)
        return err ? (*err = why, false) : false;
    if (why.line)
        err_at(&at, why.kind, report->path, line, col, "%.80s:%u: %.100s", base_name(path), why.line,
               why.what);
    else
        err_at(&at, why.kind, report->path, line, col, "%.80s %.110s", base_name(path), why.what);
    fail(report, &at, NULL);
    return true;
}

/* ---- directories ---- */

struct names {
    char **items; /* owned, each */
    size_t n, room;
};

static bool names_add(struct names *names, char *item)
{
    if (names->n == names->room) {
        size_t room = names->room ? names->room * 2 : 64;
        char **items = item ? realloc(names->items, room * sizeof *items) : NULL;
        if (!items) {
            free(item);
            return false;
        }
        names->items = items;
        names->room = room;
    }
    if (item)
        names->items[names->n++] = item;
    return item != NULL;
}

static void names_fini(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_sort(struct names *names)
{
    if (names->n)
        qsort(names->items, names->n, sizeof *names->items, compare_names);
}

static bool names_has(const struct names *names, const char *name)
{
    return names->n && bsearch(&name, names->items, names->n, sizeof *names->items, compare_names);
}

static bool keep_name(void *to, const char *file)
{
    return names_add(to, strdup(file));
}

static char *join(const char *dir, const char *name)
{
    size_t n = strlen(dir), room = n + strlen(name) + 2;
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
    return path;
}

/* `path` lies below `root`, which outlives it. */
static bool cant_read(const char *root, const char *path, struct err *err)
{
    const char *why = strerror(errno), *below = path + strlen(root);
    if (strlen(path) <= strlen(root))
        return err_set(err, ERR_IO, root, "can't be read: %s", why);
    return err_set(err, ERR_IO, root, "%.100s can't be read: %s", below + strspn(below, "/"), why);
}

static bool read_names(const char *root, const char *path, struct names *out, struct err *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return cant_read(root, path, err);
    bool is_good = true;
    for (struct dirent *entry; is_good && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            is_good = names_add(out, join(path, entry->d_name));
    closedir(dir);
    names_sort(out);
    return is_good || err_set(err, ERR_MEMORY, root, "not enough memory");
}

struct walk {
    bool (*each)(void *to, const char *file);
    void *to;
    const char *root;   /* borrowed from the caller: what errors may point to */
    struct names parts; /* owned, sorted: files that lists seen so far name */
};

static bool walk_directory(struct walk *w, const char *path, unsigned depth, struct err *err);

/* A symbolic link to a directory could lead in a circle: those are not followed. */
static bool walk_entry(struct walk *w, const char *path, unsigned depth, struct err *err)
{
    struct stat st, link;
    if (stat(path, &st) != 0)
        return cant_read(w->root, path, err);
    if (S_ISDIR(st.st_mode))
        return depth >= WALK_DEPTH_MAX || (lstat(path, &link) == 0 && S_ISLNK(link.st_mode)) ||
               walk_directory(w, path, depth + 1, err);
    return !S_ISREG(st.st_mode) || names_has(&w->parts, path) || w->each(w->to, path);
}

static bool walk_directory(struct walk *w, const char *path, unsigned depth, struct err *err)
{
    struct names names = {0};
    struct stat st;
    bool is_good = read_names(w->root, path, &names, err);
    for (size_t i = 0; is_good && i < names.n; i++)
        if (stat(names.items[i], &st) == 0 && S_ISREG(st.st_mode))
            format_yaml_files(names.items[i], keep_name, &w->parts);
    names_sort(&w->parts);
    for (size_t i = 0; is_good && i < names.n; i++)
        is_good = walk_entry(w, names.items[i], depth, err);
    names_fini(&names);
    return is_good;
}

bool list_walk(const char *path, bool (*each)(void *to, const char *file), void *to, struct err *err)
{
    struct walk w = {.each = each, .to = to, .root = path};
    struct stat st;
    if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return each(to, path);
    bool is_good = walk_directory(&w, path, 0, err);
    names_fini(&w.parts);
    return is_good;
}
