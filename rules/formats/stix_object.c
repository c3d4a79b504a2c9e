/* See stix_object.h. */
#include "rules/formats/stix_object.h"

#define NAME(s)                                                                                              \
    {                                                                                                        \
        (const uint8_t *)(s), sizeof(s) - 1                                                                  \
    }

static const struct span member_names[STIX_M_COUNT] = {
    [STIX_M_TYPE] = NAME("type"),
    [STIX_M_ID] = NAME("id"),
    [STIX_M_SPEC_VERSION] = NAME("spec_version"),
    [STIX_M_MODIFIED] = NAME("modified"),
    [STIX_M_CREATED] = NAME("created"),
    [STIX_M_PATTERN] = NAME("pattern"),
    [STIX_M_PATTERN_TYPE] = NAME("pattern_type"),
    [STIX_M_VALUE] = NAME("value"),
    [STIX_M_VALID_FROM] = NAME("valid_from"),
    [STIX_M_VALID_UNTIL] = NAME("valid_until"),
    [STIX_M_CONFIDENCE] = NAME("confidence"),
    [STIX_M_NAME] = NAME("name"),
    [STIX_M_DESCRIPTION] = NAME("description"),
    [STIX_M_LABELS] = NAME("labels"),
    [STIX_M_INDICATOR_TYPES] = NAME("indicator_types"),
    [STIX_M_KILL_CHAIN] = NAME("kill_chain_phases"),
    [STIX_M_CREATED_BY] = NAME("created_by_ref"),
    [STIX_M_MARKINGS] = NAME("object_marking_refs"),
    [STIX_M_GRANULAR] = NAME("granular_markings"),
    [STIX_M_REVOKED] = NAME("revoked"),
    [STIX_M_REFERENCES] = NAME("external_references"),
};

enum stix_member stix_member_of(struct span name)
{
    unsigned m = 0;
    while (m < STIX_M_COUNT && !span_eq(name, member_names[m]))
        m++;
    return (enum stix_member)m;
}

static bool is_textual(enum stix_member m)
{
    switch (m) {
    case STIX_M_CONFIDENCE:
    case STIX_M_LABELS:
    case STIX_M_INDICATOR_TYPES:
    case STIX_M_KILL_CHAIN:
    case STIX_M_MARKINGS:
    case STIX_M_GRANULAR:
    case STIX_M_REVOKED:
    case STIX_M_REFERENCES:
        return false;
    default:
        return true;
    }
}

/* A string that says what stands there. */
static bool is_plain(const struct json_part *part)
{
    bool is_odd = !json_part_is(part, '"');
    for (size_t i = 0; i < part->text.len; i++)
        is_odd |= part->text.ptr[i] == '\\' || part->text.ptr[i] < ' ';
    return !is_odd;
}

/* Of a member that is of no interest only a number or word is looked at: they are where stray bytes end up. */
static bool is_sound(struct json_list *list, const struct json_part *part)
{
    return json_part_is(part, '"') || json_part_is(part, '{') || json_part_is(part, '[') ||
           json_list_read_more(list, part) != NULL;
}

/* False: it is no JSON and was rejected. */
static bool read_member(struct stix_object *o, struct json_list *list, enum stix_member m,
                        const struct json_part *part)
{
    if (m == STIX_M_PATTERN || (m == STIX_M_VALUE && !o->value.line))
        o->value = *part;
    if (is_textual(m) && is_plain(part)) {
        o->text[m] = span_of(part->text.ptr + 1, part->text.len - 2);
        return true;
    }
    const json_value *v = json_list_read_more(list, part);
    if (v && is_textual(m) && json_is_string(v))
        o->text[m] = json_string(v);
    o->of[m] = v;
    return v != NULL;
}

bool stix_object_read(struct stix_object *o, struct json_list *list, const struct json_part *part,
                      bool *out_is_good, struct err *err)
{
    struct json_walk w;
    struct json_part member;
    struct span key;
    enum json_step step;
    *o = (struct stix_object){0};
    *out_is_good = json_list_make_room(list, err);
    if (!*out_is_good || !json_walk_begin(&w, part))
        return false;
    if (part->is_open) /* to be rejected with the place of the fault */
        return json_list_read_more(list, part) && false;
    while ((step = json_walk_next(&w, &key, &member)) == JSON_WALK_VALUE) {
        enum stix_member m = stix_member_of(key);
        bool is_wanted = m != STIX_M_COUNT && !o->text[m].ptr && !o->of[m];
        if (is_wanted ? !read_member(o, list, m, &member) : !is_sound(list, &member))
            return false;
    }
    /* Behind a bracket the reader says more nearly what is wrong. */
    if (step == JSON_WALK_FAULT && (member.text.len == 0 || json_list_read_more(list, &member)))
        json_list_reject(list, &w);
    return step == JSON_WALK_END;
}
