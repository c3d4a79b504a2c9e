/* Hot, but for building; see names_hs.h.
 *
 * Hyperscan looks for the last bytes of a literal first. Names share their ends and differ at their starts, so both are
 * reversed; a name in the buffer gets a dot after its leftmost label, so that a label boundary is a byte like any other:
 *   suffix, below  SEP moc.live.        meets  SEP moc.live.SEP  and  SEP moc.live.www.SEP
 *   exact          SEP moc.live.SEP     meets  the first only
 * Whether a name lies strictly below is left to confirm_name(). */
#include "matcher/names_hs.h"

#include "matcher/confirm.h"
#include "rules/name.h"

enum { LITERAL_MAX = NAME_MAX_BYTES + 3 };

static bool add_literal(struct hyperscan_list *l, const struct set_view *v, uint32_t indicator)
{
    const struct indicator *ind = &v->indicators[indicator];
    bool is_open = ind->match == MATCH_SUFFIX || ind->match == MATCH_BELOW;
    uint8_t bytes[LITERAL_MAX];
    struct span literal = reversed_literal(bytes, sizeof bytes, REVERSED_SEP, route_key(v, indicator), '.',
                                           is_open ? 0 : REVERSED_SEP);
    return hyperscan_list_add(l, literal, 0, indicator);
}

bool names_hs_build(struct hs_database **out, const struct set_view *v, const struct routes *routes,
                    struct err *err)
{
    struct hyperscan_list l;
    bool has_room = true;
    hyperscan_list_init(&l);
    *out = NULL;
    for (uint32_t i = 0; i < v->n_indicators && has_room; i++)
        if (routes->of[i] == ROUTE_NAME)
            has_room = add_literal(&l, v, i);
    bool is_built = has_room ? hyperscan_compile_literals(&l, out, err)
                             : err_set(err, ERR_MEMORY, NULL, "out of memory for %u names", l.n);
    hyperscan_list_fini(&l);
    return is_built;
}

struct scan_ctx {
    const struct set_view *v;
    struct batch *b;
};

static void on_hit(void *ctx, uint32_t indicator, uint32_t piece)
{
    const struct scan_ctx *s = ctx;
    const struct piece *p = &s->b->pieces[piece];
    if (indicator < s->v->n_indicators &&
        confirm_name(s->v, indicator, (enum field)p->field, batch_text(s->b, p), p->port))
        batch_hit(s->b, p, indicator);
}

void names_hs_scan(const struct hs_database *db, struct hs_scratch *scratch, const struct set_view *v,
                   struct reversed *r, struct batch *b)
{
    struct scan_ctx s = {.v = v, .b = b};
    if (!db)
        return;
    reversed_reset(r);
    for (uint32_t i = 0; i < b->n; i++) {
        const struct piece *p = &b->pieces[i];
        if (p->kind == PIECE_NAME && !reversed_add(r, i, batch_text(b, p), '.'))
            b->n_dropped++;
    }
    reversed_scan(r, db, scratch, on_hit, &s);
}
