/* See http2_reader.h. Hot.
 *
 * A direction names its table by slot and serial number, so that it may be copied, forgotten or robbed without anybody being told: a table that was
 * taken over has another serial, and its former owner notices when it next asks. */
#include "sensor/http2_reader.h"

#include <stdlib.h>
#include <sys/mman.h>

#define COLD __attribute__((cold, noinline))

enum { CANDIDATES = 16, SNIFF_FRAMES_MAX = 16 };

struct table {
    struct hpack_table hpack;
    uint32_t serial;    /* of its owner; 0: free */
    uint32_t next_free; /* 1 + slot */
    int64_t last_ns;
};

struct http2_reader {
    struct table *tables; /* owned, mapped: touched only as they come */
    uint32_t max, high, free_head, hand;
    uint32_t last_serial;
    uint64_t n_evictions;
    struct http2_message message;         /* of the last step */
    struct hpack_text text;               /* of its fields */
    struct hpack_table probe;             /* for blocks that may be none */
    uint8_t block[HTTP2_BLOCK_BYTES_MAX]; /* put together from its frames */
};

static size_t mapped_bytes(const struct http2_reader *r)
{
    return (size_t)r->max * sizeof *r->tables;
}

struct http2_reader *http2_reader_new(uint32_t tables_max)
{
    struct http2_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->max = tables_max;
    void *p = mmap(NULL, mapped_bytes(r), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    r->tables = p == MAP_FAILED ? NULL : p;
    if (r->tables)
        return r;
    http2_reader_free(r);
    return NULL;
}

void http2_reader_free(struct http2_reader *r)
{
    if (!r)
        return;
    if (r->tables)
        munmap(r->tables, mapped_bytes(r));
    free(r);
}

uint64_t http2_reader_evictions(const struct http2_reader *r)
{
    return r->n_evictions;
}

/* ---- tables ---- */

static struct table *own_table(struct http2_reader *r, const struct http2_direction *d)
{
    return d->slot && r->tables[d->slot - 1].serial == d->serial ? &r->tables[d->slot - 1] : NULL;
}

COLD static uint32_t evict(struct http2_reader *r)
{
    uint32_t victim = r->hand;
    for (int i = 0; i < CANDIDATES; i++) {
        if (r->tables[r->hand].last_ns < r->tables[victim].last_ns)
            victim = r->hand;
        r->hand = (r->hand + 1) % r->max;
    }
    r->n_evictions++;
    return victim + 1;
}

/* The direction's table, as much as is known of it. */
static struct table *table_of(struct http2_reader *r, struct http2_direction *d)
{
    struct table *t = own_table(r, d);
    if (t && d->is_stale)
        hpack_table_reset(&t->hpack, false);
    d->is_stale = false;
    if (t)
        return t;
    bool is_start = d->is_whole && d->slot == 0;
    d->slot = r->free_head;
    if (d->slot)
        r->free_head = r->tables[d->slot - 1].next_free;
    else
        d->slot = r->high < r->max ? ++r->high : evict(r);
    r->last_serial += r->last_serial == UINT32_MAX ? 2 : 1; /* never 0 */
    t = &r->tables[d->slot - 1];
    t->serial = d->serial = r->last_serial;
    hpack_table_reset(&t->hpack, is_start);
    return t;
}

void http2_direction_begin(struct http2_direction *d, bool is_start)
{
    d->is_spoken = true;
    d->is_whole = is_start;
    d->scanned = 0;
}

void http2_direction_lose(struct http2_direction *d)
{
    d->is_whole = false;
    d->is_stale = true;
    d->scanned = 0;
}

void http2_reader_end(struct http2_reader *r, struct http2_direction *d)
{
    struct table *t = own_table(r, d);
    if (t) {
        t->serial = 0;
        t->next_free = r->free_head;
        r->free_head = d->slot;
    }
    *d = (struct http2_direction){0};
}

/* ---- is it HTTP/2? ---- */

/* A whole header block in one frame, from somebody whose table nobody knows. */
static bool reads_well(struct http2_reader *r, const struct http2_frame *f, struct span payload)
{
    struct hpack_block b = {.table = &r->probe, .text = &r->text};
    uint32_t promised;
    hpack_table_reset(&r->probe, false);
    return http2_block_part(f, payload, &b.in, &promised) &&
           http2_message_read(&b, f->stream, &r->message) == FIELD_FOUND &&
           (r->message.is_request || r->message.is_response);
}

static enum verdict sniff_frames(struct http2_reader *r, bool is_spoken, struct span in)
{
    struct http2_frame f;
    for (unsigned n = 0; n < SNIFF_FRAMES_MAX && in.len; n++) {
        if (http2_frame_read(in, &f) != FIELD_FOUND || !http2_frame_is_usual(&f))
            return FIELD_ABSENT;
        if (is_spoken || (n == 0 && http2_frame_is_settings(&f)))
            return FIELD_FOUND;
        span_skip(&in, HTTP2_FRAME_HEADER);
        bool is_block = f.type == HTTP2_HEADERS && f.flags & HTTP2_END_HEADERS;
        if (is_block && in.len < f.len)
            return FIELD_PARTIAL;
        if (is_block)
            return reads_well(r, &f, span_first(in, f.len)) ? FIELD_FOUND : FIELD_ABSENT;
        in = span_from(in, f.len);
    }
    return FIELD_ABSENT;
}

enum verdict http2_reader_sniff(struct http2_reader *r, const struct http2_direction *d, struct span in,
                                bool is_adrift)
{
    static const uint8_t settings[HTTP2_FRAME_HEADER] = {0, 0, 0, HTTP2_SETTINGS};
    enum verdict v = http2_preface(in);
    if (v != FIELD_ABSENT || in.len == 0 || in.ptr[0] != 0) /* a usual frame is no longer than 64 KB */
        return v;
    if (in.len >= HTTP2_FRAME_HEADER)
        return sniff_frames(r, d->is_spoken, in);
    if (is_adrift)
        return FIELD_ABSENT;
    size_t rest = in.len < 3 ? 0 : in.len - 3; /* behind the length, of which two bytes are 0 */
    return memcmp(in.ptr, settings, in.len < 2 ? in.len : 2) == 0 &&
                   memcmp(in.ptr + in.len - rest, settings + 3, rest) == 0
               ? FIELD_PARTIAL
               : FIELD_ABSENT;
}

/* ---- blocks ---- */

/* What was found of a header block's frames. */
struct frames {
    struct http2_frame first;
    struct http2_frame last;
    size_t last_at; /* where `last` begins */
    size_t end;     /* behind the last frame, which may lie beyond what there is */
};

/* Walk the frames of a block, on from where the last walk ended. FIELD_PARTIAL: `want` bytes are needed to go on; FIELD_MALFORMED: another frame comes
 * between; FIELD_ABSENT: it is too large. */
static enum verdict walk(struct http2_direction *d, struct span in, struct frames *f, size_t *want)
{
    f->last_at = d->scanned;
    for (;;) {
        enum verdict v = http2_frame_read(span_from(in, f->last_at), &f->last);
        *want = f->last_at + HTTP2_FRAME_HEADER;
        if (v == FIELD_PARTIAL)
            return FIELD_PARTIAL;
        bool is_next =
            f->last_at == 0 || (f->last.type == HTTP2_CONTINUATION && f->last.stream == f->first.stream);
        if (v != FIELD_FOUND || !is_next)
            return FIELD_MALFORMED;
        f->end = *want = f->last_at + HTTP2_FRAME_HEADER + f->last.len;
        d->scanned = (uint32_t)f->last_at;
        if (f->end > HTTP2_BLOCK_BYTES_MAX) { /* what may be held of it is read, however it comes */
            *want = HTTP2_BLOCK_BYTES_MAX;
            return in.len < *want ? FIELD_PARTIAL : FIELD_ABSENT;
        }
        if (in.len < f->end)
            return FIELD_PARTIAL;
        if (f->last.flags & HTTP2_END_HEADERS)
            return FIELD_FOUND;
        f->last_at = f->end;
        d->scanned = (uint32_t)f->end;
    }
}

/* The block in the frames that end before `to`, as far as they are there. False: its frames contradict themselves. */
static bool put_together(struct http2_reader *r, struct span in, size_t to, struct span *out,
                         uint32_t *out_promised)
{
    struct http2_frame f;
    uint32_t ignored;
    size_t at = 0, len = 0;
    *out = (struct span){0};
    for (uint32_t *promised = out_promised; at < to && http2_frame_read(span_from(in, at), &f) == FIELD_FOUND;
         promised = &ignored) {
        struct span part;
        if (!http2_block_part(&f, span_from(in, at + HTTP2_FRAME_HEADER), &part, promised))
            return false;
        at += HTTP2_FRAME_HEADER + f.len;
        if (out->len == 0) { /* the only one, mostly: it is read where it lies */
            *out = part;
            continue;
        }
        if (len == 0) {
            memcpy(r->block, out->ptr, out->len);
            len = out->len;
        }
        if (part.len)
            memcpy(r->block + len, part.ptr, part.len);
        len += part.len;
        *out = span_of(r->block, len);
    }
    return true;
}

static void decode(struct http2_reader *r, struct http2_direction *d, int64_t ts_ns, uint32_t stream,
                   struct span block, struct http2_step *out)
{
    struct table *t = table_of(r, d);
    struct hpack_block b = {.table = &t->hpack, .in = block, .text = &r->text};
    t->last_ns = ts_ns;
    enum verdict v = http2_message_read(&b, stream, &r->message);
    out->message = &r->message;
    out->is_limited |= b.is_limited;
    out->is_malformed |= v == FIELD_MALFORMED && !b.is_limited;
    out->is_malformed |= v == FIELD_PARTIAL && !out->is_cut;
    out->is_cut |= v != FIELD_FOUND;
    if (out->is_cut)
        hpack_table_reset(&t->hpack, false);
}

/* HEADERS or PUSH_PROMISE, and the CONTINUATIONs behind. */
static enum verdict read_block(struct http2_reader *r, struct http2_direction *d, int64_t ts_ns,
                               struct span in, bool is_last, const struct http2_frame *first,
                               struct http2_step *out)
{
    struct frames f = {.first = *first};
    struct span block;
    uint32_t promised;
    enum verdict v = walk(d, in, &f, &out->want);
    if (v == FIELD_PARTIAL && !is_last)
        return FIELD_PARTIAL;
    d->scanned = 0;
    out->is_malformed = v == FIELD_MALFORMED;
    out->is_limited = v == FIELD_ABSENT;
    out->is_cut = v != FIELD_FOUND;
    /* What comes between is a frame of its own; of one that is cut or too large the rest is passed over. */
    size_t end = v == FIELD_MALFORMED || f.end == 0 ? f.last_at : f.end;
    bool is_end_there = in.len >= end;
    out->used = is_end_there && v != FIELD_PARTIAL ? end : in.len;
    out->skip = is_end_there ? 0 : end - in.len;
    if (!put_together(r, span_first(in, HTTP2_BLOCK_BYTES_MAX), end, &block, &promised)) {
        out->is_malformed = out->is_cut = true;
        block = (struct span){0};
    }
    out->is_promised = first->type == HTTP2_PUSH_PROMISE;
    decode(r, d, ts_ns, out->is_promised ? promised : first->stream, block, out);
    return FIELD_FOUND;
}

enum verdict http2_reader_step(struct http2_reader *r, struct http2_direction *d, int64_t ts_ns,
                               struct span in, bool is_last, struct http2_step *out)
{
    struct http2_frame f;
    *out = (struct http2_step){0};
    enum verdict v = http2_preface(in);
    if (v == FIELD_FOUND) {
        *out = (struct http2_step){.used = HTTP2_PREFACE_BYTES, .is_client = true};
        http2_reader_end(r, d);
        http2_direction_begin(d, true);
        return FIELD_FOUND;
    }
    out->want = v == FIELD_PARTIAL ? HTTP2_PREFACE_BYTES : HTTP2_FRAME_HEADER;
    if (v != FIELD_PARTIAL)
        v = http2_frame_read(in, &f);
    if (v == FIELD_PARTIAL) {
        out->used = is_last ? in.len : 0;
        return is_last ? FIELD_FOUND : FIELD_PARTIAL;
    }
    if (v != FIELD_FOUND)
        return v;
    if (f.type == HTTP2_HEADERS || f.type == HTTP2_PUSH_PROMISE)
        return read_block(r, d, ts_ns, in, is_last, &f, out);
    out->used = HTTP2_FRAME_HEADER;
    out->skip = f.len;
    return FIELD_FOUND;
}
