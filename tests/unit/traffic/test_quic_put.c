/* quic_put.c: the packets of RFC 9001 and RFC 9369 (appendix A) made again, byte for byte, and others opened. */
#include "traffic/quic_put.h"

#include "tests/unit/sensor/quic_packets.h"
#include "tests/unit/traffic/read_back.h"

#define ID SPAN_LIT("\x83\x94\xc8\xf0\x3e\x51\x57\x08")

static struct span open_initial(struct quic_crypto *c, struct span packet, struct span key_id, bool is_server,
                                uint8_t *room)
{
    struct quic_long p;
    struct quic_keys k;
    struct span plain;
    uint64_t next = 0;
    assert_int_equal(quic_long_read(packet, packet.len, &p), FIELD_FOUND);
    quic_initial_keys(p.version, key_id, is_server, &k);
    assert_int_equal(quic_initial_open(c, &k, &p, &next, room, &plain), FIELD_FOUND);
    return plain;
}

static void test_vectors(void **state)
{
    const struct {
        struct span packet;
        uint32_t version;
    } vectors[] = {{span_of(packet_v1, sizeof packet_v1), QUIC_V1},
                   {span_of(packet_v2, sizeof packet_v2), QUIC_V2}};
    struct quic_crypto *c = quic_crypto_new();
    uint8_t room[1500];
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < 2; i++) {
        struct span frames = open_initial(c, vectors[i].packet, ID, false, room);
        buf_reset(&out);
        assert_true(
            quic_put_initial(&out, c,
                             &(struct quic_put_initial){
                                 .version = vectors[i].version, .dcid = ID, .number = 2, .frames = frames}));
        assert_true(span_eq(buf_span(&out), vectors[i].packet));
    }
    buf_fini(&out);
    quic_crypto_free(c);
}

static void test_padding(void **state)
{
    struct quic_crypto *c = quic_crypto_new();
    uint8_t room[1500];
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    for (size_t pad_to = 0; pad_to <= QUIC_PUT_DATAGRAM; pad_to += 60) {
        buf_reset(&out);
        struct quic_put_initial p = {.version = QUIC_V1,
                                     .dcid = ID,
                                     .scid = SPAN_LIT("abc"),
                                     .token = SPAN_LIT("token"),
                                     .frames = SPAN_LIT("\1"),
                                     .pad_to = pad_to};
        assert_true(quic_put_initial(&out, c, &p));
        assert_int_equal(out.len, pad_to < 60 ? 47 : pad_to);
        struct span plain = open_initial(c, buf_span(&out), ID, false, room);
        assert_int_equal(plain.ptr[0], 1);
        for (size_t i = 1; i < plain.len; i++)
            assert_int_equal(plain.ptr[i], 0);
    }
    buf_fini(&out);
    quic_crypto_free(c);
}

static void test_server(void **state)
{
    struct quic_crypto *c = quic_crypto_new();
    uint8_t room[1500];
    struct buf out, frames;
    struct quic_part part;
    (void)state;
    buf_init(&out, 4096);
    buf_init(&frames, 4096);
    assert_true(quic_put_ack(&frames, 0) && quic_put_crypto(&frames, 300, SPAN_LIT("hello")));
    struct quic_put_initial p = {.version = QUIC_V2,
                                 .scid = SPAN_LIT("server"),
                                 .key_id = ID,
                                 .is_server = true,
                                 .frames = buf_span(&frames)};
    assert_true(quic_put_initial(&out, c, &p));
    struct span plain = open_initial(c, buf_span(&out), ID, true, room);
    assert_int_equal(quic_next_crypto(&plain, &part), FIELD_FOUND);
    assert_int_equal(part.offset, 300);
    assert_true(span_eq(part.bytes, SPAN_LIT("hello")));
    buf_fini(&out);
    buf_fini(&frames);
    quic_crypto_free(c);
}

static void test_others(void **state)
{
    struct buf out;
    struct dice dice = dice_of(1);
    struct quic_long p;
    (void)state;
    buf_init(&out, 4096);
    assert_true(quic_put_handshake(&out, QUIC_V2, ID, SPAN_LIT(""), 100, &dice));
    size_t first = out.len;
    assert_true(quic_put_short(&out, ID, 30, &dice));
    assert_int_equal(quic_long_read(buf_span(&out), out.len, &p), FIELD_FOUND);
    assert_int_equal(p.type, QUIC_HANDSHAKE);
    assert_int_equal(p.packet.len, first);
    assert_int_equal(out.ptr[first] & 0xc0, 0x40);
    buf_fini(&out);
}

static void test_full(void **state)
{
    struct quic_crypto *c = quic_crypto_new();
    (void)state;
    for (size_t cap = 1; cap < 48; cap++) {
        struct buf out;
        buf_init(&out, cap);
        assert_false(quic_put_initial(
            &out, c,
            &(struct quic_put_initial){.version = QUIC_V1, .dcid = ID, .frames = SPAN_LIT("0123456789")}));
        assert_int_equal(out.len, 0);
        buf_fini(&out);
    }
    quic_crypto_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_padding), cmocka_unit_test(test_server),
        cmocka_unit_test(test_others),  cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
