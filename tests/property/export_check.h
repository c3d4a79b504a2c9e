#pragma once
/* What holds of list_export() whatever the sets: for the property test and the fuzz target. A broken promise aborts.
 *
 * - Native YAML loaded again is the same set: every indicator with every origin, but for texts that it said it could not keep.
 * - What is above the ceiling leaves no trace: the output is, byte for byte, that of sets which never had it.
 * - A plain list loaded again means what it says it means.
 * - The JSON that comes out is JSON. */
#include <jansson.h>

#include "rules/export.h"
#include "rules/list.h"
#include "tests/fuzz/list_in_memory.h"

struct export_out {
    struct buf bytes;
    struct export_report report;
};

static inline bool export_take(void *to, struct span bytes)
{
    struct export_out *out = to;
    buf_put(&out->bytes, bytes);
    return !out->bytes.is_full;
}

static inline void export_run(struct export_out *out, enum list_target target, const struct set *set,
                              const struct set *allow, enum tlp max_tlp)
{
    struct export_options o = {.max_tlp = max_tlp, .now = 1767225600, .serial = 7};
    struct err err = {0};
    buf_init(&out->bytes, (size_t)1 << 30);
    struct set_view indicators = set_view_of(set), allowed = set_view_of(allow);
    LIST_MUST(list_export(target, &indicators, &allowed, &o, export_take, out, &out->report, &err));
}

static inline const struct public_suffixes *export_suffixes(void)
{
    static struct public_suffixes *suffixes; /* for as long as the program */
    if (!suffixes)
        suffixes = public_suffixes_new();
    LIST_MUST(suffixes);
    return suffixes;
}

static inline void export_load(struct span bytes, const struct list_options *o, struct set *set,
                               struct set *allow, struct list_report *out_report)
{
    struct err err = {0};
    int fd = memfd_create("list", MFD_CLOEXEC);
    LIST_MUST(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len &&
              lseek(fd, 0, SEEK_SET) == 0);
    struct input *in = input_open_fd(fd, "fuzz", &err);
    *out_report = (struct list_report){0};
    if (!in)
        return; /* a damaged compressed file */
    struct list_context ctx = {.set = set, .allow = allow, .suffixes = export_suffixes()};
    list_load_input(&ctx, in, "/dev/null/fuzz", o, out_report, &err);
}

/* ---- sets as sorted text ---- */

static inline void export_put_text(struct buf *out, struct span text)
{
    buf_printf(out, " %zu:", text.len);
    for (size_t i = 0; i < text.len; i++)
        buf_printf(out, text.ptr[i] > 0x20 && text.ptr[i] < 0x7f ? "%c" : "\\x%02x", text.ptr[i]);
}

static inline void export_put_origin(struct buf *out, const struct set_view *v, const struct origin *o)
{
    const struct context *c = &v->contexts[o->context];
    export_put_text(out, set_text(v, v->lists[o->list].name));
    export_put_text(out, set_text(v, c->organisation));
    export_put_text(out, set_text(v, c->reference));
    export_put_text(out, set_text(v, c->description));
    export_put_text(out, set_text(v, c->id));
    buf_printf(out, " %d %d %d %lld %lld", c->tlp, c->confidence, c->is_exercise, (long long)c->valid_from,
               (long long)c->valid_until);
    for (uint32_t i = 0; i < c->n_tags; i++)
        export_put_text(out, set_text(v, v->tags[c->tags + i]));
}

static inline int export_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line per indicator and origin (or per indicator); the same one only once. */
static inline char *export_show(const struct set *set, bool has_origins)
{
    struct set_view v = set_view_of(set);
    struct buf line;
    size_t n = 0;
    char **lines = calloc((size_t)v.n_origins + 1, sizeof *lines);
    buf_init(&line, (size_t)1 << 30);
    LIST_MUST(lines);
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        const struct indicator *ind = &v.indicators[i];
        for (uint32_t o = ind->origins; o != ORIGIN_END; o = v.origins[o].next) {
            if (ind->type == IOC_BLOOM)
                continue;
            buf_reset(&line);
            buf_printf(&line, "%d %d %x %u %x", ind->type, ind->match, ind->fields, ind->port, ind->flags);
            export_put_text(&line, set_value(&v, i));
            if (has_origins)
                export_put_origin(&line, &v, &v.origins[o]);
            buf_put_byte(&line, 0);
            LIST_MUST((lines[n++] = strdup((const char *)line.ptr)));
        }
    }
    qsort(lines, n, sizeof *lines, export_compare);
    buf_reset(&line);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0)
            buf_printf(&line, "%s\n", lines[i]);
    }
    for (size_t i = 0; i < n; i++)
        free(lines[i]);
    free(lines);
    buf_put_byte(&line, 0);
    return (char *)line.ptr;
}

static inline void export_must_equal(const struct set *a, const struct set *b, bool has_origins,
                                     const struct buf *yaml)
{
    char *text_a = export_show(a, has_origins), *text_b = export_show(b, has_origins);
    if (strcmp(text_a, text_b) != 0)
        fprintf(stderr, "written:\n%s\nread again:\n%s\nby way of:\n%.*s\n", text_a, text_b, (int)yaml->len,
                (const char *)yaml->ptr);
    LIST_MUST(strcmp(text_a, text_b) == 0);
    free(text_a);
    free(text_b);
}

static inline uint64_t export_count(const struct export_report *r, enum loss loss)
{
    uint64_t n = 0;
    for (int type = 0; type < IOC_MATCHABLE_COUNT; type++)
        for (int match = 0; match <= MATCH_REGEX; match++)
            n += r->losses[loss][type][match].n;
    return n;
}

/* ---- the promises ---- */

static inline void export_check_yaml(const struct set *set, const struct set *allow)
{
    struct export_out out;
    struct list_options o = list_options_none();
    struct list_report report;
    struct set *again = set_new(), *allow_again = set_new();
    LIST_MUST(again && allow_again);
    export_run(&out, TARGET_YAML, set, allow, TLP_NONE);
    export_load(buf_span(&out.bytes), &o, again, allow_again, &report);
    if (report.format != LIST_YAML || report.is_unreadable || report.skipped)
        fprintf(stderr, "%s\n%.*s\n", report.failure.what, (int)out.bytes.len, (const char *)out.bytes.ptr);
    LIST_MUST(report.format == LIST_YAML && !report.is_unreadable && report.skipped == 0);
    LIST_MUST(out.report.written == report.loaded);
    bool is_whole = export_count(&out.report, LOSS_TEXT) == 0;
    export_must_equal(set, again, is_whole, &out.bytes);
    export_must_equal(allow, allow_again, is_whole, &out.bytes);
    list_report_fini(&report);
    buf_fini(&out.bytes);
    set_free(again);
    set_free(allow_again);
}

static inline bool export_may_be_told(const struct context *c, enum tlp max_tlp)
{
    return (c->tlp ? c->tlp : TLP_AMBER) <= max_tlp;
}

/* A set with only what may be told. */
static inline struct set *export_without(const struct set *set, enum tlp max_tlp)
{
    struct set_view v = set_view_of(set);
    struct set *out = set_new();
    uint32_t *lists = calloc((size_t)v.n_lists + 1, sizeof *lists);
    LIST_MUST(out && lists);
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        const struct indicator *ind = &v.indicators[i];
        bool is_whole = true, is_new;
        for (uint32_t o = ind->origins; o != ORIGIN_END; o = v.origins[o].next)
            is_whole &= export_may_be_told(&v.contexts[v.origins[o].context], max_tlp);
        struct indicator_in in = {.type = (enum ioc_type)ind->type,
                                  .match = (enum ioc_match)ind->match,
                                  .fields = ind->fields,
                                  .value = set_value(&v, i),
                                  .port = ind->port,
                                  .flags = is_whole ? ind->flags : ind->flags & ~IOC_F_PUBLIC_SUFFIX};
        for (uint32_t o = ind->origins; o != ORIGIN_END; o = v.origins[o].next) {
            const struct origin *origin = &v.origins[o];
            const struct context *c = &v.contexts[origin->context];
            const struct list_info *info = &v.lists[origin->list];
            uint32_t context;
            struct span *tags = calloc((size_t)c->n_tags + 1, sizeof *tags);
            LIST_MUST(tags);
            for (uint32_t t = 0; t < c->n_tags; t++)
                tags[t] = set_text(&v, v.tags[c->tags + t]);
            struct context_in with = {.organisation = set_text(&v, c->organisation),
                                      .reference = set_text(&v, c->reference),
                                      .description = set_text(&v, c->description),
                                      .id = set_text(&v, c->id),
                                      .tags = tags,
                                      .n_tags = c->n_tags,
                                      .valid_from = c->valid_from,
                                      .valid_until = c->valid_until,
                                      .tlp = (enum tlp)c->tlp,
                                      .confidence = c->confidence,
                                      .is_exercise = c->is_exercise};
            if (export_may_be_told(c, max_tlp)) {
                if (!lists[origin->list])
                    LIST_MUST(set_add_list(out, set_text(&v, info->name), set_text(&v, info->path),
                                           &lists[origin->list], NULL) &&
                              ++lists[origin->list]);
                LIST_MUST(set_add_context(out, &with, &context, NULL) &&
                          set_add(out, &in, lists[origin->list] - 1, origin->line, context, &is_new, NULL));
            }
            free(tags);
        }
    }
    free(lists);
    return out;
}

static inline void export_check_ceiling(enum list_target target, const struct set *set,
                                        const struct set *allow, enum tlp max_tlp)
{
    struct set *told = export_without(set, max_tlp), *told_allow = export_without(allow, max_tlp);
    struct export_out out, want;
    export_run(&out, target, set, allow, max_tlp);
    export_run(&want, target, told, told_allow, TLP_NONE);
    bool is_same = span_eq(buf_span(&out.bytes), buf_span(&want.bytes));
    if (!is_same)
        fprintf(stderr, "%s below %s:\n%.*s\nof what may be told:\n%.*s\n", list_target_name(target),
                tlp_name(max_tlp), (int)out.bytes.len, (const char *)out.bytes.ptr, (int)want.bytes.len,
                (const char *)want.bytes.ptr);
    LIST_MUST(is_same && out.report.written == want.report.written &&
              out.report.allowed == want.report.allowed);
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        LIST_MUST(export_count(&out.report, (enum loss)loss) == export_count(&want.report, (enum loss)loss));
    buf_fini(&out.bytes);
    buf_fini(&want.bytes);
    set_free(told);
    set_free(told_allow);
}

static inline void export_check_json(enum list_target target, const struct set *set, const struct set *allow)
{
    struct export_out out;
    json_error_t error;
    export_run(&out, target, set, allow, TLP_NONE);
    json_t *json = json_loadb((const char *)out.bytes.ptr, out.bytes.len, JSON_ALLOW_NUL, &error);
    if (!json)
        fprintf(stderr, "%s\n%.*s\n", error.text, (int)out.bytes.len, (const char *)out.bytes.ptr);
    LIST_MUST(json);
    json_decref(json);
    buf_fini(&out.bytes);
}

/* The same, wherever it may match? */
static inline bool export_has(const struct set_view *v, const struct indicator *want, struct span value)
{
    for (uint32_t i = 0; i < v->n_indicators; i++)
        if (v->indicators[i].type == want->type && v->indicators[i].match == want->match &&
            span_eq(set_value(v, i), value))
            return true;
    return false;
}

/* A plain list means what the set did, but for the fields, and for what was counted as meaning more. */
static inline void export_check_text(const struct set *set, const struct set *allow)
{
    struct export_out out;
    struct list_options o = list_options_none();
    struct list_report report;
    struct set *again = set_new();
    LIST_MUST(again);
    export_run(&out, TARGET_TEXT, set, allow, TLP_NONE);
    o.format = LIST_TEXT;
    o.loads_tlds = true;
    export_load(buf_span(&out.bytes), &o, again, NULL, &report);
    struct set_view v = set_view_of(set), w = set_view_of(again);
    LIST_MUST(report.skipped == 0 && report.loaded + report.merged == out.report.written);
    bool means_the_same = export_count(&out.report, LOSS_WIDENED) == 0;
    for (uint32_t i = 0; i < w.n_indicators && w.n_indicators <= 1000 && means_the_same; i++)
        LIST_MUST(export_has(&v, &w.indicators[i], set_value(&w, i)));
    list_report_fini(&report);
    buf_fini(&out.bytes);
    set_free(again);
}

/* Every indicator of the first set is written, or counted as left out. */
static inline void export_check_sums(enum list_target target, const struct set *set, const struct set *allow)
{
    struct export_out out;
    export_run(&out, target, set, allow, TLP_NONE);
    uint64_t n = set_view_of(set).n_indicators + (uint64_t)set_view_of(allow).n_indicators;
    const struct export_report *r = &out.report;
    LIST_MUST(r->withheld == 0 &&
              n == r->written + r->allowed + export_count(r, LOSS_LEFT_OUT) + export_count(r, LOSS_ALLOW));
    buf_fini(&out.bytes);
}

static inline void export_check(const struct set *set, const struct set *allow, enum tlp max_tlp)
{
    export_check_yaml(set, allow);
    export_check_text(set, allow);
    export_check_json(TARGET_STIX, set, allow);
    export_check_json(TARGET_MISP, set, allow);
    for (int target = 0; target < TARGET_COUNT; target++) {
        export_check_sums((enum list_target)target, set, allow);
        export_check_ceiling((enum list_target)target, set, allow, max_tlp);
    }
}
