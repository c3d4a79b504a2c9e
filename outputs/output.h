#pragma once
/* What each kind of output is made of: outputs/kinds/. One thread at a time; nothing here waits, but for a disk. */
#include "outputs/sheaf.h"
#include "outputs/output_config.h"

enum output_verdict {
    OUTPUT_DONE,   /* none is left */
    OUTPUT_BUSY,   /* no more for the moment: ask again, when output_ops.poll says so if it does */
    OUTPUT_DOWN,   /* err says why: open() has to be tried again */
    OUTPUT_BROKEN, /* the same, for good */
};

/* Lines in an output's hands. They stay until they are where they should be: written, or acknowledged where somebody acknowledges. */
struct batch {
    struct sheaf_left left; /* not there yet */
    size_t n_refused;       /* lines that were taken from `left` and will never be there */
    size_t n_given;         /* of `left`, from the first on: on their way, not acknowledged */
    size_t sent_bytes;      /* of the first that is not given: gone already */
};

/* So many more bytes of the text of `left`, sent_bytes aside, have gone: lines that have gone whole are through. */
void batch_sent(struct batch *b, size_t n_bytes);

/* What an output says without being asked, such as a torn line that it repaired. */
typedef void output_note(void *to, const char *what);

struct output_ops {
    /* Check what was said of it, and take what privileges are needed for. NULL and *err: wrong use, or it can't be. */
    void *(*create)(const struct output_config *c, struct err *err);
    void (*destroy)(void *out);
    /* Connect, or open anew. False and *err: not now. */
    bool (*open)(void *out, struct err *err);
    void (*close)(void *out);
    /* Go on with a batch. What is through is taken from b->left, in order. */
    enum output_verdict (*write)(void *out, struct batch *b, struct err *err);
    /* What to wait for while it is busy: a file descriptor and POLLIN, POLLOUT; -1: time. NULL: time. */
    int (*poll)(void *out, short *out_events);
    /* Now and then, while it is open: what time brings. NULL: nothing. */
    void (*tick)(void *out, int64_t now_ms);
    /* Begin a new file, or open what has been renamed. NULL: nothing to do. */
    void (*reopen)(void *out);
    /* Where notes go; before anything else. NULL: it makes none. */
    void (*listen)(void *out, output_note *note, void *to);
};

/* NULL: this program was built without. */
const struct output_ops *output_ops_of(enum output_type t);

extern const struct output_ops file_output, unix_output, unixgram_output, syslog_output, kafka_output,
    redis_output;
