/* matcher/bloom.c: which texts are looked up in a filter, and in which filter. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "matcher/bloom.h"
#include "tests/unit/matcher/sample.h"

#define QUERY FIELD_BIT(FIELD_DNS_QUERY)

struct fixture {
    struct db *db;
    struct scanner *s;
};

static void setup(struct fixture *f, const struct sample *samples, size_t n)
{
    f->db = sample_db(samples, n, NAMES_AUTO);
    f->s = scanner_new(f->db, NULL);
    assert_non_null(f->s);
}

static void teardown(struct fixture *f)
{
    scanner_free(f->s);
    db_free(f->db);
}

/* Bits of the indicators that hit this name, in a block of its exact size. */
static uint64_t name_in(struct fixture *f, enum field field, struct span name)
{
    struct span exact = sample_exact(name);
    scan_add_name(f->s, field, exact, 0, 0);
    uint64_t bits = sample_run(f->s);
    sample_release(exact);
    return bits;
}

static uint64_t query(struct fixture *f, const char *name)
{
    return name_in(f, FIELD_DNS_QUERY, span_str(name));
}

static void names_and_what_lies_below(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.example deep.bot.example"),
        SAMPLE(IOC_BLOOM, MATCH_EXACT, "evil.example deep.bot.example"),
    };
    struct fixture f;
    setup(&f, samples, 2);
    assert_int_equal(query(&f, "evil.example"), 3);
    assert_int_equal(query(&f, "EVIL.Example."), 3);
    assert_int_equal(query(&f, "www.evil.example"), 1);
    assert_int_equal(query(&f, "a.b.c.d.evil.example"), 1);
    assert_int_equal(query(&f, ".evil.example"), 1);
    assert_int_equal(query(&f, "deep.bot.example"), 3);
    assert_int_equal(query(&f, "x.deep.bot.example"), 1);
    assert_int_equal(query(&f, "bot.example"), 0);
    assert_int_equal(query(&f, "xevil.example"), 0);
    assert_int_equal(query(&f, "evil.example.net"), 0);
    assert_int_equal(query(&f, "evil.exampl"), 0);
    assert_int_equal(query(&f, "evil"), 0);
    assert_int_equal(query(&f, "evil.example\x80"), 0);
    teardown(&f);
}

static void a_top_level_domain_only_as_a_whole(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "example")};
    struct fixture f;
    setup(&f, samples, 1);
    assert_int_equal(query(&f, "example"), 1);
    assert_int_equal(query(&f, "evil.example"), 0);
    assert_int_equal(query(&f, "www.evil.example"), 0);
    teardown(&f);
}

/* An address as a name has no parents: "2.1" is none of "192.0.2.1". */
static void addresses_have_no_parents(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "0.2.1 192.0.2.7")};
    struct fixture f;
    setup(&f, samples, 1);
    assert_int_equal(name_in(&f, FIELD_HTTP_HOST, SPAN_LIT("192.0.2.1")), 0);
    assert_int_equal(name_in(&f, FIELD_HTTP_HOST, SPAN_LIT("192.0.2.7")), 1);
    teardown(&f);
}

static void only_in_its_fields(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.example", .fields = QUERY),
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.example bot.example", .fields = FIELD_BIT(FIELD_TLS_SNI)),
    };
    struct fixture f;
    setup(&f, samples, 2);
    assert_int_equal(scanner_fields(f.s), QUERY | FIELD_BIT(FIELD_TLS_SNI));
    assert_int_equal(query(&f, "evil.example"), 1);
    assert_int_equal(name_in(&f, FIELD_TLS_SNI, SPAN_LIT("evil.example")), 2);
    assert_int_equal(name_in(&f, FIELD_HTTP_HOST, SPAN_LIT("evil.example")), 0);
    teardown(&f);
}

static void addresses_urls_and_texts_when_asked(void **state)
{
    const uint8_t v4[4] = {192, 0, 2, 1}, v6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
    const struct ip ip4 = ip_from_v4(v4), ip6 = ip_from_v6(v6);
    const struct sample samples[] = {
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "192.0.2.1", .fields = FIELD_BIT(FIELD_IP_DST)),
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "2001:db8::1", .fields = FIELD_BIT(FIELD_IP_DST)),
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "http://evil.example/a?b", .fields = FIELD_BIT(FIELD_HTTP_URL)),
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.example:8080/a?b", .fields = FIELD_BIT(FIELD_HTTP_URL)),
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "curl/8", .fields = FIELD_BIT(FIELD_HTTP_USER_AGENT)),
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "192.0.2.1 2001:db8::1 http://evil.example/a?b curl/8"),
    };
    struct fixture f;
    setup(&f, samples, 6);
    scan_add_address(f.s, FIELD_IP_DST, &ip4, 80, 0);
    assert_int_equal(sample_run(f.s), 1);
    scan_add_address(f.s, FIELD_IP_DST, &ip6, 80, 0);
    assert_int_equal(sample_run(f.s), 2);
    scan_add_address(f.s, FIELD_IP_SRC, &ip4, 80, 0);
    assert_int_equal(sample_run(f.s), 0);
    scan_add_url(f.s, FIELD_HTTP_URL, SPAN_LIT("EVIL.example"), SPAN_LIT("/a?b"), 80, 0);
    assert_int_equal(sample_run(f.s), 4);
    scan_add_url(f.s, FIELD_HTTP_URL, SPAN_LIT("evil.example"), SPAN_LIT("/a?b"), 8080, 0);
    assert_int_equal(sample_run(f.s), 4 | 8);
    scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("curl/8"), 0);
    assert_int_equal(sample_run(f.s), 16);
    teardown(&f);
}

static void suppressed_never_matches(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.example", .flags = IOC_F_SUPPRESSED)};
    struct fixture f;
    setup(&f, samples, 1);
    assert_int_equal(query(&f, "evil.example"), 0);
    teardown(&f);
}

/* A name of 253 bytes, and a parent of 253: labels of 62 bytes. Of a longer text, what of its end could be a name. */
static void longest_names(void **state)
{
    char name[254], longer[600];
    struct fixture f;
    for (int i = 0; i < 253; i++)
        name[i] = i % 63 == 62 ? '.' : 'a';
    name[253] = '\0';
    const struct sample samples[] = {SAMPLE(IOC_BLOOM, MATCH_SUFFIX, name)};
    setup(&f, samples, 1);
    assert_int_equal(query(&f, name), 1);
    assert_int_equal(query(&f, name + 1), 0);
    snprintf(longer, sizeof longer, "b.%s", name);
    assert_int_equal(query(&f, longer), 1);
    snprintf(longer, sizeof longer, "b%s", name);
    assert_int_equal(query(&f, longer), 0);
    snprintf(longer, sizeof longer, "%s.%s", name, name);
    assert_int_equal(query(&f, longer), 1);
    teardown(&f);
}

/* Sixteen labels are looked up as a parent, seventeen only as the whole. */
static void deepest_parents(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "1.2.3.4.5.6.7.8.9.10.11.12.13.14.deep.example"),
        SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "0.1.2.3.4.5.6.7.8.9.10.11.12.13.14.deep.example"),
    };
    struct fixture f;
    setup(&f, samples, 2);
    assert_int_equal(query(&f, "1.2.3.4.5.6.7.8.9.10.11.12.13.14.deep.example"), 1);
    assert_int_equal(query(&f, "0.1.2.3.4.5.6.7.8.9.10.11.12.13.14.deep.example"), 3);
    assert_int_equal(query(&f, "x.0.1.2.3.4.5.6.7.8.9.10.11.12.13.14.deep.example"), 1);
    teardown(&f);
}

/* Nothing but dots, and dots in odd places: no more suffixes than there is room for. */
static void hostile_names(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.example")};
    struct fixture f;
    char name[600];
    setup(&f, samples, 1);
    for (size_t len = 1; len < sizeof name; len++) {
        memset(name, '.', sizeof name);
        assert_int_equal(name_in(&f, FIELD_DNS_QUERY, span_of(name, len)), 0);
        for (size_t i = 0; i < len; i += 2)
            name[i] = 'z';
        assert_int_equal(name_in(&f, FIELD_DNS_QUERY, span_of(name, len)), 0);
        for (size_t i = 0; i < len; i++)
            name[i] = i % 2 ? 'z' : '.';
        assert_int_equal(name_in(&f, FIELD_DNS_QUERY, span_of(name, len)), 0);
    }
    assert_int_equal(scanner_dropped(f.s), 0);
    teardown(&f);
}

static void without_filters_nothing_is_wanted(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1", .fields = FIELD_BIT(FIELD_IP_DST))};
    struct fixture f;
    setup(&f, samples, 1);
    assert_int_equal(bloom_fields(db_set(f.db)), 0);
    scan_add_name(f.s, FIELD_DNS_QUERY, SPAN_LIT("evil.example"), 0, 0);
    assert_int_equal(scan_pending_bytes(f.s), 0);
    teardown(&f);
}

/* The bits make the generation, not only what the filter is called. */
static void the_generation_follows_the_bits(void **state)
{
    const struct sample sample = SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.example");
    char generations[2][17];
    for (uint64_t i = 0; i < 2; i++) {
        struct set *set = sample_set(&sample, 1);
        struct bloom *b = (struct bloom *)(uintptr_t)set_view_of(set).blooms;
        struct db *db;
        b->content += i;
        assert_true(db_build(set, NULL, &db, NULL));
        memcpy(generations[i], db_generation(db), 17);
        db_free(db);
    }
    assert_string_not_equal(generations[0], generations[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_what_lies_below),
        cmocka_unit_test(a_top_level_domain_only_as_a_whole),
        cmocka_unit_test(addresses_have_no_parents),
        cmocka_unit_test(only_in_its_fields),
        cmocka_unit_test(addresses_urls_and_texts_when_asked),
        cmocka_unit_test(suppressed_never_matches),
        cmocka_unit_test(longest_names),
        cmocka_unit_test(deepest_parents),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(without_filters_nothing_is_wanted),
        cmocka_unit_test(the_generation_follows_the_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
