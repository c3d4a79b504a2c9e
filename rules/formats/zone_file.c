/* See zone_file.h. A line is cut into tokens, which are copied to where they stay; when no parenthesis is open at
 * its end the tokens are a record or a directive. */
#include "rules/formats/zone_file.h"

bool zone_init(struct zone_file *z, struct load *l, struct err *err)
{
    *z = (struct zone_file){.load = l};
    buf_init(&z->origin, ZONE_NAME_MAX);
    buf_init(&z->owner, ZONE_NAME_MAX);
    buf_init(&z->target, ZONE_NAME_MAX);
    buf_init(&z->text, ZONE_RECORD_BYTES_MAX);
    return buf_reserve(&z->text, ZONE_RECORD_BYTES_MAX) ||
           err_set(err, ERR_MEMORY, NULL, "not enough memory to read a list");
}

void zone_fini(struct zone_file *z)
{
    buf_fini(&z->origin);
    buf_fini(&z->owner);
    buf_fini(&z->target);
    buf_fini(&z->text);
}

static void begin_record(struct zone_file *z)
{
    buf_reset(&z->text);
    z->n_tokens = 0;
    z->n_lines = 0;
    z->depth = 0;
    z->fault = NULL;
    z->comment = span_of(NULL, 0);
}

/* The first reason stays. */
static void fail(struct zone_file *z, const char *fault)
{
    if (!z->fault)
        z->fault = fault;
}

/* ---- tokens ---- */

static void add_token(struct zone_file *z, struct span text, bool is_quoted)
{
    if (z->n_tokens == ZONE_TOKENS_MAX)
        return;
    if (z->text.len)
        buf_put_byte(&z->text, ' ');
    size_t mark = buf_mark(&z->text);
    buf_put(&z->text, text);
    if (z->text.is_full) {
        buf_cut(&z->text, mark);
        fail(z, "a record of more than 64 KiB");
        return;
    }
    z->tokens[z->n_tokens++] = (struct zone_token){span_from(buf_span(&z->text), mark), is_quoted};
}

/* Bytes up to the first that is in `ends`, but for those behind a backslash. */
static size_t len_before(struct span s, const char *ends)
{
    size_t n = 0, n_ends = strlen(ends);
    while (n < s.len && !memchr(ends, s.ptr[n], n_ends))
        n += s.ptr[n] == '\\' && n + 1 < s.len ? 2 : 1;
    return n;
}

/* `s` begins with the opening quote; returns how much of it was used. */
static size_t take_string(struct zone_file *z, struct span s)
{
    struct span inner = span_from(s, 1);
    size_t n = len_before(inner, "\"");
    if (n == inner.len)
        fail(z, "a string without its closing quote");
    add_token(z, span_first(inner, n), true);
    return n + 2;
}

static size_t take_word(struct zone_file *z, struct span s)
{
    size_t n = len_before(s, " \t\r\n\v\f;()\"");
    add_token(z, span_first(s, n), false);
    return n;
}

static void close_parenthesis(struct zone_file *z)
{
    if (z->depth)
        z->depth--;
    else
        fail(z, "a closing parenthesis without an opening one");
}

static void take_tokens(struct zone_file *z, struct span line)
{
    z->comment = span_of(NULL, 0);
    for (size_t at = 0; at < line.len;) {
        uint8_t c = line.ptr[at];
        if (c == ';') {
            z->comment = load_trim(span_from(line, at));
            return;
        }
        if (c == '"') {
            at += take_string(z, span_from(line, at));
        } else if (c == '(' || c == ')' || load_is_blank(c)) {
            z->depth += c == '(';
            if (c == ')')
                close_parenthesis(z);
            at++;
        } else {
            at += take_word(z, span_from(line, at));
        }
    }
}

/* ---- names ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* What a backslash at `*at` stands for; leaves *at on the escape's last byte. */
static bool read_escape(struct span word, size_t *at, uint8_t *out)
{
    const uint8_t *p = word.ptr + *at + 1;
    size_t n = word.len - *at - 1;
    if (n == 0)
        return false;
    if (!is_digit(p[0])) {
        *out = p[0];
        *at += 1;
        return true;
    }
    if (n < 3 || !is_digit(p[1]) || !is_digit(p[2]))
        return false;
    unsigned value = (p[0] - '0') * 100u + (p[1] - '0') * 10u + (p[2] - '0');
    *out = (uint8_t)value;
    *at += 3;
    return value <= 255;
}

/* False when the text of a name can't say it: a dot within a label would look like one between two. */
static bool put_labels(struct span word, struct buf *out, bool *out_is_whole)
{
    *out_is_whole = false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.ptr[i];
        if (c == '.' && i + 1 == word.len) {
            *out_is_whole = true;
            return true;
        }
        if (c == '\\' && (!read_escape(word, &i, &c) || c == '.'))
            return false;
        buf_put_byte(out, c);
    }
    return word.len > 0;
}

/* `out` is neither the origin nor where `word` lies. */
static bool put_name(const struct zone_file *z, struct span word, struct buf *out, bool *out_is_absolute)
{
    bool is_whole;
    buf_reset(out);
    *out_is_absolute = z->has_origin;
    if (span_eq(word, SPAN_LIT("@"))) {
        buf_put(out, buf_span(&z->origin));
        return true;
    }
    bool is_good = put_labels(word, out, &is_whole);
    *out_is_absolute |= is_whole;
    if (!is_whole && z->origin.len) {
        buf_put_byte(out, '.');
        buf_put(out, buf_span(&z->origin));
    }
    return is_good && !out->is_full;
}

bool zone_name_of(struct zone_file *z, const struct zone_token *token, struct zone_name *out)
{
    bool is_good = put_name(z, token->text, &z->target, &out->is_absolute);
    out->text = buf_span(&z->target);
    return is_good;
}

void zone_set_origin(struct zone_file *z, struct span name)
{
    if (z->has_origin)
        return;
    buf_reset(&z->origin);
    buf_put(&z->origin, name);
    z->has_origin = true;
}

/* ---- directives ---- */

static bool is_directive(const struct zone_file *z)
{
    const struct zone_token *first = &z->tokens[0];
    return !z->is_indented && !first->is_quoted && first->text.len && first->text.ptr[0] == '$';
}

static void take_origin(struct zone_file *z)
{
    bool is_absolute;
    if (z->n_tokens < 2 || !put_name(z, z->tokens[1].text, &z->target, &is_absolute)) {
        load_warn(z->load, z->line, z->col, buf_span(&z->text),
                  "$ORIGIN without a name; names below it are read as those above");
        return;
    }
    buf_reset(&z->origin);
    buf_put(&z->origin, buf_span(&z->target));
    z->has_origin = is_absolute;
}

static void take_directive(struct zone_file *z)
{
    struct span word = z->tokens[0].text;
    const char *what = "a directive that is not known here; line passed over";
    if (span_eq_nocase(word, SPAN_LIT("$origin"))) {
        take_origin(z);
        return;
    }
    if (span_eq_nocase(word, SPAN_LIT("$ttl")))
        return;
    if (span_eq_nocase(word, SPAN_LIT("$include")))
        what = "$INCLUDE is not followed; give that file as a list of its own";
    else if (span_eq_nocase(word, SPAN_LIT("$generate")))
        what = "$GENERATE is not carried out; none of its records is loaded";
    load_warn(z->load, z->line, z->col, buf_span(&z->text), "%s", what);
}

/* ---- records ---- */

/* "3600", "1h30m" (BIND). */
static bool is_ttl(struct span s)
{
    size_t n = 0;
    while (n < s.len && (is_digit(s.ptr[n]) || (n && memchr("wdhmsWDHMS", s.ptr[n], 10))))
        n++;
    return s.len > 0 && n == s.len;
}

/* Is it one of these words, with a blank behind each? */
static bool is_one_of(struct span word, const char *words)
{
    for (const char *end; (end = strchr(words, ' ')); words = end + 1)
        if (span_eq_nocase(word, span_of(words, (size_t)(end - words))))
            return true;
    return false;
}

static bool is_class(struct span s)
{
    return is_one_of(s, "in ch hs cs ");
}

/* "TYPE65534" (RFC 3597). */
static bool is_numbered_type(struct span s)
{
    size_t n = 4;
    while (n < s.len && n < 9 && is_digit(s.ptr[n]))
        n++;
    return s.len > 4 && n == s.len && span_eq_nocase(span_first(s, 4), SPAN_LIT("type"));
}

#define DNSSEC_TYPES "rrsig nsec nsec3 nsec3param dnskey ds cds cdnskey csync zonemd dlv key sig nxt "

static bool is_type(struct span s)
{
    return is_one_of(s, "cname a aaaa txt soa ns dname mx ptr srv https svcb caa naptr spf hinfo sshfp loc "
                        "tlsa smimea "
                        "uri openpgpkey cert rp afsdb kx apl dhcid hip minfo mb mg mr wks x25 isdn rt nsap "
                        "px gpos l32 "
                        "l64 lp nid eui48 eui64 null " DNSSEC_TYPES) ||
           is_numbered_type(s);
}

bool zone_type_is(const struct zone_record *r, const char *lower_case)
{
    return span_eq_nocase(r->type, span_str(lower_case));
}

bool zone_type_is_dnssec(const struct zone_record *r)
{
    return is_one_of(r->type, DNSSEC_TYPES);
}

/* TTL and class, each at most once and in any order. */
static void skip_ttl_and_class(struct zone_file *z, size_t *at)
{
    bool has_ttl = false, has_class = false;
    for (; *at < z->n_tokens; ++*at) {
        struct span word = z->tokens[*at].text;
        if (!has_ttl && is_ttl(word))
            has_ttl = true;
        else if (!has_class && is_class(word))
            has_class = true;
        else
            return;
        if (has_class && is_class(word) && !span_eq_nocase(word, SPAN_LIT("in")))
            fail(z, "a class other than IN");
    }
}

static void take_owner(struct zone_file *z, size_t *at)
{
    if (!z->is_indented) {
        z->is_bad_owner = !put_name(z, z->tokens[*at].text, &z->owner, &z->is_owner_absolute);
        z->has_owner = true;
        ++*at;
    } else if (!z->has_owner) {
        fail(z, "no owner, and no record above to take it from");
    }
}

static void read_record(struct zone_file *z, struct zone_record *out)
{
    size_t at = 0;
    take_owner(z, &at);
    out->owner = (struct zone_name){buf_span(&z->owner), z->is_owner_absolute};
    out->is_bad_owner = z->is_bad_owner;
    skip_ttl_and_class(z, &at);
    if (at == z->n_tokens || z->tokens[at].is_quoted || !is_type(z->tokens[at].text)) {
        fail(z, at == z->n_tokens ? "no type and no data" : "a type of record that is not known");
        return;
    }
    out->type = z->tokens[at++].text;
    out->data = z->tokens + at;
    out->n_data = z->n_tokens - at;
    if (out->n_data == 0)
        fail(z, "no data behind its type");
}

static enum zone_item finish_record(struct zone_file *z, struct zone_record *out)
{
    *out = (struct zone_record){
        .written = buf_span(&z->text), .comment = z->comment, .line = z->line, .col = z->col};
    if (!z->fault)
        read_record(z, out);
    out->fault = z->fault;
    return z->fault ? ZONE_BAD : ZONE_RECORD;
}

/* ---- lines ---- */

static bool next_line(struct lines *s, struct span *out)
{
    while (!lines_next(s, out))
        if (!lines_refill(s))
            return false;
    return true;
}

/* RFC 1035 knows no such comments, but no owner begins with '#' either. */
static bool is_hash_comment(struct span line)
{
    return line.len && line.ptr[0] == '#';
}

static void take_line(struct zone_file *z, struct span line)
{
    struct load *l = z->load;
    bool is_comment = z->n_lines == 0 && is_hash_comment(line);
    if (z->n_lines++ == 0) {
        z->line = load_clamp32(l->lines.n);
        z->col = (uint32_t)(load_trim(line).ptr - line.ptr) + 1;
        z->is_indented = line.len && load_is_blank(line.ptr[0]);
    }
    if (is_comment)
        z->comment = load_trim(line);
    else
        take_tokens(z, line);
    if (l->lines.is_cut && z->comment.len == 0)
        fail(z, "a line of more than 256 KiB");
    if (z->n_lines == ZONE_RECORD_LINES_MAX && z->depth) {
        fail(z, "an open parenthesis over more than 256 lines");
        z->depth = 0;
    }
}

/* A line without a record. */
static void pass_over(struct zone_file *z)
{
    if (z->comment.len) {
        z->load->report->comments++;
        load_comment(z->load, z->comment);
    } else {
        z->load->report->blank++;
    }
}

/* What has been read is complete: was it something other than a record? */
static bool is_no_record(struct zone_file *z)
{
    if (z->fault)
        return false;
    if (z->n_tokens == 0)
        pass_over(z);
    else if (is_directive(z))
        take_directive(z);
    else
        return false;
    return true;
}

enum zone_item zone_next(struct zone_file *z, struct zone_record *out)
{
    struct span line;
    begin_record(z);
    while (next_line(&z->load->lines, &line)) {
        take_line(z, line);
        if (z->depth)
            continue;
        if (!is_no_record(z))
            return finish_record(z, out);
        begin_record(z);
    }
    if (z->n_lines == 0)
        return ZONE_END;
    z->comment = span_of(NULL, 0); /* its block is gone */
    fail(z, "an open parenthesis at the end of the file");
    return finish_record(z, out);
}

enum zone_item zone_read_text(struct zone_file *z, struct span text, struct zone_record *out)
{
    begin_record(z);
    z->is_indented = false;
    take_tokens(z, text);
    if (z->depth)
        fail(z, "an open parenthesis");
    return z->n_tokens || z->fault ? finish_record(z, out) : ZONE_END;
}
