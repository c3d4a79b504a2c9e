#pragma once
/* Entries that are well-formed and left out all the same. (Faulty ones: enum reject in value.h.) */

/* Why a well-formed entry is left out. */
enum skip {
    SKIP_TYPE,    /* nothing in a packet can be compared with it: a file's hash, a mutex */
    SKIP_TO_IDS,  /* MISP: not flagged for detection; to_ids=ignore loads it */
    SKIP_DELETED, /* MISP: deleted */
    SKIP_REVOKED, /* STIX: revoked */
    SKIP_STATUS,  /* its publisher says that it is off-line, unverified or benign */
    SKIP_TRIGGER, /* RPZ: a trigger that traffic does not show (client-ip, nsip) */
    SKIP_RULE,    /* a rule of an ad blocker or sensor from which no single value can be taken */
    SKIP_BROAD,   /* a whole top-level domain; tlds=load loads it */
    SKIP_CONTEXT, /* part of another entry: the address of domain|ip, an observable that no indicator names */
    SKIP_COUNT,
};

const char *skip_name(enum skip s);   /* "type", "to_ids", "deleted", ... */
const char *skip_remedy(enum skip s); /* why, and which option helps; goes into a sentence */
