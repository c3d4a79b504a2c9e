/* Names of fields, their groups and other spellings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/field.h"

static void every_field_is_found_by_its_name(void **state)
{
    (void)state;
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        assert_int_equal(field_mask_of(span_str(field_name(f))) & FIELD_BIT(f), FIELD_BIT(f));
    assert_int_equal(field_mask_of(SPAN_LIT("dns.query")), FIELD_BIT(FIELD_DNS_QUERY));
    assert_int_equal(field_mask_of(SPAN_LIT("TLS.SNI")), FIELD_BIT(FIELD_TLS_SNI));
    assert_string_equal(field_name(FIELD_COUNT), "unknown");
}

static void groups_are_prefixes(void **state)
{
    (void)state;
    field_mask answers = FIELD_BIT(FIELD_DNS_ANSWER_NAME) | FIELD_BIT(FIELD_DNS_ANSWER_TARGET) |
                         FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS);
    field_mask tls = FIELD_BIT(FIELD_TLS_SNI) | FIELD_BIT(FIELD_TLS_ALPN) | FIELD_BIT(FIELD_TLS_JA3) |
                     FIELD_BIT(FIELD_TLS_JA4) | FIELDS_OF_CERTIFICATES;
    assert_int_equal(field_mask_of(SPAN_LIT("dns.answer")), answers);
    assert_int_equal(field_mask_of(SPAN_LIT("dns")), answers | FIELD_BIT(FIELD_DNS_QUERY));
    assert_int_equal(field_mask_of(SPAN_LIT("tls")), tls);
    assert_int_equal(field_mask_of(SPAN_LIT("quic")), FIELD_BIT(FIELD_QUIC_SNI));
    assert_int_equal(field_mask_of(SPAN_LIT("ip")), FIELD_BIT(FIELD_IP_SRC) | FIELD_BIT(FIELD_IP_DST));
    assert_int_equal(__builtin_popcount(field_mask_of(SPAN_LIT("http"))), 7);
}

static void other_spellings_are_known(void **state)
{
    (void)state;
    assert_int_equal(field_mask_of(SPAN_LIT("dns.qname")), FIELD_BIT(FIELD_DNS_QUERY));
    assert_int_equal(field_mask_of(SPAN_LIT("dns.rrname")), FIELD_BIT(FIELD_DNS_QUERY));
    assert_int_equal(field_mask_of(SPAN_LIT("dns.queries.rrname")), FIELD_BIT(FIELD_DNS_QUERY));
    assert_int_equal(field_mask_of(SPAN_LIT("http.hostname")), FIELD_BIT(FIELD_HTTP_HOST));
    assert_int_equal(field_mask_of(SPAN_LIT("http.uri")), FIELD_BIT(FIELD_HTTP_URL));
    assert_int_equal(field_mask_of(SPAN_LIT("http.url")), FIELD_BIT(FIELD_HTTP_URL));
    assert_int_equal(field_mask_of(SPAN_LIT("http.http_user_agent")), FIELD_BIT(FIELD_HTTP_USER_AGENT));
}

static void other_words_are_no_field(void **state)
{
    (void)state;
    const char *const words[] = {"",           ".",   "d",        "dns.", "dns.quer",
                                 "dns.queryx", "sni", "http.hos", "ip.",  "answer"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_equal(field_mask_of(span_str(words[i])), 0);
    assert_int_equal(field_mask_of(span_of(NULL, 0)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_found_by_its_name),
        cmocka_unit_test(groups_are_prefixes),
        cmocka_unit_test(other_spellings_are_known),
        cmocka_unit_test(other_words_are_no_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
