/* See records.h. Hot.
 *
 * The buffer holds whole records and the beginning of one more, which moves to the front before more is read behind it. Mapping the file
 * instead was no faster (a page costs as much to map as to copy), and a file that shrinks meanwhile would kill the program. */
#include "sensor/capture/records.h"

#include <stdlib.h>

enum {
    RECORD_HEADER = 16,
    CAPTURED_MAX = 262144, /* of the link types that are read */
    READ_BYTES = 256 * 1024,
    BUFFER_BYTES = READ_BYTES + RECORD_HEADER + CAPTURED_MAX,
};
#define MAGIC_MICRO UINT32_C(0xa1b2c3d4)
#define MAGIC_NANO  UINT32_C(0xa1b23c4d)

struct records {
    struct input *in; /* borrowed */
    uint32_t snaplen;
    bool is_swapped, is_nano;
    size_t at, end; /* what is not yet delivered, in the buffer */
    uint8_t buffer[BUFFER_BYTES];
};

static uint32_t load_u32(const uint8_t *p, bool is_swapped)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return is_swapped ? __builtin_bswap32(v) : v;
}

static bool is_magic(uint32_t v)
{
    return v == MAGIC_MICRO || v == MAGIC_NANO;
}

bool records_are_read(const uint8_t header[static PCAP_HEADER_BYTES])
{
    static const uint16_t version[2] = {2, 4};
    uint16_t v[2];
    bool is_swapped = is_magic(load_u32(header, true));
    memcpy(v, header + 4, sizeof v);
    for (int i = 0; i < 2; i++)
        if ((is_swapped ? __builtin_bswap16(v[i]) : v[i]) != version[i])
            return false;
    return is_swapped || is_magic(load_u32(header, false));
}

struct records *records_new(struct input *in, const uint8_t header[static PCAP_HEADER_BYTES],
                            uint32_t snaplen)
{
    struct records *r = malloc(sizeof *r);
    if (!r)
        return NULL;
    r->in = in;
    r->snaplen = snaplen;
    r->is_swapped = is_magic(load_u32(header, true));
    r->is_nano = load_u32(header, r->is_swapped) == MAGIC_NANO;
    r->at = r->end = 0;
    return r;
}

void records_free(struct records *r)
{
    free(r);
}

uint64_t records_position(const struct records *r)
{
    return input_position(r->in) - (r->end - r->at);
}

/* 0 for a time that no clock can have meant. */
static inline int64_t time_of(const struct records *r, const uint8_t *header)
{
    uint64_t fraction = load_u32(header + 4, r->is_swapped) * (r->is_nano ? UINT64_C(1) : UINT64_C(1000));
    return fraction < 1000000000
               ? (int64_t)(load_u32(header, r->is_swapped) * UINT64_C(1000000000) + fraction)
               : 0;
}

/* The record at the front, if it is there as a whole. */
static inline bool take(struct records *r, struct packet *out)
{
    const uint8_t *header = r->buffer + r->at;
    if (r->end - r->at < RECORD_HEADER)
        return false;
    uint32_t captured = load_u32(header + 8, r->is_swapped);
    if (captured > CAPTURED_MAX || r->end - r->at - RECORD_HEADER < captured)
        return false;
    out->bytes = span_of(header + RECORD_HEADER, captured < r->snaplen ? captured : r->snaplen);
    out->wire_len = load_u32(header + 12, r->is_swapped);
    out->ts_ns = time_of(r, header);
    r->at += RECORD_HEADER + captured;
    return true;
}

/* COLD: the file ends where a record does not. */
static int truncated(struct records *r, const char *path, struct err *err)
{
    size_t n = r->end - r->at;
    if (n < RECORD_HEADER)
        err_set(err, ERR_IO, path, "truncated dump file; tried to read %d header bytes, only got %zu",
                RECORD_HEADER, n);
    else
        err_set(err, ERR_IO, path, "truncated dump file; tried to read %u captured bytes, only got %zu",
                load_u32(r->buffer + r->at + 8, r->is_swapped), n - RECORD_HEADER);
    r->at = r->end;
    return -1;
}

/* COLD */
static int too_long(struct records *r, const char *path, struct err *err)
{
    err_set(err, ERR_IO, path, "invalid packet capture length %u, bigger than maximum of %u",
            load_u32(r->buffer + r->at + 8, r->is_swapped), CAPTURED_MAX);
    r->at += RECORD_HEADER;
    return -1;
}

/* More bytes behind what is there: 1; 0 when that was all, and right; -1 and *err. */
static int fill(struct records *r, const char *path, struct err *err)
{
    if (r->end - r->at >= RECORD_HEADER && load_u32(r->buffer + r->at + 8, r->is_swapped) > CAPTURED_MAX)
        return too_long(r, path, err);
    memmove(r->buffer, r->buffer + r->at, r->end - r->at);
    r->end -= r->at;
    r->at = 0;
    ssize_t got = input_read(r->in, r->buffer + r->end, READ_BYTES, err);
    if (got < 0) {
        r->at = r->end;
        return -1;
    }
    if (got == 0)
        return r->end ? truncated(r, path, err) : 0;
    r->end += (size_t)got;
    return 1;
}

int records_next(struct records *r, const struct packet *like, struct packet *out, int max, const char *path,
                 struct err *err)
{
    int n = 0;
    for (;;) {
        for (; n < max; n++) {
            out[n] = *like;
            out[n].number = like->number + (uint64_t)n + 1;
            if (!take(r, &out[n]))
                break;
        }
        if (n)
            return n;
        int filled = fill(r, path, err);
        if (filled <= 0)
            return filled;
    }
}
