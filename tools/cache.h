#pragma once
/* The folder of compiled dbs. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* $XDG_CACHE_HOME/vedette, or ~/.cache/vedette; made if need be (mode 0700). False when there is no such place. */
bool cache_default_dir(char *out, size_t room);
/* DIR/<name in hex>.vdb; makes DIR. False when it can't be made or the path is too long. */
bool cache_path(const char *dir, uint64_t name, char *out, size_t room);
/* Hash of a file's bytes; false when it can't be read. */
bool cache_hash_file(const char *path, uint64_t *out);
/* Keep the CACHE_FILES_MAX files used last, of those that cache_path() could have named: others are left alone. */
enum { CACHE_FILES_MAX = 16 };
void cache_prune(const char *dir);
