/* See misp_sightings.h. Sorted by attribute, one row each, so that a million of them cost an attribute no more than a
 * search. */
#include "rules/formats/misp_sightings.h"

#include <stdlib.h>

struct row {
    struct span attribute; /* its uuid or id */
    struct misp_seen seen;
};

static int compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    size_t n = x->attribute.len < y->attribute.len ? x->attribute.len : y->attribute.len;
    int order = n ? memcmp(x->attribute.ptr, y->attribute.ptr, n) : 0;
    return order ? order : (x->attribute.len > y->attribute.len) - (x->attribute.len < y->attribute.len);
}

static void merge(struct misp_seen *to, const struct misp_seen *more)
{
    to->seen_at = more->seen_at > to->seen_at ? more->seen_at : to->seen_at;
    to->expired_at = more->expired_at > to->expired_at ? more->expired_at : to->expired_at;
}

void misp_sightings_add(struct misp_sightings *s, const json_value *array)
{
    for (const json_value *e = json_first(array); e; e = json_next(e)) {
        struct span uuid = json_string_of(e, "attribute_uuid");
        struct span attribute = uuid.len ? uuid : json_string_of(e, "attribute_id");
        struct row *row = attribute.len ? rows_add(&s->rows, sizeof *row) : NULL;
        if (!row)
            continue;
        *row = (struct row){.attribute = attribute, .seen = {INT64_MIN, INT64_MIN}};
        misp_seen_add(&row->seen, e);
    }
}

void misp_sightings_sort(struct misp_sightings *s)
{
    struct row *rows = (struct row *)(void *)s->rows.ptr;
    size_t n = s->rows.used / sizeof *rows, n_kept = 0;
    if (n == 0)
        return;
    qsort(rows, n, sizeof *rows, compare);
    for (size_t i = 1; i < n; i++) {
        if (compare(&rows[n_kept], &rows[i]) == 0)
            merge(&rows[n_kept].seen, &rows[i].seen);
        else
            rows[++n_kept] = rows[i];
    }
    rows_cut(&s->rows, (n_kept + 1) * sizeof *rows);
}

static void apply(const struct misp_sightings *s, struct span key, struct misp_level *attribute)
{
    struct row want = {.attribute = key};
    size_t n = s->rows.used / sizeof want;
    const struct row *found = key.len ? bsearch(&want, s->rows.ptr, n, sizeof want, compare) : NULL;
    if (found)
        merge(&attribute->seen, &found->seen);
}

void misp_sightings_apply(const struct misp_sightings *s, struct misp_level *attribute)
{
    if (s->rows.used == 0)
        return;
    apply(s, attribute->uuid, attribute);
    apply(s, attribute->id, attribute);
}

void misp_sightings_reset(struct misp_sightings *s)
{
    rows_cut(&s->rows, 0);
}

void misp_sightings_fini(struct misp_sightings *s)
{
    rows_free(&s->rows);
}
