/* Lists of LOKI and THOR: "value;comment", "value;score" or "value;score;comment" on a line, or the value alone.
 * Comment lines directly above entries tell what these are about, up to the next empty line; a URL in either comment
 * is the reference. Only names, addresses and hashes are values here: lists of file names are regexes for a scanner of
 * disks, of which nothing is loaded. Scores go from 0 to 100 and above, and are taken for a confidence. */
#include "rules/formats/format.h"
#include "rules/url.h"

enum { HEAD_COMMENTS = 8 };

struct loki_list {
    struct load *load; /* borrowed */
    bool is_of_files;  /* file names: regexes all of it */
    /* Of the block above; at most LOAD_TEXT_MAX bytes each. */
    struct buf description, reference; /* owned */
    bool is_in_entries;                /* a comment now begins another block */
};

/* ---- texts ---- */

static struct span take_column(struct span *rest)
{
    const uint8_t *end = rest->len ? memchr(rest->ptr, ';', rest->len) : NULL;
    size_t n = end ? (size_t)(end - rest->ptr) : rest->len;
    struct span column = load_trim(span_first(*rest, n));
    *rest = span_from(*rest, n + 1);
    return column;
}

/* The first URL in a text, and the text in front of it. */
static struct span split_url(struct span text, struct span *out_url)
{
    *out_url = span_of("", 0);
    for (size_t at = 0; at < text.len;) {
        size_t n = 0;
        while (at + n < text.len && !load_is_blank(text.ptr[at + n]))
            n++;
        struct span word = span_first(span_from(text, at), n);
        if (span_eq_nocase(span_first(word, 4), SPAN_LIT("http")) && url_has_scheme(word)) {
            *out_url = load_text(word);
            return load_trim(span_first(text, at));
        }
        at += n + 1;
    }
    return text;
}

static bool read_score(struct span digits, int *out)
{
    int n = 0;
    if (digits.len == 0 || digits.len > 4)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        n = n * 10 + (digits.ptr[i] - '0');
    }
    *out = n < 100 ? n : 100;
    return true;
}

/* ---- blocks ---- */

static void end_block(struct loki_list *k)
{
    buf_reset(&k->description);
    buf_reset(&k->reference);
    k->is_in_entries = false;
}

static void take_comment(struct loki_list *k, struct span line)
{
    struct span text = line, url;
    k->load->report->comments++;
    load_comment(k->load, line);
    if (k->is_in_entries)
        end_block(k);
    while (text.len && (text.ptr[0] == '#' || load_is_blank(text.ptr[0])))
        span_skip(&text, 1);
    text = load_text(split_url(text, &url));
    if (k->description.len == 0)
        buf_put(&k->description, text);
    if (k->reference.len == 0)
        buf_put(&k->reference, url);
}

/* ---- entries ---- */

/* What LOKI looks for by value: no paths, wildcards and the like, which are regexes for file names. */
static bool is_value_type(enum ioc_type type)
{
    return type == IOC_DOMAIN || (type >= IOC_IPV4 && type <= IOC_URL) || type == IOC_HOSTPATH ||
           type == IOC_EMAIL || type == IOC_MD5 || type == IOC_SHA1 || type == IOC_SHA256;
}

/* A regex, a path or a file's name. A value that is faulty is none of these: its entry says what is wrong with it. */
static bool is_of_file(struct loki_list *k, struct span text)
{
    struct value v;
    uint32_t col;
    if (k->is_of_files || (text.len && memchr(text.ptr, '\\', text.len)))
        return true;
    if (value_read(text, &k->load->scratch, &v, &col) == REJECT_NONE)
        return !is_value_type(v.type);
    for (size_t i = 0; i < text.len && !url_has_scheme(text); i++)
        if (memchr("()|^$+*?{}/", text.ptr[i], 11))
            return true;
    return false;
}

static void read_context(struct loki_list *k, struct span columns, struct context_in *out)
{
    struct span rest = columns, url, text, first = take_column(&rest);
    *out = load_context(k->load);
    if (k->description.len)
        out->description = buf_span(&k->description);
    if (k->reference.len)
        out->reference = buf_span(&k->reference);
    if (!read_score(first, &out->confidence))
        rest = columns;
    text = load_text(split_url(load_trim(rest), &url));
    if (text.len)
        out->description = text;
    if (url.len)
        out->reference = url;
}

static bool take_entry(struct loki_list *k, struct span text, uint32_t col, struct err *err)
{
    struct load *l = k->load;
    struct context_in context;
    struct load_entry e = {.line = load_clamp32(l->lines.n), .col = col, .context = &context};
    struct span rest = text;
    e.value = take_column(&rest);
    k->is_in_entries = true;
    if (l->lines.is_cut) {
        load_reject(l, REJECT_NAME_TOO_LONG, e.line, e.col, text, NULL);
        return true;
    }
    if (is_of_file(k, e.value)) {
        load_skip(l, SKIP_RULE, IOC_OTHER, e.line, e.col, e.value);
        return true;
    }
    read_context(k, rest, &context);
    return load_entry(l, &e, err);
}

static bool take_line(void *to, struct span line, struct err *err)
{
    struct loki_list *k = to;
    struct span text = load_trim(line);
    if (text.len == 0) {
        k->load->report->blank++;
        end_block(k);
        return true;
    }
    if (text.ptr[0] != '#')
        return take_entry(k, text, (uint32_t)(text.ptr - line.ptr) + 1, err);
    take_comment(k, text);
    return true;
}

/* ---- telling ---- */

static bool has_word(struct span text, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= text.len; at++)
        if (span_eq_nocase(span_first(span_from(text, at), n), span_of(word, n)))
            return true;
    return false;
}

/* "# LOKI C2 IOCs", "# THOR Filename IOCs", "# LOKI CUSTOM EVIL HASHES" among the first comments. */
static bool has_title(struct span head, bool is_all, bool *out_is_of_files)
{
    size_t n = 0;
    *out_is_of_files = false;
    for (struct span line; n < HEAD_COMMENTS && load_head_line(&head, is_all, &line); n++) {
        line = load_trim(line);
        if (line.len && line.ptr[0] != '#')
            return false;
        while (line.len && (line.ptr[0] == '#' || load_is_blank(line.ptr[0])))
            span_skip(&line, 1);
        struct span name = span_first(line, 5);
        if ((!span_eq_nocase(name, SPAN_LIT("loki ")) && !span_eq_nocase(name, SPAN_LIT("thor "))) ||
            !(has_word(line, "ioc") || has_word(line, "evil") || has_word(line, "hashes")))
            continue;
        *out_is_of_files = has_word(line, "file name") || has_word(line, "filename");
        return true;
    }
    return false;
}

static bool has_blank(struct span text)
{
    return text.len && memchr(text.ptr, ' ', text.len);
}

/* "value;words" without quotes. A row of CSV has other columns, or quotes, or values in more than one. */
static bool is_annotated(struct span line, struct buf *scratch)
{
    struct span rest = line, value = take_column(&rest), comment = take_column(&rest), ignored;
    int score;
    if (read_score(comment, &score))
        comment = take_column(&rest);
    return !memchr(line.ptr, '"', line.len) && rest.len == 0 && has_blank(comment) &&
           format_reads_value(value, scratch) && !format_reads_value(split_url(comment, &ignored), scratch);
}

static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    size_t n = 0, n_annotated = 0;
    struct buf scratch;
    bool is_of_files;
    if (has_title(head, is_all, &is_of_files))
        return true;
    if (!head.len || !memchr(head.ptr, ';', head.len))
        return false;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    for (struct span line; load_head_line(&head, is_all, &line);) {
        line = load_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        n++;
        n_annotated += is_annotated(line, &scratch);
    }
    buf_fini(&scratch);
    return n_annotated * 10 >= n * 9 && n > 0;
}

static bool load_loki(struct load *l, struct err *err)
{
    struct loki_list k = {.load = l};
    bool is_all;
    struct span head = lines_head(&l->lines, &is_all);
    has_title(head, is_all, &k.is_of_files);
    buf_init(&k.description, LOAD_TEXT_MAX);
    buf_init(&k.reference, LOAD_TEXT_MAX);
    bool is_good = load_each_line(l, take_line, &k, err);
    buf_fini(&k.description);
    buf_fini(&k.reference);
    return is_good;
}

const struct list_reader format_loki = {
    .name = "loki", .is_likely = is_likely, .load = load_loki, .name_match = MATCH_SUFFIX, .unit = "line"};
