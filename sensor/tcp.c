/* See tcp.h. Hot. */
#include "sensor/tcp.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "sensor/session.h"
#include "sensor/stream.h"

enum {
    GAP_WAIT_MS = 2000,
    REWIND_BYTES_MAX = 64 * 1024, /* a start in the middle may be taken back that far */
    JUMP_BYTES_MAX = 1 << 24,     /* a sequence number farther away is another numbering */
    CANDIDATES = 64,
};

/* What was being read when a segment far off came: one stray segment must not hide a stream. */
struct parked {
    struct stream stream;
    struct session session;
    uint32_t next_seq;
    bool is_used;
};

struct direction {
    struct stream stream;
    struct session session;
    struct parked parked;
    struct flow *flow;     /* whose direction it is; NULL: a free slot */
    uint8_t side;
    bool has_syn_data;     /* bytes came with the SYN, which servers may throw away: */
    uint32_t first_seq;    /* then they come again from here */
    struct moment moment;  /* of its last segment with bytes */
    int64_t gap_since_ns;  /* when the hole in front of the runs was first seen; 0: none */
    bool is_midstream;     /* no SYN was seen */
    uint32_t next_free;    /* 1 + slot */
};

struct tcp {
    struct tcp_options o;
    struct events *events;           /* borrowed */
    struct stream_pool *pool;      /* owned */
    struct direction *directions;  /* owned, mapped: touched only as they come */
    struct carrier *carriers;      /* owned, mapped: of each direction's moment, if it came through a tunnel */
    uint32_t high, free_head;
    uint32_t hand;                 /* where the search for a quiet direction goes on */
};

static size_t mapped_bytes(const struct tcp *t)
{
    return (size_t)t->o.directions_max * sizeof *t->directions;
}

static size_t carriers_bytes(const struct tcp *t)
{
    return (size_t)t->o.directions_max * sizeof *t->carriers;
}

/* NULL when memory is short. */
static void *map(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

struct tcp *tcp_new(const struct tcp_options *o, struct events *events)
{
    struct tcp *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->o = *o;
    t->events = events;
    t->pool = stream_pool_new(o->buffer_cap_bytes);
    t->directions = map(mapped_bytes(t));
    t->carriers = map(carriers_bytes(t));
    if (!t->pool || !t->directions || !t->carriers) {
        tcp_free(t);
        return NULL;
    }
    return t;
}

static void drop_streams(struct tcp *t, struct direction *dir)
{
    stream_drop(t->pool, &dir->stream);
    stream_drop(t->pool, &dir->parked.stream);
}

void tcp_free(struct tcp *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->high; i++)
        drop_streams(t, &t->directions[i]);
    if (t->directions)
        munmap(t->directions, mapped_bytes(t));
    if (t->carriers)
        munmap(t->carriers, carriers_bytes(t));
    stream_pool_free(t->pool);
    free(t);
}

static struct direction *open_direction(struct tcp *t, struct flow *f, unsigned side)
{
    uint32_t slot = t->free_head;
    if (slot)
        t->free_head = t->directions[slot - 1].next_free;
    else if (t->high < t->o.directions_max)
        slot = ++t->high;
    else
        return NULL;
    struct direction *dir = &t->directions[slot - 1];
    *dir = (struct direction){.flow = f, .side = (uint8_t)side};
    f->stream[side] = slot;
    return dir;
}

static void close_direction(struct tcp *t, struct flow *f, unsigned side)
{
    uint32_t slot = f->stream[side];
    flow_set_state(f, side, SIDE_DONE);
    if (!slot)
        return;
    struct direction *dir = &t->directions[slot - 1];
    drop_streams(t, dir);
    dir->flow = NULL;
    dir->next_free = t->free_head;
    t->free_head = slot;
    f->stream[side] = 0;
}

static struct session_context context_of(struct tcp *t, struct flow *f, unsigned side, const struct direction *dir)
{
    return (struct session_context){.events = t->events, .flow = f, .side = side, .moment = &dir->moment};
}

/* Let the session look at what is in order. */
static void read_stream(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, bool is_last)
{
    struct session_context c = context_of(t, f, side, dir);
    if (dir->stream.len)
        stream_consume(t->pool, &dir->stream, session_read(&dir->session, &c, stream_bytes(&dir->stream), is_last));
}

static void finish(struct tcp *t, struct flow *f, unsigned side);

/* COLD: buffers or slots ran out. Of a few directions the one that was quiet for longest ends. False: there was none but `but`. */
static bool end_quietest(struct tcp *t, const struct direction *but, bool wants_buffer)
{
    struct direction *victim = NULL;
    for (int i = 0; i < CANDIDATES && t->high; i++) {
        struct direction *d = &t->directions[t->hand++ % t->high];
        bool has_any = d->flow && d != but && (!wants_buffer || d->stream.room || d->parked.stream.room);
        if (has_any && (!victim || d->moment.ts_ns < victim->moment.ts_ns))
            victim = d;
    }
    if (!victim)
        return false;
    victim->flow->flags |= FLOW_LIMIT;
    t->events->stats->streams_limited++;
    finish(t, victim->flow, victim->side);
    return true;
}

static enum stream_put_result put(struct tcp *t, struct direction *dir, size_t offset, struct span data)
{
    enum stream_put_result r;
    do
        r = stream_put(t->pool, &dir->stream, offset, data);
    while (r == STREAM_NO_ROOM && end_quietest(t, dir, true));
    return r;
}

/* `data` is next in order, and nothing is held: let the session have it from the packet, hold only what it leaves. */
static void read_in_place(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, struct span data)
{
    struct session_context c = context_of(t, f, side, dir);
    size_t used = session_read(&dir->session, &c, data, false);
    f->next_seq[side] += (uint32_t)data.len;
    if (used == data.len)
        return;
    if (put(t, dir, 0, span_from(data, used)) >= STREAM_FULL) {
        session_read(&dir->session, &c, span_from(data, used), true);
        session_lose(&dir->session, 0); /* what was read in part will not be read on */
        f->flags |= FLOW_LIMIT;
        t->events->stats->streams_limited++;
    }
}

/* `n` bytes after what is in order will not come. */
static void lose(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t n, enum flow_flag why)
{
    read_stream(t, f, side, dir, true);
    if (!session_lose(&dir->session, n) && !dir->session.is_done)
        f->flags |= (uint8_t)why;
    if (why == FLOW_LIMIT)
        t->events->stats->streams_limited++;
    else
        t->events->stats->gaps++;
}

/* Give up on the hole in front of the runs. */
static void close_gap(struct tcp *t, struct flow *f, unsigned side, struct direction *dir)
{
    const struct stream *s = &dir->stream;
    uint32_t hole = s->ahead[0].from - s->len, run = s->ahead[0].to - s->ahead[0].from, lost;
    lose(t, f, side, dir, hole, FLOW_LOST);
    stream_close_gap(t->pool, &dir->stream, &lost);
    f->next_seq[side] += hole + run;
    dir->gap_since_ns = dir->stream.n_ahead ? dir->moment.ts_ns : 0;
    read_stream(t, f, side, dir, false);
}

/* What was kept aside will not go on. */
static void end_parked(struct tcp *t, struct flow *f, unsigned side, struct direction *dir)
{
    struct parked *p = &dir->parked;
    if (!p->is_used)
        return;
    struct session_context c = context_of(t, f, side, dir);
    if (p->stream.len)
        session_read(&p->session, &c, stream_bytes(&p->stream), true);
    if (!p->session.is_done && p->session.app != APP_UNKNOWN)
        f->flags |= FLOW_LOST;
    stream_drop(t->pool, &p->stream);
    p->is_used = false;
}

/* Numbers go on at `seq`, far from what is next. */
static void jump(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t seq)
{
    uint32_t n = seq - f->next_seq[side];
    t->events->stats->gaps++;
    if (n < JUMP_BYTES_MAX && dir->session.skip >= n && dir->stream.len == 0) { /* bytes nobody wanted */
        stream_drop(t->pool, &dir->stream);
        session_lose(&dir->session, n);
    } else {
        end_parked(t, f, side, dir);
        dir->parked = (struct parked){dir->stream, dir->session, f->next_seq[side], true};
        dir->stream = (struct stream){0};
        dir->session = (struct session){.n_sniffs = dir->session.n_sniffs, .is_adrift = true};
    }
    dir->gap_since_ns = 0;
    f->next_seq[side] = seq;
}

/* The segment goes on where we were before a jump: it was a stray. */
static bool go_back(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t seq)
{
    if (!dir->parked.is_used || seq != dir->parked.next_seq)
        return false;
    stream_drop(t->pool, &dir->stream);
    dir->stream = dir->parked.stream;
    dir->session = dir->parked.session;
    dir->parked = (struct parked){0};
    dir->gap_since_ns = dir->stream.n_ahead ? dir->moment.ts_ns : 0;
    f->next_seq[side] = seq;
    return true;
}

/* Store a segment that is not simply next, and read what it completes. */
static void read_buffered(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, size_t ahead,
                          struct span data)
{
    struct stats *stats = t->events->stats;
    uint32_t len = dir->stream.len;
    enum stream_put_result r = put(t, dir, len + ahead, data);
    while (r == STREAM_FULL && dir->stream.n_ahead) {
        uint32_t before = f->next_seq[side];
        close_gap(t, f, side, dir);
        uint32_t moved = f->next_seq[side] - before;
        if (moved >= ahead + data.len)
            return;
        if (moved > ahead) {
            span_skip(&data, moved - ahead);
            moved = (uint32_t)ahead;
        }
        ahead -= moved;
        len = dir->stream.len;
        r = put(t, dir, len + ahead, data);
    }
    if (r == STREAM_FULL && ahead) {
        jump(t, f, side, dir, f->next_seq[side] + (uint32_t)ahead);
        read_in_place(t, f, side, dir, data);
        return;
    }
    if (r >= STREAM_FULL) { /* no buffer, or the window is full of bytes in order: go on behind them */
        lose(t, f, side, dir, (uint32_t)ahead, FLOW_LIMIT);
        f->next_seq[side] += (uint32_t)ahead;
        read_in_place(t, f, side, dir, data);
        return;
    }
    if (r == STREAM_OVERLAP)
        stats->segments_overlapping++;
    f->next_seq[side] += dir->stream.len - len;
    if (dir->stream.n_ahead == 0)
        dir->gap_since_ns = 0;
    else if (dir->gap_since_ns == 0 || dir->stream.len != len) /* the first hole, or another one */
        dir->gap_since_ns = dir->moment.ts_ns;
    if (dir->stream.len != len)
        read_stream(t, f, side, dir, false);
}

/* The segment lies wholly or in part before what is next. Cuts off what is old; false if nothing is left. */
static bool cut_old(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t behind,
                    struct span *data)
{
    if (behind >= JUMP_BYTES_MAX) {
        jump(t, f, side, dir, f->next_seq[side] - behind);
        return true;
    }
    bool is_again = dir->has_syn_data && f->next_seq[side] - behind == dir->first_seq;
    dir->has_syn_data = dir->has_syn_data && !is_again;
    if (is_again || (dir->is_midstream && dir->session.app == APP_UNKNOWN &&
                                     dir->session.n_sniffs <= 2 && behind <= REWIND_BYTES_MAX)) {
        stream_drop(t->pool, &dir->stream); /* bytes of a SYN that did not count, or segments in the wrong order: start here */
        dir->session = (struct session){.n_sniffs = dir->session.n_sniffs, .is_adrift = !is_again};
        dir->gap_since_ns = 0;
        f->next_seq[side] -= behind;
        return true;
    }
    t->events->stats->segments_overlapping++;
    return span_skip(data, behind) && data->len;
}

static void read_segment(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t seq,
                         struct span data)
{
    go_back(t, f, side, dir, seq);
    int32_t delta = (int32_t)(seq - f->next_seq[side]);
    if (delta < 0) {
        if (!cut_old(t, f, side, dir, (uint32_t)-delta, &data))
            return;
        delta = 0;
    }
    if (delta > 0)
        t->events->stats->segments_out_of_order++;
    if (delta == 0 && dir->stream.len == 0 && dir->stream.n_ahead == 0)
        read_in_place(t, f, side, dir, data);
    else
        read_buffered(t, f, side, dir, (size_t)delta, data);
    if (dir->gap_since_ns && dir->moment.ts_ns - dir->gap_since_ns > GAP_WAIT_MS * INT64_C(1000000) &&
        dir->stream.n_ahead)
        close_gap(t, f, side, dir);
}

/* Bytes that were sent but not captured follow what was. */
static void miss_tail(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t missing)
{
    if (dir->stream.n_ahead) /* the hole will show when its time has come */
        return;
    lose(t, f, side, dir, missing, FLOW_SNAPLEN);
    stream_drop(t->pool, &dir->stream);
    f->next_seq[side] += missing;
}

/* All there will be of this direction. */
static void finish(struct tcp *t, struct flow *f, unsigned side)
{
    if (f->stream[side]) {
        struct direction *dir = &t->directions[f->stream[side] - 1];
        while (dir->stream.n_ahead && !dir->session.is_done)
            close_gap(t, f, side, dir);
        read_stream(t, f, side, dir, true);
        end_parked(t, f, side, dir);
    }
    close_direction(t, f, side);
}

static void sync(struct flow *f, unsigned side, const struct decoded *d, uint32_t seq)
{
    if (d->tcp_flags & TCP_SYN || flow_state(f, side) == SIDE_NEW) {
        f->next_seq[side] = seq;
        flow_set_state(f, side, SIDE_SYNCED);
    }
}

static void keep_moment(struct tcp *t, struct direction *dir, const struct moment *m)
{
    dir->moment = *m;
    if (!m->carrier)
        return;
    struct carrier *kept = &t->carriers[dir - t->directions];
    carrier_copy(kept, m->carrier);
    dir->moment.carrier = kept;
}

void tcp_packet(struct tcp *t, struct flow *f, unsigned side, const struct decoded *d, const struct moment *m)
{
    if (d->tcp_flags & (TCP_FIN | TCP_RST))
        f->flags |= FLOW_RESET;
    if (flow_state(f, side) == SIDE_DONE)
        return;
    if (d->tcp_flags == 0 && d->payload.len == 0) /* the snaplen cut the header: its number is not known */
        return;
    uint32_t seq = d->tcp_seq + (d->tcp_flags & TCP_SYN ? 1 : 0);
    bool is_midstream = flow_state(f, side) == SIDE_NEW && !(d->tcp_flags & TCP_SYN);
    if (d->payload_wire_len == 0) {
        if (d->tcp_flags & TCP_SYN && !f->stream[side])
            sync(f, side, d, seq);
        else if (d->tcp_flags & TCP_FIN && seq == f->next_seq[side] && flow_state(f, side) == SIDE_SYNCED)
            finish(t, f, side);
        return;
    }
    if (!f->stream[side]) {
        sync(f, side, d, seq);
        struct direction *fresh = open_direction(t, f, side);
        if (!fresh && end_quietest(t, NULL, false))
            fresh = open_direction(t, f, side);
        if (!fresh) { /* COLD */
            f->flags |= FLOW_LIMIT;
            t->events->stats->streams_refused++;
            flow_set_state(f, side, SIDE_DONE);
            return;
        }
        fresh->is_midstream = fresh->session.is_adrift = is_midstream;
        fresh->has_syn_data = d->tcp_flags & TCP_SYN;
        fresh->first_seq = seq;
    }
    struct direction *dir = &t->directions[f->stream[side] - 1];
    keep_moment(t, dir, m);
    if (d->payload.len)
        read_segment(t, f, side, dir, seq, d->payload);
    uint32_t end = seq + d->payload_wire_len;
    if (d->payload.len < d->payload_wire_len && f->next_seq[side] == seq + (uint32_t)d->payload.len)
        miss_tail(t, f, side, dir, d->payload_wire_len - (uint32_t)d->payload.len);
    if (dir->session.is_done || (d->tcp_flags & TCP_FIN && f->next_seq[side] == end))
        finish(t, f, side);
}

void tcp_flow_gone(struct tcp *t, struct flow *f)
{
    finish(t, f, f->client);
    finish(t, f, !f->client);
    session_account(f, t->events->stats);
}
