/* Chunked bodies: http_chunks_skip of http.h. Hot.
 *
 * A state machine that can stop after any byte, for the chunks come as the segments cut them. Chunk data
 * and what is not read of a line are jumped over, not walked. The size is gathered apart from `left`, or a
 * caller that looks between two digits would skip bytes that are no data. */
#include "sensor/extract/http.h"

#include "base/hex.h"

enum chunk_state {
    AT_SIZE,          /* before the first digit; 0, where a zeroed struct starts */
    IN_SIZE,          /* after a digit */
    IN_EXTENSION,     /* after the size, up to LF */
    IN_DATA,          /* `left` bytes to come */
    AFTER_DATA,       /* before the CRLF or LF that ends the data */
    AFTER_DATA_CR,    /* only the LF is missing */
    AT_TRAILER,       /* at the start of a trailer line */
    AFTER_TRAILER_CR, /* that may be the empty one */
    IN_TRAILER,       /* within a trailer line, up to LF */
    AT_END,
    IS_BAD,
};

/* Bytes of a size line, or of a whole trailer section: what an honest sender stays far below. */
enum { CHUNK_LINE_MAX = 16 * 1024 };

/* The size line is over: data follows, or after a size of 0 the trailer section. */
static uint8_t end_size_line(struct http_chunks *chunks)
{
    chunks->left = chunks->size;
    chunks->size = 0;
    chunks->line_len = 0;
    return chunks->left ? IN_DATA : AT_TRAILER;
}

static uint8_t step_size(struct http_chunks *chunks, uint8_t c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (chunks->size > (uint64_t)INT64_MAX >> 4)
            return IS_BAD;
        chunks->size = chunks->size << 4 | (unsigned)digit;
        return IN_SIZE;
    }
    if (chunks->state == AT_SIZE)
        return IS_BAD;
    if (c == '\n')
        return end_size_line(chunks);
    return c == ';' || c == '\r' || c == ' ' || c == '\t' ? IN_EXTENSION : IS_BAD;
}

/* The state after byte `c`; for the states that read one byte at a time. */
static uint8_t step(struct http_chunks *chunks, uint8_t c)
{
    switch (chunks->state) {
    case AT_SIZE:
    case IN_SIZE:
        return step_size(chunks, c);
    case AFTER_DATA:
        if (c == '\r')
            return AFTER_DATA_CR;
        return c == '\n' ? AT_SIZE : IS_BAD;
    case AFTER_DATA_CR:
        return c == '\n' ? AT_SIZE : IS_BAD;
    case AT_TRAILER:
        if (c == '\r')
            return AFTER_TRAILER_CR;
        return c == '\n' ? AT_END : IN_TRAILER;
    case AFTER_TRAILER_CR:
        return c == '\n' ? AT_END : IN_TRAILER;
    default:
        return IS_BAD;
    }
}

/* Take one byte; one that does not fit is left. The end of the chunk before counts towards a size line:
 * two bytes of 16 K are not worth a branch. */
static void take_byte(struct http_chunks *chunks, struct span *in)
{
    bool is_too_long = chunks->line_len++ >= CHUNK_LINE_MAX;
    chunks->state = is_too_long ? IS_BAD : step(chunks, in->ptr[0]);
    if (chunks->state != IS_BAD)
        span_skip(in, 1);
}

/* Take the rest of a line whose content does not matter, its LF included. */
static void take_rest_of_line(struct http_chunks *chunks, struct span *in)
{
    struct span room = span_first(*in, (size_t)CHUNK_LINE_MAX - chunks->line_len);
    const uint8_t *lf = room.len ? memchr(room.ptr, '\n', room.len) : NULL;
    size_t n = lf ? (size_t)(lf - room.ptr) + 1 : room.len;
    bool is_too_long = !lf && in->len > room.len;
    chunks->line_len = (uint16_t)(chunks->line_len + n);
    span_skip(in, n);
    if (is_too_long)
        chunks->state = IS_BAD;
    else if (lf)
        chunks->state = chunks->state == IN_EXTENSION ? end_size_line(chunks) : AT_TRAILER;
}

static void take_data(struct http_chunks *chunks, struct span *in)
{
    size_t n = chunks->left < in->len ? (size_t)chunks->left : in->len;
    chunks->left -= n;
    span_skip(in, n);
    if (chunks->left == 0)
        chunks->state = AFTER_DATA;
}

enum verdict http_chunks_skip(struct http_chunks *chunks, struct span in, size_t *out_used)
{
    struct span rest = in;
    while (rest.len && chunks->state != AT_END && chunks->state != IS_BAD) {
        if (chunks->state == IN_DATA)
            take_data(chunks, &rest);
        else if (chunks->state == IN_EXTENSION || chunks->state == IN_TRAILER)
            take_rest_of_line(chunks, &rest);
        else
            take_byte(chunks, &rest);
    }
    *out_used = in.len - rest.len;
    if (chunks->state == AT_END)
        return FIELD_FOUND;
    return chunks->state == IS_BAD ? FIELD_MALFORMED : FIELD_PARTIAL;
}
