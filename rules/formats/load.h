#pragma once
/* A list while it is being loaded, and the one way from what a format found to the set: load_entry() reads the value, decides
 * how it matches, counts it and says what was wrong. Formats only find entries. One thread at a time. */
#include "base/arena.h"
#include "base/buf.h"
#include "rules/formats/lines.h"
#include "rules/formats/list_names.h"
#include "rules/list.h"

enum { LOAD_BATCH = 64, LOAD_VALUE_MAX = UINT16_MAX, LOAD_TEXT_MAX = 1024 };

/* Where entries go: the set of indicators, or the one of what must not alert. */
struct load_side {
    struct set *set; /* borrowed; NULL: nothing is kept */
    bool has_list, has_context;
    uint32_t list, context; /* in the set; context: of entries that say nothing themselves */
    struct list_names names; /* owned: other lists that entries say they are on */
    uint32_t batch_list;     /* the one that what waits in the batch is on */
    struct set_entry batch[LOAD_BATCH]; /* values lie in what the format reads, or in `scratch` (then it is the last) */
    size_t n_batch;
};

struct load {
    struct list_context *ctx;           /* borrowed */
    const struct list_options *options; /* borrowed: of the whole list */
    struct list_report *report;         /* borrowed */
    const char *path;                   /* borrowed: of the file being read; what notes name */
    struct lines lines;                 /* owned: the file */
    enum ioc_match name_match;          /* of bare names in this format */
    bool has_star_prefix;               /* a URL that ends in '*' asks for MATCH_PREFIX */
    bool is_allow;                      /* all of it belongs to the allow side: the format or the options say so */
    const char *unit;                   /* what a bad entry costs: "line", "row", "entry" */
    unsigned depth;                     /* 1: a file that a list named */
    bool is_repeating;                  /* notes from here on say what the last one said */

    enum tlp tlp;          /* strictest of options and header lines */
    uint64_t n_before;     /* entries and allowed ones of the report before this file */
    uint64_t said_last, said_sum; /* how many entries the file says it has, in its last word and in all of them */
    struct buf reference;  /* of the last "Reference:" comment */
    struct buf scratch;
    struct load_side indicators, allow;
};

/* One entry as a format found it: borrowed for the call, but for `value`, which has to live until the next load_flush(). */
struct load_entry {
    struct span value; /* raw */
    uint32_t line, col; /* of its first byte */
    bool has_type, has_match; /* the entry itself says so */
    bool is_allow;            /* an exception: for the allow side */
    enum ioc_type type;
    enum ioc_match match;
    field_mask fields; /* 0: not said */
    uint16_t flags;
    struct span list; /* the name of the list it was on before it came into this one; empty: this one */
    const struct context_in *context; /* NULL: the list's. Else begun with load_context() */
};

bool load_init(struct load *l, struct list_context *ctx, const struct list_options *options,
               struct list_report *report, const char *path, struct input *in, struct err *err);
void load_fini(struct load *l);

/* All return false only when the set can take no more; a bad entry is counted and noted. */
bool load_entry(struct load *l, const struct load_entry *e, struct err *err);
/* An entry whose indicator the format made itself, canonical, and not for the allow side; of `e` line, column and
 * context are taken. Tells the indicator's place in the set, and whether it is new there. */
bool load_indicator(struct load *l, const struct load_entry *e, const struct indicator_in *in, uint32_t *out_indicator,
                    bool *out_is_new, struct err *err);
/* Pass on what waits. Before the bytes it lies in die, and at the end. */
bool load_flush(struct load *l, struct err *err);
/* Nothing waits: what values were made of may die. */
static inline bool load_is_flushed(const struct load *l)
{
    return l->indicators.n_batch == 0 && l->allow.n_batch == 0;
}

/* An entry that can't even be read as one: counts it and says why; `what` may be NULL, then the reason says it. */
void load_reject(struct load *l, enum reject reason, uint32_t line, uint32_t col, struct span value, const char *what);
/* The same when it can be told what it would have been (else IOC_TYPE_COUNT). */
void load_reject_as(struct load *l, enum reject reason, enum ioc_type type, uint32_t line, uint32_t col, struct span value,
                    const char *what);
/* A well-formed entry that is left out. `type`: IOC_TYPE_COUNT when nobody can tell. */
void load_skip(struct load *l, enum skip skip, enum ioc_type type, uint32_t line, uint32_t col, struct span value);
/* An entry that nothing loads for now, but which is to be read as load_entry() would, so that its type is known: a bad one is
 * rejected as usual, a good one skipped for this reason (for SKIP_TYPE if its type is not matchable). */
void load_skip_entry(struct load *l, enum skip skip, const struct load_entry *e);
void load_warn(struct load *l, uint32_t line, uint32_t col, struct span value, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The same for what has a name of its own among the findings of `lists check`. */
void load_warn_about(struct load *l, const char *about, uint32_t line, uint32_t col, struct span value, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* A list that is read line by line: `take` each, and pass on what waits before the lines die. False when it or the set could not. */
typedef bool load_line_fn(void *to, struct span line, struct err *err);
bool load_each_line(struct load *l, load_line_fn *take, void *to, struct err *err);

/* What the list says of all its entries, to change what one says itself. */
struct context_in load_context(const struct load *l);
/* A date or a TLP that somebody wrote. What can't be read is warned of; an unreadable TLP counts as amber+strict, so that
 * nothing travels further than it was meant to. */
bool load_time(struct load *l, uint32_t line, uint32_t col, struct span text, int64_t *out);
enum tlp load_tlp(struct load *l, uint32_t line, uint32_t col, struct span text);
/* Texts that accompany an entry: ends trimmed, cut to LOAD_TEXT_MAX bytes at a character. */
struct span load_text(struct span text);

/* A comment, with its marker: "TLP:", "Reference:" and "Match:" (of bare names) are for the entries below it; "Entries:", "Domains:",
 * "Number of entries:" and "END n entries" are for load_check_count(). False: it is none of these. */
bool load_comment(struct load *l, struct span comment);
/* The file itself says how many entries it has. */
void load_said_count(struct load *l, uint64_t n);
/* At the end of a file of which each line is an entry: warn when it has not as many as it says. */
void load_check_count(struct load *l);
/* Is this line, trimmed, blank or a comment that begins with '#'? Then it is counted, and a comment is read. */
bool load_passes_line(struct load *l, struct span text);
/* Split a line into what is written and the comment behind it (" #"); both trimmed. */
struct span load_split_comment(struct span line, struct span *out_comment);
/* The next line of a file's head, for telling formats apart: LF, CR or both end it; a last one without an end counts only
 * when the head is all there is. */
bool load_head_line(struct span *head, bool is_all, struct span *out);
/* What alerts call the list, when the list itself says so. False when memory is short. */
bool load_set_name(struct load *l, struct span name, struct err *err);
/* Call after a change of `options`: what was derived from them is derived anew. */
void load_options_changed(struct load *l);

static inline bool load_is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline struct span load_trim(struct span s)
{
    while (s.len && load_is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && load_is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* The next word of a line, which is taken off it; empty at its end. */
static inline struct span load_take_word(struct span *rest)
{
    *rest = load_trim(*rest);
    size_t n = 0;
    while (n < rest->len && !load_is_blank(rest->ptr[n]))
        n++;
    struct span word = span_first(*rest, n);
    span_skip(rest, n);
    return word;
}

static inline uint32_t load_clamp32(uint64_t n)
{
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}
