/* The name of a generation: a sum of hashes over indicators and what each list says of them. List paths are left out, and so is the
 * order of lists and entries, so that the same lists elsewhere are the same generation. Texts are hashed, not their places in the
 * pool. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "matcher/db_parts.h"

static uint64_t hash_ref(const struct set_view *v, struct text_ref t, uint64_t seed)
{
    return hash_bytes(v->pool + t.offset, t.len, seed);
}

static uint64_t hash_context(const struct set_view *v, const struct context *c)
{
    uint64_t h = hash_ref(v, c->organisation, 1);
    h = hash_ref(v, c->reference, h);
    h = hash_ref(v, c->description, h);
    h = hash_ref(v, c->id, h);
    for (uint32_t i = 0; i < c->n_tags; i++)
        h = hash_ref(v, v->tags[c->tags + i], h);
    int64_t rest[5] = {c->n_tags, c->valid_from, c->valid_until, c->tlp, c->confidence};
    h = hash_bytes(rest, sizeof rest, h);
    return c->is_exercise ? ~h : h;
}

/* Hashes of all contexts and lists, so that a million origins only look them up. */
struct said {
    uint64_t *contexts, *lists; /* owned */
};

static bool said_init(struct said *s, const struct set_view *v)
{
    s->contexts = malloc((v->n_contexts + 1ull) * sizeof *s->contexts);
    s->lists = malloc((v->n_lists + 1ull) * sizeof *s->lists);
    if (!s->contexts || !s->lists)
        return false;
    for (uint32_t i = 0; i < v->n_contexts; i++)
        s->contexts[i] = hash_context(v, &v->contexts[i]);
    for (uint32_t i = 0; i < v->n_lists; i++)
        s->lists[i] = hash_ref(v, v->lists[i].name, 2);
    return true;
}

static uint64_t hash_indicator(const struct set_view *v, const struct said *s, uint32_t at)
{
    const struct indicator *ind = &v->indicators[at];
    struct span value = set_value(v, at);
    uint64_t what =
        (uint64_t)ind->fields << 32 | (uint64_t)ind->type << 24 | (uint64_t)ind->match << 16 | ind->port;
    uint64_t h = hash_bytes(value.ptr, value.len, key_mix(what, 0xd6e8feb86659fd93ull) + ind->flags),
             origins = 0;
    for (uint32_t o = ind->origins; o != ORIGIN_END; o = v->origins[o].next) {
        const struct origin *origin = &v->origins[o];
        origins += key_mix(s->lists[origin->list], s->contexts[origin->context] ^ origin->line);
    }
    return key_mix(h, origins + 0x9e3779b97f4a7c15ull);
}

/* The value of such an indicator is no more than a name; what it means is in the bits. */
static uint64_t hash_blooms(const struct set_view *v)
{
    uint64_t h = 0;
    for (uint32_t i = 0; i < v->n_blooms; i++) {
        struct span name = set_value(v, v->blooms[i].indicator);
        h += key_mix(v->blooms[i].content, hash_bytes(name.ptr, name.len, 3));
    }
    return h;
}

bool generation_of(const struct set_view *v, const char *allow, char out[static 17])
{
    struct said s;
    bool has_room = said_init(&s, v);
    uint64_t h = v->n_indicators;
    for (uint32_t i = 0; has_room && i < v->n_indicators; i++)
        h += hash_indicator(v, &s, i);
    h += hash_blooms(v);
    if (allow)
        h = hash_bytes(allow, strlen(allow), h);
    free(s.contexts);
    free(s.lists);
    snprintf(out, 17, "%016llx", (unsigned long long)h);
    return has_room;
}
