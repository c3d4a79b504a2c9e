/* Plain lists: one value per line, of any type, mixed. Comments begin with '#', ';', '!' or "//" at the line's start, or with
 * '#' behind a blank or tab; such a comment behind a value becomes its description. Nothing else may follow a value, but that
 * "value<TAB>number" (a score) is read without the number; where the file says that it is ipsum, the number of lists that have the
 * address is its confidence. Bare names, "*.x" and ".x" mean the name and
 * all below it, if nobody says otherwise. */
#include "rules/formats/format.h"

static bool is_comment(struct span line)
{
    switch (line.ptr[0]) {
    case '#':
    case ';':
    case '!':
        return true;
    case '/':
        return line.len > 1 && line.ptr[1] == '/';
    default:
        return false;
    }
}

/* "value<TAB>number": without the number. */
static struct span cut_score(struct span text)
{
    size_t n = text.len;
    while (n > 0 && text.ptr[n - 1] >= '0' && text.ptr[n - 1] <= '9')
        n--;
    size_t n_value = n;
    while (n_value > 0 && load_is_blank(text.ptr[n_value - 1]))
        n_value--;
    bool has_tab = n > n_value && memchr(text.ptr + n_value, '\t', n - n_value);
    return has_tab && n < text.len && !memchr(text.ptr, '\t', n_value) ? span_first(text, n_value) : text;
}

bool format_reads_value(struct span text, struct buf *scratch)
{
    struct span comment;
    struct value v;
    uint32_t col;
    return value_read(cut_score(load_split_comment(load_trim(text), &comment)), scratch, &v, &col) ==
           REJECT_NONE;
}

/* The description changes from line to line, so each such entry has its own context. */
static bool take_described(struct load *l, struct load_entry *e, struct span comment, struct err *err)
{
    struct context_in context = load_context(l);
    context.description = load_text(comment);
    e->context = &context;
    return load_entry(l, e, err);
}

static bool says_ipsum(struct span comment)
{
    return comment.ptr && (memmem(comment.ptr, comment.len, "IPsum Threat Intelligence", 25) ||
                           memmem(comment.ptr, comment.len, "number of (black)lists", 22));
}

/* So many blacklists have it. */
static int confidence_of_count(struct span count)
{
    static const int scale[] = {-1, 20, 40, 60, 75, 90};
    int n = count.len == 1 ? count.ptr[0] - '0' : 5;
    return count.len == 0 ? -1 : scale[n < 5 ? n : 5];
}

static bool take_counted(struct load *l, struct load_entry *e, struct span count, struct err *err)
{
    struct context_in context = load_context(l);
    context.confidence = confidence_of_count(count);
    e->context = &context;
    return load_entry(l, e, err);
}

/* *is_ipsum: what the comments so far say. */
static bool take_line(struct load *l, struct span line, bool *is_ipsum, struct err *err)
{
    struct span text = load_trim(line), comment = {0};
    if (text.len == 0) {
        l->report->blank++;
        return true;
    }
    if (is_comment(text)) {
        l->report->comments++;
        load_comment(l, text);
        *is_ipsum |= says_ipsum(text);
        return true;
    }
    struct load_entry e = {.line = load_clamp32(l->lines.n), .col = (uint32_t)(text.ptr - line.ptr) + 1};
    if (memchr(text.ptr, '#', text.len))
        text = load_split_comment(text, &comment);
    if (l->lines.is_cut && comment.len == 0) {
        load_reject(l, REJECT_NAME_TOO_LONG, e.line, e.col, text, NULL);
        return true;
    }
    e.value = cut_score(text);
    if (*is_ipsum && comment.len == 0 && e.value.len < text.len)
        return take_counted(l, &e, load_trim(span_from(text, e.value.len)), err);
    return comment.len ? take_described(l, &e, comment, err) : load_entry(l, &e, err);
}

static bool load_text_list(struct load *l, struct err *err)
{
    struct span line;
    bool is_ipsum = false;
    while (lines_refill(&l->lines)) {
        while (lines_next(&l->lines, &line))
            if (!take_line(l, line, &is_ipsum, err))
                return false;
        if (!load_flush(l, err))
            return false;
    }
    load_check_count(l);
    return true;
}

const struct list_reader format_text = {.name = "text", .load = load_text_list, .name_match = MATCH_SUFFIX, .has_star_prefix = true, .unit = "line"};
