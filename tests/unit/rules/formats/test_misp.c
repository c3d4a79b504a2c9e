#include "tests/unit/rules/list_harness.h"

#define EVENT_UUID "20000000-0000-4000-8000-000000000001"
#define ID(n)      "10000000-0000-4000-8000-00000000000" #n

/* One attribute as MISP writes it, and what comes of it when nothing else is said. */
#define ATTRIBUTE(type, value) "{\"type\":\"" type "\",\"value\":\"" value "\",\"to_ids\":true}"

static struct harness load(const char *text, const struct list_options *o)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, text, o);
    assert_true(h.is_good);
    return h;
}

/* ---- wrappings ---- */

static void expect_wrapped(const char *before, const char *after)
{
    char text[2048];
    snprintf(text, sizeof text,
             "%s{\"uuid\":\"" EVENT_UUID "\",\"info\":\"Case\",\"Orgc\":{\"name\":\"CSIRT\"},"
             "\"Attribute\":[" ATTRIBUTE("domain", "evil.example") "]}%s",
             before, after);
    struct harness h = load(text, NULL);
    assert_int_equal(h.report.format, LIST_MISP);
    assert_string_equal(harness_show(&h),
                        "domain suffix evil.example @1 org=CSIRT ref=misp:event/" EVENT_UUID " desc=Case\n");
    assert_string_equal(harness_notes(&h), "");
    harness_fini(&h);
}

static void reads_every_wrapping(void **state)
{
    expect_wrapped("", "");
    expect_wrapped(" \t{\"Event\":", "}\n");
    expect_wrapped("[{\"Event\":", "}]");
    expect_wrapped("[", "]");
    expect_wrapped("{\"response\":[{\"Event\":", "}]}");
    expect_wrapped("{\"response\":{\"Event\":", "}}");
    expect_wrapped("\xef\xbb\xbf{\"response\":[", "]}");
}

static void reads_searches(void **state)
{
    struct harness h =
        load("{\"response\":{\"Attribute\":[\n"
             "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"uuid\":\"" ID(
                 1) "\","
                    "\"Event\":{\"id\":\"7\",\"info\":\"One\",\"Orgc\":{\"name\":\"CSIRT\"},"
                    "\"Tag\":[{\"name\":\"tlp:green\"}]},\"Object\":{\"comment\":\"A pair\"}},\n"
                    "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true}\n]}}",
             NULL);
    assert_int_equal(h.report.format, LIST_MISP);
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @2 tlp=green org=CSIRT ref=misp:event/7 desc=A pair id=" ID(
                            1) " tag=tlp:green\n"
                               "domain suffix b.example @3\n");
    harness_fini(&h);

    harness_expect("{\"Attribute\":" ATTRIBUTE("hostname", "c.example") "}", NULL,
                   "domain exact c.example @1\n", "");
    harness_expect("{\"Attribute\":[" ATTRIBUTE("hostname", "c.example") "]}", NULL,
                   "domain exact c.example @1\n", "");
    harness_expect(
        "{\"response\":[{\"Object\":{\"name\":\"url\",\"Event\":{\"uuid\":\"" EVENT_UUID
        "\"},\"Attribute\":[" ATTRIBUTE("hostname", "d.example") "]}},{\"Object\":{\"Attribute\":[" ATTRIBUTE(
            "hostname", "e.example") "]}}]}",
        NULL, "domain exact d.example @1 ref=misp:event/" EVENT_UUID "\ndomain exact e.example @1\n", "");
}

static void nothing_found_is_said(void **state)
{
    harness_expect("{\"response\": []}", NULL, "",
                   "1:1: there is no MISP event and no attribute in this list\n");
    harness_expect("{\"Event\":{\"info\":\"Empty\",\"uuid\":\"" EVENT_UUID "\",\"Attribute\":[]}}", NULL, "",
                   "");
}

static void members_come_in_any_order(void **state)
{
    struct harness h = load(
        "{\"Event\":{\"Attribute\":[" ATTRIBUTE(
            "domain", "a.example") "],"
                                   "\"Object\":[{\"Attribute\":[" ATTRIBUTE(
                                       "hostname", "b.example") "],\"comment\":\"late\","
                                                                "\"Tag\":[{\"name\":\"x\"}]}],"
                                                                "\"Orgc\":{\"name\":\"CSIRT\"},\"Tag\":[{"
                                                                "\"name\":\"tlp:red\"}],\"info\":\"After\"}}",
        NULL);
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @1 tlp=red org=CSIRT desc=After tag=tlp:red\n"
                        "domain exact b.example @1 tlp=red org=CSIRT desc=late tag=x tag=tlp:red\n");
    harness_fini(&h);
}

static void what_is_not_the_events_own_stays_out(void **state)
{
    struct harness h =
        load("{\"Event\":{\"info\":\"x\",\"Orgc\":{},\"ShadowAttribute\":[" ATTRIBUTE(
                 "domain", "a.example") "],"
                                        "\"RelatedEvent\":[{\"Event\":{\"Attribute\":[" ATTRIBUTE(
                                            "domain", "b.example") "]}}],"
                                                                   "\"Attribute\":[{\"type\":\"domain\","
                                                                   "\"value\":\"c.example\",\"to_ids\":true,"
                                                                   "\"ShadowAttribute\":[" ATTRIBUTE(
                                                                       "domain", "d.example") "]}]}}",
             NULL);
    assert_string_equal(harness_show(&h), "domain suffix c.example @1 desc=x\n");
    assert_int_equal(h.report.entries, 1);
    harness_fini(&h);
}

/* ---- types ---- */

static void expect_attribute(const char *type, const char *value, const char *shown, const char *notes)
{
    char text[512];
    snprintf(text, sizeof text, "{\"Attribute\":[{\"type\":\"%s\",\"value\":\"%s\",\"to_ids\":true}]}", type,
             value);
    harness_expect(text, NULL, shown, notes);
}

static void reads_every_type(void **state)
{
    expect_attribute("ip-src", "192.0.2.1", "ipv4 exact 192.0.2.1 @1\n", "");
    expect_attribute("ip-dst", "2001:DB8::1", "ipv6 exact 2001:db8::1 @1\n", "");
    expect_attribute("ip-dst", "192.0.2.0/24", "cidr4 cidr 192.0.2.0/24 @1\n", "");
    expect_attribute("domain", "Evil.Example.", "domain suffix evil.example @1\n", "");
    expect_attribute("hostname", "www.evil.example", "domain exact www.evil.example @1\n", "");
    expect_attribute("url", "http:\\/\\/evil.example\\/a", "url exact http://evil.example/a @1\n", "");
    expect_attribute("url", "evil.example/a", "hostpath exact evil.example/a @1\n", "");
    expect_attribute("uri", "/gate.php", "uri_path exact /gate.php @1\n", "");
    expect_attribute("uri", "evil.example/gate.php", "hostpath exact evil.example/gate.php @1\n", "");
    expect_attribute("ip-dst|port", "192.0.2.1|443", "ip_port exact 192.0.2.1:443 @1\n", "");
    expect_attribute("ip-src|port", "2001:db8::1|443", "ip_port exact [2001:db8::1]:443 @1\n", "");
    expect_attribute("hostname|port", "c2.example|8443", "domain_port exact c2.example:8443 @1\n", "");
    expect_attribute("user-agent", "Bad 1.0", "user_agent exact Bad 1.0 @1\n", "");
    expect_attribute("ja3-fingerprint-md5", "00112233445566778899AABBCCDDEEFF",
                     "ja3 exact 00112233445566778899aabbccddeeff @1\n", "");
    expect_attribute("email-src", "A@mail.example", "email exact a@mail.example @1\n", "");
    expect_attribute("email-dst", "b@mail.example", "email exact b@mail.example @1\n", "");
    expect_attribute("email", "c@mail.example", "email exact c@mail.example @1\n", "");
    expect_attribute("x509-fingerprint-sha1", "00112233445566778899AABBCCDDEEFF00112233",
                     "cert_sha1 exact 00112233445566778899aabbccddeeff00112233 @1\n", "");
    expect_attribute("x509-fingerprint-sha256", "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
                     "cert_sha256 exact 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef @1\n", "");
    expect_attribute("domain", "192.0.2.1", "ipv4 exact 192.0.2.1 @1\n",
                     "1:15: declared domain but is ipv4; taken for what it is\n");
    expect_attribute(
        "domain", "co.uk", "domain exact co.uk public-suffix @1\n",
        "1:15: co.uk is a public suffix: the names below it are many people's; loaded as exact\n");
}

static void of_a_name_and_its_address_the_name_is_looked_for(void **state)
{
    struct harness h = load("{\"Attribute\":[" ATTRIBUTE("domain|ip", "evil.example|192.0.2.1") "]}", NULL);
    assert_string_equal(harness_show(&h), "domain suffix evil.example @1\n");
    assert_int_equal(h.report.entries, 2);
    assert_int_equal(h.report.by_skip[SKIP_CONTEXT], 1);
    assert_int_equal(h.report.by_type[IOC_IPV4].skipped, 1);
    harness_fini(&h);

    h = load("{\"Attribute\":[" ATTRIBUTE("domain|ip", "evil..example|192.0.2.1") "]}", NULL);
    assert_int_equal(h.report.entries, 1);
    assert_int_equal(h.report.by_reason[REJECT_EMPTY_LABEL], 1);
    harness_fini(&h);
}

static void expect_rejected(const char *type, const char *value, enum reject reason)
{
    char text[512];
    snprintf(text, sizeof text, "{\"Attribute\":[{\"type\":\"%s\",\"value\":\"%s\",\"to_ids\":true}]}", type,
             value);
    struct harness h = load(text, NULL);
    assert_int_equal(h.report.entries, 1);
    assert_int_equal(h.report.by_reason[reason], 1);
    harness_fini(&h);
}

static void broken_pairs_are_rejected(void **state)
{
    expect_rejected("domain|ip", "evil.example", REJECT_BAD_COMPOSITE);
    expect_rejected("domain|ip", "evil.example|", REJECT_BAD_COMPOSITE);
    expect_rejected("ip-dst|port", "192.0.2.1:443", REJECT_BAD_COMPOSITE);
    expect_rejected("ip-dst|port", "192.0.2.1|443|x", REJECT_BAD_COMPOSITE);
    expect_rejected("hostname|port", "|443", REJECT_BAD_COMPOSITE);
    expect_rejected("ip-dst|port", "192.0.2.1|70000", REJECT_BAD_PORT);
    expect_rejected("filename|md5", "a.exe", REJECT_BAD_COMPOSITE);
    expect_rejected("ip-dst", "300.1.1.1", REJECT_BAD_IP);
    expect_rejected("uri", "gate.php", REJECT_TYPE_MISMATCH);
    expect_rejected("domain", "", REJECT_EMPTY);
}

static void expect_skipped(const char *type, const char *value, enum skip skip, enum ioc_type ioc)
{
    char text[512];
    snprintf(text, sizeof text, "{\"Attribute\":[{\"type\":\"%s\",\"value\":\"%s\",\"to_ids\":true}]}", type,
             value);
    struct harness h = load(text, NULL);
    assert_int_equal(h.report.entries, 1);
    assert_int_equal(h.report.by_skip[skip], 1);
    assert_int_equal(h.report.by_type[ioc].skipped, 1);
    harness_fini(&h);
}

static void what_traffic_does_not_show_is_skipped(void **state)
{
    expect_skipped("link", "https://report.example/", SKIP_CONTEXT, IOC_OTHER);
    expect_skipped("md5", "d41d8cd98f00b204e9800998ecf8427e", SKIP_TYPE, IOC_MD5);
    expect_skipped("filename|sha256", "a|b", SKIP_TYPE, IOC_SHA256);
    expect_skipped("AS", "64496", SKIP_TYPE, IOC_OTHER);
    expect_skipped("mac-address", "00:00:5e:00:53:01", SKIP_TYPE, IOC_OTHER);
    expect_skipped("jarm-fingerprint", "00", SKIP_TYPE, IOC_OTHER);
    expect_skipped("x509-fingerprint-md5", "00", SKIP_TYPE, IOC_OTHER);
    expect_skipped("a-type-of-tomorrow", "x", SKIP_TYPE, IOC_OTHER);
}

/* ---- to_ids and deleted ---- */

static void to_ids_is_spelt_in_many_ways(void **state)
{
    struct harness h = load("{\"Attribute\":[\n"
                            "{\"type\":\"domain\",\"value\":\"a1.example\",\"to_ids\":true},\n"
                            "{\"type\":\"domain\",\"value\":\"a2.example\",\"to_ids\":\"1\"},\n"
                            "{\"type\":\"domain\",\"value\":\"a3.example\",\"to_ids\":1},\n"
                            "{\"type\":\"domain\",\"value\":\"a4.example\",\"to_ids\":\"true\"},\n"
                            "{\"type\":\"domain\",\"value\":\"a5.example\"},\n"
                            "{\"type\":\"domain\",\"value\":\"a6.example\",\"to_ids\":null},\n"
                            "{\"type\":\"domain\",\"value\":\"b1.example\",\"to_ids\":false},\n"
                            "{\"type\":\"domain\",\"value\":\"b2.example\",\"to_ids\":\"0\"},\n"
                            "{\"type\":\"domain\",\"value\":\"b3.example\",\"to_ids\":0},\n"
                            "{\"type\":\"user-agent\",\"value\":\"Bad\"}\n]}",
                            NULL);
    assert_string_equal(harness_show(&h), "domain suffix a1.example @2\ndomain suffix a2.example @3\n"
                                          "domain suffix a3.example @4\ndomain suffix a4.example @5\n"
                                          "domain suffix a5.example @6\ndomain suffix a6.example @7\n");
    assert_int_equal(h.report.by_skip[SKIP_TO_IDS], 4);
    assert_int_equal(h.report.by_type[IOC_USER_AGENT].skipped, 1);
    assert_int_equal(h.report.warnings, 0);
    harness_fini(&h);
}

static const char context_only[] =
    "{\"Event\":{\"info\":\"x\",\"Attribute\":["
    "{\"type\":\"ip-dst\",\"value\":\"192.0.2.1\",\"to_ids\":false},"
    "{\"type\":\"domain|ip\",\"value\":\"a.example|192.0.2.2\",\"to_ids\":\"0\"},"
    "{\"type\":\"md5\",\"value\":\"d41d8cd98f00b204e9800998ecf8427e\",\"to_ids\":false}]}}";

static void a_list_of_context_says_so(void **state)
{
    struct harness h = load(context_only, NULL);
    assert_string_equal(harness_show(&h), "");
    assert_non_null(strstr(harness_notes(&h),
                           "1:1: 2 network attributes skipped: to_ids is set nowhere in this list; load it "
                           "with to_ids=ignore\n"));
    assert_int_equal(h.report.entries, 3);
    assert_int_equal(h.report.by_skip[SKIP_TO_IDS], 2);
    assert_int_equal(h.report.by_type[IOC_IPV4].skipped, 1);
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 1);
    harness_fini(&h);
}

static void to_ids_can_be_ignored(void **state)
{
    struct list_options o = list_options_none();
    o.ignores_to_ids = true;
    struct harness h = load(context_only, &o);
    assert_string_equal(harness_show(&h),
                        "ipv4 exact 192.0.2.1 @1 desc=x\ndomain suffix a.example @1 desc=x\n");
    assert_int_equal(h.report.warnings, 0);
    harness_fini(&h);
}

static void what_is_deleted_stays_out(void **state)
{
    struct harness h =
        load("{\"Event\":{\"info\":\"x\",\"Attribute\":["
             "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"deleted\":true},"
             "{\"type\":\"domain\",\"value\":\"not a name\",\"to_ids\":true,\"deleted\":\"1\"},"
             "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"deleted\":\"0\"}],"
             "\"Object\":[{\"Attribute\":[" ATTRIBUTE("domain", "c.example") "],\"deleted\":true}]}}",
             NULL);
    assert_string_equal(harness_show(&h), "domain suffix b.example @1 desc=x\n");
    assert_int_equal(h.report.by_skip[SKIP_DELETED], 3);
    assert_int_equal(h.report.rejected, 0);
    harness_fini(&h);
}

/* ---- what goes with it ---- */

static void keeps_all_that_is_said(void **state)
{
    struct harness h = load(
        "{\"Event\":{\"uuid\":\"" EVENT_UUID
        "\",\"info\":\"Case\",\"threat_level_id\":\"1\",\"distribution\":\"4\","
        "\"SharingGroup\":{\"name\":\"Energy\"},\"Org\":{\"name\":\"Copier\"},\"Orgc\":{\"name\":\"CSIRT\"},"
        "\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":\"kill-chain:Delivery\"}],"
        "\"Galaxy\":[{\"GalaxyCluster\":[{\"tag_name\":\"misp-galaxy:threat-actor=\\\"Example\\\"\"}]}],"
        "\"Object\":[{\"comment\":\"Pair\",\"Tag\":[{\"name\":\"object\"}],\"Attribute\":["
        "{\"uuid\":\"" ID(
            1) "\",\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"category\":\"Network "
               "activity\","
               "\"comment\":\"  C2 "
               "\",\"timestamp\":\"1767225600\",\"first_seen\":\"2025-12-01T00:00:00.000000+00:00\","
               "\"Tag\":[{\"name\":\"own\"},{\"name\":\"tlp:amber\"},{\"name\":\"own\"}]}]}]}}",
        NULL);
    assert_string_equal(
        harness_show(&h),
        "domain suffix a.example @1 tlp=amber from=2025-12-01T00:00:00 org=CSIRT ref=misp:event/" EVENT_UUID
        " desc=C2 id=" ID(
            1) " tag=own tag=tlp:amber tag=object tag=tlp:green tag=kill-chain:Delivery"
               " tag=misp-galaxy:threat-actor=\"Example\" tag=misp:category=\"Network activity\""
               " tag=misp:threat-level=\"high-risk\" tag=misp:sharing-group=\"Energy\"\n");
    harness_fini(&h);
}

static void the_lists_own_settings_fill_in(void **state)
{
    struct list_options o = list_options_none();
    struct span tag = SPAN_LIT("partner");
    o.tags[0] = tag;
    o.n_tags = 1;
    o.context.organisation = SPAN_LIT("Partner");
    o.context.confidence = 40;
    o.tlp = TLP_AMBER;
    struct harness h = load(
        "{\"Event\":{\"info\":\"x\",\"Attribute\":["
        "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"category\":\"Other\"},"
        "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"Tag\":[{\"name\":\"tlp:clear\"}]}]}}",
        &o);
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @1 tlp=amber conf=40 org=Partner desc=x tag=partner "
                        "tag=misp:category=\"Other\"\n"
                        "domain suffix b.example @1 tlp=amber conf=40 org=Partner desc=x tag=tlp:clear\n");
    harness_fini(&h);

    o = list_options_none();
    o.has_match = true;
    o.match = MATCH_EXACT;
    harness_expect("{\"Attribute\":[" ATTRIBUTE("domain", "a.example") "]}", &o,
                   "domain exact a.example @1\n", "");
}

static void the_strictest_marking_holds(void **state)
{
    struct harness h = load(
        "{\"Event\":{\"info\":\"x\",\"distribution\":\"3\",\"Tag\":[{\"name\":\"tlp:amber\"}],\"Attribute\":["
        "\n"
        "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"Tag\":[{\"name\":\"tlp:green\"}]},\n"
        "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"Tag\":[{\"name\":\"tlp:red\"}]},\n"
        "{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":true,\"Tag\":[{\"name\":\"tlp:purple\"}]},\n"
        "{\"type\":\"domain\",\"value\":\"d.example\",\"to_ids\":true,\"distribution\":\"0\"}]}}",
        NULL);
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @2 tlp=amber desc=x tag=tlp:green tag=tlp:amber\n"
                        "domain suffix b.example @3 tlp=red desc=x tag=tlp:red tag=tlp:amber\n"
                        "domain suffix c.example @4 tlp=amber+strict desc=x tag=tlp:purple tag=tlp:amber\n"
                        "domain suffix d.example @5 tlp=amber+strict desc=x tag=tlp:amber\n");
    assert_int_equal(h.report.warnings, 1);
    harness_fini(&h);

    /* A marking is the author's word, the distribution one server's. */
    harness_expect("{\"Event\":{\"info\":\"x\",\"distribution\":0,\"Tag\":[{\"name\":\"tlp:clear\"}],"
                   "\"Attribute\":[" ATTRIBUTE("domain", "a.example") "]}}",
                   NULL, "domain suffix a.example @1 tlp=clear desc=x tag=tlp:clear\n", "");
    harness_expect("{\"Event\":{\"info\":\"x\",\"distribution\":0,\"Attribute\":[" ATTRIBUTE(
                       "domain", "a.example") "]}}",
                   NULL, "domain suffix a.example @1 tlp=amber+strict desc=x\n", "");
}

static void chatham_house_hides_the_organisation(void **state)
{
    struct list_options o = list_options_none();
    o.context.organisation = SPAN_LIT("Partner");
    harness_expect(
        "{\"Event\":{\"info\":\"x\",\"Orgc\":{\"name\":\"CSIRT\"},\"Attribute\":[{\"type\":\"domain\","
        "\"value\":\"a.example\","
        "\"to_ids\":true,\"Tag\":[{\"name\":\"tlp:ex:chr\"}]}," ATTRIBUTE("domain", "b.example") "]}}",
        &o,
        "domain suffix a.example @1 desc=x tag=tlp:ex:chr\n"
        "domain suffix b.example @1 org=CSIRT desc=x\n",
        "");
}

static void the_innermost_confidence_holds(void **state)
{
    harness_expect(
        "{\"Event\":{\"info\":\"x\",\"Tag\":[{\"name\":\"admiralty-scale:source-reliability=\\\"b\\\"\"},"
        "{\"name\":\"misp:confidence-level=\\\"usually-confident\\\"\"}],\"Attribute\":[" ATTRIBUTE(
            "domain",
            "a.example") ",{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,"
                         "\"Tag\":[{\"name\":\"misp:confidence-level=\\\"completely-confident\\\"\"}]}]}}",
        NULL,
        "domain suffix a.example @1 conf=70 desc=x tag=admiralty-scale:source-reliability=\"b\" "
        "tag=misp:confidence-level=\"usually-confident\"\n"
        "domain suffix b.example @1 conf=100 desc=x tag=misp:confidence-level=\"completely-confident\" "
        "tag=admiralty-scale:source-reliability=\"b\" tag=misp:confidence-level=\"usually-confident\"\n",
        "");
}

static void dates_make_a_life(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_MISP;
    o.ttl_s = 86400;
    struct harness h = load("{\"Attribute\":[\n"
                            "{\"type\":\"domain\",\"value\":\"a.example\",\"timestamp\":\"1767225600\"},\n"
                            "{\"type\":\"domain\",\"value\":\"b.example\",\"timestamp\":1767225600,"
                            "\"last_seen\":\"2026-02-01T00:00:00+00:00\"},\n"
                            "{\"type\":\"domain\",\"value\":\"c.example\",\"timestamp\":\"0\",\"first_seen\":"
                            "null,\"last_seen\":\"\"},\n"
                            "{\"type\":\"domain\",\"value\":\"d.example\",\"first_seen\":\"yesterday\"}]}",
                            &o);
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @2 from=2026-01-01T00:00:00 until=2026-01-02T00:00:00\n"
                        "domain suffix b.example @3 from=2026-01-01T00:00:00 until=2026-02-02T00:00:00\n"
                        "domain suffix c.example @4\n"
                        "domain suffix d.example @5\n");
    assert_string_equal(harness_notes(&h),
                        "5:1: not a date; write 2026-01-31, 2026-01-31T12:00:00Z or seconds since 1970\n");
    harness_fini(&h);
}

static void sightings_end_a_life(void **state)
{
    struct harness h =
        load("{\"Event\":{\"info\":\"x\",\"Attribute\":[\n"
             "{\"type\":\"domain\",\"value\":\"a.example\",\"Sighting\":[{\"type\":\"2\",\"date_sighting\":"
             "\"1767225600\"}]},\n"
             "{\"type\":\"domain\",\"value\":\"b.example\",\"Sighting\":[{\"type\":\"2\",\"date_sighting\":"
             "\"1767225600\"},"
             "{\"type\":\"0\",\"date_sighting\":\"1767225700\"}]},\n"
             "{\"type\":\"domain\",\"value\":\"c.example\",\"uuid\":\"" ID(
                 1) "\"},\n"
                    "{\"type\":\"domain\",\"value\":\"d.example\",\"id\":\"12\"},\n"
                    "{\"type\":\"domain\",\"value\":\"e.example\",\"id\":\"13\"}],"
                    "\"Sighting\":[{\"attribute_id\":\"12\",\"type\":2,\"date_sighting\":1767312000},"
                    "{\"attribute_uuid\":\"" ID(
                        1) "\",\"type\":\"2\",\"date_sighting\":\"1767225600\"},"
                           "{\"attribute_id\":\"13\",\"type\":\"1\",\"date_sighting\":\"1767225600\"},"
                           "{\"attribute_id\":\"12\",\"type\":\"2\",\"date_sighting\":\"1767225600\"}]}}",
             NULL);
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @2 until=2026-01-01T00:00:00 desc=x\n"
                        "domain suffix b.example @3 desc=x\n"
                        "domain suffix c.example @4 until=2026-01-01T00:00:00 desc=x id=" ID(
                            1) "\n"
                               "domain suffix d.example @5 until=2026-01-02T00:00:00 desc=x\n"
                               "domain suffix e.example @6 desc=x\n");
    harness_fini(&h);
}

static void too_many_tags_are_said(void **state)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_put_str(&text,
                "{\"Event\":{\"info\":\"x\",\"Attribute\":[" ATTRIBUTE("domain", "a.example") "],\"Tag\":[");
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "%s{\"name\":\"t%d\"}", i ? "," : "", i);
    buf_put_str(&text, "]}}");
    struct harness h;
    harness_init(&h);
    harness_load_bytes(&h, text.ptr, text.len, NULL);
    assert_int_equal(set_view_of(h.set).contexts[0].n_tags, 128);
    assert_string_equal(harness_notes(&h), "1:10: more than 128 tags; 72 of them are left out\n");
    harness_fini(&h);
    buf_fini(&text);
}

/* ---- faults ---- */

static void one_broken_attribute_costs_no_other(void **state)
{
    struct harness h =
        load("{\"Event\":{\"info\":\"x\",\"Attribute\":[\n" ATTRIBUTE(
                 "domain", "a.example") ",\n"
                                        "{\"type\":\"domain\" \"value\":\"b.example\"},\n"
                                        "{\"value\":\"c.example\"},\n"
                                        "7,\n"
                                        "{\"type\":\"domain\",\"value\":\"d\\u0000.example\"},\n"
                                        "{\"type\":\"domain\",\"value\":[\"e.example\"]},\n" ATTRIBUTE(
                                            "domain", "f.example") ",\n]}}",
             NULL);
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @2 desc=x\ndomain suffix f.example @8 desc=x\n");
    assert_int_equal(h.report.by_reason[REJECT_MALFORMED_JSON], 3);
    assert_int_equal(h.report.by_reason[REJECT_UNKNOWN_TYPE], 2);
    assert_int_equal(h.report.by_reason[REJECT_EMPTY], 1);
    harness_fini(&h);
}

static void a_member_that_is_there_twice_is_said(void **state)
{
    struct harness h =
        load("{\"Event\":{\"info\":\"x\",\"Attribute\":[" ATTRIBUTE(
                 "domain", "a.example") "],"
                                        "\"Attribute\":[" ATTRIBUTE("domain", "b.example") "]}}",
             NULL);
    assert_string_equal(harness_show(&h), "domain suffix a.example @1 desc=x\n");
    assert_int_equal(h.report.rejected, 1);
    harness_fini(&h);
}

static void wrappings_have_an_end(void **state)
{
    struct harness h = load(
        "{\"response\":[[[[[[[[{\"Event\":{\"info\":\"x\",\"Orgc\":{},\"Attribute\":[" ATTRIBUTE(
            "domain", "a.example") "]}}]]]]]]]]}",
        &(struct list_options){.format = LIST_MISP, .context = {.valid_until = INT64_MAX, .confidence = -1}});
    assert_int_equal(h.report.loaded, 0);
    assert_int_equal(h.report.rejected, 1);
    harness_fini(&h);
}

static void survives_every_cut(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_MISP;
    harness_cut_everywhere(
        "{\"response\":[{\"Event\":{\"uuid\":\"" EVENT_UUID
        "\",\"Tag\":[{\"name\":\"tlp:red\"}],\"Attribute\":["
        "{\"type\":\"ip-dst|port\",\"value\":\"2001:db8::1|80\",\"Event\":{\"info\":\"y\"}},"
        "{\"type\":\"url\",\"value\":\"http:\\/\\/a.example\\/\"}],\"Object\":[{\"Attribute\":[" ATTRIBUTE(
            "domain|ip", "a.example|192.0.2.1") "]}],\"Sighting\":[{\"attribute_id\":1,\"type\":2}]}}]}",
        &o);
}

/* ---- feeds ---- */

static void a_manifest_loads_nothing(void **state)
{
    struct harness h = load(
        "{\"" EVENT_UUID "\":{\"info\":\"x\",\"Orgc\":{\"name\":\"CSIRT\"},\"timestamp\":\"1\",\"Tag\":[]},\n"
        "\"20000000-0000-4000-8000-000000000002\":{\"info\":\"y\"}}",
        NULL);
    assert_int_equal(h.report.format, LIST_MISP);
    assert_int_equal(h.report.entries, 0);
    assert_string_equal(harness_notes(&h),
                        "1:1: the manifest of a MISP feed: of the 2 events it names, 2 are not beside it\n");
    harness_fini(&h);
}

static void hashes_of_a_feed_are_counted(void **state)
{
    struct harness h = load("d41d8cd98f00b204e9800998ecf8427e," EVENT_UUID
                            "\n0cc175b9c0f1b6a831c399e269772661," EVENT_UUID "\n",
                            NULL);
    assert_int_equal(h.report.entries, 2);
    assert_int_equal(h.report.by_type[IOC_MD5].skipped, 2);
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 2);
    harness_fini(&h);
}

/* ---- telling apart ---- */

static void expect_format(const char *text, enum list_format format)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, text, NULL);
    assert_int_equal(h.report.format, format);
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    expect_format("{\"Event\":{\"info\":\"x\"}}", LIST_MISP);
    expect_format("{\"Event\":{\"System\":{\"Channel\":\"Security\"}}}", LIST_TEXT);
    expect_format("{\"type\":\"bundle\",\"objects\":[]}", LIST_STIX);
    expect_format("{\"info\":\"x\",\"value\":\"evil.example\"}", LIST_JSON);
    expect_format("[\"Event\",\"Attribute\"]", LIST_TEXT);
    expect_format("evil.example # Event\n", LIST_TEXT);
    expect_format("{\"vedette\":1,\"indicators\":[\"evil.example\"]}", LIST_YAML);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_wrapping),
        cmocka_unit_test(reads_searches),
        cmocka_unit_test(nothing_found_is_said),
        cmocka_unit_test(members_come_in_any_order),
        cmocka_unit_test(what_is_not_the_events_own_stays_out),
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(of_a_name_and_its_address_the_name_is_looked_for),
        cmocka_unit_test(broken_pairs_are_rejected),
        cmocka_unit_test(what_traffic_does_not_show_is_skipped),
        cmocka_unit_test(to_ids_is_spelt_in_many_ways),
        cmocka_unit_test(a_list_of_context_says_so),
        cmocka_unit_test(to_ids_can_be_ignored),
        cmocka_unit_test(what_is_deleted_stays_out),
        cmocka_unit_test(keeps_all_that_is_said),
        cmocka_unit_test(the_lists_own_settings_fill_in),
        cmocka_unit_test(the_strictest_marking_holds),
        cmocka_unit_test(chatham_house_hides_the_organisation),
        cmocka_unit_test(the_innermost_confidence_holds),
        cmocka_unit_test(dates_make_a_life),
        cmocka_unit_test(sightings_end_a_life),
        cmocka_unit_test(too_many_tags_are_said),
        cmocka_unit_test(one_broken_attribute_costs_no_other),
        cmocka_unit_test(a_member_that_is_there_twice_is_said),
        cmocka_unit_test(wrappings_have_an_end),
        cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(a_manifest_loads_nothing),
        cmocka_unit_test(hashes_of_a_feed_are_counted),
        cmocka_unit_test(is_told_from_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
