/* See rule_facts.h. An option that is not known here is taken for a condition: what can't be understood must not be
 * dropped, or the rule would match more than its author meant. */
#include "rules/formats/rule_facts.h"

#include "rules/formats/load.h"

struct reading {
    struct rule_facts *facts;
    struct arena *arena;
    enum rule_place sticky; /* of contents that follow */
    bool is_sticky;         /* some keyword set it */
    bool has_dot;
    int size;
};

/* ---- numbers ---- */

/* A number and nothing else; -1 when it is none. */
static int number_of(struct span digits)
{
    int n = 0;
    if (digits.len == 0 || digits.len > 6)
        return -1;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return -1;
        n = n * 10 + (digits.ptr[i] - '0');
    }
    return n;
}

/* "9", "9,norm" */
static int first_number(struct span list)
{
    struct span word;
    return rule_list_next(&list, &word) ? number_of(word) : -1;
}

/* ---- places ---- */

static bool place_of(struct span key, enum rule_place *out, bool *out_is_modifier)
{
    static const struct {
        const char *key;
        enum rule_place place;
    } places[] = {
        {"dns.query", PLACE_DNS_QUERY},
        {"dns_query", PLACE_DNS_QUERY},
        {"dns.query.name", PLACE_DNS_QUERY},
        {"dns.queries.rrname", PLACE_DNS_QUERY},
        {"dns.answers.rrname", PLACE_DNS_ANSWER},
        {"dns.answer.name", PLACE_DNS_ANSWER},
        {"tls.sni", PLACE_TLS_SNI},
        {"tls_sni", PLACE_TLS_SNI},
        {"quic.sni", PLACE_QUIC_SNI},
        {"http.host", PLACE_HTTP_HOST},
        {"http.host.raw", PLACE_HTTP_HOST},
        {"http_host", PLACE_HTTP_HOST},
        {"http_raw_host", PLACE_HTTP_HOST},
        {"http.uri", PLACE_HTTP_URI},
        {"http.uri.raw", PLACE_HTTP_URI},
        {"http_uri", PLACE_HTTP_URI},
        {"http_raw_uri", PLACE_HTTP_URI},
        {"http.user_agent", PLACE_HTTP_AGENT},
        {"http_user_agent", PLACE_HTTP_AGENT},
        {"http.header", PLACE_HTTP_HEADER},
        {"http.header.raw", PLACE_HTTP_HEADER},
        {"http_header", PLACE_HTTP_HEADER},
        {"http_raw_header", PLACE_HTTP_HEADER},
        {"http.method", PLACE_HTTP_METHOD},
        {"http_method", PLACE_HTTP_METHOD},
        {"ja3.hash", PLACE_JA3},
        {"ja3_hash", PLACE_JA3},
        {"ja4.hash", PLACE_JA4},
        {"tls.cert_fingerprint", PLACE_CERT_SHA1},
        {"tls_cert_fingerprint", PLACE_CERT_SHA1},
        {"pkt_data", PLACE_PAYLOAD},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!span_eq(key, span_str(places[i].key)))
            continue;
        *out = places[i].place;
        *out_is_modifier = span_starts(key, SPAN_LIT("http_"));
        return true;
    }
    return false;
}

/* Snort 3 names a header line with its buffer: "http_header: field host". */
static bool narrow_place(struct span value, enum rule_place *place)
{
    if (value.len == 0)
        return true;
    if (*place != PLACE_HTTP_HEADER)
        return false;
    if (span_eq_nocase(value, SPAN_LIT("field host")))
        *place = PLACE_HTTP_HOST;
    else if (span_eq_nocase(value, SPAN_LIT("field user-agent")))
        *place = PLACE_HTTP_AGENT;
    else
        return false;
    return true;
}

/* "http_uri" goes with the content before it in Snort 2 and Suricata, with those behind it in Snort 3. */
static bool take_place(struct reading *r, const struct rule_option *o)
{
    struct rule_facts *f = r->facts;
    enum rule_place place;
    bool is_modifier;
    if (!place_of(o->key, &place, &is_modifier))
        return false;
    f->has_place = true;
    f->has_condition |= !narrow_place(o->value, &place);
    struct rule_content *last = f->n_contents ? &f->contents[f->n_contents - 1] : NULL;
    if (is_modifier && last && !last->is_bound && o->value.len == 0) {
        last->place = place;
        last->is_bound = true;
        return true;
    }
    r->sticky = place;
    r->is_sticky = place != PLACE_PAYLOAD;
    r->has_dot = false;
    r->size = -1;
    return true;
}

/* ---- contents ---- */

/* What is said of a content behind it, or in Snort 3 inside it. False when it is nothing of that kind. */
static bool take_modifier(struct reading *r, struct span key, struct span value)
{
    struct rule_facts *f = r->facts;
    struct rule_content none = {0}, *c = f->n_contents ? &f->contents[f->n_contents - 1] : &none;
    if (span_eq(key, SPAN_LIT("startswith"))) {
        c->is_at_start = true;
    } else if (span_eq(key, SPAN_LIT("endswith"))) {
        c->is_at_end = true;
    } else if (span_eq(key, SPAN_LIT("offset"))) {
        c->offset = number_of(value);
        f->has_condition |= c->offset < 0;
    } else if (span_eq(key, SPAN_LIT("depth"))) {
        c->depth = number_of(value);
        f->has_condition |= c->depth < 0;
    } else if (span_eq(key, SPAN_LIT("distance")) || span_eq(key, SPAN_LIT("within"))) {
        c->is_relative = true;
    } else if (!span_eq(key, SPAN_LIT("nocase")) && !span_eq(key, SPAN_LIT("fast_pattern")) &&
               !span_eq(key, SPAN_LIT("rawbytes"))) {
        return false;
    }
    return true;
}

/* "nocase,depth 4": each a name, perhaps with a number behind a blank. */
static void take_inner_modifiers(struct reading *r, struct span list)
{
    for (struct span word; rule_list_next(&list, &word);) {
        const uint8_t *blank = word.len ? memchr(word.ptr, ' ', word.len) : NULL;
        size_t n = blank ? (size_t)(blank - word.ptr) : word.len;
        if (!take_modifier(r, span_first(word, n), load_trim(span_from(word, n))) &&
            !span_starts(word, SPAN_LIT("fast_pattern_")))
            r->facts->has_condition = true;
    }
}

static bool add_content(struct reading *r, struct span value, enum rule_place place, bool is_bound)
{
    struct rule_facts *f = r->facts;
    struct rule_string s;
    if (f->n_contents == RULE_CONTENTS_MAX || !rule_string_read(value, true, r->arena, &s))
        return false;
    f->contents[f->n_contents++] = (struct rule_content){.place = place,
                                                         .bytes = s.bytes,
                                                         .is_negated = s.is_negated,
                                                         .is_bound = is_bound,
                                                         .has_dot = r->has_dot,
                                                         .offset = -1,
                                                         .depth = -1,
                                                         .size = r->size};
    take_inner_modifiers(r, s.rest);
    return true;
}

/* "bsize:12" may stand in front of its content or behind it. */
static void take_size(struct reading *r, struct span value)
{
    struct rule_facts *f = r->facts;
    r->size = number_of(value);
    f->has_condition |= r->size < 0;
    if (f->n_contents)
        f->contents[f->n_contents - 1].size = r->size;
}

/* "!1,relative" behind a content: nothing comes after it. */
static void take_isdataat(struct rule_facts *f, struct span value)
{
    struct span number, word;
    bool is_end = rule_list_next(&value, &number) && rule_list_next(&value, &word) &&
                  span_eq(number, SPAN_LIT("!1")) && span_eq(word, SPAN_LIT("relative")) && f->n_contents;
    if (is_end)
        f->contents[f->n_contents - 1].is_at_end = true;
    else
        f->has_condition = true;
}

/* The old "tls.fingerprint:"aa:bb:..."" has its value in itself. */
static bool take_content_option(struct reading *r, const struct rule_option *o)
{
    struct rule_facts *f = r->facts;
    if (span_eq(o->key, SPAN_LIT("content")))
        f->has_condition |= !add_content(r, o->value, r->sticky, r->is_sticky);
    else if (span_eq(o->key, SPAN_LIT("uricontent")))
        f->has_condition |= !add_content(r, o->value, PLACE_HTTP_URI, true);
    else if (span_eq(o->key, SPAN_LIT("tls.fingerprint")))
        f->has_condition |= !add_content(r, o->value, PLACE_CERT_SHA1, true);
    else if (span_eq(o->key, SPAN_LIT("bsize")))
        take_size(r, o->value);
    else if (span_eq(o->key, SPAN_LIT("isdataat")))
        take_isdataat(f, o->value);
    else if (span_eq(o->key, SPAN_LIT("dotprefix")))
        r->has_dot = true;
    else if (span_eq(o->key, SPAN_LIT("urilen")))
        f->uri_len = first_number(o->value);
    else
        return take_modifier(r, o->key, o->value);
    return true;
}

/* ---- conditions ---- */

/* "type limit" says how often to alert, any other one how often it has to be seen first. */
static bool is_limit(struct span value)
{
    for (struct span word; rule_list_next(&value, &word);)
        if (span_starts(word, SPAN_LIT("type")))
            return span_eq(load_trim(span_from(word, 4)), SPAN_LIT("limit"));
    return false;
}

/* "set,name" remembers something; "isset,name" asks for it, and "noalert" says that the rule alone means nothing. */
static bool is_bit_setting(struct span value)
{
    struct span word;
    return rule_list_next(&value, &word) &&
           (span_eq(word, SPAN_LIT("set")) || span_eq(word, SPAN_LIT("unset")) ||
            span_eq(word, SPAN_LIT("toggle")));
}

/* "1,!&,0xF8,2": is it a query? */
static bool is_flags_test(struct span value)
{
    struct span word = span_of("", 0);
    for (int i = 0; i < 4; i++)
        if (!rule_list_next(&value, &word))
            return false;
    return span_eq(word, SPAN_LIT("2")) && value.len == 0;
}

/* Options that do not narrow what a rule matches, or only by what goes without saying. */
static bool is_harmless(struct span key)
{
    static const char *const keys[] = {
        "flow", "flags",   "gid",      "priority",     "target",           "tag",       "logto",
        "rem",  "service", "requires", "to_lowercase", "header_lowercase", "prefilter",
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (span_eq(key, span_str(keys[i])))
            return true;
    return false;
}

static void take_condition(struct rule_facts *f, const struct rule_option *o)
{
    if (is_harmless(o->key))
        return;
    if (span_eq(o->key, SPAN_LIT("flowbits")) || span_eq(o->key, SPAN_LIT("xbits")) ||
        span_eq(o->key, SPAN_LIT("hostbits")))
        f->has_condition |= !is_bit_setting(o->value);
    else if (span_eq(o->key, SPAN_LIT("threshold")))
        f->has_condition |= !is_limit(o->value);
    else if (span_eq(o->key, SPAN_LIT("byte_test")) && is_flags_test(o->value))
        f->has_flags_test = true;
    else
        f->has_condition = true;
}

/* ---- what is said along with it ---- */

static void add_tag(struct rule_facts *f, struct span tag)
{
    if (tag.len && f->n_tags < RULE_TAGS_MAX)
        f->tags[f->n_tags++] = load_text(tag);
}

static void take_confidence(struct rule_facts *f, struct span word)
{
    if (span_eq_nocase(word, SPAN_LIT("high")))
        f->confidence = 75;
    else if (span_eq_nocase(word, SPAN_LIT("medium")))
        f->confidence = 50;
    else if (span_eq_nocase(word, SPAN_LIT("low")))
        f->confidence = 30;
}

/* "key value, key value" */
static void take_metadata(struct rule_facts *f, struct span list)
{
    for (struct span item; rule_list_next(&list, &item);) {
        const uint8_t *blank = item.len ? memchr(item.ptr, ' ', item.len) : NULL;
        size_t n = blank ? (size_t)(blank - item.ptr) : item.len;
        struct span key = span_first(item, n), value = load_trim(span_from(item, n));
        if (span_eq(key, SPAN_LIT("confidence")))
            take_confidence(f, value);
        else if (span_eq(key, SPAN_LIT("tag")) || span_eq(key, SPAN_LIT("malware_family")) ||
                 span_eq(key, SPAN_LIT("mitre_technique_id")))
            add_tag(f, value);
    }
}

/* "url,csirt.example/42": the first one counts. */
static void take_reference(struct reading *r, struct span value)
{
    struct rule_facts *f = r->facts;
    struct span scheme = SPAN_LIT("http://"), kind;
    if (f->reference.len || !rule_list_next(&value, &kind) || !span_eq_nocase(kind, SPAN_LIT("url")))
        return;
    value = load_text(value);
    bool has_scheme = value.len && memmem(value.ptr, value.len, "://", 3);
    uint8_t *to = arena_bytes(r->arena, scheme.len + value.len);
    if (!to || value.len == 0)
        return;
    memcpy(to, scheme.ptr, scheme.len);
    memcpy(to + scheme.len, value.ptr, value.len);
    f->reference = has_scheme ? value : span_of(to, scheme.len + value.len);
}

static void take_message(struct reading *r, struct span value)
{
    struct rule_string s;
    r->facts->message = load_text(rule_string_read(value, false, r->arena, &s) ? s.bytes : value);
}

static bool take_story(struct reading *r, const struct rule_option *o)
{
    struct rule_facts *f = r->facts;
    if (span_eq(o->key, SPAN_LIT("msg")))
        take_message(r, o->value);
    else if (span_eq(o->key, SPAN_LIT("reference")))
        take_reference(r, o->value);
    else if (span_eq(o->key, SPAN_LIT("sid")))
        f->sid = load_text(o->value);
    else if (span_eq(o->key, SPAN_LIT("rev")))
        f->rev = load_text(o->value);
    else if (span_eq(o->key, SPAN_LIT("classtype")))
        add_tag(f, o->value);
    else if (span_eq(o->key, SPAN_LIT("metadata")))
        take_metadata(f, o->value);
    else
        return false;
    return true;
}

bool rule_facts_read(struct span rule, struct arena *arena, struct rule_facts *out)
{
    struct reading r = {.facts = out, .arena = arena, .size = -1};
    struct rule_option o;
    *out = (struct rule_facts){.uri_len = -1, .confidence = -1};
    if (!rule_header_read(rule, &out->header))
        return false;
    struct span rest = out->header.options;
    while (rule_option_next(&rest, &o))
        if (o.key.len && !take_story(&r, &o) && !take_place(&r, &o) && !take_content_option(&r, &o))
            take_condition(out, &o);
    return rest.len == 0;
}
