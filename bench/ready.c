/* Time and memory until a list is ready: the real program, from a file of N real-shaped names to the first packet, without a cache, then
 * with. Whole-process figures from the kernel's accounting of each finished run.
 *
 *   bench-ready VEDETTE [N]      N names (1000000)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "matcher/corpus.h"

enum { ROUNDS = 5 };

/* An empty little-endian pcap: nothing to do but getting ready. */
static const uint8_t empty_pcap[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 0xff, 0xff, 0, 0, 1};

static void write_file(const char *path, struct span bytes)
{
    FILE *f = fopen(path, "w");
    if (!f || fwrite(bytes.ptr, 1, bytes.len, f) != bytes.len || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

struct cost {
    double cpu_s, wall_s;
    long peak_kib;
};

static struct cost run(const char *const argv[])
{
    struct timespec start, end;
    struct rusage usage;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench-ready: %s failed\n", argv[0]);
        exit(1);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (struct cost){
        .cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
        .wall_s = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9,
        .peak_kib = usage.ru_maxrss,
    };
}

static int by_cpu(const void *a, const void *b)
{
    double x = ((const struct cost *)a)->cpu_s, y = ((const struct cost *)b)->cpu_s;
    return x < y ? -1 : x > y;
}

static void report(const char *what, const char *const argv[])
{
    struct cost costs[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        costs[i] = run(argv);
    qsort(costs, ROUNDS, sizeof *costs, by_cpu);
    const struct cost *m = &costs[ROUNDS / 2];
    printf("%-14s  %7.1f  %7.1f - %7.1f  %7.1f  %8.1f\n", what, m->cpu_s * 1e3, costs[0].cpu_s * 1e3,
           costs[ROUNDS - 1].cpu_s * 1e3, m->wall_s * 1e3, (double)m->peak_kib / 1024);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/bench-ready.XXXXXX", list[64], capture[64], cache[64], clean[128];
    uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
    if (argc < 2 || n == 0 || !mkdtemp(dir)) {
        fprintf(stderr, "usage: bench-ready VEDETTE [N]\n");
        return 2;
    }
    snprintf(list, sizeof list, "%s/names.txt", dir);
    snprintf(capture, sizeof capture, "%s/empty.pcap", dir);
    snprintf(cache, sizeof cache, "%s/cache", dir);

    struct buf names;
    struct corpus_random r = {1};
    buf_init(&names, (size_t)1 << 31);
    for (uint32_t i = 0; i < n; i++) {
        corpus_put_name(&names, &r);
        buf_put_byte(&names, '\n');
    }
    write_file(list, buf_span(&names));
    write_file(capture, span_of(empty_pcap, sizeof empty_pcap));

    printf("vedette " VEDETTE_VERSION ", compiler " __VERSION__ "\n%u names, %.1f MB, median of %d runs\n", n,
           (double)names.len / 1e6, ROUNDS);
    printf("                CPU ms       min -     max  wall ms  peak MiB\n");
    report("without cache",
           (const char *const[]){argv[1], "replay", "--no-cache", "-l", list, capture, NULL});
    run((const char *const[]){argv[1], "replay", "--cache", cache, "-l", list, capture, NULL});
    report("with cache",
           (const char *const[]){argv[1], "replay", "--cache", cache, "-l", list, capture, NULL});
    buf_fini(&names);
    snprintf(clean, sizeof clean, "rm -rf %s", dir);
    return system(clean) == 0 ? 0 : 1;
}
