#pragma once
/* Not every alert of a kind one by one: of an indicator, of a client, or of an indicator at a client the first `count` in a window of
 * `seconds` pass, later ones are counted, and when the window closes one alert says how many there were (struct alert_repeats).
 *
 * A window begins with its first alert and is of packet time, so that a replay gives the same each time. The table is bounded: when it is
 * full the oldest window closes before its time. So nothing is lost without being told. Several workers may share it. */
#include "base/err.h"
#include "sensor/eve.h"

enum threshold_by { THRESHOLD_INDICATOR, THRESHOLD_CLIENT, THRESHOLD_BOTH };

struct threshold_options {
    uint32_t count; /* alerts that pass; 0: no threshold */
    uint32_t seconds;
    enum threshold_by by;
    uint32_t windows_max; /* open at a time; 0: THRESHOLD_WINDOWS_DEFAULT, 65536 */
    uint64_t seed;
};

struct threshold_counts {
    uint64_t passed, held_back;
    uint64_t summaries; /* alerts that tell of those held back */
    uint64_t told;      /* held back, and told of in summaries: all, once all windows are closed */
    uint64_t evicted;   /* windows closed before their time */
};

struct threshold;

struct threshold *threshold_new(const struct threshold_options *o, struct err *err);
void threshold_free(struct threshold *t);

/* A summary: dies with the call. */
typedef void threshold_summary(void *to, const struct alert *a);

/* Does the alert pass? First the windows that are over by then are closed: their summaries come before it. */
bool threshold_pass(struct threshold *t, const struct alert *a, threshold_summary *summary, void *to);
/* Close what is over by then; INT64_MAX: all. The alerts' db has to be there still. */
void threshold_close(struct threshold *t, int64_t now_ns, threshold_summary *summary, void *to);
void threshold_counts(struct threshold *t, struct threshold_counts *out);
