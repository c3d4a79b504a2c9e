#pragma once
/* Reading files as the world leaves them: plain, .gz, .zst or .xz (told by content, not by name), or standard input as
 * "-". The compressions themselves are in codec.h. */
#include <sys/types.h>

#include "base/err.h"

struct input; /* one thread at a time */

/* NULL and *err (where = path, borrowed) when it can't be opened. */
struct input *input_open(const char *path, struct err *err);
/* The same over an open descriptor, which the input then owns. */
struct input *input_open_fd(int fd, const char *path, struct err *err);
void input_close(struct input *in);

/* Up to `n` bytes; 0 at the end; -1 and *err when reading or decompressing fails (a truncated .gz, say), or with ERR_INTERRUPTED when a
 * signal handler ran meanwhile: whoever catches signals wants to look at them, though a pipe stays silent. What could be
 * decoded before a cut or a damage comes first. An error stays: every further call ends with it. */
ssize_t input_read(struct input *in, void *to, size_t n, struct err *err);
/* Bytes delivered so far (decompressed). */
uint64_t input_position(const struct input *in);
/* Bytes of the file itself read so far, and its size (0 if not known), for a progress line. */
uint64_t input_raw_position(const struct input *in);
uint64_t input_raw_size(const struct input *in);
