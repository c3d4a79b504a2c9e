/* See dtls_reader.h. Hot.
 *
 * Nearly every hello comes whole, and is read from a copy that has its header as TLS has it; only others take a gathering. */
#include "sensor/dtls_reader.h"

#include <stdlib.h>

#include "sensor/extract/dtls.h"
#include "sensor/session.h"

#define COLD __attribute__((cold, noinline))

enum { MESSAGE_HEADER = 4, CANDIDATES = 16 };

struct gathering {
    struct flow *flow;    /* NULL: free */
    uint32_t next_free;   /* 1 + slot */
    uint32_t message_len; /* of the body */
    uint32_t n_there;     /* bytes of it */
    uint32_t n_fragments;
    uint16_t message_seq;
    uint8_t side, type;
    int64_t last_ns;                      /* of its last packet */
    uint8_t is_there[DTLS_HELLO_MAX / 8]; /* a bit a byte */
    uint8_t message[MESSAGE_HEADER + DTLS_HELLO_MAX];
};

struct dtls_reader {
    struct events *events;        /* borrowed */
    struct gathering *gatherings; /* owned: touched only as they come */
    uint32_t max, high, free_head, hand;
    uint8_t message[MESSAGE_HEADER + DTLS_HELLO_MAX]; /* one that came whole */
};

struct dtls_reader *dtls_reader_new(uint32_t gatherings_max, struct events *events)
{
    struct dtls_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->events = events;
    r->max = gatherings_max;
    r->gatherings = calloc(gatherings_max, sizeof *r->gatherings);
    if (r->gatherings)
        return r;
    dtls_reader_free(r);
    return NULL;
}

void dtls_reader_free(struct dtls_reader *r)
{
    if (!r)
        return;
    free(r->gatherings);
    free(r);
}

/* ---- the ledger ---- */

static bool is_dtls(const struct flow *f)
{
    return f->session == SESSION_TLS + 1;
}

static void begin(struct dtls_reader *r, struct flow *f)
{
    if (is_dtls(f))
        return;
    f->session = SESSION_TLS + 1;
    r->events->stats->sessions[SESSION_TLS]++;
}

static void tell(struct dtls_reader *r, struct flow *f, bool is_readable)
{
    struct stats *s = r->events->stats;
    if (f->flags & FLOW_SESSION_TOLD)
        return;
    f->flags |= FLOW_SESSION_TOLD;
    if (is_readable)
        s->readable[SESSION_TLS]++;
    else
        s->unreadable[SESSION_TLS][UNREADABLE_NO_NAME]++;
}

/* ---- hellos ---- */

static void set_client(struct flow *f, unsigned client)
{
    f->client = client & 1;
    f->flags |= FLOW_CLIENT_KNOWN;
}

static void read_client_hello(struct dtls_reader *r, struct flow *f, unsigned side, struct span message,
                              const struct moment *m)
{
    struct tls_client_hello hello;
    flow_set_state(f, side, SIDE_DONE);
    if (tls_client_hello_read(message, &hello) != FIELD_FOUND) {
        f->flags |= FLOW_MALFORMED;
        return;
    }
    set_client(f, side);
    if (hello.sni.len || !hello.is_cut)
        tell(r, f, hello.sni.len > 0);
    events_add_tls_client(r->events, f, side, m, &hello);
}

static void read_server_hello(struct dtls_reader *r, struct flow *f, unsigned side, struct span message,
                              const struct moment *m)
{
    struct tls_server_hello hello;
    if (tls_server_hello_read(message, &hello) != FIELD_FOUND) {
        f->flags |= FLOW_MALFORMED;
        flow_set_state(f, side, SIDE_DONE);
        return;
    }
    if (!hello.is_retry)
        flow_set_state(f, side, SIDE_DONE);
    set_client(f, !side);
    events_add_tls_server(r->events, f, side, m, &hello);
}

/* A message as TLS frames it. */
static void read_message(struct dtls_reader *r, struct flow *f, unsigned side, struct span message,
                         const struct moment *m)
{
    if (message.ptr[0] == TLS_CLIENT_HELLO)
        read_client_hello(r, f, side, message, m);
    else
        read_server_hello(r, f, side, message, m);
}

static void put_header(uint8_t *to, uint8_t type, uint32_t len)
{
    to[0] = type;
    to[1] = (uint8_t)(len >> 16);
    to[2] = (uint8_t)(len >> 8);
    to[3] = (uint8_t)len;
}

/* ---- gatherings ---- */

static struct gathering *gathering_of(struct dtls_reader *r, const struct flow *f, unsigned side)
{
    return f->stream[side] ? &r->gatherings[f->stream[side] - 1] : NULL;
}

static void release(struct dtls_reader *r, struct gathering *g)
{
    g->flow->stream[g->side] = 0;
    g->flow = NULL;
    g->next_free = r->free_head;
    r->free_head = (uint32_t)(g - r->gatherings) + 1;
}

static void give_up(struct dtls_reader *r, struct gathering *g)
{
    g->flow->flags |= FLOW_LIMIT;
    flow_set_state(g->flow, g->side, SIDE_DONE);
    r->events->stats->streams_limited++;
    release(r, g);
}

COLD static void evict(struct dtls_reader *r)
{
    struct gathering *victim = NULL;
    for (int i = 0; i < CANDIDATES; i++) {
        struct gathering *g = &r->gatherings[r->hand];
        r->hand = (r->hand + 1) % r->high;
        if (g->flow && (!victim || g->last_ns < victim->last_ns))
            victim = g;
    }
    if (victim)
        give_up(r, victim);
}

static struct gathering *take(struct dtls_reader *r, struct flow *f, unsigned side)
{
    if (!r->free_head && r->high == r->max && r->high)
        evict(r);
    uint32_t slot = r->free_head;
    if (slot)
        r->free_head = r->gatherings[slot - 1].next_free;
    else if (r->high < r->max)
        slot = ++r->high;
    else
        return NULL;
    struct gathering *g = &r->gatherings[slot - 1];
    g->flow = f;
    g->side = (uint8_t)side;
    g->message_len = 0;
    f->stream[side] = slot;
    return g;
}

static void start(struct gathering *g, const struct dtls_fragment *p)
{
    g->type = p->type;
    g->message_len = p->message_len;
    g->message_seq = p->message_seq;
    g->n_there = g->n_fragments = 0;
    memset(g->is_there, 0, sizeof g->is_there);
    put_header(g->message, p->type, p->message_len);
}

static void keep(struct gathering *g, const struct dtls_fragment *p)
{
    for (size_t i = 0; i < p->bytes.len; i++) {
        size_t at = p->offset + i;
        uint8_t bit = (uint8_t)(1u << (at & 7));
        if (g->is_there[at / 8] & bit)
            continue;
        g->is_there[at / 8] |= bit;
        g->message[MESSAGE_HEADER + at] = p->bytes.ptr[i];
        g->n_there++;
    }
}

static void gather(struct dtls_reader *r, struct flow *f, unsigned side, const struct dtls_fragment *p,
                   const struct moment *m)
{
    struct gathering *g = gathering_of(r, f, side);
    if (!g)
        g = take(r, f, side);
    if (!g) {
        f->flags |= FLOW_LIMIT;
        r->events->stats->streams_refused++;
        return;
    }
    if (g->message_len != p->message_len || g->message_seq != p->message_seq || g->type != p->type)
        start(g, p);
    g->last_ns = m->ts_ns;
    keep(g, p);
    if (g->n_there == g->message_len) {
        read_message(r, f, side, span_of(g->message, MESSAGE_HEADER + g->message_len), m);
        release(r, g);
    } else if (++g->n_fragments == DTLS_FRAGMENTS_MAX) {
        give_up(r, g);
    }
}

/* ---- packets ---- */

static void read_fragment(struct dtls_reader *r, struct flow *f, unsigned side, const struct dtls_fragment *p,
                          const struct moment *m)
{
    if (p->type != TLS_CLIENT_HELLO && p->type != TLS_SERVER_HELLO)
        return;
    if (p->type == TLS_CLIENT_HELLO)
        f->is_client_heard = 1;
    if (p->message_len > DTLS_HELLO_MAX || p->message_len == 0) {
        f->flags |= p->message_len ? FLOW_LIMIT : FLOW_MALFORMED;
        return;
    }
    if (p->bytes.len < p->message_len) {
        gather(r, f, side, p, m);
        return;
    }
    put_header(r->message, p->type, p->message_len);
    memcpy(r->message + MESSAGE_HEADER, p->bytes.ptr, p->message_len);
    read_message(r, f, side, span_of(r->message, MESSAGE_HEADER + p->message_len), m);
}

bool dtls_reader_packet(struct dtls_reader *r, struct flow *f, unsigned side, const struct decoded *d,
                        const struct moment *m)
{
    struct dtls_walk w = {.records = d->payload};
    struct dtls_fragment fragment;
    if (f->session && !is_dtls(f))
        return false;
    if (flow_state(f, side) == SIDE_DONE || !dtls_looks_like(d->payload, d->payload_wire_len))
        return is_dtls(f);
    begin(r, f);
    while (flow_state(f, side) != SIDE_DONE && dtls_next_fragment(&w, &fragment) == FIELD_FOUND)
        read_fragment(r, f, side, &fragment, m);
    return true;
}

void dtls_reader_flow_gone(struct dtls_reader *r, struct flow *f)
{
    if (!is_dtls(f))
        return;
    for (unsigned side = 0; side < 2; side++) {
        struct gathering *g = gathering_of(r, f, side);
        if (g)
            release(r, g);
    }
    session_account(f, r->events->stats);
}
