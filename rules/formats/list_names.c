/* See list_names.h. A balanced tree (tsearch(3)): names come from strangers, and there may be as many as entries. */
#define _GNU_SOURCE 1 /* tdestroy */
#include "rules/formats/list_names.h"

#include <search.h>
#include <stdlib.h>

struct named {
    uint32_t list;
    struct span name; /* of a node in the tree: lies behind it */
};

static int compare(const void *a, const void *b)
{
    struct span x = ((const struct named *)a)->name, y = ((const struct named *)b)->name;
    int order = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);
    return order ? order : (x.len > y.len) - (x.len < y.len);
}

void list_names_fini(struct list_names *n)
{
    if (n->tree)
        tdestroy(n->tree, free);
    n->tree = NULL;
}

static struct named *add(struct list_names *n, struct span name, uint32_t list)
{
    struct named *node = malloc(sizeof *node + name.len);
    if (!node)
        return NULL;
    *node = (struct named){.list = list, .name = span_of(node + 1, name.len)};
    memcpy(node + 1, name.ptr, name.len);
    if (tsearch(node, &n->tree, compare))
        return node;
    free(node);
    return NULL;
}

bool list_names_number(struct list_names *n, struct set *set, struct span name, struct span path,
                       uint32_t *out, struct err *err)
{
    struct named key = {.name = name};
    struct named *const *found = tfind(&key, &n->tree, compare);
    if (found) {
        *out = (*found)->list;
        return true;
    }
    return set_add_list(set, name, path, out, err) &&
           (add(n, name, *out) || err_set(err, ERR_MEMORY, NULL, "not enough memory to read a list"));
}
