/* eve*.c: exact lines for every kind of event and for alerts, hostile bytes in every place, and the promise that a line is
 * whole or not there. With "--lines 8" (or 7) the lines of all samples go to stdout, for tests/schema/validate.py. */
#include "sensor/eve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "rules/list.h"

/* ---- a db of one's own ---- */

struct db {
    struct set_view set;
    const struct db *allow;
};

const struct set_view *db_set(const struct db *db)
{
    return &db->set;
}

const struct db *db_allow(const struct db *db)
{
    return db->allow;
}

const char *db_generation(const struct db *db)
{
    (void)db;
    return "0123456789abcdef";
}

/* ---- samples ---- */

static const char *const sources[] = {"captures/one.pcap", "two \"quoted\"\n\xff.pcap"};
static const struct eve_options v8 = {.version = 8, .sources = sources};
static const struct eve_options v7 = {.version = 7, .sources = sources};
static const char *const interfaces[] = {"eth0"};
static const struct eve_options live = {.version = 8, .sources = interfaces, .is_live = true};

enum { TS = 1767323045 }; /* 2026-01-02T03:04:05Z */

static struct event base_event(enum event_kind kind, uint8_t proto, uint16_t sport, uint16_t dport)
{
    return (struct event){.kind = kind,
                          .proto = proto,
                          .ip_version = 4,
                          .is_to_server = true,
                          .sport = sport,
                          .dport = dport,
                          .src = ip_from_v4((const uint8_t[4]){192, 0, 2, 1}),
                          .dst = ip_from_v4((const uint8_t[4]){198, 51, 100, 2}),
                          .ts_ns = TS * INT64_C(1000000000) + 123456789,
                          .packet_number = 7,
                          .flow_id = 1234567890123};
}

#define NAME(s)                                                                                              \
    {                                                                                                        \
        .text = {(const uint8_t *)(s), sizeof(s) - 1 }                                                       \
    }
#define BYTES(s)                                                                                             \
    {                                                                                                        \
        (const uint8_t *)(s), sizeof(s) - 1                                                                  \
    }

static struct dns_question questions[] = {
    {.name = NAME("WWW.Evil.example"), .type = DNS_A, .class = 1},
    {.name = NAME("two.example"), .type = 65280, .class = 1},
};

static struct dns_record records[] = {
    {.section = DNS_ANSWER,
     .type = DNS_CNAME,
     .class = 1,
     .ttl = 300,
     .owner = NAME("www.evil.example"),
     .target = NAME("cdn.example")},
    {.section = DNS_ANSWER,
     .type = DNS_A,
     .class = 1,
     .ttl = 60,
     .owner = NAME("cdn.example"),
     .data = BYTES("\xc0\x00\x02\x09")},
    {.section = DNS_ANSWER,
     .type = DNS_AAAA,
     .class = 1,
     .ttl = 60,
     .owner = NAME("cdn.example"),
     .data = BYTES("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01")},
    {.section = DNS_ANSWER,
     .type = DNS_TXT,
     .class = 1,
     .ttl = 1,
     .owner = NAME("t.example"),
     .data = BYTES("v=spf1 \"-all\"\n")},
    {.section = DNS_ANSWER,
     .type = DNS_SRV,
     .class = 1,
     .ttl = 2,
     .owner = NAME("_s._tcp.example"),
     .target = NAME("srv.example"),
     .priority = 1,
     .weight = 2,
     .port = 3},
    {.section = DNS_ANSWER,
     .type = DNS_SOA,
     .class = 1,
     .ttl = 3,
     .owner = NAME("example"),
     .target = NAME("ns.example"),
     .rname = NAME("root.example"),
     .soa = {1, 2, 3, 4, 5}},
    {.section = DNS_ANSWER, .type = 65280, .class = 1, .ttl = 4, .owner = NAME("."), .data = BYTES("raw")},
    {.section = DNS_ANSWER,
     .type = DNS_A,
     .class = 1,
     .ttl = 5,
     .owner = NAME("odd.example"),
     .data = BYTES("\x01\x02")},
    {.section = DNS_AUTHORITY,
     .type = DNS_SOA,
     .class = 1,
     .ttl = 3,
     .owner = NAME("example"),
     .target = NAME("ns.example"),
     .rname = NAME("root.example"),
     .soa = {1, 2, 3, 4, 5}},
    {.section = DNS_AUTHORITY,
     .type = DNS_SRV,
     .class = 1,
     .ttl = 2,
     .owner = NAME("_s._tcp.example"),
     .target = NAME("srv.example")},
    {.section = DNS_ADDITIONAL,
     .type = DNS_OPT,
     .class = 1232,
     .ttl = 0x8000,
     .owner = NAME("."),
     .data = BYTES("\x00\x0a\x00\x02\xab\xcd\x00\x03\x00\x00")},
    {.section = DNS_ADDITIONAL, .type = DNS_OPT, .class = 1232, .owner = NAME(".")},
    {.section = DNS_ADDITIONAL,
     .type = DNS_MX,
     .class = 1,
     .ttl = 9,
     .owner = NAME("example"),
     .target = NAME("mx.example"),
     .priority = 10},
};

static const struct dns_message query = {
    .id = 4660, .flags = 0x0100, .n_questions = 1, .questions = questions};
static const struct dns_message two_queries = {
    .id = 1, .flags = 0x0040, .n_questions = 2, .questions = questions};
static const struct dns_message no_queries = {.id = 2, .flags = 0x2800, .n_records = 1, .records = records};
static const struct dns_message response = {.id = 4660,
                                            .flags = 0x8783,
                                            .is_response = true,
                                            .n_questions = 1,
                                            .questions = questions,
                                            .n_records = sizeof records / sizeof *records,
                                            .records = records};

static const struct http_request request = {.method = BYTES("GET"),
                                            .target = BYTES("/a?b=\"c\"\\"),
                                            .protocol = BYTES("HTTP/1.1"),
                                            .host = BYTES("evil.example:8080"),
                                            .hosts = {BYTES("evil.example:8080")},
                                            .n_hosts = 1,
                                            .user_agent = BYTES("curl/8"),
                                            .referer = BYTES("http://ref.example/")};
static const struct http_request two_hosts = {.method = BYTES("GET"),
                                              .target = BYTES("/"),
                                              .protocol = BYTES("HTTP/1.1"),
                                              .host = BYTES("a.example"),
                                              .hosts = {BYTES("a.example"), BYTES("b.example")},
                                              .n_hosts = 2,
                                              .content_type = BYTES("text/plain")};
static const struct http_response redirect = {.protocol = BYTES("HTTP/1.1"),
                                              .status = 302,
                                              .location = BYTES("http://evil.example/"),
                                              .content_type = BYTES("text/html"),
                                              .framing = HTTP_LENGTH,
                                              .body_len = INT64_MAX};
static const struct http_response chunked = {
    .protocol = BYTES("HTTP/1.0"), .status = 200, .framing = HTTP_CHUNKED, .body_len = 5};
static const struct tls_client_hello client_hello = {.legacy_version = 0x0303,
                                                     .version = 0x0304,
                                                     .sni = BYTES("evil.example"),
                                                     .alpn = {BYTES("h2"), BYTES("\x0a\x0a")},
                                                     .n_alpn = 2};
static const struct tls_client_hello no_sni = {.legacy_version = 0x0301, .version = 0x0301};
static const struct tls_server_hello server_hello = {
    .legacy_version = 0x0303, .version = 0x0303, .alpn = BYTES("http/1.1")};

/* Every byte that some reader trips over. */
#define HOSTILE                                                                                              \
    "a\0b\xff\"\\\n\r\x1b[2J\xe2\x80\xa8\xed\xa0\x80\xc0\xaf\xf0\x9f\x98\x80\x7f\xc2\x85</script>\xc3"

static struct dns_question hostile_question = {.name = NAME(HOSTILE), .type = 0, .class = 0xffff};
static struct dns_record hostile_records[] = {
    {.section = DNS_ANSWER, .type = DNS_TXT, .owner = NAME(HOSTILE), .data = BYTES(HOSTILE)},
    {.section = DNS_ANSWER, .type = DNS_SRV, .owner = NAME(HOSTILE), .target = NAME(HOSTILE)},
    {.section = DNS_AUTHORITY,
     .type = DNS_SOA,
     .owner = NAME(HOSTILE),
     .target = NAME(HOSTILE),
     .rname = NAME(HOSTILE)},
    {.section = DNS_ADDITIONAL, .type = DNS_AAAA, .owner = NAME(HOSTILE), .data = BYTES(HOSTILE)},
    {.section = DNS_ADDITIONAL,
     .type = DNS_OPT,
     .owner = NAME(HOSTILE),
     .data = BYTES("\0\x0a\0\x09"
                   "cut")},
    {.section = DNS_ADDITIONAL,
     .type = DNS_OPT,
     .owner = NAME(HOSTILE),
     .data = BYTES("\0\x0a\0\x01"
                   "x\0")},
};
static const struct dns_message hostile_dns = {.id = 65535,
                                               .flags = 0xffff,
                                               .is_response = true,
                                               .n_questions = 1,
                                               .questions = &hostile_question,
                                               .n_records = sizeof hostile_records / sizeof *hostile_records,
                                               .records = hostile_records};
static const struct http_request hostile_request = {.method = BYTES(HOSTILE),
                                                    .target = BYTES(HOSTILE),
                                                    .protocol = BYTES(HOSTILE),
                                                    .host = BYTES(HOSTILE ":99999"),
                                                    .hosts = {BYTES(HOSTILE), BYTES("")},
                                                    .n_hosts = 2,
                                                    .user_agent = BYTES(HOSTILE),
                                                    .referer = BYTES(HOSTILE),
                                                    .content_type = BYTES(HOSTILE)};
static const struct http_response hostile_response = {
    .protocol = BYTES(HOSTILE), .location = BYTES(HOSTILE), .content_type = BYTES(HOSTILE)};
static const struct tls_client_hello hostile_hello = {
    .version = 0xffff, .sni = BYTES(HOSTILE), .alpn = {BYTES(HOSTILE), BYTES("")}, .n_alpn = 2};

static const struct certificate_digests digests = {.sha1 = {"0123456789abcdef0123456789abcdef01234567"}};
static const struct certificates chain = {
    .version = 0x0303,
    .n = 1,
    .n_sha1 = 1,
    .digests = &digests,
    .own = {.not_before = 1767323045,
            .not_after = 253402300799, /* 9999: the schema has no words for it */
            .alt_names = BYTES("\x82\x04" "a.de" "\x87\x04\xc0\0\x02\x01"),
            .n_alt_names = 2},
    .subject = BYTES("O=Example\\, Inc., CN=\xc3\xa9.example"),
    .issuer = BYTES("CN=CA"),
    .serial = BYTES("00:9A"),
};
static const struct certificates hostile_chain = {
    .n = 1, .n_sha1 = 1, .digests = &digests, .own = {.not_before = INT64_MIN, .not_after = INT64_MIN,
    .alt_names = BYTES("\x82\x03\"\n\xff" "\x87\x03" "abc"), .n_alt_names = 1}};

enum { SAMPLES_MAX = 32 };

static size_t samples(struct event out[static SAMPLES_MAX])
{
    size_t n = 0;
    out[n] = base_event(EVENT_FLOW, 6, 40000, 443);
    out[n].n_vlans = 3;
    memcpy(out[n].vlans, (const uint16_t[3]){100, 4095, 1}, sizeof out[n].vlans);
    n++;
    out[n++] = base_event(EVENT_FLOW, 1, 0, 0);
    out[n++] = base_event(EVENT_FLOW, 253, 0, 0);
    const struct dns_message *messages[] = {&query, &two_queries, &no_queries, &response, &hostile_dns};
    const uint16_t ports[] = {53, 5353, 5355};
    for (size_t i = 0; i < 3 * sizeof messages / sizeof *messages; i++) {
        out[n] = base_event(EVENT_DNS, 17, 40000, ports[i % 3]);
        out[n].source = i % 2;
        out[n++].dns = messages[i / 3];
    }
    const struct http_request *requests[] = {&request, &two_hosts, &hostile_request};
    for (size_t i = 0; i < 3; i++) {
        out[n] = base_event(EVENT_HTTP_REQUEST, 6, 40000, 80);
        out[n++].http_request = requests[i];
    }
    const struct http_response *responses[] = {&redirect, &chunked, &hostile_response};
    for (size_t i = 0; i < 3; i++) {
        out[n] = base_event(EVENT_HTTP_RESPONSE, 6, 80, 40000);
        out[n].is_to_server = false;
        out[n++].http_response = responses[i];
    }
    const struct tls_client_hello *hellos[] = {&client_hello, &no_sni, &hostile_hello};
    for (size_t i = 0; i < 3; i++) {
        out[n] = base_event(EVENT_TLS_CLIENT, 6, 40000, 443);
        out[n++].tls_client = hellos[i];
    }
    out[n] = base_event(EVENT_TLS_SERVER, 6, 443, 40000);
    out[n].is_to_server = false;
    out[n++].tls_server = &server_hello;
    const struct certificates *chains[] = {&chain, &hostile_chain};
    for (size_t i = 0; i < 2; i++) {
        out[n] = base_event(EVENT_TLS_CERTIFICATES, 6, 443, 40000);
        out[n].is_to_server = false;
        out[n++].certificates = chains[i];
    }
    return n;
}

/* ---- a set by hand ---- */

#define POOL                                                                                                 \
    "evil.example"                                                                                           \
    "partner-c2"                                                                                             \
    "CSIRT \"A\""                                                                                            \
    "https://ref.example/1"                                                                                  \
    "says\nwho\\"                                                                                            \
    "id-1"                                                                                                   \
    "tlp:amber"                                                                                              \
    "botnet_cc"                                                                                              \
    "other" HOSTILE
enum {
    AT_VALUE = 0,
    AT_LIST = 12,
    AT_ORG = 22,
    AT_REF = 31,
    AT_DESC = 52,
    AT_ID = 61,
    AT_TAG1 = 65,
    AT_TAG2 = 74,
    AT_OTHER = 83,
    AT_HOSTILE = 88
};

static const uint8_t pool[] = POOL;
#define REF(at, n)                                                                                           \
    {                                                                                                        \
        at, n                                                                                                \
    }

static const struct text_ref tags[] = {REF(AT_TAG1, 9), REF(AT_TAG2, 9), REF(AT_HOSTILE, sizeof HOSTILE - 1)};
static const struct context contexts[] = {
    {.organisation = REF(AT_ORG, 9),
     .reference = REF(AT_REF, 21),
     .description = REF(AT_DESC, 9),
     .id = REF(AT_ID, 4),
     .tags = 0,
     .n_tags = 2,
     .valid_from = TS - 1000,
     .valid_until = TS + 1000,
     .tlp = TLP_AMBER,
     .confidence = 80},
    {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .tlp = TLP_GREEN, .confidence = -1},
    {.valid_from = INT64_MIN, .valid_until = TS, .tlp = TLP_RED, .confidence = 100}, /* over */
    {.organisation = REF(AT_HOSTILE, sizeof HOSTILE - 1),
     .reference = REF(AT_HOSTILE, sizeof HOSTILE - 1),
     .description = REF(AT_HOSTILE, sizeof HOSTILE - 1),
     .id = REF(AT_HOSTILE, sizeof HOSTILE - 1),
     .tags = 2,
     .n_tags = 1,
     .valid_from = INT64_MIN + 1,
     .valid_until = INT64_MAX - 1,
     .tlp = TLP_NONE,
     .confidence = 0},
};
static const struct origin origins[] = {
    {.list = 0, .line = 35, .context = 0, .next = 1},
    {.list = 1, .line = 2, .context = 2, .next = 2},
    {.list = 1, .line = 3, .context = 1, .next = ORIGIN_END},
    {.list = 2, .line = 1, .context = 3, .next = ORIGIN_END},
    {.list = 1, .line = 2, .context = 2, .next = ORIGIN_END},
};
static const struct indicator indicators[] = {
    {.value = AT_VALUE, .value_len = 12, .origins = 0, .type = IOC_DOMAIN, .match = MATCH_SUFFIX},
    {.value = AT_HOSTILE,
     .value_len = sizeof HOSTILE - 1,
     .origins = 3,
     .type = IOC_REGEX,
     .match = MATCH_REGEX},
    {.value = AT_VALUE,
     .value_len = 12,
     .origins = 4,
     .type = IOC_URL,
     .match = MATCH_PREFIX,
     .flags = IOC_F_SUPPRESSED,
     .allowed_by = 0},
};
static const struct list_info lists[] = {
    {.name = REF(AT_LIST, 10), .path = REF(AT_LIST, 10)},
    {.name = REF(AT_OTHER, 5), .path = REF(AT_OTHER, 5)},
    {.name = REF(AT_HOSTILE, sizeof HOSTILE - 1), .path = REF(AT_HOSTILE, sizeof HOSTILE - 1)},
};
static const struct db db = {.set = {.indicators = indicators,
                                     .origins = origins,
                                     .contexts = contexts,
                                     .lists = lists,
                                     .tags = tags,
                                     .pool = pool,
                                     .n_indicators = 3,
                                     .n_origins = 5,
                                     .n_contexts = 4,
                                     .n_lists = 3,
                                     .n_tags = 3,
                                     .pool_bytes = sizeof pool - 1},
                             .allow = &db}; /* the same again: what it says is hostile there too */

static const struct stats some_stats = {.packets = 10,
                                        .bytes = 1000,
                                        .wire_bytes = 1100,
                                        .processed = 7,
                                        .undecodable = {[UNDECODABLE_TCP] = 2},
                                        .out_of_scope = {[SCOPE_NOT_IP] = 1},
                                        .tcp = 5,
                                        .udp = 2,
                                        .ipv4 = 7,
                                        .flows = 3,
                                        .sessions = {[SESSION_TLS] = 2},
                                        .readable = {[SESSION_TLS] = 1},
                                        .unreadable = {[SESSION_TLS] = {[UNREADABLE_LOST] = 1}},
                                        .events = {1, 2, 3, 4, 5, 6},
                                        .fields = 9,
                                        .hits = 7,
                                        .hits_suppressed = 3,
                                        .hits_expired = 1,
                                        .hits_repeated = 2,
                                        .alerts = 1,
                                        .kernel_drops = 6,
                                        .first_ns = 1,
                                        .last_ns = TS * INT64_C(1000000000)};
/* Owned in life, borrowed here. */
static char report_path[] = "lists/" HOSTILE;
static char report_name[] = "partner-c2";
static const struct list_report reports[] = {{.path = report_path,
                                              .name = report_name,
                                              .entries = 10,
                                              .loaded = 6,
                                              .merged = 1,
                                              .skipped = 3,
                                              .rejected = 2,
                                              .passed_over = 1}};
static const uint64_t list_hits[] = {4, 0, 1};
static const uint64_t allow_hits[] = {0, 5, 2, 1, 0}; /* by origin */

static bool put_stats(struct buf *out, const struct eve_options *o)
{
    const struct eve_lists said = {.reports = reports, .n_reports = 1, .list_hits = list_hits, .allow_hits = allow_hits};
    return eve_put_stats(out, o, &some_stats, &db, &said, 60);
}

/* ---- checks ---- */

static void assert_line(const struct buf *out, const char *want)
{
    if (!span_eq(buf_span(out), span_str(want)))
        fail_msg("got:\n%.*swant:\n%s", (int)out->len, out->len ? (const char *)out->ptr : "", want);
}

static void expect_event(const struct eve_options *o, const struct event *e, const char *want)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_true(eve_put_event(&out, o, e));
    assert_line(&out, want);
    buf_fini(&out);
}

static void expect_alert(const struct eve_options *o, const struct alert *a, const char *want)
{
    struct buf out;
    buf_init(&out, EVE_ALERT_MAX);
    assert_true(eve_put_alert(&out, o, a));
    assert_line(&out, want);
    buf_fini(&out);
}

#define HEAD(type)                                                                                           \
    "{\"timestamp\":\"2026-01-02T03:04:05.123456+0000\",\"flow_id\":1234567890123,\"pcap_cnt\":7,\"event_"   \
    "type\":\"" type "\","
#define ENDS(sport, dport, proto, ip_v)                                                                      \
    "\"src_ip\":\"192.0.2.1\",\"src_port\":" #sport ",\"dest_ip\":\"198.51.100.2\",\"dest_port\":" #dport    \
    ",\"proto\":\"" proto "\"," ip_v "\"pkt_src\":\"wire/pcap\","
#define V8      "\"ip_v\":4,"
#define PCAP    "\"pcap_filename\":\"captures/one.pcap\","
#define DNS_ID  "\"community_id\":\"1:BWReJXMNj4QaPOU529MpBZS5b38=\","
#define HTTP_ID "\"community_id\":\"1:+2pHz3aT6HgcBXuye2/+i7Ff26k=\","
#define TLS_ID  "\"community_id\":\"1:NbXPA3TEXRmHZI919Uo5iaoB4Q0=\","

static void test_dns_request(void **state)
{
    struct event e = base_event(EVENT_DNS, 17, 40000, 53);
    (void)state;

    e.dns = &query;
    expect_event(
        &v8, &e,
        HEAD("dns") ENDS(40000, 53, "UDP", V8) DNS_ID
        "\"app_proto\":\"dns\",\"direction\":\"to_server\"," PCAP
        "\"dns\":{\"version\":3,\"type\":\"request\",\"tx_id\":0,\"id\":4660,\"flags\":\"100\",\"rd\":true,"
        "\"opcode\":0,"
        "\"rcode\":\"NOERROR\",\"queries\":[{\"rrname\":\"WWW.Evil.example\",\"rrtype\":\"A\"}]}}\n");
    expect_event(&v7, &e,
                 HEAD("dns") ENDS(40000, 53, "UDP", "") DNS_ID
                 "\"app_proto\":\"dns\",\"direction\":\"to_server\"," PCAP
                 "\"dns\":{\"version\":2,\"type\":\"query\",\"id\":4660,\"rrname\":\"WWW.Evil.example\","
                 "\"rrtype\":\"A\",\"tx_id\":0,"
                 "\"opcode\":0}}\n");
}

static void test_dns_response(void **state)
{
    struct event e = base_event(EVENT_DNS, 17, 40000, 53);
    (void)state;

    e.dns = &response;
    e.is_to_server = false;
    expect_event(
        &v8, &e,
        HEAD("dns") ENDS(40000, 53, "UDP", V8) DNS_ID
        "\"app_proto\":\"dns\",\"direction\":\"to_client\"," PCAP
        "\"dns\":{\"version\":3,\"type\":\"response\",\"tx_id\":0,\"id\":4660,\"flags\":\"8783\",\"qr\":true,"
        "\"aa\":true,\"tc\":true,"
        "\"rd\":true,\"ra\":true,\"opcode\":0,\"rcode\":\"NXDOMAIN\",\"queries\":[{\"rrname\":\"WWW.Evil."
        "example\",\"rrtype\":\"A\"}],"
        "\"answers\":[{\"rrname\":\"www.evil.example\",\"rrtype\":\"CNAME\",\"ttl\":300,\"rdata\":\"cdn."
        "example\"},"
        "{\"rrname\":\"cdn.example\",\"rrtype\":\"A\",\"ttl\":60,\"rdata\":\"192.0.2.9\"},"
        "{\"rrname\":\"cdn.example\",\"rrtype\":\"AAAA\",\"ttl\":60,\"rdata\":\"2001:db8::1\"},"
        "{\"rrname\":\"t.example\",\"rrtype\":\"TXT\",\"ttl\":1,\"rdata\":\"v=spf1 \\\"-all\\\"\\\\x0a\"},"
        "{\"rrname\":\"_s._tcp.example\",\"rrtype\":\"SRV\",\"ttl\":2,\"srv\":{\"priority\":1,\"weight\":2,"
        "\"port\":3,\"name\":\"srv.example\"}},"
        "{\"rrname\":\"example\",\"rrtype\":\"SOA\",\"ttl\":3,\"soa\":{\"mname\":\"ns.example\",\"rname\":"
        "\"root.example\",\"serial\":1,"
        "\"refresh\":2,\"retry\":3,\"expire\":4,\"minimum\":5}},"
        "{\"rrname\":\".\",\"rrtype\":\"TYPE65280\",\"ttl\":4},"
        "{\"rrname\":\"odd.example\",\"rrtype\":\"A\",\"ttl\":5,\"rdata\":\"\\\\x01\\\\x02\"}],"
        "\"authorities\":[{\"rrname\":\"example\",\"rrtype\":\"SOA\",\"ttl\":3,\"soa\":{\"mname\":\"ns."
        "example\",\"rname\":\"root.example\","
        "\"serial\":1,\"refresh\":2,\"retry\":3,\"expire\":4,\"minimum\":5}},"
        "{\"rrname\":\"_s._tcp.example\",\"rrtype\":\"SRV\",\"ttl\":2,\"rdata\":\"srv.example\"}],"
        "\"additionals\":[{\"rrname\":\".\",\"rrtype\":\"OPT\",\"ttl\":32768,\"opt\":[{\"code\":10,\"data\":"
        "\"abcd\"},{\"code\":3,\"data\":\"\"}]},"
        "{\"rrname\":\"example\",\"rrtype\":\"MX\",\"ttl\":9,\"rdata\":\"mx.example\"}]}}\n");
    expect_event(
        &v7, &e,
        HEAD("dns") ENDS(40000, 53, "UDP", "") DNS_ID
        "\"app_proto\":\"dns\",\"direction\":\"to_client\"," PCAP
        "\"dns\":{\"version\":2,\"type\":\"answer\",\"id\":4660,\"flags\":\"8783\",\"qr\":true,\"aa\":true,"
        "\"rd\":true,\"ra\":true,\"opcode\":0,\"rrname\":\"WWW.Evil.example\",\"rrtype\":\"A\",\"rcode\":"
        "\"NXDOMAIN\","
        "\"answers\":[{\"rrname\":\"www.evil.example\",\"rrtype\":\"CNAME\",\"ttl\":300,\"rdata\":\"cdn."
        "example\"},"
        "{\"rrname\":\"cdn.example\",\"rrtype\":\"A\",\"ttl\":60,\"rdata\":\"192.0.2.9\"},"
        "{\"rrname\":\"cdn.example\",\"rrtype\":\"AAAA\",\"ttl\":60,\"rdata\":\"2001:db8::1\"},"
        "{\"rrname\":\"t.example\",\"rrtype\":\"TXT\",\"ttl\":1,\"rdata\":\"v=spf1 \\\"-all\\\"\\\\x0a\"},"
        "{\"rrname\":\"_s._tcp.example\",\"rrtype\":\"SRV\",\"ttl\":2,\"srv\":{\"priority\":1,\"weight\":2,"
        "\"port\":3,\"name\":\"srv.example\"}},"
        "{\"rrname\":\"example\",\"rrtype\":\"SOA\",\"ttl\":3,\"rdata\":\"ns.example\"},"
        "{\"rrname\":\".\",\"rrtype\":\"TYPE65280\",\"ttl\":4},"
        "{\"rrname\":\"odd.example\",\"rrtype\":\"A\",\"ttl\":5,\"rdata\":\"\\\\x01\\\\x02\"}],"
        "\"authorities\":[{\"rrname\":\"example\",\"rrtype\":\"SOA\",\"ttl\":3,\"soa\":{\"mname\":\"ns."
        "example\",\"rname\":\"root.example\","
        "\"serial\":1,\"refresh\":2,\"retry\":3,\"expire\":4,\"minimum\":5}},"
        "{\"rrname\":\"_s._tcp.example\",\"rrtype\":\"SRV\",\"ttl\":2,\"rdata\":\"srv.example\"}]}}\n");
}

/* Version 7: one line for each question; mDNS is a kind of its own in version 8 only. */
static void test_dns_lines(void **state)
{
    struct event e = base_event(EVENT_DNS, 17, 5353, 5353);
    struct buf out;
    (void)state;

    e.dns = &two_queries;
    buf_init(&out, 1 << 16);
    assert_true(eve_put_event(&out, &v7, &e));
    buf_put_byte(&out, 0);
    const char *text = (const char *)out.ptr, *second = strchr(text, '\n') + 1;
    assert_non_null(strstr(text, "\"event_type\":\"dns\""));
    assert_non_null(strstr(
        text, "\"rrname\":\"WWW.Evil.example\",\"rrtype\":\"A\",\"tx_id\":0,\"z\":true,\"opcode\":0}}\n{"));
    assert_non_null(strstr(second, "\"rrname\":\"two.example\",\"rrtype\":\"TYPE65280\""));
    assert_string_equal(strchr(second, '\n'), "\n");

    buf_reset(&out);
    assert_true(eve_put_event(&out, &v8, &e));
    buf_put_byte(&out, 0);
    assert_non_null(strstr((const char *)out.ptr, "\"event_type\":\"mdns\""));
    assert_non_null(strstr((const char *)out.ptr, "\"app_proto\":\"mdns\""));
    assert_non_null(strstr((const char *)out.ptr, "\"dns\":{\"version\":3"));
    buf_fini(&out);
}

/* Either port may be mDNS's (RFC 6762, section 6.7), but what goes to port 53, or comes from there, is plain DNS, and so is TCP. */
static void test_mdns_ports(void **state)
{
    static const struct {
        uint8_t proto;
        uint16_t sport, dport;
        bool is_mdns;
    } cases[] = {
        {17, 5353, 5353, true}, {17, 40000, 5353, true}, {17, 5353, 40000, true}, {17, 5353, 53, false},
        {17, 53, 5353, false},  {17, 40000, 53, false},  {6, 40000, 5353, false}, {6, 5353, 40000, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event e = base_event(EVENT_DNS, cases[i].proto, cases[i].sport, cases[i].dport);
        struct buf out;
        e.dns = &two_queries;
        buf_init(&out, 1 << 16);
        assert_true(eve_put_event(&out, &v8, &e));
        buf_put_byte(&out, 0);
        const char *text = (const char *)out.ptr;
        assert_int_equal(strstr(text, "\"event_type\":\"mdns\"") != NULL, cases[i].is_mdns);
        assert_int_equal(strstr(text, "\"app_proto\":\"mdns\"") != NULL, cases[i].is_mdns);
        buf_fini(&out);
    }
}

static void test_http(void **state)
{
    struct event e = base_event(EVENT_HTTP_REQUEST, 6, 40000, 80);
    (void)state;

    e.http_request = &request;
    expect_event(
        &v8, &e,
        HEAD("http") ENDS(40000, 80, "TCP", V8) HTTP_ID
        "\"app_proto\":\"http\",\"direction\":\"to_server\"," PCAP
        "\"http\":{\"hostname\":\"evil.example:8080\",\"http_port\":8080,\"url\":\"/a?b=\\\"c\\\"\\\\x5c\","
        "\"http_user_agent\":\"curl/8\",\"http_refer\":\"http://ref.example/"
        "\",\"http_method\":\"GET\",\"protocol\":\"HTTP/1.1\"}}\n");
    e.http_request = &two_hosts;
    expect_event(&v8, &e,
                 HEAD("http") ENDS(40000, 80, "TCP", V8) HTTP_ID
                 "\"app_proto\":\"http\",\"direction\":\"to_server\"," PCAP
                 "\"http\":{\"hostname\":\"a.example\",\"url\":\"/\",\"http_content_type\":\"text/"
                 "plain\",\"http_method\":\"GET\","
                 "\"protocol\":\"HTTP/1.1\",\"request_headers\":[{\"name\":\"Host\",\"value\":\"a.example\"},"
                 "{\"name\":\"Host\",\"value\":\"b.example\"}]}}\n");
    e = base_event(EVENT_HTTP_RESPONSE, 6, 40000, 80);
    e.http_response = &redirect;
    expect_event(&v8, &e,
                 HEAD("http") ENDS(40000, 80, "TCP", V8) HTTP_ID
                 "\"app_proto\":\"http\",\"direction\":\"to_server\"," PCAP
                 "\"http\":{\"http_content_type\":\"text/html\",\"protocol\":\"HTTP/1.1\",\"status\":302,"
                 "\"redirect\":\"http://evil.example/\",\"length\":9223372036854775807}}\n");
    e.http_response = &chunked;
    expect_event(&v8, &e,
                 HEAD("http") ENDS(40000, 80, "TCP", V8) HTTP_ID
                 "\"app_proto\":\"http\",\"direction\":\"to_server\"," PCAP
                 "\"http\":{\"protocol\":\"HTTP/1.0\",\"status\":200}}\n");
}

static void test_http_port(void **state)
{
    static const struct {
        const char *host;
        unsigned port;
    } cases[] = {
        {"a:80", 80},         {"a:1", 1},      {"a:65535", 65535},
        {"a:65536", 0},       {"a:0", 0},      {"a:", 0},
        {":80", 0},           {"a", 0},        {"", 0},
        {"a:8x", 0},          {"a:000080", 80}, {"a:00080", 80},
        {"[::1]:8080", 8080}, {"[::1]", 0},    {"::1", 0},
        {"fe80::1:443", 0},   {":", 0},        {"a:-1", 0},
    };
    struct buf out;
    (void)state;

    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event e = base_event(EVENT_HTTP_REQUEST, 6, 40000, 80);
        struct http_request r = {.host = span_str(cases[i].host)};
        e.http_request = &r;
        buf_reset(&out);
        assert_true(eve_put_event(&out, &v8, &e));
        json_t *line = json_loadb((const char *)out.ptr, out.len, 0, NULL);
        json_t *port = json_object_get(json_object_get(line, "http"), "http_port");
        if (cases[i].port ? json_integer_value(port) != cases[i].port : port != NULL)
            fail_msg("port of %s", cases[i].host);
        json_decref(line);
    }
    buf_fini(&out);
}

static void test_tls(void **state)
{
    struct event e = base_event(EVENT_TLS_CLIENT, 6, 40000, 443);
    (void)state;

    e.tls_client = &client_hello;
    expect_event(&v8, &e,
                 HEAD("tls") ENDS(40000, 443, "TCP", V8) TLS_ID
                 "\"app_proto\":\"tls\",\"direction\":\"to_server\"," PCAP
                 "\"tls\":{\"sni\":\"evil.example\",\"version\":\"TLS "
                 "1.3\",\"client_alpns\":[\"h2\",\"\\\\x0a\\\\x0a\"]}}\n");
    expect_event(&v7, &e,
                 HEAD("tls") ENDS(40000, 443, "TCP", "") TLS_ID
                 "\"app_proto\":\"tls\",\"direction\":\"to_server\"," PCAP
                 "\"tls\":{\"sni\":\"evil.example\",\"version\":\"TLS 1.3\"}}\n");
    e = base_event(EVENT_TLS_SERVER, 6, 40000, 443);
    e.tls_server = &server_hello;
    expect_event(&v8, &e,
                 HEAD("tls") ENDS(40000, 443, "TCP", V8) TLS_ID
                 "\"app_proto\":\"tls\",\"direction\":\"to_server\"," PCAP
                 "\"tls\":{\"version\":\"TLS 1.2\",\"server_alpns\":[\"http/1.1\"]}}\n");
}

static void test_fingerprints(void **state)
{
    struct event e = base_event(EVENT_TLS_CLIENT, 6, 40000, 443);
    struct fingerprints f = {.ja3_string = BYTES("771,1-2,,,"), .has_ja4 = true};
    (void)state;

    memcpy(f.ja3_hash, "0123456789abcdef0123456789abcdef", sizeof f.ja3_hash);
    memcpy(f.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1", sizeof f.ja4);
    e.tls_client = &no_sni;
    e.fingerprints = &f;
    expect_event(&v7, &e,
                 HEAD("tls") ENDS(40000, 443, "TCP", "") TLS_ID
                 "\"app_proto\":\"tls\",\"direction\":\"to_server\"," PCAP "\"tls\":{\"version\":\"TLSv1\","
                 "\"ja3\":{\"hash\":\"0123456789abcdef0123456789abcdef\",\"string\":\"771,1-2,,,\"},"
                 "\"ja4\":\"t13d1516h2_8daaf6152771_e5627efa2ab1\"}}\n");
    f.has_ja4 = false;
    e = base_event(EVENT_TLS_SERVER, 6, 40000, 443);
    e.tls_server = &server_hello;
    e.fingerprints = &f;
    expect_event(&v8, &e,
                 HEAD("tls") ENDS(40000, 443, "TCP", V8) TLS_ID
                 "\"app_proto\":\"tls\",\"direction\":\"to_server\"," PCAP "\"tls\":{\"version\":\"TLS 1.2\","
                 "\"ja3s\":{\"hash\":\"0123456789abcdef0123456789abcdef\",\"string\":\"771,1-2,,,\"},"
                 "\"server_alpns\":[\"http/1.1\"]}}\n");
}

static void test_flow(void **state)
{
    struct event e = base_event(EVENT_FLOW, 6, 40000, 443);
    (void)state;

    e.n_vlans = 2;
    e.vlans[0] = 100;
    e.vlans[1] = 4000;
    expect_event(&v8, &e,
                 HEAD("flow") "\"vlan\":[100,4000]," ENDS(40000, 443, "TCP", V8) TLS_ID
                 "\"direction\":\"to_server\"," PCAP
                 "\"flow\":{\"pkts_toserver\":1,\"pkts_toclient\":0,\"start\":\"2026-01-02T03:04:05.123456+"
                 "0000\",\"state\":\"new\"}}\n");
    e = base_event(EVENT_FLOW, 58, 0, 0);
    e.ip_version = 6;
    e.dst = ip_from_v6((const uint8_t[16]){0xff, 2, [15] = 1});
    e.is_to_server = false;
    expect_event(&live, &e,
                 "{\"timestamp\":\"2026-01-02T03:04:05.123456+0000\",\"flow_id\":1234567890123,\"in_iface\":"
                 "\"eth0\",\"event_type\":\"flow\","
                 "\"src_ip\":\"::ffff:192.0.2.1\",\"dest_ip\":\"ff02::1\",\"proto\":\"IPv6-ICMP\",\"ip_v\":6,"
                 "\"pkt_src\":\"wire/pcap\","
                 "\"direction\":\"to_client\",\"flow\":{\"pkts_toserver\":0,\"pkts_toclient\":1,"
                 "\"start\":\"2026-01-02T03:04:05.123456+0000\",\"state\":\"new\"}}\n");
}

static void test_proto_and_time(void **state)
{
    static const struct {
        int64_t ts_ns;
        uint8_t proto;
        const char *time, *name;
    } cases[] = {
        {0, 1, "1970-01-01T00:00:00.000000+0000", "ICMP"},
        {-1, 47, "1969-12-31T23:59:59.999999+0000", "GRE"},
        {-1000000000, 132, "1969-12-31T23:59:59.000000+0000", "SCTP"},
        {INT64_MIN, 255, "1677-09-21T00:12:43.145224+0000", "255"},
        {INT64_MAX, 0, "2262-04-11T23:47:16.854775+0000", "0"},
    };
    struct buf out;
    (void)state;

    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event e = base_event(EVENT_FLOW, cases[i].proto, 0, 0);
        e.ts_ns = cases[i].ts_ns;
        buf_reset(&out);
        assert_true(eve_put_event(&out, &v8, &e));
        json_t *line = json_loadb((const char *)out.ptr, out.len, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(line, "timestamp")), cases[i].time);
        assert_string_equal(json_string_value(json_object_get(line, "proto")), cases[i].name);
        assert_null(json_object_get(line, "src_port"));
        json_decref(line);
    }
    buf_fini(&out);
}

#define IOC(holder)                                                                                          \
    "\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":598874085,\"rev\":1,"                      \
    "\"signature\":\"IOC domain evil.example (suffix) seen in dns.query, list partner-c2 and 1 more\","      \
    "\"category\":\"Malware Command and Control Activity Detected\",\"severity\":1,\"" holder                \
    "\":{\"ioc\":{"                                                                                          \
    "\"type\":\"domain\",\"value\":\"evil.example\",\"match\":\"suffix\",\"field\":\"dns.query\","           \
    "\"observed\":\"WWW.Evil.example\",\"generation\":\"0123456789abcdef\",\"tlp\":\"amber\","               \
    "\"confidence\":80,"                                                                                     \
    "\"origins\":[{\"list\":\"partner-c2\",\"line\":35,\"id\":\"id-1\",\"organisation\":\"CSIRT "            \
    "\\\"A\\\"\","                                                                                           \
    "\"tlp\":\"amber\",\"confidence\":80,\"valid_from\":\"2026-01-02T02:47:25Z\","                           \
    "\"valid_until\":\"2026-01-02T03:20:45Z\",\"tags\":[\"tlp:amber\",\"botnet_cc\"],"                       \
    "\"reference\":\"https://ref.example/1\",\"description\":\"says\\nwho\\\\\"},"                           \
    "{\"list\":\"other\",\"line\":3,\"tlp\":\"green\"}]}}},"

static void test_alert(void **state)
{
    struct event e = base_event(EVENT_DNS, 17, 40000, 53);
    struct alert a = {
        .event = &e, .db = &db, .indicator = 0, .field = FIELD_DNS_QUERY, .observed = questions[0].name.text};
    (void)state;

    e.dns = &query;
    expect_alert(&v8, &a,
                 HEAD("alert") ENDS(40000, 53, "UDP", V8) DNS_ID
                 "\"app_proto\":\"dns\",\"direction\":\"to_server\"," PCAP IOC(
                     "context") "\"dns\":{\"version\":3,\"type\":\"request\",\"tx_id\":0,\"id\":4660,"
                                "\"flags\":\"100\",\"rd\":true,\"opcode\":0,"
                                "\"rcode\":\"NOERROR\",\"queries\":[{\"rrname\":\"WWW.Evil.example\","
                                "\"rrtype\":\"A\"}]}}\n");
    expect_alert(&v7, &a,
                 HEAD("alert") ENDS(40000, 53, "UDP", "") DNS_ID
                 "\"app_proto\":\"dns\",\"direction\":\"to_server\"," PCAP IOC(
                     "metadata") "\"dns\":{\"version\":2,\"query\":[{\"type\":\"query\",\"id\":4660,"
                                 "\"rrname\":\"WWW.Evil.example\",\"rrtype\":\"A\","
                                 "\"tx_id\":0,\"opcode\":0}]}}\n");
}

/* The parsed line of an alert; the caller drops it. */
static json_t *alert_line(const struct eve_options *o, const struct alert *a)
{
    struct buf out;
    buf_init(&out, EVE_ALERT_MAX);
    assert_true(eve_put_alert(&out, o, a));
    assert_int_equal(out.ptr[out.len - 1], '\n');
    json_t *line = json_loadb((const char *)out.ptr, out.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_non_null(line);
    buf_fini(&out);
    return line;
}

static const char *text_at(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void test_alert_address(void **state)
{
    struct event e = base_event(EVENT_FLOW, 6, 40000, 443);
    struct alert a = {
        .event = &e, .db = &db, .indicator = 0, .field = FIELD_IP_DST, .observed = BYTES("\x01\x02\x03\x04")};
    (void)state;

    json_t *line = alert_line(&v8, &a);
    const json_t *ioc = json_object_get(json_object_get(json_object_get(line, "alert"), "context"), "ioc");
    assert_string_equal(text_at(ioc, "observed"), "1.2.3.4");
    assert_string_equal(text_at(ioc, "field"), "ip.dst");
    assert_non_null(json_object_get(line, "flow"));
    json_decref(line);
}

/* No origin holds: still an alert, with nothing to say for it. */
static void test_alert_without_origins(void **state)
{
    struct event e = base_event(EVENT_TLS_CLIENT, 6, 40000, 443);
    struct alert a = {
        .event = &e, .db = &db, .indicator = 2, .field = FIELD_TLS_SNI, .observed = client_hello.sni};
    (void)state;

    e.tls_client = &client_hello;
    json_t *line = alert_line(&v8, &a);
    const json_t *alert = json_object_get(line, "alert"),
                 *ioc = json_object_get(json_object_get(alert, "context"), "ioc");
    assert_int_equal(json_array_size(json_object_get(ioc, "origins")), 0);
    assert_null(json_object_get(ioc, "tlp"));
    assert_null(json_object_get(ioc, "confidence"));
    assert_string_equal(text_at(alert, "category"), "Potentially Bad Traffic");
    assert_int_equal(json_integer_value(json_object_get(alert, "severity")), 2);
    json_decref(line);

    e.ts_ns -= 1000000000; /* one second earlier it did hold */
    line = alert_line(&v8, &a);
    ioc = json_object_get(json_object_get(json_object_get(line, "alert"), "context"), "ioc");
    assert_int_equal(json_array_size(json_object_get(ioc, "origins")), 1);
    assert_string_equal(text_at(ioc, "tlp"), "red");
    json_decref(line);
}

/* The hash of the longest JA3 there may be is shown whole, the text as far as an alert has room. */
static void test_alert_of_a_long_ja3(void **state)
{
    static uint8_t text[300 * 1000];
    struct event e = base_event(EVENT_TLS_CLIENT, 6, 40000, 443);
    struct fingerprints f = {.ja3_string = {text, sizeof text}};
    struct alert a = {.event = &e, .db = &db, .indicator = 2, .field = FIELD_TLS_JA3, .observed = {(const uint8_t *)f.ja3_hash, 32}};
    (void)state;

    memset(text, '1', sizeof text);
    memcpy(f.ja3_hash, "0123456789abcdef0123456789abcdef", sizeof f.ja3_hash);
    e.tls_client = &client_hello;
    e.fingerprints = &f;
    json_t *line = alert_line(&v8, &a);
    const json_t *ja3 = json_object_get(json_object_get(line, "tls"), "ja3");
    assert_string_equal(text_at(ja3, "hash"), "0123456789abcdef0123456789abcdef");
    assert_in_range(strlen(text_at(ja3, "string")), 4096, 8192);
    json_decref(line);
}

/* One indicator with one origin that has the given tag and confidence. */
static json_t *judged(const char *tag, int8_t confidence)
{
    const struct text_ref ref = {0, (uint32_t)strlen(tag)};
    const struct context c = {
        .n_tags = 1, .valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = confidence};
    const struct origin o = {.next = ORIGIN_END};
    const struct indicator i = {.value_len = 1};
    const struct list_info list = {.name = {0, 1}};
    const struct db own = {.set = {.indicators = &i,
                                   .origins = &o,
                                   .contexts = &c,
                                   .lists = &list,
                                   .tags = &ref,
                                   .pool = (const uint8_t *)tag,
                                   .n_indicators = 1}};
    struct event e = base_event(EVENT_FLOW, 6, 1, 2);
    const struct alert a = {.event = &e, .db = &own, .field = FIELD_IP_SRC};
    return alert_line(&v8, &a);
}

static void test_category(void **state)
{
    static const char *const cases[][2] = {
        {"botnet_cc", "Malware Command and Control Activity Detected"},
        {"C2", "Malware Command and Control Activity Detected"},
        {"kill-chain:Command and Control", "Malware Command and Control Activity Detected"},
        {"mitre:command-and-control", "Malware Command and Control Activity Detected"},
        {"ec2", "Potentially Bad Traffic"},
        {"c2x", "Potentially Bad Traffic"},
        {"payload_delivery", "A Network Trojan was detected"},
        {"malware_download", "A Network Trojan was detected"},
        {"rsit:fraud=\"Phishing\"", "Possible Social Engineering Attempted"},
        {"antiphishing", "Potentially Bad Traffic"},
        {"malware phishing", "Possible Social Engineering Attempted"},
        {"apt", "Targeted Malicious Activity was Detected"},
        {"captain", "Potentially Bad Traffic"},
        {"x", "Potentially Bad Traffic"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *line = judged(cases[i][0], -1);
        const char *got = text_at(json_object_get(line, "alert"), "category");
        if (strcmp(got, cases[i][1]) != 0)
            fail_msg("'%s' is '%s'", cases[i][0], got);
        json_decref(line);
    }
}

static void test_severity(void **state)
{
    static const int8_t cases[][2] = {{-1, 2}, {0, 3}, {39, 3}, {40, 2}, {74, 2}, {75, 1}, {100, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *line = judged("x", cases[i][0]);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(line, "alert"), "severity")),
                         cases[i][1]);
        json_decref(line);
    }
}

/* As large as traffic and lists can make it: every text odd, long and everywhere. */
enum { HUGE_ORIGINS = 50000, HUGE_TEXT = 60000, HUGE_RECORDS = 5000, HUGE_TAGS = 200 };

struct huge {
    uint8_t *pool;
    struct origin *origins;
    struct text_ref tags[HUGE_TAGS];
    struct context context;
    struct indicator indicator;
    struct list_info list;
    struct db db;
    struct dns_record *records;
    struct dns_question *questions;
    struct dns_message dns;
};

static void huge_init(struct huge *h)
{
    memset(h, 0, sizeof *h);
    h->pool = malloc(HUGE_TEXT);
    h->origins = calloc(HUGE_ORIGINS, sizeof *h->origins);
    h->records = calloc(HUGE_RECORDS, sizeof *h->records);
    h->questions = calloc(HUGE_RECORDS, sizeof *h->questions);
    assert_true(h->pool && h->origins && h->records && h->questions);
    memset(h->pool, 1, HUGE_TEXT);
    const struct text_ref text = {0, HUGE_TEXT};
    const struct span wire = span_of(h->pool, 255);
    for (size_t i = 0; i < HUGE_TAGS; i++)
        h->tags[i] = text;
    h->context = (struct context){.organisation = text,
                                  .reference = text,
                                  .description = text,
                                  .id = text,
                                  .n_tags = HUGE_TAGS,
                                  .valid_from = 0,
                                  .valid_until = INT64_MAX,
                                  .tlp = TLP_GREEN,
                                  .confidence = 50};
    for (uint32_t i = 0; i < HUGE_ORIGINS; i++)
        h->origins[i] =
            (struct origin){.line = UINT32_MAX, .next = i + 1 < HUGE_ORIGINS ? i + 1 : ORIGIN_END};
    h->indicator = (struct indicator){.value_len = HUGE_TEXT, .type = IOC_USER_AGENT};
    h->list = (struct list_info){.name = text, .path = text};
    h->db.set = (struct set_view){.indicators = &h->indicator,
                                  .origins = h->origins,
                                  .contexts = &h->context,
                                  .lists = &h->list,
                                  .tags = h->tags,
                                  .pool = h->pool,
                                  .n_indicators = 1,
                                  .n_lists = 1};
    for (size_t i = 0; i < HUGE_RECORDS; i++) {
        h->records[i] = (struct dns_record){.section = i < 2000 ? DNS_ANSWER : DNS_ADDITIONAL,
                                            .type = i % 2 ? DNS_TXT : DNS_OPT,
                                            .ttl = UINT32_MAX,
                                            .owner = {.text = i % 3 ? span_of(NULL, 0) : wire},
                                            .data = wire};
        h->questions[i] = (struct dns_question){.name = {.text = wire}, .type = 65000};
    }
    h->dns = (struct dns_message){.flags = 0x7fff,
                                  .n_questions = 1,
                                  .questions = h->questions,
                                  .n_records = HUGE_RECORDS,
                                  .records = h->records};
}

static void huge_fini(struct huge *h)
{
    free(h->pool);
    free(h->origins);
    free(h->records);
    free(h->questions);
}

static void test_alert_is_bounded(void **state)
{
    struct huge h;
    struct event e = base_event(EVENT_DNS, 17, 40000, 53);
    (void)state;

    huge_init(&h);
    struct alert a = {.event = &e, .db = &h.db, .field = FIELD_DNS_QUERY, .observed = span_of(h.pool, 255)};
    e.dns = &h.dns;
    for (int questions_too = 0; questions_too < 2; questions_too++) {
        h.dns.n_questions = questions_too ? HUGE_RECORDS : 1;
        for (int response_too = 0; response_too < 2; response_too++) {
            h.dns.is_response = response_too;
            json_decref(alert_line(&v7, &a));
            json_t *line = alert_line(&v8, &a);
            const json_t *ioc =
                json_object_get(json_object_get(json_object_get(line, "alert"), "context"), "ioc");
            json_int_t shown = (json_int_t)json_array_size(json_object_get(ioc, "origins"));
            assert_in_range(shown, 1, 100);
            assert_int_equal(shown + json_integer_value(json_object_get(ioc, "origins_left_out")),
                             HUGE_ORIGINS);
            json_decref(line);
        }
    }
    const struct span text = span_of(h.pool, HUGE_TEXT);
    struct http_request r = {.method = text,
                             .target = text,
                             .protocol = text,
                             .host = text,
                             .user_agent = text,
                             .n_hosts = HTTP_HOSTS_MAX};
    for (size_t i = 0; i < HTTP_HOSTS_MAX; i++)
        r.hosts[i] = text;
    e = base_event(EVENT_HTTP_REQUEST, 6, 1, 2);
    e.http_request = &r;
    a.observed = text;
    json_decref(alert_line(&v8, &a));
    huge_fini(&h);
}

/* An event shows all, however much; nothing of it when that does not fit. */
static void test_event_is_whole(void **state)
{
    struct huge h;
    struct event e = base_event(EVENT_DNS, 17, 40000, 53);
    struct buf out;
    (void)state;

    huge_init(&h);
    h.dns.n_questions = HUGE_RECORDS;
    e.dns = &h.dns;
    buf_init(&out, 1 << 26);
    assert_true(eve_put_event(&out, &v8, &e));
    json_t *line = json_loadb((const char *)out.ptr, out.len, 0, NULL);
    const json_t *dns = json_object_get(line, "dns");
    assert_int_equal(json_array_size(json_object_get(dns, "queries")), HUGE_RECORDS);
    assert_int_equal(json_array_size(json_object_get(dns, "answers")), 1000);
    json_decref(line);
    buf_fini(&out);

    buf_init(&out, 1 << 18);
    buf_put_str(&out, "before\n");
    assert_false(eve_put_event(&out, &v8, &e));
    assert_false(eve_put_event(&out, &v7, &e)); /* some of its lines would have fitted */
    assert_line(&out, "before\n");
    assert_false(out.is_full);
    buf_fini(&out);
    huge_fini(&h);
}

static int64_t number_at(const json_t *object, const char *key)
{
    assert_true(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

/* What was suppressed, in a stats line: hits in the sums, indicators with their list, both with the allow-list and its entries. */
static void expect_allowed(const struct buf *out)
{
    json_t *line = json_loadb((const char *)out->ptr, out->len, JSON_ALLOW_NUL, NULL);
    const json_t *detect = json_object_get(json_object_get(line, "stats"), "detect");
    const json_t *own =
        json_object_get(json_object_get(json_object_get(line, "metadata"), "flowints"), "vedette");
    assert_int_equal(number_at(detect, "alerts_suppressed"), 3 + 2); /* and the repeated ones */
    assert_int_equal(number_at(json_object_get(own, "hits"), "suppressed"), 3);
    const json_t *list = json_array_get(json_object_get(own, "list_hits"), 1);
    assert_int_equal(number_at(json_array_get(json_object_get(own, "list_hits"), 0), "suppressed"), 0);
    assert_int_equal(number_at(list, "suppressed"), 1);
    assert_int_equal(json_array_size(json_object_get(list, "suppressed_by")), 1);
    const json_t *by = json_array_get(json_object_get(list, "suppressed_by"), 0);
    assert_string_equal(text_at(by, "list"), "other"); /* the first to say it for ever */
    assert_int_equal(number_at(by, "indicators"), 1);
    const json_t *lists_of_it = json_object_get(own, "allow_lists"), *entries = json_object_get(own, "allow_hits");
    assert_int_equal(json_array_size(lists_of_it), 3);
    assert_int_equal(number_at(json_array_get(lists_of_it, 1), "hits"), 7);
    assert_int_equal(number_at(json_array_get(lists_of_it, 1), "indicators"), 1);
    assert_int_equal(json_array_size(entries), 3);
    assert_string_equal(text_at(json_array_get(entries, 0), "list"), "other");
    assert_string_equal(text_at(json_array_get(entries, 0), "value"), "evil.example");
    assert_int_equal(number_at(json_array_get(entries, 0), "line"), 2);
    assert_int_equal(number_at(json_array_get(entries, 0), "hits"), 5);
    assert_int_equal(number_at(json_array_get(entries, 2), "hits"), 1);
    json_decref(line);
}

static void test_stats(void **state)
{
    struct buf out;
    (void)state;

    buf_init(&out, 1 << 16);
    assert_true(put_stats(&out, &live));
    json_t *line = json_loadb((const char *)out.ptr, out.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_string_equal(text_at(line, "timestamp"), "2026-01-02T03:04:05.000000+0000");
    const json_t *stats = json_object_get(line, "stats");
    const json_t *own =
        json_object_get(json_object_get(json_object_get(line, "metadata"), "flowints"), "vedette");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(stats, "decoder"), "pkts")), 10);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(stats, "decoder"), "invalid")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(stats, "capture"), "kernel_packets")),
                     16);
    assert_true(json_is_true(json_object_get(own, "sums_hold")));
    const json_t *by = json_object_get(json_object_get(own, "packets"), "undecodable_by");
    assert_int_equal(json_object_size(by), UNDECODABLE_COUNT);
    assert_int_equal(json_integer_value(json_object_get(by, undecodable_name(UNDECODABLE_TCP))), 2);
    const json_t *tls = json_object_get(json_object_get(own, "sessions"), "tls");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(tls, "unreadable_by"), "lost_segment")), 1);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(json_object_get(own, "lists"), 0), "skipped")), 3);
    assert_int_equal(json_array_size(json_object_get(own, "list_hits")), 3);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(json_object_get(own, "list_hits"), 2), "hits")), 1);
    json_decref(line);
    expect_allowed(&out);

    buf_reset(&out);
    const struct stats none = {0};
    assert_true(eve_put_stats(&out, &v8, &none, NULL, &(struct eve_lists){0}, 0));
    line = json_loadb((const char *)out.ptr, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(line);
    json_decref(line);
    buf_fini(&out);
}

/* ---- all samples ---- */

static void put_sample_alerts(struct buf *out, const struct eve_options *o, const struct event *e)
{
    for (uint32_t i = 0; i < db.set.n_indicators; i++) {
        struct alert a = {.event = e,
                          .db = &db,
                          .indicator = i,
                          .field = (enum field)(i % FIELD_COUNT),
                          .observed = BYTES(HOSTILE)};
        assert_true(eve_put_alert(out, o, &a));
    }
}

static void put_samples(struct buf *out, const struct eve_options *o)
{
    struct event events[SAMPLES_MAX];
    size_t n = samples(events);

    for (size_t i = 0; i < n; i++) {
        assert_true(eve_put_event(out, o, &events[i]));
        put_sample_alerts(out, o, &events[i]);
    }
    assert_true(put_stats(out, o));
}

static bool has_bytes(struct span s, struct span what)
{
    bool found = false;
    for (size_t i = 0; i < s.len; i++)
        found = found || span_starts(span_from(s, i), what);
    return found;
}

/* Each line parses, is one line to every reader, and holds nothing raw. */
static void test_hostile_lines(void **state)
{
    const struct eve_options *const options[] = {&v8, &v7};
    (void)state;

    for (size_t o = 0; o < 2; o++) {
        struct buf out;
        buf_init(&out, 1 << 22);
        put_samples(&out, options[o]);
        struct span rest = buf_span(&out);
        while (rest.len) {
            const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
            struct span text;
            assert_non_null(end);
            assert_true(span_take(&rest, (size_t)(end - rest.ptr) + 1, &text));
            for (size_t i = 0; i + 1 < text.len; i++)
                assert_true(text.ptr[i] >= 0x20 && text.ptr[i] != 0x7f);
            assert_false(has_bytes(text, SPAN_LIT("\xe2\x80\xa8")));
            json_t *line =
                json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
            assert_non_null(line);
            json_decref(line);
        }
        buf_fini(&out);
    }
}

/* Whatever room is left, a call adds a whole unit or nothing. */
static void test_every_room(void **state)
{
    struct event events[SAMPLES_MAX];
    size_t n = samples(events);
    (void)state;

    for (size_t i = 0; i < n; i++) {
        struct buf whole, out;
        const struct alert a = {
            .event = &events[i], .db = &db, .field = FIELD_DNS_QUERY, .observed = BYTES("x")};
        buf_init(&whole, 1 << 20);
        assert_true(eve_put_event(&whole, &v7, &events[i]));
        for (size_t cap = 0; cap < whole.len + 8; cap += 1 + cap / 32) {
            buf_init(&out, cap);
            bool fits = eve_put_event(&out, &v7, &events[i]);
            assert_true(fits ? span_eq(buf_span(&out), buf_span(&whole)) : out.len == 0 && !out.is_full);
            assert_true(fits || cap < whole.len + 64); /* numbers are printed with a byte to spare */
            buf_cut(&out, 0);
            assert_true(eve_put_alert(&out, &v8, &a) ? out.ptr[out.len - 1] == '\n' : out.len == 0);
            buf_cut(&out, 0);
            assert_true(put_stats(&out, &v8) ? out.ptr[out.len - 1] == '\n' : out.len == 0);
            buf_fini(&out);
        }
        buf_fini(&whole);
    }
}

static int print_lines(int version)
{
    struct buf out;
    buf_init(&out, 1 << 22);
    put_samples(&out, version == 7 ? &v7 : &v8);
    fwrite(out.ptr, 1, out.len, stdout);
    buf_fini(&out);
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns_request),
        cmocka_unit_test(test_dns_response),
        cmocka_unit_test(test_dns_lines),
        cmocka_unit_test(test_mdns_ports),
        cmocka_unit_test(test_http),
        cmocka_unit_test(test_http_port),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_alert_of_a_long_ja3),
        cmocka_unit_test(test_flow),
        cmocka_unit_test(test_proto_and_time),
        cmocka_unit_test(test_alert),
        cmocka_unit_test(test_alert_address),
        cmocka_unit_test(test_alert_without_origins),
        cmocka_unit_test(test_category),
        cmocka_unit_test(test_severity),
        cmocka_unit_test(test_alert_is_bounded),
        cmocka_unit_test(test_event_is_whole),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_hostile_lines),
        cmocka_unit_test(test_every_room),
    };
    if (argc == 3 && strcmp(argv[1], "--lines") == 0)
        return print_lines(atoi(argv[2]));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
