/* encapsulation.c, tunnel.c, udp_tunnel.c: each way to carry IP, its layers value by value, cut at every byte, and what only looks like it. */
#include "sensor/decode/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/packets.h"

enum { OUTER_SRC = 0xc0000201, OUTER_DST = 0xc6336402, INNER_SRC = 0xcb007101, INNER_DST = 0xcb007102 };
enum { INNER_LEN = 35, INNER_SPORT = 1000, INNER_DPORT = 53, OUTER_SPORT = 40000 };

/* What carries it, and what is carried. */
enum start { IN_ETHERNET, IN_IP, IN_UDP };
enum inside { IPV4, IPV6, ETHERNET };

struct row {
    const char *what;
    enum start start;
    uint16_t number; /* EtherType, protocol or port */
    struct span header;
    enum inside inside;
    const char *layers; /* see text_of(); %s: the outer ends */
};
#define B(s) {(const uint8_t *)(s), sizeof(s) - 1}

static const struct row rows[] = {
    {"vlan", IN_ETHERNET, 0x8100, B("\x20\x05\x88\xa8\xe0\x06\x08\0"), IPV4, "vlan id=5; vlan id=6"},
    {"mpls", IN_ETHERNET, 0x8847, B("\0\x01\x20\x40\x12\x34\x5b\x40"), IPV4, "mpls label=18 tc=0; mpls label=74565 tc=5"},
    {"mpls, multicast", IN_ETHERNET, 0x8848, B("\0\x01\x21\x40"), IPV6, "mpls label=18 tc=0"},
    {"pseudowire with a control word", IN_ETHERNET, 0x8847, B("\0\x01\x21\x40\0\0\0\x07"), ETHERNET, "mpls label=18 tc=0"},
    {"pseudowire without", IN_ETHERNET, 0x8847, B("\0\x01\x21\x40"), ETHERNET, "mpls label=18 tc=0"},
    {"pppoe", IN_ETHERNET, 0x8864, B("\x11\0\x12\x34\0\x25\0\x21"), IPV4, "pppoe session=4660"},
    {"pppoe, one byte of protocol", IN_ETHERNET, 0x8864, B("\x11\0\0\x01\0\x24\x21"), IPV4, "pppoe session=1"},
    {"pppoe, mpls", IN_ETHERNET, 0x8864, B("\x11\0\0\x01\0\x29\x02\x81\0\x01\x21\x40"), IPV4, "pppoe session=1; mpls label=18 tc=0"},
    {"nsh", IN_ETHERNET, 0x894f, B("\x0f\xc2\x02\x01\x01\x02\x03\xfe"), IPV4, "nsh spi=66051 si=254"},
    {"nsh with metadata", IN_ETHERNET, 0x894f, B("\x0f\xc6\x01\x03\0\0\x07\x01................"), ETHERNET, "nsh spi=7 si=1"},
    {"nsh in nsh", IN_ETHERNET, 0x894f, B("\x0f\xc2\x02\x04\0\0\x01\x02\x0f\xc2\x02\x02\0\0\x03\x04"), IPV6, "nsh spi=1 si=2; nsh spi=3 si=4"},
    {"nsh, mpls", IN_ETHERNET, 0x894f, B("\x0f\xc2\x02\x05\0\0\x01\x02\0\x01\x21\x40"), IPV4, "nsh spi=1 si=2; mpls label=18 tc=0"},
    {"pbb", IN_ETHERNET, 0x88e7, B("\xe0\x12\x34\x56"), ETHERNET, "pbb isid=1193046"},
    {"macsec", IN_ETHERNET, 0x88e5, B("\0\0\0\0\0\x01\x08\0"), IPV4, "macsec"},
    {"macsec with an address", IN_ETHERNET, 0x88e5, B("\x20\0\0\0\0\x01" "12345678" "\x86\xdd"), IPV6, "macsec"},
    {"vntag", IN_ETHERNET, 0x8926, B("\xc1\x23\x04\x56\x08\0"), IPV4, "vntag dvif=291 svif=1110"},
    {"etag", IN_ETHERNET, 0x893f, B("\x01\x23\x14\x56\0\0\x81\0\0\x07\x08\0"), IPV4, "etag ecid=1110 ingress_ecid=291; vlan id=7"},
    {"ipip", IN_IP, 4, B(""), IPV4, "ipip %s"},
    {"6in4", IN_IP, 41, B(""), IPV6, "ipv6_in_ip %s"},
    {"gre", IN_IP, 47, B("\0\0\x08\0"), IPV4, "gre %s"},
    {"gre with all", IN_IP, 47, B("\xb0\0\x86\xdd\xab\xcd\0\0\xde\xad\xbe\xef\0\0\0\x01"), IPV6, "gre key=3735928559 %s"},
    {"gre, ethernet", IN_IP, 47, B("\x20\0\x65\x58\0\0\0\x09"), ETHERNET, "gre key=9 %s"},
    {"gre, mpls", IN_IP, 47, B("\0\0\x88\x47\0\x01\x21\x40"), IPV4, "gre %s; mpls label=18 tc=0"},
    {"gre, nsh", IN_IP, 47, B("\0\0\x89\x4f\x0f\xc2\x02\x01\0\0\x01\x02"), IPV4, "gre %s; nsh spi=1 si=2"},
    {"gre, ppp", IN_IP, 47, B("\0\0\x88\x0b\xff\x03\0\x57"), IPV6, "gre %s"},
    {"wccp, version 2", IN_IP, 47, B("\0\0\x88\x3e\0\0\0\0"), IPV4, "gre %s"},
    {"wccp, version 1", IN_IP, 47, B("\0\0\x88\x3e"), IPV4, "gre %s"},
    {"pptp", IN_IP, 47, B("\x30\x01\x88\x0b\0\x27\x12\x34\0\0\0\x01\xff\x03\0\x21"), IPV4, "pptp call=4660 %s"},
    {"pptp that acknowledges", IN_IP, 47, B("\x30\x81\x88\x0b\0\x24\0\x02\0\0\0\x01\0\0\0\x01\x21"), IPV4, "pptp call=2 %s"},
    {"erspan i", IN_IP, 47, B("\0\0\x88\xbe"), ETHERNET, "gre %s; erspan"},
    {"erspan ii", IN_IP, 47, B("\x10\0\x88\xbe\0\0\0\x01\x10\x64\x18\x65\0\0\0\x07"), ETHERNET, "gre %s; erspan session=101 vlan=100"},
    {"erspan iii", IN_IP, 47, B("\x10\0\x22\xeb\0\0\0\x01\x20\x64\x18\x65" "tttt" "ss\0\0"), ETHERNET, "gre %s; erspan session=101 vlan=100"},
    {"erspan iii with more", IN_IP, 47, B("\x10\0\x22\xeb\0\0\0\x01\x20\x64\x18\x65" "tttt" "ss\0\x01" "platform"), ETHERNET, "gre %s; erspan session=101 vlan=100"},
    {"etherip", IN_IP, 97, B("\x30\0"), ETHERNET, "etherip %s"},
    {"l2tpv3", IN_IP, 115, B("\0\0\x12\x34"), ETHERNET, "l2tpv3 session=4660 %s"},
    {"l2tpv3 with a cookie", IN_IP, 115, B("\0\0\x12\x34" "cook" "iesl"), ETHERNET, "l2tpv3 session=4660 %s"},
    {"mpls in ip", IN_IP, 137, B("\0\x01\x21\x40"), IPV4, "mpls_in_ip %s; mpls label=18 tc=0"},
    {"vxlan", IN_UDP, 4789, B("\x08\0\0\0\x12\x34\x56\0"), ETHERNET, "vxlan vni=1193046 %s"},
    {"vxlan with a group", IN_UDP, 8472, B("\x88\x40\x12\x34\0\0\x05\0"), ETHERNET, "vxlan vni=5 group=4660 %s"},
    {"vxlan-gpe, ipv4", IN_UDP, 4790, B("\x0c\0\0\x01\0\0\x05\0"), IPV4, "vxlan_gpe vni=5 %s"},
    {"vxlan-gpe, ipv6", IN_UDP, 4790, B("\x0c\0\0\x02\0\0\x05\0"), IPV6, "vxlan_gpe vni=5 %s"},
    {"vxlan-gpe, ethernet", IN_UDP, 4790, B("\x04\0\0\x03\0\0\0\0"), ETHERNET, "vxlan_gpe %s"},
    {"vxlan-gpe, nsh", IN_UDP, 4790, B("\x0c\0\0\x04\0\0\x05\0\x0f\xc2\x02\x01\0\0\x01\x02"), IPV4, "vxlan_gpe vni=5 %s; nsh spi=1 si=2"},
    {"vxlan-gpe, mpls", IN_UDP, 4790, B("\x0c\0\0\x05\0\0\x05\0\0\x01\x21\x40"), IPV4, "vxlan_gpe vni=5 %s; mpls label=18 tc=0"},
    {"geneve", IN_UDP, 6081, B("\0\0\x65\x58\0\0\x05\0"), ETHERNET, "geneve vni=5 %s"},
    {"geneve with options", IN_UDP, 6081, B("\x03\x40\x08\0\0\0\x05\0\x01\x02\x80\x01" "opti" "\x01\x02\x03\0"), IPV4, "geneve vni=5 %s"},
    {"gtp-u", IN_UDP, 2152, B("\x30\xff\0\x23\x12\x34\x56\x78"), IPV4, "gtp_u teid=305419896 %s"},
    {"gtp-u with a sequence number", IN_UDP, 2152, B("\x32\xff\0\x27\0\0\0\x01\0\x01\0\0"), IPV4, "gtp_u teid=1 %s"},
    {"gtp-u with extensions", IN_UDP, 2152, B("\x34\xff\0\x2f\0\0\0\x01\0\0\0\x85\x01\0\x09\x40\x01\0\0\0"), IPV4, "gtp_u teid=1 %s"},
    {"teredo", IN_UDP, 3544, B(""), IPV6, "teredo %s"},
    {"teredo with all", IN_UDP, 3544, B("\0\x01\x02\x01" "id" "a" "noncenon" "\0" "\0\0\x12\x34\x3f\xff\xfd\xfd"), IPV6, "teredo %s"},
    {"l2tp", IN_UDP, 1701, B("\0\x02\x12\x34\x56\x78\xff\x03\0\x21"), IPV4, "l2tp tunnel=4660 session=22136 %s"},
    {"l2tp with all", IN_UDP, 1701, B("\x4a\x02\0\x35\0\x01\0\x02\0\x03\0\x04\0\x02.." "\0\x21"), IPV4, "l2tp tunnel=1 session=2 %s"},
    {"mpls in udp", IN_UDP, 6635, B("\0\x01\x21\x40"), IPV4, "mpls_in_udp %s; mpls label=18 tc=0"},
    {"ayiya", IN_UDP, 5072, B("\x41\x52\x11\x29" "time" "identityidentity" "signaturesignaturesi"), IPV6, "ayiya %s"},
    {"capwap, ethernet", IN_UDP, 5247, B("\0\x10\x42\0\0\0\0\0"), ETHERNET, "capwap radio=1 %s"},
    {"capwap, 802.11", IN_UDP, 5247, B("\0\x10\x43\0\0\0\0\0\x08\x01\0\0" "123456123456123456" "\0\0\xaa\xaa\x03\0\0\0\x08\0"), IPV4, "capwap radio=1 %s"},
    {"capwap, 802.11 swapped", IN_UDP, 5247, B("\0\x10\x43\0\0\0\0\0\x01\x08\0\0" "123456123456123456" "\0\0\xaa\xaa\x03\0\0\0\x08\0"), IPV4, "capwap radio=1 %s"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

/* ---- frames ---- */

static void set_checksum(uint8_t *header)
{
    uint32_t sum = 0;
    header[10] = header[11] = 0;
    for (size_t i = 0; i < 20; i += 2)
        sum += load_be16(header + i);
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    header[10] = (uint8_t)(~sum >> 8);
    header[11] = (uint8_t)~sum;
}

static void put_ipv4(struct buf *b, uint32_t src, uint32_t dst, uint8_t proto, size_t payload_len)
{
    struct packets_ipv4 h = {.src = packets_v4(src), .dst = packets_v4(dst), .proto = proto, .total_len = -1};
    size_t at = b->len;
    packets_put_ipv4(b, &h, payload_len);
    set_checksum(b->ptr + at);
}

/* Teredo's prefix: good everywhere else too. */
static struct ip inner_v6(uint8_t last)
{
    return (struct ip){.b = {0x20, 0x01, [15] = last}};
}

static void put_inside(struct buf *b, enum inside inside)
{
    struct ip src = inner_v6(1), dst = inner_v6(2);
    if (inside == ETHERNET)
        packets_put_ethernet(b, 0x0800);
    if (inside == IPV6)
        packets_put_ipv6(b, &src, &dst, 17, 15);
    else
        put_ipv4(b, INNER_SRC, INNER_DST, 17, 15);
    packets_put_udp(b, INNER_SPORT, INNER_DPORT, 7);
    buf_put_str(b, "payload");
}

/* The packet that carries, then `load`. */
static void put_outside(struct buf *b, const struct row *r, unsigned version, struct span load)
{
    struct ip src = packets_v6(1), dst = packets_v6(2);
    bool is_udp = r->start == IN_UDP;
    uint8_t proto = is_udp ? 17 : (uint8_t)r->number;
    if (r->start == IN_ETHERNET) {
        packets_put_ethernet(b, r->number);
    } else {
        packets_put_ethernet(b, version == 4 ? 0x0800 : 0x86dd);
        if (version == 4)
            put_ipv4(b, OUTER_SRC, OUTER_DST, proto, load.len + (is_udp ? 8 : 0));
        else
            packets_put_ipv6(b, &src, &dst, proto, load.len + (is_udp ? 8 : 0));
        if (is_udp)
            packets_put_udp(b, OUTER_SPORT, r->number, load.len);
    }
    buf_put(b, load);
}

/* Returns where the load begins. */
static size_t put_row(struct buf *b, const struct row *r, unsigned version)
{
    struct buf load;
    buf_init(&load, 4096);
    buf_put(&load, r->header);
    put_inside(&load, r->inside);
    put_outside(b, r, version, buf_span(&load));
    size_t at = b->len - load.len;
    buf_fini(&load);
    return at;
}

struct reading {
    struct decode_result result;
    struct decoded d; /* without its payload, which is dead */
    size_t payload_at;
};

static struct reading read_bytes(struct span frame, size_t captured, size_t wire_len)
{
    struct reading r;
    uint8_t *bytes = packets_exact(span_first(frame, captured));
    struct packet pkt = {.bytes = span_of(bytes, captured), .wire_len = (uint32_t)wire_len};
    memset(&r.d, 0xee, sizeof r.d); /* what decoding does not set is not zero */
    r.result = decode_packet(LINK_ETHERNET, &pkt, &r.d);
    r.payload_at = r.d.payload.len ? (size_t)(r.d.payload.ptr - bytes) : 0;
    assert_true(r.payload_at + r.d.payload.len <= captured);
    free(bytes);
    return r;
}

/* ---- what is expected ---- */

static size_t put_ends(char *to, size_t room, const struct carrier_layer *l)
{
    char src[IP_TEXT_MAX], dst[IP_TEXT_MAX];
    ip_format(&l->src, src);
    ip_format(&l->dst, dst);
    return (size_t)snprintf(to, room, " %u/%u %s:%u>%s:%u", l->ip_version, l->proto, src, l->sport, dst, l->dport);
}

/* "gre key=9 4/47 192.0.2.1:0>198.51.100.2:0; mpls label=18 tc=0" */
static void text_of(const struct carrier *c, char *to, size_t room)
{
    size_t n = 0;
    to[0] = 0;
    for (unsigned i = 0; i < c->n_layers; i++) {
        const struct carrier_layer *l = &c->layers[i];
        n += (size_t)snprintf(to + n, room - n, "%s%s", i ? "; " : "", encapsulation_name((enum encapsulation)l->type));
        for (unsigned id = 0; id < CARRIER_IDS_MAX; id++)
            if (l->has_ids >> id & 1)
                n += (size_t)snprintf(to + n, room - n, " %s=%u", encapsulation_id_name((enum encapsulation)l->type, id), l->ids[id]);
        if (l->ip_version)
            n += put_ends(to + n, room - n, l);
    }
}

static void expected_text(const struct row *r, unsigned version, char *to, size_t room)
{
    char ends[128];
    unsigned proto = r->start == IN_UDP ? 17 : r->number, sport = r->start == IN_UDP ? OUTER_SPORT : 0, dport = r->start == IN_UDP ? r->number : 0;
    snprintf(ends, sizeof ends, "%u/%u %s:%u>%s:%u", version, proto, version == 4 ? "192.0.2.1" : "2001:db8::1", sport,
             version == 4 ? "198.51.100.2" : "2001:db8::2", dport);
    const char *at = strstr(r->layers, "%s");
    snprintf(to, room, "%.*s%s%s", at ? (int)(at - r->layers) : (int)strlen(r->layers), r->layers, at ? ends : "", at ? at + 2 : "");
}

static bool has_ends(const struct decoded *d, const struct ip *src, const struct ip *dst)
{
    return ip_compare(&d->src, src) == 0 && ip_compare(&d->dst, dst) == 0;
}

static bool is_inside(const struct row *r, const struct decoded *d)
{
    struct ip v4[2] = {packets_v4(INNER_SRC), packets_v4(INNER_DST)}, v6[2] = {inner_v6(1), inner_v6(2)};
    const struct ip *ends = r->inside == IPV6 ? v6 : v4;
    return has_ends(d, &ends[0], &ends[1]);
}

static bool is_outside(unsigned version, const struct decoded *d)
{
    struct ip v4[2] = {packets_v4(OUTER_SRC), packets_v4(OUTER_DST)}, v6[2] = {packets_v6(1), packets_v6(2)};
    const struct ip *ends = version == 4 ? v4 : v6;
    return has_ends(d, &ends[0], &ends[1]);
}

static void assert_is_inside(const struct row *r, const struct reading *got)
{
    assert_int_equal(got->result.verdict, DECODE_OK);
    assert_true(is_inside(r, &got->d));
    assert_int_equal(got->d.proto, 17);
    assert_int_equal(got->d.ip_version, r->inside == IPV6 ? 6 : 4);
    assert_int_equal(got->d.sport, INNER_SPORT);
    assert_int_equal(got->d.dport, INNER_DPORT);
    assert_int_equal(got->d.payload.len, 7);
    assert_int_equal(got->d.payload_wire_len, 7);
    assert_false(got->d.is_unread_tunnel);
    assert_false(got->d.is_doubtful);
}

/* As if the tunnel were none: the datagram's ports and all of its payload. */
static void assert_is_outside(const struct row *r, unsigned version, const struct reading *got, size_t load_at, size_t load_len)
{
    assert_int_equal(got->result.verdict, DECODE_OK);
    assert_true(is_outside(version, &got->d));
    assert_int_equal(got->d.carrier.n_layers, 0);
    assert_int_equal(got->d.carrier.n_ip, 0);
    assert_false(got->d.carrier.is_tunnel);
    assert_false(got->d.is_doubtful);
    assert_int_equal(got->d.ip_version, version);
    assert_int_equal(got->d.is_unread_tunnel, r->start == IN_IP);
    if (r->start == IN_UDP) {
        assert_int_equal(got->d.proto, 17);
        assert_int_equal(got->d.sport, OUTER_SPORT);
        assert_int_equal(got->d.dport, r->number);
        assert_int_equal(got->payload_at, load_at);
        assert_int_equal(got->d.payload.len, load_len);
    } else {
        assert_int_equal(got->d.proto, r->number);
        assert_int_equal(got->d.sport, 0);
        assert_int_equal(got->d.payload.len, 0);
    }
    assert_int_equal(got->d.payload_wire_len, load_len);
}

/* ---- tests ---- */

static void test_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        for (unsigned version = 4; version <= 6; version += 2) {
            char got[512], want[512];
            struct buf frame;
            buf_init(&frame, 4096);
            put_row(&frame, &rows[i], version);
            struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
            if (r.result.verdict != DECODE_OK || !is_inside(&rows[i], &r.d))
                fail_msg("%s in IPv%u: verdict %d, reason %d", rows[i].what, version, (int)r.result.verdict, r.result.reason);
            assert_is_inside(&rows[i], &r);
            text_of(&r.d.carrier, got, sizeof got);
            expected_text(&rows[i], version, want, sizeof want);
            assert_string_equal(got, want);
            assert_int_equal(r.d.carrier.is_tunnel, strcmp(rows[i].what, "vlan") != 0);
            buf_fini(&frame);
        }
}

/* Cut by the snaplen, or on the wire: it is what is inside, or what is outside, or nothing; never something else. */
static void assert_cut(const struct row *r, unsigned version, struct span frame, size_t captured, size_t wire_len)
{
    struct reading got = read_bytes(frame, captured, wire_len);
    if (got.result.verdict != DECODE_OK) {
        assert_int_not_equal(got.result.verdict, DECODE_FRAGMENT);
        return;
    }
    if (is_inside(r, &got.d)) {
        assert_true(got.d.sport == INNER_SPORT || got.d.sport == 0);
        assert_true(got.d.dport == INNER_DPORT || got.d.dport == 0);
        assert_true(got.d.payload.len <= 7);
        return;
    }
    if (r->start == IN_ETHERNET || !is_outside(version, &got.d))
        fail_msg("%s in IPv%u cut to %zu of %zu: a flow of nobody", r->what, version, captured, wire_len);
    assert_int_equal(got.d.carrier.n_layers, 0);
    assert_true(got.d.dport == 0 || got.d.dport == r->number);
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        for (unsigned version = 4; version <= 6; version += 2) {
            struct buf frame;
            buf_init(&frame, 4096);
            put_row(&frame, &rows[i], version);
            for (size_t captured = 0; captured < frame.len; captured++) {
                assert_cut(&rows[i], version, buf_span(&frame), captured, frame.len);
                assert_cut(&rows[i], version, buf_span(&frame), captured, captured);
            }
            buf_fini(&frame);
        }
}

/* With only its last payload byte cut off the inside is still read, and known to be cut. */
static void test_cut_payload(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_row(&frame, &rows[i], 4);
        struct reading r = read_bytes(buf_span(&frame), frame.len - 1, frame.len);
        assert_int_equal(r.result.verdict, DECODE_OK);
        assert_true(is_inside(&rows[i], &r.d));
        assert_int_equal(r.d.payload.len, 6);
        assert_int_equal(r.d.payload_wire_len, 7);
        buf_fini(&frame);
    }
}

/* A port proves nothing: any bit of the inner IPv4 header wrong, and the datagram is what it was. */
static void test_wrong_inside_is_not_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].start != IN_UDP || rows[i].inside == IPV6)
            continue;
        for (unsigned bit = 0; bit < 20 * 8; bit++) {
            struct buf frame;
            buf_init(&frame, 4096);
            size_t load_at = put_row(&frame, &rows[i], 4), load_len = frame.len - load_at;
            frame.ptr[frame.len - INNER_LEN + bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
            assert_is_outside(&rows[i], 4, &r, load_at, load_len);
            buf_fini(&frame);
        }
    }
}

/* The same for IPv6: another version, a length past the end, a group that sends, a header nobody knows. */
static void test_wrong_ipv6_is_not_believed(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } wrongs[] = {{0, 0x40}, {0, 0x70}, {4, 1}, {5, 16}, {8, 0xff}, {6, 99}, {6, 200}};
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        for (size_t n = 0; n < sizeof wrongs / sizeof *wrongs && rows[i].start == IN_UDP && rows[i].inside == IPV6; n++) {
            struct buf frame;
            buf_init(&frame, 4096);
            size_t load_at = put_row(&frame, &rows[i], 4), load_len = frame.len - load_at;
            frame.ptr[frame.len - 55 + wrongs[n].at] = wrongs[n].byte;
            struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
            assert_is_outside(&rows[i], 4, &r, load_at, load_len);
            buf_fini(&frame);
        }
}

/* A tunnel's protocol with nothing in it that is read: a flow of that protocol, counted. */
static void test_unread_tunnels(void **state)
{
    static const struct {
        uint8_t proto;
        struct span load;
    } loads[] = {
        {47, B("\x40\0\x08\0\0\0\0\0")},     /* routing */
        {47, B("\x08\0\x08\0")},             /* a reserved flag */
        {47, B("\0\x02\x08\0")},             /* version 2 */
        {47, B("\0\0\0\0")},                 /* a keep-alive */
        {47, B("\0\0\0\xfe...")},            /* OSI */
        {47, B("\x20\0\x08\0\0")},           /* its key is not there */
        {47, B("\x30\x01\x08\0\0\x01\0\x01\0\0\0\0!")}, /* version 1 with IP */
        {47, B("\x20\x01\x88\x0b\0\0\0\x01")},          /* PPTP that only acknowledges */
        {47, B("\x10\0\x88\xbe\0\0\0\x01\x20\0\0\0\0\0\0\0")}, /* ERSPAN III's version under II's type */
        {47, B("")},
        {4, B("not IP at all, but long enough to be")},
        {41, B("not IP at all, but long enough to be a header of it")},
        {97, B("\x20\0")},
        {115, B("\0\0\0\0control")},
        {137, B("\0\x01\x20\x40")}, /* no bottom */
    };
    (void)state;
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        struct row r = {.start = IN_IP, .number = loads[i].proto};
        struct buf frame;
        buf_init(&frame, 4096);
        put_outside(&frame, &r, 4, loads[i].load);
        struct reading got = read_bytes(buf_span(&frame), frame.len, frame.len);
        assert_is_outside(&r, 4, &got, frame.len - loads[i].load.len, loads[i].load.len);
        buf_fini(&frame);
    }
}

static const uint16_t ports[] = {1701, 2152, 3544, 4789, 4790, 5072, 5247, 6081, 6635, 8472};

/* Clients use any port: a DNS query from it, and its answer to it, stay what they are. */
static void test_dns_on_tunnel_ports(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        for (int is_answer = 0; is_answer < 2; is_answer++)
            for (unsigned id = 0; id < 0x10000; id += 0xff) {
                struct ip client = packets_v4(OUTER_SRC), server = packets_v4(OUTER_DST);
                struct buf message, frame;
                buf_init(&message, 512);
                buf_init(&frame, 4096);
                if (is_answer)
                    packets_put_dns_answer(&message, (uint16_t)id, "www.evil.example", 0xcb007101, 1);
                else
                    packets_put_dns_query(&message, (uint16_t)id, "www.evil.example");
                uint16_t sport = is_answer ? 53 : ports[i], dport = is_answer ? ports[i] : 53;
                packets_put_udp_frame(&frame, &client, &server, sport, dport, buf_span(&message));
                struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
                assert_int_equal(r.result.verdict, DECODE_OK);
                assert_int_equal(r.d.carrier.n_layers, 0);
                assert_int_equal(r.d.sport, sport);
                assert_int_equal(r.d.dport, dport);
                assert_int_equal(r.d.payload.len, message.len);
                assert_int_equal(r.payload_at, frame.len - message.len);
                buf_fini(&message);
                buf_fini(&frame);
            }
}

/* Control messages of the tunnels themselves are ordinary datagrams. */
static void test_control_messages(void **state)
{
    static const struct {
        uint16_t port;
        struct span load;
    } loads[] = {
        {2152, B("\x32\x01\0\x04\0\0\0\0\0\x01\0\0")},          /* GTP echo */
        {2152, B("\x48\x20\0\x04\0\0\0\0\0\x01\0\0")},          /* GTP version 2 */
        {2152, B("\x34\xff\0\x08\0\0\0\x01\0\0\0\x85\0\0\0\0")}, /* an extension without length */
        {1701, B("\xc8\x02\0\x0c\0\0\0\0\0\0\0\0")},            /* L2TP control */
        {1701, B("\0\x03\0\0\0\0\0\x01")},                      /* L2TP version 3 */
        {1701, B("\x02\x02\0\x01\0\x02\xff\xff")},              /* an offset past the end */
        {6081, B("\0\x80\x65\x58\0\0\x05\0")},                  /* Geneve OAM */
        {6081, B("\x01\0\x65\x58\0\0\x05\0\x01\x02\x03\x05")},  /* an option past its end */
        {4790, B("\x0d\0\0\x01\0\0\x05\0")},                    /* OAM */
        {4789, B("\0\0\0\0\0\0\0\0")},
        {5247, B("\0\x10\x42\x80\0\0\0\0")},                    /* a fragment */
        {5072, B("\x41\x52\x10\x3b" "time")},                   /* AYIYA, no operation */
        {3544, B("\0\x01\xff\xff" "12345678" "\0")},            /* Teredo's authentication past the end */
    };
    (void)state;
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        struct row r = {.start = IN_UDP, .number = loads[i].port};
        struct buf frame;
        buf_init(&frame, 4096);
        put_outside(&frame, &r, 6, loads[i].load);
        struct reading got = read_bytes(buf_span(&frame), frame.len, frame.len);
        assert_is_outside(&r, 6, &got, frame.len - loads[i].load.len, loads[i].load.len);
        buf_fini(&frame);
    }
}

/* `n` IPv4 headers around the inside. */
static void put_nested(struct buf *b, unsigned n)
{
    packets_put_ethernet(b, 0x0800);
    for (unsigned i = 0; i < n; i++)
        put_ipv4(b, OUTER_SRC + i, OUTER_DST, 4, 20 * (n - i - 1) + INNER_LEN);
    put_inside(b, IPV4);
}

static void test_nesting(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= CARRIER_LAYERS_MAX + 4; n++) {
        struct buf frame;
        buf_init(&frame, 4096);
        put_nested(&frame, n);
        struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
        if (n > CARRIER_LAYERS_MAX) {
            assert_int_equal(r.result.verdict, DECODE_OUT_OF_SCOPE);
            assert_int_equal(r.result.reason, SCOPE_NESTING);
        } else {
            assert_is_inside(&(struct row){.inside = IPV4}, &r);
            assert_int_equal(r.d.carrier.n_layers, n);
            assert_int_equal(r.d.carrier.n_ip, n);
            for (unsigned i = 0; i < n; i++)
                assert_int_equal(load_be32(r.d.carrier.layers[i].src.b + 12), OUTER_SRC + i);
        }
        buf_fini(&frame);
    }
}

/* Labels count as well, and tags in tags, however deep the frame goes. */
static void test_deep_stacks(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 1000; n += n < 20 ? 1 : 300) {
        struct buf frame;
        buf_init(&frame, 8192);
        packets_put_ethernet(&frame, 0x8847);
        for (unsigned i = 1; i <= n; i++)
            packets_put_u32(&frame, i << 12 | (i == n ? 0x100 : 0));
        put_inside(&frame, IPV4);
        struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
        assert_int_equal(r.result.verdict, n <= CARRIER_LAYERS_MAX ? DECODE_OK : DECODE_OUT_OF_SCOPE);
        buf_reset(&frame);
        packets_put_ethernet(&frame, 0x8926);
        for (unsigned i = 1; i <= n; i++) {
            packets_put_u32(&frame, i);
            packets_put_u16(&frame, i == n ? 0x0800 : 0x8926);
        }
        put_inside(&frame, IPV4);
        r = read_bytes(buf_span(&frame), frame.len, frame.len);
        assert_int_equal(r.result.verdict, n <= CARRIER_LAYERS_MAX ? DECODE_OK : DECODE_OUT_OF_SCOPE);
        assert_true(n <= CARRIER_LAYERS_MAX || r.result.reason == SCOPE_NESTING);
        buf_fini(&frame);
    }
}

/* A tunnel of every kind in one of every kind. */
static void test_each_in_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        for (size_t k = 0; k < N_ROWS; k++) {
            if (rows[i].start == IN_ETHERNET || rows[i].inside == IPV6 || rows[k].start == IN_ETHERNET)
                continue;
            struct buf within, load, frame;
            buf_init(&within, 4096);
            buf_init(&load, 4096);
            buf_init(&frame, 4096);
            put_row(&within, &rows[k], 4);
            struct span carried = span_from(buf_span(&within), rows[i].inside == ETHERNET ? 0 : 14);
            buf_put(&load, rows[i].header);
            buf_put(&load, carried);
            struct row outer = rows[i];
            put_outside(&frame, &outer, 6, buf_span(&load));
            struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
            bool has_length = strstr(outer.what, "gtp") || strstr(outer.what, "pptp") || strcmp(outer.what, "l2tp with all") == 0;
            if (!has_length) { /* theirs is made for one packet */
                if (r.result.verdict != DECODE_OK || !is_inside(&rows[k], &r.d))
                    fail_msg("%s in %s: verdict %d", rows[k].what, outer.what, (int)r.result.verdict);
                assert_int_equal(r.d.carrier.n_ip, 2);
            }
            buf_fini(&within);
            buf_fini(&load);
            buf_fini(&frame);
        }
}

/* The inside may be a fragment: of a datagram whose way in is kept. */
static void test_fragment_inside(void **state)
{
    (void)state;
    struct row r = {.start = IN_UDP, .number = 4789};
    struct buf load, frame;
    buf_init(&load, 4096);
    buf_init(&frame, 4096);
    buf_put(&load, SPAN_LIT("\x08\0\0\0\0\0\x05\0"));
    packets_put_ethernet(&load, 0x0800);
    struct packets_ipv4 h = {.src = packets_v4(INNER_SRC), .dst = packets_v4(INNER_DST), .proto = 17, .fragment = 0x2001, .total_len = -1};
    size_t at = load.len;
    packets_put_ipv4(&load, &h, 8);
    set_checksum(load.ptr + at);
    buf_put_str(&load, "fragment");
    put_outside(&frame, &r, 4, buf_span(&load));
    struct reading got = read_bytes(buf_span(&frame), frame.len, frame.len);
    assert_int_equal(got.result.verdict, DECODE_FRAGMENT);
    assert_int_equal(got.d.fragment_at, 8);
    assert_int_equal(got.d.carrier.n_layers, 1);
    assert_int_equal(got.d.carrier.layers[0].ids[0], 5);
    buf_fini(&load);
    buf_fini(&frame);
}

/* A datagram put together from fragments may be a tunnel's. */
static void test_tunnel_in_datagram(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].start == IN_ETHERNET)
            continue;
        struct buf frame;
        buf_init(&frame, 4096);
        put_row(&frame, &rows[i], 4);
        struct span datagram = span_from(buf_span(&frame), 14 + 20);
        struct decoded d = {.src = packets_v4(OUTER_SRC), .dst = packets_v4(OUTER_DST), .ip_version = 4, .proto = frame.ptr[14 + 9]};
        struct decode_result r = decode_datagram(datagram, (uint32_t)datagram.len, false, &d);
        assert_int_equal(r.verdict, DECODE_OK);
        assert_true(is_inside(&rows[i], &d));
        assert_true(d.carrier.n_layers >= 1);
        buf_fini(&frame);
    }
}

/* What is encrypted on the link says so. */
static void test_encrypted_links(void **state)
{
    (void)state;
    struct buf frame;
    buf_init(&frame, 4096);
    packets_put_ethernet(&frame, 0x88e5);
    buf_put(&frame, SPAN_LIT("\x0c\0\0\0\0\x01"));
    put_inside(&frame, IPV4);
    struct reading r = read_bytes(buf_span(&frame), frame.len, frame.len);
    assert_int_equal(r.result.verdict, DECODE_OUT_OF_SCOPE);
    assert_int_equal(r.result.reason, SCOPE_ENCRYPTED);
    buf_fini(&frame);
}

/* IPv4's authentication header is none, but in front of what is read. */
static void test_auth_header(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 20; n++) {
        struct buf frame, load;
        buf_init(&frame, 4096);
        buf_init(&load, 4096);
        for (unsigned i = 1; i <= n; i++) {
            buf_put_byte(&load, i < n ? 51 : 4);
            buf_put(&load, SPAN_LIT("\x04\0\0" "spi." "seq." "integrity..."));
        }
        put_inside(&load, IPV4);
        struct row r = {.start = IN_IP, .number = 51, .inside = IPV4};
        put_outside(&frame, &r, 4, buf_span(&load));
        struct reading got = read_bytes(buf_span(&frame), frame.len, frame.len);
        if (n <= 16)
            assert_is_inside(&r, &got);
        else
            assert_true(is_outside(4, &got.d) && got.d.proto == 51);
        buf_fini(&load);
        buf_fini(&frame);
    }
}

/* Two ways with equal addresses have different fingerprints; another label or port is the same way. */
static void test_fingerprints(void **state)
{
    (void)state;
    struct carrier a = {.n_layers = 2, .layers = {{.type = ENCAP_MPLS, .has_ids = 3, .ids = {18}}, {.type = ENCAP_VXLAN, .has_ids = 1, .ids = {5}}}};
    struct carrier b = a;
    b.layers[0].ids[0] = 19;
    b.layers[1].sport = 7;
    assert_int_equal(carrier_fingerprint(&a), carrier_fingerprint(&b));
    b.layers[1].ids[0] = 6;
    assert_int_not_equal(carrier_fingerprint(&a), carrier_fingerprint(&b));
    b = a;
    b.layers[1].type = ENCAP_GENEVE;
    assert_int_not_equal(carrier_fingerprint(&a), carrier_fingerprint(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_cut_payload),
        cmocka_unit_test(test_wrong_inside_is_not_believed),
        cmocka_unit_test(test_wrong_ipv6_is_not_believed),
        cmocka_unit_test(test_unread_tunnels),
        cmocka_unit_test(test_dns_on_tunnel_ports),
        cmocka_unit_test(test_control_messages),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_deep_stacks),
        cmocka_unit_test(test_each_in_each),
        cmocka_unit_test(test_fragment_inside),
        cmocka_unit_test(test_tunnel_in_datagram),
        cmocka_unit_test(test_encrypted_links),
        cmocka_unit_test(test_auth_header),
        cmocka_unit_test(test_fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
