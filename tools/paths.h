#pragma once
/* Files to work on: arguments expanded, directories walked in byte order of names. */
#include <stddef.h>

#include "base/err.h"

struct paths {
    char **items;    /* owned */
    bool *is_listed; /* owned: found in a directory, not named by the user */
    size_t n, room;
};

/* Add `path`, or, for a directory, every regular file below it that is not hidden. False: it can't be read (where = path). */
bool paths_add(struct paths *p, const char *path, struct err *err);
void paths_fini(struct paths *p);
