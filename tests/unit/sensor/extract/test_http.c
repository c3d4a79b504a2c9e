/* http.c and http_body.c: what is a head, what is read from it, how long what follows it is. */
#include "sensor/extract/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A copy that ends where its block ends, so that a sanitizer sees one byte too far. */
static struct span copy_exact(struct span s)
{
    uint8_t *block = malloc(s.len ? s.len : 1);
    assert_non_null(block);
    if (s.len)
        memcpy(block, s.ptr, s.len);
    return span_of(block + (s.len ? 0 : 1), s.len);
}

static void free_exact(struct span s)
{
    uintptr_t block = (uintptr_t)s.ptr - (s.len ? 0 : 1);
    free((void *)block);
}

static void assert_span(struct span got, const char *want)
{
    if (!span_eq(got, span_str(want)))
        fail_msg("got '%.*s', want '%s'", (int)got.len, got.len ? (const char *)got.ptr : "", want);
}

static struct http_request request(const char *text, enum verdict want)
{
    struct http_request r;
    enum verdict got = http_request_read(span_str(text), &r);
    if (got != want)
        fail_msg("verdict %d, want %d, for: %s", got, want, text);
    return r;
}

static struct http_response response(const char *text, enum verdict want)
{
    struct http_response r;
    enum verdict got = http_response_read(span_str(text), &r);
    if (got != want)
        fail_msg("verdict %d, want %d, for: %s", got, want, text);
    return r;
}

/* ---- sniffing ---- */

struct sniffed {
    struct span in;
    enum verdict want;
};

#define SNIFF(s, v)                                                                                          \
    {                                                                                                        \
        {(const uint8_t *)(s), sizeof(s) - 1}, v                                                             \
    }

/* Every row is also cut at each byte: a prefix of what may be a request may be one too. */
static void check_sniff(enum verdict (*sniff)(struct span), const struct sniffed *row)
{
    for (size_t n = 0; n <= row->in.len; n++) {
        struct span cut = copy_exact(span_first(row->in, n));
        enum verdict got = sniff(cut);
        free_exact(cut);
        if (n == row->in.len && got != row->want)
            fail_msg("verdict %d, want %d, for: %.*s", got, row->want, (int)n, (const char *)row->in.ptr);
        if (row->want != FIELD_ABSENT && got == FIELD_ABSENT)
            fail_msg("refused after %zu bytes: %.*s", n, (int)row->in.len, (const char *)row->in.ptr);
    }
}

static void test_sniff_request(void **state)
{
    static const struct sniffed rows[] = {
        SNIFF("", FIELD_PARTIAL),
        SNIFF("G", FIELD_PARTIAL),
        SNIFF("GET", FIELD_PARTIAL),
        SNIFF("GET ", FIELD_FOUND),
        SNIFF("GET\t/", FIELD_FOUND),
        SNIFF("GET / HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("GET / HTTP/1.1\n", FIELD_FOUND),
        SNIFF("GET / HTTP/1.0 \t\r\n", FIELD_FOUND),
        SNIFF("GET / HTTP/1.1\r\r\n", FIELD_FOUND),
        SNIFF("GET   /   HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("GET /a b HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("\r\n\n\r\nGET / HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("\r", FIELD_PARTIAL),
        SNIFF("\r\n", FIELD_PARTIAL),
        SNIFF("\r\n\r", FIELD_PARTIAL),
        SNIFF("\n\nPOST ", FIELD_FOUND),
        SNIFF("M-SEARCH * HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("UPDATEREDIRECTREF ", FIELD_FOUND),
        SNIFF("VERSION-CONTROL ", FIELD_FOUND),
        SNIFF("RPC_IN_DATA /", FIELD_FOUND),
        SNIFF("GETX ", FIELD_PARTIAL),
        SNIFF("GE ", FIELD_PARTIAL),
        SNIFF("GETX / HTTP/1.", FIELD_PARTIAL),
        SNIFF("GETX / HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("get / HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("get /", FIELD_PARTIAL),
        SNIFF("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345 / HTTP/1.1\r\n", FIELD_FOUND),
        SNIFF("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", FIELD_PARTIAL),
        SNIFF("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", FIELD_ABSENT),
        SNIFF("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456 / HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("GET /\r\n", FIELD_ABSENT),
        SNIFF("GET / HTTP/0.9\r\n", FIELD_ABSENT),
        SNIFF("GET / HTTP/2.0\r\n", FIELD_ABSENT),
        SNIFF("GET / HTTP/1.10\r\n", FIELD_ABSENT),
        SNIFF("GET / HTTP/1.x\r\n", FIELD_ABSENT),
        SNIFF("GET / http/1.1\r\n", FIELD_ABSENT),
        SNIFF("GET HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("GET  \t HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("GET /HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("GET\r\n", FIELD_ABSENT),
        SNIFF("GET \r\n", FIELD_ABSENT),
        SNIFF("GET \n", FIELD_ABSENT),
        SNIFF(" GET / HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("\rGET / HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("GET /\0", FIELD_ABSENT),
        SNIFF("GET /\0 HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FIELD_ABSENT),
        SNIFF("OPTIONS sip:a@b.example SIP/2.0\r\n", FIELD_ABSENT),
        SNIFF("OPTIONS rtsp://a.example RTSP/1.0\r\n", FIELD_ABSENT),
        SNIFF("SSH-2.0-OpenSSH_9.2\r\n", FIELD_ABSENT),
        SNIFF("EHLO a.example\r\n", FIELD_ABSENT),
        SNIFF("\x16\x03\x01", FIELD_ABSENT),
        SNIFF("\x13", FIELD_ABSENT),
        SNIFF("\xff", FIELD_ABSENT),
        SNIFF("G(", FIELD_ABSENT),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_sniff(http_sniff_request, &rows[i]);
}

static void test_sniff_response(void **state)
{
    static const struct sniffed rows[] = {
        SNIFF("", FIELD_PARTIAL),
        SNIFF("H", FIELD_PARTIAL),
        SNIFF("HTTP/1", FIELD_PARTIAL),
        SNIFF("HTTP/1.", FIELD_FOUND),
        SNIFF("HTTP/1.1", FIELD_FOUND),
        SNIFF("HTTP/1.1 20", FIELD_FOUND),
        SNIFF("HTTP/1.1 200", FIELD_FOUND),
        SNIFF("HTTP/1.1 200 OK\r\n", FIELD_FOUND),
        SNIFF("HTTP/1.1 200\r\n", FIELD_FOUND),
        SNIFF("HTTP/1.1 200\n", FIELD_FOUND),
        SNIFF("HTTP/1.1 200\r\r\n", FIELD_FOUND),
        SNIFF("HTTP/1.0\t \t404 Not\0Found\r\n", FIELD_FOUND),
        SNIFF("HTTP/1.1 100 \r\n", FIELD_FOUND),
        SNIFF("HTTP/1.1 599 x", FIELD_FOUND),
        SNIFF("\r\nHTTP/1.1 200 OK\r\n", FIELD_FOUND),
        SNIFF("\r\n\r", FIELD_PARTIAL),
        SNIFF("HTTP/1.1\r\n", FIELD_ABSENT),
        SNIFF("HTTP/1.1 \r\n", FIELD_ABSENT),
        SNIFF("HTTP/1.1 20\r\n", FIELD_ABSENT),
        SNIFF("HTTP/1.1 20\r", FIELD_ABSENT),
        SNIFF("HTTP/1.1 099 x", FIELD_ABSENT),
        SNIFF("HTTP/1.1 600 x", FIELD_ABSENT),
        SNIFF("HTTP/1.1 6", FIELD_ABSENT),
        SNIFF("HTTP/1.1 2000", FIELD_ABSENT),
        SNIFF("HTTP/1.1 20x", FIELD_ABSENT),
        SNIFF("HTTP/1.1200 OK\r\n", FIELD_ABSENT),
        SNIFF("HTTP/1.x", FIELD_ABSENT),
        SNIFF("HTTP/2", FIELD_ABSENT),
        SNIFF("http/1.1 200 OK\r\n", FIELD_ABSENT),
        SNIFF("HTTP 200", FIELD_ABSENT),
        SNIFF("ICY 200 OK\r\n", FIELD_ABSENT),
        SNIFF("\rHTTP/1.1 200 OK\r\n", FIELD_ABSENT),
        SNIFF("\0", FIELD_ABSENT),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_sniff(http_sniff_response, &rows[i]);
}

/* A first line may be kept waiting by 1023 bytes of empty lines, not by 1024. */
static void test_empty_lines_are_bounded(void **state)
{
    struct http_request r;
    struct http_response s;
    char text[1100];
    memset(text, '\n', sizeof text);
    strcpy(text + 1023, "GET / HTTP/1.1\n\n");
    assert_int_equal(http_sniff_request(span_str(text)), FIELD_FOUND);
    assert_int_equal(http_request_read(span_str(text), &r), FIELD_FOUND);
    assert_int_equal(r.head_len, 1023 + 16);
    assert_int_equal(http_sniff_request(span_of(text, 1023)), FIELD_PARTIAL);

    memset(text, '\n', sizeof text);
    strcpy(text + 1024, "GET / HTTP/1.1\n\n");
    assert_int_equal(http_sniff_request(span_str(text)), FIELD_ABSENT);
    assert_int_equal(http_request_read(span_str(text), &r), FIELD_MALFORMED);
    assert_int_equal(http_sniff_request(span_of(text, 1024)), FIELD_ABSENT);
    assert_int_equal(http_sniff_response(span_of(text, 1024)), FIELD_ABSENT);
    assert_int_equal(http_response_read(span_of(text, 1024), &s), FIELD_MALFORMED);
}

/* ---- the end of a head ---- */

static void check_head_end(struct span in, enum verdict want, size_t want_len)
{
    size_t scanned = 0, got_len = 0;
    for (size_t n = 0; n < in.len; n++) { /* byte by byte: nothing before the end, nothing after it */
        struct span cut = copy_exact(span_first(in, n));
        enum verdict got = http_head_end(cut, &scanned, &got_len);
        free_exact(cut);
        assert_int_equal(got, want == FIELD_FOUND && n >= want_len ? FIELD_FOUND : FIELD_PARTIAL);
        assert_true(scanned <= n);
    }
    assert_int_equal(http_head_end(in, &scanned, &got_len), want);
    if (want == FIELD_FOUND)
        assert_int_equal(got_len, want_len);

    scanned = 0, got_len = 0;
    assert_int_equal(http_head_end(in, &scanned, &got_len), want);
    assert_int_equal(got_len, want == FIELD_FOUND ? want_len : 0);
    assert_int_equal(http_head_end(in, &scanned, &got_len), want);
}

static void test_head_end(void **state)
{
    check_head_end(SPAN_LIT(""), FIELD_PARTIAL, 0);
    check_head_end(SPAN_LIT("GET / HTTP/1.1\r\nA: b\r\n\r\nbody\n\n"), FIELD_FOUND, 24);
    check_head_end(SPAN_LIT("GET / HTTP/1.1\nA: b\n\nbody\n\n"), FIELD_FOUND, 21);
    check_head_end(SPAN_LIT("GET / HTTP/1.1\r\nA: b\n\r\n"), FIELD_FOUND, 23);
    check_head_end(SPAN_LIT("GET / HTTP/1.1\nA: b\r\n\n"), FIELD_FOUND, 22);
    check_head_end(SPAN_LIT("a\n\n"), FIELD_FOUND, 3);
    check_head_end(SPAN_LIT("\r\n\n\r\na\r\n\r\nb"), FIELD_FOUND, 10);
    check_head_end(SPAN_LIT("\n\n\na\n\n\n\n"), FIELD_FOUND, 6);
    check_head_end(SPAN_LIT("\r\n\r\n\r\n"), FIELD_PARTIAL, 0);
    check_head_end(SPAN_LIT("a\r\n\r"), FIELD_PARTIAL, 0);
    check_head_end(SPAN_LIT("a\r\n \r\nb\r\n"), FIELD_PARTIAL, 0);
    check_head_end(SPAN_LIT("a\r\n\r\r\nb\r\n"), FIELD_PARTIAL, 0);
    check_head_end(SPAN_LIT("\r\r\n\r\n"), FIELD_FOUND, 5);
}

/* The carried offset may lie past what the caller still has. */
static void test_head_end_past_input(void **state)
{
    size_t scanned = 100, head_len = 7;
    assert_int_equal(http_head_end(SPAN_LIT("a\n\n"), &scanned, &head_len), FIELD_PARTIAL);
    assert_int_equal(scanned, 100);
    assert_int_equal(head_len, 7);
}

/* ---- requests ---- */

static const char plain_request[] = "GET /a?b=c HTTP/1.1\r\n"
                                    "Host: www.example.com:8080\r\n"
                                    "User-Agent: curl/7.88.1\r\n"
                                    "Referer: http://r.example/\r\n"
                                    "Content-Type: text/plain\r\n"
                                    "Content-Length: 4\r\n"
                                    "\r\n";

static void test_request_fields(void **state)
{
    char text[512];
    snprintf(text, sizeof text, "%sbodyGET / HTTP/1.1\r\nHost: not.this\r\n\r\n", plain_request);
    struct http_request r = request(text, FIELD_FOUND);
    assert_span(r.method, "GET");
    assert_span(r.target, "/a?b=c");
    assert_span(r.protocol, "HTTP/1.1");
    assert_span(r.host, "www.example.com:8080");
    assert_int_equal(r.n_hosts, 1);
    assert_span(r.hosts[0], "www.example.com:8080");
    assert_span(r.user_agent, "curl/7.88.1");
    assert_span(r.referer, "http://r.example/");
    assert_span(r.content_type, "text/plain");
    assert_int_equal(r.framing, HTTP_LENGTH);
    assert_int_equal(r.body_len, 4);
    assert_int_equal(r.head_len, sizeof plain_request - 1);
}

static bool same_or_empty(struct span cut, struct span whole)
{
    return cut.len == 0 || span_eq(cut, whole);
}

/* Cut at every byte: no read past the end, no field that the whole head does not have, none lost of a
 * whole line. */
static void test_request_cut(void **state)
{
    struct span whole = SPAN_LIT(plain_request);
    struct http_request want = request(plain_request, FIELD_FOUND);
    size_t first_line = (size_t)(strchr(plain_request, '\n') - plain_request) + 1;
    for (size_t n = 0; n < whole.len; n++) {
        struct http_request r;
        struct span cut = copy_exact(span_first(whole, n));
        assert_int_equal(http_request_read(cut, &r), FIELD_PARTIAL);
        assert_int_equal(r.method.len, n >= first_line ? 3 : 0);
        assert_int_equal(r.head_len, 0);
        assert_true(same_or_empty(r.host, want.host) && same_or_empty(r.user_agent, want.user_agent));
        assert_true(same_or_empty(r.referer, want.referer) &&
                    same_or_empty(r.content_type, want.content_type));
        assert_int_equal(r.n_hosts, n >= first_line + 28 ? 1 : 0);
        assert_int_equal(r.framing, n >= whole.len - 2 ? HTTP_LENGTH : HTTP_NO_BODY);
        free_exact(cut);
    }
}

static void test_request_malformed(void **state)
{
    static const char *const rows[] = {
        "GET /\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\x16\x03",
        "GET / HTTP/3\n",           " GET / HTTP/1.1\r\n\r\n",
    };
    static const struct http_request nothing;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_request r = request(rows[i], FIELD_MALFORMED);
        assert_int_equal(r.method.len + r.target.len + r.host.len + r.n_hosts + r.head_len, 0);
        assert_int_equal(r.framing, nothing.framing);
    }
    struct http_request r;
    assert_int_equal(http_request_read(SPAN_LIT("GET /\0 HTTP/1.1\r\n\r\n"), &r), FIELD_MALFORMED);
    assert_int_equal(http_request_read(span_of(NULL, 0), &r), FIELD_PARTIAL);
}

static void test_request_tolerance(void **state)
{
    struct http_request r = request("\r\n\nPOST \t /a b\tc \t HTTP/1.0 \n"
                                    "hOsT \t:\t a.example \t\r\n"
                                    "USER-AGENT:x\n"
                                    "no colon here\r\n"
                                    ": no name\r\n"
                                    "Hostess: no\r\n"
                                    "Host\r\n"
                                    "X-Host: no\r\n"
                                    "Referer:\r\n"
                                    "Referer: second\r\r\n"
                                    "Referer: third\r\n"
                                    "\r\nHost: body\r\n",
                                    FIELD_FOUND);
    assert_span(r.method, "POST");
    assert_span(r.target, "/a b\tc");
    assert_span(r.protocol, "HTTP/1.0");
    assert_int_equal(r.n_hosts, 1);
    assert_span(r.hosts[0], "a.example");
    assert_span(r.user_agent, "x");
    assert_span(r.referer, "second");
}

static void test_request_obs_fold(void **state)
{
    struct http_request r = request("GET / HTTP/1.1\r\n"
                                    " Host: leading.blank\r\n"
                                    "User-Agent: first\r\n second\r\n"
                                    "X: y\r\n\tHost: folded\r\n"
                                    "Host:\r\n late\r\n"
                                    "\r\n",
                                    FIELD_FOUND);
    assert_span(r.user_agent, "first");
    assert_int_equal(r.n_hosts, 1);
    assert_span(r.hosts[0], "");
    assert_span(r.host, "");
}

static void test_request_hosts(void **state)
{
    char text[512] = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < HTTP_HOSTS_MAX + 2; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "Host: h%d\r\n", i);
    struct http_request r = request(strcat(text, "\r\n"), FIELD_FOUND);
    assert_int_equal(r.n_hosts, HTTP_HOSTS_MAX);
    assert_span(r.host, "h0");
    assert_span(r.hosts[0], "h0");
    assert_span(r.hosts[HTTP_HOSTS_MAX - 1], "h7");

    r = request("GET / HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n", FIELD_FOUND);
    assert_int_equal(r.n_hosts, 2);
    assert_span(r.host, "");
    assert_span(r.hosts[1], "b");
}

/* RFC 9112, section 3.2: which of target and Host header names the origin. */
static void test_request_host(void **state)
{
    static const struct {
        const char *line, *host_header, *want;
    } rows[] = {
        {"GET /", "a.example:80", "a.example:80"},
        {"GET /", "user:pw@a.example:80", "a.example:80"},
        {"GET /", "a.example/x@y", "a.example/x@y"},
        {"GET /", "u@ a.example", "a.example"},
        {"GET http://b.example /", "a.example", "b.example"},
        {"GET /http://b.example/", "a.example", "a.example"},
        {"GET //b.example/", "a.example", "a.example"},
        {"OPTIONS *", "a.example", "a.example"},
        {"GET http://b.example/c", "a.example", "b.example"},
        {"GET http://b.example:81", "a.example", "b.example:81"},
        {"GET http://b.example?q", "a.example", "b.example"},
        {"GET http://b.example#f", "a.example", "b.example"},
        {"GET HTTPS://u:p@x@b.example:81/@c", "a.example", "b.example:81"},
        {"GET http://[2001:db8::1]:81/", "a.example", "[2001:db8::1]:81"},
        {"GET http:///c", "a.example", "a.example"},
        {"GET http://u@/c", "a.example", "a.example"},
        {"GET http:b.example/", "a.example", "a.example"},
        {"GET ://b.example/", "a.example", "a.example"},
        {"GET b.example/", "a.example", "a.example"},
        {"CONNECT b.example:443", "a.example", "b.example:443"},
        {"CONNECT [2001:db8::1]:443", "a.example", "[2001:db8::1]:443"},
        {"CONNECT u@b.example:443/x", "a.example", "b.example:443"},
        {"CONNECT http://b.example:443/x", "a.example", "b.example:443"},
        {"CONNECT /x", "a.example", "a.example"},
        {"connect b.example:443", "a.example", "a.example"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: %s\r\n\r\n", rows[i].line, rows[i].host_header);
        struct http_request r = request(text, FIELD_FOUND);
        assert_span(r.host, rows[i].want);
        assert_int_equal(r.n_hosts, 1);
        assert_span(r.hosts[0], rows[i].host_header);
    }
    struct http_request r = request("GET http://b.example/ HTTP/1.1\r\nHos", FIELD_PARTIAL);
    assert_span(r.host, "b.example");
    assert_int_equal(r.n_hosts, 0);
}

/* ---- framing ---- */

struct framed {
    const char *line, *headers;
    enum http_framing want;
    uint64_t want_len;
};

static void test_request_framing(void **state)
{
    static const struct framed rows[] = {
        {"GET /", "", HTTP_NO_BODY, 0},
        {"POST /", "", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length: 0\r\n", HTTP_LENGTH, 0},
        {"GET /", "Content-Length:5\r\n", HTTP_LENGTH, 5},
        {"POST /", "content-length : 0005 \r\n", HTTP_LENGTH, 5},
        {"POST /", "Content-Length: 9223372036854775807\r\n", HTTP_LENGTH, INT64_MAX},
        {"POST /", "Content-Length: 9223372036854775808\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length: 99999999999999999999999\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length: -1\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length: +1\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length: 0x5\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length: 5 5\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length:\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Content-Length: 5, 5\r\n", HTTP_LENGTH, 5},
        {"POST /", "Content-Length: 5\r\nContent-Length: 6\r\n", HTTP_LENGTH, 5},
        {"POST /", "Content-Length: x\r\nContent-Length: 6\r\n", HTTP_LENGTH, 6},
        {"POST /", "Transfer-Encoding: chunked\r\n", HTTP_CHUNKED, 0},
        {"POST /", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", HTTP_CHUNKED, 0},
        {"POST /", "Content-Length: 5\r\ntransfer-ENCODING:CHUNKED \r\n", HTTP_CHUNKED, 0},
        {"POST /", "Transfer-Encoding: gzip ,\tchunked\r\n", HTTP_CHUNKED, 0},
        {"POST /", "Transfer-Encoding: chunked ;a=b, identity\r\n", HTTP_CHUNKED, 0},
        {"POST /", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", HTTP_CHUNKED, 0},
        {"POST /", "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", HTTP_LENGTH, 5},
        {"POST /", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", HTTP_LENGTH, 5},
        {"POST /", "Transfer-Encoding: gzip\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", HTTP_LENGTH, 5},
        {"GET /", "Connection: upgrade\r\nUpgrade: websocket\r\n", HTTP_NO_BODY, 0},
        {"POST /", "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n", HTTP_LENGTH, 5},
        {"CONNECT a.example:443", "Content-Length: 5\r\n", HTTP_TUNNEL, 0},
        {"CONNECT a.example:443", "Connection: upgrade\r\nUpgrade: x\r\n", HTTP_TUNNEL, 0},
        {"CONNECTS a.example:443", "", HTTP_NO_BODY, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s HTTP/1.1\r\n%s\r\n", rows[i].line, rows[i].headers);
        struct http_request r = request(text, FIELD_FOUND);
        if (r.framing != rows[i].want || r.body_len != rows[i].want_len)
            fail_msg("framing %d, want %d, for: %s", r.framing, rows[i].want, text);
    }
}

static void test_response_framing(void **state)
{
    static const struct framed rows[] = {
        {"200 OK", "", HTTP_UNTIL_CLOSE, 0},
        {"200 OK", "Content-Length: 0\r\n", HTTP_LENGTH, 0},
        {"200 OK", "Content-Length: 5\r\n", HTTP_LENGTH, 5},
        {"404", "Content-Length: 5, 5\r\nContent-Length: 5\r\n", HTTP_LENGTH, 5},
        {"200 OK", "Content-Length: 5\r\nContent-Length: 6\r\n", HTTP_UNTIL_CLOSE, 0},
        {"200 OK", "Content-Length: 5, 6\r\n", HTTP_UNTIL_CLOSE, 0},
        {"200 OK", "Content-Length: 5x\r\n", HTTP_UNTIL_CLOSE, 0},
        {"200 OK", "Content-Length: 5\r\nContent-Length: x\r\n", HTTP_UNTIL_CLOSE, 0},
        {"200 OK", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", HTTP_CHUNKED, 0},
        {"200 OK", "Transfer-Encoding: chunked, gzip\r\n", HTTP_CHUNKED, 0},
        {"200 OK", "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", HTTP_UNTIL_CLOSE, 0},
        {"200 OK", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", HTTP_LENGTH, 5},
        {"100 Continue", "Content-Length: 5\r\n", HTTP_NO_BODY, 0},
        {"103 Early Hints", "Transfer-Encoding: chunked\r\n", HTTP_NO_BODY, 0},
        {"101 Switching Protocols", "Content-Length: 5\r\n", HTTP_TUNNEL, 0},
        {"204 No Content", "Content-Length: 5\r\n", HTTP_NO_BODY, 0},
        {"304 Not Modified", "Content-Length: 5\r\n", HTTP_NO_BODY, 0},
        {"205 Reset Content", "Content-Length: 0\r\n", HTTP_LENGTH, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%s\r\n", rows[i].line, rows[i].headers);
        struct http_response r = response(text, FIELD_FOUND);
        if (r.framing != rows[i].want || r.body_len != rows[i].want_len)
            fail_msg("framing %d, want %d, for: %s", r.framing, rows[i].want, text);
    }
}

/* ---- responses ---- */

static const char plain_response[] = "HTTP/1.1 302 Found\r\n"
                                     "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                                     "Location: https://b.example/\r\n"
                                     "Content-Type: text/html\r\n"
                                     "Content-Length: 0\r\n"
                                     "\r\n";

static void test_response_fields(void **state)
{
    struct http_response r = response(plain_response, FIELD_FOUND);
    assert_span(r.protocol, "HTTP/1.1");
    assert_int_equal(r.status, 302);
    assert_span(r.location, "https://b.example/");
    assert_span(r.content_type, "text/html");
    assert_int_equal(r.head_len, sizeof plain_response - 1);

    r = response("\nHTTP/1.0  200\nlocation:\nLOCATION : x \n\nLocation: body\n\n", FIELD_FOUND);
    assert_span(r.protocol, "HTTP/1.0");
    assert_span(r.location, "x");
}

static void test_response_cut(void **state)
{
    struct span whole = SPAN_LIT(plain_response);
    struct http_response want = response(plain_response, FIELD_FOUND);
    for (size_t n = 0; n < whole.len; n++) {
        struct http_response r;
        struct span cut = copy_exact(span_first(whole, n));
        assert_int_equal(http_response_read(cut, &r), FIELD_PARTIAL);
        assert_int_equal(r.status, n >= 20 ? 302 : 0);
        assert_int_equal(r.head_len, 0);
        assert_true(same_or_empty(r.location, want.location) &&
                    same_or_empty(r.content_type, want.content_type));
        free_exact(cut);
    }
}

static void test_response_malformed(void **state)
{
    static const char *const rows[] = {
        "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 600 x\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/2 200\r\n\r\n", "x",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_response r = response(rows[i], FIELD_MALFORMED);
        assert_int_equal(r.status + r.protocol.len + r.head_len, 0);
    }
}

/* ---- chunks ---- */

/* Feed `body` in pieces of `piece` bytes; *out_used is the sum. */
static enum verdict feed_chunks(struct span body, size_t piece, size_t *out_used)
{
    struct http_chunks chunks = {0};
    enum verdict verdict = FIELD_PARTIAL;
    *out_used = 0;
    for (size_t at = 0; at <= body.len && verdict == FIELD_PARTIAL; at += piece) {
        struct span part = copy_exact(span_first(span_from(body, at), piece));
        size_t used = SIZE_MAX;
        verdict = http_chunks_skip(&chunks, part, &used);
        assert_true(verdict == FIELD_PARTIAL ? used == part.len : used <= part.len);
        *out_used += used;
        free_exact(part);
    }
    return verdict;
}

static void check_chunks(struct span body, enum verdict want, size_t want_used)
{
    for (size_t piece = 1; piece <= body.len + 1; piece++) {
        size_t used;
        enum verdict got = feed_chunks(body, piece, &used);
        if (got != want || used != want_used)
            fail_msg("verdict %d after %zu, want %d after %zu, in pieces of %zu: %.*s", got, used, want,
                     want_used, piece, (int)body.len, (const char *)body.ptr);
    }
}

static void test_chunks(void **state)
{
    check_chunks(SPAN_LIT("0\r\n\r\nnext"), FIELD_FOUND, 5);
    check_chunks(SPAN_LIT("0\n\nnext"), FIELD_FOUND, 3);
    check_chunks(SPAN_LIT("4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\nGET"), FIELD_FOUND, 24);
    check_chunks(SPAN_LIT("4\nWiki\n5\npedia\n0\n\n"), FIELD_FOUND, 18);
    check_chunks(SPAN_LIT("A;ext=\"x\"\r\n0\r\n\r\n45678\r\n00\r\n\r\n"), FIELD_FOUND, 29);
    check_chunks(SPAN_LIT("a \t\r\n0123456789\r\n0 ;x\r\n\r\n"), FIELD_FOUND, 25);
    check_chunks(SPAN_LIT("1\r\nx\r\n0\r\nTrailer: a\r\nB: c\r\n\r\nrest"), FIELD_FOUND, 29);
    check_chunks(SPAN_LIT("0\r\n\rnot empty\r\n\r\n"), FIELD_FOUND, 17);
    check_chunks(SPAN_LIT("00000000000000000000000001\r\nx\r\n0\r\n\r\n"), FIELD_FOUND, 36);
    check_chunks(SPAN_LIT("7fffffffffffffff\r\nx"), FIELD_PARTIAL, 19);
    check_chunks(SPAN_LIT("5\r\nabc"), FIELD_PARTIAL, 6);
    check_chunks(SPAN_LIT("0\r\n"), FIELD_PARTIAL, 3);
    check_chunks(SPAN_LIT("0\r\n\r"), FIELD_PARTIAL, 4);
    check_chunks(SPAN_LIT(""), FIELD_PARTIAL, 0);
}

static void test_chunks_malformed(void **state)
{
    check_chunks(SPAN_LIT("x"), FIELD_MALFORMED, 0);
    check_chunks(SPAN_LIT("\r\n"), FIELD_MALFORMED, 0);
    check_chunks(SPAN_LIT(" 5\r\n"), FIELD_MALFORMED, 0);
    check_chunks(SPAN_LIT("-1\r\n"), FIELD_MALFORMED, 0);
    check_chunks(SPAN_LIT("0x5\r\n"), FIELD_MALFORMED, 1);
    check_chunks(SPAN_LIT("5g\r\n"), FIELD_MALFORMED, 1);
    check_chunks(SPAN_LIT("2\r\nabc\r\n"), FIELD_MALFORMED, 5);
    check_chunks(SPAN_LIT("2\r\nab\rc"), FIELD_MALFORMED, 6);
    check_chunks(SPAN_LIT("8000000000000000\r\n"), FIELD_MALFORMED, 15);
    check_chunks(SPAN_LIT("10000000000000000\r\n"), FIELD_MALFORMED, 16);
}

/* The answer stays, and data may be left out. */
static void test_chunks_state(void **state)
{
    struct http_chunks chunks = {0};
    size_t used;
    assert_int_equal(http_chunks_skip(&chunks, SPAN_LIT("1"), &used), FIELD_PARTIAL);
    assert_int_equal(chunks.left, 0);
    assert_int_equal(http_chunks_skip(&chunks, SPAN_LIT("0\r\nab"), &used), FIELD_PARTIAL);
    assert_int_equal(chunks.left, 14);
    chunks.left -= 4;
    assert_int_equal(http_chunks_skip(&chunks, SPAN_LIT("cd"), &used), FIELD_PARTIAL);
    assert_int_equal(chunks.left, 8);
    chunks.left = 0;
    assert_int_equal(http_chunks_skip(&chunks, SPAN_LIT("\r\n0\r\n\r\nx"), &used), FIELD_FOUND);
    assert_int_equal(used, 7);
    assert_int_equal(http_chunks_skip(&chunks, SPAN_LIT("1\r\n"), &used), FIELD_FOUND);
    assert_int_equal(used, 0);

    chunks = (struct http_chunks){0};
    assert_int_equal(http_chunks_skip(&chunks, SPAN_LIT("?"), &used), FIELD_MALFORMED);
    assert_int_equal(http_chunks_skip(&chunks, SPAN_LIT("0\r\n\r\n"), &used), FIELD_MALFORMED);
    assert_int_equal(used, 0);
}

/* A size line, a trailer line and a section of short trailer lines, each of n bytes in all. */
static enum verdict feed_long(const char *start, const char *filler, size_t n, size_t piece)
{
    char *text = malloc(n + 64);
    assert_non_null(text);
    size_t at = (size_t)sprintf(text, "%s", start);
    while (at < n)
        at += (size_t)sprintf(text + at, "%s", filler);
    at += (size_t)sprintf(text + at, "\n");
    size_t used;
    enum verdict verdict = feed_chunks(span_of(text, at), piece, &used);
    free(text);
    return verdict;
}

static void test_chunks_endless_lines(void **state)
{
    static const size_t pieces[] = {1, 1000, 100000};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(feed_long("5;", "x", 16383, pieces[i]), FIELD_PARTIAL);
        assert_int_equal(feed_long("5;", "x", 16384, pieces[i]), FIELD_MALFORMED);
        assert_int_equal(feed_long("5;", "x", 70000, pieces[i]), FIELD_MALFORMED);
        assert_int_equal(feed_long("0", "0", 70000, pieces[i]), FIELD_MALFORMED);
        assert_int_equal(feed_long("0\n", "x", 16385, pieces[i]), FIELD_PARTIAL);
        assert_int_equal(feed_long("0\n", "x", 16386, pieces[i]), FIELD_MALFORMED);
        assert_int_equal(feed_long("0\n", "a: b\r\n", 16300, pieces[i]), FIELD_FOUND);
        assert_int_equal(feed_long("0\n", "a: b\r\n", 70000, pieces[i]), FIELD_MALFORMED);
    }
}

/* Whom a proxy speaks for, the server, and a 101 to WebSocket. */
static void forwarded_server_and_websocket(void **state)
{
    (void)state;
    struct http_request r;
    struct http_response a;
    assert_int_equal(
        http_request_read(
            SPAN_LIT(
                "GET / HTTP/1.1\r\nX-FORWARDED-FOR : 192.0.2.1, 192.0.2.2\r\nFrom: a\r\nForwarded: "
                "for=192.0.2.3\r\n"
                "X-Forwarded-Host: x.example\r\ncf-connecting-ip:192.0.2.4\r\ntrue-client-ip: 192.0.2.5\r\n"
                "x-real-ip: 192.0.2.6\r\n\r\n"),
            &r),
        FIELD_FOUND);
    assert_int_equal(r.forwarded.n, 5);
    assert_int_equal(r.forwarded.items[0].header, FORWARDED_X_FORWARDED_FOR);
    assert_true(span_eq(r.forwarded.items[0].value, SPAN_LIT("192.0.2.1, 192.0.2.2")));
    assert_int_equal(r.forwarded.items[4].header, FORWARDED_X_REAL_IP);
    assert_int_equal(
        http_response_read(SPAN_LIT("HTTP/1.1 101 x\r\nServer: s/1\r\nUpgrade: WebSocket\r\n\r\n"), &a),
        FIELD_FOUND);
    assert_true(span_eq(a.server, SPAN_LIT("s/1")));
    assert_int_equal(a.framing, HTTP_UNTIL_CLOSE);
    assert_int_equal(http_response_read(SPAN_LIT("HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n"), &a), FIELD_FOUND);
    assert_int_equal(a.framing, HTTP_TUNNEL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forwarded_server_and_websocket),
        cmocka_unit_test(test_sniff_request),
        cmocka_unit_test(test_sniff_response),
        cmocka_unit_test(test_empty_lines_are_bounded),
        cmocka_unit_test(test_head_end),
        cmocka_unit_test(test_head_end_past_input),
        cmocka_unit_test(test_request_fields),
        cmocka_unit_test(test_request_cut),
        cmocka_unit_test(test_request_malformed),
        cmocka_unit_test(test_request_tolerance),
        cmocka_unit_test(test_request_obs_fold),
        cmocka_unit_test(test_request_hosts),
        cmocka_unit_test(test_request_host),
        cmocka_unit_test(test_request_framing),
        cmocka_unit_test(test_response_framing),
        cmocka_unit_test(test_response_fields),
        cmocka_unit_test(test_response_cut),
        cmocka_unit_test(test_response_malformed),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_chunks_malformed),
        cmocka_unit_test(test_chunks_state),
        cmocka_unit_test(test_chunks_endless_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
