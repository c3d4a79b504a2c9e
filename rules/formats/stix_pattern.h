#pragma once
/* The STIX pattern language (STIX 2.0, part 5; STIX 2.1, section 9) from text to a tree: which comparisons there
 * are and how they are joined. What they mean is for others. Pure: reads a span, keeps nothing but its tree.
 * Everything in it is bounded. */
#include "base/arena.h"

enum {
    STIX_PATTERN_MAX = 64 * 1024, /* bytes of a pattern */
    STIX_COMPARISONS_MAX = 4096,
    STIX_DEPTH_MAX = 64, /* of parentheses */
};

enum stix_operator {
    STIX_EQ,
    STIX_NE,
    STIX_LT,
    STIX_LE,
    STIX_GT,
    STIX_GE,
    STIX_IN,
    STIX_LIKE,
    STIX_MATCHES,
    STIX_ISSUBSET,
    STIX_ISSUPERSET,
    STIX_EXISTS,
};

enum stix_literal_kind {
    STIX_STRING,
    STIX_NUMBER,
    STIX_BOOLEAN,
    STIX_TIMESTAMP,
    STIX_BINARY,
    STIX_HEX,
};

struct stix_literal {
    enum stix_literal_kind kind;
    struct span
        text; /* a string without quotes and escapes; of others what stands in the quotes, or the literal itself */
    uint32_t at;                     /* the first byte of that in the pattern, from 0 */
    const struct stix_literal *next; /* of a set */
};

/* "domain-name:value = 'evil.example'". The path has its keys joined by dots, without quotes and indexes:
 * "hashes.SHA-1", "resolves_to_refs.value". */
struct stix_comparison {
    struct span object, path;
    enum stix_operator op;
    bool is_negated;                     /* NOT, or != */
    const struct stix_literal *literals; /* one; any number for IN; none for EXISTS */
    uint32_t at;                         /* in the pattern, from 0 */
};

enum stix_node_kind {
    STIX_COMPARISON,
    STIX_OR, /* of comparisons or of observations: what decides is the same */
    STIX_AND,
    STIX_OBSERVED_AND, /* of observations: not of the same packet or flow */
    STIX_FOLLOWEDBY,
};

struct stix_node {
    enum stix_node_kind kind;
    struct stix_comparison comparison; /* STIX_COMPARISON */
    struct stix_node *first;           /* else: two children or more */
    struct stix_node *next;            /* sibling */
};

enum { STIX_WITHIN = 1, STIX_REPEATS = 2, STIX_START_STOP = 4 };

struct stix_pattern {
    const struct stix_node *root;
    unsigned qualifiers; /* which of STIX_WITHIN... occur anywhere */
    /* When it is none: a sentence without a full stop, and the byte to point at, from 0. */
    const char *fault;
    uint32_t fault_at;
    struct arena arena; /* private; owned */
};

void stix_pattern_init(struct stix_pattern *p);
void stix_pattern_fini(struct stix_pattern *p);

/* Read a whole pattern; the tree and what it points to live in `text` and *p until the next call. False: p->fault
 * says why.
 *
 * Taken besides what the grammar has: a backslash before any byte but ' and \ (it stays), keys with hyphens
 * outside quotes, and plain strings behind START and STOP, as STIX 2.0 has them. Refused besides: two qualifiers
 * of a kind on one observation, and a text that is compared with a hash (=, IN) and is not as long as that hash or
 * not hexadecimal. */
bool stix_pattern_read(struct stix_pattern *p, struct span text);
