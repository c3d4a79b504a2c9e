#pragma once
/* For tests of writers: load a list from memory, write it, and compare all that came out. Include it first. */
#include "rules/export.h"
#include "tests/unit/rules/list_harness.h"

struct written {
    struct harness h;
    struct set *allow;
    struct buf bytes;
    struct buf losses; /* "left-out ja3 exact 1 @12" each */
    struct export_report report;
};

static inline bool written_take(void *to, struct span bytes)
{
    buf_put(to, bytes);
    return true;
}

static inline void written_show_losses(struct written *w)
{
    static const char *const names[] = {"left-out", "allow", "narrowed", "widened", "fields", "text"};
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (int type = 0; type < IOC_MATCHABLE_COUNT; type++)
            for (int match = 0; match <= MATCH_REGEX; match++) {
                const struct export_loss *l = &w->report.losses[loss][type][match];
                if (l->n)
                    buf_printf(&w->losses, "%s %s %s %llu @%u\n", names[loss],
                               ioc_type_name((enum ioc_type)type), ioc_match_name((enum ioc_match)match),
                               (unsigned long long)l->n, l->line);
            }
    buf_put_byte(&w->losses, 0);
}

static inline void written_init(struct written *w, const char *list, enum list_target target,
                                enum tlp max_tlp)
{
    struct list_options o = list_options_none();
    struct export_options e = {.max_tlp = max_tlp, .now = 1767225600 /* 2026-01-01 */, .serial = 7};
    struct err err = {0};
    *w = (struct written){.allow = set_new()};
    harness_init(&w->h);
    assert_non_null(w->allow);
    struct list_context ctx = harness_context(&w->h);
    ctx.allow = w->allow;
    o.loads_tlds = true;
    assert_true(
        list_load_input(&ctx, harness_input(list, strlen(list)), "dir/test.txt", &o, &w->h.report, &err));
    buf_init(&w->bytes, 16 << 20);
    buf_init(&w->losses, 16 << 20);
    struct set_view set = set_view_of(w->h.set), allow = set_view_of(w->allow);
    assert_true(list_export(target, &set, &allow, &e, written_take, &w->bytes, &w->report, &err));
    written_show_losses(w);
    buf_put_byte(&w->bytes, 0);
}

static inline void written_fini(struct written *w)
{
    buf_fini(&w->bytes);
    buf_fini(&w->losses);
    set_free(w->allow);
    harness_fini(&w->h);
}

static inline const char *written_text(const struct written *w)
{
    return (const char *)w->bytes.ptr;
}

static inline void written_expect(const char *list, enum list_target target, enum tlp max_tlp,
                                  const char *text, const char *losses)
{
    struct written w;
    written_init(&w, list, target, max_tlp);
    assert_string_equal(written_text(&w), text);
    if (losses)
        assert_string_equal((const char *)w.losses.ptr, losses);
    written_fini(&w);
}

/* Parts of what is written, for formats too long to spell out whole. */
static inline void written_expect_parts(const char *list, enum list_target target, const char *const *parts,
                                        const char *losses)
{
    struct written w;
    written_init(&w, list, target, TLP_NONE);
    for (const char *at = written_text(&w); *parts; parts++) {
        const char *found = strstr(at, *parts);
        if (!found)
            fail_msg("not there, or not in this order: %s\nin: %s", *parts, written_text(&w));
        at = found + strlen(*parts);
    }
    assert_string_equal((const char *)w.losses.ptr, losses);
    written_fini(&w);
}
