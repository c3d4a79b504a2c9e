/* See openioc_terms.h. */
#include "rules/formats/openioc_terms.h"

static const struct {
    const char *search; /* in lower case */
    enum ioc_type type;
    field_mask fields;
} terms[] = {
    {"network/dns", IOC_DOMAIN, 0},
    {"network/hostname", IOC_DOMAIN, 0},
    {"dnsentryitem/host", IOC_DOMAIN, 0},
    {"dnsentryitem/recordname", IOC_DOMAIN, 0},
    {"dnsentryitem/recorddata/host", IOC_DOMAIN, 0},
    {"urlhistoryitem/hostname", IOC_DOMAIN, 0},
    {"formhistoryitem/hostname", IOC_DOMAIN, 0},
    {"cookiehistoryitem/hostname", IOC_DOMAIN, 0},
    {"dnsentryitem/recorddata/ipv4address", IOC_IPV4, 0},
    {"dnsentryitem/recorddata/ipv6address", IOC_IPV4, 0},
    {"network/ip", IOC_IPV4, 0},
    {"network/remoteip", IOC_IPV4, 0},
    {"portitem/remoteip", IOC_IPV4, 0},
    {"routeentryitem/destination", IOC_IPV4, 0},
    {"arpentryitem/ipv4address", IOC_IPV4, 0},
    {"network/url", IOC_URL, 0},
    {"urlhistoryitem/url", IOC_URL, 0},
    {"filedownloadhistoryitem/sourceurl", IOC_URL, 0},
    {"network/uri", IOC_URI_PATH, 0},
    {"network/http_referr", IOC_URL, FIELD_BIT(FIELD_HTTP_REFERER)},
    {"network/http_referrer", IOC_URL, FIELD_BIT(FIELD_HTTP_REFERER)},
    {"network/useragent", IOC_USER_AGENT, 0},
    {"email/from", IOC_EMAIL, FIELD_BIT(FIELD_SMTP_MAIL_FROM)},
    {"email/to", IOC_EMAIL, FIELD_BIT(FIELD_SMTP_RCPT_TO)},
    {"email/cc", IOC_EMAIL, FIELD_BIT(FIELD_SMTP_RCPT_TO)},
    {"fileitem/md5sum", IOC_MD5, 0},
    {"fileitem/sha1sum", IOC_SHA1, 0},
    {"fileitem/sha256sum", IOC_SHA256, 0},
    {"processitem/sectionlist/memorysection/md5sum", IOC_MD5, 0},
};

struct openioc_term openioc_term_of(struct span search)
{
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        if (span_eq_nocase(search, span_str(terms[i].search)))
            return (struct openioc_term){.type = terms[i].type, .fields = terms[i].fields};
    return (struct openioc_term){.type = IOC_OTHER};
}
