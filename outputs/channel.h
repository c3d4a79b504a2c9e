#pragma once
/* One output with what stands before it: a bounded queue, a thread of its own, a spill. Whoever offers lines never waits for the output,
 * unless asked to.
 *
 * A run reads captures as fast as it can and wants each line: there a channel is direct, without thread and queue, when its output is
 * a file; and any other waits for room (`waits`), until its output was down for CHANNEL_GIVE_UP_S. */
#include "base/err.h"
#include "outputs/sheaf.h"
#include "outputs/output_config.h"

enum { CHANNEL_GIVE_UP_S = 30, CHANNEL_DRAIN_S = 5, CHANNEL_NAME_MAX = 80 };

/* Two sums always hold, in lines:
 *   alerts + summaries + others = offered + withheld + filtered + held_back
 *   offered + recovered = written + queued + spilled + dropped */
struct output_counts {
    uint64_t alerts, others; /* what came by, of the run's */
    uint64_t summaries;      /* of alerts held back before (outputs/threshold.h) */
    uint64_t held_back;      /* alerts that a threshold holds back */
    uint64_t withheld;       /* alerts above the ceiling */
    uint64_t filtered;       /* alerts below the severity; stats events that are not wanted */
    uint64_t offered;
    uint64_t recovered; /* found in the spill at the start */
    uint64_t written;   /* where they should be: acknowledged, where somebody acknowledges */
    uint64_t queued;    /* in memory */
    uint64_t spilled;   /* on disk, to be read by this run or the next */
    uint64_t dropped;   /* no room, refused by whom they were for, or damaged on disk */
    uint64_t dropped_refused, dropped_damaged; /* of these */
    uint64_t spilled_ever;                     /* lines that went to the disk */
    uint64_t stayed_back; /* lines in an old spill that the ceiling does not let out; in no sum */
    uint64_t downs;       /* times it was lost */
    bool is_down;
};
bool output_sums_hold(const struct output_counts *c);

struct output_ops;
struct channel_options {
    const struct output_config *config; /* borrowed */
    bool is_direct; /* lines are written before channel_offer() returns; what fails breaks it */
    bool waits;     /* for room */
    /* Told what people should know, from any thread; the texts die with the call. */
    void (*tell)(void *to, const char *output, const char *what);
    void *tell_to;
    const struct output_ops *ops; /* NULL: those of the config's type */
};

struct channel;

/* Takes what privileges are needed for; no thread yet. A file that can't be opened is an error, all else may come later. */
struct channel *channel_new(const struct channel_options *o, struct err *err);
void channel_free(struct channel *c);
bool channel_start(struct channel *c, struct err *err);
/* Take all lines of `l`. `came_by` tells what they were, and what came by and is not among them: the first of the two sums. False: it is broken. */
bool channel_offer(struct channel *c, const struct sheaf *l, const struct output_counts *came_by);
/* Begin new files, at the next chance. */
void channel_reopen(struct channel *c);
/* Write what there is, for CHANNEL_DRAIN_S at most if the output is slow; the rest goes to the spill, or is dropped. False and *err: the
 * output is broken, or a direct one failed. */
bool channel_end(struct channel *c, struct err *err);

bool channel_is_broken(struct channel *c);
void channel_counts(struct channel *c, struct output_counts *out);
const char *channel_name(const struct channel *c);
