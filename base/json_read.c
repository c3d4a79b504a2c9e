/* See json_read.h. cJSON asks for memory through hooks that are global: they are set once, and lead to the arena
 * of the reader that is parsing in this thread. Nothing is ever freed piece by piece. */
#include "base/json_read.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

enum { DEPTH_MAX = 256, BLOCK_BYTES = 256 * 1024, ALIKE_BYTES = 24, BUDGET_PER_BYTE = 16 };

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
                            .budget = container->text.len * BUDGET_PER_BYTE,
                            .is_object = json_part_is(container, '{'),
                            .is_open = container->is_open};
    return true;
}

/* ---- getting over faults ---- */

static bool spend(struct json_walk *w, size_t n)
{
    bool has = n < w->budget;
    w->budget = has ? w->budget - n : 0;
    return has;
}

static bool is_bracket(const uint8_t *p)
{
    return p && (*p == '{' || *p == '[');
}

/* Does the text at `p` begin as the first value did, up to its second quote? */
static bool is_alike(const struct json_walk *w, const uint8_t *p)
{
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

/* The first value from `p` on that begins as the first one did and ends before the text does. */
static const uint8_t *find_alike(struct json_walk *w, const uint8_t *p)
{
    for (;; p++) {
        const uint8_t *next = p < w->end ? memchr(p, *w->first, (size_t)(w->end - p)) : NULL;
        if (!next || !spend(w, (size_t)(next - p)))
            return NULL;
        p = next;
        if (!is_alike(w, p))
            continue;
        const uint8_t *after = skip_value(p, w->end);
        if (after)
            return p;
        if (!spend(w, (size_t)(w->end - p)))
            return NULL;
    }
}

/* Behind the quotes and the colon of the key at `p`; NULL: there is none. */
static const uint8_t *skip_key(const uint8_t *p, const uint8_t *end, struct span *out_key)
{
    const uint8_t *after = p < end && *p == '"' ? skip_string(p + 1, end) : NULL;
    const uint8_t *colon = after ? skip_blanks(after, end) : end;
    if (colon == end || *colon != ':')
        return NULL;
    *out_key = span_of(p + 1, (size_t)(after - p) - 2);
    return skip_blanks(colon + 1, end);
}

/* From `p` on: a key with its colon, or what stands behind a comma. */
static const uint8_t *find_member(struct json_walk *w, const uint8_t *p)
{
    for (struct span key;;) {
        const uint8_t *after = w->is_object ? skip_key(p, w->end, &key) : NULL;
        if (after || (!w->is_object && p < w->end))
            return p;
        const uint8_t *comma = p < w->end ? memchr(p, ',', (size_t)(w->end - p)) : NULL;
        if (!comma || !spend(w, (size_t)(comma - p)))
            return NULL;
        p = skip_blanks(comma + 1, w->end);
    }
}

static const uint8_t *find_comma(struct json_walk *w, const uint8_t *p)
{
    const uint8_t *comma = p < w->end ? memchr(p, ',', (size_t)(w->end - p)) : NULL;
    return comma && spend(w, (size_t)(comma - p)) ? skip_blanks(comma + 1, w->end) : NULL;
}

/* The next sibling that begins at `p` or behind. */
static const uint8_t *find_sibling(struct json_walk *w, const uint8_t *p)
{
    return !w->is_object && is_bracket(w->first) ? find_alike(w, p) : find_member(w, p);
}

static enum json_step fault(struct json_walk *w, const uint8_t *p, const char *what, const uint8_t *resume)
{
    place(w, p, &w->line, &w->col);
    w->what = what;
    w->has_fault = true;
    w->wants_comma = false;
    w->is_at_end = !resume;
    if (resume)
        w->at = resume;
    return JSON_WALK_FAULT;
}

/* The value at `start` does not end. */
static enum json_step fault_in_value(struct json_walk *w, const uint8_t *start, struct json_part *out)
{
    static const char what[] = "brackets do not match, or the text ends before this is complete";
    if (start == w->end || !is_bracket(start)) {
        const uint8_t *next =
            !w->is_object && is_bracket(w->first) ? find_alike(w, start) : find_comma(w, start);
        return fault(w, start, what, next);
    }
    if (!w->first)
        w->first = start;
    const uint8_t *next = w->is_object ? NULL : find_sibling(w, start + 1);
    place(w, start, &out->line, &out->col);
    out->text = span_of(start, (size_t)((next ? next : w->end) - start));
    out->is_open = true;
    return fault(w, start, what, next);
}

static const uint8_t *back_over_blanks(const uint8_t *p, const uint8_t *from)
{
    while (p > from && is_blank(p[-1]))
        p--;
    return p;
}

/* "}," stands before `p`: what it belongs to has an element before it. */
static bool is_behind_sibling(const uint8_t *p, const uint8_t *from)
{
    p = back_over_blanks(p, from);
    if (p == from || p[-1] != ',')
        return false;
    p = back_over_blanks(p - 1, from);
    return p > from && (p[-1] == '}' || p[-1] == ']');
}

void json_walk_begin_at(struct json_walk *w, const struct json_part *element)
{
    *w = (struct json_walk){.end = element->text.ptr + element->text.len,
                            .first = element->text.ptr,
                            .n_values = 1,
                            .budget = element->text.len * BUDGET_PER_BYTE,
                            .is_open = true,
                            .is_at_end = true};
}

bool json_walk_retry(struct json_walk *w, const struct json_part *broken)
{
    const uint8_t *from = broken->text.ptr, *end = from + broken->text.len;
    if (w->is_object || !is_bracket(w->first))
        return false;
    const uint8_t *next = find_alike(w, from + 1);
    while (next && next < end && !is_behind_sibling(next, from))
        next = find_alike(w, next + 1);
    if (!next || next >= end)
        return false;
    w->counted = broken->text.ptr;
    w->line_start = broken->text.ptr - (broken->col ? broken->col - 1 : 0);
    w->at_line = broken->line;
    w->at = next;
    w->wants_comma = w->is_at_end = false;
    w->has_fault = true;
    return true;
}

/* ---- stepping ---- */

/* At the closing bracket. After a fault it may be one that belongs to something else. */
static bool is_end(struct json_walk *w, enum json_step *out)
{
    const uint8_t *behind = skip_blanks(w->at + 1, w->end);
    const uint8_t *next =
        w->has_fault && !w->is_object && is_bracket(w->first) ? find_alike(w, behind) : NULL;
    if (next) {
        w->at = next;
        return false;
    }
    *out = JSON_WALK_END;
    if (behind < w->end && !w->is_open)
        *out = fault(w, behind, "text behind the end", NULL);
    w->is_at_end = true;
    return true;
}

/* Up to the beginning of the next value. False when `*out` says what comes instead. */
static bool find_value(struct json_walk *w, enum json_step *out)
{
    uint8_t close = w->is_object ? '}' : ']';
    w->at = skip_blanks(w->at, w->end);
    if (w->at < w->end && w->wants_comma && *w->at == ',') {
        w->at = skip_blanks(w->at + 1, w->end);
        w->wants_comma = false;
        if (w->at < w->end && *w->at == close)
            return *out = fault(w, w->at, "a comma with nothing behind it", NULL), false;
    }
    if (w->at == w->end)
        return *out = fault(w, w->at, "the text ends before it is complete", NULL), false;
    if (*w->at == close && (w->wants_comma || w->n_values == 0 || w->has_fault))
        return !is_end(w, out);
    if (w->wants_comma) {
        *out = fault(w, w->at, "a comma or the closing bracket is wanted here", find_sibling(w, w->at));
        return false;
    }
    return true;
}

enum json_step json_walk_next(struct json_walk *w, struct span *out_key, struct json_part *out)
{
    enum json_step step;
    *out_key = span_of("", 0);
    *out = (struct json_part){.text = span_of("", 0)};
    if (w->is_at_end)
        return JSON_WALK_END;
    if (!find_value(w, &step))
        return step;
    const uint8_t *start = w->at;
    if (w->is_object) {
        start = skip_key(start, w->end, out_key);
        if (!start)
            return fault(w, w->at, "a key in quotes and a colon are wanted here", find_member(w, w->at + 1));
    }
    const uint8_t *after = skip_value(start, w->end);
    if (!after)
        return fault_in_value(w, start, out);
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
    while (json_walk_next(&w, &name, out) != JSON_WALK_END)
        if (out->text.len && span_eq(name, span_str(key)))
            return true;
    return false;
}

/* Behind the string whose opening quote has been passed; the end of the text when it is cut off. */
static void take_string(struct span *rest, struct span *out)
{
    const uint8_t *end = rest->ptr + rest->len, *after = skip_string(rest->ptr, end);
    *out = after ? span_of(rest->ptr, (size_t)(after - rest->ptr) - 1) : span_of("", 0);
    *rest = after ? span_of(after, (size_t)(end - after)) : span_of(end, 0);
}

static struct span cut_blanks(struct span s)
{
    const uint8_t *end = s.ptr + s.len, *p = skip_blanks(s.ptr, end);
    return span_of(p, (size_t)(end - p));
}

bool json_head_next(struct json_head *h, unsigned depth, struct span *out_key, struct span *out_value)
{
    while (h->rest.len) {
        uint8_t c = h->rest.ptr[0];
        span_skip(&h->rest, 1);
        h->depth_now += c == '{' || c == '[';
        h->depth_now -= (c == '}' || c == ']') && h->depth_now;
        if (c != '"')
            continue;
        take_string(&h->rest, out_key);
        struct span behind = cut_blanks(h->rest);
        if (h->depth_now > depth || behind.len == 0 || behind.ptr[0] != ':')
            continue;
        h->rest = cut_blanks(span_from(behind, 1));
        *out_value = span_of("", 0);
        if (h->rest.len && h->rest.ptr[0] == '"') {
            span_skip(&h->rest, 1);
            take_string(&h->rest, out_value);
        }
        return true;
    }
    return false;
}

bool json_head_has(struct span head, unsigned depth, const char *key)
{
    struct json_head h = {.rest = head};
    struct span found, value;
    while (json_head_next(&h, depth, &found, &value))
        if (span_eq(found, span_str(key)))
            return true;
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

static const json_value *fail_at(const struct json_part *part, const uint8_t *at, const char *what,
                                 struct err *err)
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

/* A zero byte, or the escape of one: texts would end there. */
static const uint8_t *find_nul(struct span text)
{
    const uint8_t *p = text.ptr, *end = p + text.len;
    const uint8_t *nul = text.len ? memchr(p, 0, text.len) : NULL;
    if (nul || !text.len || !memchr(p, '\\', text.len))
        return nul;
    while ((p = memmem(p, (size_t)(end - p), "\\u0000", 6))) {
        const uint8_t *back = p;
        while (back > text.ptr && back[-1] == '\\')
            back--;
        if (((p - back) & 1) == 0)
            return p;
        p++;
    }
    return NULL;
}

const json_value *json_read(struct json_reader *r, const struct json_part *part, struct err *err)
{
    const char *text = (const char *)part->text.ptr, *stop = NULL;
    const uint8_t *nul = find_nul(part->text);
    if (nul)
        return fail_at(part, nul, "a zero byte, or a string with one in it", err);
    current = &r->arena;
    const json_value *v = cJSON_ParseWithLengthOpts(text, part->text.len, &stop, 0);
    if (v && skip_blanks((const uint8_t *)stop, part->text.ptr + part->text.len) ==
                 part->text.ptr + part->text.len)
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
