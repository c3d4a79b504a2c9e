#pragma once
/* Reading JSON against another reader: what jansson takes, base/json_read.h must take as well, and find the same
 * in it, walking and parsing. In what jansson refuses it must find its way to the end, and tell places that are
 * there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_read.h"

#define json_string jansson_string /* a name that both have */
#include <jansson.h>
#undef json_string

#define JSON_MUST(condition)                                                                                 \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                    \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

enum { AGREEMENT_DEPTH = 250, AGREEMENT_DIGITS = 60, AGREEMENT_READER = 16 << 20, AGREEMENT_PLACES = 4096 };

/* Deeper than it is read here, with numbers longer than cJSON takes, or with a zero byte, at which jansson stops. */
static inline bool json_is_beyond(struct span text)
{
    unsigned depth = 0, deepest = 0, digits = 0, longest = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == 0)
            return true;
        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth;
        digits =
            (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || (c | 0x20) == 'e' ? digits + 1 : 0;
        deepest = depth > deepest ? depth : deepest;
        longest = digits > longest ? digits : longest;
    }
    return deepest > AGREEMENT_DEPTH || longest > AGREEMENT_DIGITS;
}

static inline void json_check_leaf(const json_t *want, const json_value *v)
{
    double n = NAN;
    JSON_MUST(v != NULL);
    if (json_is_number(want))
        JSON_MUST(json_number(v, &n) && n == json_number_value(want));
    else if (json_is_string(want))
        JSON_MUST((json_is_string)(v) &&
                  span_eq(json_string(v), span_of(json_string_value(want), json_string_length(want))));
    else if (json_is_boolean(want))
        JSON_MUST(json_truth(v, !json_is_true(want)) == json_is_true(want));
    else
        JSON_MUST(!(json_is_string)(v) && !(json_is_object)(v) && !(json_is_array)(v) && !json_number(v, &n));
}

static inline void json_check_tree(const json_t *want, const json_value *v)
{
    size_t n = 0;
    if (!json_is_object(want) && !json_is_array(want)) {
        json_check_leaf(want, v);
        return;
    }
    JSON_MUST(json_is_object(want) ? (json_is_object)(v) : (json_is_array)(v));
    for (const json_value *child = json_first(v); child; child = json_next(child), n++) {
        struct span key = json_key(child);
        json_check_tree(json_is_array(want) ? json_array_get(want, n)
                                            : json_object_getn(want, (const char *)key.ptr, key.len),
                        child);
    }
    JSON_MUST(n == (json_is_array(want) ? json_array_size(want) : json_object_size(want)));
}

/* The member that `key`, as it is written, leads to. */
static inline json_t *json_member_written(const json_t *object, struct json_reader *reader, struct span key)
{
    struct json_part part = {.text = span_of(key.ptr - 1, key.len + 2), .line = 1, .col = 1};
    struct span text = json_string(json_read(reader, &part, NULL));
    return json_object_getn(object, (const char *)text.ptr, text.len);
}

static inline void json_check_walk(const json_t *want, struct json_reader *reader,
                                   const struct json_part *part)
{
    struct json_walk w;
    struct json_part child;
    struct span key;
    enum json_step step;
    size_t n = 0;
    if (!json_is_object(want) && !json_is_array(want)) {
        json_check_leaf(want, json_read(reader, part, NULL));
        return;
    }
    JSON_MUST(json_walk_begin(&w, part));
    while ((step = json_walk_next(&w, &key, &child)) != JSON_WALK_END) {
        JSON_MUST(step == JSON_WALK_VALUE && !child.is_open);
        json_t *found =
            json_is_array(want) ? json_array_get(want, n) : json_member_written(want, reader, key);
        JSON_MUST(found != NULL);
        json_check_walk(found, reader, &child);
        n++;
    }
    JSON_MUST(n == (json_is_array(want) ? json_array_size(want) : json_object_size(want)));
}

static inline void json_check_place(struct span text, const uint8_t *at, uint32_t line, uint32_t col)
{
    uint32_t n_lines = 1;
    const uint8_t *start = text.ptr;
    for (const uint8_t *p = text.ptr; p < at; p++) {
        n_lines += *p == '\n';
        start = *p == '\n' ? p + 1 : start;
    }
    JSON_MUST(line == n_lines && col == (uint32_t)(at - start) + 1);
}

/* Whatever stands there: the walk ends, what it gives out lies in its container, behind what it gave out before. */
static inline void json_check_bounds(struct span text, const struct json_part *container, unsigned depth)
{
    struct json_walk w;
    struct json_part part;
    struct span key;
    enum json_step step;
    size_t n = 0;
    const uint8_t *last = container->text.ptr, *end = last + container->text.len;
    if (depth > AGREEMENT_DEPTH || !json_walk_begin(&w, container))
        return;
    while ((step = json_walk_next(&w, &key, &part)) != JSON_WALK_END) {
        JSON_MUST(++n <= container->text.len + 1);
        JSON_MUST(step == JSON_WALK_FAULT ? w.what && w.line >= container->line
                                          : part.text.len > 0 && !part.is_open);
        if (part.text.len == 0)
            continue;
        JSON_MUST(part.text.ptr > last && part.text.ptr + part.text.len <= end);
        last = part.text.ptr;
        if (text.len <= AGREEMENT_PLACES)
            json_check_place(text, part.text.ptr, part.line, part.col);
        json_check_bounds(text, &part, depth + 1);
        struct json_walk retry = w;
        if (json_walk_retry(&retry, &part))
            JSON_MUST(json_walk_next(&retry, &key, &part) == JSON_WALK_VALUE);
    }
}

/* False: jansson refuses the text. */
static inline bool json_check_agreement(struct span text)
{
    struct json_part whole;
    struct json_reader *reader = json_reader_new(AGREEMENT_READER);
    JSON_MUST(reader);
    json_t *want =
        json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    bool is_there = json_part_of(text, &whole);
    JSON_MUST(is_there || !want);
    if (want && !json_is_beyond(text)) {
        json_check_tree(want, json_read(reader, &whole, NULL));
        json_check_walk(want, reader, &whole);
    } else if (is_there) {
        struct err err = {0};
        JSON_MUST(json_read(reader, &whole, &err) || (err.kind == ERR_SYNTAX && err.line && err.what[0]));
        json_check_bounds(text, &whole, 0);
    }
    json_decref(want);
    json_reader_free(reader);
    return want != NULL;
}
