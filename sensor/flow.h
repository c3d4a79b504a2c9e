#pragma once
/* Flows: who talks to whom, in one compact bounded table. Hot. One table per worker.
 *
 * A flow is one cache line, keyed by its two (address, port) ends and the protocol, both directions together. An index of buckets
 * (one cache line of ten 16-bit tags and slots each) finds it. When its bucket or the table is full, the flow that was quiet for
 * longest among a few candidates is pushed out and counted. Nothing is ever rehashed, and time is packet time. */
#include "base/ip.h"
#include "sensor/packet.h"

enum flow_flag {
    FLOW_CLIENT_KNOWN = 1,  /* `client` comes from a SYN or a hello, not from a guess */
    FLOW_SESSION_TOLD = 2,  /* the session was counted readable or unreadable */
    FLOW_TUNNEL = 4,        /* HTTP CONNECT was asked for */
    FLOW_SNAPLEN = 8,       /* a payload of it was cut by the snaplen */
    FLOW_LOST = 16,         /* a segment that mattered is missing */
    FLOW_LIMIT = 32,        /* a stream of it outgrew its bounds or was refused */
    FLOW_MALFORMED = 64,
    FLOW_RESET = 128,       /* RST, both FINs, or that of the only side heard seen: a new SYN starts a new flow */
};

enum flow_side_state {
    SIDE_NEW,    /* no sequence number known yet */
    SIDE_SYNCED, /* next_seq is good */
    SIDE_DONE,   /* said all we want to hear: bytes are not looked at any more */
    SIDE_ENDED,  /* its FIN came when nothing was held: done, but for bytes that come in its place */
};

struct flow {
    struct ip addr[2];    /* ends, the smaller (address, port) first */
    uint16_t port[2];
    uint8_t proto;
    uint8_t client : 1;   /* which end opened it */
    uint8_t state0 : 2, state1 : 2; /* enum flow_side_state; see flow_state() */
    uint8_t session : 3;  /* 0, or 1 + enum session_protocol of what is spoken */
    uint8_t flags;        /* FLOW_ bits */
    uint8_t is_used : 1;
    uint8_t is_client_heard : 1; /* the client's side of that session was seen */
    uint8_t fins : 2;     /* TCP: 1 << side: its FIN was seen */
    uint8_t held : 2;     /* TCP: 1 << side: a part of a message is held */
    uint8_t is_head_asked : 1; /* HTTP: there was a HEAD request, whose answer has no body whatever it says */
    uint32_t next_seq[2]; /* TCP: what each end will send next. UDP: sensor/worker.c and sensor/quic_reader.c count there */
    uint32_t stream[2];   /* TCP: sensor/tcp.c, QUIC: sensor/quic_reader.c: 1 + slot, 0 if none. Of a TCP side that is done or ended: the number at
                           * which the last message began */
    uint32_t last_s;      /* seconds since 1970 of the last packet */
    uint32_t salt : 24;   /* from the first packet's time: tells flows with equal ends apart */
    uint32_t outer : 4;   /* enum outer: what it began with, where that is known (sensor/session.c) */
};
_Static_assert(sizeof(struct flow) == 64, "a flow is one cache line");
enum { FLOW_KEY_BYTES = 37 }; /* the first bytes of struct flow are its key */
_Static_assert(offsetof(struct flow, proto) + 1 == FLOW_KEY_BYTES, "the key has no padding");

static inline enum flow_side_state flow_state(const struct flow *f, unsigned side)
{
    return side ? f->state1 : f->state0;
}

static inline void flow_set_state(struct flow *f, unsigned side, enum flow_side_state s)
{
    if (side)
        f->state1 = s;
    else
        f->state0 = s;
}

struct flow_table; /* owned by one worker */

struct flow_table_options {
    uint32_t capacity;       /* flows at most; memory is touched only as flows come */
    uint64_t seed;           /* of the hash: fixed for replay, random for live */
    uint32_t idle_tcp_s, idle_udp_s; /* quiet for longer: the next packet starts a new flow */
    /* Called before a flow goes (idle, pushed out, replaced, or at flow_table_clear). */
    void (*gone)(void *to, struct flow *f);
    void *gone_to;
    /* Where it comes among flows that go at one time, told by the flow alone: lower ones first. 0: it makes no difference. NULL: to none. */
    uint64_t (*rank)(void *to, const struct flow *f);
};

struct flow_table *flow_table_new(const struct flow_table_options *o); /* NULL when memory is short */
void flow_table_free(struct flow_table *t);

/* What a packet's flow is found by. Made some packets ahead it spares waiting for memory: flow_prefetch_bucket() asks for the bucket,
 * flow_prefetch(), when that is there, for the flow. */
struct flow_key {
    struct ip addr[2];
    uint16_t port[2];
    uint8_t proto;
    uint8_t side;      /* which end sent the packet */
    uint8_t unused[2]; /* 0 */
    uint64_t hash;
};
_Static_assert(offsetof(struct flow_key, proto) + 1 == FLOW_KEY_BYTES, "a flow begins like its key");

struct flow_key flow_key_of(const struct decoded *d, uint64_t seed); /* the seed of the table it is for */
/* Which of `n` tables the flow is in: by bits of the hash that the table itself does not use. */
static inline unsigned flow_spread(const struct flow_key *k, unsigned n)
{
    return (unsigned)((k->hash >> 32 & 0xffff) * n >> 16);
}

void flow_prefetch_bucket(const struct flow_table *t, const struct flow_key *k);
void flow_prefetch(const struct flow_table *t, const struct flow_key *k);

/* The flow of this packet, made if it was not there (*out_is_new); `k` is its key. `gone` may be called for other flows, or for an idle
 * or closed one with the same ends. */
struct flow *flow_find_by(struct flow_table *t, const struct flow_key *k, const struct decoded *d, int64_t ts_ns, bool *out_is_new);
/* The same, of a packet whose key was not made ahead; *out_side is the end that sent it. */
struct flow *flow_find(struct flow_table *t, const struct decoded *d, int64_t ts_ns, unsigned *out_side,
                       bool *out_is_new);
/* Those go that are idle at that time, by rank: which ones does not hang on what else is in the table. Looks at all flows. */
void flow_table_end_idle(struct flow_table *t, uint32_t now_s);
/* All go, by rank. */
void flow_table_clear(struct flow_table *t);

uint64_t flow_id(const struct flow *f); /* 51 bits, never 0: what EVE's flow_id may hold */
uint32_t flow_count(const struct flow_table *t);
uint64_t flow_evictions(const struct flow_table *t);
