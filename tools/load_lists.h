#pragma once
/* From `-l` and `--allow` arguments to a compiled db: lists loaded with their diagnostics on stderr, or the same from the cache. */
#include "matcher/db.h"
#include "rules/list.h"

struct load_options {
    char **lists;           /* arguments of -l: PATH[,key=value]...; cut apart in place */
    size_t n_lists;
    char **allow;           /* arguments of --allow, of the same form */
    size_t n_allow;
    const char *db_path;    /* --db: a compiled db instead; NULL */
    const char *cache_dir;  /* NULL: no cache */
    enum names_engine names_engine;
    bool keeps_defanged_out;
    bool is_quiet;          /* no diagnostics of single entries */
    /* Told of each indicator of the lists that will not match because its pattern was refused; NULL. */
    void (*refused)(void *to, uint32_t indicator);
    void *refused_to;
};

struct loaded {
    struct db *db;                /* owned */
    struct list_report *reports;  /* owned; one per file, in the order of the db's lists; those of --allow last */
    size_t n_reports;
    bool has_failed;              /* some list could not be read, or read to its end */
    bool is_misused;              /* a setting of a -l or --allow argument is wrong; nothing was loaded */
    double seconds;
};

/* False when there is nothing to work with (said on stderr already). */
bool load_lists(const struct load_options *o, struct loaded *out);
void loaded_fini(struct loaded *l);

/* Would writing to `path` empty what load_lists() is going to read: a list, a file that one names, the compiled db? */
bool load_lists_reads(const struct load_options *o, const char *path);

/* Print one diagnostic as "vedette: path:line:col: what". `to` is a struct note_limit. */
struct note_limit {
    uint32_t n_shown[REJECT_COUNT + 2]; /* by reason; zero at first */
    uint32_t max_each;                  /* 0: all */
    uint64_t n_hidden;
};
void load_note(void *to, const struct list_note *note);

