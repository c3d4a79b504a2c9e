/* See load.h. Entries wait in a small batch, so that set_add_many() can ask for the memory of all of them at once; their values
 * are not copied meanwhile, which is why a format flushes before it lets go of a block. */
#include "rules/formats/load.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "rules/formats/load_note.h"
#include "rules/list_options.h"

bool load_init(struct load *l, struct list_context *ctx, const struct list_options *options,
               struct list_report *report, const char *path, struct input *in, struct err *err)
{
    *l = (struct load){.ctx = ctx, .options = options, .report = report, .path = path, .unit = "line"};
    l->tlp = options->tlp;
    l->n_before = report->entries + report->allowed;
    l->is_allow = options->is_allow;
    l->indicators.set = ctx->set;
    l->allow.set = ctx->allow;
    buf_init(&l->reference, LOAD_TEXT_MAX);
    buf_init(&l->scratch, VALUE_SCRATCH_BYTES);
    return lines_init(&l->lines, in, err);
}

void load_fini(struct load *l)
{
    lines_fini(&l->lines);
    list_names_fini(&l->indicators.names);
    list_names_fini(&l->allow.names);
    buf_fini(&l->reference);
    buf_fini(&l->scratch);
}

/* What the list says of entries that say nothing themselves has changed. */
static void context_changed(struct load *l)
{
    l->indicators.has_context = l->allow.has_context = false;
}

void load_options_changed(struct load *l)
{
    if (l->options->tlp > l->tlp)
        l->tlp = l->options->tlp;
    l->is_allow |= l->options->is_allow;
    context_changed(l);
}

bool load_set_name(struct load *l, struct span name, struct err *err)
{
    char *copy = strndup((const char *)name.ptr, name.len);
    if (!copy)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory");
    free(l->report->name);
    l->report->name = copy;
    return true;
}

/* ---- notes ---- */

static void note(struct load *l, struct list_note n)
{
    char what[LOAD_NOTE_MAX];
    if (!l->ctx->note)
        return;
    snprintf(what, sizeof what, "%s", n.what);
    load_note_clean(what);
    n.what = what;
    n.is_repeat = l->is_repeating;
    l->ctx->note(l->ctx->note_to, &n);
}

static void count_skipped(struct load *l, enum ioc_type type)
{
    l->report->skipped++;
    l->report->by_type[type].skipped++;
}

/* The type as which a rejected value was read, or IOC_TYPE_COUNT. */
static void refuse(struct load *l, enum reject reason, enum ioc_type type, uint32_t line, uint32_t col,
                   struct span value, const char *what)
{
    count_skipped(l, type);
    l->report->rejected++;
    l->report->by_reason[reason]++;
    note(l, (struct list_note){.kind = NOTE_REJECTED,
                               .path = l->path,
                               .line = line,
                               .col = col,
                               .reason = reason,
                               .type = type,
                               .what = what,
                               .value = value});
}

/* `fault` is the byte of the value to point at, from 1; 0: its first. */
static void refuse_value(struct load *l, enum reject reason, const struct load_entry *e, uint32_t fault)
{
    char what[LOAD_NOTE_MAX];
    load_note_reject(what, reason, e->value, fault, l->unit);
    refuse(l, reason, IOC_TYPE_COUNT, e->line, e->col + (fault ? fault - 1 : 0), e->value, what);
}

void load_reject_as(struct load *l, enum reject reason, enum ioc_type type, uint32_t line, uint32_t col,
                    struct span value, const char *what)
{
    char text[LOAD_NOTE_MAX];
    l->report->entries++;
    if (!what) {
        load_note_reject(text, reason, value, 0, l->unit);
        what = text;
    }
    refuse(l, reason, type, line, col, value, what);
}

void load_reject(struct load *l, enum reject reason, uint32_t line, uint32_t col, struct span value,
                 const char *what)
{
    load_reject_as(l, reason, IOC_TYPE_COUNT, line, col, value, what);
}

static void pass_over(struct load *l, enum skip skip, enum ioc_type type, uint32_t line, uint32_t col,
                      struct span value)
{
    char what[LOAD_NOTE_MAX];
    count_skipped(l, type);
    l->report->passed_over++;
    l->report->by_skip[skip]++;
    if (skip == SKIP_TYPE && type < IOC_TYPE_COUNT)
        snprintf(what, sizeof what, "type %s: %s; %s skipped", ioc_type_name(type), skip_remedy(skip),
                 l->unit);
    else
        snprintf(what, sizeof what, "%s; %s skipped", skip_remedy(skip), l->unit);
    note(l, (struct list_note){.kind = NOTE_SKIPPED,
                               .path = l->path,
                               .line = line,
                               .col = col,
                               .skip = skip,
                               .type = type,
                               .what = what,
                               .value = value});
}

void load_skip(struct load *l, enum skip skip, enum ioc_type type, uint32_t line, uint32_t col,
               struct span value)
{
    l->report->entries++;
    pass_over(l, skip, type, line, col, value);
}

static void warn(struct load *l, const char *about, uint32_t line, uint32_t col, struct span value,
                 const char *fmt, va_list ap)
{
    char what[LOAD_NOTE_MAX];
    vsnprintf(what, sizeof what, fmt, ap);
    l->report->warnings++;
    note(l, (struct list_note){.kind = NOTE_WARNING,
                               .about = about,
                               .path = l->path,
                               .line = line,
                               .col = col,
                               .type = IOC_TYPE_COUNT,
                               .what = what,
                               .value = value});
}

void load_warn(struct load *l, uint32_t line, uint32_t col, struct span value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    warn(l, NULL, line, col, value, fmt, ap);
    va_end(ap);
}

void load_warn_about(struct load *l, const char *about, uint32_t line, uint32_t col, struct span value,
                     const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    warn(l, about, line, col, value, fmt, ap);
    va_end(ap);
}

/* ---- what goes with an entry ---- */

struct context_in load_context(const struct load *l)
{
    struct context_in c = l->options->context;
    c.tags = l->options->tags;
    c.n_tags = l->options->n_tags;
    c.tlp = l->tlp;
    if (l->reference.len)
        c.reference = buf_span(&l->reference);
    return c;
}

struct span load_text(struct span text)
{
    text = load_trim(text);
    if (text.len <= LOAD_TEXT_MAX)
        return text;
    size_t n = LOAD_TEXT_MAX;
    while (n > LOAD_TEXT_MAX - 3 && (text.ptr[n] & 0xc0) == 0x80)
        n--;
    return load_trim(span_of(text.ptr, n));
}

bool load_time(struct load *l, uint32_t line, uint32_t col, struct span text, int64_t *out)
{
    if (time_parse(text, out))
        return true;
    load_warn(l, line, col, text, "not a date; write 2026-01-31, 2026-01-31T12:00:00Z or seconds since 1970");
    return false;
}

enum tlp load_tlp(struct load *l, uint32_t line, uint32_t col, struct span text)
{
    enum tlp tlp;
    if (tlp_of(load_trim(text), &tlp))
        return tlp;
    load_warn(
        l, line, col, text,
        "not a TLP marking (clear, green, amber, amber+strict, red); taken as amber+strict, to be safe");
    return TLP_AMBER_STRICT;
}

/* What follows "word", blanks, ":" and blanks; any case. */
static bool take_heading(struct span *s, struct span word)
{
    struct span rest = *s;
    if (!span_eq_nocase(span_first(rest, word.len), word))
        return false;
    span_skip(&rest, word.len);
    rest = load_trim(rest);
    if (rest.len == 0 || rest.ptr[0] != ':')
        return false;
    *s = load_trim(span_from(rest, 1));
    return true;
}

static void take_tlp_heading(struct load *l, struct span text)
{
    size_t n = 0;
    while (n < text.len && !load_is_blank(text.ptr[n]) && text.ptr[n] != '#')
        n++;
    bool is_word_alone = load_trim(span_from(text, n)).len == 0 || text.ptr[n] == '#';
    enum tlp tlp;
    if (n == 0 || (!tlp_of(span_first(text, n), &tlp) && !is_word_alone))
        return; /* "TLP: see our web site" is prose */
    tlp = load_tlp(l, load_clamp32(l->lines.n), 1, span_first(text, n));
    if (tlp > l->tlp) {
        l->tlp = tlp;
        context_changed(l);
    }
}

/* Of bare names. Other words are prose. */
static bool take_match_heading(struct load *l, struct span text)
{
    enum ioc_match match;
    if (!ioc_match_of(text, &match) || match > MATCH_BELOW)
        return false;
    l->name_match = match;
    return true;
}

/* ---- as many as it says? ---- */

void load_said_count(struct load *l, uint64_t n)
{
    l->said_last = n;
    l->said_sum += n;
}

/* "6630", "140,626"; more than 12 digits are no count. */
static bool read_count(struct span text, uint64_t *out)
{
    size_t i = 0;
    for (*out = 0; i < text.len && i < 16; i++) {
        if (text.ptr[i] == ',' && i + 1 < text.len && text.ptr[i + 1] >= '0' && text.ptr[i + 1] <= '9')
            continue;
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            break;
        *out = *out * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return i > 0 && *out > 0 && *out < 1000000000000 &&
           (i == text.len || text.ptr[i] == ',' || load_is_blank(text.ptr[i]));
}

static bool take_count(struct span comment, uint64_t *out)
{
    static const char *const headings[] = {"entries", "domains", "number of entries"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (take_heading(&comment, span_str(headings[i])))
            return read_count(comment, out);
    return span_eq_nocase(span_first(comment, 4), SPAN_LIT("end ")) &&
           memmem(comment.ptr, comment.len, " entries", 8) && read_count(span_from(comment, 4), out);
}

void load_check_count(struct load *l)
{
    uint64_t n = l->report->entries + l->report->allowed - l->n_before;
    if (l->said_last == 0 || n == l->said_last || n == l->said_sum || l->lines.failure.kind != ERR_NONE)
        return;
    load_warn(l, load_clamp32(l->lines.n), 1, span_of("", 0),
              "the list says that it has %llu entries, %llu were found%s", (unsigned long long)l->said_last,
              (unsigned long long)n, n < l->said_last ? ": it may be cut" : "");
}

bool load_comment(struct load *l, struct span comment)
{
    uint64_t count;
    while (comment.len && (load_is_blank(comment.ptr[0]) || memchr("#;!/", comment.ptr[0], 4)))
        span_skip(&comment, 1);
    if (take_heading(&comment, SPAN_LIT("tlp"))) {
        take_tlp_heading(l, comment);
        return true;
    }
    if (take_heading(&comment, SPAN_LIT("reference"))) {
        buf_reset(&l->reference);
        buf_put(&l->reference, load_text(comment));
        context_changed(l);
        return true;
    }
    if (take_heading(&comment, SPAN_LIT("match")))
        return take_match_heading(l, comment);
    if (take_count(comment, &count)) {
        load_said_count(l, count);
        return true;
    }
    return false;
}

bool load_passes_line(struct load *l, struct span text)
{
    l->report->blank += text.len == 0;
    if (text.len == 0 || text.ptr[0] != '#')
        return text.len == 0;
    l->report->comments++;
    load_comment(l, text);
    return true;
}

struct span load_split_comment(struct span line, struct span *out_comment)
{
    *out_comment = span_of(NULL, 0);
    struct span rest = line;
    const uint8_t *p;
    while (rest.len && (p = memchr(rest.ptr, '#', rest.len))) {
        size_t at = (size_t)(p - line.ptr);
        if (at > 0 && (p[-1] == ' ' || p[-1] == '\t')) {
            *out_comment = load_trim(span_from(line, at + 1));
            return load_trim(span_first(line, at));
        }
        rest = span_from(line, at + 1);
    }
    return load_trim(line);
}

bool load_head_line(struct span *head, bool is_all, struct span *out)
{
    size_t n = 0;
    while (n < head->len && head->ptr[n] != '\n' && head->ptr[n] != '\r')
        n++;
    if (head->len == 0 || (n == head->len && !is_all))
        return false;
    *out = span_first(*head, n);
    *head = span_from(*head, n + 1);
    return true;
}

/* ---- the set ---- */

static bool enter_list(struct load *l, struct load_side *side, struct span named, uint32_t *out,
                       struct err *err)
{
    if (named.len && !span_eq(named, span_str(l->report->name)))
        return list_names_number(&side->names, side->set, named, span_str(l->path), out, err);
    if (!side->has_list)
        side->has_list =
            set_add_list(side->set, span_str(l->report->name), span_str(l->path), &side->list, err);
    *out = side->list;
    return side->has_list;
}

/* Where the indicator that an entry was merged with stands first. */
static void note_duplicate(struct load *l, const struct load_side *side, const struct set_entry *e)
{
    char what[LOAD_NOTE_MAX];
    struct set_view v = set_view_of(side->set);
    const struct origin *first = &v.origins[v.indicators[e->indicator].origins];
    struct span path = set_text(&v, v.lists[first->list].path);
    size_t shown = e->in.value.len < 60 ? e->in.value.len : 60, named = path.len < 120 ? path.len : 120;
    snprintf(what, sizeof what, "%.*s is listed at %.*s:%u already; leave one out", (int)shown,
             (const char *)e->in.value.ptr, (int)named, (const char *)path.ptr, first->line);
    note(l, (struct list_note){.kind = NOTE_DUPLICATE,
                               .path = l->path,
                               .line = e->line,
                               .type = e->in.type,
                               .what = what,
                               .value = e->in.value});
}

/* What became of the entries of a batch; those past `n_done` are lost with the set: the sum stays true. */
static void count_batch(struct load *l, const struct load_side *side, size_t n_done)
{
    struct list_report *r = l->report;
    for (size_t i = 0; i < n_done; i++) {
        const struct set_entry *e = &side->batch[i];
        struct type_counts *counts = &r->by_type[e->in.type];
        r->loaded += e->is_new;
        r->merged += !e->is_new;
        counts->loaded += e->is_new;
        counts->merged += !e->is_new;
        if (!e->is_new && l->ctx->tells_duplicates)
            note_duplicate(l, side, e);
    }
    r->entries -= side->n_batch - n_done;
}

static bool flush_side(struct load *l, struct load_side *side, struct err *err)
{
    size_t n_done = 0;
    if (side->n_batch == 0)
        return true;
    bool is_good = set_add_many(side->set, side->batch, side->n_batch, side->batch_list, &n_done, err);
    if (side == &l->indicators)
        count_batch(l, side, n_done);
    side->n_batch = 0;
    return is_good;
}

bool load_flush(struct load *l, struct err *err)
{
    return flush_side(l, &l->indicators, err) && flush_side(l, &l->allow, err);
}

bool load_each_line(struct load *l, load_line_fn *take, void *to, struct err *err)
{
    for (struct span line; lines_refill(&l->lines);) {
        while (lines_next(&l->lines, &line))
            if (!take(to, line, err))
                return false;
        if (!load_flush(l, err))
            return false;
    }
    return true;
}

/* Blocklists mean "as long as it is listed"; a ttl makes an end of what was seen long ago. */
static void limit_life(const struct load *l, struct context_in *c)
{
    int64_t from = c->seen_at ? c->seen_at : c->valid_from;
    if (l->options->ttl_s && c->valid_until == INT64_MAX && from > INT64_MIN / 2)
        c->valid_until = from + l->options->ttl_s;
}

static bool enter_context(struct load *l, struct load_side *side, const struct load_entry *e, uint32_t *out,
                          struct context_in *out_context, struct err *err)
{
    *out_context = e->context ? *e->context : load_context(l);
    if (out_context->tlp < l->tlp)
        out_context->tlp = l->tlp;
    out_context->is_exercise |= l->options->context.is_exercise;
    limit_life(l, out_context);
    if (e->context)
        return set_add_context(side->set, out_context, out, err);
    if (!side->has_context)
        side->has_context = set_add_context(side->set, out_context, &side->context, err);
    *out = side->context;
    return side->has_context;
}

/* A batch holds entries of one list. */
static bool turn_to_list(struct load *l, struct load_side *side, struct span named, struct err *err)
{
    uint32_t list;
    if (!enter_list(l, side, named, &list, err))
        return false;
    if (list != side->batch_list && !flush_side(l, side, err))
        return false;
    side->batch_list = list;
    return true;
}

/* ---- how it matches ---- */

static bool is_url(enum ioc_type t)
{
    return t == IOC_URL || t == IOC_HOSTPATH || t == IOC_URI_PATH;
}

/* What the value is said to be; IOC_TYPE_COUNT when nobody says. */
static enum ioc_type declared_type(const struct load *l, const struct load_entry *e)
{
    return e->has_type ? e->type : l->options->has_type ? l->options->type : IOC_TYPE_COUNT;
}

/* What was asked for: by the entry, else by the list where it fits the type. */
static bool asked_match(const struct load *l, const struct load_entry *e, unsigned fitting,
                        enum ioc_match *out)
{
    if (e->has_match)
        *out = e->match;
    else if (l->options->has_match && (1u << l->options->match & fitting))
        *out = l->options->match;
    else
        return false;
    return true;
}

static enum reject match_name(struct load *l, const struct load_entry *e, const struct value *v,
                              struct indicator_in *in)
{
    if (!asked_match(l, e, 1u << MATCH_EXACT | 1u << MATCH_SUFFIX | 1u << MATCH_BELOW, &in->match))
        in->match = v->is_wildcard ? MATCH_SUFFIX : is_url(declared_type(l, e)) ? MATCH_EXACT : l->name_match;
    if (in->match == MATCH_EXACT)
        return REJECT_NONE;
    if (in->match > MATCH_BELOW)
        return REJECT_BAD_PARAMETERS;
    if (v->is_single_label)
        return l->options->loads_tlds ? REJECT_NONE : REJECT_SINGLE_LABEL;
    if (!l->ctx->suffixes || !public_suffixes_has(l->ctx->suffixes, v->text))
        return REJECT_NONE;
    load_warn_about(l, LIST_ABOUT_TOO_BROAD, e->line, e->col, e->value,
                    "%.*s is a public suffix: the names below it are many people's; loaded as exact",
                    (int)v->text.len, (const char *)v->text.ptr);
    in->match = MATCH_EXACT;
    in->flags |= IOC_F_PUBLIC_SUFFIX;
    l->report->public_suffixes += !e->is_allow && !l->is_allow;
    return REJECT_NONE;
}

static enum reject match_url(const struct load *l, const struct load_entry *e, const struct value *v,
                             bool has_star, struct indicator_in *in)
{
    uint8_t last = v->text.len ? v->text.ptr[v->text.len - 1] : 0;
    bool is_open = has_star || (v->type == IOC_URI_PATH && (last == '=' || last == '?'));
    if (has_star || !asked_match(l, e, 1u << MATCH_EXACT | 1u << MATCH_PREFIX, &in->match))
        in->match = is_open ? MATCH_PREFIX : MATCH_EXACT;
    return in->match == MATCH_EXACT || in->match == MATCH_PREFIX ? REJECT_NONE : REJECT_BAD_PARAMETERS;
}

static enum ioc_match only_match(enum ioc_type type)
{
    switch (type) {
    case IOC_CIDR4:
    case IOC_CIDR6:
        return MATCH_CIDR;
    case IOC_RANGE4:
    case IOC_RANGE6:
        return MATCH_RANGE;
    case IOC_WILDCARD:
        return MATCH_WILDCARD;
    case IOC_REGEX:
        return MATCH_REGEX;
    default:
        return MATCH_EXACT;
    }
}

static enum reject decide_match(struct load *l, const struct load_entry *e, const struct value *v,
                                bool has_star, struct indicator_in *in)
{
    if (v->type == IOC_DOMAIN)
        return match_name(l, e, v, in);
    if (is_url(v->type))
        return match_url(l, e, v, has_star, in);
    in->match = only_match(v->type);
    return !e->has_match || e->match == in->match ? REJECT_NONE : REJECT_BAD_PARAMETERS;
}

/* ---- entries ---- */

static bool is_name(enum ioc_type t)
{
    return t == IOC_DOMAIN || t == IOC_WILDCARD || t == IOC_DOMAIN_PORT;
}

static bool is_address(enum ioc_type t)
{
    return (t >= IOC_IPV4 && t <= IOC_RANGE6) || t == IOC_IP_PORT;
}

static enum reject read_value(struct load *l, const struct load_entry *e, struct span text, struct value *out,
                              uint32_t *out_fault)
{
    enum ioc_type type = declared_type(l, e);
    bool is_declared = type != IOC_TYPE_COUNT;
    enum reject r = is_declared ? value_read_as(type, text, &l->scratch, out, out_fault)
                                : value_read(text, &l->scratch, out, out_fault);
    if (r != REJECT_NONE)
        return r;
    if (out->text.len > LOAD_VALUE_MAX) {
        *out_fault = 0;
        return REJECT_NAME_TOO_LONG;
    }
    if (out->had_host_bits)
        load_warn(l, e->line, e->col, e->value, "the network has host bits set; taken as %.*s",
                  (int)out->text.len, (const char *)out->text.ptr);
    if (out->was_html_escaped)
        load_warn(l, e->line, e->col, e->value,
                  "the URL was escaped for a page (&amp;); taken with & instead");
    if (is_declared && ((is_name(type) && is_address(out->type)) || (is_address(type) && is_name(out->type))))
        load_warn(l, e->line, e->col, e->value, "declared %s but is %s; taken for what it is",
                  ioc_type_name(type), ioc_type_name(out->type));
    return REJECT_NONE;
}

static void count_kind(struct list_report *r, const struct value *v)
{
    r->wildcards += v->type == IOC_DOMAIN && v->is_wildcard;
    r->ports_v6 += v->type == IOC_IP_PORT && v->text.len && v->text.ptr[0] == '[';
}

/* "http://evil.example/a*": everything that begins so. Only in formats people write by hand: the URLs of machine-made
 * feeds may really end in a star. */
static bool take_star(const struct load *l, const struct load_entry *e, struct span *text)
{
    struct span s = *text;
    if (!l->has_star_prefix || e->has_match || s.len < 2 || s.ptr[s.len - 1] != '*' ||
        !memchr(s.ptr, '/', s.len))
        return false;
    enum ioc_type type = declared_type(l, e);
    if (type != IOC_TYPE_COUNT && !is_url(type))
        return false;
    text->len--;
    return true;
}

static bool is_in_scratch(const struct load *l, struct span s)
{
    return l->scratch.ptr && s.ptr >= l->scratch.ptr && s.ptr < l->scratch.ptr + l->scratch.room;
}

static void refuse_match(struct load *l, const struct load_entry *e, enum ioc_type type)
{
    char what[LOAD_NOTE_MAX];
    snprintf(what, sizeof what, "match \"%s\" does not go with type %s; %s skipped", ioc_match_name(e->match),
             ioc_type_name(type), l->unit);
    refuse(l, REJECT_BAD_PARAMETERS, type, e->line, e->col, e->value, what);
}

static void count_validity(struct load *l, const struct context_in *c)
{
    l->report->expired += c->valid_until <= l->ctx->now;
    l->report->not_yet_valid += c->valid_from > l->ctx->now;
}

/* For the allow side or the other. */
static bool enter_side(struct load *l, bool is_allow, const struct load_entry *e,
                       const struct set_entry *entry, struct err *err)
{
    struct load_side *side = is_allow ? &l->allow : &l->indicators;
    struct context_in context;
    if (is_allow) {
        l->report->entries--;
        l->report->allowed++;
        if (!side->set || (l->options->skips_exceptions && !l->options->is_allow))
            return true;
    }
    if (!turn_to_list(l, side, e->list, err)) {
        l->report->entries -= !is_allow;
        return false;
    }
    struct set_entry *to = &side->batch[side->n_batch];
    *to = *entry;
    if (!enter_context(l, side, e, &to->context, &context, err)) {
        l->report->entries -= !is_allow;
        return false;
    }
    if (!is_allow)
        count_validity(l, &context);
    side->n_batch++;
    return side->n_batch == LOAD_BATCH || is_in_scratch(l, to->in.value) ? flush_side(l, side, err) : true;
}

/* The rest of load_entry(), for a value that was read. */
static bool enter(struct load *l, const struct load_entry *e, const struct value *v, bool has_star,
                  struct err *err)
{
    struct set_entry entry = {.line = e->line};
    entry.in = (struct indicator_in){.type = v->type, .value = v->text, .port = v->port, .flags = e->flags};
    enum reject r = decide_match(l, e, v, has_star, &entry.in);
    if (r == REJECT_SINGLE_LABEL)
        return pass_over(l, SKIP_BROAD, v->type, e->line, e->col, e->value), true;
    if (r != REJECT_NONE)
        return refuse_match(l, e, v->type), true;
    field_mask fields = e->fields ? e->fields : l->options->fields;
    entry.in.fields = fields ? fields : ioc_default_fields(v->type);
    return enter_side(l, e->is_allow || l->is_allow, e, &entry, err);
}

/* Read the value. False: it is accounted for. */
static bool take_value(struct load *l, const struct load_entry *e, struct value *out, bool *out_has_star)
{
    struct span text = e->value;
    uint32_t fault = 0;
    *out_has_star = take_star(l, e, &text);
    l->report->entries++;
    enum reject r = read_value(l, e, text, out, &fault);
    if (r != REJECT_NONE) {
        refuse_value(l, r, e, fault);
        return false;
    }
    if (l->options->keep_defanged_out && out->was_defanged) {
        refuse(l, REJECT_BAD_CHAR, out->type, e->line, e->col, e->value,
               "the value is defanged, which --no-refang refuses; entry skipped");
        return false;
    }
    if (!e->is_allow && !l->is_allow)
        count_kind(l->report, out);
    if (out->type >= IOC_MATCHABLE_COUNT) {
        pass_over(l, SKIP_TYPE, out->type, e->line, e->col, e->value);
        return false;
    }
    return true;
}

bool load_entry(struct load *l, const struct load_entry *e, struct err *err)
{
    struct value v = {0};
    bool has_star;
    return !take_value(l, e, &v, &has_star) || enter(l, e, &v, has_star, err);
}

bool load_indicator(struct load *l, const struct load_entry *e, const struct indicator_in *in,
                    uint32_t *out_indicator, bool *out_is_new, struct err *err)
{
    const struct set_entry entry = {.in = *in, .line = e->line}, *entered = l->indicators.batch;
    if (!load_flush(l, err))
        return false;
    l->report->entries++;
    if (!enter_side(l, false, e, &entry, err) || !load_flush(l, err))
        return false;
    *out_indicator = entered->indicator;
    *out_is_new = entered->is_new;
    return true;
}

void load_skip_entry(struct load *l, enum skip skip, const struct load_entry *e)
{
    struct value v = {0};
    bool has_star;
    if (take_value(l, e, &v, &has_star))
        pass_over(l, skip, v.type, e->line, e->col, e->value);
}
