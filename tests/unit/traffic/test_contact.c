/* contact.c: for each type of indicator, each way to contact it raises its alert, and a stranger's raises none. */
#include "traffic/contact.h"

#include "tests/unit/traffic/read_back.h"

static struct talk_room room;
static struct contact_stock stock;
static struct contact contact;

struct row {
    enum ioc_type type;
    enum ioc_match match;
    const char *value;
    uint16_t port;
    unsigned n_ways;
};

static const struct row rows[] = {
    {IOC_DOMAIN, MATCH_EXACT, "evil.example", 0, 4},
    {IOC_DOMAIN, MATCH_SUFFIX, "evil.example", 0, 4},
    {IOC_DOMAIN, MATCH_BELOW, "evil.example", 0, 4},
    {IOC_WILDCARD, MATCH_WILDCARD, "evil-*.ex?mple.example", 0, 4},
    {IOC_IPV4, MATCH_EXACT, "203.0.113.5", 0, 4},
    {IOC_IPV6, MATCH_EXACT, "2001:db8:bad::5", 0, 4},
    {IOC_CIDR4, MATCH_CIDR, "203.0.113.64/26", 0, 4},
    {IOC_CIDR6, MATCH_CIDR, "2001:db8:bad::/47", 0, 4},
    {IOC_RANGE4, MATCH_RANGE, "203.0.113.5-203.0.113.9", 0, 4},
    {IOC_RANGE6, MATCH_RANGE, "2001:db8:bad::5-2001:db8:bad::9", 0, 4},
    {IOC_IP_PORT, MATCH_EXACT, "203.0.113.5:4444", 4444, 3},
    {IOC_IP_PORT, MATCH_EXACT, "[2001:db8:bad::5]:4444", 4444, 3},
    {IOC_DOMAIN_PORT, MATCH_EXACT, "evil.example:8443", 8443, 3},
    {IOC_URL, MATCH_EXACT, "http://evil.example/a?b=c", 0, 1},
    {IOC_URL, MATCH_EXACT, "https://evil.example/", 0, 1},
    {IOC_HOSTPATH, MATCH_EXACT, "evil.example/a/b", 0, 1},
    {IOC_URI_PATH, MATCH_PREFIX, "/gate.php?id=", 0, 1},
    {IOC_USER_AGENT, MATCH_EXACT, "evil agent/1", 0, 1},
    {IOC_JA3, MATCH_EXACT, "0123456789abcdef0123456789abcdef", 0, 0},
    {IOC_CERT_SHA1, MATCH_EXACT, "0123456789abcdef0123456789abcdef01234567", 0, 0},
    {IOC_REGEX, MATCH_REGEX, "evil[0-9]+", 0, 0},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static struct contact_wish wish_of(const struct row *r)
{
    return (struct contact_wish){
        .type = r->type, .match = r->match, .value = span_str(r->value), .port = r->port};
}

static struct way way_of(void)
{
    struct way w = {.start_ns = INT64_C(1767225600000000000)};
    ip_parse_v4(SPAN_LIT("192.0.2.10"), &w.client);
    ip_parse_v4(SPAN_LIT("198.51.100.20"), &w.server);
    return w;
}

/* How many alerts the contact raises with a worker that looks for `r`. */
static size_t alerts(const struct row *r, const struct contact_wish *w, uint64_t seed)
{
    struct read_back_worker worker;
    struct dice dice = dice_of(seed);
    struct way way = way_of();
    read_back_open(&worker, r->type, r->match, span_str(r->value), r->port);
    assert_true(contact_make(&contact, &stock, w, &way, &dice));
    read_back_talk(&worker, &contact.talk, &room);
    size_t n = worker.n_alerts;
    read_back_close(&worker);
    return n;
}

static void test_every_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct contact_wish w = wish_of(&rows[i]);
        unsigned ways = contact_ways(&w), n_ways = 0;
        for (unsigned by = 0; by < CONTACT_BYS; by++) {
            if (!(ways & 1u << by))
                continue;
            n_ways++;
            w.by = by;
            for (uint64_t seed = 0; seed < 3; seed++) {
                w.answer_bytes = seed == 2 ? 20000 : 0;
                if (alerts(&rows[i], &w, seed) == 0)
                    fail_msg("%s by %u with seed %u raised nothing", rows[i].value, by, (unsigned)seed);
            }
        }
        assert_int_equal(n_ways, rows[i].n_ways);
    }
}

static void test_strangers(void **state)
{
    char name[CONTACT_NAME_MAX];
    struct dice dice = dice_of(7);
    (void)state;
    struct contact_wish w = {.type = IOC_DOMAIN, .value = span_of(name, contact_name(&dice, name))};
    for (w.by = BY_DNS; w.by <= BY_QUIC; w.by++)
        assert_int_equal(alerts(&rows[1], &w, 1), 0);
}

/* Told where it is looked for, it is contacted there alone. */
static void test_fields(void **state)
{
    struct contact_wish w = wish_of(&rows[0]);
    (void)state;
    w.fields = FIELD_BIT(FIELD_TLS_SNI);
    assert_int_equal(contact_ways(&w), 1u << BY_TLS);
    w = wish_of(&rows[4]);
    w.fields = FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS);
    assert_int_equal(contact_ways(&w), 1u << BY_DNS);
}

static void test_refused(void **state)
{
    static char longer[9000];
    struct dice dice = dice_of(1);
    struct way way = way_of();
    (void)state;
    memset(longer, 'a', sizeof longer);
    longer[0] = '/';
    struct contact_wish w = {.type = IOC_URI_PATH, .value = span_of(longer, sizeof longer), .by = BY_HTTP};
    assert_false(contact_make(&contact, &stock, &w, &way, &dice));
    w.value.len = 8192;
    assert_true(contact_make(&contact, &stock, &w, &way, &dice));
    w.by = BY_DNS;
    assert_false(contact_make(&contact, &stock, &w, &way, &dice));
    w = (struct contact_wish){.type = IOC_IPV4, .value = SPAN_LIT("no address"), .by = BY_TLS};
    assert_false(contact_make(&contact, &stock, &w, &way, &dice));
}

/* The same dice make the same packets. */
static void test_same(void **state)
{
    uint64_t sums[2] = {0};
    (void)state;
    for (unsigned run = 0; run < 2; run++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct contact_wish w = wish_of(&rows[1]);
            struct dice dice = dice_of(seed);
            struct way way = way_of();
            struct packet pkt;
            w.by = (enum contact_by)(seed % 4);
            assert_true(contact_make(&contact, &stock, &w, &way, &dice));
            while (talk_next(&contact.talk, &room, &pkt))
                for (size_t i = 0; i < pkt.bytes.len; i++)
                    sums[run] = sums[run] * 31 + pkt.bytes.ptr[i];
        }
    assert_true(sums[0] == sums[1]);
}

static int open_stock(void **state)
{
    (void)state;
    return contact_stock_init(&stock, 1) && contact_init(&contact) ? 0 : -1;
}

static int close_stock(void **state)
{
    (void)state;
    contact_fini(&contact);
    contact_stock_fini(&stock);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way), cmocka_unit_test(test_strangers), cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_same),
    };
    return cmocka_run_group_tests(tests, open_stock, close_stock);
}
