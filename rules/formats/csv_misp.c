/* See csv_misp.h. */
#include "rules/formats/csv_misp.h"

#include <stdlib.h>

#include "rules/formats/csv_words.h"
#include "rules/formats/misp_attribute.h"
#include "rules/formats/misp_level.h"

enum whose { OWN, EVENT };

/* The columns, and as which members of the event or attribute they are taken. The first few are looked at by
 * themselves. */
enum { VALUE, TYPE, TO_IDS, TAG, EVENT_TAG, FIRST_MEMBER };
static const struct {
    const char *name, *member;
    enum whose whose;
} columns[] = {
    [VALUE] = {"value", "", OWN},
    [TYPE] = {"type", "", OWN},
    [TO_IDS] = {"to_ids", "", OWN},
    [TAG] = {"attribute_tag", "", OWN},
    [EVENT_TAG] = {"event_tag", "", EVENT},
    {"uuid", "uuid", OWN},
    {"category", "category", OWN},
    {"comment", "comment", OWN},
    {"date", "timestamp", OWN},
    {"timestamp", "timestamp", OWN},
    {"first_seen", "first_seen", OWN},
    {"last_seen", "last_seen", OWN},
    {"deleted", "deleted", OWN},
    {"distribution", "distribution", OWN},
    {"event_id", "id", EVENT},
    {"event_uuid", "uuid", EVENT},
    {"event_info", "info", EVENT},
    {"event_member_org", "Org", EVENT},
    {"event_source_org", "Orgc", EVENT},
    {"event_distribution", "distribution", EVENT},
    {"event_threat_level_id", "threat_level_id", EVENT},
};
enum { COLUMN_COUNT = sizeof columns / sizeof *columns };
_Static_assert((int)COLUMN_COUNT <= (int)CSV_MISP_COLUMNS, "room in the plan");

void csv_misp_find(struct csv_row *header, const struct csv_dialect *d, struct csv_misp_plan *out)
{
    uint8_t plain[CSV_NAME_MAX];
    *out = (struct csv_misp_plan){0};
    for (int i = 0; i < CSV_MISP_COLUMNS; i++)
        out->column[i] = -1;
    for (size_t k = 0; header && k < header->n && k < CSV_COLUMNS_MAX; k++) {
        struct span name = csv_plain_name(csv_field_text(header, k, d), plain);
        for (int i = 0; i < COLUMN_COUNT; i++)
            if (out->column[i] < 0 && span_eq(name, span_str(columns[i].name)))
                out->column[i] = (int)k;
    }
    out->is_misp = out->column[VALUE] >= 0 && out->column[TYPE] >= 0 && out->column[TO_IDS] >= 0;
}

struct csv_misp {
    const struct csv_misp_plan *plan; /* borrowed */
    struct misp_reading reading;
    struct misp_level event, attribute; /* of the row at hand */
};

struct csv_misp *csv_misp_new(struct load *l, const struct csv_misp_plan *plan)
{
    struct csv_misp *m = malloc(sizeof *m);
    if (!m)
        return NULL;
    m->plan = plan;
    misp_reading_init(&m->reading, l);
    misp_level_init(&m->event);
    misp_level_init(&m->attribute);
    return m;
}

void csv_misp_free(struct csv_misp *m)
{
    if (!m)
        return;
    misp_reading_fini(&m->reading);
    misp_level_fini(&m->event);
    misp_level_fini(&m->attribute);
    free(m);
}

void csv_misp_end(struct csv_misp *m)
{
    misp_reading_end(&m->reading);
}

/* ---- cells ---- */

struct cells {
    const struct csv_misp_plan *plan;
    struct csv_row *row;
    const struct csv_dialect *dialect;
};

static struct span cell(const struct cells *c, int column)
{
    int k = c->plan->column[column];
    return k < 0 ? span_of("", 0) : load_trim(csv_field_text(c->row, (size_t)k, c->dialect));
}

/* Names joined by commas; those between quotes belong to one name. */
static void take_tags(struct misp_level *v, struct span text)
{
    bool is_quoted = false;
    size_t from = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i == text.len || (text.ptr[i] == ',' && !is_quoted)) {
            misp_level_tag(v, span_of(text.ptr + from, i - from));
            from = i + 1;
        } else if (text.ptr[i] == '"') {
            is_quoted = !is_quoted;
        }
    }
}

/* ---- rows ---- */

static void read_row(struct csv_misp *m, const struct cells *c, uint32_t line, uint32_t col)
{
    misp_level_reset(&m->event, line, col);
    misp_level_reset(&m->attribute, line, col);
    take_tags(&m->event, cell(c, EVENT_TAG));
    take_tags(&m->attribute, cell(c, TAG));
    for (int i = FIRST_MEMBER; i < COLUMN_COUNT; i++) {
        struct span text = cell(c, i);
        if (text.len)
            misp_level_take(columns[i].whose == EVENT ? &m->event : &m->attribute,
                            span_str(columns[i].member), text, NULL);
    }
    misp_level_close(&m->event, m->reading.load);
    misp_level_close(&m->attribute, m->reading.load);
}

/* A type that other tools name and packets show: such a row is kept out by its to_ids as well. */
static bool other_type(struct span word, struct misp_type *out)
{
    bool has_port;
    *out = (struct misp_type){.name = "", .use = MISP_VALUE, .is_for_ids = true};
    return csv_type_of(word, &out->type, &has_port) && out->type < IOC_MATCHABLE_COUNT;
}

bool csv_misp_take(struct csv_misp *m, struct csv_row *row, const struct csv_dialect *d, uint32_t line,
                   uint32_t col, bool *out_is_taken, struct err *err)
{
    struct cells c = {.plan = m->plan, .row = row, .dialect = d};
    struct load *l = m->reading.load;
    struct span tags[MISP_CONTEXT_TAGS];
    struct context_in context;
    struct misp_attribute a = {.type = misp_type_of(cell(&c, TYPE)),
                               .value = cell(&c, VALUE),
                               .to_ids = misp_flag_of(cell(&c, TO_IDS)),
                               .line = line,
                               .col = col};
    struct misp_type other;
    if (!a.type && a.to_ids == MISP_NO && !l->options->ignores_to_ids && other_type(cell(&c, TYPE), &other))
        a.type = &other;
    *out_is_taken = a.type != NULL;
    if (!a.type)
        return true;
    read_row(m, &c, line, col);
    a.is_deleted = m->attribute.is_deleted;
    misp_context(l, &m->event, NULL, &m->attribute, tags, &context);
    return misp_take(&m->reading, &a, &context, err);
}
