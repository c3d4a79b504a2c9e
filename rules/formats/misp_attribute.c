/* See misp_attribute.h. */
#include "rules/formats/misp_attribute.h"

#include <inttypes.h>

enum { COMPOSED_MAX = 8 << 20 };

enum misp_flag misp_flag_of(struct span text)
{
    if (span_eq(text, SPAN_LIT("1")) || span_eq_nocase(text, SPAN_LIT("true")))
        return MISP_YES;
    return span_eq(text, SPAN_LIT("0")) || span_eq_nocase(text, SPAN_LIT("false")) ? MISP_NO : MISP_UNSAID;
}

void misp_reading_init(struct misp_reading *r, struct load *l)
{
    *r = (struct misp_reading){.load = l, .n_unflagged_before = l->report->by_skip[SKIP_TO_IDS]};
    arena_init(&r->composed, 64 * 1024, COMPOSED_MAX);
}

void misp_reading_end(struct misp_reading *r)
{
    uint64_t n = r->load->report->by_skip[SKIP_TO_IDS] - r->n_unflagged_before;
    if (n && !r->n_flagged)
        load_warn_about(r->load, LIST_ABOUT_TO_IDS, 1, 1, span_of("", 0),
                        "%" PRIu64
                        " network attribute%s skipped: to_ids is set nowhere in this list; load it with "
                        "to_ids=ignore",
                        n, n == 1 ? "" : "s");
}

void misp_reading_fini(struct misp_reading *r)
{
    arena_fini(&r->composed);
}

static bool is_for_ids(struct misp_reading *r, const struct misp_attribute *a)
{
    bool is_flagged = a->to_ids == MISP_UNSAID ? a->type->is_for_ids : a->to_ids == MISP_YES;
    r->n_flagged += is_flagged;
    return is_flagged || r->load->options->ignores_to_ids;
}

/* "a|b" with something on both sides of the one bar. */
static bool split(struct span text, struct span *out_first, struct span *out_second)
{
    const uint8_t *bar = text.len ? memchr(text.ptr, '|', text.len) : NULL;
    if (!bar)
        return false;
    size_t at = (size_t)(bar - text.ptr);
    *out_first = load_trim(span_first(text, at));
    *out_second = load_trim(span_from(text, at + 1));
    return out_first->len && out_second->len && !memchr(out_second->ptr, '|', out_second->len);
}

/* "host:port", or "[v6]:port"; empty when it is longer than any value can be. */
static struct span compose(struct misp_reading *r, struct span host, struct span port)
{
    bool is_v6 = memchr(host.ptr, ':', host.len) && host.ptr[0] != '[';
    size_t n = host.len + port.len + 1 + (is_v6 ? 2 : 0), at = 0;
    if (load_is_flushed(r->load))
        arena_reset(&r->composed);
    uint8_t *p = n <= LOAD_VALUE_MAX ? arena_bytes(&r->composed, n) : NULL;
    if (!p)
        return span_of("", 0);
    if (is_v6)
        p[at++] = '[';
    memcpy(p + at, host.ptr, host.len);
    at += host.len;
    if (is_v6)
        p[at++] = ']';
    p[at++] = ':';
    memcpy(p + at, port.ptr, port.len);
    return span_of(p, n);
}

/* Anything with a slash inside is a URL without its scheme; the rest has to be a path. */
static enum ioc_type uri_type(struct span value)
{
    value = load_trim(value);
    return value.len && value.ptr[0] != '/' && memchr(value.ptr, '/', value.len) ? IOC_URL : IOC_URI_PATH;
}

/* Load it, or only read it when it is not for detection. */
static bool enter(struct misp_reading *r, const struct load_entry *e, bool is_for_ids, struct err *err)
{
    if (is_for_ids)
        return load_entry(r->load, e, err);
    load_skip_entry(r->load, SKIP_TO_IDS, e);
    return true;
}

/* The address of a name on a shared host is many people's: it is accounted for beside the name, not looked for. */
static bool take_name_ip(struct misp_reading *r, struct load_entry *e, struct span address, bool is_for_ids,
                         struct err *err)
{
    uint64_t n_rejected = r->load->report->rejected;
    if (!enter(r, e, is_for_ids, err))
        return false;
    if (!is_for_ids || r->load->report->rejected != n_rejected)
        return true;
    e->value = address;
    e->type = IOC_IPV4;
    load_skip_entry(r->load, SKIP_CONTEXT, e);
    return true;
}

static bool take_seen(struct misp_reading *r, const struct misp_attribute *a, struct load_entry *e,
                      struct err *err)
{
    struct span first, second;
    bool is_good = is_for_ids(r, a);
    r->load->name_match = a->type->match;
    if (a->type->use == MISP_URI)
        e->type = uri_type(a->value);
    if (a->type->use < MISP_HOST_PORT)
        return enter(r, e, is_good, err);
    if (!split(a->value, &first, &second)) {
        load_reject(r->load, REJECT_BAD_COMPOSITE, a->line, a->col, a->value, NULL);
        return true;
    }
    e->value = a->type->use == MISP_HOST_PORT ? compose(r, first, second) : first;
    if (e->value.len == 0) {
        load_reject(r->load, REJECT_NAME_TOO_LONG, a->line, a->col, a->value, NULL);
        return true;
    }
    return a->type->use == MISP_HOST_PORT ? enter(r, e, is_good, err)
                                          : take_name_ip(r, e, second, is_good, err);
}

/* Of what no packet shows, the form of a pair is looked at all the same: half a pair is a fault of its writer. */
static void take_unseen(struct misp_reading *r, const struct misp_attribute *a)
{
    enum ioc_type type = a->type ? a->type->type : IOC_OTHER;
    if (a->type && strchr(a->type->name, '|') && !(a->value.len && memchr(a->value.ptr, '|', a->value.len)))
        load_reject_as(r->load, REJECT_BAD_COMPOSITE, type, a->line, a->col, a->value, NULL);
    else
        load_skip(r->load, a->type && a->type->use == MISP_CONTEXT ? SKIP_CONTEXT : SKIP_TYPE, type, a->line,
                  a->col, a->value);
}

bool misp_take(struct misp_reading *r, const struct misp_attribute *a, const struct context_in *c,
               struct err *err)
{
    if (a->is_deleted) {
        load_skip(r->load, SKIP_DELETED, a->type ? a->type->type : IOC_OTHER, a->line, a->col, a->value);
        return true;
    }
    if (!misp_type_is_seen(a->type)) {
        take_unseen(r, a);
        return true;
    }
    struct load_entry e = {.value = a->value,
                           .line = a->line,
                           .col = a->col,
                           .has_type = true,
                           .type = a->type->type,
                           .context = c};
    return take_seen(r, a, &e, err);
}
