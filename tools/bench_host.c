/* See bench_host.h. */
#include "tools/bench_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/digest.h"
#include "matcher/hyperscan.h"
#include "rules/formats/format.h"
#include "tools/message.h"

enum { READ_BYTES = 1 << 16 };

/* ---- the machine ---- */

/* The first line of a small file that begins with `key`, behind it and without blanks. */
static void read_line(const char *path, const char *key, char *out, size_t room)
{
    char line[512];
    FILE *f = fopen(path, "re");
    snprintf(out, room, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const char *value = line + strlen(key);
        value += strspn(value, " \t:");
        snprintf(out, room, "%.*s", (int)strcspn(value, "\n"), value);
        break;
    }
    if (f)
        fclose(f);
}

void bench_host_read(struct bench_host *h)
{
    struct utsname name;
    struct hyperscan_target target;
    *h = (struct bench_host){0};
    read_line("/proc/cpuinfo", "model name", h->cpu, sizeof h->cpu);
    read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "", h->governor, sizeof h->governor);
    snprintf(h->kernel, sizeof h->kernel, "unknown");
    if (uname(&name) == 0)
        snprintf(h->kernel, sizeof h->kernel, "%s %s %s", name.sysname, name.release, name.machine);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    h->n_cores = cores > 0 ? (unsigned)cores : 0;
    if (getloadavg(&h->load, 1) != 1)
        h->load = -1;
    hyperscan_target(&target);
    snprintf(h->hyperscan, sizeof h->hyperscan, "%s", target.version);
}

/* ---- the lists ---- */

struct hashing {
    struct bench_host *host;
    bool is_named; /* the file at hand was named by a list: no further */
};

static bool hash_fd(int fd, struct bench_file *out)
{
    uint8_t bytes[READ_BYTES], sum[DIGEST_SHA256_LEN];
    struct digest d;
    ssize_t n;
    digest_sha256_begin(&d);
    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        digest_sha256_add(&d, span_of(bytes, (size_t)n));
        out->bytes += (uint64_t)n;
    }
    digest_sha256_end(&d, sum);
    digest_hex(sum, sizeof sum, out->sha256);
    out->sha256[2 * sizeof sum] = '\0';
    return n == 0;
}

static bool hash_path(const char *path, struct bench_file *out)
{
    struct stat st;
    if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode))) {
        say("%s: no regular file: lists that are measured are read more than once", path);
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && hash_fd(fd, out);
    if (!is_read)
        say("%s: can't be read: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return is_read;
}

static bool add_file(void *to, const char *path)
{
    struct hashing *h = to;
    struct bench_host *host = h->host;
    struct bench_file *more = realloc(host->files, (host->n_files + 1) * sizeof *more);
    if (!more)
        return false;
    host->files = more;
    struct bench_file *f = &more[host->n_files++];
    *f = (struct bench_file){.path = strdup(path)};
    if (!f->path || !hash_path(path, f))
        return false;
    if (h->is_named)
        return true;
    h->is_named = true;
    bool is_good = format_yaml_files(path, add_file, h);
    h->is_named = false;
    return is_good;
}

static bool hash_argument(struct bench_host *host, const char *written, bool *out_is_misused)
{
    struct list_options options = {0};
    struct hashing h = {.host = host};
    struct err err = {0};
    const char *path;
    char *argument = strdup(written); /* is cut apart */
    bool is_good = argument && list_options_parse(argument, &path, &options, &err);
    *out_is_misused |= argument && !is_good;
    is_good = is_good && list_walk(path, add_file, &h, &err);
    if (!is_good && err.kind != ERR_NONE)
        say_err(&err);
    free(argument);
    return is_good;
}

bool bench_host_hash(struct bench_host *h, const struct load_options *o, bool *out_is_misused)
{
    bool is_good = true;
    for (size_t i = 0; is_good && i < o->n_lists; i++)
        is_good = hash_argument(h, o->lists[i], out_is_misused);
    for (size_t i = 0; is_good && i < o->n_allow; i++)
        is_good = hash_argument(h, o->allow[i], out_is_misused);
    return is_good;
}

void bench_host_fini(struct bench_host *h)
{
    for (size_t i = 0; i < h->n_files; i++)
        free(h->files[i].path);
    free(h->files);
    h->files = NULL;
    h->n_files = 0;
}
