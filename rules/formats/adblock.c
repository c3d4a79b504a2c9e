/* Rules of ad blockers, as far as they say which hosts and URLs are meant: "||name^" (the name and all below it),
 * a bare name (that name), "|http://..." (a URL, or with '|' behind it exactly that URL), "||name/path" and
 * regexes between slashes. "@@" in front makes an exception of it. Rules about the content of pages, and those
 * with '*' or '^' in other places, name no single value.
 *
 * Options behind '$' may limit a rule to some requests or pages. Traffic doesn't show those, so such a rule is
 * loaded without its limits and says so in its description; an exception with limits is not loaded, for it would
 * let through too much. */
#include "rules/formats/format.h"
#include "rules/formats/kept.h"

struct adblock {
    struct load *load; /* borrowed */
    struct kept kept;  /* owned */
};

struct rule {
    struct span text;    /* what is matched */
    struct span options; /* with its '$'; empty: none */
    struct span comment;
    bool is_exception, is_limited, has_case;
    uint32_t line, col;
};

static bool ends_with(struct span s, uint8_t c)
{
    return s.len && s.ptr[s.len - 1] == c;
}

/* ---- options ---- */

enum option { OPTION_FREE, OPTION_LIMIT, OPTION_OTHER };

/* Is it one of these words, with a blank behind each? */
static bool is_one_of(struct span word, const char *words)
{
    for (const char *end; (end = strchr(words, ' ')); words = end + 1)
        if (span_eq_nocase(word, span_of(words, (size_t)(end - words))))
            return true;
    return false;
}

/* What the rule is about stays the same with it, is limited by it, or is something else than to block. */
static enum option option_of(struct span name)
{
    if (is_one_of(name, "important all network match-case _ dnsrewrite "))
        return OPTION_FREE;
    bool is_limit =
        is_one_of(name, "third-party 3p first-party 1p strict3p strict1p domain from to denyallow method "
                        "app document doc popup popunder script image stylesheet css object media font "
                        "subdocument frame xmlhttprequest xhr websocket webrtc ping beacon other "
                        "object-subrequest client ctag dnstype ipaddress redirect rewrite empty mp4 ");
    return is_limit ? OPTION_LIMIT : OPTION_OTHER;
}

/* "name", "~name" or "name=value", up to the next comma that no backslash stands before. */
static struct span take_option(struct span *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != ',')
        n += rest->ptr[n] == '\\' && n + 1 < rest->len ? 2 : 1;
    struct span option = span_first(*rest, n);
    *rest = span_from(*rest, n + 1);
    if (option.len && option.ptr[0] == '~')
        option = span_from(option, 1);
    const uint8_t *equals = option.len ? memchr(option.ptr, '=', option.len) : NULL;
    return equals ? span_first(option, (size_t)(equals - option.ptr)) : option;
}

/* False when one of them makes something else of the rule than a block. */
static bool read_options(struct rule *r)
{
    struct span rest = span_from(r->options, 1);
    while (rest.len) {
        struct span name = take_option(&rest);
        enum option option = option_of(name);
        if (option == OPTION_OTHER)
            return false;
        r->is_limited |= option == OPTION_LIMIT;
        r->has_case |= span_eq_nocase(name, SPAN_LIT("match-case"));
    }
    return true;
}

static bool starts_option(struct span s)
{
    return s.len > 1 && s.ptr[0] == '$' && ((s.ptr[1] | 0x20) >= 'a' || s.ptr[1] == '~' || s.ptr[1] == '_') &&
           s.ptr[1] < 0x7f;
}

/* Where the options of a regex begin: behind a slash, for it may have '$' in it; its length when it has none. */
static size_t regex_len(struct span text)
{
    size_t n = 1;
    while (n < text.len && !(text.ptr[n - 1] == '/' && starts_option(span_from(text, n))))
        n++;
    return n;
}

/* Options begin at the last '$'. */
static void cut_options(struct rule *r)
{
    const uint8_t *dollar = r->text.len ? memrchr(r->text.ptr, '$', r->text.len) : NULL;
    if (!dollar)
        return;
    size_t at = (size_t)(dollar - r->text.ptr);
    if (r->text.ptr[0] == '/' && (ends_with(r->text, '/') || regex_len(r->text) < r->text.len))
        at = regex_len(r->text);
    r->options = span_from(r->text, at);
    r->text = span_first(r->text, at);
}

/* ---- what a rule says ---- */

static bool skip_rule(struct adblock *a, const struct rule *r)
{
    load_skip(a->load, SKIP_RULE, IOC_TYPE_COUNT, r->line, r->col, r->text);
    return true;
}

static bool enter(struct adblock *a, const struct rule *r, struct load_entry *e, struct err *err)
{
    struct context_in context = load_context(a->load);
    context.description = r->comment.len  ? load_text(r->comment)
                          : r->is_limited ? load_text(r->options)
                                          : context.description;
    e->line = r->line;
    e->col = r->col + (uint32_t)(e->value.ptr - r->text.ptr);
    e->is_allow = r->is_exception;
    if (r->comment.len || r->is_limited)
        e->context = &context;
    return e->has_type ? load_entry(a->load, e, err) : kept_name(&a->kept, e, err);
}

/* "||name^", "||name", "||192.0.2.1^": the host and, if it is a name, all below it. */
static bool take_host(struct adblock *a, const struct rule *r, struct span host, struct err *err)
{
    struct load_entry e = {.value = host};
    e.has_match = span_starts(host, SPAN_LIT("*.")); /* it takes a label to match the star and its dot */
    e.match = MATCH_BELOW;
    struct span name = span_from(host, e.has_match ? 2 : 0);
    bool is_part = ends_with(host, '.') || span_has_byte(name, '*') || span_has_byte(name, '|');
    return is_part ? skip_rule(a, r) : enter(a, r, &e, err);
}

/* "name/path", "http://name/path": what begins so, or with '|' behind it exactly that. */
static bool take_url(struct adblock *a, const struct rule *r, struct span url, struct err *err)
{
    struct load_entry e = {.has_match = true, .match = MATCH_PREFIX};
    if (ends_with(url, '|')) {
        url.len--;
        e.match = MATCH_EXACT;
    } else if (ends_with(url, '*')) {
        url.len--;
    }
    e.value = url;
    return span_has_byte(url, '*') || span_has_byte(url, '^') || span_has_byte(url, '|')
               ? skip_rule(a, r)
               : enter(a, r, &e, err);
}

/* Behind "||". */
static bool take_anchored(struct adblock *a, const struct rule *r, struct span rest, struct err *err)
{
    if (ends_with(rest, '|') && rest.len > 1 && rest.ptr[rest.len - 2] == '^')
        rest.len--;
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] != '^' && rest.ptr[n] != '/')
        n++;
    struct span host = span_first(rest, n), behind = span_from(rest, n + 1);
    bool is_host = behind.len == 0 || span_eq(behind, SPAN_LIT("*"));
    if (is_host)
        return take_host(a, r, host, err);
    return rest.ptr[n] == '^' || span_has_byte(host, '*') ? skip_rule(a, r) : take_url(a, r, rest, err);
}

static bool is_regex(struct span s)
{
    return s.len > 2 && s.ptr[0] == '/' && ends_with(s, '/');
}

static bool take_regex(struct adblock *a, const struct rule *r, struct err *err)
{
    struct load_entry e = {
        .value = span_first(span_from(r->text, 1), r->text.len - 2), .has_type = true, .type = IOC_REGEX};
    e.flags = r->has_case ? 0 : IOC_F_CASELESS;
    return enter(a, r, &e, err);
}

/* Without anchors a rule is any part of a URL; one that is a name or an address is meant as that. */
static bool take_bare(struct adblock *a, const struct rule *r, struct err *err)
{
    struct load_entry e = {.value = r->text, .has_match = true};
    struct value v;
    uint32_t col;
    enum reject why = value_read(r->text, &a->load->scratch, &v, &col);
    bool is_host = !why && (v.type == IOC_DOMAIN || v.type == IOC_IPV4 || v.type == IOC_IPV6);
    e.match = is_host && v.is_wildcard ? MATCH_BELOW : MATCH_EXACT;
    return is_host ? enter(a, r, &e, err) : skip_rule(a, r);
}

static bool take_pattern(struct adblock *a, const struct rule *r, struct err *err)
{
    if (is_regex(r->text))
        return take_regex(a, r, err);
    if (span_starts(r->text, SPAN_LIT("||")))
        return take_anchored(a, r, span_from(r->text, 2), err);
    bool has_start = span_starts(r->text, SPAN_LIT("|"));
    struct span rest = span_from(r->text, has_start);
    bool is_url = span_starts(rest, SPAN_LIT("http://")) || span_starts(rest, SPAN_LIT("https://"));
    return is_url ? take_url(a, r, rest, err) : take_bare(a, r, err);
}

/* ---- lines ---- */

/* "name##.banner", "#@#...", "#?#...", "#$#...", "#%#..." and "$$": about what is in a page. */
static bool is_cosmetic(struct span text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        size_t at = i + 1;
        if (text.ptr[i] == '$' && text.ptr[i + 1] == '$')
            return true;
        if (text.ptr[i] != '#')
            continue;
        while (at < text.len && at < i + 4 && memchr("@?$%", text.ptr[at], 4))
            at++;
        if (at < text.len && text.ptr[at] == '#')
            return true;
    }
    return span_starts(text, SPAN_LIT("[$"));
}

/* "[Adblock Plus 2.0]" */
static bool is_head(struct span text)
{
    struct span word = span_from(text, 1);
    return text.len && text.ptr[0] == '[' && ends_with(text, ']') &&
           (span_eq_nocase(span_first(word, 7), SPAN_LIT("adblock")) ||
            span_eq_nocase(span_first(word, 7), SPAN_LIT("adguard")) ||
            span_eq_nocase(span_first(word, 6), SPAN_LIT("ublock")));
}

/* "# text", and what decorates it: "## text", "####". */
static bool is_hash_comment(struct span text)
{
    if (text.ptr[0] != '#')
        return false;
    struct span rest = span_from(text, 2);
    bool is_decoration = rest.len == 0 || load_is_blank(rest.ptr[0]) || span_starts(rest, SPAN_LIT("##"));
    return !is_cosmetic(text) || (text.ptr[1] == '#' && is_decoration);
}

static bool is_comment(struct span text)
{
    return text.ptr[0] == '!' || is_head(text) || is_hash_comment(text);
}

/* "! Title: ..." is what alerts call the list, where nobody named it otherwise. */
static bool take_comment(struct adblock *a, struct span text, struct err *err)
{
    struct load *l = a->load;
    l->report->comments++;
    load_comment(l, text);
    struct span title = load_trim(span_from(text, 1));
    bool is_named = l->options->name.len || l->depth > 0 || l->indicators.has_list || l->allow.has_list;
    if (is_named || text.ptr[0] != '!' || !span_eq_nocase(span_first(title, 6), SPAN_LIT("title:")))
        return true;
    title = load_text(span_from(title, 6));
    return title.len == 0 || load_set_name(l, title, err);
}

static bool take_rule(struct adblock *a, struct rule *r, struct err *err)
{
    r->is_exception = span_starts(r->text, SPAN_LIT("@@"));
    if (r->is_exception) {
        r->text = span_from(r->text, 2);
        r->col += 2;
    }
    struct rule whole = *r;
    cut_options(r);
    if (!read_options(r) || (r->is_exception && r->is_limited))
        return skip_rule(a, &whole);
    return take_pattern(a, r, err);
}

static bool take_line(void *to, struct span line, struct err *err)
{
    struct adblock *a = to;
    struct load *l = a->load;
    struct rule r = {.text = load_trim(line), .line = load_clamp32(l->lines.n)};
    r.col = (uint32_t)(r.text.ptr - line.ptr) + 1;
    if (r.text.len == 0) {
        l->report->blank++;
        return true;
    }
    if (is_comment(r.text))
        return take_comment(a, r.text, err);
    if (is_cosmetic(r.text))
        return skip_rule(a, &r);
    if (span_has_byte(r.text, '#'))
        r.text = load_split_comment(r.text, &r.comment);
    if (l->lines.is_cut && r.comment.len == 0) {
        load_reject(l, REJECT_NAME_TOO_LONG, r.line, r.col, r.text, NULL);
        return true;
    }
    return take_rule(a, &r, err);
}

static bool load_adblock(struct load *l, struct err *err)
{
    struct adblock a = {.load = l};
    bool is_good = kept_init(&a.kept, l, err) && load_each_line(l, take_line, &a, err);
    kept_fini(&a.kept);
    return is_good;
}

/* It says so at its head, or most lines that are no comments are rules that nothing else looks like. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    size_t n = 0, n_rules = 0;
    for (struct span line; load_head_line(&head, is_all, &line);) {
        struct span text = load_trim(line);
        if (text.len == 0)
            continue;
        if (n == 0 && is_head(text))
            return true;
        if (is_comment(text))
            continue;
        n++;
        n_rules +=
            span_starts(text, SPAN_LIT("||")) || span_starts(text, SPAN_LIT("@@||")) || is_cosmetic(text);
    }
    return n_rules * 2 > n;
}

const struct list_reader format_adblock = {.name = "adblock",
                                           .is_likely = is_likely,
                                           .load = load_adblock,
                                           .name_match = MATCH_SUFFIX,
                                           .unit = "rule"};
