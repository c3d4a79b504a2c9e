/* See oracle_naive.h. */
#define _GNU_SOURCE 1
#include "tests/differential/oracle_naive.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "rules/url.h"

enum { TEXT_CAP = 1 << 24 };

static struct span value_of(const struct set_view *v, const struct indicator *ind)
{
    return span_of(v->pool + ind->value, ind->value_len);
}

static bool is_url_type(const struct indicator *ind)
{
    return ind->type == IOC_URL || ind->type == IOC_HOSTPATH;
}

static bool is_text_type(const struct indicator *ind)
{
    return ind->type == IOC_USER_AGENT || ind->type == IOC_JA3 || ind->type == IOC_JA4 ||
           ind->type == IOC_CERT_SHA1 || ind->type == IOC_CERT_SHA256;
}

static bool is_pattern(const struct indicator *ind)
{
    return ind->type == IOC_WILDCARD || ind->type == IOC_REGEX;
}

/* Everything up to the last `c`, which is there. */
static struct span before_last(struct span s, char c)
{
    while (s.len && s.ptr[s.len - 1] != (uint8_t)c)
        s.len--;
    s.len -= s.len > 0;
    return s;
}

/* ---- patterns ---- */

static bool wildcard_matches(struct span w, struct span s)
{
    if (w.len == 0)
        return s.len == 0;
    if (w.ptr[0] == '*')
        return wildcard_matches(span_from(w, 1), s) ||
               (s.len && s.ptr[0] != '.' && wildcard_matches(w, span_from(s, 1)));
    if (s.len == 0 || (w.ptr[0] == '?' ? s.ptr[0] == '.' : s.ptr[0] != w.ptr[0]))
        return false;
    return wildcard_matches(span_from(w, 1), span_from(s, 1));
}

static bool regex_matches(struct span pattern, bool is_caseless, struct span s)
{
    char z[4097];
    regex_t re;
    if (pattern.len >= sizeof z)
        return false;
    memcpy(z, pattern.ptr, pattern.len);
    z[pattern.len] = '\0';
    if (regcomp(&re, z, REG_EXTENDED | REG_NOSUB | (is_caseless ? REG_ICASE : 0)) != 0)
        return false;
    regmatch_t all = {.rm_so = 0, .rm_eo = (regoff_t)s.len};
    char *text = calloc(1, s.len + 1); /* sanitizers want a NUL, REG_STARTEND or not */
    memcpy(text, s.ptr, s.len);
    bool matches = regexec(&re, text, 1, &all, REG_STARTEND) == 0;
    free(text);
    regfree(&re);
    return matches;
}

static bool pattern_matches(const struct set_view *v, const struct indicator *ind, bool is_name,
                            struct span s)
{
    if (s.len == 0)
        return false;
    if (ind->type == IOC_WILDCARD)
        return is_name && wildcard_matches(value_of(v, ind), s);
    return ind->type == IOC_REGEX && regex_matches(value_of(v, ind), ind->flags & IOC_F_CASELESS, s);
}

/* ---- Bloom filters ---- */

__extension__ typedef unsigned __int128 u128;

static bool is_bit_set(const struct set_view *v, const struct bloom *b, uint64_t bit)
{
    return v->bloom_words[b->first_word + bit / 64] & UINT64_C(1) << bit % 64;
}

static bool bloom_has(const struct set_view *v, const struct indicator *ind, struct span s)
{
    const u128 p = UINT64_C(18446744073709551557), g = UINT64_C(18446744073709550147), two64 = (u128)1 << 64;
    u128 h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < s.len; i++)
        h = h * UINT64_C(1099511628211) % two64 ^ s.ptr[i];
    h %= p;
    for (uint32_t b = 0; b < v->n_blooms; b++) {
        const struct bloom *bloom = &v->blooms[b];
        if (&v->indicators[bloom->indicator] != ind)
            continue;
        bool has_all = true;
        for (uint32_t i = 0; i < bloom->n_hashes; i++) {
            h = h * g % two64 % p;
            has_all = has_all && is_bit_set(v, bloom, (uint64_t)(h % bloom->n_bits));
        }
        return has_all;
    }
    return false;
}

static bool bloom_has_name(const struct set_view *v, const struct indicator *ind, struct span name)
{
    if (name.len <= 253 && bloom_has(v, ind, name))
        return true;
    if (ind->match != MATCH_SUFFIX || isdigit(name.ptr[name.len - 1]))
        return false;
    for (size_t i = 1; i < name.len; i++) {
        struct span parent = span_from(name, i);
        size_t n_labels = 1;
        for (size_t k = 0; k < parent.len; k++)
            n_labels += parent.ptr[k] == '.';
        if (name.ptr[i - 1] == '.' && name.ptr[i] != '.' && parent.len <= 253 && n_labels >= 2 &&
            n_labels <= 16 && bloom_has(v, ind, parent))
            return true;
    }
    return false;
}

/* ---- names and addresses ---- */

static bool name_matches(const struct set_view *v, const struct indicator *ind, struct span name,
                         uint16_t port)
{
    struct span value = value_of(v, ind);
    if (ind->type == IOC_DOMAIN_PORT) {
        if (port != ind->port)
            return false;
        value = before_last(value, ':');
    } else if (ind->type != IOC_DOMAIN) {
        return false;
    }
    if (ind->match != MATCH_BELOW && span_eq(name, value))
        return true;
    if (ind->match != MATCH_SUFFIX && ind->match != MATCH_BELOW)
        return false;
    return name.len > value.len && name.ptr[name.len - value.len - 1] == '.' &&
           span_eq(span_from(name, name.len - value.len), value);
}

static bool read_ip(struct span s, struct ip *out)
{
    if (s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
        s = span_of(s.ptr + 1, s.len - 2);
    return ip_parse_v4(s, out) || ip_parse_v6(s, out);
}

static bool has_prefix_bits(const struct ip *a, const struct ip *b, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++)
        if ((a->b[i / 8] ^ b->b[i / 8]) >> (7 - i % 8) & 1)
            return false;
    return true;
}

static bool address_matches(const struct set_view *v, const struct indicator *ind, const struct ip *ip,
                            uint16_t port)
{
    struct span value = value_of(v, ind);
    struct ip a, b;
    bool is_v4 = ind->type == IOC_CIDR4 || ind->type == IOC_RANGE4;
    switch (ind->type) {
    case IOC_IPV4:
    case IOC_IPV6:
        return read_ip(value, &a) && ip_compare(&a, ip) == 0;
    case IOC_IP_PORT:
        return ind->port == port && read_ip(before_last(value, ':'), &a) && ip_compare(&a, ip) == 0;
    case IOC_CIDR4:
    case IOC_CIDR6: {
        struct span net = before_last(value, '/');
        unsigned bits = 0;
        for (size_t i = net.len + 1; i < value.len; i++)
            bits = bits * 10 + (value.ptr[i] - '0');
        return is_v4 == ip_is_v4(ip) && read_ip(net, &a) && has_prefix_bits(&a, ip, is_v4 ? bits + 96 : bits);
    }
    case IOC_RANGE4:
    case IOC_RANGE6: {
        struct span first = before_last(value, '-');
        return is_v4 == ip_is_v4(ip) && read_ip(first, &a) && read_ip(span_from(value, first.len + 1), &b) &&
               ip_compare(&a, ip) <= 0 && ip_compare(ip, &b) <= 0;
    }
    default:
        return false;
    }
}

/* What a field comes down to before it is compared: worked out once for all indicators. */
struct spelling {
    struct buf canonical, raw; /* "http://host[:port]/target" */
    size_t target_at;
};

struct prepared {
    const struct oracle_field *f;
    struct buf name;
    bool is_address;
    struct ip ip;
    struct spelling spellings[2];
    size_t n_spellings;
    bool has_host;
};

static void prepare_name(struct prepared *p, struct span text)
{
    if (text.len && text.ptr[text.len - 1] == '.')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)tolower(text.ptr[i]);
        buf_put_byte(&p->name, c < 0x20 || c > 0x7e ? 0x1f : c);
    }
    p->is_address = read_ip(text, &p->ip);
}

static bool match_name(const struct set_view *v, const struct indicator *ind, const struct prepared *p)
{
    struct span s = buf_span(&p->name);
    if (ind->type == IOC_BLOOM)
        return s.len && bloom_has_name(v, ind, s);
    return s.len && (name_matches(v, ind, s, p->f->port) || pattern_matches(v, ind, true, s) ||
                     (p->is_address && address_matches(v, ind, &p->ip, p->f->port)));
}

static bool match_address(const struct set_view *v, const struct indicator *ind, const struct oracle_field *f)
{
    char text[IP_TEXT_MAX];
    size_t n = ip_format(&f->ip, text);
    if (ind->type == IOC_BLOOM)
        return bloom_has(v, ind, span_of(text, n));
    return address_matches(v, ind, &f->ip, f->port) || pattern_matches(v, ind, false, span_of(text, n));
}

/* ---- URLs ---- */

struct url {
    char host[70000];
    size_t host_len;
    uint16_t port; /* as written; 0 if none */
    struct span target;
};

/* How many hex digits stand at the start, of `most` bytes. */
static size_t leading_hex(struct span s, size_t most)
{
    size_t n = 0;
    while (n < most && isxdigit(s.ptr[n]))
        n++;
    return n;
}

/* "host[:port]", lower case, without final dot: the host ends at the ':', whatever stands behind it. */
static void read_authority(struct span s, struct url *out)
{
    size_t end = 0;
    if (s.len && s.ptr[0] == '[')
        while (end < s.len && s.ptr[end] != ']')
            end++;
    while (end < s.len && s.ptr[end] != ':')
        end++;
    size_t n_hex = leading_hex(s, end), second = end + 1;
    while (second < s.len && s.ptr[second] != ':')
        second++;
    if (n_hex == end && end <= 4 && (end == 0 || second < s.len))
        end = s.len; /* an IPv6 address without brackets, or no host at all */
    struct span host = span_first(s, end), digits = span_from(s, end + 1);
    unsigned long port = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!isdigit(digits.ptr[i]) || port * 10 + (digits.ptr[i] - '0') > 65535) {
            port = 0;
            break;
        }
        port = port * 10 + (digits.ptr[i] - '0');
    }
    out->port = (uint16_t)port;
    struct ip ip;
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']' &&
        ip_parse_v6(span_of(host.ptr + 1, host.len - 2), &ip)) {
        char text[IP_TEXT_MAX];
        ip_format(&ip, text);
        out->host_len = (size_t)snprintf(out->host, sizeof out->host, ip_is_v4(&ip) ? "%s" : "[%s]", text);
        return;
    }
    if (host.len && host.ptr[host.len - 1] == '.')
        host.len--;
    out->host_len = host.len < sizeof out->host ? host.len : sizeof out->host;
    for (size_t i = 0; i < out->host_len; i++)
        out->host[i] = (char)tolower(host.ptr[i]);
}

/* Cut "scheme://authority" off an absolute URL. */
static bool read_absolute(struct span s, struct url *out)
{
    size_t n = 0;
    while (n < s.len && (isalnum(s.ptr[n]) || s.ptr[n] == '+' || s.ptr[n] == '-' || s.ptr[n] == '.'))
        n++;
    if (n == 0 || !span_starts(span_from(s, n), SPAN_LIT("://")))
        return false;
    struct span rest = span_from(s, n + 3);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#' &&
           rest.ptr[end] != '\\')
        end++;
    size_t at = end;
    while (at > 0 && rest.ptr[at - 1] != '@')
        at--;
    read_authority(span_of(rest.ptr + at, end - at), out);
    out->target = span_from(rest, end + (end < rest.len && rest.ptr[end] == '\\'));
    return true;
}

static bool key_matches(const struct indicator *ind, struct span value, struct span key)
{
    return ind->match == MATCH_PREFIX ? span_starts(key, value) : span_eq(key, value);
}

static bool match_spelling(const struct set_view *v, const struct indicator *ind, const struct prepared *p,
                           const struct spelling *sp, bool with_regex)
{
    struct span all = buf_span(&sp->canonical), value = value_of(v, ind);
    if (is_url_type(ind))
        return p->has_host && key_matches(ind, url_match_key(value), span_from(all, 7));
    if (ind->type == IOC_URI_PATH)
        return key_matches(ind, value, span_from(all, sp->target_at));
    if (ind->type == IOC_BLOOM)
        return p->has_host && (bloom_has(v, ind, all) || bloom_has(v, ind, span_from(all, 7)));
    return with_regex &&
           (pattern_matches(v, ind, false, all) || pattern_matches(v, ind, false, buf_span(&sp->raw)));
}

static bool is_usual(uint16_t port)
{
    return port == 0 || port == 80 || port == 443;
}

static void prepare_spelling(struct prepared *p, const struct url *u, uint16_t port)
{
    struct spelling *sp = &p->spellings[p->n_spellings++];
    buf_init(&sp->canonical, TEXT_CAP);
    buf_init(&sp->raw, TEXT_CAP);
    buf_put_str(&sp->canonical, "http://");
    buf_put(&sp->canonical, span_of(u->host, u->host_len));
    if (port)
        buf_printf(&sp->canonical, ":%u", port);
    sp->target_at = sp->canonical.len;
    if (u->target.len == 0 || u->target.ptr[0] != '/')
        buf_put_byte(&sp->canonical, '/');
    buf_put(&sp->raw, buf_span(&sp->canonical));
    buf_put(&sp->raw, u->target);
    url_put_target(&sp->canonical, u->target);
}

static void prepare_url(struct prepared *p)
{
    const struct oracle_field *f = p->f;
    struct url *u = calloc(1, sizeof *u);
    bool is_link = f->kind == ORACLE_TEXT;
    bool is_absolute = (is_link || (f->target.len && f->target.ptr[0] != '/')) &&
                       read_absolute(is_link ? f->text : f->target, u);
    if (!is_absolute && !is_link) {
        read_authority(f->text, u);
        u->target = f->target;
    }
    p->has_host = u->host_len > 0;
    if (is_absolute || !is_link) {
        prepare_spelling(p, u, is_usual(u->port) || !p->has_host ? 0 : u->port);
        if (p->has_host && u->port == 0 && !is_usual(f->port))
            prepare_spelling(p, u, f->port);
    }
    free(u);
}

static bool match_url(const struct set_view *v, const struct indicator *ind, const struct prepared *p)
{
    bool matches = false;
    for (size_t i = 0; i < p->n_spellings; i++)
        matches |= match_spelling(v, ind, p, &p->spellings[i], p->f->kind == ORACLE_URL);
    return matches;
}

static bool is_link_field(enum field field)
{
    return field == FIELD_HTTP_LOCATION || field == FIELD_HTTP_REFERER;
}

static bool match_text(const struct set_view *v, const struct indicator *ind, const struct prepared *p)
{
    if (p->f->text.len == 0)
        return false;
    if (is_text_type(ind))
        return span_eq(p->f->text, value_of(v, ind));
    if (is_pattern(ind))
        return pattern_matches(v, ind, false, p->f->text);
    if (ind->type == IOC_BLOOM && bloom_has(v, ind, p->f->text))
        return true;
    return match_url(v, ind, p);
}

/* ---- all against all ---- */

static void prepare(struct prepared *p, const struct oracle_field *f)
{
    *p = (struct prepared){.f = f};
    buf_init(&p->name, TEXT_CAP);
    if (f->kind == ORACLE_NAME)
        prepare_name(p, f->text);
    if (f->kind == ORACLE_URL || (f->kind == ORACLE_TEXT && is_link_field(f->field)))
        prepare_url(p);
}

static void prepared_fini(struct prepared *p)
{
    buf_fini(&p->name);
    for (size_t i = 0; i < p->n_spellings; i++) {
        buf_fini(&p->spellings[i].canonical);
        buf_fini(&p->spellings[i].raw);
    }
}

static bool matches_field(const struct set_view *v, const struct indicator *ind, const struct prepared *p)
{
    if (!(ind->fields & FIELD_BIT(p->f->field)))
        return false;
    switch (p->f->kind) {
    case ORACLE_NAME:
        return match_name(v, ind, p);
    case ORACLE_ADDRESS:
        return match_address(v, ind, p->f);
    case ORACLE_URL:
        return match_url(v, ind, p);
    default:
        return match_text(v, ind, p);
    }
}

static bool is_known(const struct hit *hits, size_t n, const struct hit *h)
{
    for (size_t i = 0; i < n; i++)
        if (hits[i].cookie == h->cookie && hits[i].field == h->field && hits[i].indicator == h->indicator)
            return true;
    return false;
}

size_t oracle_match(const struct set_view *v, const struct oracle_field *fields, size_t n, struct hit **out)
{
    size_t n_hits = 0, room = 64;
    struct hit *hits = malloc(room * sizeof *hits);
    for (size_t f = 0; f < n; f++) {
        struct prepared p;
        prepare(&p, &fields[f]);
        for (uint32_t i = 0; i < v->n_indicators; i++) {
            struct hit h = {.cookie = fields[f].cookie, .indicator = i, .field = fields[f].field};
            if (!matches_field(v, &v->indicators[i], &p) || is_known(hits, n_hits, &h))
                continue;
            if (n_hits == room)
                hits = realloc(hits, (room *= 2) * sizeof *hits);
            hits[n_hits++] = h;
        }
        prepared_fini(&p);
    }
    *out = hits;
    return n_hits;
}

void oracle_add_to(struct scanner *s, const struct oracle_field *f)
{
    switch (f->kind) {
    case ORACLE_NAME:
        scan_add_name(s, f->field, f->text, f->port, f->cookie);
        break;
    case ORACLE_ADDRESS:
        scan_add_address(s, f->field, &f->ip, f->port, f->cookie);
        break;
    case ORACLE_URL:
        scan_add_url(s, f->field, f->text, f->target, f->port, f->cookie);
        break;
    default:
        scan_add_text(s, f->field, f->text, f->cookie);
        break;
    }
}
