#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "matcher/names_table.h"
#include "tests/unit/matcher/sample.h"

/* Scan one name as it is (no lower-casing here); bits of the indicators hit. */
static uint64_t scan_one(const struct names_table *t, const struct set_view *v, const char *name,
                         uint16_t port)
{
    struct batch b;
    struct piece p = {.kind = PIECE_NAME, .field = FIELD_DNS_QUERY, .port = port};
    uint64_t bits = 0;
    assert_true(batch_init(&b));
    batch_add(&b, &p, span_str(name));
    names_table_scan(t, v, &b);
    size_t n = hits_settle(&b.hits);
    for (size_t i = 0; i < n; i++)
        bits |= 1ull << b.hits.out[i].indicator;
    batch_fini(&b);
    return bits;
}

static void build(struct names_table *t, struct set *set)
{
    struct set_view v = set_view_of(set);
    struct routes routes;
    assert_true(routes_init(&routes, &v));
    assert_true(names_table_build(t, &v, &routes, NULL));
    routes_fini(&routes);
}

static const field_mask query = FIELD_BIT(FIELD_DNS_QUERY);

static void test_label_boundaries(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "higan.org", .fields = query),
        SAMPLE(IOC_DOMAIN, MATCH_BELOW, "higan.org", .fields = query),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "higan.org", .fields = query),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "www.higan.org", .fields = query),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "org", .fields = FIELD_BIT(FIELD_TLS_SNI)),
    };
    struct set *set = sample_set(samples, 5);
    struct set_view v = set_view_of(set);
    struct names_table t;
    (void)state;
    build(&t, set);
    assert_int_equal(scan_one(&t, &v, "higan.org", 0), 1 | 4);
    assert_int_equal(scan_one(&t, &v, "michigan.org", 0), 0);
    assert_int_equal(scan_one(&t, &v, "www.higan.org", 0), 1 | 2 | 8);
    assert_int_equal(scan_one(&t, &v, "a.www.higan.org", 0), 1 | 2);
    assert_int_equal(scan_one(&t, &v, "higan.org.x", 0), 0);
    assert_int_equal(scan_one(&t, &v, "igan.org", 0), 0);
    assert_int_equal(scan_one(&t, &v, ".higan.org", 0), 1 | 2);
    assert_int_equal(scan_one(&t, &v, "..", 0), 0);
    assert_int_equal(scan_one(&t, &v, ".", 0), 0);
    names_table_fini(&t);
    set_free(set);
}

/* Words of eight bytes are where a hash can go wrong: every length, alone and below every length of label. */
static void test_every_length(void **state)
{
    char name[256], below[600];
    (void)state;
    for (size_t len = 3; len <= 253; len++) {
        memset(name, 'a', len);
        for (size_t dot = len - 3; dot > 0; dot = dot > 40 ? dot - 40 : 0)
            name[dot] = '.';
        name[len] = '\0';
        const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, name, .fields = query)};
        struct set *set = sample_set(samples, 1);
        struct set_view v = set_view_of(set);
        struct names_table t;
        build(&t, set);
        assert_int_equal(scan_one(&t, &v, name, 0), 1);
        assert_int_equal(scan_one(&t, &v, name + 1, 0), 0);
        for (int pad = 0; pad < 20; pad++) {
            snprintf(below, sizeof below, "%.*s.%s", pad, "bbbbbbbbbbbbbbbbbbbb", name);
            assert_int_equal(scan_one(&t, &v, below, 0), 1);
            snprintf(below, sizeof below, "%.*sb%s", pad, "bbbbbbbbbbbbbbbbbbbb", name);
            assert_int_equal(scan_one(&t, &v, below, 0), 0);
        }
        names_table_fini(&t);
        set_free(set);
    }
}

static void test_most_labels(void **state)
{
    char name[255], longer[600];
    (void)state;
    for (int i = 0; i < 253; i++)
        name[i] = i % 2 ? '.' : 'a';
    name[253] = '\0';
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, name, .fields = query),
                                     SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "a.a", .fields = query)};
    struct set *set = sample_set(samples, 2);
    struct set_view v = set_view_of(set);
    struct names_table t;
    build(&t, set);
    assert_int_equal(scan_one(&t, &v, name, 0), 3);
    snprintf(longer, sizeof longer, "%s.%s", name, name);
    assert_int_equal(scan_one(&t, &v, longer, 0), 3);
    names_table_fini(&t);
    set_free(set);
}

static void test_ports(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.example:8443", .fields = query, .port = 8443),
        SAMPLE(IOC_DOMAIN_PORT, MATCH_SUFFIX, "evil.example:53", .fields = query, .port = 53),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "evil.example", .fields = query),
    };
    struct set *set = sample_set(samples, 3);
    struct set_view v = set_view_of(set);
    struct names_table t;
    (void)state;
    build(&t, set);
    assert_int_equal(scan_one(&t, &v, "evil.example", 0), 4);
    assert_int_equal(scan_one(&t, &v, "evil.example", 8443), 5);
    assert_int_equal(scan_one(&t, &v, "evil.example", 53), 6);
    assert_int_equal(scan_one(&t, &v, "a.evil.example", 53), 2);
    assert_int_equal(scan_one(&t, &v, "a.evil.example", 8443), 0);
    names_table_fini(&t);
    set_free(set);
}

static void test_empty(void **state)
{
    struct set *set = sample_set(NULL, 0);
    struct set_view v = set_view_of(set);
    struct names_table t;
    (void)state;
    build(&t, set);
    assert_int_equal(scan_one(&t, &v, "evil.example", 53), 0);
    names_table_fini(&t);
    set_free(set);
}

/* More probes in one batch than fit at once. */
static void test_many_names_in_a_batch(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.example", .fields = query)};
    struct set *set = sample_set(samples, 1);
    struct set_view v = set_view_of(set);
    struct names_table t;
    struct batch b;
    char name[40];
    (void)state;
    build(&t, set);
    assert_true(batch_init(&b));
    for (uint32_t i = 0; i < 1000; i++) {
        struct piece p = {.kind = PIECE_NAME, .field = FIELD_DNS_QUERY, .cookie = i, .order = i};
        snprintf(name, sizeof name, "h%u.%s.example", i, i % 3 ? "good" : "evil");
        batch_add(&b, &p, span_str(name));
    }
    names_table_scan(&t, &v, &b);
    assert_int_equal(hits_settle(&b.hits), 334);
    for (uint32_t i = 0; i < 334; i++)
        assert_int_equal(b.hits.out[i].cookie, 3 * i);
    batch_fini(&b);
    names_table_fini(&t);
    set_free(set);
}

/* ---- the table below ---- */

static uint32_t count_found(const struct key_table *t, uint64_t hash)
{
    uint32_t n = 0;
    if (!key_table_maybe(t, hash))
        return 0;
    const struct key_entry *end, *e = key_table_bucket(t, hash, &end);
    for (; e < end; e++)
        n += e->tag == (uint32_t)hash;
    return n;
}

static void test_key_table_finds_all(void **state)
{
    enum { N = 50000 };
    uint64_t *hashes = malloc(N * sizeof *hashes);
    uint32_t *indicators = malloc(N * sizeof *indicators);
    struct key_table t;
    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        hashes[i] = key_mix(i / 2 + 1, 0xa0761d6478bd642full); /* each twice */
        indicators[i] = i;
    }
    assert_true(key_table_build(&t, hashes, indicators, N, NULL));
    for (uint32_t i = 0; i < N; i++)
        assert_in_range(count_found(&t, hashes[i]), 2, 4);
    uint32_t n_false = 0;
    for (uint32_t i = 0; i < N; i++)
        n_false += key_table_maybe(&t, key_mix(i + 1000000, 0xa0761d6478bd642full));
    assert_in_range(n_false, 0, N / 40);
    key_table_fini(&t);
    free(hashes);
    free(indicators);
}

static void test_key_table_map_checks(void **state)
{
    const uint64_t hashes[] = {1, 0xffffffffffffffffull, 0x8000000000000000ull};
    const uint32_t indicators[] = {0, 1, 2};
    struct key_table t, mapped;
    (void)state;
    assert_true(key_table_build(&t, hashes, indicators, 3, NULL));
    assert_true(key_table_map(&mapped, t.block, 3, NULL));
    assert_int_equal(count_found(&mapped, hashes[1]), 1);
    assert_false(key_table_map(&mapped, t.block, 2, NULL)); /* an indicator too far */
    for (size_t len = 1; len < t.block.len; len++) {
        struct span cut = sample_exact(span_first(t.block, len));
        assert_false(key_table_map(&mapped, cut, 3, NULL));
        sample_release(cut);
    }
    struct span copy = sample_exact(t.block);
    uint32_t *words = (uint32_t *)(uintptr_t)copy.ptr;
    for (size_t i = 0; i < copy.len / 4; i++) {
        uint32_t kept = words[i];
        words[i] = UINT32_MAX; /* refused, or harmless: in a tag or the Bloom filter */
        if (key_table_map(&mapped, copy, 3, NULL))
            for (int h = 0; h < 3; h++)
                count_found(&mapped, hashes[h]);
        words[i] = kept;
    }
    assert_true(key_table_map(&mapped, span_of(NULL, 0), 3, NULL));
    assert_int_equal(mapped.n, 0);
    sample_release(copy);
    key_table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_boundaries),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_most_labels),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_many_names_in_a_batch),
        cmocka_unit_test(test_key_table_finds_all),
        cmocka_unit_test(test_key_table_map_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
