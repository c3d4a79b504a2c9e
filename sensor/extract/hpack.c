/* See hpack.h. Hot.
 *
 * What a field shows is always copied out of the table: a later field of the same block may push its entry out. That, and what an
 * addition copies in, is paid from one budget for the block, for a byte of it can name an entry of 16 KB. */
#include "sensor/extract/hpack.h"

#include "sensor/extract/hpack_huffman.h"

enum {
    INDEXED = 0x80,
    LITERAL_ADDED = 0x40,
    SIZE_UPDATE = 0x20,
    HUFFMAN = 0x80,
    INTEGER_BITS_MAX = 28, /* no index, length or size beyond four more bytes is any good */
};

/* RFC 7541, appendix A. */
static const struct {
    const char *name, *value;
} static_table[HPACK_STATIC_ENTRIES] = {
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
};

/* ---- the dynamic table ---- */

void hpack_table_reset(struct hpack_table *t, bool is_start)
{
    t->size_max = is_start ? HPACK_TABLE_DEFAULT : HPACK_TABLE_BYTES;
    t->held_bytes = t->head = 0;
    t->newest = t->n = 0;
    t->is_partial = !is_start;
}

static const struct hpack_entry *entry_at(const struct hpack_table *t, size_t i)
{
    return &t->entries[(t->newest + HPACK_ENTRIES_MAX - i) % HPACK_ENTRIES_MAX];
}

static uint32_t entry_bytes(const struct hpack_entry *e)
{
    return (uint32_t)e->name_len + e->value_len + HPACK_ENTRY_BYTES;
}

/* Push out the oldest until `room` bytes and no more are held; beyond HPACK_TABLE_BYTES the encoder may go on using them. */
static void evict(struct hpack_table *t, uint32_t room)
{
    while (t->held_bytes > room) {
        t->held_bytes -= entry_bytes(entry_at(t, t->n - 1u));
        t->n--;
    }
}

static void set_size(struct hpack_table *t, uint32_t size)
{
    t->size_max = size;
    t->is_partial &= size > 0; /* what was not seen is gone too */
    evict(t, size);
}

static void put_ring(struct hpack_table *t, struct span s)
{
    struct span tail = span_first(s, HPACK_TABLE_BYTES - t->head), rest = span_from(s, tail.len);
    if (tail.len)
        memcpy(t->bytes + t->head, tail.ptr, tail.len);
    if (rest.len)
        memcpy(t->bytes, rest.ptr, rest.len);
    t->head = (uint32_t)((t->head + s.len) % HPACK_TABLE_BYTES);
}

static struct span take_ring(const struct hpack_table *t, size_t at, size_t len, uint8_t *to)
{
    at %= HPACK_TABLE_BYTES;
    size_t tail = len < HPACK_TABLE_BYTES - at ? len : HPACK_TABLE_BYTES - at;
    memcpy(to, t->bytes + at, tail);
    memcpy(to + tail, t->bytes, len - tail);
    return span_of(to, len);
}

/* Section 4.4. An entry larger than the table empties it, and is none. */
static void add(struct hpack_table *t, const struct hpack_field *f)
{
    size_t size = f->name.len + f->value.len + HPACK_ENTRY_BYTES;
    uint32_t room = t->size_max < HPACK_TABLE_BYTES ? t->size_max : HPACK_TABLE_BYTES;
    if (size > room) {
        evict(t, 0);
        t->is_partial |= size <= t->size_max;
        return;
    }
    t->is_partial |= t->held_bytes + size > room && t->size_max > HPACK_TABLE_BYTES;
    evict(t, room - (uint32_t)size);
    t->newest = (uint16_t)((t->newest + 1) % HPACK_ENTRIES_MAX);
    t->n++;
    t->entries[t->newest] = (struct hpack_entry){.at = (uint16_t)t->head,
                                                 .name_len = (uint16_t)f->name.len,
                                                 .value_len = (uint16_t)f->value.len,
                                                 .has_name = f->has_name,
                                                 .has_value = f->has_value};
    t->held_bytes += (uint32_t)size;
    put_ring(t, f->name);
    put_ring(t, f->value);
}

bool hpack_table_entry(const struct hpack_table *t, size_t i, uint8_t *to, size_t room, struct span *out_name,
                       struct span *out_value)
{
    if (i >= t->n)
        return false;
    const struct hpack_entry *e = entry_at(t, i);
    if (!e->has_name || !e->has_value || (size_t)e->name_len + e->value_len > room)
        return false;
    *out_name = take_ring(t, e->at, e->name_len, to);
    *out_value = take_ring(t, (size_t)e->at + e->name_len, e->value_len, to + e->name_len);
    return true;
}

/* ---- primitive types ---- */

/* Section 5.1: an integer whose first byte has `prefix` bits of it. */
static enum verdict take_integer(struct span *in, unsigned prefix, uint32_t *out)
{
    struct span rest = *in;
    uint8_t byte;
    uint32_t mask = (1u << prefix) - 1;
    if (!span_take_u8(&rest, &byte))
        return FIELD_PARTIAL;
    uint32_t value = byte & mask;
    for (unsigned shift = 0; value == mask || shift; shift += 7) {
        if (shift >= INTEGER_BITS_MAX)
            return FIELD_MALFORMED;
        if (!span_take_u8(&rest, &byte))
            return FIELD_PARTIAL;
        value += (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    *in = rest;
    *out = value;
    return FIELD_FOUND;
}

static enum verdict limited(struct hpack_block *b)
{
    b->is_limited = true;
    return FIELD_MALFORMED;
}

/* Section 5.2. */
static enum verdict take_string(struct hpack_block *b, struct span *out)
{
    uint32_t len;
    if (b->in.len == 0)
        return FIELD_PARTIAL;
    bool is_huffman = b->in.ptr[0] & HUFFMAN;
    enum verdict v = take_integer(&b->in, 7, &len);
    if (v != FIELD_FOUND)
        return v;
    if (!span_take(&b->in, len, out))
        return FIELD_PARTIAL;
    if (!is_huffman)
        return FIELD_FOUND;
    size_t text_len, room = sizeof b->text->bytes - b->text_len;
    uint8_t *to = b->text->bytes + b->text_len;
    if (!hpack_huffman_decode(*out, to, room, &text_len))
        return text_len ? limited(b) : FIELD_MALFORMED;
    b->text_len += text_len;
    *out = span_of(to, text_len);
    return FIELD_FOUND;
}

/* ---- fields ---- */

static enum verdict look_up_dynamic(struct hpack_block *b, size_t i, bool wants_value,
                                    struct hpack_field *out)
{
    const struct hpack_table *t = b->table;
    if (i >= t->n)
        return t->is_partial ? FIELD_FOUND : FIELD_MALFORMED;
    const struct hpack_entry *e = entry_at(t, i);
    size_t value_len = wants_value ? e->value_len : 0;
    if (e->name_len + value_len > sizeof b->text->bytes - b->text_len)
        return limited(b);
    uint8_t *to = b->text->bytes + b->text_len;
    b->text_len += e->name_len + value_len;
    out->has_name = e->has_name;
    out->name = take_ring(t, e->at, e->name_len, to);
    out->has_value = wants_value && e->has_value;
    out->value = take_ring(t, (size_t)e->at + e->name_len, value_len, to + e->name_len);
    return FIELD_FOUND;
}

/* What stands under an index; neither name nor value where it lies beyond what is known. */
static enum verdict look_up(struct hpack_block *b, size_t index, bool wants_value, struct hpack_field *out)
{
    if (index == 0)
        return FIELD_MALFORMED;
    if (index > HPACK_STATIC_ENTRIES)
        return look_up_dynamic(b, index - HPACK_STATIC_ENTRIES - 1, wants_value, out);
    out->name = span_str(static_table[index - 1].name);
    out->has_name = true;
    if (wants_value)
        out->value = span_str(static_table[index - 1].value);
    out->has_value = wants_value;
    return FIELD_FOUND;
}

static enum verdict take_literal(struct hpack_block *b, unsigned prefix, struct hpack_field *out)
{
    uint32_t index;
    enum verdict v = take_integer(&b->in, prefix, &index);
    if (v != FIELD_FOUND)
        return v;
    if (index) {
        v = look_up(b, index, false, out);
    } else {
        v = take_string(b, &out->name);
        out->has_name = v == FIELD_FOUND;
    }
    if (v == FIELD_FOUND)
        v = take_string(b, &out->value);
    out->has_value = v == FIELD_FOUND;
    return v;
}

static enum verdict take_indexed(struct hpack_block *b, struct hpack_field *out)
{
    uint32_t index;
    enum verdict v = take_integer(&b->in, 7, &index);
    return v == FIELD_FOUND ? look_up(b, index, true, out) : v;
}

/* Section 6.3; section 4.2 wants it at the beginning of a block. */
static enum verdict take_size(struct hpack_block *b)
{
    uint32_t size;
    if (b->has_field)
        return FIELD_MALFORMED;
    enum verdict v = take_integer(&b->in, 5, &size);
    if (v == FIELD_FOUND)
        set_size(b->table, size);
    return v;
}

enum verdict hpack_next(struct hpack_block *b, struct hpack_field *out)
{
    enum verdict v = FIELD_FOUND;
    *out = (struct hpack_field){0};
    while (v == FIELD_FOUND && b->in.len && (b->in.ptr[0] & 0xe0) == SIZE_UPDATE)
        v = take_size(b);
    if (v != FIELD_FOUND || b->in.len == 0)
        return v == FIELD_FOUND ? FIELD_ABSENT : v;
    b->has_field = true;
    uint8_t first = b->in.ptr[0];
    if (first & INDEXED)
        v = take_indexed(b, out);
    else
        v = take_literal(b, first & LITERAL_ADDED ? 6 : 4, out);
    if (v != FIELD_FOUND)
        return v;
    b->list_bytes += out->name.len + out->value.len;
    if (b->list_bytes > HPACK_LIST_BYTES_MAX)
        return limited(b);
    if (!(first & INDEXED) && first & LITERAL_ADDED)
        add(b->table, out);
    return FIELD_FOUND;
}
