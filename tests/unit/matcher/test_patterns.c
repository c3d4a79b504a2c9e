#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/matcher/sample.h"

/* What db_build refused. */
struct refusals {
    uint64_t bits;
    uint32_t n;
    char why[64][120];
};

static void on_refused(void *to, uint32_t indicator, const char *why)
{
    struct refusals *r = to;
    r->n++;
    r->bits |= 1ull << indicator;
    snprintf(r->why[indicator], sizeof r->why[indicator], "%s", why);
}

struct fixture {
    struct refusals refused;
    struct db *db;
    struct scanner *s;
};

static void setup_with(struct fixture *f, const struct sample *samples, size_t n, struct db_options options)
{
    options.refused = on_refused;
    options.refused_to = &f->refused;
    f->refused = (struct refusals){0};
    assert_true(db_build(sample_set(samples, n), &options, &f->db, NULL));
    f->s = scanner_new(f->db, NULL);
    assert_non_null(f->s);
}

static void setup(struct fixture *f, const struct sample *samples, size_t n, uint32_t cap_ms)
{
    setup_with(f, samples, n, (struct db_options){.regex_cap_ms = cap_ms});
}

static void teardown(struct fixture *f)
{
    scanner_free(f->s);
    db_free(f->db);
}

static uint64_t name_hits(struct fixture *f, enum field field, const char *name)
{
    struct span exact = sample_exact(span_str(name));
    scan_add_name(f->s, field, exact, 0, 0);
    sample_release(exact);
    return sample_run(f->s);
}

static void test_wildcards(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "evil-*.example"),
        SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "ev?l.example"),
        SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "*evil*.example"),
        SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "a.*.evil.example"),
        SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "x***y.example", .fields = FIELD_BIT(FIELD_TLS_SNI)),
    };
    struct fixture f;
    (void)state;
    setup(&f, samples, 5, 0);
    assert_int_equal(f.refused.n, 0);
    assert_int_equal(db_stats(f.db)->n_wildcards, 5);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "evil-1.example"), 1 | 4);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "EVIL-.example."), 1 | 4);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "evil-1.x.example"), 0);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "a.evil-1.example"), 0);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "evil-1.example.com"), 0);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "evil-1xexample"), 0);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "evol.example"), 2);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "evl.example"), 0);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "ev.l.example"), 0);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "thedevilx.example"), 4);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "a.b.evil.example"), 8);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "a..evil.example"), 8);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "xy.example"), 0);
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, "xy.example"), 16);
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, "x12y.example"), 16);
    teardown(&f);
}

/* Anchors and negated classes mean the field, not the batch. */
static void test_regexes_see_one_field(void **state)
{
    const field_mask names = FIELD_BIT(FIELD_TLS_SNI) | FIELD_BIT(FIELD_DNS_QUERY);
    const struct sample samples[] = {
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^evil[0-9]+\\.", .fields = names),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "\\Aa\\z", .fields = names),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "a[^b]+c", .fields = names),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "\\.top$", .fields = FIELD_BIT(FIELD_DNS_QUERY)),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "EVIL", .fields = names, .flags = IOC_F_CASELESS),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "EVIL", .fields = names),
    };
    struct fixture f;
    const struct hit *hits;
    (void)state;
    setup(&f, samples, 6, 0);
    assert_int_equal(f.refused.n, 0);
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, "evil7.com"), 1 | 16);
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, "x.evil7.com"), 16);
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, "EVIL.top"), 16);
    assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, "x.top."), 8);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, "evil7.com"), 0);
    scan_add_name(f.s, FIELD_TLS_SNI, SPAN_LIT("a"), 0, 1);
    scan_add_name(f.s, FIELD_TLS_SNI, SPAN_LIT("c"), 0, 2);
    scan_add_name(f.s, FIELD_TLS_SNI, SPAN_LIT("axc"), 0, 3);
    assert_int_equal(scan_run(f.s, &hits), 2);
    assert_int_equal(hits[0].cookie, 1);
    assert_int_equal(hits[0].indicator, 1);
    assert_int_equal(hits[1].cookie, 3);
    assert_int_equal(hits[1].indicator, 2);
    teardown(&f);
}

static uint64_t url_hits(struct fixture *f, const char *host, const char *target, uint16_t port)
{
    scan_add_url(f->s, FIELD_HTTP_URL, span_str(host), span_str(target), port, 0);
    return sample_run(f->s);
}

static void test_regexes_on_urls(void **state)
{
    const field_mask url = FIELD_BIT(FIELD_HTTP_URL);
    const struct sample samples[] = {
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^http://evil\\.com/a$", .fields = url),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "/%61$", .fields = url),
        SAMPLE(IOC_REGEX, MATCH_REGEX, ":8080/", .fields = url),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^http:///x", .fields = url),
    };
    struct fixture f;
    (void)state;
    setup(&f, samples, 4, 0);
    assert_int_equal(url_hits(&f, "EVIL.com", "/a", 80), 1);
    assert_int_equal(url_hits(&f, "evil.com", "/%61", 80), 1 | 2); /* both spellings */
    assert_int_equal(url_hits(&f, "evil.com", "/a", 8080), 1 | 4);
    assert_int_equal(url_hits(&f, "evil.com:8080", "/a", 80), 4);
    assert_int_equal(url_hits(&f, "", "/x", 8080), 8);
    assert_int_equal(url_hits(&f, "x", "http://evil.com/a", 80), 1);
    teardown(&f);
}

static void test_regexes_on_texts_and_addresses(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^curl/[0-9]", .fields = FIELD_BIT(FIELD_HTTP_USER_AGENT)),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "\\x00\\xff", .fields = FIELD_BIT(FIELD_HTTP_USER_AGENT)),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^10\\.", .fields = FIELD_BIT(FIELD_IP_DST)),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^HTTP://", .fields = FIELD_BIT(FIELD_HTTP_REFERER)),
    };
    const uint8_t v4[4] = {10, 0, 0, 1};
    const struct ip ip = ip_from_v4(v4);
    struct fixture f;
    (void)state;
    setup(&f, samples, 4, 0);
    scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("curl/8"), 0);
    assert_int_equal(sample_run(f.s), 1);
    scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("a\0\xff"), 0);
    assert_int_equal(sample_run(f.s), 2);
    scan_add_text(f.s, FIELD_HTTP_METHOD, SPAN_LIT("curl/8"), 0);
    assert_int_equal(sample_run(f.s), 0);
    scan_add_address(f.s, FIELD_IP_DST, &ip, 0, 0);
    assert_int_equal(sample_run(f.s), 4);
    scan_add_address(f.s, FIELD_IP_SRC, &ip, 0, 0);
    assert_int_equal(sample_run(f.s), 0);
    scan_add_text(f.s, FIELD_HTTP_REFERER, SPAN_LIT("HTTP://x"), 0); /* as sent */
    assert_int_equal(sample_run(f.s), 8);
    teardown(&f);
}

/* Bad ones are told apart from the good ones around them, and the good ones match. */
static void test_refused(void **state)
{
    static char too_long[4098];
    memset(too_long, 'a', sizeof too_long - 1);
    static char values[40][20];
    struct sample samples[40];
    for (int i = 0; i < 40; i++) {
        snprintf(values[i], sizeof values[i], "evil%02d", i);
        samples[i] = (struct sample)SAMPLE(IOC_REGEX, MATCH_REGEX, values[i]);
    }
    samples[3].value = "(unclosed";
    samples[4].value = "a*";
    samples[33].value = "(?=ahead)x";
    samples[35].value = too_long;
    samples[36] = (struct sample)SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "ev\xc3\xa9l-*.example");
    struct fixture f;
    (void)state;
    setup(&f, samples, 40, 0);
    assert_int_equal(f.refused.bits, 1ull << 3 | 1ull << 4 | 1ull << 33 | 1ull << 35 | 1ull << 36);
    assert_int_equal(f.refused.n, 5);
    assert_int_equal(db_stats(f.db)->n_refused, 5);
    assert_non_null(strstr(f.refused.why[3], "parenthesis"));
    assert_non_null(strstr(f.refused.why[35], "4096"));
    for (int i = 0; i < 40; i++)
        assert_int_equal(name_hits(&f, FIELD_TLS_SNI, values[i]), f.refused.bits >> i & 1 ? 0 : 1ull << i);
    teardown(&f);
}

/* A pattern that takes seconds: cut off by the cap, the others stay. */
static void test_too_slow(void **state)
{
    static char slow[4000];
    strcpy(slow, "x");
    for (int i = 0; i < 20; i++)
        strcat(slow, "(a|b[^c]{1,900}d.{1,900}e){1,9}");
    const struct sample samples[] = {
        SAMPLE(IOC_REGEX, MATCH_REGEX, "evil1"),
        SAMPLE(IOC_REGEX, MATCH_REGEX, slow),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "evil2"),
    };
    struct fixture f;
    (void)state;
    setup(&f, samples, 3, 30);
    assert_int_equal(f.refused.bits, 2);
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, "evil2"), 4);
    teardown(&f);
}

/* All together have a budget too: what comes after it is spent is refused untried. Patterns are tried 32 at a time. */
static void test_too_many(void **state)
{
    struct sample samples[40];
    struct fixture f;
    (void)state;
    for (size_t i = 0; i < 40; i++)
        samples[i] = (struct sample){.type = IOC_REGEX, .match = MATCH_REGEX, .value = "x.{1,700}y.{1,700}z"};
    static char texts[39][16];
    for (size_t i = 1; i < 40; i++) {
        snprintf(texts[i - 1], sizeof texts[i - 1], "evil%zu", i);
        samples[i].value = texts[i - 1];
    }
    setup_with(&f, samples, 40, (struct db_options){.regex_cap_ms = 60000, .regex_total_ms = 50});
    assert_int_equal(f.refused.bits, 0xffull << 32);
    assert_non_null(strstr(f.refused.why[32], "all the time there is"));
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, "evil31"), 1ull << 31 | 1ull << 3);
    teardown(&f);
}

/* Literals are cut for Hyperscan, but compared whole. */
static void test_long_urls(void **state)
{
    static char exact[3000], prefix[3000], target[3000];
    int n = snprintf(exact, sizeof exact, "http://evil.com/");
    memset(exact + n, 'p', 2000);
    memcpy(prefix, exact, 1500);
    const struct sample samples[] = {SAMPLE(IOC_URL, MATCH_EXACT, exact),
                                     SAMPLE(IOC_URL, MATCH_PREFIX, prefix)};
    struct fixture f;
    (void)state;
    setup(&f, samples, 2, 0);
    memcpy(target, exact + 15, 2001);
    assert_int_equal(url_hits(&f, "evil.com", target, 80), 3);
    target[2000] = '\0';
    assert_int_equal(url_hits(&f, "evil.com", target, 80), 2);
    target[1485] = '\0';
    assert_int_equal(url_hits(&f, "evil.com", target, 80), 2);
    target[1484] = '\0';
    assert_int_equal(url_hits(&f, "evil.com", target, 80), 0);
    target[1484] = 'q';
    assert_int_equal(url_hits(&f, "evil.com", target, 80), 0);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wildcards),       cmocka_unit_test(test_regexes_see_one_field),
        cmocka_unit_test(test_regexes_on_urls), cmocka_unit_test(test_regexes_on_texts_and_addresses),
        cmocka_unit_test(test_refused),         cmocka_unit_test(test_too_slow),
        cmocka_unit_test(test_too_many),        cmocka_unit_test(test_long_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
