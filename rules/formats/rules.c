/* Snort and Suricata rules: the literal values in them, no more. A rule is a conjunction, so a value is taken only
 * when it is all that the rule asks for: a whole name, path, user agent or fingerprint, "evil.example" and all below
 * it by way of dotprefix and endswith, a name as it stands in a DNS message, host and path together, or the addresses
 * of a rule that looks at nothing else. Everything that asks for more (a part of a name, a regex, what was seen
 * before) is passed over as a rule, for the value alone would match more than its author meant. */
#include <stdio.h>

#include "base/ip.h"
#include "rules/formats/format.h"
#include "rules/formats/rule_facts.h"

enum { RULE_MAX = LINES_BLOCK, ARENA_BYTES = 4 * RULE_MAX, PORTS_MAX = 16, ADDRESS_MAX = 64, LABEL_MAX = 63 };

/* A value that a rule asks for. */
struct literal {
    enum ioc_type type;
    enum ioc_match match;
    field_mask fields; /* 0: by type */
    struct span value;
};

struct rules_list {
    struct load *load;  /* borrowed */
    struct buf joined;  /* owned: a rule that goes over several lines */
    struct arena arena; /* owned: what is made of one rule */
    uint32_t line;      /* where the rule at hand begins */
    bool is_joining;
    bool is_too_long;
};

/* ---- names ---- */

/* Every byte that it is compared with. */
static bool is_whole(const struct rule_facts *f, const struct rule_content *c)
{
    int len = (int)c->bytes.len;
    bool is_at_start = c->is_at_start || (c->depth == len && c->offset <= 0);
    bool is_in_size = c->size == len || (c->place == PLACE_HTTP_URI && f->uri_len == len);
    return !c->is_relative && (is_in_size || (is_at_start && c->is_at_end));
}

/* Sizes were said, and other ones than the content has. */
static bool has_other_size(const struct rule_facts *f, const struct rule_content *c)
{
    int len = (int)c->bytes.len;
    return (c->size >= 0 && c->size != len) ||
           (c->place == PLACE_HTTP_URI && f->uri_len >= 0 && f->uri_len != len);
}

static bool is_name(struct load *l, struct span text, bool may_be_address)
{
    struct value v;
    uint32_t col;
    if (value_read_as(IOC_DOMAIN, text, &l->scratch, &v, &col) != REJECT_NONE)
        return false;
    return v.type == IOC_DOMAIN || (may_be_address && (v.type == IOC_IPV4 || v.type == IOC_IPV6));
}

static bool name_literal(struct load *l, const struct rule_facts *f, const struct rule_content *c,
                         field_mask fields, struct literal *out)
{
    struct span bytes = c->bytes;
    bool has_dot = bytes.len && bytes.ptr[0] == '.', is_exact = is_whole(f, c) && has_dot == c->has_dot;
    *out = (struct literal){.type = IOC_DOMAIN, .match = MATCH_EXACT, .fields = fields, .value = bytes};
    if (is_exact)
        out->value = span_from(bytes, c->has_dot);
    else if (has_dot && c->is_at_end && !c->is_relative && !has_other_size(f, c) && !c->is_at_start &&
             c->depth < 0)
        out->match = c->has_dot ? MATCH_SUFFIX : MATCH_BELOW;
    else
        return false;
    return is_name(l, out->value, is_exact);
}

/* "|04|evil|07|example|00|": a name as DNS messages have it, so with any labels in front. */
static bool wire_literal(struct rules_list *r, const struct rule_content *c, struct literal *out)
{
    struct span rest = c->bytes, label;
    uint8_t *to = arena_bytes(&r->arena, c->bytes.len + 1), len = 0;
    size_t n = 0;
    while (to && span_take_u8(&rest, &len) && len > 0) {
        if (len > LABEL_MAX || !span_take(&rest, len, &label))
            return false;
        if (n)
            to[n++] = '.';
        memcpy(to + n, label.ptr, label.len);
        n += label.len;
    }
    bool is_at_start = c->offset == 12 && c->depth == (int)c->bytes.len;
    *out = (struct literal){.type = IOC_DOMAIN,
                            .match = is_at_start ? MATCH_EXACT : MATCH_SUFFIX,
                            .fields = FIELD_BIT(FIELD_DNS_QUERY),
                            .value = span_of(to, n)};
    return n > 0 && len == 0 && rest.len == 0 && is_name(r->load, out->value, false);
}

static bool is_dns(const struct rule_header *h)
{
    return span_eq_nocase(h->protocol, SPAN_LIT("dns")) || span_eq(h->target_port, SPAN_LIT("53"));
}

/* Flags and counts of a DNS message, which every query has alike. */
static bool is_dns_head(const struct rule_content *c)
{
    size_t n = 0;
    while (n < c->bytes.len && (c->bytes.ptr[n] < 0x20 || c->bytes.ptr[n] >= 0x80))
        n++;
    return n == c->bytes.len;
}

/* ---- HTTP, TLS ---- */

static bool uri_literal(const struct rule_facts *f, const struct rule_content *c, struct literal *out)
{
    bool is_start = (c->is_at_start || (c->depth == (int)c->bytes.len && c->offset <= 0)) && !c->is_relative;
    bool is_exact = is_whole(f, c);
    *out = (struct literal){
        .type = IOC_URI_PATH, .match = is_exact ? MATCH_EXACT : MATCH_PREFIX, .value = c->bytes};
    return c->bytes.len && c->bytes.ptr[0] == '/' && (is_exact || (is_start && !has_other_size(f, c)));
}

/* A whole header line, "Host: evil.example" and its end. */
static bool header_value(struct span bytes, struct span name, struct span *out)
{
    while (bytes.len && (bytes.ptr[0] == '\r' || bytes.ptr[0] == '\n'))
        span_skip(&bytes, 1);
    if (bytes.len < 2 || bytes.ptr[bytes.len - 1] != '\n' || bytes.ptr[bytes.len - 2] != '\r' ||
        !span_eq_nocase(span_first(bytes, name.len), name))
        return false;
    *out = load_trim(span_of(bytes.ptr + name.len, bytes.len - name.len));
    return out->len && !memchr(out->ptr, '\r', out->len) && !memchr(out->ptr, '\n', out->len);
}

static bool header_literal(struct load *l, const struct rule_content *c, struct literal *out)
{
    struct span value;
    if (header_value(c->bytes, SPAN_LIT("host:"), &value)) {
        *out = (struct literal){.type = IOC_DOMAIN, .fields = FIELD_BIT(FIELD_HTTP_HOST), .value = value};
        return is_name(l, value, true);
    }
    if (!header_value(c->bytes, SPAN_LIT("user-agent:"), &value))
        return false;
    *out = (struct literal){.type = IOC_USER_AGENT, .value = value};
    return true;
}

static bool hash_literal(struct load *l, enum ioc_type type, const struct rule_content *c,
                         struct literal *out)
{
    struct value v;
    uint32_t col;
    *out = (struct literal){.type = type, .value = c->bytes};
    if (type == IOC_JA4)
        return c->bytes.len == 36;
    return value_read_as(type, c->bytes, &l->scratch, &v, &col) == REJECT_NONE;
}

/* The value that a content is all of; false when it is a part of one. */
static bool content_literal(struct rules_list *r, const struct rule_facts *f, const struct rule_content *c,
                            struct literal *out)
{
    struct load *l = r->load;
    switch (c->place) {
    case PLACE_DNS_QUERY:
        return name_literal(l, f, c, FIELD_BIT(FIELD_DNS_QUERY), out);
    case PLACE_DNS_ANSWER:
        return name_literal(l, f, c, FIELD_BIT(FIELD_DNS_ANSWER_NAME), out);
    case PLACE_TLS_SNI:
        return name_literal(l, f, c, FIELD_BIT(FIELD_TLS_SNI), out);
    case PLACE_QUIC_SNI:
        return name_literal(l, f, c, FIELD_BIT(FIELD_QUIC_SNI), out);
    case PLACE_HTTP_HOST:
        return name_literal(l, f, c, FIELD_BIT(FIELD_HTTP_HOST), out);
    case PLACE_HTTP_URI:
        return uri_literal(f, c, out);
    case PLACE_HTTP_AGENT:
        *out = (struct literal){.type = IOC_USER_AGENT, .value = c->bytes};
        return c->bytes.len && is_whole(f, c);
    case PLACE_JA3:
        return hash_literal(l, IOC_JA3, c, out);
    case PLACE_JA4:
        return hash_literal(l, IOC_JA4, c, out);
    case PLACE_CERT_SHA1:
        return hash_literal(l, IOC_CERT_SHA1, c, out);
    case PLACE_HTTP_HEADER:
        return header_literal(l, c, out);
    case PLACE_PAYLOAD:
        return is_dns(&f->header) ? wire_literal(r, c, out) : header_literal(l, c, out);
    case PLACE_HTTP_METHOD:
        break;
    }
    return false;
}

/* ---- rules ---- */

/* A host and a path that are both asked for are one value. */
static bool join_host_and_path(struct rules_list *r, const struct literal *host, const struct literal *path,
                               struct literal *out)
{
    size_t n = host->value.len + path->value.len;
    uint8_t *to = arena_bytes(&r->arena, n);
    if (!to || host->type != IOC_DOMAIN || host->match != MATCH_EXACT || path->type != IOC_URI_PATH ||
        host->fields != FIELD_BIT(FIELD_HTTP_HOST))
        return false;
    memcpy(to, host->value.ptr, host->value.len);
    memcpy(to + host->value.len, path->value.ptr, path->value.len);
    *out = (struct literal){.type = IOC_HOSTPATH, .match = path->match, .value = span_of(to, n)};
    return true;
}

/* What every rule of its kind has, so that leaving it out changes nothing. */
static bool is_usual(const struct rule_facts *f, const struct rule_content *c)
{
    return c->place == PLACE_HTTP_METHOD ||
           (c->place == PLACE_PAYLOAD && is_dns(&f->header) && is_dns_head(c));
}

/* The one value that stands for the whole rule. */
static bool rule_literal(struct rules_list *r, const struct rule_facts *f, struct literal *out)
{
    struct literal found[2];
    size_t n = 0;
    bool is_wire = false;
    for (size_t i = 0; i < f->n_contents; i++) {
        const struct rule_content *c = &f->contents[i];
        if (c->is_negated)
            return false;
        if (is_usual(f, c))
            continue;
        if (n == 2 || !content_literal(r, f, c, &found[n++]))
            return false;
        is_wire |= c->place == PLACE_PAYLOAD && is_dns(&f->header);
    }
    if (n == 0 || (f->has_flags_test && !is_wire))
        return false;
    *out = found[0];
    if (n == 1)
        return out->type != IOC_URI_PATH || out->value.len > 1;
    return join_host_and_path(r, &found[0], &found[1], out) ||
           join_host_and_path(r, &found[1], &found[0], out);
}

/* ---- addresses ---- */

enum side { SIDE_OPEN, SIDE_ADDRESSES, SIDE_MIXED };

/* A network that everybody has for himself (RFC 1918, RFC 4193, loopback, link-local): whoever wrote the rule means
 * his own. */
static bool is_own_network(struct span word)
{
    const uint8_t *slash = memchr(word.ptr, '/', word.len);
    struct ip ip;
    if (slash)
        word.len = (size_t)(slash - word.ptr);
    if (ip_parse_v4(word, &ip)) {
        const uint8_t *b = ip.b + 12;
        return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
               (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254);
    }
    return ip_parse_v6(word, &ip) &&
           ((ip.b[0] & 0xfe) == 0xfc || (ip.b[0] == 0xfe && (ip.b[1] & 0xc0) == 0x80));
}

/* "any", a variable, an own network, or not one of these: nobody in particular. */
static bool is_open_word(struct span word)
{
    while (word.len && word.ptr[0] == '!')
        span_skip(&word, 1);
    return word.len == 0 || word.ptr[0] == '$' || span_eq_nocase(word, SPAN_LIT("any")) ||
           is_own_network(word);
}

static struct span unbracket(struct span list)
{
    return list.len >= 2 && list.ptr[0] == '[' && list.ptr[list.len - 1] == ']'
               ? span_of(list.ptr + 1, list.len - 2)
               : list;
}

/* A list in a list or a negated address says what no list of values can. */
static enum side side_of(struct span list)
{
    size_t n = 0, n_open = 0;
    bool is_plain = true;
    list = unbracket(list);
    for (struct span word; rule_list_next(&list, &word); n++) {
        n_open += is_open_word(word);
        is_plain &= word.len > 0 && word.ptr[0] != '!' && word.ptr[0] != '[';
    }
    return n_open == n ? SIDE_OPEN : n_open == 0 && is_plain ? SIDE_ADDRESSES : SIDE_MIXED;
}

/* Single ports; none of them for any port. False for ranges and what else there may be. */
static bool read_ports(struct span list, struct span ports[static PORTS_MAX], size_t *out_n)
{
    *out_n = 0;
    if (is_open_word(list))
        return list.len == 0 || list.ptr[0] != '!';
    list = unbracket(list);
    for (struct span word; rule_list_next(&list, &word);) {
        for (size_t i = 0; i < word.len; i++)
            if (word.ptr[i] < '0' || word.ptr[i] > '9')
                return false;
        if (*out_n == PORTS_MAX || word.len == 0 || word.len > 5)
            return false;
        ports[(*out_n)++] = word;
    }
    return *out_n > 0;
}

static bool has_ends(const struct rule_header *h, struct span *out_addresses, struct span *out_ports)
{
    enum side source = side_of(h->source), target = side_of(h->target);
    *out_addresses = source == SIDE_ADDRESSES ? h->source : h->target;
    *out_ports = source == SIDE_ADDRESSES ? h->source_port : h->target_port;
    return (source == SIDE_ADDRESSES && target == SIDE_OPEN) ||
           (source == SIDE_OPEN && target == SIDE_ADDRESSES);
}

/* "192.0.2.1" and "443"; the value dies here, so it is passed on at once. */
static bool take_address_port(struct rules_list *r, struct load_entry *e, struct span address,
                              struct span port, struct err *err)
{
    char text[ADDRESS_MAX + 16];
    bool is_v6 = memchr(address.ptr, ':', address.len) != NULL;
    int n = snprintf(text, sizeof text, "%s%.*s%s:%.*s", is_v6 ? "[" : "", (int)address.len,
                     (const char *)address.ptr, is_v6 ? "]" : "", (int)port.len, (const char *)port.ptr);
    e->type = IOC_IP_PORT;
    e->value = span_of(text, (size_t)n);
    return load_entry(r->load, e, err) && load_flush(r->load, err);
}

/* A network goes with no port. */
static bool take_address(struct rules_list *r, struct load_entry *e, struct span address,
                         const struct span *ports, size_t n_ports, struct err *err)
{
    bool is_single = !memchr(address.ptr, '/', address.len) && !memchr(address.ptr, '-', address.len);
    e->value = address;
    e->type = IOC_CIDR4; /* or any other address */
    e->fields = FIELD_BIT(FIELD_IP_SRC) | FIELD_BIT(FIELD_IP_DST);
    if (n_ports == 0 || address.len > ADDRESS_MAX)
        return load_entry(r->load, e, err);
    if (!is_single) {
        load_skip(r->load, SKIP_RULE, IOC_TYPE_COUNT, e->line, e->col, address);
        return true;
    }
    for (size_t i = 0; i < n_ports; i++)
        if (!take_address_port(r, e, address, ports[i], err))
            return false;
    return true;
}

/* *out_is_taken: the rule is about addresses, and they are accounted for. */
static bool take_addresses(struct rules_list *r, const struct rule_facts *f, struct load_entry *e,
                           bool *out_is_taken, struct err *err)
{
    struct span list, port_list, ports[PORTS_MAX];
    size_t n_ports;
    *out_is_taken = has_ends(&f->header, &list, &port_list) && read_ports(port_list, ports, &n_ports);
    if (!*out_is_taken)
        return true;
    list = unbracket(list);
    for (struct span address; rule_list_next(&list, &address);)
        if (!take_address(r, e, address, ports, n_ports, err))
            return false;
    return true;
}

/* ---- entries ---- */

static bool is_action(struct span word, bool *out_is_pass)
{
    static const char *const words[] = {"alert", "drop",      "reject",    "pass",       "log",
                                        "sdrop", "rejectsrc", "rejectdst", "rejectboth", "block",
                                        "react", "rewrite",   "activate",  "dynamic"};
    *out_is_pass = span_eq(word, SPAN_LIT("pass"));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_eq(word, span_str(words[i])))
            return true;
    return false;
}

static void read_context(struct rules_list *r, const struct rule_facts *f, struct context_in *out)
{
    *out = load_context(r->load);
    if (f->message.len)
        out->description = f->message;
    if (f->reference.len)
        out->reference = f->reference;
    if (f->confidence >= 0)
        out->confidence = f->confidence;
    if (f->n_tags) {
        out->tags = f->tags;
        out->n_tags = f->n_tags;
    }
    size_t room = f->sid.len + f->rev.len + 2;
    char *id = f->sid.len ? (char *)arena_bytes(&r->arena, room) : NULL;
    if (id)
        out->id =
            span_of(id, (size_t)snprintf(id, room, "%.*s%s%.*s", (int)f->sid.len, (const char *)f->sid.ptr,
                                         f->rev.len ? ":" : "", (int)f->rev.len, (const char *)f->rev.ptr));
}

/* What a rule lets pass is its author's traffic, not for everybody's allow-list. */
static bool take_facts(struct rules_list *r, const struct rule_facts *f, struct span rule, bool is_pass,
                       struct err *err)
{
    struct context_in context;
    struct literal literal;
    struct load_entry e = {.line = r->line, .col = 1, .has_type = true, .context = &context};
    bool is_taken = false, is_usable = !is_pass && !f->has_condition;
    read_context(r, f, &context);
    if (is_usable && f->n_contents == 0 && !f->has_place && !f->has_flags_test && f->uri_len < 0 &&
        !take_addresses(r, f, &e, &is_taken, err))
        return false;
    if (is_taken)
        return true;
    if (!is_usable || !rule_literal(r, f, &literal)) {
        load_skip(r->load, SKIP_RULE, IOC_TYPE_COUNT, r->line, 1, f->message.len ? f->message : rule);
        return true;
    }
    e.value = literal.value;
    e.type = literal.type;
    e.fields = literal.fields;
    e.match = literal.match;
    e.has_match = literal.type == IOC_DOMAIN || literal.type == IOC_URI_PATH || literal.type == IOC_HOSTPATH;
    return load_entry(r->load, &e, err);
}

static bool take_rule(struct rules_list *r, struct span rule, struct err *err)
{
    struct rule_facts *f = arena_alloc(&r->arena, sizeof *f);
    bool is_pass, is_read = f && rule_facts_read(rule, &r->arena, f) && is_action(f->header.action, &is_pass);
    if (!is_read)
        load_reject(r->load, REJECT_PATTERN_SYNTAX, r->line, 1, span_first(rule, LOAD_TEXT_MAX),
                    "not a rule; wanted: alert protocol source port -> target port (options); rule skipped");
    bool is_good = (!is_read || take_facts(r, f, rule, is_pass, err)) && load_flush(r->load, err);
    arena_reset(&r->arena);
    return is_good;
}

/* ---- lines ---- */

static void reject_long(struct rules_list *r)
{
    load_reject(r->load, REJECT_TRUNCATED, r->line, 1, span_first(buf_span(&r->joined), LOAD_TEXT_MAX),
                "a rule is longer than 256 KiB; rule skipped");
}

/* The rule that was put together has come to its end. */
static bool end_rule(struct rules_list *r, struct err *err)
{
    bool is_good = true;
    struct span rule = load_trim(buf_span(&r->joined));
    if (r->is_too_long || r->joined.is_full)
        reject_long(r);
    else if (rule.len)
        is_good = take_rule(r, rule, err);
    buf_reset(&r->joined);
    r->is_joining = r->is_too_long = false;
    return is_good;
}

/* A rule goes on where its line ends in a backslash. */
static bool take_part(struct rules_list *r, struct span text, struct err *err)
{
    bool goes_on = text.len && text.ptr[text.len - 1] == '\\';
    if (!r->is_joining)
        r->line = load_clamp32(r->load->lines.n);
    if (!r->is_joining && !goes_on && !r->load->lines.is_cut)
        return take_rule(r, text, err);
    r->is_joining = true;
    r->is_too_long |= r->load->lines.is_cut;
    buf_put(&r->joined, span_first(text, text.len - goes_on));
    buf_put_byte(&r->joined, ' ');
    return goes_on || end_rule(r, err);
}

static bool take_line(struct rules_list *r, struct span line, struct err *err)
{
    struct list_report *report = r->load->report;
    struct span text = load_trim(line);
    if (text.len == 0) {
        report->blank++;
        return !r->is_joining || end_rule(r, err);
    }
    if (text.ptr[0] != '#' || r->is_joining)
        return take_part(r, text, err);
    report->comments++;
    load_comment(r->load, text);
    return true;
}

static bool take_lines(struct rules_list *r, struct err *err)
{
    struct load *l = r->load;
    for (struct span line; lines_refill(&l->lines);)
        while (lines_next(&l->lines, &line))
            if (!take_line(r, line, err))
                return false;
    return !r->is_joining || end_rule(r, err);
}

static bool load_rules(struct load *l, struct err *err)
{
    struct rules_list r = {.load = l};
    buf_init(&r.joined, RULE_MAX);
    arena_init(&r.arena, 64 * 1024, ARENA_BYTES);
    bool is_good = take_lines(&r, err) && load_flush(l, err);
    buf_fini(&r.joined);
    arena_fini(&r.arena);
    return is_good;
}

/* ---- telling ---- */

static bool looks_like_rule(struct span text)
{
    struct span rest = text;
    size_t n = 0;
    bool is_pass;
    while (n < rest.len && !load_is_blank(rest.ptr[n]))
        n++;
    if (!is_action(span_first(rest, n), &is_pass))
        return false;
    return text.ptr && (memchr(text.ptr, '(', text.len) || memmem(text.ptr, text.len, "->", 2) ||
                        memmem(text.ptr, text.len, "<>", 2));
}

/* Most lines are rules; those that go on with the line before count as that one. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    size_t n = 0, n_rules = 0;
    bool goes_on = false;
    for (struct span line; load_head_line(&head, is_all, &line);) {
        bool was_going_on = goes_on;
        struct span text = load_trim(line);
        goes_on = text.len && text.ptr[text.len - 1] == '\\' && (was_going_on || text.ptr[0] != '#');
        if (text.len == 0 || text.ptr[0] == '#' || was_going_on)
            continue;
        n++;
        n_rules += looks_like_rule(text);
    }
    return n_rules * 2 > n;
}

const struct list_reader format_rules = {
    .name = "rules", .is_likely = is_likely, .load = load_rules, .name_match = MATCH_EXACT, .unit = "rule"};
