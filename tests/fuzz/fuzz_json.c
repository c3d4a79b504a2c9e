/* Any bytes as wire text, as text and as a message: the JSON parses, the bytes come back, nothing raw slips through, and a
 * buffer that fills up holds the beginning of the whole. */
#include "base/json.h"

#include <stdlib.h>

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int digit_of(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Every \xNN turned back must give `want`. */
static void require_unescapes(struct span text, struct span want)
{
    size_t at = 0;
    for (size_t i = 0; i < text.len; at++) {
        uint8_t c = text.ptr[i++];
        if (c == '\\') {
            require(text.len - i >= 3 && text.ptr[i] == 'x');
            int high = digit_of(text.ptr[i + 1]), low = digit_of(text.ptr[i + 2]);
            require(high >= 0 && low >= 0);
            c = (uint8_t)(high << 4 | low);
            i += 3;
        }
        require(at < want.len && want.ptr[at] == c);
    }
    require(at == want.len);
}

static void require_no_controls(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        struct span rest = span_from(s, i);
        require(s.ptr[i] >= 0x20 && s.ptr[i] != 0x7f);
        require(!span_starts(rest, SPAN_LIT("\xe2\x80\xa8")));
        require(!span_starts(rest, SPAN_LIT("\xe2\x80\xa9")));
        require(!span_starts(rest, SPAN_LIT("\xe2\x80\xae")));
    }
}

static struct span string_at(const json_t *array, size_t i)
{
    const json_t *s = json_array_get(array, i);
    return span_of(json_string_value(s), json_string_length(s));
}

static void put_all(struct buf *out, struct span in)
{
    struct json j;
    json_init(&j, out);
    json_begin_array(&j, NULL);
    json_wire(&j, NULL, in);
    json_text(&j, NULL, in);
    json_begin_object(&j, NULL);
    json_wire(&j, "key", in);
    json_end_object(&j);
    json_end_array(&j);
}

static void check_json(const struct buf *out, struct span in)
{
    json_t *parsed = json_loadb((const char *)out->ptr, out->len, JSON_ALLOW_NUL, NULL);
    require(parsed && json_array_size(parsed) == 3);
    require_unescapes(string_at(parsed, 0), in);
    json_t *as_is = json_stringn(in.len ? (const char *)in.ptr : "", in.len); /* NULL: not UTF-8 */
    if (as_is)
        require(span_eq(string_at(parsed, 1), in));
    json_decref(as_is);
    json_decref(parsed);
}

static void check_cut(const struct buf *whole, struct span in, size_t cap)
{
    struct buf out;
    buf_init(&out, cap);
    put_all(&out, in);
    require(out.len <= cap && out.is_full == (out.len < whole->len));
    require(span_starts(buf_span(whole), buf_span(&out)));
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *block = malloc(size ? size : 1);
    struct span in = span_of(block, size);
    struct buf out;

    if (!block)
        return 0;
    if (size)
        memcpy(block, data, size);
    buf_init(&out, 64 + 20 * size);
    put_all(&out, in);
    require(!out.is_full);
    require_no_controls(buf_span(&out));
    check_json(&out, in);
    check_cut(&out, in, out.len * (size % 7) / 7);
    buf_reset(&out);
    put_escaped(&out, in);
    require_no_controls(buf_span(&out));
    require_unescapes(buf_span(&out), in);
    buf_fini(&out);
    free(block);
    return 0;
}
