#pragma once
/* Master files (RFC 1035, section 5): the records in a list's lines, one after the other. Owners that are left out
 * are those of the record before; a record may go on over lines between parentheses; TTL and class come in any
 * order. $ORIGIN and $TTL are read; $INCLUDE and $GENERATE are warned of and passed over, because a list is one
 * file and its entries are those that stand in it. An open parenthesis or a line without end costs one record of
 * bounded size, not the rest of the file. */
#include "rules/formats/load.h"

enum {
    ZONE_RECORD_BYTES_MAX = 64 * 1024,
    ZONE_RECORD_LINES_MAX = 256,
    ZONE_TOKENS_MAX = 32, /* of a record; what its data has beyond that is passed over */
    ZONE_NAME_MAX = 1024, /* bytes of a name's text: the longest, with every byte escaped, is shorter */
};

/* A name in text: escapes read, no final dot. Not absolute: below the zone's own name, which nobody told. */
struct zone_name {
    struct span text;
    bool is_absolute;
};

struct zone_token {
    struct span text; /* escapes as written; without its quotes */
    bool is_quoted;
};

/* All of it lives until the next one is read. */
struct zone_record {
    struct zone_name owner;
    bool is_bad_owner; /* no name: `owner` is what could be read of it */
    struct span type;  /* "CNAME", as written */
    const struct zone_token *data;
    size_t n_data; /* at least 1 */
    struct span comment; /* behind it (behind its last line), with its marker */
    struct span written; /* what was written of it, its parts with a blank between them */
    uint32_t line, col;
    const char *fault; /* ZONE_BAD: what is wrong, in words; NULL else */
};

struct zone_file {
    struct load *load; /* borrowed */
    struct buf origin, owner, target; /* owned: names */
    bool has_origin, has_owner, is_bad_owner, is_owner_absolute; /* has_origin: said by $ORIGIN or zone_set_origin() */
    struct buf text;                  /* owned: of the record that is being read */
    struct span comment;              /* of the last line read; lies in the list's block */
    struct zone_token tokens[ZONE_TOKENS_MAX];
    size_t n_tokens;
    unsigned depth;    /* of parentheses */
    bool is_indented;  /* the record's first line begins with a blank: the owner is left out */
    uint32_t line, col, n_lines;
    const char *fault; /* of the record that is being read; NULL: none so far */
};

enum zone_item { ZONE_RECORD, ZONE_BAD, ZONE_END };

/* False when memory is short. Close it in any case. */
bool zone_init(struct zone_file *z, struct load *l, struct err *err);
void zone_fini(struct zone_file *z);

/* The next record, or one that can't be read as such (out->fault says why; `written`, `line` and `col` are set).
 * Comments and blank lines on the way are counted; what comments say is taken by load_comment(). */
enum zone_item zone_next(struct zone_file *z, struct zone_record *out);
/* The one record that is this text: what other files quote. ZONE_END when there is none in it. */
enum zone_item zone_read_text(struct zone_file *z, struct span text, struct zone_record *out);

/* The name that data consists of, as "." or "x.example."; it lives until the next call. False when it is none. */
bool zone_name_of(struct zone_file *z, const struct zone_token *token, struct zone_name *out);
/* Names without a final dot are below this one from here on, if no $ORIGIN was given. */
void zone_set_origin(struct zone_file *z, struct span name);

bool zone_type_is(const struct zone_record *r, const char *lower_case);
/* Signatures and keys: part of how a zone is served, not of what it says (RFC 4034 and its kin). */
bool zone_type_is_dnssec(const struct zone_record *r);
