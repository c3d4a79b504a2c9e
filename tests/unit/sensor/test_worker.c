/* worker.c: frames in, EVE lines out, through a small db. Who is alerted on, how often, and that every packet, session and hit
 * is accounted for. */
#include "sensor/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "matcher/allow.h"
#include "tests/unit/sensor/packets.h"

enum { START_S = 1767323045, DAY_S = 86400 };

/* ---- a small db ---- */

struct entry {
    enum ioc_type type;
    enum ioc_match match;
    const char *value;
    uint32_t list;       /* 0 or 1 */
    int64_t valid_until; /* 0: not said */
};

static const struct entry entries[] = {
    {IOC_DOMAIN, MATCH_SUFFIX, "evil.example", 0, 0},
    {IOC_DOMAIN, MATCH_SUFFIX, "evil.example", 1, 0},
    {IOC_DOMAIN, MATCH_EXACT, "old.example", 0, START_S - DAY_S},
    {IOC_DOMAIN, MATCH_EXACT, "half-old.example", 0, START_S - DAY_S},
    {IOC_DOMAIN, MATCH_EXACT, "half-old.example", 1, START_S + DAY_S},
    {IOC_IPV4, MATCH_EXACT, "203.0.113.5", 0, 0},
    {IOC_URL, MATCH_EXACT, "http://url.example/bad", 0, 0},
    {IOC_USER_AGENT, MATCH_EXACT, "evil agent/1", 0, 0},
};

static struct set *fill_set(const struct entry *rows, size_t n)
{
    struct set *set = set_new();
    struct err err = {0};
    uint32_t lists[2], context;
    bool is_new;
    assert_true(set_add_list(set, SPAN_LIT("one"), SPAN_LIT("one.txt"), &lists[0], &err));
    assert_true(set_add_list(set, SPAN_LIT("two"), SPAN_LIT("two.txt"), &lists[1], &err));
    for (size_t i = 0; i < n; i++) {
        const struct entry *e = &rows[i];
        struct context_in c = {.valid_from = INT64_MIN,
                               .valid_until = e->valid_until ? e->valid_until : INT64_MAX,
                               .confidence = -1};
        struct indicator_in in = {.type = e->type,
                                  .match = e->match,
                                  .fields = ioc_default_fields(e->type),
                                  .value = span_str(e->value)};
        assert_true(set_add_context(set, &c, &context, &err));
        assert_true(set_add(set, &in, lists[e->list], (uint32_t)i + 1, context, &is_new, &err));
    }
    return set;
}

static struct db *build_db(struct db *allow)
{
    struct db *db = NULL;
    struct set *set = fill_set(entries, sizeof entries / sizeof *entries);
    assert_true(!allow || allow_mark(allow, set, NULL));
    assert_true(db_build(set, &(struct db_options){.allow = allow}, &db, NULL));
    return db;
}

static int make_db(void **state)
{
    *state = build_db(NULL);
    return 0;
}

static int free_db(void **state)
{
    db_free(*state);
    return 0;
}

/* ---- a worker and what it wrote ---- */

struct desk {
    struct worker *w;
    struct buf out;
    struct buf frame;
    int64_t ts_ns;
    uint64_t number;
    uint32_t source;
    uint32_t snaplen;
    size_t n_writes;
    bool is_broken;
};

static bool take_lines(void *to, struct span lines)
{
    struct desk *d = to;
    d->n_writes++;
    assert_true(lines.len > 0 && lines.ptr[lines.len - 1] == '\n');
    buf_put(&d->out, lines);
    return !d->is_broken;
}

static void open_desk_with(struct desk *d, struct worker_options o)
{
    static const char *const sources[] = {"one.pcap", "two.pcap", "three.pcap"};
    struct err err = {0};
    *d = (struct desk){.ts_ns = START_S * INT64_C(1000000000), .snaplen = 65535};
    buf_init(&d->out, 64 << 20);
    buf_init(&d->frame, 1 << 20);
    o.eve = (struct eve_options){.version = 8, .sources = sources};
    o.write = take_lines;
    o.write_to = d;
    d->w = worker_new(&o, &err);
    assert_non_null(d->w);
}

static void open_desk(struct desk *d, const struct db *db)
{
    open_desk_with(d, (struct worker_options){.db = db});
}

/* The sums, however the run went. */
static void check_sums(const struct desk *d)
{
    const struct stats *s = worker_stats(d->w);
    assert_true(stats_sums_hold(s));
    assert_int_equal(s->packets, d->number);
    assert_int_equal(s->processed, s->tcp + s->udp + s->other_ip);
    assert_int_equal(s->processed, s->ipv4 + s->ipv6);
    assert_int_equal(s->hits, s->hits_expired + s->hits_repeated + s->hits_suppressed + s->alerts +
                                  s->alerts_unwritten);
    assert_int_equal(s->events_lost, 0);
}

static void close_desk(struct desk *d)
{
    check_sums(d);
    worker_free(d->w);
    buf_fini(&d->out);
    buf_fini(&d->frame);
}

/* What was put into d->frame. */
static void send_frame(struct desk *d)
{
    size_t captured = d->frame.len < d->snaplen ? d->frame.len : d->snaplen;
    uint8_t *exact = packets_exact(span_first(buf_span(&d->frame), captured));
    struct packet pkt = {.bytes = span_of(exact, captured),
                         .wire_len = (uint32_t)d->frame.len,
                         .source = d->source,
                         .number = ++d->number,
                         .ts_ns = d->ts_ns};
    worker_packet(d->w, LINK_ETHERNET, &pkt);
    free(exact);
    d->ts_ns += 1000000;
    buf_reset(&d->frame);
}

static const uint32_t CLIENT = 0xc0000201, SERVER = 0xc6336402;

static void send_udp(struct desk *d, uint16_t sport, uint16_t dport, struct span payload)
{
    struct ip src = packets_v4(CLIENT), dst = packets_v4(SERVER);
    packets_put_udp_frame(&d->frame, &src, &dst, sport, dport, payload);
    send_frame(d);
}

static void send_query(struct desk *d, uint16_t sport, uint16_t dport, const char *name)
{
    struct buf message;
    buf_init(&message, 4096);
    packets_put_dns_query(&message, 7, name);
    send_udp(d, sport, dport, buf_span(&message));
    buf_fini(&message);
}

static void send_tcp(struct desk *d, uint16_t sport, uint16_t dport, uint32_t seq, uint8_t flags,
                     const char *text)
{
    struct ip src = packets_v4(CLIENT), dst = packets_v4(SERVER);
    packets_put_tcp_frame(&d->frame, &src, &dst,
                          &(struct packets_tcp){.sport = sport, .dport = dport, .seq = seq, .flags = flags},
                          span_str(text));
    send_frame(d);
}

static void send_request(struct desk *d, uint16_t sport, const char *text)
{
    send_tcp(d, sport, 80, 1000, TCP_SYN, "");
    send_tcp(d, sport, 80, 1001, TCP_ACK, text);
}

/* Lines are JSON objects, one each; returns how many. */
static size_t count_lines(struct desk *d, const char *event_type)
{
    size_t n = 0;
    for (struct span rest = buf_span(&d->out); rest.len;) {
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        assert_non_null(end);
        size_t len = (size_t)(end - rest.ptr);
        json_error_t error;
        json_t *line = json_loadb((const char *)rest.ptr, len, 0, &error);
        if (!line)
            fail_msg("%s in %.*s", error.text, (int)len, (const char *)rest.ptr);
        const char *type = json_string_value(json_object_get(line, "event_type"));
        n += !event_type || strcmp(type, event_type) == 0;
        json_decref(line);
        span_skip(&rest, len + 1);
    }
    return n;
}

static bool is_written(const struct desk *d, const char *text)
{
    return d->out.len && memmem(d->out.ptr, d->out.len, text, strlen(text));
}

/* ---- alerts ---- */

static void test_alert(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    send_query(&d, 40000, 53, "www.Evil.example");
    send_query(&d, 40001, 53, "good.example");
    send_query(&d, 40002, 53, "notevil.example");
    worker_end_run(d.w);
    assert_int_equal(count_lines(&d, "alert"), 1);
    assert_true(is_written(&d, "\"observed\":\"www.Evil.example\""));
    assert_true(is_written(&d, "\"pcap_cnt\":1,"));
    assert_true(is_written(&d, "\"pcap_filename\":\"one.pcap\""));
    assert_int_equal(worker_stats(d.w)->alerts, 1);
    assert_int_equal(worker_list_hits(d.w)[0], 1);
    assert_int_equal(worker_list_hits(d.w)[1], 1); /* both name it */
    close_desk(&d);
}

static void send_odd(struct desk *d, uint16_t sport, uint32_t seq, uint8_t flags, uint16_t window,
                     struct span options, const char *text)
{
    enum { TCP_AT = 14 + 20, WINDOW_AT = TCP_AT + 14, OPTIONS_AT = TCP_AT + 20 };
    struct ip src = packets_v4(CLIENT), dst = packets_v4(SERVER);
    struct packets_tcp h = {.sport = sport,
                            .dport = 80,
                            .seq = seq,
                            .flags = flags,
                            .option_words = (unsigned)(options.len + 3) / 4};
    packets_put_tcp_frame(&d->frame, &src, &dst, &h, span_str(text));
    d->frame.ptr[WINDOW_AT] = (uint8_t)(window >> 8);
    d->frame.ptr[WINDOW_AT + 1] = (uint8_t)window;
    if (options.len)
        memcpy(d->frame.ptr + OPTIONS_AT, options.ptr, options.len);
    send_frame(d);
}

/* Whether a receiver takes a segment in spite of its options or its window is the receiver's affair, and it may: so it is read. */
static void test_odd_segments(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: www.evil.example\r\n\r\n";
    static const struct {
        struct span syn_options, options;
        uint16_t window;
        bool is_in_syn; /* TCP Fast Open (RFC 7413): data in the SYN itself */
    } rows[] = {
        {{0}, {0}, 0, false},
        {SPAN_LIT(
             "\1\1\x08\x0a\0\0\x10\0\0\0\0\0"), /* a timestamp that goes back (PAWS, RFC 7323, section 5) */
         SPAN_LIT("\1\1\x08\x0a\0\0\0\1\0\0\0\0"), 8192, false},
        {SPAN_LIT("\1\1\x08\x0a\0\0\x10\0\0\0\0\0"), {0}, 8192, false}, /* one that is missing later */
        {SPAN_LIT("\x13\x12"
                  "0123456789abcdef"), /* MD5 (RFC 2385): nobody here has the key */
         SPAN_LIT("\x13\x12"
                  "0123456789abcdef"),
         8192, false},
        {{0},
         SPAN_LIT("\x13\x12"
                  "0123456789abcdef"),
         8192,
         false},
        {SPAN_LIT("\x1d\x10\1\1"
                  "0123456789ab"),
         SPAN_LIT("\x1d\x10\1\1"
                  "0123456789ab"),
         8192, false}, /* RFC 5925 */
        {SPAN_LIT("\x22\x0a"
                  "01234567"),
         {0},
         8192,
         true},
        {SPAN_LIT("\x22\2"), {0}, 8192, true},
        {{0}, {0}, 8192, true},
        {SPAN_LIT("\4\2\3\3\x0e"), SPAN_LIT("\5\x0a\0\0\0\1\0\0\0\2"), 1,
         false},                                               /* SACK of what was never sent */
        {SPAN_LIT("\2\0"), SPAN_LIT("\2\0"), 8192, false},     /* an option of no length */
        {SPAN_LIT("\2\xff"), SPAN_LIT("\2\xff"), 8192, false}, /* one that goes past the header */
    };
    struct desk d;
    open_desk(&d, *state);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t sport = (uint16_t)(30000 + i);
        bool is_in_syn = rows[i].is_in_syn;
        send_odd(&d, sport, 1000, TCP_SYN, 8192, rows[i].syn_options, is_in_syn ? request : "");
        if (!is_in_syn)
            send_odd(&d, sport, 1001, TCP_ACK, rows[i].window, rows[i].options, request);
        worker_flush(d.w);
        assert_int_equal(worker_stats(d.w)->alerts, i + 1);
    }
    close_desk(&d);
}

static void test_each_field(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    send_request(&d, 40000, "GET /bad HTTP/1.1\r\nHost: url.example\r\n\r\n");
    send_request(&d, 40001, "GET / HTTP/1.1\r\nHost: a.evil.example:80\r\nUser-Agent: evil agent/1\r\n\r\n");
    struct buf b;
    buf_init(&b, 1 << 16);
    struct ip src = packets_v4(CLIENT), dst = packets_v4(SERVER);
    packets_put_client_hello(&b, "tls.evil.example", 1, 0);
    struct buf stream;
    buf_init(&stream, 1 << 16);
    packets_put_tls_records(&stream, 22, buf_span(&b), 16384);
    packets_put_tcp_frame(&d.frame, &src, &dst,
                          &(struct packets_tcp){.sport = 40002, .dport = 443, .flags = TCP_ACK},
                          buf_span(&stream));
    send_frame(&d);
    buf_reset(&b);
    packets_put_dns_answer(&b, 7, "answer.example", 0xcb007104, 3); /* .4, .5, .6 */
    packets_put_udp_frame(&d.frame, &dst, &src, 53, 40003, buf_span(&b));
    send_frame(&d);
    struct ip evil = packets_v4(0xcb007105);
    packets_put_udp_frame(&d.frame, &src, &evil, 40004, 9999, SPAN_LIT("x"));
    send_frame(&d);
    worker_flush(d.w);
    assert_int_equal(count_lines(&d, "alert"), 6);
    static const char *const fields[] = {"http.url", "http.host",          "http.user_agent",
                                         "tls.sni",  "dns.answer.address", "ip.dst"};
    for (size_t i = 0; i < 6; i++) {
        char text[64];
        snprintf(text, sizeof text, "\"field\":\"%s\"", fields[i]);
        if (!is_written(&d, text))
            fail_msg("no alert in %s", fields[i]);
    }
    buf_fini(&b);
    buf_fini(&stream);
    close_desk(&d);
}

/* Once per flow, indicator and value. */
static void test_repeats(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    for (int i = 0; i < 5; i++)
        send_query(&d, 40000, 53, "www.evil.example");
    worker_flush(d.w);
    send_query(&d, 40000, 53, "www.evil.example"); /* in another batch */
    send_query(&d, 40000, 53, "ftp.evil.example"); /* another value */
    send_query(&d, 40001, 53, "www.evil.example"); /* another flow */
    worker_flush(d.w);
    assert_int_equal(count_lines(&d, "alert"), 3);
    assert_int_equal(worker_stats(d.w)->hits, 8);
    assert_int_equal(worker_stats(d.w)->hits_repeated, 5);
    assert_int_equal(worker_list_hits(d.w)[0], 3);
    close_desk(&d);
}

static void test_expired(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    send_query(&d, 40000, 53, "old.example");
    send_query(&d, 40001, 53, "half-old.example");
    worker_flush(d.w);
    assert_int_equal(count_lines(&d, "alert"), 1);
    assert_int_equal(worker_stats(d.w)->hits_expired, 1);
    assert_int_equal(worker_list_hits(d.w)[0], 0); /* only the list that still holds */
    assert_int_equal(worker_list_hits(d.w)[1], 1);
    d.ts_ns = (START_S - 2 * DAY_S) * INT64_C(1000000000);
    send_query(&d, 40002, 53, "old.example"); /* an older capture: it held then */
    worker_flush(d.w);
    assert_int_equal(worker_stats(d.w)->alerts, 2);
    close_desk(&d);
}

/* The same flow in two captures is two flows, unless they are parts of one. */
static void test_sources(void **state)
{
    for (int is_joined = 0; is_joined < 2; is_joined++) {
        struct desk d;
        open_desk_with(&d, (struct worker_options){.db = *state, .is_joined = is_joined});
        send_query(&d, 40000, 53, "www.evil.example");
        worker_end_source(d.w);
        assert_int_equal(count_lines(&d, "alert"), 1);
        d.source = 1;
        send_query(&d, 40000, 53, "www.evil.example");
        worker_end_source(d.w);
        worker_end_run(d.w);
        assert_int_equal(count_lines(&d, "alert"), is_joined ? 1 : 2);
        assert_int_equal(worker_stats(d.w)->flows, is_joined ? 1 : 2);
        close_desk(&d);
    }
}

/* A request that ends in the next part is whole only when the parts are joined. */
static void test_stream_over_sources(void **state)
{
    for (int is_joined = 0; is_joined < 2; is_joined++) {
        struct desk d;
        open_desk_with(&d, (struct worker_options){.db = *state, .is_joined = is_joined});
        send_tcp(&d, 40000, 80, 0, TCP_SYN, "");
        send_tcp(&d, 40000, 80, 1, TCP_ACK, "GET / HTTP/1.1\r\nHo");
        worker_end_source(d.w);
        d.source = 1;
        send_tcp(&d, 40000, 80, 19, TCP_ACK, "st: www.evil.example\r\n\r\n");
        worker_end_source(d.w);
        worker_end_run(d.w);
        assert_int_equal(count_lines(&d, "alert"), is_joined);
        close_desk(&d);
    }
}

/* ---- events ---- */

static void test_nothing_to_do(void **state)
{
    (void)state;
    struct desk d;
    open_desk_with(&d, (struct worker_options){0});
    worker_flush(d.w);
    send_query(&d, 40000, 53, "www.evil.example");
    worker_end_source(d.w);
    worker_end_run(d.w);
    assert_int_equal(d.n_writes, 0);
    assert_null(worker_list_hits(d.w));
    assert_int_equal(worker_stats(d.w)->events[EVENT_DNS], 1);
    assert_int_equal(worker_stats(d.w)->readable[SESSION_DNS], 1);
    close_desk(&d);
    worker_free(NULL);
}

static void test_events_as_lines(void **state)
{
    (void)state;
    struct desk d;
    open_desk_with(&d, (struct worker_options){.writes_events = true});
    send_query(&d, 40000, 53, "one.example");
    send_request(&d, 40001, "GET / HTTP/1.1\r\nHost: two.example\r\n\r\n");
    worker_end_run(d.w);
    assert_int_equal(count_lines(&d, "dns"), 1);
    assert_int_equal(count_lines(&d, "http"), 1);
    assert_int_equal(count_lines(&d, "flow"), 2);
    assert_int_equal(count_lines(&d, NULL), 4);
    close_desk(&d);
}

/* Lines go out before the end of a long run, and whole. */
static void test_long_run(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    for (int i = 0; i < 3000; i++) {
        char name[64];
        snprintf(name, sizeof name, "n%d.evil.example", i);
        send_query(&d, (uint16_t)(10000 + i), 53, name);
    }
    assert_true(d.n_writes > 1);
    worker_end_run(d.w);
    assert_int_equal(count_lines(&d, "alert"), 3000);
    close_desk(&d);
}

/* As many records as a datagram can carry, each of them a hit. */
static void test_largest_answer(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    struct buf b;
    struct ip src = packets_v4(SERVER), dst = packets_v4(CLIENT);
    buf_init(&b, 1 << 20);
    packets_put_dns_answer(&b, 7, "www.evil.example", 0xcb007105, 4080);
    assert_in_range(b.len, 65000, 65507);
    for (int i = 0; i < 20; i++) {
        packets_put_udp_frame(&d.frame, &src, &dst, 53, (uint16_t)(40000 + i), buf_span(&b));
        send_frame(&d);
    }
    worker_end_run(d.w);
    assert_int_equal(count_lines(&d, "alert"), 20 * 2); /* the name and the address; the rest repeats */
    buf_fini(&b);
    close_desk(&d);
}

static void test_broken_output(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    send_query(&d, 40000, 53, "www.evil.example");
    d.is_broken = true;
    worker_flush(d.w);
    assert_true(worker_output_is_broken(d.w));
    assert_int_equal(d.n_writes, 1);
    send_query(&d, 40001, 53, "www.evil.example");
    worker_end_run(d.w);
    assert_int_equal(d.n_writes, 1); /* nothing more is offered */
    close_desk(&d);
}

/* ---- accounting ---- */

static void test_refused_packets(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    packets_put_ethernet(&d.frame, 0x0806);
    send_frame(&d);
    packets_put_ethernet(&d.frame, 0x0800);
    send_frame(&d);
    send_frame(&d); /* nothing at all */
    packets_put_ethernet(&d.frame, 0x0800);
    packets_put_ipv4(&d.frame, &(struct packets_ipv4){.proto = 17, .fragment = 5, .total_len = -1}, 4);
    packets_put_fill(&d.frame, 0, 4);
    send_frame(&d);
    packets_put_ethernet(&d.frame, 0x0800);
    packets_put_ipv4(&d.frame, &(struct packets_ipv4){.proto = 17, .fragment = 5, .total_len = -1}, 0);
    send_frame(&d);
    packets_put_ethernet(&d.frame, 0x0800);
    packets_put_ipv4(&d.frame, &(struct packets_ipv4){.proto = 6, .total_len = -1}, 0);
    send_frame(&d);
    struct packet pkt = {.number = ++d.number};
    worker_packet(d.w, LINK_OTHER, &pkt);
    const struct stats *s = worker_stats(d.w);
    assert_true(stats_sums_hold(s));
    assert_int_equal(s->fragments_waiting, 1);
    worker_end_run(d.w);
    assert_int_equal(s->fragments_waiting, 0);
    assert_int_equal(s->undecodable[UNDECODABLE_FRAGMENT], 1);
    assert_int_equal(s->processed, 0);
    assert_int_equal(s->out_of_scope[SCOPE_NOT_IP], 1);
    assert_int_equal(s->out_of_scope[SCOPE_FRAGMENT], 1);
    assert_int_equal(s->out_of_scope[SCOPE_LINK_TYPE], 1);
    assert_int_equal(s->undecodable[UNDECODABLE_LINK], 1);
    assert_int_equal(s->undecodable[UNDECODABLE_IP], 1);
    assert_int_equal(s->undecodable[UNDECODABLE_TCP], 1);
    assert_int_equal(s->flows, 0);
    close_desk(&d);
}

/* ---- fragments ---- */

/* A datagram that asks for evil.example in fragments of `size` bytes. */
struct cut {
    struct buf segment;
    size_t size;
};

static void cut_query(struct cut *c, uint16_t sport, size_t size)
{
    struct buf message;
    buf_init(&message, 4096);
    buf_init(&c->segment, 4096);
    packets_put_dns_query(&message, 7, "evil.example");
    packets_put_udp(&c->segment, sport, 53, message.len);
    buf_put(&c->segment, buf_span(&message));
    packets_put_fill(&c->segment, 0, 48 - c->segment.len); /* which UDP does not count */
    buf_fini(&message);
    c->size = size;
}

static size_t cut_count(const struct cut *c)
{
    return (c->segment.len + c->size - 1) / c->size;
}

static void send_piece(struct desk *d, const struct cut *c, size_t i)
{
    struct span piece = span_first(span_from(buf_span(&c->segment), i * c->size), c->size);
    unsigned flag = i + 1 < cut_count(c) ? 0x2000 : 0;
    struct packets_ipv4 h = {.src = packets_v4(CLIENT),
                             .dst = packets_v4(SERVER),
                             .proto = 17,
                             .total_len = -1,
                             .fragment = (uint16_t)(flag | i * c->size / 8)};
    packets_put_ethernet(&d->frame, 0x0800);
    packets_put_ipv4(&d->frame, &h, piece.len);
    buf_put(&d->frame, piece);
    send_frame(d);
    assert_true(stats_sums_hold(worker_stats(d->w)));
}

static void test_fragments(void **state)
{
    for (size_t size = 8; size <= 24; size += 8) {
        struct desk d;
        struct cut c;
        open_desk(&d, *state);
        cut_query(&c, 40000, size);
        const struct stats *s = worker_stats(d.w);
        size_t n = cut_count(&c);
        for (size_t i = n; i-- > 0;) {
            send_piece(&d, &c, i);
            assert_int_equal(s->fragments_waiting, i ? n - i : 0);
        }
        assert_int_equal(s->processed, n);
        assert_int_equal(s->udp, n);
        assert_int_equal(s->flows, 1);
        worker_end_run(d.w);
        assert_int_equal(count_lines(&d, "alert"), 1);
        char number[32];
        snprintf(number, sizeof number, "\"pcap_cnt\":%zu,", n);
        assert_true(is_written(&d, number));
        buf_fini(&c.segment);
        close_desk(&d);
    }
}

/* The first fragment has the whole query; the last one never comes. Read at the end of an epoch that is 30 seconds later, or at that of the
 * run. */
static void test_fragments_incomplete(void **state)
{
    for (int ends = 0; ends < 2; ends++) {
        struct desk d;
        struct cut c;
        open_desk(&d, *state);
        cut_query(&c, 40000, 40);
        assert_int_equal(cut_count(&c), 2);
        send_piece(&d, &c, 0);
        const struct stats *s = worker_stats(d.w);
        d.ts_ns += INT64_C(29) * 1000000000;
        send_query(&d, 40001, 53, "good.example");
        assert_int_equal(s->fragments_waiting, 1);
        if (ends) {
            worker_end_run(d.w);
        } else {
            for (int i = 2; i < 2 * EPOCH_PACKETS_MIN; i++) { /* the second epoch's clock is past them */
                assert_int_equal(s->fragments_waiting, 1);
                d.ts_ns += INT64_C(1000000000);
                send_query(&d, 40001, 53, "good.example");
            }
        }
        assert_int_equal(s->fragments_waiting, 0);
        assert_int_equal(s->datagrams_incomplete, 1);
        assert_int_equal(s->flows, 2);
        worker_end_run(d.w);
        assert_int_equal(count_lines(&d, "alert"), 1);
        assert_true(is_written(&d, "\"pcap_cnt\":1,"));
        buf_fini(&c.segment);
        close_desk(&d);
    }
}

/* Each fragment cut: counted once, read as far as it goes. */
static void test_fragments_cut(void **state)
{
    struct desk d;
    struct cut c;
    open_desk(&d, *state);
    cut_query(&c, 40000, 16);
    d.snaplen = 14 + 20 + 12;
    for (size_t i = 0; i < cut_count(&c); i++)
        send_piece(&d, &c, i);
    const struct stats *s = worker_stats(d.w);
    assert_int_equal(s->processed, cut_count(&c));
    assert_int_equal(s->cut_by_snaplen, 1);
    assert_int_equal(s->unreadable[SESSION_DNS][UNREADABLE_SNAPLEN], 1);
    buf_fini(&c.segment);
    close_desk(&d);
}

static void test_bytes_and_times(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    d.snaplen = 60;
    send_udp(&d, 1, 2, SPAN_LIT("0123456789012345678901234567890123456789"));
    d.ts_ns -= 5000000;
    send_udp(&d, 1, 2, SPAN_LIT("x"));
    const struct stats *s = worker_stats(d.w);
    assert_int_equal(s->bytes, 60 + 43);
    assert_int_equal(s->wire_bytes, 82 + 43);
    assert_int_equal(s->cut_by_snaplen, 1);
    assert_true(s->last_ns == START_S * INT64_C(1000000000));
    assert_true(s->first_ns == START_S * INT64_C(1000000000) - 4000000);
    worker_set_drops(d.w, 7, 8);
    assert_int_equal(s->kernel_drops, 7);
    assert_int_equal(s->interface_drops, 8);
    close_desk(&d);
}

/* Every snaplen: sums hold, and no name is told that is not whole. */
static void test_every_snaplen(void **state)
{
    for (uint32_t snaplen = 0; snaplen < 110; snaplen++) {
        struct desk d;
        open_desk_with(&d, (struct worker_options){.db = *state, .writes_events = true});
        d.snaplen = snaplen;
        send_query(&d, 40000, 53, "www.evil.example");
        send_request(&d, 40001, "GET / HTTP/1.1\r\nHost: www.evil.example\r\n\r\n");
        worker_end_run(d.w);
        count_lines(&d, NULL);
        assert_true(!is_written(&d, "\"rrname\":\"") || is_written(&d, "\"rrname\":\"www.evil.example\""));
        assert_true(!is_written(&d, "\"hostname\":\"") ||
                    is_written(&d, "\"hostname\":\"www.evil.example\""));
        check_sums(&d);
        close_desk(&d);
    }
}

static void test_dns_sessions(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    send_query(&d, 40000, 53, "good.example");
    send_udp(&d, 40000, 53, SPAN_LIT("this is not a DNS message at all"));
    send_udp(&d, 40000, 53, SPAN_LIT("\0\1\1\0\0\0\0\0\0\0\0\0"));
    send_udp(&d, 40000, 53, SPAN_LIT("")); /* no session in that */
    d.snaplen = 60;
    send_query(&d, 40000, 53, "good.example");
    const struct stats *s = worker_stats(d.w);
    assert_int_equal(s->sessions[SESSION_DNS], 4);
    assert_int_equal(s->readable[SESSION_DNS], 1);
    assert_int_equal(s->unreadable[SESSION_DNS][UNREADABLE_MALFORMED], 1);
    assert_int_equal(s->unreadable[SESSION_DNS][UNREADABLE_NO_NAME], 1);
    assert_int_equal(s->unreadable[SESSION_DNS][UNREADABLE_SNAPLEN], 1);
    close_desk(&d);
}

/* On a port that is nobody's a whole DNS message is still one, if it comes early in its flow. */
static void test_dns_on_other_ports(void **state)
{
    struct desk d;
    open_desk(&d, *state);
    send_query(&d, 40000, 5300, "www.evil.example");
    assert_int_equal(worker_stats(d.w)->sessions[SESSION_DNS], 1);
    for (int i = 0; i < 10; i++)
        send_udp(&d, 40001, 5300, SPAN_LIT("voice, or a game"));
    send_query(&d, 40001, 5300, "www.evil.example");
    assert_int_equal(worker_stats(d.w)->sessions[SESSION_DNS], 1);
    send_query(&d, 137, 137, "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"); /* NetBIOS */
    assert_int_equal(worker_stats(d.w)->sessions[SESSION_DNS], 1);
    worker_flush(d.w);
    assert_int_equal(count_lines(&d, "alert"), 1);
    close_desk(&d);
}

static void test_few_flows(void **state)
{
    struct desk d;
    open_desk_with(&d, (struct worker_options){.db = *state, .flows_max = 16});
    for (uint16_t i = 0; i < 200; i++) {
        send_tcp(&d, 10000 + i, 80, 0, TCP_SYN, "");
        send_tcp(&d, 10000 + i, 80, 1, TCP_ACK, "GET / HTTP/1.1\r\nHost: www.evil.example\r\nX: cut");
    }
    worker_end_run(d.w);
    assert_int_equal(count_lines(&d, "alert"), 200); /* who is pushed out is read first */
    assert_int_equal(worker_stats(d.w)->flows, 200);
    assert_in_range(worker_stats(d.w)->flows_evicted, 184, 200);
    close_desk(&d);
}

/* ---- allow-lists ---- */

static const struct entry allowed[] = {
    {IOC_DOMAIN, MATCH_SUFFIX, "good.evil.example", 0, 0},
    {IOC_DOMAIN, MATCH_EXACT, "half-old.example", 0, 0}, /* covers an indicator whole */
    {IOC_DOMAIN, MATCH_SUFFIX, "house.example", 1, 0},
    {IOC_IPV4, MATCH_EXACT, "198.51.100.2", 1, START_S - DAY_S}, /* the server; no longer */
};

static struct db *build_allowing_db(void)
{
    struct db *allow = NULL;
    assert_true(db_build(fill_set(allowed, sizeof allowed / sizeof *allowed), NULL, &allow, NULL));
    return build_db(allow);
}

static void test_allowed(void **state)
{
    (void)state;
    struct db *db = build_allowing_db();
    struct desk d;
    open_desk(&d, db);
    send_query(&d, 40000, 53, "www.good.evil.example");
    send_query(&d, 40000, 53, "www.good.evil.example"); /* each is counted */
    send_query(&d, 40000, 53, "www.evil.example");
    send_query(&d, 40000, 53, "half-old.example"); /* not even compiled */
    send_query(&d, 40000, 53, "old.example");
    worker_flush(d.w);
    assert_int_equal(count_lines(&d, "alert"), 1);
    assert_true(is_written(&d, "\"observed\":\"www.evil.example\""));
    assert_int_equal(worker_stats(d.w)->hits, 4);
    assert_int_equal(worker_stats(d.w)->hits_suppressed, 2);
    assert_int_equal(worker_stats(d.w)->hits_expired, 1);
    assert_int_equal(worker_allow_hits(d.w)[0], 2);
    assert_int_equal(worker_allow_hits(d.w)[1], 0);
    assert_int_equal(worker_list_hits(d.w)[0], 1);
    close_desk(&d);
    db_free(db);
}

/* What is allowed in one request is no repetition when it comes again in another that is not. */
static void test_allowed_then_not(void **state)
{
    (void)state;
    struct db *db = build_allowing_db();
    struct desk d;
    open_desk(&d, db);
    send_request(&d, 40000,
                 "GET /1 HTTP/1.1\r\nHost: www.house.example\r\nUser-Agent: evil agent/1\r\n\r\n"
                 "GET /2 HTTP/1.1\r\nHost: elsewhere.example\r\nUser-Agent: evil agent/1\r\n\r\n"
                 "GET /3 HTTP/1.1\r\nHost: elsewhere.example\r\nUser-Agent: evil agent/1\r\n\r\n");
    worker_end_run(d.w);
    assert_int_equal(count_lines(&d, "alert"), 1);
    assert_true(is_written(&d, "\"url\":\"/2\""));
    assert_int_equal(worker_stats(d.w)->hits_suppressed, 1);
    assert_int_equal(worker_stats(d.w)->hits_repeated, 1);
    assert_int_equal(worker_allow_hits(d.w)[2], 1);
    close_desk(&d);
    db_free(db);
}

/* Through a tunnel the server's address is the proxy's: that it is allowed says nothing. */
static void test_allowed_proxy(void **state)
{
    (void)state;
    for (int is_tunnel = 0; is_tunnel < 2; is_tunnel++) {
        const struct entry proxy = {IOC_IPV4, MATCH_EXACT, "198.51.100.2", 0, 0};
        struct db *allow = NULL, *db;
        struct desk d;
        struct buf hello, stream;
        assert_true(db_build(fill_set(&proxy, 1), NULL, &allow, NULL));
        db = build_db(allow);
        open_desk(&d, db);
        buf_init(&hello, 1 << 16);
        buf_init(&stream, 1 << 16);
        if (is_tunnel)
            buf_put_str(&stream, "CONNECT fine.example:443 HTTP/1.1\r\nHost: fine.example:443\r\n\r\n");
        packets_put_client_hello(&hello, "tls.evil.example", 1, 0);
        packets_put_tls_records(&stream, 22, buf_span(&hello), 16384);
        struct ip src = packets_v4(CLIENT), dst = packets_v4(SERVER);
        packets_put_tcp_frame(&d.frame, &src, &dst,
                              &(struct packets_tcp){.sport = 40002, .dport = 3128, .flags = TCP_ACK},
                              buf_span(&stream));
        send_frame(&d);
        worker_end_run(d.w);
        assert_int_equal(count_lines(&d, "alert"), is_tunnel);
        assert_int_equal(worker_stats(d.w)->hits, 1);
        assert_int_equal(worker_stats(d.w)->hits_suppressed, !is_tunnel);
        buf_fini(&hello);
        buf_fini(&stream);
        close_desk(&d);
        db_free(db);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alert),
        cmocka_unit_test(test_odd_segments),
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_stream_over_sources),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_events_as_lines),
        cmocka_unit_test(test_long_run),
        cmocka_unit_test(test_largest_answer),
        cmocka_unit_test(test_broken_output),
        cmocka_unit_test(test_refused_packets),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_fragments_incomplete),
        cmocka_unit_test(test_fragments_cut),
        cmocka_unit_test(test_bytes_and_times),
        cmocka_unit_test(test_every_snaplen),
        cmocka_unit_test(test_dns_sessions),
        cmocka_unit_test(test_dns_on_other_ports),
        cmocka_unit_test(test_few_flows),
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_allowed_then_not),
        cmocka_unit_test(test_allowed_proxy),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
