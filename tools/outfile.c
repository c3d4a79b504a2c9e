/* See outfile.h. */
#define _GNU_SOURCE 1 /* asprintf, mkostemp */
#include "tools/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget(struct outfile *f)
{
    free(f->temporary);
    free(f->path);
    f->temporary = f->path = NULL;
}

static bool is_in_place(const char *path)
{
    struct stat st;
    return !path || strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

bool outfile_open(struct outfile *f, const char *path, struct err *err)
{
    *f = (struct outfile){0};
    if (is_in_place(path))
        return sink_open(&f->sink, path, err);
    f->path = realpath(path, NULL); /* a link stays one */
    if (!f->path)
        f->path = strdup(path);
    if (!f->path || asprintf(&f->temporary, "%s.XXXXXX", f->path) < 0) {
        f->temporary = NULL;
        forget(f);
        return err_set(err, ERR_MEMORY, path, "out of memory");
    }
    f->sink = (struct sink){.fd = mkostemp(f->temporary, O_CLOEXEC), .path = path};
    if (f->sink.fd >= 0)
        return true;
    int why = errno;
    forget(f);
    return err_set(err, ERR_IO, path, "can't write here: %s", strerror(why));
}

bool outfile_commit(struct outfile *f, struct err *err)
{
    const char *path = f->sink.path;
    bool is_good = sink_close(&f->sink);
    if (!is_good)
        *err = f->sink.err;
    else if (f->temporary && rename(f->temporary, f->path) != 0)
        is_good = err_set(err, ERR_IO, path, "can't write here: %s", strerror(errno));
    if (!is_good && f->temporary)
        unlink(f->temporary);
    forget(f);
    return is_good;
}

void outfile_drop(struct outfile *f)
{
    sink_close(&f->sink);
    if (f->temporary)
        unlink(f->temporary);
    forget(f);
}
