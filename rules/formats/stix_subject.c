/* See stix_subject.h. */
#include "rules/formats/stix_subject.h"

#define REQUEST "extensions.http-request-ext."

/* Paths in any case: headers are, and hashes are spelled as people like. */
static const struct {
    const char *object, *path;
    enum stix_subject subject;
} subjects[] = {
    {"domain-name", "value", STIX_OF_NAME},
    {"ipv4-addr", "value", STIX_OF_ADDRESS},
    {"ipv6-addr", "value", STIX_OF_ADDRESS},
    {"url", "value", STIX_OF_URL},
    {"hostname", "value", STIX_OF_NAME},    /* OpenCTI */
    {"user-agent", "value", STIX_OF_AGENT}, /* OpenCTI */
    {"domain-name", "resolves_to_refs.value", STIX_OF_RESOLVED},
    {"network-traffic", "src_ref.value", STIX_OF_SOURCE},
    {"network-traffic", "dst_ref.value", STIX_OF_DESTINATION},
    {"network-traffic", REQUEST "request_value", STIX_OF_TARGET},
    {"network-traffic", REQUEST "request_header.host", STIX_OF_HOST},
    {"network-traffic", REQUEST "request_header.user-agent", STIX_OF_AGENT},
    {"x509-certificate", "hashes.sha-1", STIX_OF_CERT},
    {"x509-certificate", "hashes.sha1", STIX_OF_CERT},
    {"x509-certificate", "hashes.sha-256", STIX_OF_CERT_SHA256},
    {"x509-certificate", "hashes.sha256", STIX_OF_CERT_SHA256},
};

enum stix_subject stix_subject_of(const struct stix_comparison *c)
{
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (span_eq(c->object, span_str(subjects[i].object)) &&
            span_eq_nocase(c->path, span_str(subjects[i].path)))
            return subjects[i].subject;
    return STIX_OF_NOTHING;
}

enum ioc_type stix_subject_foreign_type(const struct stix_comparison *c)
{
    static const struct {
        const char *path;
        enum ioc_type type;
    } hashes[] = {
        {"hashes.md5", IOC_MD5},        {"hashes.sha-1", IOC_SHA1},    {"hashes.sha1", IOC_SHA1},
        {"hashes.sha-256", IOC_SHA256}, {"hashes.sha256", IOC_SHA256},
    };
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        struct span path = span_str(hashes[i].path);
        if (c->path.len >= path.len && span_eq_nocase(span_from(c->path, c->path.len - path.len), path))
            return hashes[i].type;
    }
    bool is_person =
        span_eq(c->object, SPAN_LIT("email-message")) && memmem(c->path.ptr, c->path.len, "_ref", 4);
    return is_person || span_eq(c->object, SPAN_LIT("email-addr")) ? IOC_EMAIL : IOC_OTHER;
}

field_mask stix_subject_fields(enum stix_subject subject, bool is_address)
{
    switch (subject) {
    case STIX_OF_HOST:
        return FIELD_BIT(FIELD_HTTP_HOST);
    case STIX_OF_SOURCE:
        return is_address ? FIELD_BIT(FIELD_IP_SRC) : 0;
    case STIX_OF_DESTINATION:
        return is_address ? FIELD_BIT(FIELD_IP_DST) : 0;
    case STIX_OF_RESOLVED:
        return is_address ? FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS) : FIELD_BIT(FIELD_DNS_ANSWER_TARGET);
    default:
        return 0;
    }
}

field_mask stix_subject_regex_fields(enum stix_subject subject)
{
    switch (subject) {
    case STIX_OF_ADDRESS:
        return ioc_default_fields(IOC_IPV4);
    case STIX_OF_URL:
    case STIX_OF_TARGET:
        return FIELD_BIT(FIELD_HTTP_URL);
    case STIX_OF_AGENT:
        return FIELD_BIT(FIELD_HTTP_USER_AGENT);
    case STIX_OF_NAME:
        return ioc_default_fields(IOC_DOMAIN);
    case STIX_OF_SOURCE:
    case STIX_OF_DESTINATION:
        return ioc_default_fields(IOC_DOMAIN) | stix_subject_fields(subject, true);
    default:
        return stix_subject_fields(subject, false) | stix_subject_fields(subject, true);
    }
}

enum ioc_type stix_subject_type(enum stix_subject subject, bool is_address)
{
    switch (subject) {
    case STIX_OF_URL:
        return IOC_URL;
    case STIX_OF_TARGET:
        return IOC_URI_PATH;
    case STIX_OF_AGENT:
        return IOC_USER_AGENT;
    case STIX_OF_CERT:
        return IOC_CERT_SHA1;
    case STIX_OF_CERT_SHA256:
        return IOC_CERT_SHA256;
    case STIX_OF_ADDRESS:
        return IOC_IPV4;
    default:
        return is_address ? IOC_IPV4 : IOC_DOMAIN;
    }
}
