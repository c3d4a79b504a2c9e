/* See progress.h. */
#include "tools/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_AFTER_S 1.0 /* short runs stay silent */
#define EVERY_S       0.5

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_start(struct progress *p, uint64_t total_bytes, bool is_wanted)
{
    *p = (struct progress){.is_on = is_wanted && isatty(STDERR_FILENO), .total_bytes = total_bytes};
    p->start_s = now_s();
    p->next_s = p->start_s + FIRST_AFTER_S;
}

void progress_update(struct progress *p, uint64_t done_bytes, uint64_t packets, uint64_t alerts)
{
    double now = p->is_on ? now_s() : 0;
    if (!p->is_on || now < p->next_s)
        return;
    double spent = now - p->start_s, share = p->total_bytes ? (double)done_bytes / (double)p->total_bytes : 0;
    fprintf(stderr, "\r\033[K%.1f M packets, %.2f Mpps, %llu alerts", (double)packets / 1e6,
            (double)packets / spent / 1e6, (unsigned long long)alerts);
    if (share > 0 && share <= 1)
        fprintf(stderr, ", %.0f%% done, about %.0f s left", share * 100, spent / share - spent);
    fflush(stderr);
    p->is_shown = true;
    p->next_s = now + EVERY_S;
}

void progress_end(struct progress *p)
{
    if (p->is_shown)
        fputs("\r\033[K", stderr);
    p->is_on = p->is_shown = false;
}
