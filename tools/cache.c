/* See cache.h. */
#include "tools/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

bool cache_default_dir(char *out, size_t room)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n;
    if (cache && cache[0] == '/')
        n = snprintf(out, room, "%s/vedette", cache);
    else if (home && home[0] == '/')
        n = snprintf(out, room, "%s/.cache/vedette", home);
    else
        return false;
    return n > 0 && (size_t)n < room;
}

/* Every folder on the way, as mkdir -p. */
static bool make_dir(const char *dir)
{
    char path[4096];
    size_t len = strlen(dir);
    if (len == 0 || len >= sizeof path)
        return false;
    memcpy(path, dir, len + 1);
    for (char *at = path + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool cache_path(const char *dir, uint64_t name, char *out, size_t room)
{
    int n = snprintf(out, room, "%s/%016" PRIx64 ".vdb", dir, name);
    return n > 0 && (size_t)n < room && make_dir(dir);
}

bool cache_hash_file(const char *path, uint64_t *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    size_t size = is_good ? (size_t)st.st_size : 0;
    void *bytes = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0) : NULL;
    close(fd);
    if (!is_good || bytes == MAP_FAILED)
        return false;
    *out = hash_bytes(bytes ? bytes : "", size, 0);
    if (bytes)
        munmap(bytes, size);
    return true;
}

/* Named as cache_path() names: what somebody else keeps in the folder is not ours to delete. */
static int is_ours(const struct dirent *d)
{
    return strspn(d->d_name, "0123456789abcdef") == 16 && strcmp(d->d_name + 16, ".vdb") == 0;
}

struct aged {
    char path[4096];
    struct timespec used;
};

static int by_age(const void *a, const void *b)
{
    const struct timespec *x = &((const struct aged *)a)->used, *y = &((const struct aged *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

void cache_prune(const char *dir)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, is_ours, NULL);
    if (n < 0)
        return;
    struct aged *files = calloc((size_t)n + 1, sizeof *files);
    size_t n_files = 0;
    for (int i = 0; i < n; i++) {
        struct stat st;
        struct aged *f = files ? &files[n_files] : NULL;
        if (f && snprintf(f->path, sizeof f->path, "%s/%s", dir, entries[i]->d_name) < (int)sizeof f->path &&
            stat(f->path, &st) == 0) {
            f->used = st.st_mtim;
            n_files++;
        }
        free(entries[i]);
    }
    free(entries);
    qsort(files, n_files, sizeof *files, by_age);
    for (size_t i = 0; n_files > CACHE_FILES_MAX && i < n_files - CACHE_FILES_MAX; i++)
        unlink(files[i].path);
    free(files);
}
