#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/formats/tags.h"

static struct tags_said read_all(const char *const *tags)
{
    struct tags_said said = tags_nothing();
    for (; *tags; tags++)
        tags_read(span_str(*tags), &said);
    return said;
}

#define READ(...) read_all((const char *const[]){__VA_ARGS__, NULL})

static void reads_markings(void **state)
{
    assert_int_equal(READ("tlp:clear").tlp, TLP_CLEAR);
    assert_int_equal(READ("TLP:WHITE").tlp, TLP_CLEAR);
    assert_int_equal(READ(" tlp:green ").tlp, TLP_GREEN);
    assert_int_equal(READ("tlp:amber+strict").tlp, TLP_AMBER_STRICT);
    assert_int_equal(READ("tlp:red", "tlp:green").tlp, TLP_RED);
    assert_int_equal(READ("tlp:green", "tlp:amber").tlp, TLP_AMBER);
    assert_int_equal(READ("tlp", "tlpx:red", "red", "").tlp, TLP_NONE);
}

static void an_unknown_marking_is_told(void **state)
{
    struct tags_said said = READ("tlp:green", "tlp:unclear");
    assert_true(span_eq(said.unknown_tlp, SPAN_LIT("tlp:unclear")));
    assert_int_equal(said.tlp, TLP_GREEN);
    assert_int_equal(READ("tlp:green").unknown_tlp.len, 0);
}

static void chatham_house_hides_the_source(void **state)
{
    struct tags_said said = READ("tlp:ex:chr");
    assert_true(said.hides_source);
    assert_int_equal(said.tlp, TLP_NONE);
    assert_int_equal(said.unknown_tlp.len, 0);
    assert_true(READ("TLP:EX:CHR").hides_source);
    assert_false(READ("tlp:ex").hides_source);
}

static void reads_confidence(void **state)
{
    assert_int_equal(READ("misp:confidence-level=\"completely-confident\"").confidence, 100);
    assert_int_equal(READ("misp:confidence-level=\"usually-confident\"").confidence, 75);
    assert_int_equal(READ("misp:confidence-level=\"fairly-confident\"").confidence, 50);
    assert_int_equal(READ("misp:confidence-level=\"rarely-confident\"").confidence, 25);
    assert_int_equal(READ("misp:confidence-level=\"unconfident\"").confidence, 0);
    assert_int_equal(READ("misp:confidence-level=\"confidence-cannot-be-evaluated\"").confidence, -1);
    assert_int_equal(READ("admiralty-scale:source-reliability=\"b\"").confidence, 70);
    assert_int_equal(READ("Admiralty-Scale:Source-Reliability=\"B\"").confidence, 70);
    assert_int_equal(READ("admiralty-scale:source-reliability=b").confidence, 70);
    assert_int_equal(READ("admiralty-scale:source-reliability=\"f\"").confidence, -1);
    assert_int_equal(READ("admiralty-scale:information-credibility=\"5\"").confidence, 10);
    assert_int_equal(READ("admiralty-scale:information-credibility=\"6\"").confidence, -1);
    assert_int_equal(READ("estimative-language:likelihood-probability=\"very-likely\"").confidence, 87);
    assert_int_equal(READ("estimative-language:confidence-in-analytic-judgment=\"low\"").confidence, 15);
}

static void the_least_confidence_holds(void **state)
{
    assert_int_equal(
        READ("admiralty-scale:source-reliability=\"b\"", "misp:confidence-level=\"usually-confident\"")
            .confidence,
        70);
    assert_int_equal(
        READ("misp:confidence-level=\"unconfident\"", "admiralty-scale:source-reliability=\"a\"").confidence,
        0);
}

static void other_tags_say_nothing(void **state)
{
    struct tags_said said =
        READ("", "=", "\"", "=\"", "misp:confidence-level", "misp:confidence-level=", "a=b",
             "misp-galaxy:threat-actor=\"Example\"", "b=admiralty-scale:source-reliability");
    assert_int_equal(said.confidence, -1);
    assert_int_equal(said.tlp, TLP_NONE);
    assert_false(said.hides_source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_markings),
        cmocka_unit_test(an_unknown_marking_is_told),
        cmocka_unit_test(chatham_house_hides_the_source),
        cmocka_unit_test(reads_confidence),
        cmocka_unit_test(the_least_confidence_holds),
        cmocka_unit_test(other_tags_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
