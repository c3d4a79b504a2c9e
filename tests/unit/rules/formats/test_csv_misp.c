#include "tests/unit/rules/list_harness.h"

#define ID(n) "10000000-0000-4000-8000-00000000000" #n

static const char export[] =
    "uuid,event_id,category,type,value,comment,to_ids,date,object_relation,attribute_tag\r\n"
    "\"" ID(
        1) "\",5,\"Network activity\",\"domain\",\"a.example\",\"C2, "
           "old\",1,20260102,\"\",\"tlp:green,x=\"\"y,z\"\"\"\r\n"
           "\"" ID(
               2) "\",5,\"Network activity\",\"hostname\",\"www.b.example\",\"\",1,1767225600,\"\",\"\"\r\n"
                  "\"" ID(3) "\",5,\"Network activity\",\"ip-dst|port\",\"2001:db8::1|443\",\"\",\"1\",,,\r\n"
                             "\"" ID(
                                 4) "\",5,\"Network "
                                    "activity\",\"domain|ip\",\"c.example|192.0.2.1\",\"\",1,,,\r\n"
                                    "\"" ID(
                                        5) "\",5,\"Network activity\",\"ip-dst\",\"192.0.2.2\",\"\",0,,,\r\n"
                                           "\"" ID(
                                               6) "\",5,\"Artifacts dropped\",\"yara\",\"rule a\r\n{\r\n  "
                                                  "strings: \"\"http://d.example/\"\"\r\n}\",\"\",1,,,\r\n"
                                                  "\"" ID(7) "\",5,\"External "
                                                             "analysis\",\"link\",\"https://report.example/"
                                                             "\",\"\",0,,,\r\n"
                                                             "\"" ID(8) "\",5,\"Network "
                                                                        "activity\",\"ip-dst|port\",\"192.0."
                                                                        "2.3\",\"\",1,,,\r\n";

static void reads_an_export(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, export, NULL);
    assert_int_equal(h.report.format, LIST_CSV);
    assert_string_equal(
        harness_show(&h),
        "domain suffix a.example @2 tlp=green from=2026-01-02T00:00:00 ref=misp:event/5 desc=C2, old id=" ID(
            1) " tag=tlp:green tag=x=\"y,z\" tag=misp:category=\"Network activity\"\n"
               "domain exact www.b.example @3 from=2026-01-01T00:00:00 ref=misp:event/5 id=" ID(
                   2) " tag=misp:category=\"Network activity\"\n"
                      "ip_port exact [2001:db8::1]:443 @4 ref=misp:event/5 id=" ID(
                          3) " tag=misp:category=\"Network activity\"\n"
                             "domain suffix c.example @5 ref=misp:event/5 id=" ID(
                                 4) " tag=misp:category=\"Network activity\"\n");
    assert_int_equal(h.report.entries, 9);
    assert_int_equal(h.report.by_skip[SKIP_TO_IDS], 1);
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 1);
    assert_int_equal(h.report.by_skip[SKIP_CONTEXT], 2);
    assert_int_equal(h.report.by_reason[REJECT_BAD_COMPOSITE], 1);
    assert_int_equal(h.report.warnings, 0);
    harness_fini(&h);
}

static void says_what_its_event_says(void **state)
{
    harness_expect(
        "uuid,type,value,to_ids,event_uuid,event_info,event_member_org,event_source_org,event_distribution,"
        "event_threat_level_id,event_tag,attribute_tag\n"
        ",domain,a.example,1,20000000-0000-4000-8000-000000000001,Case,Member,Source,0,2,,\n"
        ",domain,b.example,1,,Case,Member,,3,4,\"tlp:amber,tlp:ex:chr\",tlp:green\n",
        NULL,
        "domain suffix a.example @2 tlp=amber+strict org=Source "
        "ref=misp:event/20000000-0000-4000-8000-000000000001 desc=Case "
        "tag=misp:threat-level=\"medium-risk\"\n"
        "domain suffix b.example @3 tlp=amber desc=Case tag=tlp:green tag=tlp:amber tag=tlp:ex:chr\n",
        "");
}

static const char context_only[] =
    "type,value,to_ids\nip-dst,192.0.2.1,0\nip,192.0.2.2,0\nurl,http://a.example/,false\n";

static void a_list_of_context_says_so(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, context_only, NULL);
    assert_string_equal(harness_show(&h), "");
    assert_int_equal(h.report.by_skip[SKIP_TO_IDS], 3);
    assert_non_null(strstr(harness_notes(&h),
                           "3 network attributes skipped: to_ids is set nowhere in this list; load it with "
                           "to_ids=ignore\n"));
    harness_fini(&h);
}

static void to_ids_can_be_ignored(void **state)
{
    struct list_options o = list_options_none();
    o.ignores_to_ids = true;
    harness_expect(context_only, &o,
                   "ipv4 exact 192.0.2.1 @2\nipv4 exact 192.0.2.2 @3\nurl exact http://a.example/ @4\n", "");
}

static void columns_that_are_said_win(void **state)
{
    struct list_options o = list_options_none();
    o.csv.value = SPAN_LIT("value");
    harness_expect("value,type,to_ids\na.example,domain,0\n", &o, "domain suffix a.example @2\n", "");
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere(export, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_export),           cmocka_unit_test(says_what_its_event_says),
        cmocka_unit_test(a_list_of_context_says_so), cmocka_unit_test(to_ids_can_be_ignored),
        cmocka_unit_test(columns_that_are_said_win), cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
