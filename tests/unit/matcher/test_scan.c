#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/matcher/sample.h"

/* Most tests run with both names engines. */
struct fixture {
    struct db *db;
    struct scanner *s;
};

static struct fixture setup(const struct sample *samples, size_t n, enum names_engine engine)
{
    struct fixture f = {.db = sample_db(samples, n, engine)};
    f.s = scanner_new(f.db, NULL);
    assert_non_null(f.s);
    return f;
}

static void teardown(struct fixture *f)
{
    scanner_free(f->s);
    db_free(f->db);
}

static uint64_t name_hits(struct fixture *f, enum field field, struct span name, uint16_t port)
{
    struct span exact = sample_exact(name);
    scan_add_name(f->s, field, exact, port, 0);
    sample_release(exact);
    return sample_run(f->s);
}

static uint64_t sni_hits(struct fixture *f, const char *name)
{
    return name_hits(f, FIELD_TLS_SNI, span_str(name), 443);
}

static const enum names_engine engines[] = {NAMES_HYPERSCAN, NAMES_TABLE};
#define EACH_ENGINE(e) (size_t e = 0; e < 2; e++)

static void test_names(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com"),
        SAMPLE(IOC_DOMAIN, MATCH_BELOW, "evil.com"),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "evil.com"),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "a.evil.com"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "higan.org"),
        SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.com:8443", .port = 8443),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "xn--e1afmkfd.xn--p1ai"),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "_x.evil.com"),
    };
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(samples, 8, engines[e]);
            assert_int_equal(db_stats(f.db)->names_engine, engines[e]);
            assert_int_equal(sni_hits(&f, "evil.com"), 1 | 4);
            assert_int_equal(sni_hits(&f, "evil.com."), 1 | 4);
            assert_int_equal(sni_hits(&f, "EVIL.Com"), 1 | 4);
            assert_int_equal(sni_hits(&f, "evil.com.."), 0);
            assert_int_equal(sni_hits(&f, "a.evil.com"), 1 | 2 | 8);
            assert_int_equal(sni_hits(&f, "A.EVIL.COM."), 1 | 2 | 8);
            assert_int_equal(sni_hits(&f, "b.a.evil.com"), 1 | 2);
            assert_int_equal(sni_hits(&f, "xevil.com"), 0);
            assert_int_equal(sni_hits(&f, "evil.com.x"), 0);
            assert_int_equal(sni_hits(&f, "evil.comx"), 0);
            assert_int_equal(sni_hits(&f, "evil.co"), 0);
            assert_int_equal(sni_hits(&f, "com"), 0);
            assert_int_equal(sni_hits(&f, "michigan.org"), 0);
            assert_int_equal(sni_hits(&f, "www.higan.org"), 16);
            assert_int_equal(sni_hits(&f, "www.XN--e1afmkfd.xn--P1AI"), 64);
            assert_int_equal(sni_hits(&f, "_X.evil.com"), 1 | 2 | 128);
            assert_int_equal(sni_hits(&f, ""), 0);
            assert_int_equal(sni_hits(&f, "."), 0);
            assert_int_equal(name_hits(&f, FIELD_TLS_SNI, SPAN_LIT("evil.com"), 8443), 1 | 4 | 32);
            assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, SPAN_LIT("evil.com"), 8443),
                             1 | 4); /* not its field */
            teardown(&f);
        }
}

/* Bytes that separate fields inside, and others that no listed name has. */
static void test_odd_bytes(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com"),
                                     SAMPLE(IOC_DOMAIN, MATCH_EXACT, "a.evil.com")};
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(samples, 2, engines[e]);
            for (int c = 0; c < 256; c++) {
                uint8_t inside[] = "evil?com", before[] = "?evil.com", after[] = "evil.com?",
                        label[] = "?.evil.com";
                inside[4] = before[0] = after[8] = label[0] = (uint8_t)c;
                assert_int_equal(name_hits(&f, FIELD_TLS_SNI, span_of(inside, 8), 0), c == '.');
                assert_int_equal(name_hits(&f, FIELD_TLS_SNI, span_of(before, 9), 0), c == '.');
                assert_int_equal(name_hits(&f, FIELD_TLS_SNI, span_of(after, 9), 0), c == '.');
                assert_int_equal(name_hits(&f, FIELD_TLS_SNI, span_of(label, 10), 0),
                                 c == 'a' || c == 'A' ? 3 : 1);
            }
            teardown(&f);
        }
}

static void test_every_cut_of_a_name(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "b.evil.example"),
                                     SAMPLE(IOC_DOMAIN, MATCH_EXACT, "a.b.evil")};
    const struct span name = SPAN_LIT("a.b.evil.example");
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(samples, 2, engines[e]);
            for (size_t len = 0; len <= name.len; len++) {
                uint64_t want = len == name.len ? 1 : len == 8 || len == 9 ? 2 : 0; /* 9: a final dot */
                assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, span_first(name, len), 0), want);
                want = len == 0 || len == 1 || len == 2 ? 1 : 0; /* 1: ".b.evil.example" */
                assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, span_from(name, len), 0), want);
            }
            teardown(&f);
        }
}

/* Names next to each other must not make one name. */
static void test_neighbours_in_a_batch(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com")};
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(samples, 1, engines[e]);
            const char *const names[] = {"evil", "com",      ".com", "evil.", "evil.co", "m",
                                         "x",    "evil.com", "com",  "l.com", "evi"};
            const struct hit *hits;
            for (uint32_t i = 0; i < 11; i++)
                scan_add_name(f.s, FIELD_TLS_SNI, span_str(names[i]), 0, i);
            assert_int_equal(scan_pending(f.s), 11);
            assert_true(scan_pending_bytes(f.s) > 20);
            assert_int_equal(scan_run(f.s, &hits), 1);
            assert_int_equal(hits[0].cookie, 7);
            assert_int_equal(hits[0].field, FIELD_TLS_SNI);
            assert_int_equal(scan_pending(f.s), 0);
            assert_int_equal(scan_pending_bytes(f.s), 0);
            assert_int_equal(scan_run(f.s, &hits), 0);
            teardown(&f);
        }
}

static void test_fields(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com", .fields = FIELD_BIT(FIELD_DNS_QUERY)),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com",
               .fields = FIELD_BIT(FIELD_TLS_SNI) | FIELD_BIT(FIELD_QUIC_SNI)),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1", .fields = FIELD_BIT(FIELD_HTTP_HOST)),
    };
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(samples, 3, engines[e]);
            assert_int_equal(name_hits(&f, FIELD_DNS_QUERY, SPAN_LIT("a.evil.com"), 0), 1);
            assert_int_equal(name_hits(&f, FIELD_TLS_SNI, SPAN_LIT("a.evil.com"), 0), 2);
            assert_int_equal(name_hits(&f, FIELD_QUIC_SNI, SPAN_LIT("a.evil.com"), 0), 2);
            assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("a.evil.com"), 0), 0);
            assert_int_equal(scanner_fields(f.s), FIELD_BIT(FIELD_DNS_QUERY) | FIELD_BIT(FIELD_TLS_SNI) |
                                                      FIELD_BIT(FIELD_QUIC_SNI) | FIELD_BIT(FIELD_HTTP_HOST));
            teardown(&f);
        }
}

static void test_addresses_in_names(void **state)
{
    const field_mask host = FIELD_BIT(FIELD_HTTP_HOST);
    const struct sample samples[] = {
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1", .fields = host),
        SAMPLE(IOC_IPV6, MATCH_EXACT, "2001:db8::a", .fields = host),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "192.0.2.0/24", .fields = host),
        SAMPLE(IOC_IP_PORT, MATCH_EXACT, "192.0.2.1:8080", .fields = host, .port = 8080),
    };
    struct fixture f = setup(samples, 4, NAMES_AUTO);
    (void)state;
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("192.0.2.1"), 80), 1 | 4);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("192.0.2.1"), 8080), 1 | 4 | 8);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("192.0.2.2"), 0), 4);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("[2001:DB8::A]"), 0), 2);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("2001:db8:0::a"), 0), 2);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("[::ffff:192.0.2.1]"), 0), 1 | 4);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("192.0.2.01"), 0), 0);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("192.0.2.1.x"), 0), 0);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("[]"), 0), 0);
    assert_int_equal(name_hits(&f, FIELD_HTTP_HOST, SPAN_LIT("]"), 0), 0);
    assert_int_equal(name_hits(&f, FIELD_TLS_SNI, SPAN_LIT("192.0.2.1"), 0), 0);
    teardown(&f);
}

static uint64_t url_hits(struct fixture *f, const char *host, const char *target, uint16_t port)
{
    struct span h = sample_exact(span_str(host)), t = sample_exact(span_str(target));
    scan_add_url(f->s, FIELD_HTTP_URL, h, t, port, 0);
    sample_release(h);
    sample_release(t);
    return sample_run(f->s);
}

static void test_urls(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/a?b=C"),
        SAMPLE(IOC_URL, MATCH_PREFIX, "https://evil.com/a"),
        SAMPLE(IOC_HOSTPATH, MATCH_EXACT, "evil.com/"),
        SAMPLE(IOC_URI_PATH, MATCH_EXACT, "/gate.php"),
        SAMPLE(IOC_URI_PATH, MATCH_PREFIX, "/gate.php?id="),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com:8080/x"),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://192.0.2.1/bin.sh"),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://[2001:db8::1]:81/i"),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/%E2%82%AC"),
        SAMPLE(IOC_URL, MATCH_PREFIX, "http://evil.com:8080/x"),
    };
    struct fixture f = setup(samples, 10, NAMES_AUTO);
    (void)state;
    assert_int_equal(url_hits(&f, "evil.com", "/a?b=C", 80), 1 | 2);
    assert_int_equal(url_hits(&f, "EVIL.com.:80", "/%61?b=C#frag", 80), 1 | 2);
    assert_int_equal(url_hits(&f, "evil.com:443", "/a?b=C", 8443), 1 | 2);
    assert_int_equal(url_hits(&f, "evil.com", "/a?b=c", 80), 2);
    assert_int_equal(url_hits(&f, "evil.com", "/A?b=C", 80), 0);
    assert_int_equal(url_hits(&f, "www.evil.com", "/a?b=C", 80), 0);
    assert_int_equal(url_hits(&f, "evil.com", "/", 80), 4);
    assert_int_equal(url_hits(&f, "evil.com", "", 80), 4);
    assert_int_equal(url_hits(&f, "x.example", "/gate.php", 80), 8);
    assert_int_equal(url_hits(&f, "", "/gate.php", 80), 8);
    assert_int_equal(url_hits(&f, "", "/gate.php?id=7", 0), 16);
    assert_int_equal(url_hits(&f, "x.example", "/x/gate.php?id=7", 80), 0);
    assert_int_equal(url_hits(&f, "evil.com:8080", "/x", 80), 32 | 512);
    assert_int_equal(url_hits(&f, "evil.com", "/x", 8080), 32 | 512); /* the port of the server's side */
    assert_int_equal(url_hits(&f, "evil.com", "/xy", 8080), 512);
    assert_int_equal(url_hits(&f, "evil.com", "/x", 80), 0);
    assert_int_equal(url_hits(&f, "evil.com:81", "/x", 8080), 0);
    assert_int_equal(url_hits(&f, "evil.com", "/a", 8080), 2); /* and without it */
    assert_int_equal(url_hits(&f, "192.0.2.1", "/bin.sh", 80), 64);
    assert_int_equal(url_hits(&f, "[2001:DB8:0::1]:81", "/i", 81), 128);
    assert_int_equal(url_hits(&f, "[2001:db8::1]", "/i", 81), 128);
    assert_int_equal(url_hits(&f, "evil.com", "/\xe2\x82\xac", 80), 256);
    assert_int_equal(url_hits(&f, "evil.com", "/%e2%82%ac", 80), 256);
    /* Absolute form: its authority is what counts. */
    assert_int_equal(url_hits(&f, "proxy.example:3128", "http://evil.com/a?b=C", 3128), 1 | 2);
    assert_int_equal(url_hits(&f, "evil.com", "http://good.example/a?b=C", 80), 0);
    assert_int_equal(url_hits(&f, "x", "HTTP://user:pass@evil.com", 80), 4);
    assert_int_equal(url_hits(&f, "x", "http://evil.com?x", 80), 0);
    /* Neither origin nor absolute form. */
    assert_int_equal(url_hits(&f, "evil.com", "*", 80), 0);
    assert_int_equal(url_hits(&f, "evil.com:8443", "evil.com:8443", 80), 0);
    teardown(&f);
}

static void test_links(void **state)
{
    const field_mask links = FIELD_BIT(FIELD_HTTP_LOCATION);
    const struct sample samples[] = {
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/a", .fields = links),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/a"),
        SAMPLE(IOC_URI_PATH, MATCH_PREFIX, "/gate", .fields = links),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com:8443/", .fields = links),
    };
    struct fixture f = setup(samples, 4, NAMES_AUTO);
    const struct {
        const char *text;
        uint64_t want;
    } rows[] = {
        {"http://evil.com/a", 1}, {"https://EVIL.com:443/a", 1},   {"/a", 0},
        {"//evil.com/a", 0},      {"http://x/gate.php", 4},        {"/gate.php", 0},
        {"http://", 0},           {"https://u@evil.com:8443/", 8}, {"http://good.example@evil.com\\a", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scan_add_text(f.s, FIELD_HTTP_LOCATION, span_str(rows[i].text), 0);
        assert_int_equal(sample_run(f.s), rows[i].want);
        scan_add_text(f.s, FIELD_HTTP_REFERER, span_str(rows[i].text), 0);
        assert_int_equal(sample_run(f.s), 0);
    }
    teardown(&f);
}

static void test_texts(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_USER_AGENT, MATCH_EXACT, "Mozilla/5.0 (evil)"),
        SAMPLE(IOC_JA3, MATCH_EXACT, "e7d705a3286e19ea42f587b344ee6865"),
        SAMPLE(IOC_CERT_SHA1, MATCH_EXACT, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        SAMPLE(IOC_CERT_SHA256, MATCH_EXACT, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    };
    struct fixture f = setup(samples, 4, NAMES_AUTO);
    (void)state;
    scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("Mozilla/5.0 (evil)"), 1);
    scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("Mozilla/5.0 (evil) "), 2);
    scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("mozilla/5.0 (evil)"), 3);
    scan_add_text(f.s, FIELD_TLS_JA3, SPAN_LIT("e7d705a3286e19ea42f587b344ee6865"), 4);
    scan_add_text(f.s, FIELD_TLS_JA4, SPAN_LIT("e7d705a3286e19ea42f587b344ee6865"), 5);
    scan_add_text(f.s, FIELD_TLS_CERT_SHA1, SPAN_LIT(""), 6);
    scan_add_text(f.s, FIELD_TLS_CERT_SHA256, SPAN_LIT("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), 7);
    const struct hit *hits;
    assert_int_equal(scan_run(f.s, &hits), 3);
    assert_int_equal(hits[0].cookie, 1);
    assert_int_equal(hits[1].cookie, 4);
    assert_int_equal(hits[2].cookie, 7);
    teardown(&f);
}

static void test_order_and_duplicates(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com"),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "evil", .fields = FIELD_BIT(FIELD_DNS_QUERY)),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1"),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "evil.com"),
    };
    const uint8_t v4[4] = {192, 0, 2, 1};
    const struct ip ip = ip_from_v4(v4);
    const struct hit want[] = {
        {9, 0, FIELD_DNS_QUERY}, {9, 1, FIELD_DNS_QUERY}, {9, 3, FIELD_DNS_QUERY}, {1, 2, FIELD_IP_DST},
        {1, 0, FIELD_DNS_QUERY}, {1, 1, FIELD_DNS_QUERY}, {1, 0, FIELD_TLS_SNI},
    };
    const struct hit *hits;
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(samples, 4, engines[e]);
            for (int again = 0; again < 2; again++) {
                scan_add_name(f.s, FIELD_DNS_QUERY, SPAN_LIT("evil.com"), 0, 9);
                scan_add_address(f.s, FIELD_IP_DST, &ip, 0, 1);
                scan_add_name(f.s, FIELD_DNS_QUERY, SPAN_LIT("a.evil.com"), 0, 1);
                scan_add_name(f.s, FIELD_TLS_SNI, SPAN_LIT("a.evil.com"), 0, 1);
                scan_add_name(f.s, FIELD_DNS_QUERY, SPAN_LIT("b.evil.com"), 0,
                              1); /* the same hits once more */
                scan_add_address(f.s, FIELD_IP_DST, &ip, 0, 1);
                assert_int_equal(scan_run(f.s, &hits), 7);
                for (size_t i = 0; i < 7; i++) {
                    assert_int_equal(hits[i].cookie, want[i].cookie);
                    assert_int_equal(hits[i].indicator, want[i].indicator);
                    assert_int_equal(hits[i].field, want[i].field);
                }
            }
            teardown(&f);
        }
}

static void test_another_generation(void **state)
{
    const struct sample first[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com")};
    const struct sample second[] = {SAMPLE(IOC_REGEX, MATCH_REGEX, "good"),
                                    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "good.com")};
    struct fixture f = setup(first, 1, NAMES_HYPERSCAN);
    struct db *other = sample_db(second, 2, NAMES_TABLE);
    (void)state;
    assert_int_equal(sni_hits(&f, "evil.com"), 1);
    assert_true(scanner_use(f.s, other, NULL));
    assert_int_equal(sni_hits(&f, "evil.com"), 0);
    assert_int_equal(sni_hits(&f, "good.com"), 3);
    assert_true(scanner_use(f.s, f.db, NULL));
    db_free(other);
    assert_int_equal(sni_hits(&f, "evil.com"), 1);
    teardown(&f);
}

static void test_what_does_not_fit_is_counted(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com")};
    const size_t len = (64 << 20) + 1;
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(samples, 1, engines[e]);
            uint8_t *huge = malloc(len);
            memset(huge, 'a', len);
            memcpy(huge + len - 9, ".evil.com", 9);
            scan_add_name(f.s, FIELD_TLS_SNI, span_of(huge, len), 0, 1);
            assert_int_equal(scanner_dropped(f.s), 1);
            assert_int_equal(sni_hits(&f, "evil.com"), 1);
            scan_add_name(f.s, FIELD_TLS_SNI, span_of(huge + len / 2, len - len / 2), 0, 1);
            assert_int_equal(sample_run(f.s), 1);
            assert_int_equal(scanner_dropped(f.s), 1);
            free(huge);
            teardown(&f);
        }
}

/* 2^20 hits per batch are kept; the rest is counted. */
static void test_flood_of_hits(void **state)
{
    const struct sample samples[] = {SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com")};
    const uint32_t n = (1 << 20) + 10;
    struct fixture f = setup(samples, 1, NAMES_TABLE);
    const struct hit *hits;
    (void)state;
    for (uint32_t i = 0; i < n; i++)
        scan_add_name(f.s, FIELD_TLS_SNI, SPAN_LIT("evil.com"), 0, i);
    assert_int_equal(scan_run(f.s, &hits), 1 << 20);
    assert_int_equal(scanner_dropped(f.s), 10);
    assert_int_equal(hits[(1 << 20) - 1].cookie, (1 << 20) - 1);
    teardown(&f);
}

static void test_empty_db(void **state)
{
    (void)state;
    for
        EACH_ENGINE(e)
        {
            struct fixture f = setup(NULL, 0, engines[e]);
            assert_int_equal(scanner_fields(f.s), 0);
            assert_int_equal(sni_hits(&f, "evil.com"), 0);
            assert_int_equal(url_hits(&f, "evil.com", "/", 80), 0);
            const struct ip ip = {{0}};
            scan_add_address(f.s, FIELD_IP_DST, &ip, 80, 0);
            scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("x"), 0);
            assert_int_equal(sample_run(f.s), 0);
            teardown(&f);
        }
}

/* What is added is told as it is given, whether an indicator looks at it or not; and given again it is found again. */
static void keep_field(void *to, const struct scan_field *field)
{
    struct scan_field **next = to;
    *(*next)++ = *field;
}

static void test_tap(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "evil.com"), SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1"),
        SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/a"), SAMPLE(IOC_USER_AGENT, MATCH_EXACT, "Evil/1.0")};
    static const enum scan_kind kinds[] = {SCAN_NAME, SCAN_ADDRESS, SCAN_URL, SCAN_TEXT, SCAN_TEXT};
    (void)state;
    struct fixture f = setup(samples, 4, NAMES_TABLE);
    struct scan_field told[5], *next = told;
    const struct hit *hits;
    struct ip ip;
    assert_true(ip_parse_v4(SPAN_LIT("192.0.2.1"), &ip));
    scanner_tap(f.s, keep_field, &next);
    scan_add_name(f.s, FIELD_TLS_SNI, SPAN_LIT("EVIL.com"), 443, 0);
    scan_add_address(f.s, FIELD_IP_DST, &ip, 80, 1);
    scan_add_url(f.s, FIELD_HTTP_URL, SPAN_LIT("evil.com"), SPAN_LIT("/a"), 80, 2);
    scan_add_text(f.s, FIELD_HTTP_USER_AGENT, SPAN_LIT("Evil/1.0"), 3);
    scan_add_text(f.s, FIELD_HTTP_METHOD, SPAN_LIT("GET"), 4);
    assert_int_equal(next - told, 5);
    assert_int_equal(scan_run(f.s, &hits), 4);
    scanner_tap(f.s, NULL, NULL);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(told[i].kind, kinds[i]);
        scan_add(f.s, &told[i], i);
    }
    assert_int_equal(next - told, 5);
    assert_int_equal(scan_run(f.s, &hits), 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(hits[i].cookie, i);
    assert_int_equal(told[0].port, 443);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_odd_bytes),
        cmocka_unit_test(test_every_cut_of_a_name),
        cmocka_unit_test(test_neighbours_in_a_batch),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_addresses_in_names),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_order_and_duplicates),
        cmocka_unit_test(test_another_generation),
        cmocka_unit_test(test_what_does_not_fit_is_counted),
        cmocka_unit_test(test_flood_of_hits),
        cmocka_unit_test(test_tap),
        cmocka_unit_test(test_empty_db),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
