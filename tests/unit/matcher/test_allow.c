/* allow.c: which entry of an allow-list covers which indicator, what becomes of those that are covered, and who gets the credit. */
#include "matcher/allow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "matcher/route.h"
#include "tests/unit/matcher/sample.h"

#define DOMAIN(match, ...) SAMPLE(IOC_DOMAIN, MATCH_##match, __VA_ARGS__)
#define WILDCARD(...)      SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, __VA_ARGS__)
#define REGEX(...)         SAMPLE(IOC_REGEX, MATCH_REGEX, __VA_ARGS__)
#define NAME_PORT(...)     SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, __VA_ARGS__)
#define V4(...)            SAMPLE(IOC_IPV4, MATCH_EXACT, __VA_ARGS__)
#define V6(...)            SAMPLE(IOC_IPV6, MATCH_EXACT, __VA_ARGS__)
#define NET4(...)          SAMPLE(IOC_CIDR4, MATCH_CIDR, __VA_ARGS__)
#define NET6(...)          SAMPLE(IOC_CIDR6, MATCH_CIDR, __VA_ARGS__)
#define RANGE4(...)        SAMPLE(IOC_RANGE4, MATCH_RANGE, __VA_ARGS__)
#define IP_PORT(...)       SAMPLE(IOC_IP_PORT, MATCH_EXACT, __VA_ARGS__)
#define URL(match, ...)    SAMPLE(IOC_URL, MATCH_##match, __VA_ARGS__)
#define HOSTPATH(...)      SAMPLE(IOC_HOSTPATH, MATCH_EXACT, __VA_ARGS__)
#define PATH(match, ...)   SAMPLE(IOC_URI_PATH, MATCH_##match, __VA_ARGS__)
#define AGENT(...)         SAMPLE(IOC_USER_AGENT, MATCH_EXACT, __VA_ARGS__)
#define JA3(...)           SAMPLE(IOC_JA3, MATCH_EXACT, __VA_ARGS__)

#define HOST_ONLY .flags = IOC_F_HOST_ONLY
#define QUERY     FIELD_BIT(FIELD_DNS_QUERY)
#define SNI       FIELD_BIT(FIELD_TLS_SNI)
#define HASH      "0123456789abcdef0123456789abcdef"

static const struct {
    struct sample entry, indicator;
    bool is_covered;
} table[] = {
    /* Names. */
    {DOMAIN(SUFFIX, "good.example"), DOMAIN(SUFFIX, "good.example"), true},
    {DOMAIN(SUFFIX, "good.example"), DOMAIN(SUFFIX, "www.good.example"), true},
    {DOMAIN(SUFFIX, "good.example"), DOMAIN(EXACT, "good.example"), true},
    {DOMAIN(SUFFIX, "good.example"), DOMAIN(BELOW, "good.example"), true},
    {DOMAIN(SUFFIX, "good.example"), DOMAIN(SUFFIX, "notgood.example"), false},
    {DOMAIN(SUFFIX, "good.example"), DOMAIN(SUFFIX, "example"), false},
    {DOMAIN(SUFFIX, "www.good.example"), DOMAIN(SUFFIX, "good.example"), false}, /* acts on hits */
    {DOMAIN(SUFFIX, "0.good.example"), DOMAIN(BELOW, "good.example"), false},
    {DOMAIN(EXACT, "good.example"), DOMAIN(EXACT, "good.example"), true},
    {DOMAIN(EXACT, "good.example"), DOMAIN(SUFFIX, "good.example"), false},
    {DOMAIN(EXACT, "good.example"), DOMAIN(BELOW, "good.example"), false},
    {DOMAIN(EXACT, "good.example"), DOMAIN(EXACT, "www.good.example"), false},
    {DOMAIN(EXACT, "good.example", HOST_ONLY), DOMAIN(SUFFIX, "good.example"),
     true}, /* warninglists judge values */
    {DOMAIN(EXACT, "good.example", HOST_ONLY), DOMAIN(SUFFIX, "www.good.example"), false},
    {DOMAIN(EXACT, "good.example", HOST_ONLY), DOMAIN(BELOW, "good.example"), false},
    {DOMAIN(BELOW, "good.example"), DOMAIN(SUFFIX, "www.good.example"), true},
    {DOMAIN(BELOW, "good.example"), DOMAIN(BELOW, "good.example"), true},
    {DOMAIN(BELOW, "good.example"), DOMAIN(EXACT, "good.example"), false},
    {DOMAIN(BELOW, "good.example"), DOMAIN(SUFFIX, "good.example"), false},
    {WILDCARD("good-*.example"), DOMAIN(EXACT, "good-1.example"), true},
    {WILDCARD("good-*.example"), DOMAIN(SUFFIX, "good-1.example"), false},
    {REGEX("^good", .fields = ROUTE_NAME_FIELDS), DOMAIN(EXACT, "good.example"), true},
    {REGEX("^good", .fields = ROUTE_NAME_FIELDS), DOMAIN(SUFFIX, "good.example"), false},
    {REGEX("good", HOST_ONLY, .fields = ROUTE_NAME_FIELDS), DOMAIN(SUFFIX, "good.example"), true},
    /* Names with ports. */
    {DOMAIN(SUFFIX, "good.example"), NAME_PORT("www.good.example:8443", .port = 8443), true},
    {DOMAIN(EXACT, "good.example"), NAME_PORT("good.example:8443", .port = 8443), true},
    {NAME_PORT("good.example:8443", .port = 8443), NAME_PORT("good.example:8443", .port = 8443), true},
    {NAME_PORT("good.example:8443", .port = 8443), NAME_PORT("good.example:443", .port = 443), false},
    {NAME_PORT("good.example:8443", .port = 8443), DOMAIN(EXACT, "good.example", .fields = SNI), false},
    /* Wildcards. */
    {DOMAIN(SUFFIX, "good.example"), WILDCARD("evil-*.good.example"), true},
    {DOMAIN(SUFFIX, "good.example"), WILDCARD("evil-*good.example"), false},
    {DOMAIN(EXACT, "good.example"), WILDCARD("good.*"), false},
    {WILDCARD("evil-*.example"), WILDCARD("evil-*.example"), true},
    {WILDCARD("evil-**.example"), WILDCARD("evil-*.example"), false},
    {WILDCARD("*evil*.example"), WILDCARD("evil-*.example"), false},
    /* Regexes: the same one only. */
    {REGEX("^evil[0-9]"), REGEX("^evil[0-9]"), true},
    {REGEX("^evil[0-9]"), REGEX("^evil[0-9]+"), false},
    {REGEX("^evil[0-9]"), REGEX("^evil[0-9]", .flags = IOC_F_CASELESS), false},
    {REGEX("^evil[0-9]", .fields = SNI), REGEX("^evil[0-9]"), false},
    {REGEX("^evil[0-9]"), REGEX("^evil[0-9]", .fields = SNI), true},
    {REGEX("evil"), REGEX("evil"), true},
    {REGEX("."), REGEX("evil"), false},
    /* Addresses. */
    {V4("192.0.2.1"), V4("192.0.2.1"), true},
    {V4("192.0.2.1"), V4("192.0.2.2"), false},
    {NET4("192.0.2.0/24"), V4("192.0.2.255"), true},
    {NET4("192.0.2.0/24"), V4("192.0.3.0"), false},
    {NET4("192.0.2.0/24"), NET4("192.0.2.0/24"), true},
    {NET4("192.0.2.0/24"), NET4("192.0.2.128/25"), true},
    {NET4("192.0.2.128/25"), NET4("192.0.2.0/24"), false},
    {V4("192.0.2.0"), NET4("192.0.2.0/31"), false},
    {NET4("192.0.2.0/24"), RANGE4("192.0.2.250-192.0.2.255"), true},
    {NET4("192.0.2.0/24"), RANGE4("192.0.2.250-192.0.3.0"), false},
    {RANGE4("192.0.2.1-192.0.2.9"), RANGE4("192.0.2.1-192.0.2.9"), true},
    {RANGE4("192.0.2.1-192.0.2.9"), NET4("192.0.2.4/30"), true},
    {RANGE4("192.0.2.1-192.0.2.9"), NET4("192.0.2.8/30"), false},
    {NET6("2001:db8::/32"), V6("2001:db8:1::1"), true},
    {NET6("2001:db8::/32"), NET6("2001:db8:1::/48"), true},
    {NET6("::/8"), V4("192.0.2.1"), false},
    {NET4("192.0.2.0/24"), IP_PORT("192.0.2.1:443", .port = 443), true},
    {IP_PORT("192.0.2.1:443", .port = 443), IP_PORT("192.0.2.1:443", .port = 443), true},
    {IP_PORT("192.0.2.1:443", .port = 443), IP_PORT("192.0.2.1:80", .port = 80), false},
    {IP_PORT("192.0.2.1:443", .port = 443), V4("192.0.2.1"), false},
    {NET6("2001:db8::/32"), IP_PORT("[2001:db8::1]:53", .port = 53), true},
    {NET4("192.0.2.0/24", HOST_ONLY), V4("192.0.2.1"), true},
    {REGEX("^192", .fields = ROUTE_ADDRESS_FIELDS | ROUTE_NAME_FIELDS), V4("192.0.2.1"), true},
    {REGEX("^192", .fields = ROUTE_ADDRESS_FIELDS | ROUTE_NAME_FIELDS), NET4("192.0.2.0/24"), false},
    /* URLs. */
    {DOMAIN(SUFFIX, "good.example"), URL(EXACT, "http://www.good.example/a?b"), true},
    {DOMAIN(SUFFIX, "good.example"), URL(PREFIX, "http://good.example/a"), true},
    {DOMAIN(SUFFIX, "good.example"), HOSTPATH("good.example/a"), true},
    {DOMAIN(EXACT, "good.example"), URL(EXACT, "http://good.example/a"), true},
    {DOMAIN(EXACT, "good.example"), URL(EXACT, "http://www.good.example/a"), false},
    {DOMAIN(SUFFIX, "good.example"), URL(EXACT, "http://evil.example/good.example/"), false},
    {DOMAIN(SUFFIX, "good.example", HOST_ONLY), URL(EXACT, "http://good.example/a"), false},
    {DOMAIN(SUFFIX, "good.example", HOST_ONLY), HOSTPATH("good.example/a"), false},
    {NET4("192.0.2.0/24"), URL(EXACT, "http://192.0.2.1:8080/a"), true},
    {NET4("192.0.2.0/24", HOST_ONLY), URL(EXACT, "http://192.0.2.1:8080/a"), false},
    {NET6("2001:db8::/32"), URL(EXACT, "http://[2001:db8::1]/a"), true},
    {NAME_PORT("good.example:8080", .port = 8080), URL(EXACT, "http://good.example:8080/a"), true},
    {NAME_PORT("good.example:8080", .port = 8080), URL(EXACT, "http://good.example/a"), false},
    {DOMAIN(SUFFIX, "good.example", .fields = QUERY), URL(EXACT, "http://good.example/a"), false},
    {URL(EXACT, "http://good.example/a"), URL(EXACT, "http://good.example/a"), true},
    {URL(EXACT, "https://good.example/a"), HOSTPATH("good.example/a"), true},
    {URL(EXACT, "http://good.example/a"), URL(EXACT, "http://good.example/b"), false},
    {URL(EXACT, "http://good.example/a"), URL(PREFIX, "http://good.example/a"), false},
    {URL(EXACT, "http://good.example/a"), DOMAIN(EXACT, "good.example"), false},
    {URL(PREFIX, "http://good.example/a"), URL(EXACT, "http://good.example/ab"), true},
    {URL(PREFIX, "http://good.example/a"), URL(PREFIX, "http://good.example/ab"), true},
    {URL(PREFIX, "http://good.example/ab"), URL(PREFIX, "http://good.example/a"), false},
    {URL(EXACT, "http://good.example/a", HOST_ONLY), URL(EXACT, "http://good.example/a"), true},
    {REGEX("/ok$", .fields = FIELD_BIT(FIELD_HTTP_URL)), URL(EXACT, "http://good.example/ok"), true},
    {REGEX("/ok$", HOST_ONLY, .fields = FIELD_BIT(FIELD_HTTP_URL)), URL(EXACT, "http://good.example/ok"),
     false},
    {REGEX("/ok$", .fields = FIELD_BIT(FIELD_HTTP_URL)), URL(PREFIX, "http://good.example/ok"), false},
    {PATH(EXACT, "/ok"), URL(EXACT, "http://any.example/ok"), true},
    {PATH(EXACT, "/ok"), PATH(EXACT, "/ok"), true},
    {PATH(EXACT, "/ok"), PATH(PREFIX, "/ok"), false},
    {PATH(PREFIX, "/ok"), PATH(PREFIX, "/okay"), true},
    {REGEX("/ok$", .fields = FIELD_BIT(FIELD_HTTP_URL)), PATH(EXACT, "/ok"), false},
    {DOMAIN(SUFFIX, "good.example"), PATH(EXACT, "/good.example"), false},
    /* Texts. */
    {AGENT("scanner/1"), AGENT("scanner/1"), true},
    {AGENT("scanner/1"), AGENT("scanner/2"), false},
    {REGEX("^scanner", .fields = FIELD_BIT(FIELD_HTTP_USER_AGENT)), AGENT("scanner/1"), true},
    {JA3(HASH), JA3(HASH), true},
    {DOMAIN(SUFFIX, "good.example"), AGENT("good.example"), false},
    /* Fields: the entry's have to be all of the indicator's. */
    {DOMAIN(SUFFIX, "good.example", .fields = QUERY), DOMAIN(SUFFIX, "good.example"), false},
    {DOMAIN(SUFFIX, "good.example", .fields = QUERY), DOMAIN(SUFFIX, "good.example", .fields = QUERY), true},
    {DOMAIN(SUFFIX, "good.example", .fields = QUERY), DOMAIN(SUFFIX, "good.example", .fields = QUERY | SNI),
     false},
    {DOMAIN(SUFFIX, "good.example"), DOMAIN(SUFFIX, "good.example", .fields = SNI), true},
    {V4("192.0.2.1", .fields = FIELD_BIT(FIELD_IP_DST)), V4("192.0.2.1"), false},
};

static bool is_suppressed(const struct set_view *v, uint32_t indicator)
{
    return v->indicators[indicator].flags & IOC_F_SUPPRESSED;
}

static void test_covers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (enum names_engine engine = NAMES_HYPERSCAN; engine <= NAMES_TABLE; engine++) {
            struct db *allow = sample_db(&table[i].entry, 1, engine);
            struct set *set = sample_set(&table[i].indicator, 1);
            assert_true(allow_mark(allow, set, NULL));
            struct set_view v = set_view_of(set);
            if (is_suppressed(&v, 0) != table[i].is_covered)
                fail_msg("%s %s by %s %s: covered %d, wanted %d (row %zu)",
                         ioc_match_name(table[i].indicator.match), table[i].indicator.value,
                         ioc_match_name(table[i].entry.match), table[i].entry.value, is_suppressed(&v, 0),
                         table[i].is_covered, i);
            set_free(set);
            db_free(allow);
        }
}

/* All rows at once: each indicator is judged for itself, and the entry that is named does cover it. */
static void test_all_together(void **state)
{
    (void)state;
    enum { N = sizeof table / sizeof *table };
    struct sample entries[N], indicators[N];
    for (size_t i = 0; i < N; i++) {
        entries[i] = table[i].entry;
        indicators[i] = table[i].indicator;
    }
    struct db *allow = sample_db(entries, N, NAMES_AUTO);
    struct set *set = sample_set(indicators, N);
    assert_true(allow_mark(allow, set, NULL));
    struct set_view v = set_view_of(set);
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        struct span value = set_value(&v, i);
        bool is_wanted = false;
        for (size_t row = 0; row < N; row++)
            is_wanted |= table[row].is_covered && span_eq(value, span_str(indicators[row].value)) &&
                         indicators[row].type == (enum ioc_type)v.indicators[i].type &&
                         indicators[row].match == (enum ioc_match)v.indicators[i].match;
        if (is_wanted && !is_suppressed(&v, i) && v.indicators[i].type != IOC_REGEX &&
            v.indicators[i].fields == ioc_default_fields((enum ioc_type)v.indicators[i].type))
            fail_msg("%.*s is not covered", (int)value.len, (const char *)value.ptr);
        if (is_suppressed(&v, i)) {
            assert_true(v.indicators[i].allowed_by < db_set(allow)->n_indicators);
            assert_int_equal(allow_origin_always(db_set(allow), v.indicators[i].allowed_by),
                             db_set(allow)->indicators[v.indicators[i].allowed_by].origins);
        } else {
            assert_int_equal(v.indicators[i].allowed_by, 0);
        }
    }
    set_free(set);
    db_free(allow);
}

/* ---- more than one batch ---- */

static void test_many(void **state)
{
    (void)state;
    enum { N = 3000 };
    static char names[N][32];
    static struct sample samples[N];
    const struct sample entries[] = {DOMAIN(SUFFIX, "good.example"), NET4("198.51.100.0/24")};
    for (unsigned i = 0; i < N; i++) {
        bool is_name = i % 5;
        if (is_name)
            snprintf(names[i], sizeof names[i], "n%u.%s.example", i, i % 3 ? "evil" : "good");
        else
            snprintf(names[i], sizeof names[i], "%s.%u.%u", i % 3 ? "198.51" : "192.0",
                     i % 2 ? 100 : 2 + i / 256, i % 256);
        samples[i] = (struct sample){.type = is_name ? IOC_DOMAIN : IOC_IPV4,
                                     .match = is_name ? MATCH_SUFFIX : MATCH_EXACT,
                                     .value = names[i]};
    }
    struct db *allow = sample_db(entries, 2, NAMES_AUTO);
    struct set *set = sample_set(samples, N);
    assert_true(allow_mark(allow, set, NULL));
    struct set_view v = set_view_of(set);
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        struct span value = set_value(&v, i);
        bool is_good =
            memmem(value.ptr, value.len, ".good.", 6) || span_starts(value, SPAN_LIT("198.51.100."));
        assert_int_equal(is_suppressed(&v, i), is_good);
        if (is_good)
            assert_int_equal(v.indicators[i].allowed_by, v.indicators[i].type != IOC_DOMAIN);
    }
    set_free(set);
    db_free(allow);
}

/* ---- validity ---- */

/* One entry, with an origin for each window. */
static struct db *dated_db(const int64_t windows[][2], size_t n)
{
    struct set *set = set_new();
    struct db *db = NULL;
    uint32_t list, context;
    bool is_new;
    struct indicator_in in = {.type = IOC_DOMAIN,
                              .match = MATCH_SUFFIX,
                              .fields = ioc_default_fields(IOC_DOMAIN),
                              .value = SPAN_LIT("good.example")};
    for (size_t i = 0; i < n; i++) {
        struct context_in c = {.valid_from = windows[i][0], .valid_until = windows[i][1], .confidence = -1};
        sample_must(set_add_list(set, SPAN_LIT("good"), SPAN_LIT("good.txt"), &list, NULL) &&
                    set_add_context(set, &c, &context, NULL) &&
                    set_add(set, &in, list, (uint32_t)i + 1, context, &is_new, NULL));
    }
    sample_must(db_build(set, NULL, &db, NULL));
    return db;
}

static void test_windows(void **state)
{
    (void)state;
    static const int64_t windows[][2] = {
        {INT64_MIN, 100}, {200, 300}, {250, INT64_MAX}, {INT64_MIN, INT64_MAX}};
    const struct sample indicator = DOMAIN(SUFFIX, "good.example");
    for (size_t n = 1; n <= 4; n++) {
        struct db *allow = dated_db(windows, n);
        const struct set_view *v = db_set(allow);
        struct set *set = sample_set(&indicator, 1);
        assert_true(allow_mark(allow, set, NULL));
        struct set_view marked = set_view_of(set);
        assert_int_equal(is_suppressed(&marked, 0),
                         n == 4); /* only what holds for ever suppresses for ever */
        assert_int_equal(allow_origin_always(v, 0), n == 4 ? 3 : ORIGIN_END);
        assert_int_equal(allow_origin_at(v, 0, 99), 0);
        assert_int_equal(allow_origin_at(v, 0, 100), n == 4 ? 3 : ORIGIN_END);
        assert_int_equal(allow_origin_at(v, 0, 260), n == 1 ? ORIGIN_END : 1);
        assert_int_equal(allow_origin_at(v, 0, 300), n < 3 ? ORIGIN_END : 2);
        set_free(set);
        db_free(allow);
    }
}

/* ---- what becomes of them ---- */

static const struct sample listed[] = {
    DOMAIN(SUFFIX, "evil.example"),
    DOMAIN(SUFFIX, "www.good.example"),
    NET4("192.0.2.0/28"),
    URL(PREFIX, "http://good.example/a"),
    WILDCARD("evil-*.good.example"),
    REGEX("^evil"),
    AGENT("scanner/1"),
};
static const struct sample allowed[] = {DOMAIN(SUFFIX, "good.example"), NET4("192.0.2.0/24"), REGEX("^evil"),
                                        AGENT("scanner/1")};
enum { N_LISTED = sizeof listed / sizeof *listed, N_ALLOWED = sizeof allowed / sizeof *allowed };

static struct db *marked_db(void)
{
    struct db_options options = {.allow = sample_db(allowed, N_ALLOWED, NAMES_AUTO)};
    struct set *set = sample_set(listed, N_LISTED);
    struct db *db;
    sample_must(allow_mark(options.allow, set, NULL) && db_build(set, &options, &db, NULL));
    return db;
}

static uint64_t all_hits(const struct db *db)
{
    const uint8_t v4[4] = {192, 0, 2, 1};
    const struct ip ip = ip_from_v4(v4);
    struct scanner *s = scanner_new(db, NULL);
    scan_add_name(s, FIELD_TLS_SNI, SPAN_LIT("evil.example"), 443, 0);
    scan_add_name(s, FIELD_TLS_SNI, SPAN_LIT("www.good.example"), 443, 0);
    scan_add_name(s, FIELD_TLS_SNI, SPAN_LIT("evil-1.good.example"), 443, 0);
    scan_add_address(s, FIELD_IP_DST, &ip, 80, 1);
    scan_add_url(s, FIELD_HTTP_URL, SPAN_LIT("good.example"), SPAN_LIT("/abc"), 80, 2);
    scan_add_text(s, FIELD_HTTP_USER_AGENT, SPAN_LIT("scanner/1"), 3);
    uint64_t bits = sample_run(s);
    scanner_free(s);
    return bits;
}

static void check_marked(const struct db *db)
{
    const struct set_view *v = db_set(db);
    assert_int_equal(all_hits(db), 1);
    assert_int_equal(v->n_indicators, N_LISTED);
    assert_int_equal(db_stats(db)->n_suppressed, N_LISTED - 1);
    assert_int_equal(db_stats(db)->n_refused, 0);
    assert_int_equal(db_stats(db)->n_names, 1);
    assert_int_equal(db_stats(db)->n_regexes, 0);
    assert_int_equal(all_hits(db_allow(db)), 15);
    assert_null(db_allow(db_allow(db)));
    struct span path = set_text(v, v->lists[v->origins[v->indicators[1].origins].list].path);
    assert_true(span_eq(path, SPAN_LIT("lists/sample.txt"))); /* they stay in the set */
}

static void test_not_compiled(void **state)
{
    (void)state;
    struct db *db = marked_db();
    check_marked(db);
    db_free(db);
}

static void test_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/test_allow.XXXXXX", path[64];
    struct db *db = marked_db(), *loaded;
    struct err err = {0};
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/x.vdb", dir);
    for (int round = 0; round < 2; round++) { /* what was loaded can be saved, too */
        assert_true(db_save(db, path, 1, SPAN_LIT("kept"), &err));
        assert_false(db_load(path, 2, &loaded, &err));
        assert_int_equal(err.kind, ERR_NONE);
        assert_true(db_load(path, 1, &loaded, &err));
        check_marked(loaded);
        assert_string_equal(db_generation(loaded), db_generation(db));
        assert_true(span_eq(db_attachment(loaded), SPAN_LIT("kept")));
        db_free(db);
        db = loaded;
    }
    db_free(db);
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

/* One name for both sides: what is allowed makes a difference, also where nothing is suppressed by it yet. */
static void test_generation(void **state)
{
    (void)state;
    struct db *plain = sample_db(listed, 1, NAMES_AUTO), *same = sample_db(listed, 1, NAMES_AUTO), *one,
              *other;
    struct db_options options = {.allow = sample_db(allowed, 1, NAMES_AUTO)};
    assert_true(db_build(sample_set(listed, 1), &options, &one, NULL));
    options.allow = sample_db(allowed, 2, NAMES_AUTO);
    assert_true(db_build(sample_set(listed, 1), &options, &other, NULL));
    assert_string_equal(db_generation(plain), db_generation(same));
    assert_string_not_equal(db_generation(plain), db_generation(one));
    assert_string_not_equal(db_generation(one), db_generation(other));
    db_free(plain);
    db_free(same);
    db_free(one);
    db_free(other);
}

/* ---- the credit ---- */

static void test_tally(void **state)
{
    (void)state;
    struct db *db = marked_db(), *plain = sample_db(listed, 1, NAMES_AUTO);
    struct allow_tally t;
    const uint64_t hits[N_ALLOWED] = {1, 20, 300};
    assert_true(allow_tally_init(&t, db, hits));
    assert_int_equal(allow_tally(&t, 0, 0), N_LISTED - 1);
    assert_int_equal(allow_tally_of_list(&t, 0), N_LISTED - 1);
    assert_int_equal(allow_tally_by(&t, 0), N_LISTED - 1);
    assert_int_equal(t.hits[0], 321);
    allow_tally_fini(&t);
    assert_true(allow_tally_init(&t, plain, NULL));
    assert_int_equal(allow_tally(&t, 0, 0), 0);
    assert_int_equal(allow_tally_of_list(&t, 0), 0);
    allow_tally_fini(&t);
    db_free(db);
    db_free(plain);
}

static void test_top(void **state)
{
    (void)state;
    struct db *allow = sample_db(allowed, N_ALLOWED, NAMES_AUTO);
    const uint64_t hits[N_ALLOWED] = {7, 0, 9, 7};
    struct allow_use top[N_ALLOWED];
    for (size_t max = 0; max <= N_ALLOWED; max++) {
        static const uint32_t order[] = {2, 0, 3};
        size_t n = allow_top(db_set(allow), hits, top, max);
        assert_int_equal(n, max < 3 ? max : 3);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(top[i].entry, order[i]);
            assert_int_equal(top[i].origin, order[i]);
            assert_int_equal(top[i].n_hits, hits[order[i]]);
        }
    }
    db_free(allow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_covers),     cmocka_unit_test(test_all_together), cmocka_unit_test(test_many),
        cmocka_unit_test(test_windows),    cmocka_unit_test(test_not_compiled), cmocka_unit_test(test_file),
        cmocka_unit_test(test_generation), cmocka_unit_test(test_tally),        cmocka_unit_test(test_top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
