/* See json.h. Hot: an ordinary name costs one scan and one memcpy.
 *
 * All text goes through one loop that cuts it into well-formed UTF-8 characters and stray bytes; the three ways of
 * writing differ only in what they do with what can't stand for itself. Characters that would not show, or that
 * change how their neighbours show (controls, line separators, direction marks, private use), are never written
 * raw: a terminal, a log viewer and a line splitter must all see one line saying what it says. */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

enum style {
    STYLE_TEXT,  /* in JSON: JSON escapes, \xNN only for stray bytes */
    STYLE_WIRE,  /* in JSON: \xNN for all that does not stand for itself */
    STYLE_PLAIN, /* the same outside JSON */
};

static void put_hex_bytes(struct buf *out, struct span bytes, enum style style)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        const uint8_t text[] = {'\\', '\\', 'x', (uint8_t)digits[bytes.ptr[i] >> 4],
                                (uint8_t)digits[bytes.ptr[i] & 15]};
        size_t skip = style == STYLE_PLAIN;
        buf_put(out, span_of(text + skip, sizeof text - skip));
    }
}

static void put_u_escape(struct buf *out, uint32_t c)
{
    static const char digits[] = "0123456789abcdef";
    if (c > 0xffff) {
        put_u_escape(out, 0xd800 + ((c - 0x10000) >> 10));
        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    const uint8_t text[] = {'\\',
                            'u',
                            (uint8_t)digits[c >> 12 & 15],
                            (uint8_t)digits[c >> 8 & 15],
                            (uint8_t)digits[c >> 4 & 15],
                            (uint8_t)digits[c & 15]};
    buf_put(out, span_of(text, sizeof text));
}

/* One character, well formed, that JSON text has to escape. */
static void put_json_escape(struct buf *out, uint32_t c)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    char letter = c < sizeof letters ? letters[c] : 0;
    if (!letter) {
        put_u_escape(out, c);
        return;
    }
    buf_put_byte(out, '\\');
    buf_put_byte(out, (uint8_t)letter);
}

static bool stands_for_itself(uint32_t c, enum style style)
{
    return utf8_is_printable(c) && c != '\\' && (c != '"' || style == STYLE_PLAIN);
}

static void put_chars(struct buf *out, struct span s, enum style style)
{
    size_t run = 0, at = 0; /* [run, at) stands for itself */
    while (at < s.len) {
        uint32_t c;
        size_t len = utf8_read(s.ptr + at, s.len - at, &c);
        if (len && stands_for_itself(c, style)) {
            at += len;
            continue;
        }
        buf_put(out, span_of(s.ptr + run, at - run));
        if (len && (style == STYLE_TEXT || c == '"'))
            put_json_escape(out, c);
        else
            put_hex_bytes(out, span_of(s.ptr + at, len ? len : 1), style);
        at += len ? len : 1;
        run = at;
    }
    buf_put(out, span_of(s.ptr + run, at - run));
}

/* Nothing in it to escape, in any style? No early exit, so that it vectorises: names are short and nearly always so. */
static bool is_plain(struct span s)
{
    unsigned odd = 0;
    for (size_t i = 0; i < s.len; i++)
        odd |= (unsigned)((uint8_t)(s.ptr[i] - 0x20) > 0x7e - 0x20) | (s.ptr[i] == '"') | (s.ptr[i] == '\\');
    return !odd;
}

static void put_string(struct buf *out, struct span s, enum style style)
{
    if (!is_plain(s)) {
        buf_put_byte(out, '"');
        put_chars(out, s, style);
        buf_put_byte(out, '"');
        return;
    }
    uint8_t *to = buf_reserve(out, s.len + 2);
    if (!to)
        return;
    to[0] = '"';
    if (s.len)
        memcpy(to + 1, s.ptr, s.len);
    to[s.len + 1] = '"';
    out->len += s.len + 2;
}

/* The comma that is due, and the key. */
static void begin_value(struct json *j, const char *key)
{
    uint32_t bit = UINT32_C(1) << j->depth;
    size_t key_len = key ? strlen(key) : 0;
    uint8_t *to = buf_reserve(j->out, key_len + 4);
    if (!to)
        return;
    uint8_t *from = to;
    if (j->has_items & bit)
        *to++ = ',';
    j->has_items |= bit;
    if (key) {
        *to++ = '"';
        memcpy(to, key, key_len);
        to += key_len;
        *to++ = '"';
        *to++ = ':';
    }
    j->out->len += (size_t)(to - from);
}

static void open_level(struct json *j, const char *key, uint8_t bracket)
{
    begin_value(j, key);
    buf_put_byte(j->out, bracket);
    assert(j->depth + 1 < JSON_DEPTH_MAX);
    j->depth++;
    j->has_items &= ~(UINT32_C(1) << j->depth);
}

static void close_level(struct json *j, uint8_t bracket)
{
    assert(j->depth > 0);
    j->depth--;
    buf_put_byte(j->out, bracket);
}

void json_init(struct json *j, struct buf *out)
{
    *j = (struct json){.out = out};
}

void json_begin_object(struct json *j, const char *key)
{
    open_level(j, key, '{');
}

void json_end_object(struct json *j)
{
    close_level(j, '}');
}

void json_begin_array(struct json *j, const char *key)
{
    open_level(j, key, '[');
}

void json_end_array(struct json *j)
{
    close_level(j, ']');
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
    begin_value(j, key);
    buf_put_u64(j->out, v);
}

void json_i64(struct json *j, const char *key, int64_t v)
{
    begin_value(j, key);
    if (v < 0)
        buf_put_byte(j->out, '-');
    buf_put_u64(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json_double(struct json *j, const char *key, double v, int decimals)
{
    begin_value(j, key);
    if (!isfinite(v)) { /* JSON has no word for it */
        buf_put_str(j->out, "null");
        return;
    }
    size_t from = j->out->len;
    buf_printf(j->out, "%.*f", decimals, v);
    for (size_t i = from; i < j->out->len; i++)
        if (j->out->ptr[i] == ',') /* the decimal point of some locales */
            j->out->ptr[i] = '.';
}

void json_bool(struct json *j, const char *key, bool v)
{
    begin_value(j, key);
    buf_put_str(j->out, v ? "true" : "false");
}

void json_text(struct json *j, const char *key, struct span text)
{
    begin_value(j, key);
    put_string(j->out, text, STYLE_TEXT);
}

void json_str(struct json *j, const char *key, const char *text)
{
    json_text(j, key, span_str(text));
}

void json_wire(struct json *j, const char *key, struct span bytes)
{
    begin_value(j, key);
    put_string(j->out, bytes, STYLE_WIRE);
}

void put_escaped(struct buf *out, struct span bytes)
{
    put_chars(out, bytes, STYLE_PLAIN);
}
