#pragma once
/* A YAML file read by a table of settings. */
#include "config/setting.h"

struct settings_reading {
    const struct setting_group *group;
    void *into;          /* the group's struct, defaults in it already */
    struct arena *texts; /* borrowed; values live there */
    /* Told of each fault: err->where is `path`. All that can be told in one reading are. */
    void (*fault)(void *to, const struct err *err);
    void *to;
};

/* False when there was a fault. A setting that is faulty keeps what it had. */
bool settings_read(const struct settings_reading *r, const char *path);
