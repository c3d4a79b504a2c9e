/* See setting.h. */
#include "config/setting.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "rules/writers/yaml_scalar.h"

enum { VALUE_SHOWN = 60 };

struct unit {
    const char *name;
    int64_t factor;
};

/* The largest first; the last one may be left out. */
static const struct unit byte_units[] = {
    {"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};
static const struct unit second_units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}, {NULL, 0}};
static const struct unit no_units[] = {{NULL, 0}};

static const struct unit *units_of(enum setting_type t)
{
    return t == SETTING_BYTES ? byte_units : t == SETTING_SECONDS ? second_units : no_units;
}

/* ---- one value as text ---- */

static void put_amount(char *to, size_t room, enum setting_type t, int64_t v)
{
    const struct unit *u = units_of(t);
    while (u->name && (v == 0 || v % u->factor) && u->factor != 1)
        u++;
    if (u->name)
        snprintf(to, room, "%" PRId64 " %s", v / u->factor, u->name);
    else
        snprintf(to, room, "%" PRId64, v);
}

/* ---- text as one value ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* "64", "64 MiB", "64MiB" */
static bool read_amount(struct span text, const struct unit *units, int64_t *out)
{
    int64_t v = 0;
    size_t n = 0;
    for (; n < text.len && is_digit(text.ptr[n]); n++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, text.ptr[n] - '0', &v))
            return false;
    if (n == 0)
        return false;
    struct span rest = span_from(text, n);
    while (rest.len && rest.ptr[0] == ' ')
        span_skip(&rest, 1);
    *out = v;
    if (rest.len == 0)
        return n == text.len;
    while (units->name && (rest.len != strlen(units->name) ||
                           strncasecmp((const char *)rest.ptr, units->name, rest.len) != 0))
        units++;
    return units->name && !__builtin_mul_overflow(v, units->factor, out);
}

static bool wrong(struct err *err, const struct setting *s, struct span text, const char *right)
{
    return err_set(err, ERR_USAGE, NULL, "\"%s\" wants %s, not \"%.*s\"", s->name, right,
                   (int)span_first(text, VALUE_SHOWN).len, (const char *)text.ptr);
}

static bool take_amount(const struct setting *s, struct span text, int64_t *into, struct err *err)
{
    int64_t v;
    char least[32], most[32], right[100];
    if (read_amount(text, units_of(s->type), &v) && v >= s->least && v <= s->most) {
        *into = v;
        return true;
    }
    put_amount(least, sizeof least, s->type, s->least);
    put_amount(most, sizeof most, s->type, s->most);
    snprintf(right, sizeof right, "%s from %s to %s",
             s->type == SETTING_BYTES     ? "a size"
             : s->type == SETTING_SECONDS ? "a time"
                                          : "a number",
             least, most);
    return wrong(err, s, text, right);
}

static bool take_bool(const struct setting *s, struct span text, bool *into, struct err *err)
{
    bool is_yes = span_eq_nocase(text, SPAN_LIT("yes")) || span_eq_nocase(text, SPAN_LIT("true"));
    if (!is_yes && !span_eq_nocase(text, SPAN_LIT("no")) && !span_eq_nocase(text, SPAN_LIT("false")))
        return wrong(err, s, text, "yes or no");
    *into = is_yes;
    return true;
}

static bool take_word(const struct setting *s, struct span text, int *into, struct err *err)
{
    char right[120];
    size_t n = 0;
    for (int i = 0; s->words[i]; i++)
        if (span_eq(text, span_str(s->words[i]))) {
            *into = i;
            return true;
        }
    for (int i = 0; s->words[i] && n < sizeof right; i++)
        n += (size_t)snprintf(right + n, sizeof right - n, "%s%s",
                              i == 0            ? ""
                              : s->words[i + 1] ? ", "
                                                : " or ",
                              s->words[i]);
    return wrong(err, s, text, right);
}

/* A text that C can hold; *into is untouched when it can't. */
static bool take_text(const struct setting *s, struct span folder, struct span text, const char **into,
                      struct arena *texts, struct err *err)
{
    bool has_folder = folder.len > 0;
    size_t len = (has_folder ? folder.len + 1 : 0) + text.len;
    if (text.len == 0 || span_has_byte(text, 0))
        return wrong(err, s, text, s->type == SETTING_PATH ? "a path" : "a text");
    if (len >= SETTING_TEXT_MAX)
        return err_set(err, ERR_LIMIT, NULL, "\"%s\" is %zu bytes long, at most %d fit", s->name, len,
                       SETTING_TEXT_MAX - 1);
    char *to = (char *)arena_bytes(texts, len + 1);
    if (!to)
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    snprintf(to, len + 1, "%.*s%s%.*s", (int)folder.len, has_folder ? (const char *)folder.ptr : "",
             has_folder ? "/" : "", (int)text.len, (const char *)text.ptr);
    *into = to;
    return true;
}

static bool take_path(const struct setting *s, struct span text, struct span folder, const char **into,
                      struct arena *texts, struct err *err)
{
    bool is_relative = text.len && text.ptr[0] != '/' && !span_eq(text, SPAN_LIT("-"));
    return take_text(s, is_relative ? folder : span_of(NULL, 0), text, into, texts, err);
}

static void *place(const struct setting *s, void *into)
{
    return (char *)into + s->at;
}

bool setting_take(const struct setting *s, struct span text, struct span folder, void *into,
                  struct arena *texts, struct err *err)
{
    void *to = place(s, into);
    switch (s->type) {
    case SETTING_BOOL:
        return take_bool(s, text, to, err);
    case SETTING_NUMBER:
    case SETTING_BYTES:
    case SETTING_SECONDS:
        return take_amount(s, text, to, err);
    case SETTING_WORD:
        return take_word(s, text, to, err);
    case SETTING_TEXT:
        return take_text(s, span_of(NULL, 0), text, to, texts, err);
    case SETTING_PATH:
        return take_path(s, text, folder, to, texts, err);
    case SETTING_LISTS:
    case SETTING_ITEMS:
        break;
    }
    return false;
}

void setting_defaults(const struct setting_group *g, void *into)
{
    memset(into, 0, g->bytes);
    for (size_t i = 0; i < g->n; i++) {
        const struct setting *s = &g->settings[i];
        if (!s->standard)
            continue;
        if (s->type == SETTING_TEXT || s->type == SETTING_PATH)
            *(const char **)place(s, into) = s->standard;
        else if (!setting_take(s, span_str(s->standard), span_of(NULL, 0), into, NULL, NULL))
            assert(!"the table's own value is one");
    }
}

/* ---- a table as text ---- */

static void put_scalar(struct buf *out, const struct setting *s, const void *at)
{
    char amount[32];
    switch (s->type) {
    case SETTING_BOOL:
        buf_put_str(out, *(const bool *)at ? "yes" : "no");
        break;
    case SETTING_WORD:
        buf_put_str(out, s->words[*(const int *)at]);
        break;
    case SETTING_NUMBER:
    case SETTING_BYTES:
    case SETTING_SECONDS:
        put_amount(amount, sizeof amount, s->type, *(const int64_t *)at);
        buf_put_str(out, amount);
        break;
    case SETTING_TEXT:
    case SETTING_PATH:
        yaml_put_scalar(out, span_str(*(const char *const *)at), false);
        break;
    case SETTING_LISTS:
    case SETTING_ITEMS:
        break;
    }
}

static bool is_said(const struct setting *s, const void *at)
{
    if (s->type == SETTING_TEXT || s->type == SETTING_PATH)
        return *(const char *const *)at != NULL;
    if (s->type == SETTING_LISTS || s->type == SETTING_ITEMS)
        return ((const struct setting_items *)at)->n > 0;
    return true;
}

static void put_lists(struct buf *out, const struct setting_items *lists)
{
    char *const *arguments = lists->items;
    buf_put_byte(out, '\n');
    for (size_t i = 0; i < lists->n; i++) {
        buf_put_str(out, "  - ");
        yaml_put_scalar(out, span_str(arguments[i]), false);
        buf_put_byte(out, '\n');
    }
}

static void put_items(struct buf *out, const struct setting *s, const struct setting_items *items)
{
    const struct setting_group *g = s->group;
    buf_put_byte(out, '\n');
    for (size_t i = 0; i < items->n; i++) {
        const char *item = (const char *)items->items + i * g->bytes;
        const char *lead = "  - ";
        for (size_t k = 0; k < g->n; k++) {
            if (!is_said(&g->settings[k], item + g->settings[k].at))
                continue;
            buf_printf(out, "%s%s: ", lead, g->settings[k].name);
            put_scalar(out, &g->settings[k], item + g->settings[k].at);
            buf_put_byte(out, '\n');
            lead = "    ";
        }
    }
}

void settings_print(struct buf *out, const struct setting_group *g, const void *from)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct setting *s = &g->settings[i];
        const void *at = (const char *)from + s->at;
        buf_printf(out, "%s# %s.\n", i ? "\n" : "", s->doc);
        buf_printf(out, "%s%s:", is_said(s, at) ? "" : "#", s->name);
        if (!is_said(s, at)) {
            buf_put_byte(out, '\n');
        } else if (s->type == SETTING_LISTS) {
            put_lists(out, at);
        } else if (s->type == SETTING_ITEMS) {
            put_items(out, s, at);
        } else {
            buf_put_byte(out, ' ');
            put_scalar(out, s, at);
            buf_put_byte(out, '\n');
        }
    }
}
