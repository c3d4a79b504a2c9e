#pragma once
/* A line on the terminal while a long replay runs; nothing when stderr is no terminal. */
#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool is_on, is_shown;
    double start_s, next_s;
    uint64_t total_bytes; /* of all captures; 0: not known */
};

void progress_start(struct progress *p, uint64_t total_bytes, bool is_wanted);
/* Cheap to call often: looks at the clock and writes twice a second at most. */
void progress_update(struct progress *p, uint64_t done_bytes, uint64_t packets, uint64_t alerts);
/* Wipe the line. */
void progress_end(struct progress *p);
