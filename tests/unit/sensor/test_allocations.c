/* After warm-up a worker allocates nothing: a mix of all protocols, whole and broken, is replayed until every buffer has its size,
 * and then once more, counting. Where nothing can be counted the test is skipped. */
#include "sensor/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/allocation_count.h"
#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/quic_packets.h"
#include "tests/unit/sensor/talks.h"

enum { BATCH = 256, WARM_UPS = 8, FRAMES_MAX = 16384, LATE = 8, ROUNDS = 12, TUNNEL_EACH = 7 };

/* ---- the mix ---- */

struct frame {
    size_t offset, len;
    uint32_t turn;
};

struct mix {
    struct buf bytes;
    struct frame frames[FRAMES_MAX];
    size_t n;
};

static void end_frame(struct mix *m, size_t begun, uint32_t turn)
{
    assert_true(m->n < FRAMES_MAX);
    m->frames[m->n++] = (struct frame){begun, m->bytes.len - begun, turn};
}

/* One side of a connection in segments, some lost, some late, some twice. */
static void add_stream(struct mix *m, struct chance *c, unsigned sender, const uint16_t ports[static 2],
                       struct span stream, uint32_t turn)
{
    struct ip ends[2] = {packets_v4(0xc0000201), packets_v4(0xc6336402)};
    for (size_t at = 0; at < stream.len;) {
        struct span data = span_first(span_from(stream, at), 1 + chance_below(c, 400));
        struct packets_tcp h = {
            .sport = ports[sender], .dport = ports[!sender], .seq = 1 + (uint32_t)at, .flags = TCP_ACK};
        for (unsigned n = chance_below(c, 20) ? 1 : 2 * chance_below(c, 2); n; n--) {
            size_t begun = m->bytes.len;
            packets_put_tcp_frame(&m->bytes, &ends[sender], &ends[!sender], &h, data);
            end_frame(m, begun, turn + chance_below(c, LATE));
        }
        at += data.len;
        turn++;
    }
}

static void add_side(struct mix *m, struct chance *c, enum talk t, uint16_t client_port, uint32_t turn)
{
    uint16_t ports[2] = {client_port, talks_port(t)};
    struct buf stream;
    buf_init(&stream, 1 << 20);
    talks_put(&stream, t);
    add_stream(m, c, talks_is_server(t), ports, buf_span(&stream), turn);
    buf_fini(&stream);
}

static void put_http2_frame(struct buf *b, uint8_t type, uint8_t flags, uint8_t stream, struct span payload)
{
    packets_put_u24(b, (uint32_t)payload.len);
    buf_put_byte(b, type);
    buf_put_byte(b, flags);
    packets_put_u32(b, stream);
    buf_put(b, payload);
}

/* HTTP/2: requests of which each uses, and adds to, what its table holds, and their answers. */
static void add_http2(struct mix *m, struct chance *c, uint16_t client_port, uint32_t turn)
{
    enum { HEADERS = 1, SETTINGS = 4, END_HEADERS = 4, REQUESTS = 40 };
    uint16_t ports[2] = {client_port, 80};
    struct buf sides[2];
    buf_init(&sides[0], 1 << 16);
    buf_init(&sides[1], 1 << 16);
    buf_put_str(&sides[0], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    put_http2_frame(&sides[0], SETTINGS, 0, 0, (struct span){0});
    put_http2_frame(&sides[1], SETTINGS, 0, 0, (struct span){0});
    for (uint8_t i = 0; i < REQUESTS; i++) {
        struct span request = i == 0  ? SPAN_LIT("\x82\x86\x84\x41\x0fh2.evil.example")
                              : i % 2 ? SPAN_LIT("\x82\x86\x84\x58\x08no-cache\x41\x0fh3.evil.example")
                                      : SPAN_LIT("\x82\x86\x84\xbe");
        put_http2_frame(&sides[0], HEADERS, END_HEADERS, (uint8_t)(1 + 2 * i), request);
        put_http2_frame(&sides[1], HEADERS, END_HEADERS, (uint8_t)(1 + 2 * i), SPAN_LIT("\x88\x5f\x04text"));
    }
    for (unsigned i = 0; i < 2; i++) {
        add_stream(m, c, i, ports, buf_span(&sides[i]), turn);
        buf_fini(&sides[i]);
    }
}

/* A record with a part of a ClientHello of `whole` bytes. */
static void put_dtls_part(struct buf *b, uint8_t record, size_t whole, size_t from, struct span part)
{
    buf_put(b, SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0"));
    packets_put_u16(b, record);
    packets_put_u16(b, (uint32_t)part.len + 12);
    buf_put_byte(b, 1);
    packets_put_u24(b, (uint32_t)whole);
    packets_put_u16(b, 0);
    packets_put_u24(b, (uint32_t)from);
    packets_put_u24(b, (uint32_t)part.len);
    buf_put(b, part);
}

/* A hello whole, or in two datagrams of which either may be missing. */
static void add_dtls(struct mix *m, struct chance *c, uint32_t turn)
{
    static const char body[] = "\xfe\xfd"
                               "0123456789abcdef0123456789abcdef"
                               "\0\0"
                               "\0\2\xc0\x2b"
                               "\1\0"
                               "\0\x1a"
                               "\0\0\0\x16\0\x14\0\0\x11"
                               "dtls.evil.example";
    struct span hello = span_of(body, sizeof body - 1);
    struct ip client = packets_v4(0xc0000300 + chance_below(c, 200)), server = packets_v4(0xc6336437);
    uint16_t port = (uint16_t)(1024 + chance_below(c, 60000));
    size_t first = chance_below(c, 2) ? hello.len : hello.len / 2;
    struct buf datagram;
    buf_init(&datagram, 1 << 12);
    for (size_t at = 0; at < hello.len; at += first) {
        struct span part = span_first(span_from(hello, at), first);
        buf_reset(&datagram);
        put_dtls_part(&datagram, at != 0, hello.len, at, part);
        size_t begun = m->bytes.len;
        packets_put_udp_frame(&m->bytes, &client, &server, port, 4433, buf_span(&datagram));
        if (chance_below(c, 8))
            end_frame(m, begun, turn + (at != 0));
    }
    buf_fini(&datagram);
}

/* A frame as it was, in a tunnel of Ethernet in GRE. */
static void put_into_tunnel(struct mix *m, struct frame *f)
{
    size_t begun = m->bytes.len;
    struct packets_ipv4 outer = {
        .src = packets_v4(0xc0000209), .dst = packets_v4(0xc6336409), .proto = 47, .total_len = -1};
    packets_put_ethernet(&m->bytes, 0x0800);
    packets_put_ipv4(&m->bytes, &outer, 4 + f->len);
    buf_put(&m->bytes, SPAN_LIT("\0\0\x65\x58"));
    assert_non_null(buf_reserve(&m->bytes, f->len)); /* before the frame is pointed to */
    buf_put(&m->bytes, span_of(m->bytes.ptr + f->offset, f->len));
    *f = (struct frame){begun, m->bytes.len - begun, f->turn};
}

static void add_dns(struct mix *m, struct chance *c, uint32_t turn)
{
    struct ip client = packets_v4(0xc0000300 + chance_below(c, 200)), server = packets_v4(0xc6336435);
    struct buf message;
    buf_init(&message, 1 << 16);
    packets_put_dns_answer(&message, 7, chance_below(c, 2) ? "www.evil.example" : "good.example", 0xcb007100,
                           1 + chance_below(c, 9));
    size_t begun = m->bytes.len;
    packets_put_udp_frame(&m->bytes, &server, &client, 53, (uint16_t)(1024 + chance_below(c, 60000)),
                          buf_span(&message));
    end_frame(m, begun, turn);
    buf_fini(&message);
}

static int by_turn(const void *a, const void *b)
{
    const struct frame *x = a, *y = b;
    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* A hello of two packets, either of which may be missing, or one that no key opens. */
static void add_quic(struct mix *m, struct chance *c, uint32_t turn)
{
    static const struct {
        const uint8_t *bytes;
        size_t len;
    } packets[] = {{packet_half_1, sizeof packet_half_1}, {packet_half_2, sizeof packet_half_2}};
    struct ip client = packets_v4(0xc0000300 + chance_below(c, 200)), server = packets_v4(0xc6336436);
    uint16_t port = (uint16_t)(1024 + chance_below(c, 60000));
    for (unsigned i = 0; i < 2; i++) {
        size_t begun = m->bytes.len;
        if (chance_below(c, 8) == 0)
            continue;
        packets_put_udp_frame(&m->bytes, &client, &server, port, 443,
                              span_of(packets[i].bytes, packets[i].len));
        end_frame(m, begun, turn + i);
    }
}

static struct mix *make_mix(void)
{
    struct mix *m = calloc(1, sizeof *m);
    struct chance c = chance_of(1);
    buf_init(&m->bytes, 64 << 20);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (enum talk t = 0; t < TALK_COUNT; t++)
            add_side(m, &c, t, (uint16_t)(10000 + round * TALK_COUNT + t / 2), round * 10);
        for (uint32_t i = 0; i < 50; i++)
            add_dns(m, &c, round * 10 + i % 10);
        for (uint32_t i = 0; i < 20; i++)
            add_quic(m, &c, round * 10 + i % 10);
        for (uint32_t i = 0; i < 20; i++)
            add_dtls(m, &c, round * 10 + i % 10);
        add_http2(m, &c, (uint16_t)(20000 + round), round * 10);
    }
    for (size_t i = 0; i < m->n; i += TUNNEL_EACH)
        put_into_tunnel(m, &m->frames[i]);
    qsort(m->frames, m->n, sizeof *m->frames, by_turn);
    return m;
}

/* ---- replaying it ---- */

/* The allow side: some of what is looked for. */
static struct db *make_allow(void)
{
    struct set *set = set_new();
    struct db *db = NULL;
    uint32_t list, context;
    bool is_new;
    struct context_in always = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    struct indicator_in in = {.type = IOC_DOMAIN,
                              .match = MATCH_SUFFIX,
                              .fields = FIELD_BIT(FIELD_TLS_SNI),
                              .value = SPAN_LIT("www.tls.example")};
    assert_true(set_add_list(set, SPAN_LIT("good"), SPAN_LIT("good.txt"), &list, NULL));
    assert_true(set_add_context(set, &always, &context, NULL));
    assert_true(set_add(set, &in, list, 1, context, &is_new, NULL));
    assert_true(db_build(set, NULL, &db, NULL));
    return db;
}

static struct db *make_db(struct db *allow)
{
    struct set *set = set_new();
    struct db *db = NULL;
    uint32_t list, context;
    bool is_new;
    struct context_in always = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    struct indicator_in in = {.type = IOC_DOMAIN,
                              .match = MATCH_SUFFIX,
                              .fields = ioc_default_fields(IOC_DOMAIN),
                              .value = SPAN_LIT("evil.example")};
    assert_true(set_add_list(set, SPAN_LIT("list"), SPAN_LIT("list.txt"), &list, NULL));
    assert_true(set_add_context(set, &always, &context, NULL));
    assert_true(set_add(set, &in, list, 1, context, &is_new, NULL));
    in.value = SPAN_LIT("tls.example");
    assert_true(set_add(set, &in, list, 2, context, &is_new, NULL));
    assert_true(db_build(set, &(struct db_options){.allow = allow}, &db, NULL));
    return db;
}

struct written {
    uint64_t bytes;
    bool has_http2, has_dtls;
};

static bool contains(struct span lines, struct span text)
{
    return memmem(lines.ptr, lines.len, text.ptr, text.len) != NULL;
}

static bool note_lines(void *to, struct span lines)
{
    struct written *w = to;
    w->bytes += lines.len;
    w->has_http2 |= contains(lines, SPAN_LIT("h2.evil.example"));
    w->has_dtls |= contains(lines, SPAN_LIT("dtls.evil.example"));
    return true;
}

/* All frames, in batches. Returns what was allocated meanwhile. */
static uint64_t replay(struct worker *w, const struct mix *m, int64_t *ts_ns)
{
    uint64_t before = allocation_count();
    for (size_t i = 0; i < m->n; i++) {
        const struct frame *f = &m->frames[i];
        struct packet pkt = {.bytes = span_of(m->bytes.ptr + f->offset, f->len),
                             .wire_len = (uint32_t)f->len + (i % 50 == 0 ? 100 : 0),
                             .number = i + 1,
                             .ts_ns = *ts_ns};
        worker_packet(w, LINK_ETHERNET, &pkt);
        *ts_ns += 1000000;
        if (i % BATCH == BATCH - 1)
            worker_flush(w);
    }
    worker_end_source(w);
    *ts_ns += INT64_C(1000000000000);
    return allocation_count() - before;
}

static void assert_no_allocations(const struct db *db, bool writes_events)
{
    static const char *const sources[] = {"capture"};
    struct written written = {0};
    int64_t ts_ns = INT64_C(1767323045) * 1000000000;
    struct mix *m = make_mix();
    struct worker_options o = {.db = db,
                               .eve = {.version = 8, .sources = sources},
                               .writes_events = writes_events,
                               .flows_max = 1024,
                               .write = note_lines,
                               .write_to = &written};
    struct worker *w = worker_new(&o, NULL);
    assert_non_null(w);
    for (int i = 0; i < WARM_UPS; i++)
        replay(w, m, &ts_ns);
    uint64_t bytes_before = written.bytes, alerts_before = worker_stats(w)->alerts;
    for (int i = 0; i < 2; i++)
        assert_int_equal(replay(w, m, &ts_ns), 0);
    assert_true(written.bytes > bytes_before); /* not for want of work */
    assert_true(written.has_http2 && written.has_dtls);
    assert_true(worker_stats(w)->encapsulated[ENCAP_GRE] > 100);
    assert_true(!db || worker_stats(w)->alerts > alerts_before + 100);
    assert_true(worker_stats(w)->gaps > 0 && worker_stats(w)->segments_out_of_order > 100);
    assert_true(stats_sums_hold(worker_stats(w)));
    assert_int_equal(worker_stats(w)->hits_suppressed > 0, db && db_allow(db));
    worker_free(w);
    buf_fini(&m->bytes);
    free(m);
}

static void test_matching(void **state)
{
    (void)state;
    if (!allocation_can_count())
        skip();
    struct db *db = make_db(NULL);
    assert_no_allocations(db, false);
    db_free(db);
}

static void test_allowing(void **state)
{
    (void)state;
    if (!allocation_can_count())
        skip();
    struct db *db = make_db(make_allow());
    assert_no_allocations(db, false);
    db_free(db);
}

static void test_writing_events(void **state)
{
    (void)state;
    if (!allocation_can_count())
        skip();
    assert_no_allocations(NULL, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matching),
        cmocka_unit_test(test_allowing),
        cmocka_unit_test(test_writing_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
