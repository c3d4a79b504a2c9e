/* unbound.conf: "local-zone: NAME TYPE" is about a name and all below it, "local-data: RECORD" about one name.
 * Types that answer in the place of the real name make indicators of it, as does "inform", which logs who asks.
 * Types that let it through make exceptions; but a transparent zone with local data in it is there for that data,
 * so it is kept until the next zone tells. Other settings are passed over. */
#include "rules/formats/format.h"
#include "rules/formats/kept.h"
#include "rules/formats/zone_file.h"

struct unbound {
    struct load *load;     /* borrowed */
    struct kept kept;      /* owned */
    struct zone_file zone; /* owned: reads the records of local-data */
    struct buf waiting;    /* owned: the name of a transparent zone; empty: none waits */
    uint32_t waiting_line, waiting_col;
};

enum meaning { MEANS_BLOCK, MEANS_ALLOW, MEANS_ALLOW_IF_EMPTY, MEANS_NOTHING };

static bool read_zone_type(struct span word, enum meaning *out)
{
    static const struct {
        const char *name;
        enum meaning meaning;
    } types[] = {
        {"always_nxdomain", MEANS_BLOCK},
        {"always_null", MEANS_BLOCK},
        {"always_refuse", MEANS_BLOCK},
        {"always_nodata", MEANS_BLOCK},
        {"always_deny", MEANS_BLOCK},
        {"static", MEANS_BLOCK},
        {"redirect", MEANS_BLOCK},
        {"refuse", MEANS_BLOCK},
        {"deny", MEANS_BLOCK},
        {"inform", MEANS_BLOCK},
        {"inform_deny", MEANS_BLOCK},
        {"inform_redirect", MEANS_BLOCK},
        {"block_a", MEANS_BLOCK},
        {"truncate", MEANS_NOTHING},
        {"always_transparent", MEANS_ALLOW},
        {"transparent", MEANS_ALLOW_IF_EMPTY},
        {"typetransparent", MEANS_ALLOW_IF_EMPTY},
        {"nodefault", MEANS_NOTHING},
        {"noview", MEANS_NOTHING},
        {"ipset", MEANS_NOTHING},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        *out = types[i].meaning;
        if (span_eq(word, span_str(types[i].name)))
            return true;
    }
    return false;
}

/* ---- words ---- */

/* A word, or what stands between quotes. False at the end of the line and at a comment. */
static bool take_word(struct span *rest, struct span *out)
{
    *rest = load_trim(*rest);
    if (rest->len == 0 || rest->ptr[0] == '#')
        return false;
    uint8_t quote = rest->ptr[0];
    if (quote == '"' || quote == '\'') {
        const uint8_t *end = memchr(rest->ptr + 1, quote, rest->len - 1);
        size_t n = end ? (size_t)(end - rest->ptr) : rest->len;
        *out = span_first(span_from(*rest, 1), n - 1);
        *rest = span_from(*rest, n + 1);
        return true;
    }
    size_t n = 0;
    while (n < rest->len && !load_is_blank(rest->ptr[n]))
        n++;
    *out = span_first(*rest, n);
    *rest = span_from(*rest, n);
    return true;
}

/* "keyword:", which a blank need not follow. */
static bool take_keyword(struct span *rest, struct span *out)
{
    size_t n = 0;
    *rest = load_trim(*rest);
    while (n < rest->len && ((rest->ptr[n] >= 'a' && rest->ptr[n] <= 'z') || rest->ptr[n] == '-' ||
                             (rest->ptr[n] >= '0' && rest->ptr[n] <= '9')))
        n++;
    if (n == 0 || n == rest->len || rest->ptr[n] != ':')
        return false;
    *out = span_first(*rest, n);
    *rest = span_from(*rest, n + 1);
    return true;
}

/* The keyword of a line; "server:" may stand before it. */
static bool take_line_keyword(struct span *rest, struct span *out)
{
    struct span next;
    if (!take_keyword(rest, out))
        return false;
    struct span more = *rest;
    if (span_eq(*out, SPAN_LIT("server")) && take_keyword(&more, &next)) {
        *out = next;
        *rest = more;
    }
    return true;
}

/* ---- names ---- */

static bool ends_with(struct span name, const char *end)
{
    size_t n = strlen(end);
    return name.len >= n && span_eq_nocase(span_from(name, name.len - n), span_str(end));
}

/* Names that addresses are looked up under say nothing about names. */
static bool is_reverse(struct span name)
{
    if (name.len && name.ptr[name.len - 1] == '.')
        name.len--;
    return ends_with(name, "in-addr.arpa") || ends_with(name, "ip6.arpa");
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_at_or_below(struct span name, struct span zone)
{
    if (name.len < zone.len || (name.len > zone.len && name.ptr[name.len - zone.len - 1] != '.'))
        return false;
    struct span end = span_from(name, name.len - zone.len);
    for (size_t i = 0; i < zone.len; i++)
        if (lower(end.ptr[i]) != lower(zone.ptr[i]))
            return false;
    return true;
}

/* ---- entries ---- */

static struct load_entry entry_of(const struct load *l, struct span value, uint32_t line, uint32_t col)
{
    struct load_entry e = {.value = value, .line = line, .col = col};
    e.has_type = !l->options->has_type;
    e.type = IOC_DOMAIN;
    return e;
}

/* The transparent zone that waited: nothing was put into it. */
static bool pass_waiting(struct unbound *u, struct err *err)
{
    struct span value;
    if (u->waiting.len == 0)
        return true;
    if (!kept_put(&u->kept, span_of(NULL, 0), buf_span(&u->waiting), &value, err))
        return false;
    struct load_entry e = entry_of(u->load, value, u->waiting_line, u->waiting_col);
    e.is_allow = true;
    buf_reset(&u->waiting);
    return kept_name(&u->kept, &e, err);
}

static void wait_with(struct unbound *u, const struct load_entry *e)
{
    buf_reset(&u->waiting);
    buf_put(&u->waiting, span_first(e->value, KEPT_VALUE_MAX));
    u->waiting_line = e->line;
    u->waiting_col = e->col;
}

/* It has data of its own, so it is no exception. */
static void drop_waiting(struct unbound *u, struct span owner)
{
    struct span zone = buf_span(&u->waiting);
    if (zone.len && zone.ptr[zone.len - 1] == '.')
        zone.len--;
    if (u->waiting.len == 0 || !is_at_or_below(owner, zone))
        return;
    load_skip(u->load, SKIP_RULE, IOC_DOMAIN, u->waiting_line, u->waiting_col, buf_span(&u->waiting));
    buf_reset(&u->waiting);
}

static bool take_zone(struct unbound *u, struct load_entry *e, struct span type, struct err *err)
{
    struct load *l = u->load;
    enum meaning meaning;
    if (!read_zone_type(type, &meaning)) {
        load_reject(l, REJECT_NOT_UNBOUND_LINE, e->line, e->col, e->value,
                    "no type of local-zone that unbound has; line skipped");
        return true;
    }
    if (meaning == MEANS_NOTHING || span_eq(e->value, SPAN_LIT(".")) || is_reverse(e->value)) {
        load_skip(l, SKIP_RULE, IOC_DOMAIN, e->line, e->col, e->value);
        return true;
    }
    if (meaning == MEANS_ALLOW_IF_EMPTY && e->value.len) {
        wait_with(u, e);
        return true;
    }
    e->is_allow = meaning == MEANS_ALLOW;
    return kept_name(&u->kept, e, err);
}

/* A record as in a zone: its owner alone is meant. */
static bool take_data(struct unbound *u, struct load_entry *e, struct err *err)
{
    struct load *l = u->load;
    struct zone_record record;
    enum zone_item item = zone_read_text(&u->zone, e->value, &record);
    if (item != ZONE_RECORD || record.is_bad_owner || record.owner.text.len == 0) {
        load_reject(l, REJECT_BAD_RR, e->line, e->col, e->value, NULL);
        return true;
    }
    drop_waiting(u, record.owner.text);
    if (is_reverse(record.owner.text)) {
        load_skip(l, SKIP_RULE, IOC_DOMAIN, e->line, e->col, e->value);
        return true;
    }
    e->has_match = true;
    e->match = MATCH_EXACT;
    return kept_put(&u->kept, span_of(NULL, 0), record.owner.text, &e->value, err) &&
           kept_name(&u->kept, e, err);
}

/* ---- lines ---- */

static void reject_line(struct load *l, struct span line, struct span text, enum reject reason)
{
    load_reject(l, reason, load_clamp32(l->lines.n), (uint32_t)(text.ptr - line.ptr) + 1, text, NULL);
}

static bool is_about_names(struct span keyword)
{
    return span_eq(keyword, SPAN_LIT("local-zone")) || span_eq(keyword, SPAN_LIT("local-data"));
}

/* Behind "local-zone:" or "local-data:". */
static bool take_local(struct unbound *u, struct span line, struct span text, bool is_zone, struct span rest,
                       struct err *err)
{
    struct load *l = u->load;
    struct span name, type = {0};
    if (!take_word(&rest, &name) || (is_zone && !take_word(&rest, &type))) {
        reject_line(l, line, text, REJECT_NOT_UNBOUND_LINE);
        return true;
    }
    struct load_entry e = entry_of(l, name, load_clamp32(l->lines.n), (uint32_t)(name.ptr - line.ptr) + 1);
    struct context_in context = load_context(l);
    rest = load_trim(rest);
    if (rest.len && rest.ptr[0] == '#') {
        context.description = load_text(span_from(rest, 1));
        e.context = &context;
    }
    if (!is_zone)
        return take_data(u, &e, err);
    return pass_waiting(u, err) && take_zone(u, &e, type, err);
}

static bool take_setting(struct unbound *u, struct span line, struct span text, struct err *err)
{
    struct load *l = u->load;
    struct span rest = text, keyword;
    if (l->lines.is_cut || !take_line_keyword(&rest, &keyword)) {
        reject_line(l, line, text, REJECT_NOT_UNBOUND_LINE);
        return true;
    }
    if (is_about_names(keyword))
        return take_local(u, line, text, span_eq(keyword, SPAN_LIT("local-zone")), rest, err);
    if (span_eq(keyword, SPAN_LIT("include")) || span_eq(keyword, SPAN_LIT("include-toplevel")))
        load_warn(l, load_clamp32(l->lines.n), (uint32_t)(text.ptr - line.ptr) + 1, text,
                  "other files are not followed; give them as lists of their own");
    return true;
}

static bool take_line(void *to, struct span line, struct err *err)
{
    struct unbound *u = to;
    struct load *l = u->load;
    struct span text = load_trim(line);
    if (load_passes_line(l, text))
        return true;
    return take_setting(u, line, text, err);
}

static bool read_lines(struct unbound *u, struct err *err)
{
    struct load *l = u->load;
    return load_each_line(l, take_line, u, err) && pass_waiting(u, err) && load_flush(l, err);
}

static bool load_unbound(struct load *l, struct err *err)
{
    struct unbound u = {.load = l};
    buf_init(&u.waiting, KEPT_VALUE_MAX);
    bool is_good = zone_init(&u.zone, l, err);
    is_good = kept_init(&u.kept, l, err) && is_good && read_lines(&u, err);
    zone_fini(&u.zone);
    kept_fini(&u.kept);
    buf_fini(&u.waiting);
    return is_good;
}

/* Most lines that are no comments are about names. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    size_t n = 0, n_names = 0;
    for (struct span line, keyword; load_head_line(&head, is_all, &line);) {
        struct span text = load_trim(line);
        if (text.len == 0 || text.ptr[0] == '#')
            continue;
        bool is_setting = take_line_keyword(&text, &keyword);
        n += !is_setting || !span_eq(keyword, SPAN_LIT("server"));
        n_names += is_setting && (is_about_names(keyword) || span_eq(keyword, SPAN_LIT("local-data-ptr")));
    }
    return n_names * 2 > n;
}

const struct list_reader format_unbound = {.name = "unbound",
                                           .is_likely = is_likely,
                                           .load = load_unbound,
                                           .name_match = MATCH_SUFFIX,
                                           .unit = "line"};
