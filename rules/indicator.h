#pragma once
/* The kinds of indicators, how they match, and what is kept of where they came from. All shapes here are flat
 * and made of offsets, so that a db file is these arrays written out and mapped back. */
#include "base/span.h"
#include "rules/field.h"

enum ioc_type {
    IOC_DOMAIN,      /* "evil.example"; match exact, suffix or below */
    IOC_WILDCARD,    /* "evil-*.example": '*' is any run of bytes but dots, '?' one byte but a dot */
    IOC_IPV4,        /* "192.0.2.1" */
    IOC_IPV6,        /* "2001:db8::1" (RFC 5952) */
    IOC_CIDR4,       /* "192.0.2.0/24", host bits zero */
    IOC_CIDR6,       /* "2001:db8::/32" */
    IOC_RANGE4,      /* "192.0.2.1-192.0.2.9" */
    IOC_RANGE6,
    IOC_IP_PORT,     /* "192.0.2.1:443", "[2001:db8::1]:443" */
    IOC_DOMAIN_PORT, /* "evil.example:8443" */
    IOC_URL,         /* "http://evil.example/a?b": canonical (rules/url.h); match exact or prefix */
    IOC_HOSTPATH,    /* "evil.example/a": a URL without scheme */
    IOC_URI_PATH,    /* "/gate.php?id=": a request target on whatever host; match exact or prefix */
    IOC_REGEX,       /* PCRE as Hyperscan reads it, on named fields */
    IOC_USER_AGENT,  /* exact bytes */
    IOC_JA3,         /* 32 hex digits, lower case */
    IOC_JA4,
    IOC_CERT_SHA1,   /* 40 hex digits, lower case */
    IOC_BLOOM,       /* a Bloom filter over names nobody tells; the value is what the filter is called. See struct bloom in set.h */
    IOC_CERT_SHA256, /* 64 hex digits, lower case; behind the others, whose numbers are in the ids of alerts */
    IOC_EMAIL,       /* "user@evil.example", lower case on both sides of the '@' */
    IOC_MATCHABLE_COUNT,
    /* Recognised, but nothing in a packet to compare with: counted as skipped (type). */
    IOC_MD5 = IOC_MATCHABLE_COUNT,
    IOC_SHA1,
    IOC_SHA256,
    IOC_OTHER,
    IOC_TYPE_COUNT,
};

enum ioc_match {
    MATCH_EXACT,
    MATCH_SUFFIX, /* the name and everything below it */
    MATCH_BELOW,  /* strictly below the name */
    MATCH_PREFIX, /* URLs and paths: everything that starts so */
    MATCH_CIDR,
    MATCH_RANGE,
    MATCH_WILDCARD,
    MATCH_REGEX,
};

enum tlp { /* TLP 2.0, from least to most restricted; TLP_NONE: nobody said */
    TLP_NONE,
    TLP_CLEAR,
    TLP_GREEN,
    TLP_AMBER,
    TLP_AMBER_STRICT,
    TLP_RED,
};

/* A text in the set's string pool; len 0 is "not said". */
struct text_ref {
    uint32_t offset, len;
};

/* One thing to look for. 24 bytes: there may be millions. */
struct indicator {
    uint32_t value;        /* offset of the canonical text in the pool */
    uint32_t origins;      /* index of the first origin; they are chained */
    field_mask fields;     /* where it may match */
    uint16_t value_len;
    uint8_t type;          /* enum ioc_type */
    uint8_t match;         /* enum ioc_match */
    uint16_t port;         /* IOC_IP_PORT, IOC_DOMAIN_PORT; else 0 */
    uint16_t flags;        /* IOC_F_ */
    uint32_t allowed_by;   /* with IOC_F_SUPPRESSED: the entry of the allow side that covers it; else 0 */
};

enum {
    IOC_F_PUBLIC_SUFFIX = 1, /* is a public suffix: asked for suffix or below, was made exact */
    IOC_F_CASELESS = 2,      /* IOC_REGEX: ignore case */
    IOC_F_SUPPRESSED = 4,    /* an allow-list covers it: it stays in the set, but never matches */
    IOC_F_HOST_ONLY = 8,     /* on an allow-list: covers names and addresses as such, not URLs on them (MISP warninglists) */
};

/* Who said so: one per list entry that named the indicator. Chained from the indicator in the order read. */
struct origin {
    uint32_t list;    /* index of struct list_info */
    uint32_t line;    /* from 1 */
    uint32_t context; /* index of struct context */
    uint32_t next;    /* index of the next origin of the same indicator, or ORIGIN_END */
};
#define ORIGIN_END UINT32_MAX

/* What was said along with it. Entries that say the same share one. */
struct context {
    struct text_ref organisation, reference, description, id;
    uint32_t tags, n_tags;  /* run of text_refs in the set's tags */
    int64_t valid_from;     /* UTC seconds; INT64_MIN when not said */
    int64_t valid_until;    /* first second it no longer holds; INT64_MAX when not said */
    uint8_t tlp;            /* enum tlp, after defaults: strictest of list and entry */
    int8_t confidence;      /* 0-100, -1 when not said */
    uint8_t is_exercise;    /* 1: the list is for a drill; what it hits is no incident */
    uint8_t unused[5];      /* zero */
};

struct list_info {
    struct text_ref name; /* what alerts call it: the list's own name, else the file name without directories */
    struct text_ref path; /* as given */
};

const char *ioc_type_name(enum ioc_type t);   /* "domain", "ipv4", "ip_port", ... */
const char *ioc_match_name(enum ioc_match m); /* "exact", "suffix", ... */
const char *tlp_name(enum tlp t);             /* "clear" ... "amber+strict", "red"; NULL for TLP_NONE */
bool ioc_type_of(struct span name, enum ioc_type *out);
bool ioc_match_of(struct span name, enum ioc_match *out);
/* Takes "amber", "TLP:AMBER", "tlp:amber+strict", "WHITE" (= clear), any case. */
bool tlp_of(struct span text, enum tlp *out);
/* May what is marked so go where `ceiling` is the most that may? What nobody marked counts as amber: whoever forgot to mark it did not
 * mean it for everybody. A ceiling of TLP_NONE lets all through. */
static inline bool tlp_is_within(enum tlp tlp, enum tlp ceiling)
{
    return ceiling == TLP_NONE || (tlp ? tlp : TLP_AMBER) <= ceiling;
}

/* Where an indicator of this type is looked for when nobody says otherwise. */
field_mask ioc_default_fields(enum ioc_type t);
