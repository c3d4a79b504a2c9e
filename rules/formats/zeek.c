/* Zeek intel: fields with a tab between them, which "#fields" names, in any order. "-" and "(empty)" say nothing. Zeek
 * compares names and URLs as they are, so both are meant exactly; it wants URLs without scheme, but they are published
 * with one, so either is taken. The declared type decides what a value has to be. Of the metadata, the words of base
 * Zeek and of its policy scripts are read, and those that feeds have in common with CSV lists. */
#include "rules/formats/format.h"
#include "rules/list_options.h"

enum { FIELDS_MAX = 64, TAGS_MAX = 64, NO_FIELD = -1 };

enum zeek_role {
    ZEEK_VALUE,
    ZEEK_TYPE,
    ZEEK_SOURCE,
    ZEEK_DESCRIPTION,
    ZEEK_URL,
    ZEEK_CONFIDENCE,
    ZEEK_TLP,
    ZEEK_TAGS,
    ZEEK_ID,
    ZEEK_FIRST_SEEN,
    ZEEK_LAST_SEEN,
    ZEEK_UNTIL,
    ZEEK_ALLOW,
    ZEEK_REMOVE,
    ZEEK_ROLE_COUNT
};

struct zeek_list {
    struct load *load; /* borrowed */
    uint8_t separator;
    size_t n_fields; /* that #fields names; 0: there was none yet */
    int at[ZEEK_ROLE_COUNT];
    struct span row[FIELDS_MAX]; /* borrows from the line */
    bool has_told_quotes;
};

/* ---- the header ---- */

static bool role_of(struct span name, enum zeek_role *out)
{
    static const struct {
        const char *name;
        enum zeek_role role;
    } names[] = {
        {"indicator", ZEEK_VALUE},
        {"indicator_type", ZEEK_TYPE},
        {"meta.source", ZEEK_SOURCE},
        {"meta.desc", ZEEK_DESCRIPTION},
        {"meta.url", ZEEK_URL},
        {"meta.confidence", ZEEK_CONFIDENCE},
        {"meta.tlp", ZEEK_TLP},
        {"meta.tags", ZEEK_TAGS},
        {"meta.id", ZEEK_ID},
        {"meta.uuid", ZEEK_ID},
        {"meta.first_seen", ZEEK_FIRST_SEEN},
        {"meta.last_seen", ZEEK_LAST_SEEN},
        {"meta.valid_until", ZEEK_UNTIL},
        {"meta.whitelist", ZEEK_ALLOW},
        {"meta.remove", ZEEK_REMOVE},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (span_eq_nocase(name, span_str(names[i].name))) {
            *out = names[i].role;
            return true;
        }
    }
    return false;
}

/* The next field of `rest`, which ends with the separator or the line; false past the last. */
static bool take_field(struct span *rest, uint8_t separator, bool *is_done, struct span *out)
{
    if (*is_done)
        return false;
    const uint8_t *end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    size_t n = end ? (size_t)(end - rest->ptr) : rest->len;
    *out = span_first(*rest, n);
    *rest = span_from(*rest, n + 1);
    *is_done = !end;
    return true;
}

static void forget_fields(struct zeek_list *z)
{
    z->n_fields = 0;
    for (int role = 0; role < ZEEK_ROLE_COUNT; role++)
        z->at[role] = NO_FIELD;
}

/* What stands behind "#fields" and a separator. */
static void name_fields(struct zeek_list *z, struct span names)
{
    struct span name;
    bool is_done = false;
    forget_fields(z);
    while (z->n_fields < FIELDS_MAX && take_field(&names, z->separator, &is_done, &name)) {
        enum zeek_role role;
        if (role_of(load_trim(name), &role) && z->at[role] == NO_FIELD)
            z->at[role] = (int)z->n_fields;
        z->n_fields++;
    }
}

/* "\x09", or the byte itself. */
static uint8_t separator_of(struct span text)
{
    static const char digits[] = "0123456789abcdef";
    unsigned byte = 0;
    text = load_trim(text);
    if (text.len != 4 || !span_starts(text, SPAN_LIT("\\x")))
        return text.len == 1 ? text.ptr[0] : '\t';
    for (size_t i = 2; i < 4; i++) {
        const char *at = memchr(digits, text.ptr[i] | 0x20, sizeof digits - 1);
        if (!at)
            return '\t';
        byte = byte * 16 + (unsigned)(at - digits);
    }
    return (uint8_t)byte;
}

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* What follows the directive's word and one byte; false when it is another line. */
static bool take_directive(struct span line, struct span word, struct span *out)
{
    if (line.len <= word.len || !span_starts(line, word) || is_letter(line.ptr[word.len]))
        return false;
    *out = span_from(line, word.len + 1);
    return true;
}

static void take_header(struct zeek_list *z, struct span line)
{
    struct span rest;
    if (take_directive(line, SPAN_LIT("#separator"), &rest))
        z->separator = separator_of(rest);
    else if (take_directive(line, SPAN_LIT("#fields"), &rest))
        name_fields(z, rest);
    else
        load_comment(z->load, line);
    z->load->report->comments++;
}

/* Without "#fields", Zeek reads nothing; somebody who says format=zeek means the usual order. */
static void assume_fields(struct zeek_list *z)
{
    z->separator = '\t';
    name_fields(z, SPAN_LIT("indicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url"));
    z->n_fields = 2;
    load_warn(
        z->load, load_clamp32(z->load->lines.n), 1, span_of("", 0),
        "no \"#fields\" line in front of this; read as indicator, indicator_type, meta.source, meta.desc, "
        "meta.url");
}

/* ---- what goes with a value ---- */

/* What the row says in this place; empty when it says nothing. */
static struct span said(const struct zeek_list *z, enum zeek_role role, size_t n_row)
{
    int at = z->at[role];
    struct span text = at == NO_FIELD || (size_t)at >= n_row ? span_of("", 0) : load_trim(z->row[at]);
    bool is_unset = span_eq(text, SPAN_LIT("-")) || span_eq(text, SPAN_LIT("(empty)"));
    return is_unset ? span_of("", 0) : text;
}

static bool is_true(struct span text)
{
    return span_eq(text, SPAN_LIT("T")) || span_eq_nocase(text, SPAN_LIT("true")) ||
           span_eq(text, SPAN_LIT("1"));
}

static void take_text(const struct zeek_list *z, enum zeek_role role, size_t n_row, struct span *out)
{
    struct span text = said(z, role, n_row);
    if (text.len)
        *out = load_text(text);
}

static size_t split_tags(struct span text, struct span tags[static TAGS_MAX])
{
    bool is_done = text.len == 0;
    size_t n = 0;
    for (struct span tag; n < TAGS_MAX && take_field(&text, ',', &is_done, &tag);)
        if (load_trim(tag).len)
            tags[n++] = load_text(tag);
    return n;
}

static void read_times(const struct zeek_list *z, uint32_t line, size_t n_row, struct context_in *out)
{
    struct span first = said(z, ZEEK_FIRST_SEEN, n_row), last = said(z, ZEEK_LAST_SEEN, n_row);
    struct span until = said(z, ZEEK_UNTIL, n_row);
    if (first.len)
        load_time(z->load, line, 0, first, &out->valid_from);
    if (last.len)
        load_time(z->load, line, 0, last, &out->seen_at);
    if (until.len)
        load_time(z->load, line, 0, until, &out->valid_until);
}

static void read_context(const struct zeek_list *z, uint32_t line, size_t n_row, struct span *tags,
                         struct context_in *out)
{
    *out = load_context(z->load);
    take_text(z, ZEEK_SOURCE, n_row, &out->organisation);
    take_text(z, ZEEK_DESCRIPTION, n_row, &out->description);
    take_text(z, ZEEK_URL, n_row, &out->reference);
    take_text(z, ZEEK_ID, n_row, &out->id);
    size_t n_tags = split_tags(said(z, ZEEK_TAGS, n_row), tags);
    if (n_tags) {
        out->tags = tags;
        out->n_tags = n_tags;
    }
    struct span tlp = said(z, ZEEK_TLP, n_row), confidence = said(z, ZEEK_CONFIDENCE, n_row);
    if (tlp.len)
        out->tlp = load_tlp(z->load, line, 0, tlp);
    if (confidence.len && !list_options_confidence(confidence, &out->confidence))
        load_warn(z->load, line, 0, confidence, "not a confidence from 0 to 100; passed over");
    read_times(z, line, n_row, out);
}

/* ---- the value ---- */

/* A hash says by its length which one it is. */
static enum ioc_type hash_type(struct span value, enum ioc_type of_40)
{
    enum ioc_type of_64 = of_40 == IOC_CERT_SHA1 ? IOC_CERT_SHA256 : IOC_SHA256;
    return value.len == 32 ? IOC_MD5 : value.len == 64 ? of_64 : of_40;
}

/* What Zeek and its packages call things; IOC_OTHER is nothing that a packet shows here. */
static bool type_of(struct span word, struct span value, enum ioc_type *out)
{
    static const struct {
        const char *word;
        enum ioc_type type;
    } words[] = {
        {"addr", IOC_IPV4},
        {"subnet", IOC_CIDR4},
        {"url", IOC_URL},
        {"domain", IOC_DOMAIN},
        {"software", IOC_USER_AGENT},
        {"email", IOC_EMAIL},
        {"cert_hash", IOC_CERT_SHA1},
        {"file_hash", IOC_SHA1},
        {"user_name", IOC_OTHER},
        {"pubkey_hash", IOC_OTHER},
        {"file_name", IOC_OTHER},
        {"ja3", IOC_JA3},
        {"ja4", IOC_JA4},
        {"ja3s", IOC_OTHER},
        {"hassh", IOC_OTHER},
        {"hasshserver", IOC_OTHER},
        {"jarm", IOC_OTHER},
    };
    if (span_eq_nocase(span_first(word, 7), SPAN_LIT("intel::")))
        word = span_from(word, 7);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!span_eq_nocase(word, span_str(words[i].word)))
            continue;
        *out = words[i].type;
        if (*out == IOC_CERT_SHA1 || *out == IOC_SHA1)
            *out = hash_type(value, *out);
        return true;
    }
    return false;
}

/* Zeek takes quotes for a part of the value, which then never matches. */
static struct span strip_quotes(struct zeek_list *z, uint32_t line, struct span value)
{
    if (value.len < 2 || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"')
        return value;
    if (!z->has_told_quotes)
        load_warn(z->load, line, 0, value,
                  "values in quotes, with which Zeek itself never matches; taken without them here");
    z->has_told_quotes = true;
    return load_trim(span_of(value.ptr + 1, value.len - 2));
}

static bool take_entry(struct zeek_list *z, struct load_entry *e, size_t n_row, struct err *err)
{
    struct context_in context;
    struct span tags[TAGS_MAX], word = said(z, ZEEK_TYPE, n_row);
    if (!type_of(word, e->value, &e->type))
        return load_reject(z->load, word.len ? REJECT_UNKNOWN_TYPE : REJECT_EMPTY, e->line, e->col, word,
                           NULL),
               true;
    if (e->type == IOC_OTHER)
        return load_skip(z->load, SKIP_TYPE, IOC_OTHER, e->line, e->col, e->value), true;
    e->has_type = true;
    if (is_true(said(z, ZEEK_REMOVE, n_row)))
        return load_skip_entry(z->load, SKIP_DELETED, e), true;
    e->is_allow = is_true(said(z, ZEEK_ALLOW, n_row));
    read_context(z, e->line, n_row, tags, &context);
    e->context = &context;
    return load_entry(z->load, e, err);
}

static bool take_row(struct zeek_list *z, struct span line, struct err *err)
{
    struct load *l = z->load;
    struct load_entry e = {.line = load_clamp32(l->lines.n), .col = 1};
    struct span rest = line;
    size_t n = 0;
    bool is_done = false;
    if (z->n_fields == 0)
        assume_fields(z);
    while (n < FIELDS_MAX && take_field(&rest, z->separator, &is_done, &z->row[n]))
        n++;
    if (n < z->n_fields || z->at[ZEEK_VALUE] == NO_FIELD || z->at[ZEEK_TYPE] == NO_FIELD) {
        load_reject(l, REJECT_COLUMN_COUNT, e.line, e.col, load_trim(line), NULL);
        return true;
    }
    struct span value = said(z, ZEEK_VALUE, n);
    if (value.len)
        e.col = (uint32_t)(value.ptr - line.ptr) + 1;
    e.value = strip_quotes(z, e.line, value);
    return take_entry(z, &e, n, err);
}

/* ---- the file ---- */

static bool take_line(void *to, struct span line, struct err *err)
{
    struct zeek_list *z = to;
    struct load *l = z->load;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    struct span text = load_trim(line);
    if (text.len == 0) {
        l->report->blank++;
        return true;
    }
    if (line.ptr[0] == '#') {
        take_header(z, line);
        return true;
    }
    if (l->lines.is_cut) {
        load_reject(l, REJECT_TRUNCATED, load_clamp32(l->lines.n), 1, span_first(text, LOAD_TEXT_MAX),
                    "a line is longer than 256 KiB; line skipped");
        return true;
    }
    return take_row(z, line, err);
}

static bool load_zeek(struct load *l, struct err *err)
{
    struct zeek_list z = {.load = l, .separator = '\t'};
    forget_fields(&z);
    return load_each_line(l, take_line, &z, err);
}

/* Comments first, and one of them names the fields of an indicator. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct zeek_list z = {.separator = '\t'};
    forget_fields(&z);
    for (struct span line, rest; load_head_line(&head, is_all, &line);) {
        if (load_trim(line).len == 0)
            continue;
        if (line.ptr[0] != '#')
            return false;
        if (take_directive(line, SPAN_LIT("#separator"), &rest))
            z.separator = separator_of(rest);
        if (!take_directive(line, SPAN_LIT("#fields"), &rest))
            continue;
        name_fields(&z, rest);
        return z.at[ZEEK_VALUE] != NO_FIELD && z.at[ZEEK_TYPE] != NO_FIELD;
    }
    return false;
}

const struct list_reader format_zeek = {
    .name = "zeek", .is_likely = is_likely, .load = load_zeek, .name_match = MATCH_EXACT, .unit = "line"};
