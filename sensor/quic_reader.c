/* See quic_reader.h. Hot.
 *
 * UDP flows have no sequence numbers; while a flow is QUIC's, next_seq[0] counts the Initials tried and next_seq[1] is the reason that will be given if
 * nothing more comes (enum unreadable). */
#include "sensor/quic_reader.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "sensor/extract/quic_initial.h"

#define COLD __attribute__((cold, noinline))

enum {
    PACKETS_MAX = 8,     /* of one datagram */
    INITIALS_MAX = 64,   /* of one flow */
    UNREAD_BYTES = 1200, /* a client's first datagram has as many (RFC 9000, section 14.1) */
    RUNS_MAX = 256,
    CANDIDATES = 16,
    HELLO_HEADER = 4,
    DATAGRAM_MAX = 65536,
};

struct run {
    uint16_t begin, end;
};

struct gathering {
    struct flow *flow;  /* NULL: free */
    uint32_t next_free; /* 1 + slot */
    uint32_t version;
    struct quic_keys keys;
    uint64_t next_number; /* of packets */
    struct moment moment; /* of its last packet that told something */
    struct carrier carrier; /* of that, if it came through a tunnel */
    uint8_t side;
    uint16_t n_runs;
    struct run runs[RUNS_MAX]; /* what is there of `bytes`: in order, neither touching nor overlapping */
    uint8_t bytes[QUIC_HELLO_MAX];
};

struct quic_reader {
    struct events *events;        /* borrowed */
    struct quic_crypto *crypto;   /* owned */
    struct gathering *gatherings; /* owned, mapped: touched only as they come */
    uint32_t max, high, free_head, hand;
    uint8_t plain[DATAGRAM_MAX]; /* of the packet being read */
};

static size_t mapped_bytes(const struct quic_reader *r)
{
    return (size_t)r->max * sizeof *r->gatherings;
}

struct quic_reader *quic_reader_new(uint32_t gatherings_max, struct events *events)
{
    struct quic_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->events = events;
    r->max = gatherings_max;
    r->crypto = quic_crypto_new();
    void *p = mmap(NULL, mapped_bytes(r), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    r->gatherings = p == MAP_FAILED ? NULL : p;
    if (r->crypto && r->gatherings)
        return r;
    quic_reader_free(r);
    return NULL;
}

void quic_reader_free(struct quic_reader *r)
{
    if (!r)
        return;
    quic_crypto_free(r->crypto);
    if (r->gatherings)
        munmap(r->gatherings, mapped_bytes(r));
    free(r);
}

/* ---- the ledger ---- */

static bool is_quic(const struct flow *f)
{
    return f->session == SESSION_QUIC + 1;
}

static void begin(struct quic_reader *r, struct flow *f, unsigned side)
{
    if (!is_quic(f)) {
        f->session = SESSION_QUIC + 1;
        f->next_seq[0] = 0;
        f->next_seq[1] = UNREADABLE_CUT;
        r->events->stats->sessions[SESSION_QUIC]++;
    }
    if (side == f->client)
        f->is_client_heard = 1;
}

static void tell(struct quic_reader *r, struct flow *f, bool is_readable, enum unreadable why)
{
    struct stats *s = r->events->stats;
    f->flags |= FLOW_SESSION_TOLD;
    if (is_readable)
        s->readable[SESSION_QUIC]++;
    else
        s->unreadable[SESSION_QUIC][why]++;
}

/* ---- gatherings ---- */

static struct gathering *gathering_of(struct quic_reader *r, const struct flow *f, unsigned side)
{
    return f->stream[side] ? &r->gatherings[f->stream[side] - 1] : NULL;
}

static void release(struct quic_reader *r, struct gathering *g)
{
    g->flow->stream[g->side] = 0;
    g->flow = NULL;
    g->next_free = r->free_head;
    r->free_head = (uint32_t)(g - r->gatherings) + 1;
}

/* The bytes from the beginning on, without a hole. */
static struct span front(const struct gathering *g)
{
    return span_of(g->bytes, g->n_runs && g->runs[0].begin == 0 ? g->runs[0].end : 0);
}

/* Nothing more is waited for: read the hello as far as it goes. The flow is told, the gathering free. */
static void finish(struct quic_reader *r, struct gathering *g, enum unreadable why)
{
    struct flow *f = g->flow;
    struct tls_client_hello hello;
    enum verdict v = tls_client_hello_read(front(g), &hello);
    bool is_read = v == FIELD_FOUND || (v == FIELD_PARTIAL && hello.n_names);

    if (is_read)
        events_add_quic(r->events, f, g->side, &g->moment, &hello, g->version);
    bool is_hidden = tls_name_is_hidden(&hello);
    if (is_hidden)
        why = UNREADABLE_ECH;
    else if (v == FIELD_FOUND && !hello.is_cut)
        why = UNREADABLE_NO_NAME;
    else if (v == FIELD_MALFORMED || v == FIELD_ABSENT)
        why = UNREADABLE_MALFORMED;
    tell(r, f, is_read && hello.n_names && !is_hidden, why);
    release(r, g);
}

COLD static void evict(struct quic_reader *r)
{
    struct gathering *victim = NULL;
    for (int i = 0; i < CANDIDATES; i++) {
        struct gathering *g = &r->gatherings[r->hand];
        r->hand = (r->hand + 1) % r->high;
        if (g->flow && (!victim || g->moment.ts_ns < victim->moment.ts_ns))
            victim = g;
    }
    r->events->stats->streams_refused++;
    if (victim)
        finish(r, victim, UNREADABLE_LIMIT);
}

static struct gathering *take(struct quic_reader *r, struct flow *f, unsigned side)
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
    f->stream[side] = slot;
    return g;
}

static void copy(struct gathering *g, size_t from, size_t to, const uint8_t *bytes, size_t at)
{
    if (from < to)
        memcpy(g->bytes + from, bytes + (from - at), to - from);
}

/* Bytes that are there stay. False: there are too many holes. */
static bool keep(struct gathering *g, size_t begin, struct span bytes)
{
    size_t end = begin + bytes.len, at = begin;
    unsigned first = 0, last;
    struct run whole = {(uint16_t)begin, (uint16_t)end};

    while (first < g->n_runs && g->runs[first].end < begin)
        first++;
    for (last = first; last < g->n_runs && g->runs[last].begin <= end; last++) {
        const struct run *run = &g->runs[last];
        copy(g, at, run->begin, bytes.ptr, begin);
        at = run->end > at ? run->end : at;
        whole.begin = run->begin < whole.begin ? run->begin : whole.begin;
        whole.end = run->end > whole.end ? run->end : whole.end;
    }
    if (last == first && g->n_runs == RUNS_MAX)
        return false;
    copy(g, at, end, bytes.ptr, begin);
    memmove(&g->runs[first + 1], &g->runs[last], (g->n_runs - last) * sizeof *g->runs);
    g->runs[first] = whole;
    g->n_runs = (uint16_t)(g->n_runs - (last - first) + 1);
    return true;
}

/* The frames of one packet. */
static enum verdict gather(struct gathering *g, struct span frames, bool *out_is_limited)
{
    struct quic_part part;
    enum verdict v;
    while ((v = quic_next_crypto(&frames, &part)) == FIELD_FOUND) {
        if (part.bytes.len == 0 || part.offset >= QUIC_HELLO_MAX)
            continue;
        if (!keep(g, (size_t)part.offset, span_first(part.bytes, QUIC_HELLO_MAX - (size_t)part.offset)))
            *out_is_limited = true;
    }
    return v;
}

/* ---- packets ---- */

/* The gathering whose keys open the packet, with its frames in *out_frames; NULL: none. */
static struct gathering *open_initial(struct quic_reader *r, struct flow *f, unsigned side,
                                      const struct quic_long *p, struct span *out_frames)
{
    struct gathering *g = gathering_of(r, f, side);
    struct quic_keys keys;
    uint64_t next = 0;

    if (g && g->version == p->version &&
        quic_initial_open(r->crypto, &g->keys, p, &g->next_number, r->plain, out_frames) == FIELD_FOUND)
        return g;
    quic_initial_keys(p->version, p->dcid, false, &keys);
    if (quic_initial_open(r->crypto, &keys, p, &next, r->plain, out_frames) != FIELD_FOUND)
        return NULL;
    if (!g)
        g = take(r, f, side);
    if (!g)
        return NULL;
    g->version = p->version;
    g->keys = keys;
    g->next_number = next;
    g->n_runs = 0;
    return g;
}

static void keep_moment(struct gathering *g, const struct moment *m)
{
    g->moment = *m;
    if (!m->carrier)
        return;
    carrier_copy(&g->carrier, m->carrier);
    g->moment.carrier = &g->carrier;
}

static void read_initial(struct quic_reader *r, struct flow *f, unsigned side, const struct quic_long *p,
                         const struct moment *m)
{
    struct span frames;
    bool is_limited = ++f->next_seq[0] >= INITIALS_MAX;
    struct gathering *g = open_initial(r, f, side, p, &frames);
    if (!g) {
        if (!gathering_of(r, f, side))
            f->next_seq[1] = UNREADABLE_UNDECRYPTABLE;
        if (is_limited)
            quic_reader_flow_gone(r, f);
        return;
    }
    f->client = side & 1;
    f->flags |= FLOW_CLIENT_KNOWN;
    f->is_client_heard = 1;
    f->next_seq[1] = UNREADABLE_CUT;
    keep_moment(g, m);
    enum verdict v = gather(g, frames, &is_limited);
    struct span there = front(g);
    size_t want = there.len < HELLO_HEADER ? HELLO_HEADER : HELLO_HEADER + (load_be32(there.ptr) & 0xffffff);
    bool is_other = there.len && there.ptr[0] != TLS_CLIENT_HELLO;
    if (there.len >= want && there.len >= HELLO_HEADER)
        finish(r, g, UNREADABLE_CUT);
    else if (is_limited || want > QUIC_HELLO_MAX)
        finish(r, g, UNREADABLE_LIMIT);
    else if (v == FIELD_MALFORMED || is_other)
        finish(r, g, UNREADABLE_MALFORMED);
}

static void read_datagram(struct quic_reader *r, struct flow *f, unsigned side, const struct decoded *d,
                          const struct moment *m)
{
    struct span rest = d->payload;
    size_t wire_len = d->payload_wire_len > rest.len ? d->payload_wire_len : rest.len;
    struct quic_long p;

    for (int n = 0; n < PACKETS_MAX && !(f->flags & FLOW_SESSION_TOLD); n++) {
        enum verdict v = quic_long_read(rest, wire_len, &p);
        if (v == FIELD_ABSENT || v == FIELD_MALFORMED) {
            if (n == 0 && v == FIELD_ABSENT && wire_len >= UNREAD_BYTES) {
                begin(r, f, side);
                f->next_seq[1] = UNREADABLE_VERSION;
            }
            return;
        }
        begin(r, f, side);
        if (v == FIELD_PARTIAL)
            f->next_seq[1] = UNREADABLE_SNAPLEN;
        if (v == FIELD_PARTIAL || p.type == QUIC_RETRY || p.type == QUIC_NEGOTIATION)
            return;
        if (p.type == QUIC_INITIAL)
            read_initial(r, f, side, &p, m);
        rest = span_from(rest, p.packet.len);
        wire_len -= p.packet.len;
    }
}

bool quic_reader_packet(struct quic_reader *r, struct flow *f, unsigned side, const struct decoded *d,
                        const struct moment *m)
{
    if (f->flags & FLOW_SESSION_TOLD)
        return is_quic(f);
    if (f->flags & FLOW_CLIENT_KNOWN && side != f->client)
        return is_quic(f);
    if (quic_looks_like(d->payload))
        read_datagram(r, f, side, d, m);
    return is_quic(f);
}

uint64_t quic_reader_rank(const struct quic_reader *r, const struct flow *f)
{
    uint64_t rank = 0;
    for (unsigned side = 0; side < 2 && is_quic(f); side++) {
        if (!f->stream[side])
            continue;
        uint64_t own = moment_rank(&r->gatherings[f->stream[side] - 1].moment);
        rank = rank == 0 || own < rank ? own : rank;
    }
    return rank;
}

void quic_reader_flow_gone(struct quic_reader *r, struct flow *f)
{
    if (!is_quic(f))
        return;
    enum unreadable why = (enum unreadable)f->next_seq[1];
    for (unsigned side = 0; side < 2; side++) {
        struct gathering *g = gathering_of(r, f, side);
        if (g && !(f->flags & FLOW_SESSION_TOLD))
            finish(r, g, why);
        else if (g)
            release(r, g);
    }
    if (f->flags & FLOW_SESSION_TOLD)
        return;
    tell(r, f, false, why == UNREADABLE_UNDECRYPTABLE && !f->is_client_heard ? UNREADABLE_ONE_SIDED : why);
}
