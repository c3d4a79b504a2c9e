/* See list_options.h, and list_options_parse() in list.h. */
#include "rules/list_options.h"

#include <stdio.h>
#include <unistd.h>

#include "base/time.h"

static const char *const option_names[] = {
    "name",
    "format",
    "match",
    "type",
    "fields",
    "tlp",
    "confidence",
    "organisation",
    "org",
    "tag",
    "reference",
    "description",
    "id",
    "valid_from",
    "valid_until",
    "ttl",
    "allow",
    "exceptions",
    "to_ids",
    "observables",
    "tlds",
    "exercise",
    "delimiter",
    "quote",
    "header",
    "tag_delimiter",
    "value",
    "value_column",
    "type_column",
    "port_column",
    "description_column",
    "tags_column",
    "confidence_column",
    "tlp_column",
    "reference_column",
    "organisation_column",
    "valid_from_column",
    "valid_until_column",
    "id_column",
    NULL,
};

/* ---- did you mean ---- */

enum { NEAR_MAX = 32 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance, ASCII case apart; both no longer than NEAR_MAX. */
static size_t distance(struct span a, struct span b)
{
    size_t row[NEAR_MAX + 1];
    for (size_t k = 0; k <= b.len; k++)
        row[k] = k;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            size_t above = row[k];
            row[k] =
                least(above + 1, row[k - 1] + 1, diagonal + ((a.ptr[i - 1] | 0x20) != (b.ptr[k - 1] | 0x20)));
            diagonal = above;
        }
    }
    return row[b.len];
}

const char *list_options_nearest(struct span written, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = written.len / 3 + 1;
    if (written.len == 0 || written.len > NEAR_MAX)
        return NULL;
    for (; *names; names++) {
        struct span name = span_str(*names);
        size_t d = name.len <= NEAR_MAX ? distance(written, name) : SIZE_MAX;
        if (d <= best_distance && (!best || d < best_distance)) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}

/* ---- values ---- */

bool list_options_confidence(struct span text, int *out)
{
    static const struct {
        const char *word;
        int value;
    } words[] = {{"none", 0}, {"info", 10}, {"low", 30}, {"medium", 50}, {"high", 75}, {"critical", 95}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (span_eq_nocase(text, span_str(words[i].word))) {
            *out = words[i].value;
            return true;
        }
    }
    int n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || n > 100)
            return false;
        n = n * 10 + (text.ptr[i] - '0');
    }
    if (text.len == 0 || n > 100)
        return false;
    *out = n;
    return true;
}

bool list_options_type(struct span text, enum ioc_type *out)
{
    static const struct {
        const char *word;
        enum ioc_type type;
    } words[] = {{"ip", IOC_IPV4},         {"cidr", IOC_CIDR4},  {"range", IOC_RANGE4},
                 {"hostname", IOC_DOMAIN}, {"host", IOC_DOMAIN}, {"path", IOC_URI_PATH},
                 {"uri", IOC_URI_PATH}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (span_eq_nocase(text, span_str(words[i].word))) {
            *out = words[i].type;
            return true;
        }
    }
    return ioc_type_of(text, out);
}

static bool wrong(struct err *err, struct span key, struct span value, const char *right)
{
    return err_set(err, ERR_USAGE, NULL, "%.*s=%.*s: %s", (int)(key.len < 32 ? key.len : 32),
                   (const char *)key.ptr, (int)(value.len < 40 ? value.len : 40), (const char *)value.ptr,
                   right);
}

static bool set_format(struct list_options *o, struct span value)
{
    for (int f = LIST_AUTO; f < LIST_FORMAT_COUNT; f++) {
        if (span_eq_nocase(value, span_str(list_format_name((enum list_format)f)))) {
            o->format = (enum list_format)f;
            return true;
        }
    }
    return false;
}

/* "dns.query+tls" */
static bool add_fields(struct list_options *o, struct span value)
{
    while (value.len) {
        const uint8_t *plus = memchr(value.ptr, '+', value.len);
        size_t n = plus ? (size_t)(plus - value.ptr) : value.len;
        field_mask mask = field_mask_of(span_first(value, n));
        if (!mask)
            return false;
        o->fields |= mask;
        value = span_from(value, n + 1);
    }
    return o->fields != 0;
}

/* One byte, or its name: "delimiter=," could not be written on a command line that is cut at commas. */
static bool read_byte(struct span value, char *out)
{
    static const struct {
        const char *word;
        char byte;
    } words[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'},
                 {"\\t", '\t'},  {"pipe", '|'},      {"space", ' '}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (span_eq_nocase(value, span_str(words[i].word))) {
            *out = words[i].byte;
            return true;
        }
    }
    if (value.len != 1 || value.ptr[0] == '\n' || value.ptr[0] == '\r' || value.ptr[0] == 0)
        return false;
    *out = (char)value.ptr[0];
    return true;
}

static bool read_switch(struct span value, int *out)
{
    static const char *const words[2][3] = {{"no", "false", "0"}, {"yes", "true", "1"}};
    for (int is_on = 0; is_on < 2; is_on++) {
        for (int i = 0; i < 3; i++) {
            if (span_eq_nocase(value, span_str(words[is_on][i]))) {
                *out = is_on;
                return true;
            }
        }
    }
    return false;
}

/* ---- keys ---- */

static bool is(struct span key, const char *name)
{
    return span_eq(key, span_str(name));
}

static struct span *text_option(struct list_options *o, struct span key)
{
    const struct {
        const char *key;
        struct span *to;
    } texts[] = {
        {"name", &o->name},
        {"organisation", &o->context.organisation},
        {"org", &o->context.organisation},
        {"reference", &o->context.reference},
        {"description", &o->context.description},
        {"id", &o->context.id},
        {"value", &o->csv.value},
        {"value_column", &o->csv.value},
        {"type_column", &o->csv.type},
        {"port_column", &o->csv.port},
        {"description_column", &o->csv.description},
        {"tags_column", &o->csv.tags},
        {"confidence_column", &o->csv.confidence},
        {"tlp_column", &o->csv.tlp},
        {"reference_column", &o->csv.reference},
        {"organisation_column", &o->csv.organisation},
        {"valid_from_column", &o->csv.valid_from},
        {"valid_until_column", &o->csv.valid_until},
        {"id_column", &o->csv.id},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (is(key, texts[i].key))
            return texts[i].to;
    return NULL;
}

static bool set_csv(struct list_options *o, struct span key, struct span value, struct err *err,
                    bool *out_is_known)
{
    *out_is_known = true;
    if (is(key, "delimiter"))
        return read_byte(value, &o->csv.delimiter) ||
               wrong(err, key, value, "one byte is wanted, or comma, semicolon, tab, pipe, space");
    if (is(key, "quote"))
        return read_byte(value, &o->csv.quote) || wrong(err, key, value, "one byte is wanted");
    if (is(key, "tag_delimiter"))
        return read_byte(value, &o->csv.tag_delimiter) ||
               wrong(err, key, value, "one byte is wanted, or comma, semicolon, tab, pipe, space");
    if (is(key, "header"))
        return read_switch(value, &o->csv.header) || wrong(err, key, value, "yes or no is wanted");
    *out_is_known = false;
    return false;
}

/* "to_ids=ignore" and the like: the word that switches on, or a switch's own. */
static bool read_mode(struct span value, const char *on, const char *off, bool *out)
{
    int is_on;
    if (span_eq_nocase(value, span_str(on)))
        return *out = true;
    if (span_eq_nocase(value, span_str(off)))
        return *out = false, true;
    if (!read_switch(value, &is_on))
        return false;
    return *out = is_on, true;
}

static bool read_days(struct span value, int64_t *out_s)
{
    int64_t days = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9' || i == 5)
            return false;
        days = days * 10 + (value.ptr[i] - '0');
    }
    *out_s = days * 86400;
    return value.len > 0;
}

/* What a list means, beyond what stands in it. */
static bool set_mode(struct list_options *o, struct span key, struct span value, struct err *err,
                     bool *out_is_known)
{
    bool honours, loads;
    *out_is_known = true;
    if (is(key, "ttl"))
        return read_days(value, &o->ttl_s) || wrong(err, key, value, "a number of days is wanted");
    if (is(key, "allow"))
        return read_mode(value, "yes", "no", &o->is_allow) || wrong(err, key, value, "yes or no is wanted");
    if (is(key, "exceptions"))
        return read_mode(value, "load", "skip", &loads) ? (o->skips_exceptions = !loads, true)
                                                        : wrong(err, key, value, "load or skip is wanted");
    if (is(key, "to_ids"))
        return read_mode(value, "honour", "ignore", &honours)
                   ? (o->ignores_to_ids = !honours, true)
                   : wrong(err, key, value, "honour or ignore is wanted");
    if (is(key, "observables"))
        return read_mode(value, "load", "skip", &o->loads_observables) ||
               wrong(err, key, value, "load or skip is wanted");
    if (is(key, "tlds"))
        return read_mode(value, "load", "skip", &o->loads_tlds) ||
               wrong(err, key, value, "load or skip is wanted");
    if (is(key, "exercise"))
        return read_mode(value, "yes", "no", &o->context.is_exercise) ||
               wrong(err, key, value, "yes or no is wanted");
    *out_is_known = false;
    return false;
}

static bool set_match(struct list_options *o, struct span value)
{
    enum ioc_match match;
    if (!ioc_match_of(value, &match) || match > MATCH_PREFIX)
        return false;
    o->match = match;
    return o->has_match = true;
}

static bool add_tag(struct list_options *o, struct span value)
{
    if (value.len == 0 || o->n_tags == LIST_TAGS_MAX)
        return false;
    o->tags[o->n_tags++] = value;
    return true;
}

bool list_options_set(struct list_options *o, struct span key, struct span value, struct err *err)
{
    struct span *text = text_option(o, key);
    enum tlp tlp;
    bool is_known;
    if (text) {
        *text = value;
        return true;
    }
    bool is_set = set_csv(o, key, value, err, &is_known);
    if (is_known)
        return is_set;
    is_set = set_mode(o, key, value, err, &is_known);
    if (is_known)
        return is_set;
    if (is(key, "format"))
        return set_format(o, value) ||
               wrong(err, key, value, "a format is wanted, as auto, text, csv, stix or misp");
    if (is(key, "match"))
        return set_match(o, value) || wrong(err, key, value, "exact, suffix, below or prefix is wanted");
    if (is(key, "type"))
        return (o->has_type = list_options_type(value, &o->type)) ||
               wrong(err, key, value, "a type is wanted, as domain, ip, url or regex");
    if (is(key, "fields"))
        return add_fields(o, value) ||
               wrong(err, key, value, "names of fields joined by + are wanted, as dns.query+tls");
    if (is(key, "tlp"))
        return tlp_of(value, &tlp)
                   ? (o->tlp = tlp > o->tlp ? tlp : o->tlp, true)
                   : wrong(err, key, value, "clear, green, amber, amber+strict or red is wanted");
    if (is(key, "confidence"))
        return list_options_confidence(value, &o->context.confidence) ||
               wrong(err, key, value, "a number from 0 to 100 is wanted");
    if (is(key, "tag"))
        return add_tag(o, value) || wrong(err, key, value, "at most 16 tags, none of them empty");
    if (is(key, "valid_from"))
        return time_parse(value, &o->context.valid_from) ||
               wrong(err, key, value, "a date is wanted, as 2026-01-31");
    if (is(key, "valid_until"))
        return time_parse(value, &o->context.valid_until) ||
               wrong(err, key, value, "a date is wanted, as 2026-01-31");
    const char *near = list_options_nearest(key, option_names);
    return err_set(err, ERR_USAGE, NULL, "unknown list option \"%.*s\"%s%s%s",
                   (int)(key.len < 40 ? key.len : 40), (const char *)key.ptr, near ? "; did you mean \"" : "",
                   near ? near : "", near ? "\"?" : "");
}

/* ---- the command line's form ---- */

/* ",key=" at `p`? Then *out_key is the key. */
static bool starts_option(const char *p, struct span *out_key)
{
    size_t n = 0;
    if (*p != ',')
        return false;
    while ((p[1 + n] >= 'a' && p[1 + n] <= 'z') || p[1 + n] == '_')
        n++;
    *out_key = span_of(p + 1, n);
    return n > 0 && p[1 + n] == '=';
}

/* The next comma that begins an option, or the end: other commas are part of a path or value. */
static char *next_option(char *p)
{
    struct span key;
    while (*p && !starts_option(p, &key))
        p++;
    return p;
}

bool list_options_parse(char *text, const char **out_path, struct list_options *out, struct err *err)
{
    *out = list_options_none();
    *out_path = text;
    if (access(text, F_OK) == 0)
        return true;
    for (char *at = next_option(text), *next; *at; at = next) {
        struct span key;
        starts_option(at, &key);
        *at = 0;
        char *value = at + 1 + key.len + 1;
        next = next_option(value);
        if (!list_options_set(out, key, span_of(value, (size_t)(next - value)), err)) {
            if (err)
                err->where = text;
            return false;
        }
    }
    return *text ? true : err_set(err, ERR_USAGE, NULL, "no path in front of the list options");
}

/* ---- two sources ---- */

static void overlay_text(struct span *base, struct span over)
{
    if (over.len)
        *base = over;
}

static void overlay_csv(struct csv_options *base, const struct csv_options *over)
{
    if (over->delimiter)
        base->delimiter = over->delimiter;
    if (over->quote)
        base->quote = over->quote;
    if (over->tag_delimiter)
        base->tag_delimiter = over->tag_delimiter;
    if (over->header >= 0)
        base->header = over->header;
    overlay_text(&base->value, over->value);
    overlay_text(&base->type, over->type);
    overlay_text(&base->port, over->port);
    overlay_text(&base->description, over->description);
    overlay_text(&base->tags, over->tags);
    overlay_text(&base->confidence, over->confidence);
    overlay_text(&base->tlp, over->tlp);
    overlay_text(&base->reference, over->reference);
    overlay_text(&base->organisation, over->organisation);
    overlay_text(&base->valid_from, over->valid_from);
    overlay_text(&base->valid_until, over->valid_until);
    overlay_text(&base->id, over->id);
}

static void overlay_context(struct context_in *base, const struct context_in *over)
{
    overlay_text(&base->organisation, over->organisation);
    overlay_text(&base->reference, over->reference);
    overlay_text(&base->description, over->description);
    overlay_text(&base->id, over->id);
    if (over->valid_from != INT64_MIN)
        base->valid_from = over->valid_from;
    if (over->valid_until != INT64_MAX)
        base->valid_until = over->valid_until;
    if (over->confidence >= 0)
        base->confidence = over->confidence;
    base->is_exercise |= over->is_exercise;
}

void list_options_overlay(struct list_options *base, const struct list_options *over)
{
    if (over->format != LIST_AUTO)
        base->format = over->format;
    overlay_text(&base->name, over->name);
    if (over->has_match) {
        base->has_match = true;
        base->match = over->match;
    }
    if (over->has_type) {
        base->has_type = true;
        base->type = over->type;
    }
    if (over->fields)
        base->fields = over->fields;
    if (over->tlp > base->tlp)
        base->tlp = over->tlp;
    if (over->n_tags) {
        memcpy(base->tags, over->tags, sizeof base->tags);
        base->n_tags = over->n_tags;
    }
    base->keep_defanged_out |= over->keep_defanged_out;
    base->is_allow |= over->is_allow;
    base->skips_exceptions |= over->skips_exceptions;
    base->ignores_to_ids |= over->ignores_to_ids;
    base->loads_observables |= over->loads_observables;
    base->loads_tlds |= over->loads_tlds;
    if (over->ttl_s)
        base->ttl_s = over->ttl_s;
    overlay_context(&base->context, &over->context);
    overlay_csv(&base->csv, &over->csv);
}
