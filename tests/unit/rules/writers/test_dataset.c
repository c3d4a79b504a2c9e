#include "tests/unit/rules/writers/writer_harness.h"

/* Base64 of a.example, ab.example, abc.example: each padding; and of .d.example. */
static void writes_names(void **state)
{
    written_expect("match: exact\nindicators: [a.example, ab.example, abc.example, {domain: d.example, "
                   "match: suffix}]\n",
                   TARGET_DATASET, TLP_NONE,
                   "YS5leGFtcGxl\nYWIuZXhhbXBsZQ==\nYWJjLmV4YW1wbGU=\nLmQuZXhhbXBsZQ==\n", "");
}

static void leaves_out_the_rest(void **state)
{
    written_expect("indicators: [{domain: a.example, match: below}, 192.0.2.1, http://a.example/b]\nallow: "
                   "[a.example]\n",
                   TARGET_DATASET, TLP_NONE, "",
                   "left-out domain below 1 @1\nleft-out ipv4 exact 1 @1\nleft-out url exact 1 @1\nallow "
                   "domain suffix 1 @2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_names), cmocka_unit_test(leaves_out_the_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
