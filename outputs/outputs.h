#pragma once
/* All outputs of a run: what each may show of an alert, and the way there. Outputs that want the same (EVE version, ceiling, severity)
 * share the rendering. No worker waits for an output in a live run; see outputs/channel.h. */
#include "outputs/channel.h"
#include "outputs/threshold.h"

struct outputs;
struct outputs_tap; /* one worker's side */

struct outputs_options {
    const struct output_config *configs; /* borrowed; at most OUTPUTS_MAX */
    size_t n;
    struct eve_options eve; /* of the run: outputs say otherwise for themselves */
    bool is_live;
    struct threshold_options threshold;
    void (*tell)(void *to, const char *output, const char *what);
    void *tell_to;
};

/* Files are opened, and all that needs privileges; no thread begins. NULL and *err. */
struct outputs *outputs_new(const struct outputs_options *o, struct err *err);
void outputs_free(struct outputs *o);
/* After privileges were dropped: capabilities are each thread's own. */
bool outputs_start(struct outputs *o, struct err *err);

/* For worker_options: alert, flushed. Owned by `o`; NULL when memory is short. */
struct outputs_tap *outputs_tap(struct outputs *o);
/* False: an output that the run can't do without is broken. */
bool outputs_alert(void *tap, const struct alert *a);
bool outputs_flushed(void *tap, int64_t now_ns);
/* A stats event: it names lists and values, and goes where the ceiling is red. */
bool outputs_write_stats(struct outputs *o, struct span lines);

/* Rotated files are opened anew (SIGUSR1). */
void outputs_reopen(struct outputs *o);
/* No alert comes any more: windows are closed, and their summaries go to the outputs. While the db is there. */
bool outputs_close_windows(struct outputs *o);
/* All that can be written is. False and *err (the first one). */
bool outputs_end(struct outputs *o, struct err *err);

size_t outputs_n(const struct outputs *o);
const char *outputs_name(const struct outputs *o, size_t i);
void outputs_counts(const struct outputs *o, size_t i, struct output_counts *out);
/* Of all kinds of rendering, each of which has windows of its own; all zero without a threshold. */
void outputs_threshold_counts(const struct outputs *o, struct threshold_counts *out);
/* For eve_lists.more: "outputs" and "threshold". */
void outputs_put_stats(const void *outputs, struct json *j);
