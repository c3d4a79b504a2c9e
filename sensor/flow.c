/* See flow.h. Hot.
 *
 * Index: buckets of one cache line, ten slots each, found by hash; a 16-bit tag from other hash bits is compared before a
 * flow's own line is touched. At a load of four flows a bucket 0.3% of the buckets overflow. The flows lie densely in an array, so few
 * of them touch few pages, and to walk over all of them takes little (flow_table_end_idle). Taking idle ones out bit by bit as others come
 * was cheaper still, but then what else is in the table decided when a flow ended, and so what was told first. */
#include "sensor/flow.h"

#include <endian.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/pages.h"

enum { BUCKET_SLOTS = 10, LOAD = 4, CANDIDATES = 16, REPEATED_SYN_WINDOW = 1 << 16, SYN_QUIET_S = 2 };

struct bucket {
    uint32_t flow[BUCKET_SLOTS]; /* 1 + index, 0: free */
    uint16_t tag[BUCKET_SLOTS];
    uint32_t unused;
};
_Static_assert(sizeof(struct bucket) == 64, "a bucket is one cache line");

/* A flow on its way out. */
struct leaving {
    uint64_t rank;
    uint32_t index;
};

struct flow_table {
    struct flow_table_options o;
    struct bucket *buckets;  /* owned, mapped */
    struct flow *flows;      /* owned, mapped */
    struct leaving *leaving; /* owned, mapped */
    uint32_t bucket_mask;
    uint32_t n_flows, high; /* in use; slots ever used */
    uint32_t free_head;     /* 1 + index; chained through flow.stream[0] */
    uint32_t hand;          /* where the search for a quiet flow goes on */
    uint64_t evictions;
};

struct flow_table *flow_table_new(const struct flow_table_options *o)
{
    struct flow_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->o = *o;
    uint32_t n_buckets = 64;
    while (n_buckets < o->capacity / LOAD)
        n_buckets *= 2;
    t->bucket_mask = n_buckets - 1;
    t->buckets = pages_map(n_buckets * sizeof *t->buckets);
    t->flows = pages_map((size_t)o->capacity * sizeof *t->flows);
    t->leaving = pages_map((size_t)o->capacity * sizeof *t->leaving);
    if (!t->buckets || !t->flows || !t->leaving) {
        flow_table_free(t);
        return NULL;
    }
    return t;
}

void flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    pages_unmap(t->buckets, (t->bucket_mask + (size_t)1) * sizeof *t->buckets);
    pages_unmap(t->flows, (size_t)t->o.capacity * sizeof *t->flows);
    pages_unmap(t->leaving, (size_t)t->o.capacity * sizeof *t->leaving);
    free(t);
}

static uint64_t key_hash(const struct flow_table *t, const struct flow *f)
{
    return hash_bytes(f, FLOW_KEY_BYTES, t->o.seed);
}

static inline struct bucket *bucket_of(const struct flow_table *t, uint64_t hash)
{
    return &t->buckets[hash & t->bucket_mask];
}

static inline uint16_t tag_of(uint64_t hash)
{
    return (uint16_t)(hash >> 48);
}

static void forget(struct flow_table *t, uint32_t index)
{
    struct flow *f = &t->flows[index];
    if (t->o.gone)
        t->o.gone(t->o.gone_to, f);
    struct bucket *b = bucket_of(t, key_hash(t, f));
    for (int i = 0; i < BUCKET_SLOTS; i++)
        if (b->flow[i] == index + 1)
            b->flow[i] = 0;
    *f = (struct flow){.stream[0] = t->free_head};
    t->free_head = index + 1;
    t->n_flows--;
}

static inline bool is_idle(const struct flow_table *t, const struct flow *f, uint32_t now_s)
{
    uint32_t limit = f->proto == IPPROTO_TCP ? t->o.idle_tcp_s : t->o.idle_udp_s;
    return now_s > f->last_s && now_s - f->last_s > limit;
}

/* COLD: the table is full. The quietest of the next few goes. */
static void evict_somewhere(struct flow_table *t)
{
    uint32_t victim = UINT32_MAX;
    for (int i = 0; i < CANDIDATES; i++) {
        if (t->hand >= t->high)
            t->hand = 0;
        const struct flow *f = &t->flows[t->hand];
        if (f->is_used && (victim == UINT32_MAX || f->last_s < t->flows[victim].last_s))
            victim = t->hand;
        t->hand++;
    }
    if (victim != UINT32_MAX) {
        forget(t, victim);
        t->evictions++;
    }
}

/* COLD: the bucket is full. The quietest of its flows goes. */
static int evict_from(struct flow_table *t, struct bucket *b)
{
    int victim = 0;
    for (int i = 1; i < BUCKET_SLOTS; i++)
        if (t->flows[b->flow[i] - 1].last_s < t->flows[b->flow[victim] - 1].last_s)
            victim = i;
    forget(t, b->flow[victim] - 1);
    t->evictions++;
    return victim;
}

/* Is end (a, port_a) behind end (b, port_b)? In table order the smaller one is first. */
static inline bool is_behind(const struct ip *a, uint16_t port_a, const struct ip *b, uint16_t port_b)
{
    uint64_t a_high, a_low, b_high, b_low;
    memcpy(&a_high, a->b, 8);
    memcpy(&a_low, a->b + 8, 8);
    memcpy(&b_high, b->b, 8);
    memcpy(&b_low, b->b + 8, 8);
    if (a_high != b_high)
        return be64toh(a_high) > be64toh(b_high);
    if (a_low != b_low)
        return be64toh(a_low) > be64toh(b_low);
    return port_a > port_b;
}

struct flow_key flow_key_of(const struct decoded *d, uint64_t seed)
{
    struct flow_key k = {.proto = d->proto};
    unsigned side = is_behind(&d->src, d->sport, &d->dst, d->dport);
    k.addr[side] = d->src;
    k.addr[!side] = d->dst;
    k.port[side] = d->sport;
    k.port[!side] = d->dport;
    k.side = (uint8_t)side;
    k.hash = hash_bytes(&k, FLOW_KEY_BYTES, seed);
    return k;
}

void flow_prefetch_bucket(const struct flow_table *t, const struct flow_key *k)
{
    __builtin_prefetch(bucket_of(t, k->hash));
}

/* Of the slots with this tag; 0: none. All are compared at once, which the compiler turns into vector code. */
static inline unsigned slots_with_tag(const struct bucket *b, uint16_t tag)
{
    unsigned found = 0;
    for (int i = 0; i < BUCKET_SLOTS; i++)
        found |= (unsigned)(b->tag[i] == tag && b->flow[i]) << i;
    return found;
}

void flow_prefetch(const struct flow_table *t, const struct flow_key *k)
{
    const struct bucket *b = bucket_of(t, k->hash);
    unsigned slots = slots_with_tag(b, tag_of(k->hash));
    if (slots)
        __builtin_prefetch(&t->flows[b->flow[__builtin_ctz(slots)] - 1]);
}

/* memcmp() of a constant length that is no power of two is a call. */
static inline bool has_key(const struct flow *f, const struct flow_key *k)
{
    uint64_t a[4], b[4];
    uint32_t a_ports, b_ports;
    memcpy(a, f->addr, sizeof a);
    memcpy(b, k->addr, sizeof b);
    memcpy(&a_ports, f->port, sizeof a_ports);
    memcpy(&b_ports, k->port, sizeof b_ports);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a_ports ^ b_ports)) == 0 &&
           f->proto == k->proto;
}

/* Which end opened the flow, judged by its first packet: a SYN says; else the lower port below 1024, else lower port, is the server's. */
static void guess_client(struct flow *f, const struct decoded *d, unsigned side)
{
    if (d->proto == IPPROTO_TCP && d->tcp_flags & TCP_SYN) {
        f->client = d->tcp_flags & TCP_ACK ? !side : side;
        f->flags |= FLOW_CLIENT_KNOWN;
        return;
    }
    f->client = side & 1;
    if (d->sport < d->dport && d->sport < 1024 && d->sport != 0)
        f->client = !side;
}

static struct flow *add(struct flow_table *t, const struct flow_key *k)
{
    struct bucket *b = bucket_of(t, k->hash);
    int slot = 0;
    while (slot < BUCKET_SLOTS && b->flow[slot])
        slot++;
    if (slot == BUCKET_SLOTS)
        slot = evict_from(t, b);
    if (!t->free_head && t->high == t->o.capacity)
        evict_somewhere(t);
    uint32_t index;
    if (t->free_head) {
        index = t->free_head - 1;
        t->free_head = t->flows[index].stream[0];
    } else {
        index = t->high++;
    }
    t->n_flows++;
    b->flow[slot] = index + 1;
    b->tag[slot] = tag_of(k->hash);
    struct flow *f = &t->flows[index];
    *f = (struct flow){.is_used = 1};
    memcpy(f, k, FLOW_KEY_BYTES);
    return f;
}

/* A SYN opens another connection between the same ends, unless it repeats the one we know: that one lies a little
 * behind what its side will send next. */
static bool opens_anew(const struct flow *f, const struct decoded *d, unsigned side, uint32_t now_s)
{
    if (d->proto != IPPROTO_TCP || (d->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return false;
    if (f->flags & FLOW_RESET)
        return true;
    if (f->held &&
        now_s - f->last_s < SYN_QUIET_S) /* half a message is there: a decoy must not part it from its rest */
        return false;
    return flow_state(f, side) != SIDE_NEW && f->next_seq[side] - (d->tcp_seq + 1) > REPEATED_SYN_WINDOW;
}

/* Told apart by tags and then by keys; NULL: it is not there. */
static inline struct flow *look_up(struct flow_table *t, const struct flow_key *k)
{
    const struct bucket *b = bucket_of(t, k->hash);
    for (unsigned slots = slots_with_tag(b, tag_of(k->hash)); slots; slots &= slots - 1) {
        struct flow *f = &t->flows[b->flow[__builtin_ctz(slots)] - 1];
        if (has_key(f, k))
            return f;
    }
    return NULL;
}

struct flow *flow_find_by(struct flow_table *t, const struct flow_key *k, const struct decoded *d,
                          int64_t ts_ns, bool *out_is_new)
{
    uint32_t now_s = (uint32_t)(ts_ns / 1000000000);
    struct flow *f = look_up(t, k);
    *out_is_new = false;
    if (f && !is_idle(t, f, now_s) && !opens_anew(f, d, k->side, now_s)) {
        if (now_s > f->last_s)
            f->last_s = now_s;
        return f;
    }
    if (f)
        forget(t, (uint32_t)(f - t->flows));
    f = add(t, k);
    f->last_s = now_s;
    f->salt = hash_bytes(&ts_ns, sizeof ts_ns, 0) & 0xffffff;
    guess_client(f, d, k->side);
    *out_is_new = true;
    return f;
}

struct flow *flow_find(struct flow_table *t, const struct decoded *d, int64_t ts_ns, unsigned *out_side,
                       bool *out_is_new)
{
    struct flow_key k = flow_key_of(d, t->o.seed);
    *out_side = k.side;
    return flow_find_by(t, &k, d, ts_ns, out_is_new);
}

/* ---- flows that end together ---- */

static void sift_down(struct leaving *l, uint32_t at, uint32_t n)
{
    struct leaving sinking = l[at];
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && l[child + 1].rank > l[child].rank)
            child++;
        if (l[child].rank <= sinking.rank)
            break;
        l[at] = l[child];
    }
    l[at] = sinking;
}

/* In place: qsort() allocates. No two have the same rank. */
static void sort_by_rank(struct leaving *l, uint32_t n)
{
    for (uint32_t i = n / 2; i > 0; i--)
        sift_down(l, i - 1, n);
    for (uint32_t left = n; left > 1; left--) {
        struct leaving last = l[0];
        l[0] = l[left - 1];
        l[left - 1] = last;
        sift_down(l, 0, left - 1);
    }
}

/* Slots behind the last flow are as if never used: walking over the flows takes no longer than there are any. */
static void draw_in(struct flow_table *t)
{
    while (t->high && !t->flows[t->high - 1].is_used)
        t->high--;
    t->free_head = 0;
    for (uint32_t i = t->high; i > 0; i--)
        if (!t->flows[i - 1].is_used) {
            t->flows[i - 1].stream[0] = t->free_head;
            t->free_head = i;
        }
}

static void end_flows(struct flow_table *t, bool is_all, uint32_t now_s)
{
    uint32_t n = 0, n_before = t->n_flows;
    for (uint32_t i = 0; i < t->high; i++) {
        const struct flow *f = &t->flows[i];
        if (!f->is_used || !(is_all || is_idle(t, f, now_s)))
            continue;
        uint64_t rank = t->o.rank ? t->o.rank(t->o.gone_to, f) : 0;
        if (rank)
            t->leaving[n++] = (struct leaving){rank, i};
        else
            forget(t, i);
    }
    sort_by_rank(t->leaving, n);
    for (uint32_t i = 0; i < n; i++)
        forget(t, t->leaving[i].index);
    if (t->n_flows < n_before)
        draw_in(t);
}

void flow_table_end_idle(struct flow_table *t, uint32_t now_s)
{
    end_flows(t, false, now_s);
}

void flow_table_clear(struct flow_table *t)
{
    end_flows(t, true, 0);
    t->hand = 0;
}

uint64_t flow_id(const struct flow *f)
{
    uint64_t id = hash_bytes(f, FLOW_KEY_BYTES, f->salt) & ((UINT64_C(1) << 51) - 1);
    return id ? id : 1;
}

uint32_t flow_count(const struct flow_table *t)
{
    return t->n_flows;
}

uint64_t flow_evictions(const struct flow_table *t)
{
    return t->evictions;
}
