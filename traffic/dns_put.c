/* See dns_put.h. */
#include "traffic/dns_put.h"

#include "traffic/frame.h"

enum {
    HEADER_LEN = 12,
    LABEL_MAX = 63,
    NAME_TEXT_MAX = 253,
    CLASS_IN = 1,
    TTL_S = 300,
    OPT_BYTES_MAX = 1232
};
enum { QUERY = 0x0100, ANSWER = 0x8180, NO_SUCH_NAME = 3, POINTER = 0xc000 };

static void put_u16(struct buf *out, uint32_t v)
{
    buf_put(out, span_of((const uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2));
}

static void put_u32(struct buf *out, uint32_t v)
{
    put_u16(out, v >> 16);
    put_u16(out, v & 0xffff);
}

static bool put_name(struct buf *out, struct span name)
{
    if (name.len > NAME_TEXT_MAX)
        return false;
    for (size_t at = 0; at <= name.len;) {
        struct span rest = span_from(name, at);
        const uint8_t *dot = rest.len ? memchr(rest.ptr, '.', rest.len) : NULL;
        struct span label = span_first(rest, dot ? (size_t)(dot - rest.ptr) : rest.len);
        if (label.len == 0 || label.len > LABEL_MAX)
            return false;
        buf_put_byte(out, (uint8_t)label.len);
        buf_put(out, label);
        at += label.len + 1;
    }
    buf_put_byte(out, 0);
    return true;
}

static void mix_case(uint8_t *p, size_t n, struct dice *dice)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        bits = i % 64 ? bits >> 1 : dice_u64(dice);
        bool is_letter = (p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z';
        if (is_letter && bits & 1)
            p[i] ^= 0x20;
    }
}

static void put_head(struct buf *out, uint16_t id, unsigned bits, unsigned n_answers, unsigned flags)
{
    if (flags & DNS_PUT_STREAM)
        put_u16(out, 0); /* the length, known at the end */
    put_u16(out, id);
    put_u16(out, bits);
    put_u16(out, 1);
    put_u16(out, n_answers);
    put_u16(out, 0);
    put_u16(out, flags & DNS_PUT_EDNS ? 1 : 0);
}

static bool finish(struct buf *out, size_t mark, bool is_good, unsigned flags)
{
    if (flags & DNS_PUT_EDNS) {
        buf_put_byte(out, 0);
        put_u16(out, DNS_OPT);
        put_u16(out, OPT_BYTES_MAX);
        put_u32(out, 0);
        put_u16(out, 0);
    }
    if (!is_good || out->is_full) {
        buf_cut(out, mark);
        return false;
    }
    if (flags & DNS_PUT_STREAM)
        store_be16(out->ptr + mark, (uint32_t)(out->len - mark - 2));
    return true;
}

bool dns_put_query(struct buf *out, uint16_t id, struct span name, uint16_t type, unsigned flags,
                   struct dice *dice)
{
    size_t mark = buf_mark(out);
    put_head(out, id, QUERY, 0, flags);
    size_t name_at = out->len;
    bool is_good = put_name(out, name);
    if (is_good && !out->is_full && flags & DNS_PUT_0X20)
        mix_case(out->ptr + name_at, out->len - name_at, dice);
    put_u16(out, type);
    put_u16(out, CLASS_IN);
    return finish(out, mark, is_good, flags);
}

static void put_record(struct buf *out, size_t owner_at, uint16_t type, size_t data_len)
{
    put_u16(out, POINTER | (uint32_t)owner_at);
    put_u16(out, type);
    put_u16(out, CLASS_IN);
    put_u32(out, TTL_S);
    put_u16(out, (uint32_t)data_len);
}

bool dns_put_answer(struct buf *out, uint16_t id, const struct dns_answer *a, unsigned flags)
{
    size_t mark = buf_mark(out), n = a->n_addresses + (a->alias.len ? 1 : 0), owner_at = HEADER_LEN;
    put_head(out, id, n ? ANSWER : ANSWER | NO_SUCH_NAME, (unsigned)n, flags);
    size_t start = out->len - HEADER_LEN;
    bool is_good = put_name(out, a->name);
    put_u16(out, a->type);
    put_u16(out, CLASS_IN);
    if (a->alias.len) {
        put_record(out, owner_at, DNS_CNAME, a->alias.len + 2);
        owner_at = out->len - start;
        is_good = is_good && put_name(out, a->alias);
    }
    for (size_t i = 0; i < a->n_addresses; i++) {
        struct span bytes = ip_bytes(&a->addresses[i]);
        put_record(out, owner_at, bytes.len == 4 ? DNS_A : DNS_AAAA, bytes.len);
        buf_put(out, bytes);
    }
    return finish(out, mark, is_good, flags);
}
