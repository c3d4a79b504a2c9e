#pragma once
/* A list that is one JSON text, while it is read: the text whole in memory (what the reader of the format needs to
 * know of an entry may stand anywhere in it), its values parsed one by one. */
#include "base/json_read.h"
#include "rules/formats/format.h"
#include "rules/set_rows.h"

struct json_list {
    struct load *load; /* borrowed */
    struct rows bytes; /* owned: the text */
    struct json_part top;
    struct json_reader *reader; /* owned */
};

/* Read the rest of the list. *out_is_empty: there is no value in it, which has been rejected. False when memory is
 * short or the text is over JSON_LIST_MAX. Close it in any case. */
enum { JSON_LIST_MAX = INT32_MAX };
bool json_list_open(struct json_list *j, struct load *l, bool *out_is_empty, struct err *err);
/* Also passes on what waits: entries' values may lie in the reader. False when the set can take no more. */
bool json_list_close(struct json_list *j, struct err *err);

/* Parse one value; it lives until the entries made of it have been passed on. NULL: it is no JSON and was
 * rejected, with its place. *out_is_good: false when the set can take no more. */
const json_value *json_list_read(struct json_list *j, const struct json_part *part, bool *out_is_good,
                                 struct err *err);

/* The same for several values of one entry: room is made before the first. */
bool json_list_make_room(struct json_list *j, struct err *err);
const json_value *json_list_read_more(struct json_list *j, const struct json_part *part);

/* The next value of a walk, parsed; faults on the way are rejected. NULL with *out_is_good: the end. */
const json_value *json_list_next(struct json_list *j, struct json_walk *w, struct json_part *out_part,
                                 bool *out_is_good, struct err *err);
/* The same unparsed. False: the end. A part may be open (see struct json_part): walk or read it, and what is wrong
 * is rejected there. */
bool json_list_walk(struct json_list *j, struct json_walk *w, struct span *out_key,
                    struct json_part *out_part);
/* Reject for the last fault of a walk, by who walks himself. */
void json_list_reject(struct json_list *j, const struct json_walk *w);
