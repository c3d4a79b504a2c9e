/* See bench_check.h. The plain way shares the parsing of addresses with the matcher and nothing else. */
#include "tools/bench_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "matcher/route.h"
#include "rules/url.h"

enum {
    PLANTED_MAX = 512,
    PLANTED_MIN = 16,
    COMPARISONS_MAX = 20 << 20, /* fields times indicators, roughly: a second */
    TEXT_BYTES_MAX = 1 << 16,
    URL_KEY_MAX = 8192,
};

static bool is_name(uint8_t type)
{
    return type == IOC_DOMAIN || type == IOC_DOMAIN_PORT || type == IOC_WILDCARD;
}

static bool is_address(uint8_t type)
{
    return (type >= IOC_IPV4 && type <= IOC_RANGE6) || type == IOC_IP_PORT;
}

static bool is_url(uint8_t type)
{
    return type == IOC_URL || type == IOC_HOSTPATH || type == IOC_URI_PATH;
}

static bool is_text(uint8_t type)
{
    return type == IOC_USER_AGENT || type == IOC_JA3 || type == IOC_JA4 || type == IOC_CERT_SHA1 ||
           type == IOC_EMAIL;
}

/* ---- planting ---- */

static enum field lowest(field_mask fields)
{
    return (enum field)__builtin_ctz(fields);
}

/* A name that the indicator hits: below it where it wants that, and a letter for each star and question mark. */
static void put_name(struct buf *out, const struct indicator *ind, struct span key)
{
    if (ind->type == IOC_DOMAIN && (ind->match == MATCH_BELOW || ind->match == MATCH_SUFFIX))
        buf_put_str(out, "planted.");
    for (size_t i = 0; i < key.len; i++) {
        bool is_wild = ind->type == IOC_WILDCARD && (key.ptr[i] == '*' || key.ptr[i] == '?');
        buf_put_byte(out, is_wild ? 'q' : key.ptr[i]);
    }
}

static void put_url(struct scan_field *f, const struct indicator *ind, struct span key, struct buf *tail)
{
    const uint8_t *slash = memchr(key.ptr, '/', key.len);
    size_t host = ind->type == IOC_URI_PATH || !slash ? 0 : (size_t)(slash - key.ptr);
    uint16_t port;
    f->kind = SCAN_URL;
    f->text = host ? span_first(key, host) : SPAN_LIT("planted.example");
    url_host(f->text, &port);
    f->port = port ? port : 80;
    buf_put(tail, span_from(key, host));
    if (ind->match == MATCH_PREFIX)
        buf_put_str(tail, "planted");
    f->target = buf_span(tail);
}

static bool plant(struct bench_fields *to, const struct set_view *v, uint32_t i, struct buf *text)
{
    const struct indicator *ind = &v->indicators[i];
    struct scan_field f = {.port = ind->port};
    struct ip last;
    buf_reset(text);
    if (is_name(ind->type) && ind->fields & ROUTE_NAME_FIELDS) {
        f.kind = SCAN_NAME;
        f.field = lowest(ind->fields & ROUTE_NAME_FIELDS);
        put_name(text, ind, ind->type == IOC_WILDCARD ? set_value(v, i) : route_key(v, i));
        f.text = buf_span(text);
    } else if (is_address(ind->type) && ind->fields & ROUTE_ADDRESS_FIELDS) {
        f.kind = SCAN_ADDRESS;
        f.field = lowest(ind->fields & ROUTE_ADDRESS_FIELDS);
        if (!route_addresses(v, i, &f.ip, &last))
            return false;
    } else if (is_url(ind->type) && ind->fields & FIELD_BIT(FIELD_HTTP_URL)) {
        f.field = FIELD_HTTP_URL;
        put_url(&f, ind, route_key(v, i), text);
    } else if (is_text(ind->type) && ind->fields) {
        f.kind = SCAN_TEXT;
        f.field = lowest(ind->fields);
        f.text = set_value(v, i);
    } else {
        return false;
    }
    if (text->is_full)
        return false;
    bench_fields_keep(to, &f);
    return true;
}

static void plant_all(struct bench_fields *to, const struct set_view *v, struct buf *text)
{
    uint32_t n = v->n_indicators ? COMPARISONS_MAX / v->n_indicators : 0;
    n = n > PLANTED_MAX ? PLANTED_MAX : n < PLANTED_MIN ? PLANTED_MIN : n;
    if (n >= v->n_indicators) {
        for (uint32_t i = 0; i < v->n_indicators; i++)
            plant(to, v, i, text);
        return;
    }
    for (uint32_t k = 0; k < n; k++)
        plant(to, v, (uint32_t)((uint64_t)k * v->n_indicators / n), text);
}

/* ---- the plain way ---- */

static bool ends_below(struct span name, struct span parent)
{
    return name.len > parent.len && name.ptr[name.len - parent.len - 1] == '.' &&
           span_eq(span_from(name, name.len - parent.len), parent);
}

static bool is_run(struct span w, struct span s)
{
    while (w.len && w.ptr[0] != '*') {
        if (s.len == 0 || (w.ptr[0] == '?' ? s.ptr[0] == '.' : w.ptr[0] != s.ptr[0]))
            return false;
        span_skip(&w, 1);
        span_skip(&s, 1);
    }
    if (w.len == 0)
        return s.len == 0;
    for (;; span_skip(&s, 1)) {
        if (is_run(span_from(w, 1), s))
            return true;
        if (s.len == 0 || s.ptr[0] == '.')
            return false;
    }
}

static bool hits_name(const struct set_view *v, uint32_t i, const struct scan_field *f)
{
    const struct indicator *ind = &v->indicators[i];
    struct span value = set_value(v, i);
    if (ind->type == IOC_WILDCARD)
        return is_run(value, f->text);
    if (ind->type == IOC_DOMAIN_PORT) {
        if (ind->port != f->port)
            return false;
        while (value.len && value.ptr[--value.len] != ':')
            continue;
    }
    if (span_eq(value, f->text))
        return ind->match != MATCH_BELOW;
    return (ind->match == MATCH_SUFFIX || ind->match == MATCH_BELOW) && ends_below(f->text, value);
}

static bool hits_address(const struct set_view *v, uint32_t i, const struct scan_field *f)
{
    const struct indicator *ind = &v->indicators[i];
    struct ip first, last;
    bool is_v6 = ind->type == IOC_CIDR6 || ind->type == IOC_RANGE6;
    if ((ind->type == IOC_IP_PORT && ind->port != f->port) || (is_v6 && ip_is_v4(&f->ip)) ||
        !route_addresses(v, i, &first, &last))
        return false;
    return ip_compare(&first, &f->ip) <= 0 && ip_compare(&f->ip, &last) <= 0;
}

static bool hits_url(const struct set_view *v, uint32_t i, const struct scan_field *f)
{
    const struct indicator *ind = &v->indicators[i];
    uint8_t whole[URL_KEY_MAX];
    struct span value = set_value(v, i), seen = f->target;
    if (ind->type == IOC_URL) /* "scheme://" */
        value =
            span_from(value, (size_t)((const uint8_t *)memchr(value.ptr, ':', value.len) - value.ptr) + 3);
    if (ind->type != IOC_URI_PATH) {
        if (f->text.len + f->target.len > sizeof whole)
            return false;
        memcpy(whole, f->text.ptr, f->text.len);
        memcpy(whole + f->text.len, f->target.ptr, f->target.len);
        seen = span_of(whole, f->text.len + f->target.len);
    }
    return ind->match == MATCH_PREFIX ? span_starts(seen, value) : span_eq(seen, value);
}

static bool hits(const struct set_view *v, uint32_t i, const struct scan_field *f)
{
    const struct indicator *ind = &v->indicators[i];
    if (!(ind->fields & FIELD_BIT(f->field)))
        return false;
    switch (f->kind) {
    case SCAN_NAME:
        return is_name(ind->type) && hits_name(v, i, f);
    case SCAN_ADDRESS:
        return is_address(ind->type) && hits_address(v, i, f);
    case SCAN_URL:
        return is_url(ind->type) && hits_url(v, i, f);
    case SCAN_TEXT:
        return is_text(ind->type) && span_eq(set_value(v, i), f->text);
    }
    return false;
}

/* ---- both ---- */

static bool has_plain_way(uint8_t type)
{
    return is_name(type) || is_address(type) || is_url(type) || is_text(type);
}

static void tell_difference(struct bench_check *c, const struct set_view *v, uint32_t i, uint32_t field,
                            bool by_matcher)
{
    struct span value = set_value(v, i);
    if (c->n_different++ == 0)
        snprintf(c->example, sizeof c->example, "%.*s, planted field %u: %s",
                 (int)(value.len < 100 ? value.len : 100), (const char *)value.ptr, field,
                 by_matcher ? "only the matcher hits it" : "the matcher misses it");
}

/* One field; `found` are the matcher's hits of it, by indicator. */
static void compare(struct bench_check *c, const struct set_view *v, const struct scan_field *f,
                    uint32_t field, const struct hit *found, size_t n)
{
    for (uint32_t i = 0; i < v->n_indicators; i++) {
        bool is_found = n && found->indicator == i;
        if (is_found) {
            found++;
            n--;
        }
        if (!has_plain_way(v->indicators[i].type))
            continue;
        bool is_expected = hits(v, i, f);
        c->n_found += is_found;
        c->n_expected += is_expected;
        if (is_found != is_expected)
            tell_difference(c, v, i, field, is_found);
    }
}

static bool run(const struct db *db, const struct bench_fields *planted, struct bench_check *c,
                struct err *err)
{
    struct scanner *s = scanner_new(db, err);
    const struct hit *found;
    if (!s)
        return false;
    for (uint32_t i = 0; i < planted->n; i++)
        scan_add(s, &planted->items[i], i);
    size_t n = scan_run(s, &found), at = 0;
    for (uint32_t i = 0; i < planted->n; i++) {
        size_t end = at;
        while (end < n && found[end].cookie == i)
            end++;
        compare(c, db_set(db), &planted->items[i], i, found + at, end - at);
        at = end;
    }
    scanner_free(s);
    return true;
}

bool bench_check(const struct db *db, struct bench_check *out, struct err *err)
{
    struct bench_fields planted;
    struct buf text;
    *out = (struct bench_check){0};
    if (!bench_fields_init(&planted, PLANTED_MAX))
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    buf_init(&text, TEXT_BYTES_MAX);
    plant_all(&planted, db_set(db), &text);
    out->n_planted = planted.n;
    bool is_good = run(db, &planted, out, err);
    buf_fini(&text);
    bench_fields_fini(&planted);
    return is_good;
}
