/* quic.c: long headers, whole, cut at every byte, and wrong. */
#include "sensor/extract/quic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/quic_packets.h"

static void test_initial(void **state)
{
    struct quic_long p;
    (void)state;
    assert_int_equal(quic_long_read(span_of(packet_v1, sizeof packet_v1), sizeof packet_v1, &p), FIELD_FOUND);
    assert_int_equal(p.type, QUIC_INITIAL);
    assert_int_equal(p.version, QUIC_V1);
    assert_true(span_eq(p.dcid, SPAN_LIT("\x83\x94\xc8\xf0\x3e\x51\x57\x08")));
    assert_int_equal(p.scid.len, 0);
    assert_int_equal(p.number_at, 18);
    assert_int_equal(p.packet.len, 1200);
    assert_int_equal(quic_long_read(span_of(packet_v2, sizeof packet_v2), sizeof packet_v2, &p), FIELD_FOUND);
    assert_int_equal(p.type, QUIC_INITIAL);
    assert_int_equal(p.version, QUIC_V2);
}

/* A prefix is cut when the capture cut it, and wrong when that is all that was sent. */
static void test_cut(void **state)
{
    struct quic_long p;
    (void)state;
    for (size_t n = 0; n < sizeof packet_v1; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, packet_v1, n);
        assert_int_equal(quic_long_read(span_of(copy, n), sizeof packet_v1, &p),
                         n < 5 ? FIELD_ABSENT : FIELD_PARTIAL);
        assert_int_equal(quic_long_read(span_of(copy, n), n, &p), n < 5 ? FIELD_ABSENT : FIELD_MALFORMED);
        assert_int_equal(quic_looks_like(span_of(copy, n)), n >= 5);
        free(copy);
    }
}

static void expect(struct span in, enum verdict v, enum quic_type type, size_t packet_len)
{
    struct quic_long p;
    assert_int_equal(quic_long_read(in, in.len, &p), v);
    if (v != FIELD_FOUND)
        return;
    assert_int_equal(p.type, type);
    assert_int_equal(p.packet.len, packet_len);
}

static void test_types(void **state)
{
    (void)state;
    expect(SPAN_LIT("\xd0\0\0\0\1\0\0\3abcXYZ"), FIELD_FOUND, QUIC_0RTT, 11);
    expect(SPAN_LIT("\xe0\0\0\0\1\1i\1j\3abc"), FIELD_FOUND, QUIC_HANDSHAKE, 13);
    expect(SPAN_LIT("\xf0\0\0\0\1\0\1jtoken"), FIELD_FOUND, QUIC_RETRY, 13);
    expect(SPAN_LIT("\xc0\x6b\x33\x43\xcf\0\1jtoken"), FIELD_FOUND, QUIC_RETRY, 13);
    expect(SPAN_LIT("\xe0\x6b\x33\x43\xcf\0\0\1x"), FIELD_FOUND, QUIC_0RTT, 9);
    expect(SPAN_LIT("\xf0\x6b\x33\x43\xcf\0\0\1x"), FIELD_FOUND, QUIC_HANDSHAKE, 9);
    expect(SPAN_LIT("\x80\0\0\0\0\0\0\0\0\0\1"), FIELD_FOUND, QUIC_NEGOTIATION, 11);
    expect(SPAN_LIT("\x40\0\0\0\1\0\0\0\0"), FIELD_ABSENT, 0, 0); /* a short header */
    expect(SPAN_LIT("\x80\0\0\0\1\0\0\0\0"), FIELD_ABSENT, 0, 0); /* no fixed bit */
    expect(SPAN_LIT("\xc0\0\0\0\2\0\0\0\0"), FIELD_ABSENT, 0, 0); /* no such version */
    expect(SPAN_LIT("\xc0\0\0\0\1\x15"
                    "123456789012345678901\0\0\0"),
           FIELD_MALFORMED, 0, 0);
    expect(SPAN_LIT("\xc0\0\0\0\1\0\0\5tok\0"), FIELD_MALFORMED, 0, 0); /* the token goes past the end */
    expect(SPAN_LIT("\xc0\0\0\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0"), FIELD_MALFORMED, 0, 0);
    expect(SPAN_LIT("\xc0\0\0\0\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"), FIELD_MALFORMED, 0, 0);
}

static void expect_version(uint32_t version, enum quic_version_kind kind, const char *name)
{
    char scratch[QUIC_VERSION_TEXT_MAX];
    assert_int_equal(quic_version_kind(version), kind);
    assert_string_equal(quic_version_name(version, scratch), name);
}

static void test_versions(void **state)
{
    (void)state;
    expect_version(1, QUIC_VERSION_READ, "1");
    expect_version(0x6b3343cf, QUIC_VERSION_READ, "2");
    expect_version(0xff00001b, QUIC_VERSION_READ, "draft-27");
    expect_version(0xff000022, QUIC_VERSION_READ, "draft-34");
    expect_version(0xfaceb002, QUIC_VERSION_READ, "faceb002");
    expect_version(0xff000012, QUIC_VERSION_UNREAD, "draft-18");
    expect_version(0x51303436, QUIC_VERSION_UNREAD, "51303436"); /* Q046 */
    expect_version(0x1a2a3a4a, QUIC_VERSION_UNREAD, "1a2a3a4a");
    expect_version(0, QUIC_VERSION_NONE, "00000000");
    expect_version(0x16fe0303, QUIC_VERSION_NONE, "16fe0303");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initial),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
