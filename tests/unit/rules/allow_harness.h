#pragma once
/* For tests of lists with exceptions: load one and show the allow side too. Include list_harness.h first. */

struct allow_harness {
    struct harness h;
    struct set *allow;
};

static inline void allow_harness_init(struct allow_harness *a)
{
    harness_init(&a->h);
    a->allow = set_new();
    assert_non_null(a->allow);
}

static inline void allow_harness_fini(struct allow_harness *a)
{
    set_free(a->allow);
    harness_fini(&a->h);
}

static inline void allow_harness_load(struct allow_harness *a, const char *text, const struct list_options *o)
{
    struct list_context ctx = harness_context(&a->h);
    ctx.allow = a->allow;
    list_report_fini(&a->h.report);
    a->h.is_good =
        list_load_input(&ctx, harness_input(text, strlen(text)), "test", o, &a->h.report, &a->h.err);
    harness_check_sums(&a->h.report);
}

/* As harness_show(), of what must not alert. */
static inline const char *allow_harness_show(struct allow_harness *a)
{
    struct set *set = a->h.set;
    a->h.set = a->allow;
    const char *shown = harness_show(&a->h);
    a->h.set = set;
    return shown;
}
