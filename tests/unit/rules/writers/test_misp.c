#include "tests/unit/rules/writers/writer_harness.h"

static void writes_an_event(void **state)
{
    written_expect(
        "name: c2\norg: CSIRT\nindicators:\n- {domain: a.example, tlp: green, confidence: 60, tags: [t], "
        "description: d, "
        "reference: 'https://r.example/', valid_from: 2025-01-01, valid_until: 2026-02-01, "
        "id: 0188e6f4-aaaa-4bbb-8ccc-0123456789ab}\n- {domain: b.example, match: exact, tlp: clear}\n",
        TARGET_MISP, TLP_NONE,
        "{\"Event\":{\"info\":\"Indicators of "
        "c2\",\"date\":\"2026-01-01\",\"timestamp\":\"1767225600\",\"threat_level_id\":\"4\","
        "\"analysis\":\"2\",\"distribution\":\"0\",\"published\":false,\"Orgc\":{\"name\":\"CSIRT\",\"uuid\":"
        "\"837184b4-b0e3-5d84-81bc-8be0daf0994e\"},"
        "\"Tag\":[{\"name\":\"tlp:green\"}],\"Attribute\":[\n"
        "{\"uuid\":\"0188e6f4-aaaa-4bbb-8ccc-0123456789ab\",\"type\":\"domain\",\"category\":\"Network "
        "activity\",\"value\":\"a.example\","
        "\"to_ids\":true,\"distribution\":\"5\",\"disable_correlation\":false,"
        "\"comment\":\"d https://r.example/, until "
        "2026-02-01T00:00:00Z\",\"first_seen\":\"2025-01-01T00:00:00+00:00\","
        "\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":\"t\"},{\"name\":\"misp:confidence-level=\\\"fairly-"
        "confident\\\"\"}]}\n"
        ",{\"uuid\":\"098746c6-278d-5dc9-b511-045636e37f9d\",\"type\":\"hostname\",\"category\":\"Network "
        "activity\",\"value\":\"b.example\",\"to_ids\":true,"
        "\"distribution\":\"5\",\"disable_correlation\":false,\"comment\":\"\",\"Tag\":[{\"name\":\"tlp:"
        "clear\"}]}\n"
        "],\"uuid\":\"bed986ef-f5aa-560e-b468-3c4eb38a5354\"}}\n",
        "");
}

static void expect_attribute(const char *entry, const char *type, const char *value, const char *losses)
{
    char list[256], wanted[256];
    snprintf(list, sizeof list, "indicators:\n- %s\n", entry);
    snprintf(wanted, sizeof wanted, "\"type\":\"%s\",\"category\":\"Network activity\",\"value\":\"%s\"",
             type, value);
    const char *parts[] = {wanted, NULL};
    written_expect_parts(list, TARGET_MISP, parts, losses);
}

static void knows_its_types(void **state)
{
    expect_attribute("192.0.2.0/24", "ip-dst", "192.0.2.0/24", "");
    expect_attribute("'2001:db8::1'", "ip-dst", "2001:db8::1", "");
    expect_attribute("'[2001:db8::1]:443'", "ip-dst|port", "2001:db8::1|443", "");
    expect_attribute("192.0.2.1:443", "ip-dst|port", "192.0.2.1|443", "");
    expect_attribute("a.example:80", "hostname|port", "a.example|80", "");
    expect_attribute("http://a.example/b", "url", "http://a.example/b", "");
    expect_attribute("http://a.example/b*", "url", "http://a.example/b", "narrowed url prefix 1 @2\n");
    expect_attribute("a.example/b", "url", "http://a.example/b", "narrowed hostpath exact 1 @2\n");
    expect_attribute("/b", "uri", "/b", "");
    expect_attribute("{user_agent: 'a \"b\"'}", "user-agent", "a \\\"b\\\"", "");
    expect_attribute("{ja3: 0123456789abcdef0123456789abcdef}", "ja3-fingerprint-md5",
                 "0123456789abcdef0123456789abcdef", "");
    expect_attribute("{cert_sha1: 0123456789abcdef0123456789abcdef01234567}", "x509-fingerprint-sha1",
                 "0123456789abcdef0123456789abcdef01234567", "");
    expect_attribute("{cert_sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}", "x509-fingerprint-sha256", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "");
    expect_attribute("{domain: a.example, match: below}", "domain", "a.example", "widened domain below 1 @2\n");
}

/* A range is several networks, and a value is in an event once. */
static void writes_a_value_once(void **state)
{
    const char *parts[] = {"\"value\":\"192.0.2.1\"", "\"value\":\"192.0.2.2/31\"",
                           "\"value\":\"http://a.example/b\"", "],\"uuid\"", NULL};
    struct written w;
    const char *list =
        "indicators: [192.0.2.1-192.0.2.3, 192.0.2.1, http://a.example/b, http://a.example/b*]\n";
    written_expect_parts(list, TARGET_MISP, parts, "narrowed url prefix 1 @1\n");
    written_init(&w, list, TARGET_MISP, TLP_NONE);
    const char *first = strstr(written_text(&w), "\"192.0.2.1\""),
               *url = strstr(written_text(&w), "http://a.example/b\"");
    assert_null(strstr(first + 1, "\"192.0.2.1\""));
    assert_null(strstr(url + 1, "http://a.example/b\""));
    written_fini(&w);
}

/* All tags once, the strictest TLP, the highest confidence, who said what. */
static void puts_origins_together(void **state)
{
    const char *parts[] = {
        "\"info\":\"Indicators of c2 and other lists\"",
        "\"published\":false,\"Tag\":[{\"name\":\"tlp:amber\"}]",
        "\"comment\":\"d, X; e, Y\",\"Tag\":[{\"name\":\"tlp:amber\"},{\"name\":\"t\"},{\"name\":\"u\"},"
        "{\"name\":\"misp:confidence-level=\\\"completely-confident\\\"\"}]",
        NULL};
    written_expect_parts("name: c2\nindicators: [{domain: a.example, org: X, description: d, tags: [t, "
                         "'tlp:red'], confidence: 20, tlp: green}, "
                         "{domain: a.example, org: Y, description: e, tags: [t, u], confidence: 95, list: "
                         "other, tlp: amber}]\n",
                         TARGET_MISP, parts, "");
}

static void leaves_out_what_misp_has_no_type_for(void **state)
{
    const char *parts[] = {"\"Attribute\":[\n]", NULL};
    written_expect_parts(
        "tlds: load\nindicators: [{regex: a}, a-evil*.example, {ja4: t13d}, '*.zip']\nallow: [b.example]\n",
        TARGET_MISP, parts,
        "left-out domain suffix 1 @2\nleft-out wildcard wildcard 1 @2\nleft-out regex regex 1 @2\n"
        "left-out ja4 exact 1 @2\nallow domain suffix 1 @3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_an_event),
        cmocka_unit_test(knows_its_types),
        cmocka_unit_test(writes_a_value_once),
        cmocka_unit_test(puts_origins_together),
        cmocka_unit_test(leaves_out_what_misp_has_no_type_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
