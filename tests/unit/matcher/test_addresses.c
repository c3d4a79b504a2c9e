#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "matcher/addresses.h"
#include "tests/unit/matcher/sample.h"

struct fixture {
    struct set *set;
    struct set_view v;
    struct addresses a;
};

static void setup(struct fixture *f, const struct sample *samples, size_t n)
{
    struct routes routes;
    f->set = sample_set(samples, n);
    f->v = set_view_of(f->set);
    assert_true(routes_init(&routes, &f->v));
    assert_true(addresses_build(&f->a, &f->v, &routes, NULL));
    routes_fini(&routes);
}

static void teardown(struct fixture *f)
{
    addresses_fini(&f->a);
    set_free(f->set);
}

static void on_hit(void *ctx, uint32_t indicator)
{
    *(uint64_t *)ctx |= 1ull << indicator;
}

static uint64_t look_up_in(const struct addresses *a, const struct set_view *v, enum field field,
                           const char *text, uint16_t port)
{
    uint64_t bits = 0;
    struct ip ip;
    assert_true(ip_parse_v4(span_str(text), &ip) || ip_parse_v6(span_str(text), &ip));
    addresses_look_up(a, v, field, &ip, port, on_hit, &bits);
    return bits;
}

static uint64_t look_up(const struct fixture *f, const char *text, uint16_t port)
{
    return look_up_in(&f->a, &f->v, FIELD_IP_DST, text, port);
}

static void test_hosts_and_ports(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1"),
        SAMPLE(IOC_IPV6, MATCH_EXACT, "2001:db8::1"),
        SAMPLE(IOC_IP_PORT, MATCH_EXACT, "192.0.2.1:443", .port = 443),
        SAMPLE(IOC_IP_PORT, MATCH_EXACT, "[2001:db8::1]:80", .port = 80),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1", .fields = FIELD_BIT(FIELD_IP_SRC)),
    };
    struct fixture f;
    (void)state;
    setup(&f, samples, 5);
    assert_int_equal(look_up(&f, "192.0.2.1", 0), 1);
    assert_int_equal(look_up(&f, "192.0.2.1", 443), 1 | 4);
    assert_int_equal(look_up(&f, "192.0.2.1", 444), 1);
    assert_int_equal(look_up(&f, "::ffff:192.0.2.1", 443), 1 | 4);
    assert_int_equal(look_up(&f, "192.0.2.2", 443), 0);
    assert_int_equal(look_up(&f, "2001:db8::1", 80), 2 | 8);
    assert_int_equal(look_up(&f, "2001:db8::2", 80), 0);
    assert_int_equal(look_up_in(&f.a, &f.v, FIELD_IP_SRC, "192.0.2.1", 0), 1 | 16);
    assert_int_equal(look_up_in(&f.a, &f.v, FIELD_DNS_ANSWER_ADDRESS, "192.0.2.1", 443), 1);
    teardown(&f);
}

static void test_nested_and_overlapping(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "224.0.0.0/3"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "224.0.0.0/24"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.0.0.0/8"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.1.0.0/16"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.1.2.0/24"),
        SAMPLE(IOC_RANGE4, MATCH_RANGE, "10.0.255.255-10.1.2.4"),
        SAMPLE(IOC_RANGE4, MATCH_RANGE, "10.1.2.3-10.1.2.3"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "0.0.0.0/1"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "255.255.255.254/31"),
    };
    struct fixture f;
    (void)state;
    setup(&f, samples, 9);
    assert_int_equal(look_up(&f, "10.1.2.3", 0), 4 | 8 | 16 | 32 | 64 | 128);
    assert_int_equal(look_up(&f, "10.1.2.4", 0), 4 | 8 | 16 | 32 | 128);
    assert_int_equal(look_up(&f, "10.1.2.5", 0), 4 | 8 | 16 | 128);
    assert_int_equal(look_up(&f, "10.0.255.255", 0), 4 | 32 | 128);
    assert_int_equal(look_up(&f, "10.0.255.254", 0), 4 | 128);
    assert_int_equal(look_up(&f, "0.0.0.0", 0), 128);
    assert_int_equal(look_up(&f, "127.255.255.255", 0), 128);
    assert_int_equal(look_up(&f, "128.0.0.0", 0), 0);
    assert_int_equal(look_up(&f, "223.255.255.255", 0), 0);
    assert_int_equal(look_up(&f, "224.0.0.0", 0), 1 | 2);
    assert_int_equal(look_up(&f, "224.0.1.0", 0), 1);
    assert_int_equal(look_up(&f, "255.255.255.255", 0), 1 | 256);
    assert_int_equal(look_up(&f, "::1", 0), 0);
    teardown(&f);
}

static void test_families_do_not_mix(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_CIDR6, MATCH_CIDR, "::/8"),
        SAMPLE(IOC_CIDR6, MATCH_CIDR, "2001:db8::/32"),
        SAMPLE(IOC_RANGE6, MATCH_RANGE, "2001:db8::5-2001:db9::"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "192.0.2.0/24"),
        SAMPLE(IOC_CIDR6, MATCH_CIDR, "8000::/1"),
    };
    struct fixture f;
    (void)state;
    setup(&f, samples, 5);
    assert_int_equal(look_up(&f, "::5", 0), 1);
    assert_int_equal(look_up(&f, "192.0.2.255", 0), 8);
    assert_int_equal(look_up(&f, "198.51.100.1", 0), 0);
    assert_int_equal(look_up(&f, "2001:db8::4", 0), 2);
    assert_int_equal(look_up(&f, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 0), 2 | 4);
    assert_int_equal(look_up(&f, "2001:db9::", 0), 4);
    assert_int_equal(look_up(&f, "2001:db9::1", 0), 0);
    assert_int_equal(look_up(&f, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0), 16);
    teardown(&f);
}

/* Every prefix length, at its first and last address and one to either side. */
static void test_every_prefix(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits <= 32; bits++) {
        char text[32], at[IP_TEXT_MAX];
        uint32_t size = bits == 32 ? 1 : 1u << (32 - bits), first = 0x40000000u & ~(size - 1);
        uint8_t v4[4];
        snprintf(text, sizeof text, "%u.%u.%u.%u/%u", first >> 24, first >> 16 & 255, first >> 8 & 255,
                 first & 255, bits);
        const struct sample samples[] = {SAMPLE(IOC_CIDR4, MATCH_CIDR, text)};
        struct fixture f;
        setup(&f, samples, 1);
        const uint32_t asked[] = {first - 1, first, first + size - 1, first + size};
        for (int i = 0; i < 4; i++) {
            for (int b = 0; b < 4; b++)
                v4[b] = (uint8_t)(asked[i] >> (24 - 8 * b));
            struct ip ip = ip_from_v4(v4);
            ip_format(&ip, at);
            assert_int_equal(look_up(&f, at, 0), i == 1 || i == 2);
        }
        teardown(&f);
    }
}

static void count_hit(void *ctx, uint32_t indicator)
{
    (void)indicator;
    ++*(uint32_t *)ctx;
}

/* A thousand ranges around one point: all found, and only there. */
static void test_deep_nesting(void **state)
{
    enum { N = 1000 };
    static char texts[N][40];
    static struct sample samples[N];
    struct fixture f;
    (void)state;
    for (unsigned i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "10.0.%u.%u-10.1.%u.%u", i / 256, i % 256, (N - i) / 256,
                 (N - i) % 256);
        samples[i] = (struct sample)SAMPLE(IOC_RANGE4, MATCH_RANGE, texts[i]);
    }
    setup(&f, samples, N);
    uint32_t n = 0;
    struct ip ip;
    assert_true(ip_parse_v4(SPAN_LIT("10.0.200.0"), &ip));
    addresses_look_up(&f.a, &f.v, FIELD_IP_SRC, &ip, 0, count_hit, &n);
    assert_int_equal(n, N);
    assert_int_equal(look_up(&f, "9.255.255.255", 0), 0);
    assert_int_equal(look_up(&f, "10.1.3.233", 0), 0);
    teardown(&f);
}

static void test_map_checks(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.0.0.0/8"),
                                     SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.1.0.0/16"),
                                     SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1")};
    struct fixture f;
    struct addresses m;
    (void)state;
    setup(&f, samples, 3);
    struct span hosts = f.a.hosts.block;
    size_t bytes = f.a.n_ranges * sizeof(struct range_node);
    struct range_node *nodes = aligned_alloc(64, bytes);
    memcpy(nodes, f.a.ranges, bytes);
    struct span ranges = span_of(nodes, bytes);
    assert_true(addresses_map(&m, hosts, ranges, 0, 3, NULL));
    assert_int_equal(look_up_in(&m, &f.v, FIELD_IP_DST, "10.1.2.3", 0), 3);
    assert_int_equal(look_up_in(&m, &f.v, FIELD_IP_DST, "192.0.2.1", 0), 4);
    addresses_fini(&m);
    assert_false(addresses_map(&m, hosts, span_first(ranges, bytes - 1), 0, 3, NULL));
    addresses_fini(&m);
    assert_false(addresses_map(&m, hosts, ranges, 0, 1, NULL)); /* indicators too far */
    addresses_fini(&m);
    nodes[1].first = 0; /* no longer sorted */
    assert_false(addresses_map(&m, hosts, ranges, 0, 3, NULL));
    addresses_fini(&m);
    free(nodes);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_and_ports),     cmocka_unit_test(test_nested_and_overlapping),
        cmocka_unit_test(test_families_do_not_mix), cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_deep_nesting),        cmocka_unit_test(test_map_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
