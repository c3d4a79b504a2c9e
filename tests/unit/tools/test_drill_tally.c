/* drill_tally.c: what a report finds of what is expected, by value, by what was seen, by text, by conversation alone; files that are neither. */
#include "tools/drill_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ENDS                                                                                                 \
    "\"way\":\"dns\",\"src_ip\":\"198.18.1.1\",\"src_port\":1024,\"dest_ip\":\"198.19.0.53\",\"dest_port\":" \
    "53"
#define DOMAIN                                                                                               \
    "{\"kind\":\"alert\",\"type\":\"domain\",\"value\":\"evil.test\",\"observed\":\"www.evil.test\"," ENDS "}"
#define ADDRESS                                                                                              \
    "{\"kind\":\"alert\",\"type\":\"ipv4\",\"value\":\"192.0.2.1\",\"observed\":\"192.0.2.1\"," ENDS "}"
#define TRAP                                                                                                 \
    "{\"kind\":\"trap\",\"name\":\"notevil.test\",\"near\":\"evil.test\",\"way\":\"tls\",\"src_ip\":\"2001:" \
    "2::1\",\"src_port\":1,"                                                                                 \
    "\"dest_ip\":\"2001:2::2\",\"dest_port\":2}"
#define OMITTED "{\"kind\":\"omitted\",\"type\":\"ja3\",\"value\":\"x\",\"reason\":\"digest\"}"

/* Its name, to be unlinked by the caller. */
static char *file_of(const char *text)
{
    static char names[2][32];
    static unsigned n;
    char *name = names[n++ % 2];
    snprintf(name, sizeof names[0], "/tmp/vedette-tally.XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return name;
}

static struct drill_tally tally_of(const char *expected, bool is_right)
{
    struct drill_tally t;
    char *name = file_of(expected);
    assert_true(drill_tally_init(&t));
    assert_int_equal(drill_tally_expect(&t, name), is_right);
    unlink(name);
    return t;
}

#define REPORTED(ends, rest) "{\"msg\":\"" rest "\"," ends "}\n"
#define AT_BOTH              "\"src_ap\":\"198.19.0.53:53\",\"dst_ap\":\"198.18.1.1:1024\""
#define AT_TRAP              "\"src_ap\":\"2001:2::1:1\",\"dst_ap\":\"2001:2::2:2\""
#define ELSEWHERE            "\"src_ap\":\"198.18.1.1:1024\",\"dst_ap\":\"198.19.0.53:54\""

/* Which of DOMAIN and ADDRESS are found (bits 1, 2), and how much is too much. */
static void expect(const char *report, unsigned found, size_t n_extras, uint64_t n_trapped)
{
    struct drill_tally t = tally_of(DOMAIN "\n" ADDRESS "\n" TRAP "\n" OMITTED "\n", true);
    char *name = file_of(report);
    assert_true(drill_tally_report(&t, name));
    unlink(name);
    assert_int_equal(t.n, 3);
    assert_int_equal(t.n_traps, 1);
    assert_int_equal(t.n_omitted, 1);
    assert_int_equal((t.items[0].is_found ? 1 : 0) | (t.items[1].is_found ? 2 : 0), found);
    assert_int_equal(t.n_extras, n_extras);
    assert_int_equal(t.n_trapped, n_trapped);
    drill_tally_fini(&t);
}

static void test_who_is_meant(void **state)
{
    (void)state;
    expect("", 0, 0, 0);
    expect(REPORTED(AT_BOTH, "bad: evil.test"), 1, 0, 0);
    expect(REPORTED(AT_BOTH, "192.0.2.1 again") REPORTED(AT_BOTH, "192.0.2.1 again"), 2, 0, 0);
    expect(REPORTED(AT_BOTH, "says nothing"), 3, 0, 0);
    expect(REPORTED(ELSEWHERE, "evil.test"), 0, 1, 0);
    expect(REPORTED(AT_TRAP, "evil.test"), 0, 1, 1);
    expect("{\"id.orig_h\":\"198.18.1.1\",\"id.orig_p\":1024,\"id.resp_h\":\"198.19.0.53\",\"id.resp_p\":53,"
           "\"seen.indicator\":\"WWW.evil.test\"}\n",
           1, 0, 0);
    expect("\"t\" s 198.18.1.1 1024 198.19.0.53 53 UDP DNS (www.)evil.test x y\n", 1, 0, 0);
    expect("\"t\" s 198.18.1.1 1024 198.19.0.53 53 UDP DNS other.test x y\n", 0, 1, 0);
}

/* The same indicator seen twice in one conversation is one. */
static void test_leader(void **state)
{
    struct drill_tally t = tally_of(DOMAIN "\n" DOMAIN "\n" ADDRESS "\n", true);
    (void)state;
    assert_int_equal(t.items[0].leader, 0);
    assert_int_equal(t.items[1].leader, 0);
    assert_int_equal(t.items[2].leader, 2);
    drill_tally_fini(&t);
}

static void test_no_expectations(void **state)
{
    static const char *const texts[] = {"x\n", "{}\n", "{\"kind\":\"alert\"}\n",
                                        DOMAIN "\n{\"kind\":\"other\"}\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct drill_tally t = tally_of(texts[i], false);
        drill_tally_fini(&t);
    }
    struct drill_tally t;
    assert_true(drill_tally_init(&t));
    assert_false(drill_tally_expect(&t, "/nowhere/expected.json"));
    drill_tally_fini(&t);
}

static void test_cut(void **state)
{
    (void)state;
    for (size_t n = 1; n < sizeof DOMAIN - 1; n++) {
        char text[sizeof DOMAIN];
        memcpy(text, DOMAIN, n);
        text[n] = '\0';
        struct drill_tally t = tally_of(text, false);
        drill_tally_fini(&t);
    }
}

static void test_no_report(void **state)
{
    struct drill_tally t = tally_of(DOMAIN "\n", true);
    char *name = file_of("some text\n");
    (void)state;
    assert_false(drill_tally_report(&t, name));
    assert_false(drill_tally_report(&t, "/nowhere/eve.json"));
    unlink(name);
    drill_tally_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_meant),    cmocka_unit_test(test_leader),
        cmocka_unit_test(test_no_expectations), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_no_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
