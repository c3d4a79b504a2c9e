/* See stix_pattern_text.h. A pattern is one or more comparisons joined by OR, but for an address or name with a port, which is two joined
 * by AND. LIKE has no way to escape its '%' and '_', so what has one of them in it is compared by MATCHES. */
#include "rules/writers/stix_pattern_text.h"

#include "rules/writers/networks.h"
#include "rules/writers/writer.h"

enum { PATTERN_BYTES_MAX = 1024 * 1024 };

static const char *const name_path = "domain-name:value", *const url_path = "url:value",
                         *const target_path = "network-traffic:extensions.'http-request-ext'.request_value",
                         *const agent_path =
                             "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'";

void stix_pattern_text_init(struct stix_pattern_text *p)
{
    buf_init(&p->out, PATTERN_BYTES_MAX);
    buf_init(&p->operand, PATTERN_BYTES_MAX);
}

void stix_pattern_text_fini(struct stix_pattern_text *p)
{
    buf_fini(&p->out);
    buf_fini(&p->operand);
}

/* ---- comparisons ---- */

/* The operand between quotes: a quote and a backslash get a backslash. */
static void put_quoted(struct stix_pattern_text *p)
{
    struct span rest = buf_span(&p->operand);
    buf_put_byte(&p->out, '\'');
    while (rest.len) {
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] != '\'' && rest.ptr[n] != '\\')
            n++;
        buf_put(&p->out, span_first(rest, n));
        rest = span_from(rest, n);
        if (rest.len == 0)
            break;
        const uint8_t escaped[] = {'\\', rest.ptr[0]};
        buf_put(&p->out, span_of(escaped, sizeof escaped));
        rest = span_from(rest, 1);
    }
    buf_put_byte(&p->out, '\'');
    buf_reset(&p->operand);
}

static void put_term(struct stix_pattern_text *p, const char *path, const char *operator)
{
    buf_put_str(&p->out, p->has_terms ? " OR " : "[");
    buf_put_str(&p->out, path);
    buf_put_byte(&p->out, ' ');
    buf_put_str(&p->out, operator);
    buf_put_byte(&p->out, ' ');
    p->has_terms = true;
    put_quoted(p);
}

static void put_equal(struct stix_pattern_text *p, const char *path, struct span value)
{
    buf_put(&p->operand, value);
    put_term(p, path, "=");
}

/* As a regular expression takes it: byte for byte. */
static void put_literally(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(".\\+*?[](){}^$|", text.ptr[i]))
            buf_put_byte(out, '\\');
        buf_put_byte(out, text.ptr[i]);
    }
}

static bool suits_like(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr("%_\\", text.ptr[i]))
            return false;
    return true;
}

static void put_below(struct stix_pattern_text *p, struct span name)
{
    if (suits_like(name)) {
        buf_put_str(&p->operand, "%.");
        buf_put(&p->operand, name);
        put_term(p, name_path, "LIKE");
        return;
    }
    buf_put_str(&p->operand, "\\.");
    put_literally(&p->operand, name);
    buf_put_byte(&p->operand, '$');
    put_term(p, name_path, "MATCHES");
}

static void put_prefix(struct stix_pattern_text *p, const char *path, const char *scheme, struct span value)
{
    if (suits_like(value)) {
        buf_put_str(&p->operand, scheme);
        buf_put(&p->operand, value);
        buf_put_byte(&p->operand, '%');
        put_term(p, path, "LIKE");
        return;
    }
    buf_printf(&p->operand, "^%s", scheme);
    put_literally(&p->operand, value);
    put_term(p, path, "MATCHES");
}

/* ---- kinds of indicators ---- */

static bool put_name(struct stix_pattern_text *p, enum ioc_match match, struct span name)
{
    if (match != MATCH_BELOW)
        put_equal(p, name_path, name);
    if (match != MATCH_EXACT)
        put_below(p, name);
    return true;
}

/* '*' is any run of bytes but dots, '?' one byte but a dot. */
static bool put_wildcard(struct stix_pattern_text *p, struct span name)
{
    buf_put_byte(&p->operand, '^');
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (c == '*')
            buf_put_str(&p->operand, "[^.]*");
        else if (c == '?')
            buf_put_str(&p->operand, "[^.]");
        else
            put_literally(&p->operand, span_of(&c, 1));
    }
    buf_put_byte(&p->operand, '$');
    put_term(p, name_path, "MATCHES");
    return true;
}

static bool put_networks(struct stix_pattern_text *p, const char *path, struct span value)
{
    struct networks networks;
    struct ip ip;
    unsigned bits;
    char text[NETWORK_TEXT_MAX];
    if (!networks_of(value, &networks))
        return false;
    while (networks_next(&networks, &ip, &bits)) {
        network_format(&ip, bits, text);
        buf_put_str(&p->operand, text);
        put_term(p, path, bits == 128 ? "=" : "ISSUBSET");
    }
    return true;
}

/* "192.0.2.1:443", "[2001:db8::1]:443", "evil.example:8443" */
static bool put_port(struct stix_pattern_text *p, struct span value, uint16_t port)
{
    put_equal(p, "network-traffic:dst_ref.value", writing_host(value));
    buf_printf(&p->out, " AND network-traffic:dst_port = %u", (unsigned)port);
    return true;
}

static bool put_url(struct stix_pattern_text *p, enum ioc_match match, const char *scheme, struct span value)
{
    if (match == MATCH_PREFIX) {
        put_prefix(p, url_path, scheme, value);
        return true;
    }
    buf_put_str(&p->operand, scheme);
    put_equal(p, url_path, value); /* behind the scheme */
    return true;
}

static bool put_target(struct stix_pattern_text *p, enum ioc_match match, struct span value)
{
    if (match == MATCH_PREFIX)
        put_prefix(p, target_path, "", value);
    else
        put_equal(p, target_path, value);
    return true;
}

static void put_regex_on(struct stix_pattern_text *p, const char *path, bool is_caseless, struct span value)
{
    if (is_caseless)
        buf_put_str(&p->operand, "(?i)");
    buf_put(&p->operand, value);
    put_term(p, path, "MATCHES");
}

static bool put_regex(struct stix_pattern_text *p, const struct indicator *i, struct span value)
{
    const field_mask urls =
        FIELD_BIT(FIELD_HTTP_URL) | FIELD_BIT(FIELD_HTTP_LOCATION) | FIELD_BIT(FIELD_HTTP_REFERER);
    bool is_caseless = i->flags & IOC_F_CASELESS;
    if (i->fields & ioc_default_fields(IOC_DOMAIN))
        put_regex_on(p, name_path, is_caseless, value);
    if (i->fields & urls)
        put_regex_on(p, url_path, is_caseless, value);
    if (i->fields & FIELD_BIT(FIELD_HTTP_USER_AGENT))
        put_regex_on(p, agent_path, is_caseless, value);
    return p->has_terms;
}

static bool put_terms(struct stix_pattern_text *p, const struct indicator *i, struct span value)
{
    enum ioc_match match = (enum ioc_match)i->match;
    switch ((enum ioc_type)i->type) {
    case IOC_DOMAIN:
        return put_name(p, match, value);
    case IOC_WILDCARD:
        return put_wildcard(p, value);
    case IOC_IPV4:
    case IOC_CIDR4:
    case IOC_RANGE4:
        return put_networks(p, "ipv4-addr:value", value);
    case IOC_IPV6:
    case IOC_CIDR6:
    case IOC_RANGE6:
        return put_networks(p, "ipv6-addr:value", value);
    case IOC_IP_PORT:
    case IOC_DOMAIN_PORT:
        return put_port(p, value, i->port);
    case IOC_URL:
        return put_url(p, match, "", value);
    case IOC_HOSTPATH:
        return put_url(p, match, "http://", value) && put_url(p, match, "https://", value);
    case IOC_URI_PATH:
        return put_target(p, match, value);
    case IOC_REGEX:
        return put_regex(p, i, value);
    case IOC_USER_AGENT:
        put_equal(p, agent_path, value);
        return true;
    case IOC_CERT_SHA1:
        put_equal(p, "x509-certificate:hashes.'SHA-1'", value);
        return true;
    case IOC_CERT_SHA256:
        put_equal(p, "x509-certificate:hashes.'SHA-256'", value);
        return true;
    default:
        return false;
    }
}

bool stix_pattern_put(struct stix_pattern_text *p, const struct indicator *i, struct span value)
{
    buf_reset(&p->out);
    buf_reset(&p->operand);
    p->has_terms = false;
    if (!writing_is_text(value) || !put_terms(p, i, value))
        return false;
    buf_put_byte(&p->out, ']');
    return true;
}
