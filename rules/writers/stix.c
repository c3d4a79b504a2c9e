/* A STIX 2.1 bundle: an indicator for each origin, so that each keeps who said it, how it is marked and how long it holds. Identities and
 * marking definitions stand before the first object that needs them.
 *
 * An indicator that came with an identifier keeps it, the first time it is seen; all other identifiers follow from what they name. Where
 * nobody said from when on an indicator holds, which STIX wants to be said, it is from the time of writing. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "rules/writers/stix_pattern_text.h"
#include "rules/writers/uuid5.h"
#include "rules/writers/writer.h"

static const char made[] =
    "2022-10-01T00:00:00.000Z"; /* of TLP 2.0's definitions; and of identities, which never change */

struct stix_writer {
    struct writing *w; /* borrowed */
    const struct set_view *v;
    struct json json;
    struct stix_pattern_text pattern;
    struct uuid_set taken; /* owned: identifiers of indicators */
    uint8_t *
        introduced; /* owned: a bit per byte of the pool: the organisation whose name begins there has its identity */
    unsigned marked; /* a bit per TLP that has its definition */
    struct uuid5 bundle;
    bool has_context; /* context_uuid is that of ... */
    uint32_t context;
    char context_uuid[UUID_TEXT];
    struct buf time; /* owned: text of `seconds`, when not empty */
    int64_t seconds;
    bool has_objects;
};

/* ---- objects ---- */

static void begin_object(struct stix_writer *s, const char *type)
{
    if (!s->has_objects)
        json_begin_array(&s->json, "objects");
    s->has_objects = true;
    buf_put_byte(&s->w->out, '\n');
    json_begin_object(&s->json, NULL);
    json_str(&s->json, "type", type);
    json_str(&s->json, "spec_version", "2.1");
}

static void put_id(struct json *j, const char *key, const char *type, const char uuid[static UUID_TEXT])
{
    char id[80];
    size_t n = strlen(type);
    memcpy(id, type, n);
    memcpy(id + n, "--", 2);
    memcpy(id + n + 2, uuid, UUID_TEXT);
    json_text(j, key, span_of(id, n + 2 + UUID_TEXT));
}

/* The same moment is said many times: its text is kept. */
static void put_time(struct stix_writer *s, const char *key, int64_t seconds)
{
    if (s->time.len == 0 || s->seconds != seconds) {
        buf_reset(&s->time);
        writing_put_time(&s->time, seconds);
        s->seconds = seconds;
    }
    json_text(&s->json, key, buf_span(&s->time));
}

/* Is the bit of this text set? Then it is. */
static bool take_bit(uint8_t *bits, struct text_ref text)
{
    uint8_t bit = (uint8_t)(1u << text.offset % 8), *byte = &bits[text.offset / 8];
    bool was_set = *byte & bit;
    *byte |= bit;
    return was_set;
}

/* ---- markings, identities ---- */

static const char *marking_uuid(enum tlp tlp)
{
    static const char *const uuids[] = {
        [TLP_CLEAR] = "94868c89-83c2-464b-929b-a1a8aa3c8487",
        [TLP_GREEN] = "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        [TLP_AMBER] = "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        [TLP_AMBER_STRICT] = "939a9414-2ddd-4d32-a0cd-375ea402b003",
        [TLP_RED] = "e828b379-4e03-4974-9ac4-e53a884c97c1",
    };
    return uuids[tlp];
}

static const char *marking_name(enum tlp tlp)
{
    static const char *const names[] = {[TLP_CLEAR] = "TLP:CLEAR",
                                        [TLP_GREEN] = "TLP:GREEN",
                                        [TLP_AMBER] = "TLP:AMBER",
                                        [TLP_AMBER_STRICT] = "TLP:AMBER+STRICT",
                                        [TLP_RED] = "TLP:RED"};
    return names[tlp];
}

static void introduce_marking(struct stix_writer *s, enum tlp tlp)
{
    struct json *j = &s->json;
    if (tlp == TLP_NONE || s->marked & 1u << tlp)
        return;
    s->marked |= 1u << tlp;
    begin_object(s, "marking-definition");
    put_id(j, "id", "marking-definition", marking_uuid(tlp));
    json_str(j, "created", made);
    json_str(j, "name", marking_name(tlp));
    json_begin_object(j, "extensions");
    json_begin_object(j, "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d");
    json_str(j, "extension_type", "property-extension");
    json_str(j, "tlp_2_0", tlp_name(tlp));
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
}

static void identity_uuid(struct span organisation, char out[static UUID_TEXT])
{
    struct uuid5 u;
    uuid5_init(&u);
    uuid5_add_text(&u, SPAN_LIT("organisation"));
    uuid5_add_text(&u, organisation);
    uuid5_end(&u, out);
}

static void introduce_identity(struct stix_writer *s, struct text_ref organisation)
{
    struct json *j = &s->json;
    char uuid[UUID_TEXT];
    if (organisation.len == 0 || take_bit(s->introduced, organisation))
        return;
    identity_uuid(set_text(s->v, organisation), uuid);
    begin_object(s, "identity");
    put_id(j, "id", "identity", uuid);
    json_str(j, "created", made);
    json_str(j, "modified", made);
    json_text(j, "name", set_text(s->v, organisation));
    json_str(j, "identity_class", "organization");
    json_end_object(j);
}

/* ---- indicators ---- */

static void add_number(struct uuid5 *u, int64_t number)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
    uuid5_add(u, span_of(bytes, sizeof bytes));
}

/* Out of what goes with an origin. Neighbours nearly always share it, so the last one is kept. */
static void name_context(struct stix_writer *s, uint32_t context)
{
    const struct context *c = &s->v->contexts[context];
    const struct text_ref texts[] = {c->organisation, c->reference, c->description, c->id};
    struct uuid5 u;
    if (s->has_context && s->context == context)
        return;
    s->has_context = true;
    s->context = context;
    uuid5_init(&u);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        uuid5_add_text(&u, set_text(s->v, texts[k]));
    for (uint32_t k = 0; k < c->n_tags; k++)
        uuid5_add_text(&u, set_text(s->v, s->v->tags[c->tags + k]));
    add_number(&u, c->valid_from);
    add_number(&u, c->valid_until);
    add_number(&u, c->tlp);
    add_number(&u, c->confidence);
    uuid5_end(&u, s->context_uuid);
}

/* Out of all that the object says, and what tells indicators apart that have the same pattern. */
static void derive_uuid(struct stix_writer *s, const struct indicator *i, const struct origin *o,
                        char out[static UUID_TEXT])
{
    struct uuid5 u;
    name_context(s, o->context);
    uuid5_init(&u);
    uuid5_add(&u, span_of(s->context_uuid, UUID_TEXT));
    uuid5_add_text(&u, set_text(s->v, s->v->lists[o->list].name));
    add_number(&u, (int64_t)i->type << 48 | (int64_t)i->match << 32 | i->fields);
    uuid5_add_text(&u, buf_span(&s->pattern.out));
    uuid5_end(&u, out);
}

/* Its own when it has one that no other object has taken. *out_is_new: false when the very same has been said. */
static bool choose_uuid(struct stix_writer *s, const struct indicator *i, const struct origin *o,
                        char out[static UUID_TEXT], bool *out_is_new)
{
    struct span own;
    *out_is_new = false;
    if (uuid_in(set_text(s->v, s->v->contexts[o->context].id), &own)) {
        memcpy(out, own.ptr, UUID_TEXT);
        if (!uuid_set_add(&s->taken, out, out_is_new))
            return false;
    }
    if (*out_is_new)
        return true;
    derive_uuid(s, i, o, out);
    return uuid_set_add(&s->taken, out, out_is_new);
}

/* valid_until has to lie behind valid_from. */
static void put_validity(struct stix_writer *s, const struct context *c)
{
    int64_t now = s->w->options->now, from = writing_has_date(c->valid_from) ? c->valid_from : now;
    bool has_until = writing_has_date(c->valid_until), is_said = writing_has_date(c->valid_from);
    int64_t until = c->valid_until;
    if (has_until && until <= from && is_said)
        until = from + 1;
    else if (has_until && until <= from)
        from = until - 1;
    put_time(s, "created", from < now ? from : now);
    put_time(s, "modified", from < now ? from : now);
    put_time(s, "valid_from", from);
    if (has_until)
        put_time(s, "valid_until", until);
}

/* "kill-chain:<chain>/<phase>", as it is made of a kill_chain_phases when such an object is read. */
static bool split_phase(struct span tag, struct span *out_chain, struct span *out_phase)
{
    static const struct span prefix = SPAN_LIT("kill-chain:");
    struct span rest = span_from(tag, prefix.len);
    size_t n = rest.len;
    while (n && rest.ptr[n - 1] != '/')
        n--;
    if (!span_starts(tag, prefix) || n < 2 || n == rest.len)
        return false;
    *out_chain = span_first(rest, n - 1);
    *out_phase = span_from(rest, n);
    return true;
}

static void put_labels(struct stix_writer *s, const struct context *c)
{
    bool has_any = false;
    for (uint32_t i = 0; i < c->n_tags; i++) {
        struct span tag = set_text(s->v, s->v->tags[c->tags + i]), chain, phase;
        if (tag.len == 0 || split_phase(tag, &chain, &phase))
            continue;
        if (!has_any)
            json_begin_array(&s->json, "labels");
        has_any = true;
        json_text(&s->json, NULL, tag);
    }
    if (has_any)
        json_end_array(&s->json);
}

static void put_phases(struct stix_writer *s, const struct context *c)
{
    bool has_any = false;
    for (uint32_t i = 0; i < c->n_tags; i++) {
        struct span chain, phase;
        if (!split_phase(set_text(s->v, s->v->tags[c->tags + i]), &chain, &phase))
            continue;
        if (!has_any)
            json_begin_array(&s->json, "kill_chain_phases");
        has_any = true;
        json_begin_object(&s->json, NULL);
        json_text(&s->json, "kill_chain_name", chain);
        json_text(&s->json, "phase_name", phase);
        json_end_object(&s->json);
    }
    if (has_any)
        json_end_array(&s->json);
}

/* Where it came from: the list and the line, and what it refers to. */
static void put_references(struct stix_writer *s, const struct origin *o)
{
    const struct context *c = &s->v->contexts[o->context];
    struct json *j = &s->json;
    struct span own;
    char line[32];
    snprintf(line, sizeof line, "line %u", o->line);
    json_begin_array(j, "external_references");
    json_begin_object(j, NULL);
    json_text(j, "source_name", set_text(s->v, s->v->lists[o->list].name));
    json_str(j, "description", line);
    if (c->reference.len)
        json_text(j, "url", set_text(s->v, c->reference));
    if (c->id.len && !uuid_in(set_text(s->v, c->id), &own))
        json_text(j, "external_id", set_text(s->v, c->id));
    json_end_object(j);
    json_end_array(j);
}

static void put_indicator(struct stix_writer *s, uint32_t indicator, const struct origin *o,
                          const char uuid[static UUID_TEXT])
{
    const struct context *c = &s->v->contexts[o->context];
    struct json *j = &s->json;
    char organisation[UUID_TEXT];
    introduce_identity(s, c->organisation);
    introduce_marking(s, (enum tlp)c->tlp);
    uuid5_add(&s->bundle, span_of(uuid, UUID_TEXT));
    begin_object(s, "indicator");
    put_id(j, "id", "indicator", uuid);
    put_validity(s, c);
    if (c->organisation.len) {
        identity_uuid(set_text(s->v, c->organisation), organisation);
        put_id(j, "created_by_ref", "identity", organisation);
    }
    if (c->description.len) {
        json_text(j, "name", set_value(s->v, indicator));
        json_text(j, "description", set_text(s->v, c->description));
    }
    json_text(j, "pattern", buf_span(&s->pattern.out));
    json_str(j, "pattern_type", "stix");
    json_str(j, "pattern_version", "2.1");
    if (c->confidence >= 0)
        json_u64(j, "confidence", (uint64_t)c->confidence);
    put_labels(s, c);
    put_phases(s, c);
    put_references(s, o);
    if (c->tlp) {
        json_begin_array(j, "object_marking_refs");
        put_id(j, NULL, "marking-definition", marking_uuid((enum tlp)c->tlp));
        json_end_array(j);
    }
    json_end_object(j);
}

static bool put_origins(struct stix_writer *s, uint32_t indicator)
{
    const struct indicator *i = &s->v->indicators[indicator];
    uint32_t at = i->origins;
    while ((at = writing_origin(s->w, s->v, at)) != ORIGIN_END) {
        char uuid[UUID_TEXT];
        bool is_new;
        if (!choose_uuid(s, i, &s->v->origins[at], uuid, &is_new))
            return false;
        if (is_new)
            put_indicator(s, indicator, &s->v->origins[at], uuid);
        if (!writing_pass(s->w))
            return false;
        at = s->v->origins[at].next;
    }
    return true;
}

static bool put_objects(struct stix_writer *s)
{
    const struct set_view *v = s->v;
    for (uint32_t i = writing_next(s->w, v, 0); i < v->n_indicators; i = writing_next(s->w, v, i + 1)) {
        if (!stix_pattern_put(&s->pattern, &v->indicators[i], set_value(v, i))) {
            writing_lose(s->w, LOSS_LEFT_OUT, v, i);
            continue;
        }
        writing_check_fields(s->w, v, i);
        if (s->pattern.out.is_full || !put_origins(s, i))
            return false;
        s->w->report->written++;
    }
    return true;
}

static bool put_bundle(struct stix_writer *s)
{
    char uuid[UUID_TEXT];
    uuid5_init(&s->bundle);
    json_begin_object(&s->json, NULL);
    json_str(&s->json, "type", "bundle");
    if (!put_objects(s))
        return false;
    buf_put_byte(&s->w->out, '\n');
    if (s->has_objects)
        json_end_array(&s->json);
    uuid5_end(&s->bundle, uuid);
    put_id(&s->json, "id", "bundle", uuid);
    json_end_object(&s->json);
    buf_put_byte(&s->w->out, '\n');
    writing_lose_allow(s->w);
    return true;
}

static bool write_bundle(struct writing *w)
{
    struct stix_writer s = {.w = w, .v = &w->indicators};
    s.introduced = calloc(w->indicators.pool_bytes / 8 + 1, 1);
    uuid_set_init(&s.taken);
    buf_init(&s.time, 64);
    json_init(&s.json, &w->out);
    stix_pattern_text_init(&s.pattern);
    bool is_good = s.introduced && put_bundle(&s);
    stix_pattern_text_fini(&s.pattern);
    uuid_set_fini(&s.taken);
    buf_fini(&s.time);
    free(s.introduced);
    return is_good;
}

static const char *const aliases[] = {"stix2", "stix2.1", "stix21", NULL};
const struct list_writer write_stix = {.name = "stix", .aliases = aliases, .write = write_bundle};
