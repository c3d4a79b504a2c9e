#include "tests/unit/rules/list_harness.h"

#define ID0             "00000000-0000-4000-8000-000000000000"
#define ID1             "00000000-0000-4000-8000-000000000001"
#define ID2             "00000000-0000-4000-8000-000000000002"
#define ID7             "00000000-0000-4000-8000-000000000007"
#define INDICATOR       "{\"type\":\"indicator\",\"pattern_type\":\"stix\",\"pattern\":"
#define BUNDLE(objects) "{\"type\":\"bundle\",\"id\":\"bundle--" ID0 "\",\"objects\":[" objects "]}"

static void put_json(struct buf *out, const char *text)
{
    buf_put_byte(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_put_byte(out, '\\');
        buf_put_byte(out, (uint8_t)*text);
    }
    buf_put_byte(out, '"');
}

/* Load one indicator with this pattern and nothing else said. */
static void load_pattern(struct harness *h, const char *pattern, const struct list_options *o)
{
    struct buf list;
    buf_init(&list, 1 << 20);
    buf_put_str(&list, INDICATOR);
    put_json(&list, pattern);
    buf_put_str(&list, "}");
    harness_load_bytes(h, list.ptr, list.len, o);
    assert_int_equal(h->report.format, LIST_STIX);
    buf_fini(&list);
}

static void expect_pattern(const char *pattern, const char *shown)
{
    struct harness h;
    harness_init(&h);
    load_pattern(&h, pattern, NULL);
    assert_string_equal(harness_show(&h), shown);
    harness_fini(&h);
}

static void expect_refused(const char *pattern, enum reject reason, enum ioc_type type)
{
    struct harness h;
    harness_init(&h);
    load_pattern(&h, pattern, NULL);
    assert_int_equal(h.report.entries, 1);
    assert_int_equal(h.report.by_reason[reason], 1);
    assert_int_equal(h.report.by_type[type].skipped, 1);
    harness_fini(&h);
}

/* clang-format off */
static const char full[] =
    "{\"type\":\"bundle\",\"id\":\"bundle--" ID0 "\",\"objects\":[\n"
    "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--" ID1 "\",\n"
    " \"created_by_ref\":\"identity--" ID2 "\",\"modified\":\"2026-01-02T03:04:05.000Z\",\n"
    " \"name\":\"C2\",\"description\":\"seen \\u00e9arly\",\"confidence\":85,\n"
    " \"pattern_type\":\"stix\", \"pattern\":\"[domain-name:value = 'evil.example']\",\n"
    " \"valid_from\":\"2026-01-02T03:04:05.000Z\",\"valid_until\":\"2030-01-01T00:00:00Z\",\n"
    " \"labels\":[\"c2\",\"apt\"],\"indicator_types\":[\"malicious-activity\"],\n"
    " \"kill_chain_phases\":[{\"kill_chain_name\":\"lm\",\"phase_name\":\"c2\"},{\"kill_chain_name\":\"x\"}],\n"
    " \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"],\n"
    " \"external_references\":[{\"source_name\":\"s\"},{\"url\":\"https://ref.example/1\"}]},\n"
    "{\"type\":\"identity\",\"id\":\"identity--" ID2 "\",\"name\":\"Example CSIRT\"}]}\n";
/* clang-format on */

static void reads_all_that_is_said(void **state)
{
    harness_expect(
        full, NULL,
        "domain exact evil.example @5 tlp=green conf=85 from=2026-01-02T03:04:05 until=2030-01-01T00:00:00 "
        "org=Example CSIRT ref=https://ref.example/1 desc=C2: seen \xc3\xa9"
        "arly id=indicator--" ID1 " tag=c2 tag=apt tag=malicious-activity tag=kill-chain:lm/c2\n",
        "");
}

static void reads_all_wrappings(void **state)
{
    static const char *const wrapped[] = {
        BUNDLE(INDICATOR "\"[ipv4-addr:value = '192.0.2.1']\"}"),
        "{\"more\":true,\"next\":\"x\",\"objects\":[" INDICATOR "\"[ipv4-addr:value = '192.0.2.1']\"}]}",
        "{\"objects\":[" INDICATOR "\"[ipv4-addr:value = '192.0.2.1']\"}],\"id\":\"bundle--" ID0
        "\",\"type\":\"bundle\"}",
        "\xef\xbb\xbf[" INDICATOR "\"[ipv4-addr:value = '192.0.2.1']\"}]",
        INDICATOR "\"[ipv4-addr:value = '192.0.2.1']\"}",
        "[" BUNDLE("") "," BUNDLE(INDICATOR "\"[ipv4-addr:value = '192.0.2.1']\"}") "]",
        "{\"pattern\":\"[ipv4-addr:value = "
        "'192.0.2.1']\",\"type\":\"indi\\u0063ator\",\"id\":\"indicator--" ID1 "\"}",
    };
    for (size_t i = 0; i < sizeof wrapped / sizeof *wrapped; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, wrapped[i], NULL);
        assert_int_equal(h.report.format, LIST_STIX);
        assert_int_equal(h.report.loaded, 1);
        assert_int_equal(h.report.entries, 1);
        harness_fini(&h);
    }
}

static void says_that_there_is_nothing(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "{\"more\":false,\"objects\":[{\"id\":\"indicator--" ID1
                 "\",\"date_added\":\"2026-01-01T00:00:00Z\"},"
                 "{\"id\":\"indicator--" ID2 "\",\"date_added\":\"2026-01-01T00:00:00Z\"}]}",
                 NULL);
    assert_int_equal(h.report.format, LIST_STIX);
    assert_int_equal(h.report.entries, 0);
    harness_load(&h, "{\"type\":\"bundle\"}", NULL);
    harness_load(&h, "{\"type\":\"bundle\",\"objects\":[]}", NULL);
    harness_load(&h, "[{\"type\":\"campaign\",\"id\":\"campaign--" ID1 "\"}]", NULL);
    assert_int_equal(h.report.entries, 0);
    assert_string_equal(harness_notes(&h),
                        "1:1: a TAXII manifest, which names 2 objects and holds none; "
                        "load the objects of that collection instead\n"
                        "1:1: there are no objects in it\n1:1: there are no objects in it\n");
    harness_fini(&h);
}

static void loads_what_one_field_decides(void **state)
{
    expect_pattern("[domain-name:value = 'Evil.Example.']", "domain exact evil.example @1\n");
    expect_pattern("[hostname:value = 'evil.example']", "domain exact evil.example @1\n");
    expect_pattern("[domain-name:value IN ('a.example', '*.b.example', '192.0.2.1')]",
                   "domain exact a.example @1\ndomain suffix b.example @1\nipv4 exact 192.0.2.1 @1\n");
    expect_pattern("[ipv4-addr:value = '192.0.2.0/24' OR (ipv6-addr:value ISSUBSET '2001:db8::/32')]",
                   "cidr4 cidr 192.0.2.0/24 @1\ncidr6 cidr 2001:db8::/32 @1\n");
    expect_pattern(
        "[ipv4-addr:value = '192.0.2.1/32'] OR [url:value = 'HTTP://Evil.example/A'] OR "
        "[url:value='evil.example/b']",
        "ipv4 exact 192.0.2.1 @1\nurl exact http://evil.example/A @1\nhostpath exact evil.example/b @1\n");
    expect_pattern("[url:value = 'http://evil.example/it\\'s?a=b\\\\c']",
                   "url exact http://evil.example/it's?a=b\\c @1\n");
    expect_pattern("[user-agent:value = 'Evil/1.0 (x)' OR "
                   "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'b']",
                   "user_agent exact Evil/1.0 (x) @1\nuser_agent exact b @1\n");
    expect_pattern("[x509-certificate:hashes.'SHA-256' = '0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF']",
                   "cert_sha256 exact 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef @1\n");
    expect_pattern("[x509-certificate:hashes.'SHA-1' = 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709']",
                   "cert_sha1 exact da39a3ee5e6b4b0d3255bfef95601890afd80709 @1\n");
    expect_pattern("[network-traffic:extensions.'http-request-ext'.request_value IN ('/gate.php', "
                   "'http://evil.example/x')]",
                   "uri_path exact /gate.php @1\nurl exact http://evil.example/x @1\n");
}

/* Fields: ip.src 10000, ip.dst 20000, dns.answer.address 8, dns.answer.target 4, http.host 10. */
static void knows_the_ends_of_a_connection(void **state)
{
    expect_pattern(
        "[network-traffic:src_ref.value = '192.0.2.1' OR network-traffic:dst_ref.value = '2001:db8::1']",
        "ipv4 exact 192.0.2.1 fields=10000 @1\nipv6 exact 2001:db8::1 fields=20000 @1\n");
    expect_pattern("[network-traffic:dst_ref.value = 'evil.example']", "domain exact evil.example @1\n");
    expect_pattern("[network-traffic:dst_ref.value ISSUBSET '192.0.2.0/24']",
                   "cidr4 cidr 192.0.2.0/24 fields=20000 @1\n");
    expect_pattern("[domain-name:resolves_to_refs[*].value IN ('192.0.2.1', 'cdn.example.net')]",
                   "ipv4 exact 192.0.2.1 fields=8 @1\ndomain exact cdn.example.net fields=4 @1\n");
    expect_pattern("[network-traffic:extensions.'http-request-ext'.request_header.Host IN ('a.example', "
                   "'192.0.2.1', 'b.example:8080')]",
                   "domain exact a.example fields=10 @1\nipv4 exact 192.0.2.1 fields=10 @1\ndomain_port "
                   "exact b.example:8080 fields=10 @1\n");
    expect_pattern(
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.33/32']",
        "ipv4 exact 203.0.113.33 fields=20000 @1\n");
}

static void joins_host_and_port(void **state)
{
    expect_pattern(
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.3/32' AND "
        "(network-traffic:protocols[*] = 'tcp' AND network-traffic:dst_port = 443)]",
        "ip_port exact 192.0.2.3:443 fields=20000 @1\n");
    expect_pattern("[network-traffic:src_port = 53 AND network-traffic:src_ref.value = '2001:db8::1']",
                   "ip_port exact [2001:db8::1]:53 fields=10000 @1\n");
    expect_pattern("[network-traffic:dst_ref.value = 'Evil.example' AND network-traffic:dst_port = '8443']",
                   "domain_port exact evil.example:8443 @1\n");
    expect_pattern("[network-traffic:dst_ref.value IN ('192.0.2.1', 'b.example') AND "
                   "(network-traffic:dst_port = 80 OR network-traffic:dst_port IN (443, 8080))]",
                   "ip_port exact 192.0.2.1:80 fields=20000 @1\nip_port exact 192.0.2.1:443 fields=20000 @1\n"
                   "ip_port exact 192.0.2.1:8080 fields=20000 @1\ndomain_port exact b.example:80 @1\n"
                   "domain_port exact b.example:443 @1\ndomain_port exact b.example:8080 @1\n");
    expect_pattern("[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 80] OR "
                   "[domain-name:value = 'a.example']",
                   "ip_port exact 192.0.2.1:80 fields=20000 @1\ndomain exact a.example @1\n");
}

static void refuses_what_it_cannot_decide(void **state)
{
    static const char *const ands[] = {
        "[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '192.0.2.1']",
        "[domain-name:value = 'a.example'] AND [ipv4-addr:value = '192.0.2.4']",
        "[network-traffic:dst_ref.value = '192.0.2.1'] AND [network-traffic:dst_port = 80]",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:src_port = 80]",
        "[network-traffic:dst_ref.value = '192.0.2.0/24' AND network-traffic:dst_port = 80]",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port > 80]",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port != 80]",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 65536]",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:src_ref.value = '192.0.2.2']",
        "[network-traffic:dst_ref.value LIKE '192.0.2.%' AND network-traffic:dst_port = 80]",
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_port = 80]",
        "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 80]",
        "[domain-name:value = 'a.example' OR (url:value = 'http://b.example/' AND domain-name:value = "
        "'b.example')]",
    };
    for (size_t i = 0; i < sizeof ands / sizeof *ands; i++)
        expect_refused(ands[i], REJECT_PATTERN_AND, IOC_TYPE_COUNT);
    expect_refused(
        "([domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']) WITHIN 300 SECONDS",
        REJECT_PATTERN_FOLLOWEDBY, IOC_TYPE_COUNT);
    expect_refused("([domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']) AND "
                   "[url:value != 'x']",
                   REJECT_PATTERN_FOLLOWEDBY, IOC_TYPE_COUNT);
    expect_refused("[domain-name:value != 'good.example']", REJECT_PATTERN_NEGATION, IOC_TYPE_COUNT);
    expect_refused("[domain-name:value = 'a.example' OR domain-name:value NOT IN ('b.example')]",
                   REJECT_PATTERN_NEGATION, IOC_TYPE_COUNT);
    expect_refused("domain-name:value = 'a.example'", REJECT_PATTERN_SYNTAX, IOC_TYPE_COUNT);
}

static void refuses_comparisons_by_themselves(void **state)
{
    struct harness h;
    harness_init(&h);
    load_pattern(&h,
                 "[file:name = 'x.exe' OR domain-name:value = 'a.example' OR domain-name:value ISSUPERSET "
                 "'b.example']",
                 NULL);
    assert_string_equal(harness_show(&h), "domain exact a.example @1\n");
    assert_int_equal(h.report.entries, 3);
    assert_int_equal(h.report.by_reason[REJECT_PATTERN_OBJECT], 1);
    assert_int_equal(h.report.by_reason[REJECT_PATTERN_OPERATOR], 1);
    assert_non_null(strstr(harness_notes(&h),
                           "1:55: file:name is nothing that is looked for in traffic; entry skipped\n"));
    harness_fini(&h);
    expect_refused("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", REJECT_PATTERN_OBJECT, IOC_MD5);
    expect_refused("[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
                   REJECT_PATTERN_OBJECT, IOC_SHA1);
    expect_refused("[file:parent_ref.hashes.sha256 LIKE 'a%']", REJECT_PATTERN_OBJECT, IOC_SHA256);
    expect_refused("[email-addr:value = 'a@b.example']", REJECT_PATTERN_OBJECT, IOC_EMAIL);
    expect_refused("[email-message:from_ref.value = 'a@b.example']", REJECT_PATTERN_OBJECT, IOC_EMAIL);
    expect_refused("[email-message:subject = 'x']", REJECT_PATTERN_OBJECT, IOC_OTHER);
    expect_refused("[network-traffic:dst_port = 443]", REJECT_PATTERN_OBJECT, IOC_OTHER);
    expect_refused("[EXISTS domain-name:value]", REJECT_PATTERN_OPERATOR, IOC_DOMAIN);
    expect_refused("[domain-name:value = 5]", REJECT_PATTERN_OPERATOR, IOC_DOMAIN);
    expect_refused("[domain-name:value IN ()]", REJECT_PATTERN_OPERATOR, IOC_DOMAIN);
    expect_refused("[ipv4-addr:value > '192.0.2.1']", REJECT_PATTERN_OPERATOR, IOC_IPV4);
    expect_refused("[domain-name:value ISSUBSET 'a.example']", REJECT_PATTERN_OPERATOR, IOC_DOMAIN);
    expect_refused("[domain-name:value LIKE '%.%']", REJECT_PATTERN_OPERATOR, IOC_DOMAIN);
    expect_refused("[url:value LIKE 'ftp://evil.example/%']", REJECT_PATTERN_OPERATOR, IOC_URL);
    expect_refused("[x509-certificate:hashes.'SHA-1' LIKE 'da39%']", REJECT_PATTERN_OPERATOR, IOC_CERT_SHA1);
    expect_refused("[ipv4-addr:value ISSUBSET 'evil.example']", REJECT_TYPE_MISMATCH, IOC_TYPE_COUNT);
    expect_refused("[domain-name:value = 'evil']", REJECT_SINGLE_LABEL, IOC_TYPE_COUNT);
}

/* Fields: a name's 7c1417, URLs 20, user agents 100, addresses c30018, ip.dst 20000. */
static void makes_regexes(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    expect_pattern("[domain-name:value LIKE '%.evil.example' OR domain-name:value LIKE 'evil.example']",
                   "domain below evil.example @1\ndomain exact evil.example @1\n");
    expect_pattern("[domain-name:value LIKE 'Evil-%.example']",
                   "regex regex ^evil\\-.*\\.example$ fields=7c1417 caseless @1\n");
    expect_pattern("[domain-name:value MATCHES '^[a-z]{8}\\.evil\\\\.example$']",
                   "regex regex ^[a-z]{8}\\.evil\\.example$ fields=7c1417 caseless @1\n");
    expect_pattern(
        "[url:value LIKE 'http://evil.example/a%' OR url:value LIKE 'https://evil.example/%/a']",
        "url prefix http://evil.example/a @1\nregex regex ^http://evil\\.example\\/.*\\/a$ fields=20 @1\n");
    expect_pattern("[url:value MATCHES '(?i)^https://evil' OR url:value MATCHES '/gate$']",
                   "regex regex ^https?://evil fields=20 caseless @1\nregex regex /gate$ fields=20 @1\n");
    expect_pattern("[ipv4-addr:value LIKE '192.0.2.%']",
                   "regex regex ^192\\.0\\.2\\. fields=c30018 caseless @1\n");
    expect_pattern("[network-traffic:dst_ref.value LIKE '192.0.2.%' OR network-traffic:dst_ref.value LIKE "
                   "'%.evil.example']",
                   "regex regex ^192\\.0\\.2\\. fields=7e1417 caseless @1\ndomain below evil.example @1\n");
    expect_pattern("[user-agent:value LIKE 'Evil/%']", "regex regex ^Evil\\/ fields=100 @1\n");
    expect_pattern("[network-traffic:extensions.'http-request-ext'.request_value LIKE '/gate%' OR "
                   "network-traffic:extensions.'http-request-ext'.request_value MATCHES '^/gate']",
                   "uri_path prefix /gate @1\nregex regex ^http://[^/]*(?:/gate) fields=20 @1\n");
    o.fields = FIELD_BIT(FIELD_TLS_SNI);
    harness_init(&h);
    load_pattern(&h, "[domain-name:value MATCHES 'evil']", &o);
    assert_string_equal(harness_show(&h), "regex regex evil fields=400 caseless @1\n");
    harness_fini(&h);
}

/* Where the value stands, even behind escapes of JSON and of the pattern. */
static void tells_places(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "{\"objects\": [\n"
                 "  {\"type\": \"indicator\", \"valid_from\": \"soon\",\n"
                 "   \"pattern_type\": \"stix\",\n"
                 "   \"pattern\": \"[/* \\u00e9\\ud83d\\ude00\\t\\\"*/ domain-name:value IN "
                 "('x\\\\\\\\y.example', 'evil')]\"},\n"
                 "  {\"type\": \"indicator\", \"pattern\": \"[domain-name:value == ]\"}\n"
                 "]}",
                 NULL);
    assert_string_equal(
        harness_notes(&h),
        "2:3: not a date; write 2026-01-31, 2026-01-31T12:00:00Z or seconds since 1970\n"
        "4:69: '\\' is out of place; wanted: letters, digits, '-', '_' and '.' only; entry skipped\n"
        "4:86: name of a single label; wanted: a name with at least one dot inside, as in evil.example; "
        "entry skipped\n"
        "5:59: malformed pattern: a text in single quotes, a number, t'', b'', h'', true or false is wanted "
        "here; "
        "entry skipped\n");
    harness_fini(&h);
}

static void expect_tlp(const char *object, const char *others, const char *tlp, const char *notes)
{
    struct harness h;
    struct buf list;
    harness_init(&h);
    buf_init(&list, 1 << 16);
    buf_printf(&list,
               "{\"objects\":[{\"type\":\"indicator\"%s,\"pattern\":\"[domain-name:value='a.example']\"}%s",
               object, others);
    harness_load_bytes(&h, list.ptr, list.len, NULL);
    struct set_view v = set_view_of(h.set);
    assert_int_equal(v.n_contexts, 1);
    assert_string_equal(v.contexts[0].tlp ? tlp_name((enum tlp)v.contexts[0].tlp) : "none", tlp);
    assert_string_equal(harness_notes(&h), notes);
    buf_fini(&list);
    harness_fini(&h);
}

#define REFS(ids)         ",\"object_marking_refs\":[" ids "]"
#define M(uuid)           "\"marking-definition--" uuid "\""
#define WHITE             M("613f2e26-407d-48c7-9eca-b8e91df99dc9")
#define AMBER             M("f88d31f6-486f-44da-b317-01333bde0b82")
#define CLEAR             M("94868c89-83c2-464b-929b-a1a8aa3c8487")
#define GREEN             M("bab4a63c-aed9-4cf5-a766-dfca5abac2bb")
#define RED               M("E828B379-4e03-4974-9ac4-e53a884c97c1")
#define STRICT_MISTAKEN   M("939a9414-2ddd-4d32-a0cd-b7571b03f430")
#define OWN               M(ID7)
#define DEFINED(id, what) ",{\"type\":\"marking-definition\",\"id\":" id "," what "}]}"
#define UNRESOLVED                                                                                           \
    "a marking that nothing in the list explains; taken as amber+strict, here and elsewhere in it, to be "   \
    "safe\n"

static void resolves_markings(void **state)
{
    expect_tlp("", "]}", "none", "");
    expect_tlp(REFS(WHITE), "]}", "clear", "");
    expect_tlp(REFS(CLEAR "," GREEN), "]}", "green", "");
    expect_tlp(REFS(AMBER), "]}", "amber", "");
    expect_tlp(REFS(RED), "]}", "red", "");
    expect_tlp(REFS(STRICT_MISTAKEN), "]}", "amber+strict", "");
    expect_tlp(REFS(OWN "," OWN), "]}", "amber+strict", "1:13: " UNRESOLVED);
    expect_tlp(REFS("7"), "]}", "amber+strict", "");
    expect_tlp(REFS(OWN),
               DEFINED(OWN, "\"definition_type\":\"statement\",\"definition\":{\"statement\":\"c\"}"), "none",
               "");
    expect_tlp(REFS(OWN), DEFINED(OWN, "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"green\"}"),
               "green", "");
    expect_tlp(
        REFS(OWN),
        DEFINED(OWN, "\"extensions\":{\"extension-definition--60a3c5c5\":{\"tlp_2_0\":\"amber+strict\"}}"),
        "amber+strict", "");
    expect_tlp(REFS(OWN),
               DEFINED(OWN, "\"definition_type\":\"statement\",\"x_opencti_definition\":\"TLP:AMBER\""),
               "amber", "");
    expect_tlp(REFS(OWN), DEFINED(OWN, "\"name\":\"TLP:RED\""), "red", "");
    expect_tlp(REFS(OWN), DEFINED(OWN, "\"name\":\"PAP:RED\""), "none", "");
    expect_tlp(REFS(WHITE), DEFINED(WHITE, "\"name\":\"TLP:GREEN\""), "green", "");
    expect_tlp(REFS(AMBER), DEFINED(AMBER, "\"name\":\"TLP:CLEAR\""), "amber", "");
}

static void marks_parts_and_bundles(void **state)
{
    expect_tlp(REFS(GREEN) ",\"granular_markings\":[{\"marking_ref\":" AMBER ",\"selectors\":[\"pattern\"]}]",
               "]}", "amber", "");
    expect_tlp(",\"granular_markings\":[{\"marking_ref\":" RED ",\"selectors\":[\"x_note\",\"labels.[0]\"]}]",
               "]}", "red", "");
    expect_tlp(",\"granular_markings\":[{\"marking_ref\":" RED "}]", "]}", "red", "");
    expect_tlp(REFS(GREEN) ",\"granular_markings\":[{\"marking_ref\":" RED
                           ",\"selectors\":[\"x_note\"]},{\"lang\":\"de\"}]",
               "]}", "green", "");
    expect_tlp(REFS(GREEN), "]" REFS(AMBER) "}", "amber", "");
    expect_tlp(REFS(RED), "]" REFS(AMBER) "}", "red", "");
}

#define NAMED(name)             INDICATOR "\"[domain-name:value='" name ".example']\""
#define VERSION(name, modified) NAMED(name) ",\"id\":\"indicator--" ID1 "\",\"modified\":\"" modified "\"}"

static void takes_the_newest_version(void **state)
{
    /* clang-format off */
    static const char list[] = "[" VERSION("old", "2026-01-01T00:00:00.123Z") ",\n"
        VERSION("new", "2026-01-01T00:00:00.124Z") ",\n"
        VERSION("same", "2026-01-01T00:00:00.124Z") ",\n"
        VERSION("older", "2025-01-01T00:00:00Z") ",\n"
        NAMED("other") ",\"id\":\"indicator--" ID2 "\",\"revoked\":true},\n"
        NAMED("good") ",\"indicator_types\":[\"benign\"]}]";
    /* clang-format on */
    struct harness h;
    harness_init(&h);
    harness_load(&h, list, NULL);
    struct set_view v = set_view_of(h.set);
    assert_int_equal(v.n_indicators, 2);
    assert_true(span_eq(set_value(&v, 0), SPAN_LIT("new.example")) &&
                span_eq(set_value(&v, 1), SPAN_LIT("same.example")));
    assert_int_equal(h.report.by_skip[SKIP_CONTEXT], 2);
    assert_int_equal(h.report.by_skip[SKIP_REVOKED], 1);
    assert_int_equal(h.report.by_skip[SKIP_STATUS], 1);
    assert_int_equal(h.report.entries, 6);
    harness_fini(&h);
}

static void loads_observables_when_asked(void **state)
{
    static const char list[] =
        BUNDLE("\n{\"type\":\"domain-name\",\"value\":\"a.example\",\"id\":\"domain-name--" ID1 "\"},"
               "{\"type\":\"ipv4-addr\",\"value\":\"192.0.2.0/24\"},{\"type\":\"url\",\"value\":\"http://"
               "b.example/\"},"
               "{\"type\":\"ipv6-addr\",\"value\":\"x\"},{\"type\":\"file\",\"name\":\"c\"},"
               "{\"type\":\"observed-data\",\"objects\":{\"0\":{\"type\":\"domain-name\",\"value\":\"d."
               "example\"}}}");
    struct list_options o = list_options_none();
    struct harness h;
    harness_init(&h);
    harness_load(&h, list, &o);
    assert_int_equal(h.report.entries, 0);
    assert_string_equal(
        harness_notes(&h),
        "2:1: observables (names, addresses, URLs) are no indicators and are left out, 4 in all; "
        "with observables=load they are loaded\n");
    o.loads_observables = true;
    harness_load(&h, list, &o);
    assert_int_equal(h.report.entries, 4);
    assert_int_equal(h.report.rejected, 1);
    assert_string_equal(harness_show(&h),
                        "domain exact a.example @2 id=domain-name--" ID1 "\ncidr4 cidr 192.0.2.0/24 @2\n"
                        "url exact http://b.example/ @2\n");
    harness_fini(&h);
}

#define BROKEN "{\"type\":\"indicator\","

/* What is wrong costs itself only. */
static void survives_faults(void **state)
{
    static const struct {
        const char *list, *shown;
        unsigned n_rejected;
    } cases[] = {
        {"{\"objects\":[" NAMED("a") "}," BROKEN "\"pattern\":[},\n" NAMED("b") "}]}",
         "domain exact a.example @1\ndomain exact b.example @2\n", 1},
        {"[" NAMED("a") ",\"x_odd\":tru}," NAMED("b") "}]", "domain exact b.example @1\n", 1},
        {"[" NAMED("a") "} " NAMED("b") "}]", "domain exact a.example @1\ndomain exact b.example @1\n", 1},
        {"[" NAMED("a") "}," BROKEN "\"pattern\":tru}," NAMED("b") "}]",
         "domain exact a.example @1\ndomain exact b.example @1\n", 1},
        {"[" NAMED("a") "}," BROKEN "\"name\":\"x,\"pattern\":\"y\"},\n" NAMED("b") "}]",
         "domain exact a.example @1\ndomain exact b.example @2\n", 1},
        {"[" BROKEN "\"a\":\"x},\n" NAMED("b") "},\n" BROKEN "\"a\":x\"},\n" NAMED("c") "}]",
         "domain exact b.example @2\ndomain exact c.example @4\n", 2},
        {"[" NAMED("a") "},7,\"x\",[],{},null]", "domain exact a.example @1\n", 5},
        {"[" NAMED("a") "},{\"type\":\"identity\",\"id\":x}]", "domain exact a.example @1\n", 1},
        {"[" NAMED("a") "}", "domain exact a.example @1\n", 1},
        {"[" NAMED("a") "}] x", "domain exact a.example @1\n", 1},
        {BROKEN "\"id\":\"x\"}", "", 1},
        {BROKEN "\"pattern\":5}", "", 1},
        {BROKEN "\"pattern\":\"x\",\"pattern_type\":\"sigma\"}", "", 1},
        {BROKEN "\"pattern\":\"[a:b=\\u0000]\"}", "", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, cases[i].list, NULL);
        assert_int_equal(h.report.format, LIST_STIX);
        assert_string_equal(harness_show(&h), cases[i].shown);
        assert_int_equal(h.report.rejected, cases[i].n_rejected);
        harness_fini(&h);
    }
}

static void warns(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "[{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"confidence\":101,\n"
                 "\"pattern\":\"[domain-name:value='a.example'] REPEATS 2 TIMES\"}]",
                 NULL);
    assert_string_equal(harness_notes(&h),
                        "1:2: no pattern_type is given; taken as stix\n"
                        "1:2: a confidence is a number from 0 to 100; passed over\n"
                        "2:12: WITHIN, REPEATS, START and STOP are not looked at: each sight alerts\n");
    assert_string_equal(harness_show(&h), "domain exact a.example @2\n");
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    static const char *const others[] = {
        "{\"Event\":{\"id\":\"1\",\"info\":\"indicator--\"}}",
        "{\"type\":\"hostname\",\"list\":[\"a.example\"]}",
        "[\"indicator--" ID1 "\"]",
        "[2001:db8::1]:443\n",
        "# indicator--" ID1 "\na.example\n",
        "{\"a\":{\"b\":{\"c\":{\"id\":\"indicator--" ID1 "\"}}}}",
        "{\"id\":\"x--" ID1 "0\"}",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, others[i], NULL);
        assert_int_not_equal(h.report.format, LIST_STIX);
        harness_fini(&h);
    }
}

static void is_cut_anywhere(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_STIX;
    harness_cut_everywhere(full, &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_that_is_said),
        cmocka_unit_test(reads_all_wrappings),
        cmocka_unit_test(says_that_there_is_nothing),
        cmocka_unit_test(loads_what_one_field_decides),
        cmocka_unit_test(knows_the_ends_of_a_connection),
        cmocka_unit_test(joins_host_and_port),
        cmocka_unit_test(refuses_what_it_cannot_decide),
        cmocka_unit_test(refuses_comparisons_by_themselves),
        cmocka_unit_test(makes_regexes),
        cmocka_unit_test(tells_places),
        cmocka_unit_test(resolves_markings),
        cmocka_unit_test(marks_parts_and_bundles),
        cmocka_unit_test(takes_the_newest_version),
        cmocka_unit_test(loads_observables_when_asked),
        cmocka_unit_test(survives_faults),
        cmocka_unit_test(warns),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(is_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
