/* See paths.h. */
#include "tools/paths.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 32 };

static bool append(struct paths *p, const char *path, bool is_listed, struct err *err)
{
    if (p->n == p->room) {
        size_t room = p->room ? p->room * 2 : 16;
        char **items = realloc(p->items, room * sizeof *items);
        if (items)
            p->items = items;
        bool *listed = realloc(p->is_listed, room * sizeof *listed);
        if (listed)
            p->is_listed = listed;
        if (!items || !listed)
            return err_set(err, ERR_MEMORY, path, "out of memory");
        p->room = room;
    }
    p->items[p->n] = strdup(path);
    if (!p->items[p->n])
        return err_set(err, ERR_MEMORY, path, "out of memory");
    p->is_listed[p->n++] = is_listed;
    return true;
}

static int is_not_hidden(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* `top` is what the user named: it outlives the names made here. Links to directories are not followed, for they may lead round. */
static bool walk(struct paths *p, const char *top, const char *directory, int depth, struct err *err)
{
    struct dirent **entries;
    int n = scandir(directory, &entries, is_not_hidden, by_bytes);
    if (n < 0)
        return err_set(err, ERR_IO, top, "can't read the directory %.120s: %s", directory, strerror(errno));
    bool is_good = true;
    for (int i = 0; i < n; i++) {
        char *path;
        struct stat st;
        if (is_good && asprintf(&path, "%s/%s", directory, entries[i]->d_name) >= 0) {
            if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
                is_good = walk(p, top, path, depth + 1, err);
            else if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
                is_good = append(p, path, true, err);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
    return is_good;
}

bool paths_add(struct paths *p, const char *path, struct err *err)
{
    struct stat st;
    if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        size_t len = strlen(path);
        char *directory = strndup(path, len > 1 && path[len - 1] == '/' ? len - 1 : len);
        bool is_good =
            directory ? walk(p, path, directory, 0, err) : err_set(err, ERR_MEMORY, path, "out of memory");
        free(directory);
        return is_good;
    }
    return append(p, path, false, err);
}

void paths_fini(struct paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i]);
    free(p->items);
    free(p->is_listed);
    *p = (struct paths){0};
}
