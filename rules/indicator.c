/* See indicator.h. */
#include "rules/indicator.h"

static const char *const type_names[IOC_TYPE_COUNT] = {
    [IOC_DOMAIN] = "domain",
    [IOC_WILDCARD] = "wildcard",
    [IOC_IPV4] = "ipv4",
    [IOC_IPV6] = "ipv6",
    [IOC_CIDR4] = "cidr4",
    [IOC_CIDR6] = "cidr6",
    [IOC_RANGE4] = "range4",
    [IOC_RANGE6] = "range6",
    [IOC_IP_PORT] = "ip_port",
    [IOC_DOMAIN_PORT] = "domain_port",
    [IOC_URL] = "url",
    [IOC_HOSTPATH] = "hostpath",
    [IOC_URI_PATH] = "uri_path",
    [IOC_REGEX] = "regex",
    [IOC_USER_AGENT] = "user_agent",
    [IOC_JA3] = "ja3",
    [IOC_JA4] = "ja4",
    [IOC_CERT_SHA1] = "cert_sha1",
    [IOC_BLOOM] = "bloom",
    [IOC_CERT_SHA256] = "cert_sha256",
    [IOC_EMAIL] = "email",
    [IOC_MD5] = "md5",
    [IOC_SHA1] = "sha1",
    [IOC_SHA256] = "sha256",
    [IOC_OTHER] = "other",
};

enum { MATCH_COUNT = MATCH_REGEX + 1, TLP_COUNT = TLP_RED + 1 };

static const char *const match_names[MATCH_COUNT] = {
    [MATCH_EXACT] = "exact",       [MATCH_SUFFIX] = "suffix", [MATCH_BELOW] = "below",
    [MATCH_PREFIX] = "prefix",     [MATCH_CIDR] = "cidr",     [MATCH_RANGE] = "range",
    [MATCH_WILDCARD] = "wildcard", [MATCH_REGEX] = "regex",
};

static const char *const tlp_names[TLP_COUNT] = {
    [TLP_CLEAR] = "clear", [TLP_GREEN] = "green", [TLP_AMBER] = "amber", [TLP_AMBER_STRICT] = "amber+strict",
    [TLP_RED] = "red",
};

const char *ioc_type_name(enum ioc_type t)
{
    return (unsigned)t < IOC_TYPE_COUNT ? type_names[t] : "unknown";
}

const char *ioc_match_name(enum ioc_match m)
{
    return (unsigned)m < MATCH_COUNT ? match_names[m] : "unknown";
}

const char *tlp_name(enum tlp t)
{
    return (unsigned)t < TLP_COUNT ? tlp_names[t] : NULL;
}

/* Which of `n` names is it, in any case? NULL entries match nothing; n when there is none. */
static unsigned find(struct span name, const char *const *names, unsigned n)
{
    unsigned i = 0;
    while (i < n && !(names[i] && span_eq_nocase(name, span_str(names[i]))))
        i++;
    return i;
}

bool ioc_type_of(struct span name, enum ioc_type *out)
{
    unsigned i = find(name, type_names, IOC_TYPE_COUNT);
    if (i == IOC_TYPE_COUNT)
        return false;
    *out = (enum ioc_type)i;
    return true;
}

bool ioc_match_of(struct span name, enum ioc_match *out)
{
    unsigned i = find(name, match_names, MATCH_COUNT);
    if (i == MATCH_COUNT)
        return false;
    *out = (enum ioc_match)i;
    return true;
}

bool tlp_of(struct span text, enum tlp *out)
{
    if (span_eq_nocase(span_first(text, 4), SPAN_LIT("tlp:")))
        text = span_from(text, 4);
    unsigned i = find(text, tlp_names, TLP_COUNT);
    if (span_eq_nocase(text, SPAN_LIT("white"))) /* TLP 1.0 */
        i = TLP_CLEAR;
    if (i == TLP_COUNT)
        return false;
    *out = (enum tlp)i;
    return true;
}

/* Not among the fields of names: tls.cert_san. A certificate of a CDN holds for the names of a hundred customers, and that one of them is
 * listed says little of a talk with another. Who wants it says so with `fields`. */

/* Where a host is named once the flow is known, and with it the port. */
#define HOST_FIELDS                                                                                          \
    (FIELD_BIT(FIELD_HTTP_HOST) | FIELD_BIT(FIELD_TLS_SNI) | FIELD_BIT(FIELD_QUIC_SNI) |                     \
     FIELD_BIT(FIELD_SOCKS_HOST))
#define MAIL_FIELDS (FIELD_BIT(FIELD_SMTP_MAIL_FROM) | FIELD_BIT(FIELD_SMTP_RCPT_TO))
#define NAME_FIELDS                                                                                          \
    (HOST_FIELDS | FIELD_BIT(FIELD_DNS_QUERY) | FIELD_BIT(FIELD_DNS_ANSWER_NAME) |                           \
     FIELD_BIT(FIELD_DNS_ANSWER_TARGET) | FIELD_BIT(FIELD_SMTP_HELO) | FIELD_BIT(FIELD_SMTP_BANNER) |        \
     MAIL_FIELDS)
#define FLOW_FIELDS (FIELD_BIT(FIELD_IP_SRC) | FIELD_BIT(FIELD_IP_DST))

field_mask ioc_default_fields(enum ioc_type t)
{
    switch (t) {
    case IOC_DOMAIN:
    case IOC_WILDCARD:
        return NAME_FIELDS;
    case IOC_IPV4:
    case IOC_IPV6:
    case IOC_CIDR4:
    case IOC_CIDR6:
    case IOC_RANGE4:
    case IOC_RANGE6:
        /* An HTTP host too, and whom SOCKS is asked for: behind a proxy it is the only place where the address shows. */
        return FLOW_FIELDS | FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS) | FIELD_BIT(FIELD_HTTP_HOST) |
               FIELD_BIT(FIELD_HTTP_XFF) | FIELD_BIT(FIELD_SOCKS_HOST);
    case IOC_IP_PORT:
        return FLOW_FIELDS;
    case IOC_DOMAIN_PORT:
        return HOST_FIELDS;
    case IOC_URL:
    case IOC_HOSTPATH:
    case IOC_URI_PATH:
        return FIELD_BIT(FIELD_HTTP_URL);
    case IOC_REGEX:
        return HOST_FIELDS | FIELD_BIT(FIELD_DNS_QUERY) | FIELD_BIT(FIELD_HTTP_URL);
    case IOC_USER_AGENT:
        return FIELD_BIT(FIELD_HTTP_USER_AGENT);
    case IOC_JA3:
        return FIELD_BIT(FIELD_TLS_JA3);
    case IOC_JA4:
        return FIELD_BIT(FIELD_TLS_JA4);
    case IOC_CERT_SHA1:
        return FIELD_BIT(FIELD_TLS_CERT_SHA1);
    case IOC_CERT_SHA256:
        return FIELD_BIT(FIELD_TLS_CERT_SHA256);
    case IOC_BLOOM:
        return NAME_FIELDS;
    case IOC_EMAIL:
    case IOC_MD5:
    case IOC_SHA1:
    case IOC_SHA256:
    case IOC_OTHER:
    case IOC_TYPE_COUNT:
        break;
    }
    return 0;
}
