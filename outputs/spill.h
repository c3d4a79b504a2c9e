#pragma once
/* Lines on disk that an output can't take yet, in order. Survives the program. Bounded. One thread at a time.
 *
 * A spill is a row of segments in a folder, NAME.00000001.spill and so on, mode 0600, each of at most 16 MiB and of frames: a head
 * of 32 bytes, then lines. A segment goes when all of it was taken. Its own head says up to where that is, so that a restart does not begin
 * from the start again; lines that were taken and not yet noted there come twice, none is left out. It says under which ceiling its
 * lines were written, too: where a lower one holds now they stay where they are, and are said.
 *
 * What was damaged is passed over, up to the next frame whose head is sound, and counted in bytes. */
#include "base/err.h"
#include "outputs/sheaf.h"
#include "rules/indicator.h"

struct spill;

enum { SPILL_SEGMENT_BYTES = 16 << 20, SPILL_SEGMENTS_MAX = 1 << 16 };

struct spill_options {
    const char *folder, *name; /* borrowed */
    int64_t cap_bytes;         /* on disk */
    enum tlp ceiling;          /* of the lines */
};

/* Finds what is there. NULL and *err: the folder can't be used, or another program uses this spill. */
struct spill *spill_open(const struct spill_options *o, struct err *err);
/* What is there stays. */
void spill_close(struct spill *s);

/* Lines that are there; of a segment that was not looked into yet, as many as the heads of its frames say. */
uint64_t spill_lines(const struct spill *s);
/* Bytes passed over because they were damaged, and lines that are not among spill_lines() any more because of it. */
uint64_t spill_damaged_bytes(const struct spill *s);
uint64_t spill_damaged_lines(const struct spill *s);
/* Lines that were found and stay untouched: written under a higher ceiling than the present one. */
uint64_t spill_withheld_lines(const struct spill *s);

/* Append as a frame. False: no room under the cap (ERR_LIMIT) or on the disk, and nothing was added. */
bool spill_put(struct spill *s, struct sheaf_left lines, struct err *err);
/* The oldest frame, into `out`. False: there is none. It stays the oldest until spill_drop(). */
bool spill_first(struct spill *s, struct sheaf *out);
void spill_drop(struct spill *s);
/* Of the frame that spill_first() gave the first `n` lines are where they should be, fewer than it has: before the spill is closed. */
void spill_drop_lines(struct spill *s, size_t n);
