#pragma once
/* For fuzz targets and tests: load a list from memory and hold it to what must be true of every list. */
#define _GNU_SOURCE 1 /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rules/formats/format.h"

#define LIST_MUST(condition)                                                                                 \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                    \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* One line of plain text: nothing a stranger wrote may forge another. */
static inline void list_check_sentence(const char *what)
{
    LIST_MUST(what && what[0]);
    for (; *what; what++)
        LIST_MUST(*what >= 0x20 && *what <= 0x7e);
}

static inline void list_check_note(void *to, const struct list_note *n)
{
    size_t *n_notes = to;
    ++*n_notes;
    list_check_sentence(n->what);
    LIST_MUST(n->path && n->reason < REJECT_COUNT);
    LIST_MUST(n->kind != NOTE_REJECTED || n->line >= 1);
}

static inline void list_check_sums(const struct list_report *r, size_t n_notes)
{
    struct type_counts types = {0};
    uint64_t by_reason = 0, by_skip = 0;
    for (int i = 0; i < REJECT_COUNT; i++)
        by_reason += r->by_reason[i];
    for (int i = 0; i < SKIP_COUNT; i++)
        by_skip += r->by_skip[i];
    for (int i = 0; i <= IOC_TYPE_COUNT; i++) {
        types.loaded += r->by_type[i].loaded;
        types.merged += r->by_type[i].merged;
        types.skipped += r->by_type[i].skipped;
    }
    LIST_MUST(r->entries == r->loaded + r->merged + r->skipped);
    LIST_MUST(r->skipped == r->rejected + r->passed_over);
    LIST_MUST(r->passed_over == by_skip);
    LIST_MUST(types.loaded == r->loaded && types.merged == r->merged && types.skipped == r->skipped);
    LIST_MUST(r->rejected == by_reason);
    LIST_MUST(r->expired <= r->loaded + r->merged && r->not_yet_valid <= r->loaded + r->merged);
    LIST_MUST(r->public_suffixes <= r->loaded + r->merged);
    LIST_MUST(n_notes == r->skipped + r->warnings);
}

/* Every index and offset leads somewhere; every value is one that may stand in a set. */
static inline void list_check_view(const struct set_view *v, uint64_t n_lines)
{
    uint32_t n_linked = 0;
    for (uint32_t i = 0; i < v->n_indicators; i++) {
        const struct indicator *ind = &v->indicators[i];
        LIST_MUST(ind->type < IOC_MATCHABLE_COUNT && ind->match <= MATCH_REGEX && ind->fields != 0);
        LIST_MUST(ind->value_len > 0 && (uint64_t)ind->value + ind->value_len <= v->pool_bytes);
        LIST_MUST(ind->allowed_by == 0);
        for (uint32_t o = ind->origins; o != ORIGIN_END; o = v->origins[o].next) {
            LIST_MUST(o < v->n_origins && v->origins[o].list < v->n_lists);
            LIST_MUST(v->origins[o].context < v->n_contexts);
            LIST_MUST(v->origins[o].line >= 1 && v->origins[o].line <= n_lines + 1);
            LIST_MUST(++n_linked <= v->n_origins);
        }
    }
    LIST_MUST(n_linked == v->n_origins);
    for (uint32_t i = 0; i < v->n_contexts; i++) {
        const struct context *c = &v->contexts[i];
        LIST_MUST(c->tlp <= TLP_RED && c->confidence >= -1 && c->confidence <= 100);
        LIST_MUST((uint64_t)c->tags + c->n_tags <= v->n_tags);
    }
}

/* Each filter has an indicator of its own, and each word belongs to one. */
static inline void list_check_blooms(const struct set_view *v)
{
    uint32_t n_words = 0, n_indicators = 0;
    for (uint32_t i = 0; i < v->n_blooms; i++) {
        const struct bloom *b = &v->blooms[i];
        LIST_MUST(b->n_bits >= 1 && b->n_hashes >= 1 && b->n_hashes <= BLOOM_HASHES_MAX && b->first_word == n_words);
        LIST_MUST(b->indicator < v->n_indicators && v->indicators[b->indicator].type == IOC_BLOOM);
        n_words += (uint32_t)bloom_n_words(b->n_bits);
    }
    for (uint32_t i = 0; i < v->n_indicators; i++)
        n_indicators += v->indicators[i].type == IOC_BLOOM;
    LIST_MUST(n_words == v->n_bloom_words && n_indicators == v->n_blooms);
}

static inline void list_check_bytes(const uint8_t *data, size_t size, const struct list_options *o)
{
    struct err err = {0};
    size_t n_notes = 0;
    int fd = memfd_create("list", MFD_CLOEXEC);
    LIST_MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    struct input *in = input_open_fd(fd, "fuzz", &err);
    if (!in)
        return; /* a damaged compressed file */
    struct list_context ctx = {.set = set_new(), .note = list_check_note, .note_to = &n_notes};
    struct list_report report;
    LIST_MUST(ctx.set);
    /* The path: a list must not reach real files by naming them. */
    bool is_good = list_load_input(&ctx, in, "/dev/null/fuzz", o, &report, &err);
    LIST_MUST(is_good == !report.is_unreadable);
    LIST_MUST(is_good || (err.kind != ERR_NONE && report.failure.kind != ERR_NONE && err.what[0]));
    if (!is_good)
        list_check_sentence(report.failure.what);
    list_check_sums(&report, n_notes);
    struct set_view v = set_view_of(ctx.set);
    LIST_MUST(v.n_indicators == report.loaded);
    list_check_view(&v, report.lines);
    list_check_blooms(&v);
    set_seal(ctx.set);
    list_report_fini(&report);
    set_free(ctx.set);
}

/* The fuzzer's bytes in a block of exactly their size. */
static inline int list_fuzz(const uint8_t *data, size_t size, const struct list_options *o)
{
    uint8_t *exact = malloc(size ? size : 1);
    LIST_MUST(exact);
    if (size)
        memcpy(exact, data, size);
    list_check_bytes(exact, size, o);
    free(exact);
    return 0;
}
