/* See settings_read.h.
 *
 * The document is walked once. A fault is told and its value passed over, so that one reading tells them all; only what is no YAML
 * ends it. */
#include "config/settings_read.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "base/yaml.h"
#include "rules/list.h"
#include "rules/list_options.h"

enum { NAME_SHOWN = 40, LISTS_MAX = 4096 };

struct reader {
    const struct settings_reading *r;
    const char *path;
    struct span folder;
    struct yaml *yaml;
    bool is_good;
    bool is_broken; /* no more pieces */
};

/* ---- faults ---- */

static void tell(struct reader *d, const struct yaml_node *at, struct err *err)
{
    if (!err->where) {
        err->where = d->path;
        err->line = at ? at->line : 0;
        err->col = at ? at->col : 0;
    }
    for (char *c = err->what; *c; c++) /* values are quoted in it */
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    d->is_good = false;
    d->r->fault(d->r->to, err);
}

__attribute__((format(printf, 3, 4))) static void fault(struct reader *d, const struct yaml_node *at,
                                                        const char *fmt, ...)
{
    struct err err = {.kind = ERR_USAGE};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err.what, sizeof err.what, fmt, ap);
    va_end(ap);
    tell(d, at, &err);
}

/* False when there are no more pieces (told). */
static bool next(struct reader *d, struct yaml_node *out)
{
    struct err err = {0};
    if (!d->is_broken && yaml_next(d->yaml, out, &err) != YAML_BAD)
        return true;
    if (!d->is_broken)
        tell(d, NULL, &err);
    d->is_broken = true;
    return false;
}

static bool pass(struct reader *d, const struct yaml_node *node)
{
    struct err err = {0};
    if (!d->is_broken && yaml_pass(d->yaml, node, &err))
        return true;
    if (!d->is_broken)
        tell(d, NULL, &err);
    d->is_broken = true;
    return false;
}

/* ---- names ---- */

static void unknown(struct reader *d, const struct yaml_node *key, const struct setting_group *g)
{
    const char *names[SETTINGS_OF_GROUP_MAX + 1] = {0};
    for (size_t i = 0; i < g->n; i++)
        names[i] = g->settings[i].name;
    const char *near = list_options_nearest(key->text, names);
    struct span name = span_first(key->text, NAME_SHOWN);
    fault(d, key, "there is no setting \"%.*s\"%s%s%s", (int)name.len, (const char *)name.ptr,
          near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* The row that `key` names, not named before in this mapping; NULL: told. */
static const struct setting *find(struct reader *d, const struct setting_group *g,
                                  const struct yaml_node *key, uint64_t *seen)
{
    if (key->kind != YAML_SCALAR) {
        fault(d, key, "the name of a setting was expected");
        return NULL;
    }
    for (size_t i = 0; i < g->n; i++) {
        if (!span_eq(key->text, span_str(g->settings[i].name)))
            continue;
        if (*seen & UINT64_C(1) << i) {
            fault(d, key, "\"%s\" is set twice", g->settings[i].name);
            return NULL;
        }
        *seen |= UINT64_C(1) << i;
        return &g->settings[i];
    }
    unknown(d, key, g);
    return NULL;
}

/* ---- lists ---- */

/* Would `-l` take the rest of this value for another option? */
static bool holds_option(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        size_t n = i + 1;
        while (value.ptr[i] == ',' && n < value.len &&
               ((value.ptr[n] >= 'a' && value.ptr[n] <= 'z') || value.ptr[n] == '_'))
            n++;
        if (n > i + 1 && n < value.len && value.ptr[n] == '=')
            return true;
    }
    return false;
}

/* ",name=value" */
static void put_option(struct reader *d, struct buf *to, struct span name, const struct yaml_node *value)
{
    struct list_options options = list_options_none();
    struct err err = {0};
    if (value->kind != YAML_SCALAR) {
        fault(d, value, "one value was expected");
        pass(d, value);
    } else if (!list_options_set(&options, name, value->text, &err)) {
        err.where = NULL;
        tell(d, value, &err);
    } else if (holds_option(value->text)) {
        fault(d, value, "a value can't hold \",word=\"");
    } else {
        buf_put_byte(to, ',');
        buf_put(to, name);
        buf_put_byte(to, '=');
        buf_put(to, value->text);
    }
}

/* One option, or of a sequence one for each item. */
static void put_options(struct reader *d, struct buf *to, struct span name, const struct yaml_node *value)
{
    struct yaml_node item;
    if (value->kind != YAML_SEQUENCE)
        put_option(d, to, name, value);
    else
        while (next(d, &item) && item.kind != YAML_CLOSE)
            put_option(d, to, name, &item);
}

/* "PATH,key=value" of a mapping whose `path` may stand anywhere. False: no more pieces. */
static bool gather_list(struct reader *d, const struct yaml_node *at, struct buf *path, struct buf *options)
{
    struct yaml_node key, value;
    while (next(d, &key) && key.kind != YAML_CLOSE) {
        char name[NAME_SHOWN + 1] = "";
        if (key.kind != YAML_SCALAR || key.text.len > NAME_SHOWN) {
            fault(d, &key, "the name of a list's setting was expected");
            if (!pass(d, &key) || !next(d, &value) || !pass(d, &value))
                return false;
            continue;
        }
        memcpy(name, key.text.ptr, key.text.len);
        if (!next(d, &value))
            return false;
        if (strcmp(name, "path") == 0 && value.kind == YAML_SCALAR && path->len == 0)
            buf_put(path, value.text);
        else if (strcmp(name, "path") == 0) {
            fault(d, &value, "one path was expected");
            pass(d, &value);
        } else {
            put_options(d, options, span_str(name), &value);
        }
    }
    if (path->len == 0 && !d->is_broken)
        fault(d, at, "a list has no \"path\"");
    return !d->is_broken;
}

/* Is it what `-l` takes? */
static bool check_list(struct reader *d, const struct yaml_node *at, const char *argument)
{
    struct list_options options;
    struct err err = {0};
    const char *path;
    char *copy = strdup(argument); /* is cut apart */
    bool is_good = copy && list_options_parse(copy, &path, &options, &err);
    err.where = NULL;
    if (!copy)
        err_set(&err, ERR_MEMORY, NULL, "out of memory");
    if (!is_good)
        tell(d, at, &err);
    free(copy);
    return is_good;
}

static bool add_list(struct reader *d, const struct setting *s, const struct yaml_node *at,
                     struct span argument, struct setting_items *lists)
{
    static const struct setting path = {.name = "path", .type = SETTING_PATH};
    struct err err = {0};
    char **items = lists->items;
    const char *read = NULL;
    if (lists->n == LISTS_MAX)
        err_set(&err, ERR_LIMIT, NULL, "\"%s\" has more than %d lists; name a folder", s->name, LISTS_MAX);
    else if (!items && !(lists->items = items = arena_alloc(d->r->texts, LISTS_MAX * sizeof *items)))
        err_set(&err, ERR_MEMORY, NULL, "out of memory");
    else if (setting_take(&path, argument, d->folder, &read, d->r->texts, &err) && check_list(d, at, read)) {
        char *item = (char *)arena_bytes(d->r->texts, strlen(read) + 1);
        if (item)
            items[lists->n++] = strcpy(item, read);
        else
            err_set(&err, ERR_MEMORY, NULL, "out of memory");
    }
    if (err.kind != ERR_NONE)
        tell(d, at, &err);
    return true;
}

static bool take_list(struct reader *d, const struct setting *s, const struct yaml_node *item,
                      struct setting_items *lists)
{
    struct buf path, options;
    if (item->kind == YAML_SCALAR)
        return add_list(d, s, item, item->text, lists);
    if (item->kind != YAML_MAPPING) {
        fault(d, item, "a list is a path or a mapping with one");
        return pass(d, item);
    }
    struct yaml_node at = *item;
    bool was_good = d->is_good;
    d->is_good = true;
    buf_init(&path, SETTING_TEXT_MAX);
    buf_init(&options, SETTING_TEXT_MAX);
    bool is_whole = gather_list(d, &at, &path, &options);
    buf_put(&path, buf_span(&options));
    if (path.is_full || options.is_full)
        fault(d, &at, "what is said of this list is longer than %d bytes", SETTING_TEXT_MAX - 1);
    if (d->is_good)
        add_list(d, s, &at, buf_span(&path), lists);
    d->is_good &= was_good;
    buf_fini(&path);
    buf_fini(&options);
    return is_whole;
}

/* ---- values ---- */

static bool read_group(struct reader *d, const struct setting_group *g, void *into,
                       const struct yaml_node *at);

static bool take_scalar(struct reader *d, const struct setting *s, const struct yaml_node *node, void *into)
{
    struct err err = {0};
    if (node->kind != YAML_SCALAR) {
        fault(d, node, "\"%s\" wants one value", s->name);
        return pass(d, node);
    }
    if (yaml_is_null(node)) /* "key:" with nothing behind it is like the key not being there */
        return true;
    if (!setting_take(s, node->text, d->folder, into, d->r->texts, &err))
        tell(d, node, &err);
    return true;
}

static void check_required(struct reader *d, const struct setting_group *g, uint64_t seen,
                           const struct yaml_node *at)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->settings[i].is_required && !(seen & UINT64_C(1) << i))
            fault(d, at, "\"%s\" is missing", g->settings[i].name);
}

/* One struct more; NULL: told. */
static void *add_item(struct reader *d, const struct setting *s, const struct yaml_node *at,
                      struct setting_items *items)
{
    size_t bytes = s->group->bytes;
    if ((int64_t)items->n == s->most) {
        fault(d, at, "\"%s\" takes %lld at most", s->name, (long long)s->most);
        return NULL;
    }
    if (!items->items && !(items->items = arena_alloc(d->r->texts, (size_t)s->most * bytes))) {
        fault(d, at, "out of memory");
        return NULL;
    }
    void *item = (char *)items->items + items->n++ * bytes;
    setting_defaults(s->group, item);
    return item;
}

static bool take_item(struct reader *d, const struct setting *s, const struct yaml_node *node,
                      struct setting_items *items)
{
    struct yaml_node at = *node;
    void *item = add_item(d, s, node, items);
    if (!item)
        return pass(d, node);
    if (node->kind == YAML_MAPPING)
        return read_group(d, s->group, item, &at);
    if (node->kind == YAML_SCALAR)
        check_required(d, s->group, yaml_is_null(node) ? 0 : 1, node);
    return take_scalar(d, &s->group->settings[0], node, item);
}

static bool take_value(struct reader *d, const struct setting *s, const struct yaml_node *node, void *into)
{
    struct setting_items *items = (struct setting_items *)((char *)into + s->at);
    struct yaml_node item;
    if (s->type != SETTING_LISTS && s->type != SETTING_ITEMS)
        return take_scalar(d, s, node, into);
    if (node->kind == YAML_SCALAR && yaml_is_null(node))
        return true;
    if (node->kind != YAML_SEQUENCE) {
        fault(d, node, "\"%s\" wants a sequence (lines that begin with \"-\")", s->name);
        return pass(d, node);
    }
    while (next(d, &item) && item.kind != YAML_CLOSE)
        if (!(s->type == SETTING_LISTS ? take_list(d, s, &item, items) : take_item(d, s, &item, items)))
            return false;
    return !d->is_broken;
}

/* Up to the end of the mapping that has just begun at `at`. False: no more pieces. */
static bool read_group(struct reader *d, const struct setting_group *g, void *into,
                       const struct yaml_node *at)
{
    struct yaml_node key, value;
    uint64_t seen = 0, nulls = 0;
    while (next(d, &key) && key.kind != YAML_CLOSE) {
        const struct setting *s = find(d, g, &key, &seen);
        if (key.kind != YAML_SCALAR && !pass(d, &key))
            return false;
        if (!next(d, &value))
            return false;
        if (s && value.kind == YAML_SCALAR && yaml_is_null(&value)) /* as if it were not there */
            nulls |= UINT64_C(1) << (s - g->settings);
        if (!(s ? take_value(d, s, &value, into) : pass(d, &value)))
            return false;
    }
    if (!d->is_broken)
        check_required(d, g, seen & ~nulls, at);
    return !d->is_broken;
}

static void read_document(struct reader *d)
{
    struct yaml_node node;
    if (!next(d, &node) || node.kind == YAML_END)
        return;
    if (node.kind == YAML_SCALAR && yaml_is_null(&node))
        return;
    if (node.kind != YAML_MAPPING) {
        fault(d, &node, "settings were expected (\"name: value\")");
        return;
    }
    if (read_group(d, d->r->group, d->r->into, &node))
        next(d, &node); /* what stands behind the document is a fault of its own */
}

static ssize_t read_input(void *from, void *to, size_t n, struct err *err)
{
    return input_read(from, to, n, err);
}

bool settings_read(const struct settings_reading *r, const char *path)
{
    struct err err = {0};
    struct reader d = {.r = r, .path = path, .is_good = true};
    char folder[PATH_MAX];
    char *real = realpath(path, folder), *slash = real ? strrchr(real, '/') : NULL;
    if (slash)
        d.folder = span_of(folder, (size_t)(slash - folder));
    struct input *in = input_open(path, &err);
    if (in)
        d.yaml = yaml_open(read_input, in, path);
    if (in && !d.yaml)
        err_set(&err, ERR_MEMORY, path, "out of memory");
    if (d.yaml)
        read_document(&d);
    else
        tell(&d, NULL, &err);
    yaml_close(d.yaml);
    input_close(in);
    return d.is_good;
}
