/* exercise.c: what is planted and expected, what is left out and why, and that the rest meets nothing. What a sensor makes of it is tests/drill's. */
#include "traffic/exercise.h"

#include "tests/unit/traffic/read_back.h"

struct entry {
    enum ioc_type type;
    enum ioc_match match;
    const char *value;
    int64_t valid_from, valid_until; /* 0: not said */
    field_mask fields;               /* 0: as usual */
};

static void add(struct set *set, const struct entry *e, uint32_t list, uint32_t line)
{
    struct context_in c = {.valid_from = e->valid_from ? e->valid_from : INT64_MIN,
                           .valid_until = e->valid_until ? e->valid_until : INT64_MAX,
                           .confidence = -1};
    struct indicator_in in = {.type = e->type,
                              .match = e->match,
                              .fields = e->fields ? e->fields : ioc_default_fields(e->type),
                              .value = span_str(e->value)};
    uint32_t context;
    bool is_new;
    assert_true(set_add_context(set, &c, &context, NULL));
    assert_true(set_add(set, &in, list, line, context, &is_new, NULL));
}

static struct db *db_of(const struct entry *entries, size_t n, struct db *allow)
{
    struct set *set = set_new();
    struct db *db;
    uint32_t list;
    assert_true(set_add_list(set, SPAN_LIT("one"), SPAN_LIT("one"), &list, NULL));
    for (size_t i = 0; i < n; i++)
        add(set, &entries[i], list, (uint32_t)i + 1);
    assert_true(db_build(set, &(struct db_options){.names_engine = NAMES_TABLE, .allow = allow}, &db, NULL));
    return db;
}

enum { INDICATORS_MAX = 16 };

/* What came out of a run. */
struct result {
    struct exercise_totals totals;
    uint64_t hash;
    int64_t start, first_ns, last_ns;
    unsigned ways[INDICATORS_MAX]; /* by indicator: bits of the ways it was planted in */
    unsigned n_alerts[INDICATORS_MAX];
    bool omitted[INDICATORS_MAX][OMIT_COUNT];
    uint64_t n_told, n_traps;
    struct err err;
};

static void take_talk(void *to, const struct exercise_talk *t)
{
    struct result *r = to;
    const struct contact *c = t->contact;
    r->n_told++;
    assert_true(c->first_packet && c->first_packet <= c->last_packet && c->first_ns <= c->last_ns);
    if (t->kind == EXERCISE_TRAP) {
        r->n_traps++;
        assert_int_equal(t->n_alerts, 0);
        return;
    }
    assert_int_equal(t->kind, EXERCISE_PLANTED);
    assert_true(t->n_alerts >= 1);
    assert_int_equal(t->alerts[0].indicator, t->indicator);
    r->ways[t->indicator] |= 1u << t->by;
    for (unsigned i = 0; i < t->n_alerts; i++) {
        assert_true(t->alerts[i].said < c->n_said);
        r->n_alerts[t->alerts[i].indicator]++;
    }
}

static void take_omitted(void *to, uint32_t indicator, enum exercise_omission why)
{
    struct result *r = to;
    r->omitted[indicator][why] = true;
}

/* One side is a client of the drill's network, and the frame is marked. */
static void check_marks(const struct packet *pkt)
{
    static const uint8_t mac[] = WRAPPING_MAC_MARK;
    struct decoded d;
    assert_memory_equal(pkt->bytes.ptr, mac, 5);
    assert_memory_equal(pkt->bytes.ptr + 6, mac, 5);
    if (decode_packet(pkt->link, pkt, &d).verdict != DECODE_OK)
        return;
    const uint8_t v4[2] = {198, 18}, v6[6] = {0x20, 1, 0, 2, 0, 0};
    const struct ip *ends[] = {&d.src, &d.dst};
    bool is_marked = false;
    for (unsigned i = 0; i < 2; i++)
        is_marked |= ip_is_v4(ends[i]) ? memcmp(ends[i]->b + 12, v4, 2) == 0 : memcmp(ends[i]->b, v6, 6) == 0;
    assert_true(is_marked);
}

static struct result run(const struct db *db, struct exercise_options o)
{
    struct result r = {0};
    struct packet pkt;
    o.db = db;
    o.told = take_talk;
    o.omitted = take_omitted;
    o.to = &r;
    struct exercise *x = exercise_new(&o, &r.err);
    assert_non_null(x);
    r.start = exercise_start(x);
    while (exercise_next(x, &pkt, &r.err)) {
        r.first_ns = r.first_ns ? r.first_ns : pkt.ts_ns;
        r.last_ns = pkt.ts_ns;
        check_marks(&pkt);
        for (size_t i = 0; i < pkt.bytes.len; i++)
            r.hash = r.hash * 31 + pkt.bytes.ptr[i];
    }
    r.totals = *exercise_totals(x);
    exercise_free(x);
    return r;
}

#define RUN(entries, ...)                                                                                    \
    run_entries(entries, sizeof(entries) / sizeof *(entries),                                                \
                (struct exercise_options){.seed = 3, .start = INT64_MIN, .hit_rate = 1, __VA_ARGS__})

static struct result run_entries(const struct entry *entries, size_t n, struct exercise_options o)
{
    struct db *db = db_of(entries, n, NULL);
    struct result r = run(db, o);
    db_free(db);
    return r;
}

enum {
    NAME_WAYS = 1 << BY_DNS | 1 << BY_HTTP | 1 << BY_TLS | 1 << BY_QUIC,
    ADDRESS_WAYS = 1 << BY_DNS | 1 << BY_HTTP | 1 << BY_TLS | 1 << BY_CONNECTION,
};

static void test_every_way(void **state)
{
    static const struct entry entries[] = {
        {IOC_DOMAIN, MATCH_SUFFIX, "evil.test", 0, 0, 0},
        {IOC_IPV4, MATCH_EXACT, "192.0.2.1", 0, 0, 0},
        {IOC_CIDR6, MATCH_CIDR, "2001:db8::/64", 0, 0, 0},
        {IOC_URL, MATCH_EXACT, "http://url.test/x", 0, 0, 0},
        {IOC_USER_AGENT, MATCH_EXACT, "Bot/1", 0, 0, 0},
    };
    struct result r = RUN(entries, .ways = 0);
    (void)state;
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(r.ways[0], NAME_WAYS);
    assert_int_equal(r.ways[1], ADDRESS_WAYS);
    assert_int_equal(r.ways[2], ADDRESS_WAYS);
    assert_int_equal(r.ways[3], 1 << BY_HTTP);
    assert_int_equal(r.ways[4], 1 << BY_HTTP);
    assert_int_equal(r.totals.planted, 14);
    assert_int_equal(r.totals.conversations, 14);
    /* Over HTTP an address is seen twice: where it goes, and whom it asks for. */
    assert_int_equal(r.n_alerts[1], 5);
    assert_int_equal(r.totals.alerts, 16);
    r = RUN(entries, .is_one_way_each = true);
    assert_int_equal(r.totals.planted, 5);
    r = RUN(entries, .ways = 1 << BY_QUIC);
    assert_int_equal(r.totals.planted, 1);
    assert_true(r.omitted[1][OMIT_FIELDS] && r.omitted[4][OMIT_FIELDS]);
    r = RUN(entries, .is_one_sided = true);
    assert_int_equal(r.ways[1], ADDRESS_WAYS & ~(1 << BY_DNS));
}

/* The domain and network of a URL come with it. */
static void test_what_comes_with_it(void **state)
{
    static const struct entry entries[] = {
        {IOC_URL, MATCH_EXACT, "http://x.evil.test/a", 0, 0, 0},
        {IOC_DOMAIN, MATCH_SUFFIX, "evil.test", 0, 0, 0},
        {IOC_URI_PATH, MATCH_EXACT, "/a", 0, 0, 0},
    };
    struct result r = RUN(entries, .ways = 1 << BY_HTTP);
    (void)state;
    assert_int_equal(r.totals.planted, 3);
    assert_int_equal(r.n_alerts[0], 1);
    assert_int_equal(r.n_alerts[1], 2);
    assert_int_equal(r.n_alerts[2], 2);
}

static void test_reasons(void **state)
{
    static const struct entry entries[] = {
        {IOC_JA3, MATCH_EXACT, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, 0, 0},
        {IOC_REGEX, MATCH_REGEX, "(?=x)evil", 0, 0, 0},
        {IOC_DOMAIN, MATCH_SUFFIX, "mail.test", 0, 0, FIELD_BIT(FIELD_SMTP_HELO)},
        {IOC_DOMAIN, MATCH_SUFFIX, "old.test", 0, 1000000000, 0},
        {IOC_DOMAIN, MATCH_SUFFIX, "new.test", 1700000000, 0, 0},
        {IOC_USER_AGENT, MATCH_EXACT, "two\r\nlines", 0, 0, 0},
        {IOC_DOMAIN, MATCH_SUFFIX, "refused.test", 0, 0, 0},
        {IOC_DOMAIN, MATCH_SUFFIX, "ends.test", 0, 1700000030, 0},
    };
    static const uint8_t refused[8] = {[6] = 1};
    struct result r = RUN(entries, .start = 1700000000, .refused = refused);
    (void)state;
    assert_true(r.omitted[0][OMIT_DIGEST]);
    assert_true(r.omitted[1][OMIT_PATTERN]);
    assert_true(r.omitted[2][OMIT_FIELDS]);
    assert_true(r.omitted[3][OMIT_TIME]);
    assert_true(r.omitted[5][OMIT_VALUE]);
    assert_true(r.omitted[6][OMIT_REFUSED]);
    assert_true(r.omitted[7][OMIT_TIME]);
    assert_int_equal(r.ways[4], NAME_WAYS);
    assert_int_equal(r.totals.planted, 4);
}

static void test_allowed(void **state)
{
    static const struct entry allowed[] = {{IOC_DOMAIN, MATCH_SUFFIX, "good.test", 0, 0, 0},
                                           {IOC_IPV4, MATCH_EXACT, "192.0.2.1", 0, 0, 0}};
    static const struct entry entries[] = {{IOC_DOMAIN, MATCH_SUFFIX, "www.good.test", 0, 0, 0},
                                           {IOC_DOMAIN, MATCH_SUFFIX, "bad.test", 0, 0, 0},
                                           {IOC_CIDR4, MATCH_CIDR, "192.0.2.0/31", 0, 0, 0}};
    struct db *db = db_of(entries, 3, db_of(allowed, 2, NULL));
    struct result r = run(db, (struct exercise_options){.seed = 1, .start = INT64_MIN, .hit_rate = 1});
    (void)state;
    assert_true(r.omitted[0][OMIT_ALLOWED]);
    assert_int_equal(r.ways[1], NAME_WAYS);
    assert_int_equal(r.ways[2], ADDRESS_WAYS); /* by the other one of its two addresses */
    db_free(db);
}

static void test_when(void **state)
{
    static const struct entry always[] = {{IOC_DOMAIN, MATCH_SUFFIX, "a.test", 0, 0, 0}};
    static const struct entry windows[] = {{IOC_DOMAIN, MATCH_SUFFIX, "a.test", 1500000000, 1600000000, 0},
                                           {IOC_DOMAIN, MATCH_SUFFIX, "b.test", 1550000000, 1650000000, 0},
                                           {IOC_DOMAIN, MATCH_SUFFIX, "c.test", 1900000000, 0, 0}};
    (void)state;
    assert_int_equal(RUN(always, .ways = 0).start, 1767225600);
    struct result r = RUN(windows, .ways = 0);
    assert_true(r.start >= 1550000000 && r.start < 1600000000);
    assert_true(r.ways[0] && r.ways[1] && r.omitted[2][OMIT_TIME]);
    r = RUN(always, .start = 1000);
    assert_int_equal(r.start, 1000);
    assert_true(r.first_ns >= INT64_C(1000000000000) && r.first_ns < INT64_C(1010000000000));
}

static void test_same_again(void **state)
{
    static const struct entry entries[] = {{IOC_DOMAIN, MATCH_SUFFIX, "a.test", 0, 0, 0}};
    struct result one = RUN(entries, .hit_rate = 0.1), again = RUN(entries, .hit_rate = 0.1),
                  other = RUN(entries, .hit_rate = 0.1, .seed = 4);
    (void)state;
    assert_true(one.hash == again.hash && one.totals.packets == again.totals.packets);
    assert_true(one.hash != other.hash);
}

static void test_how_much(void **state)
{
    static const struct entry entries[] = {
        {IOC_DOMAIN, MATCH_SUFFIX, "a.test", 0, 0, 0},
        {IOC_JA4, MATCH_EXACT, "t13d1516h2_8daaf6152771_b186095e22b6", 0, 0, 0}};
    struct result r = RUN(entries, .bytes = 20000000, .hit_rate = 0);
    (void)state;
    assert_true(r.totals.bytes >= 20000000 && r.totals.bytes < 60000000);
    assert_int_equal(r.totals.planted, 4);
    r = RUN(entries, .packets = 20000, .hit_rate = 0.5);
    assert_true(r.totals.packets >= 20000 && r.totals.packets < 80000);
    double share = (double)r.totals.planted / (double)r.totals.conversations;
    assert_true(share > 0.4 && share < 0.6);
    r = RUN(entries + 1, .packets = 1000, .hit_rate = 0.5); /* nothing can be planted: the rest goes on */
    assert_true(r.totals.packets >= 1000);
}

static void test_mix(void **state)
{
    static const struct entry entries[] = {
        {IOC_JA3, MATCH_EXACT, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, 0, 0}};
    struct result r = RUN(entries, .packets = 600, .mix = {[BY_DNS] = 1});
    (void)state;
    assert_int_equal(r.totals.packets, 2 * r.totals.conversations); /* a question and an answer each */
}

static void test_near_misses(void **state)
{
    static const struct entry entries[] = {{IOC_DOMAIN, MATCH_SUFFIX, "evil.test", 0, 0, 0},
                                           {IOC_DOMAIN, MATCH_EXACT, "notevil.test", 0, 0, 0}};
    struct result r = RUN(entries, .has_traps = true);
    (void)state;
    assert_int_equal(r.n_traps, 5);
    assert_int_equal(r.totals.traps_omitted, 1); /* "notevil.test" is listed */
    assert_int_equal(r.n_told, r.totals.traps + r.totals.planted);
}

static void test_no_way_out(void **state)
{
    static const struct entry hosts[] = {{IOC_CIDR4, MATCH_CIDR, "198.18.0.0/15", 0, 0, 0},
                                         {IOC_CIDR6, MATCH_CIDR, "2001:2::/48", 0, 0, 0}};
    struct result r = RUN(hosts, .hit_rate = 0.1);
    (void)state;
    assert_int_equal(r.err.kind, ERR_LIMIT);
}

static void test_evasion_and_tunnels(void **state)
{
    static const struct entry entries[] = {{IOC_DOMAIN, MATCH_SUFFIX, "a.test", 0, 0, 0}};
    (void)state;
    for (unsigned level = 1; level <= EXERCISE_EVASION_MAX; level++) {
        struct result r =
            RUN(entries, .evasion = level, .hit_rate = 0.1, .wrapping = {1, {{.kind = WRAP_VLAN, .id = 7}}});
        assert_int_equal(r.err.kind, ERR_NONE);
        assert_int_equal(r.ways[0], NAME_WAYS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way),
        cmocka_unit_test(test_what_comes_with_it),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_same_again),
        cmocka_unit_test(test_how_much),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_near_misses),
        cmocka_unit_test(test_no_way_out),
        cmocka_unit_test(test_evasion_and_tunnels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
