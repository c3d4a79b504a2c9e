#pragma once
/* The words that tables use, CSV and JSON alike: names of columns or members, and types in a type column. They are compared in a
 * plain form, so that "SSL certificate SHA1 Fingerprint" and "ssl_certificate_sha1_fingerprint" are one. */
#include "rules/indicator.h"

enum { CSV_NAME_MAX = 64 };

enum csv_role {
    CSV_VALUE,
    CSV_TYPE,
    CSV_PORT,
    CSV_DESCRIPTION,
    CSV_TAGS,
    CSV_CONFIDENCE,
    CSV_TLP,
    CSV_REFERENCE,
    CSV_ORGANISATION,
    CSV_VALID_FROM,
    CSV_VALID_UNTIL,
    CSV_ID,
    /* What no option names. */
    CSV_SEEN,     /* when it was last seen */
    CSV_STATUS,   /* online, offline: kept as a tag */
    CSV_THREAT,   /* tags by another name */
    CSV_FAMILY,   /* the same */
    CSV_LABEL,    /* 0 is benign; a word is a tag */
    CSV_VERIFIED, /* yes or no */
    CSV_ONLINE,   /* yes or no */
    CSV_ROLE_COUNT,
};

/* Lower case, every run of other bytes than letters and digits as one '_', none at the ends; cut to fit. */
struct span csv_plain_name(struct span text, uint8_t out[static CSV_NAME_MAX]);

/* The well-known header names, from 0; per role, an earlier one is preferred. One name may have two roles. NULL past the last. */
const char *csv_header_name(size_t i, enum csv_role *out_role);
/* Does the value column's name (plain) say what its values are? */
bool csv_header_type(struct span name, enum ioc_type *out);

/* What the word in a type column means. Types that no packet shows are IOC_OTHER. False when nobody has heard of it.
 * *out_has_port: the value is "host|port". */
bool csv_type_of(struct span word, enum ioc_type *out, bool *out_has_port);
