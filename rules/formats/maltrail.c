/* Maltrail's trails: one on a line, of any type, mixed; mostly names, which mean all below them too. A block of
 * comments above trails has their reference, the list's name is the family they belong to. A trail that is no value
 * but has a regex's operators is one; it is anchored so that it matches whole labels: the name, or a name that it lies
 * above.
 *
 * * These are the largest open lists, so nearly every line takes the plain list's way: what the list and the block say
 * is in the options while they hold, and then the context is made once for all of their trails. */
#include "rules/formats/format.h"
#include "rules/name.h"

enum {
    REGEX_LITERALS =
        3, /* bytes in a row that a regex must name, or it could match the world; as for wildcards */
    REGEX_MAX = 4096,
    ALIASES_MAX = 512,
    ARENA_BYTES = 8 * LINES_BLOCK,
};

struct maltrail {
    struct load *load;           /* borrowed */
    struct list_options options; /* the list's, with what trails of this list have in common */
    struct buf description;      /* owned */
    struct arena made; /* owned: values that are written otherwise than they stand; reset with each flush */
    bool is_in_trails, is_after_blank; /* both: a comment now begins another block */
};

/* ---- comments ---- */

/* What follows "# word:"; any case. */
static bool take_heading(struct span comment, const char *word, struct span *out)
{
    while (comment.len && (comment.ptr[0] == '#' || load_is_blank(comment.ptr[0])))
        span_skip(&comment, 1);
    size_t n = strlen(word);
    if (comment.len <= n || !span_eq_nocase(span_first(comment, n), span_of(word, n)) ||
        comment.ptr[n] != ':')
        return false;
    *out = load_trim(span_from(comment, n + 1));
    return true;
}

static bool has_text(struct span line, const char *text)
{
    return line.ptr && memmem(line.ptr, line.len, text, strlen(text));
}

static bool is_copyright(struct span line)
{
    return has_text(line, "Copyright") && has_text(line, "Maltrail");
}

/* Other names of the family are told with each of its trails. */
static void take_aliases(struct maltrail *m, struct span aliases)
{
    struct list_options *o = &m->options;
    buf_reset(&m->description);
    buf_put_str(&m->description, "aliases: ");
    buf_put(&m->description, span_first(aliases, ALIASES_MAX));
    if (m->load->options->context.description.len == 0 || o->context.description.ptr == m->description.ptr)
        o->context.description = load_text(buf_span(&m->description));
    load_options_changed(m->load);
}

static void take_comment(struct maltrail *m, struct span text)
{
    struct load *l = m->load;
    struct span aliases;
    l->report->comments++;
    if (m->is_in_trails && m->is_after_blank && l->reference.len) {
        buf_reset(&l->reference);
        load_options_changed(l);
    }
    m->is_in_trails = m->is_after_blank = false;
    if (is_copyright(text) && m->options.context.organisation.len == 0) {
        m->options.context.organisation = SPAN_LIT("Maltrail");
        load_options_changed(l);
    }
    if (take_heading(text, "aliases", &aliases))
        take_aliases(m, aliases);
    else
        load_comment(l, text);
}

/* ---- regexes ---- */

static bool is_name_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_';
}

/* Past the bracket that closes a class; the end when there is none. */
static size_t class_end(struct span s, size_t at)
{
    for (at += 2; at < s.len && s.ptr[at] != ']'; at++)
        at += s.ptr[at] == '\\';
    return at < s.len ? at : s.len;
}

/* What one alternative of a regex names: bytes that stand for themselves. */
struct naming {
    size_t run, longest, n;
    size_t n_above; /* in front of the last dot: not of the top-level domain */
    bool has_dot;
};

static bool names_enough(const struct naming *s)
{
    return s->longest >= REGEX_LITERALS && (s->has_dot ? s->n_above : s->n) > 0;
}

static void name_byte(struct naming *s, bool is_dot)
{
    s->n += !is_dot;
    s->run++;
    s->longest = s->run > s->longest ? s->run : s->longest;
}

/* Past the class, count or escape that begins here; it names nothing. */
static size_t pass_operator(struct span s, size_t at)
{
    if (s.ptr[at] == '[')
        return class_end(s, at);
    while (s.ptr[at] == '{' && at + 1 < s.len && s.ptr[at + 1] != '}')
        at++;
    return at + (s.ptr[at] == '\\');
}

/* Every alternative names something, and the parentheses are in pairs, or it could leave those put around it. */
static bool is_narrow(struct span regex)
{
    struct naming s = {.n = 0};
    size_t depth = 0;
    for (size_t at = 0; at < regex.len; at++) {
        uint8_t c = regex.ptr[at], next = at + 1 < regex.len ? regex.ptr[at + 1] : 0;
        bool is_escaped = c == '\\' && (next == '.' || next == '-');
        if (c == '.' || (is_escaped && next == '.')) {
            s.has_dot = true;
            s.n_above = s.n;
        }
        if (is_escaped || is_name_byte(c)) {
            name_byte(&s, is_escaped && next == '.');
            at += is_escaped;
            continue;
        }
        s.run = 0;
        if (c == '|' && depth == 0) {
            if (!names_enough(&s))
                return false;
            s = (struct naming){.n = 0};
        }
        if (c == ')' && depth-- == 0)
            return false;
        depth += c == '(';
        at = pass_operator(regex, at);
    }
    return depth == 0 && names_enough(&s);
}

/* Stars and question marks alone make a wildcard, and one that is too wide is no better as a regex. */
static bool has_operator(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (memchr("[]()\\+|^${}", text.ptr[i], 11))
            return true;
    return false;
}

/* No value, but a regex over names? */
static bool is_regex(struct span text, struct buf *scratch)
{
    struct value v;
    uint32_t col;
    if (!has_operator(text) || text.len > REGEX_MAX || memchr(text.ptr, '/', text.len) ||
        memchr(text.ptr, ' ', text.len) || memchr(text.ptr, '@', text.len))
        return false;
    return value_read(text, scratch, &v, &col) != REJECT_NONE && is_narrow(text);
}

static bool has_upper_case(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' && (i == 0 || text.ptr[i - 1] != '\\'))
            return true;
    return false;
}

/* Anchored at the start, or behind a dot; and at the end, if it goes as far as a dot itself. */
static struct span anchor(struct maltrail *m, struct span regex)
{
    bool is_whole = regex.ptr[0] == '^';
    if (is_whole)
        span_skip(&regex, 1);
    bool is_ended = regex.len > 1 && regex.ptr[regex.len - 1] == '$' && regex.ptr[regex.len - 2] != '\\';
    regex.len -= is_ended;
    struct span front = is_whole ? SPAN_LIT("^(?:") : SPAN_LIT("(?:^|\\.)(?:");
    bool has_dot = regex.len && memchr(regex.ptr, '.', regex.len);
    struct span back = has_dot || is_ended ? SPAN_LIT(")$") : SPAN_LIT(")(?:\\.|$)");
    size_t n = front.len + regex.len + back.len;
    uint8_t *to = arena_bytes(&m->made, n);
    if (!to)
        return span_of("", 0);
    memcpy(to, front.ptr, front.len);
    memcpy(to + front.len, regex.ptr, regex.len);
    memcpy(to + front.len + regex.len, back.ptr, back.len);
    return span_of(to, n);
}

static void make_regex(struct maltrail *m, struct load_entry *e)
{
    const struct list_options *o = m->load->options;
    e->flags = has_upper_case(e->value) ? IOC_F_CASELESS : 0;
    e->fields = o->fields ? o->fields : ioc_default_fields(IOC_DOMAIN);
    e->value = anchor(m, e->value);
    e->has_type = true;
    e->type = IOC_REGEX;
}

/* ---- trails ---- */

/* Blanks in a path travel as "%20". */
static struct span escape_blanks(struct maltrail *m, struct span text)
{
    size_t n = 0, n_blanks = 0;
    for (size_t i = 0; i < text.len; i++)
        n_blanks += text.ptr[i] == ' ';
    uint8_t *to = arena_bytes(&m->made, text.len + 2 * n_blanks);
    if (!to)
        return text;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != ' ') {
            to[n++] = text.ptr[i];
            continue;
        }
        memcpy(to + n, "%20", 3);
        n += 3;
    }
    return span_of(to, n);
}

static bool has_blank_in_path(struct span text)
{
    const uint8_t *slash = memchr(text.ptr, '/', text.len);
    return slash && memchr(slash, ' ', text.len - (size_t)(slash - text.ptr));
}

static bool take_odd_trail(struct maltrail *m, struct load_entry *e, struct span comment, struct err *err)
{
    struct load *l = m->load;
    struct context_in context;
    if (l->lines.is_cut && comment.len == 0) {
        load_reject(l, REJECT_NAME_TOO_LONG, e->line, e->col, e->value, NULL);
        return true;
    }
    if (!l->options->has_type && e->value.len && has_blank_in_path(e->value))
        e->value = escape_blanks(m, e->value);
    else if (!l->options->has_type && is_regex(e->value, &l->scratch))
        make_regex(m, e);
    if (comment.len) {
        context = load_context(l);
        context.description = load_text(comment);
        e->context = &context;
    }
    return load_entry(l, e, err);
}

static bool take_line(struct maltrail *m, struct span line, struct err *err)
{
    struct load *l = m->load;
    struct span text = load_trim(line), comment = {0};
    if (text.len == 0) {
        l->report->blank++;
        m->is_after_blank = true;
        return true;
    }
    if (text.ptr[0] == '#') {
        take_comment(m, text);
        return true;
    }
    m->is_in_trails = true;
    m->is_after_blank = false;
    struct load_entry e = {
        .value = text, .line = load_clamp32(l->lines.n), .col = (uint32_t)(text.ptr - line.ptr) + 1};
    if (name_is_plain(text) && !l->lines.is_cut)
        return load_entry(l, &e, err);
    if (memchr(text.ptr, '#', text.len))
        e.value = load_split_comment(text, &comment);
    return take_odd_trail(m, &e, comment, err);
}

/* ---- the file ---- */

/* "apt_example.txt": the family is apt_example. Its tag joins those of the list. */
static void name_family(struct maltrail *m)
{
    struct span name = span_str(m->load->report->name);
    size_t n = name.len;
    while (n > 0 && name.ptr[n - 1] != '.')
        n--;
    if (n > 1)
        name.len = n - 1;
    if (name.len && !span_eq(name, SPAN_LIT("stdin")) && m->options.n_tags < LIST_TAGS_MAX)
        m->options.tags[m->options.n_tags++] = load_text(name);
}

static bool take_lines(struct maltrail *m, struct err *err)
{
    struct load *l = m->load;
    bool is_good = true;
    for (struct span line; is_good && lines_refill(&l->lines);) {
        while (is_good && lines_next(&l->lines, &line))
            is_good = take_line(m, line, err);
        is_good = is_good && load_flush(l, err);
        arena_reset(&m->made);
    }
    return is_good;
}

static bool load_maltrail(struct load *l, struct err *err)
{
    const struct list_options *outer = l->options;
    struct maltrail m = {.load = l, .options = *outer};
    arena_init(&m.made, 16 * 1024, ARENA_BYTES);
    buf_init(&m.description, LOAD_TEXT_MAX);
    name_family(&m);
    l->options = &m.options;
    load_options_changed(l);
    bool is_good = take_lines(&m, err);
    l->options = outer; /* m.options is about to die */
    arena_fini(&m.made);
    buf_fini(&m.description);
    return is_good;
}

/* Who says so in the first comments; or references, aliases and what only Maltrail has, regexes. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    bool has_reference = false, has_aliases = false, has_regex = false, is_maltrail = false;
    struct span ignored;
    struct buf scratch;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    for (struct span line; !is_maltrail && load_head_line(&head, is_all, &line);) {
        line = load_trim(line);
        if (line.len && line.ptr[0] == '#') {
            has_reference |= take_heading(line, "reference", &ignored);
            has_aliases |= take_heading(line, "aliases", &ignored);
            is_maltrail = is_copyright(line);
        } else if (line.len && !has_regex && !name_is_plain(line)) {
            has_regex = is_regex(line, &scratch);
        }
        is_maltrail |= has_reference && (has_aliases || has_regex);
    }
    buf_fini(&scratch);
    return is_maltrail;
}

const struct list_reader format_maltrail = {.name = "maltrail",
                                            .is_likely = is_likely,
                                            .load = load_maltrail,
                                            .name_match = MATCH_SUFFIX,
                                            .unit = "line"};
