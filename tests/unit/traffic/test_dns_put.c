/* dns_put.c: queries and answers, read back. */
#include "traffic/dns_put.h"

#include "tests/unit/traffic/read_back.h"

struct desk {
    struct buf out;
    struct arena arena;
    struct dns_message d;
};

static void open_desk(struct desk *k)
{
    buf_init(&k->out, 4096);
    arena_init(&k->arena, 4096, 1 << 20);
}

static void close_desk(struct desk *k)
{
    buf_fini(&k->out);
    arena_fini(&k->arena);
}

static void read_message(struct desk *k, struct span in)
{
    assert_int_equal(dns_message_read(in, &k->arena, &k->d), FIELD_FOUND);
    assert_false(k->d.is_cut);
    assert_true(dns_looks_like(in));
}

static void test_query(void **state)
{
    struct desk k;
    struct dice dice = dice_of(5);
    (void)state;
    open_desk(&k);
    assert_true(dns_put_query(&k.out, 0x1234, SPAN_LIT("a.evil.example"), DNS_AAAA, DNS_PUT_EDNS, NULL));
    read_message(&k, buf_span(&k.out));
    assert_int_equal(k.d.id, 0x1234);
    assert_false(k.d.is_response);
    assert_int_equal(k.d.n_questions, 1);
    assert_true(span_eq(k.d.questions[0].name.text, SPAN_LIT("a.evil.example")));
    assert_int_equal(k.d.questions[0].type, DNS_AAAA);

    buf_reset(&k.out);
    assert_true(
        dns_put_query(&k.out, 1, SPAN_LIT("some.name.example"), DNS_A, DNS_PUT_STREAM | DNS_PUT_0X20, &dice));
    assert_int_equal(load_be16(k.out.ptr), k.out.len - 2);
    read_message(&k, span_from(buf_span(&k.out), 2));
    assert_false(span_eq(k.d.questions[0].name.text, SPAN_LIT("some.name.example")));
    assert_true(span_eq_nocase(k.d.questions[0].name.text, SPAN_LIT("some.name.example")));
    close_desk(&k);
}

static void test_answer(void **state)
{
    struct desk k;
    struct ip ips[2];
    (void)state;
    open_desk(&k);
    ip_parse_v4(SPAN_LIT("203.0.113.7"), &ips[0]);
    ip_parse_v6(SPAN_LIT("2001:db8::7"), &ips[1]);
    struct dns_answer a = {.name = SPAN_LIT("www.example"),
                           .type = 1,
                           .alias = SPAN_LIT("cdn.other.example"),
                           .addresses = ips,
                           .n_addresses = 2};
    assert_true(dns_put_answer(&k.out, 9, &a, DNS_PUT_EDNS | DNS_PUT_STREAM));
    read_message(&k, span_from(buf_span(&k.out), 2));
    assert_true(k.d.is_response);
    assert_true(k.d.n_records >= 3);
    assert_true(span_eq(k.d.records[0].owner.text, SPAN_LIT("www.example")));
    assert_true(span_eq(k.d.records[1].owner.text, SPAN_LIT("cdn.other.example")));
    assert_true(span_eq(k.d.records[2].owner.text, SPAN_LIT("cdn.other.example")));
    assert_int_equal(k.d.records[2].type, DNS_AAAA);

    buf_reset(&k.out);
    a = (struct dns_answer){.name = SPAN_LIT("www.example"), .type = 1};
    assert_true(dns_put_answer(&k.out, 9, &a, 0));
    read_message(&k, buf_span(&k.out));
    assert_int_equal(k.d.flags & 15, 3);
    close_desk(&k);
}

static void test_no_names(void **state)
{
    static const char *const names[] = {
        "", ".", "a..b", "a.", "1234567890123456789012345678901234567890123456789012345678901234.example"};
    struct desk k;
    char longest[255];
    (void)state;
    open_desk(&k);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(dns_put_query(&k.out, 1, span_str(names[i]), 1, 0, NULL));
        assert_int_equal(k.out.len, 0);
    }
    memset(longest, 'a', sizeof longest);
    for (size_t i = 50; i < sizeof longest; i += 50)
        longest[i] = '.';
    assert_true(dns_put_query(&k.out, 1, span_of(longest, 253), 1, 0, NULL));
    read_message(&k, buf_span(&k.out));
    assert_int_equal(k.d.questions[0].name.text.len, 253);
    assert_false(dns_put_query(&k.out, 1, span_of(longest, 254), 1, 0, NULL));
    close_desk(&k);
}

/* A buffer that is too small by any number of bytes holds nothing afterwards. */
static void test_full(void **state)
{
    struct ip ip;
    (void)state;
    ip_parse_v4(SPAN_LIT("203.0.113.7"), &ip);
    struct dns_answer a = {.name = SPAN_LIT("www.example"), .type = 1, .addresses = &ip, .n_addresses = 1};
    for (size_t cap = 1; cap < 58; cap++) {
        struct buf out;
        buf_init(&out, cap);
        bool fits = dns_put_answer(&out, 9, &a, DNS_PUT_EDNS);
        assert_int_equal(fits, cap >= 56);
        assert_int_equal(out.len, fits ? 56 : 0);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
