#include "tests/unit/rules/list_harness.h"

#include "tests/unit/rules/allow_harness.h"

#define HEAD                                                                                                 \
    "$TTL 300\n"                                                                                             \
    "$ORIGIN rpz.example.\n"                                                                                 \
    "@ IN SOA localhost. root.localhost. (\n"                                                                \
    "    2026082201 ; serial\n"                                                                              \
    "    3600 600 86400 60 )\n"                                                                              \
    "@ IN NS localhost.\n"

/* Lines 1 to 6 are the head. */
static void reads_policies(void **state)
{
    struct allow_harness a;
    allow_harness_init(&a);
    allow_harness_load(&a,
                       HEAD "evil.example CNAME .\n"
                            "*.evil.example CNAME .\n"
                            "nodata.example 60 IN CNAME *.\n"
                            "FQ.example.RPZ.example. CNAME .\n"
                            "good.evil.example CNAME rpz-passthru.\n"
                            "*.good.evil.example IN CNAME rpz-passthru.\n"
                            "old.example CNAME old.example.\n"
                            "drop.example CNAME rpz-drop.\n"
                            "tcp.example CNAME rpz-tcp-only.\n"
                            "walled.example CNAME garden.isp.example.\n"
                            "wild.example CNAME *.garden.isp.example.\n"
                            "local.example A 192.0.2.80\n"
                            "local.example TXT \"blocked; see https://isp.example/\"\n"
                            "b\xc3\xbc"
                            "cher.example CNAME .\n",
                       NULL);
    assert_int_equal(a.h.report.format, LIST_RPZ);
    assert_string_equal(a.h.report.name, "rpz.example");
    assert_string_equal(harness_show(&a.h), "domain exact evil.example @7 tag=rpz:nxdomain\n"
                                            "domain below evil.example @8 tag=rpz:nxdomain\n"
                                            "domain exact nodata.example @9 tag=rpz:nodata\n"
                                            "domain exact fq.example @10 tag=rpz:nxdomain\n"
                                            "domain exact drop.example @14 tag=rpz:drop\n"
                                            "domain exact tcp.example @15 tag=rpz:tcp-only\n"
                                            "domain exact walled.example @16 tag=rpz:redirect\n"
                                            "domain exact wild.example @17 tag=rpz:redirect\n"
                                            "domain exact local.example @18 tag=rpz:local-data @19 "
                                            "desc=blocked; see https://isp.example/ tag=rpz:local-data\n"
                                            "domain exact xn--bcher-kva.example @20 tag=rpz:nxdomain\n");
    assert_string_equal(allow_harness_show(&a), "domain exact good.evil.example @11 tag=rpz:passthru\n"
                                                "domain below good.evil.example @12 tag=rpz:passthru\n"
                                                "domain exact old.example @13 tag=rpz:passthru\n");
    assert_int_equal(a.h.report.entries, 11);
    assert_int_equal(a.h.report.merged, 1);
    assert_int_equal(a.h.report.allowed, 3);
    assert_string_equal(harness_notes(&a.h), "");
    allow_harness_fini(&a);
}

static void reads_triggers(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 HEAD "32.1.2.0.192.rpz-ip CNAME .\n"
                      "24.0.113.0.203.rpz-ip CNAME .\n"
                      "128.1.zz.db8.2001.rpz-ip CNAME .\n"
                      "48.zz.db8.2001.RPZ-IP CNAME rpz-drop.\n"
                      "128.8.7.6.5.4.3.db8.2001.rpz-ip CNAME .\n"
                      "120.0.c000.ffff.zz.rpz-ip CNAME .\n"
                      "ns.bad.example.rpz-nsdname CNAME .\n"
                      "*.ns.bad.example.rpz-nsdname CNAME .\n"
                      "24.0.100.51.198.rpz-nsip CNAME .\n"
                      "32.7.2.0.192.rpz-client-ip CNAME rpz-drop.\n",
                 NULL);
    assert_string_equal(harness_show(&h), "ipv4 exact 192.0.2.1 fields=8 @7 tag=rpz:nxdomain\n"
                                          "cidr4 cidr 203.0.113.0/24 fields=8 @8 tag=rpz:nxdomain\n"
                                          "ipv6 exact 2001:db8::1 fields=8 @9 tag=rpz:nxdomain\n"
                                          "cidr6 cidr 2001:db8::/48 fields=8 @10 tag=rpz:drop\n"
                                          "ipv6 exact 2001:db8:3:4:5:6:7:8 fields=8 @11 tag=rpz:nxdomain\n"
                                          "cidr4 cidr 192.0.0.0/24 fields=8 @12 tag=rpz:nxdomain\n"
                                          "domain exact ns.bad.example fields=4 @13 tag=rpz:nxdomain\n"
                                          "domain below ns.bad.example fields=4 @14 tag=rpz:nxdomain\n");
    assert_int_equal(h.report.by_skip[SKIP_TRIGGER], 2);
    harness_fini(&h);
}

static void list_may_ask_for_other_fields(void **state)
{
    struct list_options o = list_options_none();
    o.fields = FIELD_BIT(FIELD_IP_DST) | FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS);
    o.name = SPAN_LIT("filter");
    o.tags[0] = SPAN_LIT("c2");
    o.n_tags = 1;
    struct harness h;
    harness_init(&h);
    harness_load(&h, HEAD "32.1.2.0.192.rpz-ip CNAME .\n", &o);
    assert_string_equal(harness_show(&h), "ipv4 exact 192.0.2.1 fields=20008 @7 tag=c2 tag=rpz:nxdomain\n");
    assert_string_equal(h.report.name, "filter");
    harness_fini(&h);
}

static void refuses_bad_addresses(void **state)
{
    static const char *const bad[] = {
        "33.1.2.0.192",  "0.1.2.0.192",   "32.256.2.0.192",       "32.01.2.0.192",
        "032.1.2.0.192", "32.2.0.192",    "129.zz.2001",          "128.zz.1.zz",
        "128.1.2.3",     "64.g.zz.2001",  "64.12345.zz",          "zz",
        "128",           "x.zz.db8.2001", "1.2.3.4.5.6.7.8.9.10", "128.1.zz.2.3.4.5.6.7.8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct harness h;
        char text[200];
        snprintf(text, sizeof text, "@ SOA ns.example. root.example. 1 2 3 4 5\n%s.rpz-ip CNAME .\n", bad[i]);
        harness_init(&h);
        harness_load(&h, text, NULL);
        assert_int_equal(h.report.entries, 1);
        assert_int_equal(h.report.by_reason[REJECT_BAD_IP], 1);
        harness_fini(&h);
    }
}

/* RFC 1035, section 5.1, and what people make of it. */
static void reads_master_files(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    harness_init(&h);
    o.format = LIST_RPZ;
    harness_load(&h,
                 "# no comment of RFC 1035\n"
                 "; another\n"
                 "\n"
                 "rpz.example. 1h30m IN SOA ns.example. root.example. ( 1\n"
                 "  2 3 ; (\n"
                 "\n"
                 "  4 5 )\n"
                 " NS localhost. ; the owner above\n"
                 "a.example.rpz.example.\tIN\t60\tCNAME\t.\n"
                 "\t60 IN TXT ( \"one (\"\n"
                 "   \"two ; \\\" three\" )\n"
                 "b.example CNAME ( . )\n"
                 "$ORIGIN example.rpz.example.\n"
                 "c CNAME .\n"
                 "$ORIGIN d.rpz.example.\n"
                 "@ CNAME .\n"
                 "e CNAME .\n"
                 "$ORIGIN f\n"
                 "g CNAME .\n"
                 "$ORIGIN .\n"
                 "h.example.rpz.example cname .\n"
                 "i\\045i.\\106.rpz.example TYPE65280 \\# 0\n"
                 "j.example.rpz.example MX 10 mail.example.\n"
                 "rpz.example DNSKEY 256 3 8 AwEAAQ==\n"
                 "k.example.rpz.example RRSIG CNAME 8 3 60 20300101000000 20200101000000 1 rpz.example. AA==",
                 &o);
    assert_string_equal(harness_show(&h),
                        "domain exact a.example @9 tag=rpz:nxdomain @10 desc=one ( tag=rpz:local-data\n"
                        "domain exact b.example @12 tag=rpz:nxdomain\n"
                        "domain exact c.example @14 tag=rpz:nxdomain\n"
                        "domain exact d @16 tag=rpz:nxdomain\n"
                        "domain exact e.d @17 tag=rpz:nxdomain\n"
                        "domain exact g.f.d @19 tag=rpz:nxdomain\n"
                        "domain exact h.example @21 tag=rpz:nxdomain\n"
                        "domain exact i-i.j @22 tag=rpz:local-data\n"
                        "domain exact j.example @23 tag=rpz:local-data\n");
    assert_string_equal(harness_notes(&h), "");
    assert_int_equal(h.report.comments, 2);
    assert_int_equal(h.report.blank, 1);
    assert_string_equal(h.report.name, "rpz.example");
    harness_fini(&h);
}

static void says_what_is_wrong(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 HEAD "evil.example CNAME\n"
                      "evil.example\n"
                      "evil.example BLOCK .\n"
                      "evil.example A 192.0.2.300\n"
                      "evil.example AAAA 192.0.2.1\n"
                      "evil.example CNAME a. b.\n"
                      "evil.example CH CNAME .\n"
                      "evil.example CNAME . )\n"
                      "evil.example TXT \"open\n"
                      "evil.other. CNAME .\n"
                      "ev\\.il.example CNAME .\n"
                      "e_v-i!l.example CNAME .\n"
                      "a..example CNAME .\n"
                      "x.example DNAME .\n"
                      "x.example CNAME rpz-log.\n"
                      "* CNAME .\n"
                      "*.zip CNAME .\n"
                      "zip CNAME .\n"
                      "x.example CNAME rpz-drop\n"
                      "$INCLUDE /etc/passwd\n"
                      "$GENERATE 1-3 host$ CNAME .\n"
                      "$OTHER x\n"
                      "last.example CNAME ( .\n",
                 NULL);
    assert_string_equal(harness_show(&h),
                        "domain exact zip @24 tag=rpz:nxdomain\ndomain exact x.example @25 tag=rpz:drop\n");
    assert_int_equal(h.report.by_reason[REJECT_BAD_RR], 10);
    assert_int_equal(h.report.by_reason[REJECT_BAD_OWNER], 4);
    assert_int_equal(h.report.by_skip[SKIP_RULE], 3);
    assert_int_equal(h.report.by_skip[SKIP_BROAD], 1);
    assert_int_equal(h.report.warnings, 4);
    const char *notes = harness_notes(&h);
    assert_non_null(strstr(
        notes, "7:1: no data behind its type; wanted: owner, type and data, as in evil.example CNAME .; "
               "entry skipped\n"));
    assert_non_null(strstr(notes, "8:1: no type and no data;"));
    assert_non_null(strstr(notes, "9:1: a type of record that is not known;"));
    assert_non_null(strstr(notes, "10:1: the data is not what its type asks for; entry skipped\n"));
    assert_non_null(strstr(notes, "13:1: a class other than IN;"));
    assert_non_null(strstr(notes, "14:1: a closing parenthesis without an opening one;"));
    assert_non_null(strstr(notes, "15:1: a string without its closing quote;"));
    assert_non_null(strstr(notes, "16:1: the owner lies outside the zone; entry skipped\n"));
    assert_non_null(strstr(notes, "18:1: the owner is no name: bad-char;"));
    assert_non_null(strstr(notes, "25:1: the final dot is missing; taken as \"rpz-drop.\"\n"));
    assert_non_null(strstr(notes, "26:1: $INCLUDE is not followed"));
    assert_non_null(strstr(notes, "27:1: $GENERATE is not carried out"));
    assert_non_null(strstr(notes, "29:1: an open parenthesis at the end of the file;"));
    harness_fini(&h);
}

/* Comments: those in front of entries are for all below, one behind an entry describes it. */
static void reads_comments(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_RPZ;
    harness_expect(
        "; Reference: https://isp.example/1\n"
        "a.example CNAME . ; seen 2026-01-01\n"
        "b.example CNAME . ; TLP:AMBER\n"
        "c.example CNAME . ; Reference: https://isp.example/2\n"
        "d.example CNAME .\n",
        &o,
        "domain exact a.example @2 ref=https://isp.example/1 desc=seen 2026-01-01 tag=rpz:nxdomain\n"
        "domain exact b.example @3 tlp=amber ref=https://isp.example/1 tag=rpz:nxdomain\n"
        "domain exact c.example @4 tlp=amber ref=https://isp.example/2 tag=rpz:nxdomain\n"
        "domain exact d.example @5 tlp=amber ref=https://isp.example/2 tag=rpz:nxdomain\n",
        "");
}

/* No SOA, or one that does not say what the zone is called. */
static void zone_may_have_no_name(void **state)
{
    struct list_options o = list_options_none();
    o.format = LIST_RPZ;
    harness_expect(
        "evil.example CNAME .\nwhole.example. CNAME .\n", &o,
        "domain exact evil.example @1 tag=rpz:nxdomain\n",
        "2:1: an owner with a final dot, but no SOA record or $ORIGIN says what the zone is called; entry "
        "skipped\n");
    harness_expect("@ SOA a. b. 1 2 3 4 5\nevil.example CNAME .\n", NULL,
                   "domain exact evil.example @2 tag=rpz:nxdomain\n", "");
    harness_expect(
        "$ORIGIN rpz.example.\nevil.example CNAME .\nwhole.example.rpz.example. CNAME .\n", NULL,
        "domain exact evil.example @2 tag=rpz:nxdomain\ndomain exact whole.example @3 tag=rpz:nxdomain\n",
        "");
    harness_expect("$ORIGIN .\nwhole.example. CNAME .\n", NULL,
                   "domain exact whole.example @2 tag=rpz:nxdomain\n", "");
    harness_expect(" CNAME .\n", &o, "", NULL);
}

/* What never ends costs one record. */
static void is_bounded(void **state)
{
    struct list_options o = list_options_none();
    struct harness h;
    struct buf text;
    o.format = LIST_RPZ;
    harness_init(&h);
    buf_init(&text, 4 << 20);
    buf_put_str(&text, "open.example TXT (\n");
    for (int i = 2; i <= 300; i++)
        buf_printf(&text, "n%d.example CNAME .\n", i);
    buf_put_str(&text, "long.example TXT \"");
    for (int i = 0; i < 300 * 1024; i++)
        buf_put_byte(&text, 'x');
    buf_put_str(&text, "\"\nlong2.example TXT \"");
    for (int i = 0; i < 70 * 1024; i++)
        buf_put_byte(&text, 'x');
    buf_put_str(&text, "\"\n");
    for (int i = 0; i < 2000; i++)
        buf_put_byte(&text, 'y');
    buf_put_str(&text, ".example CNAME .\nlast.example CNAME .\n");
    harness_load_bytes(&h, text.ptr, text.len, &o);
    assert_int_equal(h.report.loaded, 300 - 256 + 1);
    assert_int_equal(h.report.by_reason[REJECT_BAD_RR], 3);
    assert_int_equal(h.report.by_reason[REJECT_BAD_OWNER], 1);
    const char *notes = harness_notes(&h);
    assert_non_null(strstr(notes, "1:1: an open parenthesis over more than 256 lines;"));
    assert_non_null(strstr(notes, "301:1: a string without its closing quote;"));
    assert_non_null(strstr(notes, "302:1: a record of more than 64 KiB;"));
    buf_fini(&text);
    harness_fini(&h);
}

/* Values are kept while the block they stood in goes. */
static void survives_block_ends(void **state)
{
    struct harness h;
    struct buf text;
    harness_init(&h);
    buf_init(&text, 4 << 20);
    buf_put_str(&text, HEAD);
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "*.name-%05d.example CNAME . ; number %d\n", i, i);
    harness_load_bytes(&h, text.ptr, text.len, NULL);
    assert_int_equal(h.report.loaded, 20000);
    assert_int_equal(h.report.wildcards, 20000);
    assert_non_null(strstr(harness_show(&h),
                           "domain below name-19999.example @20006 desc=number 19999 tag=rpz:nxdomain\n"));
    buf_fini(&text);
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "a.example CNAME .\n*.a.example CNAME rpz-drop.\nb.example A 192.0.2.1\n", NULL);
    assert_int_equal(h.report.format, LIST_RPZ);
    harness_load(&h, "; x\r\n@ IN SOA a. b. (\r\n1 2 3 4 5)\r\nb.example A 192.0.2.1\r\n", NULL);
    assert_int_equal(h.report.format, LIST_RPZ);
    harness_load(&h, "a.example\nb.example\nc.example CNAME .\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_load(&h, "# the SOA record of our zone 1\n; SOA a b 1\na.example\n", NULL);
    assert_int_equal(h.report.format, LIST_TEXT);
    harness_fini(&h);
}

static void cut_anywhere(void **state)
{
    harness_cut_everywhere(
        HEAD "a\\046b.example 60 IN TXT ( \"x\\\"y\" ; c\n ) ; d\n48.zz.db8.2001.rpz-ip CNAME x.\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_policies),
        cmocka_unit_test(reads_triggers),
        cmocka_unit_test(list_may_ask_for_other_fields),
        cmocka_unit_test(refuses_bad_addresses),
        cmocka_unit_test(reads_master_files),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(reads_comments),
        cmocka_unit_test(zone_may_have_no_name),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(survives_block_ends),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
