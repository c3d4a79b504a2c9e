#pragma once
/* Whole lines on their way to one output, in order, each with a key of its own. Two runs of bytes: the lines as they are, so that a file is
 * written at one go, and a mark for each: how long it is, and its key. */
#include "base/buf.h"

enum { LINE_KEY_MAX = 255 };

struct sheaf {
    struct buf text, marks; /* owned */
    size_t n;
};

/* `cap_bytes` bounds the text; marks may take as much again. */
void sheaf_init(struct sheaf *l, size_t cap_bytes);
void sheaf_fini(struct sheaf *l);
/* Empty; keeps the memory. */
void sheaf_reset(struct sheaf *l);
/* `line` ends with its only '\n'. A longer key is cut. False: no room, and nothing was added. */
bool sheaf_put(struct sheaf *l, struct span line, struct span key);
static inline size_t sheaf_bytes(const struct sheaf *l)
{
    return l->text.len + l->marks.len;
}

/* What is left of some lines: borrows them. */
struct sheaf_left {
    struct span text, marks;
    size_t n;
};

struct sheaf_left sheaf_all(const struct sheaf *l);
/* Do text and marks fit each other, line by line? What came from a disk has to be asked. */
bool sheaf_are_sound(struct sheaf_left l);
/* The first one; false: none is left. */
bool sheaf_first(const struct sheaf_left *l, struct span *out_line, struct span *out_key);
/* Past the first one. */
void sheaf_drop(struct sheaf_left *l);
/* Append as many of the first of `from` as there is room for, and take them from it. */
void sheaf_move(struct sheaf *to, struct sheaf_left *from);
