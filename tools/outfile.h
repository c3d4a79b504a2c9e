#pragma once
/* A file that comes into being as a whole: written aside and renamed into place at the end. Standard output, pipes and devices can't be
 * replaced and are written to as they are. */
#include "tools/sink.h"

struct outfile {
    struct sink sink; /* write here, with sink_write() */
    char *temporary;  /* owned; NULL: written in place */
    char *path;       /* owned */
};

/* `path` NULL or "-": stdout. A new file has mode 0600: lists may be TLP:RED. */
bool outfile_open(struct outfile *f, const char *path, struct err *err);
/* All was written: put it in place. False with *err when it was not, and then nothing is left behind. */
bool outfile_commit(struct outfile *f, struct err *err);
/* Leave what was there as it was. */
void outfile_drop(struct outfile *f);
