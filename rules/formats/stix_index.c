/* See stix_index.h. Arrays that are sorted once, which nobody can slow down by his choice of ids. Nearly every
 * object is there once only, so versions are looked at of those alone that are not. */
#include "rules/formats/stix_index.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"

enum { BLOCK_BYTES = 16 * 1024, TEXTS_BYTES = INT32_MAX, MICROS = 1000000 };

/* All begin with the id, then with what the first of one id is chosen by. */
struct row {
    uint64_t id;
    int64_t rank; /* the highest comes first */
};

struct identity {
    struct row row; /* rank: modified */
    struct span name;
};

void stix_index_init(struct stix_index *x)
{
    *x = (struct stix_index){0};
    arena_init(&x->texts, BLOCK_BYTES, TEXTS_BYTES);
}

void stix_index_fini(struct stix_index *x)
{
    rows_free(&x->ids);
    rows_free(&x->identities);
    rows_free(&x->markings);
    rows_free(&x->versions);
    arena_fini(&x->texts);
}

static uint64_t hash_id(struct span id)
{
    return hash_bytes(id.ptr, id.len, 0);
}

/* Microseconds since 1970: versions may be that close. INT64_MIN when it is no date. */
static int64_t moment_of(struct span text)
{
    int64_t seconds, micros = 0;
    if (!time_parse(text, &seconds))
        return INT64_MIN;
    const uint8_t *dot = memchr(text.ptr, '.', text.len), *end = text.ptr + text.len;
    for (int64_t unit = MICROS / 10; dot && unit && ++dot < end && *dot >= '0' && *dot <= '9'; unit /= 10)
        micros += (*dot - '0') * unit;
    return seconds * MICROS + micros;
}

static bool add_row(struct rows *rows, const void *row, size_t n)
{
    void *to = rows_add_inline(rows, n);
    if (to)
        memcpy(to, row, n);
    return to != NULL;
}

bool stix_index_add_identity(struct stix_index *x, struct span id, struct span modified, struct span name)
{
    struct identity i = {{hash_id(id), moment_of(modified)}, arena_copy(&x->texts, name)};
    return (i.name.ptr || name.len == 0) && add_row(&x->identities, &i, sizeof i);
}

bool stix_index_add_marking(struct stix_index *x, struct span id, enum tlp tlp)
{
    struct row r = {hash_id(id), tlp};
    return add_row(&x->markings, &r, sizeof r);
}

bool stix_index_add_id(struct stix_index *x, struct span id, uint64_t *out_hash)
{
    *out_hash = hash_id(id);
    return add_row(&x->ids, out_hash, sizeof *out_hash);
}

bool stix_index_add_version(struct stix_index *x, struct span id, struct span modified)
{
    struct row r = {hash_id(id), moment_of(modified)};
    return add_row(&x->versions, &r, sizeof r);
}

static int compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->rank == y->rank ? 0 : x->rank > y->rank ? -1 : 1;
}

static void sort(struct rows *rows, size_t size)
{
    if (rows->used)
        qsort(rows->ptr, rows->used / size, size, compare);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Keep one of each id that is there more than once. */
static void keep_doubles(struct rows *rows)
{
    uint64_t *ids = (uint64_t *)rows->ptr;
    size_t n = rows->used / sizeof *ids, n_kept = 0;
    if (n)
        qsort(ids, n, sizeof *ids, compare_ids);
    for (size_t i = 1; i < n; i++)
        if (ids[i] == ids[i - 1] && (n_kept == 0 || ids[n_kept - 1] != ids[i]))
            ids[n_kept++] = ids[i];
    rows_cut(rows, n_kept * sizeof *ids);
    rows_trim(rows);
}

void stix_index_seal(struct stix_index *x)
{
    keep_doubles(&x->ids);
    sort(&x->identities, sizeof(struct identity));
    sort(&x->markings, sizeof(struct row));
}

bool stix_index_has_twice(const struct stix_index *x, uint64_t hash)
{
    size_t n = x->ids.used / sizeof hash;
    return n && bsearch(&hash, x->ids.ptr, n, sizeof hash, compare_ids);
}

void stix_index_seal_versions(struct stix_index *x)
{
    sort(&x->versions, sizeof(struct row));
}

/* The first row under this id; NULL: there is none. */
static const struct row *find(const struct rows *rows, size_t size, struct span id)
{
    uint64_t hash = hash_id(id);
    size_t from = 0, n = rows->used / size;
    while (n) {
        const struct row *middle = (const struct row *)(rows->ptr + (from + n / 2) * size);
        if (middle->id < hash) {
            from += n / 2 + 1;
            n -= n / 2 + 1;
        } else {
            n /= 2;
        }
    }
    const struct row *found = (const struct row *)(rows->ptr + from * size);
    return from < rows->used / size && found->id == hash ? found : NULL;
}

struct span stix_index_identity(const struct stix_index *x, struct span id)
{
    const struct row *r = find(&x->identities, sizeof(struct identity), id);
    return r ? ((const struct identity *)r)->name : span_of("", 0);
}

bool stix_index_marking(const struct stix_index *x, struct span id, enum tlp *out)
{
    const struct row *r = find(&x->markings, sizeof *r, id);
    if (r)
        *out = (enum tlp)r->rank;
    return r != NULL;
}

bool stix_index_is_newest(const struct stix_index *x, struct span id, struct span modified)
{
    const struct row *r = x->versions.used ? find(&x->versions, sizeof *r, id) : NULL;
    return !r || r->rank <= moment_of(modified);
}
