#pragma once
/* For tests of lists: load one from memory, and show what came out as text that a test can spell out. Include it first. */
#define _GNU_SOURCE 1 /* memfd_create */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "rules/formats/format.h"

struct harness {
    struct set *set;
    struct public_suffixes *suffixes;
    struct list_report report;
    struct err err;
    bool is_good;
    struct buf notes; /* "line:col: what" each */
    struct buf shown;
};

static inline void harness_note(void *to, const struct list_note *n)
{
    struct harness *h = to;
    buf_printf(&h->notes, "%u:%u: %s\n", n->line, n->col, n->what);
}

static inline struct list_context harness_context(struct harness *h)
{
    return (struct list_context){
        .set = h->set, .suffixes = h->suffixes, .note = harness_note, .note_to = h, .now = 1767225600 /* 2026-01-01 */};
}

static inline void harness_init(struct harness *h)
{
    *h = (struct harness){.set = set_new(), .suffixes = public_suffixes_new()};
    assert_non_null(h->set);
    assert_non_null(h->suffixes);
    buf_init(&h->notes, 16 << 20);
    buf_init(&h->shown, 16 << 20);
}

static inline void harness_fini(struct harness *h)
{
    list_report_fini(&h->report);
    buf_fini(&h->notes);
    buf_fini(&h->shown);
    set_free(h->set);
    public_suffixes_free(h->suffixes);
}

static inline struct input *harness_input(const void *bytes, size_t n)
{
    struct err err = {0};
    int fd = memfd_create("list", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct input *in = input_open_fd(fd, "test", &err);
    assert_non_null(in);
    return in;
}

/* The sums that must hold whatever was loaded. */
static inline void harness_check_sums(const struct list_report *r)
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
    assert_int_equal(r->entries, r->loaded + r->merged + r->skipped);
    assert_true(r->skipped == r->rejected + r->passed_over);
    assert_true(r->passed_over == by_skip);
    assert_true(types.loaded == r->loaded && types.merged == r->merged && types.skipped == r->skipped);
    assert_int_equal(r->rejected, by_reason);
    assert_int_equal(r->by_reason[REJECT_NONE], 0);
}

static inline void harness_load_bytes(struct harness *h, const void *bytes, size_t n, const struct list_options *o)
{
    struct list_context ctx = harness_context(h);
    list_report_fini(&h->report);
    h->err = (struct err){0};
    h->is_good = list_load_input(&ctx, harness_input(bytes, n), "test", o, &h->report, &h->err);
    harness_check_sums(&h->report);
}

static inline void harness_load(struct harness *h, const char *text, const struct list_options *o)
{
    harness_load_bytes(h, text, strlen(text), o);
}

static inline const char *harness_notes(struct harness *h)
{
    buf_put_byte(&h->notes, 0);
    h->notes.len--;
    return (const char *)h->notes.ptr;
}

static inline void harness_show_text(struct harness *h, const char *label, struct span text)
{
    if (text.len)
        buf_printf(&h->shown, " %s=%.*s", label, (int)text.len, (const char *)text.ptr);
}

static inline void harness_show_origin(struct harness *h, const struct set_view *v, const struct origin *o)
{
    const struct context *c = &v->contexts[o->context];
    char when[TIME_TEXT_MAX];
    buf_printf(&h->shown, " @%u", o->line);
    if (c->tlp)
        buf_printf(&h->shown, " tlp=%s", tlp_name((enum tlp)c->tlp));
    if (c->confidence >= 0)
        buf_printf(&h->shown, " conf=%d", c->confidence);
    if (c->valid_from != INT64_MIN && time_format(c->valid_from, 0, when))
        buf_printf(&h->shown, " from=%.19s", when);
    if (c->valid_until != INT64_MAX && time_format(c->valid_until, 0, when))
        buf_printf(&h->shown, " until=%.19s", when);
    harness_show_text(h, "org", set_text(v, c->organisation));
    harness_show_text(h, "ref", set_text(v, c->reference));
    harness_show_text(h, "desc", set_text(v, c->description));
    harness_show_text(h, "id", set_text(v, c->id));
    for (uint32_t i = 0; i < c->n_tags; i++)
        harness_show_text(h, "tag", set_text(v, v->tags[c->tags + i]));
}

/* All indicators, one per line: "type match value" and, for each origin, " @line" with what goes with it. Fields other than
 * the type's own are shown as fields=hex. */
static inline const char *harness_show(struct harness *h)
{
    struct set_view v = set_view_of(h->set);
    buf_reset(&h->shown);
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        const struct indicator *ind = &v.indicators[i];
        struct span value = set_value(&v, i);
        buf_printf(&h->shown, "%s %s %.*s", ioc_type_name((enum ioc_type)ind->type),
                   ioc_match_name((enum ioc_match)ind->match), (int)value.len, (const char *)value.ptr);
        if (ind->fields != ioc_default_fields((enum ioc_type)ind->type))
            buf_printf(&h->shown, " fields=%x", ind->fields);
        if (ind->flags & IOC_F_PUBLIC_SUFFIX)
            buf_put_str(&h->shown, " public-suffix");
        if (ind->flags & IOC_F_CASELESS)
            buf_put_str(&h->shown, " caseless");
        for (uint32_t o = ind->origins; o != ORIGIN_END; o = v.origins[o].next)
            harness_show_origin(h, &v, &v.origins[o]);
        buf_put_byte(&h->shown, '\n');
    }
    buf_put_byte(&h->shown, 0);
    return (const char *)h->shown.ptr;
}

/* Load into a fresh harness and compare all that came out. */
static inline void harness_expect(const char *list, const struct list_options *o, const char *shown, const char *notes)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, list, o);
    assert_string_equal(harness_show(&h), shown);
    if (notes)
        assert_string_equal(harness_notes(&h), notes);
    harness_fini(&h);
}

/* Cut a list short at every byte: the sums hold, and nothing is read past the end (the bytes lie in a block of exactly
 * their size in the reader's own buffer only; AddressSanitizer watches the rest). */
static inline void harness_cut_everywhere(const char *list, const struct list_options *o)
{
    size_t len = strlen(list);
    for (size_t n = 0; n <= len; n++) {
        struct harness h;
        harness_init(&h);
        harness_load_bytes(&h, list, n, o);
        harness_fini(&h);
    }
}
