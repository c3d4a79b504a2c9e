/* Native lists: YAML, one mapping, settings first, then the indicators.
 *
 *     vedette: 1                       # format version; may be left out
 *     name: partner-c2                 # what alerts call the list; else the file's name
 *     organisation: CSIRT Example      # who says so (also: org)
 *     tlp: amber                       # clear green amber amber+strict red
 *     confidence: 80                   # 0-100, or none info low medium high critical
 *     valid_from: 2026-01-01           # dates: 2026-01-31, 2026-01-31T12:00:00Z (any RFC 3339), seconds since 1970
 *     valid_until: 2026-07-01          # first moment it no longer holds
 *     tags: [c2, emotet]               # or one scalar; at most 16
 *     reference: https://csirt.example/42
 *     description: Servers seen in May
 *     match: suffix                    # of bare names: exact, suffix (name and all below), below (only below);
 *                                      # of URLs and paths: exact, prefix
 *     type: domain                     # what bare values are, when their syntax must not decide
 *     fields: [dns, tls.sni]           # where to look; by type when left out
 *     indicators:
 *       - evil.example                 # a bare value: its syntax says what it is. Names match by `match`, else suffix
 *       - "*.evil2.example"            # the same as suffix (quotes, for * means something in YAML)
 *       - http://evil.example/gate*    # a URL or path that ends in *: everything that begins so
 *       - value: 192.0.2.1             # a mapping: the value, and what is different for this one
 *         confidence: 40
 *         tags: [scanner]
 *         valid_until: 2026-03-01
 *       - domain: exact.example        # instead of `value`, the type: domain ip url regex wildcard user_agent ja3 ja4
 *         match: exact                 # cert_sha1, cert_sha256, or any other type's name (ip_port, uri_path, hostpath, cidr4 ...)
 *       - regex: '^[a-z]{12}\.example$'
 *         ignore_case: true
 *         fields: [dns.query]
 *       - domain: merged.example       # lists put together: what this one was on before, which alerts name
 *         list: other-list
 *       - {user_agent: 4576696cff, hex: true}   # bytes that are no text
 *     allow:                           # what must not alert, whatever list names it: entries as above. `allow: yes` as a
 *       - good.evil.example            # setting says that of the whole list
 *
 * Keys of an entry: one of value, domain, ip, url, regex ...; type (with value), match, fields, confidence, tlp, valid_from,
 * valid_until, tags, reference, description, id, organisation (org), ignore_case (regex only), host_only (below `allow`: names and
 * addresses as such, not URLs on them), list, hex. What an entry says wins over the list, but for the TLP: the strictest of both
 * holds.
 *
 * A list may keep its indicators in other files, in any format, beside itself or in folders below; its settings are theirs:
 *
 *     file: c2.csv                     # or files: [a.txt, b.txt]
 *     format: csv                      # auto yaml text hosts csv
 *     csv:
 *       delimiter: semicolon           # one byte, or comma semicolon tab pipe space
 *       quote: "'"
 *       header: yes                    # does the first row name the columns? Found out when left out
 *       tag_delimiter: "|"
 *       columns: {value: 2, type: ioc_type, confidence: score}   # numbers from 1, or names of the header
 *
 * Settings stand before `indicators`: later ones would come too late for entries that are in already, and are refused with
 * a warning. A setting that is wrong, or whose key nobody knows, is passed over with a warning that names the nearest known
 * key. In an entry, a wrong type, match, fields, date or ignore_case costs the entry (it would match something else than was
 * meant); other keys are passed over with a warning. A TLP nobody knows counts as amber+strict. Anchors, aliases, a second
 * document and nesting beyond 16 are refused. At such, and where the YAML itself is broken, the list ends as unreadable; what
 * stood before it stays loaded (but for the entry just before it, which YAML has not finished reading then).
 *
 * The document is never in memory as a whole: entries go to the set as they are read. */
#include <stdio.h>
#include <stdlib.h>

#include "rules/formats/yaml_list.h"
#include "rules/list_options.h"

enum { FILES_MAX = 256, TEXTS_MAX = 1024 * 1024, ENTRY_TEXTS_MAX = 32 * 1024 * 1024 };

static const char *const list_keys[] = {
    "vedette",     "name",   "organisation", "org",         "tlp",        "confidence",  "valid_from",
    "valid_until", "tags",   "reference",    "description", "match",      "type",        "fields",
    "format",      "csv",    "file",         "files",       "indicators", "allow",       "ttl",
    "to_ids",      "tlds",   "observables",  "exceptions", NULL,
};

static void fail_at(struct yaml_list *y, const struct yaml_node *node, const char *what)
{
    err_at(y->err, ERR_SYNTAX, y->load->path, node->line, node->col, "%s", what);
}

/* ---- settings ---- */

static void warn_setting(struct yaml_list *y, const struct yaml_node *at, const struct err *why)
{
    load_warn(y->load, at->line, at->col, at->text, "%s; setting passed over", why->what);
}

/* A setting whose value is text; lives as long as the list. */
static bool set_text_option(struct yaml_list *y, const char *name, const struct yaml_node *scalar)
{
    struct err why = {0};
    struct span text = arena_copy(&y->texts, load_text(scalar->text));
    if (!text.ptr)
        err_set(&why, ERR_LIMIT, NULL, "too many long settings");
    else if (list_options_set(&y->said, span_str(name), text, &why))
        return true;
    warn_setting(y, scalar, &why);
    return false;
}

static bool add_tag(struct yaml_list *y, void *to, const struct yaml_node *scalar)
{
    return set_text_option(y, "tag", scalar);
}

static bool add_fields(struct yaml_list *y, void *to, const struct yaml_node *scalar)
{
    return set_text_option(y, "fields", scalar);
}

static bool keep_file(struct yaml_list *y, void *to, const struct yaml_node *scalar)
{
    if (y->n_files == FILES_MAX || memchr(scalar->text.ptr, 0, scalar->text.len))
        return false;
    struct file_ref *files = realloc(y->files, (y->n_files + 1) * sizeof *files);
    if (!files)
        return false;
    y->files = files;
    char *path = strndup((const char *)scalar->text.ptr, scalar->text.len);
    if (path)
        files[y->n_files++] = (struct file_ref){.path = path, .line = scalar->line, .col = scalar->col};
    return path != NULL;
}

static enum outcome read_version(struct yaml_list *y, const struct yaml_node *value)
{
    if (value->kind == YAML_SCALAR && span_eq(value->text, SPAN_LIT("1")))
        return GOOD;
    fail_at(y, value, "this version of the list format is not known here; version 1 is");
    return BAD_YAML;
}

static enum outcome read_columns(struct yaml_list *y, const struct yaml_node *value)
{
    struct yaml_node node;
    struct yaml_key key;
    while (yaml_list_next(y, &node) == GOOD) {
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return GOOD;
        char option[YAML_KEY_MAX + sizeof "_column"];
        if (yaml_list_key(y, &node, &key) != GOOD || yaml_list_next(y, &node) != GOOD)
            return BAD_YAML;
        snprintf(option, sizeof option, "%s_column", yaml_key_is(&key, "org") ? "organisation" : key.text);
        if (node.kind == YAML_SCALAR)
            set_text_option(y, option, &node);
        else
            yaml_list_pass_wrong(y, &key, &node, "a column's name or number is wanted");
    }
    return BAD_YAML;
}

static enum outcome read_csv(struct yaml_list *y, const struct yaml_key *csv, const struct yaml_node *value)
{
    struct yaml_node node;
    struct yaml_key key;
    if (value->kind != YAML_MAPPING)
        return yaml_list_pass_wrong(y, csv, value, "a mapping is wanted");
    while (yaml_list_next(y, &node) == GOOD) {
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return GOOD;
        if (yaml_list_key(y, &node, &key) != GOOD || yaml_list_next(y, &node) != GOOD)
            return BAD_YAML;
        bool is_columns = yaml_key_is(&key, "columns");
        bool is_known = is_columns || yaml_key_is(&key, "delimiter") || yaml_key_is(&key, "quote") ||
                        yaml_key_is(&key, "header") || yaml_key_is(&key, "tag_delimiter");
        static const char *const known[] = {"delimiter", "quote", "header", "tag_delimiter", "columns", NULL};
        enum outcome outcome = GOOD;
        if (!is_known)
            outcome = yaml_list_pass_unknown(y, &key, &node, known);
        else if (is_columns && node.kind == YAML_MAPPING)
            outcome = read_columns(y, &node);
        else if (!is_columns && node.kind == YAML_SCALAR)
            set_text_option(y, key.text, &node);
        else
            outcome = yaml_list_pass_wrong(y, &key, &node,
                                           is_columns ? "a mapping is wanted" : "a single value is wanted");
        if (outcome != GOOD)
            return outcome;
    }
    return BAD_YAML;
}

static enum outcome read_scalar_setting(struct yaml_list *y, const struct yaml_key *key,
                                        const struct yaml_node *value)
{
    if (value->kind != YAML_SCALAR)
        return yaml_list_pass_wrong(y, key, value, "a single value is wanted");
    if (yaml_is_null(value))
        return GOOD;
    if (yaml_key_is(key, "tlp")) {
        enum tlp tlp = load_tlp(y->load, value->line, value->col, value->text);
        y->said.tlp = tlp > y->said.tlp ? tlp : y->said.tlp;
    } else {
        set_text_option(y, key->text, value);
    }
    return GOOD;
}

/* Everything but `indicators`. */
static enum outcome read_setting(struct yaml_list *y, const struct yaml_key *key,
                                 const struct yaml_node *value)
{
    bool is_right = true;
    enum outcome outcome;
    if (yaml_key_is(key, "vedette"))
        return read_version(y, value);
    if (yaml_key_is(key, "csv"))
        return read_csv(y, key, value);
    if (yaml_key_is(key, "tags"))
        return yaml_list_each(y, value, add_tag, NULL, &is_right);
    if (yaml_key_is(key, "fields"))
        return yaml_list_each(y, value, add_fields, NULL, &is_right);
    if (!yaml_key_is(key, "file") && !yaml_key_is(key, "files"))
        return read_scalar_setting(y, key, value);
    outcome = yaml_list_each(y, value, keep_file, NULL, &is_right);
    if (!is_right)
        load_warn(y->load, key->line, key->col, key->span,
                  "\"%s\": paths are wanted, at most %d; the others passed over", key->text, FILES_MAX);
    return outcome;
}

/* ---- other files ---- */

/* A path as written into one to open: beside the list or below it, nowhere else. NULL when it leads elsewhere. */
static char *resolve(const char *list, const char *file)
{
    while (file[0] == '.' && file[1] == '/')
        file += 2;
    if (file[0] == 0 || file[0] == '/' || strcmp(list, "-") == 0)
        return NULL;
    for (const char *p = file; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == 0))
            return NULL;
    const char *slash = strrchr(list, '/');
    int n_dir = slash ? (int)(slash - list) + 1 : 0;
    size_t room = (size_t)n_dir + strlen(file) + 1;
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%.*s%s", n_dir, list, file);
    return path;
}

static enum outcome load_files(struct yaml_list *y)
{
    bool is_good = true;
    for (size_t i = 0; i < y->n_files && is_good; i++) {
        const struct file_ref *f = &y->files[i];
        char *path = y->load->depth == 0 ? resolve(y->load->path, f->path) : NULL;
        if (path)
            is_good = list_load_part(y->load, path, &y->effective, f->line, f->col, y->err);
        else
            load_warn(y->load, f->line, f->col, span_str(f->path), "%s; file passed over",
                      y->load->depth
                          ? "a file that a list names can't name further ones"
                          : "a list can name files beside itself or in folders below, by a relative path");
        free(path);
    }
    for (size_t i = 0; i < y->n_files; i++)
        free(y->files[i].path);
    y->n_files = 0;
    return is_good ? GOOD : BAD_SET;
}

/* The settings are complete: from here on they hold. */
static enum outcome settle(struct yaml_list *y)
{
    if (y->is_settled)
        return GOOD;
    y->is_settled = true;
    y->effective = y->said;
    list_options_overlay(&y->effective, y->outer);
    y->effective.format = y->said.format; /* from outside it said what this file is, not what those are */
    y->load->options = &y->effective;
    load_options_changed(y->load);
    if (y->load->depth == 0 && y->effective.name.len && !load_set_name(y->load, y->effective.name, y->err))
        return BAD_SET;
    return load_files(y);
}

/* ---- the document ---- */

static int key_number(const struct yaml_key *key)
{
    int i = 0;
    while (list_keys[i] && !yaml_key_is(key, list_keys[i]))
        i++;
    return list_keys[i] ? i : -1;
}

static enum outcome read_top(struct yaml_list *y, const struct yaml_key *key, const struct yaml_node *value)
{
    int number = key_number(key);
    if (number < 0)
        return yaml_list_pass_unknown(y, key, value, list_keys);
    y->is_allow = yaml_key_is(key, "allow") && value->kind == YAML_SEQUENCE;
    if (yaml_key_is(key, "indicators") || y->is_allow) {
        enum outcome outcome = settle(y);
        return outcome == GOOD ? yaml_list_indicators(y, key, value) : outcome;
    }
    if (y->is_settled)
        return yaml_list_pass_wrong(y, key, value, "settings come before \"indicators\"");
    if (y->seen & UINT32_C(1) << number && !yaml_key_is(key, "tlp")) /* of several TLPs the strictest holds */
        return yaml_list_pass_wrong(y, key, value, "said twice; the first one holds");
    y->seen |= UINT32_C(1) << number;
    return read_setting(y, key, value);
}

static enum outcome read_document(struct yaml_list *y)
{
    struct yaml_node node;
    struct yaml_key key;
    if (yaml_list_next(y, &node) != GOOD)
        return BAD_YAML;
    if (node.kind == YAML_END)
        return GOOD;
    if (node.kind != YAML_MAPPING) {
        fail_at(y, &node, "a native list is a mapping: settings, then \"indicators:\"");
        return BAD_YAML;
    }
    while (yaml_list_next(y, &node) == GOOD && node.kind != YAML_CLOSE) {
        if (yaml_list_key(y, &node, &key) != GOOD || yaml_list_next(y, &node) != GOOD)
            return BAD_YAML;
        enum outcome outcome = read_top(y, &key, &node);
        if (outcome != GOOD)
            return outcome;
    }
    if (node.kind != YAML_CLOSE)
        return BAD_YAML;
    enum outcome outcome = settle(y);
    if (outcome == GOOD)
        outcome = yaml_list_next(y, &node); /* the end, or what must not follow */
    if (node.kind == YAML_END)
        y->load->lines.n = node.line - (node.col == 1);
    return outcome;
}

static bool open_list(struct yaml_list *y, struct load *l, struct err *err)
{
    *y = (struct yaml_list){.load = l, .outer = l->options, .err = err};
    y->said = list_options_none();
    arena_init(&y->texts, 4096, TEXTS_MAX);
    arena_init(&y->entry_texts, 64 * 1024, ENTRY_TEXTS_MAX);
    y->yaml = yaml_open(lines_read, &l->lines, l->path);
    return y->yaml || err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
}

static void close_list(struct yaml_list *y)
{
    for (size_t i = 0; i < y->n_files; i++)
        free(y->files[i].path);
    free(y->files);
    yaml_close(y->yaml);
    arena_fini(&y->texts);
    arena_fini(&y->entry_texts);
}

static bool load_yaml(struct load *l, struct err *err)
{
    struct yaml_list y;
    bool is_good = open_list(&y, l, err);
    const struct list_options *outer = l->options;
    enum outcome outcome = is_good ? read_document(&y) : BAD_SET;
    if (outcome == BAD_YAML) {
        l->report->is_unreadable = true;
        l->lines.n = err->line;
    }
    is_good = outcome == GOOD;
    struct err flush = {0};
    if (outcome != BAD_SET && !load_flush(l, &flush)) {
        *err = flush;
        is_good = false;
    }
    l->options = outer; /* y.effective is about to die */
    close_list(&y);
    return is_good;
}

/* ---- telling the format, finding files ---- */

static struct span without_quotes(struct span key)
{
    bool is_quoted =
        key.len >= 2 && (key.ptr[0] == '"' || key.ptr[0] == '\'') && key.ptr[key.len - 1] == key.ptr[0];
    return is_quoted ? span_of(key.ptr + 1, key.len - 2) : key;
}

/* "key:" or "key: value" with a key of ours. In JSON form ("{") only the version says so: other keys are everybody's. */
static bool is_first_key(struct span line)
{
    bool is_flow = line.len && line.ptr[0] == '{';
    if (is_flow)
        line = load_trim(span_from(line, 1));
    const uint8_t *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
    if (!colon)
        return false;
    size_t n = (size_t)(colon - line.ptr);
    struct span key = without_quotes(load_trim(span_first(line, n))), rest = span_from(line, n + 1);
    if (rest.len && !load_is_blank(rest.ptr[0]) && !is_flow)
        return false;
    for (const char *const *k = list_keys; *k; k++)
        if (span_eq(key, span_str(*k)))
            return !is_flow || k == list_keys;
    return false;
}

/* Its first content is a key of a native list. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    for (struct span line; load_head_line(&head, true, &line);) {
        struct span text = load_trim(line);
        if (text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == '%' || span_eq(text, SPAN_LIT("---")) ||
            span_starts(text, SPAN_LIT("--- #")))
            continue;
        return line.ptr == text.ptr && is_first_key(text);
    }
    return false;
}

/* Read the settings only, for the files in them. */
static void find_files(struct yaml_list *y)
{
    struct yaml_node node;
    struct yaml_key key;
    bool is_right;
    if (yaml_list_next(y, &node) != GOOD || node.kind != YAML_MAPPING)
        return;
    while (yaml_list_next(y, &node) == GOOD && node.kind == YAML_SCALAR) {
        if (yaml_list_key(y, &node, &key) != GOOD || yaml_list_next(y, &node) != GOOD ||
            yaml_key_is(&key, "indicators") || (yaml_key_is(&key, "allow") && node.kind == YAML_SEQUENCE))
            return;
        bool is_files = yaml_key_is(&key, "file") || yaml_key_is(&key, "files");
        if ((is_files ? yaml_list_each(y, &node, keep_file, NULL, &is_right) : yaml_list_pass(y, &node)) !=
            GOOD)
            return;
    }
}

bool format_yaml_files(const char *path, bool (*each)(void *to, const char *file), void *to)
{
    struct err err = {0};
    struct list_context ctx = {0};
    struct list_options none = list_options_none();
    struct list_report report = {0};
    struct load l;
    struct yaml_list y;
    struct input *in = input_open(path, &err);
    if (!in)
        return true;
    bool is_all, is_going_on = true;
    if (load_init(&l, &ctx, &none, &report, path, in, &err) &&
        is_likely(lines_head(&l.lines, &is_all), true, &none)) {
        if (open_list(&y, &l, &err))
            find_files(&y);
        for (size_t i = 0; i < y.n_files && is_going_on; i++) {
            char *file = resolve(path, y.files[i].path);
            is_going_on = !file || each(to, file);
            free(file);
        }
        close_list(&y);
    }
    load_fini(&l);
    input_close(in);
    return is_going_on;
}

const struct list_reader format_yaml = {.name = "yaml", .is_likely = is_likely,
                                        .load = load_yaml,
                                        .name_match = MATCH_SUFFIX,
                                        .has_star_prefix = true,
                                        .unit = "entry"};
