#pragma once
/* Settings as tables: what a mapping may hold, of which type, within which bounds, and what stands when nothing is said. The same
 * rows read a file, print it again and are what the manual has to list. Cold. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum setting_type {
    SETTING_BOOL,    /* bool: yes, no, true, false */
    SETTING_NUMBER,  /* int64_t */
    SETTING_BYTES,   /* int64_t: "64 MiB"; B, KiB, MiB, GiB, or none for bytes */
    SETTING_SECONDS, /* int64_t: "90 s", "5 min", "2 h", "1 d", or none for seconds */
    SETTING_WORD,    /* int, an index into `words` */
    SETTING_TEXT,    /* const char *; NULL: nothing was said */
    SETTING_PATH,    /* const char *, seen from the file's folder; "-" stays what it is. NULL as above */
    SETTING_LISTS,   /* struct setting_items of char *: arguments as `-l` takes them, theirs to cut apart */
    SETTING_ITEMS,   /* struct setting_items of structs of `group`: a sequence of mappings */
};

struct setting {
    const char *name;
    enum setting_type type;
    size_t at;                         /* where its value lies in the struct, in bytes */
    const char *standard;              /* what stands when nothing is said, as one would write it; NULL: nothing */
    const char *doc;                   /* one line without a full stop */
    bool is_required;
    int64_t least, most;               /* numbers: their bounds; SETTING_ITEMS: how many there may be */
    const char *const *words;          /* SETTING_WORD: the last is NULL */
    const struct setting_group *group; /* SETTING_ITEMS */
};

enum { SETTINGS_OF_GROUP_MAX = 64, SETTING_TEXT_MAX = 4096 };

/* What one mapping may hold. An item may be written as the value of its first setting alone. */
struct setting_group {
    const struct setting *settings;
    size_t n;     /* at most SETTINGS_OF_GROUP_MAX */
    size_t bytes; /* of the struct that is filled */
};

struct setting_items {
    void *items; /* lives in the arena */
    size_t n;
};

/* Fill in what stands when nothing is said. Texts are the table's. */
void setting_defaults(const struct setting_group *g, void *into);

/* Read one scalar (not SETTING_LISTS, SETTING_ITEMS); `folder` is what a relative path starts from. Texts live in `texts`. False and
 * err->what (no place) when it is none, or out of bounds. */
bool setting_take(const struct setting *s, struct span text, struct span folder, void *into, struct arena *texts,
                  struct err *err);

/* The same settings as YAML, each with what it is for: what is read from it is what was printed. */
void settings_print(struct buf *out, const struct setting_group *g, const void *from);
