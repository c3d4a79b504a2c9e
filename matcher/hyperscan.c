/* See hyperscan.h. */
#include "matcher/hyperscan.h"

#include <assert.h>
#include <stdlib.h>

#include <hs/hs.h>

enum { LIST_CAP_BYTES = 1 << 30 };

void hyperscan_list_init(struct hyperscan_list *l)
{
    *l = (struct hyperscan_list){0};
    buf_init(&l->text, LIST_CAP_BYTES);
    buf_init(&l->items, LIST_CAP_BYTES);
}

void hyperscan_list_fini(struct hyperscan_list *l)
{
    buf_fini(&l->text);
    buf_fini(&l->items);
    l->n = 0;
}

bool hyperscan_list_add(struct hyperscan_list *l, struct span pattern, uint32_t flags, uint32_t id)
{
    struct hyperscan_item item = {
        .id = id, .flags = flags, .at = (uint32_t)l->text.len, .len = (uint32_t)pattern.len};
    buf_put(&l->text, pattern);
    buf_put_byte(&l->text, 0);
    buf_put(&l->items, span_of(&item, sizeof item));
    if (l->text.is_full || l->items.is_full)
        return false;
    l->n++;
    return true;
}

const struct hyperscan_item *hyperscan_list_item(const struct hyperscan_list *l, uint32_t at)
{
    assert(at < l->n);
    return (const struct hyperscan_item *)(const void *)l->items.ptr + at;
}

/* Hyperscan's shape of the same: parallel arrays. */
struct arrays {
    const char **patterns;
    unsigned *ids, *flags;
    size_t *lens;
};

static void arrays_fini(struct arrays *a)
{
    free(a->patterns);
    free(a->ids);
    free(a->flags);
    free(a->lens);
}

static bool arrays_init(struct arrays *a, const struct hyperscan_list *l, uint32_t first, uint32_t n)
{
    *a = (struct arrays){
        .patterns = malloc(n * sizeof *a->patterns),
        .ids = malloc(n * sizeof *a->ids),
        .flags = calloc(n, sizeof *a->flags),
        .lens = malloc(n * sizeof *a->lens),
    };
    if (!a->patterns || !a->ids || !a->flags || !a->lens) {
        arrays_fini(a);
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct hyperscan_item *item = hyperscan_list_item(l, first + i);
        a->patterns[i] = (const char *)l->text.ptr + item->at;
        a->ids[i] = item->id;
        a->lens[i] = item->len;
    }
    return true;
}

/* Turns what a compile call left into `err`. */
static bool compiled(hs_error_t rc, hs_compile_error_t *why, struct err *err)
{
    if (rc == HS_SUCCESS)
        return true;
    if (rc == HS_COMPILER_ERROR && why) {
        err_set(err, ERR_SYNTAX, NULL, "%s", why->message);
        for (size_t n = err ? strlen(err->what) : 0;
             n && (err->what[n - 1] == '.' || err->what[n - 1] == '\n'); n--)
            err->what[n - 1] = '\0';
    } else {
        err_set(err, ERR_MEMORY, NULL, "Hyperscan returned %d", rc);
    }
    hs_free_compile_error(why);
    return false;
}

bool hyperscan_compile_literals(const struct hyperscan_list *l, struct hs_database **out, struct err *err)
{
    struct arrays a;
    *out = NULL;
    if (l->n == 0)
        return true;
    if (!arrays_init(&a, l, 0, l->n))
        return err_set(err, ERR_MEMORY, NULL, "out of memory for %u literals", l->n);
    hs_compile_error_t *why = NULL;
    hs_error_t rc =
        hs_compile_lit_multi(a.patterns, a.flags, a.ids, a.lens, l->n, HS_MODE_BLOCK, NULL, out, &why);
    arrays_fini(&a);
    return compiled(rc, why, err);
}

bool hyperscan_compile_regexes(const struct hyperscan_list *l, uint32_t first, uint32_t n,
                               struct hs_database **out, struct err *err)
{
    struct arrays a;
    *out = NULL;
    if (n == 0)
        return true;
    if (!arrays_init(&a, l, first, n))
        return err_set(err, ERR_MEMORY, NULL, "out of memory for %u regexes", n);
    for (uint32_t i = 0; i < n; i++)
        a.flags[i] = HS_FLAG_SINGLEMATCH |
                     (hyperscan_list_item(l, first + i)->flags & HYPERSCAN_CASELESS ? HS_FLAG_CASELESS : 0);
    hs_compile_error_t *why = NULL;
    hs_error_t rc = hs_compile_multi(a.patterns, a.flags, a.ids, n, HS_MODE_BLOCK, NULL, out, &why);
    arrays_fini(&a);
    return compiled(rc, why, err);
}

void hyperscan_free(struct hs_database *db)
{
    hs_free_database(db);
}

size_t hyperscan_bytes(const struct hs_database *db)
{
    size_t n = 0;
    return db && hs_database_size(db, &n) == HS_SUCCESS ? n : 0;
}

bool hyperscan_serialise(const struct hs_database *db, char **out_bytes, size_t *out_len, struct err *err)
{
    hs_error_t rc = hs_serialize_database(db, out_bytes, out_len);
    return rc == HS_SUCCESS ||
           err_set(err, ERR_MEMORY, NULL, "Hyperscan could not serialise a database (%d)", rc);
}

bool hyperscan_deserialise(struct span bytes, struct hs_database **out, struct err *err)
{
    *out = NULL;
    hs_error_t rc = hs_deserialize_database((const char *)bytes.ptr, bytes.len, out);
    return rc == HS_SUCCESS || err_set(err, ERR_SYNTAX, NULL, "Hyperscan refuses a stored database (%d)", rc);
}

void hyperscan_target(struct hyperscan_target *out)
{
    hs_platform_info_t platform = {0};
    *out = (struct hyperscan_target){0};
    const char *version = hs_version();
    size_t n = strnlen(version, sizeof out->version - 1);
    memcpy(out->version, version, n);
    if (hs_populate_platform(&platform) != HS_SUCCESS)
        return;
    out->cpu_features = platform.cpu_features;
    out->tune = platform.tune;
}

bool hyperscan_scratch_new(struct hs_database *const *dbs, size_t n, struct hs_scratch **out, struct err *err)
{
    *out = NULL;
    for (size_t i = 0; i < n; i++) {
        hs_error_t rc = dbs[i] ? hs_alloc_scratch(dbs[i], out) : HS_SUCCESS;
        if (rc == HS_SUCCESS)
            continue;
        hs_free_scratch(*out);
        *out = NULL;
        return err_set(err, ERR_MEMORY, NULL, "Hyperscan could not make scratch space (%d)", rc);
    }
    return true;
}

void hyperscan_scratch_free(struct hs_scratch *s)
{
    hs_free_scratch(s);
}

void hyperscan_scan(const struct hs_database *db, struct span bytes, struct hs_scratch *scratch,
                    hyperscan_on_hit *on_hit, void *ctx)
{
    hs_scan(db, (const char *)bytes.ptr, (unsigned)bytes.len, 0, scratch, on_hit, ctx);
}
