#pragma once
/* All indicators of a run, merged: the same (type, value, match, fields, port) from five lists is one indicator
 * with five origins. Arrays and a string pool, addressed by index; what matcher/db.h compiles and stores. */
#include "base/err.h"
#include "rules/indicator.h"

/* A Bloom filter: values that nobody tells, and the question whether a given one is perhaps among them. Bit i is bit
 * i % 64 of the filter's word i / 64; the words of all filters lie in the view, behind each other. matcher/bloom.h tells
 * how values become bits. */
struct bloom {
    uint64_t n_bits;             /* m */
    uint64_t content;            /* hash of all that look-ups see: m, k and the bits */
    uint64_t n_meant, n_entered; /* what its maker says: values it was made for (n), values in it (N) */
    double rate;                 /* what its maker says: false positives with n values in it (p) */
    uint32_t first_word;
    uint32_t n_hashes;  /* k */
    uint32_t indicator; /* the one of type IOC_BLOOM that it stands for */
    uint32_t unused;    /* zero */
};

enum {
    BLOOM_HASHES_MAX = 64,
    SET_BLOOM_WORDS_MAX = 1 << 27, /* of all filters of a set: 1 GiB */
};

static inline uint64_t bloom_n_words(uint64_t n_bits)
{
    return n_bits / 64 + (n_bits % 64 != 0);
}

/* The arrays themselves: owned by a set, or lying in a mapped db file. */
struct set_view {
    const struct indicator *indicators;
    const struct origin *origins;
    const struct context *contexts;
    const struct list_info *lists;
    const struct text_ref *tags;
    const uint8_t *pool;
    const struct bloom *blooms;
    const uint64_t *bloom_words;
    uint32_t n_indicators, n_origins, n_contexts, n_lists, n_tags, n_blooms, n_bloom_words;
    uint32_t pool_bytes;
};

static inline struct span set_text(const struct set_view *v, struct text_ref t)
{
    return span_of(v->pool + t.offset, t.len);
}

static inline struct span set_value(const struct set_view *v, uint32_t indicator)
{
    return span_of(v->pool + v->indicators[indicator].value, v->indicators[indicator].value_len);
}

/* Does this origin hold at `seconds` (UTC)? valid_until is exclusive; an old valid_from does not expire anything. */
static inline bool set_origin_holds(const struct set_view *v, const struct origin *o, int64_t seconds)
{
    const struct context *c = &v->contexts[o->context];
    return seconds >= c->valid_from && seconds < c->valid_until;
}

/* What goes with an entry, before it is stored: all borrowed for the call. */
struct context_in {
    struct span organisation, reference, description, id;
    const struct span *tags;
    size_t n_tags;
    int64_t valid_from, valid_until; /* INT64_MIN, INT64_MAX when not said */
    enum tlp tlp;
    int confidence;  /* -1 when not said */
    bool is_exercise; /* the list is for a drill */
    int64_t seen_at; /* UTC seconds when it was last (else first) seen, for list_options.ttl_s; 0: not said. Not kept */
};

struct indicator_in {
    enum ioc_type type;
    enum ioc_match match;
    field_mask fields;
    struct span value; /* canonical */
    uint16_t port;
    uint16_t flags;
};

struct set; /* one thread at a time while it is filled */

struct set *set_new(void); /* NULL when memory is short */
void set_free(struct set *s);

/* All return false only when memory is short or an index would not fit 32 bits (ERR_LIMIT). */
bool set_add_list(struct set *s, struct span name, struct span path, uint32_t *out_list, struct err *err);
/* The index of this context; the same content gives the same index. */
bool set_add_context(struct set *s, const struct context_in *c, uint32_t *out_context, struct err *err);
/* *out_is_new: false when it was merged into one that is there. An origin is kept either way, except that the same
 * indicator on the same list with the same context is not said twice (the first line stays). */
bool set_add(struct set *s, const struct indicator_in *in, uint32_t list, uint32_t line, uint32_t context,
             bool *out_is_new, struct err *err);

/* Many at once, which is faster: the memory they will touch is asked for ahead. What became of each is written into it; on failure
 * *out_n_done says how many were entered before it. */
struct set_entry {
    struct indicator_in in;
    uint32_t line, context;
    uint32_t indicator; /* out: its index in the set */
    bool is_new;        /* out: it was not merged into one that is there */
};
bool set_add_many(struct set *s, struct set_entry *entries, size_t n, uint32_t list, size_t *out_n_done, struct err *err);

/* The index of this very indicator (type, value, match, fields, port), or SET_NONE. Not after set_seal(). */
#define SET_NONE UINT32_MAX
uint32_t set_find(const struct set *s, const struct indicator_in *in);
/* Set IOC_F_ flags of an indicator; its origins and all else stay. */
void set_flag(struct set *s, uint32_t indicator, uint16_t flags);
/* Set IOC_F_SUPPRESSED, and which entry of the allow side covers the indicator. Also when sealed. */
void set_suppress(struct set *s, uint32_t indicator, uint32_t allowed_by);

/* Bloom filters. Their bits are read straight into the set: `n` more words, zero, behind those that are there; NULL
 * when memory is short, or with more than SET_BLOOM_WORDS_MAX of them. Moves the words. */
uint64_t *set_add_words(struct set *s, uint32_t n);
/* Back to so many words: what lies behind is no filter. */
void set_cut_words(struct set *s, uint32_t n_words);
/* The indicator of a filter with the same bits that is looked for in the same way (fields, match), or SET_NONE. */
uint32_t set_find_bloom(const struct set *s, const struct bloom *b, const struct indicator_in *in);
/* A filter over words that have been added, for an indicator that has been added. */
bool set_add_bloom(struct set *s, const struct bloom *b, struct err *err);

/* The arrays as they are now; valid until the next set_add... or set_free. */
struct set_view set_view_of(const struct set *s);
/* Free what only adding needs, trim the arrays. After this nothing can be added. */
void set_seal(struct set *s);
