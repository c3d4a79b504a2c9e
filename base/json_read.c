/* See json_read.h. cJSON asks for memory through hooks that are global: they are set once, and lead to the arena of the reader that is
 * parsing in this thread. Nothing is ever freed piece by piece. */
#include "base/json_read.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

enum { DEPTH_MAX = 256, BLOCK_BYTES = 256 * 1024, ALIKE_BYTES = 24 };

/* ---- walking ---- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

bool json_part_of(struct span text, struct json_part *out)
{
    *out = (struct json_part){.line = 1, .col = 1};
    for (; text.len && is_blank(text.ptr[0]); span_skip(&text, 1)) {
        out->line += text.ptr[0] == '\n';
        out->col = text.ptr[0] == '\n' ? 1 : out->col + 1;
    }
    while (text.len && is_blank(text.ptr[text.len - 1]))
        text.len--;
    out->text = text;
    return text.len > 0;
}

/* `p` stands behind the opening quote; the result behind the closing one. NULL: it never ends. */
static const uint8_t *skip_string(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        const uint8_t *quote = memchr(p, '"', (size_t)(end - p));
        if (!quote)
            return NULL;
        const uint8_t *back = quote;
        while (back > p && back[-1] == '\\')
            back--;
        p = quote + 1;
        if (((quote - back) & 1) == 0)
            return p;
    }
    return NULL;
}

/* Past the value at `p`: NULL when its brackets do not match or it never ends. */
static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end)
{
    uint8_t open[DEPTH_MAX];
    unsigned depth = 0;
    if (p < end && *p != '{' && *p != '[' && *p != '"') {
        const uint8_t *from = p;
        while (p < end && !is_blank(*p) && *p != ',' && *p != ']' && *p != '}' && *p != ':')
            p++;
        return p > from ? p : NULL;
    }
    while (p < end) {
        uint8_t c = *p++;
        if (c == '"') {
            p = skip_string(p, end);
            if (!p)
                return NULL;
        } else if (c == '{' || c == '[') {
            if (depth == DEPTH_MAX)
                return NULL;
            open[depth++] = c == '{' ? '}' : ']';
        } else if (c == '}' || c == ']') {
            if (depth == 0 || open[--depth] != c)
                return NULL;
        }
        if (depth == 0)
            return p;
    }
    return NULL;
}

/* The line and column of `p`; asked in the order of the text. */
static void place(struct json_walk *w, const uint8_t *p, uint32_t *out_line, uint32_t *out_col)
{
    const uint8_t *newline;
    while (w->counted < p && (newline = memchr(w->counted, '\n', (size_t)(p - w->counted)))) {
        w->at_line++;
        w->counted = w->line_start = newline + 1;
    }
    if (w->counted < p)
        w->counted = p;
    *out_line = w->at_line;
    *out_col = p >= w->line_start && p - w->line_start < UINT32_MAX ? (uint32_t)(p - w->line_start) + 1 : 0;
}

bool json_part_first(struct json_part *rest, struct json_part *out)
{
    const uint8_t *start = rest->text.ptr, *end = start + rest->text.len, *after = skip_value(start, end);
    if (!after)
        return false;
    *out = *rest;
    out->text.len = (size_t)(after - start);
    after = skip_blanks(after, end);
    struct json_walk w = {
        .counted = start, .line_start = start - (rest->col ? rest->col - 1 : 0), .at_line = rest->line};
    place(&w, after, &rest->line, &rest->col);
    rest->text = span_of(after, (size_t)(end - after));
    return true;
}

bool json_walk_begin(struct json_walk *w, const struct json_part *container)
{
    if (!json_part_is(container, '{') && !json_part_is(container, '['))
        return false;
    *w = (struct json_walk){.at = container->text.ptr + 1,
                            .end = container->text.ptr + container->text.len,
                            .counted = container->text.ptr,
                            .line_start = container->text.ptr - (container->col ? container->col - 1 : 0),
                            .at_line = container->line,
                            .budget = container->text.len * 4,
                            .is_object = json_part_is(container, '{')};
    return true;
}

/* Does the text at `p` begin as the first value did, up to its second quote? */
static bool is_alike(const struct json_walk *w, const uint8_t *p)
{
    if (!w->first)
        return true;
    unsigned quotes = 0;
    const uint8_t *f = w->first;
    for (unsigned i = 0; i < ALIKE_BYTES && quotes < 2; i++) {
        f = skip_blanks(f, w->end);
        p = skip_blanks(p, w->end);
        if (f == w->end || p == w->end || *f != *p)
            return false;
        quotes += *f == '"';
        f++;
        p++;
    }
    return true;
}

/* Find the next sibling behind `p`: a value in brackets that begins as the first one did and ends before the text does. */
static void pick_up(struct json_walk *w, const uint8_t *p)
{
    uint8_t open = w->first ? *w->first : '{';
    w->is_at_end = w->is_object || (open != '{' && open != '[');
    while (!w->is_at_end) {
        const uint8_t *next = p < w->end ? memchr(p, open, (size_t)(w->end - p)) : NULL;
        if (!next || (size_t)(next - p) >= w->budget)
            break;
        w->budget -= (size_t)(next - p);
        if (is_alike(w, next)) {
            const uint8_t *after = skip_value(next, w->end);
            size_t looked = (size_t)((after ? after : w->end) - next);
            if (after) {
                w->at = next;
                w->wants_comma = false;
                return;
            }
            if (looked >= w->budget)
                break;
            w->budget -= looked;
        }
        p = next + 1;
    }
    w->is_at_end = true;
}

static enum json_step fault(struct json_walk *w, const uint8_t *p, const char *what)
{
    place(w, p, &w->line, &w->col);
    w->what = what;
    pick_up(w, p + (p < w->end));
    return JSON_WALK_FAULT;
}

/* Up to the beginning of the next value. False when `*out` says what comes instead. */
static bool find_value(struct json_walk *w, enum json_step *out)
{
    uint8_t close = w->is_object ? '}' : ']';
    w->at = skip_blanks(w->at, w->end);
    if (w->at < w->end && w->wants_comma && *w->at == ',') {
        w->at = skip_blanks(w->at + 1, w->end);
        w->wants_comma = false;
        if (w->at < w->end && *w->at == close) {
            w->is_at_end = true;
            place(w, w->at, &w->line, &w->col);
            w->what = "a comma with nothing behind it";
            return *out = JSON_WALK_FAULT, false;
        }
    }
    if (w->at == w->end) {
        w->is_at_end = true;
        place(w, w->at, &w->line, &w->col);
        w->what = "the text ends before it is complete";
        return *out = JSON_WALK_FAULT, false;
    }
    if (*w->at == close && (w->wants_comma || w->n_values == 0)) {
        w->is_at_end = true;
        return *out = JSON_WALK_END, false;
    }
    if (w->wants_comma) {
        *out = fault(w, w->at, "a comma or the closing bracket is wanted here");
        return false;
    }
    return true;
}

enum json_step json_walk_next(struct json_walk *w, struct span *out_key, struct json_part *out)
{
    enum json_step step;
    *out_key = span_of("", 0);
    if (w->is_at_end)
        return JSON_WALK_END;
    if (!find_value(w, &step))
        return step;
    const uint8_t *start = w->at, *after;
    if (w->is_object) {
        after = *start == '"' ? skip_string(start + 1, w->end) : NULL;
        const uint8_t *colon = after ? skip_blanks(after, w->end) : w->end;
        if (colon == w->end || *colon != ':')
            return fault(w, start, "a key in quotes and a colon are wanted here");
        *out_key = span_of(start + 1, (size_t)(after - start) - 2);
        start = skip_blanks(colon + 1, w->end);
    }
    after = skip_value(start, w->end);
    if (!after)
        return fault(w, start, "brackets do not match, or the text ends before this is complete");
    place(w, start, &out->line, &out->col);
    out->text = span_of(start, (size_t)(after - start));
    if (w->n_values++ == 0)
        w->first = start;
    w->at = after;
    w->wants_comma = true;
    return JSON_WALK_VALUE;
}

bool json_walk_unended(const struct json_walk *w, struct span *out_key, struct json_part *out)
{
    const uint8_t *start = w->at, *after = NULL;
    if (w->is_object && w->what && start < w->end && *start == '"')
        after = skip_string(start + 1, w->end);
    const uint8_t *colon = after ? skip_blanks(after, w->end) : w->end;
    if (colon == w->end || *colon != ':')
        return false;
    const uint8_t *value = skip_blanks(colon + 1, w->end);
    if (value == w->end || (*value != '{' && *value != '['))
        return false;
    *out_key = span_of(start + 1, (size_t)(after - start) - 2);
    *out = (struct json_part){.text = span_of(value, (size_t)(w->end - value)), .line = w->line, .col = w->col};
    return true;
}

bool json_part_member(const struct json_part *object, const char *key, struct json_part *out)
{
    struct json_walk w;
    struct span name;
    if (!json_part_is(object, '{') || !json_walk_begin(&w, object))
        return false;
    for (enum json_step step; (step = json_walk_next(&w, &name, out)) != JSON_WALK_END;)
        if (step == JSON_WALK_VALUE && span_eq(name, span_str(key)))
            return true;
    return false;
}

bool json_head_has(struct span head, unsigned depth, const char *key)
{
    const uint8_t *p = head.ptr, *end = head.ptr + head.len;
    unsigned at = 0;
    while (p < end) {
        uint8_t c = *p++;
        at += c == '{' || c == '[';
        at -= (c == '}' || c == ']') && at;
        if (c != '"')
            continue;
        const uint8_t *after = skip_string(p, end);
        if (!after)
            return false;
        const uint8_t *colon = skip_blanks(after, end);
        if (at <= depth && colon < end && *colon == ':' &&
            span_eq(span_of(p, (size_t)(after - p) - 1), span_str(key)))
            return true;
        p = after;
    }
    return false;
}

/* ---- parsing ---- */

struct json_reader {
    struct arena arena;
};

static _Thread_local struct arena *current;

static void *hook_malloc(size_t n)
{
    return arena_alloc(current, n);
}

static void hook_free(void *p)
{
}

static void set_hooks(void)
{
    cJSON_Hooks hooks = {.malloc_fn = hook_malloc, .free_fn = hook_free};
    cJSON_InitHooks(&hooks);
}

struct json_reader *json_reader_new(size_t cap_bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_hooks);
    struct json_reader *r = malloc(sizeof *r);
    if (r)
        arena_init(&r->arena, BLOCK_BYTES, cap_bytes);
    return r;
}

void json_reader_free(struct json_reader *r)
{
    if (r)
        arena_fini(&r->arena);
    free(r);
}

void json_reader_reset(struct json_reader *r)
{
    arena_reset(&r->arena);
}

size_t json_reader_used(const struct json_reader *r)
{
    return r->arena.used_bytes;
}

static const json_value *fail_at(const struct json_part *part, const uint8_t *at, const char *what, struct err *err)
{
    struct json_part whole = {.text = part->text, .line = part->line, .col = part->col};
    struct json_walk w = {.counted = whole.text.ptr,
                          .line_start = whole.text.ptr - (part->col ? part->col - 1 : 0),
                          .at_line = part->line};
    uint32_t line, col;
    place(&w, at, &line, &col);
    err_at(err, ERR_SYNTAX, NULL, line, col, "%s", what);
    return NULL;
}

const json_value *json_read(struct json_reader *r, const struct json_part *part, struct err *err)
{
    const char *text = (const char *)part->text.ptr, *stop = NULL;
    const uint8_t *nul = memmem(text, part->text.len, "\\u0000", 6);
    if (nul)
        return fail_at(part, nul, "a string with a zero byte in it", err);
    current = &r->arena;
    const json_value *v = cJSON_ParseWithLengthOpts(text, part->text.len, &stop, 0);
    if (v && skip_blanks((const uint8_t *)stop, part->text.ptr + part->text.len) == part->text.ptr + part->text.len)
        return v;
    return fail_at(part, stop ? (const uint8_t *)stop : part->text.ptr, "not JSON", err);
}

const json_value *json_member(const json_value *v, const char *key)
{
    return v && cJSON_IsObject(v) ? cJSON_GetObjectItemCaseSensitive(v, key) : NULL;
}

const json_value *json_first(const json_value *v)
{
    return v && (cJSON_IsObject(v) || cJSON_IsArray(v)) ? v->child : NULL;
}

const json_value *json_next(const json_value *v)
{
    return v ? v->next : NULL;
}

struct span json_key(const json_value *v)
{
    return v && v->string ? span_str(v->string) : span_of("", 0);
}

bool json_is_object(const json_value *v)
{
    return v && cJSON_IsObject(v);
}

bool json_is_array(const json_value *v)
{
    return v && cJSON_IsArray(v);
}

bool json_is_string(const json_value *v)
{
    return v && cJSON_IsString(v);
}

struct span json_string(const json_value *v)
{
    return json_is_string(v) ? span_str(v->valuestring) : span_of("", 0);
}

struct span json_string_of(const json_value *v, const char *key)
{
    return json_string(json_member(v, key));
}

bool json_number(const json_value *v, double *out)
{
    if (v && cJSON_IsNumber(v)) {
        *out = v->valuedouble;
        return isfinite(*out);
    }
    if (!json_is_string(v) || !v->valuestring[0] || is_blank((uint8_t)v->valuestring[0]))
        return false;
    char *end;
    *out = strtod(v->valuestring, &end);
    return *end == 0 && isfinite(*out);
}

bool json_truth(const json_value *v, bool otherwise)
{
    double n;
    if (v && cJSON_IsBool(v))
        return cJSON_IsTrue(v);
    if (json_number(v, &n))
        return n != 0;
    if (json_is_string(v) && span_eq_nocase(json_string(v), SPAN_LIT("true")))
        return true;
    return json_is_string(v) && span_eq_nocase(json_string(v), SPAN_LIT("false")) ? false : otherwise;
}
