/* Names of types, matches and markings; default fields; the sizes that a db file relies on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/indicator.h"

static void types_have_names_and_back(void **state)
{
    (void)state;
    for (unsigned t = 0; t < IOC_TYPE_COUNT; t++) {
        enum ioc_type back = IOC_TYPE_COUNT;
        assert_true(ioc_type_of(span_str(ioc_type_name(t)), &back));
        assert_int_equal(back, t);
    }
    enum ioc_type type = IOC_JA3;
    assert_true(ioc_type_of(SPAN_LIT("IP_Port"), &type));
    assert_int_equal(type, IOC_IP_PORT);
    assert_false(ioc_type_of(SPAN_LIT("ip_por"), &type));
    assert_false(ioc_type_of(SPAN_LIT(""), &type));
    assert_int_equal(type, IOC_IP_PORT);
    assert_string_equal(ioc_type_name(IOC_TYPE_COUNT), "unknown");
}

static void matches_have_names_and_back(void **state)
{
    (void)state;
    for (unsigned m = MATCH_EXACT; m <= MATCH_REGEX; m++) {
        enum ioc_match back = MATCH_EXACT;
        assert_true(ioc_match_of(span_str(ioc_match_name(m)), &back));
        assert_int_equal(back, m);
    }
    enum ioc_match match;
    assert_false(ioc_match_of(SPAN_LIT("contains"), &match));
    assert_string_equal(ioc_match_name((enum ioc_match)99), "unknown");
}

static void markings_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum tlp tlp;
    } good[] = {
        {"clear", TLP_CLEAR},
        {"CLEAR", TLP_CLEAR},
        {"WHITE", TLP_CLEAR},
        {"tlp:white", TLP_CLEAR},
        {"TLP:GREEN", TLP_GREEN},
        {"Tlp:Amber", TLP_AMBER},
        {"amber+strict", TLP_AMBER_STRICT},
        {"TLP:AMBER+STRICT", TLP_AMBER_STRICT},
        {"red", TLP_RED},
        {"tlp:red", TLP_RED},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        enum tlp tlp = TLP_NONE;
        assert_true(tlp_of(span_str(good[i].text), &tlp));
        assert_int_equal(tlp, good[i].tlp);
    }
    const char *const bad[] = {"", "tlp:", "tlp", "amber+", "ambe", "tlp:tlp:red", "TLP RED", "none"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum tlp tlp = TLP_GREEN;
        assert_false(tlp_of(span_str(bad[i]), &tlp));
        assert_int_equal(tlp, TLP_GREEN);
    }
    assert_null(tlp_name(TLP_NONE));
    assert_string_equal(tlp_name(TLP_AMBER_STRICT), "amber+strict");
    assert_true(TLP_CLEAR < TLP_GREEN && TLP_GREEN < TLP_AMBER && TLP_AMBER < TLP_AMBER_STRICT &&
                TLP_AMBER_STRICT < TLP_RED);
}

static void what_can_match_has_fields(void **state)
{
    (void)state;
    for (unsigned t = 0; t < IOC_TYPE_COUNT; t++)
        assert_int_equal(ioc_default_fields(t) != 0, t < IOC_MATCHABLE_COUNT);
    assert_true(ioc_default_fields(IOC_DOMAIN) & FIELD_BIT(FIELD_QUIC_SNI));
    assert_false(ioc_default_fields(IOC_DOMAIN_PORT) & FIELD_BIT(FIELD_DNS_QUERY));
    assert_true(ioc_default_fields(IOC_CIDR6) & FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS));
    assert_int_equal(ioc_default_fields(IOC_IP_PORT), FIELD_BIT(FIELD_IP_SRC) | FIELD_BIT(FIELD_IP_DST));
    assert_int_equal(ioc_default_fields(IOC_URI_PATH), FIELD_BIT(FIELD_HTTP_URL));
    assert_int_equal(ioc_default_fields(IOC_EMAIL),
                     FIELD_BIT(FIELD_SMTP_MAIL_FROM) | FIELD_BIT(FIELD_SMTP_RCPT_TO));
}

static void shapes_have_no_holes(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct indicator), 24);
    assert_int_equal(sizeof(struct origin), 16);
    assert_int_equal(sizeof(struct context), 64);
    assert_int_equal(sizeof(struct list_info), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_names_and_back),
        cmocka_unit_test(matches_have_names_and_back),
        cmocka_unit_test(markings_are_read_as_people_write_them),
        cmocka_unit_test(what_can_match_has_fields),
        cmocka_unit_test(shapes_have_no_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
