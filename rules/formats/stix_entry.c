/* See stix_entry.h. The tree is walked twice: first to see whether anything in it has to be refused as a whole,
 * then to load. Both times no deeper than the pattern's parentheses go. */
#include "rules/formats/stix_entry.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/formats/stix_endpoint.h"
#include "rules/formats/stix_like.h"
#include "rules/formats/stix_subject.h"
#include "rules/url.h"

enum {
    BLOCK_BYTES = 16 * 1024,
    VALUES_BYTES = 64 << 20,
    TEXT_BYTES = 1 << 20,
    ENDPOINTS_MAX = 4096,
    NOTE_MAX = 200
};

void stix_entries_init(struct stix_entries *s, struct load *l)
{
    *s = (struct stix_entries){.load = l};
    stix_pattern_init(&s->pattern);
    arena_init(&s->values, BLOCK_BYTES, VALUES_BYTES);
    buf_init(&s->text, TEXT_BYTES);
    buf_init(&s->scratch, VALUE_SCRATCH_BYTES);
}

void stix_entries_fini(struct stix_entries *s)
{
    stix_pattern_fini(&s->pattern);
    arena_fini(&s->values);
    buf_fini(&s->text);
    buf_fini(&s->scratch);
}

/* ---- where in the file ---- */

/* How many bytes of UTF-8 the JSON escape at `s` stands for, and how many it takes itself. */
static unsigned escape_bytes(struct span s, unsigned *out_raw)
{
    char digits[5] = {0};
    *out_raw = 2;
    if (s.len < 6 || s.ptr[1] != 'u')
        return 1;
    memcpy(digits, s.ptr + 2, 4);
    unsigned long unit = strtoul(digits, NULL, 16);
    bool is_pair = unit >= 0xd800 && unit < 0xdc00;
    *out_raw = is_pair ? 12 : 6;
    return is_pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
}

/* The column of byte `at` of the pattern. Asked in the order of the text it costs one pass over it. */
static uint32_t column_of(struct stix_entries *s, uint32_t at)
{
    if (at < s->source_at)
        s->raw_at = s->source_at = 0;
    while (s->source_at < at) {
        struct span rest = span_from(s->raw->text, s->raw_at + 1ull);
        unsigned n_raw = 1;
        if (rest.len == 0)
            break;
        s->source_at += rest.ptr[0] == '\\' ? escape_bytes(rest, &n_raw) : 1;
        s->raw_at += n_raw;
    }
    return s->raw->col + 1 + s->raw_at;
}

/* ---- what becomes of one value ---- */

static struct load_entry entry_at(struct stix_entries *s, uint32_t at, struct span value)
{
    return (struct load_entry){.value = value,
                               .line = s->raw->line,
                               .col = column_of(s, at),
                               .has_type = true,
                               .context = s->context};
}

static void refuse(struct stix_entries *s, enum reject reason, enum ioc_type type, uint32_t at,
                   struct span value, const char *what)
{
    char sentence[NOTE_MAX + 40];
    snprintf(sentence, sizeof sentence, "%.199s; %.20s skipped", what, s->load->unit);
    load_reject_as(s->load, reason, type, s->raw->line, column_of(s, at), value, sentence);
}

/* The same when there is no more to say than the reason does. */
static void refuse_plainly(struct stix_entries *s, enum reject reason, enum ioc_type type, uint32_t at,
                           struct span value)
{
    char what[NOTE_MAX];
    snprintf(what, sizeof what, "%s; wanted: %s", reject_code(reason), reject_remedy(reason));
    refuse(s, reason, type, at, value, what);
}

static bool is_within(struct span inner, struct span outer)
{
    return outer.len && inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len;
}

static bool pass_on(struct stix_entries *s, const struct load_entry *e, struct err *err)
{
    s->has_own_values |= !is_within(e->value, s->source);
    return load_entry(s->load, e, err);
}

/* The same for one that may have been put together in `text`, which the next one needs. */
static bool pass_on_copy(struct stix_entries *s, struct load_entry *e, struct err *err)
{
    bool is_whole = !s->text.is_full;
    if (is_whole && is_within(e->value, buf_span(&s->text)))
        e->value = arena_copy(&s->values, e->value);
    if (!is_whole || !e->value.ptr)
        return err_set(err, ERR_MEMORY, s->load->path, "not enough memory to read a pattern");
    return pass_on(s, e, err);
}

static bool is_address(struct stix_entries *s, struct span text)
{
    struct value v;
    uint32_t col;
    return value_read(text, &s->scratch, &v, &col) == REJECT_NONE && v.type >= IOC_IPV4 &&
           v.type <= IOC_RANGE6;
}

/* "evil.example:8080" in a Host header. */
static bool has_port(struct stix_entries *s, struct span text)
{
    return text.len && memchr(text.ptr, ':', text.len) && !is_address(s, text);
}

static bool load_value(struct stix_entries *s, enum stix_subject subject, const struct stix_literal *l,
                       struct err *err)
{
    struct load_entry e = entry_at(s, l->at, l->text);
    bool is_ip = subject >= STIX_OF_SOURCE && is_address(s, l->text);
    e.type = stix_subject_type(subject, is_ip);
    e.fields = stix_subject_fields(subject, is_ip);
    if (subject == STIX_OF_HOST && has_port(s, l->text))
        e.type = IOC_DOMAIN_PORT;
    else if (subject == STIX_OF_TARGET && url_has_scheme(l->text))
        e.type = IOC_URL;
    return pass_on(s, &e, err);
}

static bool load_network(struct stix_entries *s, enum stix_subject subject, const struct stix_literal *l,
                         struct err *err)
{
    struct load_entry e = entry_at(s, l->at, l->text);
    e.type = IOC_CIDR4;
    e.fields = stix_subject_fields(subject, true);
    return pass_on(s, &e, err);
}

static bool load_regex(struct stix_entries *s, enum stix_subject subject, uint32_t at, struct span regex,
                       uint16_t flags, struct err *err)
{
    struct load_entry e = entry_at(s, at, regex);
    bool has_case = subject == STIX_OF_URL || subject == STIX_OF_TARGET || subject == STIX_OF_AGENT;
    e.type = IOC_REGEX;
    e.flags = has_case ? flags : IOC_F_CASELESS;
    e.fields = s->load->options->fields ? 0 : stix_subject_regex_fields(subject);
    return pass_on_copy(s, &e, err);
}

static bool load_matches(struct stix_entries *s, enum stix_subject subject, const struct stix_literal *l,
                         struct err *err)
{
    struct span regex = l->text;
    bool is_caseless = span_starts(regex, SPAN_LIT("(?i)"));
    buf_reset(&s->text);
    if (is_caseless)
        regex = span_from(regex, 4);
    if (subject == STIX_OF_URL)
        regex = stix_regex_url(regex, &s->text);
    else if (subject == STIX_OF_TARGET)
        regex = stix_regex_target(regex, &s->text);
    return load_regex(s, subject, l->at, regex, is_caseless ? IOC_F_CASELESS : 0, err);
}

/* Nothing but what addresses are written with, and wildcards. */
static bool is_address_like(struct span s)
{
    bool has_digit = false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i], letter = c | 0x20;
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && !(letter >= 'a' && letter <= 'f') && c != '.' && c != ':' && c != '%' && c != '_')
            return false;
        has_digit |= is_digit;
    }
    return has_digit;
}

static enum stix_like read_like(struct stix_entries *s, enum stix_subject subject, struct span text,
                                struct span *out)
{
    buf_reset(&s->text);
    switch (subject) {
    case STIX_OF_URL:
        return stix_like_url(text, &s->text, out);
    case STIX_OF_TARGET:
        return stix_like_target(text, &s->text, out);
    case STIX_OF_AGENT:
    case STIX_OF_ADDRESS:
        return stix_like_text(text, &s->text, out);
    default:
        if (subject >= STIX_OF_SOURCE && is_address_like(text))
            return stix_like_text(text, &s->text, out);
        return stix_like_name(text, &s->text, out);
    }
}

static bool load_like(struct stix_entries *s, enum stix_subject subject, const struct stix_literal *l,
                      struct err *err)
{
    struct load_entry e = entry_at(s, l->at, l->text);
    e.type = stix_subject_type(subject, false);
    e.fields = stix_subject_fields(subject, false);
    e.has_match = true;
    switch (read_like(s, subject, l->text, &e.value)) {
    case STIX_LIKE_WHOLE:
        return load_value(s, subject, l, err);
    case STIX_LIKE_BELOW:
        e.match = MATCH_BELOW;
        return pass_on(s, &e, err);
    case STIX_LIKE_PREFIX:
        e.match = MATCH_PREFIX;
        return pass_on(s, &e, err);
    case STIX_LIKE_REGEX:
        return load_regex(s, subject, l->at, e.value, 0, err);
    case STIX_LIKE_BROAD:
        refuse(s, REJECT_PATTERN_OPERATOR, e.type, l->at, l->text,
               "LIKE with less than three letters or digits in a row is found everywhere");
        return true;
    case STIX_LIKE_FOREIGN:
        refuse(s, REJECT_PATTERN_OPERATOR, e.type, l->at, l->text,
               "no request looks so: LIKE 'http://%' or, for request_value, LIKE '/%' is wanted");
        return true;
    }
    return true;
}

/* ---- comparisons ---- */

static bool is_textual(const struct stix_comparison *c)
{
    for (const struct stix_literal *l = c->literals; l; l = l->next)
        if (l->kind != STIX_STRING)
            return false;
    return c->literals != NULL;
}

/* What is compared so can be told from a field. */
static bool is_supported(enum stix_subject subject, const struct stix_comparison *c)
{
    bool may_be_address = subject == STIX_OF_ADDRESS || subject >= STIX_OF_SOURCE;
    switch (c->op) {
    case STIX_EQ:
    case STIX_IN:
        return true;
    case STIX_LIKE:
    case STIX_MATCHES:
        return subject != STIX_OF_CERT && subject != STIX_OF_CERT_SHA256;
    case STIX_ISSUBSET:
        return may_be_address;
    default:
        return false;
    }
}

static void refuse_object(struct stix_entries *s, const struct stix_comparison *c)
{
    char what[NOTE_MAX];
    snprintf(what, sizeof what, "%.*s:%.*s is nothing that is looked for in traffic",
             (int)(c->object.len < 60 ? c->object.len : 60), (const char *)c->object.ptr,
             (int)(c->path.len < 60 ? c->path.len : 60), (const char *)c->path.ptr);
    refuse(s, REJECT_PATTERN_OBJECT, stix_subject_foreign_type(c), c->at,
           c->literals ? c->literals->text : c->path, what);
}

static bool load_literal(struct stix_entries *s, enum stix_subject subject, enum stix_operator op,
                         const struct stix_literal *l, struct err *err)
{
    switch (op) {
    case STIX_LIKE:
        return load_like(s, subject, l, err);
    case STIX_MATCHES:
        return load_matches(s, subject, l, err);
    case STIX_ISSUBSET:
        return load_network(s, subject, l, err);
    default:
        return load_value(s, subject, l, err);
    }
}

static bool load_comparison(struct stix_entries *s, const struct stix_comparison *c, struct err *err)
{
    enum stix_subject subject = stix_subject_of(c);
    if (subject == STIX_OF_NOTHING)
        return refuse_object(s, c), true;
    struct span shown = c->literals ? c->literals->text : c->path;
    if (!is_supported(subject, c))
        return refuse_plainly(s, REJECT_PATTERN_OPERATOR, stix_subject_type(subject, false), c->at, shown),
               true;
    if (!is_textual(c))
        return refuse(s, REJECT_PATTERN_OPERATOR, stix_subject_type(subject, false), c->at, shown,
                      "a text in single quotes to compare with is wanted"),
               true;
    for (const struct stix_literal *l = c->literals; l; l = l->next)
        if (!load_literal(s, subject, c->op, l, err))
            return false;
    return true;
}

/* ---- one end of a connection ---- */

struct crossing { /* every host with every port */
    struct stix_entries *entries;
    const struct stix_endpoint *end;
    const struct stix_literal *host;
    uint32_t col;
    struct err *err;
};

static bool load_endpoint(void *to, const struct stix_literal *port)
{
    struct crossing *x = to;
    struct stix_entries *s = x->entries;
    struct span host = stix_endpoint_host(load_trim(x->host->text));
    bool is_ip = is_address(s, host), is_v6 = is_ip && memchr(host.ptr, ':', host.len) && host.ptr[0] != '[';
    struct load_entry e = entry_at(s, x->host->at, host);
    buf_reset(&s->text);
    buf_put_str(&s->text, is_v6 ? "[" : "");
    buf_put(&s->text, host);
    buf_put_str(&s->text, is_v6 ? "]:" : ":");
    buf_put(&s->text, port->text);
    e.value = buf_span(&s->text);
    e.type = is_ip ? IOC_IP_PORT : IOC_DOMAIN_PORT;
    e.fields = stix_subject_fields(x->end->side == 's' ? STIX_OF_SOURCE : STIX_OF_DESTINATION, is_ip);
    return pass_on_copy(s, &e, x->err);
}

static bool load_ports_of(void *to, const struct stix_literal *host)
{
    struct crossing *x = to;
    x->host = host;
    return stix_endpoint_each(x->end->ports, load_endpoint, x);
}

static bool load_endpoints(struct stix_entries *s, const struct stix_endpoint *end, struct err *err)
{
    struct crossing x = {.entries = s, .end = end, .err = err};
    return stix_endpoint_each(end->hosts, load_ports_of, &x);
}

/* ---- the pattern ---- */

static enum reject stronger(enum reject a, enum reject b)
{
    static const enum reject order[] = {REJECT_PATTERN_FOLLOWEDBY, REJECT_PATTERN_AND,
                                        REJECT_PATTERN_NEGATION};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return REJECT_NONE;
}

/* Why nothing of this can be loaded; REJECT_NONE: it can. */
static enum reject reason_against(const struct stix_node *n)
{
    struct stix_endpoint end;
    enum reject worst = REJECT_NONE;
    if (n->kind == STIX_COMPARISON)
        return n->comparison.is_negated ? REJECT_PATTERN_NEGATION : REJECT_NONE;
    if (n->kind == STIX_AND)
        return stix_endpoint_read(n, &end) ? REJECT_NONE : REJECT_PATTERN_AND;
    if (n->kind == STIX_FOLLOWEDBY)
        return REJECT_PATTERN_FOLLOWEDBY;
    for (const struct stix_node *child = n->first; child; child = child->next)
        worst = stronger(worst, reason_against(child));
    return n->kind == STIX_OBSERVED_AND ? stronger(worst, REJECT_PATTERN_AND) : worst;
}

static bool load_node(struct stix_entries *s, const struct stix_node *n, struct err *err)
{
    struct stix_endpoint end;
    if (n->kind == STIX_COMPARISON)
        return load_comparison(s, &n->comparison, err);
    if (n->kind == STIX_AND && stix_endpoint_read(n, &end))
        return end.ports ? load_endpoints(s, &end, err) : load_node(s, end.hosts, err);
    for (n = n->first; n; n = n->next)
        if (!load_node(s, n, err))
            return false;
    return true;
}

static void begin(struct stix_entries *s, struct span source, const struct json_part *raw,
                  const struct context_in *context)
{
    arena_reset(&s->values);
    s->has_own_values = false;
    s->source = source;
    s->raw = raw;
    s->context = context;
    s->raw_at = s->source_at = 0;
}

static void refuse_syntax(struct stix_entries *s)
{
    char what[NOTE_MAX];
    snprintf(what, sizeof what, "malformed pattern: %s", s->pattern.fault);
    refuse(s, REJECT_PATTERN_SYNTAX, IOC_TYPE_COUNT, s->pattern.fault_at, s->source, what);
}

bool stix_entries_load(struct stix_entries *s, struct span pattern, const struct json_part *raw,
                       const struct context_in *context, struct err *err)
{
    begin(s, pattern, raw, context);
    if (!stix_pattern_read(&s->pattern, pattern))
        return refuse_syntax(s), true;
    enum reject reason = reason_against(s->pattern.root);
    if (reason != REJECT_NONE)
        return refuse_plainly(s, reason, IOC_TYPE_COUNT, 0, pattern), true;
    if (s->pattern.qualifiers)
        load_warn(s->load, raw->line, column_of(s, 0), pattern,
                  "WITHIN, REPEATS, START and STOP are not looked at: each sight alerts");
    if (!load_node(s, s->pattern.root, err))
        return false;
    return !s->has_own_values || load_flush(s->load, err);
}

bool stix_entries_load_value(struct stix_entries *s, struct span object, struct span value,
                             const struct json_part *raw, const struct context_in *context, struct err *err)
{
    struct stix_literal literal = {.kind = STIX_STRING, .text = value};
    struct stix_comparison c = {.object = object, .path = SPAN_LIT("value"), .literals = &literal};
    begin(s, value, raw, context);
    return load_comparison(s, &c, err);
}
