#pragma once
/* What a sensor reported, line by line, whatever sensor: Vedette's and Suricata's EVE, Zeek's intel.log (TSV or JSON), Snort's alert_json, Maltrail's
 * log. Each line is told by what stands in it; those of other kinds (EVE's other events, say) are passed over. */
#include "base/ip.h"
#include "base/json_read.h"

/* One alert. Spans die with the next line. */
struct sighting {
    struct ip a, b; /* the ends, in either order */
    uint16_t a_port, b_port;
    struct span value; /* the indicator, as it is listed; empty: the sensor does not say */
    struct span seen;  /* what was seen of it; empty: the sensor does not say */
    struct span text;  /* what it says where it says neither: a signature */
};

enum drill_report_line {
    REPORT_ALERT,
    REPORT_OTHER,   /* of a kind that is known, and no alert */
    REPORT_UNKNOWN, /* nothing that is known, or damaged */
};

enum { REPORT_COLUMNS_MAX = 64 };

struct drill_report {
    struct json_reader *json; /* owned */
    int columns[5];           /* of Zeek's TSV: where orig_h, orig_p, resp_h, resp_p and the indicator are; -1: nowhere */
    bool is_tsv;              /* its head was seen */
    char value[512];          /* Maltrail's, without brackets */
};

bool drill_report_init(struct drill_report *r); /* false: memory is short */
void drill_report_fini(struct drill_report *r);
/* Another file begins. */
void drill_report_reset(struct drill_report *r);
/* *out is set when it is REPORT_ALERT. */
enum drill_report_line drill_report_read(struct drill_report *r, struct span line, struct sighting *out);
