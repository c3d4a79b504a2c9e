/* Community ID against the baseline that its specification publishes (corelight/community-id-spec, baseline_deflt.json). */
#include "sensor/eve.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct vector {
    uint8_t proto;
    const char *src, *dst;
    uint16_t sport, dport;
    const char *want;
};

static struct ip address(const char *text, uint8_t *out_version)
{
    struct ip ip;
    *out_version = 4;
    if (ip_parse_v4(span_str(text), &ip))
        return ip;
    *out_version = 6;
    assert_true(ip_parse_v6(span_str(text), &ip));
    return ip;
}

static void check(const struct vector *v)
{
    struct event e = {.proto = v->proto, .sport = v->sport, .dport = v->dport};
    char got[COMMUNITY_ID_MAX];

    e.src = address(v->src, &e.ip_version);
    e.dst = address(v->dst, &e.ip_version);
    community_id(&e, got);
    assert_string_equal(got, v->want);
}

static void test_baseline(void **state)
{
    static const struct vector vectors[] = {
        {6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        {6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25,
         "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
        {6, "2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887", 25, 63943,
         "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
        {17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
        {17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
        {132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
        {132, "192.168.170.56", "192.168.170.8", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
        {46, "10.1.12.1", "10.1.12.2", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
        {46, "10.1.12.2", "10.1.12.1", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
    };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        check(&vectors[i]);
}

/* Without type and code an ICMP flow would share its name with others. */
static void test_undefined(void **state)
{
    static const struct vector vectors[] = {
        {IPPROTO_ICMP, "192.168.0.89", "192.168.0.1", 0, 0, ""},
        {IPPROTO_ICMPV6, "fe80::1", "ff02::2", 0, 0, ""},
        {IPPROTO_SCTP, "192.168.170.8", "192.168.170.56", 0, 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        check(&vectors[i]);
}

/* The same address on both sides: the ports decide. */
static void test_same_address(void **state)
{
    struct event e = {.proto = IPPROTO_TCP, .ip_version = 4, .sport = 1000, .dport = 80};
    char one[COMMUNITY_ID_MAX], other[COMMUNITY_ID_MAX];
    (void)state;

    e.src = e.dst = ip_from_v4((const uint8_t[4]){127, 0, 0, 1});
    community_id(&e, one);
    e.sport = 80;
    e.dport = 1000;
    community_id(&e, other);
    assert_string_equal(one, other);
    assert_int_equal(strlen(one), 30);
}

/* An IPv4-mapped address seen in an IPv6 packet is hashed as the 16 bytes it was. */
static void test_mapped(void **state)
{
    struct event e = {.proto = IPPROTO_UDP, .ip_version = 4, .sport = 54585, .dport = 53};
    char v4[COMMUNITY_ID_MAX], v6[COMMUNITY_ID_MAX];
    (void)state;

    e.src = ip_from_v4((const uint8_t[4]){192, 168, 1, 52});
    e.dst = ip_from_v4((const uint8_t[4]){8, 8, 8, 8});
    community_id(&e, v4);
    e.ip_version = 6;
    community_id(&e, v6);
    assert_string_equal(v4, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
    assert_string_not_equal(v4, v6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_baseline),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_same_address),
        cmocka_unit_test(test_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
