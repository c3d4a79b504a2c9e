#pragma once
/* What can be said of an output: `-o` on the command line, or a settings file. Borrowed texts. */
#include "base/arena.h"
#include "base/err.h"
#include "rules/indicator.h"

enum output_type {
    OUTPUT_FILE,     /* target: a path; "-" is standard output */
    OUTPUT_UNIX,     /* target: a stream socket's path */
    OUTPUT_UNIXGRAM, /* target: a datagram socket's path; one line each, without '\n' */
    OUTPUT_SYSLOG,   /* RFC 5424. Target: empty for /dev/log, a path, udp://HOST[:514] or tcp://HOST[:601] */
    OUTPUT_KAFKA,    /* target: TOPIC@HOST[:PORT][+HOST...] */
    OUTPUT_REDIS,    /* target: STREAM@HOST[:6379], or STREAM@/path of a socket */
    OUTPUT_TYPES,
};
/* "file", "unix", ... */
const char *output_type_name(enum output_type t);

enum output_mode {
    MODE_DEFAULT, /* a live run appends, others replace */
    MODE_APPEND,  /* a torn last line is mended */
    MODE_REPLACE, /* what the file held is emptied at the start */
};
enum output_fsync { FSYNC_NONE, FSYNC_INTERVAL, FSYNC_ALWAYS };
enum output_key { KEY_COMMUNITY_ID, KEY_INDICATOR, KEY_NONE };

enum { OUTPUT_SETTINGS_MAX = 64, OUTPUTS_MAX = 16 };

struct output_setting {
    const char *name, *value;
};

struct output_config {
    enum output_type type;
    const char *target;
    const char
        *name;       /* in messages, counters and the names of spill files. NULL: made from type and target */
    int eve_version; /* 8, 7; 0: as the run */
    enum tlp max_tlp; /* its ceiling. TLP_NONE: red where lines stay on the host, amber where they leave it */
    unsigned max_severity; /* alerts of severity 1 to this; 0: all */
    bool
        is_without_stats; /* no stats events, which go where the ceiling is red: they name lists and values */
    int64_t queue_bytes;     /* that wait in memory, besides what is on its way; 0: OUTPUT_QUEUE_DEFAULT, 8 MiB */
    const char *spill_dir;     /* NULL: what finds no room in memory is dropped, and counted */
    int64_t spill_bytes;       /* on disk; 0: OUTPUT_SPILL_DEFAULT, 1 GiB */
    enum output_mode mode;     /* file */
    int64_t rotate_bytes;      /* file: renamed aside when it is so large; 0: never */
    int64_t rotate_s;          /* file: and when it is so old; 0: never */
    enum output_fsync fsync;   /* file */
    enum output_key key;       /* Kafka: what partitions go by */
    int64_t maxlen;            /* Redis: entries kept, about; 0: all */
    const char *user;          /* Redis */
    const char *password_file; /* Redis: its first line; NULL: none is asked for */
    struct output_setting settings[OUTPUT_SETTINGS_MAX]; /* Kafka: librdkafka's own */
    size_t n_settings;
};

#define OUTPUT_QUEUE_DEFAULT (INT64_C(8) << 20)
#define OUTPUT_QUEUE_MAX     (INT64_C(64) << 20)
#define OUTPUT_SPILL_DEFAULT (INT64_C(1) << 30)

/* What `-o` takes: a path, or TYPE:TARGET[,KEY=VALUE]... Texts live in `texts`. False with err->what (no place) when it is neither. */
bool output_config_read(const char *text, struct output_config *out, struct arena *texts, struct err *err);
/* Does it leave the host? */
bool output_is_remote(const struct output_config *c);
/* What stands for what was not said. */
enum tlp output_ceiling(const struct output_config *c);
