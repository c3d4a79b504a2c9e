/* tls_put.c: hellos of every kind, read back. */
#include "traffic/tls_put.h"

#include "sensor/extract/tls.h"
#include "tests/unit/traffic/read_back.h"

static struct tls_put_hello hello_of(uint16_t version, unsigned flags)
{
    return (struct tls_put_hello){.version = version,
                                  .names = {SPAN_LIT("one.example"), SPAN_LIT("two.example")},
                                  .n_names = 2,
                                  .alpn = {SPAN_LIT("h2"), SPAN_LIT("http/1.1")},
                                  .n_alpn = 2,
                                  .flags = flags};
}

static void test_client_hello(void **state)
{
    struct buf out;
    struct tls_client_hello h;
    (void)state;
    buf_init(&out, 8192);
    for (uint16_t version = TLS_PUT_1_0; version <= TLS_PUT_1_3; version++)
        for (unsigned flags = 0; flags < 16; flags++) {
            struct dice dice = dice_of(flags);
            struct tls_put_hello made = hello_of(version, flags);
            buf_reset(&out);
            assert_true(tls_put_client_hello(&out, &made, &dice));
            assert_int_equal(tls_client_hello_read(buf_span(&out), &h), FIELD_FOUND);
            assert_false(h.is_cut);
            assert_int_equal(h.version, version);
            assert_int_equal(h.n_names, 2);
            assert_true(span_eq(h.sni, SPAN_LIT("one.example")));
            assert_true(span_eq(h.names[1], SPAN_LIT("two.example")));
            assert_int_equal(h.n_alpn, 2);
            assert_true(span_eq(h.alpn[1], SPAN_LIT("http/1.1")));
            assert_int_equal(h.ech != TLS_ECH_NONE, (flags & TLS_PUT_ECH) != 0);
            if (version == TLS_PUT_1_3 && flags & TLS_PUT_POST_QUANTUM)
                assert_in_range(out.len, 1456, 2000); /* with its record's header more than a segment */
        }
    buf_fini(&out);
}

/* RFC 8446, section 4.2: no extension may come twice. */
static void test_no_extension_twice(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 8192);
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct dice dice = dice_of(seed);
        struct tls_put_hello made = hello_of(TLS_PUT_1_3, TLS_PUT_GREASE);
        struct tls_client_hello h;
        static bool is_there[65536];
        uint16_t type;
        struct span data;
        memset(is_there, 0, sizeof is_there);
        buf_reset(&out);
        assert_true(tls_put_client_hello(&out, &made, &dice));
        assert_int_equal(tls_client_hello_read(buf_span(&out), &h), FIELD_FOUND);
        while (tls_extension_take(&h.extensions, &type, &data)) {
            assert_false(is_there[type]);
            is_there[type] = true;
        }
        assert_int_equal(h.extensions.len, 0);
    }
    buf_fini(&out);
}

static void test_same_dice(void **state)
{
    struct buf a, b;
    struct dice first = dice_of(3), second = dice_of(3);
    struct tls_put_hello made = hello_of(TLS_PUT_1_3, TLS_PUT_GREASE | TLS_PUT_ECH);
    (void)state;
    buf_init(&a, 8192);
    buf_init(&b, 8192);
    assert_true(tls_put_client_hello(&a, &made, &first) && tls_put_client_hello(&b, &made, &second));
    assert_true(span_eq(buf_span(&a), buf_span(&b)));
    buf_reset(&b);
    assert_true(tls_put_client_hello(&b, &made, &second));
    assert_false(span_eq(buf_span(&a), buf_span(&b)));
    buf_fini(&a);
    buf_fini(&b);
}

static void test_server_hello(void **state)
{
    struct buf out;
    struct tls_server_hello h;
    (void)state;
    buf_init(&out, 8192);
    for (uint16_t version = TLS_PUT_1_0; version <= TLS_PUT_1_3; version++) {
        struct dice dice = dice_of(1);
        struct tls_put_hello made = hello_of(version, 0);
        buf_reset(&out);
        assert_true(tls_put_server_hello(&out, &made, &dice));
        assert_int_equal(tls_server_hello_read(buf_span(&out), &h), FIELD_FOUND);
        assert_false(h.is_cut);
        assert_int_equal(h.version, version);
    }
    buf_fini(&out);
}

static void test_certificate(void **state)
{
    struct buf out;
    const struct span der[] = {SPAN_LIT("\x30\3one"), SPAN_LIT("\x30\4four")};
    (void)state;
    buf_init(&out, 100);
    assert_true(tls_put_certificate(&out, der, 2));
    assert_true(span_eq(buf_span(&out), SPAN_LIT("\x0b\0\0\x14\0\0\x11\0\0\5\x30\3one\0\0\6\x30\4four")));
    buf_fini(&out);
}

/* Records of any size hold the message whole. */
static void test_records(void **state)
{
    struct buf message, out;
    uint8_t room[8192];
    struct dice dice = dice_of(1);
    struct tls_put_hello made = hello_of(TLS_PUT_1_3, TLS_PUT_POST_QUANTUM);
    (void)state;
    buf_init(&message, 8192);
    buf_init(&out, 65536);
    assert_true(tls_put_client_hello(&message, &made, &dice));
    for (size_t most = 0; most < 50; most++) {
        struct span got;
        size_t used, want;
        buf_reset(&out);
        assert_true(tls_put_records(&out, TLS_PUT_1_0, buf_span(&message), most));
        assert_int_equal(tls_handshake_gather(buf_span(&out), room, sizeof room, &got, &used, &want),
                         FIELD_FOUND);
        assert_true(span_eq(got, buf_span(&message)));
        assert_int_equal(used, out.len);
    }
    buf_fini(&message);
    buf_fini(&out);
}

/* What is too long for its field, or for the buffer, leaves nothing. */
static void test_too_long(void **state)
{
    static uint8_t name[70000];
    struct buf out;
    struct dice dice = dice_of(1);
    struct tls_put_hello made = {.version = TLS_PUT_1_3, .names = {{name, sizeof name}}, .n_names = 1};
    (void)state;
    buf_init(&out, 1 << 20);
    assert_false(tls_put_client_hello(&out, &made, &dice));
    made = (struct tls_put_hello){.version = TLS_PUT_1_3, .alpn = {{name, 256}}, .n_alpn = 1};
    assert_false(tls_put_client_hello(&out, &made, &dice));
    assert_false(tls_put_data(&out, 16384 + 257, &dice));
    assert_int_equal(out.len, 0);
    buf_fini(&out);
    for (size_t cap = 1; cap < 200; cap++) {
        buf_init(&out, cap);
        made = (struct tls_put_hello){.version = TLS_PUT_1_3};
        assert_false(tls_put_client_hello(&out, &made, &dice));
        assert_int_equal(out.len, 0);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_hello), cmocka_unit_test(test_no_extension_twice),
        cmocka_unit_test(test_same_dice),    cmocka_unit_test(test_server_hello),
        cmocka_unit_test(test_certificate),  cmocka_unit_test(test_records),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
