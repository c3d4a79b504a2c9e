/* Hot; see bloom.h. The hash runs from left to right, so the suffixes of a name share nothing of it: each is hashed
 * by itself. Hashing them side by side, and fetching their first bits ahead, were tried; no difference was seen. */
#include "matcher/bloom.h"

#include "rules/name.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define P         UINT64_C(18446744073709551557) /* the largest prime below 2^64 */
#define G         UINT64_C(18446744073709550147)

field_mask bloom_fields(const struct set_view *v)
{
    field_mask fields = 0;
    for (uint32_t i = 0; i < v->n_blooms; i++)
        fields |= v->indicators[v->blooms[i].indicator].fields;
    return fields;
}

static inline uint64_t hash_of(struct span text)
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < text.len; i++)
        hash = hash * FNV_PRIME ^ text.ptr[i];
    return hash;
}

static inline uint64_t mod_p(uint64_t h)
{
    return h < P ? h : h - P;
}

static bool has(const struct set_view *v, const struct bloom *b, uint64_t hash)
{
    const uint64_t *words = v->bloom_words + b->first_word;
    uint64_t h = mod_p(hash);
    for (uint32_t i = 0; i < b->n_hashes; i++) {
        h = mod_p(h * G);
        uint64_t bit = h % b->n_bits;
        if (!(words[bit / 64] >> bit % 64 & 1))
            return false;
    }
    return true;
}

static bool looks_at(const struct set_view *v, const struct bloom *b, const struct piece *p)
{
    const struct indicator *ind = &v->indicators[b->indicator];
    return (ind->fields & FIELD_BIT(p->field)) != 0 && !(ind->flags & IOC_F_SUPPRESSED);
}

/* Hashes of a name and of its parents. */
struct suffixes {
    uint64_t hashes[1 + BLOOM_LABELS_MAX];
    unsigned n;
    bool has_whole; /* the first is the name itself */
};

/* An address written as a name has no parents. No top-level domain ends in a digit. */
static bool has_parents(struct span name)
{
    uint8_t last = name.ptr[name.len - 1];
    return last < '0' || last > '9';
}

/* From right to left, so that of a longer text its end is looked at, which alone could be a name. */
static void hash_parents(struct span name, struct suffixes *out)
{
    unsigned n_labels = 0;
    for (size_t len = 0; len < name.len && len <= NAME_MAX_BYTES && n_labels < BLOOM_LABELS_MAX; len++) {
        if (name.ptr[name.len - len - 1] != '.')
            continue;
        n_labels++;
        if (n_labels > 1 && name.ptr[name.len - len] != '.')
            out->hashes[out->n++] = hash_of(span_from(name, name.len - len));
    }
}

static void hash_suffixes(struct span name, struct suffixes *out)
{
    out->n = 0;
    out->has_whole = name.len <= NAME_MAX_BYTES;
    if (out->has_whole)
        out->hashes[out->n++] = hash_of(name);
    if (has_parents(name))
        hash_parents(name, out);
}

static void scan_name(const struct set_view *v, const struct piece *p, struct batch *b)
{
    struct suffixes suffixes;
    hash_suffixes(batch_text(b, p), &suffixes);
    for (uint32_t i = 0; i < v->n_blooms; i++) {
        const struct bloom *bloom = &v->blooms[i];
        bool is_exact = v->indicators[bloom->indicator].match == MATCH_EXACT;
        unsigned n = is_exact ? suffixes.has_whole : suffixes.n, s = 0;
        if (!looks_at(v, bloom, p))
            continue;
        while (s < n && !has(v, bloom, suffixes.hashes[s]))
            s++;
        if (s < n)
            batch_hit(b, p, bloom->indicator);
    }
}

void bloom_scan(const struct set_view *v, field_mask fields, struct batch *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const struct piece *p = &b->pieces[i];
        if (p->kind == PIECE_NAME && fields & FIELD_BIT(p->field) && p->len)
            scan_name(v, p, b);
    }
}

void bloom_look_up(const struct set_view *v, struct span text, const struct piece *piece, struct batch *b)
{
    uint64_t hash = hash_of(text);
    for (uint32_t i = 0; i < v->n_blooms; i++)
        if (looks_at(v, &v->blooms[i], piece) && has(v, &v->blooms[i], hash))
            batch_hit(b, piece, v->blooms[i].indicator);
}
