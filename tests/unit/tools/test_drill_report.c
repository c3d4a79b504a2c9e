/* drill_report.c: what each sensor writes, whole, cut at every byte, and damaged. */
#include "tools/drill_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct drill_report report;

static void expect_end(const struct ip *ip, uint16_t port, const char *text, uint16_t wanted_port)
{
    char got[IP_TEXT_MAX];
    ip_format(ip, got);
    assert_string_equal(got, text);
    assert_int_equal(port, wanted_port);
}

static void expect_text(struct span got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    if (got.len)
        assert_memory_equal(got.ptr, wanted, got.len);
}

/* 192.0.2.1:1024 and 198.51.100.2:80, and these texts. */
static void expect_alert(const char *line, const char *value, const char *seen, const char *text)
{
    struct sighting s;
    assert_int_equal(drill_report_read(&report, span_str(line), &s), REPORT_ALERT);
    expect_end(&s.a, s.a_port, "192.0.2.1", 1024);
    expect_end(&s.b, s.b_port, "198.51.100.2", 80);
    expect_text(s.value, value);
    expect_text(s.seen, seen);
    expect_text(s.text, text);
}

static void expect(const char *line, enum drill_report_line kind)
{
    struct sighting s;
    assert_int_equal(drill_report_read(&report, span_str(line), &s), kind);
}

/* No part of a line is an alert; each in a block of its very size, so that one byte too far is seen. */
static void cut(const char *line)
{
    for (size_t n = 0; n < strlen(line); n++) {
        struct sighting s;
        char *part = malloc(n + 1);
        memcpy(part, line, n);
        char *exact = realloc(part, n ? n : 1);
        enum drill_report_line kind = drill_report_read(&report, span_of(exact, n), &s);
        assert_int_equal(kind, n ? REPORT_UNKNOWN : REPORT_OTHER);
        free(exact);
    }
}

#define EVE_ENDS "\"src_ip\":\"192.0.2.1\",\"src_port\":1024,\"dest_ip\":\"198.51.100.2\",\"dest_port\":80"
#define IOC      "{\"ioc\":{\"value\":\"evil.test\"}}"

static void test_eve(void **state)
{
    const char *ours =
        "{\"event_type\":\"alert\"," EVE_ENDS ",\"alert\":{\"signature\":\"x\",\"context\":" IOC "}}";
    (void)state;
    expect_alert(ours, "evil.test", "", "x");
    expect_alert("{\"event_type\":\"alert\"," EVE_ENDS ",\"alert\":{\"metadata\":" IOC "}}\r", "evil.test",
                 "", "");
    expect_alert("{\"event_type\":\"alert\"," EVE_ENDS ",\"alert\":{\"signature\":\"ET evil\"}}", "", "",
                 "ET evil");
    expect("{\"event_type\":\"dns\"}", REPORT_OTHER);
    expect("{\"event_type\":\"alert\",\"src_ip\":\"192.0.2.1\"}", REPORT_UNKNOWN);
    expect("{\"event_type\":\"alert\",\"src_ip\":1,\"dest_ip\":[]}", REPORT_UNKNOWN);
    cut(ours);
}

static void test_zeek(void **state)
{
    const char *json =
        "{\"id.orig_h\":\"192.0.2.1\",\"id.orig_p\":1024,\"id.resp_h\":\"198.51.100.2\",\"id.resp_p\":80,"
        "\"seen.indicator\":\"evil.test\"}";
    const char *row = "evil.test\t192.0.2.1\t1024\t198.51.100.2\t80\textra";
    (void)state;
    expect_alert(json, "", "evil.test", "");
    cut(json);
    expect(row, REPORT_UNKNOWN); /* nobody has said what its columns are */
    expect("#separator \\x09", REPORT_OTHER);
    expect("#fields\tseen.indicator\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmore", REPORT_OTHER);
    expect_alert(row, "", "evil.test", "");
    expect("evil.test\t192.0.2.1\t1024\t198.51.100.2\t99999", REPORT_UNKNOWN);
    expect("evil.test\t192.0.2.1", REPORT_UNKNOWN);
    expect("#fields\tother", REPORT_OTHER);
    expect(row, REPORT_UNKNOWN);
    drill_report_reset(&report);
}

static void test_snort(void **state)
{
    const char *line = "{\"msg\":\"evil\",\"src_ap\":\"192.0.2.1:1024\",\"dst_ap\":\"198.51.100.2:80\"}";
    (void)state;
    expect_alert(line, "", "", "evil");
    expect_alert("{\"msg\":\"evil\",\"src_addr\":\"192.0.2.1\",\"src_port\":1024,\"dst_addr\":\"198.51.100."
                 "2\",\"dst_port\":80}",
                 "", "", "evil");
    expect("{\"msg\":\"evil\",\"src_ap\":\"192.0.2.1\",\"dst_ap\":\":\"}", REPORT_UNKNOWN);
    cut(line);
}

static void test_maltrail(void **state)
{
    (void)state;
    expect_alert("\"2026-01-01 00:00:00.000000\" sensor 192.0.2.1 1024 198.51.100.2 80 UDP DNS "
                 "(www.)evil.test \"bad thing\" (x)",
                 "evil.test", "", "");
    expect_alert("\"2026-01-01 00:00:00.000000\" sensor 192.0.2.1 1024 198.51.100.2 80 TCP URL "
                 "\"evil.test(/a b)\" x y",
                 "evil.test", "", "");
    expect("\"2026-01-01 00:00:00.000000\" sensor 192.0.2.1 - 198.51.100.2 80 UDP DNS evil.test",
           REPORT_UNKNOWN);
    cut("\"2026-01-01 00:00:00.000000\" sensor 192.0.2.1 1024 198.51.100.2 80 UDP DNS ");
}

/* Longer than there is room for: cut, not more. */
static void test_long_trail(void **state)
{
    struct sighting s;
    char line[2000];
    (void)state;
    int n = snprintf(line, sizeof line, "\"t\" sensor 192.0.2.1 1024 198.51.100.2 80 UDP DNS %0*d", 1500, 1);
    assert_int_equal(drill_report_read(&report, span_of(line, (size_t)n), &s), REPORT_ALERT);
    assert_int_equal(s.value.len, sizeof report.value);
}

static void test_strangers(void **state)
{
    (void)state;
    expect("", REPORT_OTHER);
    expect("{\"a\":1}", REPORT_UNKNOWN);
    expect("[1]", REPORT_UNKNOWN);
    expect("{", REPORT_UNKNOWN);
    expect("some text", REPORT_UNKNOWN);
}

static int begin(void **state)
{
    (void)state;
    return drill_report_init(&report) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    drill_report_fini(&report);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eve),      cmocka_unit_test(test_zeek),       cmocka_unit_test(test_snort),
        cmocka_unit_test(test_maltrail), cmocka_unit_test(test_long_trail), cmocka_unit_test(test_strangers),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
