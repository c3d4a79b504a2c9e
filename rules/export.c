/* See export.h. */
#include "rules/export.h"

#include "rules/writers/writer.h"

enum { OUT_BYTES_MAX = 64 * 1024 * 1024 }; /* one indicator with all that goes with it */

static const struct list_writer *const writers[TARGET_COUNT] = {
    [TARGET_YAML] = &write_yaml, [TARGET_STIX] = &write_stix,       [TARGET_MISP] = &write_misp,
    [TARGET_ZEEK] = &write_zeek, [TARGET_DATASET] = &write_dataset, [TARGET_RPZ] = &write_rpz,
    [TARGET_TEXT] = &write_text,
};

const char *list_target_name(enum list_target t)
{
    return (unsigned)t < TARGET_COUNT ? writers[t]->name : "unknown";
}

static bool is_called(const struct list_writer *w, struct span name)
{
    if (span_eq_nocase(name, span_str(w->name)))
        return true;
    for (const char *const *alias = w->aliases; *alias; alias++)
        if (span_eq_nocase(name, span_str(*alias)))
            return true;
    return false;
}

bool list_target_of(struct span name, enum list_target *out)
{
    for (int t = 0; t < TARGET_COUNT; t++) {
        if (is_called(writers[t], name)) {
            *out = (enum list_target)t;
            return true;
        }
    }
    return false;
}

/* What stays back, before anything is written. */
static void count_back(struct writing *w, const struct set_view *v)
{
    for (uint32_t i = 0; i < v->n_indicators; i++) {
        bool is_marked = false;
        uint32_t first = v->indicators[i].origins;
        if (writing_origin(w, v, first) != ORIGIN_END) {
            w->report->suppressed += writing_next(w, v, i) != i;
            continue;
        }
        for (uint32_t o = first; o != ORIGIN_END; o = v->origins[o].next)
            is_marked |= v->contexts[v->origins[o].context].tlp != TLP_NONE;
        w->report->withheld++;
        w->report->unmarked += !is_marked;
    }
}

bool list_export(enum list_target target, const struct set_view *indicators, const struct set_view *allow,
                 const struct export_options *options, bool (*write)(void *to, struct span bytes), void *to,
                 struct export_report *out_report, struct err *err)
{
    struct writing w = {.writer = writers[target],
                        .options = options,
                        .indicators = *indicators,
                        .report = out_report,
                        .write = write,
                        .to = to};
    if (allow)
        w.allow = *allow;
    *out_report = (struct export_report){0};
    count_back(&w, &w.indicators);
    count_back(&w, &w.allow);
    buf_init(&w.out, OUT_BYTES_MAX);
    bool is_good = w.writer->write(&w) && writing_end(&w);
    buf_fini(&w.out);
    return is_good || w.is_refused ? is_good
                                   : err_set(err, ERR_MEMORY, NULL, "not enough memory to write a list");
}
