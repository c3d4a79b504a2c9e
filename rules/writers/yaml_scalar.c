/* See yaml_scalar.h. Plain style is for what nobody could take for a number, a date, a truth value or syntax; single quotes for what
 * has backslashes or double quotes in it, as patterns do; double quotes, with escapes, for the rest. */
#include "rules/writers/yaml_scalar.h"

#include "base/utf8.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Words that stand for null, true or false in some version of YAML. */
static bool is_reserved_word(struct span text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on",
                                        "off",  "y",    "n",     "nan", "inf"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_eq_nocase(text, span_str(words[i])))
            return true;
    return false;
}

/* Could it be a number (also one in base 60, "1:30:00") or a date? None of them has two dots, and only such as "0x1f" more letters. */
static bool may_be_number(struct span text)
{
    bool has_base = text.len > 1 && text.ptr[0] == '0' && memchr("xXoObB", text.ptr[1], 6);
    struct span bytes = has_base ? SPAN_LIT("0123456789abcdefABCDEF_") : SPAN_LIT("0123456789eEtTzZ.:_+- ");
    unsigned dots = 0;
    if (!is_digit(text.ptr[0]))
        return false;
    for (size_t i = has_base ? 2 : 0; i < text.len; i++) {
        if (!memchr(bytes.ptr, text.ptr[i], bytes.len))
            return false;
        dots += text.ptr[i] == '.';
    }
    return dots < 2;
}

/* May this byte stand in plain text, where it is? */
static bool is_plain_byte(struct span text, size_t at, bool in_flow)
{
    uint8_t c = text.ptr[at];
    bool is_last = at + 1 == text.len;
    if (is_alnum(c) || memchr("._-/~%&=+@$()*;!", c, 16))
        return true;
    if (c == ':' || c == '?')
        return !in_flow && !is_last && text.ptr[at + 1] != ' ';
    if (c == ',')
        return !in_flow;
    return c == ' ' && !is_last && text.ptr[at - 1] != ' ' && text.ptr[at + 1] != '#';
}

static bool is_plain(struct span text, bool in_flow)
{
    if (text.len == 0 || !(is_alnum(text.ptr[0]) || text.ptr[0] == '/'))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_plain_byte(text, i, in_flow))
            return false;
    return !is_reserved_word(text) && !may_be_number(text);
}

static bool is_printable_ascii(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    return true;
}

static void put_single(struct buf *out, struct span text)
{
    buf_put_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        buf_put_byte(out, text.ptr[i]);
        if (text.ptr[i] == '\'')
            buf_put_byte(out, '\'');
    }
    buf_put_byte(out, '\'');
}

static void put_escape(struct buf *out, uint32_t c)
{
    if (c == '"' || c == '\\')
        buf_printf(out, "\\%c", (int)c);
    else if (c == '\n')
        buf_put_str(out, "\\n");
    else if (c == '\t')
        buf_put_str(out, "\\t");
    else if (c > 0xffff)
        buf_printf(out, "\\U%08X", (unsigned)c);
    else if (c > 0xff)
        buf_printf(out, "\\u%04X", (unsigned)c);
    else
        buf_printf(out, "\\x%02X", (unsigned)c);
}

static bool put_double(struct buf *out, struct span text)
{
    bool is_whole = true;
    buf_put_byte(out, '"');
    for (size_t at = 0, len; at < text.len; at += len ? len : 1) {
        uint32_t c;
        len = utf8_read(text.ptr + at, text.len - at, &c);
        if (!len) {
            buf_printf(out, "\\\\x%02x", text.ptr[at]);
            is_whole = false;
        } else if (utf8_is_printable(c) && c != '"' && c != '\\') {
            buf_put(out, span_of(text.ptr + at, len));
        } else {
            put_escape(out, c);
        }
    }
    buf_put_byte(out, '"');
    return is_whole;
}

bool yaml_put_scalar(struct buf *out, struct span text, bool in_flow)
{
    if (is_plain(text, in_flow)) {
        buf_put(out, text);
        return true;
    }
    if (is_printable_ascii(text) && (span_has_byte(text, '\\') || span_has_byte(text, '"'))) {
        put_single(out, text);
        return true;
    }
    return put_double(out, text);
}
