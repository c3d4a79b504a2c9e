/* See tcp.h. Hot. */
#include "sensor/tcp.h"

#include <stdlib.h>

#include "base/pages.h"
#include "sensor/seen.h"
#include "sensor/session.h"
#include "sensor/stream.h"

enum {
    GAP_WAIT_MS = 2000,
    REWIND_BYTES_MAX = 64 * 1024, /* a start in the middle may be taken back that far */
    JUMP_BYTES_MAX = 1 << 24,     /* a sequence number farther away is another numbering */
    CANDIDATES = 64,
    STARTS_KEPT = 4, /* a power of two */
    TOLD_DEFAULT = 1 << 16,
    TOLD_S = 30, /* a retransmission comes sooner */
};

/* A reading beside the one that goes on. */
struct reading {
    struct stream stream;
    struct session session;
    uint32_t next_seq;
    bool is_used;
    bool is_unsure;   /* of `other`: whether it says anything else will show */
    bool is_appended; /* of `other`: a byte was taken out of it, so what is before next_seq stays */
};

/* Where a segment began that may have begun a message, and what was expected there. */
struct start {
    uint32_t seq;
    uint8_t app, n_sniffs; /* as in struct session */
    bool is_adrift;
};

struct direction {
    struct stream stream;
    struct session session;
    struct reading parked;            /* by a segment far off: one stray segment must not hide a stream */
    struct reading other;             /* of bytes that say other than those that came before */
    struct stream kept;               /* bytes last read that took more than a segment, */
    uint32_t kept_seq;                /* from here */
    struct session kept_by;           /* as it was before it read them */
    struct start starts[STARTS_KEPT]; /* the last at n_starts - 1 */
    uint32_t n_starts;
    bool has_fin;      /* what is held was told as far as it went */
    struct flow *flow; /* whose direction it is; NULL: a free slot */
    uint8_t side;
    bool has_syn_data;    /* bytes came with the SYN, which servers may throw away: */
    uint32_t first_seq;   /* then they come again from here */
    struct moment moment; /* of its last segment with bytes */
    int64_t gap_since_ns; /* when the hole in front of the runs was first seen; 0: none */
    bool is_midstream;    /* no SYN was seen */
    uint32_t next_free;   /* 1 + slot */
};

struct tcp {
    struct tcp_options o;
    struct events *events;        /* borrowed */
    struct stream_pool *pool;     /* owned */
    struct http2_reader *http2;   /* owned */
    struct direction *directions; /* owned, mapped: touched only as they come */
    struct carrier *carriers;     /* owned, mapped: of each direction's moment, if it came through a tunnel */
    uint32_t high, free_head;
    uint32_t hand;         /* where the search for a quiet direction goes on */
    struct seen *told;     /* owned; contents of events */
    int64_t told_since_ns; /* those told last */
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
struct tcp *tcp_new(const struct tcp_options *o, struct events *events)
{
    struct tcp *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->o = *o;
    t->events = events;
    t->pool = stream_pool_new(o->buffer_cap_bytes);
    t->http2 = http2_reader_new(o->http2_tables ? o->http2_tables : HTTP2_TABLES);
    t->directions = pages_map(mapped_bytes(t));
    t->carriers = pages_map(carriers_bytes(t));
    t->told = seen_new(o->told_max ? o->told_max : TOLD_DEFAULT);
    if (!t->pool || !t->http2 || !t->directions || !t->carriers || !t->told) {
        tcp_free(t);
        return NULL;
    }
    return t;
}

static void drop_streams(struct tcp *t, struct direction *dir)
{
    stream_drop(t->pool, &dir->stream);
    stream_drop(t->pool, &dir->parked.stream);
    stream_drop(t->pool, &dir->other.stream);
    stream_drop(t->pool, &dir->kept);
}

void tcp_free(struct tcp *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->high; i++)
        drop_streams(t, &t->directions[i]);
    pages_unmap(t->directions, mapped_bytes(t));
    pages_unmap(t->carriers, carriers_bytes(t));
    stream_pool_free(t->pool);
    seen_free(t->told);
    http2_reader_free(t->http2);
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

/* NULL: nothing of this side is being read. */
static struct direction *direction_of(struct tcp *t, const struct flow *f, unsigned side)
{
    return f->stream[side] && flow_state(f, side) < SIDE_DONE ? &t->directions[f->stream[side] - 1] : NULL;
}

static uint32_t last_start(const struct direction *dir)
{
    return dir->n_starts ? dir->starts[(dir->n_starts - 1) % STARTS_KEPT].seq : dir->first_seq;
}

static void close_direction(struct tcp *t, struct flow *f, unsigned side)
{
    struct direction *dir = direction_of(t, f, side);
    flow_set_state(f, side, SIDE_DONE);
    f->held &= (unsigned)~(1u << side) & 3;
    if (!dir)
        return;
    uint32_t slot = f->stream[side];
    drop_streams(t, dir);
    session_end(&dir->session, t->http2);
    session_end(&dir->parked.session, t->http2);
    dir->flow = NULL;
    dir->next_free = t->free_head;
    t->free_head = slot;
    f->stream[side] = last_start(dir);
}

static struct session_context context_of(struct tcp *t, struct flow *f, unsigned side,
                                         const struct direction *dir)
{
    return (struct session_context){
        .events = t->events, .flow = f, .side = side, .moment = &dir->moment, .http2 = t->http2};
}

static size_t read_bytes(struct tcp *t, struct session *s, const struct session_context *c, struct span in,
                         bool is_last)
{
    uint32_t n = t->events->n;
    size_t used = session_read(s, c, in, is_last);
    for (; n < t->events->n; n++)
        seen_add(t->told, events_content(t->events->items[n]));
    t->events->stats->told_evicted = seen_forgotten(t->told);
    return used;
}

/* What can't be compared would be told twice. A DNS message is a session of its own, which was counted twice then. */
static bool is_news(void *to, const struct event *e)
{
    struct tcp *t = to;
    struct stats *s = t->events->stats;
    uint64_t content = events_content(e);
    bool is_new = content && seen_add(t->told, content);
    if (!is_new && e->kind == EVENT_DNS) {
        s->sessions[SESSION_DNS]--;
        s->readable[SESSION_DNS]--;
    }
    return is_new;
}

/* Of bytes that were read before, or others in their place: only what says something new is told. */
static size_t read_again(struct tcp *t, struct session *s, const struct session_context *c, struct span in,
                         bool is_last)
{
    uint32_t n = t->events->n;
    size_t used = session_read(s, c, in, is_last);
    events_filter(t->events, n, is_news, t);
    return used;
}

/* What is read of a window's first bytes may come again and say otherwise: of two readings the last. Without room it is not kept. */
static void keep(struct tcp *t, struct direction *dir, const struct stream *s, const struct session *before,
                 uint32_t seq, size_t n)
{
    stream_drop(t->pool, &dir->kept);
    dir->kept_seq = seq;
    dir->kept_by = *before;
    stream_put(t->pool, &dir->kept, 0, span_first(stream_bytes(s), n));
}

/* Let the session look at what is in order. */
static void read_stream(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, bool is_last)
{
    struct session_context c = context_of(t, f, side, dir);
    if (dir->stream.len == 0)
        return;
    const struct session before = dir->session;
    size_t used =
        (dir->has_fin ? read_again : read_bytes)(t, &dir->session, &c, stream_bytes(&dir->stream), is_last);
    uint32_t window = f->next_seq[side] - dir->stream.len;
    if (used && !dir->session.is_done)
        keep(t, dir, &dir->stream, &before, window, used);
    stream_consume(t->pool, &dir->stream, used);
}

static void finish(struct tcp *t, struct flow *f, unsigned side);

/* COLD: what is kept for comparison alone goes first. */
static bool drop_kept(struct tcp *t, struct direction *dir)
{
    bool has_any = dir->kept.room || dir->other.stream.room;
    stream_drop(t->pool, &dir->kept);
    stream_drop(t->pool, &dir->other.stream);
    dir->other.is_used = false;
    return has_any;
}

/* COLD: buffers or slots ran out. Of a few directions the one that was quiet for longest ends. False: there was none but `but`. */
static bool end_quietest(struct tcp *t, const struct direction *but, bool wants_buffer)
{
    struct direction *victim = NULL;
    for (int i = 0; i < CANDIDATES && t->high; i++) {
        struct direction *d = &t->directions[t->hand++ % t->high];
        bool has_any = d->flow && d != but && (!wants_buffer || d->stream.room || d->parked.stream.room);
        if (d->flow && wants_buffer && drop_kept(t, d))
            return true;
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
static void read_in_place(struct tcp *t, struct flow *f, unsigned side, struct direction *dir,
                          struct span data)
{
    struct session_context c = context_of(t, f, side, dir);
    size_t used = read_bytes(t, &dir->session, &c, data, false);
    f->next_seq[side] += (uint32_t)data.len;
    if (used == data.len)
        return;
    if (put(t, dir, 0, span_from(data, used)) >= STREAM_FULL) {
        read_bytes(t, &dir->session, &c, span_from(data, used), true);
        session_lose(&dir->session, 0); /* what was read in part will not be read on */
        f->flags |= FLOW_LIMIT;
        t->events->stats->streams_limited++;
    }
}

/* `n` bytes after what is in order will not come. */
static void lose(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t n,
                 enum flow_flag why)
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
    struct reading *p = &dir->parked;
    if (!p->is_used)
        return;
    struct session_context c = context_of(t, f, side, dir);
    if (p->stream.len)
        read_bytes(t, &p->session, &c, stream_bytes(&p->stream), true);
    if (!p->session.is_done && p->session.app != APP_UNKNOWN)
        f->flags |= FLOW_LOST;
    stream_drop(t->pool, &p->stream);
    session_end(&p->session, t->http2);
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
        dir->parked = (struct reading){
            .stream = dir->stream, .session = dir->session, .next_seq = f->next_seq[side], .is_used = true};
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
    session_end(&dir->session, t->http2);
    dir->stream = dir->parked.stream;
    dir->session = dir->parked.session;
    dir->parked = (struct reading){0};
    dir->gap_since_ns = dir->stream.n_ahead ? dir->moment.ts_ns : 0;
    f->next_seq[side] = seq;
    return true;
}

/* ---- what comes again and says otherwise ---- */

static void drop_other(struct tcp *t, struct direction *dir)
{
    stream_drop(t->pool, &dir->other.stream);
    session_end(&dir->other.session, t->http2);
    dir->other = (struct reading){0};
}

static void note_start(struct direction *dir, uint32_t seq)
{
    const struct session *s = &dir->session;
    dir->starts[dir->n_starts++ % STARTS_KEPT] = (struct start){seq, s->app, s->n_sniffs, s->is_adrift};
}

/* NULL: no message that is remembered began there. */
static const struct start *find_start(const struct direction *dir, uint32_t seq)
{
    for (unsigned i = 0; i < STARTS_KEPT && i < dir->n_starts; i++)
        if (dir->starts[i].seq == seq)
            return &dir->starts[i];
    return NULL;
}

/* From now on segments are read a second time, the last to come counting: from what is `held` on, which ends at next_seq. */
static void begin_other(struct tcp *t, struct direction *dir, const struct stream *held,
                        const struct session *s, uint32_t next_seq)
{
    drop_other(t, dir);
    const struct start *start =
        find_start(dir, next_seq - held->len); /* other bytes may be another protocol's */
    dir->other.session = *s;
    if (start)
        dir->other.session =
            (struct session){.app = start->app, .n_sniffs = start->n_sniffs, .is_adrift = start->is_adrift};
    dir->other.session.scanned = dir->other.session.want = 0; /* of other bytes */
    dir->other.session.http2 = (struct http2_direction){
        .is_spoken =
            s->http2
                .is_spoken}; /* what they add to a table goes into one of their own, whose past is not known */
    dir->other.next_seq = next_seq;
    dir->other.is_used = stream_copy(t->pool, &dir->other.stream, held);
}

/* Both readings stand at the same place, and nothing that they hold or wait for tells them apart. */
static bool is_caught_up(const struct flow *f, unsigned side, const struct direction *dir)
{
    const struct reading *o = &dir->other;
    return o->session.is_done ||
           (o->next_seq == f->next_seq[side] && o->stream.len + o->stream.n_ahead == 0 &&
            session_is_at_start(&o->session) && session_is_at_start(&dir->session) &&
            o->session.app == dir->session.app);
}

static void read_other(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t seq,
                       struct span data)
{
    struct reading *o = &dir->other;
    struct session_context c = context_of(t, f, side, dir);
    uint32_t len = o->stream.len;
    int32_t at = (int32_t)(seq - (o->next_seq - len)), least = o->is_appended ? (int32_t)len : 0;
    if (at < least && !span_skip(&data, (size_t)((int64_t)least - at)))
        return;
    at = at < least ? least : at;
    if ((uint32_t)at > len &&
        dir->stream.n_ahead == 0) /* what lies between was read, and will hardly come again */
        return;
    enum stream_put_result r = stream_put(t->pool, &o->stream, (size_t)at, data);
    if (r >= STREAM_FULL) {
        drop_other(t, dir);
        return;
    }
    if (r == STREAM_CONFLICT)
        stream_overwrite(&o->stream, (size_t)at, data);
    o->next_seq += o->stream.len - len;
    uint32_t n = t->events->n;
    if (o->stream.len) {
        const struct session before = o->session;
        size_t used = read_again(t, &o->session, &c, stream_bytes(&o->stream), false);
        if (used && !o->is_appended)
            keep(t, dir, &o->stream, &before, o->next_seq - o->stream.len, used);
        stream_consume(t->pool, &o->stream, used);
    }
    if (o->is_unsure)
        t->events->stats->segments_conflicting += t->events->n > n;
    if (is_caught_up(f, side, dir))
        drop_other(t, dir);
}

/* Do bytes from `at` on say other than those in order in the stream? */
static bool contradicts(struct tcp *t, struct stream *s, uint32_t at, struct span data)
{
    return at < s->len && stream_put(t->pool, s, at, span_first(data, s->len - at)) == STREAM_CONFLICT;
}

/* The second reading has not read what came there: it can take this segment instead, and keeps what came otherwise before. */
static bool is_other_holding(const struct direction *dir, uint32_t seq)
{
    const struct reading *o = &dir->other;
    return o->is_used && seq - (o->next_seq - o->stream.len) < o->stream.len;
}

/* COLD: bytes come again. Where what they said is known, or what began there, they are compared or read anew. */
static void doubt(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t seq,
                  struct span data)
{
    uint32_t next = f->next_seq[side];
    if (contradicts(t, &dir->stream, seq - (next - dir->stream.len), data)) {
        t->events->stats->segments_conflicting++;
        if (!is_other_holding(dir, seq))
            begin_other(t, dir, &dir->stream, &dir->session, next);
    } else if (contradicts(t, &dir->kept, seq - dir->kept_seq, data)) {
        t->events->stats->segments_conflicting++;
        begin_other(t, dir, &dir->kept, &dir->kept_by, dir->kept_seq + dir->kept.len);
    } else if (!dir->other.is_used && find_start(dir, seq)) {
        begin_other(t, dir, &(struct stream){0}, &dir->session, seq);
        dir->other.is_unsure = true;
    }
}

/* COLD: the urgent byte, which most receivers take out of the stream: a second reading goes without it (RFC 6093, section 3.2). */
static void read_without_urgent(struct tcp *t, struct flow *f, unsigned side, struct direction *dir,
                                uint32_t seq, struct span data, uint16_t urgent)
{
    if (!dir->other.is_used && seq == f->next_seq[side] && dir->stream.n_ahead == 0)
        begin_other(t, dir, &dir->stream, &dir->session, seq);
    if (!dir->other.is_used || dir->other.next_seq != seq || dir->other.stream.n_ahead)
        return;
    t->events->stats->segments_conflicting++;
    if (urgent > 1)
        read_other(t, f, side, dir, seq, span_first(data, urgent - 1u));
    if (dir->other.is_used && dir->other.next_seq == seq + urgent - 1) {
        dir->other.next_seq++;
        dir->other.is_appended = true;
    }
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
    if (r == STREAM_OVERLAP || r == STREAM_CONFLICT)
        stats->segments_overlapping++;
    if (r == STREAM_CONFLICT) {
        stats->segments_conflicting++;
        begin_other(t, dir, &dir->stream, &dir->session, f->next_seq[side] + dir->stream.len - len);
    }
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
    if (is_again || (dir->is_midstream && dir->session.app == APP_UNKNOWN && dir->session.n_sniffs <= 2 &&
                     behind <= REWIND_BYTES_MAX)) {
        stream_drop(
            t->pool,
            &dir->stream); /* bytes of a SYN that did not count, or segments in the wrong order: start here */
        session_end(&dir->session, t->http2);
        dir->session = (struct session){.n_sniffs = dir->session.n_sniffs, .is_adrift = !is_again};
        dir->gap_since_ns = 0;
        f->next_seq[side] -= behind;
        return true;
    }
    t->events->stats->segments_overlapping++;
    return span_skip(data, behind) && data->len;
}

/* The reading in which the byte that came first counts. */
static void read_first(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t seq,
                       struct span data)
{
    go_back(t, f, side, dir, seq);
    int32_t delta = (int32_t)(seq - f->next_seq[side]);
    if (delta < 0) {
        if ((uint32_t)-delta <= STREAM_WINDOW)
            doubt(t, f, side, dir, seq, data);
        if (!cut_old(t, f, side, dir, (uint32_t)-delta, &data))
            return;
        delta = 0;
    }
    if (delta > 0)
        t->events->stats->segments_out_of_order++;
    if (delta == 0 && dir->stream.len == 0 && dir->stream.n_ahead == 0) {
        if (session_is_at_start(&dir->session))
            note_start(dir, seq);
        read_in_place(t, f, side, dir, data);
    } else {
        read_buffered(t, f, side, dir, (size_t)delta, data);
    }
    if (dir->gap_since_ns && dir->moment.ts_ns - dir->gap_since_ns > GAP_WAIT_MS * INT64_C(1000000) &&
        dir->stream.n_ahead)
        close_gap(t, f, side, dir);
}

static void read_segment(struct tcp *t, struct flow *f, unsigned side, struct direction *dir, uint32_t seq,
                         const struct decoded *d)
{
    if (d->tcp_urgent && d->tcp_urgent <= d->payload.len)
        read_without_urgent(t, f, side, dir, seq, d->payload, d->tcp_urgent);
    read_first(t, f, side, dir, seq, d->payload);
    if (dir->other.is_used)
        read_other(t, f, side, dir, seq, d->payload);
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
    struct direction *dir = direction_of(t, f, side);
    if (dir) {
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

static void note_end(struct flow *f, unsigned side, uint8_t flags)
{
    if (flags & TCP_FIN)
        f->fins = (f->fins | (1u << side)) & 3;
    if (flags & TCP_RST || f->fins == 3 || (f->fins && flow_state(f, !side) == SIDE_NEW))
        f->flags |= FLOW_RESET;
}

/* COLD: a FIN in its place. It may be a decoy that its receiver never saw: what is held is told as far as it goes, and goes on when bytes
 * come all the same. */
static void end_side(struct tcp *t, struct flow *f, unsigned side)
{
    struct direction *dir = direction_of(t, f, side);
    if (!dir || dir->stream.len == 0 || dir->session.is_done) {
        finish(t, f, side);
        flow_set_state(f, side, SIDE_ENDED);
        return;
    }
    struct session so_far = dir->session;
    struct session_context c = context_of(t, f, side, dir);
    (dir->has_fin ? read_again : read_bytes)(t, &so_far, &c, stream_bytes(&dir->stream), true);
    dir->has_fin = true;
}

/* COLD: the last message again, or something else in its place, as far as it is whole in its segment. */
static void read_after_end(struct tcp *t, struct flow *f, unsigned side, const struct decoded *d,
                           const struct moment *m)
{
    struct session s = {.is_adrift = true};
    struct session_context c = {.events = t->events, .flow = f, .side = side, .moment = m};
    uint32_t n = t->events->n;
    read_again(t, &s, &c, d->payload, false);
    t->events->stats->segments_conflicting += t->events->n > n;
}

/* COLD: a segment of a side that is done. True when its bytes lie where a FIN was: that was a decoy, and the side goes on. */
static bool is_revived(struct tcp *t, struct flow *f, unsigned side, const struct decoded *d,
                       const struct moment *m)
{
    if (d->tcp_seq == f->stream[side])
        read_after_end(t, f, side, d, m);
    if (flow_state(f, side) != SIDE_ENDED || d->tcp_seq != f->next_seq[side])
        return false;
    f->stream[side] = 0;
    flow_set_state(f, side, SIDE_SYNCED);
    return true;
}

static struct direction *take_direction(struct tcp *t, struct flow *f, unsigned side)
{
    struct direction *fresh = open_direction(t, f, side);
    if (!fresh && end_quietest(t, NULL, false))
        fresh = open_direction(t, f, side);
    if (!fresh) { /* COLD */
        f->flags |= FLOW_LIMIT;
        t->events->stats->streams_refused++;
        flow_set_state(f, side, SIDE_DONE);
    }
    return fresh;
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
    bool is_revival = false;
    if (d->tcp_flags & (TCP_FIN | TCP_RST))
        note_end(f, side, d->tcp_flags);
    if (flow_state(f, side) >= SIDE_DONE) {
        is_revival = d->payload.len && is_revived(t, f, side, d, m);
        if (!is_revival)
            return;
    }
    if (d->tcp_flags == 0 && d->payload.len == 0) /* the snaplen cut the header: its number is not known */
        return;
    uint32_t seq = d->tcp_seq + (d->tcp_flags & TCP_SYN ? 1 : 0);
    bool is_midstream = flow_state(f, side) == SIDE_NEW && !(d->tcp_flags & TCP_SYN);
    if (d->payload_wire_len == 0) {
        if (d->tcp_flags & TCP_SYN && !f->stream[side])
            sync(f, side, d, seq);
        else if (d->tcp_flags & TCP_FIN && seq == f->next_seq[side] && flow_state(f, side) == SIDE_SYNCED)
            end_side(t, f, side);
        return;
    }
    if (!f->stream[side]) {
        sync(f, side, d, seq);
        struct direction *fresh = take_direction(t, f, side);
        if (!fresh)
            return;
        fresh->is_midstream = is_midstream;
        fresh->session.is_adrift = is_midstream || is_revival;
        fresh->has_syn_data = d->tcp_flags & TCP_SYN;
        fresh->first_seq = seq;
    }
    struct direction *dir = direction_of(t, f, side);
    keep_moment(t, dir, m);
    if (d->payload.len)
        read_segment(t, f, side, dir, seq, d);
    uint32_t end = seq + d->payload_wire_len;
    if (d->payload.len < d->payload_wire_len && f->next_seq[side] == seq + (uint32_t)d->payload.len)
        miss_tail(t, f, side, dir, d->payload_wire_len - (uint32_t)d->payload.len);
    f->held = ((f->held & ~(1u << side)) | (unsigned)(dir->stream.room > 0) << side) & 3;
    if (dir->session.is_done)
        finish(t, f, side);
    else if (d->tcp_flags & TCP_FIN && f->next_seq[side] == end)
        end_side(t, f, side);
}

uint64_t tcp_rank(const struct tcp *t, const struct flow *f)
{
    uint64_t rank = 0;
    for (unsigned side = 0; side < 2; side++) {
        if (!f->stream[side] || flow_state(f, side) >= SIDE_DONE)
            continue;
        uint64_t own = moment_rank(&t->directions[f->stream[side] - 1].moment);
        rank = rank == 0 || own < rank ? own : rank;
    }
    return rank;
}

void tcp_pass_time(struct tcp *t, int64_t now_ns)
{
    if (now_ns >= t->told_since_ns && now_ns - t->told_since_ns < TOLD_S * INT64_C(1000000000))
        return;
    seen_age(t->told);
    t->told_since_ns = now_ns;
}

void tcp_forget(struct tcp *t)
{
    seen_age(t->told);
    seen_age(t->told);
}

void tcp_flow_gone(struct tcp *t, struct flow *f)
{
    finish(t, f, f->client);
    finish(t, f, !f->client);
    session_account(f, t->events->stats);
}

uint64_t tcp_http2_evictions(const struct tcp *t)
{
    return http2_reader_evictions(t->http2);
}
