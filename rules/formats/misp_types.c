/* See misp_types.h. A domain means the name and what is below it, a host name that name alone: so MISP's own exports
 * to sensors have it. An address is looked for on both sides of a flow, whether it is "src" or "dst": who opens it
 * depends on where one stands, and both are used for command servers. Of certificates SHA-1 and SHA-256
 * fingerprints can be compared; MD5, JARM, HASSH, cookies and methods cannot. */
#include "rules/formats/misp_types.h"

static const struct misp_type types[] = {
    {"ip-dst", MISP_VALUE, IOC_IPV4, MATCH_EXACT, true},
    {"ip-src", MISP_VALUE, IOC_IPV4, MATCH_EXACT, true},
    {"domain", MISP_VALUE, IOC_DOMAIN, MATCH_SUFFIX, true},
    {"hostname", MISP_VALUE, IOC_DOMAIN, MATCH_EXACT, true},
    {"url", MISP_VALUE, IOC_URL, MATCH_EXACT, true},
    {"uri", MISP_URI, IOC_URI_PATH, MATCH_EXACT, true},
    {"ip-dst|port", MISP_HOST_PORT, IOC_IP_PORT, MATCH_EXACT, true},
    {"ip-src|port", MISP_HOST_PORT, IOC_IP_PORT, MATCH_EXACT, true},
    {"hostname|port", MISP_HOST_PORT, IOC_DOMAIN_PORT, MATCH_EXACT, true},
    {"domain|ip", MISP_NAME_IP, IOC_DOMAIN, MATCH_SUFFIX, true},
    {"user-agent", MISP_VALUE, IOC_USER_AGENT, MATCH_EXACT, false},
    {"ja3-fingerprint-md5", MISP_VALUE, IOC_JA3, MATCH_EXACT, true},
    {"x509-fingerprint-sha1", MISP_VALUE, IOC_CERT_SHA1, MATCH_EXACT, true},
    {"x509-fingerprint-sha256", MISP_VALUE, IOC_CERT_SHA256, MATCH_EXACT, true},
    {"link", MISP_CONTEXT, IOC_OTHER, MATCH_EXACT, false},
    {"md5", MISP_UNSEEN, IOC_MD5, MATCH_EXACT, true},
    {"sha1", MISP_UNSEEN, IOC_SHA1, MATCH_EXACT, true},
    {"sha256", MISP_UNSEEN, IOC_SHA256, MATCH_EXACT, true},
    {"filename|md5", MISP_UNSEEN, IOC_MD5, MATCH_EXACT, true},
    {"filename|sha1", MISP_UNSEEN, IOC_SHA1, MATCH_EXACT, true},
    {"filename|sha256", MISP_UNSEEN, IOC_SHA256, MATCH_EXACT, true},
    {"malware-sample", MISP_UNSEEN, IOC_MD5, MATCH_EXACT, true},
    {"email", MISP_UNSEEN, IOC_EMAIL, MATCH_EXACT, true},
    {"email-src", MISP_UNSEEN, IOC_EMAIL, MATCH_EXACT, true},
    {"email-dst", MISP_UNSEEN, IOC_EMAIL, MATCH_EXACT, true},
};

const struct misp_type *misp_type_of(struct span name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (span_eq(name, span_str(types[i].name)))
            return &types[i];
    return NULL;
}
