/* DCSO's Bloom filters, version 1: a head of six little-endian numbers of 64 bits, the bits, and behind them whatever
 * the maker liked.
 *
 *     version (1), n, p (a double), k, m, N; ceil(m / 64) words of bits; data
 *
 * Nothing says what is in a filter, so all of it is one entry, of type bloom. Its bits go straight into the set, in
 * pieces as they arrive: a head that promises a gigabyte costs nothing unless the gigabyte follows. A filter is known
 * by its bits; its value, which alerts show, is only what its list is called. */
#include <endian.h>
#include <stdio.h>

#include "base/hash.h"
#include "rules/formats/format.h"

enum { HEAD_BYTES = 48, VERSION = 1, VERSION_MAX = 15, PIECE_WORDS = 32 * 1024 };

#define FILL_WARNED  0.6 /* a filter with as many values as it was made for has half of its bits set */
#define RATE_REFUSED 0.1 /* every tenth name */

struct filter {
    struct load *l;     /* borrowed */
    struct bloom bloom; /* first_word: where its words begin, behind those that were in the set before */
    uint8_t
        data[LOAD_TEXT_MAX + 4]; /* the beginning of what lies behind the bits: more than load_text() keeps */
    size_t n_data;
};

/* No text begins with a control character and seven zeros. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    static const uint8_t zeros[7];
    return head.len >= 8 && head.ptr[0] >= 1 && head.ptr[0] <= VERSION_MAX &&
           memcmp(head.ptr + 1, zeros, sizeof zeros) == 0;
}

/* ---- reading ---- */

/* Up to `n` bytes; fewer only at the end. False when the rest of the file can't be read. */
static bool read_bytes(struct load *l, void *to, size_t n, size_t *out_n, struct err *err)
{
    ssize_t got = 1;
    *out_n = 0;
    while (*out_n < n && got > 0) {
        got = lines_read(&l->lines, (uint8_t *)to + *out_n, n - *out_n, err);
        *out_n += got > 0 ? (size_t)got : 0;
    }
    l->report->is_unreadable |= got < 0;
    return got >= 0;
}

static uint64_t number_at(const uint8_t *p)
{
    uint64_t n;
    memcpy(&n, p, sizeof n);
    return le64toh(n);
}

static void reject(struct load *l, enum reject reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void reject(struct load *l, enum reject reason, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    load_reject_as(l, reason, IOC_BLOOM, 1, 1, span_of("", 0), what);
}

/* ---- the head ---- */

/* False: it was rejected. */
static bool check_head(const struct filter *f, uint64_t version, uint64_t n_hashes)
{
    struct load *l = f->l;
    const struct bloom *b = &f->bloom;
    uint64_t n_words = bloom_n_words(b->n_bits);
    if (version != VERSION)
        reject(l, REJECT_BAD_VERSION, "version %llu, and only version 1 is read; filter skipped",
               (unsigned long long)version);
    else if (n_hashes < 1 || n_hashes > BLOOM_HASHES_MAX)
        reject(l, REJECT_BAD_PARAMETERS, "k, the bits for each value, is %llu; 1 to %d fit; filter skipped",
               (unsigned long long)n_hashes, BLOOM_HASHES_MAX);
    else if (b->n_bits < 1 || b->n_meant < 1 || !(b->rate > 0 && b->rate < 1))
        reject(l, REJECT_BAD_PARAMETERS,
               "it has m = %llu bits for n = %llu values and p = %g; m and n are at least 1, p lies "
               "between 0 and 1; filter skipped",
               (unsigned long long)b->n_bits, (unsigned long long)b->n_meant, b->rate);
    else if (n_words > SET_BLOOM_WORDS_MAX - b->first_word)
        reject(l, REJECT_BAD_PARAMETERS,
               "with its %llu bits all filters together would take more than %d MiB; filter skipped",
               (unsigned long long)b->n_bits, SET_BLOOM_WORDS_MAX >> 17);
    else if (l->is_allow)
        reject(l, REJECT_BAD_PARAMETERS,
               "a Bloom filter can't allow: it would hide what it takes for one of its values by mistake; "
               "filter skipped");
    else
        return true;
    return false;
}

/* *out_is_good: there is a filter to read. */
static bool read_head(struct filter *f, bool *out_is_good, struct err *err)
{
    uint8_t head[HEAD_BYTES];
    size_t n;
    *out_is_good = false;
    if (!read_bytes(f->l, head, sizeof head, &n, err))
        return false;
    if (n < sizeof head) {
        reject(f->l, REJECT_TRUNCATED, "the file ends within the %d bytes of its head; filter skipped",
               HEAD_BYTES);
        return true;
    }
    uint64_t rate = number_at(head + 16), n_hashes = number_at(head + 24);
    f->bloom.n_meant = number_at(head + 8);
    f->bloom.n_hashes = (uint32_t)n_hashes;
    f->bloom.n_bits = number_at(head + 32);
    f->bloom.n_entered = number_at(head + 40);
    memcpy(&f->bloom.rate, &rate, sizeof rate);
    *out_is_good = check_head(f, number_at(head), n_hashes);
    return true;
}

/* ---- the bits ---- */

static const uint64_t *words_of(const struct filter *f)
{
    return set_view_of(f->l->ctx->set).bloom_words + f->bloom.first_word;
}

/* *out_n: words that were there, at most what the head promises. */
static bool read_words(struct filter *f, uint64_t *out_n, struct err *err)
{
    uint64_t n_words = bloom_n_words(f->bloom.n_bits);
    bool is_at_end = false;
    *out_n = 0;
    while (*out_n < n_words && !is_at_end) {
        uint64_t left = n_words - *out_n;
        uint32_t n = left < PIECE_WORDS ? (uint32_t)left : PIECE_WORDS;
        size_t n_bytes;
        uint64_t *words = set_add_words(f->l->ctx->set, n);
        if (!words)
            return err_set(err, ERR_MEMORY, f->l->path, "not enough memory for a Bloom filter");
        if (!read_bytes(f->l, words, n * sizeof *words, &n_bytes, err))
            return false;
        for (uint32_t i = 0; i < n; i++)
            words[i] = le64toh(words[i]);
        *out_n += n_bytes / sizeof *words;
        is_at_end = n_bytes < n * sizeof *words;
    }
    return true;
}

/* Bits past the last one mean nothing: without them equal filters are equal bytes. Returns how many are set. */
static uint64_t settle_bits(struct filter *f)
{
    uint64_t n_words = bloom_n_words(f->bloom.n_bits), n_set = 0;
    uint64_t *words = (uint64_t *)(uintptr_t)words_of(f);
    if (f->bloom.n_bits % 64)
        words[n_words - 1] &= (UINT64_C(1) << f->bloom.n_bits % 64) - 1;
    for (uint64_t i = 0; i < n_words; i++)
        n_set += (uint64_t)__builtin_popcountll(words[i]);
    f->bloom.content = hash_bytes(words, n_words * sizeof *words, f->bloom.n_bits << 8 | f->bloom.n_hashes);
    return n_set;
}

/* How full it is and what follows from that, in the report. */
static void measure(struct filter *f)
{
    const struct bloom *b = &f->bloom;
    struct bloom_facts *facts = &f->l->report->bloom;
    *facts = (struct bloom_facts){.n_meant = b->n_meant,
                                  .n_entered = b->n_entered,
                                  .n_bits = b->n_bits,
                                  .n_set = settle_bits(f),
                                  .rate = b->rate,
                                  .real_rate = 1,
                                  .n_hashes = b->n_hashes};
    for (uint32_t i = 0; i < b->n_hashes; i++)
        facts->real_rate *= (double)facts->n_set / (double)b->n_bits;
}

/* One in how many; past a million millions it makes no difference. */
static double one_in(double rate)
{
    return rate < 1e-12 ? 1e12 : 1 / rate;
}

/* False: it was rejected. */
static bool check_fill(struct filter *f)
{
    const struct bloom_facts *facts = &f->l->report->bloom;
    double fill = (double)facts->n_set / (double)facts->n_bits;
    if (facts->real_rate > RATE_REFUSED) {
        reject(f->l, REJECT_BAD_PARAMETERS,
               "%.0f%% of its bits are set: one name in %.1f would hit without being in it; filter skipped",
               fill * 100, one_in(facts->real_rate));
        return false;
    }
    if (fill > FILL_WARNED || one_in(facts->real_rate) < one_in(facts->rate) / 10)
        load_warn(f->l, 1, 1, span_of("", 0),
                  "%.0f%% of its bits are set: one name in %.0f will hit without being in it, and not one in "
                  "%.0f, as "
                  "it says",
                  fill * 100, one_in(facts->real_rate), one_in(facts->rate));
    return true;
}

/* ---- what lies behind the bits ---- */

/* To the end of the file, where a compressed one has its checksum. */
static bool read_data(struct filter *f, struct err *err)
{
    uint8_t rest[16 * 1024];
    size_t n;
    if (!read_bytes(f->l, f->data, sizeof f->data, &f->n_data, err))
        return false;
    f->l->report->bloom.data_bytes = n = f->n_data;
    while (n) {
        if (!read_bytes(f->l, rest, sizeof rest, &n, err))
            return false;
        f->l->report->bloom.data_bytes += n;
    }
    return true;
}

/* Bytes of the character of UTF-8 at the beginning of `s`, or 0. Sloppy about the highest and longest ones. */
static size_t character(struct span s)
{
    uint8_t c = s.ptr[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    if (n == 1 && c != 0x7f && (c >= ' ' || load_is_blank(c)))
        return 1;
    for (size_t i = 1; i < n; i++)
        if (i >= s.len || (s.ptr[i] & 0xc0) != 0x80)
            return 0;
    return n == 1 ? 0 : n;
}

/* The data, if a person could have written it. */
static struct span description_of(const struct filter *f)
{
    struct span text = load_text(span_of(f->data, f->n_data)), rest = text;
    while (rest.len) {
        size_t n = character(rest);
        if (n == 0)
            return span_of("", 0);
        span_skip(&rest, n);
    }
    return text;
}

/* ---- the entry ---- */

/* A name that no other filter has: the list's, else with a number. */
static void choose_value(struct filter *f, struct indicator_in *in)
{
    struct buf *scratch = &f->l->scratch;
    struct span name = load_text(span_str(f->l->report->name));
    in->value = name.len ? name : SPAN_LIT("bloom");
    for (unsigned n = 2; set_find(f->l->ctx->set, in) != SET_NONE; n++) {
        buf_reset(scratch);
        buf_printf(scratch, "%.*s (%u)", (int)name.len, (const char *)name.ptr, n);
        in->value = buf_span(scratch);
    }
}

/* That of a filter that is there: a copy, for the set's texts move when it grows. */
static void take_value(struct filter *f, uint32_t indicator, struct indicator_in *in)
{
    struct buf *scratch = &f->l->scratch;
    struct set_view v = set_view_of(f->l->ctx->set);
    buf_reset(scratch);
    buf_put(scratch, set_value(&v, indicator));
    in->value = buf_span(scratch);
}

static bool enter(struct filter *f, struct err *err)
{
    struct load *l = f->l;
    struct set *set = l->ctx->set;
    struct context_in context = load_context(l);
    struct span description = description_of(f);
    bool is_exact = l->options->has_match && l->options->match == MATCH_EXACT, is_new;
    struct indicator_in in = {.type = IOC_BLOOM,
                              .match = is_exact ? MATCH_EXACT : l->name_match,
                              .fields =
                                  l->options->fields ? l->options->fields : ioc_default_fields(IOC_BLOOM)};
    uint32_t same = set_find_bloom(set, &f->bloom, &in);
    if (description.len)
        context.description = description;
    if (same == SET_NONE)
        choose_value(f, &in);
    else
        take_value(f, same, &in);
    struct load_entry e = {.line = 1, .col = 1, .context = &context};
    if (!load_indicator(l, &e, &in, &f->bloom.indicator, &is_new, err))
        return false;
    if (is_new)
        return set_add_bloom(set, &f->bloom, err);
    set_cut_words(set, f->bloom.first_word);
    return true;
}

/* What follows the head. *out_is_kept: the words are a filter's. */
static bool read_filter(struct filter *f, bool *out_is_kept, struct err *err)
{
    uint64_t n_words = bloom_n_words(f->bloom.n_bits), n;
    *out_is_kept = false;
    if (!read_words(f, &n, err))
        return false;
    if (n < n_words) {
        reject(f->l, REJECT_TRUNCATED, "%llu of %llu bytes of its bits are there; filter skipped",
               (unsigned long long)n * 8, (unsigned long long)n_words * 8);
        return true;
    }
    measure(f);
    *out_is_kept = check_fill(f);
    return read_data(f, err);
}

static bool load_list(struct load *l, struct err *err)
{
    struct filter f = {.l = l, .bloom.first_word = set_view_of(l->ctx->set).n_bloom_words};
    bool is_good, is_kept;
    if (!read_head(&f, &is_good, err))
        return false;
    if (!is_good)
        return true;
    bool is_read = read_filter(&f, &is_kept, err);
    if (is_read && is_kept)
        return enter(&f, err);
    set_cut_words(l->ctx->set, f.bloom.first_word);
    return is_read;
}

const struct list_reader format_bloom = {
    .name = "bloom", .is_likely = is_likely, .load = load_list, .name_match = MATCH_SUFFIX, .unit = "filter"};
