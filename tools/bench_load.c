/* See bench_load.h. The child starts as a copy of this process before any list is loaded, so what it holds beyond a few MiB is the lists'. */
#include "tools/bench_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matcher/scan.h"
#include "tools/bench_timing.h"

/* What a child tells of itself. */
struct told {
    double parts[PART_COUNT], compile_s, cpu_s, peak_bytes, resident_bytes;
};

const char *bench_part_name(enum bench_part p)
{
    static const char *const names[PART_COUNT] = {
        [PART_READ] = "reading",
        [PART_SET] = "set",
        [PART_NAMES] = "names",
        [PART_ADDRESSES] = "addresses",
        [PART_EXACT] = "whole URLs, paths, texts",
        [PART_PREFIXES] = "starts of URLs",
        [PART_TRIAL] = "trying regexes",
        [PART_PATTERNS] = "wildcards, regexes",
    };
    return names[p];
}

/* "VmRSS:   1234 kB" of this process; 0 when the kernel does not tell. */
static double memory_bytes(const char *key)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtod(line + strlen(key), NULL);
    if (f)
        fclose(f);
    return kib * 1024;
}

static double cpu_of(int who)
{
    struct rusage u;
    if (getrusage(who, &u) != 0)
        return 0;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static bool load(const struct load_options *o, struct told *t)
{
    struct loaded loaded;
    struct err err = {0};
    if (!load_lists(o, &loaded))
        return false;
    struct scanner *s = scanner_new(loaded.db, &err);
    const struct db_times *times = db_times(loaded.db);
    *t = (struct told){.compile_s = db_stats(loaded.db)->compile_seconds,
                       .cpu_s = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN),
                       .peak_bytes = memory_bytes("VmHWM:"),
                       .resident_bytes = memory_bytes("VmRSS:")};
    t->parts[PART_READ] = loaded.seconds - t->compile_s;
    t->parts[PART_SET] = times->set_seconds;
    t->parts[PART_NAMES] = times->names_seconds;
    t->parts[PART_ADDRESSES] = times->addresses_seconds;
    t->parts[PART_EXACT] = times->exact_seconds;
    t->parts[PART_PREFIXES] = times->prefixes_seconds;
    t->parts[PART_TRIAL] = times->trial_seconds;
    t->parts[PART_PATTERNS] = times->patterns_seconds;
    return s != NULL;
}

/* Never returns. Says nothing: this process loads the same lists and says it once. */
static void be_child(const struct load_options *o, int to)
{
    struct told t;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
    bool is_good = load(o, &t) && write(to, &t, sizeof t) == (ssize_t)sizeof t;
    _exit(is_good ? 0 : 1);
}

static bool run_child(const struct load_options *o, struct told *out, struct err *err)
{
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, NULL, "no pipe to a child process: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        be_child(o, ends[1]);
    close(ends[1]);
    bool is_told = pid > 0 && read(ends[0], out, sizeof *out) == (ssize_t)sizeof *out;
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return is_told || err_set(err, ERR_IO, NULL, "the lists could not be loaded in a child process");
}

static struct spread spread_at(const struct told *told, uint32_t n, size_t offset)
{
    double values[BENCH_LOADS_MAX];
    for (uint32_t i = 0; i < n; i++)
        memcpy(&values[i], (const char *)&told[i] + offset, sizeof *values);
    return spread_of(values, n);
}

bool bench_load(const struct load_options *o, double seconds, struct bench_load *out, struct err *err)
{
    struct told told[BENCH_LOADS_MAX];
    double end = bench_wall_s() + seconds;
    uint32_t n = 0;
    while (n < BENCH_LOADS_MAX && (n < BENCH_LOADS_MIN || bench_wall_s() < end)) {
        if (!run_child(o, &told[n], err))
            return false;
        n++;
        if (bench_wall_s() > end + 2 * seconds)
            break;
    }
    for (int p = 0; p < PART_COUNT; p++)
        out->parts[p] = spread_at(told, n, offsetof(struct told, parts) + (size_t)p * sizeof(double));
    out->compile_s = spread_at(told, n, offsetof(struct told, compile_s));
    out->cpu_s = spread_at(told, n, offsetof(struct told, cpu_s));
    out->peak_bytes = spread_at(told, n, offsetof(struct told, peak_bytes));
    out->resident_bytes = spread_at(told, n, offsetof(struct told, resident_bytes));
    return true;
}
