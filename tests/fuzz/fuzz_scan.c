/* Fields of a small fixed set of indicators: both names engines must find what the naive oracle finds.
 *
 * The input is a run of records: kind and field (1 byte each), port (1), length of the text (1), length of a URL's target
 * (1), then the bytes. */
#include <stdlib.h>

#include "tests/differential/oracle_naive.h"
#include "tests/unit/matcher/sample.h"

enum { FIELDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ALL (FIELD_BIT(FIELD_COUNT) - 1)

static const struct sample samples[] = {
    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com", .fields = ALL),
    SAMPLE(IOC_DOMAIN, MATCH_BELOW, "evil.com", .fields = ALL),
    SAMPLE(IOC_DOMAIN, MATCH_EXACT, "a.evil.com", .fields = ALL),
    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "com", .fields = FIELD_BIT(FIELD_TLS_SNI)),
    SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.com:8080", .fields = ALL, .port = 8080),
    SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "ev?l-*.com", .fields = ALL),
    SAMPLE(IOC_IPV4, MATCH_EXACT, "10.0.0.1", .fields = ALL),
    SAMPLE(IOC_IPV6, MATCH_EXACT, "2001:db8::1", .fields = ALL),
    SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.0.0.0/8", .fields = ALL),
    SAMPLE(IOC_RANGE6, MATCH_RANGE, "2001:db8::-2001:db8::ff", .fields = ALL),
    SAMPLE(IOC_IP_PORT, MATCH_EXACT, "10.0.0.1:8080", .fields = ALL, .port = 8080),
    SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/a?b", .fields = ALL),
    SAMPLE(IOC_URL, MATCH_PREFIX, "http://evil.com:8080/a", .fields = ALL),
    SAMPLE(IOC_HOSTPATH, MATCH_PREFIX, "10.0.0.1/", .fields = ALL),
    SAMPLE(IOC_URL, MATCH_EXACT, "http://[2001:db8::1]/", .fields = ALL),
    SAMPLE(IOC_URI_PATH, MATCH_PREFIX, "/gate?", .fields = ALL),
    SAMPLE(IOC_URI_PATH, MATCH_EXACT, "/%01", .fields = ALL),
    SAMPLE(IOC_USER_AGENT, MATCH_EXACT, "evil", .fields = ALL),
    SAMPLE(IOC_REGEX, MATCH_REGEX, "^evil[0-9]", .fields = ALL),
    SAMPLE(IOC_REGEX, MATCH_REGEX, "a[^b]c", .fields = ALL),
    SAMPLE(IOC_REGEX, MATCH_REGEX, "GATE", .fields = ALL, .flags = IOC_F_CASELESS),
    /* Full enough for false hits now and then: those must be the same. */
    SAMPLE(IOC_BLOOM, MATCH_SUFFIX,
           "evil.com 10.0.0.1 http://evil.com/a?b evil a b c d e f g h i j k l m n o", .fields = ALL),
    SAMPLE(IOC_BLOOM, MATCH_EXACT, "a.evil.com 2001:db8::1 10.0.0.1/ a b c d e f g h i j k l m n o p q r",
           .fields = ALL),
};

/* Compiled once for all inputs; the process ends with them. */
static struct db *const *the_dbs(void)
{
    static struct db *dbs[2];
    if (!dbs[0]) {
        dbs[0] = sample_db(samples, sizeof samples / sizeof *samples, NAMES_HYPERSCAN);
        dbs[1] = sample_db(samples, sizeof samples / sizeof *samples, NAMES_TABLE);
    }
    return dbs;
}

static struct ip ip_of(struct span s)
{
    uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8};
    uint8_t v4[4] = {10};
    if (s.len >= 16) {
        memcpy(b + 4, s.ptr + 4, 12);
        return ip_from_v6(b);
    }
    memcpy(v4 + 1, s.ptr, s.len < 3 ? s.len : 3);
    return ip_from_v4(v4);
}

/* One record, its bytes in blocks of their own. */
static bool take_field(struct span *in, struct oracle_field *out)
{
    static const uint8_t names[] = {FIELD_DNS_QUERY, FIELD_TLS_SNI, FIELD_HTTP_HOST};
    static const uint8_t texts[] = {FIELD_HTTP_USER_AGENT, FIELD_HTTP_LOCATION, FIELD_HTTP_REFERER,
                                    FIELD_TLS_JA3};
    static const uint16_t ports[] = {0, 80, 443, 8080};
    struct span head, text, target;
    if (!span_take(in, 5, &head))
        return false;
    span_take(in, head.ptr[3] < in->len ? head.ptr[3] : in->len, &text);
    span_take(in, head.ptr[4] < in->len ? head.ptr[4] : in->len, &target);
    *out = (struct oracle_field){.kind = (enum oracle_kind)(head.ptr[0] % 4), .port = ports[head.ptr[2] % 4]};
    out->cookie = head.ptr[2] / 4;
    out->field = out->kind == ORACLE_NAME      ? (enum field)names[head.ptr[1] % 3]
                 : out->kind == ORACLE_ADDRESS ? FIELD_IP_DST
                 : out->kind == ORACLE_URL     ? FIELD_HTTP_URL
                                               : (enum field)texts[head.ptr[1] % 4];
    out->text = sample_exact(text);
    out->target = sample_exact(target);
    if (out->kind == ORACLE_ADDRESS)
        out->ip = ip_of(text);
    return true;
}

static void check(const struct db *db, const struct oracle_field *fields, size_t n, const struct hit *want,
                  size_t n_want)
{
    struct scanner *s = scanner_new(db, NULL);
    const struct hit *got;
    sample_must(s != NULL);
    for (size_t i = 0; i < n; i++)
        oracle_add_to(s, &fields[i]);
    sample_must(scan_run(s, &got) == n_want);
    for (size_t i = 0; i < n_want; i++)
        sample_must(got[i].cookie == want[i].cookie && got[i].indicator == want[i].indicator &&
                    got[i].field == want[i].field);
    sample_must(scanner_dropped(s) == 0);
    scanner_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oracle_field fields[FIELDS_MAX];
    struct span in = span_of(data, size);
    struct db *const *dbs = the_dbs();
    struct hit *want;
    size_t n = 0;
    while (n < FIELDS_MAX && take_field(&in, &fields[n]))
        n++;
    size_t n_want = oracle_match(db_set(dbs[0]), fields, n, &want);
    check(dbs[0], fields, n, want, n_want);
    check(dbs[1], fields, n, want, n_want);
    free(want);
    for (size_t i = 0; i < n; i++) {
        sample_release(fields[i].text);
        sample_release(fields[i].target);
    }
    return 0;
}
