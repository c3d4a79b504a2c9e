/* Native YAML: see rules/formats/yaml.c for what it says. Loaded again it gives the same indicators with the same origins.
 *
 * What all origins say goes to the top, so that in most lists an entry is its bare value. Each further origin of an indicator is an entry
 * of its own. An entry says how it matches only where the reader would decide otherwise by itself: expected_match() knows what the
 * reader does. */
#include <stdlib.h>

#include "rules/formats/load.h"
#include "rules/formats/yaml_list.h"
#include "rules/writers/writer.h"
#include "rules/writers/yaml_scalar.h"

enum same { /* what origins have in common: bits */
            SAME_ORGANISATION = 1,
            SAME_CONFIDENCE = 2,
            SAME_FROM = 4,
            SAME_UNTIL = 8,
            SAME_TAGS = 16,
            SAME_REFERENCE = 32,
            SAME_DESCRIPTION = 64,
            SAME_FIELDS = 128,
            SAME_ALL = 255,
};

struct share {        /* of a list in the document */
    uint64_t n, rank; /* origins; its place in the order in which lists appear, from 1 */
};

struct yaml_writer {
    struct writing *w; /* borrowed */
    struct buf *out;   /* borrowed: w->out */
    /* The top. */
    const struct set_view *first_view; /* the first origin there is: NULL when there is none */
    const struct context *first;
    uint32_t first_indicator;
    unsigned same; /* all say what the first says */
    enum tlp tlp;  /* the least strict: entries add what is stricter */
    field_mask fields;
    bool has_own_fields; /* some are not those of their type */
    struct span name;
    uint64_t n_shares;
    bool has_match, has_tld;
    enum ioc_match match;
    uint64_t n_by_match[MATCH_BELOW + 1]; /* names */
    /* The indicator at hand. */
    const struct set_view *v;
    uint32_t indicator;
    struct buf value; /* owned: as it is written */
    struct buf keys;  /* owned: what entries of this indicator say in any case */
    bool is_altered;
};

/* ---- what all say ---- */

static bool is_same_text(const struct yaml_writer *y, struct text_ref a, const struct set_view *v,
                         struct text_ref b)
{
    return span_eq(set_text(y->first_view, a), set_text(v, b));
}

static bool has_same_tags(const struct yaml_writer *y, const struct set_view *v, const struct context *c)
{
    if (c->n_tags != y->first->n_tags)
        return false;
    for (uint32_t i = 0; i < c->n_tags; i++)
        if (!is_same_text(y, y->first_view->tags[y->first->tags + i], v, v->tags[c->tags + i]))
            return false;
    return true;
}

static unsigned same_as_first(const struct yaml_writer *y, const struct set_view *v, const struct context *c)
{
    const struct context *f = y->first;
    return (is_same_text(y, f->organisation, v, c->organisation) ? SAME_ORGANISATION : 0u) |
           (f->confidence == c->confidence ? SAME_CONFIDENCE : 0u) |
           (f->valid_from == c->valid_from ? SAME_FROM : 0u) |
           (f->valid_until == c->valid_until ? SAME_UNTIL : 0u) | (has_same_tags(y, v, c) ? SAME_TAGS : 0u) |
           (is_same_text(y, f->reference, v, c->reference) ? SAME_REFERENCE : 0u) |
           (is_same_text(y, f->description, v, c->description) ? SAME_DESCRIPTION : 0u);
}

static void gather_origin(struct yaml_writer *y, const struct set_view *v, const struct origin *o)
{
    const struct context *c = &v->contexts[o->context];
    if (!y->first) {
        y->first_view = v;
        y->first = c;
        y->tlp = (enum tlp)c->tlp;
    }
    if (c != y->first)
        y->same &= same_as_first(y, v, c) | SAME_FIELDS;
    y->tlp = c->tlp < y->tlp ? (enum tlp)c->tlp : y->tlp;
}

static void count_share(struct share *s, uint64_t *n_shares)
{
    if (s->n++ == 0)
        s->rank = ++*n_shares;
}

static bool is_single_label(struct span name)
{
    return !memchr(name.ptr, '.', name.len);
}

static void gather_indicator(struct yaml_writer *y, const struct set_view *v, uint32_t indicator,
                             struct share *shares)
{
    const struct indicator *i = &v->indicators[indicator];
    if (!y->first) {
        y->fields = i->fields;
        y->first_indicator = indicator;
    }
    y->same &= i->fields == y->fields ? SAME_ALL : ~(unsigned)SAME_FIELDS;
    y->has_own_fields |= i->fields != ioc_default_fields((enum ioc_type)i->type);
    if (i->type == IOC_DOMAIN) {
        y->n_by_match[i->match]++;
        y->has_tld |= i->match != MATCH_EXACT && is_single_label(set_value(v, indicator));
    }
    uint32_t o = i->origins;
    while ((o = writing_origin(y->w, v, o)) != ORIGIN_END) {
        gather_origin(y, v, &v->origins[o]);
        count_share(&shares[v->origins[o].list], &y->n_shares);
        o = v->origins[o].next;
    }
}

/* The document is called as the list that most of it comes from, of several the first. (The reader cuts a document's name at a NUL.) */
static void settle_name(struct yaml_writer *y, const struct set_view *v, const struct share *shares,
                        struct share *most)
{
    for (uint32_t i = 0; i < v->n_lists; i++) {
        struct span name = set_text(v, v->lists[i].name);
        bool is_more = shares[i].n > most->n || (shares[i].n == most->n && shares[i].rank < most->rank);
        if (is_more && name.len && !memchr(name.ptr, 0, name.len)) {
            *most = shares[i];
            y->name = name;
        }
    }
}

static bool gather_side(struct yaml_writer *y, const struct set_view *v, struct share *most)
{
    struct share *shares = calloc((size_t)v->n_lists + 1, sizeof *shares);
    if (!shares)
        return false;
    for (uint32_t i = writing_next(y->w, v, 0); i < v->n_indicators; i = writing_next(y->w, v, i + 1))
        if (v->indicators[i].type != IOC_BLOOM)
            gather_indicator(y, v, i, shares);
    settle_name(y, v, shares, most);
    free(shares);
    return true;
}

/* How most names match, when it is not how the reader would have it. */
static void settle_match(struct yaml_writer *y)
{
    y->match = MATCH_SUFFIX;
    if (y->n_by_match[MATCH_EXACT] > y->n_by_match[y->match])
        y->match = MATCH_EXACT;
    if (y->n_by_match[MATCH_BELOW] > y->n_by_match[y->match])
        y->match = MATCH_BELOW;
    y->has_match = y->match != MATCH_SUFFIX;
}

static bool gather(struct yaml_writer *y)
{
    struct share most = {0};
    y->same = SAME_ALL;
    if (!gather_side(y, &y->w->indicators, &most) || !gather_side(y, &y->w->allow, &most))
        return false;
    settle_match(y);
    if (!y->has_own_fields)
        y->same &= ~(unsigned)SAME_FIELDS;
    if (y->first && y->first->n_tags > LIST_TAGS_MAX)
        y->same &= ~(unsigned)SAME_TAGS;
    return true;
}

/* ---- values of keys ---- */

/* The reader cuts long texts and trims their ends; what it would change is none the less written whole. */
static void put_text(struct yaml_writer *y, struct span text, bool in_flow)
{
    bool is_kept = load_text(text).len == text.len;
    y->is_altered |= !yaml_put_scalar(y->out, text, in_flow) || !is_kept;
}

static void put_text_key(struct yaml_writer *y, const char *key, struct span text)
{
    if (text.len == 0)
        return;
    buf_put_str(y->out, key);
    put_text(y, text, false);
    buf_put_byte(y->out, '\n');
}

static void put_date_key(struct yaml_writer *y, const char *key, int64_t seconds, int64_t not_said)
{
    if (seconds == not_said)
        return;
    if (!writing_has_date(seconds)) {
        y->is_altered = true;
        return;
    }
    buf_put_str(y->out, key);
    writing_put_time(y->out, seconds);
    if (seconds % 86400 == 0)
        y->out->len -= y->out->is_full ? 0 : sizeof "T00:00:00Z" - 1;
    buf_put_byte(y->out, '\n');
}

static void put_tags(struct yaml_writer *y, const char *key, const struct set_view *v,
                     const struct context *c)
{
    if (c->n_tags == 0)
        return;
    buf_put_str(y->out, key);
    const char *between = "[";
    for (uint32_t i = 0; i < c->n_tags && i < YAML_TAGS_MAX; i++) {
        struct span tag = set_text(v, v->tags[c->tags + i]);
        y->is_altered |= tag.len == 0;
        if (tag.len == 0)
            continue;
        buf_put_str(y->out, between);
        put_text(y, tag, true);
        between = ", ";
    }
    y->is_altered |= c->n_tags > YAML_TAGS_MAX;
    buf_put_str(y->out, between[0] == '[' ? "[]\n" : "]\n");
}

static void put_fields(struct buf *out, const char *key, field_mask fields)
{
    buf_put_str(out, key);
    const char *between = "[";
    for (unsigned f = 0; f < FIELD_COUNT; f++) {
        if (!(fields & FIELD_BIT(f)))
            continue;
        buf_put_str(out, between);
        buf_put_str(out, field_name((enum field)f));
        between = ", ";
    }
    buf_put_str(out, "]\n");
}

/* ---- the top ---- */

static void put_top_context(struct yaml_writer *y)
{
    const struct set_view *v = y->first_view;
    const struct context *c = y->first;
    if (y->same & SAME_ORGANISATION)
        put_text_key(y, "organisation: ", set_text(v, c->organisation));
    if (y->tlp)
        buf_printf(y->out, "tlp: %s\n", tlp_name(y->tlp));
    if (y->same & SAME_CONFIDENCE && c->confidence >= 0)
        buf_printf(y->out, "confidence: %d\n", c->confidence);
    if (y->same & SAME_FROM)
        put_date_key(y, "valid_from: ", c->valid_from, INT64_MIN);
    if (y->same & SAME_UNTIL)
        put_date_key(y, "valid_until: ", c->valid_until, INT64_MAX);
    if (y->same & SAME_TAGS)
        put_tags(y, "tags: ", v, c);
    if (y->same & SAME_REFERENCE)
        put_text_key(y, "reference: ", set_text(v, c->reference));
    if (y->same & SAME_DESCRIPTION)
        put_text_key(y, "description: ", set_text(v, c->description));
}

static void put_top(struct yaml_writer *y)
{
    buf_put_str(y->out, "vedette: 1\n");
    put_text_key(y, "name: ", y->name);
    if (y->first)
        put_top_context(y);
    if (y->has_match)
        buf_printf(y->out, "match: %s\n", ioc_match_name(y->match));
    if (y->same & SAME_FIELDS && y->first)
        put_fields(y->out, "fields: ", y->fields);
    if (y->has_tld)
        buf_put_str(y->out, "tlds: load\n");
    if (y->is_altered)
        writing_lose(y->w, LOSS_TEXT, y->first_view, y->first_indicator);
}

/* ---- entries ---- */

static const char *const type_keys[IOC_MATCHABLE_COUNT] = {
    [IOC_DOMAIN] = "domain",
    [IOC_WILDCARD] = "wildcard",
    [IOC_IPV4] = "ip",
    [IOC_IPV6] = "ip",
    [IOC_CIDR4] = "ip",
    [IOC_CIDR6] = "ip",
    [IOC_RANGE4] = "ip",
    [IOC_RANGE6] = "ip",
    [IOC_IP_PORT] = "ip_port",
    [IOC_DOMAIN_PORT] = "domain_port",
    [IOC_URL] = "url",
    [IOC_HOSTPATH] = "hostpath",
    [IOC_URI_PATH] = "uri_path",
    [IOC_REGEX] = "regex",
    [IOC_USER_AGENT] = "user_agent",
    [IOC_JA3] = "ja3",
    [IOC_JA4] = "ja4",
    [IOC_CERT_SHA1] = "cert_sha1",
    [IOC_CERT_SHA256] = "cert_sha256",
};

/* Does the syntax of a value say that it is of this type? */
static bool says_itself(enum ioc_type type)
{
    return type <= IOC_URI_PATH;
}

static bool is_url(enum ioc_type type)
{
    return type == IOC_URL || type == IOC_HOSTPATH || type == IOC_URI_PATH;
}

/* What the reader makes of the value when the entry does not say how it matches; a star at the end apart. */
static enum ioc_match expected_match(const struct yaml_writer *y, const struct indicator *i,
                                     struct span value)
{
    if (i->type == IOC_DOMAIN)
        return y->match;
    if (!is_url((enum ioc_type)i->type))
        return (enum ioc_match)i->match;
    uint8_t last = value.ptr[value.len - 1];
    bool is_open = i->type == IOC_URI_PATH && (last == '=' || last == '?');
    return is_open && !(y->has_match && y->match == MATCH_EXACT) ? MATCH_PREFIX : MATCH_EXACT;
}

/* A public suffix that asked for all below it asks again, and is made exact again. What a withheld origin asked for stays untold. */
static enum ioc_match wanted_match(const struct yaml_writer *y, const struct indicator *i)
{
    bool asks = i->flags & IOC_F_PUBLIC_SUFFIX && writing_is_whole(y->w, y->v, y->indicator);
    return asks ? MATCH_SUFFIX : (enum ioc_match)i->match;
}

static void put_hex(struct buf *out, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(out, "%02x", bytes.ptr[i]);
}

/* The value as it is written, into y->value, and what goes with it whoever said it, into y->keys. */
static void prepare(struct yaml_writer *y)
{
    const struct indicator *i = &y->v->indicators[y->indicator];
    struct span value = set_value(y->v, y->indicator);
    enum ioc_match match = wanted_match(y, i), expected = expected_match(y, i, value);
    bool has_star = is_url((enum ioc_type)i->type) && value.ptr[value.len - 1] == '*',
         is_hex = !writing_is_text(value);
    buf_reset(&y->value);
    buf_reset(&y->keys);
    if (i->type == IOC_DOMAIN && is_single_label(value))
        buf_put_str(&y->value, "*.");
    if (is_hex)
        put_hex(&y->value, value);
    else
        buf_put(&y->value, value);
    if (is_url((enum ioc_type)i->type) && match == MATCH_PREFIX && (expected != match || has_star))
        buf_put_byte(&y->value, '*');
    else if (match != expected || has_star)
        buf_printf(&y->keys, "    match: %s\n", ioc_match_name(match));
    if (i->flags & IOC_F_CASELESS)
        buf_put_str(&y->keys, "    ignore_case: true\n");
    if (is_hex)
        buf_put_str(&y->keys, "    hex: true\n");
    if (i->flags & IOC_F_HOST_ONLY)
        buf_put_str(&y->keys, "    host_only: true\n");
    if (!(y->same & SAME_FIELDS) && i->fields != ioc_default_fields((enum ioc_type)i->type))
        put_fields(&y->keys, "    fields: ", i->fields);
}

static void put_own_context(struct yaml_writer *y, const struct origin *o)
{
    const struct set_view *v = y->v;
    const struct context *c = &v->contexts[o->context];
    struct span list = set_text(v, v->lists[o->list].name);
    if (!span_eq(list, y->name))
        put_text_key(y, "    list: ", list);
    if (!(y->same & SAME_ORGANISATION))
        put_text_key(y, "    organisation: ", set_text(v, c->organisation));
    if (c->tlp > y->tlp)
        buf_printf(y->out, "    tlp: %s\n", tlp_name((enum tlp)c->tlp));
    if (!(y->same & SAME_CONFIDENCE) && c->confidence >= 0)
        buf_printf(y->out, "    confidence: %d\n", c->confidence);
    if (!(y->same & SAME_FROM))
        put_date_key(y, "    valid_from: ", c->valid_from, INT64_MIN);
    if (!(y->same & SAME_UNTIL))
        put_date_key(y, "    valid_until: ", c->valid_until, INT64_MAX);
    if (!(y->same & SAME_TAGS))
        put_tags(y, "    tags: ", v, c);
    if (!(y->same & SAME_REFERENCE))
        put_text_key(y, "    reference: ", set_text(v, c->reference));
    if (!(y->same & SAME_DESCRIPTION))
        put_text_key(y, "    description: ", set_text(v, c->description));
    put_text_key(y, "    id: ", set_text(v, c->id));
}

/* "  - value", or "  - type: value" and lines of keys: which of them is known when the keys are written. */
static void put_entry(struct yaml_writer *y, const struct origin *o)
{
    enum ioc_type type = (enum ioc_type)y->v->indicators[y->indicator].type;
    size_t mark = buf_mark(y->out);
    buf_printf(y->out, "  - %s: ", type_keys[type]);
    yaml_put_scalar(y->out, buf_span(&y->value), false);
    buf_put_byte(y->out, '\n');
    size_t keys = buf_mark(y->out);
    buf_put(y->out, buf_span(&y->keys));
    put_own_context(y, o);
    if (buf_mark(y->out) > keys || y->out->is_full || !says_itself(type))
        return;
    buf_cut(y->out, mark);
    buf_put_str(y->out, "  - ");
    yaml_put_scalar(y->out, buf_span(&y->value), false);
    buf_put_byte(y->out, '\n');
}

static bool put_indicator(struct yaml_writer *y)
{
    uint32_t at = y->v->indicators[y->indicator].origins;
    y->is_altered = false;
    prepare(y);
    while ((at = writing_origin(y->w, y->v, at)) != ORIGIN_END) {
        put_entry(y, &y->v->origins[at]);
        if (!writing_pass(y->w))
            return false;
        at = y->v->origins[at].next;
    }
    if (y->is_altered)
        writing_lose(y->w, LOSS_TEXT, y->v, y->indicator);
    return !y->value.is_full && !y->keys.is_full;
}

static bool put_side(struct yaml_writer *y, const struct set_view *v, const char *key, uint64_t *out_n)
{
    bool has_any = false;
    y->v = v;
    for (uint32_t i = writing_next(y->w, v, 0); i < v->n_indicators; i = writing_next(y->w, v, i + 1)) {
        if (v->indicators[i].type == IOC_BLOOM) {
            writing_lose(y->w, LOSS_LEFT_OUT, v, i);
            continue;
        }
        if (!has_any)
            buf_printf(y->out, "%s:\n", key);
        has_any = true;
        y->indicator = i;
        if (!put_indicator(y))
            return false;
        ++*out_n;
    }
    return true;
}

static bool put_document(struct yaml_writer *y)
{
    struct export_report *r = y->w->report;
    put_top(y);
    if (!put_side(y, &y->w->indicators, "indicators", &r->written) ||
        !put_side(y, &y->w->allow, "allow", &r->allowed))
        return false;
    if (r->written + r->allowed == 0)
        buf_put_str(y->out, "indicators: []\n");
    return true;
}

static bool write_document(struct writing *w)
{
    struct yaml_writer y = {.w = w, .out = &w->out};
    buf_init(&y.value, 4 * VALUE_MAX_BYTES);
    buf_init(&y.keys, 4096);
    bool is_good = gather(&y) && put_document(&y);
    buf_fini(&y.value);
    buf_fini(&y.keys);
    return is_good;
}

static const char *const aliases[] = {"native", "yml", "vedette", NULL};
const struct list_writer write_yaml = {
    .name = "yaml", .aliases = aliases, .has_allow = true, .keeps_suppressed = true, .write = write_document};
