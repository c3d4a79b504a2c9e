/* See field.h. */
#include "rules/field.h"

static const char *const names[FIELD_COUNT] = {
    [FIELD_DNS_QUERY] = "dns.query",
    [FIELD_DNS_ANSWER_NAME] = "dns.answer.name",
    [FIELD_DNS_ANSWER_TARGET] = "dns.answer.target",
    [FIELD_DNS_ANSWER_ADDRESS] = "dns.answer.address",
    [FIELD_HTTP_HOST] = "http.host",
    [FIELD_HTTP_URL] = "http.url",
    [FIELD_HTTP_LOCATION] = "http.location",
    [FIELD_HTTP_REFERER] = "http.referer",
    [FIELD_HTTP_USER_AGENT] = "http.user_agent",
    [FIELD_HTTP_METHOD] = "http.method",
    [FIELD_TLS_SNI] = "tls.sni",
    [FIELD_TLS_ALPN] = "tls.alpn",
    [FIELD_QUIC_SNI] = "quic.sni",
    [FIELD_TLS_JA3] = "tls.ja3",
    [FIELD_TLS_JA4] = "tls.ja4",
    [FIELD_TLS_CERT_SHA1] = "tls.cert_sha1",
    [FIELD_TLS_CERT_SHA256] = "tls.cert_sha256",
    [FIELD_TLS_CERT_SUBJECT] = "tls.cert_subject",
    [FIELD_TLS_CERT_ISSUER] = "tls.cert_issuer",
    [FIELD_TLS_CERT_SERIAL] = "tls.cert_serial",
    [FIELD_TLS_CERT_SAN] = "tls.cert_san",
    [FIELD_IP_SRC] = "ip.src",
    [FIELD_IP_DST] = "ip.dst",
    [FIELD_SMTP_HELO] = "smtp.helo",
    [FIELD_SMTP_BANNER] = "smtp.banner",
    [FIELD_SMTP_MAIL_FROM] = "smtp.mail_from",
    [FIELD_SMTP_RCPT_TO] = "smtp.rcpt_to",
    [FIELD_SOCKS_HOST] = "socks.host",
    [FIELD_HTTP_XFF] = "http.xff",
};

/* What other tools call the same places. Groups are not here: they are prefixes of the names above. */
static const struct {
    const char *name;
    enum field field;
} spellings[] = {
    {"dns.qname", FIELD_DNS_QUERY},
    {"dns.rrname", FIELD_DNS_QUERY},
    {"dns.queries.rrname", FIELD_DNS_QUERY},
    {"http.hostname", FIELD_HTTP_HOST},
    {"http.uri", FIELD_HTTP_URL},
    {"http.http_user_agent", FIELD_HTTP_USER_AGENT},
};

const char *field_name(enum field f)
{
    return (unsigned)f < FIELD_COUNT ? names[f] : "unknown";
}

/* Is `group` the part of `name` before one of its dots? */
static bool is_group_of(struct span group, struct span name)
{
    return group.len < name.len && name.ptr[group.len] == '.' &&
           span_eq_nocase(group, span_first(name, group.len));
}

field_mask field_mask_of(struct span name)
{
    field_mask mask = 0;
    if (name.len == 0)
        return 0;
    for (unsigned f = 0; f < FIELD_COUNT; f++) {
        struct span own = span_str(names[f]);
        if (span_eq_nocase(name, own) || is_group_of(name, own))
            mask |= FIELD_BIT(f);
    }
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (span_eq_nocase(name, span_str(spellings[i].name)))
            mask |= FIELD_BIT(spellings[i].field);
    return mask;
}
