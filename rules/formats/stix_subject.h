#pragma once
/* What a comparison of a STIX pattern is about, in terms of what traffic shows. */
#include "rules/formats/stix_pattern.h"
#include "rules/indicator.h"

enum stix_subject {
    STIX_OF_NOTHING, /* that traffic shows */
    STIX_OF_NAME,
    STIX_OF_ADDRESS,
    STIX_OF_URL,
    STIX_OF_TARGET, /* path and query of a request */
    STIX_OF_HOST,   /* its Host header */
    STIX_OF_AGENT,
    STIX_OF_CERT,   /* its SHA-1 */
    STIX_OF_CERT_SHA256,
    STIX_OF_SOURCE, /* of a connection; from here on: an address or a name */
    STIX_OF_DESTINATION,
    STIX_OF_RESOLVED, /* what a name leads to */
};

enum stix_subject stix_subject_of(const struct stix_comparison *c);
/* For one about nothing that traffic shows: what it would be called. */
enum ioc_type stix_subject_foreign_type(const struct stix_comparison *c);

/* Where to look for it; 0: where its type says. */
field_mask stix_subject_fields(enum stix_subject subject, bool is_address);
/* The same for a regex, of which nobody can tell whether it is meant for addresses. */
field_mask stix_subject_regex_fields(enum stix_subject subject);
/* As what a value that was compared with it is read: IOC_IPV4 stands for addresses and networks. */
enum ioc_type stix_subject_type(enum stix_subject subject, bool is_address);
