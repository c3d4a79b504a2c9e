#include "tests/unit/rules/writers/writer_harness.h"

/* The pattern of a list with one entry, as it stands in JSON. */
static void expect_pattern(const char *entry, const char *pattern)
{
    char list[512], wanted[1024];
    snprintf(list, sizeof list, "indicators:\n- %s\n", entry);
    snprintf(wanted, sizeof wanted, "\"pattern\":\"[%s]\",\"pattern_type\":\"stix\"", pattern);
    const char *parts[] = {wanted, NULL};
    written_expect_parts(list, TARGET_STIX, parts, "");
}

static void writes_patterns(void **state)
{
    expect_pattern("a.example", "domain-name:value = 'a.example' OR domain-name:value LIKE '%.a.example'");
    expect_pattern("{domain: a.example, match: exact}", "domain-name:value = 'a.example'");
    expect_pattern("{domain: a.example, match: below}", "domain-name:value LIKE '%.a.example'");
    expect_pattern("{domain: a_b.example, match: below}",
                   "domain-name:value MATCHES '\\\\\\\\.a_b\\\\\\\\.example$'");
    expect_pattern("abc-*.?z.example", "domain-name:value MATCHES '^abc-[^.]*\\\\\\\\.[^.]z\\\\\\\\.example$'");
    expect_pattern("192.0.2.1", "ipv4-addr:value = '192.0.2.1'");
    expect_pattern("192.0.2.0/24", "ipv4-addr:value ISSUBSET '192.0.2.0/24'");
    expect_pattern("192.0.2.255-192.0.3.2",
                   "ipv4-addr:value = '192.0.2.255' OR ipv4-addr:value ISSUBSET '192.0.3.0/31' OR "
                   "ipv4-addr:value = '192.0.3.2'");
    expect_pattern("'2001:db8::1'", "ipv6-addr:value = '2001:db8::1'");
    expect_pattern("2001:db8::/32", "ipv6-addr:value ISSUBSET '2001:db8::/32'");
    expect_pattern("192.0.2.1:443",
                   "network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443");
    expect_pattern("'[2001:db8::1]:443'",
                   "network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 443");
    expect_pattern("a.example:80",
                   "network-traffic:dst_ref.value = 'a.example' AND network-traffic:dst_port = 80");
    expect_pattern("\"http://a.example/it's\"", "url:value = 'http://a.example/it\\\\'s'");
    expect_pattern("http://a.example/b*", "url:value LIKE 'http://a.example/b%'");
    expect_pattern("http://a.example/b_c*", "url:value MATCHES '^http://a\\\\\\\\.example/b_c'");
    expect_pattern("a.example/b", "url:value = 'http://a.example/b' OR url:value = 'https://a.example/b'");
    expect_pattern("/b?c=", "network-traffic:extensions.'http-request-ext'.request_value LIKE '/b?c=%'");
    expect_pattern(
        "{regex: '^a\\d$', ignore_case: true, fields: [dns.query, http.host, tls.sni, quic.sni, socks.host, http.url]}",
        "domain-name:value MATCHES '(?i)^a\\\\\\\\d$' OR url:value MATCHES '(?i)^a\\\\\\\\d$'");
    expect_pattern(
        "{user_agent: \"it's\\\\\"}",
        "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'it\\\\'s\\\\\\\\'");
    expect_pattern("{cert_sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}",
                   "x509-certificate:hashes.'SHA-256' = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'");
    expect_pattern("{cert_sha1: 0123456789abcdef0123456789abcdef01234567}",
                   "x509-certificate:hashes.'SHA-1' = '0123456789abcdef0123456789abcdef01234567'");
}

static void writes_all_that_goes_with_it(void **state)
{
    const char *parts[] = {
        "{\"type\":\"bundle\",\"objects\":[\n"
        "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--",
        "\",\"created\":\"2022-10-01T00:00:00.000Z\",\"modified\":\"2022-10-01T00:00:00.000Z\",\"name\":"
        "\"CSIRT\",\"identity_class\":\"organization\"}\n"
        ",{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--939a9414-"
        "2ddd-4d32-a0cd-375ea402b003\",",
        "\"tlp_2_0\":\"amber+strict\"",
        ",{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--0188e6f4-aaaa-4bbb-8ccc-"
        "0123456789ab\",",
        "\"valid_from\":\"2025-01-01T00:00:00Z\",\"valid_until\":\"2026-02-01T00:00:00Z\",\"created_by_ref\":"
        "\"identity--",
        "\"name\":\"a.example\",\"description\":\"d\",\"pattern\":",
        "\"confidence\":70,\"labels\":[\"t\"],\"kill_chain_phases\":[{\"kill_chain_name\":\"lockheed\","
        "\"phase_name\":\"c2\"}],"
        "\"external_references\":[{\"source_name\":\"c2\",\"description\":\"line "
        "3\",\"url\":\"https://r.example/\"}],"
        "\"object_marking_refs\":[\"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003\"]}",
        NULL};
    written_expect_parts(
        "name: c2\nindicators:\n- {domain: a.example, org: CSIRT, tlp: amber+strict, confidence: 70, "
        "valid_from: 2025-01-01, "
        "valid_until: 2026-02-01, tags: [t, 'kill-chain:lockheed/c2'], reference: 'https://r.example/', "
        "description: d, id: indicator--0188e6f4-aaaa-4bbb-8ccc-0123456789ab}\n",
        TARGET_STIX, parts, "");
}

/* valid_from has to be there, and before valid_until. */
static void always_says_from_when(void **state)
{
    const char *unsaid[] = {"\"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-01-01T00:00:00Z\","
                            "\"valid_from\":\"2026-01-01T00:00:00Z\",",
                            NULL};
    const char *over[] = {"\"valid_from\":\"2025-05-31T23:59:59Z\",\"valid_until\":\"2025-06-01T00:00:00Z\"",
                          NULL};
    const char *later[] = {"\"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-01-01T00:00:00Z\","
                           "\"valid_from\":\"2027-01-01T00:00:00Z\",",
                           NULL};
    written_expect_parts("a.example\n", TARGET_STIX, unsaid, "");
    written_expect_parts("indicators: [{domain: a.example, valid_until: 2025-06-01}]\n", TARGET_STIX, over,
                         "");
    written_expect_parts("indicators: [{domain: a.example, valid_from: 2027-01-01}]\n", TARGET_STIX, later,
                         "");
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

/* One object per origin; an identifier is used once. */
static void gives_no_identifier_twice(void **state)
{
    struct written w;
    written_init(
        &w,
        "name: c2\nindicators: [{domain: a.example, id: indicator--0188e6f4-aaaa-4bbb-8ccc-0123456789ab}, "
        "{domain: b.example, id: indicator--0188e6f4-aaaa-4bbb-8ccc-0123456789ab}, {domain: a.example, list: "
        "x}, "
        "{domain: a.example, list: x, fields: [dns.query]}]\n",
        TARGET_STIX, TLP_NONE);
    assert_int_equal(count(written_text(&w), "\"type\":\"indicator\""), 4);
    assert_int_equal(count(written_text(&w), "indicator--0188e6f4-aaaa-4bbb-8ccc-0123456789ab"), 1);
    assert_int_equal(w.report.written, 3);
    assert_string_equal((const char *)w.losses.ptr, "fields domain suffix 1 @2\n");
    written_fini(&w);
}

static void leaves_out_what_stix_has_no_object_for(void **state)
{
    written_expect("indicators: [{ja3: 0123456789abcdef0123456789abcdef}, {ja4: t13d}, {user_agent: ff, hex: "
                   "true}]\nallow: [a.example]\n",
                   TARGET_STIX, TLP_NONE,
                   "{\"type\":\"bundle\"\n,\"id\":\"bundle--828a255d-6337-562b-8bbf-95e532e6e80e\"}\n",
                   "left-out user_agent exact 1 @1\nleft-out ja3 exact 1 @1\nleft-out ja4 exact 1 @1\nallow "
                   "domain suffix 1 @2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_patterns),
        cmocka_unit_test(writes_all_that_goes_with_it),
        cmocka_unit_test(always_says_from_when),
        cmocka_unit_test(gives_no_identifier_twice),
        cmocka_unit_test(leaves_out_what_stix_has_no_object_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
