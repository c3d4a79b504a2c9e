/* STIX 2.0 and 2.1: a bundle, a page of TAXII objects, an array of objects or one object. The file is gone through
 * twice: first for what indicators refer to and may stand anywhere (identities, markings, newer versions), noting
 * where indicators are; then for those. Only what is needed is parsed, one object at a time. */
#include "rules/formats/stix_entry.h"

#include <stdio.h>

#include "rules/formats/json_list.h"
#include "rules/formats/stix_context.h"
#include "rules/formats/stix_index.h"
#include "rules/formats/stix_marking.h"

enum { DEPTH_MAX = 4, HEAD_DEPTH = 3 };

/* An object to come back to: where it stands in the text. */
struct element {
    uint64_t id; /* its hash; 0: it has none */
    uint32_t at, len, line, col;
};

struct stix {
    struct load *load; /* borrowed */
    struct json_list list;
    struct stix_index index;
    struct stix_entries entries;
    struct rows elements; /* owned: struct element */
    struct rows markings; /* owned: struct json_part, what bundles are marked with */
    struct stix_context context;
    uint64_t n_objects, n_observables, n_named; /* seen; left out: observables, of a manifest */
    uint32_t observable_line, observable_col;
};

static bool is_observable(struct span type)
{
    return span_eq(type, SPAN_LIT("domain-name")) || span_eq(type, SPAN_LIT("ipv4-addr")) ||
           span_eq(type, SPAN_LIT("ipv6-addr")) || span_eq(type, SPAN_LIT("url"));
}

/* ---- the second pass: indicators ---- */

/* All that its publisher says it indicates is that nothing is wrong. */
static bool is_benign(const json_value *types)
{
    const json_value *v = json_first(types);
    bool is_benign = v != NULL;
    for (; v; v = json_next(v))
        is_benign &= span_eq(json_string(v), SPAN_LIT("benign"));
    return is_benign;
}

static bool passes_over(struct stix *s, const struct stix_object *o)
{
    struct span id = o->text[STIX_M_ID], pattern = o->text[STIX_M_PATTERN];
    enum skip skip = SKIP_COUNT;
    if (!stix_index_is_newest(&s->index, id, o->text[STIX_M_MODIFIED]))
        skip = SKIP_CONTEXT;
    else if (json_truth(o->of[STIX_M_REVOKED], false))
        skip = SKIP_REVOKED;
    else if (is_benign(o->of[STIX_M_INDICATOR_TYPES]))
        skip = SKIP_STATUS;
    if (skip != SKIP_COUNT)
        load_skip(s->load, skip, IOC_TYPE_COUNT, s->context.line, s->context.col, pattern.len ? pattern : id);
    return skip != SKIP_COUNT;
}

/* False: it has been rejected. STIX 2.0 has no pattern_type, nor a version in its objects. */
static bool has_pattern(struct stix *s, const struct stix_object *o)
{
    struct span type = o->text[STIX_M_PATTERN_TYPE], pattern = o->text[STIX_M_PATTERN],
                version = o->text[STIX_M_SPEC_VERSION];
    char what[100];
    if (type.len && !span_eq_nocase(type, SPAN_LIT("stix"))) {
        snprintf(what, sizeof what, "a pattern of type %.*s, not of type stix; entry skipped",
                 (int)(type.len < 40 ? type.len : 40), (const char *)type.ptr);
        load_reject(s->load, REJECT_PATTERN_TYPE, s->context.line, s->context.col, pattern, what);
        return false;
    }
    if (!pattern.ptr) {
        load_reject(s->load, REJECT_PATTERN_SYNTAX, s->context.line, s->context.col, o->text[STIX_M_ID],
                    "an indicator without a pattern; entry skipped");
        return false;
    }
    if (type.len == 0 && version.len && !span_eq(version, SPAN_LIT("2.0")))
        load_warn(s->load, s->context.line, s->context.col, pattern,
                  "no pattern_type is given; taken as stix");
    return true;
}

static bool take_object(struct stix *s, const struct stix_object *o, struct err *err)
{
    struct span type = o->text[STIX_M_TYPE];
    bool is_indicator = span_eq(type, SPAN_LIT("indicator"));
    if (is_indicator && (passes_over(s, o) || !has_pattern(s, o)))
        return true;
    if (!is_indicator && (!is_observable(type) || !o->text[STIX_M_VALUE].ptr))
        return true;
    struct context_in context = stix_context_of(&s->context, o);
    if (is_indicator)
        return stix_entries_load(&s->entries, o->text[STIX_M_PATTERN], &o->value, &context, err);
    return stix_entries_load_value(&s->entries, type, o->text[STIX_M_VALUE], &o->value, &context, err);
}

/* *out_is_broken: it is malformed and was rejected. */
static bool read_and_take(struct stix *s, const struct json_part *part, bool *out_is_broken, struct err *err)
{
    struct stix_object o;
    bool is_good;
    s->context.line = part->line;
    s->context.col = part->col;
    bool is_read = stix_object_read(&o, &s->list, part, &is_good, err);
    *out_is_broken = is_good && !is_read;
    return is_read ? take_object(s, &o, err) : is_good;
}

/* Quotes that do not match can have hidden the end of an object, and others behind it. */
static bool take_hidden(struct stix *s, const struct json_part *broken, struct err *err)
{
    struct json_walk w;
    struct json_part part;
    struct span key;
    bool is_broken;
    json_walk_begin_at(&w, broken);
    if (!json_walk_retry(&w, broken))
        return true;
    while (json_list_walk(&s->list, &w, &key, &part)) {
        if (!read_and_take(s, &part, &is_broken, err))
            return false;
        if (is_broken)
            json_walk_retry(&w, &part);
    }
    return true;
}

static struct json_part part_of(const struct stix *s, const struct element *e)
{
    return (struct json_part){
        .text = span_of(s->list.bytes.ptr + e->at, e->len), .line = e->line, .col = e->col};
}

static bool take_element(struct stix *s, const struct element *e, struct err *err)
{
    struct json_part part = part_of(s, e);
    bool is_broken;
    return read_and_take(s, &part, &is_broken, err) && (!is_broken || take_hidden(s, &part, err));
}

static bool take_elements(struct stix *s, struct err *err)
{
    size_t n = s->elements.used / sizeof(struct element);
    for (size_t i = 0; i < n; i++)
        if (!take_element(s, (const struct element *)s->elements.ptr + i, err))
            return false;
    return true;
}

/* ---- the first pass ---- */

/* What tells an object, as it is written. */
struct glance {
    struct span type, id, modified;
    bool is_of_manifest;
};

static struct span unquote(const struct json_part *part)
{
    return json_part_is(part, '"') ? span_of(part->text.ptr + 1, part->text.len - 2) : span_of("", 0);
}

static void glance_at(const struct json_part *object, struct glance *out)
{
    struct json_walk w;
    struct json_part part;
    struct span key;
    *out = (struct glance){0};
    if (!json_walk_begin(&w, object))
        return;
    while (json_walk_next(&w, &key, &part) != JSON_WALK_END) {
        if (span_eq(key, SPAN_LIT("type")))
            out->type = unquote(&part);
        else if (span_eq(key, SPAN_LIT("id")))
            out->id = unquote(&part);
        else if (span_eq(key, SPAN_LIT("modified")))
            out->modified = unquote(&part);
        else if (span_eq(key, SPAN_LIT("date_added")) || span_eq(key, SPAN_LIT("media_type")))
            out->is_of_manifest = true;
    }
}

static bool lack_memory(struct stix *s, struct err *err)
{
    return err_set(err, ERR_MEMORY, s->load->path, "not enough memory to read a list");
}

static bool note_element(struct stix *s, const struct json_part *part, uint64_t id, struct err *err)
{
    struct element *e = rows_add_inline(&s->elements, sizeof *e);
    if (!e)
        return lack_memory(s, err);
    *e = (struct element){.id = id,
                          .at = (uint32_t)(part->text.ptr - s->list.bytes.ptr),
                          .len = (uint32_t)part->text.len,
                          .line = part->line,
                          .col = part->col};
    return true;
}

static bool note_identity(struct stix *s, const struct json_part *part, struct err *err)
{
    struct stix_object o;
    bool is_good;
    if (!stix_object_read(&o, &s->list, part, &is_good, err))
        return is_good;
    return stix_index_add_identity(&s->index, o.text[STIX_M_ID], o.text[STIX_M_MODIFIED],
                                   load_text(o.text[STIX_M_NAME])) ||
           lack_memory(s, err);
}

static bool note_marking(struct stix *s, const struct json_part *part, struct err *err)
{
    bool is_good;
    const json_value *v = json_list_read(&s->list, part, &is_good, err);
    if (!v)
        return is_good;
    struct span text = stix_marking_text(v);
    enum tlp tlp = text.len ? load_tlp(s->load, part->line, part->col, text) : TLP_NONE;
    return stix_index_add_marking(&s->index, json_string_of(v, "id"), tlp) || lack_memory(s, err);
}

static bool note_observable(struct stix *s, const struct json_part *part, struct err *err)
{
    if (s->load->options->loads_observables)
        return note_element(s, part, 0, err);
    if (s->n_observables++ == 0) {
        s->observable_line = part->line;
        s->observable_col = part->col;
    }
    return true;
}

static bool note_indicator(struct stix *s, const struct json_part *part, const struct glance *g,
                           struct err *err)
{
    uint64_t id = 0;
    if (g->id.len && !stix_index_add_id(&s->index, g->id, &id))
        return lack_memory(s, err);
    return note_element(s, part, id, err);
}

static bool note_bundle(struct stix *s, const struct json_part *bundle, unsigned depth, bool *out_has_objects,
                        struct err *err);

static bool note_object(struct stix *s, const struct json_part *part, unsigned depth, struct err *err)
{
    struct glance g;
    bool is_good, has_objects;
    s->n_objects++;
    if (part->is_open) /* to be rejected with the place of the fault */
        return json_list_read(&s->list, part, &is_good, err) || is_good;
    if (!json_part_is(part, '{')) {
        load_reject(s->load, REJECT_MALFORMED_JSON, part->line, part->col,
                    span_first(part->text, LOAD_TEXT_MAX), "not a STIX object; entry skipped");
        return true;
    }
    glance_at(part, &g);
    if (span_eq(g.type, SPAN_LIT("indicator")) || (g.type.len && memchr(g.type.ptr, '\\', g.type.len)))
        return note_indicator(s, part, &g, err);
    if (span_eq(g.type, SPAN_LIT("identity")))
        return note_identity(s, part, err);
    if (span_eq(g.type, SPAN_LIT("marking-definition")))
        return note_marking(s, part, err);
    if (span_eq(g.type, SPAN_LIT("bundle")))
        return depth >= DEPTH_MAX || note_bundle(s, part, depth + 1, &has_objects, err);
    if (is_observable(g.type))
        return note_observable(s, part, err);
    s->n_named += g.type.len == 0 && g.is_of_manifest;
    if (g.type.len == 0 && !g.is_of_manifest)
        load_reject(s->load, REJECT_UNKNOWN_TYPE, part->line, part->col, g.id,
                    "an object without a type; entry skipped");
    return true;
}

static bool note_objects(struct stix *s, const struct json_part *array, unsigned depth, struct err *err)
{
    struct json_walk w;
    struct json_part part;
    struct span key;
    if (!json_part_is(array, '[') || !json_walk_begin(&w, array))
        return true;
    while (json_list_walk(&s->list, &w, &key, &part))
        if (!note_object(s, &part, depth, err))
            return false;
    return true;
}

/* A bundle, or a page of TAXII, which is one without a name. Its markings hold for all that is in the file. */
static bool note_bundle(struct stix *s, const struct json_part *bundle, unsigned depth, bool *out_has_objects,
                        struct err *err)
{
    struct json_walk w;
    struct json_part part;
    struct span key;
    *out_has_objects = false;
    if (!json_walk_begin(&w, bundle))
        return true;
    while (json_list_walk(&s->list, &w, &key, &part)) {
        if (span_eq(key, SPAN_LIT("object_marking_refs"))) {
            struct json_part *refs = rows_add_inline(&s->markings, sizeof *refs);
            if (!refs)
                return lack_memory(s, err);
            *refs = part;
        } else if (span_eq(key, SPAN_LIT("objects")) && json_part_is(&part, '[')) {
            *out_has_objects = true;
            if (!note_objects(s, &part, depth, err))
                return false;
        }
    }
    return true;
}

static bool note_all(struct stix *s, struct err *err)
{
    const struct json_part *top = &s->list.top;
    uint64_t n_rejected = s->load->report->rejected;
    struct glance g;
    bool has_objects;
    if (!json_part_is(top, '{'))
        return json_part_is(top, '[') ? note_objects(s, top, 0, err) : note_object(s, top, 0, err);
    if (!note_bundle(s, top, 0, &has_objects, err))
        return false;
    if (has_objects || s->load->report->rejected > n_rejected)
        return true;
    s->markings.used = 0; /* they are its own */
    glance_at(top, &g);
    return g.type.len == 0 || span_eq(g.type, SPAN_LIT("bundle")) || note_object(s, top, 0, err);
}

static bool read_bundle_markings(struct stix *s, struct err *err)
{
    size_t n = s->markings.used / sizeof(struct json_part);
    const struct json_part *parts = (const struct json_part *)s->markings.ptr;
    bool is_good = true;
    for (size_t i = 0; i < n && is_good; i++) {
        s->context.line = parts[i].line;
        s->context.col = parts[i].col;
        const json_value *refs = json_list_read(&s->list, &parts[i], &is_good, err);
        enum tlp tlp = stix_context_marked(&s->context, refs);
        if (tlp > s->context.tlp)
            s->context.tlp = tlp;
    }
    return is_good;
}

static void say_what_was_left_out(struct stix *s)
{
    if (s->n_objects == 0 && s->load->report->rejected == 0)
        load_warn(s->load, s->list.top.line, s->list.top.col, span_of("", 0), "there are no objects in it");
    if (s->n_observables)
        load_warn(s->load, s->observable_line, s->observable_col, span_of("", 0),
                  "observables (names, addresses, URLs) are no indicators and are left out, %llu in all; "
                  "with observables=load they are loaded",
                  (unsigned long long)s->n_observables);
    if (s->n_named)
        load_warn(s->load, s->list.top.line, s->list.top.col, span_of("", 0),
                  "a TAXII manifest, which names %llu objects and holds none; load the objects of that "
                  "collection instead",
                  (unsigned long long)s->n_named);
}

/* Of the indicators that are there more than once. */
static bool note_versions(struct stix *s, struct err *err)
{
    size_t n = s->elements.used / sizeof(struct element);
    const struct element *elements = (const struct element *)s->elements.ptr;
    struct glance g;
    for (size_t i = 0; i < n; i++) {
        if (!elements[i].id || !stix_index_has_twice(&s->index, elements[i].id))
            continue;
        struct json_part part = part_of(s, &elements[i]);
        glance_at(&part, &g);
        if (!stix_index_add_version(&s->index, g.id, g.modified))
            return lack_memory(s, err);
    }
    stix_index_seal_versions(&s->index);
    return true;
}

static bool load_objects(struct stix *s, struct err *err)
{
    if (!note_all(s, err))
        return false;
    stix_index_seal(&s->index);
    if (!note_versions(s, err))
        return false;
    if (!read_bundle_markings(s, err) || !take_elements(s, err))
        return false;
    say_what_was_left_out(s);
    return true;
}

static bool load_list(struct load *l, struct err *err)
{
    struct stix s = {.load = l};
    bool is_empty;
    stix_index_init(&s.index);
    stix_entries_init(&s.entries, l);
    stix_context_init(&s.context, l, &s.index);
    bool is_good = json_list_open(&s.list, l, &is_empty, err) && (is_empty || load_objects(&s, err));
    is_good &= json_list_close(&s.list, is_good ? err : NULL); /* what waits is passed on: the rest may go */
    stix_entries_fini(&s.entries);
    stix_index_fini(&s.index);
    rows_free(&s.elements);
    rows_free(&s.markings);
    stix_context_fini(&s.context);
    return is_good;
}

/* "indicator--9f7a4e0c-...". */
static bool is_stix_id(struct span s)
{
    const uint8_t *dashes = s.len ? memmem(s.ptr, s.len, "--", 2) : NULL;
    struct span uuid = dashes ? span_from(s, (size_t)(dashes - s.ptr) + 2) : span_of("", 0);
    if (uuid.len != 36 || dashes == s.ptr)
        return false;
    for (size_t i = 0; i < uuid.len; i++) {
        uint8_t c = uuid.ptr[i] | 0x20;
        bool is_hex = (uuid.ptr[i] >= '0' && uuid.ptr[i] <= '9') || (c >= 'a' && c <= 'f');
        if (i == 8 || i == 13 || i == 18 || i == 23 ? uuid.ptr[i] != '-' : !is_hex)
            return false;
    }
    return true;
}

/* An object with an id as only STIX has it, a bundle or an indicator; no deeper than in the objects of a bundle. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct json_head h = {.rest = load_trim(head)};
    struct span key, value;
    if (!h.rest.len || (h.rest.ptr[0] != '{' && h.rest.ptr[0] != '['))
        return false;
    while (json_head_next(&h, HEAD_DEPTH, &key, &value)) {
        if (span_eq(key, SPAN_LIT("id")) && is_stix_id(value))
            return true;
        if (span_eq(key, SPAN_LIT("type")) &&
            (span_eq(value, SPAN_LIT("indicator")) || span_eq(value, SPAN_LIT("bundle"))))
            return true;
    }
    return false;
}

const struct list_reader format_stix = {
    .name = "stix", .is_likely = is_likely, .load = load_list, .name_match = MATCH_EXACT, .unit = "entry"};
