#pragma once
/* One TCP connection through flow table and tcp.c: a test says which bytes of either side's stream a segment carries. */
#include "sensor/tcp.h"
#include "tests/unit/sensor/talks.h"

enum { CONVERSATION_CLIENT_PORT = 40000 };
#define CONVERSATION_START_NS (INT64_C(1767323045) * 1000000000)

struct conversation {
    struct stats stats;
    struct events events;
    struct flow_table *flows;
    struct tcp *tcp;
    struct buf stream[2]; /* client's, server's */
    uint32_t isn[2];      /* the SYN's number; byte 0 of the stream has the next one */
    uint16_t server_port;
    int64_t now_ns;
    uint32_t n_flows;
    uint16_t urgent;      /* of the next packets: 1 + where the urgent byte lies; 0: none */
    struct flow *flow; /* of the last segment */
};

static inline void conversation_gone(void *to, struct flow *f)
{
    struct conversation *c = to;
    tcp_flow_gone(c->tcp, f);
    c->flow = NULL;
}

/* `o` NULL: no limit that a test could meet. */
static inline void conversation_begin(struct conversation *c, uint16_t server_port, const struct tcp_options *o)
{
    static const struct tcp_options plenty = {.directions_max = 64, .buffer_cap_bytes = 64 << 20};
    *c = (struct conversation){.server_port = server_port, .now_ns = CONVERSATION_START_NS, .isn = {1000, 5000}};
    bool is_made = events_init(&c->events, &c->stats, 32 << 20);
    c->flows = flow_table_new(&(struct flow_table_options){
        .capacity = 64, .idle_tcp_s = 600, .idle_udp_s = 120, .gone = conversation_gone, .gone_to = c});
    c->tcp = tcp_new(o ? o : &plenty, &c->events);
    packets_must(is_made && c->flows && c->tcp);
    buf_init(&c->stream[0], 1 << 24);
    buf_init(&c->stream[1], 1 << 24);
}

/* A talk and the one that answers it. */
static inline void conversation_begin_talk(struct conversation *c, enum talk client)
{
    conversation_begin(c, talks_port(client), NULL);
    talks_put(&c->stream[0], client);
    talks_put(&c->stream[1], client + 1);
}

static inline void conversation_fini(struct conversation *c)
{
    tcp_free(c->tcp);
    flow_table_free(c->flows);
    events_fini(&c->events);
    buf_fini(&c->stream[0]);
    buf_fini(&c->stream[1]);
}

/* A packet of `sender` (0: the client) with these very numbers and bytes, of which `wire_len` were sent. */
static inline void conversation_packet(struct conversation *c, unsigned sender, uint8_t flags, uint32_t seq,
                                       struct span payload, uint32_t wire_len)
{
    uint8_t *exact = packets_exact(payload);
    const struct ip ends[2] = {packets_v4(0xc0000201), packets_v4(0xc6336402)};
    const uint16_t ports[2] = {CONVERSATION_CLIENT_PORT, c->server_port};
    struct decoded d = {
        .src = ends[sender],
        .dst = ends[!sender],
        .sport = ports[sender],
        .dport = ports[!sender],
        .proto = 6,
        .ip_version = 4,
        .tcp_flags = flags,
        .tcp_seq = seq,
        .tcp_urgent = c->urgent,
        .payload = span_of(exact, payload.len),
        .payload_wire_len = wire_len,
    };
    struct moment m = {.ts_ns = c->now_ns, .number = ++c->stats.packets};
    unsigned side;
    bool is_new;
    c->stats.processed++;
    struct flow *f = flow_find(c->flows, &d, c->now_ns, &side, &is_new);
    c->n_flows += is_new;
    if (payload.len < wire_len)
        f->flags |= FLOW_SNAPLEN;
    tcp_packet(c->tcp, f, side, &d, &m);
    c->flow = f;
    free(exact);
}

/* Bytes [offset, offset + len) of the sender's stream, the last `n_cut` of them not captured. */
static inline void conversation_send_cut(struct conversation *c, unsigned sender, uint8_t flags, size_t offset, size_t len,
                                         size_t n_cut)
{
    uint32_t seq = c->isn[sender] + (uint32_t)offset + (flags & TCP_SYN ? 0 : 1);
    struct span bytes = span_first(span_from(buf_span(&c->stream[sender]), offset), len);
    conversation_packet(c, sender, flags, seq, span_first(bytes, bytes.len - n_cut), (uint32_t)bytes.len);
}

static inline void conversation_send(struct conversation *c, unsigned sender, uint8_t flags, size_t offset, size_t len)
{
    conversation_send_cut(c, sender, flags, offset, len, 0);
}

static inline void conversation_open(struct conversation *c)
{
    conversation_send(c, 0, TCP_SYN, 0, 0);
    conversation_send(c, 1, TCP_SYN | TCP_ACK, 0, 0);
}

static inline void conversation_wait_ms(struct conversation *c, int64_t ms)
{
    c->now_ns += ms * 1000000;
}

/* The end: all flows go. */
static inline void conversation_close(struct conversation *c)
{
    flow_table_clear(c->flows);
}

/* What one side said. Initialises *out, which its owner gives to buf_fini(). */
static inline void conversation_say(const struct conversation *c, unsigned sender, struct buf *out)
{
    buf_init(out, 1 << 24);
    talks_say_events(out, &c->events, sender ? c->server_port : (uint16_t)CONVERSATION_CLIENT_PORT);
}

/* What both sides of this talk say when every byte comes in its turn. */
static inline void conversation_say_in_order(enum talk client, struct buf out[2])
{
    struct conversation c;
    conversation_begin_talk(&c, client);
    conversation_open(&c);
    for (unsigned side = 0; side < 2; side++)
        for (size_t at = 0; at < c.stream[side].len; at += 1460)
            conversation_send(&c, side, TCP_ACK, at, 1460);
    conversation_close(&c);
    for (unsigned side = 0; side < 2; side++)
        conversation_say(&c, side, &out[side]);
    conversation_fini(&c);
}
