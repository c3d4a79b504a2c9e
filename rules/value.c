/* See value.h. A name or an IPv4 address that is canonical as it stands, which nearly every entry is, is recognised in one
 * pass and handed back as it lies in the input. Everything else takes the long way: refang, recognise by the bytes that
 * stand out, then one function per kind.
 *
 * A refanged text lies at the start of `scratch` while canonical forms are appended behind it, so room for both is reserved
 * first and nothing moves. */
#include "rules/value.h"

#include "base/ip.h"
#include "rules/name.h"
#include "rules/refang.h"
#include "rules/url.h"
#include "rules/wildcard.h"

enum {
    EMAIL_LOCAL_MAX = 64, /* RFC 5321, section 4.5.3.1.1 */
    SHA1_DIGITS = 40,
    SHA256_DIGITS = 64,
};

struct reading {
    struct span text; /* trimmed, refanged */
    struct buf *scratch;
    struct value *out;
    size_t at; /* on failure: the byte of `text` at fault */
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trim(struct span s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = span_from(s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static size_t find_byte(struct span s, uint8_t c)
{
    const uint8_t *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

static size_t count_byte(struct span s, uint8_t c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == c;
    return n;
}

static enum reject fail(struct reading *r, size_t at, enum reject why)
{
    r->at = at;
    return why;
}

/* The canonical bytes are these: from the text itself when it says the same. */
static enum reject settle(struct reading *r, enum ioc_type type, struct span canonical)
{
    r->out->type = type;
    if (span_eq(canonical, r->text)) {
        r->out->text = r->text;
        return REJECT_NONE;
    }
    size_t mark = buf_mark(r->scratch);
    buf_put(r->scratch, canonical);
    r->out->text = span_of(r->scratch->ptr + mark, canonical.len);
    return REJECT_NONE;
}

/* The same for what was put together at the end of `scratch`, from `mark` on. */
static enum reject settle_scratch(struct reading *r, enum ioc_type type, size_t mark)
{
    r->out->type = type;
    r->out->text = span_from(buf_span(r->scratch), mark);
    return REJECT_NONE;
}

/* Addresses. */

static bool parse_bare_address(struct span s, struct ip *out)
{
    return ip_parse_v4(s, out) || ip_parse_v6(s, out);
}

static bool parse_address(struct span s, struct ip *out)
{
    if (s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
        s = span_first(span_from(s, 1), s.len - 2);
    return parse_bare_address(s, out);
}

static enum reject settle_address(struct reading *r, const struct ip *ip)
{
    char text[IP_TEXT_MAX];
    size_t len = ip_format(ip, text);
    return settle(r, ip_is_v4(ip) ? IOC_IPV4 : IOC_IPV6, span_of(text, len));
}

static void put_address(struct buf *out, const struct ip *ip)
{
    char text[IP_TEXT_MAX];
    size_t len = ip_format(ip, text);
    buf_put(out, span_of(text, len));
}

/* `digits` stands at the end of the text. */
static enum reject read_address_port(struct reading *r, const struct ip *ip, struct span digits)
{
    if (!url_port_parse(digits, &r->out->port))
        return fail(r, r->text.len - digits.len, REJECT_BAD_PORT);
    size_t mark = buf_mark(r->scratch);
    buf_put_str(r->scratch, ip_is_v4(ip) ? "" : "[");
    put_address(r->scratch, ip);
    buf_put_str(r->scratch, ip_is_v4(ip) ? ":" : "]:");
    buf_put_u64(r->scratch, r->out->port);
    return settle_scratch(r, IOC_IP_PORT, mark);
}

/* "[v6]", "[v6]:port"; people bracket IPv4 too. */
static enum reject read_bracketed(struct reading *r)
{
    size_t close = find_byte(r->text, ']');
    struct span rest = span_from(r->text, close + 1);
    struct ip ip;
    if (close == r->text.len)
        return fail(r, 0, REJECT_BAD_IP);
    if (!parse_bare_address(span_first(span_from(r->text, 1), close - 1), &ip))
        return fail(r, 1, REJECT_BAD_IP);
    if (rest.len == 0)
        return settle_address(r, &ip);
    if (rest.ptr[0] != ':')
        return fail(r, close + 1, REJECT_BAD_IP);
    return read_address_port(r, &ip, span_from(rest, 1));
}

/* Two colons or more, no slash: IPv6, or a host and one colon too many. Zone ids are not taken: they mean something on one
 * machine only. */
static enum reject read_colons(struct reading *r)
{
    struct span t = r->text;
    struct ip ip;
    size_t n = 0;
    if (ip_parse_v6(t, &ip))
        return settle_address(r, &ip);
    while (n < t.len && is_hex(t.ptr[n]))
        n++;
    if (t.ptr[n] != ':') {
        size_t colon = find_byte(t, ':');
        return fail(r, colon + 1 + find_byte(span_from(t, colon + 1), ':'), REJECT_BAD_PORT);
    }
    while (n < t.len && (is_hex(t.ptr[n]) || t.ptr[n] == ':' || t.ptr[n] == '.'))
        n++;
    return fail(r, n < t.len ? n : 0, REJECT_BAD_IP);
}

/* Networks and ranges. */

/* Nothing but digits and dots? After a slash that is meant as a prefix length, or as a netmask, which is not taken. */
static bool is_numeric(struct span s)
{
    size_t n = 0;
    while (n < s.len && (is_digit(s.ptr[n]) || s.ptr[n] == '.'))
        n++;
    return s.len > 0 && n == s.len;
}

static bool parse_prefix(struct span digits, unsigned width, unsigned *out)
{
    *out = 0;
    if (digits.len == 0 || digits.len > 3 || digits.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]))
            return false;
        *out = *out * 10 + (digits.ptr[i] - '0');
    }
    return *out <= width;
}

static enum reject read_network(struct reading *r, struct span address, const struct ip *ip,
                                struct span digits)
{
    bool is_v4 = ip_is_v4(ip), is_dotted_quad = !span_has_byte(address, ':');
    unsigned bits;
    if (!parse_prefix(digits, is_dotted_quad ? 32 : 128, &bits) || (is_v4 && !is_dotted_quad && bits <= 96))
        return fail(r, r->text.len - digits.len, REJECT_BAD_PREFIX);
    unsigned of_128 = is_dotted_quad ? bits + 96 : bits;
    struct ip first, last;
    ip_prefix_range(ip, of_128, &first, &last);
    if (of_128 == 128)
        return settle_address(r, ip);
    r->out->had_host_bits = ip_compare(&first, ip) != 0;
    size_t mark = buf_mark(r->scratch);
    put_address(r->scratch, &first);
    buf_put_byte(r->scratch, '/');
    buf_put_u64(r->scratch, is_v4 ? of_128 - 96 : of_128);
    return settle_scratch(r, is_v4 ? IOC_CIDR4 : IOC_CIDR6, mark);
}

/* "a-b", with blanks around the '-' or without. Names have hyphens too: it is a range when an address stands before the
 * first '-' and, for IPv4, behind it an address, something numeric or nothing ("192.0.2.1-host.example" is a name). */
static bool range_split(struct span text, struct ip *out_first, struct span *out_last)
{
    struct ip last;
    size_t hyphen = find_byte(text, '-');
    if (hyphen == text.len || !parse_bare_address(trim(span_first(text, hyphen)), out_first))
        return false;
    *out_last = trim(span_from(text, hyphen + 1));
    return !ip_is_v4(out_first) || out_last->len == 0 || is_numeric(*out_last) ||
           parse_bare_address(*out_last, &last);
}

static enum reject read_range(struct reading *r, const struct ip *first, struct span last_text)
{
    struct ip last;
    size_t at = r->text.len - last_text.len;
    if (!parse_bare_address(last_text, &last) || ip_is_v4(first) != ip_is_v4(&last) ||
        ip_compare(first, &last) > 0)
        return fail(r, at, REJECT_BAD_RANGE);
    if (ip_compare(first, &last) == 0)
        return settle_address(r, first);
    size_t mark = buf_mark(r->scratch);
    put_address(r->scratch, first);
    buf_put_byte(r->scratch, '-');
    put_address(r->scratch, &last);
    return settle_scratch(r, ip_is_v4(first) ? IOC_RANGE4 : IOC_RANGE6, mark);
}

/* URLs and their parts. */

/* "&amp;" comes from a URL that was copied out of a page's source. Further "amp;" behind it goes as well: it was escaped
 * more than once, and the canonical form has to stay as it is when it is read again. */
static void unescape_ampersands(struct reading *r)
{
    struct span from = r->out->text;
    uint8_t *to = r->scratch->ptr + (from.ptr - r->scratch->ptr);
    size_t n = 0;
    if (!span_has_byte(from, '&'))
        return;
    for (size_t at = 0; at < from.len;) {
        uint8_t c = from.ptr[at++];
        to[n++] = c;
        while (c == '&' && span_starts(span_from(from, at), SPAN_LIT("amp;")))
            at += sizeof "amp;" - 1;
    }
    r->out->was_html_escaped = n < from.len;
    r->out->text.len = n;
}

typedef enum reject canonical_fn(struct span text, struct buf *scratch, struct span *out, uint32_t *out_col);

static enum reject read_part(struct reading *r, enum ioc_type type, canonical_fn *canonical)
{
    uint32_t col;
    enum reject why = canonical(r->text, r->scratch, &r->out->text, &col);
    r->out->type = type;
    return why ? fail(r, col - 1, why) : REJECT_NONE;
}

static enum reject read_url_part(struct reading *r, enum ioc_type type, canonical_fn *canonical)
{
    enum reject why = read_part(r, type, canonical);
    if (!why)
        unescape_ampersands(r);
    return why;
}

static enum reject read_hostpath(struct reading *r)
{
    enum reject why = read_url_part(r, IOC_HOSTPATH, hostpath_canonical);
    if (why)
        return why;
    struct span canonical = r->out->text;
    size_t slash = find_byte(canonical, '/');
    struct ip ip;
    bool looks_like_network =
        parse_address(span_first(canonical, slash), &ip) && is_numeric(span_from(canonical, slash + 1));
    return looks_like_network ? fail(r, find_byte(r->text, '/'), REJECT_BAD_PREFIX) : REJECT_NONE;
}

/* There is a slash and no scheme. */
static enum reject read_slash(struct reading *r)
{
    size_t slash = find_byte(r->text, '/');
    if (slash == 0)
        return read_url_part(r, IOC_URI_PATH, url_path_canonical);
    struct span host = span_first(r->text, slash), rest = span_from(r->text, slash + 1);
    struct ip ip;
    bool is_bare_v6 = ip_parse_v6(host, &ip);
    if (is_bare_v6 || (is_numeric(rest) && parse_address(host, &ip)))
        return read_network(r, host, &ip, rest);
    return read_hostpath(r);
}

/* Names. */

/* "host:port" from its canonical parts; `host_text` is what was written. Nearly always that is canonical already. */
static enum reject settle_host_port(struct reading *r, enum ioc_type type, struct span host,
                                    struct span host_text)
{
    if (host.ptr == host_text.ptr && host.len == host_text.len && r->text.ptr[host.len + 1] != '0') {
        r->out->type = type;
        r->out->text = r->text;
        return REJECT_NONE;
    }
    size_t mark = buf_mark(r->scratch);
    buf_put(r->scratch, host);
    buf_put_byte(r->scratch, ':');
    buf_put_u64(r->scratch, r->out->port);
    return settle_scratch(r, type, mark);
}

static enum reject read_host_port(struct reading *r, size_t colon)
{
    struct span host = span_first(r->text, colon), name = host;
    struct ip ip;
    uint32_t col;
    bool is_v4 = ip_parse_v4(host, &ip);
    enum reject why = is_v4 ? REJECT_NONE : name_canonical(host, r->scratch, &name, &col);
    if (why)
        return fail(r, col - 1, why);
    if (!url_port_parse(span_from(r->text, colon + 1), &r->out->port))
        return fail(r, colon + 1, REJECT_BAD_PORT);
    return settle_host_port(r, is_v4 ? IOC_IP_PORT : IOC_DOMAIN_PORT, name, host);
}

/* RFC 5322 atext and dots, without the bytes that refanging looks at. */
static bool is_email_local(uint8_t c)
{
    return is_alpha(c) || is_digit(c) || (c != 0 && strchr(".!#$%&'*+=?^_`|~-", c));
}

static enum reject read_email(struct reading *r)
{
    size_t n = find_byte(r->text, '@'), mark;
    struct span domain = span_from(r->text, n + 1), name;
    uint32_t col;
    for (size_t i = 0; i < n; i++)
        if (!is_email_local(r->text.ptr[i]))
            return fail(r, i, REJECT_BAD_EMAIL);
    if (n == 0 || n > EMAIL_LOCAL_MAX)
        return fail(r, 0, REJECT_BAD_EMAIL);
    if (span_has_byte(domain, '@'))
        return fail(r, n + 1 + find_byte(domain, '@'), REJECT_BAD_EMAIL);
    enum reject why = name_canonical(domain, r->scratch, &name, &col);
    if (why)
        return fail(r, n + col, why);
    mark = buf_mark(r->scratch);
    buf_put(r->scratch, span_first(r->text, n + 1));
    buf_put(r->scratch, name);
    return settle_scratch(r, IOC_EMAIL, mark);
}

/* Length of the "." or "*." that says: and what is below. "**." is read as the same. */
static size_t below_len(struct span s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] == '*')
        n++;
    return n < s.len && s.ptr[n] == '.' ? n + 1 : 0;
}

static enum reject read_domain(struct reading *r)
{
    size_t skip = below_len(r->text);
    struct span rest = span_from(r->text, skip), last;
    struct ip ip;
    uint32_t col;
    if (span_has_byte(rest, '*') || span_has_byte(rest, '?'))
        return read_part(r, IOC_WILDCARD, wildcard_canonical);
    r->out->type = IOC_DOMAIN;
    r->out->is_wildcard = skip > 0;
    enum reject why = name_canonical(rest, r->scratch, &r->out->text, &col);
    r->out->is_single_label = why == REJECT_SINGLE_LABEL && skip;
    if (why && !r->out->is_single_label)
        return fail(r, skip + col - 1, why);
    /* With full-width digits it is not seen to be a range before it is canonical. */
    return !skip && range_split(r->out->text, &ip, &last) ? fail(r, 0, REJECT_BAD_RANGE) : REJECT_NONE;
}

/* Hashes. */

static bool hash_type(struct span s, enum ioc_type *out)
{
    if (s.len != 32 && s.len != SHA1_DIGITS && s.len != 64)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_hex(s.ptr[i]))
            return false;
    *out = s.len == 32 ? IOC_MD5 : s.len == 64 ? IOC_SHA256 : IOC_SHA1;
    return true;
}

static enum reject settle_hash(struct reading *r, enum ioc_type type, struct span digits)
{
    uint8_t lower[64];
    for (size_t i = 0; i < digits.len; i++)
        lower[i] = digits.ptr[i] | 0x20; /* digits have that bit already */
    return settle(r, type, span_of(lower, digits.len));
}

/* Recognition. */

static enum reject recognise(struct reading *r)
{
    struct span t = r->text, last;
    bool has_slash = span_has_byte(t, '/');
    enum ioc_type type;
    struct ip ip;
    if (url_has_scheme(t))
        return read_url_part(r, IOC_URL, url_canonical);
    if (has_slash)
        return read_slash(r);
    if (span_has_byte(t, '@'))
        return read_email(r);
    if (t.ptr[0] == '[')
        return read_bracketed(r);
    if (ip_parse_v4(t, &ip))
        return settle_address(r, &ip);
    if (range_split(t, &ip, &last))
        return read_range(r, &ip, last);
    size_t n_colons = count_byte(t, ':');
    if (n_colons > 1)
        return read_colons(r);
    if (n_colons == 1)
        return read_host_port(r, find_byte(t, ':'));
    if (hash_type(t, &type))
        return settle_hash(r, type, t);
    return read_domain(r);
}

static enum reject read_slowly(struct span text, struct span trimmed, struct buf *scratch, struct value *out,
                               uint32_t *out_col)
{
    struct reading r = {.text = trimmed, .scratch = scratch, .out = out};
    *out_col = (uint32_t)(trimmed.ptr - text.ptr) + 1;
    if (trimmed.len == 0)
        return REJECT_EMPTY;
    if (trimmed.len > VALUE_MAX_BYTES || !buf_reserve(scratch, 4 * trimmed.len + 1024))
        return REJECT_NAME_TOO_LONG;
    if (refang_applies(trimmed)) {
        out->was_defanged = refang(trimmed, scratch);
        if (out->was_defanged)
            r.text = buf_span(scratch);
        else
            buf_reset(scratch);
    }
    enum reject why = recognise(&r);
    if (why)
        *out_col += (uint32_t)(out->was_defanged ? refang_origin(trimmed, r.at) : r.at);
    return why;
}

enum reject value_read(struct span text, struct buf *scratch, struct value *out, uint32_t *out_col)
{
    struct span trimmed = trim(text);
    struct ip ip;
    buf_reset(scratch);
    *out = (struct value){.type = IOC_DOMAIN, .text = trimmed};
    /* A last label that ends in a digit is rare in names: asking for an address first costs nothing there. */
    if (trimmed.len && is_digit(trimmed.ptr[trimmed.len - 1]) && ip_parse_v4(trimmed, &ip)) {
        out->type = IOC_IPV4;
        return REJECT_NONE;
    }
    if (name_is_plain(trimmed))
        return REJECT_NONE;
    return read_slowly(text, trimmed, scratch, out, out_col);
}

/* Declared types. */

#define BIT(type) (1u << (type))
#define ADDRESSES                                                                                            \
    (BIT(IOC_IPV4) | BIT(IOC_IPV6) | BIT(IOC_CIDR4) | BIT(IOC_CIDR6) | BIT(IOC_RANGE4) | BIT(IOC_RANGE6))
#define HOSTS      (BIT(IOC_DOMAIN) | BIT(IOC_WILDCARD) | ADDRESSES)
#define HOST_PORTS (BIT(IOC_IP_PORT) | BIT(IOC_DOMAIN_PORT))
#define URLS       (BIT(IOC_URL) | BIT(IOC_HOSTPATH) | BIT(IOC_DOMAIN) | BIT(IOC_IPV4) | BIT(IOC_IPV6) | HOST_PORTS)

/* What value_read() may say of a text that is declared to be of this type. */
static const uint32_t accepted[IOC_TYPE_COUNT] = {
    [IOC_DOMAIN] = HOSTS,
    [IOC_WILDCARD] = BIT(IOC_DOMAIN) | BIT(IOC_WILDCARD),
    [IOC_IPV4] = HOSTS,
    [IOC_IPV6] = HOSTS,
    [IOC_CIDR4] = ADDRESSES,
    [IOC_CIDR6] = ADDRESSES,
    [IOC_RANGE4] = ADDRESSES,
    [IOC_RANGE6] = ADDRESSES,
    [IOC_IP_PORT] = HOST_PORTS,
    [IOC_DOMAIN_PORT] = HOST_PORTS,
    [IOC_URL] = URLS,
    [IOC_HOSTPATH] = URLS,
    [IOC_URI_PATH] = BIT(IOC_URI_PATH),
    [IOC_JA3] = BIT(IOC_MD5),
    [IOC_CERT_SHA1] = BIT(IOC_SHA1),
    [IOC_CERT_SHA256] = BIT(IOC_SHA256),
    [IOC_EMAIL] = BIT(IOC_EMAIL),
    [IOC_MD5] = BIT(IOC_MD5),
    [IOC_SHA1] = BIT(IOC_SHA1),
    [IOC_SHA256] = BIT(IOC_SHA256),
};

static bool is_hash(enum ioc_type type)
{
    return type == IOC_JA3 || type == IOC_CERT_SHA1 || type == IOC_CERT_SHA256 || type == IOC_MD5 ||
           type == IOC_SHA1 || type == IOC_SHA256;
}

static enum reject take_as_it_is(enum ioc_type type, struct span text, struct value *out, uint32_t *out_col)
{
    *out = (struct value){.type = type, .text = text};
    *out_col = 1;
    return text.len == 0 ? REJECT_EMPTY : text.len > VALUE_MAX_BYTES ? REJECT_NAME_TOO_LONG : REJECT_NONE;
}

/* "AB:CD:...", as certificate viewers write fingerprints; false when it is not one. */
static bool read_fingerprint(enum ioc_type type, struct span text, struct buf *scratch, struct value *out)
{
    uint8_t digits[SHA256_DIGITS];
    struct span t = trim(text);
    struct reading r = {.text = t, .scratch = scratch, .out = out};
    size_t n_digits = type == IOC_CERT_SHA1 ? SHA1_DIGITS : SHA256_DIGITS;
    if (t.len != n_digits / 2 * 3 - 1)
        return false;
    for (size_t i = 0, n = 0; i < t.len; i++) {
        if (i % 3 == 2 ? t.ptr[i] != ':' : !is_hex(t.ptr[i]))
            return false;
        if (i % 3 < 2)
            digits[n++] = t.ptr[i];
    }
    *out = (struct value){.type = type};
    buf_reset(scratch);
    settle_hash(&r, type, span_of(digits, n_digits));
    return !scratch->is_full;
}

enum reject value_read_as(enum ioc_type type, struct span text, struct buf *scratch, struct value *out,
                          uint32_t *out_col)
{
    if (type == IOC_REGEX || type == IOC_USER_AGENT || type == IOC_JA4 || type == IOC_OTHER)
        return take_as_it_is(type, text, out, out_col);
    if ((type == IOC_CERT_SHA1 || type == IOC_CERT_SHA256) && read_fingerprint(type, text, scratch, out))
        return REJECT_NONE;
    enum reject why = value_read(text, scratch, out, out_col);
    if (why)
        return is_hash(type) && why != REJECT_EMPTY ? REJECT_BAD_HASH : why;
    if (!(accepted[type] & BIT(out->type))) {
        *out_col = 1;
        return REJECT_TYPE_MISMATCH;
    }
    if (is_hash(type)) /* the same digits mean different things */
        out->type = type;
    return REJECT_NONE;
}
