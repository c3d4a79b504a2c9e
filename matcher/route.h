#pragma once
/* Which engine takes an indicator, and by which bytes it is matched there. Pure. */
#include "base/ip.h"
#include "rules/set.h"

enum route {
    ROUTE_NONE,    /* nothing can match it: not matchable by type, its value is not what the type says, or it is suppressed */
    ROUTE_NAME,    /* exact, suffix and below names */
    ROUTE_ADDRESS, /* one address, with or without port */
    ROUTE_RANGE,   /* networks and ranges */
    ROUTE_EXACT,   /* whole URLs, paths and texts */
    ROUTE_PREFIX,  /* starts of URLs and paths */
    ROUTE_PATTERN, /* wildcards and regexes */
    ROUTE_BLOOM,   /* Bloom filters */
    ROUTE_COUNT
};

enum route route_of(const struct set_view *v, uint32_t indicator);

/* The routes of all indicators, asked once for a build. */
struct routes {
    uint8_t *of;                    /* owned; enum route of each indicator */
    uint32_t n[ROUTE_COUNT];        /* how many take each */
    field_mask fields[ROUTE_COUNT]; /* fields that any of them names */
};

bool routes_init(struct routes *r, const struct set_view *v); /* false when memory is short */
void routes_fini(struct routes *r);

/* The bytes to compare with: a name without port, a URL without scheme, any other value as it is. */
struct span route_key(const struct set_view *v, uint32_t indicator);
/* First and last address meant by an address, network or range (equal for one address). */
bool route_addresses(const struct set_view *v, uint32_t indicator, struct ip *out_first, struct ip *out_last);

/* Kinds of bytes that exact keys are compared with; each has its own hash seed, so a path never meets a user agent. */
enum key_kind { KEY_URL, KEY_PATH, KEY_TEXT };

static inline enum key_kind route_key_kind(const struct indicator *ind)
{
    return ind->type == IOC_URL || ind->type == IOC_HOSTPATH ? KEY_URL
           : ind->type == IOC_URI_PATH                       ? KEY_PATH
                                                             : KEY_TEXT;
}

/* Fields whose text is a domain name, and fields that are addresses. */
#define ROUTE_NAME_FIELDS                                                                                              \
    (FIELD_BIT(FIELD_DNS_QUERY) | FIELD_BIT(FIELD_DNS_ANSWER_NAME) | FIELD_BIT(FIELD_DNS_ANSWER_TARGET) |               \
     FIELD_BIT(FIELD_HTTP_HOST) | FIELD_BIT(FIELD_TLS_SNI) | FIELD_BIT(FIELD_QUIC_SNI) | FIELD_BIT(FIELD_SMTP_HELO) |   \
     FIELD_BIT(FIELD_SMTP_BANNER) | FIELD_BIT(FIELD_SMTP_MAIL_FROM) | FIELD_BIT(FIELD_SMTP_RCPT_TO) |                   \
     FIELD_BIT(FIELD_SOCKS_HOST) | FIELD_BIT(FIELD_TLS_CERT_SAN))
#define ROUTE_ADDRESS_FIELDS                                                                                           \
    (FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS) | FIELD_BIT(FIELD_HTTP_XFF) | FIELD_BIT(FIELD_IP_SRC) | FIELD_BIT(FIELD_IP_DST))
