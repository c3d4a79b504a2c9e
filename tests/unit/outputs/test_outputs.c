/* outputs.c: each output gets what it may show, in the shape it wants; what it does not get is counted; the sums hold. */
#include "outputs/outputs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/outputs/temporary.h"

enum { START_S = 1767323045 };

static char folder[FOLDER_ROOM], paths[4][FOLDER_PATH_ROOM];
static struct db *db;

static void add(struct set *set, const char *value, enum tlp tlp, int confidence, uint32_t list)
{
    uint32_t context;
    bool is_new;
    struct context_in c = {
        .valid_from = INT64_MIN, .valid_until = INT64_MAX, .tlp = tlp, .confidence = confidence};
    struct indicator_in in = {.type = IOC_DOMAIN,
                              .match = MATCH_SUFFIX,
                              .fields = ioc_default_fields(IOC_DOMAIN),
                              .value = span_str(value)};
    assert_true(set_add_context(set, &c, &context, NULL));
    assert_true(set_add(set, &in, list, 1, context, &is_new, NULL));
}

static int begin(void **state)
{
    struct set *set = set_new();
    uint32_t list;
    assert_true(set_add_list(set, SPAN_LIT("list"), SPAN_LIT("list.txt"), &list, NULL));
    add(set, "red.example", TLP_RED, 90, list);
    add(set, "green.example", TLP_GREEN, 10, list);
    add(set, "unmarked.example", TLP_NONE, 90, list);
    assert_true(db_build(set, NULL, &db, NULL));
    folder_make(folder);
    for (int i = 0; i < 4; i++)
        folder_path(folder, (const char *[]){"a", "b", "c", "d"}[i], paths[i]);
    return 0;
}

static int end(void **state)
{
    folder_remove(folder);
    db_free(db);
    return 0;
}

static void alert(struct outputs_tap *tap, uint32_t indicator, int64_t at_s)
{
    uint8_t address[4] = {192, 0, 2, 1};
    struct event e = {.kind = EVENT_FLOW,
                      .proto = 17,
                      .ip_version = 4,
                      .is_to_server = true,
                      .src = ip_from_v4(address),
                      .dst = ip_from_v4(address),
                      .ts_ns = (START_S + at_s) * INT64_C(1000000000)};
    assert_true(outputs_alert(tap, &(struct alert){.event = &e,
                                                   .db = db,
                                                   .indicator = indicator,
                                                   .field = FIELD_DNS_QUERY,
                                                   .observed = SPAN_LIT("x")}));
}

/* How often the file says so. */
static size_t count_in(const char *path, const char *what)
{
    static char text[1 << 16];
    size_t n = 0;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    for (const char *at = text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static struct outputs *make(const struct output_config *configs, size_t n, bool is_live,
                            struct threshold_options t)
{
    static const char *const sources[] = {"x.pcap"};
    struct err err = {0};
    struct outputs *o = outputs_new(&(struct outputs_options){.configs = configs,
                                                              .n = n,
                                                              .eve = {.version = 8, .sources = sources},
                                                              .is_live = is_live,
                                                              .threshold = t},
                                    &err);
    if (!o)
        fail_msg("%s", err.what);
    assert_true(outputs_start(o, &err));
    return o;
}

static void check_counts(const struct outputs *o, size_t i, uint64_t written, uint64_t withheld,
                         uint64_t filtered)
{
    struct output_counts c;
    outputs_counts(o, i, &c);
    assert_true(output_sums_hold(&c));
    assert_int_equal(c.written, written);
    assert_int_equal(c.withheld, withheld);
    assert_int_equal(c.filtered, filtered);
}

static void run_ceilings(bool is_live)
{
    const struct output_config configs[] = {
        {.type = OUTPUT_FILE, .target = paths[0], .mode = MODE_REPLACE},
        {.type = OUTPUT_FILE,
         .target = paths[1],
         .mode = MODE_REPLACE,
         .max_tlp = TLP_AMBER,
         .eve_version = 7},
        {.type = OUTPUT_FILE, .target = paths[2], .mode = MODE_REPLACE, .max_tlp = TLP_GREEN},
        {.type = OUTPUT_FILE, .target = paths[3], .mode = MODE_REPLACE, .max_severity = 1}};
    struct err err = {0};
    struct outputs *o = make(configs, 4, is_live, (struct threshold_options){0});
    struct outputs_tap *tap = outputs_tap(o);
    for (uint32_t i = 0; i < 3; i++)
        alert(tap, i, 0);
    assert_true(outputs_flushed(tap, 0));
    assert_true(outputs_write_stats(o, SPAN_LIT("{\"event_type\":\"stats\"}\n")));
    assert_true(outputs_end(o, &err));
    check_counts(o, 0, 4, 0, 0);
    check_counts(o, 1, 2, 1, 1); /* stats name lists: they stay where all may be told */
    check_counts(o, 2, 1, 2, 1);
    check_counts(o, 3, 3, 0, 1);
    outputs_free(o);
    assert_int_equal(count_in(paths[0], "red.example"), 2); /* value and signature */
    assert_int_equal(count_in(paths[1], "red.example"), 0);
    assert_int_equal(count_in(paths[1], "\"metadata\":{\"ioc\""), 2);
    assert_int_equal(count_in(paths[2], "\n"), 1);
    assert_int_equal(count_in(paths[2], "green.example"), 2);
    assert_int_equal(count_in(paths[3], "green.example"), 0);
}

static void test_ceilings(void **state)
{
    run_ceilings(false);
}

static void test_ceilings_live(void **state)
{
    run_ceilings(true);
}

static void test_threshold(void **state)
{
    const struct output_config config = {.type = OUTPUT_FILE, .target = paths[0]};
    struct err err = {0};
    struct threshold_counts c;
    struct outputs *o = make(&config, 1, false, (struct threshold_options){.count = 1, .seconds = 10});
    struct outputs_tap *tap = outputs_tap(o);
    for (int i = 0; i < 5; i++)
        alert(tap, 0, i);
    alert(tap, 0, 20);
    assert_true(outputs_close_windows(o));
    assert_true(outputs_end(o, &err));
    outputs_threshold_counts(o, &c);
    assert_int_equal(c.passed, 2);
    assert_int_equal(c.told, 4);
    check_counts(o, 0, 3, 0, 0);
    outputs_free(o);
    assert_int_equal(count_in(paths[0],
                              "\"repeats\":{\"count\":4,\"first\":\"2026-01-02T03:04:06.000000+0000\","
                              "\"last\":\"2026-01-02T03:04:09.000000+0000\"}"),
                     1);
}

/* What an output does not get does not use up its windows, nor is it among those counted. */
static void test_threshold_and_ceiling(void **state)
{
    const struct output_config configs[] = {{.type = OUTPUT_FILE, .target = paths[0]},
                                            {.type = OUTPUT_FILE, .target = paths[1], .max_tlp = TLP_GREEN}};
    struct err err = {0};
    struct outputs *o = make(configs, 2, false,
                             (struct threshold_options){.count = 1, .seconds = 10, .by = THRESHOLD_CLIENT});
    struct outputs_tap *tap = outputs_tap(o);
    alert(tap, 0, 0);
    alert(tap, 1, 1);
    alert(tap, 1, 2);
    alert(tap, 0, 3);
    assert_true(outputs_close_windows(o));
    assert_true(outputs_end(o, &err));
    check_counts(o, 0, 2, 0, 0);
    check_counts(o, 1, 2, 2, 0);
    outputs_free(o);
    assert_int_equal(count_in(paths[0], "\"repeats\":{\"count\":3"), 1);
    assert_int_equal(count_in(paths[1], "green.example"), 4);
    assert_int_equal(count_in(paths[1], "\"repeats\":{\"count\":1"), 1);
}

/* The same place twice would be two writers of one file. */
static void test_same_twice(void **state)
{
    const struct output_config configs[] = {{.type = OUTPUT_FILE, .target = paths[0]},
                                            {.type = OUTPUT_FILE, .target = paths[0]}};
    struct err err = {0};
    assert_null(outputs_new(&(struct outputs_options){.configs = configs, .n = 2}, &err));
    assert_non_null(strstr(err.what, "two outputs are called"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ceilings, begin, end),
        cmocka_unit_test_setup_teardown(test_ceilings_live, begin, end),
        cmocka_unit_test_setup_teardown(test_threshold, begin, end),
        cmocka_unit_test_setup_teardown(test_threshold_and_ceiling, begin, end),
        cmocka_unit_test_setup_teardown(test_same_twice, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
