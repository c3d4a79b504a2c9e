#pragma once
/* What a run was made with: the machine, the program, and the lists' bytes. Figures say nothing without it. */
#include "base/err.h"
#include "tools/load_lists.h"

struct bench_file {
    char *path; /* owned */
    uint64_t bytes;
    char sha256[65];
};

struct bench_host {
    char cpu[128], governor[32], kernel[200], hyperscan[64];
    unsigned n_cores;
    double load; /* average of the last minute, when the run began */
    struct bench_file *files; /* owned; every file of the lists, allow-lists among them, in the order they load */
    size_t n_files;
};

/* What can't be told is "unknown". */
void bench_host_read(struct bench_host *h);
/* Every file behind the arguments, with its hash. False, with a message said: one is not there, or is no regular file: lists are read more
 * than once. *out_is_misused: a setting of an argument is wrong. */
bool bench_host_hash(struct bench_host *h, const struct load_options *o, bool *out_is_misused);
void bench_host_fini(struct bench_host *h);
