#include "tests/unit/rules/writers/writer_harness.h"

#define HEAD "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n"

static void writes_lines(void **state)
{
    written_expect("name: c2\nindicators:\n"
                   "- {domain: a.example, match: exact, org: CSIRT, description: \"a\\tb\\nc\\\\\", "
                   "reference: 'https://r.example/'}\n"
                   "- 192.0.2.1\n- 192.0.2.4-192.0.2.6\n- 2001:db8::/32\n- http://a.example:8080/b\n- "
                   "https://a.example/b\n- a.example/b\n"
                   "- {user_agent: '#x y'}\n- {cert_sha1: 0123456789abcdef0123456789abcdef01234567}\n"
                   "- a@b.example\n- {domain: a.example, match: exact, list: -}\n",
                   TARGET_ZEEK, TLP_NONE,
                   HEAD "a.example\tIntel::DOMAIN\tCSIRT\ta b c\\x5c\thttps://r.example/\n"
                        "a.example\tIntel::DOMAIN\t-\t-\t-\n"
                        "192.0.2.1\tIntel::ADDR\tc2\t-\t-\n"
                        "192.0.2.4/31\tIntel::SUBNET\tc2\t-\t-\n"
                        "192.0.2.6\tIntel::ADDR\tc2\t-\t-\n"
                        "2001:db8::/32\tIntel::SUBNET\tc2\t-\t-\n"
                        "a.example:8080/b\tIntel::URL\tc2\t-\t-\n"
                        "a.example/b\tIntel::URL\tc2\t-\t-\n"
                        "a.example/b\tIntel::URL\tc2\t-\t-\n"
                        "\\x23x y\tIntel::SOFTWARE\tc2\t-\t-\n"
                        "0123456789abcdef0123456789abcdef01234567\tIntel::CERT_HASH\tc2\t-\t-\n"
                        "a@b.example\tIntel::EMAIL\tc2\t-\t-\n",
                   "");
}

static void counts_what_means_less_or_nothing_there(void **state)
{
    written_expect("name: c2\nindicators: [a.example, http://a.example/b*, {domain: b.example, match: "
                   "below}, 192.0.2.1:80, /c, {regex: d}]\n"
                   "allow: [c.example]\n",
                   TARGET_ZEEK, TLP_NONE,
                   HEAD "a.example\tIntel::DOMAIN\tc2\t-\t-\na.example/b\tIntel::URL\tc2\t-\t-\n",
                   "left-out domain below 1 @2\nleft-out ip_port exact 1 @2\nleft-out uri_path exact 1 "
                   "@2\nleft-out regex regex 1 @2\n"
                   "allow domain suffix 1 @3\nnarrowed domain suffix 1 @2\nnarrowed url prefix 1 @2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_lines),
                                       cmocka_unit_test(counts_what_means_less_or_nothing_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
