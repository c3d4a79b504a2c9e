/* See stix_endpoint.h. */
#include "rules/formats/stix_endpoint.h"

#include "rules/url.h"

enum { ENDPOINTS_MAX = 4096 };

/* The path that is compared with = or IN, in one comparison or in all that are joined by OR; empty when it is not
 * that. */
static struct span equal_path(const struct stix_node *n)
{
    const struct stix_comparison *c = &n->comparison;
    if (n->kind == STIX_COMPARISON) {
        bool is_equal = (c->op == STIX_EQ || c->op == STIX_IN) && !c->is_negated && c->literals;
        return is_equal && span_eq(c->object, SPAN_LIT("network-traffic")) ? c->path : span_of("", 0);
    }
    if (n->kind != STIX_OR)
        return span_of("", 0);
    struct span path = equal_path(n->first);
    for (n = n->first->next; n; n = n->next)
        if (!span_eq(path, equal_path(n)))
            return span_of("", 0);
    return path;
}

/* What the host is, or what is spoken, narrows nothing that the host and port do not say. */
static bool is_kind_of_end(struct span path)
{
    return span_eq(path, SPAN_LIT("src_ref.type")) || span_eq(path, SPAN_LIT("dst_ref.type")) ||
           span_eq(path, SPAN_LIT("protocols"));
}

static bool take_part(const struct stix_node *n, struct stix_endpoint *e)
{
    if (n->kind == STIX_AND) {
        bool is_good = true;
        for (n = n->first; n && is_good; n = n->next)
            is_good = take_part(n, e);
        return is_good;
    }
    struct span path = equal_path(n);
    bool is_host = span_eq(path, SPAN_LIT("src_ref.value")) || span_eq(path, SPAN_LIT("dst_ref.value"));
    bool is_port = span_eq(path, SPAN_LIT("src_port")) || span_eq(path, SPAN_LIT("dst_port"));
    if (is_host && !e->hosts) {
        e->hosts = n;
        e->side = path.ptr[0];
        return true;
    }
    if (is_port && !e->ports) {
        e->ports = n;
        e->port_side = path.ptr[0];
        return true;
    }
    return is_kind_of_end(path);
}

bool stix_endpoint_each(const struct stix_node *n, stix_each_literal *each, void *to)
{
    if (n->kind == STIX_COMPARISON) {
        for (const struct stix_literal *l = n->comparison.literals; l; l = l->next)
            if (!each(to, l))
                return false;
        return true;
    }
    for (n = n->first; n; n = n->next)
        if (!stix_endpoint_each(n, each, to))
            return false;
    return true;
}

struct span stix_endpoint_host(struct span host)
{
    bool is_v6 = host.len && memchr(host.ptr, ':', host.len);
    struct span tail = is_v6 ? SPAN_LIT("/128") : SPAN_LIT("/32");
    bool is_whole = host.len > tail.len && span_eq(span_from(host, host.len - tail.len), tail);
    return is_whole ? span_first(host, host.len - tail.len) : host;
}

/* A network and a port together are nothing that can be looked for. */
static bool count_host(void *to, const struct stix_literal *l)
{
    struct stix_endpoint *e = to;
    struct span host = stix_endpoint_host(l->text);
    e->n_hosts++;
    return l->kind == STIX_STRING && host.len && !memchr(host.ptr, '/', host.len);
}

static bool count_port(void *to, const struct stix_literal *l)
{
    struct stix_endpoint *e = to;
    uint16_t port;
    e->n_ports++;
    return (l->kind == STIX_STRING || l->kind == STIX_NUMBER) && url_port_parse(l->text, &port);
}

bool stix_endpoint_read(const struct stix_node *n, struct stix_endpoint *out)
{
    *out = (struct stix_endpoint){0};
    if (!take_part(n, out) || !out->hosts)
        return false;
    if (!out->ports)
        return true;
    return out->side == out->port_side && stix_endpoint_each(out->hosts, count_host, out) &&
           stix_endpoint_each(out->ports, count_port, out) && out->n_hosts * out->n_ports <= ENDPOINTS_MAX;
}
