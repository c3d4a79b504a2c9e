#include "tests/unit/rules/list_harness.h"

/* What the options of one rule give, in the text of harness_show() without "@1" and what follows. */
static void expect_of(const char *header, const char *options, const char *shown)
{
    struct list_options o = list_options_none();
    struct buf rule;
    struct harness h;
    o.format = LIST_RULES;
    buf_init(&rule, 1 << 20);
    buf_printf(&rule, "%s (%s)\n", header, options);
    harness_init(&h);
    harness_load_bytes(&h, rule.ptr, rule.len, &o);
    if (strcmp(harness_show(&h), shown) != 0)
        print_error("%s\n", options);
    assert_string_equal(harness_show(&h), shown);
    if (!shown[0]) {
        assert_int_equal(h.report.entries, 1);
        assert_int_equal(h.report.by_skip[SKIP_RULE], 1);
    }
    buf_fini(&rule);
    harness_fini(&h);
}

static void expect(const char *options, const char *shown)
{
    expect_of("alert tcp $HOME_NET any -> $EXTERNAL_NET any", options, shown);
}

#define NOTHING ""

static void tells_what_goes_with_it(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(
        &h,
        "# a comment\n"
        "#alert dns any any -> any any (msg:\"off\"; dns.query; content:\"off.example\"; bsize:11; sid:1;)\n"
        "alert dns $HOME_NET any -> any any (msg:\"CSIRT \\\"C2\\\"\\; one\"; dns.query; "
        "content:\"evil.example\"; "
        "nocase; bsize:12; reference:cve,2025-1; reference:url,csirt.example/42; "
        "reference:url,https://later.example/; classtype:trojan-activity; sid:1000001; rev:3; "
        "metadata:created_at 2025_01_01, malware_family Example, confidence High, tag C2;)\n"
        "drop tls any any -> any any (msg:\"two\"; tls.sni; content:\"evil2.example\"; startswith; endswith; "
        "reference:url,https://csirt.example/43; sid:1000002;)\n",
        NULL);
    assert_int_equal(h.report.format, LIST_RULES);
    assert_string_equal(
        harness_show(&h),
        "domain exact evil.example fields=1 @3 conf=75 ref=http://csirt.example/42 desc=CSIRT \"C2\"; one "
        "id=1000001:3 tag=trojan-activity tag=Example tag=C2\n"
        "domain exact evil2.example fields=400 @4 ref=https://csirt.example/43 desc=two id=1000002\n");
    assert_int_equal(h.report.comments, 2);
    harness_fini(&h);
}

static void takes_whole_names(void **state)
{
    expect("dns.query; content:\"evil.example\"; bsize:12;", "domain exact evil.example fields=1 @1\n");
    expect("dns_query; bsize:12; content:\"EVIL.example\"; nocase;",
           "domain exact evil.example fields=1 @1\n");
    expect("dns.query; content:\"evil|2e|example\"; startswith; endswith;",
           "domain exact evil.example fields=1 @1\n");
    expect("tls_sni; content:\"evil.example\"; depth:12; isdataat:!1,relative;",
           "domain exact evil.example fields=400 @1\n");
    expect("content:\"evil.example\"; http_host; depth:12; isdataat:!1,relative;",
           "domain exact evil.example fields=10 @1\n");
    expect("quic.sni; content:\"evil.example\"; bsize:12;", "domain exact evil.example fields=1000 @1\n");
    expect("http.host; content:\"192.0.2.1\"; bsize:9;", "ipv4 exact 192.0.2.1 fields=10 @1\n");
    expect("dns.query; dotprefix; content:\".evil.example\"; nocase; endswith;",
           "domain suffix evil.example fields=1 @1\n");
    expect("dns.query; dotprefix; content:\".evil.example\"; bsize:13;",
           "domain exact evil.example fields=1 @1\n");
    expect("tls.sni; content:\".evil.example\"; endswith;", "domain below evil.example fields=400 @1\n");
    expect("http.header; content:\"Host|3a 20|evil.example|0d 0a|\"; flow:established,to_server;",
           "domain exact evil.example fields=10 @1\n");
}

static void leaves_parts_of_names(void **state)
{
    expect("dns.query; content:\"evil.example\"; nocase;", NOTHING);
    expect("dns.query; content:\"evil.example\"; endswith;", NOTHING);
    expect("dns.query; dotprefix; content:\"evil.example\"; endswith;", NOTHING);
    expect("dns.query; content:\"evil.example\"; bsize:13;", NOTHING);
    expect("dns.query; content:\"evil.example\"; bsize:>5; startswith; endswith;", NOTHING);
    expect("dns.query; content:\"evil.example\"; depth:20; isdataat:!1,relative;", NOTHING);
    expect("dns.query; content:\"evil\"; content:\".example\"; distance:0; endswith;", NOTHING);
    expect("dns.query; content:!\"evil.example\"; bsize:12;", NOTHING);
    expect("dns.query; content:\"evil.example\"; bsize:12; pcre:\"/^evil/\";", NOTHING);
    expect("dns.query; to_md5; content:\"evil.example\"; bsize:12;", NOTHING);
    expect("dns.query; content:\"ev il.example\"; bsize:13;", NOTHING);
    expect("dns.query; content:\"evil\"; bsize:4;", NOTHING);
    expect("dns.query; content:\"evil.example\"; bsize:12; flowbits:isset,seen;", NOTHING);
    expect("dns.query; content:\"evil.example\"; bsize:12; noalert;", NOTHING);
    expect("dns.query; content:\"evil.example\"; bsize:12; threshold:type both, track by_src, count 5, "
           "seconds 60;",
           NOTHING);
    expect("tls.cert_subject; content:\"CN=evil.example\"; bsize:15;", NOTHING);
    expect("content:\"evil.example\";", NOTHING);
    expect("some_new_keyword:1; dns.query; content:\"evil.example\"; bsize:12;", NOTHING);
    expect("tls.sni; content:\"evil.example\"; bsize:12; http.host; content:\"evil.example\"; bsize:12;",
           NOTHING);
}

static void takes_paths_agents_and_fingerprints(void **state)
{
    expect("http.uri; content:\"/gate.php\"; bsize:9;", "uri_path exact /gate.php @1\n");
    expect("urilen:9; content:\"/gate.php\"; http_uri;", "uri_path exact /gate.php @1\n");
    expect("http.method; content:\"POST\"; http.uri; content:\"/gate.php?id=\"; startswith;",
           "uri_path prefix /gate.php?id= @1\n");
    expect("content:\"GET\"; http_method; content:\"/a/b.dll\"; http_uri; depth:8; isdataat:!1,relative; "
           "nocase; "
           "content:\"192.0.2.1\"; http_host; depth:9; isdataat:!1,relative;",
           "hostpath exact 192.0.2.1/a/b.dll @1\n");
    expect("http.uri; content:\"/gate.php\";", NOTHING);
    expect("http.uri; content:\"/\"; bsize:1;", NOTHING);
    expect("http.uri; content:\"/gate.php\"; bsize:9; http.host; content:\"evil.example\"; bsize:12;",
           "hostpath exact evil.example/gate.php @1\n");
    expect("http.host; content:\"evil.example\"; bsize:12; http.uri; content:\"/\"; startswith;",
           "hostpath prefix evil.example/ @1\n");
    expect(
        "http.host; dotprefix; content:\".evil.example\"; endswith; http.uri; content:\"/gate\"; startswith;",
        NOTHING);
    expect("http.host; content:\"evil.example\"; bsize:12; http.uri; content:\"/gate\";", NOTHING);
    expect("http.user_agent; content:\"bot 1.0\"; bsize:7;", "user_agent exact bot 1.0 @1\n");
    expect("http.user_agent; content:\"bot\";", NOTHING);
    expect("content:\"User-Agent|3a| bot|0d 0a|\"; http_header;", "user_agent exact bot @1\n");
    expect("content:\"User-Agent|3a| bot\"; http_header;", NOTHING);
    expect("ja3.hash; content:\"d41d8cd98f00b204e9800998ecf8427e\";",
           "ja3 exact d41d8cd98f00b204e9800998ecf8427e @1\n");
    expect("ja3.hash; content:\"d41d8cd9\";", NOTHING);
    expect("tls.cert_fingerprint; content:\"da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09\";",
           "cert_sha1 exact da39a3ee5e6b4b0d3255bfef95601890afd80709 @1\n");
    expect("tls.fingerprint:\"da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09\";",
           "cert_sha1 exact da39a3ee5e6b4b0d3255bfef95601890afd80709 @1\n");
    expect("tls.fingerprint:!\"da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09\";", NOTHING);
}

static void takes_names_out_of_dns_messages(void **state)
{
    const char *dns = "alert udp $HOME_NET any -> any 53";
    expect_of(dns,
              "content:\"|01 00 00 01 00 00 00 00 00 00|\"; depth:10; offset:2; "
              "content:\"|04|evil|07|example|00|\"; nocase; "
              "distance:0; fast_pattern;",
              "domain suffix evil.example fields=1 @1\n");
    expect_of(dns, "byte_test:1,!&,0xF8,2; content:\"|04|evil|07|example|00|\"; offset:12; depth:14;",
              "domain exact evil.example fields=1 @1\n");
    expect_of(dns, "content:\"|04|evil|07|example\";", NOTHING);
    expect_of(dns, "content:\"|04|evil|09|example|00|\";", NOTHING);
    expect_of(dns, "content:\"|04|evil|07|example|00|x\";", NOTHING);
    expect_of(dns, "content:\"|01 00 00 01|\"; offset:2;", NOTHING);
    expect_of(dns, "byte_test:1,!&,0xF8,2;", NOTHING);
    expect("content:\"|04|evil|07|example|00|\";", NOTHING);
}

static void reads_snort_3(void **state)
{
    expect_of("alert http", "http_uri; content:\"/gate.php\",nocase,offset 0,depth 9; urilen:9;",
              "uri_path exact /gate.php @1\n");
    expect_of("alert http",
              "http_method; content:\"POST\"; http_uri; content:\"/gate.php\",fast_pattern; urilen:9;",
              "uri_path exact /gate.php @1\n");
    expect_of(
        "alert http",
        "http_header:field host; content:\"evil.example\",depth 12; isdataat:!1,relative; service:http;",
        "domain exact evil.example fields=10 @1\n");
    expect_of("alert http", "http_header:field cookie; content:\"evil.example\"; bsize:12;", NOTHING);
}

static void takes_addresses_of_rules_that_ask_for_nothing_else(void **state)
{
    const char *more =
        "msg:\"x\"; flags:S; flow:to_server; threshold:type limit, track by_src, seconds 3600, count 1; "
        "flowbits:set,seen;";
    expect_of(
        "alert ip [192.0.2.1, 198.51.100.0/24,2001:db8::1] any -> $HOME_NET any", more,
        "ipv4 exact 192.0.2.1 fields=30000 @1 desc=x\ncidr4 cidr 198.51.100.0/24 fields=30000 @1 desc=x\n"
        "ipv6 exact 2001:db8::1 fields=30000 @1 desc=x\n");
    expect_of("alert tcp $HOME_NET any -> 192.0.2.1 443", more, "ip_port exact 192.0.2.1:443 @1 desc=x\n");
    expect_of("alert tcp any any <> [2001:db8::1] [80,443]", more,
              "ip_port exact [2001:db8::1]:80 @1 desc=x\nip_port exact [2001:db8::1]:443 @1 desc=x\n");
    expect_of("alert tcp any any -> 192.0.2.0/24 443", more, NOTHING);
    expect_of("alert tcp any any -> 192.0.2.1 1:1024", more, NOTHING);
    expect_of("alert tcp any any -> 192.0.2.1 !80", more, NOTHING);
    expect_of("alert ip [192.0.2.0/24,!192.0.2.1] any -> any any", more, NOTHING);
    expect_of("alert ip [192.0.2.0/24,[198.51.100.1]] any -> any any", more, NOTHING);
    expect_of("alert ip 192.0.2.1 any -> 198.51.100.1 any", more, NOTHING);
    expect_of("alert ip !192.0.2.1 any -> any any", more, NOTHING);
    expect_of("alert ip $EXTERNAL_NET any -> $HOME_NET any", more, NOTHING);
    expect_of("alert ip 192.0.2.1 any -> any any", "content:\"x\";", NOTHING);
    expect_of("alert ip 192.0.2.1 any -> any any", "dsize:>5;", NOTHING);
    expect_of("alert http 192.0.2.1 any -> any any", "http.uri; bsize:>100;", NOTHING);
    expect_of("alert tcp 10.1.0.0/16 any -> 192.0.2.1 443", more, "ip_port exact 192.0.2.1:443 @1 desc=x\n");
    expect_of("alert ip [10.0.0.0/8,172.16.0.1,fd00::/8] any -> any any", more, NOTHING);
    expect_of("pass ip 192.0.2.1 any -> any any", more, NOTHING);
}

static void reads_rules_over_several_lines(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "alert dns any any -> any any ( \\\r\n"
                 "  msg:\"x\"; \\\r\n"
                 "  dns.query; content:\"evil.example\"; bsize:12; \\\r\n"
                 "  sid:7; rev:1;)\r\n"
                 "alert dns any any -> any any (dns.query; content:\"evil2.example\"; bsize:13; sid:8;)\n"
                 "alert dns any any -> any any (dns.query; \\\n"
                 "\n"
                 "alert dns any any -> any any (dns.query; content:\"evil3.example\"; bsize:13; sid:9;) \\",
                 NULL);
    assert_int_equal(h.report.format, LIST_RULES);
    assert_string_equal(harness_show(&h), "domain exact evil.example fields=1 @1 desc=x id=7:1\n"
                                          "domain exact evil2.example fields=1 @5 id=8\n"
                                          "domain exact evil3.example fields=1 @8 id=9\n");
    assert_int_equal(h.report.by_reason[REJECT_PATTERN_SYNTAX], 1);
    harness_fini(&h);
}

static void says_what_is_no_rule(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_RULES;
    const char *note =
        ": not a rule; wanted: alert protocol source port -> target port (options); rule skipped\n";
    const char *const bad[] = {"evil.example",
                               "alert",
                               "alert tcp any any -> any any",
                               "alert tcp any any any any (sid:1;)",
                               "alert tcp any any -> any any (sid:1;",
                               "alert tcp any any -> any any (sid:1)",
                               "notify tcp any any -> any any (sid:1;)",
                               "alert tcp any any -> (sid:1;)",
                               "alert dns any any -> any any (dns.query; content:\"evil.example; bsize:12;)",
                               "alert tcp [any any -> any any (sid:1;)"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, bad[i], &o);
        assert_int_equal(h.report.entries, 1);
        if (i != 2)
            assert_non_null(strstr(harness_notes(&h), note));
        harness_fini(&h);
    }
}

static void expect_format(const char *list, enum list_format format)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, list, NULL);
    assert_int_equal(h.report.format, format);
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    expect_format("alert tcp any any -> 192.0.2.1 any\n", LIST_RULES);
    expect_format("alert\nalert.example\n", LIST_TEXT);
    expect_format("log file.example\n", LIST_TEXT);
    expect_format("# alert tcp any any -> any any (sid:1;)\nevil.example\n", LIST_TEXT);
    expect_format("pass,evil.example\nlog,evil2.example\n", LIST_CSV);
}

static void survives_long_rules(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    struct buf list;
    o.format = LIST_RULES;
    buf_init(&list, 8 << 20);
    for (int i = 0; i < 40000; i++)
        buf_put_str(&list, "alert tcp any any \\\n");
    buf_put_str(&list, "\nalert ip [192.0.2.1");
    for (int i = 0; i < 20000; i++)
        buf_put_str(&list, ",192.0.2.1");
    buf_put_str(
        &list,
        "] [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16] -> any any (sid:1;)\nalert ip any any -> any any (");
    for (int i = 0; i < 20000; i++)
        buf_put_str(&list, "content:\"x\";");
    buf_put_str(&list, ")\n");
    harness_init(&h);
    harness_load_bytes(&h, list.ptr, list.len, &o);
    assert_int_equal(h.report.by_reason[REJECT_TRUNCATED], 1);
    assert_int_equal(h.report.loaded, 16);
    assert_int_equal(h.report.merged, 20000 * 16);
    assert_int_equal(h.report.by_skip[SKIP_RULE], 1);
    buf_fini(&list);
    harness_fini(&h);
}

static void survives_every_cut(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_RULES;
    harness_cut_everywhere(
        "# x\r\nalert udp [192.0.2.1,!$A] 53 -> any 53 (msg:\"a\\\"b\"; \\\r\n content:!\"|04|evil|07 "
        "65|\\;\",depth 3; "
        "byte_test:1,!&,0xF8,2; metadata:tag x, confidence low; reference:url,x; sid:1; rev:2;)\r\n",
        &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_goes_with_it),
        cmocka_unit_test(takes_whole_names),
        cmocka_unit_test(leaves_parts_of_names),
        cmocka_unit_test(takes_paths_agents_and_fingerprints),
        cmocka_unit_test(takes_names_out_of_dns_messages),
        cmocka_unit_test(reads_snort_3),
        cmocka_unit_test(takes_addresses_of_rules_that_ask_for_nothing_else),
        cmocka_unit_test(reads_rules_over_several_lines),
        cmocka_unit_test(says_what_is_no_rule),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_long_rules),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
