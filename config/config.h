#pragma once
/* What `vedette live -c FILE` can be told: vedette.yaml(5). */
#include "config/settings_read.h"

enum { CONFIG_INTERFACES_MAX = 1 };

struct config_interface {
    const char *name;
    const char *filter; /* NULL: every packet */
    int64_t snaplen, buffer_bytes;
    bool is_promiscuous;
};

struct config {
    struct setting_items interfaces;   /* of struct config_interface */
    struct setting_items lists, allow; /* of char *: as -l and --allow take them */
    const char *db;                    /* NULL */
    bool keeps_cache;
    const char *cache_dir; /* NULL: the user's */
    int names_engine;      /* enum names_engine */
    bool is_refanged;
    const char *user;
    const char *output;
    int64_t eve;
    bool writes_stats;
    int64_t stats_interval_s; /* 0: at the end only */
    bool is_quiet;
};

/* The rows: every setting with its default. */
const struct setting_group *config_settings(void);
