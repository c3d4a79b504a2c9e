/* See stix_pattern.h. One function per rule of the grammar, straight on the bytes. */
#include "rules/formats/stix_pattern.h"

#include "base/time.h"

enum { BLOCK_BYTES = 16 * 1024, ARENA_BYTES = 8 << 20 };

struct reading {
    struct stix_pattern *out;
    struct span text;
    size_t at;
    unsigned depth, n_comparisons;
};

static bool fail(struct reading *r, size_t at, const char *what)
{
    if (!r->out->fault) {
        r->out->fault = what;
        r->out->fault_at = (uint32_t)at;
    }
    return false;
}

static void *lack(struct reading *r, size_t at, const char *what)
{
    fail(r, at, what);
    return NULL;
}

static void *alloc(struct reading *r, size_t n)
{
    void *p = arena_alloc(&r->out->arena, n);
    return p ? memset(p, 0, n) : lack(r, r->at, "the pattern takes too much memory");
}

/* ---- bytes and words ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_letter(uint8_t c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static struct span rest(const struct reading *r)
{
    return span_from(r->text, r->at);
}

static bool is_at(const struct reading *r, const char *s)
{
    return span_starts(rest(r), span_str(s));
}

static uint8_t byte_at(const struct reading *r, size_t at)
{
    return at < r->text.len ? r->text.ptr[at] : 0;
}

/* White space beyond ASCII that the grammar knows, in UTF-8: its length, or 0. */
static size_t wide_blank(struct span s)
{
    static const char *const blanks[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    for (size_t i = 0; s.len && s.ptr[0] >= 0x80 && i < sizeof blanks / sizeof *blanks; i++)
        if (span_starts(s, span_str(blanks[i])))
            return strlen(blanks[i]);
    return 0;
}

/* A comment; one that has no end is left to be refused. */
static size_t comment_len(struct span s)
{
    if (span_starts(s, SPAN_LIT("//"))) {
        size_t n = 2;
        while (n < s.len && s.ptr[n] != '\n' && s.ptr[n] != '\r')
            n++;
        return n;
    }
    if (!span_starts(s, SPAN_LIT("/*")))
        return 0;
    const uint8_t *end = memmem(s.ptr + 2, s.len - 2, "*/", 2);
    return end ? (size_t)(end - s.ptr) + 2 : 0;
}

static void skip_blanks(struct reading *r)
{
    for (size_t n = 1; n;) {
        uint8_t c = byte_at(r, r->at);
        if (r->at == r->text.len)
            return;
        n = c == ' ' || (c >= '\t' && c <= '\r') ? 1 : c == '/' ? comment_len(rest(r)) : wide_blank(rest(r));
        r->at += n;
    }
}

static bool take_byte(struct reading *r, uint8_t c)
{
    skip_blanks(r);
    bool is_there = r->at < r->text.len && r->text.ptr[r->at] == c;
    r->at += is_there;
    return is_there;
}

static struct span word_here(struct reading *r)
{
    skip_blanks(r);
    struct span s = rest(r);
    size_t n = 0;
    while (n < s.len && (is_letter(s.ptr[n]) || (n && (is_digit(s.ptr[n]) || s.ptr[n] == '-'))))
        n++;
    return span_first(s, n);
}

static bool take_word(struct reading *r, const char *word)
{
    bool is_there = span_eq(word_here(r), span_str(word));
    if (is_there)
        r->at += strlen(word);
    return is_there;
}

/* ---- literals ---- */

/* The bytes up to the closing quote, escapes and all; `at` stands behind the opening one. */
static bool take_quoted(struct reading *r, struct span *out, bool *out_has_escape)
{
    size_t from = r->at, n = from;
    *out_has_escape = false;
    while (n < r->text.len && r->text.ptr[n] != '\'') {
        bool is_escape = r->text.ptr[n] == '\\';
        *out_has_escape |= is_escape;
        n += 1 + (is_escape && n + 1 < r->text.len);
    }
    if (n >= r->text.len)
        return fail(r, from - 1, "the quote is not closed");
    *out = span_of(r->text.ptr + from, n - from);
    r->at = n + 1;
    return true;
}

/* \' and \\ become one byte; any other backslash stays, as in regexes that were escaped once only. */
static bool unescape(struct reading *r, struct span *s)
{
    uint8_t *to = arena_bytes(&r->out->arena, s->len);
    size_t n = 0;
    if (!to)
        return fail(r, r->at, "the pattern takes too much memory");
    for (size_t i = 0; i < s->len; i++) {
        bool is_escape =
            s->ptr[i] == '\\' && i + 1 < s->len && (s->ptr[i + 1] == '\'' || s->ptr[i + 1] == '\\');
        i += is_escape;
        to[n++] = s->ptr[i];
    }
    *s = span_of(to, n);
    return true;
}

static bool take_string(struct reading *r, struct span *out)
{
    bool has_escape;
    if (!take_byte(r, '\''))
        return fail(r, r->at, "a text in single quotes is wanted here");
    return take_quoted(r, out, &has_escape) && (!has_escape || unescape(r, out));
}

/* "2016-01-31T23:59:59.123Z": the digits stand where they must, and make a date. */
static bool is_timestamp(struct span s)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    int64_t seconds;
    size_t n = sizeof shape - 1;
    if (s.len < n + 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (shape[i] == 'd' ? !is_digit(s.ptr[i]) : s.ptr[i] != (uint8_t)shape[i])
            return false;
    size_t digits = n + 1;
    while (s.ptr[n] == '.' && digits < s.len && is_digit(s.ptr[digits]))
        digits++;
    if (s.ptr[n] == '.')
        n = digits > n + 1 ? digits : s.len;
    return n + 1 == s.len && s.ptr[n] == 'Z' && time_parse(s, &seconds);
}

static bool is_base64(struct span s)
{
    size_t n = 0;
    while (n < s.len && (is_digit(s.ptr[n]) || (is_letter(s.ptr[n]) && s.ptr[n] != '_') || s.ptr[n] == '+' ||
                         s.ptr[n] == '/'))
        n++;
    size_t padding = s.len - n;
    for (size_t i = n; i < s.len; i++)
        if (s.ptr[i] != '=')
            return false;
    return s.len > 0 && s.len % 4 == 0 && padding <= 2;
}

static bool is_hex_pairs(struct span s)
{
    size_t n = 0;
    while (n < s.len && is_hex(s.ptr[n]))
        n++;
    return n == s.len && n % 2 == 0;
}

/* t'...', b'...' or h'...'; `at` stands at the letter. */
static bool take_marked(struct reading *r, struct stix_literal *out)
{
    bool has_escape;
    size_t from = r->at;
    uint8_t letter = byte_at(r, from);
    r->at += 2;
    out->at = (uint32_t)r->at;
    if (!take_quoted(r, &out->text, &has_escape))
        return false;
    out->kind = letter == 't' ? STIX_TIMESTAMP : letter == 'b' ? STIX_BINARY : STIX_HEX;
    if (letter == 't')
        return is_timestamp(out->text) || fail(r, from, "not a time as t'2026-01-31T12:00:00Z'");
    if (letter == 'b')
        return is_base64(out->text) || fail(r, from, "not Base64");
    return is_hex_pairs(out->text) || fail(r, from, "not pairs of hex digits");
}

/* "443", "-1", "0.5": no zeros in front of an integer. */
static bool take_number(struct reading *r, struct span *out)
{
    skip_blanks(r);
    size_t from = r->at, n = from + (byte_at(r, from) == '+' || byte_at(r, from) == '-'), digits = n;
    while (is_digit(byte_at(r, n)))
        n++;
    bool is_integer = n > digits && (byte_at(r, digits) != '0' || n == digits + 1);
    if (byte_at(r, n) == '.' && is_digit(byte_at(r, n + 1))) {
        for (n++; is_digit(byte_at(r, n));)
            n++;
        is_integer = true;
    }
    if (!is_integer || is_letter(byte_at(r, n)))
        return fail(r, from, "a number is wanted here");
    *out = span_of(r->text.ptr + from, n - from);
    r->at = n;
    return true;
}

static bool take_literal(struct reading *r, struct stix_literal *out)
{
    skip_blanks(r);
    uint8_t c = byte_at(r, r->at);
    out->at = (uint32_t)r->at + (c == '\'');
    if (c == '\'')
        return take_string(r, &out->text);
    if ((c == 't' || c == 'b' || c == 'h') && byte_at(r, r->at + 1) == '\'')
        return take_marked(r, out);
    if (is_digit(c) || c == '+' || c == '-' || c == '.') {
        out->kind = STIX_NUMBER;
        return take_number(r, &out->text);
    }
    out->kind = STIX_BOOLEAN;
    out->text = word_here(r);
    if (!take_word(r, "true") && !take_word(r, "false"))
        return fail(r, r->at,
                    "a text in single quotes, a number, t'', b'', h'', true or false is wanted here");
    return true;
}

static struct stix_literal *read_literal(struct reading *r)
{
    struct stix_literal *l = alloc(r, sizeof *l);
    return l && take_literal(r, l) ? l : NULL;
}

static bool read_set(struct reading *r, const struct stix_literal **out)
{
    struct stix_literal *last = NULL;
    if (!take_byte(r, '('))
        return fail(r, r->at, "a set in parentheses is wanted here");
    if (take_byte(r, ')'))
        return true;
    do {
        struct stix_literal *l = read_literal(r);
        if (!l)
            return false;
        if (last)
            last->next = l;
        else
            *out = l;
        last = l;
    } while (take_byte(r, ','));
    return take_byte(r, ')') ||
           fail(r, r->at, "a comma or the closing parenthesis of the set is wanted here");
}

/* ---- comparisons ---- */

/* Add a key to the path that is being put together. */
static void put_step(uint8_t *path, size_t *n, struct span key)
{
    if (*n)
        path[(*n)++] = '.';
    if (key.len)
        memcpy(path + *n, key.ptr, key.len);
    *n += key.len;
}

static bool take_key(struct reading *r, struct span *out)
{
    *out = word_here(r);
    if (out->len == 0)
        return take_string(r, out);
    r->at += out->len;
    return true;
}

/* "[*]", "[0]". */
static bool take_index(struct reading *r)
{
    struct span number;
    if (!take_byte(r, '*') && !take_number(r, &number))
        return false;
    return take_byte(r, ']') || fail(r, r->at, "the closing bracket of an index is wanted here");
}

/* Its steps take more room in the text than put together. */
static bool read_path(struct reading *r, struct stix_comparison *c)
{
    struct span key;
    size_t from = r->at, n = 0;
    if (!take_key(r, &key))
        return false;
    size_t end = r->at;
    while (take_byte(r, '.') ? take_key(r, &key) : take_byte(r, '[') && take_index(r))
        end = r->at;
    if (r->out->fault)
        return false;
    uint8_t *path = arena_bytes(&r->out->arena, end - from);
    if (!path)
        return fail(r, from, "the pattern takes too much memory");
    r->at = from;
    take_key(r, &key);
    put_step(path, &n, key);
    while (r->at < end)
        if (take_byte(r, '.') && take_key(r, &key))
            put_step(path, &n, key);
        else
            take_byte(r, '['), take_index(r);
    c->path = span_of(path, n);
    return true;
}

static bool read_object(struct reading *r, struct stix_comparison *c)
{
    c->object = word_here(r);
    c->at = (uint32_t)r->at;
    if (c->object.len == 0)
        return fail(r, r->at, "an object path as domain-name:value is wanted here");
    r->at += c->object.len;
    if (!take_byte(r, ':'))
        return fail(r, r->at, "a colon between the object and its property is wanted here");
    skip_blanks(r);
    return read_path(r, c);
}

static bool take_sign(struct reading *r, enum stix_operator *out)
{
    static const struct {
        const char *sign;
        enum stix_operator op;
    } signs[] = {
        {"==", STIX_EQ}, {"=", STIX_EQ}, {"!=", STIX_NE}, {"<>", STIX_NE},
        {"<=", STIX_LE}, {"<", STIX_LT}, {">=", STIX_GE}, {">", STIX_GT},
    };
    skip_blanks(r);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (!is_at(r, signs[i].sign))
            continue;
        r->at += strlen(signs[i].sign);
        *out = signs[i].op;
        return true;
    }
    return false;
}

static bool take_operator(struct reading *r, enum stix_operator *out)
{
    static const struct {
        const char *word;
        enum stix_operator op;
    } words[] = {
        {"IN", STIX_IN},
        {"LIKE", STIX_LIKE},
        {"MATCHES", STIX_MATCHES},
        {"ISSUBSET", STIX_ISSUBSET},
        {"ISSUPERSET", STIX_ISSUPERSET},
    };
    if (take_sign(r, out))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *out = words[i].op;
        if (take_word(r, words[i].word))
            return true;
    }
    return fail(r, r->at, "an operator as =, IN or LIKE is wanted here");
}

static bool read_operand(struct reading *r, struct stix_comparison *c)
{
    if (c->op == STIX_IN)
        return read_set(r, &c->literals);
    const struct stix_literal *l = c->literals = read_literal(r);
    if (!l)
        return false;
    if (c->op >= STIX_LIKE && l->kind != STIX_STRING)
        return fail(r, l->at, "a text in single quotes is wanted behind this operator");
    if (c->op >= STIX_LT && c->op <= STIX_GE && l->kind == STIX_BOOLEAN)
        return fail(r, l->at, "true and false have no order");
    return true;
}

/* Hex digits of the hash with this key, in any spelling; 0: not known. */
static size_t hash_digits(struct span key)
{
    static const struct {
        const char *name;
        size_t digits;
    } hashes[] = {
        {"md5", 32},     {"sha1", 40},     {"sha224", 56},    {"sha256", 64},
        {"sha384", 96},  {"sha512", 128},  {"sha3224", 56},   {"sha3256", 64},
        {"sha3384", 96}, {"sha3512", 128}, {"ripemd160", 40}, {"whirlpool", 128},
    };
    uint8_t plain[16];
    size_t n = 0;
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] != '-' && n < sizeof plain)
            plain[n++] = key.ptr[i];
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (span_eq_nocase(span_of(plain, n), span_str(hashes[i].name)))
            return hashes[i].digits;
    return 0;
}

/* Colons between the bytes are how certificate viewers write fingerprints. */
static bool is_hash(struct span s, size_t digits)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_hex(s.ptr[i]) && s.ptr[i] != ':')
            return false;
        n += s.ptr[i] != ':';
    }
    return n == digits;
}

static bool check_hashes(struct reading *r, const struct stix_comparison *c)
{
    const uint8_t *found = memmem(c->path.ptr, c->path.len, "hashes.", 7);
    size_t digits = found ? hash_digits(span_from(c->path, (size_t)(found - c->path.ptr) + 7)) : 0;
    if (!digits || (c->op != STIX_EQ && c->op != STIX_NE && c->op != STIX_IN))
        return true;
    for (const struct stix_literal *l = c->literals; l; l = l->next)
        if (l->kind == STIX_STRING && !is_hash(l->text, digits))
            return fail(r, l->at, "not a hash of the kind it is compared with");
    return true;
}

static bool read_comparison(struct reading *r, struct stix_comparison *c)
{
    c->is_negated = take_word(r, "NOT");
    if (take_word(r, "EXISTS")) {
        c->op = STIX_EXISTS;
        return read_object(r, c);
    }
    if (c->is_negated)
        return fail(r, r->at, "NOT stands behind the object path, or before EXISTS");
    if (!read_object(r, c))
        return false;
    c->is_negated = take_word(r, "NOT");
    if (!take_operator(r, &c->op) || !read_operand(r, c))
        return false;
    c->is_negated |= c->op == STIX_NE;
    return check_hashes(r, c);
}

/* ---- how they are joined ---- */

typedef struct stix_node *read_fn(struct reading *r);

/* part (WORD part)* */
static struct stix_node *read_joined(struct reading *r, const char *word, enum stix_node_kind kind,
                                     read_fn *part)
{
    struct stix_node *first = part(r), *last = first;
    while (last && take_word(r, word))
        last = last->next = part(r);
    if (!last || last == first)
        return last;
    struct stix_node *n = alloc(r, sizeof *n);
    if (n)
        *n = (struct stix_node){.kind = kind, .first = first};
    return n;
}

/* What stands between parentheses; the opening one has been taken. */
static struct stix_node *read_parenthesised(struct reading *r, read_fn *inner)
{
    if (++r->depth > STIX_DEPTH_MAX)
        return lack(r, r->at - 1, "more than 64 parentheses in each other");
    struct stix_node *n = inner(r);
    r->depth--;
    if (n && !take_byte(r, ')'))
        return lack(r, r->at, "AND, OR or the closing parenthesis is wanted here");
    return n;
}

static struct stix_node *read_comparisons(struct reading *r);

static struct stix_node *read_property_test(struct reading *r)
{
    if (take_byte(r, '('))
        return read_parenthesised(r, read_comparisons);
    if (++r->n_comparisons > STIX_COMPARISONS_MAX)
        return lack(r, r->at, "more than 4096 comparisons");
    struct stix_node *n = alloc(r, sizeof *n);
    return n && read_comparison(r, &n->comparison) ? n : NULL;
}

static struct stix_node *read_conjunction(struct reading *r)
{
    return read_joined(r, "AND", STIX_AND, read_property_test);
}

static struct stix_node *read_comparisons(struct reading *r)
{
    return read_joined(r, "OR", STIX_OR, read_conjunction);
}

/* ---- observations ---- */

static bool take_moment(struct reading *r)
{
    struct stix_literal l = {0};
    skip_blanks(r);
    size_t from = r->at;
    if (!take_literal(r, &l))
        return false;
    return l.kind == STIX_TIMESTAMP || (l.kind == STIX_STRING && is_timestamp(l.text)) ||
           fail(r, from, "a time as t'2026-01-31T12:00:00Z' is wanted here");
}

/* A number that is not negative, whole or not. */
static bool take_amount(struct reading *r, bool is_whole)
{
    struct span number;
    skip_blanks(r);
    size_t from = r->at;
    if (!take_number(r, &number))
        return false;
    bool is_good = number.ptr[0] != '-' && !(is_whole && memchr(number.ptr, '.', number.len));
    return is_good || fail(r, from, "a positive number is wanted here");
}

static bool want_word(struct reading *r, const char *word, const char *what)
{
    return take_word(r, word) || fail(r, r->at, what);
}

/* One qualifier. False: there is none, or a fault. */
static bool take_qualifier(struct reading *r, unsigned *out)
{
    if (take_word(r, "WITHIN")) {
        *out = STIX_WITHIN;
        return take_amount(r, false) && want_word(r, "SECONDS", "SECONDS is wanted here");
    }
    if (take_word(r, "REPEATS")) {
        *out = STIX_REPEATS;
        return take_amount(r, true) && want_word(r, "TIMES", "TIMES is wanted here");
    }
    if (take_word(r, "START")) {
        *out = STIX_START_STOP;
        return take_moment(r) && want_word(r, "STOP", "STOP is wanted here") && take_moment(r);
    }
    return false;
}

static bool take_qualifiers(struct reading *r)
{
    unsigned seen = 0, one;
    for (;;) {
        skip_blanks(r);
        size_t from = r->at;
        if (!take_qualifier(r, &one))
            break;
        if (seen & one)
            return fail(r, from, "the same qualifier twice");
        seen |= one;
    }
    r->out->qualifiers |= seen;
    return !r->out->fault;
}

static struct stix_node *read_observations(struct reading *r);

static struct stix_node *read_observation(struct reading *r)
{
    struct stix_node *n;
    if (take_byte(r, '(')) {
        n = read_parenthesised(r, read_observations);
    } else if (!take_byte(r, '[')) {
        return lack(r, r->at, "an observation in brackets is wanted here");
    } else {
        n = read_comparisons(r);
        if (n && !take_byte(r, ']'))
            return lack(r, r->at, "AND, OR or the closing bracket is wanted here");
    }
    return n && take_qualifiers(r) ? n : NULL;
}

static struct stix_node *read_observed_and(struct reading *r)
{
    return read_joined(r, "AND", STIX_OBSERVED_AND, read_observation);
}

static struct stix_node *read_observed_or(struct reading *r)
{
    return read_joined(r, "OR", STIX_OR, read_observed_and);
}

static struct stix_node *read_observations(struct reading *r)
{
    return read_joined(r, "FOLLOWEDBY", STIX_FOLLOWEDBY, read_observed_or);
}

void stix_pattern_init(struct stix_pattern *p)
{
    *p = (struct stix_pattern){0};
    arena_init(&p->arena, BLOCK_BYTES, ARENA_BYTES);
}

void stix_pattern_fini(struct stix_pattern *p)
{
    arena_fini(&p->arena);
}

bool stix_pattern_read(struct stix_pattern *p, struct span text)
{
    struct reading r = {.out = p, .text = text};
    arena_reset(&p->arena);
    p->root = NULL;
    p->qualifiers = 0;
    p->fault = NULL;
    p->fault_at = 0;
    if (text.len > STIX_PATTERN_MAX)
        return fail(&r, 0, "longer than 65536 bytes");
    p->root = read_observations(&r);
    skip_blanks(&r);
    return p->root && (r.at == text.len || fail(&r, r.at, "the pattern should end here"));
}
