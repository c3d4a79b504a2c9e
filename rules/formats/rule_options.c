/* See rule_options.h. */
#include "rules/formats/rule_options.h"

#include "base/hex.h"

#include "rules/formats/load.h"

/* ---- header ---- */

/* The next word; brackets hold together what is between them. An opening parenthesis ends it. */
static struct span take_word(struct span *rest)
{
    *rest = load_trim(*rest);
    size_t n = 0, depth = 0;
    while (n < rest->len && (depth || (!load_is_blank(rest->ptr[n]) && rest->ptr[n] != '('))) {
        depth += rest->ptr[n] == '[';
        depth -= depth && rest->ptr[n] == ']';
        n++;
    }
    struct span word = span_first(*rest, n);
    span_skip(rest, n);
    *rest = load_trim(*rest);
    return word;
}

static bool is_direction(struct span word)
{
    return span_eq(word, SPAN_LIT("->")) || span_eq(word, SPAN_LIT("<>")) || span_eq(word, SPAN_LIT("=>"));
}

static bool is_word(struct span word)
{
    for (size_t i = 0; i < word.len; i++)
        if ((word.ptr[i] | 0x20) < 'a' || (word.ptr[i] | 0x20) > 'z')
            return false;
    return word.len > 0;
}

bool rule_header_read(struct span rule, struct rule_header *out)
{
    struct span rest = rule;
    *out = (struct rule_header){.action = take_word(&rest)};
    out->protocol = take_word(&rest);
    if (!is_word(out->action) || out->protocol.len == 0)
        return false;
    bool has_sides = rest.len && rest.ptr[0] != '(';
    if (has_sides) {
        out->source = take_word(&rest);
        out->source_port = take_word(&rest);
        if (!is_direction(take_word(&rest)))
            return false;
        out->target = take_word(&rest);
        out->target_port = take_word(&rest);
        if (out->target_port.len == 0)
            return false;
    }
    if (rest.len == 0)
        return has_sides;
    if (rest.len < 2 || rest.ptr[0] != '(' || rest.ptr[rest.len - 1] != ')')
        return false;
    out->options = load_trim(span_of(rest.ptr + 1, rest.len - 2));
    return true;
}

/* ---- options ---- */

/* Where the ';' that ends an option lies; the end when there is none. Quotes and escapes hide others. */
static size_t option_end(struct span s)
{
    bool is_quoted = false;
    size_t at = 0;
    for (; at < s.len && (is_quoted || s.ptr[at] != ';'); at++) {
        if (s.ptr[at] == '\\')
            at++;
        else if (s.ptr[at] == '"')
            is_quoted = !is_quoted;
    }
    return at < s.len ? at : s.len;
}

bool rule_option_next(struct span *options, struct rule_option *out)
{
    *options = load_trim(*options);
    size_t end = option_end(*options);
    if (end == options->len)
        return false;
    struct span text = load_trim(span_first(*options, end));
    const uint8_t *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
    size_t n = colon ? (size_t)(colon - text.ptr) : text.len;
    out->key = load_trim(span_first(text, n));
    out->value = load_trim(span_from(text, n + 1));
    *options = load_trim(span_from(*options, end + 1));
    return true;
}

bool rule_list_next(struct span *list, struct span *out)
{
    size_t n = 0, depth = 0;
    *list = load_trim(*list);
    if (list->len == 0)
        return false;
    while (n < list->len && (depth || list->ptr[n] != ',')) {
        depth += list->ptr[n] == '[';
        depth -= depth && list->ptr[n] == ']';
        n++;
    }
    *out = load_trim(span_first(*list, n));
    *list = span_from(*list, n + 1);
    return true;
}

/* ---- strings ---- */

/* What stands between two bars: pairs of digits and blanks. */
static bool put_hex(struct span hex, uint8_t *to, size_t *n)
{
    int high = -1;
    for (size_t i = 0; i < hex.len; i++) {
        int four = hex_digit(hex.ptr[i]);
        if (four < 0 && (high >= 0 || !load_is_blank(hex.ptr[i])))
            return false;
        if (four >= 0 && high >= 0)
            to[(*n)++] = (uint8_t)(high << 4 | four);
        high = four >= 0 && high < 0 ? four : -1;
    }
    return high < 0;
}

/* Past the quote that ends the string at `at`; 0 when there is none. */
static size_t string_end(struct span s, size_t at)
{
    while (at < s.len && s.ptr[at] != '"')
        at += s.ptr[at] == '\\' ? 2 : 1;
    return at < s.len ? at + 1 : 0;
}

static bool undo(struct span text, bool has_hex, uint8_t *to, size_t *out_n)
{
    size_t n = 0;
    for (size_t at = 0; at < text.len; at++) {
        uint8_t c = text.ptr[at];
        if (has_hex && c == '|') {
            struct span hex = span_from(text, at + 1);
            const uint8_t *bar = hex.len ? memchr(hex.ptr, '|', hex.len) : NULL;
            if (!bar || !put_hex(span_first(hex, (size_t)(bar - hex.ptr)), to, &n))
                return false;
            at += (size_t)(bar - hex.ptr) + 1;
            continue;
        }
        if (c == '\\' && at + 1 < text.len)
            c = text.ptr[++at];
        to[n++] = c;
    }
    *out_n = n;
    return true;
}

bool rule_string_read(struct span value, bool has_hex, struct arena *arena, struct rule_string *out)
{
    *out = (struct rule_string){.is_negated = value.len && value.ptr[0] == '!'};
    if (out->is_negated)
        value = load_trim(span_from(value, 1));
    size_t end = value.len && value.ptr[0] == '"' ? string_end(value, 1) : 0;
    if (end == 0)
        return false;
    struct span text = span_first(span_from(value, 1), end - 2);
    uint8_t *to = arena_bytes(arena, text.len + 1);
    size_t n;
    if (!to || !undo(text, has_hex, to, &n))
        return false;
    out->bytes = span_of(to, n);
    out->rest = load_trim(span_from(value, end));
    if (out->rest.len && out->rest.ptr[0] == ',')
        out->rest = load_trim(span_from(out->rest, 1));
    return true;
}
