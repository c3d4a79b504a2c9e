/* sensor/extract/dns. The first two bytes choose where the input is cut and how small the arena is; the rest
 * is the message. Besides staying in bounds: what comes out is well formed and none of it points into the
 * input; the names are what a slow and obvious decoder reads; a cut message and a full arena give a beginning
 * of the whole; what looks like DNS reads as DNS. */
#include <stdio.h>
#include <stdlib.h>

#include "sensor/extract/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond)                                                                                          \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond);                        \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* The oracle: the name at `at` in wire form without compression, or 0; recursion instead of a cursor. */
static size_t plain_name(const uint8_t *msg, size_t len, size_t at, size_t bound, int hops, uint8_t *out)
{
    size_t n = 0;
    while (at < len && msg[at] && msg[at] < 0x40) {
        size_t label = msg[at] + 1u;
        if (label > len - at || n + label > 254)
            return 0;
        memcpy(out + n, msg + at, label);
        n += label;
        at += label;
    }
    if (at < len && msg[at] == 0) {
        out[n] = 0;
        return n + 1;
    }
    if (len - at < 2 || msg[at] < 0xc0)
        return 0;
    size_t target = (msg[at] - 0xc0u) * 256 + msg[at + 1];
    uint8_t tail[255];
    size_t n_tail = target < bound && hops < 127 ? plain_name(msg, len, target, target, hops + 1, tail) : 0;
    if (n_tail == 0 || n + n_tail > 255)
        return 0;
    memcpy(out + n, tail, n_tail);
    return n + n_tail;
}

static size_t skip_name(const uint8_t *msg, size_t at)
{
    while (msg[at] && msg[at] < 0x40)
        at += msg[at] + 1u;
    return at + (msg[at] ? 2 : 1);
}

/* Does `name` say what the message has at `at`? */
static void check_name(const struct dns_name *name, struct span msg, size_t at)
{
    uint8_t wire[255];
    size_t n = plain_name(msg.ptr, msg.len, at, at, 0, wire);
    CHECK(n > 0);
    if (n == 1) {
        CHECK(span_eq(name->text, SPAN_LIT(".")) && span_eq(name->match, SPAN_LIT(".")));
        return;
    }
    CHECK(name->text.len == n - 2 && name->match.len == n - 2);
    for (size_t i = 0, next = 0; i + 1 < n; i++) {
        if (i == next) {
            next += wire[i] + 1u;
            CHECK(i == 0 || (name->text.ptr[i - 1] == '.' && name->match.ptr[i - 1] == '.'));
        } else {
            CHECK(name->text.ptr[i - 1] == wire[i]);
            CHECK(name->match.ptr[i - 1] == (wire[i] == '.' ? 0x1f : wire[i]));
        }
    }
}

static void check_apart(struct span got, struct span in)
{
    CHECK(got.len == 0 || got.ptr + got.len <= in.ptr || got.ptr >= in.ptr + in.len);
    uint8_t sum = 0;
    for (size_t i = 0; i < got.len; i++)
        sum ^= got.ptr[i]; /* the sanitizer looks */
    __asm__ volatile("" : : "r"(sum));
}

static bool has_target(uint16_t type)
{
    switch (type) {
    case DNS_NS:
    case DNS_CNAME:
    case DNS_SOA:
    case DNS_PTR:
    case DNS_MX:
    case DNS_SRV:
    case DNS_DNAME:
    case DNS_SVCB:
    case DNS_HTTPS:
        return true;
    }
    return false;
}

/* Where the name at `at` ends, if it is one that ends before `end`; else 0. */
static size_t name_end(struct span in, size_t at, size_t end)
{
    uint8_t wire[255];
    if (at >= end || plain_name(in.ptr, in.len, at, at, 0, wire) == 0 || skip_name(in.ptr, at) > end)
        return 0;
    return skip_name(in.ptr, at);
}

/* Does RDATA from `at` to `end` fit the type? What does not is left out of the message. */
static bool rdata_fits(struct span in, uint16_t type, size_t at, size_t end)
{
    if (at == end)
        return true;
    if (type == DNS_A || type == DNS_AAAA)
        return end - at == (type == DNS_A ? 4 : 16);
    if (type == DNS_TXT) {
        while (at < end)
            at += in.ptr[at] + 1u;
        return at == end;
    }
    if (!has_target(type))
        return true;
    size_t mname = name_end(in, at, end);
    if (type == DNS_SOA)
        return mname && name_end(in, mname, end) && end - name_end(in, mname, end) >= 20;
    return name_end(in, at + (type == DNS_SRV ? 6 : type == DNS_MX || type >= DNS_SVCB ? 2 : 0), end) > 0;
}

static void check_data(const struct dns_record *r, struct span rdata, struct span in)
{
    check_apart(r->data, in);
    if (r->type == DNS_TXT)
        CHECK(rdata.len == 0 || r->data.len < rdata.len);
    else
        CHECK(span_eq(r->data, rdata));
    CHECK(r->type != DNS_A || rdata.len == 0 || rdata.len == 4);
    CHECK(r->type != DNS_AAAA || rdata.len == 0 || rdata.len == 16);
}

/* `at` is where the record begins; returns where it ends. */
static size_t check_record(const struct dns_record *r, struct span in, size_t at)
{
    check_name(&r->owner, in, at);
    check_apart(r->owner.text, in);
    check_apart(r->owner.match, in);
    at = skip_name(in.ptr, at);
    CHECK(in.len - at >= 10 && load_be16(in.ptr + at) == r->type && load_be16(in.ptr + at + 2) == r->class);
    CHECK(load_be32(in.ptr + at + 4) == r->ttl);
    struct span rdata = span_of(in.ptr + at + 10, load_be16(in.ptr + at + 8));
    at += 10;
    CHECK(in.len - at >= rdata.len);
    check_data(r, rdata, in);

    CHECK((r->target.text.len > 0) == (has_target(r->type) && rdata.len > 0));
    CHECK((r->rname.text.len > 0) == (r->type == DNS_SOA && rdata.len > 0));
    if (r->target.text.len) {
        size_t skip = r->type == DNS_SRV ? 6 : r->type == DNS_MX || r->type >= DNS_SVCB ? 2 : 0;
        check_name(&r->target, in, at + skip);
        check_apart(r->target.text, in);
        if (r->type == DNS_SOA)
            check_name(&r->rname, in, skip_name(in.ptr, at));
    }
    return at + rdata.len;
}

static void check_message(const struct dns_message *m, struct span in)
{
    const uint8_t *p = in.ptr;
    size_t n_answer = load_be16(p + 6), n_authority = load_be16(p + 8);
    size_t at = 12, n_promised = n_answer + n_authority + load_be16(p + 10);

    CHECK(m->id == load_be16(p) && m->flags == load_be16(p + 2) && m->is_response == (p[2] >> 7));
    CHECK(m->n_questions + m->n_records > 0);
    CHECK(m->n_questions <= load_be16(p + 4) && m->n_records <= n_promised);
    CHECK(m->is_cut == (m->n_questions < load_be16(p + 4) || m->n_records < n_promised));
    CHECK(m->n_records == 0 || m->n_questions == load_be16(p + 4));
    for (size_t i = 0; i < m->n_questions; i++) {
        const struct dns_question *q = &m->questions[i];
        check_name(&q->name, in, at);
        check_apart(q->name.text, in);
        at = skip_name(p, at) + 4;
        CHECK(at <= in.len && load_be16(p + at - 4) == q->type && load_be16(p + at - 2) == q->class);
    }
    for (size_t i = 0, n = 0; n < m->n_records; i++) {
        CHECK(i < n_promised && name_end(in, at, in.len) && in.len - skip_name(p, at) >= 10);
        const uint8_t *head = p + skip_name(p, at);
        size_t rdata = (size_t)(head - p) + 10, end = rdata + load_be16(head + 8);
        CHECK(end <= in.len);
        if (!rdata_fits(in, load_be16(head), rdata, end)) {
            at = end;
            continue;
        }
        at = check_record(&m->records[n], in, at);
        CHECK(m->records[n++].section == (i < n_answer                 ? DNS_ANSWER
                                          : i < n_answer + n_authority ? DNS_AUTHORITY
                                                                       : DNS_ADDITIONAL));
    }
}

static bool same_name(const struct dns_name *a, const struct dns_name *b)
{
    return span_eq(a->text, b->text) && span_eq(a->match, b->match);
}

static void check_begins(const struct dns_message *part, const struct dns_message *full)
{
    CHECK(part->n_questions <= full->n_questions && part->n_records <= full->n_records);
    for (size_t i = 0; i < part->n_questions; i++)
        CHECK(same_name(&part->questions[i].name, &full->questions[i].name));
    for (size_t i = 0; i < part->n_records; i++) {
        const struct dns_record *a = &part->records[i], *b = &full->records[i];
        CHECK(same_name(&a->owner, &b->owner) && same_name(&a->target, &b->target));
        CHECK(same_name(&a->rname, &b->rname) && span_eq(a->data, b->data));
        CHECK(a->priority == b->priority && a->weight == b->weight && a->port == b->port);
        CHECK(memcmp(&a->soa, &b->soa, sizeof a->soa) == 0);
    }
}

static uint8_t *copy_exact(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

/* Read `n` bytes with a ceiling; a FIELD_FOUND must be how `full` begins, if there is a `full`. */
static void read_less(const uint8_t *bytes, size_t n, size_t cap, const struct dns_message *full)
{
    struct arena arena;
    struct dns_message part;
    uint8_t *copy = copy_exact(bytes, n);

    arena_init(&arena, 256, cap);
    enum verdict v = dns_message_read(span_of(copy, n), &arena, &part);
    free(copy);
    CHECK(arena.held_bytes <= cap);
    CHECK(v != FIELD_FOUND || full);
    if (v == FIELD_FOUND)
        check_begins(&part, full);
    arena_fini(&arena);
}

static void check_spelling(uint16_t number)
{
    char scratch[12];
    CHECK(strlen(dns_type_name(number, scratch)) < 12);
    CHECK(strlen(dns_rcode_name(number, scratch)) < 12);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n = size - 2, cut = data[0] * n / 255, cap = data[1] * 64u;
    uint8_t *msg = copy_exact(data + 2, n);
    struct span in = span_of(msg, n);
    struct arena arena;
    struct dns_message full;

    arena_init(&arena, 4096, 64 << 20);
    enum verdict v = dns_message_read(in, &arena, &full);
    if (v == FIELD_FOUND)
        check_message(&full, in);
    CHECK(v != FIELD_ABSENT || (n >= 12 && memcmp(msg + 4, "\0\0\0\0\0\0\0\0", 8) == 0));
    CHECK(v == FIELD_FOUND || n < 12 || load_be16(msg + 4) == 0 || !dns_looks_like(in));
    read_less(msg, cut, 64 << 20, v == FIELD_FOUND ? &full : NULL);
    read_less(msg, n, cap, v == FIELD_FOUND ? &full : NULL);
    check_spelling((uint16_t)(data[0] << 8 | data[1]));
    arena_fini(&arena);
    free(msg);
    return 0;
}
