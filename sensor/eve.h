#pragma once
/* Events and alerts as EVE lines: Suricata's JSON, so that tools that read EVE read ours. Every line validates against the published
 * schema of Suricata 8 (or 7: see eve_options.version). A line is written whole, with its '\n', or not at all. Key order is fixed. */
#include "base/buf.h"
#include "matcher/db.h"
#include "sensor/event.h"
#include "sensor/stats.h"

struct eve_options {
    int version;                     /* 8, or 7: older dns shape, no ip_v, our context in alert.metadata */
    const char *const *sources;      /* by event.source: capture paths (pcap_filename), or interfaces (in_iface) */
    bool is_live;                    /* sources are interfaces: no pcap_cnt, no pcap_filename */
    enum tlp max_tlp;                /* alerts tell nothing of origins that are marked stricter (tlp_is_within()); TLP_NONE: all */
    unsigned max_severity;           /* alerts of this severity (1 is high, 3 low) or a higher one; 0: all */
};

/* Alerts that were not written one by one: outputs/threshold.h. */
struct alert_repeats {
    uint64_t n;
    int64_t first_ns, last_ns; /* of those */
};

/* A hit on its way out. */
struct alert {
    const struct event *event;
    const struct db *db;
    uint32_t indicator;
    enum field field;
    struct span observed;  /* the field's bytes as on the wire (4 or 16 bytes for addresses in DNS answers and flows) */
    const struct alert_repeats *repeats; /* NULL; else it sums up others, and shows of the event what is not its kind's own */
};

/* What eve_options make of an alert. What origins they hold back has no part in it: it is as though those had never been there. */
enum alert_fate {
    ALERT_SHOWN,
    ALERT_WITHHELD, /* above the ceiling: no origin is left that holds */
    ALERT_FILTERED, /* below the severity asked for */
};
enum alert_fate eve_alert_fate(const struct eve_options *o, const struct alert *a);

/* No alert is longer than this, whatever the traffic and the lists hold: it shows at most 8 KB from the wire, long texts of
 * lists are cut, and origins beyond about 16 KB are counted in `origins_left_out`. An event's line has no such limit. */
enum { EVE_ALERT_MAX = 256 * 1024 };

/* false: it did not fit `out`, which is as it was before. A DNS event of version 7 may be several lines. */
bool eve_put_event(struct buf *out, const struct eve_options *o, const struct event *e);
/* Of an alert that is shown (eve_alert_fate()). */
bool eve_put_alert(struct buf *out, const struct eve_options *o, const struct alert *a);

struct list_report;
struct ledger;
struct json;
/* What is said of lists and sources besides. */
struct eve_lists {
    const struct list_report *reports; /* borrowed; may be NULL */
    size_t n_reports;
    const uint64_t *list_hits;         /* borrowed; [i] belongs to list i of the db's set */
    const uint64_t *allow_hits;        /* borrowed; [i] belongs to origin i of its allow side; NULL: there is none */
    const struct ledger *ledger;       /* borrowed; NULL: no numbers by source */
    void (*more)(const void *from, struct json *j); /* adds members to the ledger; NULL */
    const void *more_from;
};

/* A "stats" event: the sums, per-list entries and hits, what was allowed. `db` may be NULL. */
bool eve_put_stats(struct buf *out, const struct eve_options *o, const struct stats *s, const struct db *db,
                   const struct eve_lists *lists, int64_t uptime_s);

/* Community ID v1 (github.com/corelight/community-id-spec), seed 0, of the flow of `e`; "" for protocols without ports it does not
 * define. */
enum { COMMUNITY_ID_MAX = 32 };
void community_id(const struct event *e, char out[static COMMUNITY_ID_MAX]);
