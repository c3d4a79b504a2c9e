/* MISP: events as files, exports, REST answers and feeds have them. They come wrapped in several ways:
 *
 *     {"Event": {...}}    {"response": [{"Event": {...}}]}    [{"Event": {...}}]    {members of an event}
 *     {"response": {"Attribute": [{..., "Event": {...}}]}}    {"Attribute": [...]}
 *     {"response": [{"Object": {..., "Attribute": [...], "Event": {...}}}]}
 *
 * An object is walked twice: first for what it says of itself, which may stand behind its arrays, then the arrays,
 * attribute by attribute. Attributes are walked too instead of being parsed: of their dozen members few are of use,
 * and most texts can be taken from where they stand, which made it a third faster. What is proposed (ShadowAttribute),
 * related or reported is none of the event's indicators. A feed's manifest.json names events that lie beside it; there
 * is nothing in it to load. */
#include <stdio.h>
#include <unistd.h>

#include "rules/formats/json_list.h"
#include "rules/formats/misp_attribute.h"
#include "rules/formats/misp_sightings.h"

enum { WRAPS_MAX = 6, DETAILS_MAX = 64 << 20, DETAILS_KEPT = 1 << 20, UUID_LEN = 36 };

/* What stands around an attribute. */
struct around {
    const struct misp_level *event, *object; /* object: NULL when it is in none */
};

/* What an event, object or attribute says, and where what was parsed for it lives. What needs no parsing lies in the
 * list's text. */
struct scope {
    struct misp_level level;
    struct json_reader *reader; /* owned */
};

struct misp_list {
    struct json_list json;
    struct misp_reading reading;
    struct scope event, object;
    struct scope attribute; /* its reader also holds values until they have been passed on */
    struct misp_level
        event_of_object; /* what an object of a search says of its event; lives in the object's scope */
    struct misp_level event_of_attribute, object_of_attribute; /* the same of an attribute */
    struct misp_sightings sightings;                           /* of the event */
    uint64_t n_found;                                          /* events, objects and attributes */
};

/* The members of an object that hold attributes, or objects that do. */
enum holder { EVENT, RESPONSE, ATTRIBUTE, OBJECT, HOLDER_COUNT };

struct shape {
    struct json_part holders[HOLDER_COUNT];
    bool has[HOLDER_COUNT];
    size_t n_members, n_uuids; /* n_uuids: whose key is one */
};

/* ---- what is said of an event or object ---- */

static void begin_scope(struct scope *s, const struct json_part *part)
{
    misp_level_reset(&s->level, part->line, part->col);
    json_reader_reset(s->reader);
}

static void reject_part(struct misp_list *m, const struct json_part *part, const struct err *why)
{
    char what[300];
    snprintf(what, sizeof what, "malformed JSON: %s; this member is passed over", why->what);
    load_reject(m->json.load, REJECT_MALFORMED_JSON, why->line ? why->line : part->line, why->col,
                span_first(part->text, 80), what);
}

/* A text, number or word, without quotes; empty for null. Only what has escapes in it has to be parsed. */
static struct span read_text(struct misp_list *m, struct json_reader *reader, const struct json_part *part)
{
    struct span text = part->text;
    struct err why = {0};
    if (!json_part_is(part, '"'))
        return span_eq(text, SPAN_LIT("null")) ? span_of("", 0) : text;
    if (!memchr(text.ptr, '\\', text.len))
        return span_of(text.ptr + 1, text.len - 2);
    const json_value *v = json_read(reader, part, &why);
    if (!v)
        reject_part(m, part, &why);
    return json_string(v);
}

/* Take a member into a level that lives no longer than what `reader` parses. */
static void take_member(struct misp_list *m, struct misp_level *v, struct json_reader *reader,
                        struct span key, const struct json_part *part)
{
    struct err why = {0};
    if (!misp_level_wants(key))
        return;
    if (!json_part_is(part, '{') && !json_part_is(part, '[')) {
        misp_level_take(v, key, read_text(m, reader, part), NULL);
        return;
    }
    const json_value *tree = json_read(reader, part, &why);
    if (!tree)
        reject_part(m, part, &why);
    else if (v == &m->event.level && span_eq(key, SPAN_LIT("Sighting")))
        misp_sightings_add(&m->sightings, tree);
    else
        misp_level_take(v, key, span_of("", 0), tree);
}

/* What an object or attribute of a search says of the event it is of. */
static void take_outer(struct misp_list *m, struct misp_level *v, struct json_reader *reader,
                       const struct json_part *part)
{
    struct json_walk w;
    struct span key;
    struct json_part member;
    misp_level_reset(v, part->line, part->col);
    if (!json_walk_begin(&w, part))
        return;
    while (json_list_walk(&m->json, &w, &key, &member))
        take_member(m, v, reader, key, &member);
    misp_level_close(v, m->json.load);
}

static enum holder holder_of(struct span key)
{
    static const char *const names[HOLDER_COUNT] = {"Event", "response", "Attribute", "Object"};
    enum holder h = EVENT;
    while (h < HOLDER_COUNT && !span_eq(key, span_str(names[h])))
        h++;
    return h;
}

static bool is_uuid(struct span s)
{
    if (s.len != UUID_LEN)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i], lower = c | 0x20;
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? c != '-' : !((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f')))
            return false;
    }
    return true;
}

static void hold(struct misp_list *m, struct shape *shape, enum holder h, const struct json_part *part)
{
    if (!json_part_is(part, '{') && !json_part_is(part, '['))
        return;
    if (shape->has[h])
        load_reject(m->json.load, REJECT_MALFORMED_JSON, part->line, part->col, span_first(part->text, 80),
                    "malformed JSON: this member is there twice; the second one is skipped");
    else
        shape->holders[h] = *part;
    shape->has[h] = true;
}

/* Walk an object for what it says of itself, and for what it holds. */
static void look_over(struct misp_list *m, struct scope *s, const struct json_part *object, struct shape *out)
{
    struct json_walk w;
    struct span key;
    struct json_part part;
    *out = (struct shape){0};
    begin_scope(s, object);
    if (!json_walk_begin(&w, object))
        return;
    while (json_list_walk(&m->json, &w, &key, &part)) {
        enum holder h = holder_of(key);
        out->n_members++;
        out->n_uuids += is_uuid(key) && json_part_is(&part, '{');
        if (h < HOLDER_COUNT)
            hold(m, out, h, &part);
        else
            take_member(m, &s->level, s->reader, key, &part);
    }
}

/* ---- attributes ---- */

/* Values of attributes wait until they are passed on: only then may what was parsed for them die. */
static bool begin_attribute(struct misp_list *m, const struct json_part *part, struct err *err)
{
    misp_level_reset(&m->attribute.level, part->line, part->col);
    if (json_reader_used(m->attribute.reader) < DETAILS_KEPT)
        return true;
    bool is_good = load_flush(m->json.load, err);
    json_reader_reset(m->attribute.reader);
    return is_good;
}

static void take_attribute_member(struct misp_list *m, struct span key, const struct json_part *part,
                                  struct misp_attribute *out, struct span *out_type, struct around *around)
{
    struct json_reader *reader = m->attribute.reader;
    if (span_eq(key, SPAN_LIT("value"))) {
        out->value =
            json_part_is(part, '{') || json_part_is(part, '[') ? span_of("", 0) : read_text(m, reader, part);
    } else if (span_eq(key, SPAN_LIT("type"))) {
        *out_type = read_text(m, reader, part);
    } else if (span_eq(key, SPAN_LIT("to_ids"))) {
        out->to_ids = misp_flag_of(read_text(m, reader, part));
    } else if (span_eq(key, SPAN_LIT("Event")) && json_part_is(part, '{')) {
        take_outer(m, &m->event_of_attribute, reader, part);
        around->event = &m->event_of_attribute;
    } else if (span_eq(key, SPAN_LIT("Object")) && json_part_is(part, '{')) {
        take_outer(m, &m->object_of_attribute, reader, part);
        around->object = &m->object_of_attribute;
    } else {
        take_member(m, &m->attribute.level, reader, key, part);
    }
}

/* All that an attribute says; what it says of its event and object replaces what stands around it. False: it is broken
 * JSON and was rejected. */
static bool read_attribute(struct misp_list *m, const struct json_part *part, struct misp_attribute *out,
                           struct span *out_type, struct around *around)
{
    struct json_walk w;
    struct span key;
    struct json_part member;
    uint64_t n_rejected = m->json.load->report->rejected;
    if (!json_part_is(part, '{') || !json_walk_begin(&w, part))
        return true;
    while (json_list_walk(&m->json, &w, &key, &member))
        take_attribute_member(m, key, &member, out, out_type, around);
    out->is_deleted = m->attribute.level.is_deleted || (around->object && around->object->is_deleted);
    return m->json.load->report->rejected == n_rejected;
}

static bool take_attribute(struct misp_list *m, const struct json_part *part, struct around around,
                           struct err *err)
{
    struct load *l = m->json.load;
    struct misp_attribute a = {.value = span_of("", 0), .line = part->line, .col = part->col};
    struct span type = {0}, tags[MISP_CONTEXT_TAGS];
    struct context_in context;
    m->n_found++;
    if (!begin_attribute(m, part, err))
        return false;
    if (!read_attribute(m, part, &a, &type, &around))
        return true;
    if (type.len == 0) {
        load_reject(l, REJECT_UNKNOWN_TYPE, part->line, part->col, span_first(part->text, 80),
                    "an attribute without a type; entry skipped");
        return true;
    }
    a.type = misp_type_of(type);
    if (!misp_type_is_seen(a.type) || a.is_deleted)
        return misp_take(&m->reading, &a, NULL, err);
    if (around.event == &m->event.level)
        misp_sightings_apply(&m->sightings, &m->attribute.level);
    misp_level_close(&m->attribute.level, l);
    misp_context(l, around.event, around.object, &m->attribute.level, tags, &context);
    return misp_take(&m->reading, &a, &context, err);
}

/* One, or an array of them. */
static bool take_attributes(struct misp_list *m, const struct json_part *part, struct around around,
                            struct err *err)
{
    struct json_walk w;
    struct json_part element;
    struct span key;
    if (json_part_is(part, '{'))
        return take_attribute(m, part, around, err);
    if (!json_walk_begin(&w, part))
        return true;
    while (json_list_walk(&m->json, &w, &key, &element))
        if (!take_attribute(m, &element, around, err))
            return false;
    return true;
}

/* ---- objects ---- */

static bool take_object(struct misp_list *m, const struct json_part *part, struct err *err)
{
    struct shape shape;
    struct around around = {.event = &m->event.level, .object = &m->object.level};
    m->n_found++;
    look_over(m, &m->object, part, &shape);
    misp_level_close(&m->object.level, m->json.load);
    if (shape.has[EVENT]) {
        take_outer(m, &m->event_of_object, m->object.reader, &shape.holders[EVENT]);
        around.event = &m->event_of_object;
    }
    return !shape.has[ATTRIBUTE] || take_attributes(m, &shape.holders[ATTRIBUTE], around, err);
}

static bool take_objects(struct misp_list *m, const struct json_part *part, struct err *err)
{
    struct json_walk w;
    struct json_part element;
    struct span key;
    if (json_part_is(part, '{'))
        return take_object(m, part, err);
    if (!json_walk_begin(&w, part))
        return true;
    while (json_list_walk(&m->json, &w, &key, &element))
        if (json_part_is(&element, '{') && !take_object(m, &element, err))
            return false;
    return true;
}

/* ---- a feed's manifest ---- */

static bool is_beside(const struct load *l, struct span uuid)
{
    static const char *const endings[] = {"", ".gz", ".xz", ".zst"};
    const char *slash = strrchr(l->path, '/');
    char path[4096];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int n = snprintf(path, sizeof path, "%.*s%.*s.json%s", slash ? (int)(slash - l->path) + 1 : 0,
                         l->path, (int)uuid.len, (const char *)uuid.ptr, endings[i]);
        if (n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static void check_manifest(struct misp_list *m, const struct json_part *part)
{
    struct load *l = m->json.load;
    struct json_walk w;
    struct json_part element;
    struct span key;
    size_t n = 0, n_missing = 0;
    if (!json_walk_begin(&w, part))
        return;
    while (json_list_walk(&m->json, &w, &key, &element)) {
        n++;
        n_missing += !is_beside(l, key);
    }
    m->n_found += n;
    if (n_missing)
        load_warn(l, 1, 1, span_of("", 0),
                  "the manifest of a MISP feed: of the %zu events it names, %zu are not beside it", n,
                  n_missing);
}

/* ---- wrappings ---- */

static bool take_any(struct misp_list *m, const struct json_part *part, unsigned depth, struct err *err);

static bool take_each(struct misp_list *m, const struct json_part *array, unsigned depth, struct err *err)
{
    struct json_walk w;
    struct json_part element;
    struct span key;
    if (!json_walk_begin(&w, array))
        return true;
    while (json_list_walk(&m->json, &w, &key, &element))
        if (!take_any(m, &element, depth + 1, err))
            return false;
    return true;
}

static bool is_event(const struct misp_level *v)
{
    return v->uuid.len && v->text.len;
}

/* An event, or what is wrapped around one. */
static bool take_holders(struct misp_list *m, const struct json_part *part, unsigned depth, struct err *err)
{
    struct shape shape;
    misp_sightings_reset(&m->sightings);
    look_over(m, &m->event, part, &shape);
    if (shape.n_members && shape.n_uuids == shape.n_members) {
        check_manifest(m, part);
        return true;
    }
    if (shape.has[RESPONSE] && !take_any(m, &shape.holders[RESPONSE], depth + 1, err))
        return false;
    if (shape.has[EVENT])
        return take_any(m, &shape.holders[EVENT], depth + 1, err);
    m->n_found += is_event(&m->event.level);
    misp_sightings_sort(&m->sightings);
    misp_level_close(&m->event.level, m->json.load);
    struct around around = {.event = &m->event.level};
    return (!shape.has[ATTRIBUTE] || take_attributes(m, &shape.holders[ATTRIBUTE], around, err)) &&
           (!shape.has[OBJECT] || take_objects(m, &shape.holders[OBJECT], err));
}

static bool take_any(struct misp_list *m, const struct json_part *part, unsigned depth, struct err *err)
{
    if (depth < WRAPS_MAX && json_part_is(part, '['))
        return take_each(m, part, depth, err);
    if (depth < WRAPS_MAX && json_part_is(part, '{'))
        return take_holders(m, part, depth, err);
    load_reject(m->json.load, REJECT_MALFORMED_JSON, part->line, part->col, span_first(part->text, 80),
                "this is neither a MISP event nor wrapped around one; skipped");
    return true;
}

/* ---- the list ---- */

static bool take_list(struct misp_list *m, struct err *err)
{
    uint64_t n_rejected = m->json.load->report->rejected;
    if (!take_any(m, &m->json.top, 0, err))
        return false;
    if (m->n_found == 0 && m->json.load->report->rejected == n_rejected)
        load_warn(m->json.load, 1, 1, span_of("", 0), "there is no MISP event and no attribute in this list");
    misp_reading_end(&m->reading);
    return true;
}

static bool begin_list(struct misp_list *m, struct load *l, struct err *err)
{
    *m = (struct misp_list){0};
    misp_reading_init(&m->reading, l);
    misp_level_init(&m->event.level);
    misp_level_init(&m->object.level);
    misp_level_init(&m->event_of_object);
    misp_level_init(&m->attribute.level);
    misp_level_init(&m->event_of_attribute);
    misp_level_init(&m->object_of_attribute);
    m->event.reader = json_reader_new(DETAILS_MAX);
    m->object.reader = json_reader_new(DETAILS_MAX);
    m->attribute.reader = json_reader_new(DETAILS_MAX);
    return (m->event.reader && m->object.reader && m->attribute.reader) ||
           err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
}

static void end_list(struct misp_list *m)
{
    json_reader_free(m->event.reader);
    json_reader_free(m->object.reader);
    json_reader_free(m->attribute.reader);
    misp_level_fini(&m->event.level);
    misp_level_fini(&m->object.level);
    misp_level_fini(&m->event_of_object);
    misp_level_fini(&m->attribute.level);
    misp_level_fini(&m->event_of_attribute);
    misp_level_fini(&m->object_of_attribute);
    misp_sightings_fini(&m->sightings);
    misp_reading_fini(&m->reading);
}

static bool load_list(struct load *l, struct err *err)
{
    struct misp_list m;
    bool is_empty, is_good = begin_list(&m, l, err);
    if (is_good) {
        is_good = json_list_open(&m.json, l, &is_empty, err) && (is_empty || take_list(&m, err));
        is_good = json_list_close(&m.json, err) && is_good;
    }
    end_list(&m);
    return is_good;
}

/* ---- detection ---- */

static bool has_any(struct span head, unsigned depth, const char *const *keys)
{
    for (; *keys; keys++)
        if (json_head_has(head, depth, *keys))
            return true;
    return false;
}

/* {"<uuid>": {... "Orgc" ...}} */
static bool looks_like_manifest(struct span head)
{
    static const char *const keys[] = {"Orgc", "threat_level_id", "info", NULL};
    head = load_trim(span_from(head, 1));
    return head.len > UUID_LEN + 1 && head.ptr[0] == '"' && is_uuid(span_of(head.ptr + 1, UUID_LEN)) &&
           head.ptr[UUID_LEN + 1] == '"' && has_any(head, 1, keys);
}

/* {"response": []}: a search that found nothing. */
static bool looks_like_nothing(struct span head)
{
    static const char nothing[] = "{\"response\":[]}";
    size_t n = 0;
    for (size_t i = 0; i < head.len; i++) {
        if (load_is_blank(head.ptr[i]))
            continue;
        if (n == sizeof nothing - 1 || head.ptr[i] != (uint8_t)nothing[n])
            return false;
        n++;
    }
    return n == sizeof nothing - 1;
}

static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    static const char *const of_event[] = {"Orgc", "orgc_id", "threat_level_id", "Attribute", "Object",
                                           "info", NULL};
    static const char *const of_attribute[] = {"to_ids", "category", NULL};
    static const char *const of_bare_event[] = {"Orgc", "orgc_id", "threat_level_id", NULL};
    head = load_trim(head);
    if (head.len == 0 || (head.ptr[0] != '{' && head.ptr[0] != '['))
        return false;
    return (json_head_has(head, 3, "Event") && has_any(head, 4, of_event)) ||
           (json_head_has(head, 5, "Attribute") && has_any(head, 7, of_attribute)) ||
           (json_head_has(head, 2, "info") && has_any(head, 2, of_bare_event)) || looks_like_manifest(head) ||
           (is_all && looks_like_nothing(head));
}

const struct list_reader format_misp = {
    .name = "misp", .is_likely = is_likely, .load = load_list, .name_match = MATCH_EXACT, .unit = "entry"};
