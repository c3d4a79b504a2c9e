/* output_config.c: what -o takes, what it refuses and why, and what stands when nothing is said. */
#include "outputs/output_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena texts;

static struct output_config good(const char *text)
{
    struct output_config c;
    struct err err = {0};
    if (!output_config_read(text, &c, &texts, &err))
        fail_msg("%s: %s", text, err.what);
    return c;
}

static void test_paths(void **state)
{
    struct output_config c = good("alerts,1.json"); /* a path alone is taken as it is */
    assert_int_equal(c.type, OUTPUT_FILE);
    assert_string_equal(c.target, "alerts,1.json");
    c = good("file:/var/log/a.json,max_tlp=green,eve=7,rotate_mib=10,fsync=always,mode=append");
    assert_string_equal(c.target, "/var/log/a.json");
    assert_int_equal(c.max_tlp, TLP_GREEN);
    assert_int_equal(c.eve_version, 7);
    assert_int_equal(c.rotate_bytes, 10 << 20);
    assert_int_equal(c.fsync, FSYNC_ALWAYS);
    assert_int_equal(c.mode, MODE_APPEND);
}

static void test_kafka(void **state)
{
    struct output_config c = good("kafka:alerts@a.example:9092+b.example,key=indicator,kafka.security."
                                  "protocol=ssl,spill=/s,spill_mib=2");
    assert_string_equal(c.target, "alerts@a.example:9092+b.example");
    assert_int_equal(c.key, KEY_INDICATOR);
    assert_int_equal(c.n_settings, 1);
    assert_string_equal(c.settings[0].name, "security.protocol");
    assert_string_equal(c.settings[0].value, "ssl");
    assert_string_equal(c.spill_dir, "/s");
    assert_int_equal(c.spill_bytes, 2 << 20);
}

static void test_ceilings(void **state)
{
    static const struct {
        const char *text;
        enum tlp ceiling;
    } rows[] = {
        {"-", TLP_RED},
        {"unix:/s", TLP_RED},
        {"unixgram:/s", TLP_RED},
        {"syslog:", TLP_RED},
        {"syslog:/dev/log", TLP_RED},
        {"syslog:udp://log.example", TLP_AMBER},
        {"kafka:t@b.example", TLP_AMBER},
        {"redis:s@r.example", TLP_AMBER},
        {"redis:s@/run/redis.sock", TLP_RED},
        {"kafka:t@b.example,max_tlp=red", TLP_RED},
        {"unix:/s,max_tlp=amber+strict", TLP_AMBER_STRICT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct output_config c = good(rows[i].text);
        assert_int_equal(output_ceiling(&c), rows[i].ceiling);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"file:", "file: wants a path"},
        {"file:a,colour=red", "file outputs have no \"colour\""},
        {"unix:/s,fsync=none", "unix outputs have no \"fsync\""},
        {"file:a,eve=9", "eve wants 7 or 8, not \"9\""},
        {"file:a,max_tlp=pink", "max_tlp wants clear, green, amber, amber+strict or red, not \"pink\""},
        {"file:a,", "wants KEY=VALUE behind the comma, not \"\""},
        {"file:a,name=../x", "name wants letters, digits, - and _, at most 64, not \"../x\""},
        {"kafka:topic", "kafka: wants TOPIC@HOST"},
        {"kafka:@b.example", "kafka: wants TOPIC@HOST"},
        {"redis:s@", "redis: wants STREAM@HOST"},
        {"syslog:log.example", "syslog: wants nothing, a path, udp://HOST or tcp://HOST"},
        {"file:a,queue_mib=65", "queue_mib wants a number from 1 to 64, not \"65\""},
        {"file:a,rotate_s=99999999999999999999", "rotate_s wants a number from 1 to 31536000, not "
                                                 "\"99999999999999999999\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct output_config c;
        struct err err = {0};
        assert_false(output_config_read(rows[i].text, &c, &texts, &err));
        assert_string_equal(err.what, rows[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_kafka),
                                       cmocka_unit_test(test_ceilings), cmocka_unit_test(test_refused)};
    arena_init(&texts, 1 << 12, 1 << 20);
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&texts);
    return status;
}
