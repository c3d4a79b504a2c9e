/* suppress.c: which hits of an event an allow-list covers, row by row: what was seen, the host of a URL, where traffic goes. */
#include "sensor/suppress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/unit/matcher/sample.h"
#include "tests/unit/sensor/packets.h"

enum {
    NOW_S = 1767323045,
    RESOLVER = 0xc0000235,
    CLIENT = 0xc000020a,
    SERVER = 0xcb007105,
    PROXY = 0xc6336401
};

/* ---- what is looked for ---- */

static const struct sample listed[] = {
    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.example"),
    SAMPLE(IOC_IPV4, MATCH_EXACT, "203.0.113.5"),
    SAMPLE(IOC_URI_PATH, MATCH_EXACT, "/gate"),
    SAMPLE(IOC_USER_AGENT, MATCH_EXACT, "evil agent"),
    SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.example/bad",
           .fields =
               FIELD_BIT(FIELD_HTTP_URL) | FIELD_BIT(FIELD_HTTP_LOCATION) | FIELD_BIT(FIELD_HTTP_REFERER)),
    SAMPLE(IOC_REGEX, MATCH_REGEX, "^badproto$", .fields = FIELD_BIT(FIELD_TLS_ALPN)),
};
enum { N_LISTED = sizeof listed / sizeof *listed };

/* ---- what is seen ---- */

struct scene {
    struct event event;
    struct dns_message dns;
    struct dns_question question;
    struct dns_record records[2];
    uint8_t address[4];
    struct http_request request;
    struct http_response response;
    struct tls_client_hello hello;
};

static struct event *begin(struct scene *s, enum event_kind kind, uint32_t server, uint16_t port)
{
    *s = (struct scene){.event = {.kind = kind,
                                  .is_to_server = true,
                                  .sport = 40000,
                                  .dport = port,
                                  .src = packets_v4(CLIENT),
                                  .dst = packets_v4(server),
                                  .ts_ns = NOW_S * INT64_C(1000000000)}};
    return &s->event;
}

static struct dns_name dns_name(const char *text)
{
    return (struct dns_name){.text = span_str(text), .match = span_str(text)};
}

/* asked.example is an alias of www.evil.example, which is 203.0.113.5. */
static void see_answer(struct scene *s)
{
    static const uint8_t address[4] = {203, 0, 113, 5};
    struct event *e = begin(s, EVENT_DNS, RESOLVER, 53);
    memcpy(s->address, address, sizeof address);
    s->question.name = dns_name("asked.example");
    s->records[0] = (struct dns_record){
        .type = DNS_CNAME, .owner = dns_name("asked.example"), .target = dns_name("www.evil.example")};
    s->records[1] = (struct dns_record){
        .type = DNS_A, .owner = dns_name("www.evil.example"), .data = span_of(s->address, 4)};
    s->dns = (struct dns_message){.is_response = true,
                                  .n_questions = 1,
                                  .n_records = 2,
                                  .questions = &s->question,
                                  .records = s->records};
    e->dns = &s->dns;
}

static void see_query(struct scene *s)
{
    see_answer(s);
    s->question.name = dns_name("www.evil.example");
    s->dns.is_response = false;
    s->dns.n_records = 0;
}

/* As in mDNS: nobody asked. */
static void see_announcement(struct scene *s)
{
    see_answer(s);
    s->dns.n_questions = 0;
}

static void see_request(struct scene *s)
{
    struct event *e = begin(s, EVENT_HTTP_REQUEST, SERVER, 8080);
    s->request = (struct http_request){.method = SPAN_LIT("GET"),
                                       .target = SPAN_LIT("/gate"),
                                       .host = SPAN_LIT("asked.example:8080"),
                                       .hosts = {SPAN_LIT("asked.example:8080")},
                                       .n_hosts = 1,
                                       .user_agent = SPAN_LIT("evil agent"),
                                       .referer = SPAN_LIT("http://evil.example/bad")};
    e->http_request = &s->request;
}

static void see_two_hosts(struct scene *s)
{
    see_request(s);
    s->request.hosts[s->request.n_hosts++] = SPAN_LIT("www.evil.example");
}

static void see_no_host(struct scene *s)
{
    see_request(s);
    s->request.host = span_of(NULL, 0);
    s->request.n_hosts = 0;
}

static void see_proxied(struct scene *s)
{
    see_request(s);
    s->event.dst = packets_v4(PROXY);
    s->request.target = SPAN_LIT("http://asked.example/gate");
    s->request.host = SPAN_LIT("asked.example");
    s->request.hosts[0] = SPAN_LIT("asked.example");
}

static void see_url(struct scene *s)
{
    see_request(s);
    s->request.target = SPAN_LIT("/bad");
    s->request.host = s->request.hosts[0] = SPAN_LIT("evil.example");
    s->request.referer = s->request.user_agent = span_of(NULL, 0);
}

static void see_redirect(struct scene *s)
{
    struct event *e = begin(s, EVENT_HTTP_RESPONSE, SERVER, 80);
    e->is_to_server = false;
    e->src = packets_v4(SERVER);
    e->dst = packets_v4(CLIENT);
    s->response.location = SPAN_LIT("http://evil.example/bad");
    e->http_response = &s->response;
}

static void see_hello(struct scene *s)
{
    struct event *e = begin(s, EVENT_TLS_CLIENT, SERVER, 443);
    s->hello = (struct tls_client_hello){.sni = SPAN_LIT("asked.example"),
                                         .names = {SPAN_LIT("asked.example")},
                                         .n_names = 1,
                                         .alpn = {SPAN_LIT("badproto")},
                                         .n_alpn = 1};
    e->tls_client = &s->hello;
}

static void see_evil_hello(struct scene *s)
{
    see_hello(s);
    s->hello.sni = s->hello.names[0] = SPAN_LIT("www.evil.example");
}

static void see_tunnelled_hello(struct scene *s)
{
    see_evil_hello(s);
    s->event.dst = packets_v4(PROXY);
    s->event.is_tunnelled = true;
}

static void see_flow_out(struct scene *s)
{
    begin(s, EVENT_FLOW, SERVER, 443);
}

static void see_flow_in(struct scene *s)
{
    struct event *e = begin(s, EVENT_FLOW, CLIENT, 443);
    e->src = packets_v4(SERVER);
}

/* ---- the table ---- */

#define SUFFIX(...) SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, __VA_ARGS__)
#define EXACT(...)  SAMPLE(IOC_DOMAIN, MATCH_EXACT, __VA_ARGS__)
#define NET4(...)   SAMPLE(IOC_CIDR4, MATCH_CIDR, __VA_ARGS__)
#define V4(...)     SAMPLE(IOC_IPV4, MATCH_EXACT, __VA_ARGS__)
#define HOST_ONLY   .flags = IOC_F_HOST_ONLY
#define NOTHING     SUFFIX("nobody.example")

static const struct row {
    void (*see)(struct scene *);
    struct sample entry;
    const char *alerts; /* hits that stay: "field indicator, ..." */
} rows[] = {
    /* What was seen: children of an allowed name, under a listed one. */
    {see_query, NOTHING, "dns.query 0"},
    {see_query, SUFFIX("www.evil.example"), ""},
    {see_query, EXACT("www.evil.example"), ""},
    {see_query, EXACT("evil.example"), "dns.query 0"},
    {see_query, SUFFIX("ww.evil.example"), "dns.query 0"},
    {see_query, SAMPLE(IOC_DOMAIN, MATCH_BELOW, "evil.example"), ""},
    {see_query, SAMPLE(IOC_WILDCARD, MATCH_WILDCARD, "ww*.evil.example"), ""},
    {see_query, SAMPLE(IOC_REGEX, MATCH_REGEX, "^www\\."), ""},
    {see_query, SUFFIX("www.evil.example", HOST_ONLY), ""},
    {see_query, SUFFIX("www.evil.example", .fields = FIELD_BIT(FIELD_TLS_SNI)), "dns.query 0"},
    {see_query, NET4("192.0.2.0/24"), "dns.query 0"}, /* the resolver is no destination */
    /* DNS answers go to the name asked for. */
    {see_answer, NOTHING, "dns.answer.target 0, dns.answer.name 0, dns.answer.address 1"},
    {see_answer, SUFFIX("asked.example"), ""},
    {see_answer, SUFFIX("asked.example", HOST_ONLY),
     "dns.answer.target 0, dns.answer.name 0, dns.answer.address 1"},
    {see_answer, SUFFIX("asked.example", .fields = FIELD_BIT(FIELD_DNS_ANSWER_NAME)),
     "dns.answer.target 0, dns.answer.name 0, dns.answer.address 1"},
    {see_answer, NET4("192.0.2.0/24"), "dns.answer.target 0, dns.answer.name 0, dns.answer.address 1"},
    {see_answer, NET4("203.0.113.0/24"), "dns.answer.target 0, dns.answer.name 0"},
    {see_answer, NET4("203.0.113.0/24", HOST_ONLY), "dns.answer.target 0, dns.answer.name 0"},
    {see_answer, SUFFIX("www.evil.example"), "dns.answer.address 1"},
    {see_announcement, SUFFIX("asked.example"),
     "dns.answer.target 0, dns.answer.name 0, dns.answer.address 1"},
    {see_announcement, SUFFIX("www.evil.example"), "dns.answer.address 1"},
    /* Requests go to the host, or to the server's address. */
    {see_request, NOTHING, "http.url 2, http.user_agent 3, http.referer 4"},
    {see_request, SUFFIX("asked.example"), ""},
    {see_request, SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "asked.example:8080", .port = 8080), ""},
    {see_request, SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "asked.example:80", .port = 80),
     "http.url 2, http.user_agent 3, http.referer 4"},
    {see_request, SUFFIX("asked.example", HOST_ONLY), "http.url 2, http.user_agent 3, http.referer 4"},
    {see_request, NET4("203.0.113.0/24"), ""},
    {see_request, SAMPLE(IOC_IP_PORT, MATCH_EXACT, "203.0.113.5:8080", .port = 8080), ""},
    {see_request, NET4("203.0.113.0/24", HOST_ONLY), "http.url 2, http.user_agent 3, http.referer 4"},
    {see_request, NET4("192.0.2.0/24"), "http.url 2, http.user_agent 3, http.referer 4"}, /* the client's */
    {see_request, SUFFIX("evil.example"), "http.url 2, http.user_agent 3"}, /* the Referer's own host */
    {see_request, SUFFIX("evil.example", HOST_ONLY), "http.url 2, http.user_agent 3, http.referer 4"},
    {see_request, SAMPLE(IOC_USER_AGENT, MATCH_EXACT, "evil agent"), "http.url 2, http.referer 4"},
    {see_request, SAMPLE(IOC_URI_PATH, MATCH_PREFIX, "/ga"), "http.user_agent 3, http.referer 4"},
    {see_request, SAMPLE(IOC_HOSTPATH, MATCH_EXACT, "asked.example:8080/gate"),
     "http.user_agent 3, http.referer 4"},
    {see_no_host, SUFFIX("asked.example"), "http.url 2, http.user_agent 3, http.referer 4"},
    {see_no_host, NET4("203.0.113.0/24"), ""},
    /* Two hosts: who asks for both hides nothing behind the one that is allowed. */
    {see_two_hosts, SUFFIX("asked.example"), "http.host 0, http.url 2, http.user_agent 3, http.referer 4"},
    {see_two_hosts, SUFFIX("www.evil.example"), "http.url 2, http.user_agent 3, http.referer 4"},
    {see_two_hosts, SUFFIX("example"), ""},
    /* Through a proxy, its address is no destination. */
    {see_proxied, NET4("198.51.100.0/24"), "http.url 2, http.user_agent 3, http.referer 4"},
    {see_proxied, SUFFIX("asked.example"), ""},
    /* URLs. */
    {see_url, NOTHING, "http.host 0, http.url 4"},
    {see_url, SUFFIX("evil.example"), ""},
    {see_url, SUFFIX("evil.example", HOST_ONLY), "http.url 4"}, /* a URL on a well-known host stays */
    {see_url, SAMPLE(IOC_URL, MATCH_PREFIX, "http://evil.example:8080/b"), "http.host 0"},
    {see_url, SAMPLE(IOC_URL, MATCH_PREFIX, "http://evil.example:8080/b", HOST_ONLY), "http.host 0"},
    {see_url, SAMPLE(IOC_REGEX, MATCH_REGEX, "evil", HOST_ONLY), "http.url 4"},
    {see_url, SAMPLE(IOC_REGEX, MATCH_REGEX, "/bad$"), "http.host 0"},
    /* A redirect is covered by where it leads, not by who sends it. */
    {see_redirect, NOTHING, "http.location 4"},
    {see_redirect, NET4("203.0.113.0/24"), "http.location 4"},
    {see_redirect, SUFFIX("evil.example"), ""},
    {see_redirect, SUFFIX("evil.example", HOST_ONLY), "http.location 4"},
    /* TLS goes to the SNI, or to the server's address. */
    {see_hello, NOTHING, "tls.alpn 5"},
    {see_hello, SUFFIX("asked.example"), ""},
    {see_hello, SUFFIX("asked.example", HOST_ONLY), "tls.alpn 5"},
    {see_hello, V4("203.0.113.5"), ""},
    {see_hello, V4("203.0.113.5", .fields = FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS)), "tls.alpn 5"},
    {see_evil_hello, NOTHING, "tls.sni 0, tls.alpn 5"},
    {see_evil_hello, SUFFIX("www.evil.example", HOST_ONLY), "tls.alpn 5"},
    {see_evil_hello, NET4("203.0.113.0/24"), ""},
    {see_tunnelled_hello, NET4("198.51.100.0/24"), "tls.sni 0, tls.alpn 5"},
    {see_tunnelled_hello, SUFFIX("evil.example"), ""},
    /* Flows: the matched address alone. */
    {see_flow_out, NOTHING, "ip.dst 1"},
    {see_flow_out, NET4("203.0.113.0/24"), ""},
    {see_flow_out, NET4("203.0.113.0/24", HOST_ONLY), ""},
    {see_flow_out, NET4("192.0.2.0/24"), "ip.dst 1"},
    {see_flow_out, SAMPLE(IOC_IP_PORT, MATCH_EXACT, "203.0.113.5:443", .port = 443), ""},
    {see_flow_out, SAMPLE(IOC_IP_PORT, MATCH_EXACT, "203.0.113.5:80", .port = 80), "ip.dst 1"},
    {see_flow_in, NOTHING, "ip.src 1"},
    {see_flow_in, NET4("192.0.2.0/24"), "ip.src 1"}, /* to an allowed network, from a listed address */
    {see_flow_in, NET4("203.0.113.0/24"), ""},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

/* ---- asking ---- */

struct bench {
    struct db *db, *allow;
    struct observations seen;
    struct suppressor *suppressor;
    struct buf alerts;
};

static void bench_init(struct bench *b, struct db *allow)
{
    *b = (struct bench){.db = sample_db(listed, N_LISTED, NAMES_AUTO), .allow = allow};
    b->seen.scanner = scanner_new(b->db, NULL);
    b->seen.wanted = scanner_fields(b->seen.scanner);
    b->seen.items = malloc(OBSERVED_MAX * sizeof *b->seen.items);
    b->suppressor = suppress_new(allow, NULL);
    assert_true(b->seen.scanner && b->seen.items && b->suppressor);
    buf_init(&b->alerts, 1 << 16);
}

static void bench_fini(struct bench *b)
{
    suppress_free(b->suppressor);
    scanner_free(b->seen.scanner);
    free(b->seen.items);
    db_free(b->db);
    db_free(b->allow);
    buf_fini(&b->alerts);
}

/* The hits of the events added so far that stay, as text. */
static const char *alerts(struct bench *b, uint64_t *out_n_suppressed)
{
    const struct hit *hits;
    size_t n = scan_run(b->seen.scanner, &hits);
    buf_reset(&b->alerts);
    for (size_t i = 0; i < n; i++) {
        if (suppress_hit(b->suppressor, &b->seen, &hits[i]))
            ++*out_n_suppressed;
        else
            buf_printf(&b->alerts, "%s%s %u", b->alerts.len ? ", " : "", field_name(hits[i].field),
                       hits[i].indicator);
    }
    buf_put_byte(&b->alerts, 0);
    b->seen.n = 0;
    suppress_forget(b->suppressor);
    return (const char *)b->alerts.ptr;
}

static uint64_t counted(const struct bench *b)
{
    uint64_t n = 0;
    for (uint32_t o = 0; o < db_set(b->allow)->n_origins; o++)
        n += suppress_hits(b->suppressor)[o];
    return n;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        for (enum names_engine engine = NAMES_HYPERSCAN; engine <= NAMES_TABLE; engine++) {
            struct bench b;
            struct scene scene;
            uint64_t n_suppressed = 0;
            bench_init(&b, sample_db(&rows[i].entry, 1, engine));
            rows[i].see(&scene);
            observe_event(&b.seen, &scene.event);
            const char *text = alerts(&b, &n_suppressed);
            if (strcmp(text, rows[i].alerts) != 0)
                fail_msg("row %zu, %s: \"%s\" stay, wanted \"%s\"", i, rows[i].entry.value, text,
                         rows[i].alerts);
            assert_int_equal(counted(&b), n_suppressed);
            bench_fini(&b);
        }
}

/* Many events before the matcher at once, among them the same ones: each is judged for itself. */
static void test_batch(void **state)
{
    (void)state;
    enum { N = 40 };
    const struct sample entry = SUFFIX("asked.example");
    static struct scene scenes[N];
    struct bench b;
    struct buf want;
    uint64_t n_suppressed = 0;
    bench_init(&b, sample_db(&entry, 1, NAMES_AUTO));
    buf_init(&want, 1 << 16);
    for (size_t i = 0; i < N; i++) {
        static const struct row *const kinds[] = {&rows[0], &rows[12], &rows[22]};
        const struct row *kind = kinds[i * 7 % 3];
        kind->see(&scenes[i]);
        observe_event(&b.seen, &scenes[i].event);
        if (kind == &rows[0])
            buf_printf(&want, "%sdns.query 0", want.len ? ", " : "");
    }
    buf_put_byte(&want, 0);
    assert_string_equal(alerts(&b, &n_suppressed), (const char *)want.ptr);
    assert_int_equal(n_suppressed % 3, 0);
    assert_true(n_suppressed > N);
    assert_int_equal(counted(&b), n_suppressed);
    buf_fini(&want);
    bench_fini(&b);
}

/* ---- validity, and who gets the credit ---- */

static struct db *dated_db(const int64_t windows[][2], size_t n)
{
    struct set *set = set_new();
    struct db *db = NULL;
    uint32_t list, context;
    bool is_new;
    struct indicator_in in = {.type = IOC_DOMAIN,
                              .match = MATCH_SUFFIX,
                              .fields = ioc_default_fields(IOC_DOMAIN),
                              .value = SPAN_LIT("www.evil.example")};
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
        {INT64_MIN, NOW_S}, {NOW_S + 10, NOW_S + 20}, {NOW_S + 15, INT64_MAX}};
    static const struct {
        int64_t after_s;
        int by; /* origin, or -1: not covered */
    } times[] = {{-1, 0}, {0, -1}, {9, -1}, {10, 1}, {19, 1}, {20, 2}, {1000, 2}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct bench b;
        struct scene scene;
        uint64_t n_suppressed = 0;
        bench_init(&b, dated_db(windows, 3));
        see_query(&scene);
        scene.event.ts_ns += times[i].after_s * 1000000000;
        observe_event(&b.seen, &scene.event);
        assert_string_equal(alerts(&b, &n_suppressed), times[i].by < 0 ? "dns.query 0" : "");
        for (int o = 0; o < 3; o++)
            assert_int_equal(suppress_hits(b.suppressor)[o], o == times[i].by);
        bench_fini(&b);
    }
}

/* Several entries cover: the first one has the credit, and what was seen goes before where it goes. */
static void test_credit(void **state)
{
    (void)state;
    const struct sample entries[] = {NET4("203.0.113.0/24"), SUFFIX("evil.example"),
                                     SUFFIX("www.evil.example")};
    struct bench b;
    struct scene scene;
    uint64_t n_suppressed = 0;
    bench_init(&b, sample_db(entries, 3, NAMES_AUTO));
    see_evil_hello(&scene);
    observe_event(&b.seen, &scene.event);
    assert_string_equal(alerts(&b, &n_suppressed), "");
    assert_int_equal(suppress_hits(b.suppressor)[0], 0);
    assert_int_equal(suppress_hits(b.suppressor)[1], 2); /* the name seen; the ALPN by the name asked for */
    assert_int_equal(suppress_hits(b.suppressor)[2], 0);
    bench_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_credit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
