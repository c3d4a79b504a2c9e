#include "tests/unit/rules/writers/writer_harness.h"

#define HEAD "$TTL 300\n@ IN SOA localhost. root.localhost. (7 43200 3600 259200 300)\n@ IN NS localhost.\n"

static void writes_records(void **state)
{
    written_expect(
        "indicators:\n- {domain: a.example, description: \"d\\ne\"}\n- {domain: b.example, match: exact}\n"
        "- {domain: c.example, match: below}\n",
        TARGET_RPZ, TLP_NONE,
        HEAD "a.example CNAME . ; d\\x0ae\n*.a.example CNAME . ; d\\x0ae\nb.example CNAME .\n*.c.example "
             "CNAME .\n",
        "");
}

static void writes_addresses_backwards(void **state)
{
    written_expect("192.0.2.1\n198.51.100.0/24\n192.0.2.2-192.0.2.4\n2001:db8::1\n2001:db8::/"
                   "32\n::1\n2001:db8:0:1:2:0:0:3\n"
                   "2001:db8:0:0:1:0:0:3\n2001:db8:1:2:3:4:5:0\n::192.0.2.1\n",
                   TARGET_RPZ, TLP_NONE,
                   HEAD "32.1.2.0.192.rpz-ip CNAME .\n"
                        "24.0.100.51.198.rpz-ip CNAME .\n"
                        "31.2.2.0.192.rpz-ip CNAME .\n"
                        "32.4.2.0.192.rpz-ip CNAME .\n"
                        "128.1.zz.db8.2001.rpz-ip CNAME .\n"
                        "32.zz.db8.2001.rpz-ip CNAME .\n"
                        "128.1.zz.rpz-ip CNAME .\n"
                        "128.3.zz.2.1.0.db8.2001.rpz-ip CNAME .\n"
                        "128.3.0.0.1.zz.db8.2001.rpz-ip CNAME .\n"
                        "128.0.5.4.3.2.1.db8.2001.rpz-ip CNAME .\n"
                        "128.201.c000.zz.rpz-ip CNAME .\n",
                   "");
}

/* A name has one CNAME: what must not alert wins, owner by owner. */
static void lets_pass_first(void **state)
{
    written_expect("indicators: [a.example, b.example, 192.0.2.1]\n"
                   "allow: [{domain: a.example, match: exact}, {domain: b.example, match: below}, "
                   "192.0.2.0-192.0.2.1, 192.0.2.1]\n",
                   TARGET_RPZ, TLP_NONE,
                   HEAD "a.example CNAME rpz-passthru.\n*.b.example CNAME rpz-passthru.\n31.0.2.0.192.rpz-ip "
                        "CNAME rpz-passthru.\n"
                        "32.1.2.0.192.rpz-ip CNAME rpz-passthru.\n*.a.example CNAME .\nb.example CNAME .\n",
                   "");
}

/* What an entry of the allow side covers is not blocked, unless that entry may not be told of: then nothing shows that it is there. */
static void leaves_out_what_is_allowed(void **state)
{
    struct written w;
    struct export_options o = {.serial = 7, .max_tlp = TLP_NONE};
    struct err err = {0};
    written_init(&w,
                 "indicators: [{domain: a.example, match: exact, tlp: clear}]\nallow: [{domain: "
                 "good.example, match: exact, tlp: red}]\n",
                 TARGET_RPZ, TLP_NONE);
    set_suppress(w.h.set, 0, 0);
    struct set_view set = set_view_of(w.h.set), allow = set_view_of(w.allow);
    buf_reset(&w.bytes);
    assert_true(list_export(TARGET_RPZ, &set, &allow, &o, written_take, &w.bytes, &w.report, &err));
    assert_true(span_eq(buf_span(&w.bytes), span_str(HEAD "good.example CNAME rpz-passthru.\n")));
    assert_int_equal(w.report.suppressed, 1);
    buf_reset(&w.bytes);
    o.max_tlp = TLP_CLEAR;
    assert_true(list_export(TARGET_RPZ, &set, &allow, &o, written_take, &w.bytes, &w.report, &err));
    assert_true(span_eq(buf_span(&w.bytes), span_str(HEAD "a.example CNAME .\n")));
    assert_int_equal(w.report.suppressed, 0);
    buf_reset(&w.bytes);
    o.max_tlp = TLP_NONE; /* the native format says both sides as they are */
    assert_true(list_export(TARGET_YAML, &set, &allow, &o, written_take, &w.bytes, &w.report, &err));
    assert_int_equal(w.report.written, 1);
    written_fini(&w);
}

static void leaves_out_what_a_zone_cannot_say(void **state)
{
    char list[512] = "http://a.example/b\n192.0.2.1:80\n1.0.0.127.rpz-ip\n", label[64] = "";
    memset(label, 'x', 56);
    for (int i = 0; i < 4; i++)
        strcat(strcat(list, label), i < 3 ? "." : "\n");
    written_expect(list, TARGET_RPZ, TLP_NONE, HEAD,
                   "left-out domain suffix 2 @3\nleft-out ip_port exact 1 @2\nleft-out url exact 1 @1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_records),
        cmocka_unit_test(writes_addresses_backwards),
        cmocka_unit_test(lets_pass_first),
        cmocka_unit_test(leaves_out_what_is_allowed),
        cmocka_unit_test(leaves_out_what_a_zone_cannot_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
