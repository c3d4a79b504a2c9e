#pragma once
/* Lists going out: sets written the way others read them, one struct list_writer per target (rules/writers/). What is held beside the
 * sets is one indicator and a buffer. What a target has no way to say is left out, or said as well as can be, and counted. */
#include "base/err.h"
#include "rules/set.h"

enum list_target {
    TARGET_YAML,    /* native: says all there is */
    TARGET_STIX,    /* STIX 2.1 bundle */
    TARGET_MISP,    /* one MISP event */
    TARGET_ZEEK,    /* Zeek intel */
    TARGET_DATASET, /* Suricata dataset of names */
    TARGET_RPZ,     /* a response policy zone */
    TARGET_TEXT,    /* one value per line */
    TARGET_COUNT
};

struct export_options {
    enum tlp
        max_tlp; /* origins marked stricter stay back; unmarked ones count as amber. TLP_NONE: all goes out */
    int64_t now; /* UTC seconds: for targets that want a date where nobody gave one */
    uint32_t serial; /* of an RPZ zone */
};

enum loss {
    LOSS_LEFT_OUT, /* there is no way to say it */
    LOSS_ALLOW,    /* it is for the allow side, which the target does not have */
    LOSS_NARROWED, /* it means less there */
    LOSS_WIDENED,  /* it means more there */
    LOSS_FIELDS,   /* it was for certain fields only */
    LOSS_TEXT,     /* a text with it could not be kept byte for byte */
    LOSS_COUNT
};

/* What was lost of indicators of one type and match, and where the first of them came from. */
struct export_loss {
    uint64_t n;
    struct span path; /* borrowed from the set */
    uint32_t line;
};

struct export_report {
    uint64_t written, allowed; /* indicators, and entries for the allow side */
    uint64_t withheld;         /* of both: left out, for nothing is left of them below the ceiling ... */
    uint64_t unmarked;         /* ... of these: nobody marked them at all */
    uint64_t suppressed;       /* left out: entries of the allow side cover them */
    struct export_loss losses[LOSS_COUNT][IOC_MATCHABLE_COUNT][MATCH_REGEX + 1];
};

/* Write what may be told of both sides. Indicators that an entry of the allow side covers (IOC_F_SUPPRESSED) go into native YAML only.
 * False when `write` refuses (it knows why; *err is untouched) or memory is short (*err says so). */
bool list_export(enum list_target target, const struct set_view *indicators, const struct set_view *allow,
                 const struct export_options *options, bool (*write)(void *to, struct span bytes), void *to,
                 struct export_report *out_report, struct err *err);

const char *list_target_name(enum list_target t);
/* Its name, or what people call it: native, stix2, suricata, plain, ... */
bool list_target_of(struct span name, enum list_target *out);
