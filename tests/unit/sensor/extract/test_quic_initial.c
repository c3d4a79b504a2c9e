/* quic_initial.c, quic_crypto.c: the test vectors of RFC 9001 (appendix A) and RFC 9369 (appendix A), and frames. */
#include "sensor/extract/quic_initial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/quic_packets.h"

#define ID SPAN_LIT("\x83\x94\xc8\xf0\x3e\x51\x57\x08")

static void expect_keys(uint32_t version, bool is_server, const char *key, const char *iv, const char *hp)
{
    struct quic_keys k;
    quic_initial_keys(version, ID, is_server, &k);
    assert_memory_equal(k.key, key, sizeof k.key);
    assert_memory_equal(k.iv, iv, sizeof k.iv);
    assert_memory_equal(k.hp, hp, sizeof k.hp);
}

static void test_keys(void **state)
{
    (void)state;
    expect_keys(QUIC_V1, false, "\x1f\x36\x96\x13\xdd\x76\xd5\x46\x77\x30\xef\xcb\xe3\xb1\xa2\x2d",
                "\xfa\x04\x4b\x2f\x42\xa3\xfd\x3b\x46\xfb\x25\x5c",
                "\x9f\x50\x44\x9e\x04\xa0\xe8\x10\x28\x3a\x1e\x99\x33\xad\xed\xd2");
    expect_keys(QUIC_V1, true, "\xcf\x3a\x53\x31\x65\x3c\x36\x4c\x88\xf0\xf3\x79\xb6\x06\x7e\x37",
                "\x0a\xc1\x49\x3c\xa1\x90\x58\x53\xb0\xbb\xa0\x3e",
                "\xc2\x06\xb8\xd9\xb9\xf0\xf3\x76\x44\x43\x0b\x49\x0e\xea\xa3\x14");
    expect_keys(QUIC_V2, false, "\x8b\x1a\x0b\xc1\x21\x28\x42\x90\xa2\x9e\x09\x71\xb5\xcd\x04\x5d",
                "\x91\xf7\x3e\x23\x51\xd8\xfa\x91\x66\x0e\x90\x9f",
                "\x45\xb9\x5e\x15\x23\x5d\x6f\x45\xa6\xb1\x9c\xbc\xb0\x29\x4b\xa9");
    expect_keys(QUIC_V2, true, "\x82\xdb\x63\x78\x61\xd5\x5e\x1d\x01\x1f\x19\xea\x71\xd5\xd2\xa7",
                "\xdd\x13\xc2\x76\x49\x9c\x02\x49\xd3\x31\x06\x52",
                "\xed\xf6\xd0\x5c\x83\x12\x12\x01\xb4\x36\xe1\x68\x77\x59\x3c\x3a");
}

static enum verdict open_packet(struct quic_crypto *c, const uint8_t *bytes, size_t len, uint64_t *io_next,
                                uint8_t *room, struct span *out)
{
    struct quic_long p;
    struct quic_keys k;
    assert_int_equal(quic_long_read(span_of(bytes, len), len, &p), FIELD_FOUND);
    quic_initial_keys(p.version, ID, false, &k);
    return quic_initial_open(c, &k, &p, io_next, room, out);
}

static void test_open(void **state)
{
    static const struct {
        const uint8_t *bytes;
        size_t len;
    } packets[] = {{packet_v1, sizeof packet_v1}, {packet_v2, sizeof packet_v2}};
    struct quic_crypto *c = quic_crypto_new();
    uint8_t room[sizeof packet_v1];
    (void)state;
    assert_non_null(c);
    for (size_t i = 0; i < 2; i++) {
        struct span plain, rest;
        struct quic_part part;
        uint64_t next = 0;
        assert_int_equal(open_packet(c, packets[i].bytes, packets[i].len, &next, room, &plain), FIELD_FOUND);
        assert_int_equal(next, 3);
        assert_int_equal(plain.len, 1162);
        rest = plain;
        assert_int_equal(quic_next_crypto(&rest, &part), FIELD_FOUND);
        assert_int_equal(part.offset, 0);
        assert_int_equal(part.bytes.len, 241);
        assert_true(span_starts(part.bytes, SPAN_LIT("\x01\x00\x00\xed\x03\x03\xeb\xf8\xfa\x56\xf1\x29")));
        assert_int_equal(quic_next_crypto(&rest, &part), FIELD_ABSENT);
        next = 100; /* numbers are told by their last four bytes: a nearby expectation changes nothing */
        assert_int_equal(open_packet(c, packets[i].bytes, packets[i].len, &next, room, &plain), FIELD_FOUND);
        assert_int_equal(next, 100);
    }
    quic_crypto_free(c);
}

/* Any bit that changes is seen, wherever it is. The unprotected header is part of what was sealed. */
static void test_changed_bits(void **state)
{
    struct quic_crypto *c = quic_crypto_new();
    uint8_t copy[sizeof packet_half_1], room[sizeof packet_half_1];
    (void)state;
    assert_non_null(c);
    for (size_t at = 18; at < sizeof copy; at++) {
        struct span plain;
        uint64_t next = 7;
        memcpy(copy, packet_half_1, sizeof copy);
        copy[at] ^= 0x10;
        assert_int_equal(open_packet(c, copy, sizeof copy, &next, room, &plain), FIELD_ABSENT);
        assert_int_equal(next, 7);
    }
    quic_crypto_free(c);
}

static void test_too_short(void **state)
{
    static const uint8_t bytes[] = "\xc0\0\0\0\1\0\0\0\x13"
                                   "1234567890123456789";
    struct quic_crypto *c = quic_crypto_new();
    struct quic_keys k = {{0}, {0}, {0}};
    struct quic_long p;
    struct span plain;
    uint8_t room[64];
    uint64_t next = 0;
    (void)state;
    assert_int_equal(quic_long_read(span_of(bytes, 28), 28, &p), FIELD_FOUND);
    assert_int_equal(quic_initial_open(c, &k, &p, &next, room, &plain), FIELD_MALFORMED);
    quic_crypto_free(c);
}

static void expect_frames(struct span in, unsigned n_found, enum verdict last)
{
    struct quic_part part;
    uint8_t *copy = malloc(in.len ? in.len : 1);
    assert_non_null(copy);
    memcpy(copy, in.ptr, in.len);
    struct span rest = span_of(copy, in.len);
    for (unsigned i = 0; i < n_found; i++)
        assert_int_equal(quic_next_crypto(&rest, &part), FIELD_FOUND);
    assert_int_equal(quic_next_crypto(&rest, &part), last);
    free(copy);
}

static void test_frames(void **state)
{
    (void)state;
    expect_frames(SPAN_LIT(""), 0, FIELD_ABSENT);
    expect_frames(SPAN_LIT("\0\0\0"), 0, FIELD_ABSENT);
    expect_frames(SPAN_LIT("\1\0\6\0\2ab\1\6\2\0\0"), 2, FIELD_ABSENT);
    expect_frames(SPAN_LIT("\2\5\0\1\0\3\4\6\0\1a"), 1, FIELD_ABSENT);         /* ACK with one more range */
    expect_frames(SPAN_LIT("\3\5\0\0\0\1\2\3\6\0\1a"), 1, FIELD_ABSENT);       /* with ECN counts */
    expect_frames(SPAN_LIT("\x1c\1\6\3why\6\0\1a"), 1, FIELD_ABSENT);          /* CONNECTION_CLOSE */
    expect_frames(SPAN_LIT("\6\0\1a\x08\0"), 1, FIELD_MALFORMED);              /* STREAM */
    expect_frames(SPAN_LIT("\6\0\5abcd"), 0, FIELD_MALFORMED);                 /* longer than the packet */
    expect_frames(SPAN_LIT("\2\5\0\xbf\xff\xff\xff\0\0"), 0, FIELD_MALFORMED); /* a billion ranges */
    expect_frames(SPAN_LIT("\x1c\1\6\x40"), 0, FIELD_MALFORMED);
    expect_frames(SPAN_LIT("\6\0\xff\xff\xff\xff\xff\xff\xff\xff"), 0, FIELD_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),      cmocka_unit_test(test_open),   cmocka_unit_test(test_changed_bits),
        cmocka_unit_test(test_too_short), cmocka_unit_test(test_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
