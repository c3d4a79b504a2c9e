/* See drill_tally.h. A sensor that names no indicator is believed to mean the one whose value is in its signature, else all that are expected of the
 * conversation. */
#include "tools/drill_tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/input.h"
#include "rules/formats/lines.h"
#include "tools/message.h"
#include "traffic/contact.h"

enum { TEXTS_MAX = 1 << 30, TEXTS_BLOCK = 256 * 1024, EXPECTATIONS_MAX = 1 << 27, EXTRA_SHOWN = 200 };
#define NOBODY UINT32_MAX

static struct drill_ends ends_of(const struct sighting *s, bool *out_is_swapped)
{
    struct drill_ends e;
    memset(&e, 0, sizeof e);
    int order = ip_compare(&s->a, &s->b);
    bool is_swapped = order > 0 || (order == 0 && s->a_port > s->b_port);
    e.a = is_swapped ? s->b : s->a;
    e.b = is_swapped ? s->a : s->b;
    e.a_port = is_swapped ? s->b_port : s->a_port;
    e.b_port = is_swapped ? s->a_port : s->b_port;
    *out_is_swapped = is_swapped;
    return e;
}

static uint32_t *bucket_of(const struct drill_tally *t, const struct drill_ends *e)
{
    return &t->buckets[hash_bytes(e, sizeof *e, 0) & (t->n_buckets - 1)];
}

/* ---- lines ---- */

/* Each line of a file. False: it could not be read to its end (said). */
static bool read_lines(struct drill_tally *t, const char *path,
                       bool (*each)(struct drill_tally *t, const char *path, struct span line,
                                    uint64_t number))
{
    struct err err = {0};
    struct lines lines;
    struct span line;
    struct input *in = input_open(path, &err);
    bool is_good = in && lines_init(&lines, in, &err);
    if (is_good) {
        while (is_good && lines_refill(&lines))
            while (is_good && lines_next(&lines, &line))
                is_good = each(t, path, line, lines.n);
        if (lines.failure.kind != ERR_NONE) {
            err = lines.failure;
            is_good = false;
        }
        lines_fini(&lines);
    }
    if (err.kind != ERR_NONE)
        say_err(&err);
    input_close(in);
    return is_good;
}

/* ---- what is expected ---- */

static bool grow(struct drill_tally *t)
{
    if (t->n < t->n_room)
        return true;
    uint32_t room = t->n_room ? t->n_room * 2 : 1024;
    struct drill_expectation *grown =
        room <= EXPECTATIONS_MAX ? reallocarray(t->items, room, sizeof *grown) : NULL;
    if (grown) {
        t->items = grown;
        t->n_room = room;
    }
    return grown != NULL;
}

static bool by_of(struct span name, uint8_t *out)
{
    for (uint8_t by = 0; by < CONTACT_BYS; by++)
        if (span_eq(name, span_str(contact_by_name((enum contact_by)by))))
            return *out = by, true;
    return false;
}

static uint64_t number_of(const json_value *v, const char *key)
{
    double n;
    return json_number(json_member(v, key), &n) && n >= 0 && n < 1e15 ? (uint64_t)n : 0;
}

static bool read_expectation(struct drill_tally *t, const json_value *v, bool is_trap,
                             struct drill_expectation *out)
{
    struct sighting at = {0};
    enum ioc_type type = IOC_DOMAIN;
    at.a_port = (uint16_t)number_of(v, "src_port");
    at.b_port = (uint16_t)number_of(v, "dest_port");
    struct span a = json_string_of(v, "src_ip"), b = json_string_of(v, "dest_ip");
    *out = (struct drill_expectation){.is_trap = is_trap, .next = NOBODY};
    if (!(ip_parse_v4(a, &at.a) || ip_parse_v6(a, &at.a)) ||
        !(ip_parse_v4(b, &at.b) || ip_parse_v6(b, &at.b)) || !by_of(json_string_of(v, "way"), &out->by) ||
        (!is_trap && !ioc_type_of(json_string_of(v, "type"), &type)))
        return false;
    out->ends = ends_of(&at, &out->is_swapped);
    out->type = (uint8_t)type;
    out->packet_first = number_of(v, "packet_first");
    out->packet_last = number_of(v, "packet_last");
    out->value = arena_copy(&t->texts, json_string_of(v, is_trap ? "name" : "value"));
    out->observed = arena_copy(&t->texts, json_string_of(v, "observed"));
    return out->value.ptr != NULL;
}

static bool take_expected(struct drill_tally *t, const char *path, struct span line, uint64_t number)
{
    struct json_part part;
    struct err err = {0};
    json_reader_reset(t->report.json);
    const json_value *v = json_part_of(line, &part) ? json_read(t->report.json, &part, &err) : NULL;
    struct span kind = json_string_of(v, "kind");
    bool is_trap = span_eq(kind, SPAN_LIT("trap"));
    if (span_eq(kind, SPAN_LIT("omitted"))) {
        t->n_omitted++;
        return true;
    }
    if (!grow(t)) {
        say("out of memory");
        return false;
    }
    if ((!is_trap && !span_eq(kind, SPAN_LIT("alert"))) ||
        !read_expectation(t, v, is_trap, &t->items[t->n])) {
        say("%s:%llu: not what `vedette drill --expected` writes", path, (unsigned long long)number);
        return false;
    }
    t->n_traps += is_trap;
    t->n++;
    return true;
}

static bool is_same(const struct drill_expectation *a, const struct drill_expectation *b)
{
    return memcmp(&a->ends, &b->ends, sizeof a->ends) == 0 && a->type == b->type &&
           a->is_trap == b->is_trap && span_eq(a->value, b->value);
}

static bool index_expected(struct drill_tally *t)
{
    t->n_buckets = 16;
    while (t->n_buckets < 2 * t->n)
        t->n_buckets *= 2;
    t->buckets = malloc(t->n_buckets * sizeof *t->buckets);
    if (!t->buckets) {
        say("out of memory");
        return false;
    }
    memset(t->buckets, 0xff, t->n_buckets * sizeof *t->buckets);
    for (uint32_t i = 0; i < t->n; i++) {
        struct drill_expectation *e = &t->items[i];
        uint32_t *bucket = bucket_of(t, &e->ends), at = *bucket;
        while (at != NOBODY && !is_same(&t->items[at], e))
            at = t->items[at].next;
        e->leader = at == NOBODY ? i : t->items[at].leader;
        e->next = *bucket;
        *bucket = i;
    }
    return true;
}

bool drill_tally_expect(struct drill_tally *t, const char *path)
{
    return read_lines(t, path, take_expected) && index_expected(t);
}

/* ---- what was reported ---- */

static struct span without_scheme(struct span text)
{
    const uint8_t *at = text.len ? memmem(text.ptr, text.len, "://", 3) : NULL;
    return at ? span_from(text, (size_t)(at - text.ptr) + 3) : text;
}

static bool is_same_text(struct span a, struct span b)
{
    return a.len == b.len &&
           (a.len == 0 || strncasecmp((const char *)a.ptr, (const char *)b.ptr, a.len) == 0);
}

/* URLs are named with or without their scheme. */
static bool is_named(struct span by, struct span reported)
{
    return by.len && is_same_text(without_scheme(reported), without_scheme(by));
}

static bool is_in_text(const struct drill_expectation *e, const struct sighting *s)
{
    return e->value.len && s->text.len && memmem(s->text.ptr, s->text.len, e->value.ptr, e->value.len);
}

/* Sensors name what is listed, or what was seen, or have a text with it in, or one that says nothing of it. */
enum naming { BY_VALUE, BY_SEEN, BY_TEXT, BY_CONVERSATION };

static bool is_meant(const struct drill_expectation *e, const struct sighting *s, enum naming how)
{
    switch (how) {
    case BY_VALUE:
        return is_named(e->value, s->value);
    case BY_SEEN:
        return is_named(e->value, s->seen) || is_named(e->observed, s->seen);
    case BY_TEXT:
        return is_in_text(e, s);
    default:
        return true;
    }
}

/* Mark what it means; false: it means nothing that is expected. */
static bool mark(struct drill_tally *t, const struct drill_ends *ends, const struct sighting *sighting,
                 enum naming how)
{
    bool is_found = false;
    for (uint32_t at = *bucket_of(t, ends); at != NOBODY; at = t->items[at].next) {
        struct drill_expectation *e = &t->items[at];
        if (e->is_trap || memcmp(&e->ends, ends, sizeof *ends) != 0 || !is_meant(e, sighting, how))
            continue;
        t->items[e->leader].is_found = is_found = true;
    }
    return is_found;
}

static bool is_trapped(const struct drill_tally *t, const struct drill_ends *ends)
{
    uint32_t at = *bucket_of(t, ends);
    while (at != NOBODY && !(t->items[at].is_trap && memcmp(&t->items[at].ends, ends, sizeof *ends) == 0))
        at = t->items[at].next;
    return at != NOBODY;
}

static bool add_extra(struct drill_tally *t, const struct drill_ends *ends, const struct sighting *sighting,
                      const char *path, uint64_t line)
{
    if (t->n_extras == t->n_extras_room) {
        size_t room = t->n_extras_room ? t->n_extras_room * 2 : 64;
        struct drill_extra *grown = reallocarray(t->extras, room, sizeof *grown);
        if (!grown)
            return false;
        t->extras = grown;
        t->n_extras_room = room;
    }
    struct span value = sighting->value.len  ? sighting->value
                        : sighting->seen.len ? sighting->seen
                                             : sighting->text;
    struct drill_extra *e = &t->extras[t->n_extras++];
    *e = (struct drill_extra){.ends = *ends, .path = path, .line = line, .is_trap = is_trapped(t, ends)};
    e->value = arena_copy(&t->texts, span_first(value, EXTRA_SHOWN));
    t->n_trapped += e->is_trap;
    return true;
}

static bool take_reported(struct drill_tally *t, const char *path, struct span line, uint64_t number)
{
    struct sighting sighting;
    bool is_swapped;
    enum drill_report_line kind = drill_report_read(&t->report, line, &sighting);
    t->n_unknown += kind == REPORT_UNKNOWN;
    if (kind != REPORT_ALERT)
        return true;
    t->n_sightings++;
    struct drill_ends ends = ends_of(&sighting, &is_swapped);
    bool is_expected = sighting.value.len ? mark(t, &ends, &sighting, BY_VALUE)
                       : sighting.seen.len
                           ? mark(t, &ends, &sighting, BY_SEEN)
                           : mark(t, &ends, &sighting, BY_TEXT) || mark(t, &ends, &sighting, BY_CONVERSATION);
    if (is_expected || add_extra(t, &ends, &sighting, path, number))
        return true;
    say("out of memory");
    return false;
}

bool drill_tally_report(struct drill_tally *t, const char *path)
{
    uint64_t unknown = t->n_unknown, sightings = t->n_sightings;
    drill_report_reset(&t->report);
    bool is_good = read_lines(t, path, take_reported);
    if (t->n_unknown > unknown)
        say("%s: %llu lines are nothing that is known, or damaged; passed over", path,
            (unsigned long long)(t->n_unknown - unknown));
    return is_good && (t->n_unknown == unknown || t->n_sightings > sightings);
}

/* ---- all of it ---- */

bool drill_tally_init(struct drill_tally *t)
{
    *t = (struct drill_tally){0};
    arena_init(&t->texts, TEXTS_BLOCK, TEXTS_MAX);
    return drill_report_init(&t->report);
}

void drill_tally_fini(struct drill_tally *t)
{
    drill_report_fini(&t->report);
    arena_fini(&t->texts);
    free(t->items);
    free(t->buckets);
    free(t->extras);
}
