#pragma once
/* The places in traffic where an indicator can be seen. One name each, the same in lists (`fields:`), in alerts
 * (`alert.context.ioc.field`) and in the documentation. */
#include "base/span.h"

enum field {
    FIELD_DNS_QUERY,          /* dns.query: a question's name, in a query or echoed in a response */
    FIELD_DNS_ANSWER_NAME,    /* dns.answer.name: owner of a record */
    FIELD_DNS_ANSWER_TARGET,  /* dns.answer.target: name a record points to (CNAME NS PTR MX SRV SVCB HTTPS ...) */
    FIELD_DNS_ANSWER_ADDRESS, /* dns.answer.address: A, AAAA */
    FIELD_HTTP_HOST,          /* http.host: without port */
    FIELD_HTTP_URL,           /* http.url: host and target of a request */
    FIELD_HTTP_LOCATION,      /* http.location: where a response redirects to */
    FIELD_HTTP_REFERER,       /* http.referer */
    FIELD_HTTP_USER_AGENT,    /* http.user_agent */
    FIELD_HTTP_METHOD,        /* http.method */
    FIELD_TLS_SNI,            /* tls.sni */
    FIELD_TLS_ALPN,           /* tls.alpn: each protocol offered, in QUIC too */
    FIELD_QUIC_SNI,           /* quic.sni */
    FIELD_TLS_JA3,            /* tls.ja3: MD5 in lower-case hex */
    FIELD_TLS_JA4,            /* tls.ja4 */
    FIELD_TLS_CERT_SHA1,      /* tls.cert_sha1: lower-case hex; of each certificate a server shows (TLS 1.2 and older) */
    FIELD_IP_SRC,             /* ip.src: the side that opened the flow, as far as can be told */
    FIELD_IP_DST,             /* ip.dst */
    FIELD_SMTP_HELO,          /* smtp.helo: what a client says it is */
    FIELD_SMTP_BANNER,        /* smtp.banner: what a server says it is */
    FIELD_SMTP_MAIL_FROM,     /* smtp.mail_from: the sender's address, and its domain */
    FIELD_SMTP_RCPT_TO,       /* smtp.rcpt_to: a recipient's */
    FIELD_SOCKS_HOST,         /* socks.host: the name or address that a SOCKS client asks for */
    FIELD_HTTP_XFF,           /* http.xff: an address that a proxy says it speaks for (X-Forwarded-For, Forwarded, ...) */
    FIELD_TLS_CERT_SHA256,    /* tls.cert_sha256: the same */
    FIELD_TLS_CERT_SUBJECT,   /* tls.cert_subject: of the server's own, "C=XX, O=Example, CN=evil.example" */
    FIELD_TLS_CERT_ISSUER,    /* tls.cert_issuer */
    FIELD_TLS_CERT_SERIAL,    /* tls.cert_serial: "0A:1B", upper case */
    FIELD_TLS_CERT_SAN,       /* tls.cert_san: DNS names and addresses of its subjectAltName */
    FIELD_COUNT,
};

/* Sets of fields are bits: 1u << FIELD_... */
typedef uint32_t field_mask;
#define FIELD_BIT(f) ((field_mask)1 << (f))
#define FIELDS_OF_CERTIFICATES                                                                                          \
    (FIELD_BIT(FIELD_TLS_CERT_SHA1) | FIELD_BIT(FIELD_TLS_CERT_SHA256) | FIELD_BIT(FIELD_TLS_CERT_SUBJECT) |             \
     FIELD_BIT(FIELD_TLS_CERT_ISSUER) | FIELD_BIT(FIELD_TLS_CERT_SERIAL) | FIELD_BIT(FIELD_TLS_CERT_SAN))

const char *field_name(enum field f);
/* Bits for a name as lists write it: each name above; the groups "dns", "dns.answer", "http", "tls", "quic", "ip", "smtp", "socks";
 * the spellings "dns.qname", "dns.rrname", "dns.queries.rrname", "http.hostname", "http.uri", "http.url",
 * "http.http_user_agent". 0 if unknown. */
field_mask field_mask_of(struct span name);
