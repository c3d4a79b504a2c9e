#pragma once
/* Reading JSON (RFC 8259): the one door to cJSON. The text lies in memory as a whole. It is walked without being
 * parsed, for brackets and strings are enough to see where a value ends; what is of interest is parsed by itself into
 * a tree that dies with the next one.
 * So a long array costs the memory of its text, and one broken element does not cost the others.
 *
 *     struct json_walk w;
 *     if (json_walk_begin(&w, &container))
 *         while ((step = json_walk_next(&w, &key, &part)) != JSON_WALK_END)
 *             if (step == JSON_WALK_FAULT)
 *                 ...                        w.line, w.col, w.what; the walk goes on where it can be picked up
 *             else
 *                 ...                        json_read(reader, &part, &err) */
#include "base/err.h"
#include "base/span.h"

/* One value as it is written, and where: lines from 1, columns in bytes from 1. */
struct json_part {
    struct span text;
    uint32_t line, col;
    bool is_open; /* its brackets do not match: the text goes on to where reading can be picked up */
};

/* The text without blanks around it. False when nothing is there. */
bool json_part_of(struct span text, struct json_part *out);

/* Take the first value off a text that holds several, one behind the other; `rest` becomes what follows, perhaps nothing. False when
 * the first one does not end. */
bool json_part_first(struct json_part *rest, struct json_part *out);

static inline bool json_part_is(const struct json_part *p, char first)
{
    return p->text.len && p->text.ptr[0] == (uint8_t)first;
}

enum json_step { JSON_WALK_VALUE, JSON_WALK_FAULT, JSON_WALK_END };

struct json_walk {
    const char *what;   /* of the last fault: a sentence without a full stop */
    uint32_t line, col; /* of the last fault */
    uint64_t mark;      /* the caller's */
    /* Private. */
    const uint8_t *at, *end, *counted, *line_start, *first;
    uint32_t at_line;
    size_t budget; /* bytes that may still be looked at to get over faults */
    size_t n_values;
    bool is_object, is_open, is_at_end, wants_comma, has_fault;
};

/* Walk the members of an object or the elements of an array. False when `container` is neither. */
bool json_walk_begin(struct json_walk *w, const struct json_part *container);
/* The next member: *out_key is its key as written, without quotes (empty in arrays). After a fault the walk goes
 * on where it can be picked up: in an array of objects or arrays with the next that begins as its first did, else
 * behind the next comma; where there is none JSON_WALK_END comes next. When it is a bracket that has no other,
 * *out is what could be seen of that value (is_open), to be walked for what is whole in it; with any other fault
 * *out is empty. Text behind the container's end is a fault too. */
enum json_step json_walk_next(struct json_walk *w, struct span *out_key, struct json_part *out);
/* A part that this walk (or a copy of it) gave out turned out to be no JSON: go on with the next value inside of
 * it that begins as the first one did and follows another, for quotes that do not match can hide the end of a
 * value. False: there is none, and the walk stays where it is. */
bool json_walk_retry(struct json_walk *w, const struct json_part *broken);

/* A walk as it was when it gave out `element` of an array, for json_walk_retry() long after. */
void json_walk_begin_at(struct json_walk *w, const struct json_part *element);

/* After JSON_WALK_END in an object: did it end with a fault, because the object or array in its last member does not end or has wrong
 * brackets? Then that member, up to the end of the text, to be walked as far as it goes. */
bool json_walk_unended(const struct json_walk *w, struct span *out_key, struct json_part *out);

/* The member with this key of an object, unparsed; the first one. */
bool json_part_member(const struct json_part *object, const char *key, struct json_part *out);

/* Parsed. Everything lives in the reader until json_reader_reset(). */
typedef struct cJSON json_value;
struct json_reader; /* one thread at a time */

struct json_reader *json_reader_new(size_t cap_bytes); /* NULL when memory is short */
void json_reader_free(struct json_reader *r);
void json_reader_reset(struct json_reader *r);
size_t json_reader_used(const struct json_reader *r); /* bytes */
/* NULL and *err (with line and column, where = NULL) when it is no JSON, nested too deep, has U+0000 in a string,
 * or does not fit. */
const json_value *json_read(struct json_reader *r, const struct json_part *part, struct err *err);

/* All take NULL for `v`: then there is nothing. A member is of an object, by its exact key; else NULL. */
const json_value *json_member(const json_value *v, const char *key);
const json_value *json_first(const json_value *v); /* element of an array, member of an object */
const json_value *json_next(const json_value *v);
struct span json_key(const json_value *v); /* of a member */
bool json_is_object(const json_value *v);
bool json_is_array(const json_value *v);
bool json_is_string(const json_value *v);
struct span json_string(const json_value *v); /* its text; empty when it is no string */
struct span json_string_of(const json_value *v, const char *key);
bool json_number(const json_value *v, double *out);   /* a number, or a string that is one */
bool json_truth(const json_value *v, bool otherwise); /* true, 1, "1", "true" and their opposites */

/* Does this key occur in the beginning of a text, no deeper than `depth` brackets (1: of the outermost object)? */
bool json_head_has(struct span head, unsigned depth, const char *key);
/* The members in the beginning of a text, one after the other, no deeper than `depth` brackets; *out_value is the
 * text of a string as it is written, empty for other values and one that is cut off. Start with depth_now 0. */
struct json_head {
    struct span rest;
    unsigned depth_now;
};
bool json_head_next(struct json_head *h, unsigned depth, struct span *out_key, struct span *out_value);
