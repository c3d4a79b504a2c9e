/* See trial.h. A child compiles run after run of patterns and reports each through a pipe. The parent watches the child's CPU
 * time, not the clock, so that a busy machine refuses nothing. A run of 32 that compiles together within the cap is fine as
 * a whole, which saves 9,000 ordinary patterns most of their cost; any other run is tried again one by one. */
#define _GNU_SOURCE 1
#include "matcher/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUN = 32, EXTRA_BYTES = 512 << 20, DB_MAX_BYTES = 16 << 20, WALL_FACTOR = 50 };

struct report {
    uint32_t at; /* first pattern of the run */
    bool is_good;
    char why[200];
};

struct trial {
    const struct hyperscan_list *l;
    uint32_t cap_ms;
    uint64_t left_ms; /* CPU time that all together may still take */
    void (*refused)(void *to, uint32_t at, const char *why);
    void *to;
};

struct child {
    pid_t pid;
    int pipe;
    clockid_t clock;
};

static void limit_child(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%lu", &pages) == 1) {
        rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + EXTRA_BYTES;
        setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes});
    }
    if (f)
        fclose(f);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

static void compile_run(const struct hyperscan_list *l, uint32_t at, uint32_t n, struct report *out)
{
    struct hs_database *db;
    struct err err = {0};
    *out = (struct report){.at = at};
    for (uint32_t i = at; i < at + n; i++) {
        const struct hyperscan_item *item = hyperscan_list_item(l, i);
        if (item->len > TRIAL_REGEX_MAX) {
            snprintf(out->why, sizeof out->why, "the pattern is %u bytes, at most %d fit", item->len,
                     TRIAL_REGEX_MAX);
            return;
        }
        if (memchr(l->text.ptr + item->at, 0, item->len)) {
            snprintf(out->why, sizeof out->why, "the pattern holds a NUL byte; write \\x00");
            return;
        }
    }
    if (!hyperscan_compile_regexes(l, at, n, &db, &err)) {
        snprintf(out->why, sizeof out->why, "%s", err.what);
        return;
    }
    size_t bytes = hyperscan_bytes(db);
    hyperscan_free(db);
    out->is_good = bytes <= DB_MAX_BYTES;
    if (!out->is_good)
        snprintf(out->why, sizeof out->why, "it compiles to %zu MB, at most %d fit", bytes >> 20,
                 DB_MAX_BYTES >> 20);
}

_Noreturn static void child_main(const struct trial *t, uint32_t first, uint32_t last, uint32_t step,
                                 int pipe)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit_child();
    for (uint32_t at = first; at < last; at += step) {
        struct report r;
        compile_run(t->l, at, last - at < step ? last - at : step, &r);
        if (write(pipe, &r, sizeof r) != sizeof r)
            break;
    }
    _exit(0);
}

static bool child_start(struct child *c, const struct trial *t, uint32_t first, uint32_t last, uint32_t step)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    c->pid = fork();
    if (c->pid == 0)
        child_main(t, first, last, step, ends[1]);
    close(ends[1]);
    c->pipe = ends[0];
    if (c->pid > 0 && clock_getcpuclockid(c->pid, &c->clock) == 0)
        return true;
    close(ends[0]);
    return false;
}

static void child_end(struct child *c)
{
    close(c->pipe);
    kill(c->pid, SIGKILL);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    return clock_gettime(clock, &t) == 0 ? (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 : 0;
}

/* Waits for the next report; false when the child died or went over its cap, with the reason in out->why. */
static bool child_report(struct child *c, uint32_t cap_ms, struct report *out, uint64_t *out_cpu_ms)
{
    uint64_t cpu = clock_ms(c->clock), wall = clock_ms(CLOCK_MONOTONIC);
    struct pollfd p = {.fd = c->pipe, .events = POLLIN};
    while (poll(&p, 1, 20) <= 0) {
        *out_cpu_ms = clock_ms(c->clock) - cpu;
        if (*out_cpu_ms <= cap_ms && clock_ms(CLOCK_MONOTONIC) - wall <= (uint64_t)cap_ms * WALL_FACTOR)
            continue;
        snprintf(out->why, sizeof out->why, "it takes more than %u ms to compile", cap_ms);
        return false;
    }
    *out_cpu_ms = clock_ms(c->clock) - cpu;
    if (read(c->pipe, out, sizeof *out) == sizeof *out)
        return true;
    snprintf(out->why, sizeof out->why, "compiling it takes too much memory");
    return false;
}

static void refuse_all(const struct trial *t, uint32_t first, uint32_t last, const char *why)
{
    for (uint32_t i = first; i < last; i++)
        t->refused(t->to, i, why);
}

/* Patterns [first, last) in runs of `step`. A child that fails is followed by another from the next run on. */
static void try_range(struct trial *t, uint32_t first, uint32_t last, uint32_t step)
{
    struct child c;
    bool is_alive = false;
    for (uint32_t at = first; at < last; at += step) {
        struct report r = {.why = "no process could be started to try it"};
        uint64_t cpu_ms = 0;
        if (t->left_ms == 0) {
            refuse_all(t, at, last, "the patterns before it have taken all the time there is for compiling");
            break;
        }
        if (!is_alive)
            is_alive = child_start(&c, t, at, last, step);
        bool was_alive = is_alive, is_reported = is_alive && child_report(&c, t->cap_ms, &r, &cpu_ms);
        t->left_ms -= cpu_ms < t->left_ms ? cpu_ms : t->left_ms;
        if (is_alive && !is_reported) {
            r.is_good = false;
            child_end(&c);
            is_alive = false;
        }
        if (r.is_good)
            continue;
        uint32_t end = at + step < last ? at + step : last;
        if (step == 1 || !was_alive)
            refuse_all(t, at, end, r.why);
        else
            try_range(t, at, end, 1);
    }
    if (is_alive)
        child_end(&c);
}

void trial_run(const struct hyperscan_list *l, uint32_t n, const struct trial_limits *limits,
               void (*refused)(void *to, uint32_t at, const char *why), void *to)
{
    struct trial t = {
        .l = l, .cap_ms = limits->one_ms, .left_ms = limits->total_ms, .refused = refused, .to = to};
    try_range(&t, 0, n, RUN);
}
