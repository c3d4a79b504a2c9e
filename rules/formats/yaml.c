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
 *         match: exact                 # cert_sha1, or any other type's name (ip_port, uri_path, hostpath, cidr4 ...)
 *       - regex: '^[a-z]{12}\.example$'
 *         ignore_case: true
 *         fields: [dns.query]
 *
 * Keys of an entry: one of value, domain, ip, url, regex ...; type (with value), match, fields, confidence, tlp, valid_from,
 * valid_until, tags, reference, description, id, organisation (org), ignore_case (regex only). What an entry says wins over
 * the list, but for the TLP: the strictest of both holds.
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
 * stood before it stays loaded.
 *
 * The document is never in memory as a whole: entries go to the set as they are read. */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/yaml.h"
#include "rules/formats/format.h"
#include "rules/list_options.h"

enum {
    KEY_MAX = 64,
    FILES_MAX = 256,
    TAGS_MAX = 64,
    TEXTS_MAX = 1024 * 1024,
    ENTRY_TEXTS_MAX = 32 * 1024 * 1024
};

static const char *const list_keys[] = {
    "vedette",     "name", "organisation", "org",         "tlp",        "confidence", "valid_from",
    "valid_until", "tags", "reference",    "description", "match",      "type",       "fields",
    "format",      "csv",  "file",         "files",       "indicators", NULL,
};

static const char *const entry_keys[] = {
    "value",      "domain",       "ip",          "url",  "regex", "wildcard",  "user_agent",
    "ja3",        "ja4",          "cert_sha1",   "type", "match", "fields",    "tlp",
    "confidence", "valid_from",   "valid_until", "tags", "id",    "reference", "description",
    "org",        "organisation", "ignore_case", NULL,
};

struct file_ref {
    char *path; /* owned */
    uint32_t line, col;
};

struct yaml_list {
    struct load *load;                   /* borrowed */
    struct yaml *yaml;                   /* owned */
    struct list_options said, effective; /* the document's; with what was said from outside laid over it */
    const struct list_options *outer;    /* borrowed: what was said from outside */
    struct arena texts;                  /* of the settings */
    struct arena entry_texts;            /* of entries that wait in the batch */
    struct file_ref *files;              /* owned */
    size_t n_files;
    uint32_t seen;   /* list_keys that were there: bits */
    bool is_settled; /* the settings are complete */
    struct err *err;
};

struct key {
    char text[KEY_MAX + 1];
    struct span span;
    uint32_t line, col;
};

enum outcome { GOOD, BAD_YAML, BAD_SET }; /* go on; the document ends here; the set can take no more */

/* ---- small steps ---- */

static enum outcome next(struct yaml_list *y, struct yaml_node *out)
{
    return yaml_next(y->yaml, out, y->err) == YAML_BAD ? BAD_YAML : GOOD;
}

static enum outcome pass(struct yaml_list *y, const struct yaml_node *node)
{
    return yaml_pass(y->yaml, node, y->err) ? GOOD : BAD_YAML;
}

/* A key that is no short scalar is like an unknown one. */
static enum outcome take_key(struct yaml_list *y, const struct yaml_node *node, struct key *out)
{
    struct span text = span_first(node->text, KEY_MAX);
    *out = (struct key){.line = node->line, .col = node->col};
    if (node->kind == YAML_SCALAR && text.len)
        memcpy(out->text, text.ptr, text.len);
    out->span = span_of(out->text, node->kind == YAML_SCALAR ? text.len : 0);
    return pass(y, node);
}

static bool is_key(const struct key *key, const char *name)
{
    return strcmp(key->text, name) == 0;
}

static enum outcome pass_unknown(struct yaml_list *y, const struct key *key, const struct yaml_node *value,
                                 const char *const *known)
{
    const char *near = list_options_nearest(key->span, known);
    load_warn(y->load, key->line, key->col, key->span, "unknown key \"%s\"%s%s%s; passed over", key->text,
              near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return pass(y, value);
}

static enum outcome pass_wrong(struct yaml_list *y, const struct key *key, const struct yaml_node *value,
                               const char *want)
{
    load_warn(y->load, value->line, value->col, key->span, "\"%s\": %s; passed over", key->text, want);
    return pass(y, value);
}

static void fail_at(struct yaml_list *y, const struct yaml_node *node, const char *what)
{
    err_at(y->err, ERR_SYNTAX, y->load->path, node->line, node->col, "%s", what);
}

/* Call `take` with the scalar, or with each scalar of the sequence. It returns false for one that is wrong. */
typedef bool scalar_fn(struct yaml_list *y, void *to, const struct yaml_node *scalar);

static enum outcome each_scalar(struct yaml_list *y, const struct yaml_node *value, scalar_fn *take, void *to,
                                bool *out_is_right)
{
    struct yaml_node item;
    *out_is_right = true;
    if (value->kind == YAML_SCALAR) {
        *out_is_right = yaml_is_null(value) || take(y, to, value);
        return GOOD;
    }
    if (value->kind != YAML_SEQUENCE) {
        *out_is_right = false;
        return pass(y, value);
    }
    while (next(y, &item) == GOOD) {
        if (item.kind == YAML_CLOSE || item.kind == YAML_END)
            return GOOD;
        if (item.kind != YAML_SCALAR || !take(y, to, &item))
            *out_is_right = false;
        if (pass(y, &item) != GOOD)
            return BAD_YAML;
    }
    return BAD_YAML;
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
    struct key key;
    while (next(y, &node) == GOOD) {
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return GOOD;
        char option[KEY_MAX + sizeof "_column"];
        if (take_key(y, &node, &key) != GOOD || next(y, &node) != GOOD)
            return BAD_YAML;
        snprintf(option, sizeof option, "%s_column", is_key(&key, "org") ? "organisation" : key.text);
        if (node.kind == YAML_SCALAR)
            set_text_option(y, option, &node);
        else
            pass_wrong(y, &key, &node, "a column's name or number is wanted");
    }
    return BAD_YAML;
}

static enum outcome read_csv(struct yaml_list *y, const struct key *csv, const struct yaml_node *value)
{
    struct yaml_node node;
    struct key key;
    if (value->kind != YAML_MAPPING)
        return pass_wrong(y, csv, value, "a mapping is wanted");
    while (next(y, &node) == GOOD) {
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return GOOD;
        if (take_key(y, &node, &key) != GOOD || next(y, &node) != GOOD)
            return BAD_YAML;
        bool is_columns = is_key(&key, "columns");
        bool is_known = is_columns || is_key(&key, "delimiter") || is_key(&key, "quote") ||
                        is_key(&key, "header") || is_key(&key, "tag_delimiter");
        static const char *const known[] = {"delimiter", "quote", "header", "tag_delimiter", "columns", NULL};
        enum outcome outcome = GOOD;
        if (!is_known)
            outcome = pass_unknown(y, &key, &node, known);
        else if (is_columns && node.kind == YAML_MAPPING)
            outcome = read_columns(y, &node);
        else if (!is_columns && node.kind == YAML_SCALAR)
            set_text_option(y, key.text, &node);
        else
            outcome =
                pass_wrong(y, &key, &node, is_columns ? "a mapping is wanted" : "a single value is wanted");
        if (outcome != GOOD)
            return outcome;
    }
    return BAD_YAML;
}

static enum outcome read_scalar_setting(struct yaml_list *y, const struct key *key,
                                        const struct yaml_node *value)
{
    if (value->kind != YAML_SCALAR)
        return pass_wrong(y, key, value, "a single value is wanted");
    if (yaml_is_null(value))
        return GOOD;
    if (is_key(key, "tlp")) {
        enum tlp tlp = load_tlp(y->load, value->line, value->col, value->text);
        y->said.tlp = tlp > y->said.tlp ? tlp : y->said.tlp;
    } else {
        set_text_option(y, key->text, value);
    }
    return GOOD;
}

/* Everything but `indicators`. */
static enum outcome read_setting(struct yaml_list *y, const struct key *key, const struct yaml_node *value)
{
    bool is_right = true;
    enum outcome outcome;
    if (is_key(key, "vedette"))
        return read_version(y, value);
    if (is_key(key, "csv"))
        return read_csv(y, key, value);
    if (is_key(key, "tags"))
        return each_scalar(y, value, add_tag, NULL, &is_right);
    if (is_key(key, "fields"))
        return each_scalar(y, value, add_fields, NULL, &is_right);
    if (!is_key(key, "file") && !is_key(key, "files"))
        return read_scalar_setting(y, key, value);
    outcome = each_scalar(y, value, keep_file, NULL, &is_right);
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

/* ---- entries ---- */

struct entry {
    struct load_entry e;
    struct context_in context;
    struct span tags[TAGS_MAX];
    size_t n_tags;
    bool has_value, ignores_case;
    enum reject bad; /* the first thing that costs the entry, where, and why */
    uint32_t bad_line, bad_col;
    char why[128];
};

static void spoil(struct entry *n, const struct yaml_node *at, const char *why)
{
    if (n->bad != REJECT_NONE)
        return;
    n->bad = REJECT_BAD_PARAMETERS;
    n->bad_line = at->line;
    n->bad_col = at->col;
    snprintf(n->why, sizeof n->why, "%s; entry skipped", why);
}

/* Text that lives until the batch has gone out; *out is empty when there is no room. */
static bool keep(struct yaml_list *y, struct span text, struct span *out)
{
    *out = arena_copy(&y->entry_texts, text);
    return out->ptr != NULL;
}

static bool add_entry_tag(struct yaml_list *y, void *to, const struct yaml_node *scalar)
{
    struct entry *n = to;
    struct span tag = load_text(scalar->text);
    if (tag.len == 0 || n->n_tags == TAGS_MAX || !keep(y, tag, &n->tags[n->n_tags]))
        return false;
    n->n_tags++;
    return true;
}

static bool add_entry_fields(struct yaml_list *y, void *to, const struct yaml_node *scalar)
{
    struct entry *n = to;
    field_mask mask = field_mask_of(scalar->text);
    n->e.fields |= mask;
    return mask != 0;
}

static enum outcome read_many(struct yaml_list *y, struct entry *n, const struct key *key,
                              const struct yaml_node *value)
{
    bool is_tags = is_key(key, "tags"), is_right;
    enum outcome outcome = each_scalar(y, value, is_tags ? add_entry_tag : add_entry_fields, n, &is_right);
    if (!is_right && is_tags)
        load_warn(y->load, value->line, value->col, key->span,
                  "\"tags\": short texts are wanted; the others passed over");
    else if (!is_right)
        spoil(n, value, "\"fields\": not a field; they are named as dns.query, http.host or tls.sni");
    return outcome;
}

static void read_date(struct yaml_list *y, struct entry *n, const struct key *key,
                      const struct yaml_node *value)
{
    bool is_from = is_key(key, "valid_from");
    if (!time_parse(value->text, is_from ? &n->context.valid_from : &n->context.valid_until))
        spoil(n, value,
              is_from ? "\"valid_from\": not a date; it is written as 2026-01-31 or 2026-01-31T12:00:00Z"
                      : "\"valid_until\": not a date; it is written as 2026-01-31 or 2026-01-31T12:00:00Z");
}

static void read_confidence(struct yaml_list *y, struct entry *n, const struct yaml_node *value)
{
    if (!list_options_confidence(value->text, &n->context.confidence))
        load_warn(y->load, value->line, value->col, value->text,
                  "not a confidence from 0 to 100; passed over");
}

static struct span *text_of(struct entry *n, const struct key *key)
{
    return is_key(key, "reference")                            ? &n->context.reference
           : is_key(key, "description")                        ? &n->context.description
           : is_key(key, "id")                                 ? &n->context.id
           : is_key(key, "organisation") || is_key(key, "org") ? &n->context.organisation
                                                               : NULL;
}

static void read_value(struct yaml_list *y, struct entry *n, const struct key *key,
                       const struct yaml_node *value)
{
    enum ioc_type type;
    if (n->has_value) {
        spoil(n, value, "a second value; each indicator is an entry of its own");
        return;
    }
    n->has_value = true;
    n->e.line = value->line;
    n->e.col = value->col;
    if (!is_key(key, "value") && list_options_type(key->span, &type)) {
        n->e.has_type = true;
        n->e.type = type;
    }
    if (!keep(y, span_first(value->text, LOAD_VALUE_MAX + 1), &n->e.value))
        spoil(n, value, "the value is too long");
}

static bool is_value_key(const struct key *key)
{
    enum ioc_type type;
    return is_key(key, "value") || (list_options_type(key->span, &type) && type != IOC_OTHER);
}

/* A key of an entry whose value is a scalar and not null. False: no such key. */
static bool read_entry_scalar(struct yaml_list *y, struct entry *n, const struct key *key,
                              const struct yaml_node *value)
{
    struct span *text = text_of(n, key);
    if (text) {
        keep(y, load_text(value->text), text);
    } else if (is_key(key, "type")) {
        n->e.has_type = list_options_type(value->text, &n->e.type);
        if (!n->e.has_type)
            spoil(n, value, "\"type\": not a type; they are named as domain, ip, url or regex");
    } else if (is_key(key, "match")) {
        n->e.has_match = ioc_match_of(value->text, &n->e.match);
        if (!n->e.has_match)
            spoil(n, value, "\"match\": exact, suffix, below or prefix is wanted");
    } else if (is_key(key, "tlp")) {
        n->context.tlp = load_tlp(y->load, value->line, value->col, value->text);
    } else if (is_key(key, "confidence")) {
        read_confidence(y, n, value);
    } else if (is_key(key, "valid_from") || is_key(key, "valid_until")) {
        read_date(y, n, key, value);
    } else if (is_key(key, "ignore_case")) {
        if (!yaml_bool(value, &n->ignores_case))
            spoil(n, value, "\"ignore_case\": true or false is wanted");
    } else if (is_value_key(key)) {
        read_value(y, n, key, value);
    } else {
        return false;
    }
    return true;
}

static bool is_known_entry_key(const struct key *key)
{
    for (const char *const *k = entry_keys; *k; k++)
        if (is_key(key, *k))
            return true;
    return is_value_key(key);
}

static enum outcome read_entry_key(struct yaml_list *y, struct entry *n, const struct key *key,
                                   const struct yaml_node *value)
{
    if (!is_known_entry_key(key))
        return pass_unknown(y, key, value, entry_keys);
    if (is_key(key, "tags") || is_key(key, "fields"))
        return read_many(y, n, key, value);
    if (value->kind != YAML_SCALAR) {
        if (text_of(n, key) || is_key(key, "confidence"))
            return pass_wrong(y, key, value, "a single value is wanted");
        spoil(n, value, "a single value is wanted here");
        return pass(y, value);
    }
    if (!yaml_is_null(value))
        read_entry_scalar(y, n, key, value);
    return GOOD;
}

static enum outcome enter(struct yaml_list *y, struct entry *n, const struct yaml_node *at)
{
    if (n->bad == REJECT_NONE && !n->has_value)
        spoil(n, at, "no value; an entry has one of value, domain, ip, url, regex, ...");
    if (n->bad != REJECT_NONE) {
        load_reject(y->load, n->has_value ? n->bad : REJECT_EMPTY, n->bad_line, n->bad_col, n->e.value,
                    n->why);
        return GOOD;
    }
    bool is_regex = (n->e.has_type                ? n->e.type
                     : y->load->options->has_type ? y->load->options->type
                                                  : IOC_OTHER) == IOC_REGEX;
    if (n->ignores_case && is_regex)
        n->e.flags = IOC_F_CASELESS;
    else if (n->ignores_case)
        load_warn(y->load, at->line, at->col, n->e.value, "\"ignore_case\" is for regex; passed over");
    if (n->n_tags) {
        n->context.tags = n->tags;
        n->context.n_tags = n->n_tags;
    }
    n->e.context = &n->context;
    return load_entry(y->load, &n->e, y->err) ? GOOD : BAD_SET;
}

static enum outcome read_entry(struct yaml_list *y, const struct yaml_node *start)
{
    struct entry n = {.context = load_context(y->load)};
    struct yaml_node node;
    struct key key;
    while (next(y, &node) == GOOD) {
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return enter(y, &n, start);
        if (take_key(y, &node, &key) != GOOD || next(y, &node) != GOOD ||
            read_entry_key(y, &n, &key, &node) != GOOD)
            return BAD_YAML;
    }
    return BAD_YAML;
}

static enum outcome read_plain(struct yaml_list *y, const struct yaml_node *scalar)
{
    struct load_entry e = {.line = scalar->line, .col = scalar->col};
    struct span text = span_first(scalar->text, yaml_is_null(scalar) ? 0 : LOAD_VALUE_MAX + 1);
    if (!keep(y, text, &e.value)) {
        load_reject(y->load, REJECT_NAME_TOO_LONG, e.line, e.col, span_first(scalar->text, LOAD_TEXT_MAX),
                    NULL);
        return GOOD;
    }
    return load_entry(y->load, &e, y->err) ? GOOD : BAD_SET;
}

static enum outcome read_indicators(struct yaml_list *y, const struct key *key, const struct yaml_node *value)
{
    struct yaml_node node;
    if (value->kind != YAML_SEQUENCE)
        return yaml_is_null(value) ? GOOD
                                   : pass_wrong(y, key, value, "a sequence of values and mappings is wanted");
    while (next(y, &node) == GOOD) {
        enum outcome outcome = GOOD;
        if (y->load->n_batch == 0)
            arena_reset(&y->entry_texts);
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return GOOD;
        if (node.kind == YAML_MAPPING) {
            outcome = read_entry(y, &node);
        } else if (node.kind == YAML_SCALAR) {
            outcome = read_plain(y, &node);
        } else {
            load_reject(y->load, REJECT_BAD_PARAMETERS, node.line, node.col, span_of("", 0),
                        "a list within the list; an entry is a value or a mapping; entry skipped");
            outcome = pass(y, &node);
        }
        if (outcome != GOOD)
            return outcome;
    }
    return BAD_YAML;
}

/* ---- the document ---- */

static int key_number(const struct key *key)
{
    int i = 0;
    while (list_keys[i] && !is_key(key, list_keys[i]))
        i++;
    return list_keys[i] ? i : -1;
}

static enum outcome read_top(struct yaml_list *y, const struct key *key, const struct yaml_node *value)
{
    int number = key_number(key);
    if (number < 0)
        return pass_unknown(y, key, value, list_keys);
    if (is_key(key, "indicators")) {
        enum outcome outcome = settle(y);
        return outcome == GOOD ? read_indicators(y, key, value) : outcome;
    }
    if (y->is_settled)
        return pass_wrong(y, key, value, "settings come before \"indicators\"");
    if (y->seen & UINT32_C(1) << number)
        return pass_wrong(y, key, value, "said twice; the first one holds");
    y->seen |= UINT32_C(1) << number;
    return read_setting(y, key, value);
}

static enum outcome read_document(struct yaml_list *y)
{
    struct yaml_node node;
    struct key key;
    if (next(y, &node) != GOOD)
        return BAD_YAML;
    if (node.kind == YAML_END)
        return GOOD;
    if (node.kind != YAML_MAPPING) {
        fail_at(y, &node, "a native list is a mapping: settings, then \"indicators:\"");
        return BAD_YAML;
    }
    while (next(y, &node) == GOOD && node.kind != YAML_CLOSE) {
        if (take_key(y, &node, &key) != GOOD || next(y, &node) != GOOD)
            return BAD_YAML;
        enum outcome outcome = read_top(y, &key, &node);
        if (outcome != GOOD)
            return outcome;
    }
    if (node.kind != YAML_CLOSE)
        return BAD_YAML;
    enum outcome outcome = settle(y);
    if (outcome == GOOD)
        outcome = next(y, &node); /* the end, or what must not follow */
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
    struct key key;
    bool is_right;
    if (next(y, &node) != GOOD || node.kind != YAML_MAPPING)
        return;
    while (next(y, &node) == GOOD && node.kind == YAML_SCALAR) {
        if (take_key(y, &node, &key) != GOOD || next(y, &node) != GOOD || is_key(&key, "indicators"))
            return;
        bool is_files = is_key(&key, "file") || is_key(&key, "files");
        if ((is_files ? each_scalar(y, &node, keep_file, NULL, &is_right) : pass(y, &node)) != GOOD)
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
        is_likely(lines_head(&l.lines, &is_all), is_all, &none)) {
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

const struct list_reader format_yaml = {.is_likely = is_likely,
                                        .load = load_yaml,
                                        .name_match = MATCH_SUFFIX,
                                        .has_star_prefix = true,
                                        .unit = "entry"};
