/* The indicators of a native list: see yaml.c for what they may say. An entry's keys come in any order, so it is gathered first
 * and judged at its end. */
#include <stdio.h>

#include "base/time.h"
#include "base/hex.h"
#include "rules/formats/yaml_list.h"
#include "rules/list_options.h"

static const char *const entry_keys[] = {
    "value",      "domain",       "ip",          "url",  "regex", "wildcard",  "user_agent",
    "ja3",        "ja4",          "cert_sha1",   "type", "match", "fields",    "tlp",  "cert_sha256",
    "confidence", "valid_from",   "valid_until", "tags", "id",    "reference", "description",
    "org",        "organisation", "ignore_case", "list", "hex",   "host_only", NULL,
};

struct entry {
    struct load_entry e;
    struct context_in context;
    size_t n_tags; /* in y->entry_tags */
    bool has_value, ignores_case, is_hex, is_host_only;
    enum reject bad; /* the first thing that costs the entry, where, and why */
    uint32_t bad_line, bad_col;
    char why[128];
};

static void spoil(struct entry *n, const struct yaml_node *at, const char *why)
{
    if (n->bad != REJECT_NONE)
        return;
    n->bad = REJECT_BAD_PARAMETERS;
    n->bad_line = at->line;
    n->bad_col = at->col;
    snprintf(n->why, sizeof n->why, "%s; entry skipped", why);
}

/* Text that lives until the batch has gone out; *out is empty when there is no room. */
static bool keep(struct yaml_list *y, struct span text, struct span *out)
{
    *out = arena_copy(&y->entry_texts, text);
    return out->ptr != NULL;
}

static bool add_entry_tag(struct yaml_list *y, void *to, const struct yaml_node *scalar)
{
    struct entry *n = to;
    struct span tag = load_text(scalar->text);
    if (tag.len == 0 || n->n_tags == YAML_TAGS_MAX || !keep(y, tag, &y->entry_tags[n->n_tags]))
        return false;
    n->n_tags++;
    return true;
}

static bool add_entry_fields(struct yaml_list *y, void *to, const struct yaml_node *scalar)
{
    struct entry *n = to;
    field_mask mask = field_mask_of(scalar->text);
    n->e.fields |= mask;
    return mask != 0;
}

static enum outcome read_many(struct yaml_list *y, struct entry *n, const struct yaml_key *key,
                              const struct yaml_node *value)
{
    bool is_tags = yaml_key_is(key, "tags"), is_right;
    enum outcome outcome = yaml_list_each(y, value, is_tags ? add_entry_tag : add_entry_fields, n, &is_right);
    if (!is_right && is_tags)
        load_warn(y->load, value->line, value->col, key->span,
                  "\"tags\": short texts are wanted; the others passed over");
    else if (!is_right)
        spoil(n, value, "\"fields\": not a field; they are named as dns.query, http.host or tls.sni");
    return outcome;
}

static void read_date(struct yaml_list *y, struct entry *n, const struct yaml_key *key,
                      const struct yaml_node *value)
{
    bool is_from = yaml_key_is(key, "valid_from");
    if (!time_parse(value->text, is_from ? &n->context.valid_from : &n->context.valid_until))
        spoil(n, value,
              is_from ? "\"valid_from\": not a date; it is written as 2026-01-31 or 2026-01-31T12:00:00Z"
                      : "\"valid_until\": not a date; it is written as 2026-01-31 or 2026-01-31T12:00:00Z");
}

static void read_confidence(struct yaml_list *y, struct entry *n, const struct yaml_node *value)
{
    if (!list_options_confidence(value->text, &n->context.confidence))
        load_warn(y->load, value->line, value->col, value->text,
                  "not a confidence from 0 to 100; passed over");
}

static struct span *text_of(struct entry *n, const struct yaml_key *key)
{
    return yaml_key_is(key, "reference")                                 ? &n->context.reference
           : yaml_key_is(key, "description")                             ? &n->context.description
           : yaml_key_is(key, "id")                                      ? &n->context.id
           : yaml_key_is(key, "list")                                    ? &n->e.list
           : yaml_key_is(key, "organisation") || yaml_key_is(key, "org") ? &n->context.organisation
                                                                         : NULL;
}

static void read_value(struct yaml_list *y, struct entry *n, const struct yaml_key *key,
                       const struct yaml_node *value)
{
    enum ioc_type type;
    if (n->has_value) {
        spoil(n, value, "a second value; each indicator is an entry of its own");
        return;
    }
    n->has_value = true;
    n->e.line = value->line;
    n->e.col = value->col;
    if (!yaml_key_is(key, "value") && list_options_type(key->span, &type)) {
        n->e.has_type = true;
        n->e.type = type;
    }
    if (!keep(y, span_first(value->text, 2 * (LOAD_VALUE_MAX + 1)), &n->e.value))
        spoil(n, value, "the value is too long");
}

static bool is_value_key(const struct yaml_key *key)
{
    enum ioc_type type;
    return yaml_key_is(key, "value") || (list_options_type(key->span, &type) && type != IOC_OTHER);
}

/* The key that is true or false, or NULL. */
static bool *switch_of(struct entry *n, const struct yaml_key *key)
{
    return yaml_key_is(key, "ignore_case") ? &n->ignores_case
           : yaml_key_is(key, "hex")       ? &n->is_hex
           : yaml_key_is(key, "host_only") ? &n->is_host_only
                                           : NULL;
}

static void read_switch(struct entry *n, const struct yaml_key *key, const struct yaml_node *value)
{
    char why[112];
    if (yaml_bool(value, switch_of(n, key)))
        return;
    snprintf(why, sizeof why, "\"%s\": true or false is wanted", key->text);
    spoil(n, value, why);
}

/* A key of an entry whose value is a scalar and not null. False: no such key. */
static bool read_entry_scalar(struct yaml_list *y, struct entry *n, const struct yaml_key *key,
                              const struct yaml_node *value)
{
    struct span *text = text_of(n, key);
    if (text) {
        keep(y, load_text(value->text), text);
    } else if (yaml_key_is(key, "type")) {
        n->e.has_type = list_options_type(value->text, &n->e.type);
        if (!n->e.has_type)
            spoil(n, value, "\"type\": not a type; they are named as domain, ip, url or regex");
    } else if (yaml_key_is(key, "match")) {
        n->e.has_match = ioc_match_of(value->text, &n->e.match);
        if (!n->e.has_match)
            spoil(n, value, "\"match\": exact, suffix, below or prefix is wanted");
    } else if (yaml_key_is(key, "tlp")) {
        n->context.tlp = load_tlp(y->load, value->line, value->col, value->text);
    } else if (yaml_key_is(key, "confidence")) {
        read_confidence(y, n, value);
    } else if (yaml_key_is(key, "valid_from") || yaml_key_is(key, "valid_until")) {
        read_date(y, n, key, value);
    } else if (switch_of(n, key)) {
        read_switch(n, key, value);
    } else if (is_value_key(key)) {
        read_value(y, n, key, value);
    } else {
        return false;
    }
    return true;
}

static bool is_known_entry_key(const struct yaml_key *key)
{
    for (const char *const *k = entry_keys; *k; k++)
        if (yaml_key_is(key, *k))
            return true;
    return is_value_key(key);
}

static enum outcome read_entry_key(struct yaml_list *y, struct entry *n, const struct yaml_key *key,
                                   const struct yaml_node *value)
{
    if (!is_known_entry_key(key))
        return yaml_list_pass_unknown(y, key, value, entry_keys);
    if (yaml_key_is(key, "tags") || yaml_key_is(key, "fields"))
        return read_many(y, n, key, value);
    if (value->kind != YAML_SCALAR) {
        if (text_of(n, key) || yaml_key_is(key, "confidence"))
            return yaml_list_pass_wrong(y, key, value, "a single value is wanted");
        spoil(n, value, "a single value is wanted here");
        return yaml_list_pass(y, value);
    }
    if (!yaml_is_null(value))
        read_entry_scalar(y, n, key, value);
    return GOOD;
}

/* Bytes that YAML has no way to write: two digits each. */
static bool read_hex(struct yaml_list *y, struct entry *n)
{
    struct span digits = n->e.value;
    uint8_t *bytes = arena_bytes(&y->entry_texts, digits.len / 2 + 1);
    if (!bytes || digits.len % 2)
        return false;
    for (size_t i = 0; i < digits.len; i += 2) {
        int high = hex_digit(digits.ptr[i]), low = hex_digit(digits.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    n->e.value = span_of(bytes, digits.len / 2);
    return true;
}

/* What an entry says beside its value, once all of it is there. */
static void settle(struct yaml_list *y, struct entry *n, const struct yaml_node *at)
{
    bool is_regex = (n->e.has_type                ? n->e.type
                     : y->load->options->has_type ? y->load->options->type
                                                  : IOC_OTHER) == IOC_REGEX;
    if (n->ignores_case && is_regex)
        n->e.flags |= IOC_F_CASELESS;
    else if (n->ignores_case)
        load_warn(y->load, at->line, at->col, n->e.value, "\"ignore_case\" is for regex; passed over");
    if (n->is_host_only && n->e.is_allow)
        n->e.flags |= IOC_F_HOST_ONLY;
    else if (n->is_host_only)
        load_warn(y->load, at->line, at->col, n->e.value,
                  "\"host_only\" is for what must not alert; passed over");
    if (n->n_tags) {
        n->context.tags = y->entry_tags;
        n->context.n_tags = n->n_tags;
    }
    n->e.context = &n->context;
}

static enum outcome enter(struct yaml_list *y, struct entry *n, const struct yaml_node *at)
{
    if (n->bad == REJECT_NONE && n->is_hex && n->has_value && !read_hex(y, n))
        spoil(n, at, "\"hex\": the value is not pairs of hex digits");
    if (n->bad == REJECT_NONE && !n->has_value)
        spoil(n, at, "no value; an entry has one of value, domain, ip, url, regex, ...");
    if (n->bad != REJECT_NONE) {
        load_reject(y->load, n->has_value ? n->bad : REJECT_EMPTY, n->bad_line, n->bad_col, n->e.value,
                    n->why);
        return GOOD;
    }
    settle(y, n, at);
    return load_entry(y->load, &n->e, y->err) ? GOOD : BAD_SET;
}

static enum outcome read_entry(struct yaml_list *y, const struct yaml_node *start)
{
    struct entry n = {.e.is_allow = y->is_allow || y->load->is_allow, .context = load_context(y->load)};
    struct yaml_node node;
    struct yaml_key key;
    while (yaml_list_next(y, &node) == GOOD) {
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return enter(y, &n, start);
        if (yaml_list_key(y, &node, &key) != GOOD || yaml_list_next(y, &node) != GOOD ||
            read_entry_key(y, &n, &key, &node) != GOOD)
            return BAD_YAML;
    }
    return BAD_YAML;
}

static enum outcome read_plain(struct yaml_list *y, const struct yaml_node *scalar)
{
    struct load_entry e = {.line = scalar->line, .col = scalar->col, .is_allow = y->is_allow};
    struct span text = span_first(scalar->text, yaml_is_null(scalar) ? 0 : LOAD_VALUE_MAX + 1);
    if (!keep(y, text, &e.value)) {
        load_reject(y->load, REJECT_NAME_TOO_LONG, e.line, e.col, span_first(scalar->text, LOAD_TEXT_MAX),
                    NULL);
        return GOOD;
    }
    return load_entry(y->load, &e, y->err) ? GOOD : BAD_SET;
}

enum outcome yaml_list_indicators(struct yaml_list *y, const struct yaml_key *key,
                                  const struct yaml_node *value)
{
    struct yaml_node node;
    if (value->kind != YAML_SEQUENCE)
        return yaml_is_null(value)
                   ? GOOD
                   : yaml_list_pass_wrong(y, key, value, "a sequence of values and mappings is wanted");
    while (yaml_list_next(y, &node) == GOOD) {
        enum outcome outcome = GOOD;
        if (load_is_flushed(y->load))
            arena_reset(&y->entry_texts);
        if (node.kind == YAML_CLOSE || node.kind == YAML_END)
            return GOOD;
        if (node.kind == YAML_MAPPING) {
            outcome = read_entry(y, &node);
        } else if (node.kind == YAML_SCALAR) {
            outcome = read_plain(y, &node);
        } else {
            load_reject(y->load, REJECT_BAD_PARAMETERS, node.line, node.col, span_of("", 0),
                        "a list within the list; an entry is a value or a mapping; entry skipped");
            outcome = yaml_list_pass(y, &node);
        }
        if (outcome != GOOD)
            return outcome;
    }
    return BAD_YAML;
}
