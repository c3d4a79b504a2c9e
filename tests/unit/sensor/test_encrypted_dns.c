/* encrypted_dns.c: which hellos begin DNS that nobody sees, and that each counts once. */
#include "sensor/encrypted_dns.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/events.h"

static struct tls_client_hello hello_of(const char *name, const char *protocol)
{
    struct tls_client_hello h = {0};
    if (name) {
        h.names[h.n_names++] = SPAN_LIT("first.example");
        h.names[h.n_names++] = span_str(name);
    }
    if (protocol) {
        h.alpn[h.n_alpn++] = SPAN_LIT("h2");
        h.alpn[h.n_alpn++] = span_str(protocol);
    }
    return h;
}

static const struct row {
    enum event_kind kind;
    uint16_t port;
    bool is_tunnelled;
    const char *name, *protocol;
    enum encrypted_dns want;
} rows[] = {
    {EVENT_TLS_CLIENT, 853, false, NULL, NULL, ENCRYPTED_DNS_DOT},
    {EVENT_TLS_CLIENT, 853, false, "dns.google", NULL, ENCRYPTED_DNS_DOT},
    {EVENT_TLS_CLIENT, 853, true, NULL, NULL, ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 443, false, NULL, "dot", ENCRYPTED_DNS_DOT},
    {EVENT_TLS_CLIENT, 443, true, NULL, "dot", ENCRYPTED_DNS_DOT},
    {EVENT_TLS_CLIENT, 443, false, NULL, "doq", ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 443, false, NULL, "Dot", ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 443, false, NULL, "h3", ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 8530, false, NULL, NULL, ENCRYPTED_DNS_NONE},
    {EVENT_QUIC, 853, false, NULL, NULL, ENCRYPTED_DNS_DOQ},
    {EVENT_QUIC, 784, false, NULL, "doq", ENCRYPTED_DNS_DOQ},
    {EVENT_QUIC, 784, false, NULL, "dot", ENCRYPTED_DNS_NONE},
    {EVENT_QUIC, 443, false, "dns.google", "h3", ENCRYPTED_DNS_DOH},
    {EVENT_TLS_CLIENT, 443, false, "dns.google", NULL, ENCRYPTED_DNS_DOH},
    {EVENT_TLS_CLIENT, 443, true, "DNS.Google.", NULL, ENCRYPTED_DNS_DOH},
    {EVENT_TLS_CLIENT, 8443, false, "mozilla.cloudflare-dns.com", NULL, ENCRYPTED_DNS_DOH},
    {EVENT_TLS_CLIENT, 443, false, "a1b2c3.dns.nextdns.io", NULL, ENCRYPTED_DNS_DOH},
    {EVENT_TLS_CLIENT, 443, false, "adguard-dns.com", NULL, ENCRYPTED_DNS_DOH},   /* the list's first */
    {EVENT_TLS_CLIENT, 443, false, "public.dns.iij.jp", NULL, ENCRYPTED_DNS_DOH}, /* and last */
    {EVENT_TLS_CLIENT, 443, false, "xdns.google", NULL, ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 443, false, "dns.google.example", NULL, ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 443, false, "google", NULL, ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 443, false, ".", NULL, ENCRYPTED_DNS_NONE},
    {EVENT_TLS_CLIENT, 443, false, "", NULL, ENCRYPTED_DNS_NONE},
    {EVENT_TLS_SERVER, 853, false, NULL, NULL, ENCRYPTED_DNS_NONE},
    {EVENT_FLOW, 853, false, NULL, NULL, ENCRYPTED_DNS_NONE},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct tls_client_hello h = hello_of(r->name, r->protocol);
        struct event e = {.kind = r->kind,
                          .sport = 853,
                          .dport = r->port,
                          .is_tunnelled = r->is_tunnelled,
                          .tls_client = &h};
        assert_int_equal(encrypted_dns_of(&e), r->want);
    }
}

static bool is_not_quic(void *to, const struct event *e)
{
    (void)to;
    return e->kind != EVENT_QUIC;
}

/* One that is told for the second time is taken back. */
static void test_counts(void **state)
{
    struct stats stats = {0};
    struct events events;
    struct flow f = {.proto = IPPROTO_TCP, .port = {40000, 443}};
    struct moment m = {.ts_ns = 1};
    struct tls_client_hello doh = hello_of("dns.google", "h2"), other = hello_of("good.example", "h2");
    (void)state;
    assert_true(events_init(&events, &stats, 1 << 20));
    events_add_tls_client(&events, &f, 0, &m, &doh);
    events_add_tls_client(&events, &f, 0, &m, &other);
    events_add_quic(&events, &f, 0, &m, &doh, 1);
    assert_int_equal(stats.encrypted_dns[ENCRYPTED_DNS_DOH], 2);
    f.port[1] = 853;
    events_add_tls_client(&events, &f, 0, &m, &other);
    events_add_quic(&events, &f, 0, &m, &other, 1);
    assert_int_equal(stats.encrypted_dns[ENCRYPTED_DNS_DOT], 1);
    assert_int_equal(stats.encrypted_dns[ENCRYPTED_DNS_DOQ], 1);
    events_filter(&events, 0, is_not_quic, NULL);
    assert_int_equal(events.n, 3);
    assert_int_equal(stats.encrypted_dns[ENCRYPTED_DNS_DOH], 1);
    assert_int_equal(stats.encrypted_dns[ENCRYPTED_DNS_DOT], 1);
    assert_int_equal(stats.encrypted_dns[ENCRYPTED_DNS_DOQ], 0);
    assert_int_equal(stats.encrypted_dns[ENCRYPTED_DNS_NONE], 0);
    events_fini(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
