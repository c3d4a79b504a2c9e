#pragma once
/* A list: a file of indicators, as people share it. list_load() reads one whole file into a set, whatever its format, and
 * accounts for every entry: entries = loaded + merged + skipped. A bad entry never stops the rest. */
#include "base/err.h"
#include "rules/name.h"
#include "rules/set.h"
#include "rules/skip.h"
#include "rules/value.h"

enum list_format {
    LIST_AUTO,
    LIST_YAML,        /* native */
    LIST_TEXT,        /* one value per line: plain lists, netsets, URLs, ranges */
    LIST_HOSTS,
    LIST_CSV,         /* with what abuse.ch, PhishTank, TweetFeed and MISP's CSV export make of it */
    LIST_STIX,        /* STIX 2.0 and 2.1: bundle, TAXII envelope, array, single object */
    LIST_MISP,        /* events in all wrappings, REST attributes, feed manifest */
    LIST_WARNINGLIST, /* MISP warninglists: the allow side */
    LIST_JSON,        /* objects with a value each: ndjson, arrays, abuse.ch, Spamhaus DROP, CERT.PL, Suricata datajson */
    LIST_RPZ,
    LIST_ADBLOCK,
    LIST_DNSMASQ,
    LIST_UNBOUND,
    LIST_ZEEK,        /* Zeek intel */
    LIST_DATASET,     /* Suricata dataset or datarep */
    LIST_IPREP,       /* Suricata IP reputation */
    LIST_MALTRAIL,
    LIST_LOKI,        /* LOKI and THOR: value;comment */
    LIST_RULES,       /* literals of Snort and Suricata rules */
    LIST_OPENIOC,     /* OpenIOC 1.0 and 1.1 */
    LIST_BLOOM,       /* DCSO Bloom filter */
    LIST_PSL,         /* the public suffix list: the allow side */
    LIST_FORMAT_COUNT
};

enum { LIST_TAGS_MAX = 16 };

/* Which columns of a CSV list hold what: a name of the header row, or a number from 1. Empty: not there. */
struct csv_options {
    char delimiter;    /* 0: find out; ',' when that fails */
    char quote;        /* '"' when 0 */
    int header;        /* 1: the first row (or a commented one) names the columns, 0: none, -1: find out */
    struct span value, type, port, description, tags, confidence, tlp, reference, organisation, valid_from, valid_until, id;
    char tag_delimiter; /* ',' when 0 */
};

/* What is said of a whole list: on the command line, or at the top of a native YAML list. Spans are borrowed for the call.
 * An entry's own word wins, but TLP: the strictest of both. */
struct list_options {
    enum list_format format;
    struct span name;
    bool has_match, has_type;
    enum ioc_match match;  /* for bare names (and URLs: exact or prefix) */
    enum ioc_type type;    /* for values that do not say: "everything here is a ..." */
    field_mask fields;     /* 0: by type */
    enum tlp tlp;
    struct context_in context; /* defaults for entries (its tlp and tags are not used) */
    struct span tags[LIST_TAGS_MAX]; /* of every entry that has none of its own */
    size_t n_tags;
    struct csv_options csv;
    bool keep_defanged_out; /* --no-refang: defanged values are rejected */
    bool is_allow;          /* every entry is one that must not alert: --allow, or the list says so */
    bool ignores_to_ids;    /* MISP: attributes without to_ids are loaded too */
    bool loads_observables; /* STIX: bare observables (SCOs) are loaded too */
    bool skips_exceptions;  /* what the list wants not to alert is counted only: it would hold for other lists' entries too */
    bool loads_tlds;        /* whole top-level domains (".xyz") are loaded too, as suffixes */
    int64_t ttl_s;          /* an entry that says when it was last (else first) seen, but not until when it holds, holds this long
                               after; 0: for ever */
};

/* Nothing said: what options start from. (All zero would mean a confidence of 0 and no header in CSV.) */
static inline struct list_options list_options_none(void)
{
    return (struct list_options){
        .context = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1},
        .csv = {.header = -1},
    };
}

enum list_note_kind {
    NOTE_REJECTED,
    NOTE_SKIPPED,
    NOTE_WARNING,
    NOTE_DUPLICATE, /* merged with one that is there; only with list_context.tells_duplicates */
};

/* Warnings that have a name of their own. */
#define LIST_ABOUT_TOO_BROAD "too-broad"
#define LIST_ABOUT_TO_IDS "to_ids" /* set nowhere in a list */

/* One diagnostic. Strings die with the call. */
struct list_note {
    enum list_note_kind kind;
    const char *path;
    uint32_t line, col;
    enum reject reason; /* NOTE_REJECTED */
    enum skip skip;     /* NOTE_SKIPPED */
    const char *about;  /* NOTE_WARNING: LIST_ABOUT_..., or NULL */
    enum ioc_type type; /* of the entry, IOC_TYPE_COUNT when that can't be told */
    const char *what;   /* one sentence without a full stop: what is wrong, what would be right, what happened */
    struct span value;  /* what was written, raw; writers escape it and cut it to 80 bytes */
    bool is_repeat;     /* one of many for which the first has said all there is to say */
};

/* How one list came out. */
struct list_report {
    char *path; /* owned */
    char *name; /* owned */
    enum list_format format;
    bool is_unreadable;       /* opening or reading failed before the end; `failure` says how */
    bool is_no_list;          /* a page, UTF-16, a format that is not known here: a note has said so */
    struct err failure;
    uint64_t lines, blank, comments;
    uint64_t entries;         /* = loaded + merged + skipped */
    uint64_t loaded;          /* became an indicator */
    uint64_t merged;          /* was there already: a duplicate, or another list's */
    uint64_t skipped;         /* = rejected + passed_over */
    uint64_t rejected;        /* faulty, or asking for what can't be done */
    uint64_t passed_over;     /* well-formed, but not to be loaded */
    uint64_t expired;         /* of the loaded and merged ones: valid_until before `now` given to list_load */
    uint64_t not_yet_valid;   /* of the loaded and merged ones: valid_from after `now` */
    uint64_t warnings;
    struct type_counts {
        uint64_t loaded, merged, skipped;
    } by_type[IOC_TYPE_COUNT + 1];       /* sum to those of the list; the last: type could not be told */
    uint64_t wildcards;                  /* of by_type[IOC_DOMAIN]: written "*.x" or ".x" */
    uint64_t ports_v6;                   /* of by_type[IOC_IP_PORT]: IPv6 */
    uint64_t by_reason[REJECT_COUNT];    /* sums to rejected */
    uint64_t by_skip[SKIP_COUNT];        /* sums to passed_over */
    uint64_t public_suffixes;            /* names that asked for suffix and were made exact */
    uint64_t allowed;                    /* entries for the allow side, which are none of `entries` */
    struct bloom_facts {                 /* of a Bloom filter, the last one read */
        uint64_t n_meant, n_entered, n_bits; /* n, N, m */
        uint64_t n_set;                  /* bits that are 1 */
        uint64_t data_bytes;             /* behind the bits */
        double rate;                     /* p: false positives, as its maker says */
        double real_rate;                /* the same, from the bits that are set */
        uint32_t n_hashes;               /* k; 0: there is no filter */
    } bloom;
};

void list_report_fini(struct list_report *r);

struct list_context { /* shared by all loads of a run */
    struct set *set;
    struct set *allow; /* where entries go that must not alert; NULL: they are read and counted only */
    const struct public_suffixes *suffixes; /* borrowed */
    bool tells_duplicates; /* a note for each merged entry */
    void (*note)(void *to, const struct list_note *note); /* NULL: quiet */
    void *note_to;
    int64_t now; /* UTC seconds: what "expired" is counted against */
};

/* Load the file at `path` ("-": standard input). Returns false when the set is out of memory, or the file could not be read
 * to its end (report->is_unreadable); what was read before stays loaded. `options` may be NULL. A native YAML list may name
 * other files (`file:`, relative to itself), which load with its settings into the same report; no deeper than that. */
bool list_load(struct list_context *ctx, const char *path, const struct list_options *options,
               struct list_report *out_report, struct err *err);

/* Expand `path` into the files to load: itself, or, for a directory, what lies in it (sorted bytewise, not hidden, one level of
 * sub-directories deep and so on), without files that a native YAML list there names as its `file:`.
 * Calls `each` in order; stops and returns false when it returns false or a directory can't be read. */
bool list_walk(const char *path, bool (*each)(void *to, const char *file), void *to, struct err *err);

/* "PATH[,key=value]...": name, format, match, type, fields (joined by '+'), tlp, confidence, org, tag (again), reference,
 * valid_from, valid_until, ttl (days), allow, exceptions, to_ids, observables, tlds, and for CSV: delimiter, header, value, type_column, ...
 * See vedette-lists(5). A file that exists
 * under the whole text is taken as it is. `text` is cut apart in place; *out_path and spans in *out borrow from it. */
bool list_options_parse(char *text, const char **out_path, struct list_options *out, struct err *err);

const char *list_format_name(enum list_format f);
