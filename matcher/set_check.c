/* Are the arrays of a stored set sound? Linear passes; what they let through can be used without another question. */
#include "matcher/db_parts.h"

static bool is_in_pool(const struct set_view *v, struct text_ref t)
{
    return t.offset <= v->pool_bytes && t.len <= v->pool_bytes - t.offset;
}

static bool are_indicators_sound(const struct set_view *v)
{
    bool ok = true;
    for (uint32_t i = 0; i < v->n_indicators; i++) {
        const struct indicator *ind = &v->indicators[i];
        ok &= ind->value <= v->pool_bytes && ind->value_len <= v->pool_bytes - ind->value;
        ok &= ind->origins < v->n_origins || ind->origins == ORIGIN_END;
        ok &= ind->type < IOC_TYPE_COUNT && ind->match <= MATCH_REGEX;
        ok &= ind->fields < FIELD_BIT(FIELD_COUNT);
    }
    return ok;
}

/* Chains only go forward, so none is a ring. */
static bool are_origins_sound(const struct set_view *v)
{
    bool ok = true;
    for (uint32_t i = 0; i < v->n_origins; i++) {
        const struct origin *o = &v->origins[i];
        ok &= o->list < v->n_lists && o->context < v->n_contexts;
        ok &= o->next == ORIGIN_END || (o->next > i && o->next < v->n_origins);
    }
    return ok;
}

static bool are_contexts_sound(const struct set_view *v)
{
    bool ok = true;
    for (uint32_t i = 0; i < v->n_contexts; i++) {
        const struct context *c = &v->contexts[i];
        ok &= is_in_pool(v, c->organisation) && is_in_pool(v, c->reference);
        ok &= is_in_pool(v, c->description) && is_in_pool(v, c->id);
        ok &= c->tags <= v->n_tags && c->n_tags <= v->n_tags - c->tags;
        ok &= c->tlp <= TLP_RED && c->confidence >= -1 && c->confidence <= 100 && c->is_exercise <= 1;
    }
    return ok;
}

static bool are_texts_sound(const struct set_view *v)
{
    bool ok = true;
    for (uint32_t i = 0; i < v->n_lists; i++)
        ok &= is_in_pool(v, v->lists[i].name) && is_in_pool(v, v->lists[i].path);
    for (uint32_t i = 0; i < v->n_tags; i++)
        ok &= is_in_pool(v, v->tags[i]);
    return ok;
}

static bool are_blooms_sound(const struct set_view *v)
{
    bool ok = true;
    for (uint32_t i = 0; i < v->n_blooms; i++) {
        const struct bloom *b = &v->blooms[i];
        ok &= b->indicator < v->n_indicators && v->indicators[b->indicator].type == IOC_BLOOM;
        ok &= b->n_hashes >= 1 && b->n_hashes <= BLOOM_HASHES_MAX && b->n_bits >= 1;
        ok &=
            b->first_word <= v->n_bloom_words && bloom_n_words(b->n_bits) <= v->n_bloom_words - b->first_word;
        if (!ok)
            return false;
    }
    return true;
}

bool set_check_suppressed(const struct set_view *v, uint32_t n_entries, struct err *err)
{
    bool ok = true;
    for (uint32_t i = 0; i < v->n_indicators; i++)
        ok &= !(v->indicators[i].flags & IOC_F_SUPPRESSED) || v->indicators[i].allowed_by < n_entries;
    return ok || err_set(err, ERR_SYNTAX, NULL, "an indicator is suppressed by an entry that is not there");
}

bool set_check(const struct set_view *v, struct err *err)
{
    if (!are_indicators_sound(v))
        return err_set(err, ERR_SYNTAX, NULL, "an indicator points outside its arrays");
    if (!are_origins_sound(v))
        return err_set(err, ERR_SYNTAX, NULL, "an origin points outside its arrays");
    if (!are_contexts_sound(v))
        return err_set(err, ERR_SYNTAX, NULL, "a context points outside its arrays");
    if (!are_texts_sound(v))
        return err_set(err, ERR_SYNTAX, NULL, "a list or tag points outside the pool");
    if (!are_blooms_sound(v))
        return err_set(err, ERR_SYNTAX, NULL,
                       "a Bloom filter is not what one may be, or its bits lie outside theirs");
    return true;
}
