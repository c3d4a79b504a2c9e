/* Hot; see encrypted_dns.h. The list is of resolvers that their makers offer to the public under a name of its own, one that serves nothing
 * else: browsers, phones and their users have them to choose from. A longer list would not be a complete one either, and a list that is
 * loaded (of indicators, with fields: tls.sni) tells of any other. */
#include "sensor/encrypted_dns.h"

enum { PORT_DNS_OVER_TLS = 853 };

static const struct span resolvers[] = {
    SPAN_LIT("adguard-dns.com"),
    SPAN_LIT("cloudflare-dns.com"),
    SPAN_LIT("cloudflare-gateway.com"),
    SPAN_LIT("dns.adguard.com"),
    SPAN_LIT("dns.alidns.com"),
    SPAN_LIT("dns.controld.com"),
    SPAN_LIT("dns.google"),
    SPAN_LIT("dns.mullvad.net"),
    SPAN_LIT("dns.nextdns.io"),
    SPAN_LIT("dns.quad9.net"),
    SPAN_LIT("dns.sb"),
    SPAN_LIT("dns.switch.ch"),
    SPAN_LIT("dns0.eu"),
    SPAN_LIT("dns10.quad9.net"),
    SPAN_LIT("dns11.quad9.net"),
    SPAN_LIT("dns9.quad9.net"),
    SPAN_LIT("doh.applied-privacy.net"),
    SPAN_LIT("doh.cleanbrowsing.org"),
    SPAN_LIT("doh.dns.apple.com"),
    SPAN_LIT("doh.familyshield.opendns.com"),
    SPAN_LIT("doh.libredns.gr"),
    SPAN_LIT("doh.opendns.com"),
    SPAN_LIT("doh.pub"),
    SPAN_LIT("doh.umbrella.com"),
    SPAN_LIT("doh.xfinity.com"),
    SPAN_LIT("freedns.controld.com"),
    SPAN_LIT("joindns4.eu"),
    SPAN_LIT("one.one.one.one"),
    SPAN_LIT("public.dns.iij.jp"),
};

/* The name or one below it, in any case; clients may end it in a dot. */
static bool is_at(struct span name, struct span resolver)
{
    if (name.len && name.ptr[name.len - 1] == '.')
        name.len--;
    if (name.len < resolver.len || !span_eq_nocase(span_from(name, name.len - resolver.len), resolver))
        return false;
    return name.len == resolver.len || name.ptr[name.len - resolver.len - 1] == '.';
}

static bool names_resolver(const struct tls_client_hello *h)
{
    for (unsigned i = 0; i < h->n_names; i++)
        for (size_t k = 0; k < sizeof resolvers / sizeof *resolvers; k++)
            if (is_at(h->names[i], resolvers[k]))
                return true;
    return false;
}

static bool offers(const struct tls_client_hello *h, struct span protocol)
{
    for (unsigned i = 0; i < h->n_alpn; i++)
        if (span_eq(h->alpn[i], protocol))
            return true;
    return false;
}

enum encrypted_dns encrypted_dns_of(const struct event *e)
{
    if (e->is_bare)
        return ENCRYPTED_DNS_NONE;
    if (e->kind != EVENT_TLS_CLIENT && e->kind != EVENT_QUIC)
        return ENCRYPTED_DNS_NONE;
    const struct tls_client_hello *h = e->tls_client;
    bool is_quic = e->kind == EVENT_QUIC, is_at_port = e->dport == PORT_DNS_OVER_TLS && !e->is_tunnelled;
    if (is_at_port || offers(h, is_quic ? SPAN_LIT("doq") : SPAN_LIT("dot")))
        return is_quic ? ENCRYPTED_DNS_DOQ : ENCRYPTED_DNS_DOT;
    return names_resolver(h) ? ENCRYPTED_DNS_DOH : ENCRYPTED_DNS_NONE;
}
