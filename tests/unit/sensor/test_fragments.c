/* fragments.c: datagrams put together in any order, what overlaps, what is missing, what has no room. */
#include "sensor/fragments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/packets.h"

enum { CAP_LEAST = 128 * 1024 };
static const int64_t SECOND = 1000000000;

struct bench {
    struct fragments *f;
    int64_t ts_ns;
    uint64_t number;
    unsigned version;
    uint32_t id;
    bool overlaps; /* said of the last one */
    struct datagram whole;
    unsigned n_gone[4]; /* by fate */
    uint32_t n_packets_gone;
    struct datagram gone; /* the last one; its bytes are copied */
    uint8_t gone_bytes[DATAGRAM_BYTES_MAX];
};

static void take_gone(void *to, const struct datagram *d)
{
    struct bench *b = to;
    b->n_gone[d->fate]++;
    b->n_packets_gone += d->n_packets;
    b->gone = *d;
    if (d->bytes.len)
        memcpy(b->gone_bytes, d->bytes.ptr, d->bytes.len);
    b->gone.bytes.ptr = b->gone_bytes;
}

static struct bench *open_bench(unsigned version)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->f =
        fragments_new(&(struct fragments_options){.cap_bytes = CAP_LEAST, .gone = take_gone, .gone_to = b});
    assert_non_null(b->f);
    b->ts_ns = 1000 * SECOND;
    b->version = version;
    b->id = 1;
    return b;
}

static void close_bench(struct bench *b)
{
    fragments_free(b->f);
    free(b);
}

static struct decoded decoded_of(const struct bench *b, uint32_t at, struct span bytes, uint32_t wire_len,
                                 bool has_more)
{
    return (struct decoded){.src = packets_v4(1),
                            .dst = packets_v4(2),
                            .proto = 17,
                            .ip_version = (uint8_t)b->version,
                            .is_fragment = true,
                            .has_more_fragments = has_more,
                            .fragment_at = (uint16_t)at,
                            .fragment_id = b->id,
                            .payload = bytes,
                            .payload_wire_len = wire_len};
}

static enum fragments_verdict add_decoded(struct bench *b, struct decoded *d)
{
    uint8_t *exact = packets_exact(d->payload);
    d->payload.ptr = exact;
    struct packet pkt = {.ts_ns = b->ts_ns, .number = ++b->number};
    enum fragments_verdict v = fragments_add(b->f, &pkt, d, 1, &b->whole, &b->overlaps);
    free(exact);
    return v;
}

static enum fragments_verdict add_cut(struct bench *b, uint32_t at, struct span bytes, size_t captured,
                                      bool has_more)
{
    struct decoded d = decoded_of(b, at, span_first(bytes, captured), (uint32_t)bytes.len, has_more);
    return add_decoded(b, &d);
}

static enum fragments_verdict add(struct bench *b, uint32_t at, const char *text, bool has_more)
{
    struct span bytes = span_str(text);
    return add_cut(b, at, bytes, bytes.len, has_more);
}

static void assert_whole(const struct bench *b, const char *text, uint32_t n_packets)
{
    assert_int_equal(b->whole.fate, DATAGRAM_WHOLE);
    assert_true(span_eq(b->whole.bytes, span_str(text)));
    assert_int_equal(b->whole.wire_len, strlen(text));
    assert_false(b->whole.is_cut);
    assert_int_equal(b->whole.n_packets, n_packets);
    assert_int_equal(b->whole.packet.number, b->number);
    assert_int_equal(b->whole.packet.ts_ns, b->ts_ns);
}

static void test_every_order(void **state)
{
    static const char *const pieces[] = {"aaaaaaaa", "bbbbbbbb", "cccccccc", "dd"};
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2)
        for (unsigned order = 0; order < 256; order++) {
            unsigned seen = 0;
            for (unsigned i = 0; i < 4; i++)
                seen |= 1u << (order >> (2 * i) & 3);
            if (seen != 15)
                continue;
            struct bench *b = open_bench(version);
            for (unsigned i = 0; i < 4; i++) {
                unsigned piece = order >> (2 * i) & 3;
                assert_int_equal(add(b, piece * 8, pieces[piece], piece < 3),
                                 i < 3 ? FRAGMENTS_HELD : FRAGMENTS_WHOLE);
                assert_false(b->overlaps);
            }
            assert_whole(b, "aaaaaaaabbbbbbbbccccccccdd", 4);
            fragments_clear(b->f);
            assert_int_equal(b->n_packets_gone, 0);
            close_bench(b);
        }
}

static void test_repeated(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct bench *b = open_bench(version);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(add(b, 8, "bbbb", false), FRAGMENTS_HELD);
            assert_false(b->overlaps);
        }
        assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_WHOLE);
        assert_whole(b, "aaaaaaaabbbb", 4);
        close_bench(b);
    }
}

static void test_overlap_ipv4(void **state)
{
    (void)state;
    struct bench *b = open_bench(4);
    assert_int_equal(add(b, 8, "bbbbbbbb", true), FRAGMENTS_HELD);
    assert_int_equal(add(b, 0, "AAAAAAAAAAAAAAAAAAAAAAAA", true), FRAGMENTS_HELD);
    assert_true(b->overlaps);
    assert_int_equal(add(b, 16, "xxxxxxxxdd", false), FRAGMENTS_WHOLE);
    assert_true(b->overlaps);
    assert_whole(b, "AAAAAAAAbbbbbbbbAAAAAAAAdd", 3);
    close_bench(b);
}

/* A fragment past the known end, another end, an end before what came: passed over. */
static void test_contradicted_end(void **state)
{
    (void)state;
    struct bench *b = open_bench(4);
    assert_int_equal(add(b, 8, "bbbb", false), FRAGMENTS_HELD);
    assert_int_equal(add(b, 8, "bbbbbbbb", true), FRAGMENTS_HELD);
    assert_true(b->overlaps);
    assert_int_equal(add(b, 16, "c", false), FRAGMENTS_HELD);
    assert_true(b->overlaps);
    assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_WHOLE);
    assert_false(b->overlaps);
    assert_whole(b, "aaaaaaaabbbb", 4);
    assert_int_equal(add(b, 16, "cccccccc", true), FRAGMENTS_HELD);
    assert_int_equal(add(b, 8, "bbbbbbbb", false), FRAGMENTS_HELD);
    assert_true(b->overlaps);
    close_bench(b);
}

static void test_overlap_ipv6(void **state)
{
    (void)state;
    struct bench *b = open_bench(6);
    assert_int_equal(add(b, 0, "aaaaaaaaAAAAAAAA", true), FRAGMENTS_HELD);
    assert_int_equal(add(b, 8, "AAAAAAAAcccccccc", true), FRAGMENTS_HELD);
    assert_true(b->overlaps);
    assert_int_equal(b->n_gone[DATAGRAM_DROPPED], 1);
    assert_int_equal(b->gone.n_packets, 2);
    assert_int_equal(b->gone.wire_len, 0);
    assert_int_equal(add(b, 24, "d", false), FRAGMENTS_REFUSED);
    b->ts_ns += 61 * SECOND; /* forgotten, without another word */
    assert_int_equal(add(b, 8, "d", false), FRAGMENTS_HELD);
    assert_int_equal(b->n_packets_gone, 2);
    assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_WHOLE);
    close_bench(b);
}

/* Each part of the key tells datagrams apart. */
static void test_keys(void **state)
{
    (void)state;
    struct bench *b = open_bench(4);
    for (int i = 0; i < 8; i++) {
        struct decoded d = decoded_of(b, 8, SPAN_LIT("b"), 1, false);
        if (i == 1)
            d.src = packets_v4(3);
        else if (i == 2)
            d.dst = packets_v4(3);
        else if (i == 3)
            d.proto = 6;
        else if (i == 4)
            d.fragment_id++;
        else if (i == 5)
            d.n_vlans = 1;
        else if (i == 6)
            d.n_vlans = d.vlans[0] = 1;
        else if (i == 7)
            d.ip_version = 6;
        assert_int_equal(add_decoded(b, &d), FRAGMENTS_HELD);
        assert_false(b->overlaps);
    }
    assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_WHOLE);
    assert_whole(b, "aaaaaaaab", 2);
    fragments_clear(b->f);
    assert_int_equal(b->n_gone[DATAGRAM_INCOMPLETE], 7);
    close_bench(b);
}

/* IPv6: not by protocol, which the first fragment tells. */
static void test_ipv6_protocol(void **state)
{
    (void)state;
    struct bench *b = open_bench(6);
    struct decoded d = decoded_of(b, 8, SPAN_LIT("b"), 1, false);
    d.proto = 60;
    assert_int_equal(add_decoded(b, &d), FRAGMENTS_HELD);
    assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_WHOLE);
    assert_int_equal(b->whole.decoded.proto, 17);
    close_bench(b);
}

static void test_time_out(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct bench *b = open_bench(version);
        int64_t wait = version == 4 ? FRAGMENTS_WAIT4_S : FRAGMENTS_WAIT6_S;
        assert_int_equal(add(b, 16, "c", false), FRAGMENTS_HELD);
        b->ts_ns += SECOND;
        assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_HELD);
        fragments_expire(b->f, b->ts_ns + (wait - 1) * SECOND); /* counted from the first that came */
        fragments_expire(b->f, INT64_MIN);
        assert_int_equal(b->n_packets_gone, 0);
        fragments_expire(b->f, b->ts_ns + (wait - 1) * SECOND + 1);
        assert_int_equal(b->n_gone[DATAGRAM_INCOMPLETE], 1);
        assert_int_equal(b->gone.n_packets, 2);
        assert_int_equal(b->gone.packet.number, 2);
        assert_int_equal(b->gone.packet.ts_ns, b->ts_ns);
        assert_true(b->gone.decoded.is_fragment);
        assert_true(span_eq(b->gone.bytes, SPAN_LIT("aaaaaaaa")));
        assert_int_equal(b->gone.wire_len, 8);
        assert_int_equal(add(b, 8, "bbbbbbbb", true), FRAGMENTS_HELD); /* of another datagram now */
        fragments_clear(b->f);
        assert_int_equal(b->gone.wire_len, 0);
        close_bench(b);
    }
}

static void test_cut(void **state)
{
    (void)state;
    struct bench *b = open_bench(4);
    assert_int_equal(add_cut(b, 8, SPAN_LIT("bbbbbbbb"), 3, true), FRAGMENTS_HELD);
    assert_int_equal(add_cut(b, 16, SPAN_LIT("cccccccc"), 0, false), FRAGMENTS_HELD);
    assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_WHOLE);
    assert_true(span_eq(b->whole.bytes, SPAN_LIT("aaaaaaaabbb")));
    assert_int_equal(b->whole.wire_len, 24);
    assert_true(b->whole.is_cut);
    assert_int_equal(add_cut(b, 0, SPAN_LIT("aaaaaaaa"), 5, true), FRAGMENTS_HELD);
    fragments_clear(b->f);
    assert_true(span_eq(b->gone.bytes, SPAN_LIT("aaaaa")));
    assert_int_equal(b->gone.wire_len, 8);
    assert_true(b->gone.is_cut);
    close_bench(b);
}

/* Small first fragments of many datagrams push out the oldest, and no more room is taken than was said. */
static void test_eviction(void **state)
{
    (void)state;
    struct bench *b = open_bench(4);
    for (b->id = 1; b->id <= 1000; b->id++)
        assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_HELD);
    assert_int_equal(b->n_gone[DATAGRAM_EVICTED], 1000 - CAP_LEAST / 2048);
    assert_int_equal(b->gone.packet.number, 1000 - CAP_LEAST / 2048);
    b->id = 1000;
    assert_int_equal(add(b, 8, "b", false), FRAGMENTS_WHOLE);
    fragments_clear(b->f);
    assert_int_equal(b->n_packets_gone, 999);
    close_bench(b);
}

/* The largest one, though others hold the room. */
static void test_largest(void **state)
{
    (void)state;
    static uint8_t bytes[DATAGRAM_BYTES_MAX];
    struct chance chance = chance_of(1);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)chance_next(&chance);
    struct bench *b = open_bench(4);
    for (; b->id < 100; b->id++)
        assert_int_equal(add(b, 8, "bbbbbbbb", true), FRAGMENTS_HELD);
    b->id = 1;
    enum fragments_verdict v = FRAGMENTS_HELD;
    for (size_t at = 65528; v == FRAGMENTS_HELD && at < sizeof bytes; at -= 8) {
        v = add_cut(b, (uint32_t)at, span_first(span_of(bytes + at, sizeof bytes - at), 8), 8, at != 65528);
        assert_true(v == (at ? FRAGMENTS_HELD : FRAGMENTS_WHOLE) || at == 65528);
    }
    assert_int_equal(v, FRAGMENTS_WHOLE);
    assert_true(span_eq(b->whole.bytes, span_of(bytes, sizeof bytes)));
    close_bench(b);
}

/* The same fragment again and again does not keep a datagram for ever. */
static void test_too_many(void **state)
{
    (void)state;
    struct bench *b = open_bench(6);
    for (int i = 0; i < FRAGMENTS_OF_ONE_MAX; i++) {
        assert_int_equal(b->n_packets_gone, 0);
        assert_int_equal(add(b, 0, "aaaaaaaa", true), FRAGMENTS_HELD);
    }
    assert_int_equal(b->n_gone[DATAGRAM_INCOMPLETE], 1);
    assert_int_equal(b->n_packets_gone, FRAGMENTS_OF_ONE_MAX);
    close_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order),   cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_overlap_ipv4),  cmocka_unit_test(test_contradicted_end),
        cmocka_unit_test(test_overlap_ipv6),  cmocka_unit_test(test_keys),
        cmocka_unit_test(test_ipv6_protocol), cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_cut),           cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_largest),       cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
