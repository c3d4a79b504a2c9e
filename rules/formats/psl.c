/* The public suffix list: names below which strangers register theirs. It is for the allow side: a list of
 * indicators that names a suffix itself means one of the names below it, or was cut short. A rule stands up to the
 * first blank of its line; the rest is a comment, as are lines that begin with "//".
 *
 * A rule "*.x" makes suffixes of the names one label below x, not of everything below it: it becomes the wildcard
 * name "*?.x", whose star stays within its label. Exceptions ("!y.x") are no suffixes, so nothing is allowed by
 * them. */
#include "rules/formats/format.h"
#include "rules/formats/kept.h"
#include "rules/wildcard.h"

enum { SECTION_NONE, SECTION_ICANN, SECTION_PRIVATE };

struct psl {
    struct load *load; /* borrowed */
    struct kept kept;  /* owned */
    int section;
};

static bool has_text(struct span s, const char *text)
{
    return s.ptr && memmem(s.ptr, s.len, text, strlen(text));
}

/* "// ===BEGIN ICANN DOMAINS===" */
static int section_of(struct span line, int section)
{
    if (has_text(line, "===BEGIN ICANN DOMAINS==="))
        return SECTION_ICANN;
    if (has_text(line, "===BEGIN PRIVATE DOMAINS==="))
        return SECTION_PRIVATE;
    return has_text(line, "===END ") ? SECTION_NONE : section;
}

static struct context_in context_of(const struct psl *p)
{
    static const struct span tags[] = {
        [SECTION_ICANN] = {(const uint8_t *)"psl:icann", 9},
        [SECTION_PRIVATE] = {(const uint8_t *)"psl:private", 11},
    };
    struct context_in c = load_context(p->load);
    if (c.n_tags == 0 && p->section != SECTION_NONE) {
        c.tags = &tags[p->section];
        c.n_tags = 1;
    }
    return c;
}

/* "*.ck" is refused as a wildcard name: it would stand for too much. Suffixes of that kind stay guarded against as
 * names of lists are, by the machine's own public suffix list. */
static bool take_wildcard(struct psl *p, struct load_entry *e, struct err *err)
{
    struct load *l = p->load;
    struct span parent = span_from(e->value, 2), value, canonical;
    uint32_t col;
    if (parent.len > KEPT_VALUE_MAX)
        return load_entry(l, e, err);
    if (!kept_put(&p->kept, SPAN_LIT("*?."), parent, &value, err))
        return false;
    buf_reset(&l->scratch);
    if (wildcard_canonical(value, &l->scratch, &canonical, &col) != REJECT_NONE) {
        load_skip(l, SKIP_RULE, IOC_WILDCARD, e->line, e->col, e->value);
        return true;
    }
    e->value = value;
    e->type = IOC_WILDCARD;
    return load_entry(l, e, err);
}

static bool take_rule(struct psl *p, struct span rule, uint32_t line, uint32_t col, struct err *err)
{
    struct context_in context = context_of(p);
    struct load_entry e = {
        .value = rule, .line = line, .col = col, .context = &context, .flags = IOC_F_HOST_ONLY};
    e.has_type = true;
    e.type = IOC_DOMAIN;
    if (rule.ptr[0] == '!') {
        load_skip(p->load, SKIP_RULE, IOC_DOMAIN, line, col, rule);
        return true;
    }
    if (span_starts(rule, SPAN_LIT("*.")))
        return take_wildcard(p, &e, err);
    e.has_match = true;
    e.match = MATCH_EXACT;
    return kept_name(&p->kept, &e, err);
}

static bool take_line(void *to, struct span line, struct err *err)
{
    struct psl *p = to;
    struct load *l = p->load;
    struct span text = load_trim(line);
    size_t n = 0;
    if (text.len == 0) {
        l->report->blank++;
        return true;
    }
    if (span_starts(text, SPAN_LIT("//"))) {
        l->report->comments++;
        p->section = section_of(text, p->section);
        load_comment(l, text);
        return true;
    }
    while (n < text.len && !load_is_blank(text.ptr[n]))
        n++;
    return take_rule(p, span_first(text, n), load_clamp32(l->lines.n), (uint32_t)(text.ptr - line.ptr) + 1,
                     err);
}

static bool load_psl(struct load *l, struct err *err)
{
    struct psl p = {.load = l};
    bool is_good = kept_init(&p.kept, l, err) && load_each_line(l, take_line, &p, err);
    kept_fini(&p.kept);
    return is_good;
}

/* The marks of its sections stand in comments. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    for (struct span line; load_head_line(&head, is_all, &line);)
        if (span_starts(load_trim(line), SPAN_LIT("//")) && section_of(line, SECTION_NONE) != SECTION_NONE)
            return true;
    return false;
}

const struct list_reader format_psl = {
    .name = "psl",
    .is_likely = is_likely,
    .load = load_psl,
    .name_match = MATCH_EXACT,
    .is_allow = true,
    .unit = "line",
};
