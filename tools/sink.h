#pragma once
/* Where lines go: stdout or a file. Whole lines only. */
#include "base/err.h"
#include "base/span.h"

struct sink {
    int fd;
    const char *path; /* borrowed; "stdout" */
    struct err err;   /* the first failure */
};

/* Is `input` (or, for "-", standard input) the very file that writing to `path` would empty? By device and inode: names may differ. */
bool sink_is_input(const char *path, const char *input);
/* Does an existing file start as a capture does, or as compressed data? Nothing we write does, so it is a slip (`-o *.pcap`). */
bool sink_is_capture(const char *path);

/* `path` NULL: stdout. A file is made or emptied, mode 0600: alerts carry what TLP marks. */
bool sink_open(struct sink *s, const char *path, struct err *err);
/* For worker_options.write. False once writing failed. */
bool sink_write(void *sink, struct span lines);
/* False if anything could not be written, up to the last byte (the first failure is in s->err). */
bool sink_close(struct sink *s);
