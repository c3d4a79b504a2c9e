/* networks.c: the networks of a range are in order, leave nothing out and add nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/writers/networks.h"

static void expect(const char *range, const char *wanted)
{
    struct networks n;
    struct ip ip;
    unsigned bits;
    char all[2048] = "", one[NETWORK_TEXT_MAX];
    assert_true(networks_of(span_str(range), &n));
    while (networks_next(&n, &ip, &bits)) {
        network_format(&ip, bits, one);
        strcat(strcat(all, all[0] ? " " : ""), one);
    }
    assert_string_equal(all, wanted);
    assert_false(networks_next(&n, &ip, &bits));
}

static void splits(void **state)
{
    expect("192.0.2.1", "192.0.2.1");
    expect("192.0.2.0/24", "192.0.2.0/24");
    expect("192.0.2.0-192.0.2.255", "192.0.2.0/24");
    expect("192.0.2.1-192.0.2.9", "192.0.2.1 192.0.2.2/31 192.0.2.4/30 192.0.2.8/31");
    expect("0.0.0.0-255.255.255.255", "0.0.0.0/0");
    expect("255.255.255.254-255.255.255.255", "255.255.255.254/31");
    expect("2001:db8::/32", "2001:db8::/32");
    expect("2001:db8::-2001:db8::2", "2001:db8::/127 2001:db8::2");
    expect("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
}

static void refuses(void **state)
{
    struct networks n;
    assert_false(networks_of(SPAN_LIT("a.example"), &n));
    assert_false(networks_of(SPAN_LIT("192.0.2.1-b"), &n));
    assert_false(networks_of(SPAN_LIT("2001:db8::/129"), &n));
    assert_false(networks_of(SPAN_LIT(""), &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(splits), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
