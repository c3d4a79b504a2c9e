/* See misp_level.h. Of markings the strictest of the three levels holds; of confidences the one of the innermost level
 * that says any, for who judges one attribute knows more of it than who judges the event; and all tags are kept,
 * innermost first. */
#include "rules/formats/misp_level.h"

#include "rules/formats/misp_attribute.h"

enum { WORDS_MAX = 1 << 20, YOUR_ORGANISATION_ONLY = 0 };

void misp_level_init(struct misp_level *v)
{
    arena_init(&v->words, 4096, WORDS_MAX);
    misp_level_reset(v, 1, 1);
}

void misp_level_fini(struct misp_level *v)
{
    arena_fini(&v->words);
}

void misp_level_reset(struct misp_level *v, uint32_t line, uint32_t col)
{
    static const struct span none = {(const uint8_t *)"", 0};
    arena_reset(&v->words);
    v->n_tags = v->n_tags_lost = 0;
    v->said = tags_nothing();
    v->uuid = v->id = v->text = v->creator = v->owner = v->sharing_group = v->category = none;
    v->first_seen = v->last_seen = v->timestamp = none;
    v->seen = (struct misp_seen){INT64_MIN, INT64_MIN};
    v->distribution = v->threat_level = -1;
    v->is_deleted = false;
    v->tlp = TLP_NONE;
    v->line = line;
    v->col = col;
}

/* ---- tags ---- */

static bool has_tag(const struct span *tags, size_t n, struct span name)
{
    for (size_t i = 0; i < n; i++)
        if (span_eq(tags[i], name))
            return true;
    return false;
}

void misp_level_tag(struct misp_level *v, struct span name)
{
    name = load_text(name);
    if (name.len == 0)
        return;
    tags_read(name, &v->said);
    if (v->n_tags == MISP_TAGS_MAX)
        v->n_tags_lost++;
    else if (!has_tag(v->tags, v->n_tags, name))
        v->tags[v->n_tags++] = name;
}

/* [{"name": "..."}], or [{"Tag": {"name": "..."}}] as "EventTag" and "AttributeTag" have it. */
static void take_tags(struct misp_level *v, const json_value *array)
{
    for (const json_value *e = json_first(array); e; e = json_next(e)) {
        const json_value *inner = json_member(e, "Tag");
        misp_level_tag(v, json_string_of(inner ? inner : e, "name"));
    }
}

static void take_galaxies(struct misp_level *v, const json_value *array)
{
    for (const json_value *g = json_first(array); g; g = json_next(g)) {
        const json_value *c = json_first(json_member(g, "GalaxyCluster"));
        for (; c; c = json_next(c))
            misp_level_tag(v, json_string_of(c, "tag_name"));
    }
}

/* ---- members ---- */

/* A number of seconds, as text or as a number: in both cases as it is written. */
static int64_t seconds_of(const json_value *v)
{
    double n;
    return json_number(v, &n) && n > 0 && n < 1e11 ? (int64_t)n : INT64_MIN;
}

void misp_seen_add(struct misp_seen *s, const json_value *sighting)
{
    double type = 0;
    int64_t at = seconds_of(json_member(sighting, "date_sighting"));
    json_number(json_member(sighting, "type"), &type);
    if (type == 0 && at > s->seen_at)
        s->seen_at = at;
    if (type == 2 && at > s->expired_at)
        s->expired_at = at;
}

static void take_sightings(struct misp_level *v, const json_value *array)
{
    for (const json_value *e = json_first(array); e; e = json_next(e))
        misp_seen_add(&v->seen, e);
}

static int digit_of(struct span text)
{
    return text.len == 1 && text.ptr[0] >= '0' && text.ptr[0] <= '9' ? text.ptr[0] - '0' : -1;
}

/* {"name": "..."}, or the name alone. */
static struct span name_of(struct span text, const json_value *tree)
{
    return load_text(tree ? json_string_of(tree, "name") : text);
}

enum member {
    CATEGORY,
    COMMENT,
    DELETED,
    DISTRIBUTION,
    FIRST_SEEN,
    GALAXY,
    ID,
    INFO,
    LAST_SEEN,
    ORG,
    ORGC,
    SHARING_GROUP,
    SIGHTING,
    TAG,
    THREAT_LEVEL,
    TIMESTAMP,
    UUID,
    MEMBER_COUNT,
};

static enum member member_of(struct span key)
{
    static const struct {
        struct span name;
        enum member member;
    } names[] = {
        {{(const uint8_t *)"category", 8}, CATEGORY},
        {{(const uint8_t *)"comment", 7}, COMMENT},
        {{(const uint8_t *)"deleted", 7}, DELETED},
        {{(const uint8_t *)"distribution", 12}, DISTRIBUTION},
        {{(const uint8_t *)"first_seen", 10}, FIRST_SEEN},
        {{(const uint8_t *)"Galaxy", 6}, GALAXY},
        {{(const uint8_t *)"id", 2}, ID},
        {{(const uint8_t *)"info", 4}, INFO},
        {{(const uint8_t *)"last_seen", 9}, LAST_SEEN},
        {{(const uint8_t *)"Org", 3}, ORG},
        {{(const uint8_t *)"Orgc", 4}, ORGC},
        {{(const uint8_t *)"SharingGroup", 12}, SHARING_GROUP},
        {{(const uint8_t *)"Sighting", 8}, SIGHTING},
        {{(const uint8_t *)"Tag", 3}, TAG},
        {{(const uint8_t *)"EventTag", 8}, TAG},
        {{(const uint8_t *)"AttributeTag", 12}, TAG},
        {{(const uint8_t *)"threat_level_id", 15}, THREAT_LEVEL},
        {{(const uint8_t *)"timestamp", 9}, TIMESTAMP},
        {{(const uint8_t *)"uuid", 4}, UUID},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_eq(key, names[i].name))
            return names[i].member;
    return MEMBER_COUNT;
}

bool misp_level_wants(struct span key)
{
    return member_of(key) != MEMBER_COUNT;
}

void misp_level_take(struct misp_level *v, struct span key, struct span text, const json_value *tree)
{
    switch (member_of(key)) {
    case CATEGORY:
        v->category = load_text(text);
        break;
    case COMMENT:
    case INFO:
        v->text = load_text(text);
        break;
    case DELETED:
        v->is_deleted = misp_flag_of(text) == MISP_YES;
        break;
    case DISTRIBUTION:
        v->distribution = digit_of(text);
        break;
    case FIRST_SEEN:
        v->first_seen = load_trim(text);
        break;
    case GALAXY:
        take_galaxies(v, tree);
        break;
    case ID:
        v->id = load_text(text);
        break;
    case LAST_SEEN:
        v->last_seen = load_trim(text);
        break;
    case ORG:
        v->owner = name_of(text, tree);
        break;
    case ORGC:
        v->creator = name_of(text, tree);
        break;
    case SHARING_GROUP:
        v->sharing_group = name_of(text, tree);
        break;
    case SIGHTING:
        take_sightings(v, tree);
        break;
    case TAG:
        take_tags(v, tree);
        break;
    case THREAT_LEVEL:
        v->threat_level = digit_of(text);
        break;
    case TIMESTAMP:
        v->timestamp = load_trim(text);
        break;
    case UUID:
        v->uuid = load_text(text);
        break;
    case MEMBER_COUNT:
        break;
    }
}

/* ---- what follows from it ---- */

/* name="value", in `words`; empty when there is no room. */
static struct span machine_tag(struct misp_level *v, const char *name, struct span value)
{
    size_t n = strlen(name);
    uint8_t *p = value.len ? arena_bytes(&v->words, n + value.len + 3) : NULL;
    if (!p)
        return span_of("", 0);
    memcpy(p, name, n);
    p[n] = '=';
    p[n + 1] = '"';
    memcpy(p + n + 2, value.ptr, value.len);
    p[n + 2 + value.len] = '"';
    return span_of(p, n + value.len + 3);
}

/* A distribution is a setting of one server, so it only fills in for a marking that nobody wrote: "your organisation
 * only" is what amber+strict says. */
void misp_level_close(struct misp_level *v, struct load *l)
{
    v->tlp = v->said.tlp;
    if (v->said.unknown_tlp.len) {
        enum tlp tlp = load_tlp(l, v->line, v->col, v->said.unknown_tlp);
        v->tlp = tlp > v->tlp ? tlp : v->tlp;
    }
    if (v->tlp == TLP_NONE && v->distribution == YOUR_ORGANISATION_ONLY)
        v->tlp = TLP_AMBER_STRICT;
    if (v->n_tags_lost)
        load_warn(l, v->line, v->col, span_of("", 0), "more than %d tags; %zu of them are left out",
                  MISP_TAGS_MAX, v->n_tags_lost);
    v->sharing_group = machine_tag(v, "misp:sharing-group", v->sharing_group);
}

/* ---- all three ---- */

static size_t add_tags(struct span *tags, size_t n, const struct misp_level *v)
{
    size_t n_inner = n;
    for (size_t i = 0; i < v->n_tags; i++)
        if (!has_tag(tags, n_inner, v->tags[i]))
            tags[n++] = v->tags[i];
    return n;
}

static size_t add_tag(struct span *tags, size_t n, struct span tag)
{
    if (tag.len && !has_tag(tags, n, tag))
        tags[n++] = tag;
    return n;
}

static struct span threat_tag(int level)
{
    switch (level) {
    case 1:
        return SPAN_LIT("misp:threat-level=\"high-risk\"");
    case 2:
        return SPAN_LIT("misp:threat-level=\"medium-risk\"");
    case 3:
        return SPAN_LIT("misp:threat-level=\"low-risk\"");
    default:
        return span_of("", 0);
    }
}

/* Those that people put there, else the list's; and what MISP has members for. */
static size_t collect_tags(const struct load *l, const struct misp_level *const levels[3],
                           struct misp_level *attribute, struct span *tags)
{
    size_t n = 0;
    for (size_t i = 0; i < 3; i++)
        n = levels[i] ? add_tags(tags, n, levels[i]) : n;
    for (size_t i = 0; n == 0 && i < l->options->n_tags; i++)
        tags[i] = l->options->tags[i];
    n = n ? n : l->options->n_tags;
    n = add_tag(tags, n, machine_tag(attribute, "misp:category", attribute->category));
    n = add_tag(tags, n, threat_tag(levels[2]->threat_level));
    struct span group = span_of("", 0);
    for (size_t i = 0; i < 3 && group.len == 0; i++)
        group = levels[i] ? levels[i]->sharing_group : group;
    return add_tag(tags, n, group);
}

/* The inner one's, if it says anything. `outer` may be NULL. */
static struct span either(struct span inner, const struct span *outer)
{
    return inner.len || !outer ? inner : *outer;
}

static void take_times(struct load *l, const struct misp_level *object, const struct misp_level *a,
                       struct context_in *out)
{
    struct span first = either(a->first_seen, object ? &object->first_seen : NULL);
    struct span last = either(a->last_seen, object ? &object->last_seen : NULL);
    if (first.len)
        load_time(l, a->line, a->col, first, &out->valid_from);
    else if (a->timestamp.len && !span_eq(a->timestamp, SPAN_LIT("0")))
        load_time(l, a->line, a->col, a->timestamp, &out->valid_from);
    if (last.len)
        load_time(l, a->line, a->col, last, &out->seen_at);
    if (a->seen.seen_at > out->seen_at)
        out->seen_at = a->seen.seen_at;
    if (a->seen.expired_at > a->seen.seen_at) /* seen again after that, it holds again */
        out->valid_until = a->seen.expired_at;
}

static void take_texts(const struct misp_level *event, const struct misp_level *object,
                       const struct misp_level *a, struct context_in *out)
{
    struct span text = either(a->text, object ? &object->text : NULL);
    struct span organisation = event->creator.len ? event->creator : event->owner;
    if (text.len || event->text.len)
        out->description = text.len ? text : event->text;
    if (organisation.len)
        out->organisation = organisation;
    if (event->said.hides_source || (object && object->said.hides_source) || a->said.hides_source)
        out->organisation = span_of("", 0);
    if (a->uuid.len)
        out->id = a->uuid;
}

static struct span event_reference(struct misp_level *a, const struct misp_level *event)
{
    static const struct span prefix = {(const uint8_t *)"misp:event/", 11};
    struct span id = event->uuid.len ? event->uuid : event->id;
    uint8_t *p = id.len ? arena_bytes(&a->words, prefix.len + id.len) : NULL;
    if (!p)
        return span_of("", 0);
    memcpy(p, prefix.ptr, prefix.len);
    memcpy(p + prefix.len, id.ptr, id.len);
    return span_of(p, prefix.len + id.len);
}

void misp_context(struct load *l, const struct misp_level *event, const struct misp_level *object,
                  struct misp_level *attribute, struct span tags[static MISP_CONTEXT_TAGS],
                  struct context_in *out)
{
    const struct misp_level *const levels[3] = {attribute, object, event};
    struct span reference = event_reference(attribute, event);
    *out = load_context(l);
    out->n_tags = collect_tags(l, levels, attribute, tags);
    out->tags = tags;
    if (reference.len)
        out->reference = reference;
    for (size_t i = 3; i-- > 0;) {
        if (!levels[i])
            continue;
        if (levels[i]->tlp > out->tlp)
            out->tlp = levels[i]->tlp;
        if (levels[i]->said.confidence >= 0)
            out->confidence = levels[i]->said.confidence;
    }
    take_texts(event, object, attribute, out);
    take_times(l, object, attribute, out);
}
