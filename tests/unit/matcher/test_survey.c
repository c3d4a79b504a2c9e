/* What a survey finds, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "matcher/special_use.h"
#include "matcher/survey.h"
#include "tests/unit/matcher/sample.h"

enum { NOW = 1767225600 /* 2026-01-01 */ };

struct told {
    const struct db *db;
    struct buf text; /* "kind value @line" each */
};

static void take(void *to, const struct survey_finding *f)
{
    struct told *t = to;
    const struct set_view *v = db_set(t->db);
    struct span value = set_value(v, f->indicator);
    if (f->finding == FINDING_PATTERN_SLOW) /* measured: on a busy machine any pattern may be */
        return;
    assert_true(f->what[0] && strlen(f->what) < 512);
    buf_printf(&t->text, "%s %.*s @%u\n", finding_name(f->finding), (int)value.len, (const char *)value.ptr,
               v->origins[f->origin].line);
}

static void survey_db(struct db *db, const char *want)
{
    struct told told = {.db = db};
    struct survey_options o = {.now = NOW, .found = take, .to = &told};
    struct err err = {0};
    buf_init(&told.text, 1 << 20);
    assert_true(survey_set(db, &o, &err));
    buf_put_byte(&told.text, 0);
    assert_string_equal((const char *)told.text.ptr, want);
    buf_fini(&told.text);
    db_free(db);
}

static void survey_samples(const struct sample *samples, size_t n, const char *want)
{
    survey_db(sample_db(samples, n, NAMES_TABLE), want);
    survey_db(sample_db(samples, n, NAMES_HYPERSCAN), want);
}

static void finds_shadowed_names(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.example"),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "a.evil.example"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "b.evil.example"),
        SAMPLE(IOC_DOMAIN, MATCH_BELOW, "evil.example"),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "notevil.example"),
        SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "c.evil.example:81", .port = 81),
        SAMPLE(IOC_DOMAIN, MATCH_BELOW, "bad.example"),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "bad.example"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "x.bad.example"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "sni.example", .fields = FIELD_BIT(FIELD_TLS_SNI)),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "all.sni.example"),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "only.sni.example", .fields = FIELD_BIT(FIELD_TLS_SNI)),
        SAMPLE(IOC_DOMAIN, MATCH_EXACT, "evil.example"),
    };
    survey_samples(samples, 13,
                   "shadowed a.evil.example @2\nshadowed b.evil.example @3\nshadowed evil.example @4\n"
                   "shadowed c.evil.example:81 @6\nshadowed x.bad.example @9\nshadowed only.sni.example @12\n"
                   "shadowed evil.example @13\n");
}

static void finds_shadowed_addresses(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "8.8.0.0/16"),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "8.8.8.8"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "8.8.4.0/24"),
        SAMPLE(IOC_RANGE4, MATCH_RANGE, "8.8.255.0-8.9.0.9"),
        SAMPLE(IOC_IP_PORT, MATCH_EXACT, "8.8.8.9:53", .port = 53),
        SAMPLE(IOC_IP_PORT, MATCH_EXACT, "9.9.9.9:53", .port = 53),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "9.9.9.9"),
        SAMPLE(IOC_RANGE4, MATCH_RANGE, "8.8.0.0-8.8.255.255"),
        SAMPLE(IOC_CIDR6, MATCH_CIDR, "2a00::/32"),
        SAMPLE(IOC_IPV6, MATCH_EXACT, "2a00::1"),
        SAMPLE(IOC_IPV6, MATCH_EXACT, "2a01::1"),
    };
    survey_samples(
        samples, 11,
        "shadowed 8.8.8.8 @2\nshadowed 8.8.4.0/24 @3\nshadowed 8.8.8.9:53 @5\nshadowed 9.9.9.9:53 @6\n"
        "shadowed 8.8.0.0-8.8.255.255 @8\nshadowed 2a00::1 @10\n");
}

static void finds_what_is_too_broad(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "32.0.0.0/8"),
        SAMPLE(IOC_CIDR4, MATCH_CIDR, "33.0.0.0/9"),
        SAMPLE(IOC_IPV4, MATCH_EXACT, "192.168.1.1"),
        SAMPLE(IOC_IP_PORT, MATCH_EXACT, "224.0.0.251:5353", .port = 5353),
        SAMPLE(IOC_CIDR6, MATCH_CIDR, "2a00::/12"),
        SAMPLE(IOC_IPV6, MATCH_EXACT, "fe80::1"),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^.+$"),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "^evil[0-9]+\\.example$"),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "\\.com", .fields = FIELD_BIT(FIELD_HTTP_URL)),
        SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "google.com"),
    };
    survey_samples(samples, 10,
                   "too-broad 32.0.0.0/8 @1\ntoo-broad 192.168.1.1 @3\ntoo-broad 224.0.0.251:5353 @4\n"
                   "too-broad 2a00::/12 @5\ntoo-broad fe80::1 @6\ntoo-broad ^.+$ @7\ntoo-broad \\.com @9\n");
}

/* A set of three indicators whose origins differ in what is said of them. */
static void finds_validity_and_conflicts(void **state)
{
    static const struct {
        const char *name;
        int64_t from, until;
        enum tlp tlp;
    } entries[] = {
        {"a.example", INT64_MIN, NOW, TLP_GREEN},       {"a.example", INT64_MIN, NOW + 1, TLP_RED},
        {"b.example", NOW + 1, INT64_MAX, TLP_NONE},    {"b.example", NOW, INT64_MAX, TLP_CLEAR},
        {"c.example", INT64_MIN, INT64_MAX, TLP_AMBER}, {"c.example", INT64_MIN, NOW - 9, TLP_AMBER},
    };
    struct set *s = set_new();
    struct db *db;
    uint32_t list, context;
    bool is_new;
    assert_true(set_add_list(s, SPAN_LIT("l"), SPAN_LIT("l.txt"), &list, NULL));
    for (uint32_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct context_in c = {.valid_from = entries[i].from,
                               .valid_until = entries[i].until,
                               .tlp = entries[i].tlp,
                               .confidence = (int)i};
        struct indicator_in in = {.type = IOC_DOMAIN,
                                  .match = MATCH_SUFFIX,
                                  .fields = ioc_default_fields(IOC_DOMAIN),
                                  .value = span_str(entries[i].name)};
        assert_true(set_add_context(s, &c, &context, NULL) &&
                    set_add(s, &in, list, i + 1, context, &is_new, NULL));
    }
    assert_true(db_build(s, NULL, &db, NULL));
    survey_db(db, "expired a.example @1\nexpired c.example @6\nnot-yet-valid b.example @3\ntlp-conflict "
                  "a.example @1\n");
}

static void leaves_suppressed_alone(void **state)
{
    const struct sample samples[] = {
        SAMPLE(IOC_IPV4, MATCH_EXACT, "10.0.0.1", .flags = IOC_F_SUPPRESSED),
        SAMPLE(IOC_REGEX, MATCH_REGEX, "x.{1,700}y.{1,700}z", .flags = IOC_F_SUPPRESSED),
    };
    survey_db(sample_db(samples, 2, NAMES_AUTO), "");
}

static void knows_special_addresses(void **state)
{
    struct special_uses s;
    struct ip a, b;
    special_uses_init(&s);
    assert_true(ip_parse_v4(SPAN_LIT("9.255.255.255"), &a) && ip_parse_v4(SPAN_LIT("10.0.0.0"), &b));
    assert_null(special_use(&s, &a, &a));
    assert_string_equal(special_use(&s, &a, &b), "private");
    assert_true(ip_parse_v4(SPAN_LIT("255.255.255.255"), &a));
    assert_string_equal(special_use(&s, &a, &a), "reserved");
    assert_true(ip_parse_v6(SPAN_LIT("2001:db7:ffff::"), &a) && ip_parse_v6(SPAN_LIT("2001:db8::"), &b));
    assert_null(special_use(&s, &a, &a));
    assert_string_equal(special_use(&s, &b, &b), "documentation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_shadowed_names),    cmocka_unit_test(finds_shadowed_addresses),
        cmocka_unit_test(finds_what_is_too_broad), cmocka_unit_test(finds_validity_and_conflicts),
        cmocka_unit_test(leaves_suppressed_alone), cmocka_unit_test(knows_special_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
