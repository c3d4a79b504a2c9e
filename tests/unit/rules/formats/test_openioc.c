#include "tests/unit/rules/list_harness.h"

#define ITEM(condition, search, content)                                                                     \
    "<IndicatorItem id=\"i\" condition=\"" condition "\"><Context document=\"x\" search=\"" search           \
    "\" type=\"mir\"/><Content type=\"string\">" content "</Content></IndicatorItem>\n"
#define IOC(inside)                                                                                          \
    "<ioc xmlns=\"http://schemas.mandiant.com/2010/ioc\" id=\"u\"><definition>" inside "</definition></"     \
                                                                                       "ioc>\n"
#define OR(inside)  "<Indicator operator=\"OR\" id=\"o\">" inside "</Indicator>"
#define AND(inside) "<Indicator operator=\"AND\" id=\"a\">" inside "</Indicator>"

static void reads_version_1_0(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(
        &h,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<ioc xmlns=\"http://schemas.mandiant.com/2010/ioc\" id=\"u\" "
        "last-modified=\"2026-01-02T00:00:00\">\n"
        "  <short_description>Short</short_description>\n"
        "  <description>What happened &amp; when</description>\n"
        "  <keywords>apt, kit</keywords>\n"
        "  <authored_by>CSIRT Example</authored_by>\n"
        "  <authored_date>2026-01-02T03:04:05</authored_date>\n"
        "  <links><link rel=\"threatgroup\">APT0</link><link rel=\"report\" href=\"https://r.example/1\"/>\n"
        "  <link rel=\"report\">https://r.example/2</link></links>\n"
        "  <definition>\n"
        "    <Indicator operator=\"OR\" id=\"g\">\n"
        "      <IndicatorItem id=\"i1\" condition=\"is\">\n"
        "        <Context document=\"Network\" search=\"Network/DNS\" type=\"mir\" />\n"
        "        <Content type=\"string\">evil.example</Content>\n"
        "      </IndicatorItem>\n"
        "      <IndicatorItem id=\"i2\" condition=\"is\">\n"
        "        <Context document=\"FileItem\" search=\"FileItem/Md5sum\" type=\"mir\" />\n"
        "        <Content type=\"md5\">d41d8cd98f00b204e9800998ecf8427e</Content>\n"
        "      </IndicatorItem>\n"
        "      <IndicatorItem id=\"i3\" condition=\"is\">\n"
        "        <Context document=\"PortItem\" search=\"PortItem/remoteIP\" type=\"mir\" />\n"
        "        <Content type=\"IP\">192.0.2.1</Content>\n"
        "        <Comment>the second stage</Comment>\n"
        "      </IndicatorItem>\n"
        "    </Indicator>\n"
        "  </definition>\n"
        "</ioc>\n",
        NULL);
    assert_true(h.is_good);
    assert_int_equal(h.report.format, LIST_OPENIOC);
    assert_string_equal(
        harness_show(&h),
        "domain exact evil.example @14 from=2026-01-02T03:04:05 org=CSIRT Example ref=https://r.example/1 "
        "desc=What happened & when id=i1 tag=apt tag=kit tag=threatgroup:APT0\n"
        "ipv4 exact 192.0.2.1 @22 from=2026-01-02T03:04:05 org=CSIRT Example ref=https://r.example/1 "
        "desc=the second stage id=i3 tag=apt tag=kit tag=threatgroup:APT0\n");
    assert_string_equal(harness_notes(&h),
                        "18:29: type md5: nothing in a packet can be compared with it; entry skipped\n");
    assert_int_equal(h.report.entries, 3);
    assert_int_equal(h.report.by_type[IOC_MD5].skipped, 1);
    assert_int_equal(h.report.lines, 27);
    harness_fini(&h);
}

static void reads_version_1_1(void **state)
{
    harness_expect(
        "<!-- made by hand -->\n"
        "<OpenIOC xmlns=\"http://openioc.org/schemas/OpenIOC_1.1\" id=\"u\" "
        "published-date=\"0001-01-01T00:00:00\">\n"
        "<metadata><short_description>Only this</short_description><authored_by>me</authored_by></metadata>\n"
        "<criteria><Indicator id=\"g\" operator=\"OR\">\n"
        "<IndicatorItem id=\"i\" condition=\"is\" preserve-case=\"false\" negate=\"false\">\n"
        "<Context document=\"UrlHistoryItem\" search=\"UrlHistoryItem/URL\" type=\"mir\"/>\n"
        "<Content type=\"string\">http://evil.example/a</Content></IndicatorItem>\n"
        "<IndicatorItem id=\"n\" condition=\"is\" preserve-case=\"false\" negate=\"true\">\n"
        "<Context document=\"Network\" search=\"Network/DNS\" type=\"mir\"/>\n"
        "<Content type=\"string\">good.example</Content></IndicatorItem>\n"
        "</Indicator></criteria><parameters/></OpenIOC>\n",
        NULL, "url exact http://evil.example/a @7 org=me desc=Only this id=i\n",
        "10:24: no single value can be taken from this rule; entry skipped\n");
}

static void knows_search_terms(void **state)
{
    harness_expect(IOC(OR(ITEM("is", "Network/UserAgent", "Evil Bot/1.0")             /* 1 */
                          ITEM("is", "Network/URI", "/gate.php")                      /* 2 */
                          ITEM("is", "Network/URI", "http://evil.example/b")          /* 3 */
                          ITEM("is", "network/uri", "index.php")                      /* 4 */
                          ITEM("is", "Network/HTTP_Referr", "http://evil.example/r")  /* 5 */
                          ITEM("is", "RouteEntryItem/Destination", "198.51.100.0/24") /* 6 */
                          ITEM("is", "DnsEntryItem/RecordName", "a.example")          /* 7 */
                          ITEM("is", "UrlHistoryItem/HostName", "b.example")          /* 8 */
                          ITEM("is", "Email/From", "a@b.example")                     /* 9 */
                          ITEM("is", "ProcessItem/name", "evil.exe")                  /* 10 */
                          ITEM("is", "FileItem/Sha256sum", "abc"))),                  /* 11 */
                   NULL,
                   "user_agent exact Evil Bot/1.0 @1 id=i\n"
                   "uri_path exact /gate.php @2 id=i\n"
                   "url exact http://evil.example/b @3 id=i\n"
                   "url exact http://evil.example/r fields=80 @5 id=i\n"
                   "cidr4 cidr 198.51.100.0/24 @6 id=i\n"
                   "domain exact a.example @7 id=i\n"
                   "domain exact b.example @8 id=i\n"
                   "email exact a@b.example fields=100000 @9 id=i\n",
                   "4:116: not of the declared type; wanted: a value of the type that is declared for it; "
                   "entry skipped\n"
                   "10:121: type other: nothing in a packet can be compared with it; entry skipped\n"
                   "11:123: type sha256: nothing in a packet can be compared with it; entry skipped\n");
}

static void keeps_conditions_apart(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(
        &h,
        IOC(OR(ITEM("contains", "Network/DNS", "evil") ITEM("starts-with", "UrlHistoryItem/URL",
                                                            "http://evil.example/a")
                   ITEM("starts-with", "Network/DNS", "evil.example") ITEM("matches", "Network/URI", "/x.*")
                       ITEM("isnot", "Network/DNS", "good.example") ITEM("", "Network/DNS", "c.example"))),
        NULL);
    assert_string_equal(harness_show(&h),
                        "url prefix http://evil.example/a @2 id=i\ndomain exact c.example @6 id=i\n");
    assert_int_equal(h.report.by_skip[SKIP_RULE], 4);
    assert_int_equal(h.report.entries, 6);
    harness_fini(&h);
}

/* What an AND joins with something else can't be decided; alone in it, it can. */
static void decides_groups(void **state)
{
    harness_expect(IOC(OR(ITEM("is", "Network/DNS", "a.example")                     /* 1 */
                          AND(ITEM("is", "Network/DNS", "b.example"))                /* 2 */
                          AND(ITEM("is", "Network/DNS", "c.example")                 /* 3 */
                              ITEM("is", "PortItem/remotePort", "443"))              /* 4 */
                          AND(OR(ITEM("is", "Network/DNS", "d.example")              /* 5 */
                                 ITEM("is", "Network/DNS", "e.example"))             /* 6 */
                              ITEM("is", "FileItem/FileName", "x"))                  /* 7 */
                          AND(OR(ITEM("is", "Network/DNS", "f.example")              /* 8 */
                                 AND(ITEM("is", "Network/DNS", "g.example")          /* 9 */
                                     ITEM("is", "PortItem/remoteIP", "192.0.2.9")))) /* 10 */
                          ITEM("is", "Network/DNS", "h.example"))),                  /* 11 */
                   NULL,
                   "domain exact a.example @1 id=i\n"
                   "domain exact b.example @2 id=i\n"
                   "domain exact f.example @8 id=i\n"
                   "domain exact h.example @11 id=i\n",
                   NULL);
    struct harness h;
    harness_init(&h);
    harness_load(&h, IOC(AND(ITEM("is", "Network/DNS", "a.example") ITEM("is", "Network/DNS", "b.example"))),
                 NULL);
    assert_int_equal(h.report.by_reason[REJECT_PATTERN_AND], 2);
    assert_int_equal(h.report.by_type[IOC_DOMAIN].skipped, 2);
    assert_string_equal(harness_show(&h), "");
    harness_fini(&h);
}

static void says_that_nothing_loads(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, IOC(OR(ITEM("is", "Network/DNS", "") ITEM("is", "FileItem/Md5sum", " "))), NULL);
    assert_int_equal(h.report.by_reason[REJECT_EMPTY], 2);
    assert_int_equal(h.report.warnings, 1);
    assert_non_null(
        strstr(harness_notes(&h), "of 2 items in this OpenIOC file none can be looked for in traffic"));
    harness_fini(&h);
    harness_expect(IOC(""), NULL, "",
                   "1:1: no IndicatorItem is in this OpenIOC file; nothing of it was loaded\n");
}

static void keeps_what_stands_above_a_fault(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(
        &h,
        "<ioc><definition>" OR(ITEM("is", "Network/DNS", "a.example")) "<Indicator operator=\"AND\">" ITEM(
            "is", "Network/DNS", "b.example") "</oops>",
        NULL);
    assert_false(h.is_good);
    assert_true(h.report.is_unreadable);
    assert_string_equal(h.report.failure.what, "not XML: mismatched tag");
    assert_int_equal(h.report.failure.line, 3);
    assert_string_equal(harness_show(&h), "domain exact a.example @1 id=i\n");
    assert_int_equal(h.report.by_reason[REJECT_PATTERN_AND], 1);
    struct list_options o = list_options_none();
    o.format = LIST_OPENIOC;
    harness_load(&h, "<!DOCTYPE ioc [<!ENTITY a \"b\">]><ioc/>", &o);
    assert_false(h.is_good);
    assert_string_equal(h.report.failure.what, "declarations inside a DOCTYPE are not allowed");
    harness_fini(&h);
}

static void is_told_from_others(void **state)
{
    static const struct {
        const char *list;
        enum list_format format;
    } rows[] = {
        {"<ioc/>", LIST_OPENIOC},
        {"\xef\xbb\xbf<?xml version='1.0'?>\r\n<ioc:ioc xmlns:ioc='x'></ioc:ioc>", LIST_OPENIOC},
        {"<!DOCTYPE ioc SYSTEM 'x'><!-- > --><iocs></iocs>", LIST_OPENIOC},
        {"<stix:STIX_Package/>", LIST_TEXT},
        {"<html><ioc/></html>", LIST_TEXT},
        {"<", LIST_TEXT},
        {"<ioc", LIST_TEXT},
        {"<iocx/>", LIST_TEXT},
        {"<?xml", LIST_TEXT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rows[i].list, NULL);
        if (h.report.format != rows[i].format)
            fail_msg("row %zu is taken for %s", i, list_format_name(h.report.format));
        harness_fini(&h);
    }
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere(
        "<ioc><links><link rel='a' href='http://b'>c</link></links><keywords>a,,b</keywords>" OR(
            AND(ITEM("is", "Network/DNS", "a.example")) ITEM("is", "x", "y")) "</ioc>",
        NULL);
}

/* Many items in one AND wait; none of them are lost. */
static void holds_many_that_wait(void **state)
{
    struct buf list;
    struct harness h;
    harness_init(&h);
    buf_init(&list, 64 << 20);
    buf_put_str(&list, "<ioc>"
                       "<Indicator operator=\"AND\"><Indicator operator=\"OR\">");
    for (int i = 0; i < 30000; i++)
        buf_printf(&list, ITEM("is", "Network/DNS", "n%d.example"), i);
    buf_put_str(&list, "</Indicator></Indicator></ioc>");
    harness_load_bytes(&h, list.ptr, list.len, NULL);
    assert_int_equal(h.report.loaded, 30000);
    buf_fini(&list);
    harness_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_version_1_0),
        cmocka_unit_test(reads_version_1_1),
        cmocka_unit_test(knows_search_terms),
        cmocka_unit_test(keeps_conditions_apart),
        cmocka_unit_test(decides_groups),
        cmocka_unit_test(says_that_nothing_loads),
        cmocka_unit_test(keeps_what_stands_above_a_fault),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(holds_many_that_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
