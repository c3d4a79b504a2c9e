/* The public suffix part of name.h: the door to libpsl.
 *
 * A list asks once per name and the answer is nearly always no, for which libpsl 0.21 walks its packed trie once per label:
 * half a microsecond. So where the text form of the list lies beside the packed one (package publicsuffix), its rules go into
 * a Bloom filter, and libpsl is asked only about names that are in the filter or below a "*." rule in it. The filter says
 * "no" or "maybe"; libpsl alone says yes.
 *
 * Consequence: a rule that is in the packed file and not in the text file would be missed. Both are made from one source
 * and installed by one package, and libpsl reads exactly the packed file that lies beside the text file, so that takes
 * somebody who changed one of the two by hand. Without the pair libpsl's newest list is asked about every name. */
#include "base/hash.h"
#include "rules/name.h"

#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FILTER_WORDS = 4096, /* 32 KB for 10,000 rules: 1 in 200 of other names gets through */
    FILE_MAX_BYTES = 8 << 20,
    SEED_EXACT = 1,
    SEED_PARENT = 2, /* x of a rule "*.x" */
};

struct public_suffixes {
    psl_ctx_t *list; /* owned; NULL when this machine has none at all */
    bool has_filter;
    uint64_t filter[FILTER_WORDS];
};

/* Both bits of a name lie in one word: one cache line is touched. */
static uint64_t filter_word(struct span name, uint64_t seed, uint64_t *out_bits)
{
    uint64_t hash = hash_bytes(name.ptr, name.len, seed);
    *out_bits = (uint64_t)1 << (hash & 63) | (uint64_t)1 << (hash >> 6 & 63);
    return hash >> 32 & (FILTER_WORDS - 1);
}

static void filter_add(struct public_suffixes *p, struct span name, uint64_t seed)
{
    uint64_t bits, word = filter_word(name, seed, &bits);
    p->filter[word] |= bits;
}

static bool filter_may_have(const struct public_suffixes *p, struct span name, uint64_t seed)
{
    uint64_t bits, word = filter_word(name, seed, &bits);
    return (p->filter[word] & bits) == bits;
}

/* Rules that cost time and are not needed are left out: those of one label, which are decided without the filter, and those
 * whose first label goes beyond ASCII (half of the time goes into converting those), because names that start with "xn--" all go to
 * libpsl. */
static bool filter_wants(struct span rule)
{
    size_t n = 0;
    bool is_ascii = true;
    for (; n < rule.len && rule.ptr[n] != '.'; n++)
        is_ascii &= rule.ptr[n] < 0x80;
    return n < rule.len && is_ascii;
}

/* A rule that is no name by our lights can't equal one either, so it is passed over. Exceptions ("!www.ck") are names below
 * a "*." rule, which get to libpsl by that. */
static void filter_add_rule(struct public_suffixes *p, struct span rule, struct buf *scratch)
{
    bool is_wildcard = span_starts(rule, SPAN_LIT("*."));
    struct span name;
    uint32_t col;
    if (!filter_wants(rule))
        return;
    buf_reset(scratch);
    enum reject why = name_canonical(span_from(rule, is_wildcard ? 2 : 0), scratch, &name, &col);
    if (why && why != REJECT_SINGLE_LABEL)
        return;
    filter_add(p, name, SEED_EXACT);
    if (is_wildcard)
        filter_add(p, name, SEED_PARENT);
}

/* A rule is a line up to its first blank. */
static void filter_add_line(struct public_suffixes *p, struct span line, struct buf *scratch)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] > ' ')
        n++;
    if (n > 0 && line.ptr[0] != '!' && !span_starts(line, SPAN_LIT("//")))
        filter_add_rule(p, span_first(line, n), scratch);
}

static void filter_add_lines(struct public_suffixes *p, struct span text)
{
    struct buf scratch;
    buf_init(&scratch, 2 * NAME_MAX_BYTES);
    while (text.len) {
        const uint8_t *end = memchr(text.ptr, '\n', text.len);
        struct span line = span_first(text, end ? (size_t)(end - text.ptr) : text.len);
        filter_add_line(p, line, &scratch);
        text = span_from(text, line.len + 1);
    }
    buf_fini(&scratch);
}

/* The whole file in `out`; false when it can't be read or is no list of rules by its size. */
static bool read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t n = 1;
    while (n > 0) {
        uint8_t *to = buf_reserve(out, 64 * 1024);
        n = to ? fread(to, 1, 64 * 1024, file) : 0;
        out->len += n;
    }
    bool is_whole = feof(file) && !ferror(file) && !out->is_full;
    fclose(file);
    return is_whole && out->len > 0;
}

/* The text file beside libpsl's packed one: "list.dat" beside "list.dafsa". */
static bool text_path(const char *packed, char *out, size_t room)
{
    const char *dot = strrchr(packed, '.');
    if (!dot || strcmp(dot, ".dafsa") != 0)
        return false;
    int n = snprintf(out, room, "%.*s.dat", (int)(dot - packed), packed);
    return n > 0 && (size_t)n < room;
}

static bool open_pair(struct public_suffixes *p)
{
    const char *packed = psl_dist_filename();
    char path[1024];
    struct buf text;
    if (!packed || !text_path(packed, path, sizeof path))
        return false;
    p->list = psl_load_file(packed);
    if (!p->list)
        return false;
    buf_init(&text, FILE_MAX_BYTES);
    p->has_filter = read_file(path, &text);
    if (p->has_filter)
        filter_add_lines(p, buf_span(&text));
    buf_fini(&text);
    return true;
}

struct public_suffixes *public_suffixes_new(void)
{
    struct public_suffixes *p = calloc(1, sizeof *p);
    if (p && !open_pair(p))
        p->list = psl_latest(NULL);
    return p;
}

void public_suffixes_free(struct public_suffixes *p)
{
    if (!p)
        return;
    psl_free(p->list); /* knows the list that is compiled in, and leaves it */
    free(p);
}

static bool list_has(const psl_ctx_t *list, struct span name)
{
    char z[NAME_MAX_BYTES + 1];
    if (!list || name.len > NAME_MAX_BYTES)
        return false;
    memcpy(z, name.ptr, name.len);
    z[name.len] = '\0';
    return psl_is_public_suffix2(list, z, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

static bool filter_says_no(const struct public_suffixes *p, struct span name, struct span parent)
{
    return p->has_filter && !span_starts(name, SPAN_LIT("xn--")) && !filter_may_have(p, name, SEED_EXACT) &&
           !filter_may_have(p, parent, SEED_PARENT);
}

bool public_suffixes_has(const struct public_suffixes *p, struct span name)
{
    const uint8_t *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
    if (!dot)
        return name.len > 0;
    struct span parent = span_from(name, (size_t)(dot - name.ptr) + 1);
    return !filter_says_no(p, name, parent) && list_has(p->list, name);
}
