/* See crew.h. Hot. */
#include "sensor/crew.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/pages.h"
#include "matcher/db.h"

enum {
    BLOCKS = 4, /* one being filled, the others on their way */
    LOT_ARRIVALS = 2048,
    ALIGNMENT = 8,
    LOT_BYTES = 1 << 20, /* with payloads; no packet has as many */
    PILE_BYTES = 256 << 10,
    OUT_BYTES = 256 << 10,
};

/* One worker's part of a block. */
struct lot {
    uint8_t *bytes;                               /* owned, mapped: touched as they come */
    const struct arrival *arrivals[LOT_ARRIVALS]; /* in there, each with its payload behind it */
    uint32_t n;
    size_t n_bytes;
};

enum pile_state {
    PILE_OPEN,  /* its worker may add to it */
    PILE_FULL,  /* its worker waits until all of it is merged */
    PILE_WHOLE, /* its worker is done with the block */
};

/* What one worker wrote of a block: records, each followed by its lines. */
struct pile {
    uint8_t *bytes; /* owned */
    size_t at, len; /* merged so far; there */
    enum pile_state state;
};

struct record {
    uint64_t turn;
    size_t len;
};

enum block_end { BLOCK_GOES_ON, BLOCK_ENDS_EPOCH, BLOCK_ENDS_FLOWS };

struct block {
    struct lot *lots;   /* owned; by worker */
    struct pile *piles; /* owned; by worker */
    unsigned n_open;    /* piles; who takes it to 0 merges */
    enum block_end end;
    int64_t clock_ns;
};

struct member {
    struct crew *crew;
    struct worker *worker; /* owned */
    struct block *block;   /* that it is busy with */
    unsigned index;
    uint64_t alerts; /* so far */
    pthread_t thread;
    bool has_thread;
};

struct crew {
    struct worker_options o;
    unsigned n;
    struct intake *intake;  /* owned; NULL with one worker, that has its own */
    struct member *members; /* owned */
    struct buf out;         /* owned; merged lines, waiting to be written */
    struct stats taken;     /* the intake's */
    atomic_bool is_broken;

    struct stats sum;
    uint64_t *list_hits, *allow_hits; /* owned; sums; NULL where a worker has none */

    pthread_mutex_t lock;        /* of what follows, of the states of piles and n_open */
    pthread_cond_t work;         /* there is some, or room in a pile */
    pthread_cond_t room;         /* a block is done with */
    uint64_t n_handed, n_merged; /* blocks, in order; the one being filled is n_handed % BLOCKS */
    bool is_over;
    struct block blocks[BLOCKS];
};

/* ---- what workers wrote ---- */

static bool is_empty(const struct pile *p)
{
    return p->at == p->len;
}

static uint64_t first_turn(const struct pile *p)
{
    uint64_t turn;
    memcpy(&turn, p->bytes + p->at + offsetof(struct record, turn), sizeof turn);
    return turn;
}

static void write_out(struct crew *c)
{
    if (c->out.len && !c->is_broken && !c->o.write(c->o.write_to, buf_span(&c->out)))
        c->is_broken = true;
    buf_reset(&c->out);
}

static void emit_first(struct crew *c, struct pile *p)
{
    struct record r;
    memcpy(&r, p->bytes + p->at, sizeof r);
    if (c->out.len + r.len > OUT_BYTES)
        write_out(c);
    buf_put(&c->out, span_of(p->bytes + p->at + sizeof r, r.len));
    p->at += sizeof r + r.len;
}

/* The pile with the lowest turn; NULL: none has more, or one that is not whole is empty, and may have. */
static struct pile *next_pile(const struct crew *c, struct block *b)
{
    struct pile *next = NULL;
    for (unsigned i = 0; i < c->n; i++) {
        struct pile *p = &b->piles[i];
        if (is_empty(p) && p->state == PILE_FULL)
            return NULL;
        if (!is_empty(p) && (!next || first_turn(p) < first_turn(next)))
            next = p;
    }
    return next;
}

/* As far as it goes; nobody else looks at the block's piles. */
static void merge(struct crew *c, struct block *b)
{
    for (struct pile *p; (p = next_pile(c, b));)
        emit_first(c, p);
    write_out(c);
}

/* COLD, locked: who waits may go on. */
static void reopen(struct crew *c, struct block *b)
{
    for (unsigned i = 0; i < c->n; i++) {
        struct pile *p = &b->piles[i];
        if (p->state != PILE_FULL || !is_empty(p))
            continue;
        p->at = p->len = 0;
        p->state = PILE_OPEN;
        b->n_open++;
    }
    pthread_cond_broadcast(&c->work);
}

/* Locked: one pile less is open. Blocks are done with in order, for everybody takes part in one after the other. */
static void leave(struct crew *c, struct block *b)
{
    if (--b->n_open)
        return;
    pthread_mutex_unlock(&c->lock);
    merge(c, b);
    pthread_mutex_lock(&c->lock);
    reopen(c, b);
    if (b->n_open)
        return;
    c->n_merged++;
    pthread_cond_signal(&c->room);
}

/* As much of the lines as there is room for; they may be parted anywhere, for nobody else has lines of this turn. */
static void put(struct pile *p, uint64_t turn, struct span *lines)
{
    size_t room = PILE_BYTES - p->len;
    if (room <= sizeof(struct record))
        return;
    room -= sizeof(struct record);
    struct record r = {.turn = turn, .len = lines->len < room ? lines->len : room};
    memcpy(p->bytes + p->len, &r, sizeof r);
    memcpy(p->bytes + p->len + sizeof r, lines->ptr, r.len);
    p->len += sizeof r + r.len;
    span_skip(lines, r.len);
}

static bool take_lines(void *to, uint64_t turn, struct span lines)
{
    struct member *m = to;
    struct crew *c = m->crew;
    struct pile *p = &m->block->piles[m->index];
    for (put(p, turn, &lines); lines.len; put(p, turn, &lines)) {
        pthread_mutex_lock(&c->lock);
        p->state = PILE_FULL;
        leave(c, m->block);
        while (p->state == PILE_FULL)
            pthread_cond_wait(&c->work, &c->lock);
        pthread_mutex_unlock(&c->lock);
    }
    return !c->is_broken;
}

/* ---- workers ---- */

static void work_on(struct member *m, struct block *b)
{
    const struct lot *lot = &b->lots[m->index];
    m->block = b;
    worker_arrivals(m->worker, lot->arrivals, lot->n);
    if (b->end == BLOCK_ENDS_EPOCH)
        worker_end_epoch(m->worker, b->clock_ns);
    if (b->end == BLOCK_ENDS_FLOWS)
        worker_end_flows(m->worker);
    worker_flush(m->worker);
}

static void *work(void *to)
{
    struct member *m = to;
    struct crew *c = m->crew;
    pthread_mutex_lock(&c->lock);
    for (uint64_t next = 0;; next++) {
        while (c->n_handed == next && !c->is_over)
            pthread_cond_wait(&c->work, &c->lock);
        if (c->n_handed == next)
            break;
        struct block *b = &c->blocks[next % BLOCKS];
        pthread_mutex_unlock(&c->lock);
        work_on(m, b);
        pthread_mutex_lock(&c->lock);
        m->alerts = worker_stats(m->worker)->alerts;
        b->piles[m->index].state = PILE_WHOLE;
        leave(c, b);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- dealing out ---- */

static struct block *filling(struct crew *c)
{
    return &c->blocks[c->n_handed % BLOCKS];
}

static void begin_block(struct crew *c)
{
    struct block *b = filling(c);
    b->n_open = c->n;
    for (unsigned i = 0; i < c->n; i++) {
        b->lots[i].n = 0;
        b->lots[i].n_bytes = 0;
        b->piles[i].at = b->piles[i].len = 0;
        b->piles[i].state = PILE_OPEN;
    }
}

/* The block is whole; waits until there is room for another. */
static void hand_over(struct crew *c, enum block_end end, int64_t clock_ns)
{
    struct block *b = filling(c);
    b->end = end;
    b->clock_ns = clock_ns;
    pthread_mutex_lock(&c->lock);
    c->n_handed++;
    pthread_cond_broadcast(&c->work);
    while (c->n_handed - c->n_merged == BLOCKS)
        pthread_cond_wait(&c->room, &c->lock);
    pthread_mutex_unlock(&c->lock);
    begin_block(c);
}

/* A copy, and of its payload. `bytes` is aligned, and has room for `n_head` bytes of arrival and the payload. */
static const struct arrival *keep(uint8_t *bytes, const struct arrival *a, size_t n_head)
{
    struct arrival *kept = (struct arrival *)(void *)bytes;
    struct span payload = a->decoded.payload;
    memcpy(kept, a, n_head);
    if (a->moment.carrier)
        kept->moment.carrier = &kept->decoded.carrier;
    kept->decoded.payload = span_of(bytes + n_head, payload.len);
    if (payload.len)
        memcpy(bytes + n_head, payload.ptr, payload.len);
    return kept;
}

static void deal(struct crew *c, const struct arrival *a)
{
    unsigned i = flow_spread(&a->key, c->n);
    struct lot *lot = &filling(c)->lots[i];
    size_t n_head = arrival_bytes(a),
           n = (n_head + a->decoded.payload.len + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    assert(n <= LOT_BYTES);
    if (lot->n == LOT_ARRIVALS || n > LOT_BYTES - lot->n_bytes) {
        hand_over(c, BLOCK_GOES_ON, 0);
        lot = &filling(c)->lots[i];
    }
    lot->arrivals[lot->n++] = keep(lot->bytes + lot->n_bytes, a, n_head);
    lot->n_bytes += n;
}

static void take_arrivals(void *to, const struct arrival *const *arrivals, size_t n)
{
    for (size_t i = 0; i < n; i++)
        deal(to, arrivals[i]);
}

static void take_epoch(void *to, int64_t clock_ns)
{
    hand_over(to, BLOCK_ENDS_EPOCH, clock_ns);
}

void crew_packets(struct crew *c, const struct packet *packets, size_t n)
{
    if (c->intake)
        intake_packets(c->intake, packets, n);
    else
        worker_packets(c->members[0].worker, packets, n);
}

/* ---- ends and sums ---- */

static void add_hits(uint64_t *sums, const uint64_t *hits, uint32_t n)
{
    for (uint32_t i = 0; i < n && hits; i++)
        sums[i] += hits[i];
}

static uint32_t n_lists(const struct crew *c)
{
    return c->list_hits ? db_set(c->o.db)->n_lists : 0;
}

static uint32_t n_allow_origins(const struct crew *c)
{
    return c->allow_hits ? db_set(db_allow(c->o.db))->n_origins : 0;
}

/* Nobody works meanwhile. */
static void sum_up(struct crew *c)
{
    c->sum = c->taken;
    if (c->list_hits)
        memset(c->list_hits, 0, n_lists(c) * sizeof *c->list_hits);
    if (c->allow_hits)
        memset(c->allow_hits, 0, n_allow_origins(c) * sizeof *c->allow_hits);
    for (unsigned i = 0; i < c->n; i++) {
        const struct worker *w = c->members[i].worker;
        stats_add(&c->sum, worker_stats(w));
        add_hits(c->list_hits, worker_list_hits(w), n_lists(c));
        add_hits(c->allow_hits, worker_allow_hits(w), n_allow_origins(c));
    }
}

static void wait_for_all(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->n_merged < c->n_handed)
        pthread_cond_wait(&c->room, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

void crew_end_source(struct crew *c)
{
    if (c->intake && !c->o.is_joined) {
        crew_end_run(c);
        return;
    }
    if (c->intake)
        intake_end_epoch(c->intake);
    else
        worker_end_source(c->members[0].worker);
    wait_for_all(c);
    sum_up(c);
}

void crew_end_run(struct crew *c)
{
    if (c->intake) {
        intake_end_run(c->intake);
        hand_over(c, BLOCK_ENDS_FLOWS, 0);
    } else {
        worker_end_run(c->members[0].worker);
    }
    wait_for_all(c);
    sum_up(c);
}

bool crew_output_is_broken(const struct crew *c)
{
    return c->is_broken || (!c->intake && worker_output_is_broken(c->members[0].worker));
}

void crew_progress(struct crew *c, uint64_t *out_packets, uint64_t *out_alerts)
{
    *out_packets = c->taken.packets;
    *out_alerts = 0;
    if (!c->intake) {
        *out_packets = worker_stats(c->members[0].worker)->packets;
        *out_alerts = worker_stats(c->members[0].worker)->alerts;
        return;
    }
    pthread_mutex_lock(&c->lock);
    for (unsigned i = 0; i < c->n; i++)
        *out_alerts += c->members[i].alerts;
    pthread_mutex_unlock(&c->lock);
}

const struct stats *crew_stats(const struct crew *c)
{
    return &c->sum;
}

const uint64_t *crew_list_hits(const struct crew *c)
{
    return c->list_hits;
}

const uint64_t *crew_allow_hits(const struct crew *c)
{
    return c->allow_hits;
}

/* ---- making ---- */

static bool make_block(struct crew *c, struct block *b)
{
    b->lots = calloc(c->n, sizeof *b->lots);
    b->piles = calloc(c->n, sizeof *b->piles);
    bool is_made = b->lots && b->piles;
    for (unsigned i = 0; i < c->n && is_made; i++) {
        struct lot *lot = &b->lots[i];
        lot->bytes = pages_map(LOT_BYTES);
        b->piles[i].bytes = malloc(PILE_BYTES);
        is_made = lot->bytes && b->piles[i].bytes;
    }
    return is_made;
}

static void free_block(struct crew *c, struct block *b)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (b->lots)
            pages_unmap(b->lots[i].bytes, LOT_BYTES);
        if (b->piles)
            free(b->piles[i].bytes);
    }
    free(b->lots);
    free(b->piles);
}

static bool make_workers(struct crew *c, struct err *err)
{
    for (unsigned i = 0; i < c->n; i++) {
        struct member *m = &c->members[i];
        struct worker_options o = c->o;
        m->crew = c;
        m->index = i;
        if (c->n > 1) {
            o.n_sharing = c->n;
            o.is_handed_arrivals = true;
            o.write_turn = take_lines;
            o.write_to = m;
        }
        m->worker = worker_new(&o, err);
        if (!m->worker)
            return false;
    }
    return true;
}

/* Signals are the caller's thread's: it may be waiting for packets, and has to hear of them. */
static bool start_threads(struct crew *c, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = true;
    for (unsigned i = 0; i < c->n && is_started; i++) {
        struct member *m = &c->members[i];
        is_started = m->has_thread = pthread_create(&m->thread, NULL, work, m) == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started || err_set(err, ERR_MEMORY, NULL, "can't start %u threads", c->n);
}

static bool make_crew(struct crew *c, struct err *err)
{
    struct intake_options intake = {
        .verifies_checksums = c->o.verifies_checksums,
        .fragments_cap_bytes = c->o.fragments_cap_bytes,
        .seed = c->o.seed,
        .stats = &c->taken,
        .arrived = take_arrivals,
        .epoch_ended = take_epoch,
        .to = c,
    };
    bool has_db = c->o.db, has_allow = has_db && db_allow(c->o.db);
    c->members = calloc(c->n, sizeof *c->members);
    if (has_db)
        c->list_hits = calloc(db_set(c->o.db)->n_lists + 1, sizeof *c->list_hits);
    if (has_allow)
        c->allow_hits = calloc(db_set(db_allow(c->o.db))->n_origins + 1ull, sizeof *c->allow_hits);
    if (!c->members || (has_db && !c->list_hits) || (has_allow && !c->allow_hits))
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    if (!make_workers(c, err))
        return false;
    if (c->n == 1)
        return true;
    c->intake = intake_new(&intake);
    bool is_made = c->intake != NULL;
    for (unsigned i = 0; i < BLOCKS && is_made; i++)
        is_made = make_block(c, &c->blocks[i]);
    if (!is_made || !buf_reserve(&c->out, OUT_BYTES))
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    begin_block(c);
    return start_threads(c, err);
}

struct crew *crew_new(const struct worker_options *o, unsigned n, struct err *err)
{
    struct crew *c = calloc(1, sizeof *c);
    if (!c) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
        return NULL;
    }
    c->o = *o;
    c->n = n < 1 ? 1 : n > CREW_MAX ? CREW_MAX : n;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    pthread_cond_init(&c->room, NULL);
    buf_init(&c->out, OUT_BYTES);
    if (make_crew(c, err))
        return c;
    crew_free(c);
    return NULL;
}

void crew_free(struct crew *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->is_over = true;
    pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; c->members && i < c->n; i++) {
        if (c->members[i].has_thread)
            pthread_join(c->members[i].thread, NULL);
    }
    for (unsigned i = 0; c->members && i < c->n; i++)
        worker_free(c->members[i].worker);
    for (unsigned i = 0; i < BLOCKS; i++)
        free_block(c, &c->blocks[i]);
    intake_free(c->intake);
    buf_fini(&c->out);
    pthread_cond_destroy(&c->room);
    pthread_cond_destroy(&c->work);
    pthread_mutex_destroy(&c->lock);
    free(c->members);
    free(c->list_hits);
    free(c->allow_hits);
    free(c);
}
