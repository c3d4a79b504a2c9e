/* sensor/extract/dns: every message is read from a heap block of its exact size, which is gone before the
 * result is looked at: one byte too far and one span that borrows are both seen by the sanitizer. */
#include "sensor/extract/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define RESPONSE 0x8180
#define QUERY    0x0100

/* A message under construction. */
struct draft {
    uint8_t bytes[70000];
    size_t len;
};

static void put(struct draft *d, const void *bytes, size_t n)
{
    assert_true(n <= sizeof d->bytes - d->len);
    if (n)
        memcpy(d->bytes + d->len, bytes, n);
    d->len += n;
}

static void put_u8(struct draft *d, unsigned v)
{
    put(d, &(uint8_t){(uint8_t)v}, 1);
}

static void put_u16(struct draft *d, unsigned v)
{
    put_u8(d, v >> 8);
    put_u8(d, v & 0xff);
}

static void put_u32(struct draft *d, uint32_t v)
{
    put_u16(d, v >> 16);
    put_u16(d, v & 0xffff);
}

/* Labels up to the final dot or end, without the zero. */
static void put_labels(struct draft *d, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        put_u8(d, (unsigned)n);
        put(d, name, n);
        name += n + (name[n] == '.');
    }
}

static void put_name(struct draft *d, const char *name)
{
    put_labels(d, name);
    put_u8(d, 0);
}

static void put_pointer(struct draft *d, size_t target)
{
    put_u16(d, 0xc000 | (unsigned)target);
}

static struct draft *draft_new(uint16_t flags, uint16_t qd, uint16_t an, uint16_t ns, uint16_t ar)
{
    struct draft *d = malloc(sizeof *d);
    assert_non_null(d);
    d->len = 0;
    put_u16(d, 0x1234);
    put_u16(d, flags);
    put_u16(d, qd);
    put_u16(d, an);
    put_u16(d, ns);
    put_u16(d, ar);
    return d;
}

static void put_question(struct draft *d, const char *name, unsigned type)
{
    put_name(d, name);
    put_u16(d, type);
    put_u16(d, 1);
}

/* What stands between a record's owner and its RDATA. */
static void put_head(struct draft *d, unsigned type, size_t rdata_len)
{
    put_u16(d, type);
    put_u16(d, 1);
    put_u32(d, 300);
    put_u16(d, (unsigned)rdata_len);
}

/* A record owned by the name behind the header. */
static void put_record(struct draft *d, unsigned type, const void *rdata, size_t rdata_len)
{
    put_pointer(d, 12);
    put_head(d, type, rdata_len);
    put(d, rdata, rdata_len);
}

static enum verdict read_span(const void *bytes, size_t len, struct arena *arena, struct dns_message *m)
{
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    if (len)
        memcpy(exact, bytes, len);
    enum verdict v = dns_message_read(span_of(len ? exact : NULL, len), arena, m);
    free(exact);
    return v;
}

static enum verdict read_draft(const struct draft *d, struct arena *arena, struct dns_message *m)
{
    return read_span(d->bytes, d->len, arena, m);
}

static bool looks_like(const void *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    if (len)
        memcpy(exact, bytes, len);
    bool is = dns_looks_like(span_of(len ? exact : NULL, len));
    free(exact);
    return is;
}

static void assert_span(struct span got, const char *want, size_t len)
{
    assert_int_equal(got.len, len);
    assert_non_null(got.ptr);
    assert_memory_equal(got.ptr, want, len);
}

static void assert_name(struct dns_name got, const char *want)
{
    assert_span(got.text, want, strlen(want));
    assert_span(got.match, want, strlen(want));
}

static int arena_up(void **state)
{
    struct arena *a = malloc(sizeof *a);
    if (!a)
        return -1;
    arena_init(a, 4096, 16 << 20);
    *state = a;
    return 0;
}

static int arena_down(void **state)
{
    arena_fini(*state);
    free(*state);
    return 0;
}

/* Read `d`, which must succeed and be whole; the draft is freed. */
static struct dns_message whole(struct draft *d, struct arena *arena)
{
    struct dns_message m;
    assert_int_equal(read_draft(d, arena, &m), FIELD_FOUND);
    assert_false(m.is_cut);
    free(d);
    return m;
}

/* Read `d`, which must fail with `want` and leave the output alone; the draft is freed. */
static void refused(struct draft *d, struct arena *arena, enum verdict want)
{
    struct dns_message m, before;
    memset(&m, 0x5a, sizeof m);
    before = m;
    assert_int_equal(read_draft(d, arena, &m), want);
    assert_memory_equal(&m, &before, sizeof m);
    free(d);
}

static void test_header_alone(void **state)
{
    struct draft *d = draft_new(QUERY, 0, 0, 0, 0);
    struct dns_message m;
    for (size_t n = 0; n < 12; n++)
        assert_int_equal(read_span(d->bytes, n, *state, &m), FIELD_PARTIAL);
    refused(d, *state, FIELD_ABSENT);
    refused(draft_new(QUERY, 1, 0, 0, 0), *state, FIELD_PARTIAL);
    refused(draft_new(QUERY, 0, 0, 0, 1), *state, FIELD_PARTIAL);
    refused(draft_new(QUERY, 65535, 65535, 65535, 65535), *state, FIELD_PARTIAL);
}

static void test_query(void **state)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
    put_question(d, "www.Example.COM", DNS_HTTPS);
    struct dns_message m = whole(d, *state);
    assert_int_equal(m.id, 0x1234);
    assert_int_equal(m.flags, QUERY);
    assert_false(m.is_response);
    assert_int_equal(m.n_questions, 1);
    assert_int_equal(m.n_records, 0);
    assert_name(m.questions[0].name, "www.Example.COM");
    assert_ptr_equal(m.questions[0].name.text.ptr, m.questions[0].name.match.ptr);
    assert_int_equal(m.questions[0].type, DNS_HTTPS);
    assert_int_equal(m.questions[0].class, 1);
}

static void test_root_name(void **state)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 1);
    put_question(d, "", DNS_NS);
    put_name(d, "");
    put_head(d, DNS_OPT, 0);
    struct dns_message m = whole(d, *state);
    assert_name(m.questions[0].name, ".");
    assert_name(m.records[0].owner, ".");
    assert_int_equal(m.records[0].section, DNS_ADDITIONAL);
}

static void test_mdns_class_bits_stay(void **state)
{
    struct draft *d = draft_new(RESPONSE, 1, 1, 0, 0);
    put_name(d, "printer.local");
    put_u16(d, DNS_A);
    put_u16(d, 0x8001);
    put_pointer(d, 12);
    put_u16(d, DNS_A);
    put_u16(d, 0x8001);
    put_u32(d, 0xfffefdfc);
    put_u16(d, 4);
    put(d, "\x0a\0\0\x01", 4);
    struct dns_message m = whole(d, *state);
    assert_true(m.is_response);
    assert_int_equal(m.questions[0].class, 0x8001);
    assert_int_equal(m.records[0].class, 0x8001);
    assert_int_equal(m.records[0].ttl, 0xfffefdfc);
}

static void test_dot_inside_label(void **state)
{
    struct draft *d = draft_new(RESPONSE, 1, 2, 0, 0);
    put(d,
        "\x03"
        "a.b"
        "\x02"
        ".."
        "\x01"
        "."
        "\x03"
        "com"
        "\0\0\1\0\1",
        18);
    put_record(d, DNS_A, "\1\2\3\4", 4);
    put_u8(d, 1);
    put_u8(d, '.');
    put_u8(d, 0);
    put_head(d, 9999, 0);
    struct dns_message m = whole(d, *state);
    assert_span(m.questions[0].name.text, "a.b......com", 12);
    assert_span(m.questions[0].name.match,
                "a\x1f"
                "b.\x1f\x1f.\x1f.com",
                12);
    assert_span(m.records[0].owner.match,
                "a\x1f"
                "b.\x1f\x1f.\x1f.com",
                12);
    assert_span(m.records[1].owner.text, ".", 1);
    assert_span(m.records[1].owner.match, "\x1f", 1);
}

static void test_any_byte_in_label(void **state)
{
    struct draft *d = draft_new(QUERY, 5, 0, 0, 0);
    for (unsigned i = 0; i < 5; i++) {
        put_u8(d, 52);
        for (unsigned c = 0; c < 52; c++)
            put_u8(d, i * 52 + c);
        put_u8(d, 0);
        put_u32(d, 0x00010001);
    }
    struct dns_message m = whole(d, *state);
    for (unsigned i = 0; i < 5; i++)
        for (unsigned c = 0; c < 52; c++) {
            unsigned want = (i * 52 + c) & 0xff;
            assert_int_equal(m.questions[i].name.text.ptr[c], want);
            assert_int_equal(m.questions[i].name.match.ptr[c], want == '.' ? 0x1f : want);
        }
}

static void put_fill(struct draft *d, size_t len)
{
    put_u8(d, (unsigned)len);
    for (size_t i = 0; i < len; i++)
        put_u8(d, 'a' + i % 26);
}

static void test_label_lengths(void **state)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
    put_fill(d, 63);
    put_u8(d, 0);
    put_u32(d, 0x00010001);
    assert_int_equal(whole(d, *state).questions[0].name.text.len, 63);
    for (unsigned len = 0x40; len < 0xc0; len++) {
        d = draft_new(QUERY, 1, 0, 0, 0);
        put_fill(d, len);
        put_u8(d, 0);
        put_u32(d, 0x00010001);
        refused(d, *state, FIELD_MALFORMED);
    }
}

/* A question whose name takes `wire_len` bytes. */
static struct draft *long_name(size_t wire_len)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
    for (size_t left = wire_len - 1; left;) {
        size_t len = left > 64 ? 63 : left - 1;
        if (left - len - 1 == 1)
            len--;
        put_fill(d, len);
        left -= len + 1;
    }
    put_u8(d, 0);
    put_u32(d, 0x00010001);
    return d;
}

static void test_name_is_at_most_255(void **state)
{
    for (size_t n = 200; n <= 255; n++)
        assert_int_equal(whole(long_name(n), *state).questions[0].name.text.len, n - 2);
    for (size_t n = 256; n < 300; n++)
        refused(long_name(n), *state, FIELD_MALFORMED);
}

static void test_127_labels(void **state)
{
    for (size_t n = 126; n <= 128; n++) {
        struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
        for (size_t i = 0; i < n; i++)
            put_fill(d, 1);
        put_u8(d, 0);
        put_u32(d, 0x00010001);
        if (n <= 127)
            assert_int_equal(whole(d, *state).questions[0].name.text.len, 2 * n - 1);
        else
            refused(d, *state, FIELD_MALFORMED);
    }
}

/* The limit counts what a pointer brings in, too. */
static void test_255_by_pointer(void **state)
{
    for (size_t extra = 0; extra < 3; extra++) {
        struct draft *d = long_name(200);
        d->bytes[5] = 2;
        put_fill(d, 53 + extra);
        put_pointer(d, 12);
        put_u32(d, 0x00010001);
        struct dns_message m;
        assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
        assert_int_equal(m.n_questions, extra < 2 ? 2 : 1);
        assert_int_equal(m.is_cut, extra == 2);
        if (extra < 2)
            assert_int_equal(m.questions[1].name.text.len, 252 + extra);
        free(d);
    }
}

static void test_pointers_must_go_back(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\xc0\x0c\0\1\0\1", 6},                 /* itself */
        {"\xc0\x0e\0\1\0\1\0", 7},               /* forward */
        {"\xc0\x0d\0\1\0\1\0", 7},               /* into itself */
        {"\xff\xff\0\1\0\1\0", 7},               /* past the end */
        {"\1a\xc0\x0c\0\1\0\1", 8},              /* its own first label */
        {"\3abc\xc0\x0d\0\1\0\1", 10},           /* inside its own first label */
        {"\1a\xc0\x0e\0\1\0\1", 8},              /* the pointer itself behind a label */
        {"\2\xc0\x0f\xc0\x0d\0\1\0\1\0\0\0", 12} /* there and back again */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
        put(d, bad[i].bytes, bad[i].len);
        refused(d, *state, FIELD_MALFORMED);
    }
}

/* Lands before the name, then runs forward through it into the pointer it came from. */
static void test_pointer_run_forward_into_itself(void **state)
{
    struct draft *d = draft_new(RESPONSE, 0, 2, 0, 0);
    put_name(d, "a");
    put_head(d, 999, 2);
    put(d, "\1x", 2);
    put_pointer(d, d->len - 2);
    put_head(d, 999, 0);
    struct dns_message m;
    assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
    assert_int_equal(m.n_records, 1);
    assert_true(m.is_cut);
    free(d);
}

/* Each pointer must land before the last one, not only before the name. */
static void test_second_pointer_goes_forward(void **state)
{
    struct draft *d = draft_new(RESPONSE, 0, 2, 0, 0);
    put_name(d, "a");
    put_head(d, 999, 5);
    size_t at = d->len;
    put_pointer(d, at + 2);
    put_name(d, "e");
    put_pointer(d, at);
    put_head(d, 999, 0);
    struct dns_message m;
    assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
    assert_int_equal(m.n_records, 1);
    assert_true(m.is_cut);
    d->bytes[d->len - 11] += 2; /* straight to the name: fine */
    assert_name(whole(d, *state).records[1].owner, "e");
}

static void test_pointer_into_the_header(void **state)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
    put_labels(d, "www");
    put_pointer(d, 6); /* the answer count: zero */
    put_u32(d, 0x00010001);
    assert_name(whole(d, *state).questions[0].name, "www");
}

/* A first record of raw bytes with `n` pointers in a row, and a second one whose owner points at the last. */
static struct draft *pointer_chain(size_t n)
{
    struct draft *d = draft_new(RESPONSE, 0, 2, 0, 0);
    put_name(d, "end");
    put_head(d, 999, 2 * (n - 1));
    for (size_t i = 1, target = 12; i < n; i++) {
        put_pointer(d, target);
        target = d->len - 2;
    }
    put_pointer(d, n > 1 ? d->len - 2 : 12);
    put_head(d, 999, 0);
    return d;
}

static void test_127_pointers(void **state)
{
    assert_name(whole(pointer_chain(1), *state).records[1].owner, "end");
    assert_name(whole(pointer_chain(2), *state).records[1].owner, "end");
    assert_name(whole(pointer_chain(127), *state).records[1].owner, "end");
    struct draft *d = pointer_chain(128);
    struct dns_message m;
    assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
    assert_int_equal(m.n_records, 1);
    assert_true(m.is_cut);
    free(d);
}

/* The same limit when the 128th pointer lands on a name that was read just before. */
static void test_127_pointers_to_last_name(void **state)
{
    for (size_t n = 126; n <= 127; n++) {
        struct draft *d = pointer_chain(n);
        d->bytes[7] = 3;
        put_pointer(d, d->len - 12);
        put_head(d, 999, 0);
        struct dns_message m;
        assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
        assert_int_equal(m.n_records, n == 126 ? 3 : 2);
        if (n == 126)
            assert_name(m.records[2].owner, "end");
        free(d);
    }
}

static void test_sections_in_order(void **state)
{
    struct draft *d = draft_new(RESPONSE, 2, 2, 1, 3);
    put_question(d, "one.test", DNS_A);
    put_question(d, "two.test", DNS_AAAA);
    for (unsigned i = 0; i < 6; i++)
        put_record(d, DNS_A, (uint8_t[]){10, 0, 0, (uint8_t)i}, 4);
    struct dns_message m = whole(d, *state);
    static const enum dns_section want[] = {DNS_ANSWER,     DNS_ANSWER,     DNS_AUTHORITY,
                                            DNS_ADDITIONAL, DNS_ADDITIONAL, DNS_ADDITIONAL};
    assert_int_equal(m.n_questions, 2);
    assert_int_equal(m.n_records, 6);
    assert_name(m.questions[1].name, "two.test");
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(m.records[i].section, want[i]);
        assert_int_equal(m.records[i].type, DNS_A);
        assert_int_equal(m.records[i].class, 1);
        assert_int_equal(m.records[i].ttl, 300);
        assert_name(m.records[i].owner, "one.test");
        assert_span(m.records[i].data, (char[]){10, 0, 0, (char)i}, 4);
        assert_int_equal(m.records[i].target.text.len, 0);
        assert_int_equal(m.records[i].rname.text.len, 0);
    }
}

/* One record of `type` in a response to "q.test"; its message must be whole. */
static struct dns_record one_record(struct arena *arena, unsigned type, const void *rdata, size_t len)
{
    struct draft *d = draft_new(RESPONSE, 1, 1, 0, 0);
    put_question(d, "q.test", type);
    put_record(d, type, rdata, len);
    struct dns_message m = whole(d, arena);
    assert_int_equal(m.n_records, 1);
    assert_name(m.records[0].owner, "q.test");
    return m.records[0];
}

/* The same, but the record must be refused and the question kept. */
static void bad_record(struct arena *arena, unsigned type, const void *rdata, size_t len)
{
    struct draft *d = draft_new(RESPONSE, 1, 2, 0, 0);
    struct dns_message m;
    put_question(d, "q.test", type);
    put_record(d, type, rdata, len);
    put_record(d, DNS_A, "\1\2\3\4", 4);
    assert_int_equal(read_draft(d, arena, &m), FIELD_FOUND);
    assert_true(m.is_cut);
    assert_int_equal(m.n_questions, 1);
    assert_int_equal(m.n_records, 1); /* the one behind it */
    assert_int_equal(m.records[0].type, DNS_A);
    assert_span(m.records[0].data, "\1\2\3\4", 4);
    free(d);
}

static void test_addresses(void **state)
{
    static const uint8_t sixteen[17] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2};
    assert_span(one_record(*state, DNS_A, "\300\0\2\1", 4).data, "\300\0\2\1", 4);
    assert_span(one_record(*state, DNS_AAAA, sixteen, 16).data, (const char *)sixteen, 16);
    for (size_t n = 1; n <= 17; n++) {
        if (n != 4)
            bad_record(*state, DNS_A, sixteen, n);
        if (n != 16)
            bad_record(*state, DNS_AAAA, sixteen, n);
    }
}

static void test_name_types(void **state)
{
    static const unsigned types[] = {DNS_NS, DNS_CNAME, DNS_PTR, DNS_DNAME};
    for (size_t i = 0; i < 4; i++) {
        struct dns_record r = one_record(*state, types[i], "\3ns1\xc0\x0c", 6);
        assert_name(r.target, "ns1.q.test");
        assert_span(r.data, "\3ns1\xc0\x0c", 6);
        assert_int_equal(r.priority, 0);
        assert_name(one_record(*state, types[i], "\xc0\x0c", 2).target, "q.test");
        assert_name(one_record(*state, types[i], "", 1).target, ".");
        assert_name(one_record(*state, types[i], "\1a\0junk", 7).target, "a");
        bad_record(*state, types[i], "\3ns", 3);       /* label past the RDATA */
        bad_record(*state, types[i], "\3ns1", 4);      /* no end inside the RDATA */
        bad_record(*state, types[i], "\3ns1\xc0", 5);  /* half a pointer */
        bad_record(*state, types[i], "\xc0\xff", 2);   /* forward */
        bad_record(*state, types[i], "\x80\x0c\0", 3); /* reserved label type */
    }
}

static void test_mx_and_srv(void **state)
{
    struct dns_record r = one_record(*state, DNS_MX, "\1\2\4mail\xc0\x0c", 9);
    assert_int_equal(r.priority, 0x102);
    assert_name(r.target, "mail.q.test");
    assert_span(r.data, "\1\2\4mail\xc0\x0c", 9);
    for (size_t n = 1; n < 9; n++)
        bad_record(*state, DNS_MX, "\1\2\4mail\xc0\x0c", n);

    r = one_record(*state, DNS_SRV, "\1\2\3\4\5\6\3sip\xc0\x0c", 12);
    assert_int_equal(r.priority, 0x102);
    assert_int_equal(r.weight, 0x304);
    assert_int_equal(r.port, 0x506);
    assert_name(r.target, "sip.q.test");
    for (size_t n = 1; n < 12; n++)
        bad_record(*state, DNS_SRV, "\1\2\3\4\5\6\3sip\xc0\x0c", n);
}

static void test_soa(void **state)
{
    static const char rdata[] = "\2ns\xc0\x0c\4host\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\xff";
    size_t len = sizeof rdata - 1;
    struct dns_record r = one_record(*state, DNS_SOA, rdata, len);
    assert_name(r.target, "ns.q.test");
    assert_name(r.rname, "host.q.test");
    assert_int_equal(r.soa.serial, 1);
    assert_int_equal(r.soa.refresh, 2);
    assert_int_equal(r.soa.retry, 3);
    assert_int_equal(r.soa.expire, 4);
    assert_int_equal(r.soa.minimum, 255);
    assert_span(r.data, rdata, len);
    for (size_t n = 1; n < len; n++)
        bad_record(*state, DNS_SOA, rdata, n);
}

static void test_svcb(void **state)
{
    static const unsigned types[] = {DNS_SVCB, DNS_HTTPS};
    for (size_t i = 0; i < 2; i++) {
        struct dns_record r = one_record(*state, types[i], "\0\1\0\0\1\0\3\2h2", 10);
        assert_int_equal(r.priority, 1);
        assert_name(r.target, ".");
        assert_span(r.data, "\0\1\0\0\1\0\3\2h2", 10);
        assert_name(one_record(*state, types[i], "\0\0\3cdn\4test", 12).target, "cdn.test");
        bad_record(*state, types[i], "\0\1", 2);
        bad_record(*state, types[i], "\0\1\3cd", 5);
    }
}

static void test_txt(void **state)
{
    assert_span(one_record(*state, DNS_TXT, "\5v=spf", 6).data, "v=spf", 5);
    assert_span(one_record(*state, DNS_TXT, "\5v=spf\0\3 -a\0", 12).data, "v=spf -a", 8);
    assert_span(one_record(*state, DNS_TXT, "\0", 1).data, "", 0);
    assert_span(one_record(*state, DNS_TXT, "\0\0\0", 3).data, "", 0);
    bad_record(*state, DNS_TXT, "\5v=sp", 5);
    bad_record(*state, DNS_TXT, "\1a\1", 3);
    char longest[512];
    memset(longest, 'x', sizeof longest);
    longest[0] = longest[256] = '\xff';
    struct span data = one_record(*state, DNS_TXT, longest, sizeof longest).data;
    assert_int_equal(data.len, 510);
    for (size_t i = 0; i < data.len; i++)
        assert_int_equal(data.ptr[i], 'x');
}

static void test_other_types_are_raw(void **state)
{
    assert_span(one_record(*state, DNS_OPT, "\0\3\0\1x", 5).data, "\0\3\0\1x", 5);
    assert_span(one_record(*state, 65280, "\xc0\xff\x40", 3).data, "\xc0\xff\x40", 3);
    assert_int_equal(one_record(*state, 0, "\1", 1).target.text.len, 0);
}

static void test_empty_rdata_with_any_type(void **state)
{
    for (unsigned type = 0; type < 70; type++) {
        struct dns_record r = one_record(*state, type, "", 0);
        assert_int_equal(r.type, type);
        assert_int_equal(r.data.len, 0);
        assert_int_equal(r.target.text.len, 0);
    }
}

static void test_first_record_alone(void **state)
{
    struct draft *d = draft_new(RESPONSE, 0, 1, 0, 0);
    put_name(d, "a.test");
    put_head(d, DNS_A, 3);
    put(d, "\1\2\3", 3);
    refused(d, *state, FIELD_MALFORMED);
    d = draft_new(RESPONSE, 0, 1, 0, 0);
    put_name(d, "a.test");
    put_head(d, DNS_A, 4);
    put(d, "\1\2\3", 3);
    refused(d, *state, FIELD_PARTIAL);
    d = draft_new(RESPONSE, 0, 1, 0, 0);
    put_name(d, "a.test");
    put_head(d, DNS_A, 4);
    put(d, "\1\2\3\4", 4);
    struct dns_message m = whole(d, *state);
    assert_int_equal(m.n_questions, 0);
    assert_name(m.records[0].owner, "a.test");
}

/* Records that make no sense are stepped over, wherever they are; the others keep their section. */
static void test_bad_records_among_good_ones(void **state)
{
    struct draft *d = draft_new(RESPONSE, 1, 2, 2, 2);
    struct dns_message m;
    put_question(d, "q.test", DNS_A);
    put_record(d, DNS_A, "\1\2\3", 3);
    put_record(d, DNS_A, "\1\2\3\4", 4);
    put_record(d, DNS_CNAME, "\3abc", 4);
    put_record(d, DNS_CNAME, "\3abc\xc0\x0c", 6);
    put_record(d, DNS_TXT, "\4a", 2);
    put_record(d, DNS_AAAA, "\1", 1);
    assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
    assert_true(m.is_cut);
    assert_int_equal(m.n_records, 2);
    assert_int_equal(m.records[0].section, DNS_ANSWER);
    assert_span(m.records[0].data, "\1\2\3\4", 4);
    assert_int_equal(m.records[1].section, DNS_AUTHORITY);
    assert_name(m.records[1].target, "abc.q.test");
    free(d);
}

/* Without a question: nothing but records that make no sense is no message, cut or not. */
static void test_bad_records_alone(void **state)
{
    struct draft *d = draft_new(RESPONSE, 0, 2, 0, 0);
    put_name(d, "a.test");
    put_head(d, DNS_A, 3);
    put(d, "\1\2\3", 3);
    size_t first = d->len;
    put_pointer(d, 12);
    put_head(d, DNS_A, 4);
    put(d, "\1\2\3\4", 4);
    struct dns_message m;
    for (size_t n = first; n < d->len; n++)
        assert_int_equal(read_span(d->bytes, n, *state, &m), FIELD_MALFORMED);
    assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
    assert_int_equal(m.n_records, 1);
    assert_true(m.is_cut);
    assert_name(m.records[0].owner, "a.test");
    free(d);
}

/* A record that finds the arena full ends the reading: a smaller one behind it must not stand in its place. */
static void test_full_arena_is_no_bad_record(void **state)
{
    struct draft *d = draft_new(RESPONSE, 1, 2, 0, 0);
    uint8_t large[4000] = {0};
    struct dns_message m;
    put_question(d, "q.test", DNS_A);
    put_record(d, 999, large, sizeof large);
    put_record(d, DNS_A, "\1\2\3\4", 4);
    for (size_t cap = 512; cap < 16384; cap += 64) {
        struct arena arena;
        arena_init(&arena, 64, cap);
        if (read_draft(d, &arena, &m) == FIELD_FOUND)
            assert_true(m.n_records == 0 || m.records[0].type == 999);
        arena_fini(&arena);
    }
    assert_int_equal(whole(d, *state).n_records, 2);
}

/* What an ordinary CNAME answer does with pointers: owners point at the question, then at the target. */
static void test_cname_chain(void **state)
{
    struct draft *d = draft_new(RESPONSE, 1, 4, 0, 0);
    put_question(d, "www.q.test", DNS_A);
    put_record(d, DNS_CNAME, "\4edge\3c.d\xc0\x10", 11);
    size_t target = d->len - 11;
    for (int i = 0; i < 2; i++) {
        put_pointer(d, target);
        put_head(d, DNS_A, 4);
        put(d, "\1\2\3\4", 4);
    }
    put_pointer(d, 12);
    put_head(d, DNS_A, 4);
    put(d, "\1\2\3\5", 4);
    struct dns_message m = whole(d, *state);
    assert_name(m.records[0].owner, "www.q.test");
    assert_span(m.records[0].target.text, "edge.c.d.q.test", 15);
    assert_span(m.records[0].target.match,
                "edge.c\x1f"
                "d.q.test",
                15);
    for (int i = 1; i < 3; i++) {
        assert_span(m.records[i].owner.text, "edge.c.d.q.test", 15);
        assert_span(m.records[i].owner.match,
                    "edge.c\x1f"
                    "d.q.test",
                    15);
    }
    assert_name(m.records[3].owner, "www.q.test");
}

/* Every kind of record once; ends[i] is where item i (questions first) ends. */
static struct draft *rich_message(size_t ends[static 12])
{
    struct draft *d = draft_new(RESPONSE, 2, 6, 2, 2);
    size_t n = 0;
    put_question(d, "www.q.test", DNS_A);
    ends[n++] = d->len;
    put_question(d, "w.q.test", DNS_TXT);
    ends[n++] = d->len;
    put_record(d, DNS_CNAME, "\4edge\xc0\x10", 7);
    ends[n++] = d->len;
    put_record(d, DNS_A, "\1\2\3\4", 4);
    ends[n++] = d->len;
    put_record(d, DNS_TXT, "\3abc\2de", 7);
    ends[n++] = d->len;
    put_record(d, DNS_MX, "\0\12\2mx\xc0\x10", 7);
    ends[n++] = d->len;
    put_record(d, DNS_SRV, "\0\1\0\2\0\3\2mx\xc0\x10", 11);
    ends[n++] = d->len;
    put_record(d, DNS_HTTPS, "\0\1\0\0\1\0\3\2h2", 10);
    ends[n++] = d->len;
    put_record(d, DNS_SOA, "\2ns\xc0\x0c\4host\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 32);
    ends[n++] = d->len;
    put_record(d, DNS_NS, "\2ns\xc0\x0c", 5);
    ends[n++] = d->len;
    put_record(d, DNS_AAAA, "0123456789abcdef", 16);
    ends[n++] = d->len;
    put_name(d, "");
    put_head(d, DNS_OPT, 4);
    put(d, "\0\12\0\0", 4);
    ends[n++] = d->len;
    return d;
}

static void assert_same_name(const struct dns_name *a, const struct dns_name *b)
{
    assert_true(span_eq(a->text, b->text));
    assert_true(span_eq(a->match, b->match));
}

/* `part` is how `full` begins. */
static void assert_begins(const struct dns_message *part, const struct dns_message *full)
{
    assert_int_equal(part->id, full->id);
    assert_int_equal(part->flags, full->flags);
    assert_true(part->n_questions <= full->n_questions);
    assert_true(part->n_records <= full->n_records);
    for (size_t i = 0; i < part->n_questions; i++) {
        assert_same_name(&part->questions[i].name, &full->questions[i].name);
        assert_int_equal(part->questions[i].type, full->questions[i].type);
        assert_int_equal(part->questions[i].class, full->questions[i].class);
    }
    for (size_t i = 0; i < part->n_records; i++) {
        const struct dns_record *a = &part->records[i], *b = &full->records[i];
        assert_same_name(&a->owner, &b->owner);
        assert_same_name(&a->target, &b->target);
        assert_same_name(&a->rname, &b->rname);
        assert_true(span_eq(a->data, b->data));
        assert_true(a->section == b->section && a->type == b->type && a->class == b->class);
        assert_true(a->ttl == b->ttl && a->priority == b->priority && a->weight == b->weight);
        assert_memory_equal(&a->soa, &b->soa, sizeof a->soa);
    }
}

static void test_cut_at_every_byte(void **state)
{
    size_t ends[12];
    struct draft *d = rich_message(ends);
    struct dns_message full, part;
    assert_int_equal(read_draft(d, *state, &full), FIELD_FOUND);
    assert_int_equal(full.n_questions, 2);
    assert_int_equal(full.n_records, 10);
    assert_false(full.is_cut);
    for (size_t n = 0; n < d->len; n++) {
        enum verdict v = read_span(d->bytes, n, *state, &part);
        size_t n_whole = 0;
        while (n_whole < 12 && ends[n_whole] <= n)
            n_whole++;
        assert_int_equal(v, n_whole ? FIELD_FOUND : FIELD_PARTIAL);
        if (v != FIELD_FOUND)
            continue;
        assert_true(part.is_cut);
        assert_int_equal(part.n_questions + part.n_records, n_whole);
        assert_begins(&part, &full);
    }
    free(d);
}

static void test_bytes_behind_the_message(void **state)
{
    size_t ends[12];
    struct draft *d = rich_message(ends);
    put(d, "trailer", 7);
    assert_int_equal(whole(d, *state).n_records, 10);
}

/* The arrays are as large as the bytes can fill, whatever the counts say. */
static void test_counts_that_lie(void **state)
{
    struct arena arena;
    arena_init(&arena, 1024, 64 << 20);
    struct draft *d = draft_new(RESPONSE, 1, 65535, 65535, 65535);
    struct dns_message m;
    put_question(d, "www.q.test", DNS_A);
    for (int i = 0; i < 3; i++)
        put_record(d, DNS_A, "\1\2\3\4", 4);
    assert_int_equal(read_draft(d, &arena, &m), FIELD_FOUND);
    assert_true(m.is_cut);
    assert_int_equal(m.n_questions, 1);
    assert_int_equal(m.n_records, 3);
    assert_true(arena.used_bytes < 200 + (d->len / 11 + 1) * sizeof(struct dns_record));
    d->bytes[4] = d->bytes[5] = 0xff;
    arena_reset(&arena);
    assert_int_equal(read_draft(d, &arena, &m), FIELD_FOUND);
    assert_true(m.is_cut);
    assert_true(arena.used_bytes < 200 + (d->len / 5 + 1) * sizeof(struct dns_question));
    arena_fini(&arena);
    free(d);
    (void)state;
}

static void test_one_question_of_two(void **state)
{
    struct draft *d = draft_new(QUERY, 2, 0, 0, 3);
    struct dns_message m;
    put_question(d, "", DNS_A);
    assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
    assert_int_equal(m.n_questions, 1);
    assert_true(m.is_cut);
    free(d);
}

static void test_most_items_that_fit(void **state)
{
    struct draft *d = draft_new(QUERY, 13104, 0, 0, 0);
    for (int i = 0; i < 13104; i++)
        put_question(d, "", DNS_A);
    assert_int_equal(whole(d, *state).n_questions, 13104);
    d = draft_new(RESPONSE, 0, 5956, 0, 0);
    for (int i = 0; i < 5956; i++) {
        put_name(d, "");
        put_head(d, DNS_A, 0);
    }
    assert_int_equal(whole(d, *state).n_records, 5956);
}

static void test_nothing_past_65535(void **state)
{
    struct draft *d = draft_new(RESPONSE, 0, 2, 0, 0);
    put_name(d, "");
    put_head(d, 999, 65501);
    while (d->len < 12 + 11 + 65501)
        put_u8(d, 0);
    put_name(d, "");
    put_head(d, 999, 0);
    assert_int_equal(d->len, 65535);
    assert_int_equal(whole(d, *state).n_records, 2);
    d = draft_new(RESPONSE, 0, 2, 0, 0);
    put_name(d, "");
    put_head(d, 999, 65502);
    while (d->len < 12 + 11 + 65502)
        put_u8(d, 0);
    put_name(d, "");
    put_head(d, 999, 0);
    struct dns_message m;
    assert_int_equal(read_draft(d, *state, &m), FIELD_FOUND);
    assert_int_equal(m.n_records, 1);
    assert_true(m.is_cut);
    free(d);
}

/* At every ceiling the arena may have, what was read is a beginning of the whole, or nothing. */
static void test_every_arena_ceiling(void **state)
{
    size_t ends[12], n_before = 0;
    struct draft *d = rich_message(ends);
    struct dns_message full, part;
    assert_int_equal(read_draft(d, *state, &full), FIELD_FOUND);
    for (size_t cap = 0; cap < 8192; cap += 7) {
        struct arena arena;
        arena_init(&arena, 64, cap);
        enum verdict v = read_draft(d, &arena, &part);
        assert_true(v == FIELD_FOUND || v == FIELD_MALFORMED);
        assert_true(arena.held_bytes <= cap);
        size_t n = v == FIELD_FOUND ? part.n_questions + part.n_records : 0;
        assert_true(n >= n_before);
        n_before = n;
        if (v == FIELD_FOUND) {
            assert_int_equal(part.is_cut, n < 12);
            assert_begins(&part, &full);
        }
        arena_fini(&arena);
    }
    assert_int_equal(n_before, 12);
    free(d);
}

/* Thousands of owners that all name the same 255 bytes, each by another pointer than the one before. */
static void test_amplification_stops_at_the_ceiling(void **state)
{
    struct draft *d = long_name(255);
    d->bytes[2] = 0x80;
    put_question(d, "", DNS_A);
    d->bytes[5] = 2;
    d->bytes[6] = d->bytes[7] = 0xff;
    while (d->len + 24 <= 65535) {
        put_pointer(d, 12);
        put_head(d, DNS_A, 0);
        put_pointer(d, 76);
        put_head(d, DNS_A, 0);
    }
    struct arena arena;
    arena_init(&arena, 4096, 1 << 20);
    struct dns_message m;
    assert_int_equal(read_draft(d, &arena, &m), FIELD_FOUND);
    assert_true(m.is_cut);
    assert_int_equal(m.n_questions, 2);
    assert_true(m.n_records > 300);
    assert_true(arena.held_bytes <= 1 << 20);
    arena_fini(&arena);
    free(d);
    (void)state;
}

/* The arrays that the counts ask for do not fit: the first items are still read. */
static void test_arena_too_small_for_the_counts(void **state)
{
    struct draft *d = draft_new(RESPONSE, 1, 65535, 0, 0);
    put_question(d, "www.q.test", DNS_A);
    while (d->len + 16 <= 65535)
        put_record(d, DNS_A, "\1\2\3\4", 4);
    struct arena arena;
    arena_init(&arena, 4096, 8192);
    struct dns_message m;
    assert_int_equal(read_draft(d, &arena, &m), FIELD_FOUND);
    assert_true(m.is_cut);
    assert_int_equal(m.n_questions, 1);
    assert_true(m.n_records >= 8);
    assert_name(m.records[7].owner, "www.q.test");
    arena_fini(&arena);
    arena_init(&arena, 64, 64);
    assert_int_equal(read_draft(d, &arena, &m), FIELD_MALFORMED);
    arena_fini(&arena);
    free(d);
    (void)state;
}

/* Where not all questions fit, what follows them is not taken for records. */
static void test_arena_too_small_for_the_questions(void **state)
{
    struct draft *d = draft_new(RESPONSE, 200, 2, 0, 0);
    for (int i = 0; i < 200; i++)
        put(d, "\0\0\0\0\0", 5); /* zeros read as either */
    for (int i = 0; i < 2; i++)
        put_record(d, DNS_A, "\1\2\3\4", 4);
    struct arena arena;
    struct dns_message m;
    arena_init(&arena, 4096, 4096);
    assert_int_equal(read_draft(d, &arena, &m), FIELD_FOUND);
    assert_true(m.is_cut);
    assert_in_range(m.n_questions, 1, 199);
    assert_int_equal(m.n_records, 0);
    arena_fini(&arena);
    free(d);
    (void)state;
}

static void test_arena_too_small_for_the_match(void **state)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
    put(d, "\3a.b\4test\0\0\1\0\1", 14);
    size_t need = 0;
    for (size_t cap = 0; cap < 256 && !need; cap++) {
        struct arena arena;
        struct dns_message m;
        arena_init(&arena, 1, cap);
        enum verdict v = read_draft(d, &arena, &m);
        assert_true(v == FIELD_FOUND || v == FIELD_MALFORMED);
        if (v == FIELD_FOUND)
            need = cap;
        arena_fini(&arena);
    }
    assert_true(need > sizeof(struct dns_question) + 8); /* the text alone is not enough */
    free(d);
    (void)state;
}

/* After warm-up the arena grows no more. */
static void test_warm_arena_stays(void **state)
{
    size_t ends[12];
    struct draft *d = rich_message(ends);
    struct arena *arena = *state;
    struct dns_message m;
    read_draft(d, arena, &m);
    size_t held = arena->held_bytes;
    for (int i = 0; i < 100; i++) {
        arena_reset(arena);
        assert_int_equal(read_draft(d, arena, &m), FIELD_FOUND);
    }
    assert_int_equal(arena->held_bytes, held);
    free(d);
}

static void test_type_names(void **state)
{
    char scratch[12];
    static const struct {
        uint16_t type;
        const char *name;
    } rows[] = {
        {0, "TYPE0"},
        {1, "A"},
        {2, "NS"},
        {5, "CNAME"},
        {6, "SOA"},
        {12, "PTR"},
        {15, "MX"},
        {16, "TXT"},
        {28, "AAAA"},
        {33, "SRV"},
        {35, "NAPTR"},
        {39, "DNAME"},
        {41, "OPT"},
        {43, "DS"},
        {46, "RRSIG"},
        {48, "DNSKEY"},
        {52, "TLSA"},
        {54, "TYPE54"},
        {64, "SVCB"},
        {65, "HTTPS"},
        {66, "DSYNC"},
        {67, "TYPE67"},
        {99, "SPF"},
        {100, "TYPE100"},
        {109, "EUI64"},
        {110, "TYPE110"},
        {248, "TYPE248"},
        {249, "TKEY"},
        {251, "IXFR"},
        {252, "AXFR"},
        {255, "ANY"},
        {256, "URI"},
        {257, "CAA"},
        {262, "WALLET"},
        {263, "TYPE263"},
        {32767, "TYPE32767"},
        {32768, "TA"},
        {32769, "DLV"},
        {999, "TYPE999"},
        {10000, "TYPE10000"},
        {65280, "TYPE65280"},
        {32770, "TYPE32770"},
        {65535, "TYPE65535"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(dns_type_name(rows[i].type, scratch), rows[i].name);
    for (unsigned t = 0; t <= 65535; t++) {
        char want[12];
        const char *got = dns_type_name((uint16_t)t, scratch);
        snprintf(want, sizeof want, "TYPE%u", t);
        if (got == scratch)
            assert_string_equal(got, want);
    }
    (void)state;
}

static void test_rcode_names(void **state)
{
    char scratch[12];
    assert_string_equal(dns_rcode_name(0, scratch), "NOERROR");
    assert_string_equal(dns_rcode_name(1, scratch), "FORMERR");
    assert_string_equal(dns_rcode_name(2, scratch), "SERVFAIL");
    assert_string_equal(dns_rcode_name(3, scratch), "NXDOMAIN");
    assert_string_equal(dns_rcode_name(5, scratch), "REFUSED");
    assert_string_equal(dns_rcode_name(11, scratch), "DSOTYPENI");
    assert_string_equal(dns_rcode_name(12, scratch), "12");
    assert_string_equal(dns_rcode_name(15, scratch), "15");
    assert_string_equal(dns_rcode_name(16, scratch), "BADVERS");
    assert_string_equal(dns_rcode_name(23, scratch), "BADCOOKIE");
    assert_string_equal(dns_rcode_name(24, scratch), "24");
    assert_string_equal(dns_rcode_name(65535, scratch), "65535");
    (void)state;
}

static void test_looks_like_dns(void **state)
{
    size_t ends[12];
    struct draft *d = rich_message(ends);
    assert_true(looks_like(d->bytes, d->len));
    for (size_t n = 0; n < d->len; n++)
        assert_false(looks_like(d->bytes, n));
    put_u8(d, 0);
    assert_false(looks_like(d->bytes, d->len));
    free(d);
    d = draft_new(RESPONSE, 0, 1, 0, 0); /* mDNS: an answer without its question */
    put_name(d, "Printer (2)._ipp.local");
    put_head(d, DNS_SRV, 0);
    assert_true(looks_like(d->bytes, d->len));
    d->bytes[2] = 0; /* a query that asks nothing */
    d->bytes[3] = 0;
    assert_false(looks_like(d->bytes, d->len));
    free(d);
    (void)state;
}

static void test_looks_like_by_flags(void **state)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
    put_question(d, "www.q.test", DNS_A);
    for (unsigned flags = 0; flags <= 0xffff; flags++) {
        unsigned opcode = flags >> 11 & 15, rcode = flags & 15;
        bool want = (opcode == 0 || opcode == 4 || opcode == 5) && !(flags & 0x40) &&
                    (flags & 0x8000 ? rcode <= 11 : rcode == 0 && !(flags & 0x80));
        d->bytes[2] = (uint8_t)(flags >> 8);
        d->bytes[3] = (uint8_t)flags;
        assert_int_equal(dns_looks_like(span_of(d->bytes, d->len)), want);
    }
    free(d);
    (void)state;
}

/* One question with a name, type and class of one's choice. */
static bool question_looks_like(const char *name, size_t len, unsigned type, unsigned class)
{
    struct draft *d = draft_new(QUERY, 1, 0, 0, 0);
    put(d, name, len);
    put_u16(d, type);
    put_u16(d, class);
    bool is = looks_like(d->bytes, d->len);
    free(d);
    return is;
}

static void test_looks_like_by_question(void **state)
{
    assert_true(question_looks_like("", 1, DNS_NS, 1));
    assert_true(question_looks_like("\1a", 3, 65399, 255));
    assert_true(question_looks_like("\1a", 3, DNS_A, 0x8001));
    assert_true(question_looks_like("\2\xc3\xa9", 4, DNS_A, 1));
    assert_true(question_looks_like("\1 ", 3, DNS_A, 1));
    assert_false(question_looks_like("\1\x1f", 3, DNS_A, 1));
    assert_false(question_looks_like("\1\x7f", 3, DNS_A, 1));
    assert_false(question_looks_like("\1\0", 3, DNS_A, 1));
    assert_false(question_looks_like("\1a", 3, 0, 1));
    assert_false(question_looks_like("\1a", 3, 1000, 1));
    assert_false(question_looks_like("\1a", 3, DNS_A, 0));
    assert_false(question_looks_like("\1a", 3, DNS_A, 256));
    assert_false(question_looks_like("\xc0\x06", 2, DNS_A, 1)); /* nothing to point at */
    assert_false(question_looks_like("\x40", 2, DNS_A, 1));
    (void)state;
}

static void test_looks_like_by_name_length(void **state)
{
    for (size_t n = 250; n < 260; n++) {
        struct draft *d = long_name(n);
        assert_int_equal(looks_like(d->bytes, d->len), n <= 255);
        free(d);
    }
    (void)state;
}

static void test_looks_like_by_counts(void **state)
{
    struct draft *d = draft_new(QUERY, 33, 0, 0, 0);
    for (int i = 0; i < 33; i++)
        put_question(d, "www.q.test", DNS_A);
    assert_false(looks_like(d->bytes, d->len));
    d->bytes[5] = 32;
    d->len -= 16;
    assert_true(looks_like(d->bytes, d->len));
    free(d);
    for (size_t section = 6; section < 12; section += 2) {
        d = draft_new(RESPONSE, 1, 0, 0, 0);
        put_question(d, "www.q.test", DNS_A);
        for (int i = 0; i < 513; i++)
            put_record(d, DNS_A, "", 0);
        d->bytes[section] = 2;
        d->bytes[section + 1] = 1;
        assert_false(looks_like(d->bytes, d->len));
        d->bytes[section + 1] = 0;
        d->len -= 12;
        assert_true(looks_like(d->bytes, d->len));
        free(d);
    }
    (void)state;
}

static void test_looks_like_pointers(void **state)
{
    static const struct {
        uint16_t pointer;
        bool want;
    } rows[] = {{0xc00c, true},  {0xc00b, false}, {0xc000, false}, {0xc011, true}, {0xc018, false},
                {0xc019, false}, {0xffff, false}, {0x400c, false}, {0x800c, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct draft *d = draft_new(RESPONSE, 1, 1, 0, 0);
        put_question(d, "q.test", DNS_A); /* ends at 24 */
        put_u16(d, rows[i].pointer);
        put_head(d, DNS_A, 0);
        assert_int_equal(looks_like(d->bytes, d->len), rows[i].want);
        free(d);
    }
    (void)state;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Random bytes, and random bytes behind the header of a plain query: the second is the hard half. */
static void test_looks_like_on_noise(void **state)
{
    uint64_t seed = 0x9e3779b97f4a7c15;
    uint8_t noise[64];
    for (size_t round = 0; round < 1000000; round++) {
        for (size_t i = 0; i < sizeof noise; i += 8)
            memcpy(noise + i, &(uint64_t){next_random(&seed)}, 8);
        size_t len = next_random(&seed) % (sizeof noise + 1);
        assert_false(dns_looks_like(span_of(noise, len)));
        memcpy(noise + 2, "\1\0\0\1\0\0\0\0\0\0", 10);
        assert_false(dns_looks_like(span_of(noise, len)));
    }
    (void)state;
}

/* Bytes changed at random: no verdict lies about what came out, and a cut message is a beginning. */
static void test_random_damage(void **state)
{
    uint64_t seed = 0x2545f4914f6cdd1d;
    size_t ends[12];
    struct draft *d = rich_message(ends);
    uint8_t *bytes = malloc(d->len);
    struct arena *arena = *state;
    assert_non_null(bytes);
    for (int round = 0; round < 20000; round++) {
        struct dns_message full, part;
        memcpy(bytes, d->bytes, d->len);
        for (uint64_t n = next_random(&seed) % 4; n; n--)
            bytes[next_random(&seed) % d->len] = (uint8_t)next_random(&seed);
        arena_reset(arena);
        if (dns_message_read(span_of(bytes, d->len), arena, &full) != FIELD_FOUND)
            continue;
        size_t cut = next_random(&seed) % d->len;
        if (read_span(bytes, cut, arena, &part) == FIELD_FOUND)
            assert_begins(&part, &full);
    }
    free(bytes);
    free(d);
}

#define WITH_ARENA(t) cmocka_unit_test_setup_teardown(t, arena_up, arena_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_header_alone),
        WITH_ARENA(test_query),
        WITH_ARENA(test_root_name),
        WITH_ARENA(test_mdns_class_bits_stay),
        WITH_ARENA(test_dot_inside_label),
        WITH_ARENA(test_any_byte_in_label),
        WITH_ARENA(test_label_lengths),
        WITH_ARENA(test_name_is_at_most_255),
        WITH_ARENA(test_127_labels),
        WITH_ARENA(test_255_by_pointer),
        WITH_ARENA(test_pointers_must_go_back),
        WITH_ARENA(test_pointer_run_forward_into_itself),
        WITH_ARENA(test_second_pointer_goes_forward),
        WITH_ARENA(test_pointer_into_the_header),
        WITH_ARENA(test_127_pointers),
        WITH_ARENA(test_127_pointers_to_last_name),
        WITH_ARENA(test_sections_in_order),
        WITH_ARENA(test_addresses),
        WITH_ARENA(test_name_types),
        WITH_ARENA(test_mx_and_srv),
        WITH_ARENA(test_soa),
        WITH_ARENA(test_svcb),
        WITH_ARENA(test_txt),
        WITH_ARENA(test_other_types_are_raw),
        WITH_ARENA(test_empty_rdata_with_any_type),
        WITH_ARENA(test_first_record_alone),
        WITH_ARENA(test_bad_records_among_good_ones),
        WITH_ARENA(test_bad_records_alone),
        WITH_ARENA(test_full_arena_is_no_bad_record),
        WITH_ARENA(test_cname_chain),
        WITH_ARENA(test_cut_at_every_byte),
        WITH_ARENA(test_bytes_behind_the_message),
        WITH_ARENA(test_counts_that_lie),
        WITH_ARENA(test_one_question_of_two),
        WITH_ARENA(test_most_items_that_fit),
        WITH_ARENA(test_nothing_past_65535),
        WITH_ARENA(test_every_arena_ceiling),
        WITH_ARENA(test_amplification_stops_at_the_ceiling),
        WITH_ARENA(test_arena_too_small_for_the_counts),
        WITH_ARENA(test_arena_too_small_for_the_questions),
        WITH_ARENA(test_arena_too_small_for_the_match),
        WITH_ARENA(test_warm_arena_stays),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_rcode_names),
        cmocka_unit_test(test_looks_like_dns),
        cmocka_unit_test(test_looks_like_by_flags),
        cmocka_unit_test(test_looks_like_by_question),
        cmocka_unit_test(test_looks_like_by_name_length),
        cmocka_unit_test(test_looks_like_by_counts),
        cmocka_unit_test(test_looks_like_pointers),
        cmocka_unit_test(test_looks_like_on_noise),
        WITH_ARENA(test_random_damage),
    };
    return cmocka_run_group_tests_name("sensor/extract/dns", tests, NULL, NULL);
}
