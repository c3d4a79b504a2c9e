/* wrapping.c: each layer byte for byte, and which may follow which. */
#include "traffic/wrapping.h"

#include "tests/unit/traffic/read_back.h"

static struct frame frame;

static struct ip v4(const char *text)
{
    struct ip ip;
    assert_true(ip_parse_v4(span_str(text), &ip));
    return ip;
}

/* Around an empty UDP packet, IPv4 or IPv6. */
static struct span put(const struct wrapping *c, bool is_to_server, bool is_v6)
{
    struct frame_ends e = {.src = v4("192.0.2.1"), .dst = v4("192.0.2.2"), .sport = 1, .dport = 2};
    if (is_v6) {
        ip_parse_v6(SPAN_LIT("2001:db8::1"), &e.src);
        ip_parse_v6(SPAN_LIT("2001:db8::2"), &e.dst);
    }
    frame_begin(&frame);
    frame_push_udp(&frame, &e);
    frame_push_ip(&frame, &e, &(struct frame_ip){.proto = 17, .hop_limit = 64});
    wrapping_push(c, is_to_server, &frame);
    return frame_span(&frame);
}

static void test_ethernet(void **state)
{
    (void)state;
    assert_memory_equal(put(NULL, true, false).ptr, "\x02" "DRIL\x02\x02" "DRIL\x01\x08\0\x45", 15);
    assert_memory_equal(put(NULL, false, true).ptr, "\x02" "DRIL\x01\x02" "DRIL\x02\x86\xdd\x60", 15);
}

static void test_tags(void **state)
{
    struct wrapping c = {.n = 2,
                         .layers = {{.kind = WRAP_SERVICE_VLAN, .id = 4094}, {.kind = WRAP_VLAN, .id = 7}}};
    (void)state;
    struct span s = put(&c, true, false);
    assert_memory_equal(s.ptr + 12, "\x88\xa8\x0f\xfe\x81\0\0\x07\x08\0\x45", 11);
    struct packet pkt = {.bytes = s, .wire_len = (uint32_t)s.len};
    struct decoded d = read_back(&pkt);
    assert_int_equal(d.n_vlans, 2);
    assert_int_equal(d.vlans[0], 4094);
    assert_int_equal(d.vlans[1], 7);
}

static void test_labels(void **state)
{
    struct wrapping c = {.n = 2,
                         .layers = {{.kind = WRAP_MPLS, .id = 0xfffff}, {.kind = WRAP_MPLS, .id = 16}}};
    (void)state;
    assert_memory_equal(put(&c, true, true).ptr + 12, "\x88\x47\xff\xff\xf0\x40\0\x01\x01\x40\x60", 11);
}

static void test_pppoe(void **state)
{
    struct wrapping c = {.n = 1, .layers = {{.kind = WRAP_PPPOE, .id = 0x1234}}};
    (void)state;
    assert_memory_equal(put(&c, true, false).ptr + 12, "\x88\x64\x11\0\x12\x34\0\x1e\0\x21\x45", 11);
    assert_memory_equal(put(&c, true, true).ptr + 12, "\x88\x64\x11\0\x12\x34\0\x32\0\x57\x60", 11);
}

static struct wrapping tunnel(enum wrap_kind kind, uint32_t id)
{
    return (struct wrapping){
        .n = 1,
        .layers = {{.kind = kind, .id = id, .client = v4("203.0.113.1"), .server = v4("203.0.113.2")}}};
}

/* The outer header of a tunnel: its addresses follow the direction. Returns what is behind it. */
static struct span outer(struct span s, uint8_t proto, bool is_to_server)
{
    struct span ip = span_from(s, 14);
    assert_int_equal(load_be16(s.ptr + 12), 0x0800);
    assert_int_equal(load_be16(ip.ptr + 2), ip.len);
    assert_int_equal(ip.ptr[9], proto);
    assert_int_equal(ip.ptr[15], is_to_server ? 1 : 2);
    assert_int_equal(ip.ptr[19], is_to_server ? 2 : 1);
    read_back_checksums(ip);
    return span_from(ip, 20);
}

static void test_ip_in_ip(void **state)
{
    struct wrapping c = tunnel(WRAP_IP, 0);
    (void)state;
    assert_int_equal(outer(put(&c, true, false), 4, true).ptr[0], 0x45);
    assert_int_equal(outer(put(&c, false, true), 41, false).ptr[0], 0x60);
    ip_parse_v6(SPAN_LIT("2001:db8::1"), &c.layers[0].client);
    ip_parse_v6(SPAN_LIT("2001:db8::2"), &c.layers[0].server);
    assert_memory_equal(put(&c, true, false).ptr + 12, "\x86\xdd\x60\0\0\0\0\x1c\x04", 9);
}

static void test_gre(void **state)
{
    struct wrapping c = tunnel(WRAP_GRE, 0);
    (void)state;
    assert_memory_equal(outer(put(&c, true, false), 47, true).ptr, "\0\0\x08\0\x45", 5);
    c.layers[0].id = 0xdeadbeef;
    assert_memory_equal(outer(put(&c, false, true), 47, false).ptr, "\x20\0\x86\xdd\xde\xad\xbe\xef\x60", 9);
}

static void test_vxlan(void **state)
{
    struct wrapping c = tunnel(WRAP_VXLAN, 0x123456);
    (void)state;
    struct span udp = outer(put(&c, true, false), 17, true);
    assert_int_equal(load_be16(udp.ptr + 2), 4789);
    assert_memory_equal(udp.ptr + 8, "\x08\0\0\0\x12\x34\x56\0\x02", 9);
    assert_memory_equal(udp.ptr + 16 + 12, "\x08\0\x45", 3);
}

static void test_gtp_u(void **state)
{
    struct wrapping c = tunnel(WRAP_GTP_U, 0x01020304);
    (void)state;
    struct span udp = outer(put(&c, true, true), 17, true);
    assert_int_equal(load_be16(udp.ptr + 2), 2152);
    assert_memory_equal(udp.ptr + 8, "\x30\xff\0\x30\1\2\3\4\x60", 9);
}

static void test_nested(void **state)
{
    struct wrapping c = tunnel(WRAP_GTP_U, 9);
    (void)state;
    c.layers[1] = c.layers[0];
    c.layers[0] = (struct wrap){.kind = WRAP_VLAN, .id = 3};
    c.n = 2;
    struct span s = put(&c, true, false);
    assert_memory_equal(s.ptr + 12, "\x81\0\0\3\x08\0\x45", 7);
    read_back_checksums(span_from(s, 18));
}

static void test_fits(void **state)
{
    static const struct {
        enum wrap_kind outer, inner;
        bool fits;
    } pairs[] = {
        {WRAP_VLAN, WRAP_MPLS, true},   {WRAP_MPLS, WRAP_MPLS, true}, {WRAP_MPLS, WRAP_VLAN, false},
        {WRAP_PPPOE, WRAP_VLAN, false}, {WRAP_PPPOE, WRAP_GRE, true}, {WRAP_IP, WRAP_MPLS, false},
        {WRAP_GTP_U, WRAP_VLAN, false}, {WRAP_GRE, WRAP_MPLS, true},  {WRAP_VXLAN, WRAP_VLAN, true},
        {WRAP_GTP_U, WRAP_IP, true},
    };
    struct wrapping c = {.n = 2};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        c.layers[0].kind = pairs[i].outer;
        c.layers[1].kind = pairs[i].inner;
        assert_int_equal(wrapping_fits(&c), pairs[i].fits);
    }
    c = (struct wrapping){.n = WRAPPING_MAX};
    assert_true(wrapping_fits(&c));
    c.n++;
    assert_false(wrapping_fits(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ethernet), cmocka_unit_test(test_tags),     cmocka_unit_test(test_labels),
        cmocka_unit_test(test_pppoe),    cmocka_unit_test(test_ip_in_ip), cmocka_unit_test(test_gre),
        cmocka_unit_test(test_vxlan),    cmocka_unit_test(test_gtp_u),    cmocka_unit_test(test_nested),
        cmocka_unit_test(test_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
