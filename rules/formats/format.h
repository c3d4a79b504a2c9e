#pragma once
/* The door through which formats come: one struct list_reader each, entered in rules/list.c. A format finds entries in
 * l->lines and hands them to load_entry(); see rules/formats/load.h. */
#include "rules/formats/load.h"

struct list_reader {
    const char *name; /* for `format=` and reports */
    /* Is a list that begins so of this format? Asked in the order of the table; NULL: never chosen by itself. */
    bool (*is_likely)(struct span head, bool is_all, const struct list_options *options);
    /* Read l->lines to its end. False when the set can take no more, or with *err and report->is_unreadable when the rest
     * of the file is lost; what lines_refill() could not read is looked after by the caller. */
    bool (*load)(struct load *l, struct err *err);
    enum ioc_match name_match; /* of bare names */
    bool has_star_prefix;      /* see struct load */
    bool is_allow;             /* all of it is for the allow side */
    const char *unit;
};

extern const struct list_reader format_yaml, format_text, format_hosts, format_csv, format_stix, format_misp,
    format_warninglist, format_json, format_rpz, format_adblock, format_dnsmasq, format_unbound, format_zeek, format_dataset,
    format_iprep, format_maltrail, format_loki, format_rules, format_openioc, format_bloom, format_psl;

/* Could this line of a list be an indicator by itself, as format_text reads lines? For telling formats apart. */
bool format_reads_value(struct span text, struct buf *scratch);

/* Load an open file: what list_load() does after opening. Takes `in` over. For formats that name other files, and for
 * lists that come from memory. `depth` is 0 but for a file that a list named. */
bool list_load_input(struct list_context *ctx, struct input *in, const char *path, const struct list_options *options,
                     struct list_report *out_report, struct err *err);
/* The same into a report that has been begun: a file that a native YAML list names. */
bool list_load_part(struct load *whole, const char *path, const struct list_options *options, uint32_t line, uint32_t col,
                    struct err *err);

/* The files that the native YAML list at `path` names, each as a path to open; nothing if it is no such list.
 * Stops when `each` returns false. */
bool format_yaml_files(const char *path, bool (*each)(void *to, const char *file), void *to);
