#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/matcher/sample.h"

static void count_refused(void *to, uint32_t indicator, const char *why)
{
    assert_true(why[0] != '\0');
    *(uint64_t *)to |= 1ull << indicator;
}

static void test_stats(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com"),
        SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.com:81", .port = 81),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "192.0.2.0/24"),
        SAMPLE(IOC_RANGE6, MATCH_RANGE, "::1-::5"),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/"),
        SAMPLE(IOC_URI_PATH, MATCH_PREFIX, "/gate?"),
        SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "evil-*.com"),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "evil"),
        SAMPLE(IOC_JA3, MATCH_EXACT, "e7d705a3286e19ea42f587b344ee6865"),
        SAMPLE(IOC_MD5, MATCH_EXACT, "d41d8cd98f00b204e9800998ecf8427e", .fields = 1),
    };
    struct db *db = sample_db(samples, 11, NAMES_AUTO);
    const struct db_stats *s = db_stats(db);
    (void)state;
    assert_int_equal(s->n_names, 2);
    assert_int_equal(s->n_addresses, 1);
    assert_int_equal(s->n_ranges, 2);
    assert_int_equal(s->n_urls, 2);
    assert_int_equal(s->n_wildcards, 1);
    assert_int_equal(s->n_regexes, 1);
    assert_int_equal(s->n_exact_texts, 1);
    assert_int_equal(s->n_refused, 0);
    assert_int_equal(s->names_engine, NAMES_HYPERSCAN);
    assert_true(s->names_bytes && s->patterns_bytes && s->addresses_bytes && s->set_bytes);
    assert_true(s->compile_seconds > 0);
    assert_false(s->from_cache);
    assert_int_equal(db_set(db)->n_indicators, 11);
    db_free(db);
    db_free(NULL);
}

static void test_threshold(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "a.com"),
                                     SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "b.com")};
    (void)state;
    for (uint32_t threshold = 1; threshold <= 2; threshold++) {
        struct db_options options = {.names_threshold = threshold};
        struct db *db;
        assert_true(db_build(sample_set(samples, 2), &options, &db, NULL));
        assert_int_equal(db_stats(db)->names_engine, threshold == 1 ? NAMES_TABLE : NAMES_HYPERSCAN);
        db_free(db);
    }
}

/* Values that are not canonical are refused, not matched by accident. */
static void test_unroutable(void **state)
{
    static char too_long[300];
    memset(too_long, 'a', 254);
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, ""),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil\x01.com"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, too_long),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, ".evil.com"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil..com"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com."),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.256"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "192.0.2.0/33"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "192.0.2.0"),
        SAMPLE(IOC_RANGE4, MATCH_RANGE, "192.0.2.9-192.0.2.1"),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://a b/"),
        SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.com", .port = 1),
        SAMPLE(IOC_CIDR6, MATCH_CIDR, "::/"),
        SAMPLE(IOC_IP_PORT, MATCH_EXACT, "[::1:80", .port = 80),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "good.com"),
    };
    uint64_t refused = 0;
    struct db_options options = {.refused = count_refused, .refused_to = &refused};
    struct db *db;
    (void)state;
    assert_true(db_build(sample_set(samples, 15), &options, &db, NULL));
    assert_int_equal(refused, (1 << 14) - 1);
    assert_int_equal(db_stats(db)->n_refused, 14);
    struct scanner *s = scanner_new(db, NULL);
    scan_add_name(s, FIELD_TLS_SNI, SPAN_LIT("www.good.com"), 0, 0);
    assert_int_equal(sample_run(s), 1 << 14);
    scanner_free(s);
    db_free(db);
}

static void copy_generation(const struct sample *samples, size_t n, char out[17])
{
    struct db *db = sample_db(samples, n, NAMES_AUTO);
    memcpy(out, db_generation(db), 17);
    db_free(db);
}

static void test_generation(void **state)
{
    struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "a.com"),
                               SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "b.com")};
    char first[17], again[17], other[17];
    (void)state;
    copy_generation(samples, 2, first);
    copy_generation(samples, 2, again);
    assert_int_equal(strspn(first, "0123456789abcdef"), 16);
    assert_string_equal(first, again);
    copy_generation(samples, 1, other);
    assert_string_not_equal(first, other);
    samples[1].match = MATCH_EXACT;
    copy_generation(samples, 2, other);
    assert_string_not_equal(first, other);
    samples[1].match = MATCH_SUFFIX;
    samples[1].value = "c.com";
    copy_generation(samples, 2, other);
    assert_string_not_equal(first, other);
}

/* What a list says counts, where it lies does not. */
static void test_generation_of_contexts(void **state)
{
    static const char *const paths[] = {"a/list.txt", "b/list.txt", "a/list.txt"};
    static const enum tlp tlps[] = {TLP_GREEN, TLP_GREEN, TLP_RED};
    char generations[3][17];
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct set *s = set_new();
        struct context_in c = {.valid_until = INT64_MAX, .tlp = tlps[i], .confidence = -1};
        struct indicator_in in = {
            .type = IOC_DOMAIN, .match = MATCH_SUFFIX, .fields = 1, .value = SPAN_LIT("a.com")};
        uint32_t list, context;
        bool is_new;
        struct db *db;
        assert_true(set_add_list(s, SPAN_LIT("list"), span_str(paths[i]), &list, NULL));
        assert_true(set_add_context(s, &c, &context, NULL));
        assert_true(set_add(s, &in, list, 1, context, &is_new, NULL));
        assert_true(db_build(s, NULL, &db, NULL));
        memcpy(generations[i], db_generation(db), 17);
        db_free(db);
    }
    assert_string_equal(generations[0], generations[1]);
    assert_string_not_equal(generations[0], generations[2]);
}

/* Two lists, each naming both indicators, in both orders; then with the lists' lines exchanged, which is something else. */
static void test_generation_of_orders(void **state)
{
    static const char *const names[] = {"one", "two"}, *const values[] = {"a.com", "b.com"};
    char generations[3][17];
    (void)state;
    for (unsigned order = 0; order < 3; order++) {
        struct set *s = set_new();
        struct context_in c = {.valid_until = INT64_MAX, .confidence = -1};
        struct db *db;
        for (unsigned i = 0; i < 2; i++) {
            unsigned which = i ^ (order & 1);
            uint32_t list, context;
            assert_true(set_add_list(s, span_str(names[which]), SPAN_LIT("path"), &list, NULL));
            assert_true(set_add_context(s, &c, &context, NULL));
            for (unsigned k = 0; k < 2; k++) {
                unsigned value = k ^ (order & 1);
                struct indicator_in in = {
                    .type = IOC_DOMAIN, .match = MATCH_SUFFIX, .fields = 1, .value = span_str(values[value])};
                uint32_t line = order == 2 ? 10 - which : 1 + which;
                bool is_new;
                assert_true(set_add(s, &in, list, line, context, &is_new, NULL));
            }
        }
        assert_true(db_build(s, NULL, &db, NULL));
        memcpy(generations[order], db_generation(db), 17);
        db_free(db);
    }
    assert_string_equal(generations[0], generations[1]);
    assert_string_not_equal(generations[0], generations[2]);
}

/* Twenty thousand names by either engine: all are found, their near misses are not. */
static void test_many(void **state)
{
    enum { N = 20000 };
    struct sample *samples = calloc(N, sizeof *samples);
    char(*names)[24] = calloc(N, sizeof *names);
    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "h%d.evil%d.com", i, i % 7);
        samples[i] = (struct sample)SAMPLE(IOC_DOMAIN, i % 2 ? MATCH_EXACT : MATCH_SUFFIX, names[i]);
    }
    for (enum names_engine e = NAMES_HYPERSCAN; e <= NAMES_TABLE; e++) {
        struct db *db = sample_db(samples, N, e);
        struct scanner *s = scanner_new(db, NULL);
        char text[40];
        for (uint32_t i = 0; i < N; i++) {
            scan_add_name(s, FIELD_TLS_SNI, span_str(names[i]), 0, i);
            snprintf(text, sizeof text, "x.%s", names[i]);
            scan_add_name(s, FIELD_DNS_QUERY, span_str(text), 0, i);
            snprintf(text, sizeof text, "x%s", names[i]);
            scan_add_name(s, FIELD_QUIC_SNI, span_str(text), 0, i);
        }
        const struct hit *hits;
        assert_int_equal(scan_run(s, &hits), N + N / 2);
        for (uint32_t i = 0; i < N + N / 2; i++)
            assert_int_equal(hits[i].indicator, hits[i].cookie);
        scanner_free(s);
        db_free(db);
    }
    free(names);
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_unroutable),
        cmocka_unit_test(test_generation),
        cmocka_unit_test(test_generation_of_contexts),
        cmocka_unit_test(test_generation_of_orders),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
