/* decode/: every link type and header, well formed, wrong, and cut at every byte. */
#include "sensor/decode/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/packets.h"

/* A decoded frame; the spans in `d` point into `bytes`. */
struct reading {
    uint8_t *bytes;
    struct decode_result result;
    struct decoded d;
};

static struct reading read_first(enum link_type link, struct span frame, size_t captured, size_t wire_len)
{
    struct reading r = {.bytes = packets_exact(span_first(frame, captured))};
    struct packet pkt = {.bytes = span_of(r.bytes, captured), .wire_len = (uint32_t)wire_len};
    r.result = decode_packet(link, &pkt, &r.d);
    assert_true(r.d.payload.len == 0 ||
                (r.d.payload.ptr >= r.bytes && r.d.payload.ptr + r.d.payload.len <= r.bytes + captured));
    return r;
}

static struct reading read_frame(enum link_type link, const struct buf *frame)
{
    return read_first(link, buf_span(frame), frame->len, frame->len);
}

static void assert_result(const struct reading *r, enum decode_verdict verdict, int reason)
{
    assert_int_equal(r->result.verdict, verdict);
    if (verdict != DECODE_OK)
        assert_int_equal(r->result.reason, reason);
}

static void assert_reads(enum link_type link, const struct buf *frame, enum decode_verdict verdict,
                         int reason)
{
    struct reading r = read_frame(link, frame);
    assert_result(&r, verdict, reason);
    free(r.bytes);
}

/* 192.0.2.1:1000 to 198.51.100.2:53, UDP "payload". */
static void put_ipv4_udp(struct buf *b)
{
    struct packets_ipv4 h = {
        .src = packets_v4(0xc0000201), .dst = packets_v4(0xc6336402), .proto = 17, .total_len = -1};
    packets_put_ipv4(b, &h, 8 + 7);
    packets_put_udp(b, 1000, 53, 7);
    buf_put_str(b, "payload");
}

static void put_ipv6_udp(struct buf *b)
{
    struct ip src = packets_v6(1), dst = packets_v6(2);
    packets_put_ipv6(b, &src, &dst, 17, 8 + 7);
    packets_put_udp(b, 1000, 53, 7);
    buf_put_str(b, "payload");
}

static void assert_is_payload(const struct reading *r, unsigned ip_version)
{
    struct ip v4[2] = {packets_v4(0xc0000201), packets_v4(0xc6336402)},
              v6[2] = {packets_v6(1), packets_v6(2)};
    const struct ip *ends = ip_version == 4 ? v4 : v6;
    assert_result(r, DECODE_OK, 0);
    assert_int_equal(r->d.ip_version, ip_version);
    assert_int_equal(ip_compare(&r->d.src, &ends[0]), 0);
    assert_int_equal(ip_compare(&r->d.dst, &ends[1]), 0);
    assert_int_equal(r->d.proto, 17);
    assert_int_equal(r->d.sport, 1000);
    assert_int_equal(r->d.dport, 53);
    assert_true(span_eq(r->d.payload, SPAN_LIT("payload")));
    assert_int_equal(r->d.payload_wire_len, 7);
    assert_false(r->d.is_fragment);
}

/* ---- links ---- */

static void put_null(struct buf *b, const char family[4])
{
    buf_put(b, span_of(family, 4));
}

static void put_llc(struct buf *b, uint16_t ethertype)
{
    buf_put(b, SPAN_LIT("\xaa\xaa\x03\0\0\0"));
    packets_put_u16(b, ethertype);
}

/* A data frame to an access point. */
static void put_80211(struct buf *b, uint16_t ethertype)
{
    buf_put(b, SPAN_LIT("\x08\x01\0\0"));
    packets_put_fill(b, 2, 18);
    packets_put_u16(b, 0x3012); /* sequence number 0x123, fragment 0: little-endian */
    put_llc(b, ethertype);
}

/* Attributes before the payload's; their lengths are not multiples of four. */
static void put_nflog(struct buf *b, unsigned ip_version)
{
    buf_put_byte(b, ip_version == 4 ? 2 : 10);
    packets_put_fill(b, 0, 3);
    buf_put(b, SPAN_LIT("\x07\0\x0a\0abc\0\x08\0\x01\0\0\0\0\0"));
    buf_put_byte(b, (uint8_t)(4 + (ip_version == 4 ? 20 : 40) + 15));
    buf_put(b, SPAN_LIT("\0\x09\0"));
}

static void put_link(struct buf *b, enum link_type link, unsigned ip_version)
{
    uint16_t ethertype = ip_version == 4 ? 0x0800 : 0x86dd, ppp = ip_version == 4 ? 0x0021 : 0x0057;
    switch (link) {
    case LINK_ETHERNET:
        packets_put_ethernet(b, ethertype);
        break;
    case LINK_SLL:
        packets_put_fill(b, 0, 14);
        packets_put_u16(b, ethertype);
        break;
    case LINK_SLL2:
        packets_put_u16(b, ethertype);
        packets_put_fill(b, 0, 18);
        break;
    case LINK_NULL:
        put_null(b, ip_version == 4 ? "\x02\0\0\0" : "\x1c\0\0\0");
        break;
    case LINK_PPP:
        packets_put_u16(b, 0xff03);
        packets_put_u16(b, ppp);
        break;
    case LINK_PPPOE:
        buf_put(b, SPAN_LIT("\x11\0\x12\x34"));
        packets_put_u16(b, 2 + (ip_version == 4 ? 20u : 40u) + 15);
        packets_put_u16(b, ppp);
        break;
    case LINK_CHDLC:
        packets_put_u16(b, 0x0f00);
        packets_put_u16(b, ethertype);
        break;
    case LINK_FRAME_RELAY:
        packets_put_u16(b, 0x18c1);
        buf_put_byte(b, 3);
        buf_put_byte(b, ip_version == 4 ? 0xcc : 0x8e);
        break;
    case LINK_LLC:
        put_llc(b, ethertype);
        break;
    case LINK_MPLS:
        packets_put_u32(b, 100 << 12 | 64);
        packets_put_u32(b, 200 << 12 | 0x100 | 64);
        break;
    case LINK_80211:
        put_80211(b, ethertype);
        break;
    case LINK_RADIOTAP:
        buf_put(b, SPAN_LIT("\0\0\x08\0\0\0\0\0"));
        put_80211(b, ethertype);
        break;
    case LINK_PRISM:
        packets_put_fill(b, 0, 144);
        put_80211(b, ethertype);
        break;
    case LINK_PPI:
        buf_put(b, SPAN_LIT("\0\0\x08\0\x69\0\0\0"));
        put_80211(b, ethertype);
        break;
    case LINK_ARCNET:
    case LINK_ARCNET_LINUX:
        packets_put_fill(b, 1, link == LINK_ARCNET ? 2 : 4);
        buf_put_byte(b, ip_version == 4 ? 212 : 196);
        packets_put_fill(b, 0, 3);
        break;
    case LINK_NFLOG:
        put_nflog(b, ip_version);
        break;
    case LINK_PKTAP:
        buf_put(b, SPAN_LIT("\x0c\0\0\0\x01\0\0\0\x01\0\0\0"));
        packets_put_ethernet(b, ethertype);
        break;
    case LINK_RAW:
    case LINK_OTHER:
        break;
    }
}

static void put_packet(struct buf *b, enum link_type link, unsigned ip_version)
{
    put_link(b, link, ip_version);
    if (ip_version == 4)
        put_ipv4_udp(b);
    else
        put_ipv6_udp(b);
}

static void test_every_link(void **state)
{
    (void)state;
    for (enum link_type link = LINK_ETHERNET; link < LINK_OTHER; link++)
        for (unsigned version = 4; version <= 6; version += 2) {
            struct buf frame;
            buf_init(&frame, 4096);
            put_packet(&frame, link, version);
            struct reading r = read_frame(link, &frame);
            assert_is_payload(&r, version);
            assert_int_equal(r.d.n_vlans, 0);
            free(r.bytes);
            buf_fini(&frame);
        }
}

static void test_unknown_link(void **state)
{
    (void)state;
    struct buf frame;
    buf_init(&frame, 4096);
    assert_reads(LINK_OTHER, &frame, DECODE_OUT_OF_SCOPE, SCOPE_LINK_TYPE);
    put_ipv4_udp(&frame);
    assert_reads(LINK_OTHER, &frame, DECODE_OUT_OF_SCOPE, SCOPE_LINK_TYPE);
    buf_fini(&frame);
}

static void test_null_families(void **state)
{
    static const struct {
        const char family[5];
        unsigned version; /* 0: out of scope */
    } rows[] = {
        {"\x02\0\0\0", 4},     {"\0\0\0\x02", 4},     {"\x0a\0\0\0", 6},       {"\0\0\0\x18", 6},
        {"\x1c\0\0\0", 6},     {"\0\0\0\x1e", 6},     {"\xff\xff\x08\0", 4},   {"\0\x01\x86\xdd", 6},
        {"\x07\0\0\0", 0},     {"\0\0\0\0", 0},       {"\xff\xff\xff\xff", 0}, {"\x0f\0\x08\0", 4},
        {"\x0f\0\x86\xdd", 6}, {"\x0f\0\x08\x06", 0}, /* an EtherType */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_null(&frame, rows[i].family);
        if (rows[i].version == 6)
            put_ipv6_udp(&frame);
        else
            put_ipv4_udp(&frame);
        struct reading r = read_frame(LINK_NULL, &frame);
        if (rows[i].version)
            assert_is_payload(&r, rows[i].version);
        else
            assert_result(&r, DECODE_OUT_OF_SCOPE, SCOPE_NOT_IP);
        free(r.bytes);
        buf_fini(&frame);
    }
}

static void test_raw_versions(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 16; version++) {
        if (version == 4 || version == 6)
            continue;
        struct buf frame;
        buf_init(&frame, 4096);
        put_ipv4_udp(&frame);
        frame.ptr[0] = (uint8_t)(version << 4 | 5);
        assert_reads(LINK_RAW, &frame, DECODE_BAD, UNDECODABLE_IP);
        buf_fini(&frame);
    }
    struct buf nothing;
    buf_init(&nothing, 16);
    assert_reads(LINK_RAW, &nothing, DECODE_BAD, UNDECODABLE_LINK);
    buf_fini(&nothing);
}

/* Frames that are good but not IP. */
static void test_not_ip(void **state)
{
    static const uint16_t ethertypes[] = {0x0806, 0x88cc, 0x8863, 0x0600, 0xffff};
    (void)state;
    for (size_t i = 0; i < sizeof ethertypes / sizeof *ethertypes; i++) {
        struct buf frame;
        buf_init(&frame, 4096);
        packets_put_ethernet(&frame, ethertypes[i]);
        put_ipv4_udp(&frame);
        assert_reads(LINK_ETHERNET, &frame, DECODE_OUT_OF_SCOPE, SCOPE_NOT_IP);
        buf_fini(&frame);
    }
}

static void test_llc_and_snap(void **state)
{
    (void)state;
    struct buf frame;
    buf_init(&frame, 4096);
    packets_put_ethernet(&frame, 100); /* a length */
    buf_put(&frame, SPAN_LIT("\xaa\xaa\x03\0\0\0\x08\0"));
    put_ipv4_udp(&frame);
    struct reading r = read_frame(LINK_ETHERNET, &frame);
    assert_is_payload(&r, 4);
    free(r.bytes);
    frame.ptr[20] = 0x08;
    frame.ptr[21] = 0x06;
    assert_reads(LINK_ETHERNET, &frame, DECODE_OUT_OF_SCOPE, SCOPE_NOT_IP);
    frame.ptr[14] = 0x42; /* spanning tree */
    assert_reads(LINK_ETHERNET, &frame, DECODE_OUT_OF_SCOPE, SCOPE_NOT_IP);
    frame.ptr[14] = 0xaa;
    frame.len = 21; /* ends in SNAP's EtherType */
    assert_reads(LINK_ETHERNET, &frame, DECODE_BAD, UNDECODABLE_LINK);
    buf_fini(&frame);
}

static void test_vlan_stacks(void **state)
{
    static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100, 0x9200};
    (void)state;
    for (unsigned n = 1; n <= PACKET_VLANS_MAX + 2; n++) {
        struct buf frame;
        buf_init(&frame, 4096);
        packets_put_ethernet(&frame, tags[0]);
        for (unsigned i = 1; i <= n; i++)
            packets_put_vlan(&frame, (uint16_t)(100 + i), i < n ? tags[i % 4] : 0x0800);
        put_ipv4_udp(&frame);
        struct reading r = read_frame(LINK_ETHERNET, &frame);
        if (n <= PACKET_VLANS_MAX)
            assert_is_payload(&r, 4);
        else
            assert_result(&r, DECODE_BAD, UNDECODABLE_LINK);
        assert_int_equal(r.d.n_vlans, n < PACKET_VLANS_KEPT ? n : PACKET_VLANS_KEPT);
        for (unsigned i = 0; i < r.d.n_vlans; i++)
            assert_int_equal(r.d.vlans[i], 101 + i);
        free(r.bytes);
        buf_fini(&frame);
    }
}

/* Tags also follow the cooked headers' protocol. */
static void test_vlan_on_cooked(void **state)
{
    (void)state;
    struct buf frame;
    buf_init(&frame, 4096);
    packets_put_fill(&frame, 0, 14);
    packets_put_u16(&frame, 0x8100);
    packets_put_vlan(&frame, 7, 0x86dd);
    put_ipv6_udp(&frame);
    struct reading r = read_frame(LINK_SLL, &frame);
    assert_is_payload(&r, 6);
    assert_int_equal(r.d.vlans[0], 7);
    free(r.bytes);
    buf_fini(&frame);
}

/* ---- IPv4 ---- */

static struct packets_ipv4 plain_ipv4(uint8_t proto)
{
    return (struct packets_ipv4){
        .src = packets_v4(0xc0000201), .dst = packets_v4(0xc6336402), .proto = proto, .total_len = -1};
}

static void test_ipv4_options(void **state)
{
    (void)state;
    for (unsigned words = 0; words <= 10; words++) {
        struct buf frame;
        struct packets_ipv4 h = plain_ipv4(17);
        h.option_words = words;
        buf_init(&frame, 4096);
        packets_put_ipv4(&frame, &h, 15);
        packets_put_udp(&frame, 1000, 53, 7);
        buf_put_str(&frame, "payload");
        struct reading r = read_frame(LINK_RAW, &frame);
        assert_is_payload(&r, 4);
        free(r.bytes);
        buf_fini(&frame);
    }
}

static void test_ipv4_lengths(void **state)
{
    static const struct {
        uint8_t first;
        uint16_t total_len;
        enum decode_verdict verdict;
        uint8_t reason;
        size_t payload_len, payload_wire_len;
    } rows[] = {
        {0x45, 35, DECODE_OK, 0, 7, 7},
        {0x45, 0, DECODE_OK, 0, 7, 7},  /* offload: the frame's length */
        {0x45, 34, DECODE_OK, 0, 6, 7}, /* cuts the datagram, which still says 7 */
        {0x45, 28, DECODE_OK, 0, 0, 7},
        {0x45, 27, DECODE_BAD, UNDECODABLE_UDP, 0, 0},
        {0x45, 20, DECODE_BAD, UNDECODABLE_UDP, 0, 0},
        {0x45, 19, DECODE_BAD, UNDECODABLE_IP, 0, 0},
        {0x45, 1, DECODE_BAD, UNDECODABLE_IP, 0, 0},
        {0x45, 65535, DECODE_OK, 0, 7, 7}, /* promises more than there is */
        {0x44, 35, DECODE_BAD, UNDECODABLE_IP, 0, 0},
        {0x40, 35, DECODE_BAD, UNDECODABLE_IP, 0, 0},
        {0x49, 35, DECODE_BAD, UNDECODABLE_IP, 0, 0},    /* header longer than all */
        {0x4f, 65535, DECODE_BAD, UNDECODABLE_IP, 0, 0}, /* header longer than the frame */
        {0x55, 35, DECODE_BAD, UNDECODABLE_IP, 0, 0},
        {0x65, 35, DECODE_BAD, UNDECODABLE_IP, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf frame;
        buf_init(&frame, 4096);
        packets_put_ethernet(&frame, 0x0800);
        put_ipv4_udp(&frame);
        frame.ptr[14] = rows[i].first;
        frame.ptr[16] = (uint8_t)(rows[i].total_len >> 8);
        frame.ptr[17] = (uint8_t)rows[i].total_len;
        struct reading r = read_frame(LINK_ETHERNET, &frame);
        assert_result(&r, rows[i].verdict, rows[i].reason);
        assert_int_equal(r.d.payload.len, rows[i].payload_len);
        assert_int_equal(r.d.payload_wire_len, rows[i].payload_wire_len);
        free(r.bytes);
        buf_fini(&frame);
    }
}

static void test_link_padding(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_packet(&frame, LINK_ETHERNET, version);
        packets_put_fill(&frame, 0xee, 30);
        struct reading r = read_frame(LINK_ETHERNET, &frame);
        assert_is_payload(&r, version);
        free(r.bytes);
        buf_fini(&frame);
    }
}

static void test_ipv4_fragments(void **state)
{
    static const struct {
        uint16_t fragment;
        enum decode_verdict verdict;
        uint16_t at;
        bool has_more;
    } rows[] = {
        {0x4000, DECODE_OK, 0, false},       /* don't fragment */
        {0x8000, DECODE_OK, 0, false},       /* the evil bit */
        {0x2000, DECODE_FRAGMENT, 0, true},  /* first of several */
        {0x2001, DECODE_FRAGMENT, 8, true},
        {0x0001, DECODE_FRAGMENT, 8, false},
        {0x00b9, DECODE_FRAGMENT, 0xb9 * 8, false},
        {0x1ffd, DECODE_FRAGMENT, 0xffe8, false},
        {0x1ffe, DECODE_BAD, 0, false},      /* past 64 KiB */
        {0x3fff, DECODE_BAD, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf frame;
        struct packets_ipv4 h = plain_ipv4(17);
        h.fragment = rows[i].fragment;
        buf_init(&frame, 4096);
        packets_put_ipv4(&frame, &h, 16);
        packets_put_udp(&frame, 1000, 53, 8);
        buf_put_str(&frame, "payload+");
        struct reading r = read_frame(LINK_RAW, &frame);
        assert_result(&r, rows[i].verdict, rows[i].verdict == DECODE_BAD ? UNDECODABLE_FRAGMENT : 0);
        assert_int_equal(r.d.is_fragment, rows[i].verdict == DECODE_FRAGMENT);
        assert_int_equal(r.d.fragment_at, rows[i].at);
        assert_int_equal(r.d.has_more_fragments, rows[i].has_more);
        assert_int_equal(r.d.proto, 17);
        if (rows[i].verdict == DECODE_FRAGMENT) {
            assert_int_equal(r.d.fragment_id, 0x1234);
            assert_int_equal(r.d.payload.len, 16);
            assert_int_equal(r.d.payload_wire_len, 16);
        }
        free(r.bytes);
        buf_fini(&frame);
    }
}

/* With more to come a length that is no multiple of 8, and no length at all. */
static void test_fragment_lengths(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 24; len++)
        for (int has_more = 0; has_more < 2; has_more++) {
            struct buf frame;
            struct packets_ipv4 h = plain_ipv4(17);
            h.fragment = (uint16_t)(has_more ? 0x2002 : 2);
            buf_init(&frame, 4096);
            packets_put_ipv4(&frame, &h, len);
            packets_put_fill(&frame, 'x', len);
            bool is_good = len > 0 && (!has_more || len % 8 == 0);
            assert_reads(LINK_RAW, &frame, is_good ? DECODE_FRAGMENT : DECODE_BAD, is_good ? 0 : UNDECODABLE_FRAGMENT);
            buf_fini(&frame);
        }
}

/* An IPv6 fragment behind `n_before` other headers. */
static struct reading read_ipv6_fragment(unsigned n_before, uint16_t place, size_t len)
{
    struct ip src = packets_v6(1), dst = packets_v6(2);
    struct buf frame;
    buf_init(&frame, 4096);
    packets_put_ipv6(&frame, &src, &dst, n_before ? 0 : 44, 8 * n_before + 8 + len);
    for (unsigned i = 0; i < n_before; i++) {
        buf_put_byte(&frame, i + 1 < n_before ? 60 : 44);
        packets_put_fill(&frame, 0, 7);
    }
    packets_put_u16(&frame, 17 << 8);
    packets_put_u16(&frame, place);
    packets_put_u32(&frame, 0xdeadbeef);
    packets_put_udp(&frame, 1000, 53, 7);
    packets_put_fill(&frame, 'x', len - 8);
    struct reading r = read_frame(LINK_RAW, &frame);
    buf_fini(&frame);
    return r;
}

static void test_ipv6_fragments(void **state)
{
    (void)state;
    for (unsigned n_before = 0; n_before < 4; n_before++) {
        struct reading r = read_ipv6_fragment(n_before, 0x0101, 16);
        assert_result(&r, DECODE_FRAGMENT, 0);
        assert_int_equal(r.d.fragment_at, 0x100);
        assert_true(r.d.has_more_fragments);
        assert_int_equal(r.d.fragment_id, 0xdeadbeef);
        assert_int_equal(r.d.proto, 17);
        assert_int_equal(r.d.payload.len, 16);
        free(r.bytes);
        r = read_ipv6_fragment(n_before, 0x0101, 15);
        assert_result(&r, DECODE_BAD, UNDECODABLE_FRAGMENT);
        free(r.bytes);
        r = read_ipv6_fragment(n_before, 6, 15); /* atomic; the reserved bits say nothing */
        assert_result(&r, DECODE_OK, 0);
        assert_false(r.d.is_fragment);
        assert_int_equal(r.d.dport, 53);
        assert_int_equal(r.d.payload.len, 7);
        free(r.bytes);
    }
}

/* What was put together may begin with more extension headers, but not with fragments. */
static void test_datagram(void **state)
{
    (void)state;
    static const uint8_t options[] = {17, 0, 1, 4, 0, 0, 0, 0, 3, 0xe8, 0, 53, 0, 11, 0, 0, 'a', 'b', 'c'};
    struct decoded d = {.ip_version = 6, .proto = 60};
    assert_int_equal(decode_datagram(span_of(options, sizeof options), sizeof options, false, &d).verdict, DECODE_OK);
    assert_int_equal(d.proto, 17);
    assert_int_equal(d.dport, 53);
    assert_true(span_eq(d.payload, SPAN_LIT("abc")));
    static const uint8_t nested[] = {17, 0, 0, 1, 0, 0, 0, 0, 3, 0xe8, 0, 53, 0, 11, 0, 0};
    d = (struct decoded){.ip_version = 6, .proto = 44};
    struct decode_result r = decode_datagram(span_of(nested, sizeof nested), sizeof nested, false, &d);
    assert_int_equal(r.verdict, DECODE_BAD);
    assert_int_equal(r.reason, UNDECODABLE_IP_EXTENSION);
}

static void test_other_protocols(void **state)
{
    static const uint8_t protos[] = {1, 2, 47, 50, 58, 132, 255, 59, 0};
    (void)state;
    for (size_t i = 0; i < sizeof protos; i++) {
        struct buf frame;
        struct packets_ipv4 h = plain_ipv4(protos[i]);
        buf_init(&frame, 4096);
        packets_put_ipv4(&frame, &h, 4);
        buf_put_str(&frame, "\x12\x34\x56\x78");
        struct reading r = read_frame(LINK_RAW, &frame);
        assert_result(&r, DECODE_OK, 0);
        assert_int_equal(r.d.proto, protos[i]);
        assert_int_equal(r.d.sport, 0);
        assert_int_equal(r.d.dport, 0);
        assert_int_equal(r.d.payload.len, 0);
        free(r.bytes);
        buf_fini(&frame);
    }
}

/* ---- IPv6 ---- */

enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTH = 51, NONE = 59, DESTINATION = 60 };

struct extension {
    uint8_t type;
    uint8_t len; /* as on the wire */
};

static size_t extension_bytes(struct extension e)
{
    return e.type == FRAGMENT ? 8 : e.type == AUTH ? (e.len + 2u) * 4 : (e.len + 1u) * 8;
}

static void put_extensions(struct buf *b, const struct extension *e, size_t n, uint8_t last)
{
    for (size_t i = 0; i < n; i++) {
        buf_put_byte(b, i + 1 < n ? e[i + 1].type : last);
        buf_put_byte(b, e[i].type == FRAGMENT ? 0 : e[i].len);
        packets_put_fill(b, 0, extension_bytes(e[i]) - 2);
    }
}

/* IPv6, a chain of extensions, then UDP. */
static void put_chain(struct buf *b, const struct extension *e, size_t n)
{
    struct ip src = packets_v6(1), dst = packets_v6(2);
    size_t len = 15;
    for (size_t i = 0; i < n; i++)
        len += extension_bytes(e[i]);
    packets_put_ipv6(b, &src, &dst, n ? e[0].type : 17, len);
    put_extensions(b, e, n, 17);
    packets_put_udp(b, 1000, 53, 7);
    buf_put_str(b, "payload");
}

static void test_ipv6_chains(void **state)
{
    static const struct extension all[] = {{HOP_BY_HOP, 0}, {DESTINATION, 3}, {ROUTING, 1}, {FRAGMENT, 0},
                                           {AUTH, 4},       {DESTINATION, 0}, {135, 0},     {139, 2},
                                           {140, 0},        {HOP_BY_HOP, 31}};
    (void)state;
    for (size_t n = 0; n <= sizeof all / sizeof *all; n++) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_chain(&frame, all, n);
        struct reading r = read_frame(LINK_RAW, &frame);
        assert_is_payload(&r, 6);
        free(r.bytes);
        buf_fini(&frame);
    }
}

static void test_ipv6_chain_too_long(void **state)
{
    struct extension e[40];
    (void)state;
    for (size_t i = 0; i < 40; i++)
        e[i] = (struct extension){DESTINATION, 0};
    for (size_t n = 15; n <= 40; n += 2) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_chain(&frame, e, n);
        assert_reads(LINK_RAW, &frame, n <= 15 ? DECODE_OK : DECODE_BAD, UNDECODABLE_IP_EXTENSION);
        buf_fini(&frame);
    }
}

/* Chains that run past the packet's own length, whatever follows in the frame. */
static void test_ipv6_chain_past_the_end(void **state)
{
    static const struct extension one[] = {{DESTINATION, 1}};
    (void)state;
    for (unsigned len = 1; len < 16; len++) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_chain(&frame, one, 1);
        frame.ptr[5] = (uint8_t)len;
        assert_reads(LINK_RAW, &frame, DECODE_BAD, UNDECODABLE_IP_EXTENSION);
        buf_fini(&frame);
    }
}

static void test_ipv6_lengths(void **state)
{
    (void)state;
    struct ip src = packets_v6(1), dst = packets_v6(2);
    struct buf frame;
    buf_init(&frame, 4096);
    packets_put_ipv6(&frame, &src, &dst, 17, 0); /* offload, or a jumbogram */
    packets_put_udp(&frame, 1000, 53, 7);
    buf_put_str(&frame, "payload");
    struct reading r = read_frame(LINK_RAW, &frame);
    assert_is_payload(&r, 6);
    free(r.bytes);
    frame.ptr[0] = 0x40;
    packets_put_fill(&frame, 0, 20);
    assert_reads(LINK_RAW, &frame, DECODE_BAD, UNDECODABLE_IP);
    buf_reset(&frame);

    packets_put_ipv6(&frame, &src, &dst, NONE, 0);
    packets_put_fill(&frame, 1, 10); /* padding */
    r = read_frame(LINK_RAW, &frame);
    assert_result(&r, DECODE_OK, 0);
    assert_int_equal(r.d.proto, NONE);
    assert_int_equal(r.d.payload_wire_len, 0);
    free(r.bytes);
    buf_fini(&frame);
}

static void test_mapped_addresses(void **state)
{
    (void)state;
    struct ip src = packets_v4(0xc0000201), dst = packets_v6(2);
    struct buf frame;
    buf_init(&frame, 4096);
    packets_put_ipv6(&frame, &src, &dst, 17, 8);
    packets_put_udp(&frame, 1, 2, 0);
    struct reading r = read_frame(LINK_RAW, &frame);
    assert_result(&r, DECODE_OK, 0);
    assert_int_equal(r.d.ip_version, 6);
    assert_true(ip_is_v4(&r.d.src));
    free(r.bytes);
    buf_fini(&frame);
}

/* ---- TCP and UDP ---- */

static void put_tcp(struct buf *b, const struct packets_tcp *t, const char *payload)
{
    struct packets_ipv4 h = plain_ipv4(6);
    packets_put_ipv4(b, &h, 20 + 4 * t->option_words + strlen(payload));
    packets_put_tcp(b, t);
    buf_put_str(b, payload);
}

/* Sixteen extension headers are read, one more is not. */
static void test_ipv6_extensions_limit(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 18; n++) {
        struct buf frame;
        struct ip src = packets_v6(1), dst = packets_v6(2);
        buf_init(&frame, 4096);
        packets_put_ipv6(&frame, &src, &dst, 60, 8 * n + 15);
        for (unsigned i = 0; i < n; i++) {
            buf_put_byte(&frame, i + 1 < n ? 60 : 17);
            packets_put_fill(&frame, 0, 7);
        }
        packets_put_udp(&frame, 1000, 53, 7);
        buf_put_str(&frame, "payload");
        assert_reads(LINK_RAW, &frame, n <= 16 ? DECODE_OK : DECODE_BAD, UNDECODABLE_IP_EXTENSION);
        buf_fini(&frame);
    }
}

static void test_tcp_header(void **state)
{
    (void)state;
    for (unsigned words = 0; words <= 10; words++) {
        struct buf frame;
        struct packets_tcp t = {.sport = 1000,
                                .dport = 443,
                                .seq = 0xfffffff0,
                                .ack = 0x01020304,
                                .flags = 0xff,
                                .option_words = words};
        buf_init(&frame, 4096);
        put_tcp(&frame, &t, "payload");
        struct reading r = read_frame(LINK_RAW, &frame);
        assert_result(&r, DECODE_OK, 0);
        assert_int_equal(r.d.tcp_seq, 0xfffffff0);
        assert_int_equal(r.d.tcp_ack, 0x01020304);
        assert_int_equal(r.d.tcp_flags, TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG);
        assert_int_equal(r.d.tcp_urgent, 0);
        assert_true(span_eq(r.d.payload, SPAN_LIT("payload")));
        assert_int_equal(r.d.payload_wire_len, 7);
        free(r.bytes);
        buf_fini(&frame);
    }
}

static void test_tcp_lengths(void **state)
{
    (void)state;
    for (unsigned words = 0; words < 16; words++) {
        struct buf frame;
        struct packets_tcp t = {.sport = 1000, .dport = 443};
        buf_init(&frame, 4096);
        put_tcp(&frame, &t, "payload");
        frame.ptr[20 + 12] = (uint8_t)(words << 4);
        bool is_good = words == 5 || words == 6;
        assert_reads(LINK_RAW, &frame, is_good ? DECODE_OK : DECODE_BAD, UNDECODABLE_TCP);
        buf_fini(&frame);
    }
    for (unsigned total = 20; total < 40; total++) { /* the IP packet ends in the TCP header */
        struct buf frame;
        struct packets_tcp t = {.sport = 1000, .dport = 443};
        buf_init(&frame, 4096);
        put_tcp(&frame, &t, "payload");
        frame.ptr[3] = (uint8_t)total;
        assert_reads(LINK_RAW, &frame, DECODE_BAD, UNDECODABLE_TCP);
        buf_fini(&frame);
    }
}

static void test_udp_lengths(void **state)
{
    static const struct {
        uint16_t udp_len;
        bool is_good;
        size_t payload_len, payload_wire_len;
    } rows[] = {
        {15, true, 7, 7},        {8, true, 0, 0},  {12, true, 4, 4}, {0, true, 7, 7},
        {65535, true, 7, 65527}, {7, false, 0, 0}, {1, false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_ipv4_udp(&frame);
        frame.ptr[24] = (uint8_t)(rows[i].udp_len >> 8);
        frame.ptr[25] = (uint8_t)rows[i].udp_len;
        struct reading r = read_frame(LINK_RAW, &frame);
        assert_result(&r, rows[i].is_good ? DECODE_OK : DECODE_BAD, UNDECODABLE_UDP);
        assert_int_equal(r.d.payload.len, rows[i].payload_len);
        assert_int_equal(r.d.payload_wire_len, rows[i].payload_wire_len);
        free(r.bytes);
        buf_fini(&frame);
    }
}

/* ---- cut by the snaplen, at every byte ---- */

struct cut_case {
    const char *what;
    enum link_type link;
    struct buf frame;
    size_t ip_at;        /* where the IP header starts */
    size_t ip_len;       /* of its fixed part */
    size_t transport_at; /* where the ports are */
};

/* As decode.h promises: with the IP header there the packet is read, and what is told is as in the whole frame or not told. */
static void assert_cut(const struct cut_case *k, const struct reading *whole, size_t captured)
{
    struct reading r = read_first(k->link, buf_span(&k->frame), captured, k->frame.len);
    if (captured < k->ip_at + k->ip_len) {
        assert_int_equal(r.result.verdict, DECODE_BAD);
        free(r.bytes);
        return;
    }
    if (r.result.verdict != DECODE_OK)
        fail_msg("%s cut to %zu: verdict %d, reason %d", k->what, captured, (int)r.result.verdict,
                 (int)r.result.reason);
    assert_int_equal(ip_compare(&r.d.src, &whole->d.src), 0);
    assert_int_equal(ip_compare(&r.d.dst, &whole->d.dst), 0);
    bool has_ports = captured >= k->transport_at + 4, has_flags = captured >= k->transport_at + 14;
    assert_int_equal(r.d.sport, has_ports ? whole->d.sport : 0);
    assert_int_equal(r.d.dport, has_ports ? whole->d.dport : 0);
    assert_int_equal(r.d.tcp_flags, has_flags ? whole->d.tcp_flags : 0);
    assert_int_equal(r.d.tcp_seq, has_flags ? whole->d.tcp_seq : 0);
    if (captured >= k->transport_at) {
        assert_int_equal(r.d.proto, whole->d.proto);
        assert_true(r.d.payload_wire_len >=
                    whole->d.payload_wire_len); /* until the header's length is known */
        if (has_flags)
            assert_int_equal(r.d.payload_wire_len, whole->d.payload_wire_len);
    }
    size_t n = whole->d.payload.len, lost = k->frame.len - captured;
    assert_int_equal(r.d.payload.len, lost < n ? n - lost : 0);
    assert_true(r.d.payload.len == 0 || memcmp(r.d.payload.ptr, whole->d.payload.ptr, r.d.payload.len) == 0);
    assert_true(r.d.payload.len < r.d.payload_wire_len || captured == k->frame.len);
    free(r.bytes);
}

static void assert_cuts(struct cut_case *k)
{
    struct reading whole = read_frame(k->link, &k->frame);
    assert_int_equal(whole.result.verdict, DECODE_OK);
    for (size_t captured = 0; captured <= k->frame.len; captured++)
        assert_cut(k, &whole, captured);
    free(whole.bytes);
    buf_fini(&k->frame);
}

static void test_cut_udp(void **state)
{
    (void)state;
    for (enum link_type link = LINK_ETHERNET; link < LINK_OTHER; link++)
        for (unsigned version = 4; version <= 6; version += 2) {
            struct cut_case k = {.what = "udp", .link = link, .ip_len = version == 4 ? 20 : 40};
            buf_init(&k.frame, 4096);
            put_link(&k.frame, link, version);
            k.ip_at = k.frame.len;
            k.transport_at = k.ip_at + k.ip_len;
            buf_reset(&k.frame);
            put_packet(&k.frame, link, version);
            assert_cuts(&k);
        }
}

static void test_cut_tcp_with_options(void **state)
{
    (void)state;
    struct cut_case k = {.what = "tcp", .link = LINK_RAW, .ip_len = 20, .transport_at = 28};
    struct packets_ipv4 h = plain_ipv4(6);
    struct packets_tcp t = {
        .sport = 1000, .dport = 443, .seq = 7, .flags = TCP_ACK | TCP_PSH, .option_words = 3};
    h.option_words = 2;
    buf_init(&k.frame, 4096);
    packets_put_ipv4(&k.frame, &h, 20 + 12 + 7);
    packets_put_tcp(&k.frame, &t);
    buf_put_str(&k.frame, "payload");
    assert_cuts(&k);
}

static void test_cut_extensions(void **state)
{
    static const struct extension chain[] = {
        {HOP_BY_HOP, 0}, {ROUTING, 2}, {FRAGMENT, 0}, {AUTH, 4}, {DESTINATION, 1}};
    (void)state;
    struct cut_case k = {
        .what = "ipv6", .link = LINK_RAW, .ip_len = 40, .transport_at = 40 + 8 + 24 + 8 + 24 + 16};
    buf_init(&k.frame, 4096);
    put_chain(&k.frame, chain, 5);
    assert_cuts(&k);
}

/* Where the IP header leaves its length to the frame, that is the frame on the wire. */
static void test_cut_without_length(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct cut_case k = {.what = "no length", .link = LINK_RAW, .ip_len = version == 4 ? 20 : 40};
        k.transport_at = k.ip_len;
        buf_init(&k.frame, 4096);
        put_packet(&k.frame, LINK_RAW, version);
        k.frame.ptr[version == 4 ? 3 : 5] = 0;
        assert_cuts(&k);
    }
}

/* A wire length that is smaller than what was captured says nothing was cut. */
static void test_lying_wire_length(void **state)
{
    (void)state;
    struct buf frame;
    buf_init(&frame, 4096);
    put_ipv4_udp(&frame);
    struct reading r = read_first(LINK_RAW, buf_span(&frame), frame.len, 0);
    assert_is_payload(&r, 4);
    free(r.bytes);
    r = read_first(LINK_RAW, buf_span(&frame), frame.len, UINT32_MAX);
    assert_is_payload(&r, 4);
    free(r.bytes);
    frame.ptr[3] = 0;
    r = read_first(LINK_RAW, buf_span(&frame), 25, UINT32_MAX);
    assert_result(&r, DECODE_OK, 0);
    free(r.bytes);
    buf_fini(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_link),
        cmocka_unit_test(test_unknown_link),
        cmocka_unit_test(test_null_families),
        cmocka_unit_test(test_raw_versions),
        cmocka_unit_test(test_not_ip),
        cmocka_unit_test(test_llc_and_snap),
        cmocka_unit_test(test_vlan_stacks),
        cmocka_unit_test(test_vlan_on_cooked),
        cmocka_unit_test(test_ipv4_options),
        cmocka_unit_test(test_ipv4_lengths),
        cmocka_unit_test(test_link_padding),
        cmocka_unit_test(test_ipv4_fragments),
        cmocka_unit_test(test_fragment_lengths),
        cmocka_unit_test(test_datagram),
        cmocka_unit_test(test_other_protocols),
        cmocka_unit_test(test_ipv6_chains),
        cmocka_unit_test(test_ipv6_chain_too_long),
        cmocka_unit_test(test_ipv6_chain_past_the_end),
        cmocka_unit_test(test_ipv6_fragments),
        cmocka_unit_test(test_ipv6_lengths),
        cmocka_unit_test(test_mapped_addresses),
        cmocka_unit_test(test_ipv6_extensions_limit),
        cmocka_unit_test(test_tcp_header),
        cmocka_unit_test(test_tcp_lengths),
        cmocka_unit_test(test_udp_lengths),
        cmocka_unit_test(test_cut_udp),
        cmocka_unit_test(test_cut_tcp_with_options),
        cmocka_unit_test(test_cut_extensions),
        cmocka_unit_test(test_cut_without_length),
        cmocka_unit_test(test_lying_wire_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
