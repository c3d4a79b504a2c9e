/* frame.c: headers of any size of payload, read back, and checksums that add up. */
#include "traffic/frame.h"

#include "tests/unit/traffic/read_back.h"
#include "traffic/dice.h"

static struct frame frame;

static struct frame_ends ends_of(bool is_v4)
{
    struct frame_ends e = {.sport = 40000, .dport = 443};
    ip_parse_v4(SPAN_LIT("192.0.2.1"), &e.src);
    ip_parse_v4(SPAN_LIT("198.51.100.2"), &e.dst);
    if (!is_v4) {
        ip_parse_v6(SPAN_LIT("2001:db8::1"), &e.src);
        ip_parse_v6(SPAN_LIT("2001:db8:ffff::2"), &e.dst);
    }
    return e;
}

static struct packet raw(void)
{
    struct span s = frame_span(&frame);
    return (struct packet){.bytes = s, .wire_len = (uint32_t)s.len, .link = LINK_RAW};
}

static void fill(size_t len, struct dice *dice)
{
    frame_begin(&frame);
    dice_bytes(dice, frame_append(&frame, len), len);
}

static void check(const struct frame_ends *e, uint8_t proto, size_t payload_len)
{
    struct packet pkt = raw();
    struct decoded d = read_back(&pkt);
    read_back_checksums(pkt.bytes);
    assert_int_equal(d.proto, proto);
    assert_int_equal(d.payload.len, payload_len);
    assert_int_equal(d.payload_wire_len, payload_len);
    assert_int_equal(d.sport, e->sport);
    assert_int_equal(d.dport, e->dport);
    assert_int_equal(ip_compare(&d.src, &e->src), 0);
    assert_int_equal(ip_compare(&d.dst, &e->dst), 0);
}

static void test_every_length(void **state)
{
    struct dice dice = dice_of(1);
    (void)state;
    for (int is_v4 = 0; is_v4 < 2; is_v4++) {
        struct frame_ends e = ends_of(is_v4);
        for (size_t len = 0; len < 300; len++) {
            fill(len, &dice);
            frame_push_udp(&frame, &e);
            frame_push_ip(&frame, &e, &(struct frame_ip){.proto = 17, .hop_limit = 1});
            check(&e, 17, len);
            fill(len, &dice);
            frame_push_tcp(
                &frame, &e,
                &(struct frame_tcp){
                    .seq = 0xfffffffe, .ack = 7, .flags = TCP_ACK, .offers_mss = len % 2 ? 1400 : 0});
            frame_push_ip(&frame, &e, &(struct frame_ip){.proto = 6, .hop_limit = 1, .id = 99});
            check(&e, 6, len);
        }
    }
}

static void test_longest(void **state)
{
    struct dice dice = dice_of(2);
    struct frame_ends e = ends_of(true);
    (void)state;
    fill(FRAME_PAYLOAD_MAX, &dice);
    frame_push_tcp(&frame, &e, &(struct frame_tcp){.flags = TCP_ACK});
    frame_push_ip(&frame, &e, &(struct frame_ip){.proto = 6});
    check(&e, 6, FRAME_PAYLOAD_MAX);
}

/* A UDP checksum that comes out as zero is sent as its other form. */
static void test_udp_zero(void **state)
{
    struct frame_ends e = ends_of(true);
    unsigned n_ones = 0;
    (void)state;
    for (uint32_t i = 0; i < 0x10000; i++) {
        frame_begin(&frame);
        store_be16(frame_append(&frame, 2), i);
        frame_push_udp(&frame, &e);
        uint16_t sum = load_be16(frame_span(&frame).ptr + 6);
        assert_int_not_equal(sum, 0);
        n_ones += sum == 0xffff;
    }
    assert_int_equal(n_ones, 1);
}

static void test_fragment_header(void **state)
{
    (void)state;
    for (int is_v4 = 0; is_v4 < 2; is_v4++) {
        struct frame_ends e = ends_of(is_v4);
        struct decoded d = {0};
        frame_begin(&frame);
        memset(frame_append(&frame, 64), 'x', 64);
        frame_push_ip(
            &frame, &e,
            &(struct frame_ip){
                .proto = 17, .id = 0x1234, .is_fragment = true, .has_more = true, .fragment_at = 1480});
        struct packet pkt = raw();
        assert_int_equal(decode_packet(LINK_RAW, &pkt, &d).verdict, DECODE_FRAGMENT);
        assert_int_equal(d.fragment_at, 1480);
        assert_int_equal(d.fragment_id, 0x1234);
        assert_true(d.has_more_fragments);
        assert_int_equal(d.payload.len, 64);
    }
}

static void test_options(void **state)
{
    struct frame_ends e = ends_of(true);
    (void)state;
    frame_begin(&frame);
    frame_push_tcp(&frame, &e, &(struct frame_tcp){.flags = TCP_SYN, .offers_mss = 1460});
    struct span tcp = frame_span(&frame);
    assert_int_equal(tcp.len, 28);
    assert_memory_equal(tcp.ptr + 20, "\2\4\5\xb4\1\3\3\7", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length), cmocka_unit_test(test_longest),
        cmocka_unit_test(test_udp_zero),     cmocka_unit_test(test_fragment_header),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
