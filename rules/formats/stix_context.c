/* See stix_context.h. */
#include "rules/formats/stix_context.h"

#include "base/time.h"
#include "rules/formats/stix_marking.h"

enum { TAG_BYTES = 8 * 1024, IDS_BYTES = 1 << 20 };

void stix_context_init(struct stix_context *s, struct load *l, const struct stix_index *index)
{
    *s = (struct stix_context){.load = l, .index = index};
    buf_init(&s->tag_text, TAG_BYTES);
    buf_init(&s->description, 2 * LOAD_TEXT_MAX + 2);
    buf_reserve(&s->tag_text, TAG_BYTES);
    arena_init(&s->ids, TAG_BYTES, IDS_BYTES);
}

void stix_context_fini(struct stix_context *s)
{
    buf_fini(&s->tag_text);
    buf_fini(&s->description);
    arena_fini(&s->ids);
}

/* ---- markings ---- */

static bool is_known_unknown(struct stix_context *s, struct span id)
{
    for (size_t i = 0; i < s->n_unknown; i++)
        if (span_eq(s->unknown[i], id))
            return true;
    if (s->n_unknown < STIX_UNKNOWN_MAX)
        s->unknown[s->n_unknown++] = arena_copy(&s->ids, span_first(id, LOAD_TEXT_MAX));
    return false;
}

/* What this id says; of an id that the world knows and the file explains, the strictest. */
static enum tlp resolve(struct stix_context *s, struct span id)
{
    enum tlp known = TLP_NONE, here = TLP_NONE;
    bool is_known = stix_marking_known(id, &known);
    if (stix_index_marking(s->index, id, &here) || is_known)
        return known > here ? known : here;
    if (!is_known_unknown(s, id))
        load_warn(s->load, s->line, s->col, id,
                  "a marking that nothing in the list explains; taken as amber+strict, here and elsewhere in "
                  "it, to be safe");
    return TLP_AMBER_STRICT;
}

static void raise_to(enum tlp *tlp, enum tlp other)
{
    if (other > *tlp)
        *tlp = other;
}

enum tlp stix_context_marked(struct stix_context *s, const json_value *refs)
{
    enum tlp tlp = TLP_NONE;
    for (const json_value *ref = json_first(refs); ref; ref = json_next(ref))
        raise_to(&tlp, json_is_string(ref) ? resolve(s, json_string(ref)) : TLP_AMBER_STRICT);
    return tlp;
}

/* Is a part of the object marked that goes into an indicator? One that names no part is taken to mean all of it. */
static bool selects_ours(const json_value *selectors)
{
    if (!json_first(selectors))
        return true;
    for (const json_value *v = json_first(selectors); v; v = json_next(v)) {
        struct span name = json_string(v);
        const uint8_t *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
        name = dot ? span_first(name, (size_t)(dot - name.ptr)) : name;
        if (stix_member_of(name) != STIX_M_COUNT)
            return true;
    }
    return false;
}

static enum tlp tlp_of_object(struct stix_context *s, const struct stix_object *o)
{
    enum tlp tlp = stix_context_marked(s, o->of[STIX_M_MARKINGS]);
    for (const json_value *g = json_first(o->of[STIX_M_GRANULAR]); g; g = json_next(g)) {
        struct span ref = json_string_of(g, "marking_ref");
        if (ref.len && selects_ours(json_member(g, "selectors")))
            raise_to(&tlp, resolve(s, ref));
    }
    raise_to(&tlp, s->tlp);
    return tlp;
}

/* ---- what goes with an indicator ---- */

static void add_tag(struct stix_context *s, struct span tag)
{
    tag = load_text(tag);
    if (tag.len && s->n_tags < STIX_TAGS_MAX)
        s->tags[s->n_tags++] = tag;
}

static void add_tags(struct stix_context *s, const json_value *list)
{
    for (const json_value *v = json_first(list); v; v = json_next(v))
        add_tag(s, json_string(v));
}

/* All of `tag_text` was reserved at the beginning: it does not move. */
static void add_phases(struct stix_context *s, const json_value *phases)
{
    for (const json_value *v = json_first(phases); v; v = json_next(v)) {
        struct span chain = json_string_of(v, "kill_chain_name"), phase = json_string_of(v, "phase_name");
        size_t mark = buf_mark(&s->tag_text);
        if (phase.len == 0)
            continue;
        buf_put_str(&s->tag_text, "kill-chain:");
        buf_put(&s->tag_text, chain);
        buf_put_byte(&s->tag_text, '/');
        buf_put(&s->tag_text, phase);
        if (s->tag_text.is_full)
            buf_cut(&s->tag_text, mark);
        else
            add_tag(s, span_from(buf_span(&s->tag_text), mark));
    }
}

static void take_tags(struct stix_context *s, const struct stix_object *o, struct context_in *c)
{
    s->n_tags = 0;
    buf_reset(&s->tag_text);
    add_tags(s, o->of[STIX_M_LABELS]);
    add_tags(s, o->of[STIX_M_INDICATOR_TYPES]);
    add_phases(s, o->of[STIX_M_KILL_CHAIN]);
    if (s->n_tags) {
        c->tags = s->tags;
        c->n_tags = s->n_tags;
    }
}

/* "name: description"; a name that only repeats the value says nothing. */
static struct span describe(struct stix_context *s, const struct stix_object *o)
{
    struct span name = load_text(o->text[STIX_M_NAME]), text = load_text(o->text[STIX_M_DESCRIPTION]);
    struct span pattern = o->text[STIX_M_PATTERN];
    if (text.len == 0 || name.len == 0 || memmem(pattern.ptr, pattern.len, name.ptr, name.len))
        return text.len ? text : name;
    buf_reset(&s->description);
    buf_put(&s->description, name);
    buf_put_str(&s->description, ": ");
    buf_put(&s->description, text);
    return load_text(buf_span(&s->description));
}

static struct span first_url(const json_value *references)
{
    for (const json_value *v = json_first(references); v; v = json_next(v)) {
        struct span url = load_text(json_string_of(v, "url"));
        if (url.len)
            return url;
    }
    return span_of("", 0);
}

static void take_confidence(struct stix_context *s, const json_value *v, struct context_in *c)
{
    double n;
    if (!v)
        return;
    if (json_number(v, &n) && n >= 0 && n <= 100)
        c->confidence = (int)n;
    else
        load_warn(s->load, s->line, s->col, json_string(v),
                  "a confidence is a number from 0 to 100; passed over");
}

/* When its publisher last stood by it. */
static void take_seen_at(const struct stix_object *o, struct context_in *c)
{
    if (!time_parse(o->text[STIX_M_MODIFIED], &c->seen_at))
        time_parse(o->text[STIX_M_CREATED], &c->seen_at);
}

static void take_text(struct span text, struct span *out)
{
    if (text.len)
        *out = text;
}

static void take_time(struct stix_context *s, struct span text, int64_t *out)
{
    if (text.len)
        load_time(s->load, s->line, s->col, text, out);
}

struct context_in stix_context_of(struct stix_context *s, const struct stix_object *o)
{
    struct context_in c = load_context(s->load);
    take_text(load_text(stix_index_identity(s->index, o->text[STIX_M_CREATED_BY])), &c.organisation);
    take_text(describe(s, o), &c.description);
    take_text(first_url(o->of[STIX_M_REFERENCES]), &c.reference);
    take_text(load_text(o->text[STIX_M_ID]), &c.id);
    take_time(s, o->text[STIX_M_VALID_FROM], &c.valid_from);
    take_time(s, o->text[STIX_M_VALID_UNTIL], &c.valid_until);
    take_confidence(s, o->of[STIX_M_CONFIDENCE], &c);
    take_tags(s, o, &c);
    take_seen_at(o, &c);
    raise_to(&c.tlp, tlp_of_object(s, o));
    return c;
}
