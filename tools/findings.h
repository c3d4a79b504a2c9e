#pragma once
/* What `lists check` has found, as it comes: lines "path:line:col: kind: what" or a JSON array, on stdout. */
#include "base/json.h"
#include "rules/list.h"

struct finding_line {
    const char *kind;   /* "rejected", "duplicate", "shadowed", ... */
    const char *reason; /* of its kind, as "bad-char"; NULL: none */
    const char *path;
    uint32_t line, col; /* 0: of the list as a whole */
    const char *what;   /* a sentence without a full stop, with the remedy */
    struct span value;  /* as written; may be empty */
    uint64_t n;         /* entries it stands for, when more than one */
    bool is_note;       /* worth knowing, but nothing to mend */
};

struct findings {
    struct buf out; /* owned; what is not yet written */
    struct json json;
    bool is_json, shows_all;
    uint64_t n; /* without notes */
    uint64_t n_notes;
    struct {
        const char *kind, *reason;
        uint64_t n;
    } kinds[64];    /* how many of each, the last one for all that find no place */
    bool is_broken; /* stdout takes no more */
};

enum { FINDINGS_EACH = 20 }; /* lines shown of a kind and reason, unless shows_all; JSON has them all */

void findings_begin(struct findings *f, bool is_json, bool shows_all);
void findings_add(struct findings *f, const struct finding_line *line);
/* How many lines were not shown, by kind; in JSON the end of the array. More may be put into f->json and f->out after it. */
void findings_end(struct findings *f);
/* Write what waits. */
void findings_flush(struct findings *f);
void findings_fini(struct findings *f);
